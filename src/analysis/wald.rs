//! The Wald (inverse Gaussian) distribution, by which phases are prolonged.

use std::f64::consts::PI;

/// Density at `x`: sqrt(λ/(2πx³)) exp(−λ(x − μ)²/(2μ²x)), with mean μ and scale λ in the unit of `x`; 0 at and below 0.
pub fn wald_density(x: f64, mean: f64, scale: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    (scale / (2.0 * PI * x.powi(3))).sqrt() * (-scale * (x - mean).powi(2) / (2.0 * mean * mean * x)).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Midpoint rule over (0, 400].
    fn integral(of: impl Fn(f64) -> f64) -> f64 {
        (0..400_000).map(|i| (f64::from(i) + 0.5) * 1e-3).map(|x| of(x) * 1e-3).sum()
    }

    #[test]
    fn total_mean_and_variance_are_those_of_the_distribution() {
        let (mean, scale) = (2.0, 1.0);
        let density = |x| wald_density(x, mean, scale);
        assert!((integral(density) - 1.0).abs() < 1e-6);
        assert!((integral(|x| x * density(x)) - mean).abs() < 1e-6);
        let variance = integral(|x| (x - mean).powi(2) * density(x));
        assert!((variance - mean.powi(3) / scale).abs() < 1e-4, "{variance}");
    }
}
