//! Unbiased online recurrent optimisation: RTRL with its Jacobian held as one outer product, right in the mean.
//!
//! J_t ≈ s̃_t θ̃_tᵀ, with s̃_t = ρ₀ W' s̃_{t−1} + ρ₁ ν and θ̃_t = θ̃_{t−1}/ρ₀ + D_tᵀ ν/ρ₁ for signs ν of equal chance: the mixed
//! terms vanish in the mean. ρ₀ = √(|θ̃_{t−1}|/|W' s̃_{t−1}|) and ρ₁ = √(|D_tᵀ ν|/|ν|) make the factors of each term alike in
//! length, for the least noise. Tallec & Ollivier (2018), Unbiased online recurrent optimization, ICLR.

use ndarray::{Array1, Array2, ArrayView1, Axis};

use super::{Recurrent, RecurrentChange, RecurrentRule, Sequence, slopes};
use crate::numeric::Purpose;
use crate::rate::draws::{signs, stream_of, uses};

/// The rule.
#[derive(Clone, Copy, Debug)]
pub struct Uoro {
    /// Seed of the signs.
    pub seed: u64,
    /// Sequences presented.
    pub shown: u64,
}

impl RecurrentRule for Uoro {
    fn present(&mut self, network: &Recurrent, sequence: &Sequence) -> RecurrentChange {
        let mut stream = stream_of(self.seed, Purpose::Rate(uses::NOISE), self.shown);
        self.shown += 1;
        let nu = signs(&mut stream, 1.0, (sequence.inputs.nrows(), network.units()));
        change(network, sequence, &nu)
    }
}

/// The change under the signs ν, [T, n].
fn change(network: &Recurrent, sequence: &Sequence, nu: &Array2<f64>) -> RecurrentChange {
    let states = network.run(sequence);
    let errors = network.errors_at_responses(&states);
    let mut w = Array2::zeros(network.w.dim());
    let (mut s, mut theta) = (Array1::zeros(network.units()), Array2::zeros(network.w.dim()));
    for t in 0..errors.nrows() {
        (s, theta) = next(network, (&s, &theta), nu.row(t), states.z.row(t), states.h.row(t));
        w.scaled_add(-errors.row(t).dot(&s), &theta);
    }
    RecurrentChange { w, out: Recurrent::readout_change(&states), reads: None }
}

/// s̃ and θ̃ (in the shape of W) after one step.
fn next(
    network: &Recurrent,
    (s, theta): (&Array1<f64>, &Array2<f64>),
    nu: ArrayView1<'_, f64>,
    z: ArrayView1<'_, f64>,
    h: ArrayView1<'_, f64>,
) -> (Array1<f64>, Array2<f64>) {
    let slopes = slopes(h);
    let carried = network.among_units().dot(s) * &slopes;
    // D_tᵀ ν: row i of W moves unit i alone, by the slope times z.
    let own = (&nu * &slopes).insert_axis(Axis(1)).to_owned() * z;
    // √(|a|/|b|) of two squared lengths.
    let ratio = |a: f64, b: f64| if a > 0.0 && b > 0.0 { (a / b).sqrt().sqrt() } else { 1.0 };
    let rho_0 = ratio((theta * theta).sum(), carried.dot(&carried));
    let rho_1 = ratio((&own * &own).sum(), nu.dot(&nu));
    (carried * rho_0 + &nu * rho_1, theta / rho_0 + own / rho_1)
}

#[cfg(test)]
mod tests {
    use ndarray::s;

    use super::super::fixtures::{off, setting};
    use super::super::{Rtrl, Sequence};
    use super::*;
    use crate::rate::{Activation, Readout};

    /// All 2⁶ patterns of signs of 2 units over 3 steps.
    #[test]
    fn the_mean_over_all_signs_is_rtrl() {
        let network = Recurrent::new(3, 2, 2, Readout::Squared(Activation::Linear), 1);
        let (_, long) = setting();
        let sequence = Sequence {
            inputs: long.inputs.slice(s![..3, ..]).to_owned(),
            targets: long.targets.slice(s![..3, ..]).to_owned(),
            weights: ndarray::array![1.0, 0.5, 2.0],
        };
        let exact = Rtrl.present(&network, &sequence);
        let mut mean = RecurrentChange { w: Array2::zeros(exact.w.dim()), out: exact.out.clone(), reads: None };
        for bits in 0..64 {
            let sign = |(t, i): (usize, usize)| if bits >> (2 * t + i) & 1 == 0 { 1.0 } else { -1.0 };
            let nu = Array2::from_shape_fn((3, 2), sign);
            mean.w.scaled_add(1.0 / 64.0, &change(&network, &sequence, &nu).w);
        }
        assert!(off(&mean, &exact) < 1e-12, "{}", off(&mean, &exact));
    }

    /// Every component is within five standard errors of the mean of 20,000 draws, whose size is estimated from the draws.
    #[test]
    fn the_mean_over_many_draws_tends_to_rtrl() {
        let (network, sequence) = setting();
        let exact = Rtrl.present(&network, &sequence).w;
        let (mut rule, n) = (Uoro { seed: 1, shown: 0 }, 20_000.0);
        let (mut sum, mut squares) = (Array2::zeros(exact.dim()), Array2::zeros(exact.dim()));
        for _ in 0..20_000 {
            let w = rule.present(&network, &sequence).w;
            squares += &(&w * &w);
            sum += &w;
        }
        let mean: Array2<f64> = sum / n;
        let errors = ((squares / n - &mean * &mean) / n).mapv(f64::sqrt);
        for ((mean, exact), error) in mean.iter().zip(&exact).zip(&errors) {
            assert!((mean - exact).abs() < 5.0 * error, "{mean} for {exact} within five times {error}");
        }
        // And the interval is one that could be missed.
        assert!(errors.mapv(|e| e * e).sum() < 0.1 * (&exact * &exact).sum());
    }
}
