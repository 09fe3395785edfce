//! The linear task of Lillicrap, Cownden, Tweed & Akerman (2016), random synaptic feedback weights: y = T x is to be
//! learnt by a linear network of 30, 20 and 10 units from x ~ N(0, I), with forward weights that start in ± 0.01 and
//! feedback weights B in ± 0.5.

use ndarray::Array2;

use super::draws::{feedback, normal, stream_of, uniform, uses};
use super::linear::pseudo_inverse;
use super::rules::{FeedbackAlignment, Route};
use super::{Activation, Batch, Dense, RateRule, Readout};
use crate::numeric::{Purpose, angle_from_products};

/// Sizes of the layers.
pub const SIZES: [usize; 3] = [30, 20, 10];
/// Examples on which angles and losses are measured.
const MEASURED: usize = 200;

/// Where learning by feedback alignment stands after so many examples, means over fixed examples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Examples learnt from.
    pub examples: u32,
    /// Loss |e|²/2.
    pub loss: f64,
    /// Angle between B e and backprop's Wᵀ e [degrees].
    pub to_backprop: f64,
    /// Angle between B e and pseudobackprop's W⁺ e [degrees].
    pub to_pseudobackprop: f64,
    /// eᵀ W B e over |e|².
    pub alignment: f64,
}

/// Learns the task by feedback alignment, example by example at this learning rate, and measures before the first and
/// after every `every` examples.
pub fn learn(seed: u64, rate: f64, examples: u32, every: u32) -> Vec<Point> {
    let [inputs, hidden, outputs] = SIZES;
    let mut stream = stream_of(seed, Purpose::Rate(uses::TASK), 0);
    let task = uniform(&mut stream, 1.0, (outputs, inputs));
    let mut draw = |n: usize| {
        let x = normal(&mut stream, (n, inputs));
        let targets = x.dot(&task.t());
        Batch { inputs: x, targets }
    };
    let measured = draw(MEASURED);
    let linear = Activation::Linear;
    let mut network = Dense::new(&SIZES, linear, Readout::Squared(linear), seed);
    for (l, layer) in network.layers.iter_mut().enumerate() {
        let mut stream = stream_of(seed, Purpose::Weights(l as u32), 0);
        layer.weights = uniform(&mut stream, 0.01, layer.weights.dim());
    }
    let b = feedback(seed, 0, 0.5, (hidden, outputs));
    let mut rule = FeedbackAlignment { feedback: vec![b.clone()], route: Route::LayerAbove };
    let mut points = vec![measure(&network, &b, &measured, 0)];
    for n in 1..=examples {
        let mut change = rule.present(&network, &draw(1));
        // The networks of the task have no biases.
        change.iter_mut().for_each(|layer| layer.biases.fill(0.0));
        network.add(&[rate; 2], &change);
        if n % every == 0 {
            points.push(measure(&network, &b, &measured, n));
        }
    }
    points
}

fn measure(network: &Dense, b: &Array2<f64>, batch: &Batch, examples: u32) -> Point {
    let w = &network.layers[1].weights;
    let e = &batch.targets - &network.pass(&batch.inputs).y;
    let sent = e.dot(&b.t());
    let mean_angle = |other: &Array2<f64>| {
        let angle = |(a, b): (ndarray::ArrayView1<'_, f64>, ndarray::ArrayView1<'_, f64>)| {
            angle_from_products(a.dot(&a), b.dot(&b), a.dot(&b))
        };
        sent.rows().into_iter().zip(other.rows()).map(angle).sum::<f64>() / MEASURED as f64
    };
    let transposed = e.dot(w);
    Point {
        examples,
        loss: network.loss(&batch.inputs, &batch.targets),
        to_backprop: mean_angle(&transposed),
        to_pseudobackprop: mean_angle(&e.dot(&pseudo_inverse(w).t())),
        alignment: (&transposed * &sent).sum() / (&e * &e).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Published: the angle to backprop falls below 90 degrees, here below 45, that to pseudobackprop below it, and
    /// eᵀ W B e > 0.
    #[test]
    fn feedback_alignment_comes_nearer_to_pseudobackprop_than_to_backprop() {
        for seed in 1..=3 {
            let points = learn(seed, 0.002, 6000, 1500);
            let (first, last) = (points[0], points[points.len() - 1]);
            assert!(last.loss < 0.01 * first.loss, "{points:?}");
            assert!((first.to_backprop - 90.0).abs() < 20.0, "{points:?}");
            assert!(last.to_backprop < 45.0, "{points:?}");
            assert!(last.to_pseudobackprop < last.to_backprop, "{points:?}");
            assert!(last.alignment > 0.0, "{points:?}");
        }
    }
}
