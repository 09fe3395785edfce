//! `apical test`.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use clap::Args;
use serde::Serialize;

use super::failure::Failure;
use super::files::model_named;
use super::options::{Common, Rate};
use super::output::RunFiles;
use super::progress::Display;
use super::session::{NetworkOrigin, RunDescription};
use super::stimuli::{StimulusSource, TrainingData};
use super::{checkpoint, interrupt, protocol, rate_rule, report, session, terminal};
use crate::data::Presentations;
use crate::engine::{Circuit, Precision};
use crate::model::Model;
use crate::rate::Learner;
use crate::record::Recorder;
use crate::record::hdf5::RunFile;
use crate::training::{self, NetworkDynamics, Tested, planned_test};

/// Test a trained network: show each image once a pass, from rest, and count the answers.
///
/// The first pass draws the same spikes as the evaluations of the training run did, and so gives the same error. A run file is
/// written if `--record` or `--out` asks for one.
///
///   apical test output/g17-784-500-10-seed1.checkpoint.h5 --passes 20
#[derive(Args, Debug)]
#[allow(clippy::struct_field_names, reason = "the option has the same name in train")]
pub(super) struct TestCommand {
    /// Checkpoint that `apical train` left.
    checkpoint: PathBuf,

    /// How often every image is shown, each time with other spikes.
    #[arg(long, value_name = "N", default_value = "1")]
    passes: std::num::NonZeroU32,

    /// Images shown in each pass. Default: all.
    #[arg(long, value_name = "N")]
    test_examples: Option<usize>,

    /// Seed of the spikes. Default: that of the training run.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    #[command(flatten)]
    rate: Rate,

    #[command(flatten)]
    common: Common,
}

impl TestCommand {
    pub(super) fn execute(self) -> Result<(), Failure> {
        let threads = self.common.start_threads()?;
        model_named(&self.checkpoint).as_ref().map_or(Ok(()), protocol::refuse_continuous)?;
        let checkpoint = checkpoint::load_for(&self.common, &self.checkpoint)?;
        let model = self.common.parse_model(&checkpoint.model_text, &self.checkpoint)?;
        protocol::refuse_continuous(&model)?;
        let model = self.rate.prepare(model, &self.common)?;
        checkpoint::check_fits(&model, &checkpoint, &self.checkpoint)?;
        let seed = self.seed.unwrap_or(checkpoint.seed);
        let trained = checkpoint::training_data(&checkpoint, &self.checkpoint)?;
        if let Some(learner) = Learner::with_weights((&model, &checkpoint.network), checkpoint.seed) {
            let tested = self.by_rates(&model, &learner, trained.as_ref())?;
            let (model, kind) = (model.name.clone(), rate_rule::KIND);
            return self.print(&CompletedTest { model, kind, seed, threads, tested, run_file: None });
        }
        let shown = self.load_images(&model, trained.as_ref())?;
        let circuit = Arc::new(Circuit::new(&model, seed, Precision::Single).map_err(Failure::failed)?);
        let test = training::Test {
            model: &model,
            circuit: &circuit,
            dynamics: self.rate.dynamics(),
            network: &checkpoint.network,
            shown: &shown,
            examples: self.test_examples.unwrap_or(usize::MAX).min(shown.len()),
            passes: self.passes.get(),
            index: 0,
            clock_ms: 0.0,
        };
        let origin = NetworkOrigin { frozen_after: Some(checkpoint.examples_seen), edited: checkpoint.edited };
        let (tested, run_file) = self.run(&test, (seed, origin))?;
        let (model, kind) = (model.name.clone(), self.rate.kind());
        self.print(&CompletedTest { model, kind, seed, threads, tested, run_file })
    }

    /// Tests a network of rates, which has nothing to record and gives the same answers in every pass.
    fn by_rates(&self, model: &Model, learner: &Learner, trained: Option<&TrainingData>) -> Result<Tested, Failure> {
        let given = [
            ("--record", self.common.record.is_some()),
            ("--out", self.common.out.is_some()),
            ("--passes", self.passes.get() > 1),
            ("--seed", self.seed.is_some()),
            ("--rate", self.rate.dynamics() != NetworkDynamics::Spiking),
        ];
        if let Some((option, _)) = given.iter().find(|(_, given)| *given) {
            let why = "a network that learnt by a rule of rates has no spikes, and answers alike in every pass";
            return Err(anyhow!("{option}: {why}").into());
        }
        let shown = self.load_images(model, trained)?;
        let examples = self.test_examples.unwrap_or(usize::MAX).min(shown.len());
        let mut display = Display::new(self.common.quiet, None);
        training::test_rates((model, learner), &shown, examples, &mut display).ok_or_else(stopped)
    }

