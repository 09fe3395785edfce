//! The trained networks that figures are drawn from.
//!
//! A run is known by its files, `MODEL[-VARIANT]-COURSE-seedN-on-IMAGES`, where IMAGES begins the digest of the images it is
//! trained on: a checkpoint, and run files of which the first begins with the first presentation and each other one,
//! `...-from-N`, where the one before it was stopped. What is finished is taken as it is, what was stopped is gone on with,
//! and what is no part of the run asked for is refused by name.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::FigureTask;
use crate::cli::failure::Failure;
use crate::cli::output::{Existing, RunOutput};
use crate::cli::plot::RecordedWindow;
use crate::cli::progress::CHECKPOINT_EVERY;
use crate::cli::report::learning_curve;
use crate::cli::session::{self, NetworkOrigin};
use crate::cli::{checkpoint, terminal};
use crate::data::{Dataset, Presentations, digests, tested_on};
use crate::model::{Credit, Model, Stimuli, shipped};
use crate::rate::Twin;
use crate::record::hdf5::RunReader;
use crate::record::{Checkpoint, Kind};
use crate::training::{Dynamics, Plan, Synapses, Trainer, Training, initial_network};

/// A run that a figure needs.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct RunSpec {
    /// Name of a shipped model.
    pub(super) model: &'static str,
    /// What tells it from the model itself in the names of its files; empty: nothing.
    pub(super) variant: &'static str,
    /// Keys of the model that differ, as in `--set`.
    pub(super) overrides: &'static [&'static str],
    /// As spikes or as rates.
    pub(super) dynamics: Dynamics,
    /// How long it is trained and on what it is tested.
    pub(super) course: RunLength,
    pub(super) seed: u64,
}

/// How long a network is trained, and on what it is tested after every epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RunLength {
    pub(super) epochs: u32,
    /// Training images: the first so many; none: all.
    pub(super) images: Option<usize>,
    /// Test images: the first so many; none: all.
    pub(super) tested: Option<usize>,
}

/// A run that is done.
#[derive(Debug)]
pub(super) struct TrainedRun {
    /// How the names of its files begin.
    pub(super) name: String,
    pub(super) model: Model,
    /// Digests of its images and labels, `digest  file` a line.
    data_sha256: String,
    dynamics: Dynamics,
    /// The network at the end, and the learning curve.
    pub(super) checkpoint: Checkpoint,
    /// Run files one after the other; they hold every presentation, unless a run without recorded credit was killed on the way.
    pub(super) pieces: Vec<PathBuf>,
    /// Images it is tested on after every epoch.
    pub(super) tested: usize,
}

impl RunLength {
    /// So many training images once, without a test.
    pub(super) const fn untested(images: usize) -> Self {
        Self { epochs: 1, images: Some(images), tested: Some(0) }
    }

    /// In words.
    pub(super) fn told(self) -> String {
        let images = self.images.map_or(String::new(), |images| format!(" of {images} images"));
        format!("{} epochs{images}", self.epochs)
    }

    fn name(self) -> String {
        let part = |word: &str, count: Option<usize>| count.map_or(String::new(), |count| format!("-{word}-{count}"));
        format!("{}-epochs{}{}", self.epochs, part("of", self.images), part("tested", self.tested))
    }
}

impl RunSpec {
    /// A shipped model as it is, as spikes.
    pub(super) fn of(model: &'static str, course: RunLength, seed: u64) -> Self {
        Self { model, variant: "", overrides: &[], dynamics: Dynamics::Spiking, course, seed }
    }

    fn name(&self) -> String {
        let variant = if self.variant.is_empty() { String::new() } else { format!("-{}", self.variant) };
        let rates = match self.dynamics {
            Dynamics::Spiking => "",
            Dynamics::Rate(Twin::Noiseless) => "-rates",
            Dynamics::Rate(Twin::Diffusion) => "-diffusion-rates",
            Dynamics::Rate(Twin::Noisy) => "-noisy-rates",
        };
        format!("{}{variant}{rates}-{}-seed{}", self.model, self.course.name(), self.seed)
    }

    pub(super) fn model(&self) -> anyhow::Result<Model> {
        let Some(model) = shipped::find(self.model) else { bail!("no model `{}` is shipped", self.model) };
        let epochs = format!("learning.epochs={}", self.course.epochs);
        let keys: Vec<String> = self.overrides.iter().map(|&key| key.to_owned()).chain([epochs]).collect();
        let mut model = Model::parse(model.text, &format!("shipped {}.toml", model.name), &keys)?;
        if self.dynamics != Dynamics::Spiking {
            model.recording.spikes.clear();
            model.recording.traces.clear();
        }
        Ok(model)
    }
}

impl TrainedRun {
    /// Opens its last run file, with a window on the last presentation that was recorded in full.
    pub(super) fn last_presentation(&self) -> Result<(RunReader, RecordedWindow), Failure> {
        let run = self.runs()?.pop().context("the run has no run file").map_err(Failure::Failed)?;
        let rows = run.presentations().map_err(Failure::failed)?;
        let row = rows.into_iter().rfind(|row| row.recorded && row.kind == Kind::Train);
        let row = row.context("the run recorded no presentation").map_err(Failure::Failed)?;
        Ok((run, RecordedWindow { span: row.start_ms..row.end_ms(), shown: vec![row] }))
    }

