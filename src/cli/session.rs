//! A training run or simulation: opens its files, shows its progress, saves what there is at its end.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use super::failure::Failure;
use super::options::Common;
use super::output::{RunFiles, RunOutput};
use super::progress::{Checkpoints, Display};
use super::{disk, interrupt, shell, terminal};
use crate::data::{DataPlace, Dataset, digests};
use crate::model::Model;
use crate::record::hdf5::{Provenance, RunFile, Unfinished, set_aside_unfinished};
use crate::record::{Checkpoint, Planned, Recorder, checkpoint_bytes};
use crate::training::{Ending, History, Plan, RunError, Training, planned_training};
use crate::units::Rounded;
use crate::view::Live;

/// The result of a training run or simulation.
pub(super) struct Outcome {
    /// `None` if nothing was left to do and nothing was written.
    pub(super) files: Option<RunFiles>,
    pub(super) history: History,
    /// Training presentations of this run, without those before it was resumed.
    pub(super) presentations: u64,
}

/// The network that a run starts from.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct NetworkOrigin {
    /// Training presentations it has learnt from, if its weights are fixed in the run.
    pub(super) frozen_after: Option<u64>,
    /// Whether it descends from a checkpoint that was changed after it was written.
    pub(super) edited: bool,
}

/// What a run file says of its run.
pub(super) struct RunDescription<'a> {
    pub(super) model: &'a Model,
    /// `spiking` or `rate`.
    pub(super) dynamics: &'a str,
    pub(super) seed: u64,
    pub(super) planned: Planned,
    pub(super) origin: NetworkOrigin,
    /// Where the stimuli are, which is kept in the run file, if they are in one place.
    pub(super) data_path: Option<&'a Path>,
    /// Names and SHA-256 digests of all data files read.
    pub(super) sha256: &'a [(String, String)],
}

/// Creates the run file and prints how much it will hold.
///
/// # Errors
/// If the disk has no room for it, or it cannot be created.
pub(super) fn open_run_file(
    common: &Common,
    output: &RunOutput,
    recorded: &RunDescription<'_>,
) -> anyhow::Result<(RunFile, RunFiles)> {
    let RunDescription { model, dynamics, seed, planned, origin, data_path, sha256 } = recorded;
    let provenance = Provenance {
        command_line: command_line(),
        data_sha256: digests(sha256),
        data_source: data_path.map(DataPlace::of),
        start_time: humantime::format_rfc3339_seconds(std::time::SystemTime::now()).to_string(),
        kind: (*dynamics).to_owned(),
        frozen_after: origin.frozen_after,
        edited: origin.edited,
        ..Provenance::of_run(*seed)
    };
    RunFile::check_texts(&model.text(), &provenance.command_line)?;
    let kept = check_recorded(common, model, planned)?;
    let bytes = planned.estimate(model).total();
    let checkpoint = output.checkpoint.as_ref().map_or(0, |_| checkpoint_bytes(model));
    disk::Recordings { file: &output.run, bytes: bytes.saturating_add(checkpoint), runs: 1 }.check_room(common)?;
    let folder = disk::folder_of(&output.run);
    if common.out.is_none() {
        let made = std::fs::create_dir_all(folder);
        made.with_context(|| format!("cannot create the folder {}; give --out PATH", folder.display()))?;
    }
    let (file, files) = output.open(|path| RunFile::create(path, model, &provenance, planned))?;
    let left = match files.checkpoint.as_deref().map(set_aside_unfinished).transpose() {
        Ok(left) => left.flatten(),
        Err(error) => {
            file.abandon();
            return Err(
                anyhow::Error::from(error).context("the checkpoint cannot be created; name another file by --out PATH")
            );
        }
    };
    for left in file.set_aside().into_iter().chain(left.as_deref()) {
        let quoted = shell::quoted_path(left);
        let left = left.display();
        terminal::print_message(format_args!(
            "an unfinished file is now {left}; if a run left it, `apical inspect {quoted}` shows it"
        ));
    }
    if !common.quiet {
        terminal::print_message(format_args!(
            "recording to {}: {kept}about {}{}",
            files.run.display(),
            disk::size(bytes),
            planned.assumption(model)
        ));
    }
    Ok((file, files))
}