    /// Prints the result.
    fn print(&self, test: &CompletedTest) -> Result<(), Failure> {
        if self.common.json {
            return terminal::print_json(&test.results());
        }
        let (error, examples, passes) = (test.tested.error_percent(), test.tested.examples, self.passes);
        terminal::print_result(format_args!("test error {error:.2} % on {examples} images, {passes} passes"))?;
        let Some(path) = &test.run_file else { return Ok(()) };
        terminal::print_result(format_args!("run file: {}", path.display()))
    }

    fn load_images(&self, model: &Model, trained: Option<&TrainingData>) -> anyhow::Result<Presentations> {
        if self.test_examples == Some(0) {
            bail!("--test-examples 0: expected at least 1");
        }
        let shown = StimulusSource::of(&self.common, model, trained).load_evaluation()?;
        if shown.label(0).is_none() {
            bail!("a test needs labels: give `labels` under [stimuli] in the model");
        }
        Ok(shown)
    }

    /// Runs a test and returns its result with the path of the run file, if one was asked for.
    fn run(&self, test: &training::Test<'_>, from: (u64, NetworkOrigin)) -> Result<(Tested, Option<PathBuf>), Failure> {
        let _guard = interrupt::hold();
        let mut file = self.run_file(test, from)?;
        let mut display = Display::new(self.common.quiet, None);
        let recorder: &mut dyn Recorder = match &mut file {
            Some((file, _)) => file,
            None => &mut (),
        };
        let tested = test.run(recorder, &mut display);
        display.finish();
        let stopped_early = !matches!(tested, Ok(Some(_)));
        let mut written = None;
        if let Some((file, files)) = file {
            file.finish_as(&files.run).context("the run file could not be completed").map_err(Failure::Failed)?;
            let files = if stopped_early { files } else { files.replace().map_err(Failure::Failed)? };
            written = Some(files.run);
        }
        Ok((tested?.ok_or_else(stopped)?, written))
    }

    /// Creates the run file, if `--record` or `--out` asks for one.
    fn run_file(
        &self,
        test: &training::Test<'_>,
        (seed, origin): (u64, NetworkOrigin),
    ) -> anyhow::Result<Option<(RunFile, RunFiles)>> {
        if self.common.record.is_none() && self.common.out.is_none() {
            return Ok(None);
        }
        let output = self.common.output(&format!("{}-test", self.rate.name(test.model)), seed, false)?;
        output.check()?;
        let planned = planned_test(test, seed)?;
        let (model, dynamics, shown) = (test.model, test.dynamics.name(), test.shown.set());
        let (data_path, sha256) = (shown.path(), shown.sha256());
        let recorded = RunDescription { model, dynamics, seed, planned, origin, data_path, sha256 };
        session::open_run_file(&self.common, &output, &recorded).map(Some)
    }
}

/// Prints that a test was stopped.
fn stopped() -> Failure {
    terminal::print_message("stopped before all images were shown");
    Failure::Interrupted
}

/// What `test --json` prints.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct TestResults {
    /// `test`.
    command: &'static str,
    /// Name of the model.
    model: String,
    /// `spiking` or `rate`.
    kind: String,
    /// Seed of the spikes.
    seed: u64,
    /// Threads used.
    threads: usize,
    /// Test error over all passes [%].
    test_error_percent: f64,
    /// Test error of each pass [%].
    test_error_percent_by_pass: Vec<f64>,
    /// Images in a pass.
    test_examples: usize,
    /// Passes.
    passes: usize,
    /// Wall time of a presentation [ms].
    test_ms_per_example: Option<f64>,
    /// Answers, [label, answer].
    confusion: Vec<Vec<u64>>,
    /// Path of the run file; null if none was asked for.
    run_file: Option<String>,
}

/// A test that was run, by what and on what.
struct CompletedTest {
    model: String,
    /// `spiking` or `rate`.
    kind: &'static str,
    seed: u64,
    threads: usize,
    tested: Tested,
    run_file: Option<PathBuf>,
}

impl CompletedTest {
    fn results(&self) -> TestResults {
        let tested = &self.tested;
        let percent = |&wrong: &usize| 100.0 * wrong as f64 / tested.examples as f64;
        TestResults {
            command: "test",
            model: self.model.clone(),
            kind: self.kind.to_owned(),
            seed: self.seed,
            threads: self.threads,
            test_error_percent: tested.error_percent(),
            test_error_percent_by_pass: tested.wrong.iter().map(percent).collect(),
            test_examples: tested.examples,
            passes: tested.wrong.len(),
            test_ms_per_example: report::test_ms(tested),
            confusion: tested.confusion.clone(),
            run_file: self.run_file.as_deref().map(report::text_of),
        }
    }
}
