//! Models that learn by a rule of rates: the learner of one, and its weights in the network that files keep.

use super::registry::RuleEntry;
use super::{Learner, TrainingConfig};
use crate::model::{BiasInit, Model, Population, Projection, Rule};
use crate::network::{Network, Weights};

impl Learner {
    /// The learner of a model with a rule of rates, before training; none of a model with another rule.
    pub fn of(model: &Model, seed: u64) -> Option<Self> {
        let Rule::OfRates(name) = model.learning.rule else { return None };
        let (entry, path) = (RuleEntry::find(name)?, model.layers()?);
        let config = TrainingConfig {
            rates: path.iter().map(|&id| model.projection(id).learning_rate).collect(),
            momentum: model.learning.momentum,
            batch: model.learning.batch,
            epochs: model.learning.epochs,
            schedule: model.learning.schedule,
            ..entry.config(path.len())
        };
        let sizes: Vec<usize> = model.populations.iter().map(|population| population.size).collect();
        Some(entry.learner(&sizes, config, seed))
    }

    /// The learner of a model with a rule of rates, with the weights and biases of `network`; none of a model with another rule.
    ///
    /// # Panics
    /// If the network is not of the model's shape.
    pub fn with_weights((model, network): (&Model, &Network), seed: u64) -> Option<Self> {
        let mut learner = Self::of(model, seed)?;
        learner.take(model, network);
        Some(learner)
    }

    /// Writes its weights and biases over those of the feedforward projections of its model.
    ///
    /// # Panics
    /// If the network is not of the model's shape, or the model not the learner's.
    pub fn put(&self, model: &Model, network: &mut Network) {
        let path = model.layers().expect("a model of layers");
        for (layer, id) in self.network.layers.iter().zip(path) {
            let matrix: Vec<f32> = layer.weights.iter().map(|&w| w as f32).collect();
            *network.weights_mut(id.0) = Weights::from_matrix(layer.weights.nrows(), layer.weights.ncols(), &matrix);
            network.biases[model.projection(id).to.0] = layer.biases.iter().map(|&b| b as f32).collect();
        }
    }

    /// Takes weights and biases from those of the feedforward projections of its model.
    ///
    /// # Panics
    /// If the network is not of the model's shape, or the model not the learner's.
    pub fn take(&mut self, model: &Model, network: &Network) {
        self.take_those(model, network, |_| true, |_| true);
    }

    /// Takes the initial weights and biases that its model reads from files; those that are drawn stay the rule's own.
    ///
    /// # Panics
    /// If the network is not of the model's shape, or the model not the learner's.
    pub fn take_stored(&mut self, model: &Model, network: &Network) {
        let bias = |population: &Population| population.bias.as_ref().is_some_and(BiasInit::is_stored);
        self.take_those(model, network, |projection| projection.weights.is_stored(), bias);
    }

    fn take_those(
        &mut self,
        model: &Model,
        network: &Network,
        weights_of: impl Fn(&Projection) -> bool,
        biases_of: impl Fn(&Population) -> bool,
    ) {
        let path = model.layers().expect("a model of layers");
        for (layer, id) in self.network.layers.iter_mut().zip(path) {
            let projection = model.projection(id);
            if weights_of(projection) {
                layer.weights = network.weights(id.0).to_array();
            }
            if biases_of(model.population(projection.to)) {
                layer.biases = network.biases[projection.to.0].iter().map(|&b| f64::from(b)).collect();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::model::shipped;

    fn model(overrides: &[&str]) -> Model {
        let overrides: Vec<String> = overrides.iter().map(ToString::to_string).collect();
        Model::parse(shipped::find("g17-784-500-100-10").unwrap().text, "m", &overrides).unwrap()
    }

    #[test]
    fn every_rule_has_its_learner_of_the_models_layers() {
        for rule in crate::model::RATE_RULES {
            let model = model(&[&format!("learning.rule={rule}"), "population.hidden1.size=6"]);
            let learner = Learner::of(&model, 1).expect(rule);
            assert_eq!(learner.network.sizes(), [784, 6, 100, 10], "{rule}");
        }
        assert!(Learner::of(&model(&[]), 1).is_none());
    }

    #[test]
    fn weights_come_back_from_the_network_they_were_put_in() {
        let model = model(&["learning.rule=backprop", "population.hidden1.size=6"]);
        let mut network = Network::new(&model, 3, |_| Ok::<_, Infallible>(Vec::new())).unwrap();
        let apical = network.weights(3).clone();
        let (trained, mut other) = (Learner::of(&model, 1).unwrap(), Learner::of(&model, 2).unwrap());
        assert_ne!(trained.network, other.network);
        trained.put(&model, &mut network);
        other.take(&model, &network);
        for (a, b) in trained.network.layers.iter().zip(&other.network.layers) {
            assert!(a.weights.iter().zip(&b.weights).all(|(a, b)| (a - b).abs() <= 1e-7 * a.abs()));
        }
        assert_eq!(*network.weights(3), apical);
    }
}
