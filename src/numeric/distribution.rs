//! Distributions of initial values: weights, biases, delays, thresholds and potentials, sampled by rand and rand_distr.

use rand::RngExt;
use rand_distr::StandardNormal;

use super::{Stream, exp};

/// Draws after which an acceptable value is given up; models are refused that have one less often than [`LEAST_SHARE`].
const MOST_DRAWS: usize = 1000;

/// The least part of its draws that a truncated distribution may keep: of 1000 draws in a row none is kept once in 1e45.
const LEAST_SHARE: f64 = 0.1;

/// A distribution of initial values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Distribution {
    /// One value.
    Constant { value: f64 },
    /// Normal.
    Normal { mean: f64, sd: f64 },
    /// |w| = exp(N(mu, sigma²)).
    Lognormal { mu: f64, sigma: f64 },
    /// Uniform from `low` to `high`.
    Uniform { low: f64, high: f64 },
}

/// The values to which a distribution is truncated, both ends included: what is drawn beyond is drawn again, as by `redraw` of NEST
/// (`nest.math`) and `normal_clipped` of PyNN.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Truncation {
    /// Least value.
    pub(crate) low: f64,
    /// Largest value.
    pub(crate) high: f64,
}

impl Truncation {
    /// All values.
    pub(crate) const NONE: Self = Self { low: f64::NEG_INFINITY, high: f64::INFINITY };

    /// From `min`, if it is there, to `max`, if it is there.
    pub(crate) fn between(min: Option<f64>, max: Option<f64>) -> Self {
        Self { low: min.unwrap_or(Self::NONE.low), high: max.unwrap_or(Self::NONE.high) }
    }

    /// What is in both.
    pub(crate) fn and(self, other: Self) -> Self {
        Self { low: self.low.max(other.low), high: self.high.min(other.high) }
    }

    /// The same of the negated values.
    pub(crate) fn negated(self) -> Self {
        Self { low: -self.high, high: -self.low }
    }

    /// Whether a value is kept.
    pub(crate) fn contains(self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// What is wrong with the keys `min` and `max` that it was made of, of a distribution whose draws they keep this share of: the key and
    /// what was expected.
    pub(crate) fn conflict(self, share: f64) -> Option<(&'static str, String)> {
        if self == Self::NONE {
            return None;
        }
        let key = if self.low > Self::NONE.low { "min" } else { "max" };
        if self.low > self.high {
            return Some((key, format!("expected `min` of at most `max`, found {} and {}", self.low, self.high)));
        }
        (share < LEAST_SHARE).then(|| {
            let why = format!(
                "expected `min` and `max` that keep at least {} % of what is drawn, for the rest is drawn again; found {:.3} %",
                100.0 * LEAST_SHARE,
                100.0 * share
            );
            (key, why)
        })
    }

    /// f of its ends, in units of `sd` from `mean`.
    fn standardised(self, f: impl Fn(f64) -> f64, mean: f64, sd: f64) -> [f64; 2] {
        [self.low, self.high].map(|end| (f(end) - mean) / sd)
    }
}

impl Distribution {
    /// The part of its values that a truncation keeps; none of one that ends before it begins.
    pub(crate) fn share(self, within: Truncation) -> f64 {
        match self {
            _ if within.low > within.high => 0.0,
            Self::Normal { mean, sd } if sd > 0.0 => mass(within.standardised(|x| x, mean, sd)),
            Self::Lognormal { mu, sigma } if sigma > 0.0 => mass(within.standardised(ln, mu, sigma)),
            Self::Uniform { low, high } if low < high => {
                let kept = within.and(Truncation { low, high });
                (kept.high - kept.low).max(0.0) / (high - low)
            }
            _ => f64::from(u8::from(within.contains(self.mean_within(Truncation::NONE)))),
        }
    }

