//! Training and tests.

use std::path::PathBuf;
use std::time::SystemTime;

use apical::data::{DataPlace, Dataset, EvaluationSet, Presentations, Split, StimulusLoader, digests};
use apical::model::{self, Rule};
use apical::record::hdf5::{Provenance, RunFile};
use apical::record::{Checkpoint, Recorder};
use apical::training::{
    NetworkDynamics, Plan, Plasticity, RateRuleTrainer, RunError as TrainingError, Trainer, Training, planned_training,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::errors::{DataError, ModelError, raised};
use crate::hints::{ArrayLike, Heed};
use crate::network::{Network, dynamics};
use crate::progress::{Report, Watch};
use crate::rule::{PyRule, RuleError};
use crate::{images, jobs};

/// Where a run is recorded, and what it is called there.
pub(crate) struct Recording {
    pub(crate) out: PathBuf,
    pub(crate) command: String,
}

impl Recording {
    pub(crate) fn provenance(&self, seed: u64, edited: bool) -> Provenance {
        Provenance {
            command_line: self.command.clone(),
            start_time: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
            edited,
            ..Provenance::of_run(seed)
        }
    }
}

/// The model, with what is recorded in the words of `--record`.
pub(crate) fn recorded(model: &model::Model, record: Option<&str>) -> PyResult<model::Model> {
    let mut model = model.clone();
    record.map_or(Ok(()), |what| model.record(what)).map_err(raised)?;
    Ok(model)
}

/// Passes a report on to Python; at an evaluation the network is as it is in the training.
pub(crate) fn pass_on(network: &Network, Heed(heed): &Heed<'_>, report: &Report) -> PyResult<()> {
    match report {
        Report::Progress { part, done, total, error_percent } => {
            heed.call1((*part, *done, *total, *error_percent))?;
        }
        Report::Evaluated { evaluation, checkpoint, .. } => {
            let (seen, planned) = (checkpoint.examples_seen as f64, checkpoint.examples_planned as f64);
            network.set_state((**checkpoint).clone());
            let error = evaluation.map_or(f64::NAN, |evaluation| evaluation.test_error);
            heed.call1(("evaluated", seen, planned, error))?;
        }
    }
    Ok(())
}

/// The length of a training, as it is asked for.
#[derive(Clone, Copy)]
struct Length {
    epochs: Option<u64>,
    examples: Option<u64>,
    test_examples: Option<usize>,
}

#[pymethods]
impl Network {
    /// Trains the network and records it in a run file. Without images, those that the model names are shown, from `folder`.
    ///
    /// Reports to `heed`: ("train" | "test", done, total, error in percent), and ("evaluated", presentations, planned, error in
    /// percent) at the end of each epoch. Errors of `heed` and signals stop the training, which is whole up to then. One that
    /// diverges, or whose rule fails, leaves the network as it was.
    #[pyo3(signature = (
        images, labels, out, *, heed, command, test_images=None, test_labels=None, folder=None, epochs=None, examples=None,
        test_examples=None, record=None, rate=None, rules=Vec::new(),
    ))]
    #[allow(clippy::too_many_arguments, reason = "each is a keyword in Python")]
    fn train(
        &self,
        py: Python<'_>,
        images: Option<ArrayLike<'_>>,
        labels: Option<ArrayLike<'_>>,
        out: PathBuf,
        heed: Heed<'_>,
        command: String,
        test_images: Option<ArrayLike<'_>>,
        test_labels: Option<ArrayLike<'_>>,
        folder: Option<PathBuf>,
        epochs: Option<u64>,
        examples: Option<u64>,
        test_examples: Option<usize>,
        record: Option<&str>,
        rate: Option<&str>,
        rules: Vec<(String, Bound<'_, PyAny>)>,
    ) -> PyResult<()> {
        let _reserved = self.reserve()?;
        let ([images, labels], [test_images, test_labels]) =
            ([images.as_ref(), labels.as_ref()], [test_images.as_ref(), test_labels.as_ref()]);
        let dynamics = dynamics(&self.model, rate)?;
        let model = without_spikes(recorded(&self.model, record)?, dynamics);
        let length = Length { epochs, examples, test_examples };
        images::check_paired(images, labels, folder.as_deref(), "training")?;
        images::check_paired(test_images, test_labels, None, "a test")?;
        let data = match (images.zip(labels), test_images.zip(test_labels)) {
            (Some(training), test) => of_arrays(&model, training, test)?,
            (None, None) => of_files(py, &model, folder)?,
            (None, Some(_)) => {
                return Err(DataError::new_err(
                    "found images to test without images to train with; give both, or neither to show those that the model names",
                ));
            }
        };
        if data.training.label(0).is_none() {
            return Err(DataError::new_err("training needs labels: give `labels` under [stimuli] in the model"));
        }
        if let (Rule::OfRates(rule), false) = (self.model.learning.rule, rules.is_empty()) {
            return Err(ModelError::new_err(format!(
                "a model that learns by `{rule}` takes no rules of Python; leave out `rules`"
            )));
        }
        let error = RuleError::default();
        let rules = rules.iter().map(|(name, rule)| Ok((name.clone(), PyRule::new(rule, &error)?)));
        let rules = rules.collect::<PyResult<Vec<_>>>()?;
        let state = self.state();
        let checkpoint = &*state.checkpoint;
        let tests_all = images.is_none() || test_images.is_some();
        let plan = plan(&model, checkpoint, &data, length, tests_all)?;
        let recording = Recording { out, command };
        let (model, data, error_of_rule) = (&model, &data, &error);
        let job = |waiting: &jobs::Waiting<'_, Report>| {
            let mut trainer = trainer(model, checkpoint, dynamics, rules)?;
            let mut watch = Watch::new(waiting).ended_by(error_of_rule);
            learn(model, data, plan, &mut *trainer, checkpoint, &recording, &mut watch)
        };
        let (ran, stopped) = jobs::run(py, job, &mut |report| pass_on(self, &heed, report))?;
        let ran = ran.map_err(raised)?;
        let error = error.take();
        match ran.checkpoint {
            Some(checkpoint) if error.is_none() => self.set_state(checkpoint),
            // A batch that a rule failed in is learnt in part, and what has diverged is lost. Evaluations have changed the state.
            _ => self.restore(state.clone()),
        }
        error.map_or(Ok(()), Err)?;
        ran.ended.map_err(raised)?;
        stopped.map_or(Ok(()), Err)
    }
}

