//! Fully connected feedforward networks of rates: plain data, and the pass through them.

use ndarray::{Array1, Array2, Axis, Zip};

use super::draws::{stream_of, uniform};
use super::{Activation, Readout};
use crate::numeric::{Purpose, angle_from_products};

/// Weights and biases of one layer, or a change of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// Weights [post, pre].
    pub weights: Array2<f64>,
    /// Biases [post].
    pub biases: Array1<f64>,
}

impl Layer {
    /// A layer of zeros.
    pub fn zeros(post: usize, pre: usize) -> Self {
        Self { weights: Array2::zeros((post, pre)), biases: Array1::zeros(post) }
    }

    /// The drive a = W h + b of every example, [batch, post], from the responses `h` of the layer below, [batch, pre].
    pub fn drive(&self, h: &Array2<f64>) -> Array2<f64> {
        h.dot(&self.weights.t()) + &self.biases
    }

    /// The mean over a batch of the outer products of `post` [batch, post] and `pre` [batch, pre], with 1 as the
    /// presynaptic factor of the biases.
    ///
    /// # Panics
    /// If the batch is empty.
    pub fn outer(post: &Array2<f64>, pre: &Array2<f64>) -> Self {
        assert!(post.nrows() > 0, "a batch holds an example");
        // On the smaller matrix: the product may be large.
        let post = post / post.nrows() as f64;
        Self { weights: post.t().dot(pre), biases: post.sum_axis(Axis(0)) }
    }

    /// Adds `factor` times `change`.
    pub fn add(&mut self, factor: f64, change: &Self) {
        self.weights.scaled_add(factor, &change.weights);
        self.biases.scaled_add(factor, &change.biases);
    }

    /// Takes a step along `change` and `momentum` times the last one: v ← μ v + change, W ← W + η v.
    pub fn step(&mut self, rate: f64, momentum: f64, velocity: &mut Self, change: &Self) {
        let step = |w: &mut f64, v: &mut f64, &change: &f64| {
            *v = momentum * *v + change;
            *w += rate * *v;
        };
        Zip::from(&mut self.weights).and(&mut velocity.weights).and(&change.weights).for_each(step);
        Zip::from(&mut self.biases).and(&mut velocity.biases).and(&change.biases).for_each(step);
    }

    /// Multiplies all by `factor`.
    pub fn scale(&mut self, factor: f64) {
        self.weights *= factor;
        self.biases *= factor;
    }

    /// The inner product with another layer, biases included.
    pub fn dot(&self, other: &Self) -> f64 {
        (&self.weights * &other.weights).sum() + self.biases.dot(&other.biases)
    }
}

/// Angle between two changes, each a row of layers [degrees]; 90 where one is zero.
pub fn angle(a: &[Layer], b: &[Layer]) -> f64 {
    let dot = |a: &[Layer], b: &[Layer]| a.iter().zip(b).map(|(a, b)| a.dot(b)).sum::<f64>();
    let (aa, bb) = (dot(a, a), dot(b, b));
    if aa * bb == 0.0 { 90.0 } else { angle_from_products(aa, bb, dot(a, b)) }
}

/// A fully connected feedforward network.
#[derive(Clone, Debug, PartialEq)]
pub struct Dense {
    /// Layers from the first hidden one to the output.
    pub layers: Vec<Layer>,
    /// Response of hidden units.
    pub hidden: Activation,
    /// Response and loss of the output.
    pub readout: Readout,
}

/// The state of a network after a batch has passed through it.
#[derive(Clone, Debug, PartialEq)]
pub struct Pass {
    /// Drives a_l of the layers, [batch, units] each.
    pub a: Vec<Array2<f64>>,
    /// Inputs of the layers, [batch, units] each: h_0 is what was shown, h_l the response of hidden layer l.
    pub h: Vec<Array2<f64>>,
    /// Answers, [batch, classes].
    pub y: Array2<f64>,
}

impl Dense {
    /// A network of these layer sizes, from input to output, with zero biases and uniform weights of variance 1/fan-in,
    /// or 2/fan-in below rectifiers.
    pub fn new(sizes: &[usize], hidden: Activation, readout: Readout, seed: u64) -> Self {
        let last = sizes.len() - 2;
        let layer = |(l, pair): (usize, &[usize])| {
            let rectified = l < last && matches!(hidden, Activation::Rectifier { .. });
            let variance = if rectified { 2.0 } else { 1.0 } / pair[0] as f64;
            let mut stream = stream_of(seed, Purpose::Weights(l as u32), 0);
            let half_range = (3.0 * variance).sqrt();
            Layer { weights: uniform(&mut stream, half_range, (pair[1], pair[0])), biases: Array1::zeros(pair[1]) }
        };
        Self { layers: sizes.windows(2).enumerate().map(layer).collect(), hidden, readout }
    }

