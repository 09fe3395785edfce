//! Spikes of the postsynaptic neurons of a block that some synapses have not been changed for yet.

use std::ops::Range;

use super::moment::Moment;
use crate::plasticity::SpikeTraces;
use crate::protocol::Spike;

/// A postsynaptic spike, or a signal in its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::engine) struct FiredSpike {
    pub(super) at: Moment,
    /// Traces of earlier spikes at its time; of a signal, its value and 0.
    pub(super) before: [f64; 2],
    /// The one before it in the log, [`NONE_EARLIER`], or [`APPLIED`].
    earlier: u32,
}

/// All synapses of the neuron have been changed for earlier spikes.
const NONE_EARLIER: u32 = u32::MAX - 1;

/// They have been changed for this one too.
const APPLIED: u32 = u32::MAX;

/// Most spikes per neuron in the log, on average, before synapses are changed for all of them.
const MOST_LOGGED: usize = 32;

/// Spikes of the neurons of a block. The last of each is beside its neuron, so that an arrival reads one cache line of most.
#[derive(Clone, Debug)]
pub(in crate::engine) struct TargetTrains {
    traces: SpikeTraces,
    pub(super) last: Vec<FiredSpike>,
    /// Earlier ones, as they came.
    log: Vec<FiredSpike>,
    /// How many spikes of the window have been taken up.
    taken: usize,
}

impl FiredSpike {
    pub(super) const NEVER: Self = Self { at: Moment::NEVER, before: [0.0; 2], earlier: APPLIED };

    /// As it is once synapses have been changed for all before `now`; those that still wait go from `log` to `kept`.
    fn left_pending(self, now: Moment, log: &[Self], kept: &mut Vec<Self>) -> Self {
        if self.earlier == APPLIED || self.at.is_before(now) {
            return Self { earlier: APPLIED, ..self };
        }
        let Some(earlier) = log.get(self.earlier as usize).filter(|earlier| !earlier.at.is_before(now)) else {
            return Self { earlier: NONE_EARLIER, ..self };
        };
        let earlier = earlier.left_pending(now, log, kept);
        kept.push(earlier);
        Self { earlier: (kept.len() - 1) as u32, ..self }
    }
}

impl TargetTrains {
    pub(super) fn new(traces: SpikeTraces, neurons: usize) -> Self {
        Self { traces, last: vec![FiredSpike::NEVER; neurons], log: Vec::new(), taken: 0 }
    }

    /// Takes up the spikes of a window that came since the last call, of neurons from `first` on, in the phase that began at `phase`.
    #[inline]
    pub(super) fn take_up(&mut self, spikes: &[Spike], first: usize, phase: f64) {
        for spike in &spikes[self.taken..] {
            let last = &self.last[spike.neuron as usize - first];
            let at = Moment { phase, time: spike.time };
            let before =
                if *last == FiredSpike::NEVER { [0.0; 2] } else { self.traces.later_y(last.before, at.since(last.at)) };
            self.put(spike.neuron as usize - first, at, before);
        }
        self.taken = spikes.len();
    }

    /// Takes up a signal of a neuron, in the place of a spike.
    pub(super) fn take_up_signal(&mut self, index: usize, at: Moment, signal: f64) {
        self.put(index, at, [signal, 0.0]);
    }

    /// Which of so many that were emitted in the window have not been taken up yet; now they are.
    pub(super) fn fresh(&mut self, emitted: usize) -> Range<usize> {
        std::mem::replace(&mut self.taken, emitted)..emitted
    }

    /// Makes a spike the last of a neuron.
    #[inline(always)]
    fn put(&mut self, index: usize, at: Moment, before: [f64; 2]) {
        let last = &mut self.last[index];
        let earlier = if last.earlier == APPLIED {
            NONE_EARLIER
        } else {
            self.log.push(*last);
            (self.log.len() - 1) as u32
        };
        *last = FiredSpike { at, before, earlier };
    }

    /// Ends a window, all of whose spikes have been taken up.
    pub(in crate::engine) fn end_window(&mut self) {
        self.taken = 0;
    }

    /// Traces just after the last spike of a neuron before `now`, and the time since [ms].
    #[inline(always)]
    pub(super) fn last_before(&self, index: usize, now: Moment) -> ([f64; 2], f64) {
        let last = &self.last[index];
        let since = now.since(last.at);
        if last.at.is_before(now) {
            (self.traces.pairing.jump(last.before), since)
        } else if now.is_before(last.at) {
            self.before_pending(last, now)
        } else {
            (last.before, 0.0)
        }
    }

