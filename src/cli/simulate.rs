//! `apical simulate`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::checkpoint::StartingNetwork;
use super::failure::Failure;
use super::options::Common;
use super::output::RunFiles;
use super::session::{self, NetworkOrigin};
use super::stimuli::StimulusSource;
use super::{checkpoint, report, terminal};
use crate::data::{Dataset, Evaluate, Split};
use crate::model::Stimuli;
use crate::training::{Plan, Plasticity, Trainer};

/// Show training images in both phases without changing a weight, and record.
///
/// INPUT is a model file (its initial weights), the name of a shipped model, or a checkpoint. Stimuli of one's own, a rate
/// vector, a rate table or a spike list, are named under [stimuli] in the model; without labels only forward phases are
/// shown.
///
///   apical simulate g17-784-500-10 --examples 20 --record all --out twenty.h5
#[derive(Args, Debug)]
pub(super) struct SimulateCommand {
    /// Model file, name of a shipped model, or checkpoint.
    input: PathBuf,

    /// Presentations. Default: 20, or all of a table.
    #[arg(long, value_name = "N")]
    examples: Option<u64>,

    /// Seed of all that is random. Default: 1, or that of the checkpoint.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    #[command(flatten)]
    common: Common,
}

impl SimulateCommand {
    pub(super) fn execute(self) -> Result<(), Failure> {
        let threads = self.common.start_threads()?;
        let start = checkpoint::load_or_start(&self.common, &self.input, self.seed)?;
        let StartingNetwork { model, network, seed, examples_seen, edited, trained } = start;
        let training = StimulusSource::of(&self.common, &model, trained.as_ref()).load_training()?;
        let split = Split { train: 0..training.len(), evaluate: Evaluate::Training };
        let data = Dataset { evaluation: training.clone(), training, split };
        let shown_by_default =
            if matches!(model.stimuli, Stimuli::Idx { .. }) { 20 } else { data.training.len() as u64 };
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
