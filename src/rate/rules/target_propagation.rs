//! Target propagation with the perfect inverse: t_l = f⁻¹(t_{l+1}), where f takes layer l to layer l + 1.
//!
//! For square, invertible layers. From an output target y + s (t − y) the wanted responses of every layer below are
//! known, and so are its wanted drives ã_l; ΔW_l = η (ã_l − a_l) h_{l−1}ᵀ/(1 + |h_{l−1}|²) is the smallest change of
//! weights and biases that reaches them. To first order in s that is the Gauss-Newton step of the layer. Lillicrap,
//! Santoro, Marris, Akerman & Hinton (2020), "Backpropagation and the brain".

use ndarray::{Array2, Axis};

use crate::rate::linear::{orthogonal, solve};
use crate::rate::{Activation, Batch, Dense, Layer, Pass, RateRule, Readout};

/// The rule, for networks of leaky rectifiers throughout, with invertible weights.
#[derive(Clone, Copy, Debug)]
pub struct TargetPropagation {
    /// Length s of the step of the output.
    pub step: f64,
}

impl TargetPropagation {
    /// A network of `layers` orthogonal layers of `width` leaky rectifiers.
    pub fn network(width: usize, layers: usize, slope: f64, seed: u64) -> Dense {
        let f = Activation::Rectifier { slope };
        let mut network = Dense::new(&vec![width; layers + 1], f, Readout::Squared(f), seed);
        network.layers.iter_mut().for_each(|layer| layer.weights = orthogonal(&layer.weights));
        network
    }
}

/// Drives at which leaky rectifiers respond by `h`.
///
/// # Panics
/// If the response has no inverse.
fn inverse(f: Activation, h: &Array2<f64>) -> Array2<f64> {
    match f {
        Activation::Linear => h.clone(),
        Activation::Rectifier { slope } if slope > 0.0 => h.mapv(|h| h.min(h / slope)),
        _ => panic!("{f:?} has no inverse"),
    }
}

/// The wanted drives ã_l of all layers, [batch, units] each, for the responses `wanted` of the output.
fn wanted_drives(network: &Dense, pass: &Pass, wanted: &Array2<f64>) -> Vec<Array2<f64>> {
    let Readout::Squared(f) = network.readout else { panic!("a softmax has no inverse") };
    let mut drives = vec![inverse(f, wanted)];
    for l in (1..pass.a.len()).rev() {
        let layer = &network.layers[l];
        let below = solve(&layer.weights, &(&drives[drives.len() - 1] - &layer.biases).t().to_owned());
        drives.push(inverse(network.hidden, &below.t().to_owned()));
    }
    drives.reverse();
    drives
}

impl RateRule for TargetPropagation {
    fn present(&mut self, network: &Dense, batch: &Batch) -> Vec<Layer> {
        let pass = network.pass(&batch.inputs);
        let wanted = &pass.y + &((&batch.targets - &pass.y) * self.step);
        let change = |((wanted, a), h): ((Array2<f64>, &Array2<f64>), &Array2<f64>)| {
            let effort = h.mapv(|h| h * h).sum_axis(Axis(1)).insert_axis(Axis(1)) + 1.0;
            Layer::outer(&((wanted - a) / effort), h)
        };
        wanted_drives(network, &pass, &wanted).into_iter().zip(&pass.a).zip(&pass.h).map(change).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rate::fixtures::{batch, flat, relative_difference};
    use crate::rate::linear::pseudo_inverse;

    const WIDTH: usize = 5;

    fn setting() -> (Dense, Batch) {
        let mut network = TargetPropagation::network(WIDTH, 3, 0.3, 1);
        network.layers.iter_mut().for_each(|layer| layer.biases += 0.1);
        (network, batch(1, WIDTH, WIDTH))
    }

    /// The Gauss-Newton step of layer `l` alone: J⁺ s (t − y), J = ∂y/∂(weights and biases) by central differences, which
    /// are exact where the network is piecewise linear.
    fn gauss_newton(network: &Dense, batch: &Batch, l: usize, step: f64) -> Vec<f64> {
        let y = |network: &Dense| network.pass(&batch.inputs).y;
        let count = WIDTH * (WIDTH + 1);
        let mut j = Array2::zeros((WIDTH, count));
        for k in 0..count {
            let moved = |by: f64| {
                let mut network = network.clone();
                let layer = &mut network.layers[l];
                *layer.weights.iter_mut().chain(&mut layer.biases).nth(k).unwrap() += by;
                y(&network)
            };
            j.column_mut(k).assign(&((moved(1e-4) - moved(-1e-4)) / 2e-4).row(0));
        }
        let error = (&batch.targets - &y(network)) * step;
        pseudo_inverse(&j).dot(&error.t()).iter().copied().collect()
    }

    fn off(step: f64) -> Vec<f64> {
        let (network, batch) = setting();
        let change = TargetPropagation { step }.present(&network, &batch);
        (0..3).map(|l| relative_difference(&flat(&change[l..=l]), &gauss_newton(&network, &batch, l, step))).collect()
    }

    #[test]
    fn the_update_is_the_gauss_newton_step_while_no_unit_crosses_its_kink() {
        assert!(off(0.01).iter().all(|&off| off < 1e-9), "{:?}", off(0.01));
    }

    /// The premise of the case above: at the whole step some unit does cross, and the two differ.
    #[test]
    fn beyond_a_kink_the_two_part() {
        assert!(off(1.0)[0] > 0.01, "{:?}", off(1.0));
    }

    #[test]
    fn a_layer_that_takes_its_whole_change_alone_brings_the_output_to_its_target() {
        let (network, batch) = setting();
        let change = TargetPropagation { step: 1.0 }.present(&network, &batch);
        for l in 0..3 {
            // Leaky rectifiers reach any target.
            let mut network = network.clone();
            network.layers[l].add(1.0, &change[l]);
            assert!(network.loss(&batch.inputs, &batch.targets) < 1e-20, "layer {l}");
        }
    }
}
