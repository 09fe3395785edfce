//! A run that a figure needs.

use super::error::{ReproduceCause, ReproduceError};
use super::length::RunLength;
use crate::model::{Model, shipped};
use crate::rate::Twin;
use crate::training::NetworkDynamics;

/// A run that a figure needs: a shipped model with some keys changed, trained for some time.
#[derive(Clone, Debug, PartialEq)]
pub struct RunSpec {
    /// Name of a shipped model.
    pub model: &'static str,
    /// Distinguishes the run from one of the unchanged model in the names of its files; empty: no key differs.
    pub variant: &'static str,
    /// Keys of the model that differ, as in `--set`.
    pub overrides: &'static [&'static str],
    /// Spikes or rates.
    pub dynamics: NetworkDynamics,
    /// How long it is trained.
    pub length: RunLength,
    /// Seed of all that is random.
    pub seed: u64,
}

impl RunSpec {
    /// A run of an unchanged shipped model, with spikes.
    pub fn of(model: &'static str, length: RunLength, seed: u64) -> Self {
        Self { model, variant: "", overrides: &[], dynamics: NetworkDynamics::Spiking, length, seed }
    }

    /// The beginning of the names of its files.
    pub(super) fn name(&self) -> String {
        let variant = if self.variant.is_empty() { String::new() } else { format!("-{}", self.variant) };
        let rates = match self.dynamics {
            NetworkDynamics::Spiking => "",
            NetworkDynamics::Rate(Twin::Noiseless) => "-rates",
            NetworkDynamics::Rate(Twin::Diffusion) => "-diffusion-rates",
            NetworkDynamics::Rate(Twin::Noisy) => "-noisy-rates",
        };
        format!("{}{variant}{rates}-{}-seed{}", self.model, self.length.name(), self.seed)
    }

    /// The model with its keys changed.
    ///
    /// # Errors
    /// If no such model is shipped, or a key is refused.
    pub fn model(&self) -> Result<Model, ReproduceError> {
        let Some(model) = shipped::find(self.model) else { return Err(ReproduceCause::NotShipped(self.model).into()) };
        let epochs = format!("learning.epochs={}", self.length.epochs);
        let keys: Vec<String> = self.overrides.iter().map(|&key| key.to_owned()).chain([epochs]).collect();
        let mut model = Model::parse(model.text, &format!("shipped {}.toml", model.name), &keys)?;
        if self.dynamics != NetworkDynamics::Spiking {
            model.recording.spikes.clear();
            model.recording.traces.clear();
        }
        Ok(model)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CreditRecording;

    const TEN: RunLength = RunLength { epochs: 10, images: None, tested: None };

    #[test]
    fn names_hold_model_variant_length_and_seed() {
        let mut spec = RunSpec::of("g17-784-10", TEN, 3);
        assert_eq!(spec.name(), "g17-784-10-10-epochs-seed3");
        spec.variant = "credit";
        spec.length = RunLength { epochs: 2, images: Some(2000), tested: Some(500) };
        assert_eq!(spec.name(), "g17-784-10-credit-2-epochs-of-2000-tested-500-seed3");
    }

    #[test]
    fn a_run_has_the_keys_of_its_model_but_for_those_that_differ() {
        let overrides = &["recording.credit=true"];
        let spec = RunSpec { overrides, ..RunSpec::of("g17-784-10", RunLength { epochs: 7, ..TEN }, 1) };
        let model = spec.model().unwrap();
        assert_eq!((model.learning.epochs, model.recording.credit), (7, CreditRecording::Measured));
        assert_eq!(model.name, "g17-784-10");
    }
}
