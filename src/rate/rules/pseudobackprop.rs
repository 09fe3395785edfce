//! Pseudobackprop: δ_l = W_{l+1}⁺ δ_{l+1} ∘ f'(a_l), with the pseudoinverse in place of backprop's transpose.
//!
//! The hidden change that undoes the error with the least effort. On a linear task feedback alignment comes nearer to it
//! than to backprop: Lillicrap, Cownden, Tweed & Akerman (2016), random synaptic feedback weights.

use crate::rate::linear::pseudo_inverse;
use crate::rate::rule::{carry_back, descend, output_error};
use crate::rate::{Batch, Dense, Layer, RateRule};

/// The rule, for networks whose weights are of full rank above the first layer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pseudobackprop;

impl RateRule for Pseudobackprop {
    fn present(&mut self, network: &Dense, batch: &Batch) -> Vec<Layer> {
        let pass = network.pass(&batch.inputs);
        let at_output = output_error(network, &pass, &batch.targets);
        let errors = carry_back(network, &pass, at_output, |l, error| {
            error.dot(&pseudo_inverse(&network.layers[l + 1].weights).t())
        });
        descend(&pass, &errors)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rate::fixtures::{batch, flat, relative_difference};
    use crate::rate::rules::backprop;
    use crate::rate::{Activation, Readout};

    const LINEAR: Readout = Readout::Squared(Activation::Linear);

    /// For one example of a linear network: W δ, where δ x' is the hidden change, is the error of the output.
    #[test]
    fn the_hidden_change_undoes_the_error() {
        let (network, batch) = (Dense::new(&[5, 4, 3], Activation::Linear, LINEAR, 1), batch(1, 5, 3));
        let change = Pseudobackprop.present(&network, &batch);
        let pass = network.pass(&batch.inputs);
        let undone = network.layers[1].weights.dot(&change[0].biases);
        assert!((undone - (&batch.targets - &pass.y).row(0)).iter().all(|x| x.abs() < 1e-12));
    }

    #[test]
    fn with_orthonormal_rows_it_is_backprop() {
        let (mut network, batch) = (Dense::new(&[5, 4, 2], Activation::Tanh, LINEAR, 1), batch(3, 5, 2));
        network.layers[1].weights = ndarray::array![[0.6, 0.8, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]];
        let (found, exact) = (Pseudobackprop.present(&network, &batch), backprop::descent(&network, &batch));
        assert!(relative_difference(&flat(&found), &flat(&exact)) < 1e-14);
    }
}
