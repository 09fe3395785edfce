//! Runs of models whose rule is one of networks of rates.

use std::ops::ControlFlow;

use super::{Ending, History, Monitor, Plan, Plasticity, Progress, RunError, Tested, Training, data_shape};
use crate::data::{DataIdentity, Dataset, Presentations};
use crate::model::{Model, Projection};
use crate::network::Network;
use crate::rate::Learner;
use crate::record::{Checkpoint, Evaluation, Recorder, SinceEvaluation};

/// A network of rates in training by its model's rule. It learns in whole epochs. A stopped run cannot be resumed: a checkpoint
/// does not contain the state of the rule.
pub struct RateRuleTrainer<'a> {
    model: &'a Model,
    learner: Learner,
    /// The weights in the layout of the model, feedback included.
    network: Network,
    /// The data set, once a run has been given one.
    data: Option<DataIdentity>,
    seed: u64,
    history: History,
}

impl<'a> RateRuleTrainer<'a> {
    /// A run of `model` from its start; none if the model learns by another kind of rule. The learner draws its own initial
    /// weights, except where the model reads them from files: those are taken from `network`. Projections that the learner has
    /// no weights for keep those of `network`.
    pub fn new(model: &'a Model, mut network: Network, seed: u64) -> Option<Self> {
        let mut learner = Learner::of(model, seed)?;
        learner.take_stored(model, &network);
        learner.put(model, &mut network);
        Some(Self { model, learner, network, data: None, seed, history: History::default() })
    }

    fn epoch(
        &mut self,
        data: &Dataset,
        plan: Plan,
        recorder: &mut dyn Recorder,
        monitor: &mut dyn Monitor,
    ) -> Result<ControlFlow<()>, RunError> {
        let start = monitor.seconds();
        let ended = self.learner.epoch(&data.training, &mut |_, batch, _| {
            self.history.examples_seen += batch.len() as u64;
            monitor.trained(Progress {
                done: self.history.examples_seen,
                total: self.history.examples_planned,
                error_percent: f64::NAN,
            })
        });
        self.history.train_seconds += monitor.seconds() - start;
        self.take()?;
        if ended.is_break() {
            return Ok(ended);
        }
        let label = format!("epoch-{}", self.history.examples_seen / data.training.len() as u64);
        recorder.weights(self.history.examples_seen, Some(&label), &self.network)?;
        if plan.test_examples > 0 {
            let examples = plan.test_examples.min(data.evaluation.len());
            let test = test_rates((self.model, &self.learner), &data.evaluation, examples, monitor);
            let Some(tested) = test else { return Ok(ControlFlow::Break(())) };
            let evaluation = Evaluation {
                examples_seen: self.history.examples_seen,
                test_error: tested.error_percent(),
                train_error: f64::NAN,
                loss: f64::NAN,
                seconds: monitor.seconds(),
            };
            recorder.evaluation(&evaluation)?;
            self.history.curve.push(evaluation);
            self.history.tested = Some(tested);
        }
        monitor.evaluated(self)
    }

    /// Copies the learnt weights to the network; an error if they are not finite.
    fn take(&mut self) -> Result<(), RunError> {
        let mut network = self.network.clone();
        self.learner.put(self.model, &mut network);
        let lost = |&(index, projection): &(usize, &Projection)| {
            let mut all = network.weights(index).rows().iter().chain(&network.biases[projection.to.0]);
            all.any(|weight| !weight.is_finite())
        };
        if let Some((_, projection)) = self.model.projections.iter().enumerate().find(lost) {
            return Err(RunError::Diverged {
                projection: projection.name.clone(),
                example: self.history.examples_seen,
            });
        }
        self.network = network;
        Ok(())
    }
}

impl Training for RateRuleTrainer<'_> {
    fn kind(&self) -> &'static str {
        "rate"
    }

    fn history(&self) -> &History {
        &self.history
    }

    fn network(&self) -> &Network {
        &self.network
    }

    fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            model_text: self.model.text(),
            data: self.data.clone(),
            edited: false,
            seed: self.seed,
            examples_seen: self.history.examples_seen,
            examples_planned: self.history.examples_planned,
            tests_done: 0,
            clock_ms: 0.0,
            since_evaluation: SinceEvaluation::default(),
            curve: self.history.curve.clone(),
            network: self.network.clone(),
            centres: Vec::new(),
            lanes: Vec::new(),
        }
    }

    fn run(
        &mut self,
        data: &Dataset,
        plan: Plan,
        recorder: &mut dyn Recorder,
        monitor: &mut dyn Monitor,
    ) -> Result<Ending, RunError> {
        data_shape::check(self.model, data, true, plan.test_examples)?;
        let epoch = data.training.len() as u64;
        if plan.plasticity == Plasticity::Off || !plan.presentations.is_multiple_of(epoch) {
            return Err(RunError::WholeEpochs { presentations: plan.presentations, epoch });
        }
        self.history.examples_planned = plan.presentations;
        self.data = data.identity();
        recorder.weights(self.history.examples_seen, Some("initial"), &self.network)?;
        let mut stopped = false;
        while !stopped && self.history.examples_seen < plan.presentations {
            stopped = self.epoch(data, plan, recorder, monitor)?.is_break();
        }
        recorder.weights(self.history.examples_seen, Some("final"), &self.network)?;
        Ok(if stopped { Ending::Stopped } else { Ending::Done })
    }
}

/// Tests a network of rates on the first `examples` presentations, which have labels; none if the monitor stops the run.
///
/// # Panics
/// If there are fewer, or it is a spike list.
pub fn test_rates(
    (model, learner): (&Model, &Learner),
    shown: &Presentations,
    examples: usize,
    monitor: &mut dyn Monitor,
) -> Option<Tested> {
    let start = monitor.seconds();
    let answers = learner.answers(shown, examples);
    let seconds = monitor.seconds() - start;
    let classes = model.classes();
    let mut tested = Tested { examples, wrong: vec![0], confusion: vec![vec![0; classes]; classes], seconds };
    for (image, answer) in answers.into_iter().enumerate() {
        let label = usize::from(shown.label(image).unwrap_or(0));
        tested.wrong[0] += usize::from(answer != label);
        tested.confusion[label][answer] += 1;
    }
    monitor.tested(examples, examples, tested.error_percent()).is_continue().then_some(tested)
}
