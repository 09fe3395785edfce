//! Plateau potentials.

use super::{FORWARD, TARGET, percentages, upright};
use crate::analysis::{histogram, linear_edges};
use crate::plot::{Axis, Figure, Ink, Mark, Panel, Shape};

/// Plateaus of a population: one per neuron and phase.
#[derive(Clone, Copy, Debug)]
pub struct PlateauPairs<'a> {
    /// Name of the population.
    pub name: &'a str,
    /// At the ends of forward phases [n].
    pub forward: &'a [f64],
    /// Of the same neurons at the ends of the target phases that followed [n]; empty if none was shown.
    pub target: &'a [f64],
}

/// Distributions of plateaus at the end of both phases, and of their difference, which cells learn from.
pub fn plateaus(populations: &[PlateauPairs<'_>]) -> Figure {
    let rows: Vec<Vec<Panel>> = populations.iter().map(row).collect();
    let size = [1000, 120 + 300 * rows.len() as u32];
    Figure { size, ..Figure::of(rows) }
}

fn row(population: &PlateauPairs<'_>) -> Vec<Panel> {
    let all = || population.forward.iter().chain(population.target).copied();
    let (low, high) = (all().fold(1.0, f64::min), all().fold(0.0, f64::max));
    let [low, high] = if low < high { [low, high] } else { [0.0, 1.0] };
    let edges = linear_edges(low, high, 40);
    let share = |values: &[f64], edges: &[f64]| percentages(&histogram(values, edges));
    let mut panels = Vec::new();
    let phases = [("forward", FORWARD, population.forward), ("target", TARGET, population.target)];
    let shown: Vec<_> = phases.into_iter().filter(|(_, _, values)| !values.is_empty()).collect();
    let heights: Vec<_> = shown.iter().map(|(_, _, values)| share(values, &edges)).collect();
    let y = Axis::from_zero("share of plateaus (%)", heights.iter().flatten().copied());
    let marks = shown
        .iter()
        .zip(heights)
        .map(|((phase, ink, _), heights)| Mark::new(phase, *ink, Shape::Bars { edges: edges.clone(), heights }));
    panels.push(Panel {
        title: population.name.to_owned(),
        x: Axis::linear("plateau potential α (0 to 1)", [low, high]),
        y,
        marks: marks.collect(),
        ..Panel::default()
    });
    if !population.target.is_empty() {
        let differences: Vec<_> = population.target.iter().zip(population.forward).map(|(t, f)| t - f).collect();
        let reach = differences.iter().fold(0.0_f64, |reach, difference| reach.max(difference.abs()));
        let reach = if reach > 0.0 { reach } else { 1.0 };
        let edges = linear_edges(-reach, reach, 41);
        let heights = share(&differences, &edges);
        let y = Axis::from_zero("share of pairs (%)", heights.iter().copied());
        let top = y.range;
        let bars = Mark::new("", Ink::Purple, Shape::Bars { edges, heights });
        let zero = Mark::new("", Ink::Grey, upright(0.0, top));
        let x = Axis::linear("difference α target − α forward", [-reach, reach]);
        panels.push(Panel {
            title: "what cells learn from".to_owned(),
            x,
            y,
            marks: vec![bars, zero],
            ..Panel::default()
        });
    }
    panels
}