/// How many presentations are recorded, as text; empty if nothing of them is.
///
/// # Errors
/// If the range of presentations on the command line holds none of the run.
fn check_recorded(common: &Common, model: &Model, planned: &Planned) -> anyhow::Result<String> {
    let recording = &model.recording;
    if recording.spikes.is_empty() && recording.plateaus.is_empty() && recording.traces.is_empty() {
        return Ok(String::new());
    }
    if model.protocol.continuous().is_some() {
        let (recorded, span) = (planned.recorded_ms(model), &planned.span_ms);
        if recorded <= 0.0 {
            bail!(
                "none of the times {} to {} ms of the run are recorded; choose a range of these",
                Rounded(span.start),
                Rounded(span.end)
            );
        }
        return Ok(format!("{} ms of model time, ", Rounded(recorded)));
    }
    let by_record = common.record.as_ref().filter(|what| what.contains(':')).map(|what| format!("--record {what}"));
    let key = |pair: &&String| pair.starts_with("recording.presentations=");
    let by_key = common.overrides.iter().rfind(key).map(|pair| format!("--set {pair}"));
    // A resumed run may have recorded the range before.
    let end = planned.presentations.end;
    let whole = Planned { presentations: 0..end, ..planned.clone() };
    if let Some(asked) = by_record.or(by_key).filter(|_| end > 0 && whole.recorded(model) == 0) {
        bail!("{asked}: keeps none of the presentations 0:{end} of the run; choose a range of these");
    }
    let of = end.saturating_sub(planned.presentations.start);
    Ok(format!("{} of {of} presentations, ", planned.recorded(model)))
}

/// The command line of this process, quoted for a shell, with the program as `apical`.
pub(super) fn command_line() -> String {
    let words = std::env::args_os().skip(1).map(|argument| shell::quoted(&argument.to_string_lossy()).into_owned());
    std::iter::once("apical".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
}

/// A run to be made: the arguments of [`run`].
pub(super) struct Session<'a> {
    pub(super) model: &'a Model,
    pub(super) data: &'a Dataset,
    pub(super) seed: u64,
    /// Begins its lines of progress, where several runs are at work; else empty.
    pub(super) label: String,
    pub(super) plan: Plan,
    pub(super) origin: NetworkOrigin,
    pub(super) live: Option<Live>,
    /// Longest time between two checkpoints.
    pub(super) checkpoint_every: Duration,
    /// Called with its files if the run was stopped: prints how to resume it.
    pub(super) stopped: &'a dyn Fn(&RunFiles),
}

/// Makes a run, with its run file, checkpoints, progress and, with `--live`, its page.
///
/// # Errors
/// If it is refused, fails or is interrupted; what can be saved is saved first.
pub(super) fn run(
    common: &Common,
    run: Session<'_>,
    trainer: &mut dyn Training,
    output: &RunOutput,
) -> Result<Outcome, Failure> {
    let _guard = interrupt::hold();
    let Session { model, data, seed, label, plan, origin, live, checkpoint_every, stopped } = run;
    let first = trainer.history().examples_seen;
    let planned =
        planned_training((model, trainer.network()), data, first..plan.presentations, (plan.test_examples, seed));
    let planned = planned.map_err(anyhow::Error::from)?;
    let (dynamics, data_path, sha256) = (trainer.kind(), data.training.set().path(), &data.sha256());
    let recorded = RunDescription { model, dynamics, seed, planned, origin, data_path, sha256 };
    let (file, files) = open_run_file(common, output, &recorded)?;
    let mut recorder = (file, live);
    let checkpoints =
        files.checkpoint.clone().map(|path| Checkpoints { model, path, every: checkpoint_every, last: Instant::now() });
    let mut display = Display::new(common.quiet, checkpoints);
    display.label = label;
    let replayed = trainer.history().curve.iter().try_for_each(|evaluation| recorder.evaluation(evaluation));
    let ended = replayed.map_err(RunError::from).and_then(|()| trainer.run(data, plan, &mut recorder, &mut display));
    display.finish();
    let lost = matches!(ended, Err(RunError::Diverged { .. } | RunError::Overflow { .. }));
    let kept = save(model, (!lost).then_some(&|| trainer.checkpoint()), recorder.0, &files);
    let ending = match ended {
        Ok(ending) => ending,
        Err(error) => {
            kept.report(&files);
            return Err(error.into());
        }
    };
    if kept.checkpoint.is_err() || kept.recording.is_err() {
        kept.report(&files);
    }
    kept.recording.context("the run file could not be completed").map_err(Failure::Failed)?;
    kept.checkpoint.context("the checkpoint could not be saved").map_err(Failure::Failed)?;
    match ending {
        Ending::Done => {
            let files = files.replace().map_err(Failure::Failed)?;
            let history = trainer.history().clone();
            Ok(Outcome { files: Some(files), presentations: history.examples_seen - first, history })
        }
        Ending::Stopped => {
            let (seen, run) = (trainer.history().examples_seen, files.run.display());
            terminal::print_message(format_args!("stopped after {seen} presentations; the run file is {run}"));
            stopped(&files);
            Err(Failure::Interrupted)
        }
    }
}

