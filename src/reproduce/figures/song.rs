//! Competition between synapses by spike-timing-dependent plasticity: weights become bimodal, and the neuron's rate depends little on the
//! rate of its inputs.
//!
//! Song, Miller & Abbott (2000), Nature Neuroscience 3:919, with currents in place of conductances; the rate beside it is that
//! of weights which do not learn, all equal to the mean weight that learning at 10 Hz led to.

use serde::Serialize;
use serde_json::json;

use crate::plot::gallery::histograms;
use crate::plot::{Axis, Dash, Dot, Figure, Ink, Mark, Panel, Row, Shape};
use crate::reproduce::{
    CircuitRun, CircuitSpec, ComparedNumber, FigureTask, PublishedFigure, ReproduceError, ReproducedFigure,
    mean_and_spread,
};

pub(in crate::reproduce) const FIGURE: PublishedFigure = PublishedFigure {
    name: "song-2000",
    about: "STDP of 1,000 Poisson inputs onto one neuron: weights and rates over input rates (Song, Miller & Abbott 2000)",
    seeds: [&[1, 2, 3], &[1]],
    run: draw,
};

/// Rates of the inputs [Hz], and the names of their runs.
const INPUTS: [(u32, [&str; 2]); 4] = [
    (10, ["10-hz", "10-hz-fixed"]),
    (20, ["20-hz", "20-hz-fixed"]),
    (30, ["30-hz", "30-hz-fixed"]),
    (40, ["40-hz", "40-hz-fixed"]),
];

/// Largest weight of the model [pA].
const W_MAX: f64 = 9.0;

/// Model time in which weights settle [ms], and that in which rates are measured.
const LEARNING_MS: f64 = 1e6;
const MEASURED_MS: f64 = 2e4;

/// What is kept with the figure of each run.
#[derive(Clone, Serialize)]
struct SongResult {
    /// Seed.
    seed: u64,
    /// Rate of the inputs [Hz].
    input_hz: u32,
    /// Rate of the neuron at the end [Hz].
    rate_hz: f64,
    /// The same of equal weights that do not learn [Hz].
    fixed_rate_hz: f64,
    /// CV of its intervals at the end.
    cv: f64,
    /// Mean weight over the largest one.
    mean_weight: f64,
    /// Share of weights below a fifth of the largest one.
    weak: f64,
    /// Share of weights above four fifths of it.
    strong: f64,
}

fn draw(task: &FigureTask<'_>) -> Result<ReproducedFigure, ReproduceError> {
    let (mut results, mut groups) = (Vec::new(), Vec::new());
    for &seed in task.seeds {
        let mut fixed_weight = None;
        for (input_hz, [learning, fixed]) in INPUTS {
            let run = task.simulate(&learning_spec(input_hz, learning, task.quick, seed))?;
            let weights = relative_weights(&run);
            let mean = weights.iter().sum::<f64>() / weights.len() as f64;
            let value = *fixed_weight.get_or_insert(mean * W_MAX);
            let beside = task.simulate(&fixed_spec(input_hz, fixed, value, seed))?;
            results.push(measured(seed, input_hz, &run, &weights, rate_hz(&beside)));
            if seed == task.seeds[0] && [10, 40].contains(&input_hz) {
                groups.push((format!("inputs of {input_hz} Hz"), weights));
            }
        }
    }
    let numbers = INPUTS.iter().flat_map(|&(input_hz, _)| compared(input_hz, &results)).collect();
    Ok(ReproducedFigure { figure: figure(&groups, &results), numbers, results: json!(results) })
}

fn learning_spec(input_hz: u32, variant: &'static str, quick: bool, seed: u64) -> CircuitSpec {
    let learning = if quick { 0.1 * LEARNING_MS } else { LEARNING_MS };
    let overrides = vec![
        format!("population.inputs.stimulus.rate_hz={input_hz}"),
        format!("protocol.warmup_ms={learning}"),
        format!("protocol.duration_ms={MEASURED_MS}"),
    ];
    CircuitSpec { model: "song-2000", variant, overrides, seed }
}

/// The same inputs over equal weights that do not learn.
fn fixed_spec(input_hz: u32, variant: &'static str, value: f64, seed: u64) -> CircuitSpec {
    let overrides = vec![
        format!("population.inputs.stimulus.rate_hz={input_hz}"),
        format!("projection.inputs-cell.weights={value}"),
        "projection.inputs-cell.plasticity={ kind = \"stdp\", w_max = 9, a_plus = 0, a_minus = 0 }".to_owned(),
        "protocol.warmup_ms=1000".to_owned(),
        format!("protocol.duration_ms={MEASURED_MS}"),
    ];
    CircuitSpec { model: "song-2000", variant, overrides, seed }
}

