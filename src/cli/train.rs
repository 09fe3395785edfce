//! `apical train`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;

use super::disk::Recordings;
use super::failure::Failure;
use super::files::named_after;
use super::options::{Common, Rate, Seeds, parse_seeds};
use super::output::{RunFiles, RunOutput};
use super::progress::CHECKPOINT_EVERY;
use super::report::{SeedsResults, TrainResults, text_of};
use super::seeds::run_parallel;
use super::session::{self, NetworkOrigin, Outcome};
use super::stimuli::StimulusSource;
use super::{checkpoint, protocol, rate_rule, report, shell, terminal, view};
use crate::data::{Dataset, digests, tested_on};
use crate::model::Model;
use crate::record::{Checkpoint, Planned, checkpoint_bytes};
use crate::training::{
    History, NetworkDynamics, Plan, Plasticity, RateRuleTrainer, Trainer, Training, initial_network, planned_training,
};
use crate::view::LiveParts;

/// Train a network, test it after every epoch, and leave a run file and a checkpoint.
///
/// MODEL is a model file, or the name of a shipped one (see `apical models`). Each training image is shown in a forward phase
/// and a target phase, after which the weights change; each test image is shown once, from rest. Ctrl-C finishes the
/// presentation and saves all: `--resume` goes on from there to the bit.
///
/// A model whose [learning] names a rule of rates, such as g17-784-500-10-backprop, trains a network of rates of its
/// populations' sizes in whole epochs.
///
/// With --rate the model's rate twin is trained by the same rule, on the same images in the same order. Its checkpoint is one
/// of the spiking network, too, and the other way round: `--resume` and `apical test` take either, with --rate or without.
///
///   apical train models/g17-784-500-10.toml --epochs 1 --seeds 1..3
#[derive(Args, Debug)]
pub(super) struct TrainCommand {
    /// Model file, or name of a shipped model.
    #[arg(required_unless_present = "resume")]
    model: Option<PathBuf>,

    /// Go on from this checkpoint. Without MODEL its own model is used.
    #[arg(long, value_name = "CHECKPOINT")]
    resume: Option<PathBuf>,

    /// Seed of all that is random. Default: 1.
    #[arg(long, value_name = "N", conflicts_with_all = ["seeds", "resume"])]
    seed: Option<u64>,

    /// Run several seeds, as in `1..5` (both included) or `1,2,7`, and report mean and spread. As many run side by side as there
    /// are threads, with --live one after the other.
    #[arg(long, value_name = "SEEDS", value_parser = parse_seeds, conflicts_with = "resume")]
    seeds: Option<Seeds>,

    /// Passes through the training images.
    #[arg(long, value_name = "N")]
    epochs: Option<u32>,

    /// Presentations in all, in place of whole epochs. Where it is no multiple of the batch, the last batch is a smaller one.
    #[arg(long, value_name = "N")]
    examples: Option<u64>,

    /// Images tested at each evaluation. Default: all.
    #[arg(long, value_name = "N")]
    test_examples: Option<usize>,

    /// Longest time between two checkpoints, as in `30s` or `10min`: no more is lost if the machine fails. One is saved at every
    /// evaluation, too. Default: 5min.
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    checkpoint_every: Option<Duration>,

    /// Follow the run in the browser: serves a page on 127.0.0.1 with errors, plateaus and the newest raster for as long as
    /// the run lasts.
    #[arg(long)]
    live: bool,

    #[command(flatten)]
    rate: Rate,

    #[command(flatten)]
    common: Common,
}

/// How the run of one seed is made.
struct SeedRun<'a> {
    output: &'a RunOutput,
    /// Begins its lines of progress.
    label: String,
    /// Threads it may use.
    threads: usize,
    live: Option<&'a LiveParts>,
}

