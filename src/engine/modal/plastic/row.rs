//! Changes of the synapses of one presynaptic neuron onto a block.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

use super::moment::Moment;
use super::sources::{PastArrival, SourceTrains};
use super::synapses::BlockSynapses;
use super::targets::TargetTrains;
use super::{PlasticInput, PlasticPart};
use crate::engine::modal::arrivals::Arrival;
use crate::plasticity::{SpikeAtSynapse, SpikeTraces, decay_of};

/// Synapses in hand, and what changes them; the memory is used again from row to row.
#[derive(Clone, Debug, Default)]
pub(super) struct RowWork {
    pub(super) targets: Vec<u32>,
    pub(super) weights: Vec<f32>,
    /// Postsynaptic spikes that the synapses have not been changed for, each with the time since the arrival before it [ms].
    spikes: Vec<SpikeAtSynapse>,
    since: Vec<f64>,
    /// Traces of postsynaptic spikes at an arrival.
    y: [Vec<f64>; 2],
    /// Synapses that spikes wait at.
    waiting: Vec<u32>,
}

/// Arrivals over the synapses in hand: the last two before the time up to which they are changed, the later first.
type PastArrivals = [Option<PastArrival>; 2];

impl RowWork {
    fn load(&mut self, synapses: &BlockSynapses, source: usize, places: Range<usize>) {
        let Self { targets, weights, .. } = self;
        targets.clear();
        weights.clear();
        synapses.read(source, places, targets, weights);
    }

    /// Collects the postsynaptic spikes that the synapses have not been changed for, up to `until` if it is given.
    ///
    /// Half of all synapses may have none, in no order that a processor could foresee: they are told apart without a branch.
    #[inline(always)]
    fn collect_spikes(&mut self, of: &TargetTrains, traces: &SpikeTraces, past: PastArrivals, until: Option<Moment>) {
        self.spikes.clear();
        self.since.clear();
        let Some(last) = past[0] else { return };
        self.waiting.resize(self.targets.len(), 0);
        let mut count = 0;
        for (synapse, &target) in (0..).zip(&self.targets) {
            self.waiting[count] = synapse;
            count += usize::from(of.is_pending(target as usize, last.at));
        }
        let Self { targets, spikes, since, waiting, y: [decays, _], .. } = self;
        for &synapse in &waiting[..count] {
            let first = spikes.len();
            of.for_each_pending(targets[synapse as usize] as usize, last.at, until, |spike| {
                // An arrival at the time of a spike is none of those before it.
                let before = if last.at.is_before(spike.at) { Some(last) } else { past[1] };
                let Some(before) = before else { return };
                spikes.push(SpikeAtSynapse { synapse, x: before.after, y: spike.before });
                since.push(spike.at.since(before.at));
            });
            spikes[first..].reverse();
            since[first..].reverse();
        }
        for trace in (0..2).filter(|&trace| traces.tau_x[trace] > 0.0) {
            decays.clear();
            decays.resize(since.len(), 1.0);
            decay(decays, since, traces.tau_x[trace]);
            spikes.iter_mut().zip(&*decays).for_each(|(spike, left)| spike.x[trace] *= *left);
        }
    }

    /// Computes the traces of postsynaptic spikes at an arrival.
    #[inline(always)]
    fn find_traces(&mut self, of: &TargetTrains, traces: &SpikeTraces, now: Moment) {
        let count = self.targets.len();
        let [first, second] = &mut self.y;
        first.resize(count, 0.0);
        second.resize(count, 0.0);
        self.since.resize(count, 0.0);
        for (place, &target) in self.targets.iter().enumerate() {
            let (after, since) = of.last_before(target as usize, now);
            (first[place], second[place], self.since[place]) = (after[0], after[1], since);
        }
        decay(first, &self.since, traces.tau_y[0]);
        decay(second, &self.since, traces.tau_y[1]);
    }
}

/// Lets traces decay over these times [ms]: e^{−t/τ} of each is left, and nothing of traces that are not read.
#[inline(always)]
fn decay(traces: &mut [f64], times: &[f64], tau: f64) {
    if tau > 0.0 {
        traces.iter_mut().zip(times).for_each(|(trace, &time)| *trace *= decay_of(tau, time));
    } else {
        traces.fill(0.0);
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
        let (Some(synapses), Some(place)) = (&mut self.synapses, input.sources.place(source, arrival.sent)) else {
            return;
        };
        let places = synapses.places(arrival);
        let delay = delay(synapses, source, places.start, self.delay_ms);
        let spike = &input.sources.trains[source][place];
        let (now, x) = (spike.at.after(delay), spike.before);
        let traces = self.rule.traces();
        self.work.collect_spikes(&self.targets, &traces, input.sources.past(source, place, delay), Some(now));
        self.work.find_traces(&self.targets, &traces, now);
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

    /// Changes synapses for all postsynaptic spikes since the last arrivals over them.
    pub(super) fn apply_pending(&self, pending: PendingRows<'_>) {
        Arch::new().dispatch(ApplyPending { part: self, pending });
    }
}

/// Synapses of a block that postsynaptic spikes wait at.
pub(super) struct PendingRows<'a> {
    pub(super) synapses: &'a mut BlockSynapses,
    pub(super) sources: &'a SourceTrains,
    /// As [`PlasticPart::delay_ms`].
    pub(super) delay_ms: f64,
    /// Spikes on their way, by source and the time of sending.
    pub(super) waiting: &'a [Arrival],
}

/// One call of [`PlasticPart::apply_pending`].
struct ApplyPending<'a> {
    part: &'a PlasticPart,
    pending: PendingRows<'a>,
}

impl WithSimd for ApplyPending<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { part, pending: PendingRows { synapses, sources, delay_ms, waiting } } = self;
        let (traces, mut work, mut rest) = (part.rule.traces(), RowWork::default(), waiting);
        for (source, train) in sources.trains.iter().enumerate() {
            let own;
            (own, rest) = rest.split_at(rest.partition_point(|arrival| arrival.source as usize <= source));
            let length = synapses.row_len(source);
            // A spike has arrived over the first synapses of a row, by their delays; an earlier one over more of them.
            let mut start = 0;
            for place in (0..train.len()).rev() {
                let sent = train[place].sent;
                let waits = own.iter().find(|arrival| arrival.sent.total_cmp(&sent).is_eq());
                let end = waits.map_or(length, |arrival| arrival.from as usize).max(start);
                while start < end {
                    let places = start..start + synapses.of_one_delay(source, start..end);
                    let delay = delay(synapses, source, start, delay_ms);
                    work.load(synapses, source, places.clone());
                    // The spike itself is the last arrival over them.
                    work.collect_spikes(&part.targets, &traces, sources.past(source, place + 1, delay), None);
                    if !work.spikes.is_empty() {
                        part.rule.at_spikes(&mut work.weights, &work.spikes);
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
