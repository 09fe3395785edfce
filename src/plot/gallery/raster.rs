//! Rasters.

use super::{TrialPhases, shades, stacked, time};
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
}

/// Spikes of populations one above the other over a window of time [ms], phases shaded.
pub fn raster(populations: &[RasterPopulation<'_>], trials: &[TrialPhases], window: [f64; 2]) -> Figure {
    let row = |(i, population): (usize, &RasterPopulation<'_>)| {
        let panel = stacked(panel(population, trials, window), [i, populations.len()], trials, window);
        let shown = population.neurons[1] - population.neurons[0];
        Row { height: (shown as f64).sqrt().clamp(8.0, 24.0), panels: vec![panel] }
    };
    let rows = populations.iter().enumerate().map(row).collect();
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
    let rate =
        1e6 * points.len() as f64 / ((end - first) as f64 * (window[1] - window[0]).max(f64::MIN_POSITIVE)) / 1e3;
    Panel {
        title: format!("{}: {} spikes, {rate:.1} Hz", population.name, crate::plot::label(points.len() as f64, 0)),
        x: time(window),
        y: Axis::linear("neuron", [first as f64 - 0.5, end as f64 - 0.5]).ticks(Ticks::Whole),
        shades: shades(trials, window),
        marks: vec![Mark::new("", Ink::Black, Shape::Spikes { points })],
        ..Panel::default()
    }
}
