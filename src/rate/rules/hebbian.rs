//! Hebbian learning, and Oja's form of it.
//!
//! Hebb: ΔW = η y xᵀ. A readout learns it with its units held at what is wanted, less the mean over classes, so that no
//! class is favoured: ΔW_k = η (t_k − 1/K) hᵀ. It has no error signal, so weights grow without bound; the
//! answer, which is the largest, does not mind. This readout is a baseline of our own, from no publication.
//!
//! Oja: Δw = η y (x − y w), y = w·x, whose weights come to the first principal component of the inputs, at length 1.

use ndarray::{Array1, Axis};

use super::delta::readout_only;
use crate::rate::{Batch, Dense, Layer, RateRule};

/// Hebb's rule at the readout, whose units are held at what is wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hebbian;

impl RateRule for Hebbian {
    fn present(&mut self, network: &Dense, batch: &Batch) -> Vec<Layer> {
        let pass = network.pass(&batch.inputs);
        let held = &batch.targets - 1.0 / batch.targets.ncols() as f64;
        readout_only(network, Layer::outer(&held, &pass.h[network.layers.len() - 1]))
    }
}

/// Oja's rule in every unit of the first layer, each on its own; nothing is wanted of it and biases stay.
#[derive(Clone, Copy, Debug, Default)]
pub struct Oja;

impl RateRule for Oja {
    fn present(&mut self, network: &Dense, batch: &Batch) -> Vec<Layer> {
        let (x, w) = (&batch.inputs, &network.layers[0].weights);
        let y = x.dot(&w.t());
        let power = (&y * &y).mean_axis(Axis(0)).expect("a batch holds an example");
        let change = y.t().dot(x) / x.nrows() as f64 - w * &power.insert_axis(Axis(1));
        let above = network.layers[1..].iter().map(|layer| Layer::zeros(layer.weights.nrows(), layer.weights.ncols()));
        let biases = Array1::zeros(w.nrows());
        std::iter::once(Layer { weights: change, biases }).chain(above).collect()
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;
    use crate::rate::fixtures::{cosine, matrix};
    use crate::rate::{Activation, Readout};

    const LINEAR: Readout = Readout::Squared(Activation::Linear);

    #[test]
    fn hebb_s_change_works_out_by_hand() {
        let network = Dense::new(&[2, 2], Activation::Linear, LINEAR, 1);
        let batch = Batch { inputs: array![[3.0, 1.0], [0.0, 2.0]], targets: array![[1.0, 0.0], [0.0, 1.0]] };
        // Half the difference of the two patterns, and its opposite; over a batch of 2.
        assert_eq!(Hebbian.present(&network, &batch)[0].weights, array![[0.75, -0.25], [-0.75, 0.25]]);
    }

    /// The first principal component by power iteration on XᵀX.
    #[test]
    fn oja_s_weights_come_to_the_first_principal_component() {
        let inputs = matrix((200, 6), 1).dot(&matrix((6, 6), 2));
        let mut component = Array2::ones((6, 1));
        for _ in 0..2000 {
            component = inputs.t().dot(&inputs.dot(&component));
            let length = component.mapv(|x| x * x).sum().sqrt();
            component /= length;
        }
        let mut network = Dense::new(&[6, 2], Activation::Linear, LINEAR, 1);
        let batch = Batch { inputs, targets: Array2::zeros((200, 2)) };
        for _ in 0..5000 {
            let change = Oja.present(&network, &batch);
            network.add(&[0.05], &change);
        }
        for unit in network.layers[0].weights.rows() {
            let (unit, component) = (unit.to_vec(), component.column(0).to_vec());
            assert!((unit.iter().map(|w| w * w).sum::<f64>() - 1.0).abs() < 1e-9);
            assert!(cosine(&unit, &component).abs() > 1.0 - 1e-9);
        }
    }
}
