//! The arguments of `apical validate`, and where its results go.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;

use crate::cli::files::refuse_overwrite;
use crate::cli::terminal;
use crate::model::Model;

/// Check a spiking network against theory and its rate twins.
///
/// INPUT is a model file, the name of a shipped model, or a checkpoint. Each test image is shown from rest. Mean potentials
/// must be those of the measured rates upstream, by a chi-square over neurons that fails once in 10,000 times by chance;
/// rates must be those of the diffusion twin; the convergence of answers and rates to those of the noiseless twin over
/// growing durations is reported. Then a network of the model and its noiseless twin learn from the same initial weights on
/// the same images. Checks that do not apply, such as of rates of a spike list, are marked so. Exit code 1 if a check fails.
///
/// A model of the protocol "continuous" is simulated for --duration after its warm-up, of at least 200 ms, and rates and CVs of the
/// inter-spike intervals of its threshold cells are compared with mean-field theory (Brunel 2000), population by population.
///
///   apical validate output/g17-784-500-10-seed1.checkpoint.h5
///
///   apical validate g17-784-500-10 --perturb input-hidden=0.05
///
///   apical validate circuit.toml --duration 5000
#[derive(Args, Debug)]
pub(in crate::cli) struct ValidateCommand {
    /// Model file, name of a shipped model, or checkpoint.
    pub(super) input: PathBuf,

    /// Images shown. Default: 200.
    #[arg(long, value_name = "N")]
    pub(super) images: Option<std::num::NonZeroUsize>,

    /// Lengths of phases over which answers are compared with the noiseless twin's [ms]. Default: 50,100,250,500,1000, those
    /// beyond the settling time, and the length of a test where none is.
    #[arg(long, value_name = "MS", value_delimiter = ',')]
    pub(super) durations: Vec<f64>,

    /// Training presentations of the network and its twin; 0: they do not learn. Default: 2000.
    #[arg(long, value_name = "N")]
    pub(super) examples: Option<u64>,

    /// Model time that is measured, after the warm-up, of a continuous model [ms]. Default: `duration_ms` of the model.
    #[arg(long, value_name = "MS")]
    pub(super) duration: Option<f64>,

    /// Scale the weights of a projection in the twin or the theory only, by 1 + X: what rests on it must fail.
    #[arg(long, value_name = "PROJECTION=X")]
    pub(super) perturb: Vec<String>,

    /// Seed of all that is random. Default: 1, or that of the checkpoint.
    #[arg(long, value_name = "N")]
    pub(super) seed: Option<u64>,

    /// Folder of IDX files, plain or gzipped. Default: that of the checkpoint's training, of the model, or data/mnist.
    #[arg(long, value_name = "DIR")]
    pub(super) data: Option<PathBuf>,

    /// Threads; the results do not depend on their number. Default: RAYON_NUM_THREADS or SLURM_CPUS_PER_TASK of
    /// the environment, else all cores.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) threads: Option<u16>,

    /// Set any key of the model, as in `--set protocol.test_ms=500`.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(super) overrides: Vec<String>,

    /// Write the results there as JSON, and a figure beside it as SVG, but of continuous models. Default:
    /// output/NAME-validate.json.
    #[arg(long, value_name = "PATH")]
    pub(super) out: Option<PathBuf>,

    /// Take a checkpoint even if it was changed after it was written.
    #[arg(long)]
    pub(super) accept_edited: bool,

    /// No progress on standard error.
    #[arg(long)]
    pub(super) quiet: bool,

    /// Print the results as one JSON object, the last line on standard output.
    #[arg(long)]
    pub(super) json: bool,
}

impl ValidateCommand {
    /// Path of the results.
    pub(super) fn destination(&self, model: &Model) -> anyhow::Result<PathBuf> {
        let path = if let Some(path) = &self.out {
            path.clone()
        } else {
            std::fs::create_dir_all("output").context("cannot create the folder output; give --out PATH")?;
            Path::new("output").join(format!("{}-validate.json", model.name))
        };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        if path.is_dir() || folder.is_some_and(|folder| !folder.is_dir()) {
            bail!("--out {}: expected the path of a file in a folder that is there", path.display());
        }
        if path.extension().is_none_or(|extension| extension != "json") {
            bail!("--out {}: expected a name that ends in .json", path.display());
        }
        refuse_overwrite("--out", &path, &self.input)?;
        refuse_overwrite("--out", &path.with_extension("svg"), &self.input)?;
        Ok(path)
    }

    /// Prints a message, unless it is to be quiet.
    pub(super) fn print_message(&self, text: &str) {
        if !self.quiet {
            terminal::print_message(text);
        }
    }
}
