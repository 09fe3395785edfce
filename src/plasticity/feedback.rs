//! Rules of feedback weights, those of synapses on apical dendrites.

use super::{Change, LocalSignals, Plasticity, TwoPhase, active};
use crate::numeric::sigmoid;

/// dY_io = η s̄_i e_o, the change of the feedforward synapse from neuron i to neuron o apart from the two learning rates: feedback
/// aligns with feedforward weights as these grow. There is no weight decay, so differences of the initial values remain.
///
/// Kolen & Pollack (1994), Backpropagation without weight transport, Proc. ICNN 3:1375. Both factors are available at the
/// synapse of the axon of o on the apical dendrite of i.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mirror {
    /// The rule of the feedforward synapses, whose postsynaptic factor is e_o.
    pub error: TwoPhase,
}

impl Plasticity for Mirror {
    fn change(&self, post: LocalSignals<'_>, pre: LocalSignals<'_>, eta: f64, change: &mut Change) {
        self.error.errors(pre, eta, &mut change.post);
        change.pre.clear();
        change.pre.extend(active(change.post.iter().copied()));
        change.post.clear();
        change.post.extend(post.trains.iter().map(|&s| s as f32));
    }
}

/// dY_io = η (φ_max sigmoid(mean_f V_i) − α_f,i) sigmoid'(mean_f A_i) mean_f s_o, with α_f = sigmoid(mean_f A).
///
/// From the code of Guerguiev, Lillicrap & Richards (2017), which never calls it. It compares a rate [1/ms] with a plateau
/// (0 to 1).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inverse {
    /// Largest firing rate of the postsynaptic neurons [1/ms].
    pub phi_max: f64,
}

impl Plasticity for Inverse {
    fn change(&self, post: LocalSignals<'_>, pre: LocalSignals<'_>, eta: f64, change: &mut Change) {
        change.post.clear();
        change.post.extend(post.v.iter().zip(post.plateaus[0]).map(|(&v, &alpha)| {
            let error = self.phi_max * sigmoid(v) - alpha;
            (eta * error * alpha * (1.0 - alpha)) as f32
        }));
        change.pre.clear();
        change.pre.extend(active(pre.trains.iter().map(|&s| s as f32)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Slope;
    use crate::plasticity::Signal;

    /// The change of the feedback weight from o to i is that of the feedforward weight from i to o.
    #[test]
    fn a_mirrored_synapse_changes_as_its_twin_does() {
        let forward = TwoPhase { gain: 0.9, signal: Signal::Teaching, slope: Slope::Sigmoid };
        let hidden = LocalSignals { trains: &[0.1, 0.0, 0.02], ..LocalSignals::default() };
        let output = LocalSignals { v: &[-1.0, 0.5], sigmoid: &[0.9, 0.1], ..LocalSignals::default() };
        let (mut weights, mut feedback) = (Change::default(), Change::default());
        forward.change(output, hidden, 0.3, &mut weights);
        Mirror { error: forward }.change(hidden, output, 0.3, &mut feedback);
        for &(i, s) in &weights.pre {
            for &(o, e) in &feedback.pre {
                let (there, back) = (weights.post[o as usize] * s, e * feedback.post[i as usize]);
                assert!(there != 0.0 && (there - back).abs() < 1e-9, "{o} and {i}: {there} and {back}");
            }
        }
    }

    /// V = 0, φ_max = 0.2, α = 0.5, s = 0.1, η = 1: (0.1 − 0.5) 0.25 · 0.1.
    #[test]
    fn the_inverse_rule_brings_a_plateau_to_the_rate() {
        let (post, pre) = (LocalSignals { v: &[0.0], plateaus: [&[0.5], &[]], ..LocalSignals::default() }, [0.1]);
        let mut change = Change::default();
        Inverse { phi_max: 0.2 }.change(
            post,
            LocalSignals { trains: &pre, ..LocalSignals::default() },
            1.0,
            &mut change,
        );
        assert!((f64::from(change.post[0] * change.pre[0].1) + 0.4 * 0.25 * 0.1).abs() < 1e-9);
    }
}
