//! The files of a circuit's run: those that its model names; with a checkpoint, the very ones of the run that left it.

use std::path::{Path, PathBuf};

use super::{SimulationError, SourceInputs};
use crate::data::{DataIdentity, DataPlace, file_sha256};
use crate::model::{Model, Population, PopulationStimulus};

/// What was read for a run, and what its checkpoints keep of that.
#[derive(Clone, Debug)]
pub struct CircuitFiles {
    /// Stimuli of the sources.
    pub inputs: SourceInputs,
    /// Where the files were and their digests; nothing where the model names no file.
    pub identity: Option<DataIdentity>,
    /// Stimuli, by path, that are none of the files of the run that left the checkpoint.
    pub others: Vec<String>,
}

impl CircuitFiles {
    /// Reads the stimuli of a model whose network is its initial one.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn of_model(model: &Model) -> Result<Self, SimulationError> {
        let inputs = SourceInputs::load(model)?;
        let mut sha256 = Vec::new();
        for path in model.network_files() {
            let digest = file_sha256(path);
            let (_, digest) = digest.map_err(|source| SimulationError::File { path: path.to_owned(), source })?;
            sha256.push((path.display().to_string(), digest));
        }
        sha256.extend_from_slice(inputs.sha256());
        Ok(Self { inputs, identity: identity(sha256), others: Vec::new() })
    }

    /// Reads the stimuli of a model whose network is that of a checkpoint, which keeps these files of its run.
    ///
    /// # Errors
    /// If a file cannot be read, or is one of the run that left the checkpoint and has changed since.
    pub fn of_checkpoint(model: &Model, kept: Option<&DataIdentity>) -> Result<Self, SimulationError> {
        let mut others = Vec::new();
        let Some(kept) = kept else {
            let inputs = SourceInputs::load(model)?;
            let identity = identity(inputs.sha256().to_vec());
            return Ok(Self { inputs, identity, others });
        };
        let inputs = SourceInputs::load_found(model, |path| kept.find(path))?;
        let mut identity = kept.clone();
        for (file, found) in inputs.sha256() {
            match kept.digest_of(file.as_ref()) {
                Some(expected) if expected == found => (),
                Some(expected) => return Err(changed(model, kept.find(file.as_ref()), [expected, found])),
                None => {
                    let folder = &kept.place.absolute;
                    if Path::new(file).is_relative() && DataPlace::of(".".as_ref()).absolute != *folder {
                        return Err(SimulationError::RelativePath { file: file.clone(), folder: folder.clone() });
                    }
                    others.push(file.clone());
                    identity.sha256.push((file.clone(), found.clone()));
                }
            }
        }
        Ok(Self { inputs, identity: Some(identity), others })
    }

    /// Where the files are that a model names.
    pub fn paths(&self, model: &Model) -> Vec<PathBuf> {
        let stimuli = model.populations.iter().filter_map(|population| population.stimulus.as_ref()?.path());
        let named = stimuli.map(PathBuf::as_path).chain(model.network_files());
        named.map(|file| self.identity.as_ref().map_or_else(|| file.to_owned(), |kept| kept.find(file))).collect()
    }

    /// Path and SHA-256 of every file of the run.
    pub fn sha256(&self) -> &[(String, String)] {
        self.identity.as_ref().map_or(&[], |identity| &identity.sha256)
    }
}

/// The identity of files that are named from the current folder.
fn identity(sha256: Vec<(String, String)>) -> Option<DataIdentity> {
    (!sha256.is_empty()).then(|| DataIdentity { place: DataPlace::of(".".as_ref()), sha256, validation: 0 })
}

/// The error of a file that is not as the run before read it.
fn changed(model: &Model, at: PathBuf, [expected, found]: [&str; 2]) -> SimulationError {
    let of = |population: &&Population| {
        population.stimulus.as_ref().and_then(PopulationStimulus::path).is_some_and(|path| at.ends_with(path))
    };
    let population = model.populations.iter().find(of).map_or("NAME", |population| &population.name).to_owned();
    SimulationError::FileChanged { path: at, expected: expected.to_owned(), found: found.to_owned(), population }
}
