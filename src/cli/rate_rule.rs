//! Training and testing models whose rule is one of networks of rates.

use std::time::Instant;

use anyhow::{Context, anyhow, bail};

use super::failure::Failure;
use super::options::Common;
use super::progress::Count;
use super::session::{self, Files, Outcome};
use super::{interrupt, say};
use crate::data::{Dataset, Presentations};
use crate::model::{self, Model, Rule};
use crate::network::Network;
use crate::rate::Learner;
use crate::record::hdf5::RunFile;
use crate::record::{Checkpoint, Evaluation, Kind, RecordError, Recorder};
use crate::training::{Tested, initial_network};

/// What files and summaries call such a run.
pub(super) const KIND: &str = "rate";

/// The name of a model's rule, if it is one of rates.
pub(super) fn of(model: &Model) -> Option<&'static str> {
    match model.learning.rule {
        Rule::OfRates(name) => Some(name),
        Rule::TwoPhase => None,
    }
}

/// Refuses a model whose rule is one of rates where spikes are wanted.
pub(super) fn refuse(model: &Model) -> anyhow::Result<()> {
    let Some(rule) = of(model) else { return Ok(()) };
    bail!(
        "the model learns by `{rule}`, a rule of networks of rates, and has no spikes: it can be trained, tested and compared"
    )
}

/// Takes all that networks of rates have none of out of what a model records.
pub(super) fn prepare(mut model: Model, common: &Common) -> anyhow::Result<Model> {
    if let Some(what) = common.record.as_deref().filter(|what| !matches!(*what, "all" | "none")) {
        bail!("--record {what}: a network of rates has no spikes, traces and plateaus; expected `all` or `none`");
    }
    let recording = &mut model.recording;
    recording.spikes.clear();
    recording.plateaus.clear();
    recording.traces.clear();
    recording.credit = model::Credit::Unmeasured;
    Ok(model)
}

/// A run in the making.
struct Run<'a> {
    model: &'a Model,
    seed: u64,
    learner: Learner,
    /// The weights as files keep them, those of feedback included.
    network: Network,
    file: RunFile,
    outcome: Outcome,
}

/// Trains a model for its epochs, testing `test_examples` images after each, and leaves a run file and a checkpoint.
pub(super) fn train(
    common: &Common,
    model: &Model,
    data: &Dataset,
    (seed, test_examples): (u64, usize),
    files: Files,
) -> Result<Outcome, Failure> {
    let network = initial_network(model, seed).map_err(anyhow::Error::from)?;
    let learner = Learner::of(model, seed).context("a rule of networks of rates")?;
    let total = u64::from(model.learning.epochs) * data.training.len() as u64;
    let told = (seed, Kind::Train, &(0..total), data.training.len());
    let file = session::open_run_file(common, &files.run, (model, KIND), told, &data.sha256())?;
    let outcome = Outcome { files, tested: None, curve: Vec::new(), presentations: 0, train_seconds: 0.0 };
    let mut run = Run { model, seed, learner, network, file, outcome };
    let ended = run.epochs(data, test_examples, &Count::new(common.quiet, "train".to_owned(), total));
    // Whatever happened, what was learnt and recorded is kept.
    let outcome = run.close(total)?;
    ended.map(|()| outcome)
}