    /// The run as `apical train` tells it; its commits are those its run files tell, null if one that was killed left none.
    pub(super) fn told(&self) -> Result<Value, Failure> {
        let mut commits = Vec::new();
        for run in self.runs()? {
            commits.push(run.commit().map_err(Failure::failed)?);
        }
        commits.dedup();
        let Checkpoint { seed, examples_seen, curve, .. } = &self.checkpoint;
        Ok(json!({
            "name": self.name,
            "model": self.model.name,
            "model_sha256": self.model.sha256(),
            "data_sha256": self.data_sha256,
            "kind": self.dynamics.name(),
            "batch": self.model.learning.batch,
            "seed": seed,
            "commit": (!commits.is_empty()).then(|| commits.join(", ")),
            "examples_seen": examples_seen,
            "test_examples": self.tested,
            "tested_on": tested_on(&self.model.stimuli),
            "test_error_percent": curve.last().map(|last| last.test_error),
            "learning": learning_curve(curve),
        }))
    }

    /// Opens its run files.
    pub(super) fn runs(&self) -> Result<Vec<RunReader>, Failure> {
        let open = |path: &PathBuf| RunReader::open(path).map_err(Failure::failed);
        self.pieces.iter().map(open).collect()
    }
}

/// Stimuli that were loaded, each once.
#[derive(Default)]
pub(super) struct Loaded(Vec<(Stimuli, Dataset)>);

impl Loaded {
    /// The stimuli of a model.
    pub(super) fn of(&mut self, task: &FigureTask<'_>, model: &Model) -> anyhow::Result<Dataset> {
        if let Some((_, data)) = self.0.iter().find(|(shown, _)| *shown == model.stimuli) {
            return Ok(data.clone());
        }
        let data = task.common.source(model).load()?;
        self.0.push((model.stimuli.clone(), data.clone()));
        Ok(data)
    }
}

/// Gives the runs wanted, in their order: all are looked for before the first is trained. They are told with the figure.
pub(super) fn train_runs(task: &FigureTask<'_>, wanted: &[RunSpec]) -> Result<Vec<TrainedRun>, Failure> {
    let (mut loaded, mut runs) = (Loaded::default(), Vec::new());
    for wanted in wanted {
        let model = wanted.model()?;
        let data = loaded.of(task, &model)?;
        runs.push(PendingRun::find(task, wanted, model, data)?);
    }
    let (mut done, mut begun) = (Vec::new(), false);
    for run in runs {
        let trains = run.found.is_none();
        let run = run.complete(task).map_err(|failure| if begun { failure.into_runtime() } else { failure })?;
        begun |= trains;
        let told = run.told()?;
        let mut all = task.runs.borrow_mut();
        if !all.contains(&told) {
            all.push(told);
        }
        done.push(run);
    }
    Ok(done)
}

/// A run with what there is of it.
struct PendingRun {
    name: String,
    folder: PathBuf,
    model: Model,
    data: Dataset,
    seed: u64,
    dynamics: Dynamics,
    plan: Plan,
    found: Option<TrainedRun>,
}

impl PendingRun {
    fn find(task: &FigureTask<'_>, wanted: &RunSpec, model: Model, mut data: Dataset) -> anyhow::Result<Self> {
        let RunLength { epochs, images, tested } = wanted.course;
        let shown = images.unwrap_or(usize::MAX).min(data.training.len());
        data.training = Presentations::new(data.training.set().clone(), 0..shown);
        let plan = Plan {
            presentations: u64::from(epochs) * shown as u64,
            test_examples: tested.unwrap_or(usize::MAX).min(data.evaluation.len()),
            synapses: Synapses::Plastic,
        };
        let digest: String =
            data.training.set().sha256().iter().take(1).flat_map(|(_, digest)| digest.chars().take(8)).collect();
        let (name, folder) = (format!("{}-on-{digest}", wanted.name()), task.folder.to_owned());
        let RunSpec { seed, dynamics, .. } = *wanted;
        let mut run = Self { name, folder, model, data, seed, dynamics, plan, found: None };
        run.found = run.look()?;
        Ok(run)
    }

    fn checkpoint_file(&self) -> PathBuf {
        self.folder.join(format!("{}.checkpoint.h5", self.name))
    }

    /// The run file that begins with training presentation `first`.
    fn run_file(&self, first: u64) -> PathBuf {
        let from = if first == 0 { String::new() } else { format!("-from-{first}") };
        self.folder.join(format!("{}{from}.h5", self.name))
    }

