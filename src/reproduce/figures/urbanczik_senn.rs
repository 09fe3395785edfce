//! Learning by the dendritic prediction of somatic spiking: a neuron whose dendrite gets a pattern of spikes again and again, and whose soma
//! is taught a potential that varies in time, makes that potential by itself afterwards.
//!
//! Urbanczik & Senn (2014), Neuron 81:521, Figure 1, with a current as the teacher: `models/urbanczik-senn.toml` says what that changes. A
//! presentation of the pattern is a trial; errors are of copies of the neuron that are shown the pattern without a teacher.

use std::sync::Arc;

use serde::Serialize;
use serde_json::json;

use crate::engine::{Circuit, Lane, Limits, Precision};
use crate::model::Model;
use crate::network::Network;
use crate::numeric::{PresentationKey, Purpose, StreamKey, ln};
use crate::plot::{Axis, Dash, Figure, Ink, Mark, Panel, Row, Shape};
use crate::protocol::{CurrentCourse, KeptSpikes, Phase, Sampling, Spike, Stimulus, Trial};
use crate::reproduce::{
    CircuitSpec, ComparedNumber, FigureTask, PublishedFigure, ReproduceError, ReproducedFigure, mean_and_spread,
};
use crate::training::initial_network;

pub(in crate::reproduce) const FIGURE: PublishedFigure = PublishedFigure {
    name: "urbanczik-senn",
    about: "a dendrite that learns to predict its soma, by a pattern of spikes and a teacher (Urbanczik & Senn 2014)",
    seeds: [&[1, 2, 3, 4, 5], &[1]],
    run: draw,
};

/// Length of the pattern [ms], the rate of its trains [1/ms], and periods of the teacher in it.
const PATTERN_MS: f64 = 200.0;
const RATE: f64 = 0.01;
const PERIODS: f64 = 2.0;

/// Presentations that are learnt from, and between two looks at the error.
const PRESENTATIONS: [u64; 2] = [2000, 200];
const BETWEEN_LOOKS: [u64; 2] = [50, 20];

/// Potential at rest, and mean and amplitude of the teacher's [mV].
const REST: f64 = -70.0;
const MEAN: f64 = -58.0;
const AMPLITUDE: f64 = 9.0;

/// The teaching conductance [nS], and the part of the teacher's deviation from rest that the soma makes by itself: as in the model.
const TEACHING: f64 = 4.5;
const FREE: f64 = 0.7;

/// Time between steps of the teacher's current, and between samples [ms].
const STEP_MS: f64 = 1.0;

/// Somatic potential without a teacher over a pattern, [samples] [mV].
type SomaCourse = Vec<f64>;

/// What is kept with the figure of each seed.
#[derive(Clone, Debug, Serialize)]
struct PredictionResult {
    /// Seed.
    seed: u64,
    /// Presentations before each look.
    presentations: Vec<u64>,
    /// Root mean square of the somatic potential without a teacher less its target then [mV].
    error_mv: Vec<f64>,
    /// Correlation of both at the end.
    correlation: f64,
    /// Mean weight at the end [pA].
    mean_weight_pa: f64,
}

/// A neuron that learns, and its somatic potential before and after.
struct TaughtNeuron {
    result: PredictionResult,
    before: SomaCourse,
    after: SomaCourse,
}

fn draw(task: &FigureTask<'_>) -> Result<ReproducedFigure, ReproduceError> {
    let regressions: Vec<TaughtNeuron> =
        task.seeds.iter().map(|&seed| learn(task, seed)).collect::<Result<_, ReproduceError>>()?;
    let results: Vec<_> = regressions.iter().map(|of| of.result.clone()).collect();
    Ok(ReproducedFigure { figure: figure(&regressions), numbers: compared(&results), results: json!(results) })
}

/// The teacher's potential [mV].
fn teacher(t: f64) -> f64 {
    MEAN + AMPLITUDE * sine(PERIODS * t / PATTERN_MS)
}

/// sin(2π x) of x ≥ 0 to 0.2 %, by Bhāskara's formula: the same bits on every machine.
fn sine(x: f64) -> f64 {
    let (half, u) = ((2.0 * x).floor(), (2.0 * x).fract());
    let arc = 16.0 * u * (1.0 - u) / (5.0 - 4.0 * u * (1.0 - u));
    if half % 2.0 < 1.0 { arc } else { -arc }
}

/// Times of samples, in the middle of steps [ms].
fn times() -> impl Iterator<Item = f64> {
    (0..(PATTERN_MS / STEP_MS) as u32).map(|step| (f64::from(step) + 0.5) * STEP_MS)
}

