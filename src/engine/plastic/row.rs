//! Changes of the synapses of one presynaptic neuron onto a block.

use std::ops::Range;

use super::moment::Moment;
use super::sources::PastArrival;
use super::synapses::TakenSynapses;
use super::targets::TargetTrains;
use crate::plasticity::{SpikeAtSynapse, SpikeTraces, decay_of};

/// Synapses in hand, and what changes them; the memory is used again from row to row.
#[derive(Clone, Debug, Default)]
pub(super) struct RowWork {
    pub(super) targets: Vec<u32>,
    pub(super) weights: Vec<f32>,
    /// Postsynaptic spikes that the synapses have not been changed for, each with the time since the arrival before it [ms].
    pub(super) spikes: Vec<SpikeAtSynapse>,
    since: Vec<f64>,
    /// Traces of postsynaptic spikes at an arrival.
    pub(super) y: [Vec<f64>; 2],
    /// Synapses that spikes wait at.
    waiting: Vec<u32>,
}

/// Arrivals over the synapses in hand: the last two before the time up to which they are changed, the later first.
type PastArrivals = [Option<PastArrival>; 2];

impl RowWork {
    /// Takes synapses in hand.
    #[inline(always)]
    pub(super) fn load(&mut self, synapses: &TakenSynapses, source: usize, places: Range<usize>) {
        let Self { targets, weights, .. } = self;
        targets.clear();
        weights.clear();
        synapses.read(source, places, targets, weights);
    }

    /// Collects the postsynaptic spikes before `until` that the synapses have not been changed for.
    ///
    /// About half of all synapses have none, in an order that branch prediction does not learn: the selection is free of branches.
    #[inline(always)]
    pub(super) fn collect_spikes(
        &mut self,
        of: &TargetTrains,
        traces: &SpikeTraces,
        past: PastArrivals,
        until: Moment,
    ) {
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
    pub(super) fn find_traces(&mut self, of: &TargetTrains, traces: &SpikeTraces, now: Moment) {
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
