//! Changes of the weights of synapses that there are: the rank-one terms of plasticity rules, dense or sparse.
//!
//! A sparse synapse from j to i changes by post_i pre_j, each of several of one pair of neurons on its own. The products and
//! their order are those of dense rows, so the weight of a pair with one synapse has the same bits in either storage.

use std::ops::Range;
use std::sync::Arc;

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::{BlockCsr, Synapse, SynapseBlock, Synapses, TARGETS_PER_BLOCK};
use crate::model::Sign;
use crate::plasticity::{RankOne, SHARE, add_to_biases, apply};

impl Synapses {
    /// Adds terms to the weights of all synapses, each weight's in the order of the terms, and to the biases of the postsynaptic
    /// neurons (empty: none learn). Returns the number of rows touched, of active presynaptic neurons. What a term has beyond
    /// the neurons is left out.
    pub fn apply<'a>(
        &mut self,
        terms: impl Iterator<Item = &'a RankOne> + Clone + Send + Sync,
        biases: &mut [f32],
    ) -> usize {
        match self {
            Self::Dense(weights) => {
                let stride = weights.stride();
                apply(terms, weights.rows_mut(), stride, biases)
            }
            Self::Sparse(synapses) => {
                add_to_biases(terms.clone(), biases);
                synapses.add_terms(&terms);
                terms.map(|term| term.pre.len()).sum()
            }
        }
    }

    /// Sets the weights of one presynaptic neuron that are of another sign to zero.
    pub fn clip(&mut self, pre: usize, sign: Sign) {
        match self {
            Self::Dense(weights) => weights.clip(pre, sign),
            Self::Sparse(synapses) => {
                for block in Arc::make_mut(&mut synapses.blocks) {
                    let row = block.places(pre);
                    block.synapses[row].iter_mut().for_each(|synapse| synapse.weight = sign.clipped(synapse.weight));
                }
            }
        }
    }
}

impl BlockCsr {
    fn add_terms<'a>(&mut self, terms: &(impl Iterator<Item = &'a RankOne> + Clone + Send + Sync)) {
        let (arch, pre) = (Arch::new(), self.pre);
        let one = terms.clone().nth(1).is_none();
        for (block, first) in Arc::make_mut(&mut self.blocks).iter_mut().zip((0..).step_by(TARGETS_PER_BLOCK)) {
            let SynapseBlock { starts, synapses } = block;
            let starts = starts.as_slice();
            let add = |Share { rows, synapses }: Share<'_>| {
                arch.dispatch(AddToShare { terms: terms.clone(), starts, rows, synapses, first });
            };
            if one {
                add(Share { rows: 0..pre, synapses });
            } else {
                shares(starts, synapses).into_par_iter().for_each(add);
            }
        }
    }
}

/// The synapses of some presynaptic neurons of a block.
struct Share<'b> {
    rows: Range<usize>,
    synapses: &'b mut [Synapse],
}

/// Cuts a block into shares of [`SHARE`] rows.
fn shares<'b>(starts: &[u32], synapses: &'b mut [Synapse]) -> Vec<Share<'b>> {
    let pre = starts.len() - 1;
    let mut rest = synapses;
    let share = |first: usize| {
        let rows = first..(first + SHARE).min(pre);
        let count = (starts[rows.end] - starts[rows.start]) as usize;
        let (own, others) = std::mem::take(&mut rest).split_at_mut(count);
        rest = others;
        Share { rows, synapses: own }
    };
    (0..pre).step_by(SHARE).map(share).collect()
}

/// Adds terms to a share of the synapses onto the neurons from `first` on.
struct AddToShare<'b, I> {
    terms: I,
    /// Starts of all rows of the block.
    starts: &'b [u32],
    rows: Range<usize>,
    synapses: &'b mut [Synapse],
    first: usize,
}

