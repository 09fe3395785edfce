//! The results of each rule as JSON, as a table and as a figure.

use serde_json::{Value, json};

use super::train::RuleRun;
use crate::analysis::mean_and_deviation;
use crate::plot::gallery::{Curve, Curves, NamedValue, curves, named_values, sheet};
use crate::plot::{Figure, Scale};
use crate::rate::Course;
use crate::rate::family::Member;

/// The default training parameters of a rule, as one line.
pub(super) fn parameters(member: &Member) -> String {
    let course = member.course(2);
    let (rates, momentum, batch, epochs) = (&course.rates, course.momentum, course.batch, course.epochs);
    format!("rates {rates:?}, momentum {momentum}, batch {batch}, {epochs} epochs")
}

/// The results of a rule over all seeds.
pub(super) fn summary(member: &Member, course: &Course, runs: &[RuleRun]) -> Value {
    let n = runs.len() as f64;
    let mean = |value: &dyn Fn(&RuleRun) -> f64| runs.iter().map(value).sum::<f64>() / n;
    let (error, deviation) = mean_and_deviation(&runs.iter().map(|run| run.error).collect::<Vec<_>>());
    let run = |run: &RuleRun| {
        json!({
            "seed": run.seed,
            "test_error_percent": run.error,
            "test_examples": run.tested,
            "train_ms_per_example": run.ms_per_example,
            "learning": run.curve,
        })
    };
    json!({
        "rule": member.name,
        "title": member.title,
        "rates": course.rates,
        "momentum": course.momentum,
        "batch": course.batch,
        "epochs": course.epochs,
        "test_error_percent": error,
        "test_error_percent_sd": deviation,
        "angles_to_backprop_deg": (0..course.rates.len()).map(|l| mean(&|run| run.angles[l])).collect::<Vec<_>>(),
        "train_ms_per_example": mean(&|run| run.ms_per_example),
        "runs": runs.iter().map(run).collect::<Vec<_>>(),
    })
}

/// The results as a Markdown table.
pub(super) fn table(rules: &[Value], tested_on: &str) -> String {
    let number =
        |value: &Value, digits: usize| value.as_f64().map_or_else(|| "–".to_owned(), |x| format!("{x:.digits$}"));
    let row = |rule: &Value| {
        format!(
            "\n| {} | {} | {} | {} | {} | {} |",
            rule["title"].as_str().unwrap_or_default(),
            number(&rule["test_error_percent"], 2),
            number(&rule["test_error_percent_sd"], 2),
            number(&rule["angles_to_backprop_deg"][0], 1),
            rule["epochs"],
            number(&rule["train_ms_per_example"], 3),
        )
    };
    let head = format!(
        "| rule | {tested_on} error [%] | sd | angle to backprop [deg] | epochs | ms per example |\n|---|---|---|---|---|---|"
    );
    rules.iter().fold(head, |table, rule| table + &row(rule))
}

/// Learning curves and angles of the first layer over training, final errors with their spread, and cost.
pub(super) fn figure(rules: &[Value], tested_on: &str) -> Figure {
    let over_training = |title: &str, label: &str, scale, value: fn(&Value) -> &Value| Curves {
        title: title.to_owned(),
        labels: ["training presentations".to_owned(), label.to_owned()],
        scale,
        curves: rules.iter().map(|rule| Curve { label: title_of(rule), points: mean_curve(rule, value) }).collect(),
    };
    let error = format!("{tested_on} error (%)");
    let errors = over_training("learning", &error, Scale::Log, |point| &point["test_error_percent"]);
    let unnamed = |mut curves: Curves| {
        curves.curves.iter_mut().for_each(|curve| curve.label.clear());
        curves
    };
    let angle = "angle to backprop (degrees)";
    let angles =
        over_training("changes of the first layer", angle, Scale::Linear, |point| &point["angles_to_backprop_deg"][0]);
    let entry = |value: &'static str, spread: &'static str| {
        let entry = move |rule: &Value| NamedValue {
            name: title_of(rule),
            value: rule[value].as_f64().unwrap_or(f64::NAN),
            spread: rule[spread].as_f64().unwrap_or(0.0),
        };
        rules.iter().map(entry).collect::<Vec<_>>()
    };
    let last = named_values("final error", &error, Scale::Log, &entry("test_error_percent", "test_error_percent_sd"));
    let cost = named_values("cost", "ms per example", Scale::Log, &entry("train_ms_per_example", ""));
    let rows = vec![vec![curves(&errors)], vec![curves(&unnamed(angles))], vec![last], vec![cost]];
    let mut figure = sheet(rows);
    figure.size = [1000, 1500];
    figure
}

fn title_of(rule: &Value) -> String {
    rule["title"].as_str().unwrap_or_default().to_owned()
}

/// A value of a learning curve by training presentations, mean over the runs of a rule.
fn mean_curve(rule: &Value, value: fn(&Value) -> &Value) -> Vec<[f64; 2]> {
    let Some(runs) = rule["runs"].as_array() else { return Vec::new() };
    let points = |run: &Value| run["learning"].as_array().cloned().unwrap_or_default();
    let courses: Vec<Vec<Value>> = runs.iter().map(points).collect();
    let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
    let length = courses.iter().map(Vec::len).min().unwrap_or(0);
    let at = |i: usize| {
        let mean = courses.iter().map(|course| number(value(&course[i]))).sum::<f64>() / courses.len() as f64;
        [number(&courses[0][i]["examples_seen"]), mean]
    };
    (0..length).map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule() -> Value {
        let curve = |error: f64| vec![json!({ "examples_seen": 10, "test_error_percent": error })];
        let run = |error| RuleRun {
            error,
            angles: vec![30.0, 0.0],
            ms_per_example: 0.1,
            curve: curve(2.0 * error),
            ..RuleRun::default()
        };
        let member = Member::find("backprop").unwrap();
        let course = Course { epochs: 7, ..member.course(2) };
        summary(&member, &course, &[run(1.0), run(2.0), run(3.0)])
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
        assert_eq!(mean_curve(&rule(), |point| &point["test_error_percent"]), [[10.0, 4.0]]);
    }
}
