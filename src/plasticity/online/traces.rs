//! Traces that spikes leave: each jumps at a spike and decays exponentially.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::numeric::exp;

/// Which earlier spikes count at a spike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SpikePairing {
    /// All: each adds 1 to the trace.
    #[default]
    AllToAll,
    /// The last one alone: each sets the trace to 1.
    Nearest,
}

/// The traces of a rule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpikeTraces {
    /// Time constants of the traces x of arrivals [ms]; 0: not read.
    pub tau_x: [f64; 2],
    /// Time constants of the traces y of postsynaptic spikes [ms]; 0: not read.
    pub tau_y: [f64; 2],
    /// What a spike adds.
    pub pairing: SpikePairing,
}

/// Decays beyond this exponent are none that an f32 weight could tell.
const FARTHEST: f64 = 700.0;

/// What is left of a trace after `dt` ms, e^{−dt/τ}.
#[inline(always)]
pub(crate) fn decay_of(tau: f64, dt: f64) -> f64 {
    exp(-(dt / tau).min(FARTHEST))
}

impl SpikeTraces {
    /// Traces of arrivals just after one that found these; nothing of those that are not read.
    #[inline(always)]
    pub(crate) fn after_x(&self, before: [f64; 2]) -> [f64; 2] {
        left(self.pairing.jump(before), self.tau_x, 0.0)
    }

    /// Traces of arrivals `dt` ms after one that found these.
    #[inline(always)]
    pub(crate) fn later_x(&self, before: [f64; 2], dt: f64) -> [f64; 2] {
        left(self.pairing.jump(before), self.tau_x, dt)
    }

    /// Traces of postsynaptic spikes `dt` ms after one that found these.
    #[inline(always)]
    pub(crate) fn later_y(&self, before: [f64; 2], dt: f64) -> [f64; 2] {
        left(self.pairing.jump(before), self.tau_y, dt)
    }

    /// Traces of postsynaptic spikes `dt` ms before a time at which they are these, with no spike in between.
    pub(crate) fn sooner_y(&self, then: [f64; 2], dt: f64) -> [f64; 2] {
        let sooner =
            |trace: usize| if self.tau_y[trace] > 0.0 { then[trace] / decay_of(self.tau_y[trace], dt) } else { 0.0 };
        [sooner(0), sooner(1)]
    }
}

/// What is left of traces after `dt` ms; nothing of those that are not read.
#[inline(always)]
pub(super) fn left(after: [f64; 2], tau: [f64; 2], dt: f64) -> [f64; 2] {
    let left = |trace: usize| if tau[trace] > 0.0 { after[trace] * decay_of(tau[trace], dt) } else { 0.0 };
    [left(0), left(1)]
}

impl SpikePairing {
    /// Traces just after a spike from those just before it.
    #[inline(always)]
    pub fn jump(self, before: [f64; 2]) -> [f64; 2] {
        match self {
            Self::AllToAll => before.map(|trace| trace + 1.0),
            Self::Nearest => [1.0; 2],
        }
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;

    #[test]
    fn traces_decay_with_their_time_constants() {
        let [a, b] = left([1.0; 2], [20.0, 0.0], 10.0);
        assert!((a - (-0.5_f64).exp()).abs() < 1e-15 && b.to_bits() == 0);
        assert!(left([1.0; 2], [0.05, 1.0], 1e30).iter().all(|&rest| rest < 1e-300));
        assert_eq!(SpikePairing::AllToAll.jump([0.5, 2.0]), [1.5, 3.0]);
        assert_eq!(SpikePairing::Nearest.jump([0.5, 2.0]), [1.0, 1.0]);
    }
}
