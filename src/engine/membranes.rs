//! The somata of one population: their modal traces, and the loop that advances them.
//!
//! # Order of execution
//! Within a window every spike that can reach these somata is known before the loop starts, so blocks of neurons are
//! independent. In each block, arrivals (by time, projection, presynaptic neuron) and candidates (by time) are merged: a
//! candidate is decided after all arrivals at or before its time, and before any later one. Traces are rescaled at fixed
//! times of the phase, every 16 ms from its start, and the potentials at the settling time are noted when it passes; both come
//! after everything earlier and before everything at or after that time. So neither the split of a phase into windows
//! nor that of a population into blocks changes a bit.

use pulp::{Arch, Simd, WithSimd};

use super::arrivals::SEGMENT;
use super::thinning::Candidates;
use crate::data::Spike;
use crate::kernel::Modes;
use crate::math::{Real, exp};

/// The most projections that may drive one population's somata.
pub(crate) const MAX_AFFERENTS: usize = 8;

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

/// Somata of one population in one lane; all arrays [stride], the padding staying at rest.
///
/// V = rest + l e^{−t'/τ_L} + s e^{−t'/τ_s} + z e^{−γ t'}, t' from the start of the current segment of 16 ms.
#[derive(Clone, Debug)]
pub(crate) struct Membranes<F> {
    pub(crate) size: usize,
    /// Neurons per work block: 16 or 64; a multiple of it is the stride.
    block: usize,
    rest: Vec<F>,
    l: Vec<F>,
    s: Vec<F>,
    z: Vec<F>,
    /// V at the settling time.
    pub(crate) settled: Vec<F>,
    /// Segments begun before the current one.
    segment: usize,
    pub(crate) candidates: Candidates<F>,
    pub(crate) events: Vec<Event<F>>,
    pieces: Vec<Piece>,
}

/// A stretch of a window without a boundary inside, and what is done at its end.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Piece {
    end: f64,
    action: Action,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Action {
    Rescale,
    Settle,
    Nothing,
}

impl<F: Real> Membranes<F> {
    pub(crate) fn new(size: usize, stride: usize) -> Self {
        let zero = || vec![F::default(); stride];
        Self {
            size,
            block: stride.min(64),
            rest: zero(),
            l: zero(),
            s: zero(),
            z: zero(),
            settled: zero(),
            segment: 0,
            candidates: Candidates::default(),
            events: Vec::new(),
            pieces: Vec::new(),
        }
    }

    /// Starts a phase from potentials `v` and drives `u_l`, `u_s` under constant currents `c` ([size] each).
    pub(crate) fn start(&mut self, modes: &Modes, [v, u_l, u_s, c]: [&[f64]; 4]) {
        self.segment = 0;
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

    /// Advances all somata over [`from`, `to`), noting potentials at `settle`, and appends their spikes, sorted.
    pub(crate) fn advance(
        &mut self,
        arch: Arch,
        modes: &Modes,
        slabs: Slabs<'_>,
        [from, to, settle]: [f64; 3],
        spikes: &mut Vec<Spike>,
    ) {
        self.cut(from, to, settle);
        let first = spikes.len();
        let [l, s, z] = [1.0 / modes.psp.tau_l, 1.0 / modes.psp.tau_s, modes.gamma];
        let falls = |t: f64| [l, s, z].map(|rate| F::from_f64(exp(-t * rate)));
        let segment = self.segment;
        let rescales = self.pieces.iter().filter(|piece| piece.action == Action::Rescale).count();
        // The settling time lies in the segment it falls in, whichever pieces are cut before it.
        let settling = falls(settle - (settle / SEGMENT).floor() * SEGMENT);
        let run = Run { membranes: self, slabs, rescale: falls(SEGMENT), settling, spikes };
        match run.membranes.block {
            16 => arch.dispatch(Blocks::<F, 16>(run)),
            _ => arch.dispatch(Blocks::<F, 64>(run)),
        }
        self.segment = segment + rescales;
        spikes[first..].sort_unstable_by(|a, b| a.time.total_cmp(&b.time).then(a.neuron.cmp(&b.neuron)));
    }

    /// Cuts a window at the boundaries b with from ≤ b < to (0 is none).
    fn cut(&mut self, from: f64, to: f64, settle: f64) {
        self.pieces.clear();
        let first = (from / SEGMENT).ceil().max(1.0) as usize;
        let rescales = (first..).map(|k| k as f64 * SEGMENT).take_while(|&t| t < to);
        self.pieces.extend(rescales.map(|end| Piece { end, action: Action::Rescale }));
        if from <= settle && settle < to {
            // At a multiple of 16 ms the rescaling comes first: the settling time then begins a segment.
            let place = self.pieces.partition_point(|piece| piece.end <= settle);
            self.pieces.insert(place, Piece { end: settle, action: Action::Settle });
        }
        self.pieces.push(Piece { end: to, action: Action::Nothing });
    }
}

/// One call of [`Membranes::advance`].
struct Run<'a, F> {
    membranes: &'a mut Membranes<F>,
    slabs: Slabs<'a>,
    rescale: [F; 3],
    settling: [F; 3],
    spikes: &'a mut Vec<Spike>,
}

