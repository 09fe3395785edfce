//! Traces at chosen times of a phase, from the state at its start and the arrivals in it.
//!
//! Computed after the phase, in f64, by a function the engine's loop knows nothing of: recording cannot change a run. It
//! also serves the one mean without a closed form, that of sigmoid(U).

use super::arrivals::Arrivals;
use super::circuit::Membrane;
use crate::kernel::Modes;
use crate::math::exp;
use crate::network::Weights;

/// One projection as a sampled population receives it.
pub(crate) struct Afferent<'a> {
    pub(crate) arrivals: &'a Arrivals,
    pub(crate) weights: &'a Weights,
    /// Conductance into the soma [1/ms]; 0: it drives none.
    pub(crate) somatic: f64,
    /// 1 for a projection to the apical dendrite, else 0.
    pub(crate) apical: f64,
}

/// State at the start of a phase, [n] each; the apical traces are empty without an apical dendrite.
#[derive(Clone, Debug, Default)]
pub(crate) struct Start {
    pub(crate) v: Vec<f64>,
    pub(crate) u_l: Vec<f64>,
    pub(crate) u_s: Vec<f64>,
    pub(crate) a_l: Vec<f64>,
    pub(crate) a_s: Vec<f64>,
    /// Bias of the dendrite.
    pub(crate) bias: Vec<f64>,
    /// Constant current: conductance times bias, and teaching [1/ms].
    pub(crate) current: Vec<f64>,
}

/// Potentials of one neuron at a sampled time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Potentials {
    pub(crate) soma: f64,
    /// Basal or the one dendrite.
    pub(crate) dendrite: f64,
    pub(crate) apical: f64,
}

/// Evaluates all potentials of a population at each of `times` (ascending, from the start of the phase), handing them
/// to `sink` neuron by neuron.
pub(crate) fn sample(
    membrane: &Membrane,
    modes: &Modes,
    start: &Start,
    afferents: &[Afferent<'_>],
    times: impl Iterator<Item = f64>,
    mut sink: impl FnMut(Potentials),
) {
    let n = start.v.len();
    let psp = modes.psp;
    let (alpha_l, alpha_s) = (modes.alpha_l, modes.alpha_s);
    let rest: Vec<f64> = start.current.iter().map(|c| c / modes.gamma).collect();
    let (mut u_l, mut u_s) = (start.u_l.clone(), start.u_s.clone());
    let mut z: Vec<f64> = (0..n).map(|i| start.v[i] - rest[i] - alpha_l * u_l[i] + alpha_s * u_s[i]).collect();
    let or_zero = |trace: &Vec<f64>| if trace.is_empty() { vec![0.0; n] } else { trace.clone() };
    let (mut a_l, mut a_s) = (or_zero(&start.a_l), or_zero(&start.a_s));
    let mut next = vec![0; afferents.len()];
    let mut now = 0.0;
    for time in times {
        let step = time - now;
        let (fall_l, fall_s, fall_z) = (exp(-step / psp.tau_l), exp(-step / psp.tau_s), exp(-step * modes.gamma));
        for (traces, fall) in
            [(&mut u_l, fall_l), (&mut a_l, fall_l), (&mut u_s, fall_s), (&mut a_s, fall_s), (&mut z, fall_z)]
        {
            traces.iter_mut().for_each(|x| *x *= fall);
        }
        for (afferent, next) in afferents.iter().zip(&mut next) {
            let due = afferent.arrivals.spikes[*next..].iter().take_while(|spike| spike.time <= time);
            for spike in due {
                *next += 1;
                let age = time - spike.time;
                let (l, s) = (psp.jump() * exp(-age / psp.tau_l), psp.jump() * exp(-age / psp.tau_s));
                let modal = -(alpha_l - alpha_s) * psp.jump() * exp(-age * modes.gamma);
                for (i, &w) in afferent.weights.row(spike.neuron as usize)[..n].iter().enumerate() {
                    let (w, somatic) = (f64::from(w), f64::from(w) * afferent.somatic);
                    u_l[i] += somatic * l;
                    u_s[i] += somatic * s;
                    z[i] += somatic * modal;
                    a_l[i] += w * afferent.apical * l;
                    a_s[i] += w * afferent.apical * s;
                }
            }
        }
        for i in 0..n {
            let apical = a_l[i] - a_s[i];
            let basal_drive = u_l[i] - u_s[i] - membrane.g_apical * apical;
            sink(Potentials {
                soma: rest[i] + alpha_l * u_l[i] - alpha_s * u_s[i] + z[i],
                dendrite: basal_drive / membrane.g_dendrite + start.bias[i],
                apical,
            });
        }
        now = time;
    }
}