impl Run<'_> {
    fn epochs(&mut self, data: &Dataset, test_examples: usize, count: &Count) -> Result<(), Failure> {
        let start = Instant::now();
        self.take();
        self.keep("initial").map_err(failed)?;
        for epoch in 1..=self.model.learning.epochs {
            let (began, presentations) = (Instant::now(), &mut self.outcome.presentations);
            let ended = self.learner.epoch(&data.training, &mut |_, batch, _| {
                *presentations += batch.len() as u64;
                count.add(batch.len() as u64);
                interrupt::flow()
            });
            self.outcome.train_seconds += began.elapsed().as_secs_f64();
            if ended.is_break() {
                return Err(self.interrupted());
            }
            if !self.take() {
                return Err(Failure::Failed(anyhow!("the weights diverged in epoch {epoch}; lower `learning_rate`")));
            }
            self.keep(&format!("epoch-{epoch}")).map_err(failed)?;
            if test_examples > 0 {
                self.evaluate(&data.evaluation, test_examples, start, count).map_err(failed)?;
            }
        }
        Ok(())
    }

    fn evaluate(
        &mut self,
        shown: &Presentations,
        examples: usize,
        start: Instant,
        count: &Count,
    ) -> Result<(), RecordError> {
        let tested = test(self.model, &self.learner, shown, examples);
        let evaluation = Evaluation {
            examples_seen: self.outcome.presentations,
            test_error: tested.error_percent(),
            train_error: f64::NAN,
            loss: f64::NAN,
            seconds: start.elapsed().as_secs_f64(),
        };
        count.line(&format!("after {} images: test error {:.2} %", evaluation.examples_seen, evaluation.test_error));
        self.outcome.curve.push(evaluation);
        self.outcome.tested = Some(tested);
        self.file.evaluation(&evaluation)
    }

    /// Takes what was learnt over as the weights of the model, and tells whether they are numbers.
    fn take(&mut self) -> bool {
        self.learner.put(self.model, &mut self.network);
        self.network.is_finite()
    }

    /// Keeps the weights under a name.
    fn keep(&mut self, label: &str) -> Result<(), RecordError> {
        self.file.weights(self.outcome.presentations, Some(label), &self.network)
    }

    fn interrupted(&self) -> Failure {
        let (seen, run) = (self.outcome.presentations, self.outcome.files.run.display());
        say::note(format_args!("stopped after {seen} presentations; the run file is {run}"));
        say::note("a run by a rule of rates is not gone on with; the same command gives the same numbers");
        Failure::Interrupted
    }

    /// Leaves the checkpoint of a run of `total` presentations, unless its weights are no numbers, and completes the run file.
    fn close(mut self, total: u64) -> Result<Outcome, Failure> {
        let learnt = self.take();
        let kept = if learnt { self.keep("final") } else { Ok(()) };
        let checkpoint = Checkpoint {
            model_text: self.model.text.clone(),
            seed: self.seed,
            examples_seen: self.outcome.presentations,
            examples_planned: total,
            tests_done: 0,
            clock_ms: 0.0,
            since_evaluation: (0, 0, 0.0),
            curve: self.outcome.curve.clone(),
            network: self.network,
            centres: Vec::new(),
            lanes: Vec::new(),
        };
        let path = self.outcome.files.checkpoint.as_ref().filter(|_| learnt);
        let saved = path.map_or(Ok(()), |path| checkpoint.save(self.model, path));
        let closed = kept.and(self.file.finish());
        closed.context("the run file could not be completed").map_err(Failure::Failed)?;
        saved.context("the checkpoint could not be saved").map_err(Failure::Failed)?;
        Ok(self.outcome)
    }
}

/// The learner of a model with a rule of rates, as its network has it.
pub(super) fn learner((model, network): (&Model, &Network), seed: u64) -> Option<Learner> {
    let mut learner = Learner::of(model, seed)?;
    learner.take(model, network);
    Some(learner)
}

/// Tests the first `examples` images.
pub(super) fn test(model: &Model, learner: &Learner, shown: &Presentations, examples: usize) -> Tested {
    let start = Instant::now();
    let answers = learner.answers(shown, examples);
    let seconds = start.elapsed().as_secs_f64();
    let classes = model.classes();
    let mut tested = Tested { examples, wrong: vec![0], confusion: vec![vec![0; classes]; classes], seconds };
    for (image, answer) in answers.into_iter().enumerate() {
        let label = usize::from(shown.label(image).unwrap_or(0));
        tested.wrong[0] += usize::from(answer != label);
        tested.confusion[label][answer] += 1;
    }
    tested
}

fn failed(error: RecordError) -> Failure {
    Failure::Failed(error.into())
}
