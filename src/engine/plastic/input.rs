//! A projection whose weights change at spikes: what the blocks of its population share.

use super::moment::{Moment, clock_reads};
use super::sources::SourceTrains;
use crate::engine::modal_input::SynapticRule;
use crate::plasticity::PostEvents;
use crate::protocol::Spike;

/// A projection whose weights change.
#[derive(Clone, Debug)]
pub(in crate::engine) struct PlasticInput {
    /// Its place in the model.
    pub(in crate::engine) projection: usize,
    pub(super) acts_at: PostEvents,
    pub(in crate::engine) sources: SourceTrains,
    /// Longest delay of its synapses [ms]; known once they have been taken.
    pub(in crate::engine) longest_delay: f64,
    /// The part of delays that lies between synapse and soma.
    pub(super) dendritic_share: f64,
}

/// A spike at the synapses of one presynaptic neuron.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) struct RowArrival {
    pub(in crate::engine) source: usize,
    /// When it was sent [ms].
    pub(in crate::engine) sent: f64,
    /// Synapses in its row, `from..to`, where each has a delay of its own.
    pub(in crate::engine) from: usize,
    pub(in crate::engine) to: usize,
}

impl PlasticInput {
    /// The projection at this place in the model, from so many neurons.
    pub(in crate::engine) fn new(projection: usize, pre: usize, of: &SynapticRule) -> Self {
        let SynapticRule { rule, dendritic_share, .. } = of;
        let sources = SourceTrains::new(rule.traces(), pre);
        Self {
            projection,
            acts_at: rule.acts_at(),
            sources,
            longest_delay: f64::INFINITY,
            dendritic_share: *dendritic_share,
        }
    }

    /// Takes up spikes that were just sent in the phase that began at `phase`.
    pub(in crate::engine) fn send(&mut self, phase: f64, spikes: &[Spike]) {
        spikes.iter().for_each(|&spike| self.sources.send(phase, spike));
    }

    /// Up to when synapses are changed for postsynaptic spikes where they are settled as the clock of the population reads `clock`: before what
    /// is on its way arrives at any of them. They take 2 s d of the longest delay d with a dendritic share s of it.
    pub(in crate::engine) fn settled_at(&self, clock: f64) -> Moment {
        // Nothing changes before synapses have been taken, and their delays are known.
        let waits = self.dendritic_share > 0.0 && self.longest_delay.is_finite();
        clock_reads(clock).after(if waits { -2.0 * self.dendritic_share * self.longest_delay } else { 0.0 })
    }

    /// Counts time from `length` ms later on.
    pub(in crate::engine) fn carry(&mut self, length: f64) {
        self.sources.carry(length, self.longest_delay);
    }

    /// Forgets all spikes.
    pub(in crate::engine) fn clear(&mut self) {
        self.sources.clear();
    }
}
