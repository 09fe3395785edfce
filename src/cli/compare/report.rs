//! The results of each rule as JSON, as a table and as a figure.

use serde::Serialize;

use super::similarity::Similarities;
use super::train::{RulePoint, RuleRun};
use crate::analysis::mean_and_deviation;
use crate::plot::gallery::{Curve, Curves, NamedValue, curves, named_values, sheet};
use crate::plot::{Figure, Scale};
use crate::rate::TrainingConfig;
use crate::rate::registry::RuleEntry;

/// The default training parameters of a rule, as one line.
pub(super) fn parameters(entry: &RuleEntry) -> String {
    let config = entry.config(2);
    let (rates, momentum, batch, epochs) = (&config.rates, config.momentum, config.batch, config.epochs);
    format!("rates {rates:?}, momentum {momentum}, batch {batch}, {epochs} epochs")
}

/// What `compare --json` prints.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::cli) struct CompareResults<'a> {
    /// `compare`.
    pub(super) command: &'static str,
    /// The command line.
    pub(super) command_line: String,
    /// Git commit of the program.
    pub(super) commit: &'static str,
    /// `rate`.
    pub(super) kind: &'static str,
    /// Sizes of the layers, from input to output; null if no rule was trained.
    pub(super) sizes: Option<&'a [usize]>,
    /// Seeds.
    pub(super) seeds: &'a [u64],
    /// Images that are tested: `test` or `validation`.
    pub(super) tested_on: &'static str,
    /// Results of each rule.
    pub(super) rules: &'a [RuleResults],
    /// Similarities of representations; absent unless asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) representations: Option<&'a Similarities>,
}

/// The results of a rule over all seeds.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::cli) struct RuleResults {
    /// Name of the rule.
    rule: &'static str,
    /// Its title in tables and figures.
    title: &'static str,
    /// Learning rates by layer.
    rates: Vec<f64>,
    /// Momentum.
    momentum: f64,
    /// Examples in a batch.
    batch: usize,
    /// Passes through the training images.
    epochs: u32,
    /// Mean over seeds of the test error at the end [%].
    test_error_percent: f64,
    /// Its standard deviation (n − 1) [percentage points]; null of one seed.
    test_error_percent_sd: f64,
    /// Angles of the last epoch's changes to those of backprop, by layer, means over seeds [degrees].
    angles_to_backprop_deg: Vec<f64>,
    /// Wall time of a training presentation [ms].
    train_ms_per_example: f64,
    /// Results of each seed.
    runs: Vec<RuleRun>,
}

impl RuleResults {
    /// Combines the runs of a rule.
    pub(super) fn of(entry: &RuleEntry, config: &TrainingConfig, runs: Vec<RuleRun>) -> Self {
        let n = runs.len() as f64;
        let mean = |value: &dyn Fn(&RuleRun) -> f64| runs.iter().map(value).sum::<f64>() / n;
        let (error, deviation) = mean_and_deviation(&runs.iter().map(|run| run.error).collect::<Vec<_>>());
        Self {
            rule: entry.name,
            title: entry.title,
            rates: config.rates.clone(),
            momentum: config.momentum,
            batch: config.batch,
            epochs: config.epochs,
            test_error_percent: error,
            test_error_percent_sd: deviation,
            angles_to_backprop_deg: (0..config.rates.len()).map(|l| mean(&|run| run.angles[l])).collect(),
            train_ms_per_example: mean(&|run| run.ms_per_example),
            runs,
        }
    }

    /// The mean over seeds of a value of the learning curve, by training presentations.
    fn mean_curve(&self, value: fn(&RulePoint) -> f64) -> Vec<[f64; 2]> {
        let length = self.runs.iter().map(|run| run.curve.len()).min().unwrap_or(0);
        let at = |i: usize| {
            let mean = self.runs.iter().map(|run| value(&run.curve[i])).sum::<f64>() / self.runs.len() as f64;
            [self.runs[0].curve[i].examples_seen as f64, mean]
        };
        (0..length).map(at).collect()
    }

