//! Comparisons of the test errors of models with that of a base model.
//!
//! All models of a comparison are trained with the same seeds, and so from the same initial weights, on the same images in the
//! same order and with the same phases, as far as they have them in common: differences from the base are paired by seed.

mod compared;
mod panels;
mod results;
#[cfg(test)]
mod tests;

use serde::Serialize;
use serde_json::json;

use self::panels::{differences, learning_curves};
use self::results::{ModelPair, ModelResults};
use super::error::ReproduceError;
use super::figure::{ComparedNumber, FigureTask, ReproducedFigure, mean_and_spread};
use super::length::RunLength;
use super::runs::LoadedStimuli;
use super::spec::RunSpec;
use super::stored_results::{ResultQuery, StoredRun};
use crate::data::digests;
use crate::plot::gallery::sheet;

pub(super) use self::compared::{ComparedModel, ModelComparison, PublishedOrder};

/// The length of quick runs.
const QUICK: RunLength = RunLength { epochs: 2, images: Some(1_000), tested: Some(300) };

/// Trains all models of a comparison, or takes their stored results, and draws their test errors.
pub(super) fn draw(task: &FigureTask<'_>, comparison: &ModelComparison) -> Result<ReproducedFigure, ReproduceError> {
    let full = |epochs| RunLength { epochs, images: None, tested: None };
    let length_of =
        |model: &ComparedModel| if task.quick { QUICK } else { full(model.epochs.unwrap_or(comparison.epochs)) };
    let models: Vec<_> = std::iter::once(&comparison.base).chain(comparison.others).collect();
    // Seed by seed, so that all models can be compared once the first seed is done.
    let each = || task.seeds.iter().flat_map(|&seed| models.iter().map(move |&model| (model, seed)));
    let spec = |(model, seed): (&ComparedModel, u64)| RunSpec {
        variant: model.variant,
        overrides: model.overrides,
        ..RunSpec::of(model.model, length_of(model), seed)
    };
    let mut loaded = LoadedStimuli::default();
    let stored = each().map(|one| stored_result(task, &mut loaded, &spec(one)));
    let stored = stored.collect::<Result<Vec<_>, _>>()?;
    let missing = each().zip(&stored).filter(|(_, stored)| stored.is_none()).map(|(one, _)| spec(one));
    let mut trained = task.train_runs(&missing.collect::<Vec<_>>())?.into_iter();
    let empty = |&model: &_| ModelResults { model, length: length_of(model), curves: Vec::new(), runs: Vec::new() };
    let mut results: Vec<_> = models.iter().map(empty).collect();
    for (i, stored) in stored.into_iter().enumerate() {
        let (name, curve) = match stored {
            Some(run) => {
                task.runs.borrow_mut().push(run.record());
                (run.name, run.curve)
            }
            None => trained.next().map(|run| (run.name, run.checkpoint.curve)).expect("a run for each spec"),
        };
        let result = &mut results[i % models.len()];
        result.runs.push(name);
        result.curves.push(curve);
    }
    let mut figure = sheet(vec![vec![learning_curves(&results), differences(&results)]]);
    let plural = if task.seeds.len() == 1 { "" } else { "s" };
    figure.title = format!("{}: {} seed{plural}", comparison.title, task.seeds.len());
    Ok(ReproducedFigure { figure, numbers: numbers(&results), results: json!(errors(&results)) })
}

/// The stored result of a run, if there is one of its model and data.
fn stored_result(
    task: &FigureTask<'_>,
    loaded: &mut LoadedStimuli,
    spec: &RunSpec,
) -> Result<Option<StoredRun>, ReproduceError> {
    let Some(stored) = task.results else { return Ok(None) };
    let model = spec.model()?;
    let (model_sha256, data_sha256) = (model.sha256(), digests(&loaded.of(task, &model)?.sha256()));
    let RunSpec { model, overrides, length, seed, .. } = *spec;
    let query = ResultQuery { model, overrides, seed, length, model_sha256, data_sha256 };
    Ok(stored.find(&query).unwrap_or_else(|why| {
        task.message(format_args!("--results: {why}; it is not taken"));
        None
    }))
}

fn numbers(tested: &[ModelResults<'_>]) -> Vec<ComparedNumber> {
    let error = |one: &ModelResults<'_>| {
        let quantity = format!("{}: test error after {} [%]", one.model.label, one.length.text());
        ComparedNumber::new(quantity, one.model.published, mean_and_spread(&one.last(), 2))
    };
    tested.iter().map(error).chain(ModelPair::all(tested).iter().flat_map(ModelPair::numbers)).collect()
}

/// The test errors of a model, as they are kept with the figure.
#[derive(Serialize)]
struct ModelErrors<'a> {
    /// Its name in figure and table.
    label: &'a str,
    /// Models it is compared with.
    less: Vec<&'a str>,
    /// Name of the shipped model.
    model: &'a str,
    /// Distinguishes it from the shipped model; empty if no key differs.
    variant: &'a str,
    /// Keys that differ.
    overrides: &'a [&'a str],
    /// Test errors at the end, by seed [%].
    test_error_percent: Vec<f64>,
    /// Names of its runs, by seed.
    runs: &'a [String],
}

fn errors<'a>(results: &'a [ModelResults<'a>]) -> Vec<ModelErrors<'a>> {
    let of = |(index, one): (usize, &'a ModelResults<'a>)| {
        let ComparedModel { label, model, variant, overrides, beside, .. } = *one.model;
        let beside = if index == 0 { &[] } else { beside };
        let less = beside.iter().map(|&(other, _)| results[other].model.label).collect();
        let (test_error_percent, runs) = (one.last(), &one.runs[..]);
        ModelErrors { label, less, model, variant, overrides, test_error_percent, runs }
    };
    results.iter().enumerate().map(of).collect()
}
