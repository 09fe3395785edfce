//! The distribution of a sum of squares of normal numbers that are not independent.

use ndarray::Array2;
use statrs::function::gamma::gamma_ur;

/// P(χ²_ν > x), the regularised upper incomplete gamma function Q(ν/2, x/2); ν need not be whole.
pub fn chi_square_exceeds(x: f64, nu: f64) -> f64 {
    if x > 0.0 { gamma_ur(nu / 2.0, x / 2.0) } else { 1.0 }
}

/// P(Σ z_i² > q) for normal z of mean 0, variance 1 and this correlation [n, n]; also the degrees of freedom ν of the χ²
/// it is told by.
///
/// Its first three cumulants κ₁ = n, κ₂ = 2 tr R², κ₃ = 8 tr R³ are those of a shifted and scaled χ²_ν, ν = 8 κ₂³/κ₃²:
/// (q − κ₁)/√κ₂ ≈ (χ²_ν − ν)/√(2ν). Exact for independent z. Hall (1983), Annals of Probability 11:1028; Buckley &
/// Eagleson (1988), Australian Journal of Statistics 30:150.
///
/// # Panics
/// If the correlation is not square.
pub fn sum_of_squares_exceeds(q: f64, correlation: &Array2<f64>) -> (f64, f64) {
    let n = correlation.nrows() as f64;
    let square = correlation.dot(correlation);
    let kappa_2 = 2.0 * square.diag().sum();
    let kappa_3 = 8.0 * (&square * correlation).sum();
    let nu = 8.0 * kappa_2.powi(3) / kappa_3.powi(2);
    let x = nu + (q - n) / kappa_2.sqrt() * (2.0 * nu).sqrt();
    (chi_square_exceeds(x, nu), nu)
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    /// χ²₂ is exponential; χ²₁ is a squared normal; quantiles at 0.05 and 0.0001 are those of tables.
    #[test]
    fn chi_square_has_its_known_tails() {
        assert!((chi_square_exceeds(7.0, 2.0) - (-3.5_f64).exp()).abs() < 1e-14);
        assert!((chi_square_exceeds(0.3, 2.0) - (-0.15_f64).exp()).abs() < 1e-14);
        assert!((chi_square_exceeds(1.96_f64.powi(2), 1.0) - libm::erfc(1.96 / 2.0_f64.sqrt())).abs() < 1e-14);
        assert!((chi_square_exceeds(124.342, 100.0) - 0.05).abs() < 1e-5);
        assert!((chi_square_exceeds(18.307, 10.0) - 0.05).abs() < 1e-5);
        assert!((chi_square_exceeds(0.0, 5.0) - 1.0).abs() < 1e-15);
    }

    #[test]
    fn independent_squares_make_a_chi_square() {
        let (p, nu) = sum_of_squares_exceeds(18.307, &Array2::eye(10));
        assert!((p - 0.05).abs() < 1e-5 && (nu - 10.0).abs() < 1e-9);
    }

    #[test]
    fn a_number_counted_four_times_is_one_degree_of_freedom() {
        let (p, nu) = sum_of_squares_exceeds(4.0 * 3.841_459, &Array2::ones((4, 4)));
        assert!((p - 0.05).abs() < 1e-6 && (nu - 1.0).abs() < 1e-12);
    }

    /// Two pairs with weights 1.5, 1.5, 0.5, 0.5: 10.203 is the 95 % quantile (Johnson, Kotz & Balakrishnan 1994, table 18.6),
    /// 0.94908 by this approximation.
    #[test]
    fn a_weighted_sum_has_the_published_tail() {
        let pair = array![[1.0, 0.5, 0.0, 0.0], [0.5, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.5], [0.0, 0.0, 0.5, 1.0]];
        let (p, _) = sum_of_squares_exceeds(10.203, &pair);
        assert!((1.0 - p - 0.94908).abs() < 1e-4, "{p}");
    }
}