/// The potential that the soma is to make by itself, [samples] [mV].
fn target() -> SomaCourse {
    times().map(|t| REST + FREE * (teacher(t) - REST)).collect()
}

/// Poisson trains of so many inputs, the same in each presentation.
fn pattern(seed: u64, inputs: u32) -> Vec<Spike> {
    let (presentation, purpose) = (PresentationKey::training(0), Purpose::Encoder(0));
    let mut stream = StreamKey { seed, purpose, presentation, phase: 0, block: 0 }.stream();
    let mut spikes = Vec::new();
    for neuron in 0..inputs {
        let mut time = -ln(stream.unit()) / RATE;
        while time < PATTERN_MS {
            spikes.push(Spike { time, neuron });
            time -= ln(stream.unit()) / RATE;
        }
    }
    spikes.sort_by(|a, b| a.time.total_cmp(&b.time));
    spikes
}

/// A circuit with its pattern.
struct PatternTask {
    circuit: Arc<Circuit>,
    spikes: Vec<Spike>,
}

impl PatternTask {
    /// Shows the pattern to a neuron at rest twice, without a teacher, and returns its somatic potential the second time.
    fn course(&self, network: &Network) -> SomaCourse {
        let stimuli = [Stimulus::Spikes(&self.spikes)];
        let silent = [CurrentCourse { population: 1, times_ms: &[0.0], currents_pa: &[0.0] }];
        let phases = [Phase { currents: &silent, ..Phase::new(PATTERN_MS, &stimuli) }];
        let sampling = Some(Sampling { first: 0.5 * STEP_MS, every: STEP_MS });
        let mut lane = Lane::new(&self.circuit);
        for index in 0..2 {
            let key = PresentationKey::test(0, index);
            lane.present(network, &Trial { key, phases: &phases, spikes: KeptSpikes::None, sampling });
        }
        lane.observation().traces[1].iter().step_by(2).map(|&v| f64::from(v)).collect()
    }

    /// Shows the pattern with the teacher.
    fn teach(&self, lane: &mut Lane, network: &mut Network, index: u64) {
        let stimuli = [Stimulus::Spikes(&self.spikes)];
        let times_ms: Vec<f64> = times().map(|t| t - 0.5 * STEP_MS).collect();
        let currents_pa: Vec<f64> = times().map(|t| TEACHING * (teacher(t) - REST)).collect();
        let taught = [CurrentCourse { population: 1, times_ms: &times_ms, currents_pa: &currents_pa }];
        let phases = [Phase { currents: &taught, ..Phase::new(PATTERN_MS, &stimuli) }];
        let key = PresentationKey::training(index);
        let trial = Trial { key, phases: &phases, spikes: KeptSpikes::None, sampling: None };
        lane.present_changing(network, &trial, &Limits::default());
    }
}

fn learn(task: &FigureTask<'_>, seed: u64) -> Result<TaughtNeuron, ReproduceError> {
    let spec = CircuitSpec { model: "urbanczik-senn", variant: "", overrides: Vec::new(), seed };
    let model: Model = spec.model()?;
    task.message(format_args!("urbanczik-senn, seed {seed}"));
    let mut network = initial_network(&model, seed)?;
    let circuit = Arc::new(Circuit::new(&model, seed, Precision::Double)?);
    let neuron = PatternTask { spikes: pattern(seed, model.populations[0].size as u32), circuit };
    let mut lane = Lane::new(&neuron.circuit);
    let (quick, wanted) = (usize::from(task.quick), target());
    let before = neuron.course(&network);
    let (mut presentations, mut error_mv) = (vec![0], vec![error(&before, &wanted)]);
    for index in 0..PRESENTATIONS[quick] {
        neuron.teach(&mut lane, &mut network, index);
        if (index + 1).is_multiple_of(BETWEEN_LOOKS[quick]) {
            task.check_interrupt()?;
            lane.settle_weights(&mut network);
            presentations.push(index + 1);
            error_mv.push(error(&neuron.course(&network), &wanted));
        }
    }
    let after = neuron.course(&network);
    let weights = network.synapses[0].matrix().to_matrix();
    let mean_weight_pa = weights.iter().map(|&w| f64::from(w)).sum::<f64>() / weights.len() as f64;
    let correlation = correlation(&after, &wanted);
    Ok(TaughtNeuron {
        result: PredictionResult { seed, presentations, error_mv, correlation, mean_weight_pa },
        before,
        after,
    })
}

