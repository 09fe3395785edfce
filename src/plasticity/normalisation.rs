//! Normalisation of the weights onto a neuron.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::units::{RunTime, SummedWeight};

/// Normalisation of the weights onto each neuron over a projection: w_i → w_i S/Σ_j w_j at given times, within the bounds of `plasticity`. It is the
/// multiplicative way to keep the total synaptic strength over a cell (Miller & MacKay 1994, Neural Computation 6:100). Weights whose sum is 0 or
/// has not the sign of S stay.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Normalisation {
    /// Sum of the weights onto a neuron S, other than 0.
    #[serde(with = "SummedWeight")]
    pub sum: f64,
    /// Time from one to the next, and to the first [ms]; a multiple of 100.
    #[serde(rename = "every_ms", with = "RunTime")]
    pub every: f64,
}

impl Normalisation {
    /// The factor on weights of this sum; none where they stay.
    pub fn factor(&self, sum: f64) -> Option<f64> {
        let factor = self.sum / sum;
        (factor > 0.0 && factor.is_finite()).then_some(factor)
    }
}
