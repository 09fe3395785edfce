//! Targets of one presynaptic neuron in a block.

use super::draws::{BlockTargets, DrawPurpose, Draws};
use crate::network::block_csr::check_count;
use crate::network::{SynapsesError, TARGETS_PER_BLOCK};
use crate::numeric::Stream;

/// Which pairs of neurons may be connected.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowed {
    /// A neuron with itself.
    pub(super) autapses: bool,
    /// A pair more than once.
    pub(super) multapses: bool,
}

impl Draws {
    /// Where a presynaptic neuron stands in a block, if it is there and may not be its own target.
    pub(super) fn itself(&self, block: usize, pre: usize, autapses: bool) -> Option<usize> {
        let first = block * TARGETS_PER_BLOCK;
        let there = self.ends.recurrent && !autapses && (first..first + self.width(block)).contains(&pre);
        there.then(|| pre - first)
    }

    /// Targets that each presynaptic neuron may have in a block [pre].
    pub(super) fn capacities(&self, block: usize, autapses: bool) -> impl Iterator<Item = usize> {
        let width = self.width(block);
        (0..self.ends.pre).map(move |pre| width - usize::from(self.itself(block, pre, autapses).is_some()))
    }
}

/// Draws the targets of rows of these lengths [pre] uniformly.
pub(super) fn draw_rows(
    draws: &Draws,
    block: usize,
    lengths: Vec<u32>,
    allowed: Allowed,
) -> Result<BlockTargets, SynapsesError> {
    let count = lengths.iter().map(|&length| length as usize).sum();
    check_count(block, draws.ends.post, count)?;
    let mut targets = Vec::with_capacity(count);
    let mut stream = draws.of(DrawPurpose::Targets, block);
    let width = draws.width(block);
    for (pre, &length) in lengths.iter().enumerate().filter(|(_, length)| **length > 0) {
        let without = draws.itself(block, pre, allowed.autapses);
        let among = width - usize::from(without.is_some());
        // Among those that are left, targets from the neuron itself on are one further.
        let place = |drawn: usize| (drawn + usize::from(without.is_some_and(|itself| drawn >= itself))) as u16;
        if allowed.multapses {
            targets.extend((0..length).map(|_| place(stream.below(among as u64) as usize)));
        } else {
            distinct(&mut stream, length as usize, among, |drawn| targets.push(place(drawn)));
        }
    }
    Ok(BlockTargets { lengths, targets })
}

/// Draws `count` different numbers below `among`, at most [`TARGETS_PER_BLOCK`], and hands them over in ascending order.
///
/// Numbers that come again are drawn again; where more than half are wanted, those that are left out are drawn.
fn distinct(stream: &mut Stream, count: usize, among: usize, mut take: impl FnMut(usize)) {
    let mut drawn = [0_u64; TARGETS_PER_BLOCK / 64];
    let inverted = 2 * count > among;
    for _ in 0..if inverted { among - count } else { count } {
        loop {
            let number = stream.below(among as u64) as usize;
            let (word, bit) = (&mut drawn[number / 64], 1 << (number % 64));
            if *word & bit == 0 {
                *word |= bit;
                break;
            }
        }
    }
    for (index, &word) in drawn[..among.div_ceil(64)].iter().enumerate() {
        let mut left = if inverted { !word } else { word };
        while left != 0 {
            let number = 64 * index + left.trailing_zeros() as usize;
            if number < among {
                take(number);
            }
            left &= left - 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::{PresentationKey, Purpose, StreamKey};

    #[test]
    fn distinct_numbers_are_so_many_and_ascend() {
        let presentation = PresentationKey::training(0);
        let key = StreamKey { seed: 1, purpose: Purpose::Connections(0), presentation, phase: 0, block: 0 };
        let mut stream = key.stream();
        for among in [1, 63, 64, 65, 4095, 4096] {
            for count in [0, 1, among / 3, among / 2, among / 2 + 1, among - 1, among] {
                let mut found = Vec::new();
                distinct(&mut stream, count, among, |number| found.push(number));
                assert!(found.len() == count && found.is_sorted_by(|a, b| a < b), "{count} of {among}");
                assert!(found.last().is_none_or(|&last| last < among));
            }
        }
    }
}
