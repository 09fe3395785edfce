//! Two phases, plateau differences: Guerguiev, Lillicrap & Richards (2017), eLife 6:e22901, Methods.

use super::{Change, Plasticity, Postsynaptic};
use crate::math::sigmoid_all;

/// The authors' factors 20/phi_max and 20/phi_max² (times rates of up to phi_max), less the phi_max they cancel.
const GAIN: f64 = 20.0;

/// Neurons whose sigmoids are computed at once.
const CHUNK: usize = 64;

/// dW_ij = 20 η k e_i sigmoid'(mean_f V_i) mean_f s_j, with the presynaptic factor 1 for the biases.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TwoPhase {
    /// Steady-state gain from dendrite to soma: k_b = g_b/(g_l + g_b + g_a), or k_d = g_d/(g_l + g_d).
    pub gain: f64,
    /// Where the error comes from.
    pub signal: Signal,
}

/// The error e_i that a neuron finds at itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Hidden: α_t − α_f, between the plateaus of the two phases.
    Plateaus,
    /// Output: mean_t sigmoid(U) − sigmoid(mean_f U), what teaching made of it against what it did alone.
    Teaching,
}

impl Plasticity for TwoPhase {
    fn change(&self, post: Postsynaptic<'_>, trains: &[f64], eta: f64, change: &mut Change) {
        let factor = GAIN * eta * self.gain;
        change.post.clear();
        for (first, v) in (0..).step_by(CHUNK).zip(post.v.chunks(CHUNK)) {
            let mut rates = [0.0; CHUNK];
            rates[..v.len()].copy_from_slice(v);
            sigmoid_all(&mut rates[..v.len()]);
            change.post.extend(rates[..v.len()].iter().zip(first..).map(|(&rate, i)| {
                let error = match self.signal {
                    Signal::Plateaus => post.plateaus[1][i] - post.plateaus[0][i],
                    Signal::Teaching => post.sigmoid[i] - rate,
                };
                (factor * error * rate * (1.0 - rate)) as f32
            }));
        }
        change.pre.clear();
        let active = trains.iter().enumerate().filter(|&(_, &s)| s != 0.0);
        change.pre.extend(active.map(|(j, &s)| (j as u32, s as f32)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(signal: Signal, post: Postsynaptic<'_>, eta: f64) -> Change {
        let mut change = Change::default();
        TwoPhase { gain: 6.0 / 7.0, signal }.change(post, &[0.1, 0.0], eta, &mut change);
        change
    }

    /// mean_f U = 0, mean_t sigmoid(U) = 1, s = 0.1, η = 0.1: 20 · 0.1 · (6/7) · 0.5 · 0.25 · 0.1.
    #[test]
    fn the_worked_case_of_an_output_neuron_holds() {
        let post = Postsynaptic { v: &[0.0], sigmoid: &[1.0], ..Postsynaptic::default() };
        let change = change(Signal::Teaching, post, 0.1);
        assert_eq!(change.pre, [(0, 0.1)]);
        let dw = f64::from(change.post[0]) * 0.1;
        assert!((dw - 20.0 * 0.1 * (6.0 / 7.0) * 0.5 * 0.25 * 0.1).abs() < 1e-8);
        assert!((dw - 0.021_429).abs() < 1e-6);
    }

    #[test]
    #[allow(clippy::float_cmp, reason = "no difference, no change")]
    fn a_hidden_neuron_learns_from_the_difference_of_its_plateaus() {
        let post = Postsynaptic { v: &[0.0, 0.0], plateaus: [&[0.3, 0.9], &[0.8, 0.9]], ..Postsynaptic::default() };
        let change = change(Signal::Plateaus, post, 0.21);
        assert!((f64::from(change.post[0]) - 20.0 * 0.21 * (6.0 / 7.0) * 0.5 * 0.25).abs() < 1e-7);
        assert_eq!(change.post[1], 0.0);
    }
}
