//! What is given to a network, as values: phases, the trials made of them, targets, and what is measured.
//!
//! A [`Trial`] is a list of [`Phase`]s; the engine knows no other division of time. A [`Protocol`] makes trials of what is to be
//! shown: [`TwoPhaseProtocol`] is that of the segregated-dendrite network, a forward phase and a target phase;
//! [`ContinuousProtocol`] is that of circuits, which run on and on.

mod continuous;
mod order;
mod trial;
mod two_phase;

pub use continuous::{ContinuousProtocol, SLICE_MS, is_between_slices, slice_at, slice_start, slices_until};
pub use order::Order;
pub use trial::{CurrentCourse, KeptSpikes, Measures, Phase, Sampling, Sigmoids, Spike, Stimulus, Target, Trial};
pub use two_phase::{FORWARD, PhaseName, TARGET, TwoPhaseProtocol, TwoPhases};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How time is divided.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "kind", rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(rename = "Protocol", tag = "kind", transform = crate::units::tagged::first_is_default)]
#[non_exhaustive]
pub enum Protocol {
    /// Presentations of a stimulus in a forward and a target phase.
    TwoPhase(TwoPhaseProtocol),
    /// A circuit under stimuli by time, which each source population has of its own (`stimulus`).
    Continuous(ContinuousProtocol),
}

impl Default for Protocol {
    fn default() -> Self {
        Self::TwoPhase(TwoPhaseProtocol::default())
    }
}

impl From<TwoPhaseProtocol> for Protocol {
    fn from(protocol: TwoPhaseProtocol) -> Self {
        Self::TwoPhase(protocol)
    }
}

impl From<ContinuousProtocol> for Protocol {
    fn from(protocol: ContinuousProtocol) -> Self {
        Self::Continuous(protocol)
    }
}

impl Protocol {
    /// The two phases, if it has them.
    pub fn two_phase(&self) -> Option<&TwoPhaseProtocol> {
        match self {
            Self::TwoPhase(protocol) => Some(protocol),
            Self::Continuous(_) => None,
        }
    }

    /// The continuous run, if it is one.
    pub fn continuous(&self) -> Option<&ContinuousProtocol> {
        match self {
            Self::TwoPhase(_) => None,
            Self::Continuous(protocol) => Some(protocol),
        }
    }
}
