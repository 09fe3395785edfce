//! What reaches a block of neurons in a window, in the order of time.

use std::collections::VecDeque;
use std::hint::black_box;

use pulp::{Simd, WithSimd};

use super::arrivals::{Arrivals, within_segment};
use super::modal_input::ModalInput;
use super::plastic::{PlasticPart, RowArrival};
use super::population::{Inputs, Window};
use crate::network::{Network, Synapse, Synapses};
use crate::numeric::exp;
use crate::protocol::Spike;

/// A spike on its way to a block over the synapses of one delay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Arrival {
    /// When it arrives [ms].
    pub(super) time: f64,
    /// When it was sent [ms].
    sent: f64,
    /// The part of the weights of its synapses with which it acts.
    pub(super) factor: f64,
    /// Its projection, as an input of the population.
    pub(super) input: u32,
    /// Presynaptic neuron.
    pub(super) source: u32,
    /// Synapses in its row, `from..to`; where all have one delay none are named, and all are meant.
    pub(super) from: u32,
    pub(super) to: u32,
}

impl Arrival {
    /// As its row sees it.
    pub(super) fn in_row(&self) -> RowArrival {
        let &Self { source, sent, from, to, .. } = self;
        RowArrival { source: source as usize, sent, from: from as usize, to: to as usize }
    }

    /// Whether another spike of its source arrives with it.
    pub(super) fn is_with(&self, other: &Self) -> bool {
        self.sent.total_cmp(&other.sent).is_eq()
            && (self.input, self.source, self.from) == (other.input, other.source, other.from)
    }
}

/// Arrivals at a block: those of a window, and those that come later.
#[derive(Clone, Debug, Default)]
pub(super) struct Queue {
    /// Of the window, sorted by (time, projection, source).
    pub(super) due: Vec<Arrival>,
    /// e^{λ t'} of those, t' from the start of their segment, [mode, arrival].
    growth: Vec<f64>,
    /// By slots of time from `first` on.
    later: VecDeque<Vec<Arrival>>,
    /// Number of the first slot.
    first: u64,
    /// Length of a slot [ms].
    slot_ms: f64,
    /// Emptied slots, whose memory is used again.
    empty: Vec<Vec<Arrival>>,
}

/// Most slots of a queue.
const MOST_SLOTS: u64 = 1 << 16;

/// Spikes that were just sent over synapses of many delays.
#[derive(Clone, Debug, Default)]
pub(super) struct FreshSpikes {
    pub(super) spikes: Vec<Spike>,
    /// The part of its weight with which each acts; empty without short-term plasticity, where it is all.
    pub(super) factors: Vec<f64>,
}

impl FreshSpikes {
    /// Takes the spikes that were just sent over synapses of many delays, by input.
    pub(super) fn take(fresh: &mut [Self], inputs: &[ModalInput], network: &Network, arrivals: &mut [Arrivals]) {
        for (Self { spikes, factors }, input) in fresh.iter_mut().zip(inputs) {
            spikes.clear();
            factors.clear();
            if !input.has_one_delay(&network.synapses[input.projection]) {
                spikes.append(&mut arrivals[input.projection].spikes);
                factors.append(&mut arrivals[input.projection].factors);
            }
        }
    }
}

/// Synapses that a spike goes along.
#[derive(Clone, Copy)]
struct SourceRow<'a> {
    synapses: &'a [Synapse],
    resolution_ms: f64,
    /// The delay of all synapses of the projection, if they have one [steps].
    one_delay: Option<u16>,
}

impl SourceRow<'_> {
    /// The delay of the synapses from a place on [steps], and the end of those that have it. Where all have one, none is read.
    #[inline]
    fn of_next_delay(&self, from: usize) -> (u16, usize) {
        self.one_delay.map_or_else(
            || {
                let rest = &self.synapses[from..];
                let delay = rest[0].delay;
                (delay, from + rest.iter().take_while(|synapse| synapse.delay == delay).count())
            },
            |delay| (delay, self.synapses.len()),
        )
    }
}

/// Where the rows of presynaptic neurons onto a block are.
struct QueuedRows<'a> {
    block: usize,
    network: &'a Network,
    of: &'a [ModalInput],
    plastic: &'a [Option<PlasticPart>],
}

