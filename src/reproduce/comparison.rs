//! Comparisons of the test errors of models with that of a base model.
//!
//! All models of a comparison are trained with the same seeds, and so from the same initial weights, on the same images in the
//! same order and with the same phases, as far as they have them in common: differences from the base are paired by seed.

use serde::Serialize;
use serde_json::json;

use super::error::ReproduceError;
use super::figure::{ComparedNumber, FigureTask, ReproducedFigure, mean_and_spread};
use super::length::RunLength;
use super::runs::LoadedStimuli;
use super::spec::RunSpec;
use super::stored_results::{ResultQuery, StoredRun};
use crate::analysis::mean_interval;
use crate::data::digests;
use crate::plot::gallery::{Curve, Curves, curves, sheet};
use crate::plot::{Axis, Dot, Ink, Mark, Panel, Scale, Shape, Ticks};
use crate::record::Evaluation;

/// The length of quick runs.
const QUICK: RunLength = RunLength { epochs: 2, images: Some(1_000), tested: Some(300) };

/// Models compared with a base model.
pub(super) struct ModelComparison {
    pub(super) title: &'static str,
    /// Epochs of models that have no number of their own.
    pub(super) epochs: u32,
    pub(super) base: ComparedModel,
    pub(super) others: &'static [ComparedModel],
}

/// A model of a comparison.
pub(super) struct ComparedModel {
    /// Name in figure and table.
    pub(super) label: &'static str,
    /// Name of a shipped model.
    pub(super) model: &'static str,
    /// Distinguishes it from the shipped model in the names of files; empty if no key differs.
    pub(super) variant: &'static str,
    /// Keys of the model that differ, as in `--set`.
    pub(super) overrides: &'static [&'static str],
    /// Its own number of epochs.
    pub(super) epochs: Option<u32>,
    /// Test error that the paper reports.
    pub(super) published: &'static str,
    /// The models it is compared with, by index (0: the base), and the published order of both test errors.
    pub(super) beside: &'static [(usize, PublishedOrder)],
}

/// The published order of a test error relative to another. Sizes of differences are not compared: variants are trained for
/// fewer epochs than the published ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PublishedOrder {
    Lower,
    NoHigher,
    Higher,
    None,
}

/// Largest difference called "hardly higher" [percentage points].
const HARDLY: f64 = 0.2;

impl PublishedOrder {
    fn text(self) -> &'static str {
        match self {
            Self::Lower => "lower",
            Self::NoHigher => "no higher, or hardly",
            Self::Higher => "higher",
            Self::None => "-",
        }
    }

    /// Compares the order with an interval of the difference [percentage points].
    fn verdict(self, [low, high]: [f64; 2]) -> &'static str {
        match self {
            Self::None => "",
            Self::Lower if high < 0.0 => ": lower, as published",
            Self::Higher if low > 0.0 => ": higher, as published",
            Self::NoHigher if high < HARDLY && low > 0.0 => ": higher, by less than 0.2",
            Self::NoHigher if high < HARDLY => ": as published",
            Self::Lower if low > 0.0 => ": the opposite of what is published",
            Self::Higher if high < 0.0 => ": the opposite of what is published",
            Self::NoHigher if low > 0.0 => ": higher, not as published",
            Self::Lower | Self::Higher | Self::NoHigher => ": undecided",
        }
    }
}

impl ComparedModel {
    /// A shipped model without changes.
    pub(super) const fn shipped(label: &'static str, model: &'static str, published: &'static str) -> Self {
        Self { label, model, variant: "", overrides: &[], epochs: None, published, beside: BASE_ALONE }
    }

    /// Sets the models it is compared with, and the published orders.
    pub(super) const fn beside(self, beside: &'static [(usize, PublishedOrder)]) -> Self {
        Self { beside, ..self }
    }

