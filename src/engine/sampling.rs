//! Traces at chosen times of a phase, from the state at its start and the arrivals in it.
//!
//! Computed after the phase, in f64, by a function the engine's loop knows nothing of: recording cannot change a run.

use pulp::{Arch, Simd, WithSimd};

use super::arrivals::Arrivals;
use super::circuit::Membrane;
use crate::cells::Modes;
use crate::data::Spike;
use crate::network::Weights;
use crate::numeric::exp;

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

/// Appends all potentials of a population at each of `times` (ascending, from the start of the phase), neuron by neuron.
pub(crate) fn sample(
    arch: Arch,
    population: Sampled<'_>,
    afferents: &[Afferent<'_>],
    times: &[f64],
    out: &mut Vec<Potentials>,
) {
    arch.dispatch(Sample { population, afferents, times, out });
}

/// The population that is sampled.
#[derive(Clone, Copy)]
pub(crate) struct Sampled<'a> {
    pub(crate) membrane: &'a Membrane,
    pub(crate) modes: &'a Modes,
    pub(crate) start: &'a Start,
}

struct Sample<'a, 'b> {
    population: Sampled<'a>,
    afferents: &'b [Afferent<'a>],
    times: &'b [f64],
    out: &'b mut Vec<Potentials>,
}

/// All traces of a population at one time, [n] each: V = rest + α_L u_L − α_s u_s + z.
struct Traces {
    rest: Vec<f64>,
    u_l: Vec<f64>,
    u_s: Vec<f64>,
    z: Vec<f64>,
    a_l: Vec<f64>,
    a_s: Vec<f64>,
}

impl WithSimd for Sample<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let mut traces = Traces::new(self.population);
        let mut next = vec![0; self.afferents.len()];
        let mut now = 0.0;
        for &time in self.times {
            traces.decay(self.population.modes, time - now);
            now = time;
            for (afferent, next) in self.afferents.iter().zip(&mut next) {
                while let Some(spike) = afferent.arrivals.spikes.get(*next).filter(|spike| spike.time <= time) {
                    traces.arrive(self.population.modes, afferent, *spike, time);
                    *next += 1;
                }
            }
            traces.read(self.population, self.out);
        }
    }
}

impl Traces {
    #[inline(always)]
    fn new(population: Sampled<'_>) -> Self {
        let Sampled { modes, start, .. } = population;
        let n = start.v.len();
        let rest: Vec<f64> = start.current.iter().map(|c| c / modes.gamma).collect();
        let modal = |i: usize| start.v[i] - rest[i] - modes.alpha_l * start.u_l[i] + modes.alpha_s * start.u_s[i];
        let or_zero = |trace: &Vec<f64>| if trace.is_empty() { vec![0.0; n] } else { trace.clone() };
        Self {
            z: (0..n).map(modal).collect(),
            u_l: start.u_l.clone(),
            u_s: start.u_s.clone(),
            a_l: or_zero(&start.a_l),
            a_s: or_zero(&start.a_s),
            rest,
        }
    }

    #[inline(always)]
    fn decay(&mut self, modes: &Modes, step: f64) {
        let (l, s, z) = (exp(-step / modes.psp.tau_l), exp(-step / modes.psp.tau_s), exp(-step * modes.gamma));
        let Self { u_l, u_s, a_l, a_s, z: modal, .. } = self;
        for (traces, fall) in [(u_l, l), (a_l, l), (u_s, s), (a_s, s), (modal, z)] {
            for x in traces {
                *x *= fall;
            }
        }
    }

    /// Adds what a spike that arrived before `time` has left by then.
    #[inline(always)]
    fn arrive(&mut self, modes: &Modes, afferent: &Afferent<'_>, spike: Spike, time: f64) {
        let age = time - spike.time;
        let jump = modes.psp.jump();
        let (l, s) = (jump * exp(-age / modes.psp.tau_l), jump * exp(-age / modes.psp.tau_s));
        let z = -(modes.alpha_l - modes.alpha_s) * jump * exp(-age * modes.gamma);
        let row = afferent.weights.row(spike.neuron as usize);
        for i in 0..self.rest.len() {
            let (somatic, apical) = (f64::from(row[i]) * afferent.somatic, f64::from(row[i]) * afferent.apical);
            self.u_l[i] += somatic * l;
            self.u_s[i] += somatic * s;
            self.z[i] += somatic * z;
            self.a_l[i] += apical * l;
            self.a_s[i] += apical * s;
        }
    }

    #[inline(always)]
    fn read(&self, population: Sampled<'_>, out: &mut Vec<Potentials>) {
        let Sampled { membrane, modes, start } = population;
        for i in 0..self.rest.len() {
            let apical = self.a_l[i] - self.a_s[i];
            let basal_drive = self.u_l[i] - self.u_s[i] - membrane.g_apical * apical;
            out.push(Potentials {
                soma: self.rest[i] + modes.alpha_l * self.u_l[i] - modes.alpha_s * self.u_s[i] + self.z[i],
                dendrite: basal_drive / membrane.g_dendrite + start.bias[i],
                apical,
            });
        }
    }
}
