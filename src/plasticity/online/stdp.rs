//! Spike-timing-dependent plasticity of pairs of spikes.
//!
//! With Δt = t_post − t_arrival of a pair, Δw/(w_max − w_min) = A₊ e^{−Δt/τ₊} for Δt > 0, −A₋ e^{Δt/τ₋} for Δt < 0, and 0 for Δt = 0; all pairs
//! add up, or those with the nearest earlier spike alone. Song, Miller & Abbott (2000), Nature Neuroscience 3:919, whose weights are
//! conductances from 0 to ḡ_max with hard bounds, A₊ = 0.005, A₋ = 1.05 A₊, τ₊ = τ₋ = 20 ms. With soft bounds the distance to the bound ahead
//! takes the place of w_max − w_min: van Rossum, Bi & Turrigiano (2000), J Neurosci 20:8812, for depression; Rubin, Lee & Sompolinsky (2001),
//! Phys Rev Lett 86:364, for both.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{BoundKind, OnlineRule, SpikePairing, SpikeTraces, WeightBounds};
use crate::units::{LifTimeConstant, Share, SynapticWeight};

/// Plasticity of pairs of spikes: w changes by (w_max − w_min) times A₊ e^{−Δt/τ₊} for Δt = t_post − t_arrival > 0, and −A₋ e^{Δt/τ₋} for
/// Δt < 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stdp {
    /// Amplitude of potentiation A₊.
    #[serde(default = "a_plus", with = "Share")]
    pub a_plus: f64,
    /// Amplitude of depression A₋.
    #[serde(default = "a_minus", with = "Share")]
    pub a_minus: f64,
    /// Time constant of potentiation τ₊ [ms].
    #[serde(default = "tau", rename = "tau_plus_ms", with = "LifTimeConstant")]
    pub tau_plus: f64,
    /// Time constant of depression τ₋ [ms].
    #[serde(default = "tau", rename = "tau_minus_ms", with = "LifTimeConstant")]
    pub tau_minus: f64,
    /// Which earlier spikes count at a spike.
    #[serde(default)]
    pub pairing: SpikePairing,
    /// Smallest weight.
    #[serde(default, with = "SynapticWeight")]
    pub w_min: f64,
    /// Largest weight.
    #[serde(with = "SynapticWeight")]
    pub w_max: f64,
    /// How changes depend on the bounds.
    #[serde(default)]
    pub bounds: BoundKind,
}

/// Those of Song, Miller & Abbott (2000).
fn a_plus() -> f64 {
    0.005
}

fn a_minus() -> f64 {
    0.00525
}

fn tau() -> f64 {
    20.0
}

impl Stdp {
    /// The rule with the parameters of Song, Miller & Abbott (2000) and this largest weight.
    pub fn of(w_max: f64) -> Self {
        Self {
            a_plus: a_plus(),
            a_minus: a_minus(),
            tau_plus: tau(),
            tau_minus: tau(),
            pairing: SpikePairing::AllToAll,
            w_min: 0.0,
            w_max,
            bounds: BoundKind::Hard,
        }
    }

    /// Its bounds.
    pub fn bounds(&self) -> WeightBounds {
        WeightBounds { w_min: self.w_min, w_max: self.w_max, kind: self.bounds }
    }
}

impl OnlineRule for Stdp {
    fn traces(&self) -> SpikeTraces {
        SpikeTraces { tau_x: [self.tau_plus, 0.0], tau_y: [self.tau_minus, 0.0], pairing: self.pairing }
    }

    #[inline]
    fn at_arrival(&self, w: f64, _: [f64; 2], y: [f64; 2]) -> f64 {
        self.bounds().depressed(w, self.a_minus * y[0])
    }

    #[inline]
    fn at_spike(&self, w: f64, x: [f64; 2], _: [f64; 2]) -> f64 {
        self.bounds().potentiated(w, self.a_plus * x[0])
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{Train, close, weight_after};
    use super::*;

    const RULE: Stdp = Stdp {
        a_plus: 0.01,
        a_minus: 0.012,
        tau_plus: 17.0,
        tau_minus: 34.0,
        pairing: SpikePairing::AllToAll,
        w_min: -1.0,
        w_max: 3.0,
        bounds: BoundKind::Hard,
    };

    /// The window of a single pair, on either side of zero and at zero.
    #[test]
    fn a_pair_changes_the_weight_by_the_window() {
        for dt in [-80.0, -34.0, -1.0, -1e-3, 0.0, 1e-3, 1.0, 17.0, 60.0] {
            let window = if dt > 0.0 {
                0.01 * (-dt / 17.0_f64).exp()
            } else if dt < 0.0 {
                -0.012 * (dt / 34.0_f64).exp()
            } else {
                0.0
            };
            let found = weight_after(&RULE, 1.0, &Train { arrivals: &[100.0], spikes: &[100.0 + dt] });
            assert!(close(found, 1.0 + 4.0 * window), "{dt} ms: {found}");
            let soft = Stdp { bounds: BoundKind::Soft, ..RULE };
            let found = weight_after(&soft, 1.5, &Train { arrivals: &[100.0], spikes: &[100.0 + dt] });
            let room = if dt > 0.0 { 1.5 } else { 2.5 };
            assert!(close(found, 1.5 + room * window), "soft, {dt} ms: {found}");
        }
    }

    /// A sum over all pairs, and one over nearest earlier spikes alone.
    #[test]
    fn pairs_add_up() {
        let (arrivals, spikes) = ([10.0, 14.0, 40.0], [12.0, 20.0, 41.0]);
        let pair = |dt: f64| if dt > 0.0 { 0.01 * (-dt / 17.0).exp() } else { -0.012 * (dt / 34.0).exp() };
        let train = Train { arrivals: &arrivals, spikes: &spikes };
        let all: f64 = arrivals.iter().flat_map(|a| spikes.map(|s| pair(s - a))).sum();
        assert!(close(weight_after(&RULE, 1.0, &train), 1.0 + 4.0 * all));
        let nearest: f64 = [2.0, 6.0, 1.0, -2.0, -20.0].map(pair).iter().sum();
        let rule = Stdp { pairing: SpikePairing::Nearest, ..RULE };
        assert!(close(weight_after(&rule, 1.0, &train), 1.0 + 4.0 * nearest));
    }

    #[test]
    fn weights_end_at_the_bounds() {
        let strong = Stdp { a_plus: 0.6, a_minus: 0.9, ..RULE };
        let up = weight_after(&strong, 2.5, &Train { arrivals: &[10.0], spikes: &[11.0] });
        let down = weight_after(&strong, 0.5, &Train { arrivals: &[11.0], spikes: &[10.0] });
        assert!(close(up, 3.0) && close(down, -1.0), "{up} {down}");
    }
}