    /// The published difference from another model, if both errors are numbers; else the published order.
    fn published_difference(&self, other: &Self, order: PublishedOrder) -> String {
        let number = |model: &Self| model.published.split(' ').next().and_then(|word| word.parse::<f64>().ok());
        match (number(self), number(other)) {
            (Some(own), Some(other)) => format!("{:+.1} after 60 epochs", own - other),
            _ => order.text().to_owned(),
        }
    }
}

/// A comparison with the base without a published order.
pub(super) const BASE_ALONE: &[(usize, PublishedOrder)] = &[(0, PublishedOrder::None)];

/// The results of a model with every seed.
struct ModelResults<'a> {
    model: &'a ComparedModel,
    length: RunLength,
    /// Learning curves, by seed.
    curves: Vec<Vec<Evaluation>>,
    /// Names of its runs.
    runs: Vec<String>,
}

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

impl ModelResults<'_> {
    /// Errors at the end, by seed [%].
    fn last(&self) -> Vec<f64> {
        self.curves.iter().filter_map(|curve| curve.last()).map(|point| point.test_error).collect()
    }

    /// Means of all evaluations, by seed [%].
    fn means(&self) -> Vec<f64> {
        let mean = |curve: &Vec<Evaluation>| curve.iter().map(|p| p.test_error).sum::<f64>() / curve.len() as f64;
        self.curves.iter().map(mean).collect()
    }

    /// Mean error over seeds at each evaluation: epoch and error [%].
    fn learning_curve(&self) -> Vec<[f64; 2]> {
        let points = self.curves.iter().map(Vec::len).min().unwrap_or(0);
        let sum = |at: usize| self.curves.iter().map(|curve| curve[at].test_error).sum::<f64>();
        (0..points).map(|at| [at as f64 + 1.0, sum(at) / self.curves.len() as f64]).collect()
    }
}

/// A model and one it is compared with.
struct ModelPair<'a> {
    one: &'a ModelResults<'a>,
    other: &'a ModelResults<'a>,
    order: PublishedOrder,
}

impl<'a> ModelPair<'a> {
    /// All pairs, by model.
    fn all(tested: &'a [ModelResults<'a>]) -> Vec<Self> {
        let of = |one: &'a ModelResults<'a>| {
            one.model.beside.iter().map(move |&(index, order)| Self { one, other: &tested[index], order })
        };
        tested[1..].iter().flat_map(of).collect()
    }

    fn name(&self) -> String {
        format!("{} less {}", self.one.model.label, self.other.model.label)
    }

    /// Differences at the end, by seed [%].
    fn differences(&self) -> Vec<f64> {
        self.one.last().iter().zip(self.other.last()).map(|(own, other)| own - other).collect()
    }

    /// Differences of the means of all tests, by seed [%]: single tests of a model differ by chance.
    fn mean_differences(&self) -> Vec<f64> {
        self.one.means().iter().zip(self.other.means()).map(|(own, other)| own - other).collect()
    }

    /// The difference at the end and, if an order was published and both were trained equally long, that over all tests.
    fn numbers(&self) -> Vec<ComparedNumber> {
        let text = |differences: &[f64], verdict: &dyn Fn([f64; 2]) -> &'static str| {
            let (mean, half) = mean_interval(differences, LEVEL);
            if half.is_nan() {
                return format!("{mean:+.2} (one seed)");
            }
            let interval = [mean - half, mean + half];
            let [low, high] = interval;
            format!("{mean:+.2}, {low:+.2} to {high:+.2}{}", verdict(interval))
        };
        let published = self.one.model.published_difference(self.other.model, self.order);
        let measured = text(&self.differences(), &|interval| self.order.verdict(interval));
        let mut numbers = vec![ComparedNumber::new(format!("{}, 95 % interval [%]", self.name()), published, measured)];
        if self.order != PublishedOrder::None && self.one.length == self.other.length {
            let quantity = format!("{}, mean of the tests after every epoch, 95 % interval [%]", self.name());
            numbers.push(ComparedNumber::new(quantity, "not given", text(&self.mean_differences(), &|_| "")));
        }
        numbers
    }
}