    /// Sizes of the layers, from input to output.
    pub fn sizes(&self) -> Vec<usize> {
        let input = self.layers[0].weights.ncols();
        std::iter::once(input).chain(self.layers.iter().map(|layer| layer.biases.len())).collect()
    }

    /// Whether all weights and biases are finite.
    pub fn is_finite(&self) -> bool {
        self.layers.iter().all(|layer| layer.weights.iter().chain(&layer.biases).all(|x| x.is_finite()))
    }

    /// Passes `inputs` [batch, inputs] through.
    pub fn pass(&self, inputs: &Array2<f64>) -> Pass {
        self.perturbed_pass(inputs, |_, _| ())
    }

    /// Passes `inputs` through, with `perturb` let loose on the drive of every layer, by its index, before the response.
    pub fn perturbed_pass(&self, inputs: &Array2<f64>, mut perturb: impl FnMut(usize, &mut Array2<f64>)) -> Pass {
        let mut h = vec![inputs.to_owned()];
        let mut a: Vec<Array2<f64>> = Vec::new();
        for (l, layer) in self.layers.iter().enumerate() {
            if l > 0 {
                h.push(self.hidden.values(&a[l - 1]));
            }
            let mut drive = layer.drive(&h[l]);
            perturb(l, &mut drive);
            a.push(drive);
        }
        let y = self.readout.answers(&a[self.layers.len() - 1]);
        Pass { a, h, y }
    }

    /// Slopes f'(a_l) of hidden layer `l`, counted from 0, [batch, units].
    pub fn hidden_slopes(&self, pass: &Pass, l: usize) -> Array2<f64> {
        self.hidden.slopes(&pass.a[l], &pass.h[l + 1])
    }

    /// Mean loss of a batch.
    pub fn loss(&self, inputs: &Array2<f64>, targets: &Array2<f64>) -> f64 {
        self.readout.losses(&self.pass(inputs).y, targets).sum() / targets.nrows() as f64
    }

    /// Adds `change`, layer by layer, times the learning rate of the layer.
    pub fn add(&mut self, rates: &[f64], change: &[Layer]) {
        self.layers.iter_mut().zip(rates).zip(change).for_each(|((layer, &rate), change)| layer.add(rate, change));
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn one_weight_out_of_range_is_found() {
        let mut network = Dense::new(&[3, 4, 2], Activation::Linear, Readout::Softmax, 1);
        assert!(network.is_finite());
        network.layers[1].biases[1] = f64::INFINITY;
        assert!(!network.is_finite());
    }

    #[test]
    fn a_pass_works_out_by_hand() {
        let layers = vec![
            Layer { weights: array![[1.0, -1.0], [2.0, 0.5]], biases: array![0.5, -4.0] },
            Layer { weights: array![[3.0, 1.0]], biases: array![0.25] },
        ];
        let readout = Readout::Squared(Activation::Linear);
        let network = Dense { layers, hidden: Activation::Rectifier { slope: 0.5 }, readout };
        let pass = network.pass(&array![[1.0, 2.0]]);
        assert_eq!(pass.a, [array![[-0.5, -1.0]], array![[-1.0]]]);
        assert_eq!(pass.h, [array![[1.0, 2.0]], array![[-0.25, -0.5]]]);
        assert_eq!(pass.y, array![[-1.0]]);
        assert!((network.loss(&array![[1.0, 2.0]], &array![[1.0]]) - 2.0).abs() < 1e-15);
    }

    #[test]
    fn initial_weights_have_their_variance() {
        let network = Dense::new(&[400, 300, 10], Activation::RELU, Readout::Softmax, 1);
        for (layer, variance) in network.layers.iter().zip([2.0 / 400.0, 1.0 / 300.0]) {
            let found = layer.weights.mapv(|w| w * w).mean().unwrap();
            // The square of a uniform number has a relative spread of sqrt(4/5); five standard errors.
            let bound = 5.0 * (0.8 / layer.weights.len() as f64).sqrt();
            assert!((found / variance - 1.0).abs() < bound, "{found} for {variance}");
        }
        assert_eq!(network.sizes(), [400, 300, 10]);
    }

    #[test]
    fn angles_are_those_between_the_changes_as_vectors() {
        let along = |x: f64, y: f64| [Layer { weights: array![[x]], biases: array![y] }];
        assert!((angle(&along(1.0, 0.0), &along(3.0, 3.0)) - 45.0).abs() < 1e-12);
        assert!((angle(&along(1.0, 0.0), &along(-1.0, 0.0)) - 180.0).abs() < 1e-12);
        assert!((angle(&along(1.0, 0.0), &along(0.0, 0.0)) - 90.0).abs() < 1e-12);
    }
}
