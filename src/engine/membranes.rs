//! The somata of one population: their modal traces, and the loop that advances them.
//!
//! # Order of execution
//! Within a window every spike that can reach these somata is known before the loop starts, so blocks of neurons are
//! independent. In each block, arrivals (by time, projection, presynaptic neuron) and candidates (by time) are merged: a
//! candidate is decided after all arrivals at or before its time, and before any later one. Traces are rescaled at fixed
//! times of the phase, every 16 ms from its start, and potentials are noted at times given beforehand, for the means; both
//! come after everything earlier and before everything at or after that time. So neither the split of a phase into windows
//! nor that of a population into blocks changes a bit.

use pulp::{Arch, Simd, WithSimd};

use super::arrivals::{SEGMENT, within_segment};
use super::order::Sorter;
use super::thinning::Candidates;
use crate::data::Spike;
use crate::kernel::Modes;
use crate::math::{Real, exp};
use crate::model::MAX_AFFERENTS;
use crate::network::block_of;

/// An arrival with what it adds to each modal trace per unit of weight.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event<F> {
    /// From the start of the phase [ms].
    pub(crate) time: f64,
    /// Which of the population's somatic projections.
    pub(crate) slab: u32,
    /// Presynaptic neuron.
    pub(crate) pre: u32,
    /// Jumps of the scaled traces of modes τ_L, τ_s and γ per unit of weight.
    pub(crate) jumps: [F; 3],
}

/// The rows of weights of the somatic projections, [pre, stride] each.
pub(crate) type Slabs<'a> = [&'a [f32]; MAX_AFFERENTS];

/// Somata of one population in one lane; all arrays are whole blocks long, the padding staying at rest.
///
/// V = rest + l e^{−t'/τ_L} + s e^{−t'/τ_s} + z e^{−γ t'}, t' from the start of the current segment of 16 ms.
#[derive(Clone, Debug)]
pub(crate) struct Membranes<F> {
    pub(crate) size: usize,
    /// Neurons per work block, 16 or 64.
    block: usize,
    /// Length of a row of weights.
    stride: usize,
    rest: Vec<F>,
    l: Vec<F>,
    s: Vec<F>,
    z: Vec<F>,
    /// Times at which potentials are noted, ascending, from the start of the phase [ms].
    pub(crate) probes: Vec<f64>,
    /// V at those times, [probes, padded size].
    pub(crate) noted: Vec<F>,
    /// Segments begun before the current one.
    segment: usize,
    pub(crate) candidates: Candidates<F>,
    pub(crate) events: Vec<Event<F>>,
    pieces: Vec<Piece<F>>,
    sorter: Sorter,
}

/// A stretch of a window without a boundary inside, and what is done at its end.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Piece<F> {
    end: f64,
    action: Action,
    /// e^{−t/τ_L}, e^{−t/τ_s} and e^{−γ t} over a segment, or from its start to the time of the note.
    falls: [F; 3],
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Action {
    /// A segment ends.
    Rescale,
    /// Potentials are noted, in this row.
    Note(usize),
    Nothing,
}

impl<F: Real> Membranes<F> {
    pub(crate) fn new(size: usize, stride: usize) -> Self {
        let block = block_of(size);
        let zero = || vec![F::default(); size.next_multiple_of(block)];
        Self {
            size,
            block,
            stride,
            rest: zero(),
            l: zero(),
            s: zero(),
            z: zero(),
            probes: Vec::new(),
            noted: Vec::new(),
            segment: 0,
            candidates: Candidates::default(),
            events: Vec::new(),
            pieces: Vec::new(),
            sorter: Sorter::default(),
        }
    }

    /// Starts a phase from potentials `v` and drives `u_l`, `u_s` under constant currents `c` ([size] each), in which
    /// potentials will be noted at `probes`.
    pub(crate) fn start(&mut self, modes: &Modes, [v, u_l, u_s, c]: [&[f64]; 4], probes: &[f64]) {
        self.segment = 0;
        self.probes.clear();
        self.probes.extend(probes);
        self.noted.resize(probes.len() * self.rest.len(), F::default());
        for i in 0..self.size {
            let (rest, l, s) = (c[i] / modes.gamma, modes.alpha_l * u_l[i], -modes.alpha_s * u_s[i]);
            self.rest[i] = F::from_f64(rest);
            self.l[i] = F::from_f64(l);
            self.s[i] = F::from_f64(s);
            self.z[i] = F::from_f64(v[i] - rest - l - s);
        }
    }

