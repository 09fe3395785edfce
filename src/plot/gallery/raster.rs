//! Rasters.

use super::events::event_bars;
use super::{NeuronEvent, TrialPhases, shades, stacked, time};
use crate::plot::{Axis, Figure, Ink, Mark, Panel, Row, Shape, Ticks};

/// Spikes of a population.
#[derive(Clone, Copy, Debug)]
pub struct RasterPopulation<'a> {
    /// Name of the population.
    pub name: &'a str,
    /// First neuron shown and the one after the last.
    pub neurons: [usize; 2],
    /// Times on the run's clock [n] [ms].
    pub times: &'a [f64],
    /// Neurons [n].
    pub ids: &'a [u64],
    /// Events of its neurons, drawn as bars behind their spikes.
    pub events: &'a [NeuronEvent],
}

/// Spikes of populations one above the other over a window of time [ms], phases shaded and events as bars behind the spikes.
pub fn raster(populations: &[RasterPopulation<'_>], trials: &[TrialPhases], window: [f64; 2]) -> Figure {
    let mut explained: Vec<String> = Vec::new();
    let mut row = |(i, population): (usize, &RasterPopulation<'_>)| {
        let mut panel = stacked(panel(population, trials, window), [i, populations.len()], trials, window);
        for mark in &mut panel.marks {
            if explained.contains(&mark.label) {
                mark.label.clear();
            }
        }
        explained.extend(panel.marks.iter().map(|mark| mark.label.clone()));
        let shown = population.neurons[1] - population.neurons[0];
        Row { height: (shown as f64).sqrt().clamp(8.0, 24.0), panels: vec![panel] }
    };
    let rows = populations.iter().enumerate().map(&mut row).collect();
    let size = [1000, 240 + 180 * populations.len() as u32];
    Figure { rows, size, ..Figure::of(Vec::new()) }
}

fn panel(population: &RasterPopulation<'_>, trials: &[TrialPhases], window: [f64; 2]) -> Panel {
    let [first, end] = population.neurons;
    let shown = first as u64..end as u64;
    let spikes = population
        .times
        .iter()
        .zip(population.ids)
        .filter(|&(t, id)| shown.contains(id) && window[0] <= *t && *t <= window[1]);
    let points: Vec<_> = spikes.map(|(&t, &id)| [t, id as f64]).collect();
    let count = points.len();
    let rate = 1e6 * count as f64 / ((end - first) as f64 * (window[1] - window[0]).max(f64::MIN_POSITIVE)) / 1e3;
    let seen = |found: &&NeuronEvent| {
        let [start, stop] = found.span.range;
        shown.contains(&found.neuron) && start <= window[1] && window[0] <= stop
    };
    let events: Vec<NeuronEvent> = population.events.iter().filter(seen).copied().collect();
    let mut marks = event_bars(&events);
    marks.push(Mark::new("", Ink::Black, Shape::Spikes { points }));
    Panel {
        title: format!("{}: {} spikes, {rate:.1} Hz", population.name, crate::plot::label(count as f64, 0)),
        x: time(window),
        y: Axis::linear("neuron", [first as f64 - 0.5, end as f64 - 0.5]).ticks(Ticks::Whole),
        shades: shades(trials, window),
        marks,
        ..Panel::default()
    }
}