impl<'a, I: Iterator<Item = &'a RankOne>> WithSimd for AddToShare<'_, I> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { terms, starts, rows, synapses, first } = self;
        let before = starts[rows.start];
        for RankOne { post, pre } in terms {
            let post = post.get(first..).unwrap_or_default();
            let start = pre.partition_point(|&(j, _)| (j as usize) < rows.start);
            for &(j, pre) in pre[start..].iter().take_while(|&&(j, _)| (j as usize) < rows.end) {
                let [from, to] = [starts[j as usize], starts[j as usize + 1]].map(|place| (place - before) as usize);
                for synapse in &mut synapses[from..to] {
                    if let Some(post) = post.get(usize::from(synapse.target)) {
                        synapse.weight = post.mul_add(pre, synapse.weight);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "the same products in the same order, so the same bits")]
mod tests {
    use super::*;
    use crate::network::{ListedSynapse, Weights};

    fn listed(source: u32, target: u32, weight: f32) -> ListedSynapse {
        ListedSynapse { source, target, delay: 1, weight }
    }

    fn term(post: &[f32], pre: &[(u32, f32)]) -> RankOne {
        RankOne { post: post.to_vec(), pre: pre.to_vec() }
    }

    /// Synapses 0→1 (two of them), 2→0 and 2→2; the rate of neuron 1 is that of no synapse.
    ///
    /// 0→1: 1 + (−1)·0.5 = 0.5 and 4 − 0.5 = 3.5. 2→0: 2 + 0.5·4 = 4. 2→2: 3 + 2·4 = 11. Each bias gets its own factor.
    #[test]
    fn a_change_reaches_the_synapses_that_there_are() {
        let list = [listed(0, 1, 1.0), listed(0, 1, 4.0), listed(2, 0, 2.0), listed(2, 2, 3.0)];
        let mut synapses = Synapses::from(BlockCsr::from_list(3, 3, 1.0, &list).unwrap());
        let mut biases = [0.0, 10.0, 0.0];
        let change = term(&[0.5, -1.0, 2.0], &[(0, 0.5), (1, 7.0), (2, 4.0)]);
        assert_eq!(synapses.apply(std::iter::once(&change), &mut biases), 3);
        let weights: Vec<f32> = synapses.sparse().unwrap().synapses().map(|synapse| synapse.weight).collect();
        assert_eq!(weights, [0.5, 3.5, 4.0, 11.0]);
        assert_eq!(biases, [0.5, 9.0, 2.0]);
        synapses.apply(std::iter::once(&term(&[-9.0; 3], &[(2, 1.0)])), &mut []);
        synapses.clip(0, Sign::NonPositive);
        synapses.clip(2, Sign::NonNegative);
        let weights: Vec<f32> = synapses.sparse().unwrap().synapses().map(|synapse| synapse.weight).collect();
        assert_eq!(weights, [0.0, 0.0, 0.0, 2.0]);
    }

    /// 130 presynaptic neurons make three shares, 5,000 postsynaptic ones two blocks; terms reach the rows at their borders.
    #[test]
    fn one_and_several_terms_change_sparse_weights_as_dense_ones() {
        const PRE: usize = 2 * SHARE + 2;
        const POST: usize = TARGETS_PER_BLOCK + 904;
        let number = |k: usize| (0.618 * (k + 1) as f32).fract() - 0.5;
        let list: Vec<_> = (0..PRE as u32)
            .flat_map(|j| (0..POST as u32).step_by(7 + j as usize).map(move |i| listed(j, i, number((j + i) as usize))))
            .collect();
        let rows: [&[u32]; 3] = [&[0, 63, 64, 127, 128, 129], &[63, 127, 128], &[0, 64, 127, 129]];
        let terms: Vec<_> = (0..3)
            .map(|t| RankOne {
                post: (0..POST).map(|i| number(i * (t + 1))).collect(),
                pre: rows[t].iter().map(|&j| (j, number(t + j as usize))).collect(),
            })
            .collect();
        for (count, touched) in [(1, 6), (3, 13)] {
            let sparse = BlockCsr::from_list(PRE, POST, 1.0, &list).unwrap();
            let mut dense = Synapses::from(Weights::from(&sparse));
            let mut sparse = Synapses::from(sparse);
            let [mut biases, mut others] = [vec![0.5; POST], vec![0.5; POST]];
            assert_eq!(sparse.apply(terms[..count].iter(), &mut biases), touched);
            assert_eq!(dense.apply(terms[..count].iter(), &mut others), touched);
            assert_eq!(biases, others);
            let dense = dense.dense().unwrap();
            for ListedSynapse { source, target, weight, .. } in sparse.sparse().unwrap().list() {
                assert_eq!(weight, dense.row(source as usize)[target as usize], "{source} to {target}, {count} terms");
            }
        }
    }
}
