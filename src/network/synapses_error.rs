//! Why synapses cannot be stored.

use thiserror::Error;

use super::synapse::TARGETS_PER_BLOCK;

/// Why synapses cannot be stored.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum SynapsesError {
    /// Neurons that are not there.
    #[error("synapse {index} is from neuron {source_neuron} to {target}: expected neurons below {pre} and {post}")]
    Ends {
        /// Place in the list.
        index: usize,
        /// Presynaptic neuron.
        source_neuron: u32,
        /// Postsynaptic neuron.
        target: u32,
        /// Presynaptic neurons that there are.
        pre: usize,
        /// Postsynaptic neurons that there are.
        post: usize,
    },
    /// Columns of a list of different lengths.
    #[error("expected columns of {expected} synapses, found one of {found}")]
    Columns {
        /// Length of the first.
        expected: usize,
        /// Length of another.
        found: usize,
    },
    /// A column of a list that is not there.
    #[error("expected a column `{column}`, which the model says to take from the list; found none")]
    NoColumn {
        /// Its name.
        column: &'static str,
    },
    /// A weight of a list that cannot be.
    #[error("synapse {index} (the first is 0) has the weight {found}: expected a finite number of sign \"{sign}\"")]
    Weight {
        /// Place in the list.
        index: usize,
        /// The weight.
        found: f32,
        /// The sign of the projection.
        sign: &'static str,
    },
    /// A delay of a list that cannot be.
    #[error(
        "synapse {index} (the first is 0) has a delay of {found} ms: expected 1 to 65,535 steps of {resolution_ms} ms when rounded"
    )]
    Delay {
        /// Place in the list.
        index: usize,
        /// The delay [ms].
        found: f64,
        /// The step of delays [ms].
        resolution_ms: f64,
    },
    /// Synapses that are not in the order of storage.
    #[error(
        "synapse {index} is out of order: expected blocks of {TARGETS_PER_BLOCK} targets, in each the rows of presynaptic neurons by delay"
    )]
    Order {
        /// Place in the list.
        index: usize,
    },
    /// More than a block can count.
    #[error(
        "neurons {first} to {last} get {found} synapses: expected at most {} onto {TARGETS_PER_BLOCK} neurons",
        u32::MAX
    )]
    TooMany {
        /// First neuron of the block.
        first: usize,
        /// Last neuron of the block.
        last: usize,
        /// Number of synapses.
        found: usize,
    },
}

impl SynapsesError {
    /// The place of a synapse in a list, where one is wrong.
    pub fn index(&self) -> Option<usize> {
        match *self {
            Self::Ends { index, .. } | Self::Weight { index, .. } | Self::Delay { index, .. } => Some(index),
            _ => None,
        }
    }
}