impl TrainCommand {
    pub(super) fn execute(self) -> Result<(), Failure> {
        let threads = self.common.start_threads()?;
        let checkpoint = self.resume.as_deref().map(|path| checkpoint::load_for(&self.common, path)).transpose()?;
        let model = self.prepare(self.load_model(checkpoint.as_ref())?)?;
        let trained = match (&checkpoint, &self.resume) {
            (Some(checkpoint), Some(path)) => checkpoint::training_data(checkpoint, path)?,
            _ => None,
        };
        let data = StimulusSource::of(&self.common, &model, trained.as_ref()).load()?;
        if data.training.label(0).is_none() {
            return Err(anyhow::anyhow!("training needs labels: give `labels` under [stimuli] in the model").into());
        }
        let seeds = match (&self.seeds, &checkpoint) {
            (Some(seeds), _) => seeds.0.clone(),
            (None, Some(checkpoint)) => vec![checkpoint.seed],
            (None, None) => vec![self.seed.unwrap_or(1)],
        };
        let outputs = seeds.iter().map(|&seed| self.output(&model, seed, seeds.len() > 1, checkpoint.as_ref()));
        let outputs = outputs.collect::<anyhow::Result<Vec<_>>>()?;
        if let [first, _, ..] = seeds[..] {
            let planned = self.planned(&model, &data, first)?;
            let bytes = planned.estimate(&model).total().saturating_add(checkpoint_bytes(&model));
            let file = &*outputs[0].run;
            Recordings { file, bytes, runs: seeds.len() }.check_room(&self.common)?;
        }
        let live = self.live.then(|| view::serve_live(&model)).transpose()?;
        let at_once = if live.is_some() { 1 } else { threads };
        let one = |at: usize, threads: usize| {
            let label = if seeds.len() > 1 { format!("seed {}, ", seeds[at]) } else { String::new() };
            let seed_run = SeedRun { output: &outputs[at], label, threads, live: live.as_deref() };
            self.train_seed(&model, &data, seeds[at], checkpoint.clone(), seed_run)
        };
        let done = |(outcome, results): &(Outcome, TrainResults)| {
            if self.common.json { Ok(()) } else { report::print_training(outcome, results) }
        };
        let ran = run_parallel(seeds.len(), (at_once, threads), one, done)?;
        let mut runs: Vec<_> = ran.into_iter().map(|(_, results)| results).collect();
        if seeds.len() == 1 {
            return if self.common.json { terminal::print_json(&runs.remove(0)) } else { Ok(()) };
        }
        let results = SeedsResults::of(&seeds, runs);
        if self.common.json { terminal::print_json(&results) } else { results.print() }
    }

    fn load_model(&self, checkpoint: Option<&Checkpoint>) -> anyhow::Result<Model> {
        let model = match (&self.model, checkpoint, &self.resume) {
            (Some(path), ..) => self.common.load_model(path)?,
            (None, Some(checkpoint), Some(path)) => self.common.parse_model(&checkpoint.model_text, path)?,
            _ => bail!("expected a model file or --resume CHECKPOINT"),
        };
        protocol::refuse_continuous(&model)?;
        if let (Some(checkpoint), Some(path)) = (checkpoint, &self.resume) {
            checkpoint::check_fits(&model, checkpoint, path)?;
            print_differences(&model, &checkpoint::own_model(checkpoint, path)?);
        }
        let Some(epochs) = self.epochs else { return Ok(model) };
        if epochs == 0 {
            bail!("--epochs 0: expected at least 1");
        }
        let overrides = [format!("learning.epochs={epochs}")];
        Ok(Model::parse(&model.text(), &model.name, &overrides)?)
    }

    /// What each run of several seeds will record.
    fn planned(&self, model: &Model, data: &Dataset, seed: u64) -> anyhow::Result<Planned> {
        let network = initial_network(model, seed)?;
        let presentations = 0..self.presentations(model, data, None);
        Ok(planned_training((model, &network), data, presentations, (self.tested(data), seed))?)
    }

