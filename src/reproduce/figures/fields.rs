//! Receptive fields of hidden neurons beside those of the same network by backprop.
//!
//! Guerguiev, Lillicrap & Richards (2017), eLife 6:e22901, Figure 7B, C. The network beside differs in where its hidden
//! neurons have their errors from, and in being the noiseless rate twin, which learns in minutes.

use ndarray::{Array2, Axis};
use serde::Serialize;
use serde_json::json;

use crate::analysis::{best_matches, shuffled};
use crate::model::{Model, PopulationId};
use crate::network::Network;
use crate::plot::gallery::{histograms, receptive_fields, sheet};
use crate::rate::Twin;
use crate::reproduce::{
    ComparedNumber, FigureTask, PublishedFigure, ReproduceError, ReproducedFigure, RunLength, RunSpec, TrainedRun,
    mean_and_spread,
};
use crate::training::{NetworkDynamics, initial_network};

pub(in crate::reproduce) const FIGURE_7B: PublishedFigure = PublishedFigure {
    name: "7B",
    about: "receptive fields of hidden neurons, and those of backprop most like them (Guerguiev et al. 2017)",
    seeds: [&[1], &[1]],
    run: draw_fields,
};

pub(in crate::reproduce) const FIGURE_7C: PublishedFigure = PublishedFigure {
    name: "7C",
    about: "largest correlations of receptive fields with those of backprop (Guerguiev et al. 2017)",
    seeds: [&[1, 2, 3], &[1]],
    run: draw_correlations,
};

/// Fields that are shown, a square number.
const SHOWN: usize = 25;

/// Difference between the seeds of a network and of the one by backprop it is compared with: with equal seeds their initial
/// weights, and so their fields, would be the same.
const APART: u64 = 1000;

/// A network by segregated dendrites, of a seed, and one by backprop, of another.
struct FieldPair {
    seed: u64,
    /// Receptive fields of hidden neurons, [neurons, pixels] all: before and after learning.
    before: Array2<f64>,
    after: Array2<f64>,
    backprop: Array2<f64>,
    /// Test errors at the end [%].
    errors: [f64; 2],
}

fn course(task: &FigureTask<'_>) -> RunLength {
    if task.quick {
        RunLength { epochs: 2, images: Some(3_000), tested: Some(500) }
    } else {
        RunLength { epochs: 60, images: None, tested: None }
    }
}

fn by_dendrites(task: &FigureTask<'_>, seed: u64) -> RunSpec {
    RunSpec::of("g17-784-500-10-settled", course(task), seed)
}

/// The same network by backprop, at the same rates: of hidden rates of 1.5, 3, 6 and 12 the first was no worse than any other
/// on the last 5,000 training images, after 10 epochs of the others.
fn by_backprop(task: &FigureTask<'_>, seed: u64) -> RunSpec {
    let overrides = &["learning.hidden_error=backprop"];
    let dynamics = NetworkDynamics::Rate(Twin::Noiseless);
    RunSpec { variant: "backprop", overrides, dynamics, ..by_dendrites(task, seed.wrapping_add(APART)) }
}

impl FieldPair {
    /// Pairs of every seed, and what else is wanted.
    fn all(task: &FigureTask<'_>, others: &[RunSpec]) -> Result<(Vec<Self>, Vec<TrainedRun>), ReproduceError> {
        let both = |&seed: &u64| [by_dendrites(task, seed), by_backprop(task, seed)];
        let wanted: Vec<_> = task.seeds.iter().flat_map(both).chain(others.iter().cloned()).collect();
        let mut runs = task.train_runs(&wanted)?;
        let others = runs.split_off(2 * task.seeds.len());
        let pair = |(runs, &seed): (&[TrainedRun], &u64)| Self::of(&runs[0], &runs[1], seed);
        Ok((runs.chunks(2).zip(task.seeds).map(pair).collect::<Result<_, _>>()?, others))
    }

    fn of(dendrites: &TrainedRun, backprop: &TrainedRun, seed: u64) -> Result<Self, ReproduceError> {
        let model = &dendrites.model;
        let initial = initial_network(model, seed).map_err(ReproduceError::failed)?;
        let reached = |run: &TrainedRun| run.checkpoint.curve.last().map_or(f64::NAN, |last| last.test_error);
        Ok(Self {
            seed,
            before: fields(model, &initial),
            after: fields(model, &dendrites.checkpoint.network),
            backprop: fields(model, &backprop.checkpoint.network),
            errors: [dendrites, backprop].map(reached),
        })
    }
}

/// The weights from the input to the first hidden population, [neurons, pixels].
fn fields(model: &Model, network: &Network) -> Array2<f64> {
    let first = model.projections.iter().position(|p| p.from == PopulationId(0) && p.to == PopulationId(1));
    network.weights(first.expect("the input reaches the hidden layer")).to_array()
}

