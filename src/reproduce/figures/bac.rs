//! A burst by coincidence: a somatic and a dendritic input that alone make one spike and none make a plateau and a burst together, unless
//! inhibition of the dendrite prevents it.
//!
//! Larkum, Zhu & Sakmann (1999), Nature 398:338, whose abstract has what is compared. The cell is a caricature by events, whose
//! parameters are chosen: its numbers are those of this model.

use serde::Serialize;
use serde_json::json;

use crate::cells::MarkKind;
use crate::model::Model;
use crate::plot::gallery::sheet;
use crate::plot::{Axis, Dash, Dot, Figure, Ink, Mark, Panel, Row, Shade, Shape, Ticks};
use crate::reproduce::{
    CircuitRun, CircuitSpec, CircuitSpikes, ComparedNumber, FigureTask, PublishedFigure, ReproduceError,
    ReproducedFigure,
};
use crate::training::initial_network;

pub(in crate::reproduce) const FIGURE: PublishedFigure = PublishedFigure {
    name: "bac",
    about: "bursts by coincidence of somatic and dendritic input, as events (after Larkum, Zhu & Sakmann 1999)",
    seeds: [&[1], &[1]],
    run: draw,
};

/// An input, or both, with what was published of it.
struct Condition {
    title: &'static str,
    variant: &'static str,
    overrides: &'static [&'static str],
    published: &'static str,
}

const CONDITIONS: [Condition; 4] = [
    Condition {
        title: "A  somatic current alone",
        variant: "soma",
        overrides: &["projection.epsp-pyramidal.weights.value=0"],
        published: "a single action potential",
    },
    Condition {
        title: "B  dendritic input alone",
        variant: "dendrite",
        overrides: &["population.pyramidal.stimulus.currents_pa=[0, 0]"],
        published: "subthreshold",
    },
    Condition { title: "C  both", variant: "", overrides: &[], published: "a burst" },
    Condition {
        title: "D  both, and inhibition",
        variant: "inhibition",
        overrides: &["projection.ipsp-pyramidal.weights.value=-4000"],
        published: "no burst",
    },
];

/// Spacing of the potentials that are drawn, and what of the run is drawn [ms].
const EVERY_MS: f64 = 0.1;
const DRAWN_MS: [f64; 2] = [40.0, 110.0];

/// Onsets of dendritic inputs that are tried [ms], one for each of so many cells.
const ONSETS_MS: [f64; 2] = [20.0, 80.0];
const CELLS: [usize; 2] = [600, 200];

/// A cell whose dendritic input came at another time than the somatic one.
#[derive(Clone, Copy, Debug, Serialize)]
struct DelayedInput {
    /// Onset of the dendritic input after the first spike [ms].
    delay_ms: f64,
    /// Number of spikes.
    spikes: usize,
    /// Whether a plateau came.
    plateau: bool,
}

/// What is kept with the figure.
#[derive(Serialize)]
struct BacResult {
    /// Spikes with the somatic current alone, with the dendritic input alone, with both, and with inhibition of the dendrite.
    spikes: Vec<usize>,
    /// Lengths of bursts from the first to the last spike [ms].
    bursts_ms: Vec<f64>,
    /// Delays of the dendritic input after the first spike between which there is a burst [ms].
    window_ms: [f64; 2],
    /// Each cell, by delay.
    delayed: Vec<DelayedInput>,
}

fn draw(task: &FigureTask<'_>) -> Result<ReproducedFigure, ReproduceError> {
    let seed = task.seeds[0];
    let (mut columns, mut numbers, mut spikes, mut bursts_ms) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for condition in &CONDITIONS {
        let overrides = condition.overrides.iter().map(|&key| key.to_owned()).collect();
        let spec = CircuitSpec { model: "bac", variant: condition.variant, overrides, seed };
        let run = task.simulate_sampled(&spec, Some(EVERY_MS))?;
        let cell = pyramidal(&run);
        let quantity = format!("{}: spikes", &condition.title[3..]);
        numbers.push(ComparedNumber::new(quantity, condition.published, cell.times.len().to_string()));
        spikes.push(cell.times.len());
        let bursts = cell.marks.iter().filter(|mark| mark.kind == MarkKind::Burst);
        bursts_ms.extend(bursts.map(|mark| mark.stop - mark.start));
        columns.push(traces(condition, cell));
    }
    let delayed = delayed(task, seed)?;
    let of_bursts = || delayed.iter().filter(|cell| cell.spikes > 1).map(|cell| cell.delay_ms);
    let window_ms = [of_bursts().fold(f64::NAN, f64::min), of_bursts().fold(f64::NAN, f64::max)];
    let measured = format!("{:.1} to {:.1}", window_ms[0], window_ms[1]);
    numbers.push(ComparedNumber::new(
        "delay of the dendritic input after the first spike, with a burst [ms]",
        "within several ms",
        measured,
    ));
    let rows = [(1.0, columns), (0.8, vec![window(&delayed)])];
    let figure = Figure {
        title: "Bursts by coincidence of somatic and dendritic input".to_owned(),
        rows: rows.into_iter().map(|(height, panels)| Row { height, panels }).collect(),
        size: [1300, 680],
        ..sheet(Vec::new())
    };
    let results = BacResult { spikes, bursts_ms, window_ms, delayed };
    Ok(ReproducedFigure { figure, numbers, results: json!(results) })
}

