//! Credit assignment of hidden layers: losses, angles between changes, and the feedback Jacobians.
//!
//! Guerguiev, Lillicrap & Richards (2017), eLife 6:e22901, Figures 5 and 7.

use ndarray::Array2;

use crate::numeric::angle_from_products;

/// Mean of (target_i − rate_i)²: a layer's loss. NaN of none.
///
/// # Panics
/// If the lengths differ.
pub fn layer_loss(targets: &[f64], rates: &[f64]) -> f64 {
    assert_eq!(targets.len(), rates.len(), "one target a neuron");
    targets.iter().zip(rates).map(|(t, r)| (t - r).powi(2)).sum::<f64>() / rates.len() as f64
}

/// The angle between two vectors [degrees], from 0 to 180; NaN where either is zero.
///
/// # Panics
/// If the lengths differ.
pub fn angle(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len(), "vectors of one space");
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    angle_from_products(dot(a, a), dot(b, b), dot(a, b))
}

/// The largest eigenvalue of (I − M)ᵀ (I − M), M [n, n] being the product J_b J_g of the Jacobians of the output by the
/// hidden layer and of the plateaus by the output. Where it is below 1, a step of the hidden layer towards its target
/// brings the output nearer to its own (their Theorem 1).
///
/// Found by powers of the matrix, to one part in 10¹² or after 10,000 of them.
///
/// # Panics
/// If M is not square.
pub fn feedback_eigenvalue(product: &Array2<f64>) -> f64 {
    let n = product.nrows();
    let rest = Array2::<f64>::eye(n) - product;
    let square = rest.t().dot(&rest);
    let column = |j: usize| square.column(j).dot(&square.column(j));
    let Some(longest) = (0..n).max_by(|&i, &j| column(i).total_cmp(&column(j))) else { return f64::NAN };
    let mut vector = square.column(longest).to_owned();
    let mut eigenvalue = 0.0;
    for _ in 0..10_000 {
        let norm = vector.dot(&vector).sqrt();
        if norm == 0.0 {
            return 0.0;
        }
        vector /= norm;
        let image = square.dot(&vector);
        let found = vector.dot(&image);
        if (found - eigenvalue).abs() <= 1e-12 * found {
            return found;
        }
        (vector, eigenvalue) = (image, found);
    }
    eigenvalue
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn losses_and_angles_of_known_vectors() {
        assert!((layer_loss(&[1.0, 0.0], &[0.0, 2.0]) - 2.5).abs() < 1e-15);
        for (a, b, expected) in
            [([1.0, 0.0], [0.0, 3.0], 90.0), ([1.0, 1.0], [2.0, 2.0], 0.0), ([1.0, 0.0], [-1.0, 0.0], 180.0)]
        {
            assert!((angle(&a, &b) - expected).abs() < 1e-5);
        }
        assert!(angle(&[0.0], &[1.0]).is_nan());
    }

    /// Of a diagonal M the eigenvalues are (1 − m_i)²; of a rotation R, I − R has 2 (1 − cos) twice.
    #[test]
    fn eigenvalues_have_their_closed_forms() {
        let diagonal = Array2::from_diag(&array![0.5, -1.0, 3.5]);
        assert!((feedback_eigenvalue(&diagonal) - 6.25).abs() < 1e-9);
        let (sin, cos) = 0.7_f64.sin_cos();
        let rotation = array![[cos, -sin], [sin, cos]];
        assert!((feedback_eigenvalue(&rotation) - 2.0 * (1.0 - cos)).abs() < 1e-9);
        assert!(feedback_eigenvalue(&Array2::eye(3)).abs() < 1e-15);
    }
}
