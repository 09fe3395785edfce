//! One function per kind of figure, from plain data to a [`Figure`](super::Figure).

mod activity;
mod correlation;
mod credit;
mod curves;
mod events;
mod histograms;
mod learning;
mod plateaus;
mod raster;
mod scatter;
mod spectrum;
mod traces;
mod validation;
mod weights;

pub use activity::{Activity, Intervals, PhaseRates, isi, rates};
pub use correlation::{PopulationCorrelations, correlations};
pub use credit::angles;
pub use curves::{Curve, Curves, NamedValue, curves, named_values, sheet};
pub use events::{DrawnEvent, EventSpan, NeuronEvent};
pub use histograms::histograms;
pub use learning::{CurvePoint, confusion, learning, phases};
pub use plateaus::{PlateauPairs, plateaus};
pub use raster::{RasterPopulation, raster};
pub use scatter::scatter;
pub use spectrum::{PopulationSpectrum, spectra};
pub use traces::{Level, NeuronTraces, Pull, traces};
pub use validation::{Validated, validation};
pub use weights::{WeightLayout, receptive_fields, weights};

use super::{Axis, Caption, Ink, Panel, Shade, Shape, Ticks};

/// A presentation on the run's clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrialPhases {
    /// Start [ms].
    pub start: f64,
    /// End of the forward phase [ms].
    pub forward_end: f64,
    /// End of the target phase, if one was shown [ms].
    pub target_end: Option<f64>,
    /// Label, if it has one.
    pub label: Option<u8>,
    /// The answer.
    pub decoded: u8,
}

/// Ink of what belongs to the forward phase.
const FORWARD: Ink = Ink::Blue;
/// Ink of what belongs to the target phase.
const TARGET: Ink = Ink::Vermillion;

/// An axis of time on the run's clock.
fn time(window: [f64; 2]) -> Axis {
    Axis::linear("time (ms)", window)
}

/// The phases of presentations within a window of time [ms].
pub fn shades(trials: &[TrialPhases], [from, to]: [f64; 2]) -> Vec<Shade> {
    let shade = |start: f64, end: f64, label: &str, ink| Shade {
        range: [start.max(from), end.min(to)],
        label: label.to_owned(),
        ink,
    };
    let phases = trials.iter().flat_map(|trial| {
        let forward = shade(trial.start, trial.forward_end, "forward", Ink::Grey);
        [Some(forward), trial.target_end.map(|end| shade(trial.forward_end, end, "target", Ink::SkyBlue))]
    });
    phases.flatten().filter(|shade| shade.range[0] < shade.range[1]).collect()
}

/// Labels and answers above presentations that lie within a window of time in full [ms].
fn captions(trials: &[TrialPhases], [from, to]: [f64; 2]) -> Vec<Caption> {
    let whole = trials.iter().filter(|trial| trial.start >= from - 1e-9 && end(trial) <= to + 1e-9);
    let caption = |trial: &TrialPhases| {
        let answer = trial.decoded;
        let texts = match trial.label {
            Some(label) => vec![format!("shown {label}, answered {answer}"), format!("{label} → {answer}")],
            None => vec![format!("answered {answer}"), answer.to_string()],
        };
        Caption { range: [trial.start, end(trial)], texts }
    };
    whole.map(caption).collect()
}

/// A panel of a column that shares the axis of time: presentations and phases are named at the first panel, the axis at the
/// last.
fn stacked(panel: Panel, [place, count]: [usize; 2], trials: &[TrialPhases], window: [f64; 2]) -> Panel {
    let mut panel = panel;
    if place + 1 < count {
        panel.x = Axis { label: String::new(), ..panel.x.ticks(Ticks::Silent) };
    }
    if place == 0 {
        panel.captions = captions(trials, window);
    } else {
        panel.shades.iter_mut().for_each(|shade| shade.label.clear());
    }
    panel
}

fn end(trial: &TrialPhases) -> f64 {
    trial.target_end.unwrap_or(trial.forward_end)
}

/// A histogram as shares of the whole [%].
fn percentages(counts: &[u64]) -> Vec<f64> {
    let all = counts.iter().sum::<u64>().max(1) as f64;
    counts.iter().map(|&count| 100.0 * count as f64 / all).collect()
}

/// A line across a plot at one x.
fn upright(x: f64, [low, high]: [f64; 2]) -> Shape {
    Shape::Line { points: vec![[x, low], [x, high]], dash: super::Dash::Dashed }
}
