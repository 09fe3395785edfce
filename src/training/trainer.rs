//! The training loop.

use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use rayon::prelude::*;

use super::batch::LaneOfBatch;
use super::builder::{TrainerBuilder, TrainerParts};
use super::credit::{self, CreditMonitor};
use super::rules::{Rules, TrainerError};
use super::schedule::{rate_factor, variation};
use super::testing::kept;
use super::{
    Ending, History, Monitor, NetworkDynamics, Plan, Plasticity, Progress, RunError, Test, Training, data_shape,
};
use crate::data::{DataIdentity, Dataset, Presentations};
use crate::engine::{Circuit, Work};
use crate::model::{Model, Sign};
use crate::network::{DerivedProjections, Network};
use crate::numeric::PresentationKey;
use crate::protocol::{FORWARD, Order, Sigmoids, TARGET};
use crate::record::{Checkpoint, Evaluation, PresentationKind, Recorder, SinceEvaluation};

/// A network in training.
pub struct Trainer<'a> {
    model: &'a Model,
    circuit: Arc<Circuit>,
    dynamics: NetworkDynamics,
    rules: Rules,
    network: Network,
    derived: DerivedProjections,
    credit_monitor: Option<CreditMonitor>,
    /// Running means of the trains of each projection, [pre] each [1/ms]; empty unless the model centres trains.
    centres: Vec<Vec<f64>>,
    lanes: Vec<LaneOfBatch>,
    /// Of which populations the mean of sigmoid(V) is measured, in each phase.
    sigmoids: [Vec<bool>; 2],
    order: Order,
    /// The data set, once a run has been given one.
    data: Option<DataIdentity>,
    /// Whether the run descends from a checkpoint that was changed after it was written.
    edited: bool,
    seed: u64,
    history: History,
    tests_done: u64,
    clock_ms: f64,
    since_evaluation: SinceEvaluation,
    /// Wall time up to the last evaluation before the resumption [s].
    seconds_before: f64,
    work: Work,
}

