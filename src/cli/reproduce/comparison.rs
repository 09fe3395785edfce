//! Test errors of networks beside one they are compared with.
//!
//! All networks of a comparison learn from the same seeds, and so from the same initial weights, the same images in the same
//! order and the same phases, as far as they have them in common: their differences to the base are taken seed by seed.

use serde_json::{Value, json};

use super::known::{ResultQuery, StoredRun};
use super::runs::{Loaded, RunLength, RunSpec, train_runs};
use super::{ComparedNumber, FigureTask, ReproducedFigure, mean_and_spread};
use crate::analysis::mean_interval;
use crate::cli::failure::Failure;
use crate::data::digests;
use crate::plot::gallery::{Curve, Curves, curves, sheet};
use crate::plot::{Axis, Dot, Ink, Mark, Panel, Scale, Shape, Ticks};
use crate::record::Evaluation;

/// The course of a quick look.
const QUICK: RunLength = RunLength { epochs: 2, images: Some(1_000), tested: Some(300) };

/// Networks beside one they are compared with.
pub(super) struct ModelComparison {
    pub(super) title: &'static str,
    /// Of the full course, of networks that have none of their own.
    pub(super) epochs: u32,
    pub(super) base: ComparedModel,
    pub(super) others: &'static [ComparedModel],
}

/// A network of a comparison.
pub(super) struct ComparedModel {
    /// In figure and table.
    pub(super) label: &'static str,
    /// Name of a shipped model.
    pub(super) model: &'static str,
    /// What tells it from the model in the names of files; empty where no key differs.
    pub(super) variant: &'static str,
    /// Keys of the model that differ, as in `--set`.
    pub(super) overrides: &'static [&'static str],
    /// Of a full course of its own.
    pub(super) epochs: Option<u32>,
    /// Test error that the paper reports.
    pub(super) published: &'static str,
    /// With which networks it is compared, by place, the base being 0, and what the paper says of it beside each.
    pub(super) beside: &'static [(usize, PublishedOrder)],
}

/// What a paper says of a test error beside another: which is the lower one. By how much is not judged: variants learn for
/// fewer epochs than the paper's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PublishedOrder {
    Lower,
    NoHigher,
    Higher,
    Nothing,
}

/// A test error that is hardly higher is so by less than this [percentage points].
const HARDLY: f64 = 0.2;

impl PublishedOrder {
    fn text(self) -> &'static str {
        match self {
            Self::Lower => "lower",
            Self::NoHigher => "no higher, or hardly",
            Self::Higher => "higher",
            Self::Nothing => "-",
        }
    }

    /// Whether an interval of the difference bears it out.
    fn verdict(self, [low, high]: [f64; 2]) -> &'static str {
        match self {
            Self::Nothing => "",
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
    /// A model as it is shipped.
    pub(super) const fn shipped(label: &'static str, model: &'static str, published: &'static str) -> Self {
        Self { label, model, variant: "", overrides: &[], epochs: None, published, beside: BASE_ALONE }
    }

    /// The same, of which the paper says this beside the networks of those places.
    pub(super) const fn beside(self, beside: &'static [(usize, PublishedOrder)]) -> Self {
        Self { beside, ..self }
    }

    /// The published difference to another network, where there are numbers; else what is said of this one.
    fn published_beyond(&self, other: &Self, said: PublishedOrder) -> String {
        let number = |network: &Self| network.published.split(' ').next().and_then(|word| word.parse::<f64>().ok());
        match (number(self), number(other)) {
            (Some(own), Some(other)) => format!("{:+.1} after 60 epochs", own - other),
            _ => said.text().to_owned(),
        }
    }
}

/// Beside the base, of which nothing is said.
pub(super) const BASE_ALONE: &[(usize, PublishedOrder)] = &[(0, PublishedOrder::Nothing)];

/// What a network came to with every seed.
struct ModelResults<'a> {
    network: &'a ComparedModel,
    course: RunLength,
    /// Learning curves, by seed.
    curves: Vec<Vec<Evaluation>>,
    /// Names of its runs.
    runs: Vec<String>,
}

