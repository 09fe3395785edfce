//! `[recording]`.

use super::choice::Choice;
use super::recording_keys::RecordingKeys;
use super::resolve_recording::RecordedNames;
use crate::model::error::ModelError;
use crate::model::recorded_ranges::{PresentationRanges, Times};
use crate::model::text::Section;
use crate::model::{
    CompartmentId, Compression, CreditRecording, Model, NeuronRange, Population, PopulationId, Protocol, Recording,
    Snapshots, TimeRange, TwoPhaseProtocol,
};
use crate::protocol::SLICE_MS;

/// Reads `[recording]` of these populations.
pub(super) fn read(
    section: &Section<'_, '_>,
    populations: &[Population],
    protocol: &Protocol,
) -> Result<Recording, ModelError> {
    let keys = section.read::<RecordingKeys>()?.completed(section, protocol);
    check_times(section, &keys, protocol)?;
    let recording = RecordedNames { populations, at: &|key, index| section.at_item(key, index) }.recording(keys)?;
    match protocol.two_phase() {
        Some(protocol) if !recording.traces.is_empty() => check_report(section, recording.report_dt, protocol)?,
        None if !recording.plateaus.is_empty() => {
            let why = "expected no `plateaus` with the protocol \"continuous\", which has no phases at whose ends they would be";
            return Err(section.refused(&["plateaus"], why));
        }
        _ => {}
    }
    Ok(recording)
}

/// Refuses what is recorded of presentations in a continuous run, and of times in presentations.
fn check_times(section: &Section<'_, '_>, keys: &RecordingKeys, protocol: &Protocol) -> Result<(), ModelError> {
    let everything = RecordingKeys::of(protocol);
    let wrong = match (protocol, &keys.times_ms) {
        (Protocol::TwoPhase(_), Some(_)) => {
            Some(("times_ms", "expected `presentations` in place of `times_ms` with the protocol \"two-phase\""))
        }
        (Protocol::Continuous(_), _) if keys.presentations != everything.presentations => {
            Some(("presentations", "expected `times_ms` in place of `presentations` with the protocol \"continuous\""))
        }
        (_, Some(times)) if !are_apart(&times.0) => Some(("times_ms", TOO_NEAR)),
        _ => None,
    };
    let other = match protocol {
        Protocol::Continuous(_) if keys.credit => {
            Some(("credit", "expected no `credit` of a continuous run, which has no errors to assign"))
        }
        Protocol::Continuous(_) if keys.weights == Snapshots::Epochs => Some((
            "weights",
            "expected `weights` \"never\", \"ends\" or a number of slices of 100 ms of a continuous run",
        )),
        Protocol::TwoPhase(_) if keys.weights == Snapshots::Never => Some((
            "weights",
            "expected `weights` \"ends\", \"epochs\" or a number of presentations; \"never\" is for continuous runs",
        )),
        _ => None,
    };
    wrong.or(other).map_or(Ok(()), |(key, why)| Err(section.refused(&[key], why)))
}

/// Why times are refused that share a slice.
pub(super) const TOO_NEAR: &str = "expected gaps of at least 100 ms, the length of a slice, between the times recorded";

/// Whether no two ranges share a slice.
pub(super) fn are_apart(times: &[TimeRange]) -> bool {
    times.windows(2).all(|pair| pair[0].to_ms.is_some_and(|to| pair[1].from_ms - to >= SLICE_MS))
}

/// Refuses samples so far apart that a phase may have none.
fn check_report(section: &Section<'_, '_>, report_dt: f64, protocol: &TwoPhaseProtocol) -> Result<(), ModelError> {
    let phases = [("forward_ms", protocol.forward), ("target_ms", protocol.target), ("test_ms", protocol.test)];
    let Some((key, phase)) = phases.into_iter().find(|(_, phase)| *phase < report_dt) else { return Ok(()) };
    let why = format!(
        "expected `report_dt_ms` at most as long as a phase, for each has a sample of every trace; found {report_dt} ms, and \
         `{key}` of {phase} ms in [protocol]: lower `report_dt_ms`, lengthen the phase, or set `traces = \"none\"`"
    );
    Err(section.refused(&["report_dt_ms"], why))
}

/// What is kept of a model's runs, as files have it.
pub(super) fn written(model: &Model) -> RecordingKeys {
    let Recording {
        spikes,
        plateaus,
        traces,
        spiking_neurons,
        traced_neurons,
        presentations,
        times,
        report_dt,
        snapshots,
        credit,
        compression,
    } = &model.recording;
    let some = |ranges: &[NeuronRange], id: PopulationId| {
        let own = ranges.iter().find(|range| range.population == id);
        own.map_or_else(String::new, |range| format!("[{}:{}]", range.neurons.start, range.neurons.end))
    };
    let spiking =
        |id: &PopulationId| Some(format!("{}{}", model.populations.get(id.0)?.name, some(spiking_neurons, *id)));
    let name = |id: &PopulationId| model.populations.get(id.0).map(|population| population.name.clone());
    let listed = |ids: &[PopulationId]| Choice::Listed(ids.iter().filter_map(name).collect());
    let parts = |(id, compartments): &(PopulationId, Vec<CompartmentId>)| {
        let population = model.populations.get(id.0);
        let part = |compartment: &CompartmentId| {
            let population = population?;
            let neurons = some(traced_neurons, *id);
            Some(format!("{}{neurons}.{}", population.name, population.cell.compartments().get(compartment.0)?.name))
        };
        compartments.iter().filter_map(part).collect::<Vec<_>>()
    };
    RecordingKeys {
        spikes: Choice::Listed(spikes.iter().filter_map(spiking).collect()),
        plateaus: listed(plateaus),
        traces: Choice::Listed(traces.iter().flat_map(parts).collect()),
        presentations: PresentationRanges(presentations.clone()),
        times_ms: Some(Times(times.clone())).filter(|times| !times.0.is_empty()),
        report_dt_ms: *report_dt,
        weights: *snapshots,
        credit: *credit == CreditRecording::Measured,
        compression: *compression == Compression::Deflate,
    }
}
