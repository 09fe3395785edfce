//! Recent spikes of the presynaptic neurons of a projection, with the traces that each found.

use super::moment::Moment;
use crate::plasticity::SpikeTraces;
use crate::protocol::Spike;

/// A spike that was sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::engine) struct SentSpike {
    /// When, by the clock of the queues, in which it is on its way [ms].
    pub(super) sent: f64,
    pub(super) at: Moment,
    /// Traces of earlier spikes at its time.
    pub(super) before: [f64; 2],
}

/// An arrival over a synapse in the past.
#[derive(Clone, Copy, Debug)]
pub(super) struct PastArrival {
    pub(super) at: Moment,
    /// Traces just after it.
    pub(super) after: [f64; 2],
}

/// Spikes of each presynaptic neuron: those on their way, and the two before them.
#[derive(Clone, Debug)]
pub(in crate::engine) struct SourceTrains {
    traces: SpikeTraces,
    pub(super) trains: Vec<Vec<SentSpike>>,
}

/// How many spikes before those on their way are needed: an arrival changes the weight by the one before it, and a postsynaptic spike at
/// its very time by the one before that.
const BEFORE: usize = 2;

impl SourceTrains {
    pub(super) fn new(traces: SpikeTraces, pre: usize) -> Self {
        Self { traces, trains: vec![Vec::new(); pre] }
    }

    /// Takes up a spike in the phase that began at `phase`; those of a neuron come in the order of time. Several at one time are one.
    pub(super) fn send(&mut self, phase: f64, Spike { time, neuron }: Spike) {
        let train = &mut self.trains[neuron as usize];
        let at = Moment { phase, time };
        let before = match train.last() {
            Some(last) if last.sent.total_cmp(&time).is_eq() => return,
            Some(last) => self.traces.later_x(last.before, at.since(last.at)),
            None => [0.0; 2],
        };
        train.push(SentSpike { sent: time, at, before });
    }

    /// The place of a spike in the train of a neuron; none of one that was sent before spikes were taken up.
    #[inline]
    pub(super) fn place(&self, source: usize, sent: f64) -> Option<usize> {
        self.trains[source].iter().rposition(|spike| spike.sent.total_cmp(&sent).is_eq())
    }

    /// The arrivals of the two spikes before a place, the later first, over synapses of a delay [ms].
    #[inline]
    pub(super) fn past(&self, source: usize, place: usize, delay: f64) -> [Option<PastArrival>; 2] {
        let train = &self.trains[source];
        [1, 2].map(|back| {
            let &SentSpike { at, before, .. } = train.get(place.checked_sub(back)?)?;
            Some(PastArrival { at: at.after(delay), after: self.traces.after_x(before) })
        })
    }

    /// Counts time from `length` ms later on, and forgets what no arrival within the longest delay [ms] needs.
    pub(super) fn carry(&mut self, length: f64, longest_delay: f64) {
        for train in &mut self.trains {
            train.iter_mut().for_each(|spike| spike.sent -= length);
            let arrived = train.partition_point(|spike| spike.sent + longest_delay < -1.0);
            train.drain(..arrived.saturating_sub(BEFORE));
        }
    }

    pub(super) fn clear(&mut self) {
        self.trains.iter_mut().for_each(Vec::clear);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plasticity::{OnlineRule, Stdp};

    /// What is forgotten is never asked for.
    #[test]
    fn spikes_on_their_way_and_two_before_them_are_kept() {
        let mut sources = SourceTrains::new(Stdp::of(1.0).traces(), 1);
        let spikes = [5.0, 40.0, 90.0, 98.5].map(|time| Spike { time, neuron: 0 });
        spikes.iter().chain(&spikes[3..]).for_each(|&spike| sources.send(0.0, spike));
        assert_eq!(sources.trains[0].len(), 4, "two at one time are one");
        sources.carry(100.0, 5.0);
        assert_eq!(sources.trains[0].len(), 3);
        let place = sources.place(0, 98.5 - 100.0).unwrap();
        let [last, earlier] = sources.past(0, place, 2.0).map(Option::unwrap);
        assert!((last.at.time - 92.0).abs() < 1e-12 && (earlier.at.time - 42.0).abs() < 1e-12);
        let after = 1.0 + (-50.0_f64 / 20.0).exp() * (1.0 + (-35.0_f64 / 20.0).exp());
        assert!((last.after[0] - after).abs() < 1e-14);
        assert!(sources.place(0, 3.0).is_none());
    }
}
