//! The angle between the changes of hidden weights and those by backpropagation.
//!
//! How far weights come to align with feedback depends on how much of them is learnt from it, and so on their learning rates.

use serde::Serialize;
use serde_json::json;

use super::{CreditMeasurement, OF_SPIKES, measured, one_hidden_layer};
use crate::plot::gallery::angles;
use crate::rate::Twin;
use crate::reproduce::{
    ComparedNumber, FigureTask, PublishedFigure, ReproduceError, ReproducedFigure, mean_and_spread,
};
use crate::training::NetworkDynamics;

pub(in crate::reproduce) const FIGURE_7A: PublishedFigure = PublishedFigure {
    name: "7A",
    about: "angle of the hidden update to that by backprop, feedback of spikes and of rates (Guerguiev et al. 2017)",
    seeds: [&[1], &[1]],
    run: draw,
};

/// Images over which angles are averaged, as in the paper.
const WINDOW: usize = 100;
/// Windows averaged again where single ones are too noisy: the lowest of thousands is an extreme of their noise.
const SMOOTHED: usize = 10;

/// A measure of angles.
struct AngleMeasure {
    name: &'static str,
    /// Windows averaged.
    smoothed: usize,
    /// The measure of these means.
    value: fn(&[f64]) -> Option<f64>,
}

const MEASURES: [AngleMeasure; 4] = [
    AngleMeasure { name: "first", smoothed: 1, value: |means| means.first().copied() },
    AngleMeasure { name: "lowest", smoothed: 1, value: lowest },
    AngleMeasure { name: "lowest", smoothed: SMOOTHED, value: lowest },
    AngleMeasure { name: "last", smoothed: SMOOTHED, value: |means| means.last().copied() },
];

/// A kind of feedback.
struct FeedbackKind {
    name: &'static str,
    /// Model and dynamics.
    network: (&'static str, NetworkDynamics),
    /// What was published of each measure; later angles as the last.
    published: [&'static str; 4],
}

const FEEDBACK: [FeedbackKind; 3] = [
    FeedbackKind {
        name: "feedback of spikes",
        network: OF_SPIKES,
        published: ["90", "about 65", "not given", "about 70"],
    },
    FeedbackKind {
        name: "feedback of rates",
        network: ("g17-784-500-10-rate-feedback", NetworkDynamics::Spiking),
        published: ["90", "about 35", "not given", "about 40"],
    },
    FeedbackKind {
        name: "no spikes at all",
        network: ("g17-784-500-10", NetworkDynamics::Rate(Twin::Noiseless)),
        published: ["not given"; 4],
    },
];

/// The angles with one kind of feedback, as they are kept with the figure.
#[derive(Serialize)]
struct FeedbackAngles {
    /// Kind of feedback.
    feedback: &'static str,
    /// Mean angles of windows of 100 images, by seed [degrees].
    mean_angles_deg: Vec<Vec<f64>>,
}

fn draw(task: &FigureTask<'_>) -> Result<ReproducedFigure, ReproduceError> {
    let (mut drawn, mut numbers, mut results) = (Vec::new(), Vec::new(), Vec::new());
    let mut index = Vec::new();
    for feedback in &FEEDBACK {
        let &FeedbackKind { name, network, published } = feedback;
        let runs = measured(task, |seed| one_hidden_layer(task, network, seed))?;
        let courses: Vec<_> = runs.iter().map(angles_of).collect();
        let windows: Vec<Vec<f64>> = courses.iter().map(|course| means(course, WINDOW)).collect();
        for (AngleMeasure { name: which, smoothed, value }, published) in MEASURES.into_iter().zip(published) {
            let of_seed = |windows: &Vec<f64>| value(&means(windows, smoothed)).unwrap_or(f64::NAN);
            let values: Vec<f64> = windows.iter().map(of_seed).collect();
            let quantity = format!("{name}: {which} mean angle of {} images [deg]", smoothed * WINDOW);
            numbers.push(ComparedNumber::new(quantity, published, mean_and_spread(&values, 1)));
        }
        results.push(FeedbackAngles { feedback: name, mean_angles_deg: windows });
        index = runs[0].table.index.iter().map(|&n| n as f64).collect();
        drawn.push((name.to_owned(), courses.into_iter().next().unwrap_or_default()));
    }
    let mut figure = angles(&index, &drawn, &[]);
    "Hidden updates against backpropagation".clone_into(&mut figure.title);
    Ok(ReproducedFigure { figure, numbers, results: json!(results) })
}

/// Angles of the hidden layer [n] [degrees].
fn angles_of(run: &CreditMeasurement) -> Vec<f64> {
    run.table.hidden.first().map(|(_, _, angles)| angles.clone()).unwrap_or_default()
}

fn lowest(means: &[f64]) -> Option<f64> {
    means.iter().copied().reduce(f64::min)
}

/// Means of whole windows; what is no number, of an image nothing was learnt from, is left out.
fn means(angles: &[f64], window: usize) -> Vec<f64> {
    let mean = |part: &[f64]| {
        let numbers: Vec<f64> = part.iter().copied().filter(|angle| angle.is_finite()).collect();
        numbers.iter().sum::<f64>() / numbers.len() as f64
    };
    angles.chunks_exact(window).map(mean).collect()
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "these means are exact")]
mod tests {
    use super::*;

    #[test]
    fn windows_are_whole_and_skip_what_is_no_number() {
        assert_eq!(means(&[90.0, 70.0, f64::NAN, 60.0, 50.0], 2), [80.0, 60.0]);
    }
}
