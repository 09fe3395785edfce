//! A fixed number of synapses of each presynaptic neuron.

use rayon::prelude::*;

use super::draws::{BlockTargets, ConnectionRule, DrawPurpose, Draws};
use super::in_degree::DistinctSampler;
use super::rows::{Allowed, draw_rows};
use crate::network::{SynapsesError, TARGETS_PER_BLOCK};
use crate::numeric::STREAM_BLOCK;

/// `out_degree` synapses of each neuron, onto postsynaptic ones drawn uniformly.
///
/// How many of them fall into each block is drawn by drawing all and counting them; given these numbers, the targets in each
/// block are uniform, and drawn there.
pub(super) struct FixedOutDegree {
    allowed: Allowed,
    /// Synapses of each presynaptic neuron in each block [block, pre].
    lengths: Vec<Vec<u32>>,
}

impl FixedOutDegree {
    /// Draws how many synapses of each neuron fall into each block.
    pub(super) fn new(out_degree: usize, allowed: Allowed, draws: &Draws) -> Self {
        let blocks = draws.blocks();
        if blocks == 1 {
            return Self { allowed, lengths: vec![vec![out_degree as u32; draws.ends.pre]] };
        }
        // [pre, block], in the stream blocks of presynaptic neurons.
        let mut counts = vec![0_u32; draws.ends.pre * blocks];
        counts.par_chunks_mut(STREAM_BLOCK * blocks).enumerate().for_each(|(chunk, counts)| {
            let mut stream = draws.of(DrawPurpose::Shared, chunk);
            let mut sampler = DistinctSampler::new(if allowed.multapses { 0 } else { draws.ends.post });
            for (offset, counts) in counts.chunks_mut(blocks).enumerate() {
                let pre = chunk * STREAM_BLOCK + offset;
                let without = (draws.ends.recurrent && !allowed.autapses).then_some(pre);
                let among = draws.ends.post - usize::from(without.is_some());
                let mut count = |drawn: usize| {
                    let target = drawn + usize::from(without.is_some_and(|itself| drawn >= itself));
                    counts[target / TARGETS_PER_BLOCK] += 1;
                };
                if allowed.multapses {
                    (0..out_degree).for_each(|_| count(stream.below(among as u64) as usize));
                } else {
                    sampler.draw(&mut stream, out_degree, among, count);
                }
            }
        });
        let of_block = |block: usize| counts.iter().skip(block).step_by(blocks).copied().collect();
        Self { allowed, lengths: (0..blocks).map(of_block).collect() }
    }
}

impl ConnectionRule for FixedOutDegree {
    fn targets(&self, draws: &Draws, block: usize) -> Result<BlockTargets, SynapsesError> {
        draw_rows(draws, block, self.lengths[block].clone(), self.allowed)
    }
}