    /// Images tested at each evaluation.
    fn tested(&self, data: &Dataset) -> usize {
        self.test_examples.unwrap_or(usize::MAX).min(data.evaluation.len())
    }

    /// Adapts what a model records to its dynamics.
    ///
    /// # Errors
    /// If an option has no meaning for its rule.
    fn prepare(&self, model: Model) -> anyhow::Result<Model> {
        let Some(rule) = rate_rule::name_of(&model) else { return self.rate.prepare(model, &self.common) };
        let given = [
            ("--resume", self.resume.is_some()),
            ("--examples", self.examples.is_some()),
            ("--live", self.live),
            ("--rate", self.rate.dynamics() != NetworkDynamics::Spiking),
        ];
        if let Some((option, _)) = given.iter().find(|(_, given)| *given) {
            bail!("{option}: a model that learns by `{rule}` is trained in whole epochs, from the start; leave it out");
        }
        rate_rule::prepare(model, &self.common)
    }

    /// Paths of a run's files. A resumed run has a name of its own, unless `--out` gives one.
    fn output(
        &self,
        model: &Model,
        seed: u64,
        one_of_several: bool,
        before: Option<&Checkpoint>,
    ) -> anyhow::Result<RunOutput> {
        let mut output = self.common.output(&self.rate.name(model), seed, one_of_several)?;
        if let (Some(before), None) = (before, &self.common.out) {
            output.run = named_after(&output.run, &format!("-from-{}.h5", before.examples_seen));
        }
        let output = output.with_checkpoint();
        output.check()?;
        Ok(output)
    }

    /// The command that resumes a run that was stopped.
    fn resumption(&self, checkpoint: &Path) -> String {
        let mut command = format!("apical train --resume {}", shell::quoted_path(checkpoint));
        let given = [
            self.rate.option(),
            self.common.data.as_ref().map(|folder| format!("--data {}", shell::quoted_path(folder))),
            self.test_examples.map(|examples| format!("--test-examples {examples}")),
            self.common.record.as_ref().map(|what| shell::option("--record", what)),
        ];
        for option in given.into_iter().flatten() {
            command = command + " " + &option;
        }
        command
    }

    /// Trains with one seed.
    fn train_seed(
        &self,
        model: &Model,
        data: &Dataset,
        seed: u64,
        checkpoint: Option<Checkpoint>,
        SeedRun { output, label, threads, live }: SeedRun<'_>,
    ) -> Result<(Outcome, TrainResults), Failure> {
        let presentations = self.presentations(model, data, checkpoint.as_ref());
        let test_examples = self.tested(data);
        let edited = checkpoint.as_ref().is_some_and(|checkpoint| checkpoint.edited);
        let mut trainer = self.trainer(model, seed, checkpoint, presentations)?;
        let plan = Plan { presentations, test_examples, plasticity: Plasticity::On };
        let outcome = if is_complete(&*trainer, plan) {
            let history = trainer.history().clone();
            report::print_nothing_left(&history);
            Outcome { files: None, history, presentations: 0 }
        } else {
            let live = live.map(|live| live.recorder(model, seed, presentations));
            let stopped = |files: &RunFiles| self.print_resumption(model, files);
            let checkpoint_every = self.checkpoint_every.unwrap_or(CHECKPOINT_EVERY);
            let origin = NetworkOrigin { frozen_after: None, edited };
            let run =
                session::Session { model, data, seed, label, plan, origin, live, checkpoint_every, stopped: &stopped };
            session::run(&self.common, run, &mut *trainer, output)?
        };
        let tested = outcome.history.tested.as_ref();
        // A run that had nothing left to do was tested when it ended.
        let last = outcome.history.curve.last().filter(|evaluation| evaluation.examples_seen == presentations);
        let results = TrainResults {
            command: "train",
            command_line: session::command_line(),
            commit: env!("APICAL_GIT_COMMIT"),
            model: model.name.clone(),
            model_sha256: model.sha256(),
            data_sha256: digests(&data.sha256()),
            kind: trainer.kind().to_owned(),
            batch: model.learning.batch,
            seed,
            threads,
            test_error_percent: last.map(|evaluation| evaluation.test_error),
            test_examples: tested.map(|tested| tested.examples),
            tested_on: tested_on(&model.stimuli),
            examples_seen: presentations,
            train_ms_per_example: report::per_example(outcome.history.train_seconds, outcome.presentations),
            test_ms_per_example: tested.and_then(report::test_ms),
            confusion: tested.map(|tested| tested.confusion.clone()),
            learning: outcome.history.curve.clone(),
            run_file: outcome.files.as_ref().map(|files| text_of(&files.run)),
            checkpoint_file: outcome.files.as_ref().and_then(|files| files.checkpoint.as_deref()).map(text_of),
        };
        Ok((outcome, results))
    }