    /// Ends a phase of `length` ms: writes potentials and drives back, [size] each.
    pub(crate) fn finish(&self, modes: &Modes, length: f64, [v, u_l, u_s]: [&mut [f64]; 3]) {
        let local = length - self.segment as f64 * SEGMENT;
        let fall = [exp(-local / modes.psp.tau_l), exp(-local / modes.psp.tau_s), exp(-local * modes.gamma)];
        for i in 0..self.size {
            let (l, s) = (self.l[i].to_f64() * fall[0], self.s[i].to_f64() * fall[1]);
            v[i] = self.rest[i].to_f64() + l + s + self.z[i].to_f64() * fall[2];
            u_l[i] = l / modes.alpha_l;
            u_s[i] = -s / modes.alpha_s;
        }
    }

    /// Advances all somata over [`from`, `to`) and appends their spikes, sorted.
    pub(crate) fn advance(
        &mut self,
        arch: Arch,
        modes: &Modes,
        slabs: Slabs<'_>,
        [from, to]: [f64; 2],
        spikes: &mut Vec<Spike>,
    ) {
        self.cut(modes, from, to);
        let first = spikes.len();
        match self.block {
            16 => arch.dispatch(Blocks::<F, 16> { membranes: self, slabs, spikes }),
            _ => arch.dispatch(Blocks::<F, 64> { membranes: self, slabs, spikes }),
        }
        self.segment += self.pieces.iter().filter(|piece| piece.action == Action::Rescale).count();
        self.sorter.sort(&mut spikes[first..], from, to);
    }

    /// The potentials noted at a probe, [size].
    pub(crate) fn noted(&self, probe: usize) -> &[F] {
        &self.noted[probe * self.rest.len()..][..self.size]
    }

    /// Cuts a window at the boundaries b with from ≤ b < to (0 is none).
    fn cut(&mut self, modes: &Modes, from: f64, to: f64) {
        let rates = [1.0 / modes.psp.tau_l, 1.0 / modes.psp.tau_s, modes.gamma];
        let falls = |t: f64| rates.map(|rate| F::exp(-t * rate));
        let whole = falls(SEGMENT);
        self.pieces.clear();
        let mut next = (from / SEGMENT).ceil().max(1.0);
        let mut rescale_until = |pieces: &mut Vec<Piece<F>>, reached: &dyn Fn(f64) -> bool| {
            while reached(next * SEGMENT) {
                pieces.push(Piece { end: next * SEGMENT, action: Action::Rescale, falls: whole });
                next += 1.0;
            }
        };
        let first = self.probes.partition_point(|&t| t < from);
        for (row, &t) in self.probes.iter().enumerate().skip(first).take_while(|(_, t)| **t < to) {
            // At a multiple of 16 ms the rescaling comes first: the probe begins a segment.
            rescale_until(&mut self.pieces, &|boundary| boundary <= t);
            self.pieces.push(Piece { end: t, action: Action::Note(row), falls: falls(within_segment(t)) });
        }
        rescale_until(&mut self.pieces, &|boundary| boundary < to);
        self.pieces.push(Piece { end: to, action: Action::Nothing, falls: whole });
    }
}

/// One call of [`Membranes::advance`], in blocks of `N` neurons.
struct Blocks<'a, F, const N: usize> {
    membranes: &'a mut Membranes<F>,
    slabs: Slabs<'a>,
    spikes: &'a mut Vec<Spike>,
}

impl<F: Real, const N: usize> WithSimd for Blocks<'_, F, N> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for block in 0..self.membranes.rest.len() / N {
            advance_block::<F, N>(self.membranes, block, &self.slabs, self.spikes);
        }
    }
}

/// The scaled traces of the modes τ_L, τ_s and γ of one block.
#[derive(Clone, Copy)]
struct Traces<F, const N: usize> {
    l: [F; N],
    s: [F; N],
    z: [F; N],
}

