//! What a reproduction leaves to its caller.

use std::path::PathBuf;

use super::error::ReproduceError;
use crate::data::Dataset;
use crate::model::Model;
use crate::training::{Plan, Training};

/// The caller of a reproduction: receives messages, interrupts, and trains runs with their files and progress.
pub trait Host: Sync {
    /// Receives a line on the progress of a figure.
    fn message(&self, text: &str);

    /// Whether the figure is to be interrupted; polled between parts of it.
    fn is_interrupted(&self) -> bool;

    /// Trains a network as planned, and leaves run file and checkpoint at the paths of `run`.
    ///
    /// # Errors
    /// If it fails, or is interrupted: then both files hold what was done, and the run is resumed by the next call.
    fn train(&self, run: &TrainingRun<'_>, trainer: &mut dyn Training) -> Result<(), ReproduceError>;
}

/// A run to be trained, from its first presentation or from where it was stopped.
#[derive(Clone, Debug)]
pub struct TrainingRun<'a> {
    /// The model.
    pub model: &'a Model,
    /// Training and test images.
    pub data: &'a Dataset,
    /// Seed of all that is random.
    pub seed: u64,
    /// Presentations in all, and test images after each epoch.
    pub plan: Plan,
    /// Path of the run file, which does not exist unless a run was killed.
    pub run_file: PathBuf,
    /// Path of the checkpoint, which is replaced.
    pub checkpoint_file: PathBuf,
}
