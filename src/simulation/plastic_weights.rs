//! Weights that change at spikes, between two slices.

use super::error::SimulationError;
use super::run::Simulation;
use crate::model::{Normalisation, OnlinePlasticity, Projection};
use crate::protocol::SLICE_MS;

impl Simulation<'_> {
    /// Whether weights change in the course of slices.
    pub(super) fn learns(&self) -> bool {
        self.model.projections.iter().any(|projection| projection.plasticity.is_some())
    }

    /// Makes the weights those of now, where they change at spikes.
    pub(super) fn settle_weights(&mut self) {
        if self.learns() {
            self.lane.settle_weights(&mut self.network);
        }
    }

    /// Normalises the weights of projections for which it is the time.
    pub(super) fn normalise(&mut self) {
        let slices = |by: &Normalisation| (by.every / SLICE_MS).round().max(1.0) as u64;
        let due = |by: &Normalisation| self.next.is_multiple_of(slices(by));
        let of = |projection: &Projection| {
            projection.normalise.filter(due).zip(projection.plasticity.as_ref().map(OnlinePlasticity::bounds))
        };
        let due: Vec<_> = self.model.projections.iter().map(of).collect();
        if due.iter().all(Option::is_none) {
            return;
        }
        self.settle_weights();
        for (synapses, due) in self.network.synapses.iter_mut().zip(due) {
            due.into_iter().for_each(|(by, bounds)| synapses.normalise(&by, bounds));
        }
    }

    /// Returns an error if weights that change at spikes are no finite numbers any more.
    pub(super) fn check_weights(&self) -> Result<(), SimulationError> {
        let learning = self.model.projections.iter().zip(&self.network.synapses);
        let mut learning = learning.filter(|(projection, _)| projection.plasticity.is_some());
        learning.find(|(_, synapses)| !synapses.is_finite()).map_or(Ok(()), |(projection, _)| {
            let what = format!("weights of {:?}", projection.name);
            Err(SimulationError::Overflow { what, at_ms: self.clock_ms() })
        })
    }
}
