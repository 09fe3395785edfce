//! Interneurons that learn to cancel what reaches a dendrite.
//!
//! dw/dt = η (v_rest − v(t)) x(t), with v the potential of the dendrite that the synapse ends on and x the rate of arrivals: Sacramento, Costa,
//! Bengio & Senn (2018), NeurIPS 31:8721, eq. 9, there of synapses from interneurons onto apical dendrites of pyramidal cells and with r, the
//! rate of the interneuron. x(t) = Σ e^{−(t − t_a)/τ_x}/τ_x over arrivals t_a [1/ms]. Weights take both signs, as the paper's do: what they
//! have to cancel may excite or inhibit.
//!
//! No grid is needed, for cells fire by thinning: at each candidate spike, drawn at the rate φ_max whatever the potential is, the weight changes
//! by −(η/φ_max) (v − v_rest) x. Its mean is the integral of the equation; none is drawn while the cell is refractory.
//!
//! What differs from the paper: changes are made at once, not low-pass filtered; and an arrival is a spike, which moves v by itself. Changes so
//! have w times the covariance of x with its own response in v beside the product of means, in which the paper's rates have no part: it makes
//! weights decay, the less the larger the rates are, and the shorter τ_x is beside the rise of that response, or the longer beside its decay.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    BoundKind, Candidate, CellEvent, OnlineRule, PostEvents, SignalMemory, SpikePairing, SpikeTraces, WeightBounds,
};
use crate::units::{LifTimeConstant, SynapticLearningRate, SynapticWeight};

/// Interneuron gating: dw/dt = η (v_rest − v) x, with v the potential of the dendrite that the synapse ends on, of cells of kind "compartments"
/// with an escape rate, and x the rate of arrivals.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InterneuronGating {
    /// Learning rate η [unit of the weight per mV].
    #[serde(with = "SynapticLearningRate")]
    pub eta: f64,
    /// Time constant over which arrivals are averaged, τ_x [ms].
    #[serde(default = "tau_x", rename = "tau_x_ms", with = "LifTimeConstant")]
    pub tau_x: f64,
    /// Smallest weight, below zero where what is to be cancelled excites.
    #[serde(with = "SynapticWeight")]
    pub w_min: f64,
    /// Largest weight.
    #[serde(with = "SynapticWeight")]
    pub w_max: f64,
}

fn tau_x() -> f64 {
    100.0
}

impl InterneuronGating {
    /// The rule with this learning rate, of weights of either sign up to a size.
    pub fn of(eta: f64, largest: f64) -> Self {
        Self { eta, tau_x: tau_x(), w_min: -largest, w_max: largest }
    }

    /// Its bounds.
    pub fn bounds(&self) -> WeightBounds {
        WeightBounds { w_min: self.w_min, w_max: self.w_max, kind: BoundKind::Hard }
    }
}

impl OnlineRule for InterneuronGating {
    fn traces(&self) -> SpikeTraces {
        SpikeTraces { tau_x: [self.tau_x, 0.0], tau_y: [0.0; 2], pairing: SpikePairing::AllToAll }
    }

    fn acts_at(&self) -> PostEvents {
        PostEvents::Candidates
    }

    /// (v_rest − v)/φ_max [mV ms].
    fn signal(&self, event: CellEvent, _: &mut SignalMemory, _: f64) -> f64 {
        let CellEvent::Candidate(Candidate { dendrite, rate_max, .. }) = event else { return 0.0 };
        -dendrite / rate_max
    }

    fn at_arrival(&self, w: f64, _: [f64; 2], _: [f64; 2]) -> f64 {
        w
    }

    fn at_arrivals(&self, _: &mut [f32], _: [f64; 2], _: [&[f64]; 2]) {}

    #[inline]
    fn at_spike(&self, w: f64, [x, _]: [f64; 2], [signal, _]: [f64; 2]) -> f64 {
        self.bounds().moved(w, self.eta * signal * x / self.tau_x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: InterneuronGating = InterneuronGating { eta: 3.0, tau_x: 40.0, w_min: -9.0, w_max: 2.0 };

    /// In 1 ms there are φ_max candidates on average.
    #[test]
    fn candidates_of_any_rate_change_a_weight_alike_per_time() {
        for (rate_max, fires) in [(0.05, 0.0), (0.4, 1.0)] {
            let candidate =
                Candidate { fires, soma: 1.0, dendrite: -0.5, attenuation: 0.5, rest: -9.0, width: 3.0, rate_max };
            let signal = RULE.signal(CellEvent::Candidate(candidate), &mut [0.0; 2], 0.0);
            let change = RULE.at_spike(-8.0, [4.0, 0.0], [signal, 0.0]) + 8.0;
            // 0.5 mV below rest, and 4 arrivals in 40 ms.
            assert!((rate_max * change - 3.0 * 0.5 * 0.1).abs() < 1e-12, "{change}");
        }
        let ends = [-100.0, 100.0].map(|signal| RULE.at_spike(-8.0, [4.0, 0.0], [signal, 0.0]).to_bits());
        assert_eq!(ends, [-9.0_f64, 2.0].map(f64::to_bits), "hard bounds");
    }
}
