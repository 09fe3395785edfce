//! Candidate spikes of escape-rate neurons, drawn ahead for a whole phase.
//!
//! Candidates of one neuron are a Poisson process of rate phi_max; a candidate at t becomes a spike when a uniform u <
//! sigmoid(V(t)), that is when logit(u) < V(t): an inhomogeneous Poisson process of rate phi_max · sigmoid(V), exactly (Lewis
//! & Shedler 1979, Naval Research Logistics 26:403). The candidates of a stream block of n neurons are one process of rate
//! n · phi_max whose points fall on its neurons at random.
//!
//! Each candidate uses two words of its block's stream: one for the gap before it; the product of the other with n, whose
//! high half is the neuron and whose low half is u.

use pulp::{Arch, Simd, WithSimd};

use super::arrivals::{SEGMENT, segment_of};
use crate::kernel::Modes;
use crate::math::{Real, exp, ln, logit};
use crate::random::{STREAM_BLOCK, Stream, unit};

/// Candidates drawn at once.
const CHUNK: usize = 128;

/// The candidates of one population in one phase, block by block, each block's sorted by time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Candidates<F> {
    /// From the start of the phase [ms].
    pub(crate) time: Vec<f64>,
    /// Index of the neuron in its block.
    pub(crate) lane: Vec<u32>,
    /// logit(u): the potential above which it becomes a spike.
    pub(crate) logit: Vec<F>,
    /// e^{−t'/τ_L}, e^{−t'/τ_s} and e^{−γ t'}, t' from the start of the segment.
    pub(crate) fall_l: Vec<F>,
    pub(crate) fall_s: Vec<F>,
    pub(crate) fall_z: Vec<F>,
    /// Where each block's candidates end.
    pub(crate) ends: Vec<usize>,
    /// The next candidate of each block.
    pub(crate) next: Vec<usize>,
    /// u, until it is made a logit.
    uniform: Vec<f64>,
}

/// What the candidates of a phase depend on beside their streams.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hazard {
    /// Neurons of the population.
    pub(crate) size: usize,
    /// Largest rate of each [1/ms].
    pub(crate) phi_max: f64,
    /// Length of the phase [ms].
    pub(crate) length: f64,
    pub(crate) modes: Modes,
}

impl<F: Real> Candidates<F> {
    /// Draws the candidates of a phase, each block from its own stream.
    pub(crate) fn draw(&mut self, arch: Arch, hazard: Hazard, stream: impl Fn(u32) -> Stream) {
        self.time.clear();
        self.lane.clear();
        self.uniform.clear();
        self.ends.clear();
        self.next.clear();
        for block in 0..hazard.size.div_ceil(STREAM_BLOCK) {
            let neurons = STREAM_BLOCK.min(hazard.size - block * STREAM_BLOCK);
            self.next.push(self.time.len());
            arch.dispatch(Draw { out: self, neurons, hazard, stream: stream(block as u32) });
            self.ends.push(self.time.len());
        }
        arch.dispatch(Evaluate { out: self, modes: hazard.modes });
    }
}

/// Draws one block's times, lanes and uniforms.
struct Draw<'a, F> {
    out: &'a mut Candidates<F>,
    neurons: usize,
    hazard: Hazard,
    stream: Stream,
}

impl<F: Real> WithSimd for Draw<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, _: S) {
        let mean_gap = 1.0 / (self.neurons as f64 * self.hazard.phi_max);
        let mut now = 0.0;
        loop {
            let mut gaps = [0; CHUNK];
            let mut picks = [0; CHUNK];
            for (gap, pick) in gaps.iter_mut().zip(&mut picks) {
                *gap = self.stream.bits();
                *pick = self.stream.bits();
            }
            let mut waits = [0.0; CHUNK];
            for (wait, bits) in waits.iter_mut().zip(gaps) {
                *wait = -ln(unit(bits)) * mean_gap;
            }
            for (wait, pick) in waits.into_iter().zip(picks) {
                now += wait;
                if now >= self.hazard.length {
                    return;
                }
                let product = u128::from(pick) * self.neurons as u128;
                self.out.time.push(now);
                self.out.lane.push((product >> 64) as u32);
                self.out.uniform.push(unit(product as u64));
            }
        }
    }
}

/// Computes logits and decay factors of all candidates.
struct Evaluate<'a, F> {
    out: &'a mut Candidates<F>,
    modes: Modes,
}

impl<F: Real> WithSimd for Evaluate<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Candidates { time, uniform, logit: logits, fall_l, fall_s, fall_z, .. } = self.out;
        // Loops over slices: an iterator handed to the vector's own code would leave this function's vector width.
        logits.resize(uniform.len(), F::default());
        for (out, &u) in logits.iter_mut().zip(uniform.iter()) {
            *out = F::from_f64(logit(u));
        }
        let rates = [1.0 / self.modes.psp.tau_l, 1.0 / self.modes.psp.tau_s, self.modes.gamma];
        for (fall, rate) in [fall_l, fall_s, fall_z].into_iter().zip(rates) {
            fall.resize(time.len(), F::default());
            for (out, &t) in fall.iter_mut().zip(time.iter()) {
                *out = F::from_f64(exp((segment_of(t) as f64 * SEGMENT - t) * rate));
            }
        }
    }
}
