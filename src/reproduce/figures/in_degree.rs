//! How many inputs a hidden cell needs: test error of 784-500-10 against the in-degree of its hidden cells, whose inputs are drawn at
//! random, after the same number of presentations.

use serde::Serialize;
use serde_json::json;

use crate::plot::gallery::sheet;
use crate::plot::{Axis, Dash, Dot, Figure, Ink, Mark, Panel, Scale, Shape, Ticks};
use crate::reproduce::figure::mean_and_spread;
use crate::reproduce::{
    ComparedNumber, FigureTask, PublishedFigure, ReproduceError, ReproducedFigure, RunLength, RunSpec,
};

pub(in crate::reproduce) const FIGURE: PublishedFigure = PublishedFigure {
    name: "in-degree",
    about: "test error of 784-500-10 against the number of inputs that reach each hidden cell",
    seeds: [&[1, 2, 3], &[1]],
    run: draw,
};

/// An in-degree of the hidden cells, and the model with it.
#[derive(Clone, Copy)]
struct Degree {
    synapses: u32,
    model: &'static str,
    variant: &'static str,
    overrides: &'static [&'static str],
}

/// All sparse networks learn at the hidden rate of the shipped one, 6. On 1,000 to 2,000 images of the last 5,000
/// for training, after 5,000 others, none of the rates that were tried was better beyond chance: at in-degree 24 the errors were 49, 38, 36, 46 and 88 % at rates 0.6, 2, 6, 15 and 40, at in-degree 8
/// 68, 61, 61 and 68 % at 0.6, 2, 6 and 15.
const DEGREES: [Degree; 4] = [
    Degree {
        synapses: 8,
        model: "sparse-784-500-10",
        variant: "8",
        overrides: &["projection.input-hidden.connection.in_degree=8"],
    },
    Degree {
        synapses: 24,
        model: "sparse-784-500-10",
        variant: "24",
        overrides: &["projection.input-hidden.connection.in_degree=24"],
    },
    Degree { synapses: 78, model: "sparse-784-500-10", variant: "", overrides: &[] },
    Degree { synapses: 784, model: "g17-784-500-10", variant: "", overrides: &[] },
];

/// What is kept with the figure of each in-degree.
#[derive(Serialize)]
struct DegreeResult {
    /// Inputs of each hidden cell.
    in_degree: u32,
    /// Test error at the end, by seed [%].
    test_error_percent: Vec<f64>,
}

fn draw(task: &FigureTask<'_>) -> Result<ReproducedFigure, ReproduceError> {
    let length = if task.quick {
        RunLength { epochs: 1, images: Some(1_000), tested: Some(300) }
    } else {
        RunLength { epochs: 1, images: None, tested: None }
    };
    let spec = |of: Degree, seed| RunSpec {
        variant: of.variant,
        overrides: of.overrides,
        ..RunSpec::of(of.model, length, seed)
    };
    let specs = DEGREES.iter().flat_map(|&of| task.seeds.iter().map(move |&seed| spec(of, seed)));
    let runs = task.train_runs(&specs.collect::<Vec<_>>())?;
    let result = |(of, runs): (&Degree, &[_])| DegreeResult {
        in_degree: of.synapses,
        test_error_percent: runs.iter().filter_map(last_error).collect(),
    };
    let results: Vec<_> = DEGREES.iter().zip(runs.chunks(task.seeds.len())).map(result).collect();
    let number = |result: &DegreeResult| {
        let quantity = format!("{} inputs of each hidden cell: test error after one epoch [%]", result.in_degree);
        ComparedNumber::new(quantity, "not published", mean_and_spread(&result.test_error_percent, 2))
    };
    let title = "Test error against the in-degree of hidden cells".to_owned();
    let figure = Figure { title, ..sheet(vec![vec![panel(&results)]]) };
    Ok(ReproducedFigure { figure, numbers: results.iter().map(number).collect(), results: json!(results) })
}

fn last_error(run: &crate::reproduce::TrainedRun) -> Option<f64> {
    run.checkpoint.curve.last().map(|evaluation| evaluation.test_error)
}

/// The error of every seed, and a line through the means.
fn panel(results: &[DegreeResult]) -> Panel {
    let mean = |errors: &[f64]| errors.iter().sum::<f64>() / errors.len() as f64;
    let means = results.iter().map(|result| [f64::from(result.in_degree), mean(&result.test_error_percent)]);
    let each = results
        .iter()
        .flat_map(|result| result.test_error_percent.iter().map(|&error| [f64::from(result.in_degree), error]));
    let each: Vec<_> = each.collect();
    let names = results.iter().map(|result| (f64::from(result.in_degree), result.in_degree.to_string())).collect();
    let x = Axis { scale: Scale::Log, ..Axis::linear("inputs of each hidden cell", [5.0, 1250.0]) };
    Panel {
        x: x.ticks(Ticks::Named(names)),
        y: Axis::from_zero("test error (%)", each.iter().map(|point| point[1])),
        marks: vec![
            Mark::new("mean", Ink::Blue, Shape::Line { points: means.collect(), dash: Dash::Solid }),
            Mark::new("each seed", Ink::Blue, Shape::Dots { points: each, dot: Dot::Circle }),
        ],
        ..Panel::default()
    }
}
