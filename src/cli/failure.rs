//! How a command ends when it does not end well.

use crate::training::RunError;

/// Why a command did not do what was asked.
#[derive(Debug)]
pub(super) enum Failure {
    /// Refused before the first presentation: usage, model, data, checkpoint, an output that cannot be created.
    Refused(anyhow::Error),
    /// Failed while running: disk full, I/O, numbers out of range.
    Failed(anyhow::Error),
    /// Stopped by a signal; all that was done is saved.
    Interrupted,
}

impl Failure {
    /// An error that occurred once the command had begun to run.
    pub(super) fn failed(error: impl Into<anyhow::Error>) -> Self {
        Self::Failed(error.into())
    }

    /// Turns a refusal into a failure while running: another part of the command has run before.
    pub(super) fn into_runtime(self) -> Self {
        match self {
            Self::Refused(error) => Self::Failed(error),
            other => other,
        }
    }
}

/// Any error before the first presentation is a refusal.
impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Refused(error)
    }
}

/// An error of a run is a failure.
impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        Self::Failed(error.into())
    }
}
