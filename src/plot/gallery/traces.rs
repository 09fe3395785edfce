//! Potentials of neurons, with their spikes, plateaus and teaching currents.

use super::events::event_shades;
use super::{EventSpan, TrialPhases, shades, stacked, time};
use crate::plot::{Axis, Dash, Dot, Figure, Ink, Mark, Panel, Shape};

/// Recorded traces and events of one neuron.
#[derive(Clone, Debug, Default)]
pub struct NeuronTraces {
    /// Its name: population and number.
    pub name: String,
    /// Unit of its potentials.
    pub unit: &'static str,
    /// Potentials by compartment: name and points (time [ms], potential).
    pub potentials: Vec<(String, Vec<[f64; 2]>)>,
    /// Spikes on the run's clock [ms].
    pub spikes: Vec<f64>,
    /// Plateaus, where it has an apical dendrite.
    pub plateaus: Vec<Level>,
    /// Teaching, where it is taught.
    pub teaching: Vec<Pull>,
    /// Events with a beginning and an end, which are shaded.
    pub events: Vec<EventSpan>,
}

/// A plateau: the mean of the apical potential over the end of a phase.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// When averaging began [ms].
    pub from: f64,
    /// End of the phase [ms].
    pub to: f64,
    /// α = sigmoid(mean apical potential).
    pub alpha: f64,
}

/// A teaching current g (E − U) into the soma.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pull {
    /// Start of the target phase [ms].
    pub from: f64,
    /// Its end [ms].
    pub to: f64,
    /// Reversal potential E.
    pub reversal: f64,
}

/// Potentials of neurons one above the other over a window of time [ms], phases shaded.
pub fn traces(neurons: &[NeuronTraces], trials: &[TrialPhases], window: [f64; 2]) -> Figure {
    let mut explained: Vec<String> = Vec::new();
    let panel = |(i, neuron): (usize, &NeuronTraces)| {
        let mut panel = stacked(panel(neuron, trials, window), [i, neurons.len()], trials, window);
        let labels: Vec<_> = panel.marks.iter().map(|mark| mark.label.clone()).collect();
        if labels.iter().all(|label| explained.contains(label)) {
            panel.marks.iter_mut().for_each(|mark| mark.label.clear());
        } else {
            explained = labels;
        }
        vec![panel]
    };
    let size = [1000, 160 + 190 * neurons.len() as u32];
    Figure { size, ..Figure::of(neurons.iter().enumerate().map(panel).collect()) }
}

fn panel(neuron: &NeuronTraces, trials: &[TrialPhases], window: [f64; 2]) -> Panel {
    let mut marks = Vec::new();
    marks.extend(teaching(neuron));
    for ((name, points), ink) in neuron.potentials.iter().zip(inks(&neuron.potentials)) {
        marks.push(Mark::new(name, ink, Shape::line(points.clone())));
    }
    let levels: Vec<_> = neuron.plateaus.iter().map(|level| (level, height(level.alpha))).collect();
    let potentials = neuron.potentials.iter().flat_map(|(_, points)| points.iter().map(|point| point[1]));
    let reversals = neuron.teaching.iter().map(|pull| pull.reversal);
    let mut y = Axis::around(
        &format!("potential ({})", neuron.unit),
        potentials.chain(reversals).chain(levels.iter().map(|(_, y)| *y)),
    );
    if !levels.is_empty() {
        let line = levels.iter().flat_map(|(level, y)| [[level.from, *y], [level.to, *y], [f64::NAN; 2]]).collect();
        let ends = levels.iter().map(|(level, y)| [level.to, *y]).collect();
        marks.push(Mark::new("", PLATEAU, Shape::Line { points: line, dash: Dash::Heavy }));
        marks.push(Mark::new("plateau (mean apical)", PLATEAU, Shape::Dots { points: ends, dot: Dot::Diamond }));
    }
    if !neuron.spikes.is_empty() {
        // A strip of its own above the potentials.
        let [low, high] = y.range;
        let span = high - low;
        y.range[1] = high + 0.12 * span;
        let stroke = |&t: &f64| [[t, high + 0.03 * span], [t, high + 0.1 * span], [f64::NAN; 2]];
        let points = neuron.spikes.iter().flat_map(stroke).collect();
        marks.push(Mark::new("spikes", Ink::Grey, Shape::line(points)));
    }
    let shades = shades(trials, window).into_iter().chain(event_shades(&neuron.events, window)).collect();
    Panel { title: neuron.name.clone(), x: time(window), y, shades, marks, ..Panel::default() }
}

/// Ink of plateaus.
const PLATEAU: Ink = Ink::Green;

/// Inks of the compartments: soma and apical dendrite have their own, the others those that are left in turn.
fn inks(compartments: &[(String, Vec<[f64; 2]>)]) -> Vec<Ink> {
    let mut others = [Ink::Blue, Ink::Purple, Ink::Orange, Ink::SkyBlue].into_iter().cycle();
    let ink = |(name, _): &(String, _)| match name.as_str() {
        "soma" => Ink::Black,
        "apical" => Ink::Vermillion,
        _ => others.next().unwrap_or(Ink::Blue),
    };
    compartments.iter().map(ink).collect()
}

/// The mean apical potential that makes a plateau: its logit, as far as single precision tells.
fn height(alpha: f64) -> f64 {
    let alpha = alpha.clamp(1e-7, 1.0 - 1e-7);
    (alpha / (1.0 - alpha)).ln()
}

/// The area between the soma and the potential it is pulled to, the teaching current but for its conductance.
fn teaching(neuron: &NeuronTraces) -> Vec<Mark> {
    let Some((_, soma)) = neuron.potentials.first() else { return Vec::new() };
    let mut marks = Vec::new();
    for pull in &neuron.teaching {
        let low: Vec<_> = soma.iter().filter(|[t, _]| pull.from <= *t && *t <= pull.to).copied().collect();
        let high = low.iter().map(|&[t, _]| [t, pull.reversal]).collect();
        marks.push(Mark::new("teaching current g (E − U)", Ink::Orange, Shape::Band { low, high }));
        let points = vec![[pull.from, pull.reversal], [pull.to, pull.reversal]];
        marks.push(Mark::new("reversal potential E", Ink::Orange, Shape::Line { points, dash: Dash::Dashed }));
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plateau_stands_at_the_mean_it_was_made_from() {
        let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
        assert!((height(sigmoid(1.7)) - 1.7).abs() < 1e-12);
        assert!(height(0.0).is_finite() && height(1.0).is_finite());
    }
}
