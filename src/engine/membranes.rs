//! The somata of one population: their modal traces, and the loop that advances them.
//!
//! # Order of execution
//! Within a window every spike that can reach these somata is known before the loop starts, so stream blocks are
//! independent. In each, arrivals (by time, projection, presynaptic neuron) and candidates (by time) are merged: a candidate
//! is decided after all arrivals at or before its time, and before any later one. Traces are rescaled at fixed times of the
//! phase, every 16 ms from its start, and potentials are probed at times given beforehand, for the means; both come after
//! everything earlier and before everything at or after that time.
//!
//! Arrivals are added to the traces [`GROUP`] at a time, counted from the last rescaling or from the first probe, at the end of
//! settling, which every phase has. Until they are, each candidate and each neuron whose potential is probed adds what those
//! before it do to it. A group that the end of a window or another probe cuts waits for what comes; so neither the split of a
//! phase into windows nor what is measured changes a bit.

use pulp::{Arch, Simd, WithSimd};

use super::arrivals::within_segment;
use super::merge_spikes::SpikeMerger;
use super::population::Probes;
use super::rows::{AfferentWeights, BlockRows, DenseRows, MixedRows, UnpackedRows};
use super::thinning::{Candidates, Drawn, Hazard};
use super::traces::{Event, GROUP, Traces, decide};
use crate::cells::{Modes, SEGMENT};
use crate::network::{LANES, Lines, zeros};
use crate::numeric::STREAM_BLOCK;
use crate::numeric::{Real, exp};
use crate::protocol::Spike;

/// Somata of one population in one lane; all arrays are whole cache lines long, the padding staying at rest.
///
/// V = rest + l e^{−t'/τ_L} + s e^{−t'/τ_s} + z e^{−γ t'}, t' from the start of the current segment of 16 ms.
#[derive(Clone, Debug)]
pub(crate) struct Membranes<F> {
    pub(crate) size: usize,
    /// Length of a row of weights.
    stride: usize,
    rest: Lines<F>,
    l: Lines<F>,
    s: Lines<F>,
    z: Lines<F>,
    /// Length of the phase [ms].
    length: f64,
    probes: Probes,
    /// Probes before the current window.
    probed_before: usize,
    /// Times of the probes of the current window [ms].
    times: Vec<f64>,
    /// e^{−t/τ_L}, e^{−t/τ_s} and e^{−γ t} at those times, t from the start of the segment, and at the end of a segment.
    decay: Vec<[F; 3]>,
    /// V at those times, [probes, padded size].
    probed: Lines<F>,
    /// Segments begun before the current one.
    segment: usize,
    pub(crate) candidates: Candidates<F>,
    /// Arrivals that are known and not all in the traces.
    pub(crate) events: Vec<Event<F>>,
    /// How many of `events` the traces hold.
    added: usize,
    pieces: Vec<Piece<F>>,
    /// Room for the spikes of one stream block.
    fired: Vec<Spike>,
    /// Room for the rows of sparse synapses.
    unpacked: UnpackedRows,
    merger: SpikeMerger,
}

/// A stretch of a window without a boundary inside, and what is done at its end.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Piece<F> {
    end: f64,
    /// How many of the phase's events are before the end.
    events: usize,
    action: Action,
    /// e^{−t/τ_L}, e^{−t/τ_s} and e^{−γ t} over a segment, or from its start to the time of the probe.
    decay: [F; 3],
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Action {
    /// A segment ends.
    Rescale,
    /// Potentials are probed, in this row.
    Probe { row: usize, settles: bool },
    /// The window ends, and the phase goes on.
    Wait,
    /// The phase ends.
    End,
}

impl Action {
    /// Whether arrivals that wait for their group are added without the rest of it.
    fn ends_group(self) -> bool {
        matches!(self, Self::Rescale | Self::Probe { settles: true, .. } | Self::End)
    }
}

impl<F: Real> Membranes<F> {
    pub(crate) fn new(size: usize, stride: usize) -> Self {
        let zero = || zeros(size.next_multiple_of(LANES));
        Self {
            size,
            stride,
            rest: zero(),
            l: zero(),
            s: zero(),
            z: zero(),
            length: 0.0,
            probes: Probes::default(),
            probed_before: 0,
            times: Vec::new(),
            decay: Vec::new(),
            probed: zeros(0),
            segment: 0,
            candidates: Candidates::default(),
            events: Vec::new(),
            added: 0,
            pieces: Vec::new(),
            fired: Vec::new(),
            unpacked: UnpackedRows::default(),
            merger: SpikeMerger::default(),
        }
    }

