//! A fixed number of synapses in all.

use std::collections::BTreeSet;

use rand_distr::{Binomial, Distribution};
use rayon::prelude::*;

use super::draws::{BlockTargets, ConnectionRule, DrawPurpose, Draws};
use super::probability::binomial_lengths;
use super::rows::{Allowed, draw_rows};
use crate::network::SynapsesError;
use crate::numeric::Stream;

/// `total` synapses, each between two neurons drawn uniformly.
///
/// With multapses the numbers of blocks, and of rows within each, are multinomial. Without them, pairs are first connected with
/// the probability that gives `total` on average; of a number that differs, synapses drawn uniformly are taken away, or pairs
/// drawn uniformly added: given their number, the connected pairs are a uniform choice before and after.
pub(super) struct FixedTotalNumber {
    allowed: Allowed,
    kind: SynapseCounts,
}

enum SynapseCounts {
    /// Synapses of each block.
    Multapses(Vec<u64>),
    /// Synapses of each presynaptic neuron in each block [block, pre].
    Distinct(Vec<Vec<u32>>),
}

impl FixedTotalNumber {
    /// Draws how many synapses fall into each block.
    pub(super) fn new(total: u64, allowed: Allowed, draws: &Draws) -> Self {
        let mut stream = draws.of(DrawPurpose::Shared, 0);
        let kind = if allowed.multapses {
            let capacities =
                (0..draws.blocks()).map(|block| draws.capacities(block, allowed.autapses).sum::<usize>() as u64);
            SynapseCounts::Multapses(multinomial(&mut stream, total, capacities.collect::<Vec<_>>()))
        } else {
            SynapseCounts::Distinct(distinct_lengths(draws, &mut stream, total, allowed.autapses))
        };
        Self { allowed, kind }
    }
}

impl ConnectionRule for FixedTotalNumber {
    fn targets(&self, draws: &Draws, block: usize) -> Result<BlockTargets, SynapsesError> {
        let lengths = match &self.kind {
            SynapseCounts::Multapses(counts) => {
                let mut stream = draws.of(DrawPurpose::Lengths, block);
                let capacities: Vec<u64> = draws.capacities(block, self.allowed.autapses).map(|n| n as u64).collect();
                let lengths = multinomial(&mut stream, counts[block], capacities);
                lengths.into_iter().map(|length| u32::try_from(length).unwrap_or(u32::MAX)).collect()
            }
            SynapseCounts::Distinct(lengths) => lengths[block].clone(),
        };
        draw_rows(draws, block, lengths, self.allowed)
    }
}

/// Distributes `total` over parts of these weights: each part gets a binomial number of what the parts before it have left.
fn multinomial(stream: &mut Stream, total: u64, weights: Vec<u64>) -> Vec<u64> {
    let (mut left, mut weight_left) = (total, weights.iter().sum::<u64>());
    let part = |weight: u64| {
        let share = if weight == weight_left { 1.0 } else { weight as f64 / weight_left as f64 };
        let count = Binomial::new(left, share).expect("a probability").sample(stream);
        (left, weight_left) = (left - count, weight_left - weight);
        count
    };
    weights.into_iter().map(part).collect()
}

/// Draws numbers of synapses of each presynaptic neuron in each block, `total` in all, where no pair has two [block, pre].
fn distinct_lengths(draws: &Draws, stream: &mut Stream, total: u64, autapses: bool) -> Vec<Vec<u32>> {
    let capacities = |block: usize| draws.capacities(block, autapses);
    let pairs: u64 = (0..draws.blocks()).flat_map(capacities).map(|n| n as u64).sum();
    let p = total as f64 / (pairs as f64).max(1.0);
    let drawn = (0..draws.blocks()).into_par_iter().map(|block| binomial_lengths(draws, block, p, autapses));
    let mut lengths: Vec<Vec<u32>> = drawn.collect();
    let found: u64 = lengths.iter().flatten().map(|&n| u64::from(n)).sum();
    let (among, changes) = if found > total { (found, found - total) } else { (pairs - found, total - found) };
    let mut chosen = BTreeSet::new();
    while (chosen.len() as u64) < changes {
        chosen.insert(stream.below(among));
    }
    // Those chosen, among synapses or among pairs without one, row by row.
    let mut chosen = chosen.into_iter().peekable();
    let mut before = 0;
    for (block, lengths) in lengths.iter_mut().enumerate() {
        for (length, capacity) in lengths.iter_mut().zip(capacities(block)) {
            let here = if found > total { u64::from(*length) } else { capacity as u64 - u64::from(*length) };
            let mut changed = 0;
            while chosen.next_if(|&place| place < before + here).is_some() {
                changed += 1;
            }
            *length = if found > total { *length - changed } else { *length + changed };
            before += here;
        }
    }
    lengths
}
