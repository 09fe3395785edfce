//! A projection whose weights change at spikes: what the blocks of its population share.

use super::sources::SourceTrains;
use crate::plasticity::{OnlinePlasticity, PostEvents};
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
    pub(in crate::engine) fn new(projection: usize, pre: usize, plasticity: OnlinePlasticity) -> Self {
        let rule = plasticity.rule();
        let sources = SourceTrains::new(rule.traces(), pre);
        Self { projection, acts_at: rule.acts_at(), sources, longest_delay: f64::INFINITY }
    }

    /// Takes up spikes that were just sent in the phase that began at `phase`.
    pub(in crate::engine) fn send(&mut self, phase: f64, spikes: &[Spike]) {
        spikes.iter().for_each(|&spike| self.sources.send(phase, spike));
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