    /// The mean of what a truncation keeps, which is something.
    ///
    /// Of a normal distribution from a to b standard deviations, μ + σ (φ(a) − φ(b))/(Φ(b) − Φ(a)); of a lognormal one, whose ends a
    /// and b are of its logarithm, e^{μ + σ²/2} (Φ(b − σ) − Φ(a − σ))/(Φ(b) − Φ(a)).
    pub(crate) fn mean_within(self, within: Truncation) -> f64 {
        match self {
            Self::Constant { value } => value,
            Self::Normal { mean, sd } if sd > 0.0 => {
                let ends = within.standardised(|x| x, mean, sd);
                let [a, b] = ends.map(|z| libm::exp(-0.5 * z * z) / std::f64::consts::TAU.sqrt());
                mean + sd * (a - b) / mass(ends)
            }
            Self::Normal { mean, .. } => mean,
            Self::Lognormal { mu, sigma } if sigma > 0.0 => {
                let ends = within.standardised(ln, mu, sigma);
                libm::exp(mu + 0.5 * sigma * sigma) * (mass(ends.map(|z| z - sigma)) / mass(ends))
            }
            Self::Lognormal { mu, .. } => libm::exp(mu),
            Self::Uniform { low, high } => f64::midpoint(low.max(within.low), high.min(within.high)),
        }
    }

    /// Draws until a value is accepted, so that the distribution is truncated.
    pub(crate) fn draw_accepted(self, stream: &mut Stream, accept: impl Fn(f64) -> bool) -> Option<f64> {
        std::iter::repeat_with(|| self.draw(stream)).take(MOST_DRAWS).find(|&value| accept(value))
    }

