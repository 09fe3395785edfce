//! Training a rule with one seed.

use std::time::Instant;

use anyhow::anyhow;
use serde::Serialize;

use crate::cli::failure::Failure;
use crate::cli::interrupt;
use crate::cli::progress::ExampleCounter;
use crate::data::Dataset;
use crate::rate::rules::backprop::descent;
use crate::rate::{Learner, angle};

/// Batches at the end of an epoch over which the angle to backprop is averaged.
const ANGLED: usize = 20;

/// The results of training a rule with one seed.
#[derive(Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct RuleRun {
    /// Seed of all that is random.
    pub(super) seed: u64,
    /// Test error at the end [%].
    #[serde(rename = "test_error_percent")]
    pub(super) error: f64,
    /// Images tested.
    #[serde(rename = "test_examples")]
    pub(super) tested: usize,
    /// Angles of the last epoch's changes to those of backprop, by layer [degrees].
    #[serde(skip)]
    pub(super) angles: Vec<f64>,
    /// Wall time of a training presentation [ms].
    #[serde(rename = "train_ms_per_example")]
    pub(super) ms_per_example: f64,
    /// Learning curve: a point for each epoch.
    #[serde(rename = "learning")]
    pub(super) curve: Vec<RulePoint>,
}

/// The state after an epoch.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct RulePoint {
    /// Training presentations.
    pub(super) examples_seen: u64,
    /// Test error [%].
    pub(super) test_error_percent: f64,
    /// Angles of changes to those of backprop at the end of the epoch, by layer [degrees].
    pub(super) angles_to_backprop_deg: Vec<f64>,
    /// Wall time of learning since the start [s].
    pub(super) seconds: f64,
}

/// One epoch: angles of the changes to those of backprop, layer by layer, and the time of learning itself [s].
fn epoch(
    learner: &mut Learner,
    data: &Dataset,
    batch_size: usize,
    count: &ExampleCounter,
) -> Result<(Vec<f64>, f64), Failure> {
    let batches = data.training.len().div_ceil(batch_size);
    let (start, mut aside) = (Instant::now(), 0.0);
    let (mut n, mut angles) = (0, vec![0.0; learner.network.layers.len()]);
    let ended = learner.epoch(&data.training, &mut |network, batch, change| {
        n += 1;
        count.add(batch.len() as u64);
        if n + ANGLED > batches {
            let start = Instant::now();
            let exact = descent(network, batch);
            for (l, sum) in angles.iter_mut().enumerate() {
                *sum += angle(&change[l..=l], &exact[l..=l]) / ANGLED.min(batches) as f64;
            }
            aside += start.elapsed().as_secs_f64();
        }
        interrupt::flow()
    });
    if ended.is_break() { Err(Failure::Interrupted) } else { Ok((angles, start.elapsed().as_secs_f64() - aside)) }
}

/// Trains a learner for `epochs` epochs in batches of `batch`, and tests it after each.
pub(super) fn train(
    learner: &mut Learner,
    (name, seed): (&str, u64),
    (epochs, batch): (u32, usize),
    data: &Dataset,
    quiet: bool,
) -> Result<RuleRun, Failure> {
    let mut seconds = 0.0;
    let mut run = RuleRun { seed, tested: data.evaluation.len(), ..RuleRun::default() };
    let total = u64::from(epochs) * data.training.len() as u64;
    let count = ExampleCounter::new(quiet, format!("{name}, seed {seed}"), total);
    for epoch_done in 1..=epochs {
        let (angles, took) = epoch(learner, data, batch, &count)?;
        seconds += took;
        if !learner.network.is_finite() {
            let why = anyhow!("{name}, seed {seed}: the weights diverged in epoch {epoch_done}; lower --rates");
            return Err(Failure::Failed(why));
        }
        let error = learner.error_percent(&data.evaluation);
        count.line(&format!("{name}, seed {seed}, epoch {epoch_done}: test error {error:.2} %"));
        run.curve.push(RulePoint {
            examples_seen: u64::from(epoch_done) * data.training.len() as u64,
            test_error_percent: error,
            angles_to_backprop_deg: angles.clone(),
            seconds,
        });
        (run.error, run.angles) = (error, angles);
    }
    run.ms_per_example = 1e3 * seconds / total as f64;
    Ok(run)
}
