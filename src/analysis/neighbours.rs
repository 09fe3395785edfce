//! Who is nearest to whom among points of any number of dimensions.

#![allow(clippy::needless_pass_by_value, reason = "views are handed on as slices are")]

use ndarray::{ArrayView1, ArrayView2, s};
use rayon::prelude::*;

/// Points whose distances are worked out at once. Part of the result's last bits, as threads are not.
const BLOCK: usize = 256;

/// For each point of `x` [points, dimensions] its `k` nearest others with their Euclidean distances, the nearest first, of
/// equally near ones the first.
///
/// All pairs are measured, by |a − b|² = |a|² + |b|² − 2 a·b: distances below 1e-7 of the points' own lengths are lost in
/// rounding.
///
/// # Panics
/// If there are not `k` others.
pub fn nearest(x: ArrayView2<'_, f64>, k: usize) -> Vec<Vec<(usize, f64)>> {
    assert!(k < x.nrows(), "{k} neighbours among {} points", x.nrows());
    let squares: Vec<f64> = x.rows().into_iter().map(|point| point.dot(&point)).collect();
    let starts: Vec<usize> = (0..x.nrows()).step_by(BLOCK).collect();
    let block = |start: usize| {
        let end = (start + BLOCK).min(x.nrows());
        let products = x.slice(s![start..end, ..]).dot(&x.t());
        (start..end).map(|i| nearest_to(i, products.row(i - start), &squares, k)).collect::<Vec<_>>()
    };
    starts.into_par_iter().flat_map_iter(block).collect()
}

/// The nearest of point `i`, whose products with all points are given.
fn nearest_to(i: usize, products: ArrayView1<'_, f64>, squares: &[f64], k: usize) -> Vec<(usize, f64)> {
    if k == 0 {
        return Vec::new();
    }
    let square = |j: usize| (squares[i] + squares[j] - 2.0 * products[j]).max(0.0);
    let mut others: Vec<_> = (0..squares.len()).filter(|&j| j != i).map(|j| (j, square(j))).collect();
    let order = |a: &(usize, f64), b: &(usize, f64)| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0));
    others.select_nth_unstable_by(k - 1, order);
    others.truncate(k);
    others.sort_unstable_by(order);
    others.into_iter().map(|(j, square)| (j, square.sqrt())).collect()
}

/// Share of the points of `x` [points, dimensions] whose nearest other has their label [%].
///
/// # Panics
/// If there are fewer than two points, or not a label for each.
pub fn percent_among_their_own(x: ArrayView2<'_, f64>, labels: &[u8]) -> f64 {
    assert_eq!(x.nrows(), labels.len(), "a label for each point");
    let nearest = nearest(x, 1);
    let alike = nearest.iter().zip(labels).filter(|(others, label)| labels[others[0].0] == **label).count();
    100.0 * alike as f64 / labels.len() as f64
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "these shares are exact")]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    #[test]
    fn the_nearest_come_first_and_equally_near_ones_in_their_order() {
        let x = array![[0.0, 0.0], [3.0, 4.0], [0.0, 1.0], [1.0, 0.0], [0.0, 0.0]];
        let found = nearest(x.view(), 4);
        assert_eq!(found[0], [(4, 0.0), (2, 1.0), (3, 1.0), (1, 5.0)]);
        assert_eq!(nearest(x.view(), 0), vec![vec![]; 5]);
    }

    /// More points than a block holds, against distances one by one.
    #[test]
    fn blocks_leave_nobody_out() {
        let x = Array2::from_shape_fn((600, 3), |(i, j)| ((i * 37 + j * 101) as f64 * 0.7).sin());
        let far = |i: usize, j: usize| (&x.row(i) - &x.row(j)).mapv(|d| d * d).sum().sqrt();
        for (i, found) in nearest(x.view(), 5).iter().enumerate() {
            let mut all: Vec<f64> = (0..600).filter(|&j| j != i).map(|j| far(i, j)).collect();
            all.sort_by(f64::total_cmp);
            assert!(found.iter().zip(&all).all(|(&(j, d), e)| (d - e).abs() < 1e-7 && (far(i, j) - e).abs() < 1e-7));
        }
    }

    #[test]
    fn a_point_among_others_lowers_the_share() {
        let x = array![[0.0], [1.0], [10.0], [11.5], [12.0]];
        assert_eq!(percent_among_their_own(x.view(), &[1, 1, 2, 2, 2]), 100.0);
        assert_eq!(percent_among_their_own(x.view(), &[1, 1, 2, 2, 1]), 60.0);
    }
}
