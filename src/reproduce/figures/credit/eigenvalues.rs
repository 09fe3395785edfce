//! Whether feedback brings the output nearer to its target: the largest eigenvalue of (I − J_b J_g)ᵀ (I − J_b J_g).

use std::ops::RangeInclusive;

use ndarray::Array2;
use serde::Serialize;
use serde_json::json;

use super::{CreditMeasurement, OF_SPIKES, measured, one_hidden_layer};
use crate::analysis::feedback_eigenvalue;
use crate::plot::gallery::{Curve, Curves, curves, sheet};
use crate::plot::{Axis, ColourBar, ColourMap, Dash, Figure, Ink, Mark, Panel, Scale, Shape, Ticks};
use crate::reproduce::{
    ComparedNumber, FigureTask, PublishedFigure, ReproduceError, ReproducedFigure, mean_and_spread,
};

pub(in crate::reproduce) const FIGURE_5_S1: PublishedFigure = PublishedFigure {
    name: "5-s1",
    about: "largest eigenvalue of (I - Jb Jg)T (I - Jb Jg), by the Jacobians of 100 images (Guerguiev et al. 2017)",
    seeds: [&[1], &[1]],
    run: draw,
};

/// Of the product J_b J_g in the paper's network to that in ours: the full weights W and Y in place of half of each, which
/// with the kernel cut to about half of its sum leave the potentials, and so the slopes of the sigmoids, as they are.
const PAPER_SCALE: f64 = 4.0;

/// Eigenvalues of [`EigenvaluePoint`].
const NAMES: [&str; 3] = ["of mean Jacobians", "mean of each image's", "of the mean product, paper's scaling"];

/// The second of them.
const OF_EACH: usize = 1;

/// Eigenvalues of 100 images.
struct EigenvaluePoint {
    /// Presentations seen.
    seen: f64,
    /// With the mean Jacobians; the mean of each image's; with the mean product under the paper's scaling.
    values: [f64; 3],
    /// With the mean product as it is, to be compared with the product of the means.
    of_mean_product: f64,
}

/// The course of one run.
struct EigenvalueCourse {
    points: Vec<EigenvaluePoint>,
    /// J_b J_g of the last 100 images, [outputs, outputs].
    last: Array2<f64>,
    /// Presentations in an epoch.
    epoch: f64,
}

impl EigenvalueCourse {
    fn of(run: &CreditMeasurement) -> Self {
        let square = |product: &Vec<f64>| {
            let outputs = (product.len() as f64).sqrt() as usize;
            Array2::from_shape_fn((outputs, outputs), |(i, j)| product[i * outputs + j])
        };
        let rows = run.table.eigenvalues.iter().zip(&run.table.products);
        let point = |(&(seen, of_means, mean), product): (&(u64, f64, f64), &Vec<f64>)| {
            let product = square(product);
            let of_mean_product = feedback_eigenvalue(&product);
            let scaled = feedback_eigenvalue(&(product * PAPER_SCALE));
            EigenvaluePoint { seen: seen as f64, values: [of_means, mean, scaled], of_mean_product }
        };
        let last = run.table.products.last().map(square).unwrap_or_default();
        Self { points: rows.map(point).collect(), last, epoch: run.epoch as f64 }
    }

    /// In how many of the reports of these presentations an eigenvalue is below 1 [%].
    fn below(&self, which: usize, presentations: RangeInclusive<f64>) -> f64 {
        let among: Vec<_> = self.points.iter().filter(|point| presentations.contains(&point.seen)).collect();
        100.0 * among.iter().filter(|point| point.values[which] < 1.0).count() as f64 / among.len() as f64
    }

    /// The first epoch and the last.
    fn epochs(&self) -> [RangeInclusive<f64>; 2] {
        let end = self.points.last().map_or(0.0, |point| point.seen);
        [0.0..=self.epoch, end - self.epoch + 1.0..=end]
    }
}

