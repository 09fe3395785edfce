//! Why a figure was not reproduced.

use std::error::Error;
use std::path::PathBuf;

use crate::data::DataError;
use crate::engine::LayoutError;
use crate::model::ModelError;
use crate::record::{RecordError, StateMismatch};
use crate::simulation::SimulationError;
use crate::training::{InitialError, RunError, TrainerError};

/// Why a figure was not reproduced.
#[derive(Debug, thiserror::Error)]
pub enum ReproduceError {
    /// Refused before anything was trained.
    #[error(transparent)]
    Refused(ReproduceCause),
    /// Failed while training or measuring.
    #[error(transparent)]
    Failed(ReproduceCause),
    /// The host interrupted it; what was trained is kept.
    #[error("interrupted")]
    Interrupted,
}

/// What was wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReproduceCause {
    /// A shipped model cannot be read with the keys of a variant.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// Images cannot be loaded.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A run file or checkpoint cannot be read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Initial weights cannot be made.
    #[error(transparent)]
    Initial(#[from] InitialError),
    /// A trainer cannot be built.
    #[error(transparent)]
    Trainer(#[from] TrainerError),
    /// A model has no layout.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// Training failed.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A circuit has no run, or its run failed.
    #[error(transparent)]
    Simulation(#[from] SimulationError),
    /// A model of this name is not shipped.
    #[error("no model `{0}` is shipped")]
    NotShipped(&'static str),
    /// Files in the folder are of another run.
    #[error("{stem}* are of a run of {other}; remove them, or give another folder by --out")]
    OtherRun {
        /// Path of the files without their ends.
        stem: String,
        /// What differs from the run that is needed.
        other: &'static str,
    },
    /// A checkpoint does not fit its model.
    #[error("{path} is a damaged checkpoint")]
    Damaged {
        /// The checkpoint.
        path: String,
        /// What does not fit.
        source: StateMismatch,
    },
    /// Something that training leaves is missing.
    #[error("{0}")]
    Missing(&'static str),
    /// There are too few test images for a map.
    #[error("a map needs {least} test images; there are {found}: give more by --data")]
    TooFewImages {
        /// Images there are.
        found: usize,
        /// Images needed.
        least: usize,
    },
    /// The figure has no default images.
    #[error("{figure}: no images; give the folder of {images}'s IDX files by --data")]
    NoImages {
        /// Name of the figure.
        figure: &'static str,
        /// Data set it is drawn from.
        images: &'static str,
    },
    /// A file or folder of stored results cannot be read.
    #[error("--results: cannot read {}", path.display())]
    UnreadableResult {
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A file of stored results does not hold a result.
    #[error("--results: {} is no result", path.display())]
    NoResult {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A folder of stored results is empty.
    #[error("--results: {} holds no results, files as in docs/results", .0.display())]
    NoResults(PathBuf),
    /// The host failed.
    #[error(transparent)]
    Host(Box<dyn Error + Send + Sync>),
}

impl ReproduceError {
    /// An error that occurred once something had been trained.
    pub fn failed(cause: impl Into<ReproduceCause>) -> Self {
        Self::Failed(cause.into())
    }

    /// Turns a refusal into a failure: another run was trained before.
    pub(super) fn into_runtime(self) -> Self {
        match self {
            Self::Refused(cause) => Self::Failed(cause),
            other => other,
        }
    }
}

/// Errors of training are failures, all others refusals.
impl<C: Into<ReproduceCause>> From<C> for ReproduceError {
    fn from(cause: C) -> Self {
        match cause.into() {
            cause @ ReproduceCause::Run(_) => Self::Failed(cause),
            cause => Self::Refused(cause),
        }
    }
}
