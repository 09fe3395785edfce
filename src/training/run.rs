//! What a run is: how long it goes on, who watches it, how it ends.

use std::ops::ControlFlow;

use super::Tested;
use crate::data::Dataset;
use crate::network::Network;
use crate::record::{Checkpoint, Evaluation, RecordError, Recorder};

/// A network in training.
pub trait Training {
    /// What files and summaries call what is trained: `spiking` or `rate`.
    fn kind(&self) -> &'static str;

    /// What lies behind it.
    fn history(&self) -> &History;

    /// The weights as they are.
    fn network(&self) -> &Network;

    /// What was learnt, and all else that is needed to go on where the run can be resumed.
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

/// What lies behind a network in training.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// Training presentations done, those before a resumption included.
    pub examples_seen: u64,
    /// Training presentations that were last planned in all.
    pub examples_planned: u64,
    /// The learning curve, that before a resumption included.
    pub curve: Vec<Evaluation>,
    /// The last test since the start or resumption.
    pub tested: Option<Tested>,
    /// Wall time of the training presentations themselves, since the start or resumption [s].
    pub train_seconds: f64,
}

/// Whether weights change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Synapses {
    /// They learn.
    Plastic,
    /// They stay as they are: a simulation.
    Frozen,
}

/// How long a run goes on and what is done on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Training presentations in all, those before a resumption included.
    pub presentations: u64,
    /// Images shown at each evaluation, at the end of every epoch and of the run; 0: none.
    pub test_examples: usize,
    /// Whether weights change.
    pub synapses: Synapses,
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
pub enum RunError {
    /// Something could not be recorded.
    #[error("the run could not be recorded")]
    Record(#[from] RecordError),
    /// Learning left the finite numbers.
    #[error("{projection}: weights left the finite numbers by training presentation {example}; lower learning rates")]
    Diverged {
        /// The projection that learnt.
        projection: String,
        /// Training presentations before it was seen.
        example: u64,
    },
    /// Potentials left the numbers of single precision.
    #[error(
        "{population}: mean potentials left the numbers of single precision in {kind} presentation {example}; lower the weights, biases or \
         conductances that lead there"
    )]
    Overflow {
        /// The population.
        population: String,
        /// "training" or "test".
        kind: &'static str,
        /// Presentations of that kind before it.
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

    /// All that was shown so far is learnt and recorded, within an epoch: a checkpoint may be saved.
    ///
    /// # Errors
    /// If it cannot be saved; the run stops.
    fn between(&mut self, training: &dyn Training) -> Result<(), RunError> {
        let _ = training;
        Ok(())
    }

    /// The network was evaluated, at the end of an epoch or of the run: the moment to save a checkpoint.
    ///
    /// # Errors
    /// If it cannot be saved; the run stops.
    fn evaluated(&mut self, training: &dyn Training) -> Result<(), RunError> {
        let _ = training;
        Ok(())
    }
}

impl Monitor for () {}
