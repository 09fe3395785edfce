//! Results of training, as text and as JSON.

use std::path::Path;

use serde::Serialize;

use super::failure::Failure;
use super::output::RunFiles;
use super::session::Outcome;
use super::terminal;
use crate::analysis::mean_and_deviation;
use crate::record::Evaluation;
use crate::training::{History, Tested};

/// What `train --json` prints of one seed.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct TrainResults {
    /// `train`.
    pub(super) command: &'static str,
    /// The command line.
    pub(super) command_line: String,
    /// Git commit of the program.
    pub(super) commit: &'static str,
    /// Name of the model.
    pub(super) model: String,
    /// SHA-256 of the model's text.
    pub(super) model_sha256: String,
    /// SHA-256 of the data files, `digest  file` a line.
    pub(super) data_sha256: String,
    /// `spiking` or `rate`.
    pub(super) kind: String,
    /// Images in a batch.
    pub(super) batch: usize,
    /// Seed of all that is random.
    pub(super) seed: u64,
    /// Threads used.
    pub(super) threads: usize,
    /// Test error at the end [%]; null if it was not tested.
    pub(super) test_error_percent: Option<f64>,
    /// Images of the last test; null if there was none in this run.
    pub(super) test_examples: Option<usize>,
    /// Images that are tested: `test`, `validation` or `training`.
    pub(super) tested_on: &'static str,
    /// Training presentations, with those before the run was resumed.
    pub(super) examples_seen: u64,
    /// Wall time of a training presentation [ms]; null if there was none.
    pub(super) train_ms_per_example: Option<f64>,
    /// Wall time of a test presentation [ms]; null if there was none.
    pub(super) test_ms_per_example: Option<f64>,
    /// Answers of the last test, [label, answer]; null if there was none in this run.
    pub(super) confusion: Option<Vec<Vec<u64>>>,
    /// Learning curve: a point for each evaluation.
    pub(super) learning: Vec<Evaluation>,
    /// Path of the run file; null if nothing was left to do.
    pub(super) run_file: Option<String>,
    /// Path of the checkpoint; null if nothing was left to do.
    pub(super) checkpoint_file: Option<String>,
}

/// What `train --seeds --json` prints of several seeds.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct SeedsResults {
    /// `train`.
    command: &'static str,
    /// Name of the model.
    model: String,
    /// `spiking` or `rate`.
    kind: String,
    /// Images in a batch.
    batch: usize,
    /// The seeds.
    seeds: Vec<u64>,
    /// Mean over seeds of the test error at the end [%].
    test_error_percent: f64,
    /// Its standard deviation (n − 1) [percentage points]; null of one seed.
    test_error_percent_sd: f64,
    /// Results of each seed.
    runs: Vec<TrainResults>,
}

impl SeedsResults {
    /// Combines the results of several seeds.
    ///
    /// # Panics
    /// If there are none.
    pub(super) fn of(seeds: &[u64], runs: Vec<TrainResults>) -> Self {
        let errors: Vec<f64> = runs.iter().filter_map(|run| run.test_error_percent).collect();
        let (test_error_percent, test_error_percent_sd) = mean_and_deviation(&errors);
        let TrainResults { command, model, kind, batch, .. } = runs[0].clone();
        Self { command, model, kind, batch, seeds: seeds.to_vec(), test_error_percent, test_error_percent_sd, runs }
    }

    /// Prints mean and standard deviation over seeds, if there are both.
    pub(super) fn print(&self) -> Result<(), Failure> {
        let (mean, sd) = (self.test_error_percent, self.test_error_percent_sd);
        if !(mean.is_finite() && sd.is_finite()) {
            return Ok(());
        }
        terminal::print_result(format_args!("test error over seeds: {mean:.2} % ± {sd:.2}"))
    }
}

/// A path as JSON holds it; bytes that are not UTF-8 become replacement characters.
pub(super) fn text_of(path: &Path) -> String {
    path.display().to_string()
}

/// Wall time of a test presentation [ms]; `None` without presentations.
pub(super) fn test_ms(tested: &Tested) -> Option<f64> {
    per_example(tested.seconds, (tested.examples * tested.wrong.len()) as u64)
}

/// Wall time per presentation [ms]; `None` without presentations.
pub(super) fn per_example(seconds: f64, presentations: u64) -> Option<f64> {
    (presentations > 0).then(|| 1e3 * seconds / presentations as f64)
}

/// Prints the results of training with one seed.
pub(super) fn print_training(outcome: &Outcome, results: &TrainResults) -> Result<(), Failure> {
    if let Some(tested) = &outcome.history.tested {
        let (error, on) = (tested.error_percent(), results.tested_on);
        terminal::print_result(format_args!("test error {error:.2} % on {} {on} images", tested.examples))?;
    }
    for (what, ms) in [("training", results.train_ms_per_example), ("testing", results.test_ms_per_example)] {
        if let Some(ms) = ms {
            terminal::print_result(format_args!("{what}: {ms:.2} ms per image"))?;
        }
    }
    outcome.files.as_ref().map_or(Ok(()), print_files)
}

/// Prints that a run is complete already and nothing was written.
pub(super) fn print_nothing_left(history: &History) {
    let error =
        history.curve.last().map_or(String::new(), |last| format!(", with a test error of {:.2} %", last.test_error));
    let seen = history.examples_seen;
    terminal::print_message(format_args!(
        "the run is complete after {seen} presentations{error}; nothing is left to do and nothing was written (--epochs and \
         --examples are totals: give more to go on)"
    ));
}

/// Prints the paths of a run's files.
pub(super) fn print_files(files: &RunFiles) -> Result<(), Failure> {
    terminal::print_result(format_args!("run file: {}", files.run.display()))?;
    let Some(checkpoint) = &files.checkpoint else { return Ok(()) };
    terminal::print_result(format_args!("checkpoint: {}", checkpoint.display()))
}
