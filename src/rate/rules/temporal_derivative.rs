//! Temporal derivatives as errors: −∂E/∂x_j = dy_j/dt, ΔW_ij = η x_i dy_j/dt.
//!
//! After the pass the output is drawn towards what is wanted, at the speed `nudge`, and each hidden layer is driven by
//! the changes of the layer above, through the same weights. How fast a unit's response y_j then changes is its error,
//! slope f' included, so that a synapse needs its presynaptic activity and that speed alone. Exact as the nudge tends
//! to 0. Hinton, "Can the brain do back-propagation?".

use crate::rate::{Batch, Dense, Layer, RateRule};

/// The rule.
#[derive(Clone, Copy, Debug)]
pub struct TemporalDerivative {
    /// Part of the way from the answer to the target by which the output is drawn in a unit of time.
    pub nudge: f64,
}

impl RateRule for TemporalDerivative {
    fn present(&mut self, network: &Dense, batch: &Batch) -> Vec<Layer> {
        let pass = network.pass(&batch.inputs);
        let last = network.layers.len() - 1;
        let mut speed = (&batch.targets - &pass.y) * self.nudge;
        let mut changes = vec![Layer::outer(&(&speed / self.nudge), &pass.h[last])];
        for l in (0..last).rev() {
            let driven = &pass.a[l] + &speed.dot(&network.layers[l + 1].weights);
            speed = network.hidden.values(&driven) - &pass.h[l + 1];
            changes.push(Layer::outer(&(&speed / self.nudge), &pass.h[l]));
        }
        changes.reverse();
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rate::fixtures::{batch, cosine, flat, relative_difference};
    use crate::rate::rules::backprop;
    use crate::rate::{Activation, Readout};

    fn network() -> Dense {
        let mut network = Dense::new(&[6, 8, 7, 3], Activation::LOGISTIC, Readout::Softmax, 1);
        network.layers.iter_mut().for_each(|layer| layer.scale(3.0));
        network
    }

    /// Drawn all the way to the target at once, on a network that is far from linear.
    #[test]
    fn changes_agree_with_backprop_in_sign_and_direction() {
        let (network, batch) = (network(), batch(5, 6, 3));
        let found = TemporalDerivative { nudge: 1.0 }.present(&network, &batch);
        let exact = backprop::descent(&network, &batch);
        for l in 0..3 {
            let (found, exact) = (flat(&found[l..=l]), flat(&exact[l..=l]));
            assert!(cosine(&found, &exact) > 0.0);
            let agreeing = found.iter().zip(&exact).filter(|(a, b)| *a * *b > 0.0).count();
            assert!(2 * agreeing > found.len(), "layer {l}: {agreeing} of {}", found.len());
        }
    }

    #[test]
    fn the_difference_from_backprop_falls_in_a_straight_line_with_the_nudge() {
        let (network, batch) = (network(), batch(5, 6, 3));
        let exact = flat(&backprop::descent(&network, &batch));
        let off = [0.02, 0.01]
            .map(|nudge| relative_difference(&flat(&TemporalDerivative { nudge }.present(&network, &batch)), &exact));
        assert!((off[0] / off[1] - 2.0).abs() < 0.05, "{off:?}");
    }
}
