//! How alike two layers represent the same stimuli, whatever their units: spiking or rate, of any number.

#![allow(clippy::needless_pass_by_value, reason = "views are handed on as slices are")]

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};

/// Linear centred kernel alignment of two layers' responses `x` [stimuli, n] and `y` [stimuli, m], from 0 to 1:
/// |Yᵀ X|² / (|Xᵀ X| |Yᵀ Y|) of the responses less their means, in Frobenius norms. 1 where one layer is a rotation and
/// scaling of the other; NaN where a layer does not respond to stimuli at all.
///
/// # Panics
/// If the layers saw different numbers of stimuli.
pub fn linear_cka(x: ArrayView2<'_, f64>, y: ArrayView2<'_, f64>) -> f64 {
    assert_eq!(x.nrows(), y.nrows(), "the same stimuli");
    let centred = |x: ArrayView2<'_, f64>| &x - &x.mean_axis(Axis(0)).expect("a stimulus");
    let (x, y) = (centred(x), centred(y));
    let square = |a: &Array2<f64>, b: &Array2<f64>| a.t().dot(b).mapv(|c| c * c).sum();
    square(&y, &x) / (square(&x, &x) * square(&y, &y)).sqrt()
}

/// Representational similarity of two layers' responses `x` [stimuli, n] and `y` [stimuli, m], from −1 to 1: Spearman's
/// rank correlation of their dissimilarities, 1 less Pearson's correlation of the responses to two stimuli, over all
/// pairs. NaN where a layer answers all stimuli alike.
///
/// # Panics
/// If the layers saw different numbers of stimuli.
pub fn rsa(x: ArrayView2<'_, f64>, y: ArrayView2<'_, f64>) -> f64 {
    assert_eq!(x.nrows(), y.nrows(), "the same stimuli");
    correlation(ranks(&dissimilarities(x)).view(), ranks(&dissimilarities(y)).view())
}

/// 1 less the correlation of the responses to stimuli i < j, pair by pair.
fn dissimilarities(x: ArrayView2<'_, f64>) -> Vec<f64> {
    let pairs = (0..x.nrows()).flat_map(|i| (i + 1..x.nrows()).map(move |j| (i, j)));
    pairs.map(|(i, j)| 1.0 - correlation(x.row(i), x.row(j))).collect()
}

/// Pearson's correlation.
fn correlation(x: ArrayView1<'_, f64>, y: ArrayView1<'_, f64>) -> f64 {
    let centred = |x: ArrayView1<'_, f64>| &x - x.mean().unwrap_or(0.0);
    let (x, y) = (centred(x), centred(y));
    x.dot(&y) / (x.dot(&x) * y.dot(&y)).sqrt()
}

/// Ranks from 0, equal values sharing the mean of theirs.
fn ranks(values: &[f64]) -> Array1<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&i, &j| values[i].total_cmp(&values[j]));
    let mut ranks = Array1::zeros(values.len());
    let mut first = 0;
    for tied in order.chunk_by(|&i, &j| values[i].total_cmp(&values[j]).is_eq()) {
        let shared = first as f64 + (tied.len() - 1) as f64 / 2.0;
        tied.iter().for_each(|&i| ranks[i] = shared);
        first += tied.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    /// Numbers without a pattern, by a linear congruence.
    fn responses(stimuli: usize, units: usize, seed: u32) -> Array2<f64> {
        let mut state = seed;
        Array2::from_shape_simple_fn((stimuli, units), || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(state >> 8) / f64::from(1 << 24)
        })
    }

    #[test]
    fn a_rotation_a_scale_and_a_shift_change_no_alignment() {
        let x = responses(30, 2, 1);
        let turned = x.dot(&array![[0.6, -0.8], [0.8, 0.6]]) * 3.0 + 5.0;
        assert!((linear_cka(x.view(), turned.view()) - 1.0).abs() < 1e-12);
        let stretched = &x * &array![1.0, 10.0];
        assert!(linear_cka(x.view(), stretched.view()) < 0.99);
    }

    /// The same measure from the matrices of inner products between stimuli: ⟨K, L⟩/(|K| |L|), both centred.
    #[test]
    fn alignment_of_units_is_that_of_inner_products_between_stimuli() {
        let (x, y) = (responses(20, 7, 1), responses(20, 4, 2));
        let n = 20.0;
        let centre = Array2::<f64>::eye(20) - Array2::from_elem((20, 20), 1.0 / n);
        let gram = |x: &Array2<f64>| centre.dot(&x.dot(&x.t())).dot(&centre);
        let (k, l) = (gram(&x), gram(&y));
        let expected = (&k * &l).sum() / ((&k * &k).sum() * (&l * &l).sum()).sqrt();
        assert!((linear_cka(x.view(), y.view()) - expected).abs() < 1e-12);
        assert!((linear_cka(y.view(), x.view()) - expected).abs() < 1e-12);
    }

    #[test]
    fn ties_share_a_rank() {
        assert_eq!(ranks(&[3.0, 1.0, 3.0, 2.0]), array![2.5, 0.0, 2.5, 1.0]);
    }

    /// Stimuli 0 and 1 are alike and 2 is not, in x and in y; in z it is 0 and 2 that are alike, and 0 and 1 that are least.
    #[test]
    fn similarity_is_of_the_order_of_dissimilarities() {
        let x = array![[1.0, 0.0, 0.0, 0.0], [0.9, 0.1, 0.0, 0.0], [0.0, 0.5, 1.0, 0.0]];
        let y = array![[0.0, 1.0, 2.0], [0.0, 1.2, 2.0], [2.0, 0.0, 0.5]];
        let z = x.select(Axis(0), &[0, 2, 1]);
        assert!((rsa(x.view(), x.select(Axis(1), &[3, 1, 0, 2]).view()) - 1.0).abs() < 1e-12);
        assert!(rsa(x.view(), y.view()) > 0.0);
        assert!((rsa(x.view(), z.view()) + 1.0).abs() < 1e-12);
    }
}