    /// Starts a phase of `length` ms from potentials `v` and drives `u_l`, `u_s` under constant currents `c` ([size] each),
    /// in which potentials will be probed.
    pub(crate) fn start(&mut self, modes: &Modes, [v, u_l, u_s, c]: [&[f64]; 4], probes: Probes, length: f64) {
        self.segment = 0;
        self.length = length;
        self.events.clear();
        self.added = 0;
        self.probes = probes;
        self.probed_before = 0;
        self.times.clear();
        for i in 0..self.size {
            let (rest, l, s) = (c[i] / modes.gamma, modes.alpha_l * u_l[i], -modes.alpha_s * u_s[i]);
            self.rest[i] = F::from_f64(rest);
            self.l[i] = F::from_f64(l);
            self.s[i] = F::from_f64(s);
            self.z[i] = F::from_f64(v[i] - rest - l - s);
        }
    }

    /// Ends a phase: writes potentials and drives back, [size] each.
    pub(crate) fn finish(&self, modes: &Modes, [v, u_l, u_s]: [&mut [f64]; 3]) {
        let local = self.length - self.segment as f64 * SEGMENT;
        let decay = [exp(-local / modes.psp.tau_l), exp(-local / modes.psp.tau_s), exp(-local * modes.gamma)];
        for i in 0..self.size {
            let (l, s) = (self.l[i].to_f64() * decay[0], self.s[i].to_f64() * decay[1]);
            v[i] = self.rest[i].to_f64() + l + s + self.z[i].to_f64() * decay[2];
            u_l[i] = l / modes.alpha_l;
            u_s[i] = -s / modes.alpha_s;
        }
    }

    /// Advances all somata over [`from`, `to`), whose arrivals are the last of `events`, with the weights of the afferent
    /// projections. Appends the spikes, sorted, and returns how many candidates were decided.
    pub(crate) fn advance(
        &mut self,
        arch: Arch,
        hazard: Hazard,
        weights: AfferentWeights<'_>,
        [from, to]: [f64; 2],
        spikes: &mut Vec<Spike>,
    ) -> usize {
        self.candidates.draw(arch, hazard, to);
        self.probed_before += self.times.len();
        self.times.clear();
        let probes = self.probes;
        let times = (self.probed_before..).map_while(|k| probes.time(k)).take_while(|&t| t < to);
        self.times.extend(times);
        let Self { times, decay, .. } = self;
        arch.dispatch(DecayAt { times, modes: &hazard.modes, out: decay });
        self.probed.resize(self.times.len() * self.rest.len(), F::default());
        self.cut(from, to);
        let first = spikes.len();
        let decided = match weights {
            AfferentWeights::Dense(rows) => {
                let rows = DenseRows::new(rows, self.stride);
                arch.dispatch(Advance { membranes: self, rows, spikes })
            }
            AfferentWeights::Mixed { somatic, network } => {
                let mut unpacked = std::mem::take(&mut self.unpacked);
                let rows = MixedRows::new(somatic, network, &mut unpacked);
                let decided = arch.dispatch(Advance { membranes: self, rows, spikes });
                self.unpacked = unpacked;
                decided
            }
        };
        self.segment += self.pieces.iter().filter(|piece| piece.action == Action::Rescale).count();
        self.events.drain(..self.added);
        self.added = 0;
        self.merger.merge(&mut spikes[first..]);
        decided
    }

    pub(crate) fn probes(&self) -> Probes {
        self.probes
    }

    /// The potentials probed in the last window, each with the number of its probe, [size] each.
    pub(crate) fn probed(&self) -> impl Iterator<Item = (usize, &[F])> {
        let rows = self.probed.chunks_exact(self.rest.len().max(1)).map(|row| &row[..self.size]);
        (self.probed_before..).zip(rows)
    }

    /// Cuts a window at the boundaries b with from ≤ b < to (0 is none).
    fn cut(&mut self, from: f64, to: f64) {
        let Self { events, pieces, times, decay, probed_before, .. } = self;
        let whole = decay[times.len()];
        pieces.clear();
        let mut known = self.added;
        let mut cut = |end: f64, action, decay| {
            known += events[known..].iter().take_while(|event| event.time < end).count();
            pieces.push(Piece { end, events: known, action, decay });
        };
        let mut next = (from / SEGMENT).ceil().max(1.0);
        for (row, &t) in times.iter().enumerate() {
            // At a multiple of 16 ms the rescaling comes first: the probe begins a segment.
            while next * SEGMENT <= t {
                cut(next * SEGMENT, Action::Rescale, whole);
                next += 1.0;
            }
            cut(t, Action::Probe { row, settles: *probed_before + row == 0 }, decay[row]);
        }
        while next * SEGMENT < to {
            cut(next * SEGMENT, Action::Rescale, whole);
            next += 1.0;
        }
        cut(to, if to < self.length { Action::Wait } else { Action::End }, whole);
    }
}

