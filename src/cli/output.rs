//! Output paths of a run: free names, what is done with existing files, and the `.unfinished` names of a run that will replace
//! another.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::files::{checkpoint_file, named_after};
use super::shell;
use crate::record::RecordError;
use crate::record::hdf5::{RunFile, RunReader, holds_checkpoint};

/// Paths asked for: of the run file and, for a run that learns, its checkpoint.
#[derive(Clone, Debug)]
pub(super) struct RunOutput {
    pub(super) run: PathBuf,
    pub(super) checkpoint: Option<PathBuf>,
    /// Whether it is the run of a circuit.
    pub(super) circuit: bool,
    pub(super) existing: Existing,
}

/// What is done with existing files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Existing {
    /// They are kept: the run takes the next free number.
    Numbered,
    /// They are kept: the run is refused.
    Refused,
    /// They are replaced once the run has ended as planned.
    Replaced,
    /// The checkpoint is replaced: `reproduce` resumes one of its own runs.
    Continued,
}

/// Paths that a run writes, and those it replaces at its end.
#[derive(Clone, Debug)]
pub(super) struct RunFiles {
    pub(super) run: PathBuf,
    /// `None` for a simulation, which cannot be resumed.
    pub(super) checkpoint: Option<PathBuf>,
    /// Run file and checkpoint that are replaced once the run has ended as planned.
    replaced: Option<(PathBuf, Option<PathBuf>)>,
}

impl RunOutput {
    /// A run file without a checkpoint.
    pub(super) fn run_alone(run: PathBuf, existing: Existing) -> Self {
        Self { run, checkpoint: None, circuit: false, existing }
    }

    /// Adds the checkpoint of the run file.
    pub(super) fn with_checkpoint(mut self) -> Self {
        self.checkpoint = Some(checkpoint_file(&self.run));
        self
    }

    /// The run of a circuit, with its checkpoint.
    pub(super) fn of_circuit(self) -> Self {
        Self { circuit: true, ..self.with_checkpoint() }
    }

    /// Whether the network of the run learns in it: a run that does has a checkpoint.
    fn learns(&self) -> bool {
        self.checkpoint.is_some()
    }

    /// The n-th candidate for the paths, from 1; the first is that asked for.
    fn choice(&self, n: u32) -> Self {
        if n < 2 { self.clone() } else { self.renamed(&format!("-{n}.h5")) }
    }

    /// The same paths with `end` in place of their extensions.
    fn renamed(&self, end: &str) -> Self {
        let run = named_after(&self.run, end);
        let name = checkpoint_file(&run);
        let checkpoint = self.checkpoint.as_ref().map(|path| path.with_file_name(name.file_name().unwrap_or_default()));
        Self { run, checkpoint, ..*self }
    }

    /// The first of the paths that exists, if any.
    fn occupied(&self) -> Option<&Path> {
        [Some(&self.run), self.checkpoint.as_ref()].into_iter().flatten().find(|path| is_occupied(path)).map(|p| &**p)
    }

    /// Refuses paths that cannot be written, or not without losing existing files.
    ///
    /// # Errors
    /// Names the file and what to do.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        if let Some(other) = self.checkpoint.as_ref().filter(|path| path.exists() && !path.is_file()) {
            bail!("the checkpoint path {} exists and is not a regular file", other.display());
        }
        match (self.existing, self.occupied()) {
            (Existing::Refused, Some(taken)) => self.refuse(taken),
            (Existing::Replaced, Some(_)) => self.check_kinds(
                "--overwrite replaces a run by one of its kind, and nothing else; name another file by --out",
            ),
            _ => Ok(()),
        }
    }

    fn refuse(&self, taken: &Path) -> anyhow::Result<()> {
        self.check_kinds("a file of this run exists that --overwrite could not replace; name another by --out")?;
        let goes_on = match self.checkpoint.as_ref().filter(|checkpoint| is_occupied(checkpoint)) {
            Some(checkpoint) => format!(", or go on with its run by --resume {}", shell::quoted_path(checkpoint)),
            None => String::new(),
        };
        let taken = taken.display();
        bail!(
            "{taken} already exists; name another file by --out, give --overwrite to replace it once the new run is \
             complete{goes_on}"
        )
    }

    /// Checks that existing files are of the kind that would replace them: the run file of a training, or of a test or
    /// simulation, and a checkpoint.
    fn check_kinds(&self, refusal: &'static str) -> anyhow::Result<()> {
        if is_occupied(&self.run) {
            let run = RunReader::open(&self.run).context(refusal)?;
            let learnt = run.frozen_after().context(refusal)?.is_none();
            let circuit = run.model(&self.run).is_ok_and(|model| model.protocol.continuous().is_some());
            if (learnt, circuit) != (self.learns(), self.circuit) {
                let [found, expected] = [(learnt, circuit), (self.learns(), self.circuit)].map(kind_of_run);
                let found = format!("{} is the run file of {found}, expected that of {expected}", self.run.display());
                return Err(anyhow::anyhow!(found).context(refusal));
            }
        }
        if let Some(checkpoint) = self.checkpoint.as_ref().filter(|path| is_occupied(path)) {
            holds_checkpoint(checkpoint).context(refusal)?;
        }
        Ok(())
    }

    /// Creates the run file under the first free name, which is reserved for this run from then on.
    pub(super) fn open(
        &self,
        create: impl Fn(&Path) -> Result<RunFile, RecordError>,
    ) -> anyhow::Result<(RunFile, RunFiles)> {
        let mut n = 1;
        loop {
            let chosen = self.choice(n);
            n += 1;
            if self.existing == Existing::Numbered && chosen.occupied().is_some() {
                continue;
            }
            let file = match create(&chosen.run) {
                Err(RecordError::Busy { .. }) if self.existing == Existing::Numbered => continue,
                created => created.context("the run file cannot be created; name another by --out PATH")?,
            };
            // Checked again: another run may have ended under this name in the meantime.
            if self.existing == Existing::Numbered && chosen.occupied().is_some() {
                file.abandon();
                continue;
            }
            return match chosen.check() {
                Ok(()) => {
                    // Symbolic links are resolved, so that a later rename keeps the link.
                    let run = file.path().to_owned();
                    let checkpoint = chosen
                        .checkpoint
                        .map(|path| path.is_symlink().then(|| path.canonicalize().ok()).flatten().unwrap_or(path));
                    Ok((file, Self { run, checkpoint, circuit: self.circuit, existing: self.existing }.files()))
                }
                Err(refused) => {
                    file.abandon();
                    Err(refused)
                }
            };
        }
    }

    fn files(self) -> RunFiles {
        if self.existing != Existing::Replaced || self.occupied().is_none() {
            return RunFiles { run: self.run, checkpoint: self.checkpoint, replaced: None };
        }
        let beside = self.renamed(".unfinished.h5");
        let free =
            (1..=u32::MAX).map(|n| beside.choice(n)).find(|choice| choice.occupied().is_none()).unwrap_or(beside);
        RunFiles { run: free.run, checkpoint: free.checkpoint, replaced: Some((self.run, self.checkpoint)) }
    }
}

impl RunFiles {
    /// Renames the files to those they replace, if any.
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

/// What a run is, by whether its network learns.
fn kind_of_run((learns, circuit): (bool, bool)) -> &'static str {
    match (learns, circuit) {
        (_, true) => "a circuit",
        (true, false) => "a training",
        (false, false) => "a test or simulation",
    }
}

/// Whether there is something other than an empty file at a path.
fn is_occupied(path: &Path) -> bool {
    path.metadata().is_ok_and(|there| !there.is_file() || there.len() > 0)
}
