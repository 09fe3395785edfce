//! Means of few values, their spread, and their intervals by Student's t.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// Mean and standard deviation (n − 1), which is NaN of fewer than two.
pub fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    if values.len() < 2 {
        return (mean, f64::NAN);
    }
    (mean, (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt())
}

/// Mean of paired differences and half the width of its interval at this level (0.95, say); the half width is NaN of fewer
/// than two.
///
/// mean ± t s/√n, with t the quantile of n − 1 degrees of freedom and s the standard deviation (n − 1).
pub fn mean_interval(values: &[f64], level: f64) -> (f64, f64) {
    let (mean, deviation) = mean_and_deviation(values);
    if deviation.is_nan() {
        return (mean, f64::NAN);
    }
    (mean, two_sided_t(level, values.len() as u32 - 1) * deviation / (values.len() as f64).sqrt())
}

/// The t within which Student's t of `nu` degrees of freedom stays with probability `level`.
///
/// # Panics
/// If there is no degree of freedom, or the level is not between 0 and 1.
pub fn two_sided_t(level: f64, nu: u32) -> f64 {
    assert!(0.0 < level && level < 1.0);
    let distribution = StudentsT::new(0.0, 1.0, f64::from(nu)).expect("a degree of freedom");
    distribution.inverse_cdf(0.5 + 0.5 * level)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Quantiles of the tables, at 95 % and 99 %.
    #[test]
    fn quantiles_are_those_of_the_tables() {
        let tables = [
            (1, 12.706, 63.657),
            (2, 4.303, 9.925),
            (3, 3.182, 5.841),
            (4, 2.776, 4.604),
            (5, 2.571, 4.032),
            (10, 2.228, 3.169),
            (29, 2.045, 2.756),
        ];
        for (nu, at_95, at_99) in tables {
            assert!((two_sided_t(0.95, nu) - at_95).abs() < 5.1e-4, "{nu}");
            assert!((two_sided_t(0.99, nu) - at_99).abs() < 5.1e-4, "{nu}");
        }
    }

    /// Of 1, 2 and 3 the mean is 2 and the standard error 1/√3.
    #[test]
    fn an_interval_of_three() {
        let (mean, half) = mean_interval(&[1.0, 2.0, 3.0], 0.95);
        assert!((mean - 2.0).abs() < 1e-12 && (half - 4.3027 / 3.0_f64.sqrt()).abs() < 1e-4);
        assert!(mean_interval(&[1.0], 0.95).1.is_nan());
    }
}
