//! Where a run came from, and its model, as attributes of its file.

use hdf5::{File, Result};

use super::attribute;
use crate::cells::CellDescription;
use crate::data::DataPlace;
use crate::model::Model;

/// Where a run came from, as its file tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provenance {
    /// Version of the program.
    pub apical_version: String,
    /// Commit it was built from; empty if unknown.
    pub git_commit: String,
    /// Seed of the run.
    pub seed: u64,
    /// The command line.
    pub command_line: String,
    /// SHA-256 of the data files, `digest  file` a line.
    pub data_sha256: String,
    /// Where the data were; none: in the model file.
    pub data_source: Option<DataPlace>,
    /// When the run started, RFC 3339.
    pub start_time: String,
    /// `spiking` or `rate`: by what the network ran.
    pub kind: String,
    /// Training presentations behind a network that does not learn in the run; none if it does.
    pub frozen_after: Option<u64>,
    /// Whether it goes back to a checkpoint that was changed after it was written.
    pub edited: bool,
}

impl Provenance {
    /// That of a run by this version of the library, spiking and learning; when it began, and by which command, is for the caller
    /// to say.
    pub fn of_run(seed: u64) -> Self {
        Self {
            apical_version: env!("CARGO_PKG_VERSION").to_owned(),
            git_commit: env!("APICAL_GIT_COMMIT").to_owned(),
            kind: "spiking".to_owned(),
            seed,
            ..Self::default()
        }
    }
}

/// Writes where a run came from.
pub(super) fn put_provenance(file: &File, provenance: &Provenance) -> Result<()> {
    let Provenance {
        apical_version,
        git_commit,
        seed,
        command_line,
        data_sha256,
        data_source,
        start_time,
        kind,
        frozen_after,
        edited,
    } = provenance;
    if let Some(seen) = frozen_after {
        attribute::put(file, "frozen_after", seen)?;
    }
    put_edited(file, *edited)?;
    attribute::put_text(file, "apical_version", apical_version)?;
    attribute::put_text(file, "git_commit", git_commit)?;
    attribute::put(file, "seed", seed)?;
    attribute::put_text(file, "command_line", command_line)?;
    attribute::put_text(file, "data_sha256", data_sha256)?;
    put_data_source(file, data_source.as_ref())?;
    attribute::put_text(file, "start_time", start_time)?;
    attribute::put_text(file, "kind", kind)
}

/// Marks what goes back to a checkpoint that was changed after it was written.
pub(super) fn put_edited(file: &File, edited: bool) -> Result<()> {
    if edited { attribute::put(file, "edited", &1u8) } else { Ok(()) }
}

/// Writes where the data were, if they were in files.
pub(super) fn put_data_source(file: &File, place: Option<&DataPlace>) -> Result<()> {
    let texts = place.map(|DataPlace { named, absolute }| [named.as_str(), absolute.as_str()]);
    texts.map_or(Ok(()), |texts| attribute::put_texts(file, "data_source", texts.into_iter()))
}

/// Writes the model's name, its text and the names of its parts in order, which HDF5 lists in its own order.
pub(super) fn put_model(file: &File, text: &str, model: &Model) -> Result<()> {
    attribute::put_text(file, "name", &model.name)?;
    attribute::put_text(file, "model", text)?;
    attribute::put_texts(file, "populations", model.populations.iter().map(|p| p.name.as_str()))?;
    attribute::put_texts(file, "projections", model.projections.iter().map(|p| p.name.as_str()))?;
    let cells =
        model.populations.iter().map(|population| serde_json::to_string(&CellDescription::of(&*population.cell)));
    let cells: Vec<_> = cells.collect::<serde_json::Result<_>>().map_err(|e| hdf5::Error::from(e.to_string()))?;
    attribute::put_texts(file, "cells", cells.iter().map(String::as_str))
}
