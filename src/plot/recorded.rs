//! What run files hold of neurons and presentations, as the data of figures.

use std::ops::Range;

use super::gallery::{self, DrawnEvent, TrialPhases};
use crate::model::{CompartmentId, Model, Population};
use crate::record::RecordError;
use crate::record::hdf5::{PresentationRow, RunReader, TraceBlock};

/// A time window with the recorded presentations in it.
#[derive(Clone, Debug)]
pub struct RecordedWindow {
    /// On the run's clock [ms].
    pub span: Range<f64>,
    /// Recorded presentations that overlap with it.
    pub shown: Vec<PresentationRow>,
}

impl RecordedWindow {
    /// Unbroken spans of the clock in it that are recorded, ascending [ms].
    pub fn unbroken(&self) -> Vec<Range<f64>> {
        let whole = PresentationRow::stretches(&self.shown).into_iter();
        let spans = whole.map(|rows| rows[0].start_ms..rows[rows.len() - 1].end_ms());
        let within = spans.map(|span| span.start.max(self.span.start)..span.end.min(self.span.end));
        within.filter(|span| span.start < span.end).collect()
    }
}

/// Traces of some neurons of a population, with their spikes, plateaus and events where those were recorded.
///
/// # Errors
/// If the run file cannot be read, or its model has no such population.
pub fn neuron_traces(
    run: &RunReader,
    model: &Model,
    name: &str,
    asked: Range<usize>,
    window: &RecordedWindow,
) -> Result<Vec<gallery::NeuronTraces>, RecordError> {
    let span = window.span.clone();
    let Some(blocks) = run.traces(name, asked.clone(), span.clone())? else { return Ok(Vec::new()) };
    let spikes = run.spikes(name, span.clone())?.unwrap_or_default();
    let plateaus = run.plateaus(name, span.clone())?.unwrap_or_default();
    let events = neuron_events(run, name, span)?;
    let Some(population) = model.populations.iter().find(|population| population.name == name) else {
        let problem = format!("the model of the run has no population `{name}`");
        return Err(RecordError::Content { path: model.name.clone(), problem });
    };
    let mut found = Vec::new();
    for neuron in asked {
        let potential = |element: u32| {
            let points = potential(&blocks, neuron as u64, element)?;
            Some((population.compartment_name(CompartmentId(element as usize)).to_owned(), points))
        };
        let own = |id: &u64| *id == neuron as u64;
        let spiking = spikes.times.iter().zip(&spikes.neurons).filter(|(_, id)| own(id)).map(|(&t, _)| t);
        let levels = (0..plateaus.times.len()).filter(|&i| own(&plateaus.neurons[i])).filter_map(|i| {
            let to = plateaus.times[i];
            let [from, _] = PresentationRow::at(&window.shown, to)?.averaging(&model.phases(), plateaus.phases[i]);
            Some(gallery::Level { from, to, alpha: f64::from(plateaus.alpha[i]) })
        });
        found.push(gallery::NeuronTraces {
            name: format!("{name} {neuron}"),
            unit: population.potential_unit().name(),
            potentials: (0..population.cell.compartments().len() as u32).filter_map(potential).collect(),
            spikes: spiking.collect(),
            plateaus: levels.collect(),
            teaching: teaching(population, neuron, window),
            events: events.iter().filter(|event| own(&event.neuron)).map(|event| event.span).collect(),
        });
    }
    Ok(found)
}

/// Events with a beginning and an end of a population that figures show, as far as a part of them lies in a span of the clock [ms].
///
/// # Errors
/// If the run file cannot be read.
pub fn neuron_events(
    run: &RunReader,
    population: &str,
    span: Range<f64>,
) -> Result<Vec<gallery::NeuronEvent>, RecordError> {
    let mut found = Vec::new();
    for event in DrawnEvent::ALL {
        let events = run.events(population, event.name(), span.clone())?.unwrap_or_default();
        let ranges = events.start.iter().zip(&events.stop).map(|(&start, &stop)| [start, stop]);
        let of = |(&neuron, range)| gallery::NeuronEvent { neuron, span: gallery::EventSpan { event, range } };
        found.extend(events.neurons.iter().zip(ranges).map(of));
    }
    Ok(found)
}

/// Times [ms] and potentials of an element of a neuron, broken between stretches; none where it was not recorded.
fn potential(blocks: &[TraceBlock], neuron: u64, element: u32) -> Option<Vec<[f64; 2]>> {
    let mut points: Vec<[f64; 2]> = Vec::new();
    for block in blocks {
        let column = block.column(neuron, element)?;
        if !points.is_empty() {
            points.push([f64::NAN; 2]);
        }
        let time = |i: usize| block.start_ms + i as f64 * block.dt_ms;
        points.extend(column.into_iter().enumerate().map(|(i, v)| [time(i), f64::from(v)]));
    }
    (!blocks.is_empty()).then_some(points)
}

/// The phases of presentations, as figures shade them; none of a continuous run.
pub fn trials(model: &Model, rows: &[PresentationRow]) -> Vec<TrialPhases> {
    if model.protocol.continuous().is_some() {
        return Vec::new();
    }
    let trial = |row: &PresentationRow| TrialPhases {
        start: row.start_ms,
        forward_end: row.forward_end_ms,
        target_end: row.target_end_ms,
        label: row.label,
        decoded: row.decoded,
    };
    rows.iter().map(trial).collect()
}

/// The reversal potentials of a neuron's teaching conductances in the target phases of a window.
fn teaching(population: &Population, neuron: usize, window: &RecordedWindow) -> Vec<gallery::Pull> {
    let Some(clamp) = population.linear().and_then(|cell| cell.clamp) else { return Vec::new() };
    let pull = |row: &PresentationRow| {
        let own = usize::from(row.label?) == neuron / clamp.group;
        let reversal = if own { clamp.e_exc } else { clamp.e_inh };
        Some(gallery::Pull { from: row.forward_end_ms, to: row.target_end_ms?, reversal })
    };
    window.shown.iter().filter_map(pull).collect()
}
