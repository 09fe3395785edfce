//! Candidate spikes of escape-rate neurons, drawn as the phase goes on.
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
use crate::numeric::{Real, ln};
use crate::numeric::{STREAM_BLOCK, WideStream, unit};

/// Candidates drawn at once.
const CHUNK: usize = 128;

/// Candidates beyond the end of the phase that follow those of each block.
pub(crate) const PADDING: usize = 16;

/// How far ahead of a short window candidates are drawn [ms].
const AHEAD_MS: f64 = 250.0;

/// The candidates of one population, block by block, each block's sorted by time, as far as they are drawn.
#[derive(Clone, Debug, Default)]
pub(crate) struct Candidates<F> {
    /// From the start of the phase [ms].
    time: Vec<f64>,
    /// Index of the neuron in its stream block.
    lane: Vec<u32>,
    /// logit(u): the potential above which it becomes a spike.
    logit: Vec<F>,
    /// e^{−t'/τ_L}, e^{−t'/τ_s} and e^{−γ t'}, t' from the start of the segment.
    decay: [Vec<F>; 3],
    /// Where each block's candidates end; the arrays never shrink.
    ends: Vec<usize>,
    /// The next candidate of each block.
    next: Vec<usize>,
    blocks: Vec<BlockCandidates<F>>,
    /// Up to where all are drawn [ms].
    drawn: f64,
}

/// The stream of a block, the time of the last candidate drawn from it, and candidates kept while others are drawn.
#[derive(Clone, Debug)]
struct BlockCandidates<F> {
    stream: WideStream,
    last: f64,
    time: Vec<f64>,
    lane: Vec<u32>,
    logit: Vec<F>,
    decay: [Vec<F>; 3],
}

/// Candidates of one block in order of time, followed by [`PADDING`] that lie beyond any window.
pub(crate) struct Drawn<'a, F> {
    pub(crate) time: &'a [f64],
    pub(crate) lane: &'a [u32],
    pub(crate) logit: &'a [F],
    pub(crate) decay: [&'a [F]; 3],
}

impl<F> Drawn<'_, F> {
    /// Takes the first few off.
    #[inline(always)]
    pub(crate) fn take(&mut self, count: usize) {
        self.time = &self.time[count..];
        self.lane = &self.lane[count..];
        self.logit = &self.logit[count..];
        self.decay = self.decay.map(|decay| &decay[count..]);
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
    /// Starts a phase, each block with its own stream.
    pub(crate) fn begin(&mut self, size: usize, stream: impl Fn(u32) -> WideStream) {
        let blocks = size.div_ceil(STREAM_BLOCK);
        self.ends.clear();
        self.next.clear();
        self.drawn = 0.0;
        if self.blocks.len() == blocks {
            for (block, state) in (0..).zip(&mut self.blocks) {
                (state.stream, state.last) = (stream(block), 0.0);
            }
            return;
        }
        let block = |block| BlockCandidates {
            stream: stream(block as u32),
            last: 0.0,
            time: Vec::new(),
            lane: Vec::new(),
            logit: Vec::new(),
            decay: [const { Vec::new() }; 3],
        };
        self.blocks = (0..blocks).map(block).collect();
    }

    /// Draws the candidates before `to`, and those of some time after it.
    pub(crate) fn draw(&mut self, arch: Arch, hazard: Hazard, to: f64) {
        if to <= self.drawn {
            return;
        }
        let horizon = to.max((self.drawn + AHEAD_MS).min(hazard.length));
        self.keep();
        let (mut blocks, drawn) = (std::mem::take(&mut self.blocks), self.drawn);
        self.ends.clear();
        self.next.clear();
        let mut begin = 0;
        for (index, block) in blocks.iter_mut().enumerate() {
            let neurons = STREAM_BLOCK.min(hazard.size - index * STREAM_BLOCK);
            let end = arch.dispatch(DrawCandidates { out: self, begin, neurons, hazard, horizon, drawn, block });
            self.next.push(begin);
            self.ends.push(end);
            begin = end + PADDING;
        }
        self.blocks = blocks;
        self.drawn = horizon;
    }

    /// Keeps the candidates that are not decided yet with their blocks.
    fn keep(&mut self) {
        for (index, block) in self.blocks.iter_mut().enumerate() {
            let left = match (self.next.get(index), self.ends.get(index)) {
                (Some(&next), Some(&end)) => next..end,
                _ => 0..0,
            };
            refill(&mut block.time, &self.time[left.clone()]);
            refill(&mut block.lane, &self.lane[left.clone()]);
            refill(&mut block.logit, &self.logit[left.clone()]);
            for (kept, decay) in block.decay.iter_mut().zip(&self.decay) {
                refill(kept, &decay[left.clone()]);
            }
        }
    }

    /// Those of a block that are not decided yet.
    pub(crate) fn rest_of(&self, block: usize) -> Drawn<'_, F> {
        let range = self.next[block]..self.ends[block] + PADDING;
        Drawn {
            time: &self.time[range.clone()],
            lane: &self.lane[range.clone()],
            logit: &self.logit[range.clone()],
            decay: self.decay.each_ref().map(|decay| &decay[range.clone()]),
        }
    }

    /// Leaves the last so many of a block, padding included, undecided, and returns how many were decided.
    pub(crate) fn leave(&mut self, block: usize, left: usize) -> usize {
        let next = self.ends[block] + PADDING - left;
        next - std::mem::replace(&mut self.next[block], next)
    }

    /// Makes the arrays this long at least.
    fn reach(&mut self, length: usize) {
        if self.time.len() < length {
            self.time.resize(length, 0.0);
            self.lane.resize(length, 0);
            self.logit.resize(length, F::default());
            self.decay.iter_mut().for_each(|decay| decay.resize(length, F::default()));
        }
    }
}

