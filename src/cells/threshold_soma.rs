//! A soma that fires at a threshold, in place of an escape rate.
//!
//! It fires when V reaches θ, is set to V_reset and held there for the absolute refractory time 1/φ_max, so that φ_max is its largest
//! rate. Learning needs a rate that has a derivative: a sigmoid of V*, the potential that dendrites alone would give the soma,
//! without its own spikes (that of Urbanczik & Senn 2014, Neuron 81:521),
//!
//! φ(V*) = φ_max sigmoid((V* − θ)/w).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Conflict, Escape, Fires, LinearCell, Reset};
use crate::units::{Factor, Potential};

/// Firing at a threshold, with a reset and an absolute refractory time of 1/φ_max.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ThresholdSoma {
    /// Threshold θ.
    #[serde(with = "Potential")]
    pub v_th: f64,
    /// Potential after a spike V_reset.
    #[serde(with = "Potential")]
    pub v_reset: f64,
    /// Width w of the rate that learning takes: φ_max sigmoid((V* − θ)/w) of the potential without spikes.
    #[serde(with = "Factor")]
    pub width: f64,
}

impl Default for ThresholdSoma {
    fn default() -> Self {
        Self { v_th: 1.0, v_reset: 0.0, width: 1.0 }
    }
}

impl ThresholdSoma {
    /// Makes a cell fire at the threshold, at rate `phi_max` [1/ms] at most.
    pub(super) fn give_to(&self, cell: &mut LinearCell, phi_max: f64) {
        let Self { v_th, v_reset, width } = *self;
        cell.fires = Fires::Threshold(v_th.into());
        cell.reset = Some(Reset { potential: v_reset, refractory_ms: 1.0 / phi_max });
        cell.learned_rate = Some(Escape { rate_max: phi_max, threshold: v_th, width });
    }

    /// Refuses a threshold that a reset reaches.
    pub(super) fn check(&self) -> Result<(), Conflict> {
        let Self { v_th, v_reset, .. } = *self;
        if v_th > v_reset {
            return Ok(());
        }
        let why = format!("expected `v_th` above `v_reset`, or the cell fires without end; found {v_th} and {v_reset}");
        Err(Conflict::new(&["threshold"], why))
    }
}
