//! e-prop: eligibility propagation.
//!
//! dw_ji/dt = −η L_j(t) e_ji(t), with the learning signal L_j of cell j and the eligibility trace e_ji = φ′(V_j) ε_ji of its synapse from cell i,
//! ε_ji = ∂V_j/∂w_ji the postsynaptic potential: Bellec, Scherr, Subramoney, Hajek, Salaj, Legenstein & Maass (2020), Nature Communications
//! 11:3625, eqs. 1 and 4, and eqs. 22 and 23 for ε and e. L_j is the potential, above that at rest, of a compartment that the rule names, and
//! L_j = Σ_k B_jk (y_k − y*_k) is what projections make of it: B are their weights, symmetric or random. A coupling of 0 keeps L_j from the soma.
//!
//! No grid is needed, for cells fire by thinning: at each candidate spike, drawn at the rate φ_max and kept with probability φ(V)/φ_max =
//! sigmoid((V − V_half)/width), the weight changes by −η L_j φ′(V)/φ_max ε_ji, whether it is kept or not. Its mean is the integral of the
//! equation; none is drawn while the cell is refractory, where the paper's ψ is 0 too.
//!
//! The change is −η times the gradient of ∫ L_j φ(V_j) dt, L_j held fixed: that of the loss where hidden cells drive a readout without memory; among
//! recurrent cells the paths through spikes of other cells are left out, as e-prop has it.
//!
//! What differs from the paper: cells fire at random, and φ′ is the slope of their rate, where the paper's threshold has a pseudo-derivative ψ; no
//! threshold adapts (eqs. 24 and 25); where cells have a reset, ε goes on through it, as the paper's does; and e is not filtered by the
//! kernel of a leaky readout (F_κ, eq. 28), which takes a number of each synapse that is kept from spike to spike. With L slow against
//! the time constant τ_out of the readout, ∫ L (κ ∗ e) dt = τ_out ∫ e (L + τ_out dL/dt + …) dt: η has the factor τ_out, and what is lost
//! is how L changes within τ_out.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    BoundKind, Candidate, CellEvent, OnlineRule, PostEvents, SignalMemory, SpikePairing, SpikeTraces, WeightBounds,
};
use crate::numeric::sigmoid;
use crate::units::{LifTimeConstant, SynapticLearningRate, SynapticWeight};

/// e-prop: dw/dt = −η L φ′(V) ε, of cells of kind "compartments" with an escape rate φ(V), with the learning signal L that is the potential of a
/// compartment above that at rest, and the postsynaptic potential ε of the synapse.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EProp {
    /// Learning rate η [unit of the weight].
    #[serde(with = "SynapticLearningRate")]
    pub eta: f64,
    /// The compartment whose potential is the learning signal, other than the one that fires; a coupling of 0 keeps it from that.
    pub learning_signal: String,
    /// Time constant of the membrane that fires, with which ε decays, τ_m [ms].
    #[serde(default = "tau_m", rename = "tau_m_ms", with = "LifTimeConstant")]
    pub tau_m: f64,
    /// Time constant of the synapse, with which ε rises, τ_s [ms], other than τ_m; without it, an arrival is a jump of V.
    #[serde(default, rename = "tau_s_ms", with = "LifTimeConstant", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<LifTimeConstant>")]
    pub tau_s: Option<f64>,
    /// Smallest weight.
    #[serde(with = "SynapticWeight")]
    pub w_min: f64,
    /// Largest weight.
    #[serde(with = "SynapticWeight")]
    pub w_max: f64,
}

/// That of Bellec et al. (2020).
fn tau_m() -> f64 {
    20.0
}

impl EProp {
    /// The rule with this learning rate and compartment of the learning signal, of weights of either sign up to a size.
    pub fn of(eta: f64, learning_signal: impl Into<String>, largest: f64) -> Self {
        let learning_signal = learning_signal.into();
        Self { eta, learning_signal, tau_m: tau_m(), tau_s: None, w_min: -largest, w_max: largest }
    }

    /// Its bounds.
    pub fn bounds(&self) -> WeightBounds {
        WeightBounds { w_min: self.w_min, w_max: self.w_max, kind: BoundKind::Hard }
    }

