//! `apical simulate`.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::checkpoint::Start;
use super::failure::Failure;
use super::options::Common;
use super::session::{self, Files, Outcome};
use super::shown::Shown;
use super::{checkpoint, interrupt, report, say};
use crate::data::{Dataset, Evaluate, Split};
use crate::model::{Model, Stimuli};
use crate::training::{Plan, Synapses, Trainer};

/// Show training images in both phases without changing a weight, and record.
///
/// INPUT is a model file (its initial weights), the name of a shipped model, or a checkpoint. Stimuli of one's own, a rate
/// vector, a rate table or a spike list, are named under [stimuli] in the model; without labels only forward phases are
/// shown.
///
///   apical simulate g17-784-500-10 --examples 20 --record all --out twenty.h5
#[derive(Args, Debug)]
pub(super) struct Simulate {
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

impl Simulate {
    pub(super) fn execute(self) -> Result<(), Failure> {
        interrupt::listen()?;
        let threads = self.common.start_threads()?;
        let Start { model, network, seed, trained } = checkpoint::load_or_start(&self.common, &self.input, self.seed)?;
        let training = Shown::of(&self.common, &model, trained.as_ref()).load_training()?;
        let split = Split { train: 0..training.len(), evaluate: Evaluate::Training };
        let data = Dataset { evaluation: training.clone(), training, split };
        let shown_by_default =
            if matches!(model.stimuli, Stimuli::Idx { .. }) { 20 } else { data.training.len() as u64 };
        let presentations = self.examples.unwrap_or(shown_by_default);
        let path = self.common.run_file(&format!("{}-simulate", model.name), seed, false)?;
        let mut trainer = Trainer::new(&model, network, seed);
        let plan = Plan { presentations, test_examples: 0, synapses: Synapses::Frozen };
        let files = Files { run: path, checkpoint: None };
        let outcome = session::run(&self.common, &model, &data, &mut trainer, (seed, plan), files, None)?;
        if self.common.json {
            say::result(summary(&model, &outcome, (seed, threads)))
        } else {
            report::print_files(&outcome.files)
        }
    }
}

fn summary(model: &Model, outcome: &Outcome, (seed, threads): (u64, usize)) -> Value {
    json!({
        "command": "simulate",
        "model": model.name,
        "kind": "spiking",
        "seed": seed,
        "threads": threads,
        "examples_seen": outcome.presentations,
        "ms_per_example": report::per_example(outcome.history.train_seconds, outcome.presentations),
        "run_file": outcome.files.run,
    })
}