fn refill<T: Copy>(kept: &mut Vec<T>, values: &[T]) {
    kept.clear();
    kept.extend_from_slice(values);
}

/// Draws one block's candidates from place `begin` on, after those kept, and returns their end.
struct DrawCandidates<'a, F> {
    out: &'a mut Candidates<F>,
    begin: usize,
    neurons: usize,
    hazard: Hazard,
    horizon: f64,
    /// Up to where candidates were drawn before [ms].
    drawn: f64,
    block: &'a mut BlockCandidates<F>,
}

impl<F: Real> WithSimd for DrawCandidates<'_, F> {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        let Self { out, begin, neurons, hazard, horizon, drawn, block } = self;
        let BlockCandidates { stream, last: reached, .. } = block;
        let mean_gap = 1.0 / (neurons as f64 * hazard.phi_max);
        let psp = hazard.modes.psp;
        let rates = [-1.0 / psp.tau_l, -1.0 / psp.tau_s, -hazard.modes.gamma];
        let mut last = *reached;
        let kept = block.time.len();
        let mut first = begin + kept;
        // Room for all of them, but once in a million blocks.
        let expected = (horizon - drawn) / mean_gap;
        out.reach(first + (expected + 5.0 * expected.sqrt()) as usize + 2 * CHUNK);
        out.time[begin..first].copy_from_slice(&block.time);
        out.lane[begin..first].copy_from_slice(&block.lane);
        out.logit[begin..first].copy_from_slice(&block.logit);
        for (decay, kept) in out.decay.iter_mut().zip(&block.decay) {
            decay[begin..first].copy_from_slice(kept);
        }
        while last < horizon {
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
            for (decay, rate) in out.decay.iter_mut().zip(rates) {
                let decay: &mut [F; CHUNK] = chunk(decay, first);
                for (decay, time) in decay.iter_mut().zip(times.iter()) {
                    *decay = F::exp(within_segment(*time) * rate);
                }
            }
            first += CHUNK;
        }
        *reached = last;
        out.reach(first + PADDING);
        out.time[first..first + PADDING].fill(f64::INFINITY);
        out.lane[first..first + PADDING].fill(0);
        first
    }
}

#[inline(always)]
fn chunk<T>(all: &mut [T], first: usize) -> &mut [T; CHUNK] {
    all[first..].first_chunk_mut().expect("a chunk was made")
}
