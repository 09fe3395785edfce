//! The trained networks that figures are drawn from.
//!
//! A run is identified by its files, `MODEL[-VARIANT]-LENGTH-seedN-on-IMAGES`, where IMAGES begins the digest of the training
//! images: a checkpoint, and run files, of which the first begins with the first presentation and each other one,
//! `...-from-N`, where the one before it was stopped. Complete runs are taken as they are, stopped ones are resumed, and files
//! of another run are refused by name.

use std::path::{Path, PathBuf};

use super::error::{ReproduceCause, ReproduceError};
use super::figure::FigureTask;
use super::host::TrainingRun;
use super::length::RunLength;
use super::record::RunRecord;
use super::spec::RunSpec;
use crate::data::{Dataset, Presentations, digests, tested_on};
use crate::model::{CreditRecording, Model, Stimuli};
use crate::plot::recorded::RecordedWindow;
use crate::record::hdf5::RunReader;
use crate::record::{Checkpoint, PresentationKind};
use crate::training::{NetworkDynamics, Plan, Plasticity, Trainer, Training, initial_network};

/// A complete run.
#[derive(Debug)]
pub struct TrainedRun {
    /// The beginning of the names of its files.
    pub name: String,
    /// The model.
    pub model: Model,
    /// The network at the end, and the learning curve.
    pub checkpoint: Checkpoint,
    /// Run files one after the other. They hold every presentation, unless a run that does not measure credit assignment was
    /// killed.
    pub pieces: Vec<PathBuf>,
    /// Number of images it is tested on after every epoch.
    pub tested: usize,
    /// Digests of its images and labels, `digest  file` a line.
    data_sha256: String,
    dynamics: NetworkDynamics,
}

impl TrainedRun {
    /// Opens its last run file, with a window on the last presentation that was recorded in full.
    ///
    /// # Errors
    /// If there is none.
    pub fn last_presentation(&self) -> Result<(RunReader, RecordedWindow), ReproduceError> {
        let missing = |what| ReproduceError::failed(ReproduceCause::Missing(what));
        let run = self.runs()?.pop().ok_or_else(|| missing("the run has no run file"))?;
        let rows = run.presentations().map_err(ReproduceError::failed)?;
        let row = rows.into_iter().rfind(|row| row.recorded && row.kind == PresentationKind::Train);
        let row = row.ok_or_else(|| missing("the run recorded no presentation"))?;
        Ok((run, RecordedWindow { span: row.start_ms..row.end_ms(), shown: vec![row] }))
    }

    /// Opens its run files.
    ///
    /// # Errors
    /// If one cannot be read.
    pub fn runs(&self) -> Result<Vec<RunReader>, ReproduceError> {
        let open = |path: &PathBuf| RunReader::open(path).map_err(ReproduceError::failed);
        self.pieces.iter().map(open).collect()
    }

    /// The record of the run.
    fn record(&self) -> Result<RunRecord, ReproduceError> {
        let mut commits = Vec::new();
        for run in self.runs()? {
            commits.push(run.commit().map_err(ReproduceError::failed)?);
        }
        commits.dedup();
        let Checkpoint { seed, examples_seen, curve, .. } = &self.checkpoint;
        Ok(RunRecord {
            name: self.name.clone(),
            model: self.model.name.clone(),
            model_sha256: Some(self.model.sha256()),
            data_sha256: Some(self.data_sha256.clone()),
            kind: self.dynamics.name().to_owned(),
            batch: Some(self.model.learning.batch as u64),
            seed: *seed,
            commit: (!commits.is_empty()).then(|| commits.join(", ")),
            examples_seen: Some(*examples_seen),
            model_time_ms: None,
            test_examples: Some(self.tested as u64),
            tested_on: Some(tested_on(&self.model.stimuli)),
            test_error_percent: curve.last().map(|last| last.test_error),
            known: false,
            learning: curve.clone(),
        })
    }
}

/// Stimuli that were loaded, each once.
#[derive(Default)]
pub(super) struct LoadedStimuli(Vec<(Stimuli, Dataset)>);

impl LoadedStimuli {
    /// The stimuli of a model.
    pub(super) fn of(&mut self, task: &FigureTask<'_>, model: &Model) -> Result<Dataset, ReproduceError> {
        if let Some((_, data)) = self.0.iter().find(|(stimuli, _)| *stimuli == model.stimuli) {
            return Ok(data.clone());
        }
        let data = task.source(model).load()?;
        self.0.push((model.stimuli.clone(), data.clone()));
        Ok(data)
    }
}

impl FigureTask<'_> {
    /// Returns complete runs in the order of `specs`; what is missing is trained, after all have been looked for. The runs are
    /// recorded with the figure.
    ///
    /// # Errors
    /// If files of another run are in the way, training fails, or the host interrupts.
    pub fn train_runs(&self, specs: &[RunSpec]) -> Result<Vec<TrainedRun>, ReproduceError> {
        let (mut loaded, mut runs) = (LoadedStimuli::default(), Vec::new());
        for spec in specs {
            let model = spec.model()?;
            let data = loaded.of(self, &model)?;
            runs.push(PendingRun::find(self, spec, model, data)?);
        }
        let (mut complete, mut begun) = (Vec::new(), false);
        for run in runs {
            let trains = run.found.is_none();
            let run = run.complete(self).map_err(|error| if begun { error.into_runtime() } else { error })?;
            begun |= trains;
            let record = run.record()?;
            let mut records = self.runs.borrow_mut();
            if records.iter().all(|other| other.name != record.name) {
                records.push(record);
            }
            complete.push(run);
        }
        Ok(complete)
    }
}