/// Confidence level of intervals.
const LEVEL: f64 = 0.95;

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

/// Mean errors by epoch, with those of single seeds at the end as dots.
fn learning_curves(tested: &[ModelResults<'_>]) -> Panel {
    let curve = |one: &ModelResults<'_>| Curve { label: one.model.label.to_owned(), points: one.learning_curve() };
    let drawn: Vec<_> = tested.iter().map(curve).collect();
    let epochs: Vec<_> = drawn.iter().map(|curve| curve.points.len() as f64).collect();
    let mut panel = curves(&Curves {
        title: "test error, mean over seeds".to_owned(),
        labels: ["epoch".to_owned(), "test error (%)".to_owned()],
        scale: Scale::Linear,
        curves: drawn,
    });
    panel.x = Axis::linear("epoch", [0.0, 1.05 * epochs.iter().copied().fold(1.0, f64::max)]).ticks(Ticks::Whole);
    let all = tested.iter().flat_map(ModelResults::last);
    panel.y.range[1] = panel.y.range[1].max(1.06 * all.fold(0.0, f64::max));
    for ((one, end), ink) in tested.iter().zip(epochs).zip(Ink::SERIES.into_iter().cycle()) {
        let points = one.last().into_iter().map(|error| [end, error]).collect();
        panel.marks.push(Mark::new("", ink, Shape::Dots { points, dot: Dot::Diamond }));
    }
    panel
}

/// Differences at the end: their means with intervals, and those of single seeds.
fn differences(tested: &[ModelResults<'_>]) -> Panel {
    let pairs = ModelPair::all(tested);
    let one_base = pairs.iter().all(|pair| std::ptr::eq(pair.other.model, tested[0].model));
    let mut marks = Vec::new();
    let mut ends = vec![0.0];
    for (row, pair) in (0..).map(f64::from).zip(&pairs) {
        let values = pair.differences();
        let (mean, half) = mean_interval(&values, LEVEL);
        // Once in the legend.
        let legend = |label| if row == 0.0 { label } else { "" };
        if half.is_finite() {
            marks.push(Mark::new(
                legend("95 % interval"),
                Ink::Blue,
                Shape::line(vec![[mean - half, row], [mean + half, row]]),
            ));
            ends.extend([mean - half, mean + half]);
        }
        ends.extend(&values);
        let seeds = values.into_iter().map(|value| [value, row + 0.15]).collect();
        marks.push(Mark::new(legend("seeds"), Ink::Grey, Shape::Dots { points: seeds, dot: Dot::Diamond }));
        marks.push(Mark::new(legend("mean"), Ink::Blue, Shape::Dots { points: vec![[mean, row]], dot: Dot::Circle }));
    }
    let rows = pairs.len() as f64;
    marks.insert(0, Mark::new("", Ink::Grey, Shape::line(vec![[0.0, -0.5], [0.0, rows - 0.5]])));
    let name = |pair: &ModelPair<'_>| if one_base { pair.one.model.label.to_owned() } else { pair.name() };
    let names = (0..).map(f64::from).zip(pairs.iter().map(name)).collect();
    Panel {
        title: if one_base { format!("less {}", tested[0].model.label) } else { "differences".to_owned() },
        x: Axis::around("difference (percentage points)", ends),
        y: Axis::linear("", [rows - 0.5, -0.5]).ticks(Ticks::Named(names)),
        marks,
        ..Panel::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reproduce::figures::{ablations, variants};

    const BASE: ComparedModel = ComparedModel::shipped("full random feedback", "g17-784-500-10", "4.1 after 60 epochs");
    const OTHER: ComparedModel = ComparedModel::shipped("sparse", "g17-784-500-10-sparse", "3.7 after 60 epochs");

    /// The runs of all comparisons share a folder: runs of one name have the same keys.
    #[test]
    fn every_model_can_be_read_and_no_two_that_differ_leave_the_same_files() {
        let all = ablations::COMPARISONS.iter().chain(&variants::COMPARISONS);
        let models: Vec<_> =
            all.flat_map(|comparison| std::iter::once(&comparison.base).chain(comparison.others)).collect();
        for (i, one) in models.iter().enumerate() {
            let model = crate::model::shipped::find(one.model).unwrap();
            let keys: Vec<String> = one.overrides.iter().map(|&key| key.to_owned()).collect();
            crate::model::Model::parse(model.text, one.label, &keys).unwrap();
            let named_alike = models[..i].iter().filter(|o| (o.model, o.variant) == (one.model, one.variant));
            for other in named_alike {
                assert_eq!(other.overrides, one.overrides, "{} and {}", one.label, other.label);
            }
        }
    }

    #[test]
    fn published_orders_are_compared_with_intervals() {
        let opposite = ": the opposite of what is published";
        let undecided = ": undecided";
        for (order, expected) in [
            (PublishedOrder::Lower, [": lower, as published", undecided, undecided, opposite]),
            (PublishedOrder::Higher, [opposite, undecided, undecided, ": higher, as published"]),
            (PublishedOrder::NoHigher, [": as published", ": as published", undecided, ": higher, not as published"]),
        ] {
            let intervals = [[-2.0, -1.0], [-0.1, 0.1], [-1.0, 1.0], [1.0, 2.0]];
            assert_eq!(intervals.map(|interval| order.verdict(interval)), expected, "{order:?}");
        }
        assert_eq!(PublishedOrder::NoHigher.verdict([0.1, 0.15]), format!(": higher, by less than {HARDLY}"));
    }

    /// Errors at the end of 4 and 6 % against 5 and 5.5 %: differences of −1 and 0.5, whose t of one degree of freedom is 12.706.
    #[test]
    fn differences_are_taken_seed_by_seed() {
        let curve = |errors: [f64; 2]| {
            let point = |(at, test_error): (u64, f64)| Evaluation {
                examples_seen: 100 * at,
                test_error,
                train_error: f64::NAN,
                loss: f64::NAN,
                seconds: 0.0,
            };
            (1..).zip(errors).map(point).collect::<Vec<_>>()
        };
        let length = RunLength { epochs: 2, images: None, tested: None };
        let results = |model| {
            let of = |model, errors: [[f64; 2]; 2]| {
                let curves = errors.map(curve).to_vec();
                ModelResults { model, length, curves, runs: Vec::new() }
            };
            [of(&BASE, [[9.0, 5.0], [8.0, 5.5]]), of(model, [[7.0, 4.0], [6.0, 6.0]])]
        };
        assert_eq!(results(&OTHER)[0].learning_curve(), [[1.0, 8.5], [2.0, 5.25]]);
        let found = numbers(&results(&OTHER));
        assert_eq!(found[0].quantity, "full random feedback: test error after 2 epochs [%]");
        assert_eq!(found[0].measured, "5.25 ± 0.35");
        assert_eq!(found[2].published, "-0.4 after 60 epochs");
        let interval = |mean: f64, variance: f64| {
            let half = 12.7062 * (variance / 2.0).sqrt();
            format!("{mean:+.2}, {:+.2} to {:+.2}", mean - half, mean + half)
        };
        assert_eq!(found[2].measured, interval(-0.25, 1.125));
        assert_eq!(found.len(), 3, "no order was published: the end is enough");
        // Means of both tests, 5.5 and 6 % against 7 and 6.75 %.
        let ordered = ComparedModel { beside: &[(0, PublishedOrder::Lower)], ..OTHER };
        assert_eq!(numbers(&results(&ordered))[3].measured, interval(-1.125, 0.28125));
    }
}
