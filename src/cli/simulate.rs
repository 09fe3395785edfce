//! `apical simulate`.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::failure::Failure;
use super::options::Common;
use super::session::{self, Outcome};
use super::{checkpoint, interrupt, report, say};
use crate::data::{Dataset, Evaluate, Split};
use crate::model::{Model, Stimuli};
use crate::network::Network;
use crate::training::{Plan, Synapses, Trainer, initial_network};

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
        let (model, network, seed) = self.load()?;
        let training = self.common.source(&model).load_training().map_err(anyhow::Error::from)?;
        let split = Split { train: 0..training.len(), evaluate: Evaluate::Training };
        let data = Dataset { evaluation: training.clone(), training, split };
        let shown_by_default =
            if matches!(model.stimuli, Stimuli::Idx { .. }) { 20 } else { data.training.len() as u64 };
        let presentations = self.examples.unwrap_or(shown_by_default);
        let path = self.common.run_file(&format!("{}-simulate", model.name), seed, false)?;
        let trainer = Trainer::new(&model, network, seed);
        let plan = Plan { presentations, test_examples: 0, synapses: Synapses::Frozen };
        let outcome = session::run(&self.common, &model, &data, trainer, (seed, plan), path, None)?;
        if self.common.json {
            say::result(summary(&model, &outcome, (seed, threads)))
        } else {
            report::print_files(&outcome.files)
        }
    }

    fn load(&self) -> anyhow::Result<(Model, Network, u64)> {
        if is_hdf5(&self.input) {
            let checkpoint = checkpoint::load(&self.input)?;
            let model = self.common.parse_model(&checkpoint.model_text, &self.input)?;
            checkpoint::check_fits(&model, &checkpoint, &self.input)?;
            return Ok((model, checkpoint.network, self.seed.unwrap_or(checkpoint.seed)));
        }
        let model = self.common.load_model(&self.input)?;
        let seed = self.seed.unwrap_or(1);
        let network = initial_network(&model, seed)?;
        Ok((model, network, seed))
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
        "ms_per_example": report::per_example(outcome.train_seconds, outcome.presentations),
        "run_file": outcome.files.run,
    })
}

/// Whether a file begins as HDF5 files do.
fn is_hdf5(path: &Path) -> bool {
    let mut start = [0; 8];
    std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok() && start == *b"\x89HDF\r\n\x1a\n"
}