/// A network of rates has no spikes and no traces to record.
pub(crate) fn without_spikes(mut model: model::Model, dynamics: NetworkDynamics) -> model::Model {
    let of_rates = matches!(model.learning.rule, Rule::OfRates(_));
    let recording = &mut model.recording;
    if of_rates || dynamics != NetworkDynamics::Spiking {
        recording.spikes.clear();
        recording.traces.clear();
    }
    if of_rates {
        recording.plateaus.clear();
        recording.credit = model::CreditRecording::Unmeasured;
    }
    model
}

/// Images of arrays, tested on others where there are any.
fn of_arrays(
    model: &model::Model,
    (images, labels): (&ArrayLike<'_>, &ArrayLike<'_>),
    test: Option<(&ArrayLike<'_>, &ArrayLike<'_>)>,
) -> PyResult<Dataset> {
    images::check_training(model, images)?;
    let training = Presentations::all(images::stimuli(model, images, Some(labels))?);
    let test = test.map(|(images, labels)| images::stimuli(model, images, Some(labels))).transpose()?;
    let evaluate = if test.is_some() { EvaluationSet::Test } else { EvaluationSet::Training };
    let split = Split { train: 0..training.len(), evaluate };
    let evaluation = test.map_or_else(|| training.clone(), Presentations::all);
    Ok(Dataset { training, evaluation, split })
}

/// The images that a model names.
fn of_files(py: Python<'_>, model: &model::Model, folder: Option<PathBuf>) -> PyResult<Dataset> {
    let source = StimulusLoader { folder: folder.as_deref(), ..StimulusLoader::of(model) };
    jobs::install(py, || source.load())?.map_err(raised)
}

