//! Equilibrium propagation, and contrastive Hebbian learning as its limit.
//!
//! States s of hidden and output units lie in 0 … 1 and relax down the energy E = Σ s²/2 − Σ W s s − Σ b s, inputs held:
//! ds/dt = z − s with z_l = W_l s_{l−1} + W_{l+1}ᵀ s_{l+1} + b_l, cut to 0 … 1 (ρ is the hard sigmoid). First freely, to
//! s⁰; then, from there, with the output drawn to what is wanted by β (t − s), to s^β. Then
//! ΔW_l = (η/β) (s_l^β s_{l−1}^βᵀ − s_l⁰ s_{l−1}⁰ᵀ), which tends to the descent of |s − t|²/2 at the free fixed point as
//! β → 0. Scellier & Bengio (2016/17), equilibrium propagation.
//!
//! As β → ∞ the output is held at t, and ΔW = η (s sᵀ clamped − s sᵀ free) is contrastive Hebbian learning.

use ndarray::Array2;

use crate::numeric::Purpose;
use crate::rate::draws::{stream_of, uses};
use crate::rate::{Batch, Dense, Layer, RateRule};

/// The rule, for networks of [`crate::rate::Activation::HardSigmoid`] throughout.
#[derive(Clone, Copy, Debug)]
pub struct Equilibrium {
    /// Strength β of the nudge, above −1; infinite: the output is clamped, and the change is not divided by β.
    pub beta: f64,
    /// Whether β changes sign from batch to batch.
    pub sign: NudgeSign,
    /// Steps of the free relaxation.
    pub free_steps: usize,
    /// Steps of the nudged relaxation.
    pub nudged_steps: usize,
    /// Length ε of a step.
    pub epsilon: f64,
    /// Seed of the signs.
    pub seed: u64,
    /// Batches presented.
    pub shown: u64,
}

/// The sign of the nudge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NudgeSign {
    /// That of β.
    Fixed,
    /// Drawn for every batch.
    Random,
}

/// What draws the output, and how strongly.
#[derive(Clone, Copy, Debug)]
struct Nudge<'a> {
    targets: &'a Array2<f64>,
    beta: f64,
}

impl Nudge<'_> {
    /// β/(1 + β), the weight of the target in the output's fixed point (z + β t)/(1 + β).
    fn weight(self) -> f64 {
        if self.beta.is_infinite() { 1.0 } else { self.beta / (1.0 + self.beta) }
    }
}

impl RateRule for Equilibrium {
    fn present(&mut self, network: &Dense, batch: &Batch) -> Vec<Layer> {
        let mut stream = stream_of(self.seed, Purpose::Rate(uses::NOISE), self.shown);
        self.shown += 1;
        let flip = self.sign == NudgeSign::Random && stream.unit() < 0.5;
        let beta = if flip { -self.beta } else { self.beta };
        let free = self.relax(network, &batch.inputs, None, None);
        let nudge = Nudge { targets: &batch.targets, beta };
        let nudged = self.relax(network, &batch.inputs, Some(&free), Some(nudge));
        let factor = if beta.is_infinite() { 1.0 } else { 1.0 / beta };
        contrast(&batch.inputs, &free, &nudged, factor)
    }

    fn respond(&self, network: &Dense, inputs: &Array2<f64>) -> Vec<Array2<f64>> {
        self.relax(network, inputs, None, None)
    }
}

impl Equilibrium {
    /// States of the layers after relaxing from `start`, or from 0, [batch, units] each.
    fn relax(
        &self,
        network: &Dense,
        inputs: &Array2<f64>,
        start: Option<&[Array2<f64>]>,
        nudge: Option<Nudge<'_>>,
    ) -> Vec<Array2<f64>> {
        let from_inputs = network.layers[0].drive(inputs);
        let rest = || network.layers.iter().map(|layer| Array2::zeros((inputs.nrows(), layer.biases.len()))).collect();
        let mut s = start.map_or_else(rest, <[_]>::to_vec);
        for _ in 0..if nudge.is_some() { self.nudged_steps } else { self.free_steps } {
            s = self.step(network, &from_inputs, &s, nudge);
        }
        s
    }

    /// One step of all layers at once.
    fn step(
        &self,
        network: &Dense,
        from_inputs: &Array2<f64>,
        s: &[Array2<f64>],
        nudge: Option<Nudge<'_>>,
    ) -> Vec<Array2<f64>> {
        let top = s.len() - 1;
        let layer = |l: usize| {
            let mut z = if l == 0 { from_inputs.clone() } else { network.layers[l].drive(&s[l - 1]) };
            let mut epsilon = self.epsilon;
            if l < top {
                z += &s[l + 1].dot(&network.layers[l + 1].weights);
            } else if let Some(nudge) = nudge {
                // ε (z − s) + ε β (t − s) = ε (1 + β) ((z + β t)/(1 + β) − s), cut to 1 so that a large β clamps.
                z = &z + &((nudge.targets - &z) * nudge.weight());
                epsilon = (epsilon * (1.0 + nudge.beta)).min(1.0);
            }
            z.zip_mut_with(&s[l], |z, &s| *z = (s + epsilon * (*z - s)).clamp(0.0, 1.0));
            z
        };
        (0..=top).map(layer).collect()
    }
}

