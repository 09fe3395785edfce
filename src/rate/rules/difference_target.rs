//! Difference target propagation: t_l = h_l + g(t_{l+1}) − g(h_{l+1}), ΔW_l = η (t_l − h_l) ∘ f'(a_l) h_{l−1}ᵀ.
//!
//! g takes a layer back to the one below, as its decoder: each learns alone to give back h + ε from f(h + ε), a local
//! autoencoder. The difference takes off what g gets wrong, so that where there is nothing to change above, there is
//! nothing to change below. Lee et al. (2014), difference target propagation. The topmost hidden layer takes its target
//! down the gradient, t = h − s W_Lᵀ δ_L, for one-hot targets tell a decoder too little; in the simplified rule it, too,
//! takes it through g, from an output target y + s (t − y): no error passes through a transposed weight. Bartunov et al.
//! (2018), NeurIPS 31, who compare both.

use ndarray::Array2;

use crate::numeric::Purpose;
use crate::rate::draws::{feedback, normal, stream_of, uses};
use crate::rate::rule::output_error;
use crate::rate::{Batch, Dense, Layer, Pass, RateRule};

/// The rule.
#[derive(Clone, Debug)]
pub struct DifferenceTarget {
    /// Decoder g of every layer but the first, from its responses (the last: answers) to those of the layer below.
    pub decoders: Vec<Layer>,
    /// How the topmost hidden layer gets its target.
    pub top: Top,
    /// Length s of the step that sets the first target.
    pub step: f64,
    /// Standard deviation of the noise ε.
    pub noise: f64,
    /// Learning rate of the decoders.
    pub rate: f64,
    /// Seed of the noise.
    pub seed: u64,
    shown: u64,
    pending: Vec<Layer>,
}

/// Where the target of the topmost hidden layer comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Top {
    /// A step down the gradient.
    Gradient,
    /// The decoder, as everywhere: the simplified rule.
    Decoder,
}

impl DifferenceTarget {
    /// The rule for a network of these sizes, with random decoders.
    pub fn new(sizes: &[usize], top: Top, step: f64, noise: f64, rate: f64, seed: u64) -> Self {
        let decoder = |l: usize| {
            let (to, from) = (sizes[l + 1], sizes[l + 2]);
            let weights = feedback(seed, l, (3.0 / from as f64).sqrt(), (to, from));
            Layer { weights, ..Layer::zeros(to, from) }
        };
        let decoders = (0..sizes.len() - 2).map(decoder).collect();
        Self { decoders, top, step, noise, rate, seed, shown: 0, pending: Vec::new() }
    }

    /// Takes responses of the layer above hidden layer `l` back to it.
    fn decode(&self, network: &Dense, l: usize, above: &Array2<f64>) -> Array2<f64> {
        network.hidden.values(&self.decoders[l].drive(above))
    }

    /// Targets t_l of the hidden layers, [batch, units] each.
    fn targets(&self, network: &Dense, pass: &Pass, wanted: &Array2<f64>) -> Vec<Array2<f64>> {
        let last = network.layers.len() - 1;
        let mut target = &pass.y + &((wanted - &pass.y) * self.step);
        let mut targets = Vec::new();
        for l in (0..last).rev() {
            let h = &pass.h[l + 1];
            target = if l + 1 == last && self.top == Top::Gradient {
                h - &(output_error(network, pass, wanted).dot(&network.layers[last].weights) * self.step)
            } else {
                let above = if l + 1 == last { &pass.y } else { &pass.h[l + 2] };
                h + &(self.decode(network, l, &target) - self.decode(network, l, above))
            };
            targets.push(target.clone());
        }
        targets.reverse();
        targets
    }

    /// The changes of the decoders: down |g(f(h + ε)) − (h + ε)|²/2, each on its own.
    fn decoder_changes(&self, network: &Dense, pass: &Pass) -> Vec<Layer> {
        let mut stream = stream_of(self.seed, Purpose::Rate(uses::NOISE), self.shown);
        let last = network.layers.len() - 1;
        let change = |l: usize| {
            let noisy = &pass.h[l + 1] + &(normal(&mut stream, pass.h[l + 1].dim()) * self.noise);
            let drive = network.layers[l + 1].drive(&noisy);
            let code = if l + 1 == last { network.readout.answers(&drive) } else { network.hidden.values(&drive) };
            let a = self.decoders[l].drive(&code);
            let back = network.hidden.values(&a);
            Layer::outer(&((noisy - &back) * network.hidden.slopes(&a, &back)), &code)
        };
        (0..last).map(change).collect()
    }
}

