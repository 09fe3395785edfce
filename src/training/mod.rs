//! Runs: presentations, learning, epochs, evaluation, resumption. Library code, usable without the command line.

mod batch;
mod course;
mod credit;
mod decoding;
mod initial;
mod stage;
mod testing;
#[cfg(test)]
mod tests;
mod trainer;

use std::ops::ControlFlow;

pub use decoding::answer;
pub use initial::{InitialError, initial_network};
pub use stage::{Dynamics, responses};
pub use testing::{Test, Tested};
pub use trainer::{Ending, Plan, Synapses, Trainer};

use crate::record::RecordError;

/// What can go wrong during a run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Something could not be recorded.
    #[error("the run could not be recorded")]
    Record(#[from] RecordError),
    /// Learning left the finite numbers.
    #[error(
        "{projection}: a weight change at training presentation {example} is not a finite number; lower learning rates"
    )]
    Diverged {
        /// The projection that learnt.
        projection: String,
        /// Training presentations before.
        example: u64,
    },
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Training presentations done, in all of the run's history.
    pub done: u64,
    /// Training presentations the run is to have.
    pub total: u64,
    /// Error of the training presentations since the last evaluation [%]; NaN: none.
    pub error_percent: f64,
}

/// Follows a run from outside: tells the time, shows progress, may stop it. Every method does nothing unless
/// overridden; `()` watches nothing.
pub trait Monitor {
    /// Seconds since any fixed moment: the library reads no clock itself.
    fn seconds(&self) -> f64 {
        0.0
    }

    /// Training presentations were shown; `Break` ends the run here, or where credit is measured, at its next report.
    fn trained(&mut self, progress: Progress) -> ControlFlow<()> {
        let _ = progress;
        ControlFlow::Continue(())
    }

    /// `done` of `total` test presentations were shown, `error_percent` of them answered wrongly; `Break` ends the run.
    fn tested(&mut self, done: usize, total: usize, error_percent: f64) -> ControlFlow<()> {
        let _ = (done, total, error_percent);
        ControlFlow::Continue(())
    }

    /// The network was evaluated, at the end of an epoch or of the run: the moment to save a checkpoint.
    ///
    /// # Errors
    /// If it cannot be saved; the run stops.
    fn evaluated(&mut self, trainer: &Trainer<'_>) -> Result<(), RunError> {
        let _ = trainer;
        Ok(())
    }
}

impl Monitor for () {}
