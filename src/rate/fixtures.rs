//! What the tests of the rules share.

use ndarray::Array2;

use super::draws::{normal, stream_of, uniform};
use super::{Batch, Dense, Layer};
use crate::numeric::Purpose;

/// A batch of normal inputs and one-hot targets.
pub(super) fn batch(examples: usize, inputs: usize, classes: usize) -> Batch {
    let mut stream = stream_of(7, Purpose::Rate(900), 0);
    let shown = normal(&mut stream, (examples, inputs));
    let targets = Array2::from_shape_fn((examples, classes), |(i, k)| f64::from(u8::from(i % classes == k)));
    Batch { inputs: shown, targets }
}

/// A matrix of uniform numbers in ± 1.
pub(super) fn matrix(shape: (usize, usize), seed: u64) -> Array2<f64> {
    uniform(&mut stream_of(seed, Purpose::Rate(901), 0), 1.0, shape)
}

/// All numbers of a change, weights before biases, layer by layer.
pub(super) fn flat(change: &[Layer]) -> Vec<f64> {
    change.iter().flat_map(|layer| layer.weights.iter().chain(&layer.biases).copied()).collect()
}

/// The places of a network's parameters, in the order of [`flat`].
pub(super) fn parameters(network: &mut Dense) -> Vec<&mut f64> {
    network.layers.iter_mut().flat_map(|layer| layer.weights.iter_mut().chain(&mut layer.biases)).collect()
}

/// −∂loss/∂parameter by central differences.
pub(super) fn descent_by_differences(network: &Dense, loss: impl Fn(&Dense) -> f64) -> Vec<f64> {
    let step = 1e-5;
    let mut moved = network.clone();
    let count = parameters(&mut moved).len();
    let mut at = |i: usize, by: f64| {
        *parameters(&mut moved)[i] += by;
        let loss = loss(&moved);
        *parameters(&mut moved)[i] -= by;
        loss
    };
    (0..count).map(|i| (at(i, -step) - at(i, step)) / (2.0 * step)).collect()
}

/// |a − b| / |b|.
pub(super) fn relative_difference(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let norm = |x: &mut dyn Iterator<Item = f64>| x.map(|x| x * x).sum::<f64>().sqrt();
    norm(&mut a.iter().zip(b).map(|(a, b)| a - b)) / norm(&mut b.iter().copied())
}

/// Cosine of the angle between two vectors.
pub(super) fn cosine(a: &[f64], b: &[f64]) -> f64 {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}
