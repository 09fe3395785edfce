//! What can go wrong, whichever part of the library it goes wrong in.

use crate::data::DataError;
use crate::engine::LayoutError;
use crate::model::ModelError;
use crate::record::RecordError;
use crate::simulation::SimulationError;
use crate::training::{InitialError, RunError, TrainerError};

/// Any error of the library, for programs that do not tell them apart.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A model.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// Stimuli.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Initial weights and biases.
    #[error(transparent)]
    Initial(#[from] InitialError),
    /// The layout of a model.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// What a trainer is built from.
    #[error(transparent)]
    Trainer(#[from] TrainerError),
    /// A run.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A continuous run.
    #[error(transparent)]
    Simulation(#[from] SimulationError),
    /// A run file or checkpoint.
    #[error(transparent)]
    Record(#[from] RecordError),
}
