//! `[recording]`
//!
//! | key | default | values |
//! |---|---|---|
//! | `spikes` | "all" | "all", "none" or a list of populations |
//! | `plateaus` | "all" | the same, of those with an apical dendrite |
//! | `traces` | "all" | the same, of all but the encoder, or of "POP.COMPARTMENT" |
//! | `presentations` | "0:20,-20:" | "FIRST:END,...", END excluded, either left out for the ends of the run, negative from its end |
//! | `report_dt_ms` | 0.5 | spacing of trace samples, no longer than a phase |
//! | `weights` | "ends" | "ends", "epochs" or a number of presentations |
//! | `credit` | false | whether the assignment of credit to hidden neurons is measured |
//! | `compression` | false | whether spikes and traces are deflated |

use super::population::find;
use crate::model::error::ModelError;
use crate::model::expected::one_of;
use crate::model::reader::Reader;
use crate::model::tree::{Node, Value};
use crate::model::{
    CompartmentId, Compression, Credit, Population, PopulationId, Recording, Snapshots, Stretch, TwoPhaseProtocol,
};

type Traces = Vec<(PopulationId, Vec<CompartmentId>)>;

/// Reads `[recording]` of these populations.
pub(super) fn read(
    mut keys: Reader<'_>,
    populations: &[Population],
    protocol: &TwoPhaseProtocol,
) -> Result<Recording, ModelError> {
    let spikes = chosen(&mut keys, "spikes", populations, |_| true)?;
    let plateaus = chosen(&mut keys, "plateaus", populations, Population::has_plateaus)?;
    let traces = traces(&mut keys, populations)?;
    let presentations = presentations(&mut keys)?;
    let report_dt = keys.number("report_dt_ms", 0.001..=1000.0)?.unwrap_or(0.5);
    if !traces.is_empty() {
        check_report(&keys, report_dt, protocol)?;
    }
    let snapshots = snapshots(&mut keys)?;
    let compression = match keys.boolean("compression")? {
        Some(true) => Compression::Deflate,
        _ => Compression::None,
    };
    let credit = match keys.boolean("credit")? {
        Some(true) => Credit::Measured,
        _ => Credit::Unmeasured,
    };
    keys.finish()?;
    Ok(Recording { spikes, plateaus, traces, presentations, report_dt, snapshots, credit, compression })
}

/// Refuses samples so far apart that a phase may have none.
fn check_report(keys: &Reader<'_>, report_dt: f64, protocol: &TwoPhaseProtocol) -> Result<(), ModelError> {
    let phases = [("forward_ms", protocol.forward), ("target_ms", protocol.target), ("test_ms", protocol.test)];
    let Some((key, phase)) = phases.into_iter().find(|(_, phase)| *phase < report_dt) else { return Ok(()) };
    let why = format!(
        "{}: expected `report_dt_ms` at most as long as a phase, for each has a sample of every trace; found {report_dt} ms, and \
         `{key}` of {phase} ms in [protocol]: lower `report_dt_ms`, lengthen the phase, or set `traces = \"none\"`",
        keys.name()
    );
    Err(ModelError::refused(keys.at("report_dt_ms"), why))
}

/// What a list key says.
enum Choice<'a> {
    All,
    Listed(&'a [Node]),
}

fn choice<'a>(keys: &mut Reader<'a>, key: &'static str) -> Result<Choice<'a>, ModelError> {
    let Some(node) = keys.value(key) else { return Ok(Choice::All) };
    match &node.value {
        Value::String(word) if word == "all" => Ok(Choice::All),
        Value::String(word) if word == "none" => Ok(Choice::Listed(&[])),
        Value::List(nodes) => Ok(Choice::Listed(nodes)),
        _ => Err(keys.wrong(key, node, &"\"all\", \"none\" or a list of populations")),
    }
}

