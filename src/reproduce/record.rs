//! The record of a run in the results of a figure.

use serde::Serialize;

use crate::record::Evaluation;

/// A run that a figure was drawn from.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RunRecord {
    /// The beginning of the names of its files, or the name of its stored result.
    pub name: String,
    /// Name of the model.
    pub model: String,
    /// SHA-256 of the model's text.
    pub model_sha256: Option<String>,
    /// SHA-256 of images and labels, `digest  file` a line.
    pub data_sha256: Option<String>,
    /// `spiking`, `rate`, or `continuous` for a circuit.
    pub kind: String,
    /// Images in a batch.
    pub batch: Option<u64>,
    /// Seed of all that is random.
    pub seed: u64,
    /// Git commits of the programs that trained it; null if a run that was killed left none.
    pub commit: Option<String>,
    /// Training presentations.
    pub examples_seen: Option<u64>,
    /// Model time of a circuit after its warm-up [ms]; absent for networks that are trained.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_time_ms: Option<f64>,
    /// Number of images it is tested on.
    pub test_examples: Option<u64>,
    /// Which images it is tested on: `test`, `validation` or `training`; absent for stored results.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tested_on: Option<&'static str>,
    /// Test error at the end [%]; null if it was not tested.
    pub test_error_percent: Option<f64>,
    /// Whether it is known by a stored result, and was not trained; absent if it was.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub known: bool,
    /// Learning curve: a point for each evaluation.
    pub learning: Vec<Evaluation>,
}
