//! `apical validate`.

mod command;
mod continuous;
mod report;
mod results;

use anyhow::bail;

pub(super) use self::command::ValidateCommand;
use self::continuous::ContinuousValidation;
#[cfg(test)]
pub(super) use self::continuous::MeanFieldResults;
use self::results::Validation;
#[cfg(test)]
pub(super) use self::results::ValidationResults;
use super::checkpoint::StartingNetwork;
use super::continuous::print_others;
use super::failure::Failure;
use super::files::PartialFile;
use super::options::Common;
use super::progress::Display;
use super::stimuli::{StimulusSource, TrainingData};
use super::{checkpoint, interrupt, protocol, terminal};
use crate::data::Dataset;
use crate::model::Model;
use crate::network::Network;
use crate::simulation::CircuitFiles;
use crate::training::initial_network;
use crate::validation::{ComparedLearning, LearningSetting, Setting, compare, judge, learn};

/// Images shown unless another number is asked for.
const IMAGES: usize = 200;

/// Training presentations unless another number is asked for.
const EXAMPLES: u64 = 2000;

/// Lengths of phases over which answers are compared unless others are asked for [ms].
const DURATIONS: [f64; 5] = [50.0, 100.0, 250.0, 500.0, 1000.0];

impl ValidateCommand {
    pub(super) fn execute(self) -> Result<(), Failure> {
        let common = self.common();
        common.start_threads()?;
        let StartingNetwork { model, network, seed, trained, .. } =
            checkpoint::load_or_start_any(&common, &self.input, self.seed)?;
        self.check_options(&model)?;
        if model.protocol.continuous().is_some() {
            let model = protocol::with_duration(model, self.duration)?;
            let files = CircuitFiles::of_checkpoint(&model, trained.as_ref().map(TrainingData::identity));
            let files = files.map_err(anyhow::Error::from)?;
            print_others(&files);
            let twin = self.perturbed(&model, &network)?;
            let (out, perturbed) = (self.destination(&model)?, self.perturb);
            let (quiet, json) = (self.quiet, self.json);
            let validation = ContinuousValidation { model, network, twin, seed, out, perturbed, quiet, json };
            return validation.execute(files.inputs);
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
            Some(Err(why)) => Some(Err(why.as_str())),
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
    fn start(&self, model: &Model, data: &Dataset, seed: u64) -> anyhow::Result<Option<Result<Network, String>>> {
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
                if names.is_empty() {
                    bail!(
                        "--perturb {text}: does not apply, for the model has no projections whose weights could be scaled"
                    );
                }
                bail!("--perturb {text}: no projection `{name}`; there are {}", names.join(", "));
            };
            twin.synapses[index].scale(f64::from(1.0 + by));
        }
        Ok(twin)
    }
}

/// Why a network and its twin cannot be trained in parallel, if they cannot.
fn unlearnable(model: &Model, data: &Dataset) -> Option<String> {
    let unlabelled = || data.training.label(0).is_none().then(|| "stimuli without labels teach nothing".to_owned());
    model.lacks_twin().or_else(unlabelled)
}
