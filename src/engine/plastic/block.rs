//! A block of neurons at one projection whose weights change at spikes.

use std::sync::Arc;

use pulp::{Arch, Simd, WithSimd};

use super::input::{PlasticInput, RowArrival};
use super::moment::{Moment, clock_reads};
use super::row::RowWork;
use super::signals::{BurstSpike, EmittedSpikes, NeuronMemory};
use super::sources::SourceTrains;
use super::synapses::TakenSynapses;
use super::targets::TargetTrains;
use crate::engine::modal_input::SynapticRule;
use crate::network::Synapse;
use crate::plasticity::{Candidate, CellEvent, OnlineRule, PostEvents};

/// The neurons of a block at one projection whose weights change.
#[derive(Clone, Debug)]
pub(in crate::engine) struct PlasticPart {
    rule: Arc<dyn OnlineRule>,
    pub(super) acts_at: PostEvents,
    /// By neuron, of a rule that remembers.
    pub(super) memories: Vec<NeuronMemory>,
    pub(in crate::engine) targets: TargetTrains,
    /// The synapses while they are taken out of the network; without them, weights are those of the network and stay.
    synapses: Option<TakenSynapses>,
    /// Of sparse synapses: the step of delays; of dense ones: the delay of all [ms].
    delay_ms: f64,
    /// 1 − 2 s, with the dendritic share s of delays: an arrival at a synapse, (1 − s) d after it was sent, meets postsynaptic spikes of s d before.
    of_delay: f64,
    work: RowWork,
}

impl PlasticPart {
    pub(in crate::engine) fn new(SynapticRule { rule, dendritic_share, .. }: SynapticRule, neurons: usize) -> Self {
        let (acts_at, targets) = (rule.acts_at(), TargetTrains::new(rule.traces(), neurons));
        let memory = NeuronMemory { numbers: rule.memory(), at: clock_reads(0.0) };
        let memories = vec![memory; if acts_at == PostEvents::Bursts { neurons } else { 0 }];
        let (work, of_delay) = (RowWork::default(), 1.0 - 2.0 * dendritic_share);
        Self { rule, acts_at, memories, targets, synapses: None, delay_ms: 0.0, of_delay, work }
    }

    /// Takes synapses that were taken out of the network.
    pub(in crate::engine) fn set_synapses(&mut self, synapses: TakenSynapses, delay_ms: f64) {
        (self.synapses, self.delay_ms) = (Some(synapses), delay_ms);
    }

    /// Gives them up.
    pub(in crate::engine) fn take_synapses(&mut self) -> Option<TakenSynapses> {
        self.synapses.take()
    }

    /// Whether it has synapses that were taken out of the network.
    pub(in crate::engine) fn has_synapses(&self) -> bool {
        self.synapses.is_some()
    }

    /// The sparse row of a presynaptic neuron, where it is not in the network.
    pub(in crate::engine) fn sparse_row(&self, source: usize) -> Option<&[Synapse]> {
        self.synapses.as_ref()?.sparse_row(source)
    }

    /// Forgets all spikes.
    pub(in crate::engine) fn clear(&mut self) {
        self.targets.clear();
        self.memories.fill(NeuronMemory { numbers: self.rule.memory(), at: clock_reads(0.0) });
    }

    /// Takes up what neurons from `first` on emitted in a window since the last call, in the phase that began at `clock`.
    #[inline]
    pub(in crate::engine) fn take_up(&mut self, emitted: EmittedSpikes<'_>, first: usize, clock: f64) {
        match self.acts_at {
            PostEvents::Spikes => self.targets.take_up(emitted.spikes, first, clock),
            PostEvents::Bursts => self.take_up_bursts(emitted, first, clock),
            PostEvents::Candidates => (),
        }
    }

    fn take_up_bursts(&mut self, emitted: EmittedSpikes<'_>, first: usize, clock: f64) {
        for BurstSpike { spike, event } in &emitted.bursts[self.targets.fresh(emitted.bursts.len())] {
            let (index, at) = (spike.neuron as usize - first, Moment { phase: clock, time: spike.time });
            let memory = &mut self.memories[index];
            let signal = self.rule.signal(*event, &mut memory.numbers, at.since(memory.at));
            memory.at = at;
            self.targets.take_up_signal(index, at, signal);
        }
    }

    /// Whether its synapses change at candidate spikes now.
    pub(in crate::engine) fn changes_at_candidates(&self) -> bool {
        self.acts_at == PostEvents::Candidates && self.has_synapses()
    }

