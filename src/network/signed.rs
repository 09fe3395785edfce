//! Weights of a sign.

use crate::model::Sign;
use crate::numeric::{Distribution, Stream};

/// Draws a weight that has a sign: what has not is drawn again, so the distribution is truncated. A lognormal has whichever sign
/// is asked for.
pub(super) fn draw_signed(weights: Distribution, sign: Sign, stream: &mut Stream) -> f32 {
    let drawn = match (weights, sign) {
        (Distribution::Lognormal { .. }, Sign::NonPositive) => Some(-weights.draw(stream)),
        _ => weights.draw_accepted(stream, |weight| sign.allows(weight)),
    };
    drawn.map_or(0.0, |weight| weight as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::{PresentationKey, Purpose, StreamKey};

    fn drawn(weights: Distribution, sign: Sign) -> Vec<f32> {
        let presentation = PresentationKey::training(0);
        let mut stream = StreamKey { seed: 1, purpose: Purpose::Weights(0), presentation, phase: 0, block: 0 }.stream();
        (0..1000).map(|_| draw_signed(weights, sign, &mut stream)).collect()
    }

    #[test]
    fn a_lognormal_is_turned_round_and_others_are_truncated() {
        let lognormal = Distribution::Lognormal { mu: -1.0, sigma: 0.5 };
        let negated: Vec<f32> = drawn(lognormal, Sign::NonPositive).iter().map(|w| -w).collect();
        assert_eq!(negated, drawn(lognormal, Sign::NonNegative));
        let normal = Distribution::Normal { mean: 1.0, sd: 2.0 };
        assert!(drawn(normal, Sign::NonNegative).iter().all(|&w| w >= 0.0));
        assert!(drawn(normal, Sign::Any).iter().any(|&w| w < 0.0));
    }

    #[test]
    fn a_sign_that_no_value_has_gives_zero() {
        assert!(
            drawn(Distribution::Constant { value: -1.0 }, Sign::NonNegative)
                .iter()
                .all(|w| w.abs() < f32::MIN_POSITIVE)
        );
    }
}
