//! A model as the text of a file, made from its values.

use serde::Serialize;
use toml::{Table, Value};

use super::experiment::DecodingKeys;
use super::recording::RecordingKeys;
use super::{population, projection, recording};
use crate::model::error::{ModelError, Origin};
use crate::model::{Decoding, Learning, Model, Stimuli, TwoPhaseProtocol, tagged};

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
    protocol: &'a TwoPhaseProtocol,
    learning: &'a Learning,
    decoding: DecodingKeys,
    #[serde(serialize_with = "tagged::by_kind")]
    stimuli: &'a Stimuli,
    recording: RecordingKeys,
}

/// Writes a model: all its keys, those that have their defaults too.
pub(in crate::model) fn text(model: &Model) -> Result<String, ModelError> {
    let written = table(model).and_then(|table| toml::to_string(&table));
    written.map_err(|error| {
        let at = Origin::Argument(format!("the model {:?}", model.name).into());
        ModelError::refused(at, format!("expected parameters that TOML has a form for, found others: {error}"))
    })
}

/// The keys of a model.
pub(in crate::model) fn table(model: &Model) -> Result<Table, toml::ser::Error> {
    let Model { name, about, populations, projections, protocol, learning, decoding, stimuli, .. } = model;
    let populations = populations.iter().map(population::written).collect::<Result<Vec<_>, _>>()?;
    let projections =
        projections.iter().map(|projection| toml::Table::try_from(projection::written(model, projection)));
    let mut table = network(name, about, populations, projections.collect::<Result<Vec<_>, _>>()?)?;
    let (decoding, recording) = (DecodingKeys { by: *decoding }, recording::written(model));
    table.extend(Table::try_from(Sections { protocol, learning, decoding, stimuli, recording })?);
    Ok(table)
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
    protocol: &TwoPhaseProtocol,
    learning: &Learning,
    decoding: Decoding,
    stimuli: &Stimuli,
) -> Result<Table, toml::ser::Error> {
    let recording = RecordingKeys::default();
    Table::try_from(Sections { protocol, learning, decoding: DecodingKeys { by: decoding }, stimuli, recording })
}
