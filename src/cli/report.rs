//! Results, as text and as JSON.

use serde_json::{Value, json};

use super::failure::Failure;
use super::output::RunFiles;
use super::session::{self, Outcome};
use super::terminal;
use crate::analysis::mean_and_deviation;
use crate::data::{Dataset, digests, tested_on};
use crate::model::Model;
use crate::record::Evaluation;
use crate::training::{History, Tested};

/// The results of training with one seed.
pub(super) fn train_summary(
    (model, kind): (&Model, &str),
    data: &Dataset,
    outcome: &Outcome,
    (seed, threads, examples_seen): (u64, usize, u64),
) -> Value {
    let tested = outcome.history.tested.as_ref();
    // A run that had nothing left to do was tested when it ended.
    let last = outcome.history.curve.last().filter(|evaluation| evaluation.examples_seen == examples_seen);
    json!({
        "command": "train",
        "command_line": session::command_line(),
        "commit": env!("APICAL_GIT_COMMIT"),
        "model": model.name,
        "model_sha256": model.sha256(),
        "data_sha256": digests(&data.sha256()),
        "kind": kind,
        "batch": model.learning.batch,
        "seed": seed,
        "threads": threads,
        "test_error_percent": last.map(|evaluation| evaluation.test_error),
        "test_examples": tested.map(|t| t.examples),
        "tested_on": tested_on(&model.stimuli),
        "examples_seen": examples_seen,
        "train_ms_per_example": per_example(outcome.history.train_seconds, outcome.presentations),
        "test_ms_per_example": tested.and_then(test_ms),
        "confusion": tested.map(|t| &t.confusion),
        "learning": learning_curve(&outcome.history.curve),
        "run_file": outcome.files.as_ref().map(|files| &files.run),
        "checkpoint_file": outcome.files.as_ref().and_then(|files| files.checkpoint.as_ref()),
    })
}

/// A learning curve; values that were not measured are null.
pub(super) fn learning_curve(curve: &[Evaluation]) -> Value {
    let point = |evaluation: &Evaluation| {
        json!({
            "examples_seen": evaluation.examples_seen,
            "test_error_percent": evaluation.test_error,
            "train_error_percent": evaluation.train_error,
            "loss_per_ms2": evaluation.loss,
            "seconds": evaluation.seconds,
        })
    };
    curve.iter().map(point).collect()
}

/// Wall time of a test presentation [ms].
pub(super) fn test_ms(tested: &Tested) -> Option<f64> {
    per_example(tested.seconds, (tested.examples * tested.wrong.len()) as u64)
}

/// Wall time per presentation [ms]; `None` without presentations.
pub(super) fn per_example(seconds: f64, presentations: u64) -> Option<f64> {
    (presentations > 0).then(|| 1e3 * seconds / presentations as f64)
}

/// The results of several seeds: mean and spread (standard deviation, n − 1), and every run.
pub(super) fn summarise_seeds(seeds: &[u64], runs: &[Value]) -> Value {
    let errors: Vec<f64> = runs.iter().filter_map(|run| run["test_error_percent"].as_f64()).collect();
    let (mean, deviation) = mean_and_deviation(&errors);
    json!({
        "command": "train",
        "model": runs[0]["model"],
        "kind": runs[0]["kind"],
        "batch": runs[0]["batch"],
        "seeds": seeds,
        "test_error_percent": mean,
        "test_error_percent_sd": deviation,
        "runs": runs,
    })
}

/// Prints the results of training with one seed.
pub(super) fn print_training(outcome: &Outcome, summary: &Value) -> Result<(), Failure> {
    if let Some(tested) = &outcome.history.tested {
        let (error, on) = (tested.error_percent(), text(&summary["tested_on"]));
        terminal::print_result(format_args!("test error {error:.2} % on {} {on} images", tested.examples))?;
    }
    let pace = [("training", &summary["train_ms_per_example"]), ("testing", &summary["test_ms_per_example"])];
    for (what, ms) in pace {
        if let Some(ms) = ms.as_f64() {
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

/// Prints mean and spread over seeds.
pub(super) fn print_spread(summary: &Value) -> Result<(), Failure> {
    let (mean, sd) = (&summary["test_error_percent"], &summary["test_error_percent_sd"]);
    let (Some(mean), Some(sd)) = (mean.as_f64(), sd.as_f64()) else { return Ok(()) };
    terminal::print_result(format_args!("test error over seeds: {mean:.2} % ± {sd:.2}"))
}

/// Prints the files of a run.
pub(super) fn print_files(files: &RunFiles) -> Result<(), Failure> {
    terminal::print_result(format_args!("run file: {}", files.run.display()))?;
    let Some(checkpoint) = &files.checkpoint else { return Ok(()) };
    terminal::print_result(format_args!("checkpoint: {}", checkpoint.display()))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