impl<'a> QueuedRows<'a> {
    /// The synapses that a spike goes along, each after its own delay; none where all have one.
    #[inline]
    fn of(&self, arrival: &Arrival) -> Option<SourceRow<'a>> {
        let (input, source) = (arrival.input as usize, arrival.source as usize);
        let Synapses::Sparse(sparse) = &self.network.synapses[self.of[input].projection] else { return None };
        let own = self.plastic.get(input).and_then(Option::as_ref).and_then(|plastic| plastic.sparse_row(source));
        let synapses = own.unwrap_or_else(|| sparse.row(self.block, source));
        Some(SourceRow { synapses, resolution_ms: sparse.resolution_ms(), one_delay: sparse.one_delay() })
    }

    /// Reads the delays that come next in the rows of several spikes, which are far from each other in memory: the processor waits for many
    /// of them at a time, not for each when it is needed.
    fn read_ahead(&self, arrivals: impl Iterator<Item = Arrival>) {
        let next = |arrival: Arrival| {
            let row = self.of(&arrival).filter(|row| row.one_delay.is_none())?;
            row.synapses.get(arrival.to as usize)
        };
        black_box(arrivals.filter_map(next).fold(0, |all, synapse| all ^ synapse.delay));
    }
}

impl Queue {
    /// An empty queue whose slots are about as long as a window.
    pub(super) fn new(window_ms: f64) -> Self {
        Self { slot_ms: window_ms.clamp(0.01, 10.0), ..Self::default() }
    }

    /// Gathers what reaches a block before the end of a window; `fresh` are spikes that were just sent, by input.
    pub(super) fn gather(
        &mut self,
        block: usize,
        inputs: &Inputs<'_>,
        of: &[ModalInput],
        plastic: &[Option<PlasticPart>],
        fresh: &[FreshSpikes],
        window: Window,
    ) {
        self.due.clear();
        let rows = QueuedRows { block, network: inputs.network, of, plastic };
        self.take_later(&rows, window.to);
        for (input, (modal, fresh)) in (0..).zip(of.iter().zip(fresh)) {
            let synapses = &inputs.network.synapses[modal.projection];
            let arrival = |(&Spike { time, neuron: source }, factor)| Arrival {
                time,
                sent: time,
                factor,
                input,
                source,
                from: 0,
                to: 0,
            };
            if modal.has_one_delay(synapses) {
                let Arrivals { spikes, factors, .. } = &inputs.arrivals[modal.projection];
                let known = &spikes[..spikes.partition_point(|spike| spike.time < window.to)];
                let acting = factors.iter().copied().chain(std::iter::repeat(1.0));
                self.due.extend(known.iter().zip(acting).map(arrival));
            } else {
                let acting = fresh.factors.iter().copied().chain(std::iter::repeat(1.0));
                let sent = fresh.spikes.iter().zip(acting).map(arrival);
                rows.read_ahead(sent.clone());
                for arrival in sent {
                    match rows.of(&arrival) {
                        Some(row) => self.follow(arrival, row, window.to),
                        None => self.keep(Arrival { time: arrival.sent + modal.delay, ..arrival }, window.to),
                    }
                }
            }
        }
        self.due.sort_unstable_by(|a, b| {
            a.time.total_cmp(&b.time).then_with(|| (a.input, a.source, a.from).cmp(&(b.input, b.source, b.from)))
        });
    }

    /// Takes what was sent before and arrives before `to`.
    fn take_later(&mut self, rows: &QueuedRows<'_>, to: f64) {
        while !self.later.is_empty() && (self.first as f64) * self.slot_ms < to {
            let mut slot = std::mem::take(&mut self.later[0]);
            rows.read_ahead(slot.iter().filter(|arrival| arrival.time < to).copied());
            let whole = ((self.first + 1) as f64) * self.slot_ms <= to;
            let mut index = 0;
            while index < slot.len() {
                let arrival = slot[index];
                if arrival.time >= to {
                    index += 1;
                    continue;
                }
                slot.swap_remove(index);
                self.due.push(arrival);
                if let Some(row) = rows.of(&arrival) {
                    self.follow(arrival, row, to);
                }
            }
            if !whole {
                slot.append(&mut self.later[0]);
                self.later[0] = slot;
                return;
            }
            // What rounding put into a slot that is over belongs to the next.
            slot.append(&mut self.later[0]);
            self.later.pop_front();
            self.first += 1;
            if !slot.is_empty() {
                if self.later.is_empty() {
                    self.later.push_back(Vec::new());
                }
                self.later[0].append(&mut slot);
            }
            self.empty.push(slot);
        }
    }

    /// Goes on with the synapses of a spike after those of `last`: those that it reaches before `to` are due.
    fn follow(&mut self, last: Arrival, row: SourceRow<'_>, to: f64) {
        let mut from = last.to as usize;
        while from < row.synapses.len() {
            let (delay, end) = row.of_next_delay(from);
            let time = last.sent + f64::from(delay) * row.resolution_ms;
            let arrival = Arrival { time, from: from as u32, to: end as u32, ..last };
            if time >= to {
                self.put(arrival);
                return;
            }
            self.due.push(arrival);
            from = end;
        }
    }

    /// Keeps an arrival as due before `to`, or for later.
    fn keep(&mut self, arrival: Arrival, to: f64) {
        if arrival.time < to {
            self.due.push(arrival);
        } else {
            self.put(arrival);
        }
    }

