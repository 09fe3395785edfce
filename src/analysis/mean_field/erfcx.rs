//! The scaled complementary error function.

use std::f64::consts::PI;

/// Where erfc(x) is left for its continued fraction.
const FAR: f64 = 10.0;

/// Levels of the continued fraction: the error is below 1e-17 of the value from [`FAR`] on.
const LEVELS: u32 = 12;

/// erfcx(x) = e^{x²} erfc(x), to 1e-14 of its value; infinite below −26.6, where it exceeds all floats.
///
/// Up to 10 the product itself, with the rounding of x² made up for; beyond by the continued fraction
/// √π erfcx(x) = 1/(x + (1/2)/(x + 1/(x + (3/2)/(x + …)))), Abramowitz & Stegun 7.1.14.
pub fn erfcx(x: f64) -> f64 {
    if x < FAR {
        let square = x * x;
        // e^{x²} with what rounding left out of x².
        let rest = x.mul_add(x, -square);
        return libm::exp(square) * (1.0 + rest) * libm::erfc(x);
    }
    let fraction = (1..=LEVELS).rev().fold(x, |below, level| x + 0.5 * f64::from(level) / below);
    1.0 / (PI.sqrt() * fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By mpmath to 20 digits (`tests/reference/mean_field.py`).
    #[test]
    fn values_are_those_of_mpmath() {
        let reference: serde_json::Value =
            serde_json::from_str(include_str!("../../../tests/reference/mean-field.json")).unwrap();
        let values = reference["erfcx"].as_array().unwrap();
        assert!(values.len() > 20);
        for pair in values {
            let (x, expected) = (pair[0].as_f64().unwrap(), pair[1].as_f64().unwrap());
            assert!((erfcx(x) / expected - 1.0).abs() < 1e-14, "erfcx({x}) is {} for {expected}", erfcx(x));
        }
    }

    #[test]
    fn both_forms_meet_and_extremes_are_limits() {
        let [below, above] = [erfcx(FAR.next_down()), erfcx(FAR)];
        assert!((below / above - 1.0).abs() < 1e-14, "{below} and {above}");
        assert!((erfcx(1e200) * 1e200 * PI.sqrt() - 1.0).abs() < 1e-14);
        assert!(erfcx(-30.0).is_infinite() && erfcx(f64::INFINITY).abs() < f64::MIN_POSITIVE);
    }
}
