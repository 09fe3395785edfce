//! Feedback alignment on the linear task: the angle of its feedback to backprop decreases, and that to pseudobackprop
//! decreases below it. Lillicrap, Cownden, Tweed & Akerman (2016), random synaptic feedback weights.

use serde::Serialize;
use serde_json::json;

use crate::plot::gallery::{Curve, Curves, curves, sheet};
use crate::plot::{Figure, Scale};
use crate::rate::linear_task::{Point, learn};
use crate::reproduce::{
    ComparedNumber, FigureTask, PublishedFigure, ReproduceError, ReproducedFigure, mean_and_spread,
};

pub(in crate::reproduce) const FIGURE: PublishedFigure = PublishedFigure {
    name: "fa-linear",
    about: "feedback alignment nears pseudobackprop on a linear task (Lillicrap et al. 2016)",
    seeds: [&[1, 2, 3, 4, 5], &[1]],
    run,
};

/// Learning rate.
const RATE: f64 = 0.002;

fn run(task: &FigureTask<'_>) -> Result<ReproducedFigure, ReproduceError> {
    let (examples, every) = if task.quick { (1500, 50) } else { (6000, 50) };
    let mut courses = Vec::new();
    for &seed in task.seeds {
        task.check_interrupt()?;
        task.message(format_args!("seed {seed}: {examples} examples"));
        courses.push(learn(seed, RATE, examples, every));
    }
    let results = task.seeds.iter().zip(&courses);
    let results: Vec<_> =
        results.map(|(&seed, course)| SeedResult { seed, course: course.iter().map(point).collect() }).collect();
    Ok(ReproducedFigure { figure: figure(&courses), numbers: numbers(&courses), results: json!(results) })
}

/// What is kept with the figure of each seed.
#[derive(Serialize)]
struct SeedResult {
    /// Seed.
    seed: u64,
    /// Measurements during learning.
    course: Vec<LinearPoint>,
}

/// The state after some examples.
#[derive(Serialize)]
struct LinearPoint {
    /// Training examples.
    examples: u32,
    /// |e|²/2.
    loss: f64,
    /// Angle between the feedback and backprop [degrees].
    angle_to_backprop_deg: f64,
    /// Angle between the feedback and pseudobackprop [degrees].
    angle_to_pseudobackprop_deg: f64,
    /// eᵀ W B e / eᵀ e.
    alignment: f64,
}

fn point(point: &Point) -> LinearPoint {
    LinearPoint {
        examples: point.examples,
        loss: point.loss,
        angle_to_backprop_deg: point.to_backprop,
        angle_to_pseudobackprop_deg: point.to_pseudobackprop,
        alignment: point.alignment,
    }
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
