//! Backpropagated errors of hidden populations: a signal that is not local, and the reference that local rules are compared
//! with.
//!
//! Guerguiev, Lillicrap & Richards (2017), eLife 6:e22901, Figure 7: the network that theirs is compared with.

use super::rules::constants;
use super::signals::TrialSignals;
use crate::model::{Model, PopulationId, feedforward_path};
use crate::network::Network;
use crate::plasticity::{ErrorSignal, TwoPhase};

/// Backpropagates the error of the output population through hidden populations, layer by layer.
#[derive(Clone, Debug)]
pub(super) struct BackpropReference {
    /// From the hidden population next to the output to that next to the input.
    layers: Vec<HiddenLayer>,
}

/// A hidden population and the population that it drives.
#[derive(Clone, Debug)]
struct HiddenLayer {
    population: usize,
    phi_max: f64,
    /// The projection from this population to the one above.
    onward: usize,
    above: usize,
    /// The rule whose postsynaptic factor of the population above is propagated.
    rule: TwoPhase,
}

impl BackpropReference {
    /// The layers of a model: every hidden population from which exactly one feedforward path leads to the output.
    pub(super) fn of(model: &Model) -> Self {
        let Some((output, _)) = model.decoded() else { return Self { layers: Vec::new() } };
        let layer = |population: usize| {
            let path = feedforward_path(&model.projections, PopulationId(population), output)?;
            let onward = path.first()?.0;
            let above = model.projections[onward].to.0;
            let rule = TwoPhase::of(constants(model, &model.populations[above])).ok()?;
            let error = if above == output.0 { ErrorSignal::Teaching } else { ErrorSignal::Backprop };
            let phi_max = model.populations[population].phi_max();
            Some((path.len(), HiddenLayer { population, phi_max, onward, above, rule: TwoPhase { error, ..rule } }))
        };
        let hidden = model.hidden_populations().filter_map(layer);
        // Those nearest to the output come first: their errors are propagated to the others.
        let mut layers: Vec<(usize, HiddenLayer)> = hidden.collect();
        layers.sort_by_key(|&(distance, _)| distance);
        Self { layers: layers.into_iter().map(|(_, layer)| layer).collect() }
    }

    /// Computes the error of every hidden neuron i, e_i = φ_max Σ_k W_ki k_k e_k slope_k over the neurons k that it drives, with
    /// e_k = mean_t sigmoid(U_k) − sigmoid(mean_f U_k) at the output. `errors` has one array per population, which becomes [n] of
    /// those with one path to the output.
    ///
    /// A hidden neuron that learns from e_i follows the negative gradient of the loss |s − sigmoid(mean_f U)|²/2, where
    /// s = mean_t sigmoid(U) is a constant, if three conditions hold: apical dendrites do not drive somata (g_a = 0), output
    /// weights learn with the slope of the sigmoid, and every potential equals its mean.
    pub(super) fn backpropagate(&self, network: &Network, signals: &TrialSignals<'_>, errors: &mut [Vec<f64>]) {
        let mut factors = Vec::new();
        for layer in &self.layers {
            layer.rule.propagated(signals.of_population(layer.above, &errors[layer.above]), &mut factors);
            let synapses = &network.synapses[layer.onward];
            let error = |i: usize| {
                let mut sum = 0.0;
                synapses.for_each(i, |k, w| sum += f64::from(w) * f64::from(factors[k]));
                layer.phi_max * sum
            };
            errors[layer.population] = (0..synapses.pre()).map(error).collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::engine::PhaseMeans;
    use crate::numeric::sigmoid;

    const TRAINS: [f64; 4] = [0.2, 0.05, 0.0, 0.12];
    const TARGET: [f64; 10] = [0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];

    /// Mean potentials of every population but the input if every potential equals its mean; (population, neuron, drive) is
    /// added to the drive of one neuron.
    fn potentials(network: &Network, shift: (usize, usize, f64)) -> Vec<Vec<f64>> {
        let gains = [0.0, 6.0 / 7.0, 6.0 / 7.0, 6.0 / 7.0];
        let mut trains = TRAINS.to_vec();
        let mut all = vec![Vec::new()];
        for (to, weights) in (1..).zip((0..3).map(|index| network.weights(index))) {
            let v = |i: usize| {
                let sum: f64 = trains.iter().enumerate().map(|(j, s)| f64::from(weights.row(j)[i]) * s).sum();
                let shifted = if (to, i) == (shift.0, shift.1) { shift.2 } else { 0.0 };
                gains[to] * (sum + f64::from(network.biases[to][i]) + shifted)
            };
            let v: Vec<f64> = (0..weights.post()).map(v).collect();
            trains = v.iter().map(|&v| 0.2 * sigmoid(v)).collect();
            all.push(v);
        }
        all
    }

    /// |target − sigmoid(U)|²/2.
    fn loss(all: &[Vec<f64>]) -> f64 {
        all[3].iter().zip(TARGET).map(|(&u, target)| (target - sigmoid(u)).powi(2) / 2.0).sum()
    }

    /// At η = 1/20 the change of a bias equals the negative derivative of the loss by central differences: with a step of
    /// h = 1e-4 their error is of order h², and factors are rounded to f32.
    #[test]
    fn every_layer_follows_the_negative_gradient_of_the_loss() {
        let keys = ["population.input.size=4", "population.hidden1.size=6", "population.hidden2.size=5"];
        let keys: Vec<String> = keys.iter().map(|&key| key.to_owned()).collect();
        let model = Model::load("g17-784-500-100-10".as_ref(), &keys).unwrap();
        let network = Network::new(&model, 3, |_| Ok::<_, Infallible>(Vec::new())).unwrap();
        assert!(model.projections[..3].iter().enumerate().all(|(i, p)| (p.from.0, p.to.0) == (i, i + 1)));
        let all = potentials(&network, (0, 0, 0.0));
        let means = |v: &[Vec<f64>], sigmoid: &[f64]| PhaseMeans {
            v: v.to_vec(),
            plateau: vec![Vec::new(); 4],
            sigmoid: vec![sigmoid.to_vec(); 4],
            rates: vec![Vec::new(); 4],
            trains: vec![Vec::new(); model.projections.len()],
        };
        let means = [means(&all, &[]), means(&all, &TARGET)];
        let signals = TrialSignals::new(&model, &means, &[]);
        let mut errors = vec![Vec::new(); 4];
        BackpropReference::of(&model).backpropagate(&network, &signals, &mut errors);
        for population in [1, 2] {
            let rule = TwoPhase::of(constants(&model, &model.populations[population])).unwrap();
            let rule = TwoPhase { error: ErrorSignal::Backprop, ..rule };
            let mut changes = Vec::new();
            rule.propagated(signals.of_population(population, &errors[population]), &mut changes);
            let largest = changes.iter().fold(0.0_f32, |a, b| a.max(b.abs()));
            assert!(largest > 1e-6, "changes are not zero");
            for (i, &change) in changes.iter().enumerate() {
                let h = 1e-4;
                let [up, down] = [h, -h].map(|h| loss(&potentials(&network, (population, i, h))));
                let slope = (up - down) / (2.0 * h);
                let off = (f64::from(change) + slope).abs();
                assert!(
                    off < 1e-6 * f64::from(largest),
                    "population {population}, neuron {i}: {change} for {}",
                    -slope
                );
            }
        }
    }
}
