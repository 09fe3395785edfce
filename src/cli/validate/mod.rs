//! `apical validate`.

mod continuous;
mod report;
mod results;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;

use self::continuous::ContinuousValidation;
#[cfg(test)]
pub(super) use self::continuous::MeanFieldResults;
use self::results::Validation;
#[cfg(test)]
pub(super) use self::results::ValidationResults;
use super::checkpoint::StartingNetwork;
use super::failure::Failure;
use super::files::{PartialFile, refuse_overwrite};
use super::options::Common;
use super::progress::Display;
use super::stimuli::StimulusSource;
use super::{checkpoint, interrupt, protocol, terminal};
use crate::data::Dataset;
use crate::model::{Model, Stimuli};
use crate::network::Network;
use crate::training::initial_network;
use crate::validation::{ComparedLearning, LearningSetting, Setting, compare, judge, learn};

/// Images shown unless another number is asked for.
const IMAGES: usize = 200;

/// Training presentations unless another number is asked for.
const EXAMPLES: u64 = 2000;

/// Lengths of phases over which answers are compared unless others are asked for [ms].
const DURATIONS: [f64; 5] = [50.0, 100.0, 250.0, 500.0, 1000.0];

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
pub(super) struct ValidateCommand {
    /// Model file, name of a shipped model, or checkpoint.
    input: PathBuf,

    /// Images shown. Default: 200.
    #[arg(long, value_name = "N")]
    images: Option<std::num::NonZeroUsize>,

    /// Lengths of phases over which answers are compared with the noiseless twin's [ms]. Default: 50,100,250,500,1000, those
    /// beyond the settling time, and the length of a test where none is.
    #[arg(long, value_name = "MS", value_delimiter = ',')]
    durations: Vec<f64>,

    /// Training presentations of the network and its twin; 0: they do not learn. Default: 2000.
    #[arg(long, value_name = "N")]
    examples: Option<u64>,

    /// Model time that is measured, after the warm-up, of a continuous model [ms]. Default: `duration_ms` of the model.
    #[arg(long, value_name = "MS")]
    duration: Option<f64>,

    /// Scale the weights of a projection in the twin or the theory only, by 1 + X: what rests on it must fail.
    #[arg(long, value_name = "PROJECTION=X")]
    perturb: Vec<String>,

    /// Seed of all that is random. Default: 1, or that of the checkpoint.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    /// Folder of IDX files, plain or gzipped. Default: that of the checkpoint's training, of the model, or data/mnist.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,

    /// Threads; the results do not depend on their number. Default: all cores.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,

    /// Set any key of the model, as in `--set protocol.test_ms=500`.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,

    /// Write the results there as JSON, and a figure beside it as SVG, but of continuous models. Default:
    /// output/NAME-validate.json.
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,

    /// Take a checkpoint even if it was changed after it was written.
    #[arg(long)]
    accept_edited: bool,

    /// No progress on standard error.
    #[arg(long)]
    quiet: bool,

    /// Print the results as one JSON object, the last line on standard output.
    #[arg(long)]
    json: bool,
}

impl ValidateCommand {
    pub(super) fn execute(self) -> Result<(), Failure> {
        let common = self.common();
        common.start_threads()?;
        let StartingNetwork { model, network, seed, trained, .. } =
            checkpoint::load_or_start_any(&common, &self.input, self.seed)?;
        self.check_options(&model)?;
        if model.protocol.continuous().is_some() {
            let model = protocol::with_duration(model, self.duration)?;
            let twin = self.perturbed(&model, &network)?;
            let (out, perturbed) = (self.destination(&model)?, self.perturb);
            let (quiet, json) = (self.quiet, self.json);
            return ContinuousValidation { model, network, twin, seed, out, perturbed, quiet, json }.execute();
        }
        let durations = self.lengths(&model)?;
        let twin = self.perturbed(&model, &network)?;
        let data = StimulusSource::of(&common, &model, trained.as_ref()).load()?;
        let start = self.start(&model, &data, seed)?;
        let _guard = interrupt::hold();
        let out = self.destination(&model)?;
        let drawn = out.with_extension("svg");
        let parts = (PartialFile::create(&out)?, PartialFile::create(&drawn)?);
        let images = self.images.map_or(IMAGES, std::num::NonZeroUsize::get).min(data.evaluation.len());
        let (shown, durations) = (&data.evaluation, &durations[..]);
        let setting = Setting { model: &model, network: &network, twin: &twin, shown, images, durations, seed };
        self.print_message(&format!("showing {images} images"));
        let comparison =
            compare(&setting, &|| !interrupt::requested()).map_err(Failure::failed)?.ok_or(Failure::Interrupted)?;
        let learning = match &start {
            None => None,
            Some(Err(why)) => Some(Err(*why)),
            Some(Ok(network)) => Some(Ok(self.learn(&setting, network, &data)?)),
        };
        let (learnt, learning) = (learning.as_ref().and_then(|learning| learning.as_ref().ok()), learning.as_ref());
        let verdicts = judge(&model, &comparison, learning.map(|learning| learning.as_ref().map_err(|why| *why)));
        let (comparison, verdicts) = (&comparison, &verdicts[..]);
        let validation =
            Validation { model: &model, seed, perturbed: &self.perturb, comparison, learning: learnt, verdicts };
        let results = terminal::to_json(&validation.results());
        if self.json {
            terminal::print_result(&results)?;
        } else {
            report::print(&validation)?;
        }
        parts.0.complete(format!("{results}\n").as_bytes())?;
        let mut files = format!("results: {}", out.display());
        // Without rates there is nothing to draw.
        if !comparison.rates.is_empty() {
            let mut figure = report::figure(&validation);
            figure.title = format!("{}: spikes against rates", model.name);
            parts.1.complete(figure.svg().as_bytes())?;
            files = format!("{files}\nfigure: {}", drawn.display());
        }
        if !self.json {
            terminal::print_result(files)?;
        }
        report::check(verdicts)
    }