/// Advances one block over the pieces of the window.
#[inline(always)]
fn advance_block<F: Real, const N: usize>(
    membranes: &mut Membranes<F>,
    block: usize,
    slabs: &Slabs<'_>,
    spikes: &mut Vec<Spike>,
) {
    let base = block * N;
    let (stride, padded) = (membranes.stride, membranes.rest.len());
    let rest: [F; N] = load(&membranes.rest[base..]);
    let mut traces: Traces<F, N> =
        Traces { l: load(&membranes.l[base..]), s: load(&membranes.s[base..]), z: load(&membranes.z[base..]) };
    let Membranes { candidates, events, pieces, noted, .. } = membranes;
    let range = candidates.next[block]..candidates.ends[block];
    let times = &candidates.time[range.clone()];
    let lanes = &candidates.lane[range.clone()][..times.len()];
    let logits = &candidates.logit[range.clone()][..times.len()];
    let [fall_l, fall_s, fall_z] = candidates.falls.each_ref().map(|falls| &falls[range.clone()][..times.len()]);
    // Every candidate is written where the next spike goes, and counted if it is one: no branch to mispredict.
    let known = spikes.len();
    spikes.resize(known + times.len(), Spike { time: 0.0, neuron: 0 });
    let fired = &mut spikes[known..];
    let mut count = 0;
    let mut next = 0;
    let mut arrivals = events.iter();
    for piece in pieces.iter() {
        while next < times.len() && times[next] < piece.end {
            let time = times[next];
            traces = traces.after(&mut arrivals, |event| event <= time, slabs, stride, base);
            let lane = lanes[next] as usize % N;
            let v = potential(&traces, rest[lane], lane, [fall_l[next], fall_s[next], fall_z[next]]);
            fired[count.min(next)] = Spike { time, neuron: (base + lane) as u32 };
            count += usize::from(logits[next] < v);
            next += 1;
        }
        traces = traces.after(&mut arrivals, |event| event < piece.end, slabs, stride, base);
        match piece.action {
            Action::Rescale => traces.scale(piece.falls),
            Action::Note(row) => {
                for (lane, noted) in noted[row * padded + base..][..N].iter_mut().enumerate() {
                    *noted = potential(&traces, rest[lane], lane, piece.falls);
                }
            }
            Action::Nothing => {}
        }
    }
    spikes.truncate(known + count);
    candidates.next[block] += next;
    membranes.l[base..base + N].copy_from_slice(&traces.l);
    membranes.s[base..base + N].copy_from_slice(&traces.s);
    membranes.z[base..base + N].copy_from_slice(&traces.z);
}

#[inline(always)]
fn potential<F: Real, const N: usize>(traces: &Traces<F, N>, rest: F, lane: usize, [l, s, z]: [F; 3]) -> F {
    traces.l[lane].mul_add(l, traces.s[lane].mul_add(s, traces.z[lane].mul_add(z, rest)))
}

impl<F: Real, const N: usize> Traces<F, N> {
    /// The traces after the next arrivals, as long as they are `due`. By value, so that they stay in registers.
    #[inline(always)]
    fn after(
        mut self,
        arrivals: &mut std::slice::Iter<'_, Event<F>>,
        due: impl Fn(f64) -> bool,
        slabs: &Slabs<'_>,
        stride: usize,
        base: usize,
    ) -> Self {
        while let Some(event) = arrivals.as_slice().first()
            && due(event.time)
        {
            arrivals.next();
            let row = &slabs[event.slab as usize % MAX_AFFERENTS][event.pre as usize * stride + base..];
            let row: &[f32; N] = row.first_chunk().expect("a row of weights as long as the population's stride");
            for i in 0..N {
                let w = F::from_f32(row[i]);
                self.l[i] = w.mul_add(event.jumps[0], self.l[i]);
                self.s[i] = w.mul_add(event.jumps[1], self.s[i]);
                self.z[i] = w.mul_add(event.jumps[2], self.z[i]);
            }
        }
        self
    }

    #[inline(always)]
    fn scale(&mut self, [l, s, z]: [F; 3]) {
        for i in 0..N {
            self.l[i] = self.l[i].mul_add(l, F::default());
            self.s[i] = self.s[i].mul_add(s, F::default());
            self.z[i] = self.z[i].mul_add(z, F::default());
        }
    }
}

#[inline(always)]
fn load<F: Real, const N: usize>(from: &[F]) -> [F; N] {
    *from.first_chunk().expect("a block of neurons")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Psp;

    #[test]
    fn windows_cut_a_phase_at_the_same_boundaries() {
        let modes = Modes::new(Psp { tau_l: 10.0, tau_s: 3.0 }, 0.7);
        let mut membranes = Membranes::<f32>::new(3, 16);
        membranes.probes = vec![32.0, 33.7];
        let mut boundaries = |windows: &[(f64, f64)]| -> Vec<(f64, Action)> {
            let mut found = Vec::new();
            for &(from, to) in windows {
                membranes.cut(&modes, from, to);
                found.extend(membranes.pieces.iter().map(|piece| (piece.end, piece.action)));
            }
            found.retain(|&(_, action)| action != Action::Nothing);
            found
        };
        let whole = boundaries(&[(0.0, 50.0)]);
        let (rescale, note) = (Action::Rescale, Action::Note);
        assert_eq!(whole, [(16.0, rescale), (32.0, rescale), (32.0, note(0)), (33.7, note(1)), (48.0, rescale)]);
        assert_eq!(whole, boundaries(&[(0.0, 16.0), (16.0, 32.0), (32.0, 33.5), (33.5, 50.0)]));
    }
}
