//! Runs: their plan, history, monitor, ending and errors.

use std::ops::ControlFlow;

use super::{DataMismatch, Tested, TrainerError};
use crate::data::Dataset;
use crate::engine::LayoutError;
use crate::network::Network;
use crate::record::{Checkpoint, Evaluation, RecordError, Recorder};

/// A network in training.
pub trait Training {
    /// The name of the dynamics in files and summaries: `spiking` or `rate`.
    fn kind(&self) -> &'static str;

    /// The run so far.
    fn history(&self) -> &History;

    /// The current weights and biases.
    fn network(&self) -> &Network;

    /// A checkpoint: weights and biases, and all else that resuming takes if the run can be resumed.
    fn checkpoint(&self) -> Checkpoint;

    /// Runs as planned. Each epoch shows every training image once, in an order of its own; its end, and that of the run,
    /// is marked by an evaluation.
    ///
    /// # Errors
    /// If something cannot be recorded, or learning diverges.
    fn run(
        &mut self,
        data: &Dataset,
        plan: Plan,
        recorder: &mut dyn Recorder,
        monitor: &mut dyn Monitor,
    ) -> Result<Ending, RunError>;
}

/// The history of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// Training presentations done, those before a resumption included.
    pub examples_seen: u64,
    /// Training presentations planned in all.
    pub examples_planned: u64,
    /// The learning curve from the start, resumptions included.
    pub curve: Vec<Evaluation>,
    /// The last test since the start or resumption.
    pub tested: Option<Tested>,
    /// Wall time of the training presentations themselves, since the start or resumption [s].
    pub train_seconds: f64,
}

/// Whether weights change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Plasticity {
    /// They learn.
    On,
    /// They are constant: a simulation.
    Off,
}

/// The length of a run and what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Training presentations in all, those before a resumption included.
    pub presentations: u64,
    /// Images shown at each evaluation, at the end of every epoch and of the run; 0: none.
    pub test_examples: usize,
    /// Whether weights change.
    pub plasticity: Plasticity,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// As planned.
    Done,
    /// The monitor stopped it.
    Stopped,
}

/// What can go wrong during a run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The model has no layout.
    #[error("the model cannot be simulated")]
    Layout(#[from] LayoutError),
    /// Something could not be recorded.
    #[error("the run could not be recorded")]
    Record(#[from] RecordError),
    /// The trainer could not be built.
    #[error("the run could not be set up")]
    Trainer(#[from] TrainerError),
    /// The data do not fit the model.
    #[error("the data cannot be presented")]
    Data(#[from] DataMismatch),
    /// A rule of networks of rates learns in whole epochs, and always learns.
    #[error(
        "a rule of rates learns in whole epochs of {epoch} presentations, found {presentations}, or synapses that are frozen"
    )]
    WholeEpochs {
        /// Presentations planned.
        presentations: u64,
        /// Presentations of an epoch.
        epoch: u64,
    },
    /// A plasticity rule returned a change that does not fit its projection.
    #[error("the rule of `{projection}`: {problem}")]
    Rule {
        /// The projection.
        projection: String,
        /// What was expected of its change.
        problem: &'static str,
    },
    /// A change of weights is not finite.
    #[error("{projection}: weights left the finite numbers by training presentation {example}; lower learning rates")]
    Diverged {
        /// The projection whose weights changed.
        projection: String,
        /// Index of the training presentation.
        example: u64,
    },
    /// A mean potential exceeds single precision.
    #[error(
        "{population}: mean potentials left the numbers of single precision in {kind} presentation {example}; lower the weights, biases or \
         conductances that lead there"
    )]
    Overflow {
        /// The population.
        population: String,
        /// "training" or "test".
        kind: &'static str,
        /// Index of the presentation among those of its kind.
        example: u64,
    },
}

/// The progress of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Training presentations done, in all of the run's history.
    pub done: u64,
    /// Training presentations the run is to have.
    pub total: u64,
    /// Error of the training presentations since the last evaluation [%]; NaN: none.
    pub error_percent: f64,
}

/// Monitors a run: provides the time, receives progress, may stop the run. Every method does nothing unless overridden; `()`
/// monitors nothing.
pub trait Monitor {
    /// Seconds since a fixed moment; the library itself reads no clock.
    fn seconds(&self) -> f64 {
        0.0
    }

    /// Training presentations were run; `Break` ends the run here, or if credit is measured, at its next report.
    fn trained(&mut self, progress: Progress) -> ControlFlow<()> {
        let _ = progress;
        ControlFlow::Continue(())
    }

    /// `done` of `total` test presentations were run, `error_percent` of them decoded wrongly; `Break` ends the run.
    fn tested(&mut self, done: usize, total: usize, error_percent: f64) -> ControlFlow<()> {
        let _ = (done, total, error_percent);
        ControlFlow::Continue(())
    }

    /// Called within an epoch when all presentations so far are learnt and recorded: a checkpoint may be saved.
    ///
    /// # Errors
    /// If it cannot be saved; the run stops.
    fn between(&mut self, training: &dyn Training) -> Result<(), RunError> {
        let _ = training;
        Ok(())
    }

    /// The network was evaluated, at the end of an epoch or of the run: a checkpoint may be saved. `Break` ends the run here.
    ///
    /// # Errors
    /// If it cannot be saved; the run stops.
    fn evaluated(&mut self, training: &dyn Training) -> Result<ControlFlow<()>, RunError> {
        let _ = training;
        Ok(ControlFlow::Continue(()))
    }
}

impl Monitor for () {}