/// Weights over the largest one.
fn relative_weights(run: &CircuitRun) -> Vec<f64> {
    let matrix = run.network.synapses[0].matrix();
    matrix.to_matrix().iter().map(|&weight| f64::from(weight) / W_MAX).collect()
}

/// Rate of the neuron [Hz].
fn rate_hz(run: &CircuitRun) -> f64 {
    run.populations[1].mean_rate(&run.span)
}

fn measured(seed: u64, input_hz: u32, run: &CircuitRun, weights: &[f64], fixed_rate_hz: f64) -> SongResult {
    let share = |of: &dyn Fn(f64) -> bool| weights.iter().filter(|&&w| of(w)).count() as f64 / weights.len() as f64;
    SongResult {
        seed,
        input_hz,
        rate_hz: rate_hz(run),
        fixed_rate_hz,
        cv: run.populations[1].variability(&run.span).map_or(f64::NAN, |of| of.cv),
        mean_weight: weights.iter().sum::<f64>() / weights.len() as f64,
        weak: share(&|w| w < 0.2),
        strong: share(&|w| w > 0.8),
    }
}

fn compared(input_hz: u32, results: &[SongResult]) -> Vec<ComparedNumber> {
    let of_rate: Vec<_> = results.iter().filter(|result| result.input_hz == input_hz).collect();
    let row = |quantity: &str, published: &str, digits, of: fn(&SongResult) -> f64| {
        let values: Vec<f64> = of_rate.iter().map(|&result| of(result)).collect();
        ComparedNumber::new(format!("inputs of {input_hz} Hz: {quantity}"), published, mean_and_spread(&values, digits))
    };
    vec![
        row("rate of the neuron [Hz]", "picture", 1, |of| of.rate_hz),
        row("rate with equal fixed weights [Hz]", "not given", 1, |of| of.fixed_rate_hz),
        row("CV of its intervals", "irregular", 2, |of| of.cv),
        row("weights below a fifth of the largest [%]", "bimodal (picture)", 1, |of| 100.0 * of.weak),
        row("weights above four fifths of it [%]", "bimodal (picture)", 1, |of| 100.0 * of.strong),
    ]
}

/// The weights at two rates, and the rate of the neuron over that of its inputs.
fn figure(groups: &[(String, Vec<f64>)], results: &[SongResult]) -> Figure {
    let mut weights = histograms("Weights at the end", "weight / largest weight", groups);
    "synapses (%)".clone_into(&mut weights.y.label);
    let rows = vec![Row { height: 1.0, panels: vec![weights, rates(results)] }];
    let title = "One neuron, 1,000 inputs that learn by STDP, as currents (the paper: conductances)".to_owned();
    Figure { title, rows, size: [1200, 520], ..Figure::of(Vec::new()) }
}

fn rates(results: &[SongResult]) -> Panel {
    let mean = |of: fn(&SongResult) -> f64| -> Vec<[f64; 2]> {
        let point = |&(input_hz, _): &(u32, [&str; 2])| {
            let values: Vec<f64> = results.iter().filter(|r| r.input_hz == input_hz).map(of).collect();
            [f64::from(input_hz), values.iter().sum::<f64>() / values.len() as f64]
        };
        INPUTS.iter().map(point).collect()
    };
    let each = results.iter().map(|result| [f64::from(result.input_hz), result.rate_hz]).collect();
    let (learning, fixed) = (mean(|of| of.rate_hz), mean(|of| of.fixed_rate_hz));
    let highest = learning.iter().chain(&fixed).map(|point| point[1]).collect::<Vec<_>>();
    Panel {
        title: "Rate of the neuron".to_owned(),
        x: Axis::linear("rate of the inputs (Hz)", [5.0, 45.0]),
        y: Axis::from_zero("rate (Hz)", highest),
        marks: vec![
            Mark::new("learning", Ink::Blue, Shape::Line { points: learning, dash: Dash::Solid }),
            Mark::new("each seed", Ink::Blue, Shape::Dots { points: each, dot: Dot::Circle }),
            Mark::new("fixed equal weights", Ink::Orange, Shape::Line { points: fixed, dash: Dash::Dashed }),
        ],
        ..Panel::default()
    }
}