    /// What there is of the run, refused if it is of another one.
    fn look(&self) -> anyhow::Result<Option<TrainedRun>> {
        let path = self.checkpoint_file();
        if !path.exists() {
            return Ok(None);
        }
        let checkpoint = checkpoint::load(&path)?;
        let another = |what: &str| {
            let stem = self.folder.join(&self.name);
            anyhow::anyhow!("{}* are of a run of {what}; remove them, or give another folder by --out", stem.display())
        };
        if checkpoint.model_text != self.model.text {
            return Err(another("another model, as another version of apical has it"));
        }
        if checkpoint.seed != self.seed || checkpoint.examples_planned != self.plan.presentations {
            return Err(another("another seed or length"));
        }
        let pieces = self.pieces(checkpoint.examples_seen)?;
        let data_sha256 = digests(&self.data.sha256());
        let others = || another("other labels or test images");
        if checkpoint.data.as_ref().is_some_and(|data| digests(&data.sha256) != data_sha256) {
            return Err(others());
        }
        for piece in &pieces {
            let piece = RunReader::open(piece)?;
            if piece.model_text()? != self.model.text {
                return Err(another("another model, as another version of apical has it"));
            }
            if piece.data_sha256()? != data_sha256 {
                return Err(others());
            }
        }
        let lost = pieces.is_empty() && self.model.recording.credit == Credit::Measured;
        Ok((!lost).then(|| TrainedRun {
            name: self.name.clone(),
            model: self.model.clone(),
            data_sha256,
            dynamics: self.dynamics,
            checkpoint,
            pieces,
            tested: self.plan.test_examples,
        }))
    }

    /// The run files of the first `seen` presentations; none if some are missing, as where a run was killed.
    fn pieces(&self, seen: u64) -> anyhow::Result<Vec<PathBuf>> {
        let (mut pieces, mut first) = (Vec::new(), 0);
        while first < seen {
            let path = self.run_file(first);
            let held = if path.exists() { presentations(&path)? } else { 0 };
            if held == 0 || first + held > seen {
                return Ok(Vec::new());
            }
            first += held;
            pieces.push(path);
        }
        Ok(pieces)
    }

    fn is_complete(&self, found: &TrainedRun) -> bool {
        let Checkpoint { examples_seen, curve, .. } = &found.checkpoint;
        let tested = curve.last().is_some_and(|last| last.examples_seen == *examples_seen);
        *examples_seen == self.plan.presentations && (tested || self.plan.test_examples == 0)
    }

    /// Trains what is missing.
    fn complete(mut self, task: &FigureTask<'_>) -> Result<TrainedRun, Failure> {
        match self.found.take() {
            Some(found) if self.is_complete(&found) => Ok(found),
            found => {
                self.go_on(task, found.map(|found| found.checkpoint))?;
                let found = self.look().map_err(Failure::Failed)?;
                found.context("a run that was just completed is gone").map_err(Failure::Failed)
            }
        }
    }

    fn go_on(&self, task: &FigureTask<'_>, checkpoint: Option<Checkpoint>) -> Result<(), Failure> {
        let builder = if let Some(checkpoint) = checkpoint {
            Trainer::resuming(&self.model, checkpoint)
        } else {
            let network = initial_network(&self.model, self.seed).map_err(anyhow::Error::from)?;
            Trainer::builder(&self.model, network).seed(self.seed)
        };
        let mut trainer = builder.dynamics(self.dynamics).build().map_err(anyhow::Error::from)?;
        let first = trainer.history().examples_seen;
        let output = RunOutput {
            run: self.run_file(first),
            checkpoint: Some(self.checkpoint_file()),
            existing: Existing::Continued,
        };
        task.note(format_args!("{}: {first} of {} presentations done", self.name, self.plan.presentations));
        let run = session::Session {
            label: String::new(),
            model: &self.model,
            data: &self.data,
            seed: self.seed,
            origin: NetworkOrigin::default(),
            plan: self.plan,
            live: None,
            checkpoint_every: CHECKPOINT_EVERY,
            stopped: &|_| terminal::print_message("the same command goes on from there"),
        };
        session::run(task.common, run, &mut trainer, &output).map(drop)
    }
}

/// Training presentations that a run file holds.
fn presentations(path: &Path) -> anyhow::Result<u64> {
    let rows = RunReader::open(path)?.presentations()?;
    Ok(rows.iter().filter(|row| row.kind == Kind::Train).count() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEN: RunLength = RunLength { epochs: 10, images: None, tested: None };

    #[test]
    fn names_tell_model_variant_course_and_seed() {
        let mut wanted = RunSpec::of("g17-784-10", TEN, 3);
        assert_eq!(wanted.name(), "g17-784-10-10-epochs-seed3");
        wanted.variant = "credit";
        wanted.course = RunLength { epochs: 2, images: Some(2000), tested: Some(500) };
        assert_eq!(wanted.name(), "g17-784-10-credit-2-epochs-of-2000-tested-500-seed3");
    }

    #[test]
    fn a_run_has_the_keys_of_its_model_but_for_those_that_differ() {
        let overrides = &["recording.credit=true"];
        let wanted =
            RunSpec { overrides, ..RunSpec::of("g17-784-10", RunLength { epochs: 7, ..TEN }, 1) }.model().unwrap();
        assert_eq!((wanted.learning.epochs, wanted.recording.credit), (7, Credit::Measured));
        assert_eq!(wanted.name, "g17-784-10");
    }
}