fn draw_fields(task: &FigureTask<'_>) -> Result<ReproducedFigure, ReproduceError> {
    let (pairs, _) = FieldPair::all(task, &[])?;
    let FieldPair { after, backprop, .. } = &pairs[0];
    let matches = best_matches(after.view(), backprop.view());
    // As they come: evenly over the layer, whatever they look like.
    let shown: Vec<usize> = (0..SHOWN).map(|i| i * after.nrows() / SHOWN).collect();
    let like: Vec<usize> = shown.iter().map(|&i| matches[i].0).collect();
    let panel = |title: &str, fields: &Array2<f64>, chosen: &[usize]| {
        let values: Vec<f32> = fields.select(Axis(0), chosen).iter().map(|&w| w as f32).collect();
        receptive_fields(title, &values, fields.ncols(), (fields.ncols() as f64).sqrt() as usize)
    };
    let own = panel("segregated dendrites", after, &shown);
    let mut figure = sheet(vec![vec![own, panel("backprop: the field most like each", backprop, &like)]]);
    "Receptive fields of hidden neurons".clone_into(&mut figure.title);
    figure.size = [1200, 600];
    let of_shown = mean(shown.iter().map(|&i| matches[i].1));
    let numbers = vec![
        ComparedNumber::new("mean correlation of the fields shown", "a very high level", format!("{of_shown:.3}")),
        ComparedNumber::new(
            "mean over all hidden neurons",
            "a very high level",
            format!("{:.3}", mean(matches.iter().map(|m| m.1))),
        ),
    ];
    let field = |&i: &usize| FieldMatch { neuron: i, matched: matches[i].0, correlation: matches[i].1 };
    let results = FieldResults { seed: pairs[0].seed, fields: shown.iter().map(field).collect() };
    Ok(ReproducedFigure { figure, numbers, results: json!(results) })
}

/// What is kept with Figure 7B.
#[derive(Serialize)]
struct FieldResults {
    /// Seed of the network by segregated dendrites.
    seed: u64,
    /// The fields shown.
    fields: Vec<FieldMatch>,
}

/// A receptive field and the most similar one of backprop.
#[derive(Serialize)]
struct FieldMatch {
    /// Hidden neuron.
    neuron: usize,
    /// Hidden neuron of the network by backprop.
    #[serde(rename = "match")]
    matched: usize,
    /// Correlation of both fields.
    correlation: f64,
}

/// What is kept with Figure 7C of each seed.
#[derive(Serialize)]
struct SeedCorrelations<'a> {
    /// Seed of the network by segregated dendrites.
    seed: u64,
    /// Its test error at the end [%].
    test_error_percent: f64,
    /// That of the network by backprop [%].
    backprop_test_error_percent: f64,
    #[serde(flatten)]
    correlations: &'a Correlations,
}

/// Largest correlations with the fields of backprop, neuron by neuron.
#[derive(Serialize)]
struct Correlations {
    /// Of learned fields.
    real: Vec<f64>,
    /// Of learned fields with their pixels shuffled.
    shuffled: Vec<f64>,
    /// Of fields before learning.
    before: Vec<f64>,
    /// Of the fields of backprop with those of a second network by backprop.
    backprop: Vec<f64>,
}

fn draw_correlations(task: &FigureTask<'_>) -> Result<ReproducedFigure, ReproduceError> {
    // One more network by backprop: how alike are the fields of two?
    let another = task.seeds.iter().fold(0, |last, &seed| last.max(seed)).wrapping_add(1);
    let (pairs, another) = FieldPair::all(task, &[by_backprop(task, another)])?;
    let reference = fields(&another[0].model, &another[0].checkpoint.network);
    let best = |fields: &Array2<f64>, others: &Array2<f64>| -> Vec<f64> {
        best_matches(fields.view(), others.view()).into_iter().map(|(_, r)| r).collect()
    };
    let correlate = |pair: &FieldPair| Correlations {
        real: best(&pair.after, &pair.backprop),
        shuffled: best(&shuffled(pair.after.view(), pair.seed), &pair.backprop),
        before: best(&pair.before, &pair.backprop),
        backprop: best(&pair.backprop, &reference),
    };
    let found: Vec<_> = pairs.iter().map(correlate).collect();
    let all = |of: fn(&Correlations) -> &Vec<f64>| found.iter().flat_map(of).copied().collect::<Vec<_>>();
    let groups = [("fields", all(|c| &c.real)), ("pixels shuffled", all(|c| &c.shuffled))];
    let groups = groups.map(|(name, values)| (name.to_owned(), values));
    let title = format!("{} hidden neurons", groups[0].1.len());
    let mut figure = sheet(vec![vec![histograms(&title, "largest correlation with a field of backprop (r)", &groups)]]);
    "Receptive fields and those of backprop".clone_into(&mut figure.title);
    figure.size = [860, 560];
    let of_seed = pairs.iter().zip(&found).map(|(pair, correlations)| SeedCorrelations {
        seed: pair.seed,
        test_error_percent: pair.errors[0],
        backprop_test_error_percent: pair.errors[1],
        correlations,
    });
    let results: Vec<_> = of_seed.collect();
    Ok(ReproducedFigure { figure, numbers: numbers(&pairs, &found), results: json!(results) })
}

fn numbers(pairs: &[FieldPair], found: &[Correlations]) -> Vec<ComparedNumber> {
    let number = |quantity: &str, published: &str, of: fn(&Correlations) -> &Vec<f64>| {
        let means: Vec<f64> = found.iter().map(|c| mean(of(c).iter().copied())).collect();
        ComparedNumber::new(format!("{quantity}: mean largest correlation"), published, mean_and_spread(&means, 3))
    };
    let error = |which: usize| mean_and_spread(&pairs.iter().map(|pair| pair.errors[which]).collect::<Vec<_>>(), 2);
    vec![
        number("learned fields", "a very high level", |c| &c.real),
        number("their pixels shuffled", "lower", |c| &c.shuffled),
        number("fields before learning", "not given", |c| &c.before),
        number("two networks by backprop", "not given", |c| &c.backprop),
        ComparedNumber::new("test error, segregated dendrites [%]", "4.1 after 60 epochs", error(0)),
        ComparedNumber::new("test error, backprop, as rates [%]", "not given", error(1)),
    ]
}

/// The mean of what is a number.
fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let known: Vec<f64> = values.filter(|value| !value.is_nan()).collect();
    known.iter().sum::<f64>() / known.len() as f64
}