/// Computes [`Membranes::decay`].
struct DecayAt<'a, F> {
    times: &'a [f64],
    modes: &'a Modes,
    out: &'a mut Vec<[F; 3]>,
}

impl<F: Real> WithSimd for DecayAt<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { times, modes, out } = self;
        let rates = [1.0 / modes.psp.tau_l, 1.0 / modes.psp.tau_s, modes.gamma];
        out.resize(times.len() + 1, [F::default(); 3]);
        for (k, decay) in out.iter_mut().enumerate() {
            let local = times.get(k).map_or(SEGMENT, |&t| within_segment(t));
            for (decay, rate) in decay.iter_mut().zip(rates) {
                *decay = F::exp(-local * rate);
            }
        }
    }
}

/// One call of [`Membranes::advance`].
struct Advance<'a, F, R> {
    membranes: &'a mut Membranes<F>,
    rows: R,
    spikes: &'a mut Vec<Spike>,
}

impl<F: Real, R: BlockRows<F>> WithSimd for Advance<'_, F, R> {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        let Self { membranes, mut rows, spikes: all } = self;
        let Membranes { rest, l, s, z, candidates, events, added, pieces, probed, fired, merger, .. } = membranes;
        let padded = rest.len();
        let (mut reached, mut decided) = (*added, 0);
        let first = all.len();
        merger.ends.clear();
        for (block, base) in (0..padded).step_by(STREAM_BLOCK).enumerate() {
            let length = STREAM_BLOCK.min(padded - base);
            let mut traces = Traces {
                rest: &rest[base..][..length],
                l: &mut l[base..][..length],
                s: &mut s[base..][..length],
                z: &mut z[base..][..length],
            };
            rows.begin(base, length);
            let mut drawn = candidates.rest_of(block);
            if fired.len() < drawn.time.len() {
                fired.resize(drawn.time.len(), Spike { time: 0.0, neuron: 0 });
            }
            let mut spikes = 0;
            reached = *added;
            for piece in pieces.iter() {
                spikes +=
                    through(piece, events, &mut reached, &mut rows, &mut drawn, &mut traces, &mut fired[spikes..]);
                match piece.action {
                    Action::Rescale => traces.scale(piece.decay),
                    Action::Probe { row: probe, .. } => {
                        let recent = rows.recent(&events[reached..piece.events]);
                        traces.probe(piece.decay, &recent, &mut probed[probe * padded + base..][..length]);
                    }
                    Action::Wait | Action::End => {}
                }
            }
            rows.end();
            all.extend(fired[..spikes].iter().map(|s| Spike { neuron: base as u32 + s.neuron, ..*s }));
            merger.ends.push(all.len() - first);
            let left = drawn.time.len();
            decided += candidates.leave(block, left);
        }
        *added = reached;
        decided
    }
}

/// Takes the traces and candidates of one stream block to the end of a piece, before what is done there; `added` counts the
/// events that the traces hold. Writes the spikes, and gives how many.
#[inline(always)]
fn through<F: Real>(
    piece: &Piece<F>,
    events: &[Event<F>],
    added: &mut usize,
    rows: &mut impl BlockRows<F>,
    drawn: &mut Drawn<'_, F>,
    traces: &mut Traces<'_, F>,
    fired: &mut [Spike],
) -> usize {
    let mut spikes = 0;
    loop {
        let group = &events[*added..piece.events.min(*added + GROUP)];
        let whole: Option<&[Event<F>; GROUP]> = group.try_into().ok();
        // The last arrival of a whole group is in the traces before any candidate that sees it.
        let (recent, end) = match whole {
            Some(whole) => (&whole[..GROUP - 1], whole[GROUP - 1].time),
            None => (group, piece.end),
        };
        if drawn.time[0] < end {
            spikes += decide(drawn, end, traces, &rows.recent(recent), &mut fired[spikes..]);
        }
        let Some(whole) = whole else { break };
        rows.add(traces, whole);
        *added += GROUP;
    }
    if piece.action.ends_group() {
        for event in &events[*added..piece.events] {
            rows.add(traces, std::array::from_ref(event));
        }
        *added = piece.events;
    }
    spikes
}

#[cfg(test)]
mod tests;
