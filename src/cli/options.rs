//! Options that several subcommands share.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};

use super::files::{is_hdf5, named_after};
use super::output::{Existing, RunOutput};
use crate::data::StimulusLoader;
use crate::model::Model;
use crate::rate::Twin;
use crate::training::{NetworkDynamics, threads_of_environment};

/// Options of most commands: data, model keys, recording, threads, output.
#[derive(Args, Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub(super) struct Common {
    /// Folder of IDX files, plain or gzipped. Default: that of the checkpoint's training, of the model, or data/mnist.
    #[arg(long, value_name = "DIR")]
    pub(super) data: Option<PathBuf>,

    /// What to record: `all`, `none`, or a list such as `hidden,output.soma,plateaus,0:100,-20:` of populations (their spikes),
    /// traces of compartments, plateaus, and ranges of presentations, negative numbers counted from the end of the run.
    /// Without a range: of all presentations.
    ///
    /// Without the option the model file decides; the shipped ones keep spikes, plateaus and traces of the first and the last
    /// 20 presentations. Learning curve and presentations are always kept, and weights of
    /// what learns; of a circuit, weights by `--set recording.weights=ends`.
    #[arg(long, value_name = "WHAT")]
    pub(super) record: Option<String>,

    /// Threads; the results do not depend on their number. Default: RAYON_NUM_THREADS or SLURM_CPUS_PER_TASK of
    /// the environment, else all cores.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) threads: Option<u16>,

    /// Set any key of the model, as in `--set learning.batch=16` or `--set population.hidden.size=1000`.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(super) overrides: Vec<String>,

    /// Write the run file here. Default: output/NAME-seedN.h5, or the next number that is free.
    #[arg(long, value_name = "PATH")]
    pub(super) out: Option<PathBuf>,

    /// Replace the files of the run that --out names, once this run is complete; one that is stopped is kept beside them, as
    /// NAME.unfinished.h5 and NAME.unfinished.checkpoint.h5.
    #[arg(long, requires = "out")]
    pub(super) overwrite: bool,

    /// Take a checkpoint even if it was changed after it was written; what is written from then on keeps that.
    #[arg(long)]
    pub(super) accept_edited: bool,

    /// Run even if the disk has no room for what will be written.
    #[arg(long)]
    pub(super) ignore_free_space: bool,

    /// No progress on standard error.
    #[arg(long)]
    pub(super) quiet: bool,

    /// Print the results as one JSON object, the last line on standard output.
    #[arg(long)]
    pub(super) json: bool,
}

impl Common {
    /// Loads a model file with `--set` and `--record` applied.
    pub(super) fn load_model(&self, path: &Path) -> anyhow::Result<Model> {
        if is_hdf5(path) {
            bail!("{}: expected a model file, found a run file or checkpoint", path.display());
        }
        let model = Model::load(path, &self.overrides)?;
        self.with_record(model)
    }

    /// Reads the model of a checkpoint with `--set` and `--record` applied.
    pub(super) fn parse_model(&self, text: &str, origin: &Path) -> anyhow::Result<Model> {
        let model = Model::parse(text, &format!("model of {}", origin.display()), &self.overrides)?;
        self.with_record(model)
    }

    fn with_record(&self, mut model: Model) -> anyhow::Result<Model> {
        if let Some(what) = &self.record {
            model.record(what)?;
        }
        Ok(model)
    }

    /// The stimuli of a model, in the folder of `--data`.
    pub(super) fn source<'a>(&'a self, model: &'a Model) -> StimulusLoader<'a> {
        StimulusLoader { folder: self.data.as_deref(), ..StimulusLoader::of(model) }
    }

    /// Starts the thread pool and returns its number of threads.
    pub(super) fn start_threads(&self) -> anyhow::Result<usize> {
        let threads = match self.threads {
            Some(threads) => usize::from(threads),
            None => threads_of_environment(|name| std::env::var(name).ok())
                .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get)),
        };
        let started = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
        started.with_context(|| format!("cannot start {threads} threads; give fewer by --threads"))?;
        Ok(threads)
    }

    /// Path of the run file: that of `--out`, or `output/NAME-seedN.h5`.
    pub(super) fn output(&self, name: &str, seed: u64, one_of_several: bool) -> anyhow::Result<RunOutput> {
        let Some(out) = &self.out else {
            let run = Path::new("output").join(format!("{name}-seed{seed}.h5"));
            return Ok(RunOutput::run_alone(run, Existing::Numbered));
        };
        let folder = out.as_os_str().to_string_lossy().ends_with(std::path::is_separator);
        if folder || out.is_dir() || out.file_name().is_none() {
            bail!("--out {}: expected the path of a file, found a folder", out.display());
        }
        let run = if one_of_several { named_after(out, &format!("-seed{seed}.h5")) } else { out.clone() };
        Ok(RunOutput::run_alone(run, if self.overwrite { Existing::Replaced } else { Existing::Refused }))
    }
}