/// The pyramidal cells of a run.
fn pyramidal(run: &CircuitRun) -> &CircuitSpikes {
    &run.populations[2]
}

/// Cells whose dendritic inputs come at times of their own, by delay.
fn delayed(task: &FigureTask<'_>, seed: u64) -> Result<Vec<DelayedInput>, ReproduceError> {
    let [low, high] = ONSETS_MS;
    let overrides = vec![
        format!("population.pyramidal.size={}", CELLS[usize::from(task.quick)]),
        "projection.epsp-pyramidal.storage=sparse".to_owned(),
        format!("projection.epsp-pyramidal.delay_ms={{ from = 'uniform', low = {low}, high = {high} }}"),
    ];
    let spec = CircuitSpec { model: "bac", variant: "delays", overrides, seed };
    let (run, model) = (task.simulate(&spec)?, spec.model()?);
    let cells = pyramidal(&run);
    let mut delayed: Vec<_> = onsets(&model, seed)?.iter().filter_map(|&onset| of_cell(cells, onset)).collect();
    delayed.sort_by(|a, b| a.delay_ms.total_cmp(&b.delay_ms));
    Ok(delayed)
}

/// Cells and when their dendritic inputs arrive [ms].
fn onsets(model: &Model, seed: u64) -> Result<Vec<(u64, f64)>, ReproduceError> {
    let network = initial_network(model, seed)?;
    let sparse = network.synapses.iter().filter_map(|synapses| synapses.sparse());
    let onset = |(list, step): (Vec<_>, f64)| -> Vec<(u64, f64)> {
        let one =
            |synapse: &crate::network::ListedSynapse| (u64::from(synapse.target), f64::from(synapse.delay) * step);
        list.iter().map(one).collect()
    };
    Ok(sparse.map(|sparse| (sparse.list().collect(), sparse.resolution_ms())).flat_map(onset).collect())
}

/// What a cell did whose dendritic input arrived at this time; none where it did not fire.
fn of_cell(cells: &CircuitSpikes, (neuron, onset): (u64, f64)) -> Option<DelayedInput> {
    let mut times = cells.times.iter().zip(&cells.neurons).filter(|(_, of)| **of == neuron).map(|(time, _)| *time);
    let first = times.next()?;
    let plateau = cells.marks.iter().any(|mark| mark.kind == MarkKind::Plateau && u64::from(mark.neuron) == neuron);
    Some(DelayedInput { delay_ms: onset - first, spikes: 1 + times.count(), plateau })
}

/// Potentials of both compartments, with spikes as strokes and the plateau shaded.
fn traces(condition: &Condition, cell: &CircuitSpikes) -> Panel {
    let line = |compartment: usize| -> Vec<[f64; 2]> {
        let potentials = cell.traces.iter().skip(compartment).step_by(2).enumerate();
        let points = potentials.map(|(sample, &v)| [sample as f64 * EVERY_MS, f64::from(v)]);
        points.filter(|[t, _]| (DRAWN_MS[0]..DRAWN_MS[1]).contains(t)).collect()
    };
    let strokes = cell.times.iter().flat_map(|&t| [[t, -52.0], [t, 10.0], [f64::NAN; 2]]).collect();
    let plateaus = cell.marks.iter().filter(|mark| mark.kind == MarkKind::Plateau);
    Panel {
        title: condition.title.to_owned(),
        x: Axis::linear("time (ms)", DRAWN_MS),
        y: Axis::linear("potential (mV)", [-75.0, 15.0]),
        shades: plateaus
            .map(|mark| Shade { range: [mark.start, mark.stop], label: "plateau".to_owned(), ink: Ink::Orange })
            .collect(),
        marks: vec![
            Mark::new("apical dendrite", Ink::Vermillion, Shape::line(line(1))),
            Mark::new("soma", Ink::Black, Shape::line(line(0))),
            Mark::new("", Ink::Black, Shape::Line { points: strokes, dash: Dash::Solid }),
        ],
        ..Panel::default()
    }
}

/// Number of spikes against the delay of the dendritic input.
fn window(delayed: &[DelayedInput]) -> Panel {
    let points = delayed.iter().map(|cell| [cell.delay_ms, cell.spikes as f64]).collect();
    Panel {
        title: "E  at other delays".to_owned(),
        x: Axis::linear("onset of the dendritic input after the first spike (ms)", [-35.0, 26.0]),
        y: Axis::from_zero("spikes", delayed.iter().map(|cell| cell.spikes as f64)).ticks(Ticks::Whole),
        marks: vec![Mark::new("a cell", Ink::Blue, Shape::Dots { points, dot: Dot::Circle })],
        ..Panel::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_measured_by_its_own_spikes() {
        let cells = CircuitSpikes {
            size: 2,
            times: vec![54.0, 54.5, 63.0],
            neurons: vec![1, 0, 1],
            ..CircuitSpikes::default()
        };
        let found = of_cell(&cells, (1, 50.0)).unwrap();
        assert_eq!((found.delay_ms.to_bits(), found.spikes, found.plateau), ((-4.0_f64).to_bits(), 2, false));
        assert!(of_cell(&cells, (2, 50.0)).is_none());
    }
}