    /// The options shared with other commands.
    fn common(&self) -> Common {
        Common {
            data: self.data.clone(),
            record: None,
            threads: self.threads,
            overrides: self.overrides.clone(),
            out: None,
            overwrite: false,
            ignore_free_space: false,
            accept_edited: self.accept_edited,
            quiet: self.quiet,
            json: self.json,
        }
    }

    /// Refuses options of presentations for a continuous model, and those of one for others.
    fn check_options(&self, model: &Model) -> anyhow::Result<()> {
        if model.protocol.continuous().is_none() {
            if self.duration.is_some() {
                bail!("--duration: the model shows presentations; expected one of the protocol \"continuous\"");
            }
            return Ok(());
        }
        let presented = [
            ("--images", self.images.is_some()),
            ("--examples", self.examples.is_some()),
            ("--durations", !self.durations.is_empty()),
            ("--data", self.data.is_some()),
        ];
        match presented.iter().find(|(_, given)| *given) {
            Some((option, _)) => {
                bail!("{option}: a continuous model has no presentations; its length is given by --duration MS")
            }
            None => Ok(()),
        }
    }

    /// Lengths of phases over which answers are compared [ms].
    fn lengths(&self, model: &Model) -> anyhow::Result<Vec<f64>> {
        let settle = model.phases().settle;
        if self.durations.is_empty() {
            let own: Vec<f64> = DURATIONS.into_iter().filter(|&length| length > settle).collect();
            return Ok(if own.is_empty() { vec![model.phases().test] } else { own });
        }
        match self.durations.iter().find(|&&length| !(length > settle && length <= 100_000.0)) {
            Some(length) => {
                bail!(
                    "--durations: expected lengths beyond the settling time, {settle} ms, to 100000 ms, found {length}"
                )
            }
            None => Ok(self.durations.clone()),
        }
    }

    /// The initial network of both, or why neither can learn; `None` if no learning is asked for.
    fn start(&self, model: &Model, data: &Dataset, seed: u64) -> anyhow::Result<Option<Result<Network, &'static str>>> {
        if self.examples == Some(0) {
            return Ok(None);
        }
        if let Some(why) = unlearnable(model, data) {
            return Ok(Some(Err(why)));
        }
        // The weight changes of a trained network are mostly noise, so both learn from initial weights.
        Ok(Some(Ok(initial_network(model, seed)?)))
    }

    /// Trains a network and its noiseless twin from the same initial weights.
    fn learn(&self, setting: &Setting<'_>, network: &Network, data: &Dataset) -> Result<ComparedLearning, Failure> {
        let examples = self.examples.unwrap_or(EXAMPLES);
        self.print_message(&format!("learning from {examples} images, as spikes and as rates"));
        let Setting { model, images, seed, .. } = *setting;
        let compared = 100.min(data.training.len());
        let learning = LearningSetting { model, network, data, examples, points: 4, images, compared, seed };
        learn(&learning, &mut Display::new(true, None))?.ok_or(Failure::Interrupted)
    }

    /// The weights of the twin: those of the network with `--perturb` applied.
    fn perturbed(&self, model: &Model, network: &Network) -> anyhow::Result<Network> {
        let mut twin = network.clone();
        for text in &self.perturb {
            let parsed = text.split_once('=').and_then(|(name, by)| Some((name, by.parse::<f32>().ok()?)));
            let Some((name, by)) = parsed.filter(|(_, by)| by.is_finite()) else {
                bail!("--perturb {text}: expected PROJECTION=X as in `input-hidden=0.05`");
            };
            let Some(index) = model.projections.iter().position(|projection| projection.name == name) else {
                let names: Vec<_> = model.projections.iter().map(|projection| projection.name.as_str()).collect();
                bail!("--perturb {text}: no projection `{name}`; there are {}", names.join(", "));
            };
            twin.synapses[index].scale(f64::from(1.0 + by));
        }
        Ok(twin)
    }

    /// Path of the results.
    fn destination(&self, model: &Model) -> anyhow::Result<PathBuf> {
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

    fn print_message(&self, text: &str) {
        if !self.quiet {
            terminal::print_message(text);
        }
    }
}

/// Why a network and its twin cannot be trained in parallel, if they cannot.
fn unlearnable(model: &Model, data: &Dataset) -> Option<&'static str> {
    if matches!(model.stimuli, Stimuli::Spikes { .. }) {
        Some("a spike list has no rates for a twin")
    } else if data.training.label(0).is_none() {
        Some("stimuli without labels teach nothing")
    } else {
        None
    }
}
