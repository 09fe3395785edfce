//! Rates of neurons and populations.

use std::ops::Range;

use super::figure_source::{FigureSource, PopulationSpikes, TitledFigure};
use crate::analysis;
use crate::model::{Model, Population};
use crate::plot::gallery;

/// Smallest width of the bins of rates over time [ms].
const BIN_MS: f64 = 2.0;

/// Least number of spikes in a bin of rates over time, for neurons that fire at their largest rate.
const SPIKES_PER_BIN: f64 = 10.0;

/// Largest number of bins of rates over the time of a continuous run.
const RUN_BINS: f64 = 250.0;

impl FigureSource<'_> {
    /// Rates of neurons, and those of populations over the time of a phase or of a continuous run.
    pub(super) fn rates(&self) -> TitledFigure {
        if self.is_continuous()? {
            return self.continuous_rates();
        }
        let (window, populations) = self.spikes(usize::MAX)?;
        let clipped = |from: f64, to: f64| from.max(window.span.start)..to.min(window.span.end);
        let forward: Vec<_> = window.shown.iter().map(|row| clipped(row.start_ms, row.forward_end_ms)).collect();
        let target = window.shown.iter().filter_map(|row| Some(clipped(row.forward_end_ms, row.target_end_ms?)));
        let stretches = [forward, target.collect()].map(|mut list| {
            list.retain(|stretch| stretch.start < stretch.end);
            list
        });
        let activity = |population: &PopulationSpikes, stretches: &[Range<f64>], bin: f64| {
            let PopulationSpikes { neurons, times, ids, .. } = population;
            let rates = analysis::rates(times, ids, neurons.end, stretches)[neurons.start..].to_vec();
            let course = analysis::rate_course(times, neurons.len(), stretches, bin);
            gallery::Activity { rates, course }
        };
        let model = self.model()?;
        let each = populations.iter().map(|population| {
            let largest = largest_rate(&model, &population.name);
            // Where few neurons were shown little, a spike alone would be a rate beyond the largest.
            let trains = (population.neurons.len() * stretches[0].len().max(1)) as f64;
            let bin = BIN_MS.max((1e3 * SPIKES_PER_BIN / (largest * trains)).ceil());
            gallery::PhaseRates {
                name: population.name.clone(),
                largest,
                bin,
                run_from: None,
                forward: activity(population, &stretches[0], bin),
                target: (!stretches[1].is_empty()).then(|| activity(population, &stretches[1], bin)),
            }
        });
        Ok((gallery::rates(&each.collect::<Vec<_>>()), self.presentations_title(&window.shown)?))
    }

    /// Rates over the time of a continuous run.
    fn continuous_rates(&self) -> TitledFigure {
        let (window, populations) = self.spikes(usize::MAX)?;
        let (spans, model) = (window.unbroken(), self.model()?);
        let length = window.span.end - window.span.start;
        let each = populations.iter().map(|PopulationSpikes { name, neurons, times, ids }| {
            let largest = largest_rate(&model, name);
            let bin =
                (length / RUN_BINS).max((1e3 * SPIKES_PER_BIN / (largest * neurons.len() as f64)).ceil()).max(1.0);
            let rates = analysis::rates(times, ids, neurons.end, &spans)[neurons.start..].to_vec();
            let course = analysis::rate_course(times, neurons.len(), std::slice::from_ref(&window.span), bin);
            let run_from = Some(window.span.start);
            let forward = gallery::Activity { rates, course };
            gallery::PhaseRates { name: name.clone(), largest, bin, run_from, forward, target: None }
        });
        Ok((gallery::rates(&each.collect::<Vec<_>>()), self.window_title(&window)?))
    }
}

/// Largest rate of a cell of a population [Hz].
fn largest_rate(model: &Model, name: &str) -> f64 {
    let population = model.populations.iter().find(|population| population.name == name);
    1e3 * population.map_or(f64::INFINITY, Population::phi_max)
}