/// A run with what there is of it.
struct PendingRun {
    name: String,
    folder: PathBuf,
    model: Model,
    data: Dataset,
    seed: u64,
    dynamics: NetworkDynamics,
    plan: Plan,
    found: Option<TrainedRun>,
}

impl PendingRun {
    fn find(task: &FigureTask<'_>, spec: &RunSpec, model: Model, mut data: Dataset) -> Result<Self, ReproduceError> {
        let RunLength { epochs, images, tested } = spec.length;
        let images = images.unwrap_or(usize::MAX).min(data.training.len());
        data.training = Presentations::new(data.training.set().clone(), 0..images);
        let plan = Plan {
            presentations: u64::from(epochs) * images as u64,
            test_examples: tested.unwrap_or(usize::MAX).min(data.evaluation.len()),
            plasticity: Plasticity::On,
        };
        let digest: String =
            data.training.set().sha256().iter().take(1).flat_map(|(_, digest)| digest.chars().take(8)).collect();
        let (name, folder) = (format!("{}-on-{digest}", spec.name()), task.folder.to_owned());
        let RunSpec { seed, dynamics, .. } = *spec;
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

    /// What there is of the run; `None` if nothing is.
    ///
    /// # Errors
    /// If the files are of another run, or damaged.
    fn look(&self) -> Result<Option<TrainedRun>, ReproduceError> {
        let path = self.checkpoint_file();
        if !path.exists() {
            return Ok(None);
        }
        let checkpoint = Checkpoint::load(&path)?;
        let another = |other| {
            let stem = self.folder.join(&self.name).display().to_string();
            ReproduceError::from(ReproduceCause::OtherRun { stem, other })
        };
        let another_model = || another("another model, as another version of apical has it");
        let same = |text: &str| Model::parse(text, &self.name, &[]).is_ok_and(|model| model == self.model);
        if !same(&checkpoint.model_text) {
            return Err(another_model());
        }
        let damaged = |source| ReproduceCause::Damaged { path: path.display().to_string(), source };
        checkpoint.check(&self.model).map_err(damaged)?;
        if checkpoint.seed != self.seed || checkpoint.examples_planned != self.plan.presentations {
            return Err(another("another seed or length"));
        }
        let pieces = self.pieces(checkpoint.examples_seen)?;
        let data_sha256 = digests(&self.data.sha256());
        let other_data = || another("other labels or test images");
        if checkpoint.data.as_ref().is_some_and(|data| digests(&data.sha256) != data_sha256) {
            return Err(other_data());
        }
        for piece in &pieces {
            let piece = RunReader::open(piece)?;
            if !same(&piece.model_text()?) {
                return Err(another_model());
            }
            if piece.data_sha256()? != data_sha256 {
                return Err(other_data());
            }
        }
        let lost = pieces.is_empty() && self.model.recording.credit == CreditRecording::Measured;
        Ok((!lost).then(|| TrainedRun {
            name: self.name.clone(),
            model: self.model.clone(),
            checkpoint,
            pieces,
            tested: self.plan.test_examples,
            data_sha256,
            dynamics: self.dynamics,
        }))
    }

    /// The run files of the first `seen` presentations; empty if some are missing, as where a run was killed.
    fn pieces(&self, seen: u64) -> Result<Vec<PathBuf>, ReproduceError> {
        let (mut pieces, mut first) = (Vec::new(), 0);
        while first < seen {
            let path = self.run_file(first);
            let held = if path.exists() { training_presentations(&path)? } else { 0 };
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
    fn complete(mut self, task: &FigureTask<'_>) -> Result<TrainedRun, ReproduceError> {
        match self.found.take() {
            Some(found) if self.is_complete(&found) => Ok(found),
            found => {
                self.train(task, found.map(|found| found.checkpoint))?;
                let found = self.look().map_err(ReproduceError::into_runtime)?;
                found.ok_or_else(|| {
                    ReproduceError::failed(ReproduceCause::Missing("a run that was just completed is gone"))
                })
            }
        }
    }

    /// Trains from the checkpoint, or from the initial weights.
    fn train(&self, task: &FigureTask<'_>, checkpoint: Option<Checkpoint>) -> Result<(), ReproduceError> {
        let builder = if let Some(checkpoint) = checkpoint {
            Trainer::resuming(&self.model, checkpoint)
        } else {
            Trainer::builder(&self.model, initial_network(&self.model, self.seed)?).seed(self.seed)
        };
        let mut trainer = builder.dynamics(self.dynamics).build()?;
        let first = trainer.history().examples_seen;
        task.message(format_args!("{}: {first} of {} presentations done", self.name, self.plan.presentations));
        let run = TrainingRun {
            model: &self.model,
            data: &self.data,
            seed: self.seed,
            plan: self.plan,
            run_file: self.run_file(first),
            checkpoint_file: self.checkpoint_file(),
        };
        task.host.train(&run, &mut trainer)
    }
}

/// Training presentations that a run file holds.
fn training_presentations(path: &Path) -> Result<u64, ReproduceError> {
    let rows = RunReader::open(path)?.presentations()?;
    Ok(rows.iter().filter(|row| row.kind == PresentationKind::Train).count() as u64)
}