pub(super) fn draw(task: &FigureTask<'_>, comparison: &ModelComparison) -> Result<ReproducedFigure, Failure> {
    let full = |epochs| RunLength { epochs, images: None, tested: None };
    let course_of = |network: &ComparedModel| {
        if task.quick { QUICK } else { full(network.epochs.unwrap_or(comparison.epochs)) }
    };
    let networks: Vec<_> = std::iter::once(&comparison.base).chain(comparison.others).collect();
    // Seed by seed, so that a part of the course already compares all networks.
    let each = || task.seeds.iter().flat_map(|&seed| networks.iter().map(move |&network| (network, seed)));
    let wanted = |(network, seed): (&ComparedModel, u64)| RunSpec {
        variant: network.variant,
        overrides: network.overrides,
        ..RunSpec::of(network.model, course_of(network), seed)
    };
    let mut loaded = Loaded::default();
    let known = each().map(|(network, seed)| known(task, &mut loaded, network, &wanted((network, seed))));
    let found = known.collect::<anyhow::Result<Vec<_>>>()?;
    let missing = each().zip(&found).filter(|(_, found)| found.is_none()).map(|(one, _)| wanted(one));
    let mut trained = train_runs(task, &missing.collect::<Vec<_>>())?.into_iter();
    let empty =
        |&network: &_| ModelResults { network, course: course_of(network), curves: Vec::new(), runs: Vec::new() };
    let mut tested: Vec<_> = networks.iter().map(empty).collect();
    for (i, found) in found.into_iter().enumerate() {
        let (name, curve) = match found {
            Some(run) => {
                task.runs.borrow_mut().push(run.told());
                (run.name, run.curve)
            }
            None => trained.next().map(|run| (run.name, run.checkpoint.curve)).expect("a run for each that was wanted"),
        };
        let tested = &mut tested[i % networks.len()];
        tested.runs.push(name);
        tested.curves.push(curve);
    }
    let mut figure = sheet(vec![vec![learning_curves(&tested), differences(&tested)]]);
    let plural = if task.seeds.len() == 1 { "" } else { "s" };
    figure.title = format!("{}: {} seed{plural}", comparison.title, task.seeds.len());
    Ok(ReproducedFigure { figure, numbers: numbers(&tested), results: results(&tested) })
}

/// The result that stands for a run, if there is one of its model and data.
fn known(
    task: &FigureTask<'_>,
    loaded: &mut Loaded,
    network: &ComparedModel,
    wanted: &RunSpec,
) -> anyhow::Result<Option<StoredRun>> {
    let Some(known) = task.results else { return Ok(None) };
    let model = wanted.model()?;
    let (model_sha256, data_sha256) = (model.sha256(), digests(&loaded.of(task, &model)?.sha256()));
    let asked = ResultQuery { network, seed: wanted.seed, course: wanted.course, model_sha256, data_sha256 };
    Ok(known.find(&asked).unwrap_or_else(|why| {
        task.note(format_args!("--results: {why}; it is not taken"));
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
    fn course(&self) -> Vec<[f64; 2]> {
        let points = self.curves.iter().map(Vec::len).min().unwrap_or(0);
        let sum = |at: usize| self.curves.iter().map(|curve| curve[at].test_error).sum::<f64>();
        (0..points).map(|at| [at as f64 + 1.0, sum(at) / self.curves.len() as f64]).collect()
    }
}

/// A network and one it is compared with.
struct ModelPair<'a> {
    one: &'a ModelResults<'a>,
    other: &'a ModelResults<'a>,
    said: PublishedOrder,
}

impl<'a> ModelPair<'a> {
    /// All of them, network by network.
    fn all(tested: &'a [ModelResults<'a>]) -> Vec<Self> {
        let of = |one: &'a ModelResults<'a>| {
            one.network.beside.iter().map(move |&(place, said)| Self { one, other: &tested[place], said })
        };
        tested[1..].iter().flat_map(of).collect()
    }

    fn name(&self) -> String {
        format!("{} less {}", self.one.network.label, self.other.network.label)
    }

    /// Differences at the end, by seed [%].
    fn differences(&self) -> Vec<f64> {
        self.one.last().iter().zip(self.other.last()).map(|(own, other)| own - other).collect()
    }

    /// Differences of the means of all tests, by seed [%]: single tests of one network differ by chance.
    fn mean_differences(&self) -> Vec<f64> {
        self.one.means().iter().zip(self.other.means()).map(|(own, other)| own - other).collect()
    }

    /// The difference at the end and, where something is said of it and courses are alike, that over all tests.
    fn numbers(&self) -> Vec<ComparedNumber> {
        let told = |differences: &[f64], verdict: &dyn Fn([f64; 2]) -> &'static str| {
            let (mean, half) = mean_interval(differences, LEVEL);
            if half.is_nan() {
                return format!("{mean:+.2} (one seed)");
            }
            let interval = [mean - half, mean + half];
            let [low, high] = interval;
            format!("{mean:+.2}, {low:+.2} to {high:+.2}{}", verdict(interval))
        };
        let published = self.one.network.published_beyond(self.other.network, self.said);
        let measured = told(&self.differences(), &|interval| self.said.verdict(interval));
        let mut numbers = vec![ComparedNumber::new(format!("{}, 95 % interval [%]", self.name()), published, measured)];
        if self.said != PublishedOrder::Nothing && self.one.course == self.other.course {
            let quantity = format!("{}, mean of the tests after every epoch, 95 % interval [%]", self.name());
            numbers.push(ComparedNumber::new(quantity, "not given", told(&self.mean_differences(), &|_| "")));
        }
        numbers
    }
}

