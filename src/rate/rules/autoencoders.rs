//! Stacked autoencoders with local updates: ΔW ∝ h − h̃, ΔB ∝ v − g(h).
//!
//! Every hidden layer encodes its input v as h = f(W v + b) and gives it back as g(h) = B h + c. Shown its own
//! reconstruction ṽ = λ v + (1 − λ) g(h), it codes that as h̃ = f(W ṽ + b). Then ΔW = η (h − h̃) ṽᵀ and
//! ΔB = η (v − g(h)) hᵀ: differences that each unit finds at itself. No error passes from layer to layer; the readout on top
//! learns by the delta rule. Lillicrap, Santoro, Marris, Akerman & Hinton (2020), "Backpropagation and the brain"; the
//! second pass with an average of its input and the reconstruction of it is that of Hinton & McClelland (1987), learning
//! representations by recirculation.

use ndarray::Array2;

use crate::rate::draws::feedback;
use crate::rate::rule::output_error;
use crate::rate::{Batch, Dense, Layer, RateRule};

/// The rule.
#[derive(Clone, Debug)]
pub struct StackedAutoencoders {
    /// Decoder g of every hidden layer, from its responses to its input.
    pub decoders: Vec<Layer>,
    /// Part λ of the input that stays in the reconstruction.
    pub kept: f64,
    /// Learning rate of the decoders.
    pub rate: f64,
    pending: Vec<Layer>,
}

impl StackedAutoencoders {
    /// The rule for a network of these sizes, with random decoders.
    pub fn new(sizes: &[usize], kept: f64, rate: f64, seed: u64) -> Self {
        let decoder = |l: usize| {
            let (to, from) = (sizes[l], sizes[l + 1]);
            Layer { weights: feedback(seed, l, (3.0 / from as f64).sqrt(), (to, from)), ..Layer::zeros(to, from) }
        };
        Self { decoders: (0..sizes.len() - 2).map(decoder).collect(), kept, rate, pending: Vec::new() }
    }

    /// Mean squared error of the reconstruction of the input of hidden layer `l`, per unit.
    pub fn reconstruction_error(&self, network: &Dense, inputs: &Array2<f64>, l: usize) -> f64 {
        let pass = network.pass(inputs);
        let off = self.decoders[l].drive(&pass.h[l + 1]) - &pass.h[l];
        off.mapv(|x| x * x).mean().unwrap_or(0.0)
    }
}

impl RateRule for StackedAutoencoders {
    fn present(&mut self, network: &Dense, batch: &Batch) -> Vec<Layer> {
        let pass = network.pass(&batch.inputs);
        let (mut changes, mut pending) = (Vec::new(), Vec::new());
        for (l, decoder) in self.decoders.iter().enumerate() {
            let (v, h) = (&pass.h[l], &pass.h[l + 1]);
            let missed = v - &decoder.drive(h);
            let shown_again = v - &(&missed * (1.0 - self.kept));
            let coded_again = network.hidden.values(&network.layers[l].drive(&shown_again));
            changes.push(Layer::outer(&(h - &coded_again), &shown_again));
            pending.push(Layer::outer(&missed, h));
        }
        self.pending = pending;
        let correction = -output_error(network, &pass, &batch.targets);
        changes.push(Layer::outer(&correction, &pass.h[network.layers.len() - 1]));
        changes
    }

    fn update(&mut self, factor: f64) {
        for (decoder, change) in self.decoders.iter_mut().zip(&self.pending) {
            decoder.add(factor * self.rate, change);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rate::fixtures::{batch, matrix};
    use crate::rate::{Activation, Readout};

    const SIZES: [usize; 4] = [10, 6, 4, 3];

    fn setting() -> (Dense, Batch, StackedAutoencoders) {
        let network = Dense::new(&SIZES, Activation::Tanh, Readout::Softmax, 1);
        let mut batch = batch(60, 10, 3);
        // Of four dimensions, so that there is something to be found.
        batch.inputs = matrix((60, 4), 1).dot(&matrix((4, 10), 2)) * 0.5;
        (network, batch, StackedAutoencoders::new(&SIZES, 0.75, 0.05, 1))
    }

    #[test]
    fn reconstruction_errors_of_all_layers_fall_to_less_than_half() {
        let (mut network, batch, mut rule) = setting();
        let errors = |network: &Dense, rule: &StackedAutoencoders| {
            [0, 1].map(|l| rule.reconstruction_error(network, &batch.inputs, l))
        };
        let before = errors(&network, &rule);
        for _ in 0..2000 {
            let change = rule.present(&network, &batch);
            network.add(&[0.05; 3], &change);
            rule.update(1.0);
        }
        let after = errors(&network, &rule);
        assert!(after[0] < 0.5 * before[0] && after[1] < 0.5 * before[1], "{before:?} to {after:?}");
    }

    #[test]
    fn nothing_passes_from_layer_to_layer() {
        let (mut network, mut batch, mut rule) = setting();
        let first = rule.present(&network, &batch);
        network.layers[1].weights.fill(0.3);
        network.layers[2].weights.fill(-0.2);
        rule.decoders[1].weights.fill(0.1);
        batch.targets.fill(0.0);
        let other = rule.present(&network, &batch);
        assert_eq!(first[0], other[0]);
        assert_ne!(first[1], other[1]);
    }
}
