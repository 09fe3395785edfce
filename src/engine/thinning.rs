//! Candidate spikes of escape-rate neurons, drawn ahead for a whole phase.
//!
//! Candidates of one neuron are a Poisson process of rate phi_max; a candidate at t becomes a spike when a uniform u <
//! sigmoid(V(t)), that is when logit(u) < V(t): an inhomogeneous Poisson process of rate phi_max · sigmoid(V), exactly (Lewis
//! & Shedler 1979, Naval Research Logistics 26:403). The candidates of a stream block of n neurons are one process of rate
//! n · phi_max whose points fall on its neurons at random.
//!
//! Candidates are drawn 128 at a time from their block's stream: 128 words for the gaps before them, then 128 that pick
//! neuron and u. The high half of the latter times n is, in its own high half, the neuron; what is left of both halves is u.

use pulp::{Arch, Simd, WithSimd};

use super::arrivals::within_segment;
use crate::cells::Modes;
use crate::numeric::{Real, STREAM_BLOCK, WideStream, ln, unit};

/// Candidates drawn at once.
const CHUNK: usize = 128;

/// Candidates beyond the end of the phase that follow those of each block.
pub(crate) const PADDING: usize = 16;

/// The candidates of one population in one phase, block by block, each block's sorted by time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Candidates<F> {
    /// From the start of the phase [ms].
    pub(crate) time: Vec<f64>,
    /// Index of the neuron in its stream block.
    pub(crate) lane: Vec<u32>,
    /// logit(u): the potential above which it becomes a spike.
    pub(crate) logit: Vec<F>,
    /// e^{−t'/τ_L}, e^{−t'/τ_s} and e^{−γ t'}, t' from the start of the segment.
    pub(crate) falls: [Vec<F>; 3],
    /// Where each block's candidates end; the arrays never shrink.
    ends: Vec<usize>,
    /// The next candidate of each block.
    next: Vec<usize>,
}

/// Candidates of one block in order of time, followed by [`PADDING`] that lie beyond the end of the phase.
pub(crate) struct Drawn<'a, F> {
    pub(crate) time: &'a [f64],
    pub(crate) lane: &'a [u32],
    pub(crate) logit: &'a [F],
    pub(crate) falls: [&'a [F]; 3],
}

impl<F> Drawn<'_, F> {
    /// Takes the first few off.
    #[inline(always)]
    pub(crate) fn take(&mut self, count: usize) {
        self.time = &self.time[count..];
        self.lane = &self.lane[count..];
        self.logit = &self.logit[count..];
        self.falls = self.falls.map(|falls| &falls[count..]);
    }
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
    pub(crate) fn draw(&mut self, arch: Arch, hazard: Hazard, stream: impl Fn(u32) -> WideStream) {
        self.ends.clear();
        self.next.clear();
        let mut begin = 0;
        for block in 0..hazard.size.div_ceil(STREAM_BLOCK) {
            let neurons = STREAM_BLOCK.min(hazard.size - block * STREAM_BLOCK);
            let end = arch.dispatch(Draw { out: self, begin, neurons, hazard, stream: stream(block as u32) });
            self.next.push(begin);
            self.ends.push(end);
            begin = end + PADDING;
        }
    }

    /// How many were drawn.
    pub(crate) fn count(&self) -> usize {
        self.ends.last().map_or(0, |end| end - (self.ends.len() - 1) * PADDING)
    }

    /// Those of a block that are not decided yet.
    pub(crate) fn rest_of(&self, block: usize) -> Drawn<'_, F> {
        let range = self.next[block]..self.ends[block] + PADDING;
        Drawn {
            time: &self.time[range.clone()],
            lane: &self.lane[range.clone()],
            logit: &self.logit[range.clone()],
            falls: self.falls.each_ref().map(|falls| &falls[range.clone()]),
        }
    }

    /// Leaves the last so many of a block, padding included, undecided.
    pub(crate) fn leave(&mut self, block: usize, left: usize) {
        self.next[block] = self.ends[block] + PADDING - left;
    }

    /// Makes the arrays this long at least.
    fn reach(&mut self, length: usize) {
        if self.time.len() < length {
            self.time.resize(length, 0.0);
            self.lane.resize(length, 0);
            self.logit.resize(length, F::default());
            self.falls.iter_mut().for_each(|falls| falls.resize(length, F::default()));
        }
    }
}

/// Draws one block's candidates from `begin` on, and gives their end.
struct Draw<'a, F> {
    out: &'a mut Candidates<F>,
    begin: usize,
    neurons: usize,
    hazard: Hazard,
    stream: WideStream,
}

impl<F: Real> WithSimd for Draw<'_, F> {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        let Self { out, begin, neurons, hazard, mut stream } = self;
        let mean_gap = 1.0 / (neurons as f64 * hazard.phi_max);
        let psp = hazard.modes.psp;
        let rates = [-1.0 / psp.tau_l, -1.0 / psp.tau_s, -hazard.modes.gamma];
        let mut last = 0.0;
        // Room for all of them, but once in a million blocks.
        let expected = hazard.length / mean_gap;
        out.reach(begin + (expected + 5.0 * expected.sqrt()) as usize + 2 * CHUNK);
        let mut first = begin;
        while last < hazard.length {
            out.reach(first + CHUNK + PADDING);
            let mut bits = [0; CHUNK];
            stream.fill(&mut bits);
            let times: &mut [f64; CHUNK] = chunk(&mut out.time, first);
            for (time, bits) in times.iter_mut().zip(bits) {
                *time = -ln(unit(bits)) * mean_gap;
            }
            for time in times.iter_mut() {
                last += *time;
                *time = last;
            }
            stream.fill(&mut bits);
            let lanes: &mut [u32; CHUNK] = chunk(&mut out.lane, first);
            for (lane, bits) in lanes.iter_mut().zip(bits) {
                *lane = (((bits >> 32) * neurons as u64) >> 32) as u32;
            }
            let logits: &mut [F; CHUNK] = chunk(&mut out.logit, first);
            for (out, bits) in logits.iter_mut().zip(bits) {
                *out = F::logit(unit((bits >> 32).wrapping_mul(neurons as u64) << 32 | bits & 0xFFFF_FFFF));
            }
            for (falls, rate) in out.falls.iter_mut().zip(rates) {
                let falls: &mut [F; CHUNK] = chunk(falls, first);
                for (fall, time) in falls.iter_mut().zip(times.iter()) {
                    *fall = F::exp(within_segment(*time) * rate);
                }
            }
            first += CHUNK;
        }
        let end = begin + out.time[begin..first].partition_point(|&t| t < hazard.length);
        out.time[first..first + PADDING].fill(f64::INFINITY);
        out.lane[first..first + PADDING].fill(0);
        end
    }
}

#[inline(always)]
fn chunk<T>(all: &mut [T], first: usize) -> &mut [T; CHUNK] {
    all[first..].first_chunk_mut().expect("a chunk was made")
}
