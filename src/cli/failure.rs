//! How a command ends when it does not end well.

use std::process::ExitCode;

use super::{interrupt, say};
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
    /// What went wrong once the command had begun.
    pub(super) fn failed(error: impl Into<anyhow::Error>) -> Self {
        Self::Failed(error.into())
    }

    /// The same of a command of which a part is done already: it has begun.
    pub(super) fn on_the_way(self) -> Self {
        match self {
            Self::Refused(error) => Self::Failed(error),
            other => other,
        }
    }

    /// Tells the user on standard error, cause by cause, and gives the exit code.
    pub(super) fn report(self) -> ExitCode {
        let (error, code) = match self {
            Self::Refused(error) => (error, 2),
            Self::Failed(error) => (error, 1),
            Self::Interrupted => return ExitCode::from(interrupt::exit_code()),
        };
        say::note(format_args!("error: {error}"));
        for cause in error.chain().skip(1) {
            say::note(format_args!("  because: {cause}"));
        }
        ExitCode::from(code)
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
