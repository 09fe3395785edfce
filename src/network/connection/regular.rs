//! All to all, and one to one.

use super::draws::{BlockTargets, ConnectionRule, Draws};
use crate::network::block_csr::check_count;
use crate::network::{SynapsesError, TARGETS_PER_BLOCK};

/// Each neuron with each.
pub(super) struct AllToAll {
    pub(super) autapses: bool,
}

impl ConnectionRule for AllToAll {
    fn targets(&self, draws: &Draws, block: usize) -> Result<BlockTargets, SynapsesError> {
        let lengths: Vec<u32> = draws.capacities(block, self.autapses).map(|capacity| capacity as u32).collect();
        let count = lengths.iter().map(|&length| length as usize).sum();
        check_count(block, draws.ends.post, count)?;
        let mut targets = Vec::with_capacity(count);
        for pre in 0..draws.ends.pre {
            let itself = draws.itself(block, pre, self.autapses);
            targets
                .extend((0..draws.width(block)).filter(|&target| Some(target) != itself).map(|target| target as u16));
        }
        Ok(BlockTargets { lengths, targets })
    }
}

/// Each neuron with the one of the same number.
pub(super) struct OneToOne;

impl ConnectionRule for OneToOne {
    fn targets(&self, draws: &Draws, block: usize) -> Result<BlockTargets, SynapsesError> {
        let first = block * TARGETS_PER_BLOCK;
        let there = first..first + draws.width(block);
        Ok(BlockTargets {
            lengths: (0..draws.ends.pre).map(|pre| u32::from(there.contains(&pre))).collect(),
            targets: (0..there.end.min(draws.ends.pre).saturating_sub(first)).map(|target| target as u16).collect(),
        })
    }
}
