//! Figures of runs, drawn by the program's own renderer, and the explorer's page.

use apical::data::tested_on;
use apical::plot::gallery::{self, CurvePoint, NeuronEvent, RasterPopulation};
use apical::plot::recorded::{RecordedWindow, neuron_events, neuron_traces, trials};
use apical::record::RecordError;
use apical::record::hdf5::{PresentationRow, RecordedSpikes, RunReader};
use apical::view::{RunParts, export};
use pyo3::prelude::*;

use crate::errors::{FileError, raised};
use crate::jobs;
use crate::recorded::RunFile;

/// Largest page: what a browser opens without trouble [bytes].
const LARGEST_PAGE: usize = 300_000_000;

/// What a raster is drawn from: spikes and events of each population.
struct RasterData {
    window: RecordedWindow,
    spikes: Vec<Option<RecordedSpikes>>,
    events: Vec<Vec<NeuronEvent>>,
}

#[pymethods]
impl RunFile {
    /// Spikes of populations in a span of the run's clock [ms] over their events, as SVG.
    fn raster_svg(&self, py: Python<'_>, populations: Vec<String>, from_ms: f64, to_ms: f64) -> PyResult<String> {
        let kept = populations.iter().map(|name| self.spiking_neurons(name)).collect::<PyResult<Vec<_>>>()?;
        let read = |reader: &RunReader| {
            let window = window(reader, from_ms, to_ms)?;
            let spikes = populations.iter().map(|name| reader.spikes(name, window.span.clone()));
            let spikes = spikes.collect::<Result<Vec<_>, RecordError>>()?;
            let events = populations.iter().map(|name| neuron_events(reader, name, window.span.clone()));
            let events = events.collect::<Result<Vec<_>, RecordError>>()?;
            Ok(RasterData { window, spikes, events })
        };
        let RasterData { window, spikes, events } = self.read(py, read)?;
        let mut lists = Vec::new();
        for (name, list) in populations.iter().zip(spikes) {
            lists.push(list.ok_or_else(|| self.missing("spikes", name))?);
        }
        let mut drawn = Vec::new();
        for (((name, list), kept), events) in populations.iter().zip(&lists).zip(&kept).zip(&events) {
            let RecordedSpikes { times, neurons, .. } = list;
            drawn.push(RasterPopulation { name, neurons: [kept.start, kept.end], times, ids: neurons, events });
        }
        let phases = trials(&self.model, &window.shown);
        Ok(gallery::raster(&drawn, &phases, [window.span.start, window.span.end]).svg())
    }

    /// Potentials of neurons of a population in a span of the run's clock [ms], with spikes, plateaus and events, as SVG.
    fn traces_svg(
        &self,
        py: Python<'_>,
        population: &str,
        neurons: (usize, usize),
        from_ms: f64,
        to_ms: f64,
    ) -> PyResult<String> {
        self.check_population(population)?;
        let read = |reader: &RunReader| {
            let window = window(reader, from_ms, to_ms)?;
            let traces = neuron_traces(reader, &self.model, population, neurons.0..neurons.1, &window)?;
            Ok((window, traces))
        };
        let (window, traces) = self.read(py, read)?;
        if traces.iter().all(|traces| traces.potentials.is_empty()) {
            return Err(self.missing("traces", population));
        }
        let phases = trials(&self.model, &window.shown);
        Ok(gallery::traces(&traces, &phases, [window.span.start, window.span.end]).svg())
    }

    /// The learning curve, as SVG.
    fn learning_svg(&self, py: Python<'_>) -> PyResult<String> {
        let curve = self.read(py, RunReader::learning)?;
        let points = curve.iter().map(|evaluation| CurvePoint {
            examples: evaluation.examples_seen as f64,
            test_error: evaluation.test_error,
            train_error: evaluation.train_error,
            loss: evaluation.loss,
        });
        Ok(gallery::learning(&points.collect::<Vec<_>>(), tested_on(&self.model.stimuli)).svg())
    }

    /// The explorer with all of the run in it, one page of HTML that loads nothing from elsewhere.
    fn page(&self, py: Python<'_>) -> PyResult<String> {
        let parts = self.read_path(py, |path| RunParts::open(path, None, None))?;
        let bytes = py.detach(|| parts.bytes()).map_err(raised)?;
        if bytes > LARGEST_PAGE {
            let (found, most) = (bytes / 1_000_000, LARGEST_PAGE / 1_000_000);
            return Err(FileError::new_err(format!(
                "{}: what was recorded takes {found} MB, a page {most} MB at most; record less, or use `apical view`",
                self.path().display()
            )));
        }
        let page = jobs::install(py, || {
            // Without images the page is whole but for them.
            let _ = parts.load_images();
            export(&parts)
        });
        page?.map_err(raised)
    }
}

/// A span of the run's clock within what was recorded.
fn window(reader: &RunReader, from_ms: f64, to_ms: f64) -> Result<RecordedWindow, RecordError> {
    let recorded: Vec<PresentationRow> = reader.presentations()?.into_iter().filter(|row| row.recorded).collect();
    let first = recorded.first().map_or(0.0, |row| row.start_ms);
    let last = recorded.iter().map(PresentationRow::end_ms).fold(first, f64::max);
    let span = from_ms.max(first)..to_ms.min(last);
    let shown = recorded.into_iter().filter(|row| row.start_ms < span.end && row.end_ms() > span.start).collect();
    Ok(RecordedWindow { span, shown })
}
