//! What is changed between two stretches of a continuous run.

use std::ops::Range;

use super::{PopulationId, ProjectionId};

/// A change at a time of the run's clock, from which it holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Intervention {
    /// When [ms]: a multiple of the length of a stretch.
    pub at_ms: f64,
    /// What is changed.
    pub kind: InterventionKind,
}

/// What is changed.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum InterventionKind {
    /// Neurons fire no more.
    Silence {
        /// Of this population.
        population: PopulationId,
        /// These neurons.
        neurons: Range<usize>,
    },
    /// The weights of a projection are multiplied by a factor; 0 disconnects it.
    ScaleWeights {
        /// The projection.
        projection: ProjectionId,
        /// The factor.
        factor: f64,
    },
    /// A constant is added to the potential of the dendrite that has a bias, as by a current.
    AddBias {
        /// Of this population.
        population: PopulationId,
        /// These neurons.
        neurons: Range<usize>,
        /// The constant, in the model's units of potential.
        by: f64,
    },
}
