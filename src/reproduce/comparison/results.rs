//! Test errors of compared models, and their differences, paired by seed.

use super::compared::{ComparedModel, PublishedOrder};
use crate::analysis::mean_interval;
use crate::record::Evaluation;
use crate::reproduce::figure::ComparedNumber;
use crate::reproduce::length::RunLength;

/// The results of a model with every seed.
pub(super) struct ModelResults<'a> {
    pub(super) model: &'a ComparedModel,
    pub(super) length: RunLength,
    /// Learning curves, by seed.
    pub(super) curves: Vec<Vec<Evaluation>>,
    /// Names of its runs.
    pub(super) runs: Vec<String>,
}

impl ModelResults<'_> {
    /// Errors at the end, by seed [%].
    pub(super) fn last(&self) -> Vec<f64> {
        self.curves.iter().filter_map(|curve| curve.last()).map(|point| point.test_error).collect()
    }

    /// Means of all evaluations, by seed [%].
    pub(super) fn means(&self) -> Vec<f64> {
        let mean = |curve: &Vec<Evaluation>| curve.iter().map(|p| p.test_error).sum::<f64>() / curve.len() as f64;
        self.curves.iter().map(mean).collect()
    }

    /// Mean error over seeds at each evaluation: epoch and error [%].
    pub(super) fn learning_curve(&self) -> Vec<[f64; 2]> {
        let points = self.curves.iter().map(Vec::len).min().unwrap_or(0);
        let sum = |at: usize| self.curves.iter().map(|curve| curve[at].test_error).sum::<f64>();
        (0..points).map(|at| [at as f64 + 1.0, sum(at) / self.curves.len() as f64]).collect()
    }
}

/// Confidence level of intervals.
pub(super) const LEVEL: f64 = 0.95;

/// A model and one it is compared with.
pub(super) struct ModelPair<'a> {
    pub(super) one: &'a ModelResults<'a>,
    pub(super) other: &'a ModelResults<'a>,
    pub(super) order: PublishedOrder,
}

impl<'a> ModelPair<'a> {
    /// All pairs, by model.
    pub(super) fn all(tested: &'a [ModelResults<'a>]) -> Vec<Self> {
        let of = |one: &'a ModelResults<'a>| {
            one.model.beside.iter().map(move |&(index, order)| Self { one, other: &tested[index], order })
        };
        tested[1..].iter().flat_map(of).collect()
    }

    pub(super) fn name(&self) -> String {
        format!("{} less {}", self.one.model.label, self.other.model.label)
    }

    /// Differences at the end, by seed [%].
    pub(super) fn differences(&self) -> Vec<f64> {
        self.one.last().iter().zip(self.other.last()).map(|(own, other)| own - other).collect()
    }

    /// Differences of the means of all tests, by seed [%]: single tests of a model differ by chance.
    pub(super) fn mean_differences(&self) -> Vec<f64> {
        self.one.means().iter().zip(self.other.means()).map(|(own, other)| own - other).collect()
    }

    /// The difference at the end and, if an order was published and both were trained equally long, that over all tests.
    pub(super) fn numbers(&self) -> Vec<ComparedNumber> {
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
