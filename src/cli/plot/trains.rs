//! Figures of trains that are compared with each other: correlations and power spectra.

use std::collections::BTreeSet;
use std::ops::Range;

use anyhow::bail;

use super::figure_source::{FigureSource, PopulationSpikes, TitledFigure};
use crate::analysis;
use crate::plot::gallery;
use crate::plot::recorded::RecordedWindow;

/// Width of the bins of counts that are correlated [ms].
const COUNT_BIN_MS: f64 = 10.0;

/// Largest number of neurons that are paired.
const MOST_PAIRED: usize = 200;

/// Longest lag of a correlogram, and the width of its bins [ms].
const LAG_MS: [f64; 2] = [50.0, 1.0];

/// Length of the segments of which a spectrum is the mean [ms], and its highest frequency [Hz].
const SPECTRUM: [f64; 2] = [500.0, 300.0];

impl FigureSource<'_> {
    pub(super) fn correlations(&self) -> TitledFigure {
        let (window, populations) = self.spikes(usize::MAX)?;
        let spans = self.spans(&window)?;
        let Some(longest) = spans.iter().max_by(|a, b| (a.end - a.start).total_cmp(&(b.end - b.start))) else {
            bail!("{} holds no time to be analysed", self.path.display());
        };
        let each = populations.iter().map(|population| {
            let PopulationSpikes { name, neurons, times, ids } = &paired(population);
            let chosen = neurons.clone();
            gallery::PopulationCorrelations {
                name: name.clone(),
                coefficients: analysis::count_correlations(times, ids, chosen, &spans, COUNT_BIN_MS, MOST_PAIRED),
                count_bin: COUNT_BIN_MS,
                correlogram: analysis::correlogram(times, ids, longest, LAG_MS[0], LAG_MS[1]),
                lag_bin: LAG_MS[1],
            }
        });
        Ok((gallery::correlations(&each.collect::<Vec<_>>()), self.window_title(&window)?))
    }

    pub(super) fn spectra(&self) -> TitledFigure {
        let (window, populations) = self.spikes(usize::MAX)?;
        let spans = self.spans(&window)?;
        let length: f64 = spans.iter().map(|span| span.end - span.start).sum();
        if spans.is_empty() {
            bail!("{} holds no time to be analysed", self.path.display());
        }
        let each =
            populations.iter().map(|PopulationSpikes { name, neurons, times, ids }| gallery::PopulationSpectrum {
                name: name.clone(),
                rate: 1000.0 * times.len() as f64 / (neurons.len() as f64 * length),
                spectrum: analysis::power_spectrum(times, ids, neurons.len(), &spans, SPECTRUM),
            });
        Ok((gallery::spectra(&each.collect::<Vec<_>>()), self.window_title(&window)?))
    }

    /// Spans of constant conditions in a window: all of a continuous run, the phases of presentations.
    pub(super) fn spans(&self, window: &RecordedWindow) -> anyhow::Result<Vec<Range<f64>>> {
        Ok(if self.is_continuous()? { window.unbroken() } else { super::figure_source::phases(window) })
    }
}

/// The spikes of the neurons that are paired: of those that fire, the first by number.
fn paired(population: &PopulationSpikes) -> PopulationSpikes {
    let PopulationSpikes { name, neurons, times, ids } = population;
    let firing: BTreeSet<u64> = ids.iter().copied().collect();
    let end = firing.iter().nth(MOST_PAIRED).copied().unwrap_or(u64::MAX);
    let (times, ids) = times.iter().zip(ids).filter(|(_, id)| **id < end).unzip();
    PopulationSpikes { name: name.clone(), neurons: neurons.clone(), times, ids }
}