    /// Prints how to resume a run that was stopped.
    fn print_resumption(&self, model: &Model, files: &RunFiles) {
        match (rate_rule::name_of(model), &files.checkpoint) {
            (Some(rule), _) => terminal::print_message(format_args!(
                "a run by `{rule}` is not gone on with; the same command gives the same numbers"
            )),
            (None, Some(checkpoint)) => {
                terminal::print_message(format_args!("go on with: {}", self.resumption(checkpoint)));
            }
            (None, None) => (),
        }
    }

    /// The trainer of a model with one seed, from the initial weights or from a checkpoint.
    fn trainer<'a>(
        &self,
        model: &'a Model,
        seed: u64,
        checkpoint: Option<Checkpoint>,
        presentations: u64,
    ) -> anyhow::Result<Box<dyn Training + 'a>> {
        if let Some(rule) = rate_rule::name_of(model) {
            let trainer = RateRuleTrainer::new(model, initial_network(model, seed)?, seed);
            return Ok(Box::new(trainer.with_context(|| format!("{rule}: no rule of rates"))?));
        }
        let builder = match checkpoint {
            Some(Checkpoint { examples_seen, .. }) if examples_seen > presentations => bail!(
                "the checkpoint has {examples_seen} presentations behind it, more than the {presentations} asked for: --epochs and \
                 --examples are totals"
            ),
            Some(checkpoint) => Trainer::resuming(model, checkpoint),
            None => Trainer::builder(model, initial_network(model, seed)?).seed(seed),
        };
        Ok(Box::new(builder.dynamics(self.rate.dynamics()).build()?))
    }

    fn presentations(&self, model: &Model, data: &Dataset, checkpoint: Option<&Checkpoint>) -> u64 {
        match (self.examples, self.epochs, checkpoint) {
            (Some(examples), ..) => examples,
            (None, None, Some(checkpoint)) => checkpoint.examples_planned,
            _ => u64::from(model.learning.epochs) * data.training.len() as u64,
        }
    }
}

/// Prints which keys of a model that goes on are not those of the training so far. Data are compared by what they hold.
fn print_differences(model: &Model, own: &Model) {
    let is_other = |key: &String| {
        let section = key.split('.').next().unwrap_or_default();
        !["name", "about", "recording", "stimuli"].contains(&section) && key != "learning.epochs"
    };
    let keys: Vec<_> = model.differing_keys(own).into_iter().filter(is_other).map(|key| format!("`{key}`")).collect();
    if !keys.is_empty() {
        terminal::print_message(format_args!("note: {} not as in the training so far", keys.join(", ")));
    }
}

/// Whether a resumed run has nothing left to do: all its presentations and its last evaluation are done.
fn is_complete(trainer: &dyn Training, plan: Plan) -> bool {
    let History { examples_seen, curve, .. } = trainer.history();
    let evaluated = curve.last().is_some_and(|last| last.examples_seen == *examples_seen);
    *examples_seen > 0 && *examples_seen == plan.presentations && (evaluated || plan.test_examples == 0)
}