    /// Takes up a candidate spike of a neuron of the block at `t`, in the phase that began at `clock`.
    pub(in crate::engine) fn take_candidate(&mut self, index: usize, clock: f64, t: f64, candidate: Candidate) {
        let signal = self.rule.signal(CellEvent::Candidate(candidate), &mut [0.0; 2], 0.0);
        self.targets.take_up_signal(index, Moment { phase: clock, time: t }, signal);
    }

    /// Takes the synapses of an arrival in hand: their targets and weights.
    #[inline(always)]
    pub(in crate::engine) fn take_in_hand(&mut self, arrival: &RowArrival) {
        if let Some(synapses) = &self.synapses {
            self.work.load(synapses, arrival.source, synapses.places(arrival));
        }
    }

    /// Brings the synapses in hand up to date and changes them by their arrival; all postsynaptic spikes before it have been taken up.
    /// They stay where the spike was sent before spikes were taken up.
    #[inline(always)]
    pub(in crate::engine) fn change(&mut self, input: &PlasticInput, arrival: &RowArrival) {
        let RowArrival { source, sent, .. } = *arrival;
        let (Some(synapses), Some(place)) = (&mut self.synapses, input.sources.place(source, sent)) else {
            return;
        };
        let places = synapses.places(arrival);
        let delay = delay(synapses, source, places.start, self.delay_ms) * self.of_delay;
        let spike = &input.sources.trains[source][place];
        let (now, x) = (spike.at.after(delay), spike.before);
        let traces = self.rule.traces();
        self.work.collect_spikes(&self.targets, &traces, input.sources.past(source, place, delay), now);
        self.work.find_traces(&self.targets, &traces, now);
        let RowWork { weights, spikes, y: [y1, y2], .. } = &mut self.work;
        self.rule.at_spikes(weights, spikes);
        self.rule.at_arrivals(weights, x, [y1, y2]);
        synapses.set(source, places, weights);
    }

    /// Targets and weights of the synapses in hand.
    #[inline(always)]
    pub(in crate::engine) fn in_hand(&self) -> (&[u32], &[f32]) {
        (&self.work.targets, &self.work.weights)
    }

    /// Changes synapses for the postsynaptic spikes since the last arrivals over them and before now.
    pub(in crate::engine) fn apply_pending(&self, pending: PendingRows<'_>) {
        Arch::new().dispatch(ApplyPending { part: self, pending });
    }
}

/// Synapses of a block that postsynaptic spikes wait at.
pub(in crate::engine) struct PendingRows<'a> {
    pub(in crate::engine) synapses: &'a mut TakenSynapses,
    pub(in crate::engine) sources: &'a SourceTrains,
    /// As [`PlasticPart::delay_ms`].
    pub(in crate::engine) delay_ms: f64,
    /// Spikes on their way, by source and the time of sending.
    pub(in crate::engine) waiting: &'a [RowArrival],
    /// Up to when postsynaptic spikes change them.
    pub(in crate::engine) now: Moment,
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
        let Self { part, pending: PendingRows { synapses, sources, delay_ms, waiting, now } } = self;
        let (traces, mut work, mut rest) = (part.rule.traces(), RowWork::default(), waiting);
        for (source, train) in sources.trains.iter().enumerate() {
            let own;
            (own, rest) = rest.split_at(rest.partition_point(|arrival| arrival.source <= source));
            let length = synapses.row_len(source);
            // A spike has arrived over the first synapses of a row, by their delays; an earlier one over more of them.
            let mut start = 0;
            for place in (0..train.len()).rev() {
                let sent = train[place].sent;
                let waits = own.iter().find(|arrival| arrival.sent.total_cmp(&sent).is_eq());
                let end = waits.map_or(length, |arrival| arrival.from.min(length)).max(start);
                while start < end {
                    let places = start..start + synapses.of_one_delay(source, start..end);
                    let delay = delay(synapses, source, start, delay_ms) * part.of_delay;
                    work.load(synapses, source, places.clone());
                    // The spike itself is the last arrival over them.
                    work.collect_spikes(&part.targets, &traces, sources.past(source, place + 1, delay), now);
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
fn delay(synapses: &TakenSynapses, source: usize, place: usize, delay_ms: f64) -> f64 {
    match synapses {
        TakenSynapses::Dense(_) => delay_ms,
        TakenSynapses::Sparse(_) => f64::from(synapses.delay_steps(source, place)) * delay_ms,
    }
}
