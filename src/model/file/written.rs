//! A model as the text of a file, made from its values.

use serde::{Serialize, Serializer};
use toml::{Table, Value};

use super::experiment::DecodingKeys;
use super::recording_keys::RecordingKeys;
use super::{population, projection, recording};
use crate::model::error::{ModelError, Origin};
use crate::model::{Decoding, InterventionSpec, Learning, Model, Protocol, Stimuli};
use crate::units::tagged;

/// What comes first in a file.
#[derive(Serialize)]
struct Head<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    about: &'a str,
}

/// The sections after populations and projections.
#[derive(Serialize)]
struct Sections<'a> {
    #[serde(serialize_with = "protocol")]
    protocol: &'a Protocol,
    learning: &'a Learning,
    decoding: DecodingKeys,
    #[serde(serialize_with = "tagged::by_kind")]
    stimuli: &'a Stimuli,
    recording: RecordingKeys,
}

/// Writes a protocol; the kind that is meant without a word is not named.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands fields over by reference")]
fn protocol<S: Serializer>(protocol: &&Protocol, serializer: S) -> Result<S::Ok, S::Error> {
    match protocol {
        Protocol::TwoPhase(protocol) => protocol.serialize(serializer),
        Protocol::Continuous(_) => tagged::by_kind(protocol, serializer),
    }
}

/// Writes a model: all its keys, those that have their defaults too.
pub(in crate::model) fn text(model: &Model) -> Result<String, ModelError> {
    let written = table(model).and_then(|table| with_exponents(&table));
    written.map_err(|error| {
        let at = Origin::Argument(format!("the model {:?}", model.name).into());
        ModelError::refused(at, format!("expected parameters that TOML has a form for, found others: {error}"))
    })
}

/// Marks a text that stands for a float; in a text of a model it would be written as an escape.
const MARK: &str = "\u{1}float ";

/// The longest float that is written without an exponent, as toml writes all of them [bytes].
const LONGEST_FLOAT: usize = 24;

/// Writes a table with exponents in floats that are very small or large.
fn with_exponents(table: &Table) -> Result<String, toml::ser::Error> {
    fn mark(value: &mut Value) {
        match value {
            Value::Float(number) if number.to_string().len() > LONGEST_FLOAT => {
                *value = Value::String(format!("{MARK}{number:e}"));
            }
            Value::Array(values) => values.iter_mut().for_each(mark),
            Value::Table(values) => values.iter_mut().for_each(|(_, value)| mark(value)),
            _ => (),
        }
    }
    let mut marked = table.clone();
    marked.iter_mut().for_each(|(_, value)| mark(value));
    let text = toml::to_string(&marked)?;
    let mut parts = text.split("\"\\u0001float ");
    let first = parts.next().unwrap_or_default().to_owned();
    Ok(parts.fold(first, |text, part| text + &part.replacen('"', "", 1)))
}

/// The keys of a model.
pub(in crate::model) fn table(model: &Model) -> Result<Table, toml::ser::Error> {
    let Model { name, about, populations, projections, protocol, learning, decoding, stimuli, .. } = model;
    let populations = populations.iter().map(population::written).collect::<Result<Vec<_>, _>>()?;
    let projections =
        projections.iter().map(|projection| toml::Table::try_from(projection::written(model, projection)));
    let mut table = network(name, about, populations, projections.collect::<Result<Vec<_>, _>>()?)?;
    let (decoding, recording) = (DecodingKeys { by: *decoding }, recording::written(model));
    let mut sections = Table::try_from(Sections { protocol, learning, decoding, stimuli, recording })?;
    if protocol.continuous().is_some() {
        omit_presentations(&mut sections);
    }
    table.extend(sections);
    let changes: Vec<_> = model.interventions.iter().map(|change| InterventionSpec::of(model, change)).collect();
    put_changes(&mut table, &changes)?;
    Ok(table)
}

/// Leaves out what a continuous run does not have.
fn omit_presentations(sections: &mut Table) {
    ["learning", "decoding", "stimuli"].iter().for_each(|key| _ = sections.remove(*key));
}

/// Writes changes in the course of a run.
pub(in crate::model) fn put_changes(table: &mut Table, changes: &[InterventionSpec]) -> Result<(), toml::ser::Error> {
    if changes.is_empty() {
        return Ok(());
    }
    let tables = changes.iter().map(|change| tagged::table("kind", change).map(Value::Table));
    table.insert("change".to_owned(), Value::Array(tables.collect::<Result<_, _>>()?));
    Ok(())
}

/// The keys of a network alone.
pub(in crate::model) fn network(
    name: &str,
    about: &str,
    populations: Vec<Table>,
    projections: Vec<Table>,
) -> Result<Table, toml::ser::Error> {
    let mut table = Table::try_from(Head { name, about })?;
    for (key, tables) in [("population", populations), ("projection", projections)] {
        if tables.is_empty() {
            continue;
        }
        table.insert(key.to_owned(), Value::Array(tables.into_iter().map(Value::Table).collect()));
    }
    Ok(table)
}

/// The keys of the sections of a model made in code, but for `[recording]`.
pub(in crate::model) fn sections(
    protocol: &Protocol,
    learning: &Learning,
    decoding: Decoding,
    stimuli: &Stimuli,
) -> Result<Table, toml::ser::Error> {
    let recording = RecordingKeys::of(protocol);
    let decoding = DecodingKeys { by: decoding };
    let mut sections = Table::try_from(Sections { protocol, learning, decoding, stimuli, recording })?;
    if protocol.continuous().is_some() {
        omit_presentations(&mut sections);
    }
    Ok(sections)
}
