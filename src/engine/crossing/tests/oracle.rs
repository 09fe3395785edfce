//! The first crossing by an algorithm that shares nothing with the searched one but the parabola: steps from the left, each as long
//! as a parabola above f certifies f < 0, in f64 with libm's exponential or in double-double.

use std::ops::{Add, Mul};

use super::super::Approach;
use super::double::Double;

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

impl OracleFloat for Double {
    const ROUNDING: f64 = 1e-29;
    fn new(x: f64) -> Self {
        Double::from(x)
    }
    fn exp(self) -> Self {
        Double::exp(self)
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
