//! What connection rules share: the streams that they draw from, and what they give.

use crate::model::{DrawnWeights, Ends};
use crate::network::{SynapsesError, TARGETS_PER_BLOCK, Weights};
use crate::numeric::{PresentationKey, Purpose, Stream, StreamKey};

/// Which neurons a block of postsynaptic ones is reached by.
pub(super) trait ConnectionRule: Sync {
    /// The targets of all presynaptic neurons in a block.
    ///
    /// # Errors
    /// More synapses than a block can count.
    fn targets(&self, draws: &Draws, block: usize) -> Result<BlockTargets, SynapsesError>;
}

/// The targets in one block, row by row.
pub(super) struct BlockTargets {
    /// Synapses of each presynaptic neuron [pre].
    pub(super) lengths: Vec<u32>,
    /// Their targets, counted within the block.
    pub(super) targets: Vec<u16>,
}

/// What the random streams of a projection depend on, and its ends.
#[derive(Clone, Copy, Debug)]
pub(in crate::network) struct Draws {
    pub(in crate::network) ends: Ends,
    pub(in crate::network) seed: u64,
    /// Its place in the model.
    pub(in crate::network) projection: u32,
}

/// What a connection rule draws, each from a stream of its own.
#[derive(Clone, Copy, Debug)]
pub(super) enum DrawPurpose {
    /// What blocks share.
    Shared,
    /// Lengths of rows.
    Lengths,
    /// Targets.
    Targets,
}

impl Draws {
    pub(super) fn of(&self, purpose: DrawPurpose, block: usize) -> Stream {
        self.key(Purpose::Connections(self.projection), purpose as u32, block).stream()
    }

    pub(super) fn weights(&self, block: usize) -> Stream {
        self.key(Purpose::Weights(self.projection), 0, block).stream()
    }

    pub(super) fn delays(&self, block: usize) -> Stream {
        self.key(Purpose::Delays(self.projection), 0, block).stream()
    }

    fn key(&self, purpose: Purpose, phase: u32, block: usize) -> StreamKey {
        StreamKey { seed: self.seed, purpose, presentation: PresentationKey::training(0), phase, block: block as u32 }
    }

    pub(super) fn blocks(&self) -> usize {
        self.ends.post.div_ceil(TARGETS_PER_BLOCK)
    }

    /// Postsynaptic neurons of a block.
    pub(super) fn width(&self, block: usize) -> usize {
        (self.ends.post - block * TARGETS_PER_BLOCK).min(TARGETS_PER_BLOCK)
    }
}

/// Where the weights of synapses come from.
#[derive(Clone, Copy, Debug)]
pub(in crate::network) enum WeightSource<'a> {
    /// Drawn for each.
    Drawn(DrawnWeights),
    /// Those of a matrix of all pairs of neurons.
    Matrix(&'a Weights),
}
