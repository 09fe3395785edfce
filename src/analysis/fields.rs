//! Receptive fields, and how much of one network's is found in another's.
//!
//! Guerguiev, Lillicrap & Richards (2017), eLife 6:e22901, Figure 7B, C.

#![allow(clippy::needless_pass_by_value, reason = "views are handed on as slices are")]

use ndarray::{Array2, ArrayView1, ArrayView2, Axis};

use crate::numeric::{PresentationKey, Purpose, StreamKey};

/// The stream by which fields are shuffled.
const SHUFFLE: u32 = 0;

/// For each of these fields [n, pixels] the field of another layer [m, pixels] that is most like it: its number there and
/// Pearson's correlation of the two, [n]. NaN for a field without contrast; such fields of the other layer are left out.
///
/// # Panics
/// If fields differ in pixels, or have none.
pub fn best_matches(fields: ArrayView2<'_, f64>, others: ArrayView2<'_, f64>) -> Vec<(usize, f64)> {
    assert_eq!(fields.ncols(), others.ncols(), "fields of the same pixels");
    let correlations = standardised(fields).dot(&standardised(others).t());
    let best = |row: ArrayView1<'_, f64>| {
        let known = row.into_iter().copied().enumerate().filter(|(_, r)| !r.is_nan());
        known.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((0, f64::NAN))
    };
    correlations.rows().into_iter().map(best).collect()
}

/// The same fields [n, pixels] with the pixels of each in an order of its own, drawn from the seed: as many weights of
/// every size, and no picture left.
pub fn shuffled(fields: ArrayView2<'_, f64>, seed: u64) -> Array2<f64> {
    let mut shuffled = fields.to_owned();
    for (neuron, mut field) in (0..).zip(shuffled.rows_mut()) {
        let presentation = PresentationKey::training(neuron);
        let key = StreamKey { seed, purpose: Purpose::Analysis(SHUFFLE), presentation, phase: 0, block: 0 };
        let mut pixels = field.to_vec();
        key.stream().shuffle(&mut pixels);
        field.assign(&ArrayView1::from(&pixels));
    }
    shuffled
}

/// Fields less their means, of length 1.
fn standardised(fields: ArrayView2<'_, f64>) -> Array2<f64> {
    let mut standard = &fields - &fields.mean_axis(Axis(1)).expect("a pixel").insert_axis(Axis(1));
    for mut field in standard.rows_mut() {
        let length = field.dot(&field).sqrt();
        field /= length;
    }
    standard
}

#[cfg(test)]
mod tests {
    use ndarray::{array, s};

    use super::*;

    fn noise(neurons: usize, pixels: usize, seed: u64) -> Array2<f64> {
        let presentation = PresentationKey::training(0);
        let key = StreamKey { seed, purpose: Purpose::Analysis(99), presentation, phase: 0, block: 0 };
        let mut stream = key.stream();
        Array2::from_shape_simple_fn((neurons, pixels), || stream.normal())
    }

    /// Centred, the first field is (−1, 0, 1) and the others (1, −2, 1), (0, −1, 1) and (1, 0, −1).
    #[test]
    fn the_best_of_three_works_out_by_hand() {
        let (field, others) = (array![[1.0, 2.0, 3.0]], array![[1.0, -2.0, 1.0], [5.0, 4.0, 6.0], [1.0, 0.0, -1.0]]);
        for (from, to, expected) in [(0, 3, (1, 0.5)), (0, 1, (0, 0.0)), (2, 3, (0, -1.0))] {
            let (other, r) = best_matches(field.view(), others.slice(s![from..to, ..]))[0];
            assert!(other == expected.0 && (r - expected.1).abs() < 1e-12, "{other} {r}");
        }
    }

    #[test]
    fn a_field_without_contrast_is_like_none() {
        let (flat, field) = (array![[2.0, 2.0, 2.0]], array![[0.0, 1.0, 5.0]]);
        assert!(best_matches(flat.view(), field.view())[0].1.is_nan());
        let both = array![[2.0, 2.0, 2.0], [0.0, 2.0, 10.0]];
        let (other, r) = best_matches(field.view(), both.view())[0];
        assert!(other == 1 && (r - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_network_is_found_in_a_copy_of_itself_in_another_order_and_scale() {
        let fields = noise(20, 50, 1);
        let copy = fields.slice(s![..;-1, ..]).mapv(|w| 3.0 * w - 7.0);
        for (i, (other, r)) in best_matches(fields.view(), copy.view()).into_iter().enumerate() {
            assert!(other == 19 - i && (r - 1.0).abs() < 1e-12, "{i}: {other} {r}");
        }
    }

    #[test]
    fn shuffling_keeps_the_weights_of_each_field_and_depends_on_the_seed_alone() {
        let fields = Array2::from_shape_fn((3, 40), |(i, j)| (100 * i + j) as f64);
        let found = shuffled(fields.view(), 7);
        let order = |row: usize| found.row(row).mapv(|w| w as usize % 100).to_vec();
        for (row, (before, after)) in fields.rows().into_iter().zip(found.rows()).enumerate() {
            let mut sorted = after.to_vec();
            sorted.sort_by(f64::total_cmp);
            assert_eq!(sorted, before.to_vec());
            assert_ne!(after, before);
            assert_ne!(order(row), order((row + 1) % 3), "each field has an order of its own");
        }
        assert_eq!(found, shuffled(fields.view(), 7));
        assert_eq!(found.slice(s![..2, ..]), shuffled(fields.slice(s![..2, ..]), 7));
        assert_ne!(found, shuffled(fields.view(), 8));
    }

    /// Mean and variance of the largest of m correlations of p normal numbers with a given field: each has the density
    /// (1 − r²)^((p − 4)/2) up to a factor, and the largest is below r with probability F(r)ᵐ.
    fn largest_of(m: i32, p: i32) -> [f64; 2] {
        const STEPS: usize = 20_000;
        let at = |i: usize| 2.0 * (i as f64 + 0.5) / STEPS as f64 - 1.0;
        let density: Vec<f64> = (0..STEPS).map(|i| (1.0 - at(i) * at(i)).powf(f64::from(p - 4) / 2.0)).collect();
        let all: f64 = density.iter().sum();
        let (mut below, mut mean, mut square) = (0.0, 0.0, 0.0);
        for (i, part) in density.iter().enumerate() {
            let before = below;
            below += part / all;
            let share = below.powi(m) - before.powi(m);
            mean += share * at(i);
            square += share * at(i) * at(i);
        }
        [mean, square - mean * mean]
    }

    /// Five standard errors: wrong by chance once in 1.7 million seeds. Every field has others of its own, so that the
    /// largest correlations are independent.
    #[test]
    fn independent_fields_correlate_as_the_largest_of_chance() {
        let (repeats, m, p) = (400, 50, 100);
        let fields = noise(repeats, p, 2);
        let others = noise(repeats * m, p, 3);
        for fields in [fields.clone(), shuffled(fields.view(), 1)] {
            let own = |i: usize| others.slice(s![i * m..(i + 1) * m, ..]);
            let one = |i: usize| best_matches(fields.slice(s![i..=i, ..]), own(i))[0].1;
            let found = (0..repeats).map(one).sum::<f64>() / repeats as f64;
            let [mean, variance] = largest_of(50, 100);
            let bound = 5.0 * (variance / repeats as f64).sqrt();
            assert!((found - mean).abs() < bound, "{found} for {mean} within {bound}");
            assert!((0.15..0.3).contains(&mean) && bound < 0.015, "the test can tell: {mean}, {bound}");
        }
    }
}
