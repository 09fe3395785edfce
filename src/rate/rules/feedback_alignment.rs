//! Feedback alignment: δ_l = B_l δ_{l+1} ∘ f'(a_l) with B_l fixed and random, in place of backprop's W_{l+1}ᵀ.
//!
//! Lillicrap, Cownden, Tweed & Akerman (2016), random synaptic feedback weights. The forward weights come to lie so that
//! eᵀ W B e > 0: what B carries back leads down the loss. Direct feedback alignment, δ_l = B_l e ∘ f'(a_l), sends the
//! error of the output straight to every hidden layer.

use ndarray::Array2;

use crate::rate::draws;
use crate::rate::rule::{carry_back, descend, output_error};
use crate::rate::{Batch, Dense, Layer, RateRule};

/// Where the feedback of a hidden layer comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// The layer above: feedback alignment.
    LayerAbove,
    /// The output: direct feedback alignment.
    Output,
}

/// The rule.
#[derive(Clone, Debug)]
pub struct FeedbackAlignment {
    /// Feedback weights B_l of every hidden layer, [units, units of its source].
    pub feedback: Vec<Array2<f64>>,
    /// Where they come from.
    pub route: Route,
}

impl FeedbackAlignment {
    /// Draws feedback weights evenly from ± `half_range` for a network of these sizes.
    pub fn new(sizes: &[usize], route: Route, half_range: f64, seed: u64) -> Self {
        let classes = sizes[sizes.len() - 1];
        let draw = |l: usize| {
            let source = if route == Route::Output { classes } else { sizes[l + 2] };
            draws::feedback(seed, l, half_range, (sizes[l + 1], source))
        };
        Self { feedback: (0..sizes.len() - 2).map(draw).collect(), route }
    }
}

impl RateRule for FeedbackAlignment {
    fn present(&mut self, network: &Dense, batch: &Batch) -> Vec<Layer> {
        let pass = network.pass(&batch.inputs);
        let at_output = output_error(network, &pass, &batch.targets);
        let errors = carry_back(network, &pass, at_output.clone(), |l, above| {
            let source = if self.route == Route::Output { &at_output } else { above };
            source.dot(&self.feedback[l].t())
        });
        descend(&pass, &errors)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rate::fixtures::batch;
    use crate::rate::rules::Backprop;
    use crate::rate::{Activation, Readout};

    #[test]
    fn with_one_hidden_layer_the_direct_rule_is_the_same_to_the_bit() {
        let network = Dense::new(&[6, 5, 3], Activation::Tanh, Readout::Softmax, 1);
        let change = |route| FeedbackAlignment::new(&[6, 5, 3], route, 0.5, 1).present(&network, &batch(4, 6, 3));
        assert_eq!(change(Route::LayerAbove), change(Route::Output));
    }

    #[test]
    fn with_two_the_direct_rule_takes_the_error_of_the_output() {
        let sizes = [6, 5, 4, 3];
        let network = Dense::new(&sizes, Activation::Tanh, Readout::Softmax, 1);
        let change = |route| FeedbackAlignment::new(&sizes, route, 0.5, 1).present(&network, &batch(4, 6, 3));
        let (step_by_step, direct) = (change(Route::LayerAbove), change(Route::Output));
        assert_eq!(step_by_step[1..], direct[1..]);
        assert_ne!(step_by_step[0], direct[0]);
    }

    #[test]
    fn with_transposed_weights_it_is_backprop() {
        let network = Dense::new(&[6, 5, 4, 3], Activation::Tanh, Readout::Softmax, 1);
        let feedback = network.layers[1..].iter().map(|layer| layer.weights.t().to_owned()).collect();
        let mut rule = FeedbackAlignment { feedback, route: Route::LayerAbove };
        let batch = batch(4, 6, 3);
        let (found, backprop) = (rule.present(&network, &batch), Backprop.present(&network, &batch));
        for (found, backprop) in found.iter().zip(&backprop) {
            assert!((&found.weights - &backprop.weights).iter().all(|x| x.abs() < 1e-15));
        }
    }
}