/// Level of intervals.
const LEVEL: f64 = 0.95;

fn numbers(tested: &[ModelResults<'_>]) -> Vec<ComparedNumber> {
    let error = |one: &ModelResults<'_>| {
        let quantity = format!("{}: test error after {} [%]", one.network.label, one.course.told());
        ComparedNumber::new(quantity, one.network.published, mean_and_spread(&one.last(), 2))
    };
    tested.iter().map(error).chain(ModelPair::all(tested).iter().flat_map(ModelPair::numbers)).collect()
}

fn results(tested: &[ModelResults<'_>]) -> Value {
    let told = |(place, one): (usize, &ModelResults<'_>)| {
        let beside = if place == 0 { &[] } else { one.network.beside };
        json!({
            "label": one.network.label,
            "less": beside.iter().map(|&(place, _)| tested[place].network.label).collect::<Vec<_>>(),
            "model": one.network.model,
            "variant": one.network.variant,
            "overrides": one.network.overrides,
            "test_error_percent": one.last(),
            "runs": one.runs,
        })
    };
    tested.iter().enumerate().map(told).collect()
}

/// Mean errors by epoch, with what single seeds reached at the end as dots.
fn learning_curves(tested: &[ModelResults<'_>]) -> Panel {
    let curve = |one: &ModelResults<'_>| Curve { label: one.network.label.to_owned(), points: one.course() };
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
    let one_base = pairs.iter().all(|pair| std::ptr::eq(pair.other.network, tested[0].network));
    let mut marks = Vec::new();
    let mut ends = vec![0.0];
    for (row, pair) in (0..).map(f64::from).zip(&pairs) {
        let values = pair.differences();
        let (mean, half) = mean_interval(&values, LEVEL);
        // Said once in the legend.
        let said = |label| if row == 0.0 { label } else { "" };
        if half.is_finite() {
            marks.push(Mark::new(
                said("95 % interval"),
                Ink::Blue,
                Shape::line(vec![[mean - half, row], [mean + half, row]]),
            ));
            ends.extend([mean - half, mean + half]);
        }
        ends.extend(&values);
        let seeds = values.into_iter().map(|value| [value, row + 0.15]).collect();
        marks.push(Mark::new(said("seeds"), Ink::Grey, Shape::Dots { points: seeds, dot: Dot::Diamond }));
        marks.push(Mark::new(said("mean"), Ink::Blue, Shape::Dots { points: vec![[mean, row]], dot: Dot::Circle }));
    }
    let rows = pairs.len() as f64;
    marks.insert(0, Mark::new("", Ink::Grey, Shape::line(vec![[0.0, -0.5], [0.0, rows - 0.5]])));
    let name = |pair: &ModelPair<'_>| if one_base { pair.one.network.label.to_owned() } else { pair.name() };
    let names = (0..).map(f64::from).zip(pairs.iter().map(name)).collect();
    Panel {
        title: if one_base { format!("less {}", tested[0].network.label) } else { "differences".to_owned() },
        x: Axis::around("difference (percentage points)", ends),
        y: Axis::linear("", [rows - 0.5, -0.5]).ticks(Ticks::Named(names)),
        marks,
        ..Panel::default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{levers, variants};
    use super::*;

    const BASE: ComparedModel = ComparedModel::shipped("full random feedback", "g17-784-500-10", "4.1 after 60 epochs");
    const OTHER: ComparedModel = ComparedModel::shipped("sparse", "g17-784-500-10-sparse", "3.7 after 60 epochs");

    /// Networks of all comparisons share a folder: what is named alike is alike.
    #[test]
    fn every_network_is_a_model_and_no_two_that_differ_leave_the_same_files() {
        let all = levers::COMPARISONS.iter().chain(&variants::COMPARISONS);
        let networks: Vec<_> = all.flat_map(|one| std::iter::once(&one.base).chain(one.others)).collect();
        for (i, network) in networks.iter().enumerate() {
            let model = crate::model::shipped::find(network.model).unwrap();
            let keys: Vec<String> = network.overrides.iter().map(|&key| key.to_owned()).collect();
            crate::model::Model::parse(model.text, network.label, &keys).unwrap();
            let named_alike = networks[..i].iter().filter(|o| (o.model, o.variant) == (network.model, network.variant));
            for other in named_alike {
                assert_eq!(other.overrides, network.overrides, "{} and {}", network.label, other.label);
            }
        }
    }

    #[test]
    fn what_is_said_is_borne_out_by_intervals() {
        let opposite = ": the opposite of what is published";
        let undecided = ": undecided";
        for (said, expected) in [
            (PublishedOrder::Lower, [": lower, as published", undecided, undecided, opposite]),
            (PublishedOrder::Higher, [opposite, undecided, undecided, ": higher, as published"]),
            (PublishedOrder::NoHigher, [": as published", ": as published", undecided, ": higher, not as published"]),
        ] {
            let intervals = [[-2.0, -1.0], [-0.1, 0.1], [-1.0, 1.0], [1.0, 2.0]];
            assert_eq!(intervals.map(|interval| said.verdict(interval)), expected, "{said:?}");
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
        let course = RunLength { epochs: 2, images: None, tested: None };
        let tested = |network| {
            let of = |network, errors: [[f64; 2]; 2]| {
                let curves = errors.map(curve).to_vec();
                ModelResults { network, course, curves, runs: Vec::new() }
            };
            [of(&BASE, [[9.0, 5.0], [8.0, 5.5]]), of(network, [[7.0, 4.0], [6.0, 6.0]])]
        };
        assert_eq!(tested(&OTHER)[0].course(), [[1.0, 8.5], [2.0, 5.25]]);
        let told = numbers(&tested(&OTHER));
        assert_eq!(told[0].quantity, "full random feedback: test error after 2 epochs [%]");
        assert_eq!(told[0].measured, "5.25 ± 0.35");
        assert_eq!(told[2].published, "-0.4 after 60 epochs");
        let interval = |mean: f64, variance: f64| {
            let half = 12.7062 * (variance / 2.0).sqrt();
            format!("{mean:+.2}, {:+.2} to {:+.2}", mean - half, mean + half)
        };
        assert_eq!(told[2].measured, interval(-0.25, 1.125));
        assert_eq!(told.len(), 3, "nothing is said of it: the end is enough");
        // Means of both tests, 5.5 and 6 % against 7 and 6.75 %.
        let said = ComparedModel { beside: &[(0, PublishedOrder::Lower)], ..OTHER };
        assert_eq!(numbers(&tested(&said))[3].measured, interval(-1.125, 0.28125));
    }
}
