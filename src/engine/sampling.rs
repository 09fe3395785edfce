//! Traces at chosen times of a phase, from the state at its start and the arrivals in it.
//!
//! Computed beside the engine's loop, in f64, by functions that it knows nothing of: recording cannot change a run.

use pulp::{Arch, Simd, WithSimd};

use super::layout::{Membrane, Potential};
use crate::cells::Modes;
use crate::network::Synapses;
use crate::numeric::exp;
use crate::protocol::Spike;

/// One projection as a sampled population receives it.
#[derive(Clone, Copy)]
pub(crate) struct Afferent<'a> {
    pub(crate) synapses: &'a Synapses,
    /// Conductance into the soma [1/ms]; 0: it drives none.
    pub(crate) somatic: f64,
    /// The dendrite it ends on, if its input is kept.
    pub(crate) dendrite: Option<usize>,
}

/// State at the start of a phase, [n] each.
#[derive(Clone, Debug, Default)]
pub(crate) struct Start {
    pub(crate) v: Vec<f64>,
    pub(crate) u_l: Vec<f64>,
    pub(crate) u_s: Vec<f64>,
    /// Slow and fast trace of each dendrite whose input is kept.
    pub(crate) dendrites: Vec<[Vec<f64>; 2]>,
    /// Bias of the dendrite that has one.
    pub(crate) bias: Vec<f64>,
    /// Constant current: conductance times bias, and teaching [1/ms].
    pub(crate) current: Vec<f64>,
}

/// A population as it is sampled.
#[derive(Clone, Copy)]
pub(crate) struct Sampled<'a> {
    pub(crate) membrane: &'a Membrane,
    pub(crate) modes: &'a Modes,
    pub(crate) start: &'a Start,
}

/// All traces of a population at one time, [n] each: V = rest + α_L u_L − α_s u_s + z.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sampler {
    rest: Vec<f64>,
    u_l: Vec<f64>,
    u_s: Vec<f64>,
    z: Vec<f64>,
    /// Slow and fast traces of each kept dendrite.
    dendrites: Vec<[Vec<f64>; 2]>,
    /// When that is, from the start of the phase [ms].
    now: f64,
    /// Arrivals since then, of each afferent.
    pending: Vec<Vec<Spike>>,
}

impl Sampler {
    /// The traces at the start of a phase.
    pub(crate) fn begin(&mut self, population: Sampled<'_>, afferents: usize) {
        let Sampled { modes, start, .. } = population;
        self.rest = start.current.iter().map(|c| c / modes.gamma).collect();
        let rest = &self.rest;
        let modal = |i: usize| start.v[i] - rest[i] - modes.alpha_l * start.u_l[i] + modes.alpha_s * start.u_s[i];
        self.z = (0..start.v.len()).map(modal).collect();
        self.u_l.clone_from(&start.u_l);
        self.u_s.clone_from(&start.u_s);
        self.dendrites.clone_from(&start.dendrites);
        self.now = 0.0;
        self.pending.resize(afferents, Vec::new());
        self.pending.iter_mut().for_each(Vec::clear);
    }

    /// Takes note of arrivals of an afferent, after those it has been given.
    pub(crate) fn arrive(&mut self, afferent: usize, spikes: &[Spike]) {
        self.pending[afferent].extend_from_slice(spikes);
    }

    /// Appends all potentials of the population at each of `times` (ascending, from the start of the phase), before which all
    /// arrivals are known: neuron by neuron, compartment by compartment.
    pub(crate) fn sample(
        &mut self,
        arch: Arch,
        population: Sampled<'_>,
        afferents: &[Afferent<'_>],
        times: &[f64],
        out: &mut Vec<f64>,
    ) {
        arch.dispatch(Sample { sampler: self, population, afferents, times, out });
    }

    #[inline(always)]
    fn decay(&mut self, modes: &Modes, step: f64) {
        let (l, s, z) = (exp(-step / modes.psp.tau_l), exp(-step / modes.psp.tau_s), exp(-step * modes.gamma));
        let Self { u_l, u_s, dendrites, z: modal, .. } = self;
        let kept = dendrites.iter_mut().flat_map(|[slow, fast]| [(slow, l), (fast, s)]);
        for (traces, decay) in [(u_l, l), (u_s, s), (modal, z)].into_iter().chain(kept) {
            for x in traces {
                *x *= decay;
            }
        }
    }

    /// Adds what a spike that arrived before `time` has left by then.
    #[inline(always)]
    fn add(&mut self, modes: &Modes, afferent: &Afferent<'_>, spike: Spike, time: f64) {
        let age = time - spike.time;
        let jump = modes.psp.jump();
        let (l, s) = (jump * exp(-age / modes.psp.tau_l), jump * exp(-age / modes.psp.tau_s));
        let z = -(modes.alpha_l - modes.alpha_s) * jump * exp(-age * modes.gamma);
        let Afferent { synapses, somatic, dendrite } = *afferent;
        let Self { u_l, u_s, z: modal, dendrites, .. } = self;
        let pre = spike.neuron as usize;
        synapses.for_each(pre, |i, w| {
            let somatic = f64::from(w) * somatic;
            u_l[i] += somatic * l;
            u_s[i] += somatic * s;
            modal[i] += somatic * z;
        });
        if let Some([slow, fast]) = dendrite.map(|dendrite| &mut dendrites[dendrite]) {
            synapses.for_each(pre, |i, w| {
                slow[i] += f64::from(w) * l;
                fast[i] += f64::from(w) * s;
            });
        }
    }

    #[inline(always)]
    fn read(&self, population: Sampled<'_>, out: &mut Vec<f64>) {
        let Sampled { membrane, modes, start } = population;
        let bias = |biased: bool, i: usize| if biased { start.bias[i] } else { 0.0 };
        for i in 0..self.rest.len() {
            let dendrite = |d: usize| self.dendrites[d][0][i] - self.dendrites[d][1][i];
            for potential in &membrane.compartments {
                out.push(match *potential {
                    Potential::Soma => {
                        self.rest[i] + modes.alpha_l * self.u_l[i] - modes.alpha_s * self.u_s[i] + self.z[i]
                    }
                    Potential::Rest { conductance, biased } => {
                        let mut drive = self.u_l[i] - self.u_s[i];
                        for (d, other) in membrane.dendrites.iter().enumerate() {
                            drive -= other.conductance * dendrite(d);
                        }
                        drive / conductance + bias(biased, i)
                    }
                    Potential::Kept { dendrite: d, biased } => dendrite(d) + bias(biased, i),
                });
            }
        }
    }
}

struct Sample<'a, 'b> {
    sampler: &'b mut Sampler,
    population: Sampled<'a>,
    afferents: &'b [Afferent<'a>],
    times: &'b [f64],
    out: &'b mut Vec<f64>,
}

impl WithSimd for Sample<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { sampler, population, afferents, times, out } = self;
        let mut pending = std::mem::take(&mut sampler.pending);
        for &time in times {
            sampler.decay(population.modes, time - sampler.now);
            sampler.now = time;
            for (afferent, pending) in afferents.iter().zip(&mut pending) {
                let arrived = pending.partition_point(|spike| spike.time <= time);
                for spike in &pending[..arrived] {
                    sampler.add(population.modes, afferent, *spike, time);
                }
                pending.drain(..arrived);
            }
            sampler.read(population, out);
        }
        sampler.pending = pending;
    }
}