/// The presentations of a training in all, those before included.
fn plan(
    model: &model::Model,
    checkpoint: &Checkpoint,
    data: &Dataset,
    Length { epochs, examples, test_examples }: Length,
    tests_all: bool,
) -> PyResult<Plan> {
    if let (Rule::OfRates(rule), true) = (model.learning.rule, examples.is_some() || checkpoint.examples_seen > 0) {
        return Err(ModelError::new_err(format!(
            "a model that learns by `{rule}` is trained in whole epochs, from the start: build a network, and train it once with all \
             its epochs"
        )));
    }
    let epoch = data.training.len() as u64;
    let more = match (examples, epochs) {
        (Some(_), Some(_)) => return Err(PyValueError::new_err("expected epochs or examples, found both")),
        (Some(examples), None) => examples,
        (None, epochs) => epochs.unwrap_or(u64::from(model.learning.epochs)).saturating_mul(epoch),
    };
    let all = checkpoint.examples_seen.checked_add(more).filter(|_| more > 0);
    let presentations =
        all.ok_or_else(|| PyValueError::new_err("expected at least one presentation, and no more than 2^64"))?;
    let tested = test_examples.unwrap_or(if tests_all { usize::MAX } else { 0 }).min(data.evaluation.len());
    Ok(Plan { presentations, test_examples: tested, plasticity: Plasticity::On })
}

/// The trainer of a network that has not run, or goes on.
fn trainer<'a>(
    model: &'a model::Model,
    checkpoint: &Checkpoint,
    dynamics: NetworkDynamics,
    rules: Vec<(String, PyRule)>,
) -> Result<Box<dyn Training + 'a>, apical::Error> {
    let seed = checkpoint.seed;
    if let Some(trainer) = RateRuleTrainer::new(model, checkpoint.network.clone(), seed) {
        return Ok(Box::new(trainer));
    }
    let builder = if checkpoint.lanes.is_empty() {
        Trainer::builder(model, checkpoint.network.clone()).seed(seed)
    } else {
        Trainer::resuming(model, checkpoint.clone())
    };
    let builder = rules.into_iter().fold(builder, |builder, (name, rule)| builder.rule(&name, rule));
    Ok(Box::new(builder.dynamics(dynamics).build()?))
}

/// A training that is over.
struct Learnt {
    /// Where it stands; none if weights or potentials went beyond all numbers.
    checkpoint: Option<Checkpoint>,
    ended: Result<(), apical::Error>,
}

/// Trains, and records it. An error means that nothing ran.
fn learn(
    model: &model::Model,
    data: &Dataset,
    plan: Plan,
    trainer: &mut dyn Training,
    from: &Checkpoint,
    recording: &Recording,
    watch: &mut Watch<'_>,
) -> Result<Learnt, apical::Error> {
    let first = trainer.history().examples_seen;
    let network = (model, trainer.network());
    let planned = planned_training(network, data, first..plan.presentations, (plan.test_examples, from.seed))?;
    let provenance = Provenance {
        kind: trainer.kind().to_owned(),
        data_sha256: digests(&data.sha256()),
        data_source: data.training.set().path().map(DataPlace::of),
        ..recording.provenance(from.seed, from.edited)
    };
    let mut file = RunFile::create(&recording.out, model, &provenance, &planned)?;
    // Of a training that goes on, its run file has the whole learning curve.
    let replayed = trainer.history().curve.iter().try_for_each(|evaluation| file.evaluation(evaluation));
    let ended = replayed.map_err(TrainingError::from).and_then(|()| trainer.run(data, plan, &mut file, watch));
    let lost = matches!(ended, Err(TrainingError::Diverged { .. } | TrainingError::Overflow { .. }));
    let completed = file.finish().map_err(apical::Error::from);
    let checkpoint = (!lost).then(|| Checkpoint { edited: from.edited, ..trainer.checkpoint() });
    Ok(Learnt { checkpoint, ended: ended.map_err(apical::Error::from).and(completed) })
}
