//! Numbers as people read them.

use std::fmt::{self, Display, Formatter};

/// Digits by which a number is shown: those of a clock of days in ms, and none of the rounding of sums.
const DIGITS: usize = 9;

/// Magnitudes that are shown without an exponent.
const PLAIN: std::ops::Range<f64> = 1e-4..1e10;

/// A number for people: the shortest digits that say it to nine, with an exponent where it is very small or large.
#[derive(Clone, Copy, Debug)]
pub struct Rounded(pub f64);

impl Display for Rounded {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self(value) = *self;
        // What is read back of nine digits has no more than these in its shortest form.
        let rounded: f64 = format!("{value:.*e}", DIGITS - 1).parse().unwrap_or(value);
        if rounded.abs() < f64::MIN_POSITIVE {
            f.write_str("0")
        } else if !rounded.is_finite() || PLAIN.contains(&rounded.abs()) {
            write!(f, "{rounded}")
        } else {
            write!(f, "{rounded:e}")
        }
    }
}

/// A number in full: the shortest digits from which it is read back to the bit, with an exponent where it is very small or large.
#[derive(Clone, Copy, Debug)]
pub struct InFull(pub f64);

impl Display for InFull {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self(value) = *self;
        let plain = value.to_bits() << 1 == 0 || !value.is_finite() || PLAIN.contains(&value.abs());
        if plain { write!(f, "{value}") } else { write!(f, "{value:e}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_short_as_they_are_read() {
        for (value, expected) in [
            (0.0, "0"),
            (-0.0, "0"),
            (123.456_700_000_000_01, "123.4567"),
            (0.299_999_999_999_997_16, "0.3"),
            (400.0, "400"),
            (1_234_567.8, "1234567.8"),
            (1e9, "1000000000"),
            (1e10, "1e10"),
            (1e300, "1e300"),
            (-1e-300, "-1e-300"),
            (1e-4, "0.0001"),
            (9.999e-5, "9.999e-5"),
            (1.0 / 3.0, "0.333333333"),
            (f64::INFINITY, "inf"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(Rounded(value).to_string(), expected);
        }
    }

    #[test]
    fn numbers_in_full_are_read_back_to_the_bit() {
        for value in [0.1 + 0.2, 1e-300, -1e300, 5e-324, f64::MAX, 0.0, -0.0, 850.0, 1e8, 123.456_700_000_000_01] {
            let text = InFull(value).to_string();
            assert_eq!(text.parse::<f64>().unwrap().to_bits(), value.to_bits(), "{text}");
            assert!(text.len() < 25, "{text}");
        }
        assert_eq!(InFull(1e8).to_string(), "100000000");
    }
}
