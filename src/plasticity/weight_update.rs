//! Changes of weights: sums of rank-one terms, added to the rows of active presynaptic neurons alone.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

/// One term of a change, dW_ij = post_i pre_j, and db_i = post_i of the biases of the postsynaptic neurons where they learn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RankOne {
    /// Postsynaptic factors, [post].
    pub post: Vec<f32>,
    /// Presynaptic neurons whose factor is not zero, with that factor, in ascending order.
    pub pre: Vec<(u32, f32)>,
}

/// The change of the weights of one projection after a trial, the sum of its terms. Its buffers are reused.
#[derive(Clone, Debug, Default)]
pub struct WeightUpdate {
    terms: Vec<RankOne>,
    /// Terms in use, from the first.
    used: usize,
}

impl RankOne {
    /// Replaces the postsynaptic factors.
    pub fn set_post(&mut self, factors: impl Iterator<Item = f64>) {
        self.post.clear();
        self.post.extend(factors.map(|x| x as f32));
    }

    /// Replaces the presynaptic factors, one for each presynaptic neuron in order; zeros are left out.
    pub fn set_pre(&mut self, factors: impl Iterator<Item = f64>) {
        self.pre.clear();
        self.pre.extend((0..).zip(factors.map(|x| x as f32)).filter(|&(_, x)| x != 0.0));
    }
}

impl WeightUpdate {
    /// Removes all terms.
    pub fn clear(&mut self) {
        self.used = 0;
    }

    /// Appends a term without factors.
    pub fn add_term(&mut self) -> &mut RankOne {
        if self.used == self.terms.len() {
            self.terms.push(RankOne::default());
        }
        let term = &mut self.terms[self.used];
        self.used += 1;
        term.post.clear();
        term.pre.clear();
        term
    }

    /// The terms.
    pub fn terms(&self) -> &[RankOne] {
        &self.terms[..self.used]
    }

    /// Why the change does not fit a projection of these numbers of postsynaptic and presynaptic neurons, if it does not.
    pub(crate) fn misfit(&self, post: usize, pre: usize) -> Option<&'static str> {
        let ordered = |term: &RankOne| term.pre.is_sorted_by(|a, b| a.0 < b.0);
        let within = |term: &RankOne| term.pre.last().is_none_or(|&(j, _)| (j as usize) < pre);
        if self.terms().iter().any(|term| term.post.len() != post) {
            Some("expected one postsynaptic factor for each postsynaptic neuron")
        } else if !self.terms().iter().all(|term| ordered(term) && within(term)) {
            Some("expected presynaptic factors in ascending order of their neurons, each neuron once")
        } else {
            None
        }
    }

    /// Whether every factor is a finite number.
    pub fn is_finite(&self) -> bool {
        // Counted, not searched: loops without a branch vectorise.
        let post = |term: &RankOne| term.post.iter().filter(|x| !x.is_finite()).count();
        let pre = |term: &RankOne| term.pre.iter().filter(|(_, x)| !x.is_finite()).count();
        self.terms().iter().all(|term| post(term) + pre(term) == 0)
    }
}

/// Rows of weights that one thread changes at a time.
const SHARE: usize = 64;

/// Adds terms to weights, given as rows of `stride` postsynaptic weights per presynaptic neuron, and to biases (empty: none
/// learn), each weight's in the order of the terms. Returns the number of rows touched. What a term has beyond the rows or
/// their ends is left out.
pub fn apply<'a>(
    terms: impl Iterator<Item = &'a RankOne> + Clone + Send + Sync,
    rows: &mut [f32],
    stride: usize,
    biases: &mut [f32],
) -> usize {
    if stride == 0 {
        return 0;
    }
    for term in terms.clone() {
        biases.iter_mut().zip(&term.post).for_each(|(b, &post)| *b += post);
    }
    let add = |(share, rows): (usize, &mut [f32])| {
        Arch::new().dispatch(Add { terms: terms.clone(), rows, stride, first: share * SHARE });
    };
    match terms.clone().count() {
        1 => rows.chunks_mut(SHARE * stride).enumerate().for_each(add),
        _ => rows.par_chunks_mut(SHARE * stride).enumerate().for_each(add),
    }
    terms.map(|term| term.pre.len()).sum()
}

/// Adds terms to some of the rows, from that of presynaptic neuron `first` on.
struct Add<'b, I> {
    terms: I,
    rows: &'b mut [f32],
    stride: usize,
    first: usize,
}

