//! A synapse as it is stored, and in a list.

use crate::model::SYNAPSE_BYTES;
pub use crate::model::TARGETS_PER_BLOCK;

/// A synapse of a known presynaptic neuron and block.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(C)]
pub struct Synapse {
    /// Postsynaptic neuron, counted within its block of [`TARGETS_PER_BLOCK`].
    pub target: u16,
    /// From spike to arrival, in steps of [`BlockCsr::resolution_ms`].
    pub delay: u16,
    /// Weight.
    pub weight: f32,
}

const _: () = assert!(size_of::<Synapse>() == SYNAPSE_BYTES, "models are refused by what their synapses take");

impl Synapse {
    /// What rows are sorted by: delay, target and, for synapses of the same pair of neurons, the bits of the weight.
    pub(super) fn order(self) -> u64 {
        u64::from(self.delay) << 48 | u64::from(self.target) << 32 | u64::from(self.weight.to_bits())
    }
}

/// A synapse of a list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ListedSynapse {
    /// Presynaptic neuron.
    pub source: u32,
    /// Postsynaptic neuron.
    pub target: u32,
    /// From spike to arrival, in steps of a resolution.
    pub delay: u16,
    /// Weight.
    pub weight: f32,
}
