//! Feedback alignment on the linear task: the angle between what it sends back and backprop falls, and that to
//! pseudobackprop falls below it. Lillicrap, Cownden, Tweed & Akerman (2016), random synaptic feedback weights.

use serde_json::{Value, json};

use super::{ComparedNumber, FigureTask, PublishedFigure, ReproducedFigure, mean_and_spread};
use crate::cli::failure::Failure;
use crate::cli::interrupt;
use crate::plot::gallery::{Curve, Curves, curves, sheet};
use crate::plot::{Figure, Scale};
use crate::rate::linear_task::{Point, learn};

pub(super) const FIGURE: PublishedFigure = PublishedFigure {
    name: "fa-linear",
    about: "feedback alignment nears pseudobackprop on a linear task (Lillicrap et al. 2016)",
    seeds: [&[1, 2, 3, 4, 5], &[1]],
    run,
};

/// Learning rate.
const RATE: f64 = 0.002;

fn run(task: &FigureTask<'_>) -> Result<ReproducedFigure, Failure> {
    let (examples, every) = if task.quick { (1500, 50) } else { (6000, 50) };
    let mut courses = Vec::new();
    for &seed in task.seeds {
        if interrupt::requested() {
            return Err(Failure::Interrupted);
        }
        task.note(format_args!("seed {seed}: {examples} examples"));
        courses.push(learn(seed, RATE, examples, every));
    }
    let results = task.seeds.iter().zip(&courses).map(|(seed, course)| json!({ "seed": seed, "course": told(course) }));
    Ok(ReproducedFigure { figure: figure(&courses), numbers: numbers(&courses), results: results.collect() })
}

fn told(course: &[Point]) -> Value {
    let point = |point: &Point| {
        json!({
            "examples": point.examples,
            "loss": point.loss,
            "angle_to_backprop_deg": point.to_backprop,
            "angle_to_pseudobackprop_deg": point.to_pseudobackprop,
            "alignment": point.alignment,
        })
    };
    course.iter().map(point).collect()
}

fn numbers(courses: &[Vec<Point>]) -> Vec<ComparedNumber> {
    let last = |value: fn(&Point) -> f64| -> Vec<f64> {
        courses.iter().filter_map(|course| course.last().map(value)).collect()
    };
    let below = courses.iter().filter(|course| course.last().is_some_and(|p| p.to_pseudobackprop < p.to_backprop));
    vec![
        ComparedNumber::new(
            "angle to backprop at the end [deg]",
            "below 45",
            mean_and_spread(&last(|p| p.to_backprop), 1),
        ),
        ComparedNumber::new(
            "angle to pseudobackprop at the end [deg]",
            "below that to backprop",
            mean_and_spread(&last(|p| p.to_pseudobackprop), 1),
        ),
        ComparedNumber::new("seeds in which it is", "all", format!("{} of {}", below.count(), courses.len())),
        ComparedNumber::new("e^T W B e / e^T e at the end", "above 0", mean_and_spread(&last(|p| p.alignment), 3)),
    ]
}

/// Angles and loss, means over seeds.
fn figure(courses: &[Vec<Point>]) -> Figure {
    let curve = |label: &str, value| Curve { label: label.to_owned(), points: average(courses, value) };
    let angles = Curves {
        title: format!("what feedback sends back, mean of {} seeds", courses.len()),
        labels: ["examples".to_owned(), "angle (degrees)".to_owned()],
        scale: Scale::Linear,
        curves: vec![curve("to backprop", |p| p.to_backprop), curve("to pseudobackprop", |p| p.to_pseudobackprop)],
    };
    let loss = Curves {
        title: "loss".to_owned(),
        labels: ["examples".to_owned(), "|e|²/2".to_owned()],
        scale: Scale::Log,
        curves: vec![curve("", |p| p.loss)],
    };
    let mut figure = sheet(vec![vec![curves(&angles), curves(&loss)]]);
    "Feedback alignment on a linear task".clone_into(&mut figure.title);
    figure
}

/// The mean over seeds at each point.
fn average(courses: &[Vec<Point>], value: fn(&Point) -> f64) -> Vec<[f64; 2]> {
    let Some(first) = courses.first() else { return Vec::new() };
    let mean = |at: usize| courses.iter().map(|course| value(&course[at])).sum::<f64>() / courses.len() as f64;
    first.iter().enumerate().map(|(at, point)| [f64::from(point.examples), mean(at)]).collect()
}