/// `factor` times the mean over the batch of s_l s_{l−1}ᵀ, nudged less free.
fn contrast(inputs: &Array2<f64>, free: &[Array2<f64>], nudged: &[Array2<f64>], factor: f64) -> Vec<Layer> {
    let layer = |l: usize| {
        if l == 0 {
            return Layer::outer(&((&nudged[0] - &free[0]) * factor), inputs);
        }
        let mut change = Layer::outer(&(&nudged[l] * factor), &nudged[l - 1]);
        change.add(-1.0, &Layer::outer(&(&free[l] * factor), &free[l - 1]));
        change
    };
    (0..free.len()).map(layer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rate::fixtures::{flat, matrix, relative_difference};
    use crate::rate::{Activation, Readout};

    const STEPS: usize = 300;

    /// A network whose fixed points lie between 0 and 1, so that no unit crosses a kink.
    fn setting() -> (Dense, Batch) {
        let f = Activation::HardSigmoid;
        let mut network = Dense::new(&[4, 5, 4, 3], f, Readout::Squared(f), 1);
        network.layers.iter_mut().for_each(|layer| layer.scale(0.2));
        network.layers.iter_mut().for_each(|layer| layer.biases += 0.45);
        let inputs = matrix((6, 4), 3).mapv(f64::abs);
        let targets = matrix((6, 3), 4).mapv(|x| 0.5 + 0.4 * x);
        (network, Batch { inputs, targets })
    }

    fn rule(beta: f64) -> Equilibrium {
        let (free_steps, nudged_steps) = (STEPS, STEPS);
        Equilibrium { beta, sign: NudgeSign::Fixed, free_steps, nudged_steps, epsilon: 0.5, seed: 1, shown: 0 }
    }

    /// Minus the gradient of the mean of |s − t|²/2 after the free relaxation, by backpropagation through its steps.
    fn descent_through_relaxation(network: &Dense, batch: &Batch) -> Vec<Layer> {
        let (rule, top) = (rule(1.0), network.layers.len() - 1);
        let from_inputs = network.layers[0].drive(&batch.inputs);
        let mut states = vec![rule.relax(network, &batch.inputs, None, None)];
        states[0].iter_mut().for_each(|s| s.fill(0.0));
        for t in 0..STEPS {
            states.push(rule.step(network, &from_inputs, &states[t], None));
        }
        assert!(states[STEPS].iter().flatten().all(|s| (0.01..0.99).contains(s)), "a unit at its kink");
        let zeros = |s: &[Array2<f64>]| s.iter().map(|s| Array2::zeros(s.dim())).collect::<Vec<Array2<f64>>>();
        let mut error = zeros(&states[0]);
        error[top] = &states[STEPS][top] - &batch.targets;
        let mut change: Vec<Layer> =
            network.layers.iter().map(|l| Layer::zeros(l.weights.nrows(), l.weights.ncols())).collect();
        for s in states[..STEPS].iter().rev() {
            let mut before = zeros(s);
            for l in 0..=top {
                let moved = &error[l] * rule.epsilon;
                before[l] += &(&error[l] * (1.0 - rule.epsilon));
                change[l].add(-1.0, &Layer::outer(&moved, if l == 0 { &batch.inputs } else { &s[l - 1] }));
                if l > 0 {
                    before[l - 1] += &moved.dot(&network.layers[l].weights);
                }
                if l < top {
                    before[l + 1] += &moved.dot(&network.layers[l + 1].weights.t());
                    // The weights between l and l + 1 drive l, too, from above.
                    change[l + 1].weights -= &(s[l + 1].t().dot(&moved) / moved.nrows() as f64);
                }
            }
            error = before;
        }
        change
    }

    #[test]
    fn the_change_tends_to_backprop_through_the_relaxation_in_a_straight_line() {
        let (network, batch) = setting();
        let exact = flat(&descent_through_relaxation(&network, &batch));
        let off =
            [0.04, 0.02, 0.01].map(|beta| relative_difference(&flat(&rule(beta).present(&network, &batch)), &exact));
        assert!(off[2] < 0.02, "{off:?}");
        // Halves with β, up to the next order, which is of the size of β itself.
        for (larger, smaller) in [(off[0], off[1]), (off[1], off[2])] {
            assert!((larger / smaller - 2.0).abs() < 0.1, "{off:?}");
        }
    }

    #[test]
    fn contrastive_hebbian_learning_is_the_limit_of_a_strong_nudge() {
        let (network, batch) = setting();
        let clamped = flat(&rule(f64::INFINITY).present(&network, &batch));
        let off = [1e2, 1e3, 1e4].map(|beta| {
            let scaled: Vec<f64> = flat(&rule(beta).present(&network, &batch)).iter().map(|x| x * beta).collect();
            relative_difference(&scaled, &clamped)
        });
        assert!(off[2] < 1e-3, "{off:?}");
        assert!(off[0] / off[1] > 8.0 && off[1] / off[2] > 8.0, "{off:?}");
    }

    #[test]
    fn a_clamped_output_is_what_is_wanted() {
        let (network, batch) = setting();
        let nudge = Nudge { targets: &batch.targets, beta: f64::INFINITY };
        let states = rule(f64::INFINITY).relax(&network, &batch.inputs, None, Some(nudge));
        assert!((&states[2] - &batch.targets).iter().all(|x| x.abs() < 1e-12));
    }

    /// A nudge of random sign is right up to O(β²) in the mean of both signs: it falls four times as β halves.
    #[test]
    fn the_mean_over_both_signs_is_right_to_the_second_order() {
        let (network, batch) = setting();
        let exact = flat(&descent_through_relaxation(&network, &batch));
        let off = [0.1, 0.05].map(|beta| {
            let [up, down] = [beta, -beta].map(|beta| flat(&rule(beta).present(&network, &batch)));
            let mean: Vec<f64> = up.iter().zip(&down).map(|(up, down)| 0.5 * (up + down)).collect();
            relative_difference(&mean, &exact)
        });
        assert!((off[0] / off[1] - 4.0).abs() < 0.2, "{off:?}");
    }
}
