//! A projection whose weights change at spikes: what the blocks of its population share.

use super::sources::SourceTrains;
use crate::plasticity::OnlinePlasticity;
use crate::protocol::Spike;

/// A projection whose weights change.
#[derive(Clone, Debug)]
pub(in crate::engine::modal) struct PlasticInput {
    /// Its place in the model.
    pub(in crate::engine::modal) projection: usize,
    pub(in crate::engine::modal) sources: SourceTrains,
    /// Longest delay of its synapses [ms]; known once they have been taken.
    pub(in crate::engine::modal) longest_delay: f64,
}

/// A spike at the synapses of one presynaptic neuron.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine::modal) struct RowArrival {
    pub(in crate::engine::modal) source: usize,
    /// When it was sent [ms].
    pub(in crate::engine::modal) sent: f64,
    /// Synapses in its row, `from..to`, where each has a delay of its own.
    pub(in crate::engine::modal) from: usize,
    pub(in crate::engine::modal) to: usize,
}

impl PlasticInput {
    /// The projection at this place in the model, from so many neurons.
    pub(in crate::engine::modal) fn new(projection: usize, pre: usize, plasticity: OnlinePlasticity) -> Self {
        let sources = SourceTrains::new(plasticity.rule().traces(), pre);
        Self { projection, sources, longest_delay: f64::INFINITY }
    }

    /// Takes up spikes that were just sent in the phase that began at `phase`.
    pub(in crate::engine::modal) fn send(&mut self, phase: f64, spikes: &[Spike]) {
        spikes.iter().for_each(|&spike| self.sources.send(phase, spike));
    }

    /// Counts time from `length` ms later on.
    pub(in crate::engine::modal) fn carry(&mut self, length: f64) {
        self.sources.carry(length, self.longest_delay);
    }

    /// Forgets all spikes.
    pub(in crate::engine::modal) fn clear(&mut self) {
        self.sources.clear();
    }
}
