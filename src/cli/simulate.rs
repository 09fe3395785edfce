//! `apical simulate`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use serde::Serialize;

use super::checkpoint::StartingNetwork;
use super::continuous::{Beginning, ContinuousRun};
use super::failure::Failure;
use super::files::is_hdf5;
use super::options::Common;
use super::output::RunFiles;
use super::session::{self, NetworkOrigin};
use super::stimuli::StimulusSource;
use super::{checkpoint, protocol, report, terminal};
use crate::data::{Dataset, EvaluationSet, Split};
use crate::model::{Model, Stimuli};
use crate::training::{Plan, Plasticity, Trainer};

/// Run a circuit for some model time, or show training images in both phases without changing a weight, and record.
///
/// INPUT is a model file (its initial weights), the name of a shipped model, or a checkpoint.
///
/// A model of the protocol "continuous" runs for --duration of model time after its warm-up, and leaves a run file and a
/// checkpoint. Ctrl-C saves all: `--resume` goes on from there to the bit, also to a longer duration; its run file holds what
/// comes from the checkpoint's time on. --duration is a total: a run that has all of it is left as it is.
///
///   apical simulate circuit.toml --duration 1000 --record 'cells,cells[0:5].soma'
///
/// Of a model of two phases the training images are shown. Stimuli of one's own, a rate
/// vector, a rate table or a spike list, are named under [stimuli] in the model; without labels only forward phases are
/// shown.
///
///   apical simulate g17-784-500-10 --examples 20 --record all --out twenty.h5
#[derive(Args, Debug)]
pub(super) struct SimulateCommand {
    /// Model file, name of a shipped model, or checkpoint.
    #[arg(required_unless_present = "resume")]
    input: Option<PathBuf>,

    /// Presentations, of a model of two phases. Default: 20, or all of a table.
    #[arg(long, value_name = "N")]
    examples: Option<u64>,

    /// Model time that is recorded, after the warm-up, of a continuous model [ms]; with --resume, what was recorded before included.
    /// Default: `duration_ms` of the model.
    #[arg(long, value_name = "MS", conflicts_with = "examples")]
    duration: Option<f64>,

    /// Go on from this checkpoint of a continuous run. Without INPUT its own model is used.
    #[arg(long, value_name = "CHECKPOINT", conflicts_with_all = ["examples", "seed"])]
    resume: Option<PathBuf>,

    /// Longest time between two checkpoints of a continuous run, as in `30s` or `10min`. Default: 5min.
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    checkpoint_every: Option<Duration>,

    /// Seed of all that is random. Default: 1, or that of the checkpoint.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    #[command(flatten)]
    common: Common,
}

impl SimulateCommand {
    pub(super) fn execute(self) -> Result<(), Failure> {
        let threads = self.common.start_threads()?;
        if let Some(path) = &self.resume {
            let before = checkpoint::load_for(&self.common, path)?;
            let model = match &self.input {
                Some(input) => self.common.load_model(input)?,
                None => self.common.parse_model(&before.model_text, path)?,
            };
            return self.run_continuous(model, before.seed, threads, Beginning::Resumed(before, path));
        }
        let input = self.input.as_deref().context("expected a model file, or --resume CHECKPOINT")?;
        if is_hdf5(input) {
            let before = checkpoint::load_for(&self.common, input)?;
            let model = self.common.parse_model(&before.model_text, input)?;
            if model.protocol.continuous().is_some() {
                let seed = self.seed.unwrap_or(before.seed);
                return self.run_continuous(model, seed, threads, Beginning::Network(before, input));
            }
        } else {
            let model = self.common.load_model(input)?;
            if model.protocol.continuous().is_some() {
                return self.run_continuous(model, self.seed.unwrap_or(1), threads, Beginning::Rest);
            }
        }
        self.show_presentations(input, threads)
    }

    fn run_continuous(&self, model: Model, seed: u64, threads: usize, beginning: Beginning<'_>) -> Result<(), Failure> {
        if model.protocol.continuous().is_none() {
            let why = "--resume: expected a checkpoint of a continuous run; one of training is gone on with by `apical train --resume`";
            return Err(anyhow::anyhow!(why).into());
        }
        if self.examples.is_some() {
            return Err(
                anyhow::anyhow!("--examples: a continuous model has no presentations; give --duration MS").into()
            );
        }
        if self.common.data.is_some() {
            let why = "--data: a continuous model is shown no images; what its populations are shown is named by `stimulus` of each";
            return Err(anyhow::anyhow!(why).into());
        }
        let model = protocol::with_duration(model, self.duration)?;
        let checkpoint_every = self.checkpoint_every;
        ContinuousRun { common: &self.common, model: &model, seed, threads, checkpoint_every }.execute(beginning)
    }

    fn show_presentations(&self, input: &Path, threads: usize) -> Result<(), Failure> {
        for (option, given) in
            [("--duration", self.duration.is_some()), ("--checkpoint-every", self.checkpoint_every.is_some())]
        {
            if given {
                let why =
                    format!("{option}: the model shows presentations; expected one of the protocol \"continuous\"");
                return Err(anyhow::anyhow!(why).into());
            }
        }
        let start = checkpoint::load_or_start(&self.common, input, self.seed)?;
        let StartingNetwork { model, network, seed, examples_seen, edited, trained } = start;
        let training = StimulusSource::of(&self.common, &model, trained.as_ref()).load_training()?;
        let split = Split { train: 0..training.len(), evaluate: EvaluationSet::Training };
        let data = Dataset { evaluation: training.clone(), training, split };
        let shown_by_default = if matches!(model.stimuli, Stimuli::Idx(_)) { 20 } else { data.training.len() as u64 };
        let presentations = self.examples.unwrap_or(shown_by_default);
        let output = self.common.output(&format!("{}-simulate", model.name), seed, false)?;
        output.check()?;
        let mut trainer = Trainer::new(&model, network, seed).map_err(anyhow::Error::from)?;
        let plan = Plan { presentations, test_examples: 0, plasticity: Plasticity::Off };
        let run = session::Session {
            model: &model,
            data: &data,
            seed,
            label: String::new(),
            plan,
            origin: NetworkOrigin { frozen_after: Some(examples_seen), edited },
            live: None,
            checkpoint_every: Duration::MAX,
            stopped: &|_: &RunFiles| (),
        };
        let outcome = session::run(&self.common, run, &mut trainer, &output)?;
        if self.common.json {
            terminal::print_json(&SimulateResults {
                command: "simulate",
                model: model.name.clone(),
                kind: "spiking",
                seed,
                threads,
                examples_seen: outcome.presentations,
                ms_per_example: report::per_example(outcome.history.train_seconds, outcome.presentations),
                run_file: outcome.files.as_ref().map(|files| report::text_of(&files.run)),
            })
        } else {
            outcome.files.as_ref().map_or(Ok(()), report::print_files)
        }
    }
}

/// What `simulate --json` prints.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct SimulateResults {
    /// `simulate`.
    command: &'static str,
    /// Name of the model.
    model: String,
    /// `spiking`.
    kind: &'static str,
    /// Seed of all that is random.
    seed: u64,
    /// Threads used.
    threads: usize,
    /// Presentations.
    examples_seen: u64,
    /// Wall time of a presentation [ms]; null if there was none.
    ms_per_example: Option<f64>,
    /// Path of the run file.
    run_file: Option<String>,
}
