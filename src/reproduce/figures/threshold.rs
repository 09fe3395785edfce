//! Threshold somata and threshold outputs learn by the rule of two phases: potentials of a hidden and an output neuron after an
//! epoch, and the test error beside that of the same network with escape rates.

use serde::Serialize;
use serde_json::json;

use super::phases::on_its_own;
use super::traces::PopulationTraces;
use crate::plot::gallery;
use crate::plot::recorded::trials;
use crate::reproduce::figure::mean_and_spread;
use crate::reproduce::{
    ComparedNumber, FigureTask, PublishedFigure, ReproduceError, ReproducedFigure, RunLength, RunSpec, TrainedRun,
};

pub(in crate::reproduce) const FIGURE: PublishedFigure = PublishedFigure {
    name: "threshold",
    about: "784-500-10 with threshold somata and threshold outputs after one epoch: potentials and test error",
    seeds: [&[1, 2, 3], &[1]],
    run: draw,
};

/// The networks, each with its name in the table.
const NETWORKS: [(&str, &str); 2] = [("threshold somata", "threshold-784-500-10"), ("escape rates", "g17-784-500-10")];

/// What is kept with the figure of each network.
#[derive(Serialize)]
struct NetworkResult {
    /// Its shipped model.
    model: &'static str,
    /// Test error after one epoch, by seed [%].
    test_error_percent: Vec<f64>,
}

fn draw(task: &FigureTask<'_>) -> Result<ReproducedFigure, ReproduceError> {
    let (length, overrides): (_, &'static [&'static str]) = if task.quick {
        (RunLength { epochs: 1, images: Some(1_000), tested: Some(300) }, &["recording.presentations=990:1000"])
    } else {
        (RunLength { epochs: 1, images: None, tested: None }, &["recording.presentations=59990:60000"])
    };
    let spec = |model, seed| RunSpec { variant: "last-10", overrides, ..RunSpec::of(model, length, seed) };
    let specs = NETWORKS.iter().flat_map(|(_, model)| task.seeds.iter().map(|&seed| spec(*model, seed)));
    let runs = task.train_runs(&specs.collect::<Vec<_>>())?;
    let (mut numbers, mut results) = (Vec::new(), Vec::new());
    for ((name, model), runs) in NETWORKS.into_iter().zip(runs.chunks(task.seeds.len())) {
        let errors = runs.iter().filter_map(|run| run.checkpoint.curve.last()).map(|last| last.test_error);
        let test_error_percent: Vec<f64> = errors.collect();
        let measured = mean_and_spread(&test_error_percent, 2);
        numbers.push(ComparedNumber::new(format!("{name}: test error after one epoch [%]"), "not published", measured));
        results.push(NetworkResult { model, test_error_percent });
    }
    Ok(ReproducedFigure { figure: potentials(&runs[0])?, numbers, results: json!(results) })
}

/// Potentials of the hidden neuron with the largest difference between its plateaus, and of the output neuron of the label, in the
/// last presentation.
fn potentials(run: &TrainedRun) -> Result<crate::plot::Figure, ReproduceError> {
    let (hidden, output) = (PopulationTraces::of(run, "hidden")?, PopulationTraces::of(run, "output")?);
    let row = on_its_own(hidden.window.shown[0]);
    let (neuron, label) = (hidden.largest_difference()?, usize::from(row.label.unwrap_or_default()));
    let mut traces = hidden.compartments(neuron, "hidden, ", &["apical", "soma", "basal"])?;
    traces.extend(output.compartments(label, "output, ", &["soma", "dendrite"])?);
    let mut figure = gallery::traces(&traces, &trials(&run.model, &[row]), [0.0, row.end_ms()]);
    figure.title = format!("Hidden neuron {neuron} and the output neuron of the label, {label}, with thresholds");
    Ok(figure)
}
