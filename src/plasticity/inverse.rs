//! Feedback weights that make a plateau equal to the rate of its neuron.

use super::{BoundaryRule, LocalSignals, Measurement, Measurements, Quantity, RateCurve, WeightUpdate};
use crate::numeric::sigmoid;

/// dY_io = η (φ_max sigmoid(mean_f V_i) − α_f,i) sigmoid'(mean_f A_i) mean_f s_o, with α_f = sigmoid(mean_f A).
///
/// From the code of Guerguiev, Lillicrap & Richards (2017), which never calls it. It compares a rate [1/ms] with a plateau
/// (0 to 1).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inverse {
    /// Largest firing rate of the postsynaptic neurons [1/ms].
    pub phi_max: f64,
    /// Their rate over φ_max, where sigmoid(V) stands.
    pub curve: RateCurve,
}

/// The forward phase.
const FORWARD: usize = 0;

impl BoundaryRule for Inverse {
    fn measurements(&self) -> Measurements {
        let [v, plateau, train] = [Quantity::Potential, Quantity::Plateau, Quantity::Train]
            .map(|quantity| Measurement::Phase(quantity, FORWARD));
        Measurements { post: vec![v, plateau], pre: vec![train] }
    }

    fn change(&self, post: LocalSignals<'_>, pre: LocalSignals<'_>, eta: f64, change: &mut WeightUpdate) {
        let forward = post.phase(FORWARD);
        let RateCurve { threshold, width } = self.curve;
        let term = change.add_term();
        term.set_post(forward.v.iter().zip(forward.plateau).map(|(&v, &alpha)| {
            let error = self.phi_max * sigmoid((v - threshold) / width) - alpha;
            eta * error * alpha * (1.0 - alpha)
        }));
        term.set_pre(pre.phase(FORWARD).train.iter().copied());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plasticity::PhaseSignals;

    /// V = 0, φ_max = 0.2, α = 0.5, s = 0.1, η = 1: (0.1 − 0.5) 0.25 · 0.1.
    #[test]
    fn the_inverse_rule_brings_a_plateau_to_the_rate() {
        let post = [PhaseSignals { v: &[0.0], plateau: &[0.5], ..PhaseSignals::default() }];
        let pre = [PhaseSignals { train: &[0.1], ..PhaseSignals::default() }];
        let signals = |phases| LocalSignals { size: 1, phases, ..LocalSignals::default() };
        let mut change = WeightUpdate::default();
        Inverse { phi_max: 0.2, curve: RateCurve::default() }.change(signals(&post), signals(&pre), 1.0, &mut change);
        let term = &change.terms()[0];
        assert!((f64::from(term.post[0] * term.pre[0].1) + 0.4 * 0.25 * 0.1).abs() < 1e-9);
    }
}
