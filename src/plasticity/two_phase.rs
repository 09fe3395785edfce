//! Two phases, plateau differences: Guerguiev, Lillicrap & Richards (2017), eLife 6:e22901, Methods.

use super::{Change, LocalSignals, Plasticity, active};
use crate::model::Slope;
use crate::numeric::sigmoid_all;

/// The authors' factors 20/phi_max and 20/phi_max² (times rates of up to phi_max), less the phi_max they cancel.
pub(super) const GAIN: f64 = 20.0;

/// Neurons whose sigmoids are computed at once.
const CHUNK: usize = 64;

/// dW_ij = 20 η k e_i sigmoid'(mean_f V_i) mean_f s_j, with the presynaptic factor 1 for the biases.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TwoPhase {
    /// Steady-state gain from dendrite to soma: k_b = g_b/(g_l + g_b + g_a), or k_d = g_d/(g_l + g_d).
    pub gain: f64,
    /// The error that it takes.
    pub signal: Signal,
    /// The slope that it takes for sigmoid'.
    pub slope: Slope,
}

/// The error e_i of a postsynaptic neuron.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Hidden: α_t − α_f, the difference between the plateaus of the two phases.
    Plateaus,
    /// Output: mean_t sigmoid(U) − sigmoid(mean_f U), activity with the teaching conductances minus activity without.
    Teaching,
    /// Hidden, and not local: the error computed by [`Backprop`](super::Backprop).
    Backprop,
}

impl TwoPhase {
    /// Computes the postsynaptic factors 20 η k e_i slope_i into `errors` [n].
    pub(super) fn errors(&self, post: LocalSignals<'_>, eta: f64, errors: &mut Vec<f32>) {
        let factor = GAIN * eta * self.gain;
        errors.clear();
        for (first, v) in (0..).step_by(CHUNK).zip(post.v.chunks(CHUNK)) {
            let mut rates = [0.0; CHUNK];
            rates[..v.len()].copy_from_slice(v);
            sigmoid_all(&mut rates[..v.len()]);
            errors.extend(rates[..v.len()].iter().zip(first..).map(|(&rate, i)| {
                let error = match self.signal {
                    Signal::Plateaus => post.plateaus[1][i] - post.plateaus[0][i],
                    Signal::Teaching => post.sigmoid[i] - rate,
                    Signal::Backprop => post.backprop_error[i],
                };
                let slope = match self.slope {
                    Slope::Sigmoid => rate * (1.0 - rate),
                    Slope::Constant => 0.25,
                };
                (factor * error * slope) as f32
            }));
        }
    }
}

impl Plasticity for TwoPhase {
    fn change(&self, post: LocalSignals<'_>, pre: LocalSignals<'_>, eta: f64, change: &mut Change) {
        self.errors(post, eta, &mut change.post);
        change.pre.clear();
        change.pre.extend(active(pre.trains.iter().map(|&s| s as f32)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(signal: Signal, slope: Slope, post: LocalSignals<'_>, eta: f64) -> Change {
        let mut change = Change::default();
        let pre = LocalSignals { trains: &[0.1, 0.0], ..LocalSignals::default() };
        TwoPhase { gain: 6.0 / 7.0, signal, slope }.change(post, pre, eta, &mut change);
        change
    }

    /// mean_f U = 0, mean_t sigmoid(U) = 1, s = 0.1, η = 0.1: 20 · 0.1 · (6/7) · 0.5 · 0.25 · 0.1.
    #[test]
    fn the_worked_case_of_an_output_neuron_holds() {
        let post = LocalSignals { v: &[0.0], sigmoid: &[1.0], ..LocalSignals::default() };
        let change = change(Signal::Teaching, Slope::Sigmoid, post, 0.1);
        assert_eq!(change.pre, [(0, 0.1)]);
        let dw = f64::from(change.post[0]) * 0.1;
        assert!((dw - 20.0 * 0.1 * (6.0 / 7.0) * 0.5 * 0.25 * 0.1).abs() < 1e-8);
        assert!((dw - 0.021_429).abs() < 1e-6);
    }

    #[test]
    #[allow(clippy::float_cmp, reason = "no difference, no change")]
    fn a_hidden_neuron_learns_from_the_difference_of_its_plateaus() {
        let post = LocalSignals { v: &[0.0, 0.0], plateaus: [&[0.3, 0.9], &[0.8, 0.9]], ..LocalSignals::default() };
        let change = change(Signal::Plateaus, Slope::Sigmoid, post, 0.21);
        assert!((f64::from(change.post[0]) - 20.0 * 0.21 * (6.0 / 7.0) * 0.5 * 0.25).abs() < 1e-7);
        assert_eq!(change.post[1], 0.0);
    }

    /// At U = 3 the sigmoid's slope is 0.045; a constant one is 0.25 there as everywhere.
    #[test]
    fn a_constant_slope_does_not_fall_with_confidence() {
        let post = LocalSignals { v: &[3.0], sigmoid: &[0.0], ..LocalSignals::default() };
        let of = |slope| f64::from(change(Signal::Teaching, slope, post, 0.1).post[0]);
        let rate = 1.0 / (1.0 + (-3.0_f64).exp());
        assert!((of(Slope::Constant) + 20.0 * 0.1 * (6.0 / 7.0) * rate * 0.25).abs() < 1e-6);
        assert!((of(Slope::Sigmoid) / of(Slope::Constant) - 4.0 * rate * (1.0 - rate)).abs() < 1e-6);
    }
}
