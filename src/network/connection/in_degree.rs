//! A fixed number of synapses onto each postsynaptic neuron.

use super::draws::{BlockTargets, ConnectionRule, DrawPurpose, Draws};
use super::rows::Allowed;
use crate::network::block_csr::{check_count, row_starts};
use crate::network::{SynapsesError, TARGETS_PER_BLOCK};
use crate::numeric::Stream;

/// `in_degree` synapses onto each neuron, from presynaptic ones drawn uniformly.
pub(super) struct FixedInDegree {
    pub(super) in_degree: usize,
    pub(super) allowed: Allowed,
}

impl ConnectionRule for FixedInDegree {
    fn targets(&self, draws: &Draws, block: usize) -> Result<BlockTargets, SynapsesError> {
        let width = draws.width(block);
        let count = self.in_degree.saturating_mul(width);
        check_count(block, draws.ends.post, count)?;
        let sources = self.sources(draws, block);
        let mut lengths = vec![0_u32; draws.ends.pre];
        sources.iter().for_each(|&source| lengths[source as usize] += 1);
        let mut next = row_starts(&lengths);
        let mut targets = vec![0; count];
        for (index, &source) in sources.iter().enumerate() {
            let place = &mut next[source as usize];
            targets[*place as usize] = (index / self.in_degree) as u16;
            *place += 1;
        }
        Ok(BlockTargets { lengths, targets })
    }
}

impl FixedInDegree {
    /// The presynaptic neurons of each neuron of a block [width, in-degree].
    fn sources(&self, draws: &Draws, block: usize) -> Vec<u32> {
        let mut stream = draws.of(DrawPurpose::Targets, block);
        let pre = draws.ends.pre;
        let mut sources = Vec::with_capacity(self.in_degree * draws.width(block));
        let mut sampler = DistinctSampler::new(pre);
        for target in 0..draws.width(block) {
            let itself = block * TARGETS_PER_BLOCK + target;
            let without = (draws.ends.recurrent && !self.allowed.autapses).then_some(itself);
            let among = pre - usize::from(without.is_some());
            let place = |drawn: usize| (drawn + usize::from(without.is_some_and(|itself| drawn >= itself))) as u32;
            if self.allowed.multapses {
                sources.extend((0..self.in_degree).map(|_| place(stream.below(among as u64) as usize)));
            } else {
                sampler.draw(&mut stream, self.in_degree, among, |drawn| sources.push(place(drawn)));
            }
        }
        sources
    }
}

/// Draws different numbers below one that may be large, again and again.
pub(super) struct DistinctSampler {
    /// The draw in which a number came last.
    last: Vec<u32>,
    draws: u32,
}

impl DistinctSampler {
    /// Of numbers below `most`.
    pub(super) fn new(most: usize) -> Self {
        Self { last: vec![0; most], draws: 0 }
    }

    /// Draws `count` different numbers below `among` and hands them over; where more than half are wanted, those that are left
    /// out are drawn.
    pub(super) fn draw(&mut self, stream: &mut Stream, count: usize, among: usize, mut take: impl FnMut(usize)) {
        self.draws += 1;
        let inverted = 2 * count > among;
        for _ in 0..if inverted { among - count } else { count } {
            loop {
                let number = stream.below(among as u64) as usize;
                if std::mem::replace(&mut self.last[number], self.draws) != self.draws {
                    if !inverted {
                        take(number);
                    }
                    break;
                }
            }
        }
        if inverted {
            (0..among).filter(|&number| self.last[number] != self.draws).for_each(take);
        }
    }
}
