//! Backprop: δ_l = W_{l+1}ᵀ δ_{l+1} ∘ f'(a_l), ΔW_l = −η δ_l h_{l−1}ᵀ.
//!
//! The exact gradient of the loss, against which the other rules are held. As in Lillicrap, Santoro, Marris, Akerman &
//! Hinton (2020), "Backpropagation and the brain".

use crate::rate::rule::{carry_back, descend, output_error};
use crate::rate::{Batch, Dense, Layer, RateRule};

/// The rule.
#[derive(Clone, Copy, Debug, Default)]
pub struct Backprop;

impl RateRule for Backprop {
    fn present(&mut self, network: &Dense, batch: &Batch) -> Vec<Layer> {
        descent(network, batch)
    }
}

/// Minus the gradient of the mean loss of a batch.
pub fn descent(network: &Dense, batch: &Batch) -> Vec<Layer> {
    let pass = network.pass(&batch.inputs);
    let at_output = output_error(network, &pass, &batch.targets);
    let errors = carry_back(network, &pass, at_output, |l, error| error.dot(&network.layers[l + 1].weights));
    descend(&pass, &errors)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rate::fixtures::{batch, descent_by_differences, flat, relative_difference};
    use crate::rate::{Activation, Readout};

    #[test]
    fn the_change_is_minus_the_gradient_by_finite_differences() {
        let batch = batch(5, 6, 3);
        for (hidden, readout) in [
            (Activation::Tanh, Readout::Softmax),
            (Activation::LOGISTIC, Readout::Squared(Activation::LOGISTIC)),
            (Activation::Sigmoid { gain: 6.0 / 7.0, max: 0.2 }, Readout::Squared(Activation::Linear)),
            (Activation::Rectifier { slope: 0.1 }, Readout::Softmax),
        ] {
            let network = Dense::new(&[6, 5, 4, 3], hidden, readout, 1);
            let expected = descent_by_differences(&network, |n| n.loss(&batch.inputs, &batch.targets));
            let found = flat(&Backprop.present(&network, &batch));
            assert!(relative_difference(&found, &expected) < 1e-6, "{hidden:?} {readout:?}");
        }
    }
}
