//! Distributions of initial values: weights, biases, delays, thresholds and potentials, sampled by rand and rand_distr.

use rand::RngExt;
use rand_distr::StandardNormal;

use super::{Stream, exp};

/// Draws after which an acceptable value is given up; models are refused that have one less than every other time.
const MOST_DRAWS: usize = 1000;

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

impl Distribution {
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
