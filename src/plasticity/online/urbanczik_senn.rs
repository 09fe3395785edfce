//! Learning by the dendritic prediction of somatic spiking.
//!
//! dw/dt = η (S(t) − φ(V*(t))) h(V*(t)) PSP(t), with S the spikes of the soma, V* the potential of the soma that the dendrite predicts,
//! h = φ′/φ and PSP the postsynaptic potential of the synapse: Urbanczik & Senn (2014), Neuron 81:521, eqs. 1 to 3. V* − rest is
//! g_D/(g_D + g_L) of the dendrite's deviation from rest.
//!
//! No grid is needed, for cells fire by thinning: at each candidate spike, drawn at the rate φ_max and kept with probability
//! φ(V)/φ_max = sigmoid((V − V_half)/width), the weight changes by η (kept − φ(V*)/φ_max) h(V*) PSP, kept 1 or 0. Its mean is the
//! integral of the equation. The paper's φ(u) = φ_max/(1 + k e^{β(θ − u)}) is this sigmoid with V_half = θ + ln(k)/β and width 1/β, so that h =
//! (1 − sigmoid)/width. PSP(t) = τ_s/(τ_L − τ_s) Σ (e^{−(t − t_a)/τ_L} − e^{−(t − t_a)/τ_s}) over arrivals t_a: what a current that jumps by 1 and decays
//! with τ_s makes of a membrane of time constant τ_L and leak 1.
//!
//! What differs from the paper: changes are made at once, not low-pass filtered by 100 ms; the soma acts back on the dendrite by the
//! coupling of the compartments.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    BoundKind, Candidate, CellEvent, OnlineRule, PostEvents, SignalMemory, SpikePairing, SpikeTraces, WeightBounds,
};
use crate::numeric::sigmoid;
use crate::units::{Fraction, LifTimeConstant, SynapticLearningRate, SynapticWeight};

/// Learning by the dendritic prediction of somatic spiking: dw/dt = η (S − φ(V*)) h(V*) PSP, of cells of kind "compartments" with an escape
/// rate; its PSP is that of the two time constants.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UrbanczikSenn {
    /// Learning rate η [unit of the weight times mV].
    #[serde(with = "SynapticLearningRate")]
    pub eta: f64,
    /// Time constant of the decay of the PSP, τ_L [ms].
    #[serde(default = "tau_l", rename = "tau_l_ms", with = "LifTimeConstant")]
    pub tau_l: f64,
    /// Time constant of the rise of the PSP, τ_s [ms], other than τ_L.
    #[serde(default = "tau_s", rename = "tau_s_ms", with = "LifTimeConstant")]
    pub tau_s: f64,
    /// The part of the dendrite's deviation from rest that V* has; without it g_D/(g_D + g_L) of the soma, with all its conductances. It is
    /// larger where some of g_L stands for a conductance that teaches.
    #[serde(default, with = "Fraction", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Fraction>")]
    pub attenuation: Option<f64>,
    /// Smallest weight.
    #[serde(default, with = "SynapticWeight")]
    pub w_min: f64,
    /// Largest weight.
    #[serde(with = "SynapticWeight")]
    pub w_max: f64,
}

/// Those of Urbanczik & Senn (2014).
fn tau_l() -> f64 {
    10.0
}

fn tau_s() -> f64 {
    3.0
}

impl UrbanczikSenn {
    /// The rule with the time constants of Urbanczik & Senn (2014), and this learning rate and largest weight.
    pub fn of(eta: f64, w_max: f64) -> Self {
        Self { eta, tau_l: tau_l(), tau_s: tau_s(), attenuation: None, w_min: 0.0, w_max }
    }

    /// Its bounds.
    pub fn bounds(&self) -> WeightBounds {
        WeightBounds { w_min: self.w_min, w_max: self.w_max, kind: BoundKind::Hard }
    }

    /// What its keys must be to each other.
    pub(super) fn conflict(&self) -> Option<(&'static str, String)> {
        let (l, s) = (self.tau_l, self.tau_s);
        ((l - s).abs() <= TOO_CLOSE * l)
            .then(|| ("tau_s_ms", format!("expected time constants that differ, found {l} and {s} ms")))
    }
}

/// Relative distance of time constants below which their difference cancels.
const TOO_CLOSE: f64 = 1e-6;

