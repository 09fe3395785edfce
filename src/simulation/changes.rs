//! What changes a run between two slices: by times in its model, and by its caller.

use std::ops::Range;

use super::run::Simulation;
use crate::engine::{LaneState, NeuronChange, StateArray};
use crate::model::InterventionKind;
use crate::numeric::{PresentationKey, Purpose, StreamKey};
use crate::units::LONGEST_RUN_MS;

/// A potential at which a cell never fires: sigmoid of it is 0.
const SILENT_POTENTIAL: f64 = -1000.0;

/// The end of a refractory time beyond that of any run [ms].
const REFRACTORY_FOR_EVER_MS: f64 = 1e3 * LONGEST_RUN_MS;

impl Simulation<'_> {
    /// Changes something from the next slice on.
    ///
    /// # Panics
    /// If a population, projection or neuron is not one of the model, or cells take no such change.
    pub fn apply(&mut self, change: &InterventionKind) {
        self.settle_weights();
        self.changes.push((self.clock_ms(), change.words(self.model)));
        match change {
            InterventionKind::Silence { population, neurons } => self.silence(population.0, neurons),
            InterventionKind::ScaleWeights { projection, factor } => {
                self.network.synapses[projection.0].scale(*factor);
                self.overflowed = self.overflowed || !self.network.synapses[projection.0].is_finite();
            }
            InterventionKind::AddBias { population, neurons, by } => {
                let biases = &mut self.network.biases[population.0][neurons.clone()];
                biases.iter_mut().for_each(|bias| *bias = (f64::from(*bias) + by) as f32);
            }
            InterventionKind::AddCurrent { population, neurons, by } => {
                self.lane.change(population.0, neurons, NeuronChange::AddCurrent(*by));
            }
            InterventionKind::RaiseThreshold { population, neurons, by } => {
                self.lane.change(population.0, neurons, NeuronChange::RaiseThreshold(*by));
            }
            InterventionKind::Prune { projection, fraction } => {
                let purpose = Purpose::Pruning(projection.0 as u32);
                let presentation = PresentationKey::training(self.next);
                // Each change draws its own, several at one time too.
                let phase = self.changes.len() as u32;
                let key = StreamKey { seed: self.seed, purpose, presentation, phase, block: 0 };
                self.network.synapses[projection.0].prune(*fraction, &mut key.stream());
            }
        }
    }

    /// Makes the changes of the model whose times are `due`.
    pub(super) fn intervene(&mut self, due: impl Fn(f64) -> bool) {
        let model = self.model;
        let changes = model.interventions.iter().filter(|change| due(change.at_ms));
        changes.for_each(|change| self.apply(&change.kind));
    }

    /// Silences neurons: sources by their rates, cells with a reset by a refractory time without end, others by potentials and
    /// biases at which they never fire.
    fn silence(&mut self, population: usize, neurons: &Range<usize>) {
        if self.model.populations[population].is_source() {
            return self.inputs.silence(population, neurons);
        }
        if let Some(biases) = self.network.biases[population].get_mut(neurons.clone()) {
            biases.fill(SILENT_POTENTIAL as f32);
        }
        let LaneState { mut populations, projections } = self.lane.state();
        for StateArray { name, values } in &mut populations[population] {
            match name.as_str() {
                "v" => values[neurons.clone()].fill(SILENT_POTENTIAL),
                "refractory_until" => values[neurons.clone()].fill(REFRACTORY_FOR_EVER_MS),
                _ => (),
            }
        }
        self.lane.restore(&LaneState { populations, projections });
    }
}
