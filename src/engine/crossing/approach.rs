//! The distance of a potential to its threshold, and the tests that need no exponential.

use crate::numeric::exp;

/// Decay rates of M modes, ascending [1/ms].
#[derive(Clone, Debug)]
pub(crate) struct DecayRates<const M: usize> {
    pub(super) lambda: [f64; M],
    /// Π_{i < j} (λ_i − λ_k) with λ_{−1} = 0, by j from 0 and k: what the derivatives of [`search`] multiply a_k by.
    pub(super) factors: [[f64; M]; M],
}

impl<const M: usize> DecayRates<M> {
    /// Precomputes what a search needs of the rates, which are positive, distinct and in ascending order.
    pub(crate) fn new(lambda: [f64; M]) -> Self {
        let ascending = lambda.windows(2).all(|pair| pair[0] < pair[1]);
        assert!(ascending && lambda.iter().all(|&rate| rate > 0.0 && rate.is_finite()), "decay rates {lambda:?}");
        let mut factors = [[0.0; M]; M];
        for k in 0..M {
            let mut product = 1.0;
            for j in 0..=k {
                let slower = if j == 0 { 0.0 } else { lambda[j - 1] };
                product *= slower - lambda[k];
                factors[j][k] = product;
            }
        }
        Self { lambda, factors }
    }

    /// e^{−λ_k t} of every mode.
    #[inline(always)]
    pub(crate) fn decays(&self, t: f64) -> [f64; M] {
        let mut decays = [0.0; M];
        for k in 0..M {
            decays[k] = exp(-self.lambda[k] * t);
        }
        decays
    }
}

/// f(t) = c + Σ_k a_k e^{−λ_k t}: the distance of a potential to its threshold [mV], t from the start of the interval [ms].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Approach<const M: usize> {
    /// Where the potential tends to, minus the threshold [mV].
    pub(crate) c: f64,
    /// Amplitudes at the start of the interval [mV].
    pub(crate) a: [f64; M],
}

/// f(0), f'(0), a bound of f'' and the largest partial sum, with a bound of the rounding of each.
struct AtStart {
    value: f64,
    slope: f64,
    curvature: f64,
    partial: f64,
    magnitude: f64,
    magnitude_of_slope: f64,
}

impl<const M: usize> Approach<M> {
    /// A bound of the relative error of sums over the modes, in units of what is added up: M roundings of sum and product,
    /// one of the exponent and two of [`exp`].
    const ROUNDING: f64 = (M + 6) as f64 * f64::EPSILON;

    /// f(t) [mV].
    #[cfg(test)]
    pub(crate) fn at(&self, rates: &DecayRates<M>, t: f64) -> f64 {
        self.value(&rates.decays(t))
    }

    /// f where the modes have decayed to `decays`.
    #[inline(always)]
    pub(crate) fn value(&self, decays: &[f64; M]) -> f64 {
        let mut sum = self.c;
        for k in 0..M {
            sum = self.a[k].mul_add(decays[k], sum);
        }
        sum
    }

    /// f' where the modes have decayed to `decays`.
    #[inline(always)]
    pub(super) fn slope_after(&self, rates: &DecayRates<M>, decays: &[f64; M]) -> f64 {
        let mut sum = 0.0;
        for k in 0..M {
            sum = (-rates.lambda[k] * self.a[k]).mul_add(decays[k], sum);
        }
        sum
    }

    /// |c| + Σ|a_k| e^{−λ_k t}, by whose last bits f is uncertain.
    #[inline(always)]
    pub(super) fn magnitude(&self, decays: &[f64; M]) -> f64 {
        let mut sum = self.c.abs();
        for k in 0..M {
            sum = self.a[k].abs().mul_add(decays[k], sum);
        }
        sum
    }

    #[inline(always)]
    fn start(&self, rates: &DecayRates<M>) -> AtStart {
        let (mut partial, mut largest) = (self.c, self.c);
        let (mut slope, mut curvature) = (0.0, 0.0);
        let (mut magnitude, mut magnitude_of_slope) = (self.c.abs(), 0.0);
        for k in 0..M {
            let (a, rate) = (self.a[k], rates.lambda[k]);
            partial += a;
            largest = partial.max(largest);
            slope -= rate * a;
            curvature += rate * rate * a.max(0.0);
            magnitude += a.abs();
            magnitude_of_slope += rate * a.abs();
        }
        AtStart { value: partial, slope, curvature, partial: largest, magnitude, magnitude_of_slope }
    }

    /// Tests 1 and 2, no exponential: true where there is certainly no crossing in (0, `until`].
    #[inline(always)]
    pub(crate) fn stays_below(&self, rates: &DecayRates<M>, until: f64, counts: &mut Crossings) -> bool {
        let start = self.start(rates);
        if start.value + Self::ROUNDING * start.magnitude < 0.0 && start.end_of_parabola(until, Self::ROUNDING) < 0.0 {
            counts.parabola += 1;
            return true;
        }
        if start.partial + Self::ROUNDING * start.magnitude < 0.0 {
            counts.partial_sums += 1;
            return true;
        }
        false
    }

    /// A bound from above of f, as computed, on [0, `until`] [mV]: the less of those of tests 1 and 2.
    #[cfg(test)]
    pub(crate) fn upper_bound(&self, rates: &DecayRates<M>, until: f64) -> f64 {
        let start = self.start(rates);
        let rounding = Self::ROUNDING * start.magnitude;
        let parabola = (start.value + rounding).max(start.end_of_parabola(until, Self::ROUNDING));
        parabola.min(start.partial + rounding)
    }
}

impl AtStart {
    /// f(0) + f'(0) T + P T²/2, raised by what rounding may hide.
    #[inline(always)]
    fn end_of_parabola(&self, until: f64, rounding: f64) -> f64 {
        let bound = self.value + until * (self.slope + 0.5 * self.curvature * until);
        let magnitude = self.magnitude + until * (self.magnitude_of_slope + 0.5 * self.curvature * until);
        bound + rounding * magnitude
    }
}

/// How intervals were settled. Each is counted once, in one of the first four; those with a maximum at the threshold to 4 units in
/// the last place of what f is the sum of are counted again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Crossings {
    /// By the parabola above f.
    pub parabola: u64,
    /// By the partial sums of the amplitudes.
    pub partial_sums: u64,
    /// By the sign of f at the end.
    pub end: u64,
    /// By a search for maxima inside.
    pub interior: u64,
    /// Maxima that graze the threshold.
    pub grazing: u64,
}

impl std::ops::AddAssign for Crossings {
    fn add_assign(&mut self, other: Self) {
        self.parabola += other.parabola;
        self.partial_sums += other.partial_sums;
        self.end += other.end;
        self.interior += other.interior;
        self.grazing += other.grazing;
    }
}
