//! Changes of the synapses of one presynaptic neuron onto a block.

use std::ops::Range;

use super::moment::Moment;
use super::sources::{PastArrival, SourceTrains};
use super::synapses::BlockSynapses;
use super::targets::{FiredSpike, TargetTrains};
use super::{PlasticInput, PlasticPart};
use crate::engine::modal::arrivals::Arrival;
use crate::plasticity::{SpikeAtSynapse, SpikeTraces, left};

/// Synapses in hand, and what changes them; the memory is used again from row to row.
#[derive(Clone, Debug, Default)]
pub(super) struct RowWork {
    pub(super) targets: Vec<u32>,
    pub(super) weights: Vec<f32>,
    spikes: Vec<SpikeAtSynapse>,
    /// Traces of postsynaptic spikes at an arrival.
    y: [Vec<f64>; 2],
    fired: Vec<FiredSpike>,
}

/// Arrivals over the synapses in hand: the last two before the time up to which they are changed, the later first.
type PastArrivals = [Option<PastArrival>; 2];

impl RowWork {
    fn load(&mut self, synapses: &BlockSynapses, source: usize, places: Range<usize>) {
        let Self { targets, weights, .. } = self;
        targets.clear();
        weights.clear();
        synapses.for_each(source, places, |target, weight| {
            targets.push(target);
            weights.push(weight);
        });
    }

    /// Collects the postsynaptic spikes that the synapses have not been changed for, up to `until` if it is given.
    #[inline(always)]
    fn collect_spikes(&mut self, of: &TargetTrains, traces: &SpikeTraces, past: PastArrivals, until: Option<Moment>) {
        self.spikes.clear();
        let Some(last) = past[0] else { return };
        for (synapse, &target) in (0..).zip(&self.targets) {
            self.fired.clear();
            of.pending(target as usize, last.at, until, &mut self.fired);
            for spike in &self.fired {
                // An arrival at the time of a spike is none of those before it.
                let before = if last.at.is_before(spike.at) { Some(last) } else { past[1] };
                let Some(before) = before else { continue };
                let x = left(before.after, traces.tau_x, spike.at.since(before.at));
                self.spikes.push(SpikeAtSynapse { synapse, x, y: spike.before });
            }
        }
    }

    /// Computes the traces of postsynaptic spikes at an arrival.
    #[inline(always)]
    fn find_traces(&mut self, of: &TargetTrains, now: Moment) {
        let [first, second] = &mut self.y;
        first.clear();
        second.clear();
        for &target in &self.targets {
            let [a, b] = of.at(target as usize, now);
            first.push(a);
            second.push(b);
        }
    }
}

impl PlasticPart {
    /// Takes the synapses of an arrival in hand: their targets and weights.
    #[inline(always)]
    pub(in crate::engine::modal) fn take_in_hand(&mut self, arrival: &Arrival) {
        if let Some(synapses) = &self.synapses {
            self.work.load(synapses, arrival.source as usize, synapses.places(arrival));
        }
    }

    /// Brings the synapses in hand up to date and changes them by their arrival; all postsynaptic spikes before it have been taken up.
    /// They stay where the spike was sent before spikes were taken up.
    #[inline(always)]
    pub(in crate::engine::modal) fn change(&mut self, input: &PlasticInput, arrival: &Arrival) {
        let source = arrival.source as usize;
        let (Some(synapses), Some(place)) = (&mut self.synapses, input.sources.place(source, arrival.sent)) else { return };
        let places = synapses.places(arrival);
        let delay = delay(synapses, source, places.start, self.delay_ms);
        let spike = &input.sources.trains[source][place];
        let (now, x) = (spike.at.after(delay), spike.before);
        let traces = self.rule.traces();
        self.work.collect_spikes(&self.targets, &traces, input.sources.past(source, place, delay), Some(now));
        self.work.find_traces(&self.targets, now);
        let RowWork { weights, spikes, y: [y1, y2], .. } = &mut self.work;
        self.rule.at_spikes(weights, spikes);
        self.rule.at_arrivals(weights, x, [y1, y2]);
        synapses.set(source, places, weights);
    }

    /// Targets and weights of the synapses in hand.
    #[inline(always)]
    pub(in crate::engine::modal) fn in_hand(&self) -> (&[u32], &[f32]) {
        (&self.work.targets, &self.work.weights)
    }

    /// Changes synapses for all postsynaptic spikes since the last arrivals over them; `waiting` are the spikes on their way, by source
    /// and the time of sending.
    pub(super) fn apply_pending(
        &self,
        synapses: &mut BlockSynapses,
        sources: &SourceTrains,
        delay_ms: f64,
        waiting: &[Arrival],
    ) {
        let (traces, mut work) = (self.rule.traces(), RowWork::default());
        for (source, train) in sources.trains.iter().enumerate() {
            let own = waiting.partition_point(|arrival| (arrival.source as usize) < source);
            let own = &waiting[own..];
            let own = &own[..own.partition_point(|arrival| arrival.source as usize == source)];
            let length = synapses.row_len(source);
            // A spike has arrived over the first synapses of a row, by their delays; an earlier one over more of them.
            let mut start = 0;
            for place in (0..train.len()).rev() {
                let sent = train[place].sent;
                let waits = own.iter().find(|arrival| arrival.sent.total_cmp(&sent).is_eq());
                let end = waits.map_or(length, |arrival| arrival.from as usize).max(start);
                while start < end {
                    let steps = synapses.delay_steps(source, start);
                    let same = (start..end).take_while(|&next| synapses.delay_steps(source, next) == steps).count();
                    let places = match synapses {
                        BlockSynapses::Dense(_) => start..end,
                        BlockSynapses::Sparse(_) => start..start + same,
                    };
                    let delay = delay(synapses, source, start, delay_ms);
                    work.load(synapses, source, places.clone());
                    // The spike itself is the last arrival over them.
                    work.collect_spikes(&self.targets, &traces, sources.past(source, place + 1, delay), None);
                    if !work.spikes.is_empty() {
                        self.rule.at_spikes(&mut work.weights, &work.spikes);
                        synapses.set(source, places.clone(), &work.weights);
                    }
                    start = places.end;
                }
            }
        }
    }
}

/// The delay of a synapse [ms].
#[inline(always)]
fn delay(synapses: &BlockSynapses, source: usize, place: usize, delay_ms: f64) -> f64 {
    match synapses {
        BlockSynapses::Dense(_) => delay_ms,
        BlockSynapses::Sparse(_) => f64::from(synapses.delay_steps(source, place)) * delay_ms,
    }
}
