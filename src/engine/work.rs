//! Counts of work, so that no clock is needed to see a regression.

use super::crossing::Crossings;

/// What was done, in events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Spikes of sources, and of Poisson input of cells by themselves.
    pub input_spikes: u64,
    /// Candidate spikes of escape-rate neurons.
    pub candidates: u64,
    /// Spikes of escape-rate neurons.
    pub spikes: u64,
    /// Arrivals at somata times the neurons they reach.
    pub synaptic_events: u64,
    /// Rows of weights changed by learning.
    pub rows_updated: u64,
    /// Intervals of threshold neurons by what settled them.
    pub crossings: Crossings,
}

impl std::ops::AddAssign for Work {
    fn add_assign(&mut self, other: Self) {
        self.input_spikes += other.input_spikes;
        self.candidates += other.candidates;
        self.spikes += other.spikes;
        self.synaptic_events += other.synaptic_events;
        self.rows_updated += other.rows_updated;
        self.crossings += other.crossings;
    }
}