/// What is kept with the figure.
#[derive(Serialize)]
struct EigenvalueResults {
    /// Names of the eigenvalues of each point.
    eigenvalues: [&'static str; 3],
    /// Points by seed.
    seeds: Vec<Vec<PointResult>>,
    /// J_b J_g of the last 100 images by seed, [outputs, outputs].
    last_product: Vec<Vec<Vec<f64>>>,
}

/// Eigenvalues of 100 images.
#[derive(Serialize)]
struct PointResult {
    /// Training presentations.
    examples_seen: f64,
    /// Largest eigenvalues, named by `eigenvalues`.
    eigenvalues: [f64; 3],
}

fn draw(task: &FigureTask<'_>) -> Result<ReproducedFigure, ReproduceError> {
    let courses: Vec<_> =
        measured(task, |seed| one_hidden_layer(task, OF_SPIKES, seed))?.iter().map(EigenvalueCourse::of).collect();
    let point = |point: &EigenvaluePoint| PointResult { examples_seen: point.seen, eigenvalues: point.values };
    let results = EigenvalueResults {
        eigenvalues: NAMES,
        seeds: courses.iter().map(|course| course.points.iter().map(point).collect()).collect(),
        last_product: courses.iter().map(|course| course.last.outer_iter().map(|row| row.to_vec()).collect()).collect(),
    };
    Ok(ReproducedFigure { figure: figure(&courses[0]), numbers: numbers(&courses), results: json!(results) })
}

fn numbers(courses: &[EigenvalueCourse]) -> Vec<ComparedNumber> {
    let each = |(which, name): (usize, &&str)| {
        let values = |point: fn(&EigenvalueCourse) -> Option<&EigenvaluePoint>| -> Vec<f64> {
            courses.iter().filter_map(point).map(|point| point.values[which]).collect()
        };
        let (first, last) = (values(|course| course.points.first()), values(|course| course.points.last()));
        let below = |epoch: usize| {
            let shares = courses.iter().map(|course| course.below(which, course.epochs()[epoch].clone()));
            mean_and_spread(&shares.collect::<Vec<_>>(), 0)
        };
        let of = |what: &str| format!("{name}: {what}");
        // Those of single images were not published.
        let published = |text: &'static str| if which == OF_EACH { "not given" } else { text };
        [
            ComparedNumber::new(of("first 100 images"), published("above 1"), mean_and_spread(&first, 3)),
            ComparedNumber::new(of("last 100 images"), published("below 1"), mean_and_spread(&last, 3)),
            ComparedNumber::new(of("below 1 in epoch 1 [% of reports]"), published("it falls below 1 there"), below(0)),
            ComparedNumber::new(of("below 1 in the last epoch [% of reports]"), "not given", below(1)),
        ]
    };
    let beside = |course: &EigenvalueCourse| {
        let apart = course.points.iter().map(|point| (point.of_mean_product - point.values[0]).abs());
        apart.fold(0.0, f64::max)
    };
    let apart: Vec<f64> = courses.iter().map(beside).collect();
    let diagonal: Vec<f64> = courses.iter().map(|course| course.last.diag().mean().unwrap_or(f64::NAN)).collect();
    let mut numbers: Vec<ComparedNumber> = NAMES.iter().enumerate().flat_map(each).collect();
    numbers.push(ComparedNumber::new(
        "of the mean product beside that of mean Jacobians, weights as simulated: largest difference",
        "not given",
        mean_and_spread(&apart, 4),
    ));
    let scaled: Vec<f64> = diagonal.iter().map(|mean| PAPER_SCALE * mean).collect();
    for (scaling, values, published) in
        [("weights as simulated", diagonal, "not given"), ("paper's scaling", scaled, "approaches 1, the identity's")]
    {
        let quantity = format!("mean of the diagonal of Jb Jg, {scaling}: last 100 images");
        numbers.push(ComparedNumber::new(quantity, published, mean_and_spread(&values, 3)));
    }
    numbers
}

/// J_b J_g as colours: if it is near the identity, feedback makes the output follow the gradient of its loss.
fn product(last: &Array2<f64>) -> Panel {
    let (first, end) = (-0.5, last.nrows() as f64 - 0.5);
    let most = last.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
    let classes = Ticks::Named((0..last.nrows()).map(|class| (class as f64, class.to_string())).collect());
    let (map, range) = (ColourMap::Diverging, [-most, most]);
    let shape = Shape::Image {
        within: [first, end, first, end],
        columns: last.ncols(),
        values: last.iter().map(|&value| value as f32).collect(),
        map,
        range,
        numbers: Vec::new(),
    };
    Panel {
        title: "Jb Jg as simulated, last 100 images".to_owned(),
        x: Axis::linear("output whose rate changes", [first, end]).ticks(classes.clone()),
        y: Axis::linear("output that follows", [end, first]).ticks(classes),
        marks: vec![Mark::new("", Ink::Blue, shape)],
        colours: Some(ColourBar { label: "Jb Jg".to_owned(), map, range }),
        aspect: Some(1.0),
        ..Panel::default()
    }
}

fn figure(course: &EigenvalueCourse) -> Figure {
    let end = course.points.last().map_or(1.0, |point| point.seen);
    let panel = |title: &str, which: &[usize]| {
        let line = |&which: &usize| Curve {
            label: NAMES[which].to_owned(),
            points: course.points.iter().map(|point| [point.seen, point.values[which]]).collect(),
        };
        let mut panel = curves(&Curves {
            title: title.to_owned(),
            labels: ["training presentations".to_owned(), "largest eigenvalue".to_owned()],
            scale: Scale::Linear,
            curves: which.iter().map(line).collect(),
        });
        let unity = Shape::Line { points: vec![[0.0, 1.0], [end, 1.0]], dash: Dash::Dashed };
        panel.marks.push(Mark::new("1", Ink::Black, unity));
        panel
    };
    let panels =
        vec![panel("weights and kernel as simulated", &[0, 1]), panel("as the paper's", &[2]), product(&course.last)];
    let title = "Largest eigenvalue of (I - Jb Jg)T (I - Jb Jg)".to_owned();
    Figure { title, ..sheet(vec![panels]) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::hdf5::CreditTable;

    /// Of J_b J_g = 0.25 I, (I − M)ᵀ(I − M) is 0.5625 I; under the paper's scaling M is I, and nothing is left.
    #[test]
    fn the_papers_scaling_is_that_of_both_weights() {
        let product = vec![0.25, 0.0, 0.0, 0.25];
        let table = CreditTable {
            eigenvalues: vec![(100, 0.5625, 0.5625), (200, 1.2, 1.2), (300, 0.5, 0.5)],
            products: vec![product.clone(), product.clone(), product],
            ..CreditTable::default()
        };
        let course = EigenvalueCourse::of(&CreditMeasurement { table, labels: Vec::new(), epoch: 200 });
        assert!(course.points[0].values[2].abs() < 1e-12);
        assert!((course.below(0, course.epochs()[0].clone()) - 50.0).abs() < 1e-12);
    }
}
