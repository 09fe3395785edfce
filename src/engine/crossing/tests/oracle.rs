//! The first crossing by an algorithm that shares nothing with the searched one but the parabola: steps from the left, each as long
//! as a parabola above f certifies f < 0, in f64 with libm's exponential or in double-double.

use std::ops::{Add, Mul};

use super::super::Approach;

/// What the oracle computes f in.
pub(super) trait OracleFloat: Copy + Add<Output = Self> + Mul<Output = Self> {
    /// Relative error of a sum of a few products.
    const ROUNDING: f64;
    fn new(x: f64) -> Self;
    fn exp(self) -> Self;
    fn value(self) -> f64;
}

impl OracleFloat for f64 {
    const ROUNDING: f64 = 4e-15;
    fn new(x: f64) -> Self {
        x
    }
    fn exp(self) -> Self {
        libm::exp(self)
    }
    fn value(self) -> f64 {
        self
    }
}

/// An unevaluated sum of two floats, 106 bits (Dekker 1971, Numerische Mathematik 18:224).
#[derive(Clone, Copy)]
pub(super) struct Double {
    high: f64,
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

impl OracleFloat for Double {
    const ROUNDING: f64 = 1e-29;
    fn new(x: f64) -> Self {
        Self { high: x, low: 0.0 }
    }
    /// x = k ln 2 + 256 r, and e^r by Taylor's series.
    fn exp(self) -> Self {
        let k = (self.high * std::f64::consts::LOG2_E).round();
        let ln_2 = Self { high: std::f64::consts::LN_2, low: 2.319_046_813_846_299_6e-17 };
        let r = (self + Self::new(-k) * ln_2) * Self::new(1.0 / 256.0);
        let mut sum = Self::new(1.0);
        for n in (1..=14).rev() {
            // 1/n to double precision.
            let inverse = 1.0 / f64::from(n);
            let rest = (-inverse).mul_add(f64::from(n), 1.0);
            sum = Self::new(1.0) + r * sum * Self { high: inverse, low: rest / f64::from(n) };
        }
        for _ in 0..8 {
            sum = sum * sum;
        }
        let power = libm::exp2(k.max(-1000.0));
        Self { high: sum.high * power, low: sum.low * power }
    }
    fn value(self) -> f64 {
        self.high
    }
}

/// f at some time in the number type N, as f64, and what bounds its course from there on.
pub(super) struct Course {
    pub(super) value: f64,
    pub(super) slope: f64,
    /// Σ λ² a e^{−λt} of the positive and of the negative amplitudes.
    pub(super) bends: [f64; 2],
}

pub(super) fn local<N: OracleFloat, const M: usize>(f: &Approach<M>, lambda: &[f64; M], t: f64) -> Course {
    let mut sum = N::new(f.c);
    let (mut slope, mut bends) = (0.0, [0.0; 2]);
    for k in 0..M {
        let decay = (N::new(-lambda[k]) * N::new(t)).exp();
        sum = sum + N::new(f.a[k]) * decay;
        let change = lambda[k] * f.a[k] * decay.value();
        slope -= change;
        bends[usize::from(f.a[k] < 0.0)] += lambda[k] * change;
    }
    Course { value: sum.value(), slope, bends }
}

/// What the oracle finds in (0, T].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Finding {
    Crosses {
        at: f64,
        slope: f64,
    },
    Below,
    /// A maximum, or f(T), is as near to the threshold as rounding.
    Doubtful,
}

pub(super) fn magnitude<const M: usize>(f: &Approach<M>) -> f64 {
    f.c.abs() + f.a.iter().map(|a| a.abs()).sum::<f64>()
}

pub(super) fn first_crossing<N: OracleFloat, const M: usize>(
    f: &Approach<M>,
    lambda: &[f64; M],
    until: f64,
) -> Finding {
    let tolerance = N::ROUNDING * magnitude(f);
    let mut t = 0.0_f64;
    for _ in 0..100_000 {
        let Course { value, slope, bends: [up, down] } = local::<N, M>(f, lambda, t);
        if value > -tolerance {
            let rises = slope > 0.0 && value - 0.5 * slope * slope / down > tolerance;
            let polished = t - value / slope;
            return match rises || value > tolerance {
                true if polished > until && value < 0.0 => Finding::Doubtful,
                true => Finding::Crosses { at: polished, slope },
                false => Finding::Doubtful,
            };
        }
        if t >= until {
            return Finding::Below;
        }
        // The first zero of value + slope s + up s²/2.
        let root = (slope * slope - 2.0 * up * value).sqrt();
        let step = match (slope > 0.0, up > 0.0) {
            (true, _) => -2.0 * value / (slope + root),
            (false, true) => (root - slope) / up,
            (false, false) => f64::INFINITY,
        };
        let next = (0.999_999 * step).mul_add(1.0, t);
        t = if next > t { next.min(until) } else { t.next_up() };
    }
    Finding::Doubtful
}