    /// Keeps what arrives later; what is beyond the slots goes into the last of them, and on from there when that is due.
    fn put(&mut self, arrival: Arrival) {
        let slot = ((arrival.time / self.slot_ms).max(0.0) as u64).min(u64::MAX / 2);
        if self.later.is_empty() {
            self.first = slot;
        }
        if self.first - slot.min(self.first) >= MOST_SLOTS {
            let later = std::mem::take(&mut self.later);
            self.put(arrival);
            later.into_iter().flatten().for_each(|arrival| self.put(arrival));
            return;
        }
        let slot = slot.min(self.first + MOST_SLOTS - 1);
        while slot < self.first {
            self.later.push_front(self.empty.pop().unwrap_or_default());
            self.first -= 1;
        }
        let index = (slot - self.first) as usize;
        while self.later.len() <= index {
            self.later.push_back(self.empty.pop().unwrap_or_default());
        }
        self.later[index].push(arrival);
    }

    /// Computes the growth of the modes up to each arrival.
    pub(super) fn grow<const M: usize>(&mut self, arch: pulp::Arch, lambda: &[f64; M]) {
        self.growth.clear();
        self.growth.resize(M * self.due.len(), 0.0);
        arch.dispatch(Grow { due: &self.due, lambda, growth: &mut self.growth });
    }

    /// e^{λ t'} of the arrival at `index`.
    #[inline(always)]
    pub(super) fn growth<const M: usize>(&self, index: usize) -> [f64; M] {
        std::array::from_fn(|m| self.growth[m * self.due.len() + index])
    }

    /// Spikes of an input that are still on their way, by source and the time of sending.
    pub(super) fn waiting(&self, input: u32) -> Vec<RowArrival> {
        let own = self.later.iter().flatten().filter(|arrival| arrival.input == input);
        let mut waiting: Vec<_> = own.map(Arrival::in_row).collect();
        waiting.sort_unstable_by(|a, b| a.source.cmp(&b.source).then(a.sent.total_cmp(&b.sent)));
        waiting
    }

    /// Counts time from `length` ms later on.
    pub(super) fn carry(&mut self, length: f64) {
        let later = std::mem::take(&mut self.later);
        for mut arrival in later.into_iter().flatten() {
            arrival.time -= length;
            arrival.sent -= length;
            self.put(arrival);
        }
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.due.clear();
        self.later.clear();
    }

    /// What comes later, as numbers: time, time of sending, input, source, first and last synapse, factor of the weights.
    pub(super) fn save(&self, out: &mut [Vec<f64>; 7]) {
        let mut arrivals: Vec<&Arrival> = self.later.iter().flatten().collect();
        arrivals.sort_unstable_by(|a, b| {
            a.time.total_cmp(&b.time).then_with(|| (a.input, a.source, a.from).cmp(&(b.input, b.source, b.from)))
        });
        for &Arrival { time, sent, factor, input, source, from, to } in arrivals {
            let numbers = [time, sent, f64::from(input), f64::from(source), f64::from(from), f64::from(to), factor];
            out.iter_mut().zip(numbers).for_each(|(out, number)| out.push(number));
        }
    }

    /// Takes up one of them.
    pub(super) fn restore(&mut self, [time, sent, input, source, from, to, factor]: [f64; 7]) {
        let [input, source, from, to] = [input, source, from, to].map(|number| number as u32);
        self.put(Arrival { time, sent, factor, input, source, from, to });
    }
}

/// Computes e^{λ t'} of arrivals, mode by mode.
struct Grow<'a, const M: usize> {
    due: &'a [Arrival],
    lambda: &'a [f64; M],
    growth: &'a mut [f64],
}

impl<const M: usize> WithSimd for Grow<'_, M> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { due, lambda, growth } = self;
        if due.is_empty() {
            return;
        }
        for (growth, &lambda) in growth.chunks_exact_mut(due.len()).zip(lambda) {
            for (growth, arrival) in growth.iter_mut().zip(due) {
                *growth = exp(within_segment(arrival.time) * lambda);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_far_apart_take_no_more_than_so_many_slots() {
        let arrival = |time: f64| Arrival { time, sent: 0.0, factor: 1.0, input: 0, source: 0, from: 0, to: 0 };
        for times in [[1e300, 0.5, 7.0], [0.5, 1e300, 7.0], [7.0, 0.5, f64::MAX]] {
            let mut queue = Queue::new(0.1);
            times.iter().for_each(|&time| queue.put(arrival(time)));
            assert!(queue.later.len() <= MOST_SLOTS as usize, "{times:?}");
            assert_eq!(queue.later.iter().map(Vec::len).sum::<usize>(), times.len());
        }
    }
}
