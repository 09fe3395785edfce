//! The files of a circuit's run: those that its model names; with a checkpoint, the very ones of the run that left it.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::files::refuse_overwrite;
use super::terminal;
use crate::data::{DataIdentity, DataPlace, file_sha256};
use crate::model::{Model, Population, PopulationStimulus};
use crate::simulation::SourceInputs;

/// What was read for a run, and what its checkpoints keep of that.
pub(super) struct CircuitFiles {
    pub(super) inputs: SourceInputs,
    /// Nothing where the model names no file.
    pub(super) identity: Option<DataIdentity>,
}

impl CircuitFiles {
    /// Reads the stimuli of a model whose network is its initial one.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub(super) fn of_model(model: &Model) -> anyhow::Result<Self> {
        let inputs = SourceInputs::load(model)?;
        let mut sha256 = Vec::new();
        for path in model.network_files() {
            let (_, digest) = file_sha256(path).with_context(|| format!("cannot read {}", path.display()))?;
            sha256.push((path.display().to_string(), digest));
        }
        sha256.extend_from_slice(inputs.sha256());
        Ok(Self { inputs, identity: identity(sha256) })
    }

    /// Reads the stimuli of a model whose network is that of a checkpoint, which keeps these files of its run.
    ///
    /// # Errors
    /// If a file cannot be read, or is one of the run that left the checkpoint and has changed since.
    pub(super) fn of_checkpoint(model: &Model, kept: Option<&DataIdentity>) -> anyhow::Result<Self> {
        let Some(kept) = kept else {
            let inputs = SourceInputs::load(model)?;
            let identity = identity(inputs.sha256().to_vec());
            return Ok(Self { inputs, identity });
        };
        let inputs = SourceInputs::load_found(model, |path| kept.find(path))?;
        let mut identity = kept.clone();
        for (file, found) in inputs.sha256() {
            match kept.digest_of(file.as_ref()) {
                Some(expected) if expected == found => (),
                Some(expected) => return Err(changed(model, &kept.find(file.as_ref()), [expected, found])),
                None => {
                    let folder = &kept.place.absolute;
                    if Path::new(file).is_relative() && DataPlace::of(".".as_ref()).absolute != *folder {
                        bail!("{file}: name it by its absolute path: other files of the run are named from {folder}");
                    }
                    terminal::print_message(format_args!(
                        "note: {file} is none of the files of the run that left the checkpoint"
                    ));
                    identity.sha256.push((file.clone(), found.clone()));
                }
            }
        }
        Ok(Self { inputs, identity: Some(identity) })
    }

    /// Refuses paths of outputs that are files of the run.
    ///
    /// # Errors
    /// If one is.
    pub(super) fn refuse_outputs(&self, model: &Model, outputs: [Option<&PathBuf>; 2]) -> anyhow::Result<()> {
        let stimuli = model.populations.iter().filter_map(|population| population.stimulus.as_ref()?.path());
        let files: Vec<_> = stimuli.map(PathBuf::as_path).chain(model.network_files()).collect();
        for out in outputs.into_iter().flatten() {
            for file in &files {
                refuse_overwrite(
                    "--out",
                    out,
                    &self.identity.as_ref().map_or_else(|| (*file).to_owned(), |kept| kept.find(file)),
                )?;
            }
        }
        Ok(())
    }

    /// Path and SHA-256 of every file of the run.
    pub(super) fn sha256(&self) -> &[(String, String)] {
        self.identity.as_ref().map_or(&[], |identity| &identity.sha256)
    }
}

/// The identity of files that are named from the current folder.
fn identity(sha256: Vec<(String, String)>) -> Option<DataIdentity> {
    (!sha256.is_empty()).then(|| DataIdentity { place: DataPlace::of(".".as_ref()), sha256, validation: 0 })
}

/// The error of a file that is not as the run before read it.
fn changed(model: &Model, at: &Path, [expected, found]: [&str; 2]) -> anyhow::Error {
    let of = |population: &&Population| {
        population.stimulus.as_ref().and_then(PopulationStimulus::path).is_some_and(|path| at.ends_with(path))
    };
    let population = model.populations.iter().find(of).map_or("NAME", |population| &population.name);
    anyhow::anyhow!(
        "{}: the SHA-256 is {found}, expected {expected}, which the run read that left the checkpoint; restore that file, or \
         deliberately name another by `--set population.{population}.stimulus.path=FILE`",
        at.display()
    )
}
