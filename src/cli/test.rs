//! `apical test`.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use serde_json::json;

use super::failure::Failure;
use super::options::Common;
use super::progress::Display;
use super::train::{check_fits, load_checkpoint};
use super::{interrupt, report, session};
use crate::engine::{Circuit, Precision};
use crate::record::hdf5::RunFile;
use crate::record::{Kind, Recorder};
use crate::training;

/// Test a trained network: show each image once a pass, from rest, and count the answers.
///
/// The first pass draws the same spikes as the evaluations of the training run did, and so gives the same error. A run file is
/// written if `--record` or `--out` asks for one.
///
///   apical test output/g17-784-500-10-seed1.checkpoint.h5 --passes 20
#[derive(Args, Debug)]
pub(super) struct Test {
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
    common: Common,
}

impl Test {
    pub(super) fn execute(self) -> Result<(), Failure> {
        interrupt::listen()?;
        let threads = self.common.start_threads()?;
        let checkpoint = load_checkpoint(&self.checkpoint)?;
        let model = self.common.parse_model(&checkpoint.model_text, &self.checkpoint)?;
        check_fits(&model, &checkpoint, &self.checkpoint)?;
        let shown = self.common.load_data(&model, |source| source.load_evaluation())?;
        if shown.label(0).is_none() {
            return Err(anyhow::anyhow!("a test needs labels: give `labels` under [stimuli] in the model").into());
        }
        let seed = self.seed.unwrap_or(checkpoint.seed);
        let circuit = Arc::new(Circuit::new(&model, seed, Precision::Single));
        let test = training::Test {
            model: &model,
            circuit: &circuit,
            network: &checkpoint.network,
            shown: &shown,
            examples: self.test_examples.unwrap_or(usize::MAX).min(shown.len()),
            passes: self.passes.get(),
            index: 0,
            clock_ms: 0.0,
        };
        if test.examples == 0 {
            return Err(anyhow::anyhow!("--test-examples 0: expected at least 1").into());
        }
        let mut file = self.run_file(&model, seed, &test, shown.set().sha256())?;
        let mut display = Display::new(self.common.quiet, None);
        let recorder: &mut dyn Recorder = match &mut file {
            Some((file, _)) => file,
            None => &mut (),
        };
        let tested = test.run(recorder, &mut display);
        display.finish();
        let mut written = None;
        if let Some((file, path)) = file {
            file.finish().context("the run file could not be completed").map_err(Failure::Failed)?;
            written = Some(path);
        }
        let Some(tested) = tested? else { return Err(Failure::Interrupted) };
        if self.common.json {
            println!(
                "{}",
                json!({
                    "command": "test",
                    "model": model.name,
                    "kind": "spiking",
                    "seed": seed,
                    "threads": threads,
                    "test_error_percent": tested.error_percent(),
                    "test_error_percent_by_pass": percent_by_pass(&tested),
                    "test_examples": tested.examples,
                    "passes": tested.wrong.len(),
                    "test_ms_per_example": report::test_ms(&tested),
                    "confusion": tested.confusion,
                    "run_file": written,
                })
            );
        } else {
            println!(
                "test error {:.2} % on {} images, {} passes",
                tested.error_percent(),
                tested.examples,
                self.passes
            );
            if let Some(path) = written {
                println!("run file: {}", path.display());
            }
        }
        Ok(())
    }

    /// The run file, if one is asked for.
    fn run_file(
        &self,
        model: &crate::model::Model,
        seed: u64,
        test: &training::Test<'_>,
        sha256: &[(String, String)],
    ) -> anyhow::Result<Option<(RunFile, PathBuf)>> {
        if self.common.record.is_none() && self.common.out.is_none() {
            return Ok(None);
        }
        let path = self.common.run_file(&format!("{}-test", model.name), seed, false)?;
        let presentations = test.examples as u64 * u64::from(test.passes);
        let file = session::open_run_file(&self.common, &path, model, (seed, Kind::Test, presentations), sha256)?;
        Ok(Some((file, path)))
    }
}

fn percent_by_pass(tested: &training::Tested) -> Vec<f64> {
    tested.wrong.iter().map(|&wrong| 100.0 * wrong as f64 / tested.examples as f64).collect()
}
