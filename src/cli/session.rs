//! A run from the command line: its files, its display, its end.

use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::failure::Failure;
use super::options::Common;
use super::progress::Display;
use super::say;
use crate::data::{DataPlace, Dataset, StimulusSet, digests};
use crate::model::Model;
use crate::record::hdf5::{Provenance, RunFile};
use crate::record::{Kind, Recorder, estimate};
use crate::training::{Ending, History, Plan, RunError, Training};
use crate::view::Live;

/// The files of a run.
#[derive(Clone, Debug)]
pub(super) struct Files {
    pub(super) run: PathBuf,
    /// None for a simulation, which changes nothing that could be resumed.
    pub(super) checkpoint: Option<PathBuf>,
}

impl Files {
    /// Refuses a checkpoint that cannot be written because something else stands in its place.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        match self.checkpoint.as_ref().filter(|path| path.exists() && !path.is_file()) {
            Some(other) => anyhow::bail!("the checkpoint is to be {}, which is there and is no file", other.display()),
            None => Ok(()),
        }
    }
}

/// What a run came to.
pub(super) struct Outcome {
    pub(super) files: Files,
    pub(super) history: History,
    /// Training presentations since the start or resumption.
    pub(super) presentations: u64,
}

/// Opens the run file of a run of these presentations, with so many in an epoch, telling what it will hold; `shown` is a set
/// that is shown, and the digests of all files read.
pub(super) fn open_run_file(
    common: &Common,
    path: &Path,
    (model, dynamics): (&Model, &str),
    (seed, kind, run, epoch): (u64, Kind, &Range<u64>, usize),
    shown: (&StimulusSet, &[(String, String)]),
) -> anyhow::Result<RunFile> {
    let provenance = Provenance {
        apical_version: env!("CARGO_PKG_VERSION").to_owned(),
        git_commit: env!("APICAL_GIT_COMMIT").to_owned(),
        seed,
        command_line: command_line(),
        data_sha256: digests(shown.1),
        data_source: shown.0.path().map(DataPlace::of),
        start_time: humantime::format_rfc3339_seconds(std::time::SystemTime::now()).to_string(),
        kind: dynamics.to_owned(),
    };
    if common.out.is_none() {
        let folder = path.parent().unwrap_or(Path::new(""));
        let made = std::fs::create_dir_all(folder);
        made.with_context(|| format!("cannot create the folder {}; give --out PATH", folder.display()))?;
    }
    let created = RunFile::create(path, model, &provenance, kind);
    let file = created.context("the run file cannot be created; name another by --out PATH")?;
    if !common.quiet {
        let bytes = estimate(model, kind, run, epoch as u64).total();
        say::note(format_args!("recording to {}: about {}", path.display(), size(bytes)));
    }
    Ok(file)
}

/// The command line as a shell takes it, the program by its bare name and what is no text shown as well as it can be.
pub(super) fn command_line() -> String {
    let words = std::env::args_os().skip(1).map(|argument| say::quoted(&argument.to_string_lossy()).into_owned());
    std::iter::once("apical".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
}

/// Trains as planned with its files, and a page if there is one.
pub(super) fn run(
    common: &Common,
    model: &Model,
    data: &Dataset,
    trainer: &mut dyn Training,
    (seed, plan): (u64, Plan),
    files: Files,
    live: Option<Live>,
) -> Result<Outcome, Failure> {
    let first = trainer.history().examples_seen;
    let told = (seed, Kind::Train, &(first..plan.presentations), data.training.len());
    let file = open_run_file(common, &files.run, (model, trainer.kind()), told, (data.training.set(), &data.sha256()))?;
    let mut recorder = (file, live);
    let mut display = Display::new(common.quiet, files.checkpoint.clone().map(|path| (model, path)));
    let replayed = trainer.history().curve.iter().try_for_each(|evaluation| recorder.evaluation(evaluation));
    let ended = replayed.map_err(RunError::from).and_then(|()| trainer.run(data, plan, &mut recorder, &mut display));
    display.finish();
    // Whatever happened, what was learnt and recorded is kept; weights that are no numbers are not.
    let learnt = files
        .checkpoint
        .as_ref()
        .filter(|_| !matches!(ended, Err(RunError::Diverged { .. } | RunError::Overflow { .. })));
    let saved = learnt.map_or(Ok(()), |path| trainer.checkpoint().save(model, path));
    let closed = recorder.0.finish();
    if let (Some(path), Ok(()), false) = (learnt, &saved, ended.is_ok() && closed.is_ok()) {
        say::note(format_args!("what was learnt so far is in {}", path.display()));
    }
    let ending = ended?;
    closed.context("the run file could not be completed").map_err(Failure::Failed)?;
    saved.context("the checkpoint could not be saved").map_err(Failure::Failed)?;
    match ending {
        Ending::Done => {
            let history = trainer.history().clone();
            Ok(Outcome { files, presentations: history.examples_seen - first, history })
        }
        Ending::Stopped => {
            let (seen, run) = (trainer.history().examples_seen, files.run.display());
            say::note(format_args!("stopped after {seen} presentations; the run file is {run}"));
            Err(Failure::Interrupted)
        }
    }
}

/// A number of bytes in the unit that suits it.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{:.0} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.0} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}
