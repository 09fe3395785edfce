//! What is changed between two slices of a continuous run.

use std::ops::Range;

use super::{Model, PopulationId, ProjectionId};

/// A change at a time of the run's clock, from which it holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Intervention {
    /// When [ms]: a multiple of the length of a slice.
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
    /// A constant current is added to that of neurons.
    AddCurrent {
        /// Of this population.
        population: PopulationId,
        /// These neurons.
        neurons: Range<usize>,
        /// The current [pA].
        by: f64,
    },
    /// The thresholds of neurons are raised.
    RaiseThreshold {
        /// Of this population.
        population: PopulationId,
        /// These neurons.
        neurons: Range<usize>,
        /// By so much; below 0, they are lowered [mV].
        by: f64,
    },
    /// Synapses of a projection are removed at random.
    Prune {
        /// The projection.
        projection: ProjectionId,
        /// The probability with which each is.
        fraction: f64,
    },
}

impl InterventionKind {
    /// What is changed, in words.
    ///
    /// # Panics
    /// If a population or projection is not one of the model.
    pub fn words(&self, model: &Model) -> String {
        let of = |population: PopulationId, Range { start, end }: &Range<usize>| {
            format!("{}[{start}:{end}]", model.population(population).name)
        };
        match self {
            Self::Silence { population, neurons } => format!("silence {}", of(*population, neurons)),
            Self::ScaleWeights { projection, factor } => {
                format!("scale weights of {} by {factor}", model.projection(*projection).name)
            }
            Self::AddBias { population, neurons, by } => {
                format!("add {by} to the bias of {}", of(*population, neurons))
            }
            Self::AddCurrent { population, neurons, by } => {
                format!("add {by} pA to the current into {}", of(*population, neurons))
            }
            Self::RaiseThreshold { population, neurons, by } => {
                format!("raise the threshold of {} by {by} mV", of(*population, neurons))
            }
            Self::Prune { projection, fraction } => {
                format!("remove synapses of {} with probability {fraction}", model.projection(*projection).name)
            }
        }
    }
}
