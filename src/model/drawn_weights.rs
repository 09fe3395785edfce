//! Initial weights that are drawn one by one.

use super::Sign;
use crate::numeric::{Distribution, Stream, Truncation};

/// A distribution of weights, truncated to those that have the sign of their projection and to bounds of their own: what is drawn
/// beyond is drawn again. A lognormal has whichever sign is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct DrawnWeights {
    distribution: Distribution,
    /// What is kept of the distribution.
    within: Truncation,
    /// Whether weights are what is drawn, negated: of a lognormal, which is of |w|.
    negated: bool,
}

impl DrawnWeights {
    /// Weights of a sign within bounds.
    pub(crate) fn new(distribution: Distribution, sign: Sign, bounds: Truncation) -> Self {
        let negated = matches!(distribution, Distribution::Lognormal { .. }) && sign == Sign::NonPositive;
        let within = sign.range().and(bounds);
        Self { distribution, within: if negated { within.negated() } else { within }, negated }
    }

    /// Draws a weight; 0 if there is none.
    pub(crate) fn draw(&self, stream: &mut Stream) -> f32 {
        let drawn = self.distribution.draw_accepted(stream, |weight| self.within.contains(weight));
        drawn.map_or(0.0, |weight| self.signed(weight) as f32)
    }

    /// The mean of the weights.
    pub(crate) fn mean(&self) -> f64 {
        self.signed(self.distribution.mean_within(self.within))
    }

    /// The part of what is drawn that is kept.
    pub(crate) fn share(&self) -> f64 {
        self.distribution.share(self.within)
    }

    fn signed(&self, weight: f64) -> f64 {
        if self.negated { -weight } else { weight }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::{PresentationKey, Purpose, StreamKey};

    const LOGNORMAL: Distribution = Distribution::Lognormal { mu: -1.0, sigma: 0.5 };

    fn drawn(weights: DrawnWeights) -> Vec<f32> {
        let presentation = PresentationKey::training(0);
        let mut stream = StreamKey { seed: 1, purpose: Purpose::Weights(0), presentation, phase: 0, block: 0 }.stream();
        (0..1000).map(|_| weights.draw(&mut stream)).collect()
    }

    #[test]
    fn a_lognormal_is_turned_round_and_others_are_truncated() {
        let of = |weights, sign| drawn(DrawnWeights::new(weights, sign, Truncation::NONE));
        let negated: Vec<f32> = of(LOGNORMAL, Sign::NonPositive).iter().map(|w| -w).collect();
        assert_eq!(negated, of(LOGNORMAL, Sign::NonNegative));
        let normal = Distribution::Normal { mean: 1.0, sd: 2.0 };
        assert!(of(normal, Sign::NonNegative).iter().all(|&w| w >= 0.0));
        assert!(of(normal, Sign::Any).iter().any(|&w| w < 0.0));
    }

    /// A mean of 1000 weights is within 5 standard errors of the stated one but once in 2e6.
    #[test]
    fn signs_and_bounds_are_kept_both_and_the_mean_is_that_of_what_is_kept() {
        let normal = Distribution::Normal { mean: 1.0, sd: 2.0 };
        let bounds = |low, high| Truncation { low, high };
        for (weights, sign, bounds, least, largest) in [
            (normal, Sign::NonNegative, bounds(-1.0, 2.5), 0.0, 2.5),
            (normal, Sign::NonNegative, bounds(0.5, f64::INFINITY), 0.5, f32::INFINITY),
            (Distribution::Normal { mean: -1.0, sd: 2.0 }, Sign::NonPositive, bounds(-2.5, 1.0), -2.5, 0.0),
            (LOGNORMAL, Sign::NonNegative, bounds(0.25, 0.5), 0.25, 0.5),
            (LOGNORMAL, Sign::NonPositive, bounds(-0.5, -0.25), -0.5, -0.25),
        ] {
            let weights = DrawnWeights::new(weights, sign, bounds);
            let found = drawn(weights);
            assert!(found.iter().all(|&w| w >= least && w <= largest), "{weights:?}");
            let n = found.len() as f64;
            let mean = found.iter().map(|&w| f64::from(w)).sum::<f64>() / n;
            let variance = found.iter().map(|&w| (f64::from(w) - mean).powi(2)).sum::<f64>() / n;
            assert!((mean - weights.mean()).abs() < 5.0 * (variance / n).sqrt(), "{weights:?}: {mean}");
        }
    }

    #[test]
    fn a_sign_that_no_value_has_gives_zero() {
        let constant = Distribution::Constant { value: -1.0 };
        let weights = DrawnWeights::new(constant, Sign::NonNegative, Truncation::NONE);
        assert!(drawn(weights).iter().all(|w| w.abs() < f32::MIN_POSITIVE) && weights.share() == 0.0);
    }
}
