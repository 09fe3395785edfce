//! Backprop in bits: activities of 1 bit forward, errors of 2 bits backward, each right in the mean.
//!
//! Forward, a unit is 1 with the probability f(a), else 0; backward, an error is one of ± m, ± m/3, where m is the
//! largest of its layer and example, rounded up or down so that its mean is its value. Changes are products of the two:
//! noise that averages out. Hinton, "Can the brain do back-propagation?".

use ndarray::Array2;

use crate::numeric::{Purpose, Stream};
use crate::rate::draws::{stream_of, uses};
use crate::rate::rule::{descend, output_error};
use crate::rate::{Batch, Dense, Layer, Pass, RateRule};

/// The rule, for networks whose hidden units are [`crate::rate::Activation::LOGISTIC`]; inputs stay as they are.
#[derive(Clone, Copy, Debug)]
pub struct Quantised {
    /// Seed of the noise.
    pub seed: u64,
    /// Batches presented.
    pub shown: u64,
}

impl RateRule for Quantised {
    fn present(&mut self, network: &Dense, batch: &Batch) -> Vec<Layer> {
        let mut stream = stream_of(self.seed, Purpose::Rate(uses::NOISE), self.shown);
        self.shown += 1;
        let pass = bits_forward(network, &batch.inputs, &mut stream);
        let errors = errors_back(network, &pass, &batch.targets, |error| two_bits(&error, &mut stream));
        descend(&pass, &errors)
    }
}

/// A pass in which every hidden unit answers by one bit.
fn bits_forward(network: &Dense, inputs: &Array2<f64>, stream: &mut Stream) -> Pass {
    let mut h = vec![inputs.to_owned()];
    let mut a: Vec<Array2<f64>> = Vec::new();
    for (l, layer) in network.layers.iter().enumerate() {
        if l > 0 {
            let bit = |p: f64| f64::from(u8::from(stream.unit() < p));
            h.push(network.hidden.values(&a[l - 1]).mapv_into(bit));
        }
        a.push(layer.drive(&h[l]));
    }
    let y = network.readout.answers(&a[network.layers.len() - 1]);
    Pass { a, h, y }
}

/// The errors of all layers, each passed on as `quantise` gives it: δ_l = W_{l+1}ᵀ δ_{l+1} ∘ f'(a_l).
fn errors_back(
    network: &Dense,
    pass: &Pass,
    targets: &Array2<f64>,
    mut quantise: impl FnMut(Array2<f64>) -> Array2<f64>,
) -> Vec<Array2<f64>> {
    let mut errors = vec![quantise(output_error(network, pass, targets))];
    for l in (0..network.layers.len() - 1).rev() {
        let slopes = network.hidden.slopes(&pass.a[l], &network.hidden.values(&pass.a[l]));
        let error = errors[errors.len() - 1].dot(&network.layers[l + 1].weights) * slopes;
        errors.push(quantise(error));
    }
    errors.reverse();
    errors
}

/// Rounds every number to one of the four levels ± m, ± m/3 of its row, at random, so that its mean is its value.
fn two_bits(x: &Array2<f64>, stream: &mut Stream) -> Array2<f64> {
    let mut rounded = x.clone();
    for mut row in rounded.rows_mut() {
        let m = row.fold(0.0, |m: f64, x| m.max(x.abs()));
        if m > 0.0 {
            // Levels 0 … 3, on which x lies at 1.5 (x/m + 1).
            row.mapv_inplace(|x| {
                let place = 1.5 * (x / m + 1.0);
                let level = (place + stream.unit()).floor().min(3.0);
                m * (level / 1.5 - 1.0)
            });
        }
    }
    rounded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rate::fixtures::{batch, flat};
    use crate::rate::{Activation, Readout};

    const DRAWS: i32 = 4000;

    /// Every component of the mean over draws is within five of its standard errors of what is expected.
    fn check_mean(expected: &[f64], mut draw: impl FnMut(u64) -> Vec<f64>) {
        let draws: Vec<Vec<f64>> = (0..DRAWS as u64).map(&mut draw).collect();
        for (i, expected) in expected.iter().enumerate() {
            let values = || draws.iter().map(|draw| draw[i]);
            let mean = values().sum::<f64>() / f64::from(DRAWS);
            let variance = values().map(|x| (x - mean) * (x - mean)).sum::<f64>() / f64::from(DRAWS - 1);
            assert!(variance > 0.0, "component {i} is not random");
            let bound = 5.0 * (variance / f64::from(DRAWS)).sqrt();
            assert!((mean - expected).abs() < bound, "component {i}: {mean} for {expected}, within {bound}");
        }
    }

    fn setting() -> (Dense, Batch) {
        (Dense::new(&[5, 4, 4, 3], Activation::LOGISTIC, Readout::Softmax, 1), batch(1, 5, 3))
    }

    #[test]
    fn activities_are_bits_whose_means_are_the_responses() {
        let (network, batch) = setting();
        let exact = network.pass(&batch.inputs).h[1].clone();
        check_mean(exact.as_slice().unwrap(), |n| {
            let pass = bits_forward(&network, &batch.inputs, &mut stream_of(1, Purpose::Rate(1), n));
            assert!(pass.h[1..].iter().flatten().all(|&h| h == 0.0 || 1.0 - h == 0.0));
            pass.h[1].iter().copied().collect()
        });
    }

    #[test]
    fn errors_take_four_values_and_the_change_has_the_mean_of_real_errors() {
        let (network, batch) = setting();
        let pass = bits_forward(&network, &batch.inputs, &mut stream_of(1, Purpose::Rate(1), 0));
        let exact = errors_back(&network, &pass, &batch.targets, |error| error);
        // The largest output error is at a level already, so only hidden errors are random in every component.
        let hidden = |errors: &[Array2<f64>]| errors[0].iter().copied().collect::<Vec<f64>>();
        check_mean(&hidden(&exact), |n| {
            let mut stream = stream_of(1, Purpose::Rate(2), n);
            let errors = errors_back(&network, &pass, &batch.targets, |error| two_bits(&error, &mut stream));
            let m = errors[0].iter().fold(0.0, |m: f64, x| m.max(x.abs()));
            assert!(errors[0].iter().all(|x| [1.0, 3.0].iter().any(|k| (k * x.abs() - m).abs() < 1e-12 * m)));
            hidden(&errors)
        });
    }

    #[test]
    fn changes_are_products_of_bits() {
        let (network, batch) = setting();
        let change = Quantised { seed: 1, shown: 0 }.present(&network, &batch);
        let mut sizes: Vec<u64> = change[1].weights.iter().map(|w| (w.abs() * 1e12).round() as u64).collect();
        sizes.sort_unstable();
        sizes.dedup();
        // 0, m/3 and m at most, for one example.
        assert!(sizes.len() <= 3, "{sizes:?}");
        assert!(flat(&change).iter().any(|&x| x != 0.0));
    }
}
