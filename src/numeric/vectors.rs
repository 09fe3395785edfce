//! Small functions of several numbers.

/// The angle between vectors a and b by their inner products a·a, b·b and a·b [degrees], from 0 to 180; NaN where either
/// vector is zero.
pub fn angle_from_products(aa: f64, bb: f64, ab: f64) -> f64 {
    libm::acos((ab / (aa * bb).sqrt()).clamp(-1.0, 1.0)).to_degrees()
}

/// The place of the largest of these; of the first of several.
pub fn largest(values: impl IntoIterator<Item = f64>) -> usize {
    let mut best = (0, f64::NEG_INFINITY);
    for (place, value) in values.into_iter().enumerate() {
        if value > best.1 {
            best = (place, value);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_equal_values_is_the_largest() {
        assert_eq!(largest([1.0, 3.0, 3.0, 2.0]), 1);
        assert_eq!(largest([f64::NAN, 1.0]), 1);
    }
}
