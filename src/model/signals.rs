//! Which local signals the populations of a model offer to plasticity rules.

use super::{Model, Population, PopulationId, Projection, ProjectionRule, TwoPhaseProtocol, feedforward_path};
use crate::plasticity::{Factors, Measurement, Quantity};

/// Names of the phases of a training presentation.
pub(super) const PHASES: [&str; 2] = ["forward", "target"];

impl ProjectionRule {
    /// Its name in the registry of rules.
    pub fn name(&self) -> &str {
        match self {
            Self::Named(name) => name,
            Self::Expression(_) => "expression",
        }
    }

    /// Its factors, if they are expressions.
    pub fn factors(&self) -> Option<&Factors> {
        match self {
            Self::Named(_) => None,
            Self::Expression(factors) => Some(factors),
        }
    }
}

impl TwoPhaseProtocol {
    /// Names of the phases of a training presentation, in their order.
    #[allow(clippy::unused_self, reason = "all protocols have two phases as yet")]
    pub fn phases(&self) -> &'static [&'static str] {
        &PHASES
    }
}

impl Model {
    /// Why a measurement is not made of a population, by its place in the model; none if it is made.
    pub fn lacks(&self, population: usize, measurement: Measurement) -> Option<&'static str> {
        lacks(&self.populations, &self.projections, population, measurement)
    }
}

/// Why a measurement is not made of a population; none if it is made.
pub(super) fn lacks(
    populations: &[Population],
    projections: &[Projection],
    population: usize,
    measurement: Measurement,
) -> Option<&'static str> {
    let encoder = populations[population].is_source();
    match measurement {
        Measurement::Phase(_, phase) if phase >= PHASES.len() => Some("but a presentation has two phases"),
        Measurement::Phase(Quantity::Train, _) => None,
        Measurement::Phase(Quantity::Plateau, _) => {
            (!populations[population].has_plateaus()).then_some("whose cells make no plateaus")
        }
        Measurement::Phase(..) if encoder => Some("which is an encoder"),
        Measurement::Phase(..) if !populations[population].has_phase_means() => {
            Some("of whose cells, with currents or kernels of their own, no means over phases are measured")
        }
        Measurement::Phase(Quantity::Potential, phase) => {
            (phase != 0).then_some("but mean potentials are measured in the forward phase alone")
        }
        Measurement::Phase(Quantity::Sigmoid, _) => None,
        Measurement::BackpropError => {
            let Some(output) = (0..populations.len()).rev().find(|&p| populations[p].classes() > 0) else {
                return Some("but no population is decoded");
            };
            let output = PopulationId(output);
            let apical = |p: &Projection| populations[p.to.0].is_plateau_port(p.port);
            let path = feedforward_path(projections, PopulationId(population), output);
            let hidden = !encoder && population != output.0;
            let there = hidden && path.is_some_and(|path| !path.iter().any(|id| apical(&projections[id.0])));
            (!there).then_some("which is not hidden with one feedforward path to the output")
        }
    }
}