/// Whether a model runs as spikes or as rates.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct Rate {
    /// Run as a network of rates, from the same weights: the model's noiseless twin, by `--rate=diffusion` the one whose
    /// rates are means over the fluctuations of the potential, or by `--rate=noisy` one whose trains scatter as those of
    /// spikes do over the window of a phase.
    #[arg(long, value_name = "TWIN", value_enum, num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "noiseless")]
    rate: Option<TwinName>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum TwinName {
    Noiseless,
    Diffusion,
    Noisy,
}

impl Rate {
    /// The dynamics asked for by `--rate`.
    pub(super) fn dynamics(self) -> NetworkDynamics {
        match self.rate {
            None => NetworkDynamics::Spiking,
            Some(TwinName::Noiseless) => NetworkDynamics::Rate(Twin::Noiseless),
            Some(TwinName::Diffusion) => NetworkDynamics::Rate(Twin::Diffusion),
            Some(TwinName::Noisy) => NetworkDynamics::Rate(Twin::Noisy),
        }
    }

    /// Its name in summaries: `spiking` or `rate`.
    pub(super) fn kind(self) -> &'static str {
        self.dynamics().name()
    }

    /// The option as given on the command line; `None` if it was not.
    pub(super) fn option(self) -> Option<String> {
        let twin = self.rate?.to_possible_value()?;
        Some(format!("--rate={}", twin.get_name()))
    }

    /// The name of a run of this model, from which file names are made.
    pub(super) fn name(self, model: &Model) -> String {
        let twin = match self.rate {
            None => return model.name.clone(),
            Some(TwinName::Noiseless) => "",
            Some(TwinName::Diffusion) => "-diffusion",
            Some(TwinName::Noisy) => "-noisy",
        };
        format!("{}-rate{twin}", model.name)
    }

    /// With `--rate`, removes spikes and traces from what a model records: rate networks have none.
    ///
    /// # Errors
    /// If `--record` asks for them, or the model has no twin of rates.
    pub(super) fn prepare(self, mut model: Model, common: &Common) -> anyhow::Result<Model> {
        if self.rate.is_none() {
            return Ok(model);
        }
        if let Some(why) = model.lacks_twin() {
            bail!("--rate: {why}");
        }
        let recording = &mut model.recording;
        let asked = common.record.as_deref().is_some_and(|what| what != "all");
        if asked && !(recording.spikes.is_empty() && recording.traces.is_empty()) {
            bail!("--record with --rate: rates have no spikes and no traces; expected `plateaus`, `all` or `none`");
        }
        recording.spikes.clear();
        recording.traces.clear();
        Ok(model)
    }
}

/// Largest number of seeds of one command.
const MOST_SEEDS: usize = 1000;

/// Seeds as `1..5` (both ends included) or `1,2,7`.
pub(super) fn parse_seeds(text: &str) -> Result<Seeds, String> {
    let number = |part: &str| part.trim().parse::<u64>().map_err(|_| format!("`{part}` is not a seed"));
    let seeds: Vec<u64> = match text.split_once("..") {
        // One more than allowed, so that the check below refuses it.
        Some((first, last)) => (number(first)?..=number(last.trim_start_matches('='))?).take(MOST_SEEDS + 1).collect(),
        None => text.split(',').map(number).collect::<Result<_, _>>()?,
    };
    if seeds.is_empty() || seeds.len() > MOST_SEEDS {
        return Err(format!("expected 1 to {MOST_SEEDS} seeds as in `1..5` or `1,2,7`"));
    }
    match seeds.iter().enumerate().find(|(i, seed)| seeds[..*i].contains(seed)) {
        Some((_, twice)) => Err(format!("expected every seed once, found {twice} twice")),
        None => Ok(Seeds(seeds)),
    }
}

/// Several seeds, each once.
#[derive(Clone, Debug)]
pub(super) struct Seeds(pub(super) Vec<u64>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_a_range_or_a_list() {
        let seeds = |text| parse_seeds(text).map(|seeds| seeds.0);
        assert_eq!(seeds("1..3"), Ok(vec![1, 2, 3]));
        assert_eq!(seeds("7, 1,2"), Ok(vec![7, 1, 2]));
        assert_eq!(seeds("5..=6"), Ok(vec![5, 6]));
        for refused in ["", "..", "a", "1..", "3..1", "-1", "1,,2", "2,2", "0..18446744073709551615"] {
            assert!(seeds(refused).is_err(), "{refused}");
        }
    }
}
