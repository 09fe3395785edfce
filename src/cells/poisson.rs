//! Poisson encoder of a stimulus: independent trains, at a rate in proportion to the pixel or at the stimulus's own rates.
//!
//! Guerguiev, Lillicrap & Richards (2017), eLife 6:e22901, Methods.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Cell, CompartmentInfo, Dynamics, PortInfo, Source};
use crate::units::Rate;

/// Poisson encoder: independent trains at `phi_max` times the pixel (0 to 1), or at the stimulus's own rates.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PoissonEncoder {
    /// Rate at pixel value 1 [1/ms]; in a file, in Hz.
    #[serde(rename = "phi_max_hz", with = "Rate")]
    pub phi_max: f64,
}

impl Default for PoissonEncoder {
    fn default() -> Self {
        Self { phi_max: 0.2 }
    }
}

impl Cell for PoissonEncoder {
    fn kind(&self) -> &'static str {
        "poisson"
    }

    fn compartments(&self) -> &[CompartmentInfo] {
        &[]
    }

    fn ports(&self) -> Vec<PortInfo<'_>> {
        Vec::new()
    }

    fn dynamics(&self) -> Dynamics {
        Dynamics::Source(Source { rate_max: self.phi_max })
    }
}