/// What was saved at the end of a run, or why it was not.
pub(super) struct SavedFiles {
    /// The unfinished run file that is left where the recording could not be completed.
    left: Option<Unfinished>,
    /// Whether a checkpoint was saved: not if none was asked for, or there is nothing to go on from.
    pub(super) checkpoint: anyhow::Result<bool>,
    pub(super) recording: anyhow::Result<()>,
}

/// Makes the checkpoint of a run.
pub(super) type MakeCheckpoint<'a> = &'a dyn Fn() -> Checkpoint;

/// Saves the checkpoint, if there is one, and completes the run file, however the run ended. If the disk is full, the run file is
/// removed and the checkpoint saved again.
pub(super) fn save(
    model: &Model,
    checkpoint: Option<MakeCheckpoint<'_>>,
    recording: RunFile,
    files: &RunFiles,
) -> SavedFiles {
    let checkpoint = checkpoint.zip(files.checkpoint.as_ref());
    let save_checkpoint = || checkpoint.map_or(Ok(false), |(make, path)| make().save(model, path).map(|()| true));
    match save_checkpoint() {
        Err(error) if error.is_out_of_room() => {
            recording.abandon();
            let why = anyhow::Error::from(error).context("the recording was given up to make room for the checkpoint");
            SavedFiles { left: None, checkpoint: save_checkpoint().map_err(anyhow::Error::from), recording: Err(why) }
        }
        saved => {
            let part = recording.part().to_owned();
            let recording = recording.finish_as(&files.run).map_err(anyhow::Error::from);
            let left = recording.as_ref().err().and_then(|_| Unfinished::at(&part));
            SavedFiles { left, checkpoint: saved.map_err(anyhow::Error::from), recording }
        }
    }
}

impl SavedFiles {
    /// Prints what was saved of a run that failed.
    pub(super) fn report(&self, files: &RunFiles) {
        match (&self.checkpoint, &files.checkpoint) {
            (Ok(true), Some(path)) => {
                terminal::print_message(format_args!("the network as it stands is in {}", path.display()));
            }
            (Err(error), Some(path)) => {
                terminal::print_message(format_args!(
                    "the checkpoint {} could not be saved: {error:#}",
                    path.display()
                ));
            }
            _ => (),
        }
        match &self.recording {
            Ok(()) => terminal::print_message(format_args!("what was recorded so far is in {}", files.run.display())),
            Err(error) => {
                terminal::print_message(format_args!(
                    "the run file {} could not be completed: {error:#}",
                    files.run.display()
                ));
            }
        }
        if let Some(Unfinished { path, is_whole }) = &self.left {
            let (shown, quoted) = (path.display(), shell::quoted_path(path));
            if *is_whole {
                terminal::print_message(format_args!(
                    "what was written of it before is in {shown}; `apical inspect --check {quoted}` lists what of it is damaged"
                ));
            } else {
                terminal::print_message(format_args!(
                    "{shown} was cut short and cannot be read: it is of no use, remove it"
                ));
            }
        }
    }
}