/// The same in blocks of `N` neurons.
struct Blocks<'a, F, const N: usize>(Run<'a, F>);

impl<F: Real, const N: usize> WithSimd for Blocks<'_, F, N> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let run = self.0;
        let stride = run.membranes.rest.len();
        for block in 0..stride / N {
            advance_block::<F, N>(run.membranes, block, stride, run.slabs, run.rescale, run.settling, run.spikes);
        }
    }
}

/// Advances one block over the pieces of the window.
#[inline(always)]
fn advance_block<F: Real, const N: usize>(
    membranes: &mut Membranes<F>,
    block: usize,
    stride: usize,
    slabs: Slabs<'_>,
    rescale: [F; 3],
    settling: [F; 3],
    spikes: &mut Vec<Spike>,
) {
    let base = block * N;
    let rest: [F; N] = load(&membranes.rest[base..]);
    let mut l: [F; N] = load(&membranes.l[base..]);
    let mut s: [F; N] = load(&membranes.s[base..]);
    let mut z: [F; N] = load(&membranes.z[base..]);
    let Membranes { candidates, events, pieces, settled, .. } = membranes;
    let mut next = candidates.next[block];
    let end = candidates.ends[block];
    let mut arrival = 0;
    for piece in pieces.iter() {
        while next < end && candidates.time[next] < piece.end {
            let time = candidates.time[next];
            while arrival < events.len() && events[arrival].time <= time {
                add(&mut l, &mut s, &mut z, &events[arrival], &slabs, stride, base);
                arrival += 1;
            }
            let lane = candidates.lane[next] as usize % N;
            let fast = s[lane].mul_add(candidates.fall_s[next], z[lane].mul_add(candidates.fall_z[next], rest[lane]));
            if candidates.logit[next] < l[lane].mul_add(candidates.fall_l[next], fast) {
                spikes.push(Spike { time, neuron: (base + lane) as u32 });
            }
            next += 1;
        }
        while arrival < events.len() && events[arrival].time < piece.end {
            add(&mut l, &mut s, &mut z, &events[arrival], &slabs, stride, base);
            arrival += 1;
        }
        match piece.action {
            Action::Rescale => {
                for i in 0..N {
                    l[i] = l[i].mul_add(rescale[0], F::default());
                    s[i] = s[i].mul_add(rescale[1], F::default());
                    z[i] = z[i].mul_add(rescale[2], F::default());
                }
            }
            Action::Settle => {
                for (i, settled) in settled[base..base + N].iter_mut().enumerate() {
                    let fast = s[i].mul_add(settling[1], z[i].mul_add(settling[2], rest[i]));
                    *settled = l[i].mul_add(settling[0], fast);
                }
            }
            Action::Nothing => {}
        }
    }
    candidates.next[block] = next;
    membranes.l[base..base + N].copy_from_slice(&l);
    membranes.s[base..base + N].copy_from_slice(&s);
    membranes.z[base..base + N].copy_from_slice(&z);
}

/// Adds an arrival to the traces of one block.
#[inline(always)]
fn add<F: Real, const N: usize>(
    l: &mut [F; N],
    s: &mut [F; N],
    z: &mut [F; N],
    event: &Event<F>,
    slabs: &Slabs<'_>,
    stride: usize,
    base: usize,
) {
    let row: &[f32; N] = slabs[event.slab as usize % MAX_AFFERENTS][event.pre as usize * stride + base..]
        .first_chunk()
        .expect("a row of weights as long as the population's stride");
    for i in 0..N {
        let w = F::from_f32(row[i]);
        l[i] = w.mul_add(event.jumps[0], l[i]);
        s[i] = w.mul_add(event.jumps[1], s[i]);
        z[i] = w.mul_add(event.jumps[2], z[i]);
    }
}

#[inline(always)]
fn load<F: Real, const N: usize>(from: &[F]) -> [F; N] {
    *from.first_chunk().expect("a block of neurons")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_cut_a_phase_at_the_same_boundaries() {
        let mut membranes = Membranes::<f32>::new(3, 16);
        let mut boundaries = |windows: &[(f64, f64)]| -> Vec<(f64, Action)> {
            let mut found = Vec::new();
            for &(from, to) in windows {
                membranes.cut(from, to, 32.0);
                found.extend(membranes.pieces.iter().map(|piece| (piece.end, piece.action)));
            }
            found.retain(|&(_, action)| action != Action::Nothing);
            found
        };
        let whole = boundaries(&[(0.0, 50.0)]);
        assert_eq!(
            whole,
            [(16.0, Action::Rescale), (32.0, Action::Rescale), (32.0, Action::Settle), (48.0, Action::Rescale)]
        );
        assert_eq!(whole, boundaries(&[(0.0, 16.0), (16.0, 32.0), (32.0, 33.5), (33.5, 50.0)]));
    }
}