    /// The same where the last spike comes after `now`: the first one that does found what is left of the traces until then.
    #[cold]
    fn before_pending(&self, last: &FiredSpike, now: Moment) -> ([f64; 2], f64) {
        let mut first = last;
        while let Some(earlier) = self.log.get(first.earlier as usize).filter(|earlier| !earlier.at.is_before(now)) {
            first = earlier;
        }
        (self.traces.sooner_y(first.before, first.at.since(now)), 0.0)
    }

    /// Spikes of a neuron from `from` on that some synapses have not been changed for, in the order of time.
    pub(super) fn pending(&self, index: usize, from: Moment) -> Vec<FiredSpike> {
        let mut pending = Vec::new();
        self.for_each_pending(index, from, Moment::FOR_EVER, |spike| pending.push(*spike));
        pending.reverse();
        pending
    }

    /// Takes up the last spike of a neuron, with the traces that it found; synapses have been changed for all before `settled`.
    pub(super) fn restore(&mut self, index: usize, at: Moment, before: [f64; 2], settled: Moment) {
        self.last[index] =
            FiredSpike { at, before, earlier: if at.is_before(settled) { APPLIED } else { NONE_EARLIER } };
    }

    /// Takes up a spike that some synapses are still to be changed for, after those before it; the last one is there already.
    pub(super) fn restore_pending(&mut self, index: usize, at: Moment, before: [f64; 2]) {
        self.put(index, at, before);
    }

    /// Whether a neuron fired from `from` on, and synapses have not been changed for it.
    #[inline(always)]
    pub(super) fn is_pending(&self, index: usize, from: Moment) -> bool {
        let last = &self.last[index];
        (last.earlier != APPLIED) & !last.at.is_before(from)
    }

    /// Visits the spikes of a neuron that come from `from` on, and before `until`, the last one first.
    #[inline(always)]
    pub(super) fn for_each_pending(
        &self,
        index: usize,
        from: Moment,
        until: Moment,
        mut visit: impl FnMut(&FiredSpike),
    ) {
        if !self.is_pending(index, from) {
            return;
        }
        let mut spike = &self.last[index];
        loop {
            if spike.at.is_before(until) {
                visit(spike);
            }
            match self.log.get(spike.earlier as usize) {
                Some(earlier) if !earlier.at.is_before(from) => spike = earlier,
                _ => return,
            }
        }
    }

    /// Takes all spikes before `now` as applied to all synapses.
    pub(in crate::engine) fn mark_applied(&mut self, now: Moment) {
        let log = std::mem::take(&mut self.log);
        for last in &mut self.last {
            *last = last.left_pending(now, &log, &mut self.log);
        }
    }

    /// Whether so many spikes wait that they should be applied.
    pub(in crate::engine) fn is_long(&self) -> bool {
        self.log.len() > MOST_LOGGED * self.last.len()
    }

    pub(super) fn clear(&mut self) {
        self.log.clear();
        self.last.fill(FiredSpike::NEVER);
        self.taken = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plasticity::{OnlineRule, Stdp};

    #[test]
    fn pending_spikes_come_from_the_last_one_back_to_the_bound() {
        let mut targets = TargetTrains::new(Stdp::of(1.0).traces(), 2);
        let spikes = [(1.0, 11), (2.0, 10), (3.0, 11), (5.0, 11)].map(|(time, neuron)| Spike { time, neuron });
        targets.take_up(&spikes[..2], 10, 100.0);
        targets.take_up(&spikes, 10, 100.0);
        let at = |time| Moment { phase: 100.0, time };
        let pending = |targets: &TargetTrains, from, until: f64| {
            let mut times = Vec::new();
            targets.for_each_pending(1, at(from), at(until), |spike| times.push(spike.at.time));
            times
        };
        assert_eq!(pending(&targets, 0.0, 6.0), [5.0, 3.0, 1.0]);
        assert_eq!(pending(&targets, 1.0, 5.0), [3.0, 1.0], "one at the bound is pending, one at the end is not");
        assert_eq!(pending(&targets, 3.5, 6.0), [5.0]);
        let after = 1.0 + (-2.0_f64 / 20.0).exp() * (1.0 + (-2.0_f64 / 20.0).exp());
        assert!((targets.last_before(1, at(7.0)).0[0] - after).abs() < 1e-14);
        assert!(targets.last_before(0, at(2.0)) == ([0.0; 2], 0.0), "a spike at the very time does not count");
        let mut partly = targets.clone();
        partly.mark_applied(at(3.0));
        assert_eq!(pending(&partly, 0.0, 6.0), [5.0, 3.0], "one at the very time still waits");
        targets.mark_applied(at(6.0));
        assert!(pending(&targets, 0.0, 6.0).is_empty() && targets.last_before(1, at(7.0)).0[0] > 1.0);
        targets.end_window();
        targets.take_up(&[Spike { time: 8.0, neuron: 11 }], 10, 100.0);
        assert_eq!(pending(&targets, 0.0, 9.0), [8.0]);
    }
}