/// Root mean square difference [mV].
fn error(found: &[f64], wanted: &[f64]) -> f64 {
    (found.iter().zip(wanted).map(|(a, b)| (a - b).powi(2)).sum::<f64>() / wanted.len() as f64).sqrt()
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let mean = |of: &[f64]| of.iter().sum::<f64>() / of.len() as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let product = |x: &[f64], mean_x: f64, y: &[f64], mean_y: f64| -> f64 {
        x.iter().zip(y).map(|(x, y)| (x - mean_x) * (y - mean_y)).sum()
    };
    product(a, mean_a, b, mean_b) / (product(a, mean_a, a, mean_a) * product(b, mean_b, b, mean_b)).sqrt()
}

fn compared(results: &[PredictionResult]) -> Vec<ComparedNumber> {
    let row = |quantity: &str, published: &str, digits, of: &dyn Fn(&PredictionResult) -> f64| {
        let values: Vec<f64> = results.iter().map(of).collect();
        ComparedNumber::new(quantity, published, mean_and_spread(&values, digits))
    };
    let wanted = target();
    let mean = wanted.iter().sum::<f64>() / wanted.len() as f64;
    let spread = error(&vec![mean; wanted.len()], &wanted);
    let at = |place: fn(&[f64]) -> Option<&f64>| {
        move |of: &PredictionResult| place(&of.error_mv).copied().unwrap_or(f64::NAN)
    };
    vec![
        row(
            "error of the soma without teacher before learning, root mean square [mV]",
            "picture",
            2,
            &at(<[f64]>::first),
        ),
        row("the same after learning [mV]", "follows the target (picture)", 2, &at(<[f64]>::last)),
        ComparedNumber::new("spread of the target, root mean square [mV]", "picture", format!("{spread:.2}")),
        row("correlation with the target after learning", "not given", 3, &|of| of.correlation),
    ]
}

fn figure(regressions: &[TaughtNeuron]) -> Figure {
    let mut panels: Vec<Panel> = regressions
        .first()
        .map(|of| vec![course("Before learning", &of.before), course("After learning", &of.after)])
        .unwrap_or_default();
    panels.push(errors(regressions));
    let title = "A dendrite that learns to predict its soma: the soma without teacher".to_owned();
    Figure { title, rows: vec![Row { height: 1.0, panels }], size: [1400, 480], ..Figure::of(Vec::new()) }
}

/// Somatic potential without a teacher, with its target.
fn course(title: &str, course: &[f64]) -> Panel {
    let points = |values: &[f64]| times().zip(values).map(|(t, &v)| [t, v]).collect();
    let line = |values: &[f64], dash| Shape::Line { points: points(values), dash };
    Panel {
        title: title.to_owned(),
        x: Axis::linear("time in the pattern (ms)", [0.0, PATTERN_MS]),
        y: Axis::linear("potential (mV)", [REST - 2.0, -48.0]),
        marks: vec![
            Mark::new("target", Ink::Orange, line(&target(), Dash::Dashed)),
            Mark::new("soma", Ink::Blue, line(course, Dash::Solid)),
        ],
        ..Panel::default()
    }
}

/// The error of each seed over presentations.
fn errors(regressions: &[TaughtNeuron]) -> Panel {
    let all = regressions.iter().flat_map(|of| of.result.error_mv.iter().copied());
    let last = regressions.iter().flat_map(|of| &of.result.presentations).copied().max().unwrap_or(1);
    let line = |(place, of): (usize, &TaughtNeuron)| {
        let points = of.result.presentations.iter().zip(&of.result.error_mv).map(|(&n, &e)| [n as f64, e]).collect();
        let name = if place == 0 { "each seed" } else { "" };
        Mark::new(name, Ink::Blue, Shape::Line { points, dash: Dash::Solid })
    };
    Panel {
        title: "Error".to_owned(),
        x: Axis::linear("presentations", [0.0, last as f64]),
        y: Axis::from_zero("root mean square (mV)", all),
        marks: regressions.iter().enumerate().map(line).collect(),
        ..Panel::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_teacher_is_a_sine() {
        for step in 0..400 {
            let x = f64::from(step) / 150.0;
            assert!((sine(x) - (2.0 * std::f64::consts::PI * x).sin()).abs() < 2e-3, "{x}");
        }
    }

    #[test]
    fn correlation_and_error_are_those_of_a_line() {
        let (a, b) = ([1.0, 2.0, 4.0], [3.0, 5.0, 9.0]);
        assert!((correlation(&a, &b) - 1.0).abs() < 1e-12 && (error(&a, &b) - (38.0_f64 / 3.0).sqrt()).abs() < 1e-12);
    }
}