impl<'a, I: Iterator<Item = &'a RankOne>> WithSimd for Add<'_, I> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let last = self.first + self.rows.len() / self.stride;
        for term in self.terms {
            let start = term.pre.partition_point(|&(j, _)| (j as usize) < self.first);
            for &(j, pre) in term.pre[start..].iter().take_while(|&&(j, _)| (j as usize) < last) {
                let row = &mut self.rows[(j as usize - self.first) * self.stride..][..self.stride];
                for (w, &post) in row.iter_mut().zip(&term.post) {
                    *w = post.mul_add(pre, *w);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Weights;

    fn apply_to<'a>(
        terms: impl Iterator<Item = &'a RankOne> + Clone + Send + Sync,
        weights: &mut Weights,
        biases: &mut [f32],
    ) -> usize {
        let stride = weights.stride();
        apply(terms, weights.rows_mut(), stride, biases)
    }

    #[test]
    #[allow(clippy::float_cmp, reason = "these sums are exact")]
    fn a_change_is_an_outer_product_on_active_rows_alone() {
        let mut weights = Weights::from_matrix(2, 3, &[1.0; 6]);
        let mut biases = [0.0; 2];
        let term = RankOne { post: vec![0.5, -1.0], pre: vec![(2, 4.0)] };
        assert_eq!(apply_to(std::iter::once(&term), &mut weights, &mut biases), 1);
        assert_eq!(weights.to_matrix(), [1.0, 1.0, 3.0, 1.0, 1.0, -3.0]);
        assert_eq!(biases, [0.5, -1.0]);
    }

    #[test]
    #[allow(clippy::float_cmp, reason = "the same sums in the same order, so the same bits")]
    fn changes_reach_the_rows_at_the_borders_of_shares() {
        const POST: usize = 3;
        const PRE: usize = 2 * SHARE + 2;
        let rows: [&[u32]; 3] = [&[0, 63, 64, 127, 128, 129], &[63, 127, 128], &[0, 64, 127, 129]];
        let number = |k: usize| (0.618 * (k + 1) as f32).fract() - 0.5;
        let terms = rows.map(|rows| RankOne {
            post: (0..POST).map(|i| number(rows.len() + i)).collect(),
            pre: rows.iter().map(|&j| (j, number(rows.len() * j as usize))).collect(),
        });
        let matrix: Vec<f32> = (0..POST * PRE).map(number).collect();
        for (count, touched) in [(1, 6), (3, 13)] {
            let (mut weights, mut biases) = (Weights::from_matrix(POST, PRE, &matrix), [0.5; POST]);
            let (mut expected, mut expected_biases) = (matrix.clone(), biases);
            for term in &terms[..count] {
                for (i, &post) in term.post.iter().enumerate() {
                    expected_biases[i] += post;
                    for &(j, pre) in &term.pre {
                        let w = &mut expected[i * PRE + j as usize];
                        *w = post.mul_add(pre, *w);
                    }
                }
            }
            assert_eq!(apply_to(terms[..count].iter(), &mut weights, &mut biases), touched);
            assert_eq!(weights.to_matrix(), expected, "{count} at once");
            assert_eq!(biases, expected_biases, "{count} at once");
        }
    }

    #[test]
    fn terms_that_do_not_fit_are_found() {
        for (post, pre, fits) in [
            (vec![1.0; 2], vec![(0, 1.0), (2, 1.0)], true),
            (vec![1.0; 3], vec![], false),
            (vec![], vec![], false),
            (vec![1.0; 2], vec![(3, 1.0)], false),
            (vec![1.0; 2], vec![(1, 1.0), (1, 1.0)], false),
            (vec![1.0; 2], vec![(2, 1.0), (0, 1.0)], false),
        ] {
            let mut change = WeightUpdate::default();
            *change.add_term() = RankOne { post, pre };
            assert_eq!(change.misfit(2, 3).is_none(), fits, "{change:?}");
        }
    }

    #[test]
    fn a_factor_that_is_not_finite_is_found() {
        for (post, pre, finite) in [(1.0, 1.0, true), (f32::NAN, 1.0, false), (1.0, f32::INFINITY, false)] {
            let mut change = WeightUpdate::default();
            change.add_term();
            *change.add_term() = RankOne { post: vec![0.0, post], pre: vec![(0, 1.0), (1, pre)] };
            assert_eq!(change.is_finite(), finite);
            change.clear();
            assert!(change.is_finite() && change.terms().is_empty());
        }
    }
}