impl RateRule for DifferenceTarget {
    fn present(&mut self, network: &Dense, batch: &Batch) -> Vec<Layer> {
        let pass = network.pass(&batch.inputs);
        self.pending = self.decoder_changes(network, &pass);
        self.shown += 1;
        let targets = self.targets(network, &pass, &batch.targets);
        let mut corrections: Vec<Array2<f64>> = (targets.iter().enumerate())
            .map(|(l, target)| (target - &pass.h[l + 1]) * network.hidden_slopes(&pass, l))
            .collect();
        corrections.push(-output_error(network, &pass, &batch.targets));
        corrections.iter().zip(&pass.h).map(|(correction, h)| Layer::outer(correction, h)).collect()
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
    use crate::rate::fixtures::{batch, flat, relative_difference};
    use crate::rate::rules::backprop;
    use crate::rate::{Activation, Readout};

    const SIZES: [usize; 4] = [6, 5, 4, 3];

    fn network() -> Dense {
        Dense::new(&SIZES, Activation::Tanh, Readout::Softmax, 1)
    }

    fn rule(top: Top, step: f64) -> DifferenceTarget {
        DifferenceTarget::new(&SIZES, top, step, 0.1, 0.1, 1)
    }

    #[test]
    fn where_nothing_is_to_change_above_nothing_is_below_exactly() {
        let (network, batch) = (network(), batch(4, 6, 3));
        let pass = network.pass(&batch.inputs);
        for top in [Top::Gradient, Top::Decoder] {
            assert_eq!(rule(top, 0.0).targets(&network, &pass, &batch.targets), pass.h[1..]);
            assert_ne!(rule(top, 0.1).targets(&network, &pass, &batch.targets), pass.h[1..]);
        }
    }

    /// With one hidden layer and its target down the gradient, the hidden change is s times that of backprop.
    #[test]
    fn the_topmost_hidden_layer_learns_as_by_backprop() {
        let (network, batch) = (Dense::new(&[6, 5, 3], Activation::Tanh, Readout::Softmax, 1), batch(4, 6, 3));
        let found = DifferenceTarget::new(&[6, 5, 3], Top::Gradient, 1.0, 0.1, 0.1, 1).present(&network, &batch);
        assert!(relative_difference(&flat(&found), &flat(&backprop::descent(&network, &batch))) < 1e-13);
    }

    #[test]
    fn the_simplified_rule_uses_no_transposed_weight() {
        let (mut network, batch) = (network(), batch(4, 6, 3));
        let pass = network.pass(&batch.inputs);
        let before = rule(Top::Decoder, 1.0).targets(&network, &pass, &batch.targets);
        network.layers.iter_mut().for_each(|layer| layer.weights.fill(0.0));
        assert_eq!(rule(Top::Decoder, 1.0).targets(&network, &pass, &batch.targets), before);
    }

    /// Without noise a decoder's change is minus the gradient of its own reconstruction error.
    #[test]
    fn decoders_learn_to_give_back_what_was_coded() {
        let (network, batch) = (network(), batch(8, 6, 3));
        let pass = network.pass(&batch.inputs);
        let mut rule = DifferenceTarget { noise: 0.0, ..rule(Top::Decoder, 1.0) };
        let off = |rule: &DifferenceTarget, l: usize| {
            let above = if l == 1 { &pass.y } else { &pass.h[2] };
            (rule.decode(&network, l, above) - &pass.h[l + 1]).mapv(|x| 0.5 * x * x).sum() / 8.0
        };
        let change = rule.decoder_changes(&network, &pass);
        for l in 0..2 {
            let (before, step) = (off(&rule, l), 1e-6);
            rule.decoders[l].add(step, &change[l]);
            let fall = (before - off(&rule, l)) / step;
            assert!((fall / change[l].dot(&change[l]) - 1.0).abs() < 1e-4, "layer {l}");
        }
    }
}
