//! Spike-timing-dependent plasticity of triplets of spikes.
//!
//! Traces r₁, r₂ of arrivals decay with τ₊, τ_x and o₁, o₂ of postsynaptic spikes with τ₋, τ_y. At an arrival
//! w → w − o₁ (A₂⁻ + A₃⁻ r₂), at a postsynaptic spike w → w + r₁ (A₂⁺ + A₃⁺ o₂), where r₂ and o₂ are taken just before their own jump.
//! Pfister & Gerstner (2006), J Neurosci 26:9673; the defaults are their fit of the full model with all-to-all
//! interactions to data of visual cortex, where a weight is relative to its initial value.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{BoundKind, OnlineRule, SpikePairing, SpikeTraces, WeightBounds};
use crate::units::{LifTimeConstant, Share, SynapticWeight};

/// Plasticity of triplets of spikes: w changes by (w_max − w_min) times −o₁ (A₂⁻ + A₃⁻ r₂) at an arrival and r₁ (A₂⁺ + A₃⁺ o₂) at a
/// postsynaptic spike, with traces r of arrivals and o of postsynaptic spikes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TripletStdp {
    /// Amplitude of potentiation by pairs A₂⁺.
    #[serde(default = "fitted::a2_plus", with = "Share")]
    pub a2_plus: f64,
    /// Amplitude of potentiation by triplets A₃⁺.
    #[serde(default = "fitted::a3_plus", with = "Share")]
    pub a3_plus: f64,
    /// Amplitude of depression by pairs A₂⁻.
    #[serde(default = "fitted::a2_minus", with = "Share")]
    pub a2_minus: f64,
    /// Amplitude of depression by triplets A₃⁻.
    #[serde(default = "fitted::a3_minus", with = "Share")]
    pub a3_minus: f64,
    /// Time constant of r₁, τ₊ [ms].
    #[serde(default = "fitted::tau_plus", rename = "tau_plus_ms", with = "LifTimeConstant")]
    pub tau_plus: f64,
    /// Time constant of r₂, τ_x [ms].
    #[serde(default = "fitted::tau_x", rename = "tau_x_ms", with = "LifTimeConstant")]
    pub tau_x: f64,
    /// Time constant of o₁, τ₋ [ms].
    #[serde(default = "fitted::tau_minus", rename = "tau_minus_ms", with = "LifTimeConstant")]
    pub tau_minus: f64,
    /// Time constant of o₂, τ_y [ms].
    #[serde(default = "fitted::tau_y", rename = "tau_y_ms", with = "LifTimeConstant")]
    pub tau_y: f64,
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

/// Pfister & Gerstner (2006): visual cortex, full model, all-to-all.
mod fitted {
    pub(super) fn a2_plus() -> f64 {
        5e-10
    }

    pub(super) fn a3_plus() -> f64 {
        6.2e-3
    }

    pub(super) fn a2_minus() -> f64 {
        7e-3
    }

    pub(super) fn a3_minus() -> f64 {
        2.3e-4
    }

    pub(super) fn tau_plus() -> f64 {
        16.8
    }

    pub(super) fn tau_x() -> f64 {
        101.0
    }

    pub(super) fn tau_minus() -> f64 {
        33.7
    }

    pub(super) fn tau_y() -> f64 {
        125.0
    }
}

impl TripletStdp {
    /// The rule as fitted to visual cortex, with this largest weight.
    pub fn of(w_max: f64) -> Self {
        Self {
            a2_plus: fitted::a2_plus(),
            a3_plus: fitted::a3_plus(),
            a2_minus: fitted::a2_minus(),
            a3_minus: fitted::a3_minus(),
            tau_plus: fitted::tau_plus(),
            tau_x: fitted::tau_x(),
            tau_minus: fitted::tau_minus(),
            tau_y: fitted::tau_y(),
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

impl OnlineRule for TripletStdp {
    fn traces(&self) -> SpikeTraces {
        SpikeTraces { tau_x: [self.tau_plus, self.tau_x], tau_y: [self.tau_minus, self.tau_y], pairing: self.pairing }
    }

    #[inline]
    fn at_arrival(&self, w: f64, x: [f64; 2], y: [f64; 2]) -> f64 {
        self.bounds().depressed(w, y[0] * (self.a2_minus + self.a3_minus * x[1]))
    }

    #[inline]
    fn at_spike(&self, w: f64, x: [f64; 2], y: [f64; 2]) -> f64 {
        self.bounds().potentiated(w, x[0] * (self.a2_plus + self.a3_plus * y[1]))
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{Train, close, weight_after};
    use super::*;

    const RULE: TripletStdp = TripletStdp {
        a2_plus: 0.002,
        a3_plus: 0.03,
        a2_minus: 0.004,
        a3_minus: 0.05,
        tau_plus: 17.0,
        tau_x: 100.0,
        tau_minus: 34.0,
        tau_y: 120.0,
        pairing: SpikePairing::AllToAll,
        w_min: 0.0,
        w_max: 1.0,
        bounds: BoundKind::Hard,
    };

    /// Worked out by hand: pre-post-pre at 0, 5, 15 and post-pre-post at 0, 5, 15 ms.
    #[test]
    fn triplets_change_the_weight_as_worked_out_by_hand() {
        let e = |t: f64, tau: f64| (-t / tau).exp();
        let pre_post_pre = 0.5 + e(5.0, 17.0) * 0.002 - e(10.0, 34.0) * (0.004 + 0.05 * e(15.0, 100.0));
        let found = weight_after(&RULE, 0.5, &Train { arrivals: &[0.0, 15.0], spikes: &[5.0] });
        assert!(close(found, pre_post_pre), "{found} for {pre_post_pre}");
        let post_pre_post = 0.5 - e(5.0, 34.0) * 0.004 + e(10.0, 17.0) * (0.002 + 0.03 * e(15.0, 120.0));
        let found = weight_after(&RULE, 0.5, &Train { arrivals: &[5.0], spikes: &[0.0, 15.0] });
        assert!(close(found, post_pre_post), "{found} for {post_pre_post}");
    }

    /// A third spike counts once in nearest pairing: o₂ before the last spike is of the second alone.
    #[test]
    fn nearest_pairing_takes_the_last_spike_alone() {
        let e = |t: f64, tau: f64| (-t / tau).exp();
        let rule = TripletStdp { pairing: SpikePairing::Nearest, ..RULE };
        let wanted = 0.5 - e(1.0, 34.0) * 0.004 + e(9.0, 17.0) * (0.002 + 0.03 * e(10.0, 120.0));
        let found = weight_after(&rule, 0.5, &Train { arrivals: &[6.0], spikes: &[0.0, 5.0, 15.0] });
        assert!(close(found, wanted), "{found} for {wanted}");
    }
}
