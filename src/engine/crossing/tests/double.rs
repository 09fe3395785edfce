//! Double-double arithmetic, for references.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// An unevaluated sum of two floats, 106 bits (Dekker 1971, Numerische Mathematik 18:224).
#[derive(Clone, Copy)]
pub(crate) struct Double {
    pub(crate) high: f64,
    low: f64,
}

fn two_sum(a: f64, b: f64) -> Double {
    let high = a + b;
    let part = high - a;
    Double { high, low: (a - (high - part)) + (b - part) }
}

impl Add for Double {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        let (high, low) = (two_sum(self.high, other.high), two_sum(self.low, other.low));
        let first = two_sum(high.high, high.low + low.high);
        two_sum(first.high, first.low + low.low)
    }
}

impl Mul for Double {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let high = self.high * other.high;
        let low = self.high.mul_add(other.high, -high);
        two_sum(high, low + (self.high * other.low + self.low * other.high))
    }
}

impl From<f64> for Double {
    fn from(x: f64) -> Self {
        Self { high: x, low: 0.0 }
    }
}

impl Neg for Double {
    type Output = Self;
    fn neg(self) -> Self {
        Self { high: -self.high, low: -self.low }
    }
}

impl Sub for Double {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Div for Double {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        let mut quotient = Self::from(self.high / other.high);
        for _ in 0..2 {
            quotient = quotient + Self::from((self - quotient * other).high / other.high);
        }
        quotient
    }
}

impl Double {
    /// x = k ln 2 + 256 r, and e^r by Taylor's series.
    pub(crate) fn exp(self) -> Self {
        let k = (self.high * std::f64::consts::LOG2_E).round();
        let ln_2 = Self { high: std::f64::consts::LN_2, low: 2.319_046_813_846_299_6e-17 };
        let r = (self + Self::from(-k) * ln_2) * Self::from(1.0 / 256.0);
        let mut sum = Self::from(1.0);
        for n in (1..=14).rev() {
            sum = Self::from(1.0) + r * sum / Self::from(f64::from(n));
        }
        for _ in 0..8 {
            sum = sum * sum;
        }
        let power = libm::exp2(k.max(-1000.0));
        Self { high: sum.high * power, low: sum.low * power }
    }
}
