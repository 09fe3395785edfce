//! Output paths of a run: free names, what becomes of files that exist, and the `.unfinished` names of a run until it replaces
//! another.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::files::{checkpoint_file, named_after};
use super::say;
use crate::record::RecordError;
use crate::record::hdf5::{RunFile, RunReader, holds_checkpoint};

/// A run file that is to be written, with its checkpoint if there is one.
#[derive(Clone, Debug)]
pub(super) struct Output {
    pub(super) run: PathBuf,
    pub(super) checkpoint: Option<PathBuf>,
    pub(super) existing: Existing,
}

/// What becomes of files that are there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Existing {
    /// They stay: the run takes the next number that is free.
    Numbered,
    /// They stay: the run is refused.
    Refused,
    /// They are replaced once the run has ended as planned.
    Replaced,
    /// `reproduce` goes on with a run of its own and replaces that run's checkpoint as it does.
    Continued,
}

/// Paths that a run writes, and those that it replaces at its end.
#[derive(Clone, Debug)]
pub(super) struct Files {
    pub(super) run: PathBuf,
    /// None for a simulation, which changes nothing that could be resumed.
    pub(super) checkpoint: Option<PathBuf>,
    /// The run file and the checkpoint that they replace once the run has ended as planned.
    replaced: Option<(PathBuf, Option<PathBuf>)>,
}

impl Output {
    /// A run file of this name without a checkpoint.
    pub(super) fn run_alone(run: PathBuf, existing: Existing) -> Self {
        Self { run, checkpoint: None, existing }
    }

    /// The same with the checkpoint that belongs to it.
    pub(super) fn with_checkpoint(mut self) -> Self {
        self.checkpoint = Some(checkpoint_file(&self.run));
        self
    }

    /// The n-th choice of names; the first is the one asked for.
    fn choice(&self, n: u32) -> Self {
        if n < 2 { self.clone() } else { self.renamed(&format!("-{n}.h5")) }
    }

    /// The same paths with this in place of their extensions.
    fn renamed(&self, end: &str) -> Self {
        let run = named_after(&self.run, end);
        let name = checkpoint_file(&run);
        let checkpoint = self.checkpoint.as_ref().map(|path| path.with_file_name(name.file_name().unwrap_or_default()));
        Self { run, checkpoint, ..*self }
    }

    /// The file that is there already, if any.
    fn taken(&self) -> Option<&Path> {
        [Some(&self.run), self.checkpoint.as_ref()].into_iter().flatten().find(|path| is_occupied(path)).map(|p| &**p)
    }

    /// Refuses what stands in the way.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        if let Some(other) = self.checkpoint.as_ref().filter(|path| path.exists() && !path.is_file()) {
            bail!("the checkpoint path {} exists and is not a regular file", other.display());
        }
        match (self.existing, self.taken()) {
            (Existing::Refused, Some(taken)) => self.refuse(taken),
            (Existing::Replaced, Some(_)) => self.check_kinds("--overwrite replaces runs and nothing else"),
            _ => Ok(()),
        }
    }

    fn refuse(&self, taken: &Path) -> anyhow::Result<()> {
        self.check_kinds("a file of this run exists that --overwrite could not replace; name another by --out")?;
        let goes_on = match self.checkpoint.as_ref().filter(|checkpoint| is_occupied(checkpoint)) {
            Some(checkpoint) => format!(", or go on with its run by --resume {}", say::quoted_path(checkpoint)),
            None => String::new(),
        };
        let taken = taken.display();
        bail!(
            "{taken} already exists; name another file by --out, give --overwrite to replace it once the new run is \
             complete{goes_on}"
        )
    }

    /// Checks that what is there could be replaced: a run file by a run file, a checkpoint by a checkpoint.
    fn check_kinds(&self, refusal: &'static str) -> anyhow::Result<()> {
        if is_occupied(&self.run) {
            RunReader::open(&self.run).context(refusal)?;
        }
        if let Some(checkpoint) = self.checkpoint.as_ref().filter(|path| is_occupied(path)) {
            holds_checkpoint(checkpoint).context(refusal)?;
        }
        Ok(())
    }

    /// Creates the run file under the name that it may have; from then on the name is this run's.
    pub(super) fn open(
        &self,
        create: impl Fn(&Path) -> Result<RunFile, RecordError>,
    ) -> anyhow::Result<(RunFile, Files)> {
        let mut n = 1;
        loop {
            let chosen = self.choice(n);
            n += 1;
            if self.existing == Existing::Numbered && chosen.taken().is_some() {
                continue;
            }
            let file = match create(&chosen.run) {
                Err(RecordError::Busy { .. }) if self.existing == Existing::Numbered => continue,
                created => created.context("the run file cannot be created; name another by --out PATH")?,
            };
            // Looked at again: until now another run may have ended under this name.
            if self.existing == Existing::Numbered && chosen.taken().is_some() {
                file.abandon();
                continue;
            }
            return match chosen.check() {
                Ok(()) => {
                    // The path with symbolic links resolved, so that a later rename keeps the link.
                    let run = file.path().to_owned();
                    let checkpoint = chosen
                        .checkpoint
                        .map(|path| path.is_symlink().then(|| path.canonicalize().ok()).flatten().unwrap_or(path));
                    Ok((file, Self { run, checkpoint, existing: self.existing }.files()))
                }
                Err(refused) => {
                    file.abandon();
                    Err(refused)
                }
            };
        }
    }

    fn files(self) -> Files {
        if self.existing != Existing::Replaced || self.taken().is_none() {
            return Files { run: self.run, checkpoint: self.checkpoint, replaced: None };
        }
        let beside = self.renamed(".unfinished.h5");
        let free = (1..=u32::MAX).map(|n| beside.choice(n)).find(|choice| choice.taken().is_none()).unwrap_or(beside);
        Files { run: free.run, checkpoint: free.checkpoint, replaced: Some((self.run, self.checkpoint)) }
    }
}

impl Files {
    /// Gives them the names of those they replace, if any.
    pub(super) fn replace(self) -> anyhow::Result<Self> {
        let Some((run, checkpoint)) = self.replaced else { return Ok(self) };
        let give = |from: &Path, to: &Path| {
            fs::rename(from, to).with_context(|| format!("cannot rename {} to {}", from.display(), to.display()))
        };
        if let (Some(from), Some(to)) = (&self.checkpoint, &checkpoint) {
            give(from, to)?;
        }
        give(&self.run, &run)?;
        Ok(Self { run, checkpoint, replaced: None })
    }
}

/// Whether there is anything at a path but an empty file.
fn is_occupied(path: &Path) -> bool {
    path.metadata().is_ok_and(|there| !there.is_file() || there.len() > 0)
}