    fn named_value(&self, value: f64, spread: f64) -> NamedValue {
        NamedValue { name: self.title.to_owned(), value, spread: if spread.is_finite() { spread } else { 0.0 } }
    }
}

/// The results as a Markdown table.
pub(super) fn table(rules: &[RuleResults], tested_on: &str) -> String {
    let number = |x: f64, digits: usize| if x.is_finite() { format!("{x:.digits$}") } else { "–".to_owned() };
    let row = |rule: &RuleResults| {
        format!(
            "\n| {} | {} | {} | {} | {} | {} |",
            rule.title,
            number(rule.test_error_percent, 2),
            number(rule.test_error_percent_sd, 2),
            number(rule.angles_to_backprop_deg.first().copied().unwrap_or(f64::NAN), 1),
            rule.epochs,
            number(rule.train_ms_per_example, 3),
        )
    };
    let head = format!(
        "| rule | {tested_on} error [%] | sd | angle to backprop [deg] | epochs | ms per example |\n|---|---|---|---|---|---|"
    );
    rules.iter().fold(head, |table, rule| table + &row(rule))
}

/// Learning curves and angles of the first layer over training, final errors with their spread, and cost.
pub(super) fn figure(rules: &[RuleResults], tested_on: &str) -> Figure {
    let over_training = |title: &str, label: &str, scale, value: fn(&RulePoint) -> f64| Curves {
        title: title.to_owned(),
        labels: ["training presentations".to_owned(), label.to_owned()],
        scale,
        curves: rules
            .iter()
            .map(|rule| Curve { label: rule.title.to_owned(), points: rule.mean_curve(value) })
            .collect(),
    };
    let error = format!("{tested_on} error (%)");
    let errors = over_training("learning", &error, Scale::Log, |point| point.test_error_percent);
    let unnamed = |mut curves: Curves| {
        curves.curves.iter_mut().for_each(|curve| curve.label.clear());
        curves
    };
    let first_layer = |point: &RulePoint| point.angles_to_backprop_deg.first().copied().unwrap_or(f64::NAN);
    let angle = "angle to backprop (degrees)";
    let angles = over_training("changes of the first layer", angle, Scale::Linear, first_layer);
    let errors_at_end = rules.iter().map(|rule| rule.named_value(rule.test_error_percent, rule.test_error_percent_sd));
    let costs = rules.iter().map(|rule| rule.named_value(rule.train_ms_per_example, 0.0));
    let last = named_values("final error", &error, Scale::Log, &errors_at_end.collect::<Vec<_>>());
    let cost = named_values("cost", "ms per example", Scale::Log, &costs.collect::<Vec<_>>());
    let rows = vec![vec![curves(&errors)], vec![curves(&unnamed(angles))], vec![last], vec![cost]];
    let mut figure = sheet(rows);
    figure.size = [1000, 1500];
    figure
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule() -> RuleResults {
        let point = |error| RulePoint { examples_seen: 10, test_error_percent: error, ..RulePoint::default() };
        let curve = |error: f64| vec![point(error)];
        let run = |error| RuleRun {
            error,
            angles: vec![30.0, 0.0],
            ms_per_example: 0.1,
            curve: curve(2.0 * error),
            ..RuleRun::default()
        };
        let entry = RuleEntry::find("backprop").unwrap();
        let config = TrainingConfig { epochs: 7, ..entry.config(2) };
        RuleResults::of(&entry, &config, vec![run(1.0), run(2.0), run(3.0)])
    }

    #[test]
    fn the_table_is_markdown_with_a_row_for_each_rule() {
        let expected = "| rule | test error [%] | sd | angle to backprop [deg] | epochs | ms per example |\n\
            |---|---|---|---|---|---|\n| Backprop | 2.00 | 1.00 | 30.0 | 7 | 0.100 |";
        assert_eq!(table(&[rule()], "test"), expected);
    }

    #[test]
    #[allow(clippy::float_cmp, reason = "these means are exact")]
    fn a_curve_is_the_mean_over_seeds() {
        assert_eq!(rule().mean_curve(|point| point.test_error_percent), [[10.0, 4.0]]);
    }
}
