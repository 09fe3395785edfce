//! The logistic function, its slope and the function over arrays.

use pulp::{Arch, Simd, WithSimd};

use super::exp;

/// Computes 1 / (1 + e^−v).
#[inline(always)]
pub fn sigmoid(v: f64) -> f64 {
    1.0 / (1.0 + exp(-v))
}

/// Computes the derivative of [`sigmoid`] at `v`.
#[inline(always)]
pub fn sigmoid_slope(v: f64) -> f64 {
    let s = sigmoid(v);
    s * (1.0 - s)
}

/// Replaces every element by its [`sigmoid`], in vectors.
pub fn sigmoid_all(x: &mut [f64]) {
    Arch::new().dispatch(SigmoidAll(x));
}

struct SigmoidAll<'a>(&'a mut [f64]);

impl WithSimd for SigmoidAll<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for x in self.0 {
            *x = sigmoid(*x);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 200,001 points from −35 to 35.
    fn grid() -> impl Iterator<Item = f64> {
        (-100_000..=100_000).map(|i| f64::from(i) * 0.007 * 0.05)
    }

    #[test]
    fn vectors_give_the_same_bits_as_single_numbers() {
        let mut all: Vec<f64> = grid().collect();
        sigmoid_all(&mut all);
        assert!(all.iter().zip(grid()).all(|(&s, x)| s.to_bits() == sigmoid(x).to_bits()));
    }

    #[test]
    fn sigmoid_slope_is_its_derivative() {
        for v in (-800..=800).map(|i| f64::from(i) * 0.01) {
            let difference = (sigmoid(v + 1e-5) - sigmoid(v - 1e-5)) / 2e-5;
            assert!((sigmoid_slope(v) - difference).abs() < 1e-9, "at {v}");
        }
    }
}
