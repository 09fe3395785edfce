//! The delta rule: ΔW = η (t − y) f'(a) hᵀ at the output; hidden layers stay as they are.
//!
//! On a network without hidden layers this is the whole of gradient descent; on a deeper one it measures what random hidden
//! layers are worth. (t − y) f'(a) stands for −∂E/∂a, which is t − y itself for a softmax with its own loss.

use crate::rate::rule::output_error;
use crate::rate::{Batch, Dense, Layer, RateRule};

/// The rule.
#[derive(Clone, Copy, Debug, Default)]
pub struct Delta;

impl RateRule for Delta {
    fn present(&mut self, network: &Dense, batch: &Batch) -> Vec<Layer> {
        let pass = network.pass(&batch.inputs);
        let correction = -output_error(network, &pass, &batch.targets);
        readout_only(network, Layer::outer(&correction, &pass.h[network.layers.len() - 1]))
    }
}

/// A change of the last layer alone.
pub(super) fn readout_only(network: &Dense, change: Layer) -> Vec<Layer> {
    let below = &network.layers[..network.layers.len() - 1];
    below.iter().map(|layer| Layer::zeros(layer.weights.nrows(), layer.weights.ncols())).chain([change]).collect()
}

#[cfg(test)]
mod tests {
    use ndarray::{Axis, concatenate};

    use super::*;
    use crate::rate::fixtures::{batch, flat, relative_difference};
    use crate::rate::linear::solve;
    use crate::rate::{Activation, Readout};

    /// The normal equations (XᵀX) W = XᵀT, with a column of ones for the biases.
    #[test]
    fn a_linear_network_comes_to_the_least_squares_solution() {
        let batch = batch(40, 5, 3);
        let mut network = Dense::new(&[5, 3], Activation::Linear, Readout::Squared(Activation::Linear), 1);
        for _ in 0..3000 {
            let change = Delta.present(&network, &batch);
            network.add(&[0.3], &change);
        }
        let ones = ndarray::Array2::ones((40, 1));
        let x = concatenate(Axis(1), &[batch.inputs.view(), ones.view()]).unwrap();
        let closed = solve(&x.t().dot(&x), &x.t().dot(&batch.targets));
        let found = concatenate(
            Axis(1),
            &[network.layers[0].weights.view(), network.layers[0].biases.view().insert_axis(Axis(1))],
        );
        let found: Vec<f64> = found.unwrap().iter().copied().collect();
        let closed: Vec<f64> = closed.t().iter().copied().collect();
        assert!(relative_difference(&found, &closed) < 1e-10);
    }

    #[test]
    fn hidden_layers_stay_and_the_readout_learns_as_by_backprop() {
        let (network, batch) = (Dense::new(&[5, 4, 3], Activation::Tanh, Readout::Softmax, 1), batch(6, 5, 3));
        let change = Delta.present(&network, &batch);
        assert!(flat(&change[..1]).iter().all(|&x| x == 0.0));
        let backprop = super::super::backprop::descent(&network, &batch);
        assert!(relative_difference(&flat(&change[1..]), &flat(&backprop[1..])) < 1e-14);
    }
}