    /// Draws a value.
    pub(crate) fn draw(self, stream: &mut Stream) -> f64 {
        let normal = |stream: &mut Stream, mean: f64, sd: f64| mean + sd * stream.sample::<f64, _>(StandardNormal);
        match self {
            Self::Constant { value } => value,
            Self::Normal { mean, sd } => normal(stream, mean, sd),
            Self::Lognormal { mu, sigma } => exp(normal(stream, mu, sigma)),
            Self::Uniform { low, high } => low + (high - low) * stream.random::<f64>(),
        }
    }
}

/// ln x, of what is not above 0 −∞.
fn ln(x: f64) -> f64 {
    libm::log(x.max(0.0))
}

/// Φ(b) − Φ(a), by the tail in which it keeps its digits.
fn mass([a, b]: [f64; 2]) -> f64 {
    let above = |z: f64| 0.5 * libm::erfc(z * std::f64::consts::FRAC_1_SQRT_2);
    if a + b < 0.0 { above(-b) - above(-a) } else { above(a) - above(b) }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use crate::numeric::{PresentationKey, Purpose, StreamKey};

    const DRAWS: usize = 100_000;

    fn sample(distribution: Distribution, accept: impl Fn(f64) -> bool) -> Vec<f64> {
        let presentation = PresentationKey::training(0);
        let key = StreamKey { seed: 1, purpose: Purpose::Weights(0), presentation, phase: 0, block: 0 };
        let mut stream = key.stream();
        (0..DRAWS).map(|_| distribution.draw_accepted(&mut stream, &accept).unwrap()).collect()
    }

    /// The largest distance of the values' distribution from one of this cumulative distribution function, times √n.
    fn kolmogorov(mut values: Vec<f64>, cdf: impl Fn(f64) -> f64) -> f64 {
        values.sort_unstable_by(f64::total_cmp);
        let n = values.len() as f64;
        let distance = |(i, &x): (usize, &f64)| {
            let expected = cdf(x);
            (expected - i as f64 / n).abs().max(((i + 1) as f64 / n - expected).abs())
        };
        values.iter().enumerate().map(distance).fold(0.0, f64::max) * n.sqrt()
    }

    /// Φ(z).
    fn phi(z: f64) -> f64 {
        0.5 * libm::erfc(-z / std::f64::consts::SQRT_2)
    }

    /// Kolmogorov and Smirnov: above 2.7 once in 1e6 seeds, 2 exp(−2 · 2.7²).
    const BOUND: f64 = 2.7;

    #[test]
    fn values_have_their_distributions() {
        let normal = Distribution::Normal { mean: 1.0, sd: 2.0 };
        assert!(kolmogorov(sample(normal, |_| true), |x| phi((x - 1.0) / 2.0)) < BOUND);
        let lognormal = Distribution::Lognormal { mu: -1.0, sigma: 0.5 };
        assert!(kolmogorov(sample(lognormal, |_| true), |x| phi((x.ln() + 1.0) / 0.5)) < BOUND);
        let uniform = Distribution::Uniform { low: -1.0, high: 3.0 };
        assert!(kolmogorov(sample(uniform, |_| true), |x| (x + 1.0) / 4.0) < BOUND);
        assert!(sample(Distribution::Constant { value: 0.5 }, |_| true).iter().all(|&x| x == 0.5));
    }

    /// The test above sees a wrong mean of a fiftieth of the spread.
    #[test]
    fn a_wrong_distribution_is_seen() {
        let normal = Distribution::Normal { mean: 1.0, sd: 2.0 };
        assert!(kolmogorov(sample(normal, |_| true), |x| phi((x - 1.04) / 2.0)) > BOUND);
    }

    const NORMAL: Distribution = Distribution::Normal { mean: 1.0, sd: 2.0 };
    const LOGNORMAL: Distribution = Distribution::Lognormal { mu: -1.0, sigma: 0.5 };

    fn between(low: f64, high: f64) -> Truncation {
        Truncation { low, high }
    }

    #[test]
    fn truncated_values_have_the_distribution_between_the_ends_and_no_other() {
        let (low, high) = (-0.5, 4.0);
        let cdf = |x: f64| phi((x - 1.0) / 2.0);
        let values = sample(NORMAL, |x| between(low, high).contains(x));
        assert!(values.iter().all(|x| (low..=high).contains(x)));
        assert!(kolmogorov(values.clone(), |x| (cdf(x) - cdf(low)) / (cdf(high) - cdf(low))) < BOUND);
        // A lower end that is off by a fiftieth of the spread is seen.
        assert!(kolmogorov(values, |x| (cdf(x) - cdf(low + 0.04)) / (cdf(high) - cdf(low + 0.04))) > BOUND);
        let (low, high) = (0.2, 0.6);
        let cdf = |x: f64| phi((x.ln() + 1.0) / 0.5);
        let values = sample(LOGNORMAL, |x| between(low, high).contains(x));
        assert!(kolmogorov(values, |x| (cdf(x) - cdf(low)) / (cdf(high) - cdf(low))) < BOUND);
    }

    /// Sums of the density on a fine grid, by the midpoint rule: of a smooth integrand over an interval, off by its square.
    #[test]
    fn shares_and_means_are_those_of_the_density() {
        let normal = |x: f64| (-0.5 * ((x - 1.0) / 2.0).powi(2)).exp() / (2.0 * std::f64::consts::TAU.sqrt());
        let lognormal =
            |x: f64| (-0.5 * ((x.ln() + 1.0) / 0.5).powi(2)).exp() / (0.5 * x * std::f64::consts::TAU.sqrt());
        let uniform = |x: f64| if (-1.0..3.0).contains(&x) { 0.25 } else { 0.0 };
        let inf = f64::INFINITY;
        let check = |distribution: Distribution, density: &dyn Fn(f64) -> f64, kept: [f64; 2], [from, to]: [f64; 2]| {
            let steps = 200_000;
            let step = (to - from) / f64::from(steps);
            let (mut mass, mut moment) = (0.0, 0.0);
            for x in (0..steps).map(|i| from + (f64::from(i) + 0.5) * step) {
                mass += step * density(x);
                moment += step * x * density(x);
            }
            let kept = between(kept[0], kept[1]);
            let (share, mean) = (distribution.share(kept), distribution.mean_within(kept));
            assert!((share / mass - 1.0).abs() < 1e-7, "{distribution:?}, {kept:?}: {share} for {mass}");
            assert!((mean / (moment / mass) - 1.0).abs() < 1e-7, "{distribution:?}, {kept:?}: {mean}");
        };
        check(NORMAL, &normal, [-0.5, 4.0], [-0.5, 4.0]);
        check(NORMAL, &normal, [0.0, inf], [0.0, 25.0]);
        check(NORMAL, &normal, [-inf, 0.0], [-25.0, 0.0]);
        check(NORMAL, &normal, [13.0, 14.0], [13.0, 14.0]);
        check(NORMAL, &normal, [-12.0, -11.0], [-12.0, -11.0]);
        check(LOGNORMAL, &lognormal, [0.2, 0.6], [0.2, 0.6]);
        check(LOGNORMAL, &lognormal, [0.5, inf], [0.5, 20.0]);
        check(LOGNORMAL, &lognormal, [-1.0, 0.3], [1e-9, 0.3]);
        check(Distribution::Uniform { low: -1.0, high: 3.0 }, &uniform, [-2.0, 0.5], [-1.0, 0.5]);
    }

    #[test]
    fn without_spread_all_values_are_kept_or_none() {
        for (distribution, value) in [
            (Distribution::Normal { mean: 1.5, sd: 0.0 }, 1.5),
            (Distribution::Lognormal { mu: 0.0, sigma: 0.0 }, 1.0),
            (Distribution::Uniform { low: 2.0, high: 2.0 }, 2.0),
            (Distribution::Constant { value: 3.0 }, 3.0),
        ] {
            assert_eq!((distribution.share(between(value, value)), distribution.share(between(3.5, 4.0))), (1.0, 0.0));
            assert_eq!(distribution.mean_within(Truncation::NONE), value);
        }
        assert_eq!((NORMAL.share(between(2.0, 1.0)), LOGNORMAL.share(between(2.0, 1.0))), (0.0, 0.0));
        assert_eq!((NORMAL.share(Truncation::NONE), NORMAL.mean_within(Truncation::NONE)), (1.0, 1.0));
    }

    #[test]
    fn bounds_that_keep_less_than_a_tenth_are_refused() {
        let conflict = |min: Option<f64>, max: Option<f64>| {
            let within = Truncation::between(min, max);
            within.conflict(NORMAL.share(within))
        };
        assert_eq!(conflict(None, None), None);
        // Φ(1.28) is 0.8997, Φ(1.29) 0.9015.
        assert_eq!(conflict(Some(1.0 + 2.0 * 1.28), None), None);
        let (key, why) = conflict(Some(1.0 + 2.0 * 1.29), None).unwrap();
        assert!(
            key == "min" && why.contains("at least 10 % of what is drawn") && why.contains("found 9.853 %"),
            "{why}"
        );
        assert_eq!(conflict(None, Some(-5.0)).unwrap().0, "max");
        assert!(conflict(Some(2.0), Some(1.0)).unwrap().1.contains("`min` of at most `max`, found 2 and 1"));
    }

    #[test]
    fn values_that_are_not_accepted_are_drawn_again() {
        let normal = Distribution::Normal { mean: 1.0, sd: 2.0 };
        let positive = sample(normal, |x| x >= 0.0);
        assert!(positive.iter().all(|&x| x >= 0.0));
        let below = phi(-0.5);
        assert!(kolmogorov(positive, |x| (phi((x - 1.0) / 2.0) - below) / (1.0 - below)) < BOUND);
        let key = PresentationKey::training(0);
        let mut stream =
            StreamKey { seed: 1, purpose: Purpose::Weights(0), presentation: key, phase: 0, block: 0 }.stream();
        assert_eq!(Distribution::Constant { value: -1.0 }.draw_accepted(&mut stream, |x| x >= 0.0), None);
    }
}
