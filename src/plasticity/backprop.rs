//! What hidden neurons would be told if errors were handed down along the weights: no local signal, but the yardstick of local
//! ones.
//!
//! Guerguiev, Lillicrap & Richards (2017), eLife 6:e22901, Figure 7: the network they compare theirs with.

use super::two_phase::{GAIN, Signal, TwoPhase};
use super::{Known, two_phase};
use crate::model::{Model, PopulationId, feedforward_path};
use crate::network::Weights;

/// Hands the output's own error down through hidden populations, layer by layer.
#[derive(Clone, Debug)]
pub struct Backprop {
    /// From the one below the output down.
    layers: Vec<Layer>,
}

/// A hidden population and the one that it drives.
#[derive(Clone, Debug)]
struct Layer {
    population: usize,
    phi_max: f64,
    /// The projection between them.
    onward: usize,
    above: usize,
    /// Factors of the population above, from errors handed to it in turn.
    rule: TwoPhase,
}

impl Backprop {
    /// Layers of every hidden population from which just one path leads to the output.
    pub fn of(model: &Model) -> Self {
        let output = PopulationId(model.populations.len() - 1);
        let layer = |population: usize| {
            let onward = feedforward_path(&model.projections, PopulationId(population), output)?[0].0;
            let above = model.projections[onward].to.0;
            let rule = two_phase(model, &model.populations[above])?;
            let signal = if above == output.0 { Signal::Teaching } else { Signal::Backprop };
            let phi_max = model.populations[population].phi_max();
            Some(Layer { population, phi_max, onward, above, rule: TwoPhase { signal, ..rule } })
        };
        Self { layers: (1..output.0).rev().filter_map(layer).collect() }
    }

    /// Writes the errors handed to each population, e_i = φ_max Σ_k W_ki k_k e_k slope_k over the neurons k it drives, from
    /// what these know of themselves, [n] by population; they stay empty of a population with no such path.
    ///
    /// With them as its error a hidden neuron goes down the slope of |s − sigmoid(mean_f U)|²/2, s = mean_t sigmoid(U) being
    /// held fixed, in a network that is feedforward but for learning (g_a = 0), has the sigmoid's own slope at its output, and
    /// whose potentials are at their means.
    ///
    /// # Panics
    /// If the shapes are not those of the model.
    pub fn hand_down<'a>(&self, weights: &[Weights], known: impl Fn(usize) -> Known<'a>, errors: &mut [Vec<f64>]) {
        let mut factors = Vec::new();
        for layer in &self.layers {
            let above = Known { handed_down: &errors[layer.above], ..known(layer.above) };
            layer.rule.errors(above, 1.0 / GAIN, &mut factors);
            let weights = &weights[layer.onward];
            let error = |i: usize| {
                let sum: f64 = weights.row(i).iter().zip(&factors).map(|(&w, &x)| f64::from(w) * f64::from(x)).sum();
                layer.phi_max * sum
            };
            errors[layer.population] = (0..weights.pre()).map(error).collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::math::sigmoid;
    use crate::network::Network;

    const TRAINS: [f64; 4] = [0.2, 0.05, 0.0, 0.12];
    const TAUGHT: [f64; 10] = [0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];

    /// Mean potentials of every population but the input, were all potentials at their means.
    fn potentials(network: &Network, shift: (usize, usize, f64)) -> Vec<Vec<f64>> {
        let gains = [0.0, 6.0 / 7.0, 6.0 / 7.0, 6.0 / 7.0];
        let mut trains = TRAINS.to_vec();
        let mut all = vec![Vec::new()];
        for (to, weights) in (1..).zip(&network.weights[..3]) {
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

    /// |sigmoid of teaching − sigmoid(U)|²/2.
    fn loss(all: &[Vec<f64>]) -> f64 {
        all[3].iter().zip(TAUGHT).map(|(&u, taught)| (taught - sigmoid(u)).powi(2) / 2.0).sum()
    }

    /// The change of a bias at η = 1/20 is the slope of the loss, downward, by finite differences: with a step h = 1e-4 the
    /// error of the latter is of order h², and factors are single numbers.
    #[test]
    fn neurons_of_every_layer_go_down_the_slope_of_the_loss() {
        let keys = ["population.input.size=4", "population.hidden1.size=6", "population.hidden2.size=5"];
        let keys: Vec<String> = keys.iter().map(|&key| key.to_owned()).collect();
        let model = Model::load("g17-784-500-100-10".as_ref(), &keys).unwrap();
        let network = Network::new(&model, 3, |_| Ok::<_, Infallible>(Vec::new())).unwrap();
        assert!(model.projections[..3].iter().enumerate().all(|(i, p)| (p.from.0, p.to.0) == (i, i + 1)));
        let all = potentials(&network, (0, 0, 0.0));
        let known = |p: usize| Known { v: &all[p], sigmoid: &TAUGHT, ..Known::default() };
        let mut errors = vec![Vec::new(); 4];
        Backprop::of(&model).hand_down(&network.weights, known, &mut errors);
        for population in [1, 2] {
            let rule = two_phase(&model, &model.populations[population]).unwrap();
            let rule = TwoPhase { signal: Signal::Backprop, ..rule };
            let mut changes = Vec::new();
            let post = Known { handed_down: &errors[population], ..known(population) };
            rule.errors(post, 1.0 / GAIN, &mut changes);
            let largest = changes.iter().fold(0.0_f32, |a, b| a.max(b.abs()));
            assert!(largest > 1e-6, "there is something to learn");
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
