//! Rates and inter-spike intervals.

use super::{FORWARD, TARGET, percentages, upright};
use crate::analysis::{histogram, linear_edges, log_edges};
use crate::plot::{Axis, Figure, Ink, Mark, Panel, Scale, Shape};

/// Rates of a population in one phase.
#[derive(Clone, Debug, Default)]
pub struct Activity {
    /// Mean rate of each neuron [neurons] [Hz].
    pub rates: Vec<f64>,
    /// Mean rate of a neuron by the time since the phase began, in bins [bins] [Hz].
    pub course: Vec<f64>,
}

/// Rates of populations, by name: in the forward phase, and in the target phase if one was shown. `bin` is the width of
/// the bins of the courses [ms].
pub fn rates(populations: &[(String, Activity, Option<Activity>)], bin: f64) -> Figure {
    let row = |(name, forward, target): &(String, Activity, Option<Activity>)| {
        let mut phases = vec![("forward", FORWARD, forward)];
        phases.extend(target.as_ref().map(|target| ("target", TARGET, target)));
        vec![distribution(name, &phases), courses(&phases, bin)]
    };
    let size = [1000, 120 + 230 * populations.len() as u32];
    Figure { size, ..Figure::of(populations.iter().map(row).collect()) }
}

type Phase<'a> = (&'static str, Ink, &'a Activity);

fn distribution(name: &str, phases: &[Phase<'_>]) -> Panel {
    let largest = phases.iter().flat_map(|(_, _, activity)| &activity.rates).fold(1.0, |a: f64, b| a.max(*b));
    let neurons = phases.first().map_or(0, |(_, _, activity)| activity.rates.len());
    let bins = (2.0 * (neurons as f64).sqrt()).clamp(8.0, 40.0) as usize;
    let edges = linear_edges(0.0, 1.02 * largest, bins);
    let heights: Vec<_> = phases.iter().map(|(_, _, a)| percentages(&histogram(&a.rates, &edges))).collect();
    let y = Axis::from_zero("neurons (%)", heights.iter().flatten().copied());
    let marks = phases.iter().zip(heights).map(|((phase, ink, activity), heights)| {
        let mean = activity.rates.iter().sum::<f64>() / activity.rates.len().max(1) as f64;
        Mark::new(&format!("{phase}: {mean:.1} Hz"), *ink, Shape::Bars { edges: edges.clone(), heights })
    });
    let x = Axis::linear("mean rate of a neuron (Hz)", [0.0, 1.02 * largest]);
    Panel { title: name.to_owned(), x, y, marks: marks.collect(), ..Panel::default() }
}

fn courses(phases: &[Phase<'_>], bin: f64) -> Panel {
    let longest = phases.iter().map(|(_, _, activity)| activity.course.len()).max().unwrap_or(0).max(1);
    let line = |activity: &Activity| {
        let middle = |(i, &rate): (usize, &f64)| [(i as f64 + 0.5) * bin, rate];
        activity.course.iter().enumerate().map(middle).collect()
    };
    let all = phases.iter().flat_map(|(_, _, activity)| activity.course.iter().copied());
    Panel {
        title: "by time in the phase".to_owned(),
        x: Axis::linear("time since the phase began (ms)", [0.0, longest as f64 * bin]),
        y: Axis::from_zero("rate (Hz)", all),
        marks: phases.iter().map(|(phase, ink, a)| Mark::new(phase, *ink, Shape::line(line(a)))).collect(),
        ..Panel::default()
    }
}

/// Inter-spike intervals of a population.
#[derive(Clone, Debug, Default)]
pub struct Intervals {
    /// Name of the population.
    pub name: String,
    /// All intervals [ms].
    pub intervals: Vec<f64>,
    /// Coefficient of variation of each neuron of which there are enough intervals to tell.
    pub variations: Vec<f64>,
}

/// Inter-spike intervals of populations on a logarithmic axis, and their variation.
pub fn isi(populations: &[Intervals]) -> Figure {
    let row = |population: &Intervals| vec![interval_panel(population), variation_panel(population)];
    let size = [1000, 120 + 230 * populations.len() as u32];
    Figure { size, ..Figure::of(populations.iter().map(row).collect()) }
}

fn interval_panel(population: &Intervals) -> Panel {
    let range = [0.01, 2000.0];
    let edges = log_edges(range[0], range[1], 53);
    let heights = percentages(&histogram(&population.intervals, &edges));
    let count = crate::plot::ticks::label(population.intervals.len() as f64, 0);
    Panel {
        title: format!("{}: {count} intervals", population.name),
        x: Axis { scale: Scale::Log, ..Axis::linear("inter-spike interval (ms)", range) },
        y: Axis::from_zero("intervals (%)", heights.iter().copied()),
        marks: vec![Mark::new("", Ink::Blue, Shape::Bars { edges, heights })],
        ..Panel::default()
    }
}

fn variation_panel(population: &Intervals) -> Panel {
    let largest = population.variations.iter().copied().fold(2.0, f64::max);
    let edges = linear_edges(0.0, largest, 40);
    let heights = percentages(&histogram(&population.variations, &edges));
    let y = Axis::from_zero("neurons (%)", heights.iter().copied());
    let poisson = Mark::new("Poisson train: 1", Ink::Grey, upright(1.0, y.range));
    let bars = Mark::new("", Ink::Green, Shape::Bars { edges, heights });
    let x = Axis::linear("coefficient of variation", [0.0, largest]);
    Panel { title: "variation".to_owned(), x, y, marks: vec![bars, poisson], ..Panel::default() }
}