/// The populations of a list key, in the order of the model, each once.
fn chosen(
    keys: &mut Reader<'_>,
    key: &'static str,
    populations: &[Population],
    fits: fn(&Population) -> bool,
) -> Result<Vec<PopulationId>, ModelError> {
    let mut ids = match choice(keys, key)? {
        Choice::All => (0..populations.len()).map(PopulationId).filter(|id| fits(&populations[id.0])).collect(),
        Choice::Listed(nodes) => nodes
            .iter()
            .map(|node| {
                let id = find(populations, keys.text_of(key, node, "the name of a population")?, &node.at)?;
                if fits(&populations[id.0]) { Ok(id) } else { Err(keys.wrong(key, node, &"a pyramidal population")) }
            })
            .collect::<Result<Vec<_>, ModelError>>()?,
    };
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// The traces, in the order of the model and of elements, each once.
fn traces(keys: &mut Reader<'_>, populations: &[Population]) -> Result<Traces, ModelError> {
    let mut wanted = vec![Vec::new(); populations.len()];
    match choice(keys, "traces")? {
        Choice::All => wanted = populations.iter().map(|p| all_of(p).collect()).collect(),
        Choice::Listed(nodes) => {
            for node in nodes {
                for (id, compartment) in trace(keys, node, populations)? {
                    if !wanted[id.0].contains(&compartment) {
                        wanted[id.0].push(compartment);
                    }
                }
            }
        }
    }
    let of = |(id, wanted): (usize, Vec<CompartmentId>)| {
        (
            PopulationId(id),
            all_of(&populations[id]).filter(|compartment| wanted.contains(compartment)).collect::<Vec<_>>(),
        )
    };
    Ok(wanted.into_iter().enumerate().map(of).filter(|(_, compartments)| !compartments.is_empty()).collect())
}

/// All compartments of a population.
fn all_of(population: &Population) -> impl Iterator<Item = CompartmentId> {
    (0..population.cell.compartments().len()).map(CompartmentId)
}

/// One entry of `traces`: a population or POP.COMPARTMENT.
fn trace(
    keys: &Reader<'_>,
    node: &Node,
    populations: &[Population],
) -> Result<Vec<(PopulationId, CompartmentId)>, ModelError> {
    let text = keys.text_of("traces", node, "the name of a population, or POP.COMPARTMENT")?;
    let (name, compartment) = text.split_once('.').map_or((text, None), |(name, part)| (name, Some(part)));
    let id = find(populations, name, &node.at)?;
    let population = &populations[id.0];
    if population.is_source() {
        return Err(keys.wrong("traces", node, &"a population other than the encoder, which has no potentials"));
    }
    let Some(part) = compartment else { return Ok(all_of(population).map(|c| (id, c)).collect()) };
    population.compartment(part).map(|compartment| vec![(id, compartment)]).ok_or_else(|| {
        let names: Vec<_> = population.cell.compartments().iter().map(|compartment| compartment.name).collect();
        keys.wrong("traces", node, &format!("a compartment of {name:?} ({})", one_of(&names)))
    })
}

/// Stretches of presentations at most, each of which is a report of its own in the run file.
const MOST_STRETCHES: usize = 1000;

fn presentations(keys: &mut Reader<'_>) -> Result<Vec<Stretch>, ModelError> {
    let Some(node) = keys.value("presentations") else {
        return Ok(vec![Stretch { first: 0, end: Some(20) }, Stretch { first: -20, end: None }]);
    };
    let expected = format!("ranges FIRST:END such as \"5:\" or \"0:20,-20:\", at most {MOST_STRETCHES} of them");
    let text = keys.text_of("presentations", node, &expected)?;
    let stretches: Option<Vec<_>> = text.split(',').map(stretch).collect();
    let few = stretches.filter(|stretches| stretches.len() <= MOST_STRETCHES);
    few.ok_or_else(|| keys.wrong("presentations", node, &expected))
}

/// A stretch of presentations. One whose numbers count from the same end of the run has its first one first.
pub(super) fn stretch(text: &str) -> Option<Stretch> {
    let (first, end) = text.split_once(':')?;
    let number = |text: &str| text.trim().parse::<i64>().ok();
    let first = if first.trim().is_empty() { 0 } else { number(first)? };
    let end = if end.trim().is_empty() { None } else { Some(number(end)?) };
    let ordered = end.is_none_or(|end| (first < 0) != (end < 0) || first <= end);
    ordered.then_some(Stretch { first, end })
}

fn snapshots(keys: &mut Reader<'_>) -> Result<Snapshots, ModelError> {
    let Some(node) = keys.value("weights") else { return Ok(Snapshots::Ends) };
    match &node.value {
        Value::String(word) if word == "ends" => Ok(Snapshots::Ends),
        Value::String(word) if word == "epochs" => Ok(Snapshots::Epochs),
        Value::Integer(every) if *every >= 1 => Ok(Snapshots::Presentations(every.unsigned_abs())),
        _ => Err(keys.wrong("weights", node, &"\"ends\", \"epochs\" or a number of presentations, at least 1")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_may_leave_out_their_ends_and_count_from_the_end_of_the_run() {
        for (text, first, end) in [
            ("0:20", 0, Some(20)),
            (":20", 0, Some(20)),
            ("5:", 5, None),
            ("5:5", 5, Some(5)),
            ("-20:", -20, None),
            (" -20 : -10", -20, Some(-10)),
            ("5:-5", 5, Some(-5)),
        ] {
            assert_eq!(stretch(text), Some(Stretch { first, end }), "{text}");
        }
        for text in ["", "5", "6:5", "a:5", "-5:-6", "1:2:3", "0:99999999999999999999"] {
            assert_eq!(stretch(text), None, "{text}");
        }
    }
}