impl<'a> Trainer<'a> {
    /// A builder of a new run of `model` from its initial network.
    pub fn builder(model: &'a Model, network: Network) -> TrainerBuilder<'a> {
        TrainerBuilder::new(model, network)
    }

    /// A builder of a run that goes on from a checkpoint of `model`, to the bit as if it had not been stopped if its rules are
    /// the same.
    pub fn resuming(model: &'a Model, checkpoint: Checkpoint) -> TrainerBuilder<'a> {
        TrainerBuilder::resuming(model, checkpoint)
    }

    /// A new run by the rules of `model`, with all lanes at rest.
    ///
    /// # Errors
    /// Those of [`TrainerBuilder::build`].
    pub fn new(model: &'a Model, network: Network, seed: u64) -> Result<Self, TrainerError> {
        Self::builder(model, network).seed(seed).build()
    }

    /// A run that goes on from a checkpoint by the rules of `model`.
    ///
    /// # Errors
    /// Those of [`TrainerBuilder::build`].
    pub fn resume(model: &'a Model, checkpoint: Checkpoint) -> Result<Self, TrainerError> {
        Self::resuming(model, checkpoint).build()
    }

    /// A new run of these parts.
    pub(super) fn start(parts: TrainerParts<'a>, network: Network) -> Self {
        let TrainerParts { model, circuit, dynamics, rules, derived, credit_monitor, centres, lanes, sigmoids, seed } =
            parts;
        Self {
            model,
            circuit,
            dynamics,
            rules,
            network,
            derived,
            credit_monitor,
            centres,
            lanes,
            sigmoids,
            order: Order::default(),
            data: None,
            edited: false,
            seed,
            history: History::default(),
            tests_done: 0,
            clock_ms: 0.0,
            since_evaluation: SinceEvaluation::default(),
            seconds_before: 0.0,
            work: Work::default(),
        }
    }

    /// A run of these parts that goes on from a checkpoint that fits them.
    pub(super) fn go_on(parts: TrainerParts<'a>, checkpoint: Checkpoint) -> Self {
        let mut trainer = Self::start(parts, checkpoint.network);
        trainer.data = checkpoint.data;
        trainer.edited = checkpoint.edited;
        trainer.centres = checkpoint.centres;
        trainer.lanes.iter_mut().zip(&checkpoint.lanes).for_each(|(lane, state)| lane.lane.restore(state));
        trainer.tests_done = checkpoint.tests_done;
        trainer.clock_ms = checkpoint.clock_ms;
        trainer.since_evaluation = checkpoint.since_evaluation;
        trainer.seconds_before = checkpoint.curve.last().map_or(0.0, |evaluation| evaluation.seconds);
        trainer.history = History {
            examples_seen: checkpoint.examples_seen,
            examples_planned: checkpoint.examples_planned,
            curve: checkpoint.curve,
            ..History::default()
        };
        trainer
    }

    /// Work of the training presentations so far, since the start or resumption.
    pub fn work(&self) -> Work {
        let mut work = self.work;
        self.lanes.iter().for_each(|lane| work += lane.lane.work());
        work
    }

    /// Runs up to presentation `until`, with the learning rates that those of the whole plan have.
    ///
    /// # Errors
    /// Those of [`Training::run`].
    pub fn run_part(
        &mut self,
        until: u64,
        data: &Dataset,
        plan: Plan,
        recorder: &mut dyn Recorder,
        monitor: &mut dyn Monitor,
    ) -> Result<Ending, RunError> {
        let labelled = plan.plasticity == Plasticity::On && self.rules.need_target();
        data_shape::check(self.model, data, labelled, plan.test_examples)?;
        self.history.examples_planned = plan.presentations;
        self.data = data.identity().map(|data| data.after(self.data.as_ref()));
        recorder.weights(self.history.examples_seen, Some("initial"), &self.network)?;
        let epoch = data.training.len() as u64;
        let (mut asked, mut stopped) = (false, false);
        while !stopped && (self.history.examples_seen < until || self.evaluation_is_due(plan)) {
            let end = self.epoch_end(epoch).min(until);
            while self.history.examples_seen < end && !stopped {
                self.train_batch(&data.training, end, plan, recorder, monitor)?;
                asked |= monitor.trained(self.progress()).is_break();
                if self.history.examples_seen < end && self.may_stop() {
                    stopped = asked;
                    monitor.between(self)?;
                }
            }
            if !stopped {
                stopped = self.end_epoch(data, plan, recorder, monitor)?.is_break();
            }
        }
        recorder.weights(self.history.examples_seen, Some("final"), &self.network)?;
        Ok(if stopped { Ending::Stopped } else { Ending::Done })
    }

    /// Whether the run may stop here: credit sums between two reports are not part of a checkpoint.
    fn may_stop(&self) -> bool {
        self.credit_monitor.is_none() || self.history.examples_seen.is_multiple_of(u64::from(credit::WINDOW))
    }

    /// The presentation at which the next evaluation is due; the current one if its evaluation is still to be made.
    fn epoch_end(&self, epoch: u64) -> u64 {
        if self.since_evaluation.examples > 0 && self.history.examples_seen.is_multiple_of(epoch) {
            self.history.examples_seen
        } else {
            (self.history.examples_seen / epoch + 1) * epoch
        }
    }

    fn evaluation_is_due(&self, plan: Plan) -> bool {
        plan.test_examples > 0 && (self.since_evaluation.examples > 0 || self.history.curve.is_empty())
    }

    fn progress(&self) -> Progress {
        let SinceEvaluation { examples, errors, .. } = self.since_evaluation;
        let error_percent = 100.0 * errors as f64 / examples as f64;
        Progress { done: self.history.examples_seen, total: self.history.examples_planned, error_percent }
    }

    fn end_epoch(
        &mut self,
        data: &Dataset,
        plan: Plan,
        recorder: &mut dyn Recorder,
        monitor: &mut dyn Monitor,
    ) -> Result<ControlFlow<()>, RunError> {
        let epoch = data.training.len() as u64;
        if self.history.examples_seen > 0 && self.history.examples_seen.is_multiple_of(epoch) {
            let label = format!("epoch-{}", self.history.examples_seen / epoch);
            recorder.weights(self.history.examples_seen, Some(&label), &self.network)?;
        }
        if plan.test_examples > 0 {
            let test = Test {
                model: self.model,
                circuit: &self.circuit,
                dynamics: self.dynamics,
                network: &self.network,
                shown: &data.evaluation,
                examples: plan.test_examples.min(data.evaluation.len()),
                passes: 1,
                index: self.tests_done,
                clock_ms: self.clock_ms,
            };
            let Some(tested) = test.run(recorder, monitor)? else { return Ok(ControlFlow::Break(())) };
            self.tests_done += tested.examples as u64;
            self.clock_ms += tested.examples as f64 * self.model.phases().test;
            let SinceEvaluation { examples, errors, loss } = self.since_evaluation;
            let evaluation = Evaluation {
                examples_seen: self.history.examples_seen,
                test_error: tested.error_percent(),
                train_error: 100.0 * errors as f64 / examples as f64,
                loss: loss / examples as f64,
                seconds: self.seconds_before + monitor.seconds(),
            };
            self.history.curve.push(evaluation);
            self.history.tested = Some(tested);
            self.since_evaluation = SinceEvaluation::default();
            // Last, so that a checkpoint is whole even if it cannot be recorded.
            recorder.evaluation(&evaluation)?;
        }
        self.since_evaluation = SinceEvaluation::default();
        monitor.evaluated(self)
    }

    /// Runs the presentations up to the next multiple of the batch size, at most to `end`, and applies the changes of weights.
    /// Presentation n runs in lane n mod N; changes are added in the order of lanes.
    fn train_batch(
        &mut self,
        shown: &Presentations,
        end: u64,
        plan: Plan,
        recorder: &mut dyn Recorder,
        monitor: &dyn Monitor,
    ) -> Result<(), RunError> {
        let size = self.lanes.len() as u64;
        let first = self.history.examples_seen;
        let last = ((first / size + 1) * size).min(end);
        let part = (first % size) as usize..((last - 1) % size) as usize + 1;
        self.prepare(first..last, part.clone(), shown, recorder);
        let start = monitor.seconds();
        let factor = rate_factor(self.model, first, self.history.examples_planned, shown.len() as u64);
        let plastic = plan.plasticity == Plasticity::On;
        let (model, network, rules, centres) = (self.model, &self.network, &self.rules, &self.centres);
        let sigmoids = [FORWARD, TARGET].map(|phase| Sigmoids::Of(&self.sigmoids[phase]));
        let run = |lane: &mut LaneOfBatch| {
            lane.present(model, network, shown, sigmoids);
            if plastic {
                lane.learn(model, network, rules, centres, factor);
            }
        };
        match &mut self.lanes[part.clone()] {
            [lane] => run(lane),
            lanes => lanes.par_iter_mut().for_each(run),
        }
        let mut credits = Vec::new();
        if let Some(credit_monitor) = self.credit_monitor.as_mut().filter(|_| plastic) {
            for lane in self.lanes[part.clone()].iter().filter(|lane| lane.label.is_some()) {
                let means = lane.lane.means();
                credits.push(credit_monitor.measure(model, &self.network, lane.index, means, &lane.changes));
            }
        }
        self.check(part.clone(), plan.plasticity)?;
        if plastic {
            self.apply(part.clone());
        }
        self.history.train_seconds += monitor.seconds() - start;
        self.history.examples_seen = last;
        for lane in &self.lanes[part.clone()] {
            let wrong = lane.label.is_some_and(|label| label != lane.decoded);
            let since = &mut self.since_evaluation;
            since.examples += 1;
            since.errors += u64::from(wrong);
            since.loss += lane.loss;
        }
        // Last, so that a checkpoint is whole even if something cannot be recorded.
        credits.iter().try_for_each(|credit| recorder.credit(credit))?;
        self.lanes[part].iter().try_for_each(|lane| recorder.presentation(lane.record(shown)))?;
        if plastic {
            recorder.weights(self.history.examples_seen, None, &self.network)?;
        }
        Ok(())
    }

    /// Assigns presentations to lanes, each with its image, phase lengths and start on the run's clock.
    fn prepare(&mut self, batch: Range<u64>, part: Range<usize>, shown: &Presentations, recorder: &mut dyn Recorder) {
        for (n, lane) in batch.zip(&mut self.lanes[part]) {
            lane.index = n;
            lane.image = self.order.stimulus(self.seed, n, shown.len());
            lane.label = shown.label(lane.image);
            lane.variation = variation(&self.model.stimuli, self.seed, PresentationKey::training(n));
            lane.lengths = self.model.phases().lengths(self.seed, PresentationKey::training(n));
            lane.start_ms = self.clock_ms;
            lane.spikes = kept(recorder.watches(PresentationKind::Train, n));
            lane.sampling = recorder.sampling(PresentationKind::Train, n, lane.start_ms);
            self.clock_ms += lane.lengths[0] + lane.label.map_or(0.0, |_| lane.lengths[1]);
        }
    }

    /// Returns an error if changes of weights or mean potentials are not finite.
    fn check(&self, part: Range<usize>, plasticity: Plasticity) -> Result<(), RunError> {
        let lanes = &self.lanes[part];
        let learns =
            |&(index, _): &(usize, _)| plasticity == Plasticity::On && self.rules.of_projections[index].is_some();
        for (index, projection) in self.model.projections.iter().enumerate().filter(learns) {
            let (post, pre) = (self.model.population(projection.to).size, self.model.population(projection.from).size);
            if let Some(problem) = lanes.iter().find_map(|lane| lane.changes[index].misfit(post, pre)) {
                return Err(RunError::Rule { projection: projection.name.clone(), problem });
            }
            if let Some(lane) = lanes.iter().find(|lane| !lane.changes[index].is_finite()) {
                return Err(RunError::Diverged { projection: projection.name.clone(), example: lane.index });
            }
        }
        let overflowed = lanes.iter().find_map(|lane| Some((lane.lane.overflowed()?, lane.index)));
        overflowed.map_or(Ok(()), |(population, example)| {
            let population = self.model.populations[population].name.clone();
            Err(RunError::Overflow { population, kind: "training", example })
        })
    }

    /// Adds the changes that lanes have computed, in the order of lanes, and updates the running means of trains.
    fn apply(&mut self, part: Range<usize>) {
        let lanes = &self.lanes[part];
        let learns = |&(index, _): &(usize, _)| self.rules.of_projections[index].is_some();
        for (index, projection) in self.model.projections.iter().enumerate().filter(learns) {
            let terms = lanes.iter().flat_map(|lane| lane.changes[index].terms());
            let target = self.model.population(projection.to);
            let Network { synapses, biases } = &mut self.network;
            let biases =
                if target.is_plateau_port(projection.port) { &mut [] } else { biases[projection.to.0].as_mut_slice() };
            let synapses = &mut synapses[index];
            self.work.rows_updated += synapses.apply(terms.clone(), biases) as u64;
            if projection.sign != Sign::Any {
                terms.flat_map(|term| &term.pre).for_each(|&(pre, _)| synapses.clip(pre as usize, projection.sign));
            }
        }
        if let Some(lane) = lanes.last() {
            self.derived.renew(&mut self.network, PresentationKey::training(lane.index + 1));
        }
        for lane in lanes {
            let share = 1.0 / (lane.index + 1).min(u64::from(self.model.learning.centring)) as f64;
            for (centre, trains) in self.centres.iter_mut().zip(&lane.lane.means()[FORWARD].trains) {
                centre.iter_mut().zip(trains).for_each(|(mean, s)| *mean += share * (s - *mean));
            }
        }
    }
}

impl Training for Trainer<'_> {
    fn kind(&self) -> &'static str {
        self.dynamics.name()
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
            edited: self.edited,
            seed: self.seed,
            examples_seen: self.history.examples_seen,
            examples_planned: self.history.examples_planned,
            tests_done: self.tests_done,
            clock_ms: self.clock_ms,
            since_evaluation: self.since_evaluation,
            curve: self.history.curve.clone(),
            network: self.network.clone(),
            centres: self.centres.clone(),
            lanes: self.lanes.iter().map(|lane| lane.lane.state()).collect(),
        }
    }

    fn run(
        &mut self,
        data: &Dataset,
        plan: Plan,
        recorder: &mut dyn Recorder,
        monitor: &mut dyn Monitor,
    ) -> Result<Ending, RunError> {
        self.run_part(plan.presentations, data, plan, recorder, monitor)
    }
}
