//! The local signals of a trial, from the means that its backend measured.

use crate::engine::PhaseMeans;
use crate::model::{Model, Projection};
use crate::plasticity::{LocalSignals, PhaseSignals};

/// The local signals of all neurons of a network after a trial.
pub(super) struct TrialSignals<'a> {
    model: &'a Model,
    phases: usize,
    /// Of each population, phase by phase; trains are those over its first feedforward projection.
    populations: Vec<PhaseSignals<'a>>,
    /// Of the presynaptic neurons of each projection, phase by phase.
    projections: Vec<PhaseSignals<'a>>,
}

impl<'a> TrialSignals<'a> {
    /// The signals of a trial with these means, one for each phase. `centred`, by phase and projection, takes the place of mean
    /// trains unless it is empty.
    pub(super) fn new(model: &'a Model, means: &'a [PhaseMeans], centred: &'a [Vec<Vec<f64>>]) -> Self {
        let train = |phase: usize, projection: usize| -> &'a [f64] {
            centred.get(phase).map_or(&means[phase].trains[projection], |trains| &trains[projection])
        };
        let of = |population: usize, phase: usize, train: &'a [f64]| PhaseSignals {
            v: if phase == 0 { &means[phase].v[population] } else { &[] },
            plateau: &means[phase].plateau[population],
            sigmoid: &means[phase].sigmoid[population],
            train,
        };
        let phases = means.len();
        let populations = (0..model.populations.len()).flat_map(|population| {
            let forward = |p: &Projection| {
                p.from.0 == population && p.to != p.from && !model.population(p.to).is_plateau_port(p.port)
            };
            let sends = model.projections.iter().position(forward);
            (0..phases).map(move |phase| of(population, phase, sends.map_or(&[], |sends| train(phase, sends))))
        });
        let populations = populations.collect();
        let projections = model.projections.iter().enumerate();
        let projections =
            projections.flat_map(|(index, p)| (0..phases).map(move |phase| of(p.from.0, phase, train(phase, index))));
        Self { model, phases, populations, projections: projections.collect() }
    }

    /// Those of the neurons of a population.
    pub(super) fn of_population<'s>(&'s self, population: usize, backprop_error: &'s [f64]) -> LocalSignals<'s> {
        let size = self.model.populations[population].size;
        LocalSignals { size, phases: &self.populations[population * self.phases..][..self.phases], backprop_error }
    }

    /// Those of the presynaptic neurons of a projection.
    pub(super) fn of_presynaptic<'s>(&'s self, projection: usize, backprop_error: &'s [f64]) -> LocalSignals<'s> {
        let size = self.model.population(self.model.projections[projection].from).size;
        LocalSignals { size, phases: &self.projections[projection * self.phases..][..self.phases], backprop_error }
    }
}
