//! Learning curves, confusion matrices and lengths of phases.

use super::{FORWARD, TARGET};
use crate::analysis::{histogram, linear_edges, percent_wrong, quantile, wald_density};
use crate::plot::{Axis, ColourBar, ColourMap, Dot, Figure, Ink, Mark, Panel, Shape, Ticks};

/// A point of a learning curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvePoint {
    /// Training presentations so far.
    pub examples: f64,
    /// Error on the images tested [%].
    pub test_error: f64,
    /// Error on the training images since the point before; NaN for none [%].
    pub train_error: f64,
    /// Mean output loss over the same images; NaN for none [1/ms²].
    pub loss: f64,
}

/// Errors and loss by training presentations; `tested_on` names the images tested: `test`, `validation` or `training`.
pub fn learning(curve: &[CurvePoint], tested_on: &str) -> Figure {
    let column = |value: fn(&CurvePoint) -> f64| -> Vec<[f64; 2]> {
        curve.iter().map(|point| [point.examples, value(point)]).filter(|[_, y]| y.is_finite()).collect()
    };
    let (test, train) = (column(|p| p.test_error), column(|p| p.train_error));
    // In 1/s², for which single digits suffice.
    let loss = column(|p| 1e6 * p.loss);
    let x = Axis::from_zero("training presentations", curve.iter().map(|point| point.examples)).ticks(Ticks::Whole);
    let last = test.last().map_or(String::new(), |[_, error]| format!(": {error:.2} % at the end"));
    let errors = Panel {
        title: format!("{tested_on} error{last}"),
        x: x.clone(),
        y: Axis::from_zero("error (%)", test.iter().chain(&train).map(|point| point[1])),
        marks: [
            dotted(&format!("{tested_on} images"), Ink::Blue, test),
            dotted("images as they were learnt", Ink::Vermillion, train),
        ]
        .concat(),
        ..Panel::default()
    };
    let mut panels = vec![errors];
    if !loss.is_empty() {
        let y = Axis::from_zero("output loss (Hz²)", loss.iter().map(|point| point[1]));
        let marks = dotted("", Ink::Green, loss);
        panels.push(Panel { title: "loss on training images".to_owned(), x, y, marks, ..Panel::default() });
    }
    Figure { size: [1000, 420], ..Figure::of(vec![panels]) }
}

/// A line with a dot at each point.
fn dotted(label: &str, ink: Ink, points: Vec<[f64; 2]>) -> Vec<Mark> {
    if points.is_empty() {
        return Vec::new();
    }
    let dots = Shape::Dots { points: points.clone(), dot: Dot::Circle };
    vec![Mark::new("", ink, Shape::line(points)), Mark::new(label, ink, dots)]
}

/// Counts of answers [classes, classes], row by label, as shares of each label.
pub fn confusion(counts: &[Vec<u64>]) -> Figure {
    let classes = counts.len();
    let share = |row: &Vec<u64>| {
        let all = row.iter().sum::<u64>() as f64;
        row.iter().map(|&count| (100.0 * count as f64 / all) as f32).collect::<Vec<_>>()
    };
    let names = Ticks::Named((0..classes).map(|class| (class as f64, class.to_string())).collect());
    let (first, last) = (-0.5, classes as f64 - 0.5);
    let shape = Shape::Image {
        within: [first, last, first, last],
        columns: classes,
        values: counts.iter().flat_map(share).collect(),
        map: ColourMap::Sequential,
        range: [0.0, 100.0],
        numbers: counts
            .iter()
            .flatten()
            .map(|&count| if count == 0 { String::new() } else { count.to_string() })
            .collect(),
    };
    let tested: u64 = counts.iter().flatten().sum();
    let tested = crate::plot::label(tested as f64, 0);
    let panel = Panel {
        title: format!("{tested} answers, {:.2} % wrong", percent_wrong(counts)),
        x: Axis::linear("answer (class)", [first, last]).ticks(names.clone()),
        y: Axis::linear("label (class)", [last, first]).ticks(names),
        marks: vec![Mark::new("", Ink::Blue, shape)],
        colours: Some(ColourBar {
            label: "share of the label (%)".to_owned(),
            map: ColourMap::Sequential,
            range: [0.0, 100.0],
        }),
        aspect: Some(1.0),
        ..Panel::default()
    };
    Figure { size: [760, 680], ..Figure::of(vec![vec![panel]]) }
}

/// Lengths of phases by name [ms], with the density that the model gives them: a fixed part [ms] and a Wald-distributed
/// one of this mean and scale [ms].
pub fn phases(lengths: &[(String, Vec<f64>, [f64; 3])]) -> Figure {
    let panel = |(i, (name, lengths, [fixed, mean, scale])): (usize, &(String, Vec<f64>, [f64; 3]))| {
        let mut sorted = lengths.clone();
        sorted.sort_by(f64::total_cmp);
        // The tail is long and thin.
        let (shortest, longest) = (*fixed, quantile(&sorted, 0.99).max(fixed + 4.0 * mean).max(fixed + 1.0));
        let edges = linear_edges(shortest, longest, 48);
        let width = edges[1] - edges[0];
        let scaled = 1.0 / (lengths.len().max(1) as f64 * width);
        let heights: Vec<f64> = histogram(lengths, &edges).into_iter().map(|count| count as f64 * scaled).collect();
        let density = |k: u32| {
            let x = shortest + (longest - shortest) * f64::from(k) / 400.0;
            [x, wald_density(x - fixed, *mean, *scale)]
        };
        let theory: Vec<_> = if *mean > 0.0 { (0..=400).map(density).collect() } else { Vec::new() };
        let y = Axis::from_zero("density (1/ms)", heights.iter().copied().chain(theory.iter().map(|p| p[1])));
        let average = lengths.iter().sum::<f64>() / lengths.len().max(1) as f64;
        let count = crate::plot::label(lengths.len() as f64, 0);
        let mut marks = vec![Mark::new("", [FORWARD, TARGET][i % 2], Shape::Bars { edges, heights })];
        if !theory.is_empty() {
            marks.push(Mark::new("model: Wald", Ink::Black, Shape::line(theory)));
        }
        let title = format!("{name}: {count} phases, mean {average:.1} ms, longest {:.1} ms", quantile(&sorted, 1.0));
        Panel { title, x: Axis::linear("length (ms)", [shortest, longest]), y, marks, ..Panel::default() }
    };
    let rows = lengths.iter().enumerate().map(|phase| vec![panel(phase)]).collect();
    Figure { size: [900, 120 + 260 * lengths.len() as u32], ..Figure::of(rows) }
}