impl OnlineRule for UrbanczikSenn {
    fn traces(&self) -> SpikeTraces {
        SpikeTraces { tau_x: [self.tau_l, self.tau_s], tau_y: [0.0; 2], pairing: SpikePairing::AllToAll }
    }

    fn acts_at(&self) -> PostEvents {
        PostEvents::Candidates
    }

    /// (kept − φ(V*)/φ_max) h(V*) [1/mV].
    fn signal(&self, event: CellEvent, _: &mut SignalMemory, _: f64) -> f64 {
        let CellEvent::Candidate(Candidate { fires, dendrite, attenuation, rest, width, .. }) = event else {
            return 0.0;
        };
        let predicted = sigmoid((rest + self.attenuation.unwrap_or(attenuation) * dendrite) / width);
        (fires - predicted) * (1.0 - predicted) / width
    }

    fn at_arrival(&self, w: f64, _: [f64; 2], _: [f64; 2]) -> f64 {
        w
    }

    fn at_arrivals(&self, _: &mut [f32], _: [f64; 2], _: [&[f64]; 2]) {}

    #[inline]
    fn at_spike(&self, w: f64, [slow, fast]: [f64; 2], [signal, _]: [f64; 2]) -> f64 {
        let psp = self.tau_s / (self.tau_l - self.tau_s) * (slow - fast);
        self.bounds().moved(w, self.eta * signal * psp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: UrbanczikSenn =
        UrbanczikSenn { eta: 3.0, tau_l: 10.0, tau_s: 3.0, attenuation: None, w_min: -100.0, w_max: 100.0 };

    fn phi(v: f64) -> f64 {
        1.0 / (1.0 + (-v).exp())
    }

    /// Its mean over candidates, with h as a difference quotient of ln φ.
    #[test]
    fn the_mean_signal_is_the_error_of_the_rate_times_the_slope_of_its_logarithm() {
        for (dendrite, soma) in [(-12.0, -66.0), (3.0, -58.0), (20.0, -49.0), (9.0, -56.5)] {
            let of = |fires| Candidate {
                fires,
                soma: soma + 56.0,
                dendrite,
                attenuation: 0.8,
                rest: -14.0,
                width: 3.0,
                rate_max: 0.15,
            };
            let signal = |fires| RULE.signal(CellEvent::Candidate(of(fires)), &mut [0.0; 2], 0.0);
            // V_half is −56 mV, the soma rests at −70 mV.
            let kept = phi((soma + 56.0) / 3.0);
            let predicted = -70.0 + 0.8 * dendrite;
            let log = |v: f64| phi((v + 56.0) / 3.0).ln();
            let h = (log(predicted + 1e-4) - log(predicted - 1e-4)) / 2e-4;
            let wanted = (kept - phi((predicted + 56.0) / 3.0)) * h;
            let found = kept * signal(1.0) + (1.0 - kept) * signal(0.0);
            assert!((found - wanted).abs() < 1e-8, "{found} for {wanted}");
            let own = UrbanczikSenn { attenuation: Some(0.8), ..RULE };
            let other = CellEvent::Candidate(Candidate { attenuation: 0.3, ..of(1.0) });
            assert!((own.signal(other, &mut [0.0; 2], 0.0) - signal(1.0)).abs() < 1e-15);
        }
    }

    /// The potential of a membrane of leak 1 and time constant τ_L, driven by a current that decays with τ_s, by small steps.
    #[test]
    fn a_signal_acts_by_the_postsynaptic_potential() {
        let (mut v, mut current, dt) = (0.0, 1.0, 1e-4);
        for _ in 0..80_000 {
            let middle = current * (-0.5 * dt / 3.0_f64).exp();
            v += dt * (middle - v) / 10.0;
            current *= (-dt / 3.0_f64).exp();
        }
        let x = [10.0, 3.0].map(|tau: f64| (-8.0 / tau).exp());
        let found = RULE.at_spike(1.0, x, [0.25, 0.0]);
        assert!((found - (1.0 + 3.0 * 0.25 * v)).abs() < 1e-5, "{found}, {v}");
        assert!((RULE.at_spike(99.9, x, [5.0, 0.0]) - 100.0).abs() < 1e-12, "hard bounds");
        assert!(UrbanczikSenn { tau_s: 10.0, ..RULE }.conflict().is_some() && RULE.conflict().is_none());
    }
}