    /// What its keys must be to each other.
    pub(super) fn conflict(&self) -> Option<(&'static str, String)> {
        let (m, s) = (self.tau_m, self.tau_s?);
        ((m - s).abs() <= TOO_CLOSE * m)
            .then(|| ("tau_s_ms", format!("expected time constants that differ, found {m} and {s} ms")))
    }
}

/// Relative distance of time constants below which their difference cancels.
const TOO_CLOSE: f64 = 1e-6;

impl OnlineRule for EProp {
    fn traces(&self) -> SpikeTraces {
        let tau_x = [self.tau_m, self.tau_s.unwrap_or(0.0)];
        SpikeTraces { tau_x, tau_y: [0.0; 2], pairing: SpikePairing::AllToAll }
    }

    fn acts_at(&self) -> PostEvents {
        PostEvents::Candidates
    }

    fn reads(&self) -> Option<&str> {
        Some(&self.learning_signal)
    }

    /// −L φ′(V)/φ_max.
    fn signal(&self, event: CellEvent, _: &mut SignalMemory, _: f64) -> f64 {
        let CellEvent::Candidate(Candidate { soma, dendrite, width, .. }) = event else { return 0.0 };
        let share = sigmoid(soma / width);
        -dendrite * share * (1.0 - share) / width
    }

    fn at_arrival(&self, w: f64, _: [f64; 2], _: [f64; 2]) -> f64 {
        w
    }

    fn at_arrivals(&self, _: &mut [f32], _: [f64; 2], _: [&[f64]; 2]) {}

    /// With ε of an impulse, e^(−t/τ_m), or of a current that decays with τ_s into a membrane of leak 1, τ_s/(τ_m − τ_s) (e^(−t/τ_m) − e^(−t/τ_s)).
    #[inline]
    fn at_spike(&self, w: f64, [slow, fast]: [f64; 2], [signal, _]: [f64; 2]) -> f64 {
        let psp = self.tau_s.map_or(slow, |tau_s| tau_s / (self.tau_m - tau_s) * (slow - fast));
        self.bounds().moved(w, self.eta * signal * psp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(tau_s: Option<f64>) -> EProp {
        EProp { tau_m: 10.0, tau_s, ..EProp::of(3.0, "teacher", 100.0) }
    }

    /// In 1 ms there are φ_max candidates on average; φ′ as a difference quotient.
    #[test]
    fn the_mean_signal_is_the_learning_signal_times_the_slope_of_the_rate() {
        for (soma, dendrite, rate_max) in [(-4.0, 2.5, 0.05), (0.5, -1.5, 0.4), (7.0, 8.0, 0.2)] {
            let phi = |v: f64| rate_max / (1.0 + (-v / 3.0).exp());
            let wanted = -dendrite * (phi(soma + 1e-4) - phi(soma - 1e-4)) / 2e-4;
            for fires in [0.0, 1.0] {
                let of = Candidate { fires, soma, dendrite, attenuation: 0.0, rest: -9.0, width: 3.0, rate_max };
                let found = rate_max * rule(None).signal(CellEvent::Candidate(of), &mut [0.0; 2], 0.0);
                assert!((found - wanted).abs() < 1e-9, "{found} for {wanted}");
            }
        }
    }

    /// The potential of a membrane, by small steps: after a jump, and driven by a current that decays.
    #[test]
    fn a_signal_acts_by_the_postsynaptic_potential() {
        let (mut jumped, mut driven, mut current, dt) = (1.0, 0.0, 1.0, 1e-4);
        for _ in 0..80_000 {
            let middle = current * (-0.5 * dt / 3.0_f64).exp();
            jumped -= dt * jumped / 10.0;
            driven += dt * (middle - driven) / 10.0;
            current *= (-dt / 3.0_f64).exp();
        }
        let x = [10.0, 3.0].map(|tau: f64| (-8.0 / tau).exp());
        for (tau_s, psp) in [(None, jumped), (Some(3.0), driven)] {
            let found = rule(tau_s).at_spike(1.0, x, [0.25, 0.0]);
            assert!((found - (1.0 + 3.0 * 0.25 * psp)).abs() < 1e-5, "{found}, {psp}");
        }
        assert!((rule(None).at_spike(99.9, x, [5.0, 0.0]) - 100.0).abs() < 1e-12, "hard bounds");
        assert!(rule(Some(10.0)).conflict().is_some() && rule(Some(3.0)).conflict().is_none());
        assert!(rule(None).conflict().is_none());
    }
}
