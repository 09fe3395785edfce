//! Counts in bins, and quantiles.

/// Edges of `bins` equal bins from `low` to `high`, [bins + 1].
///
/// # Panics
/// If there is no bin.
pub fn linear_edges(low: f64, high: f64, bins: usize) -> Vec<f64> {
    assert!(bins > 0);
    (0..=bins).map(|i| low + (high - low) * i as f64 / bins as f64).collect()
}

/// Edges of `bins` bins from `low` to `high` whose logarithms are equally wide, [bins + 1].
///
/// # Panics
/// If there is no bin, or `low` is not above 0.
pub fn log_edges(low: f64, high: f64, bins: usize) -> Vec<f64> {
    assert!(low > 0.0);
    linear_edges(low.ln(), high.ln(), bins).into_iter().map(f64::exp).collect()
}

/// Counts of values in the bins between ascending edges, each with its lower edge, the last with both; values outside are
/// not counted.
pub fn histogram(values: &[f64], edges: &[f64]) -> Vec<u64> {
    let bins = edges.len().saturating_sub(1);
    let mut counts = vec![0; bins];
    for value in values.iter().filter(|value| bins > 0 && **value >= edges[0] && **value <= edges[bins]) {
        counts[edges.partition_point(|edge| edge <= value).clamp(1, bins) - 1] += 1;
    }
    counts
}

/// The quantile of a share `p` (0 to 1) of sorted values, between neighbours in proportion; NaN without values.
pub fn quantile(sorted: &[f64], p: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let at = p * last as f64;
    let (below, above) = (at.floor() as usize, at.ceil() as usize);
    sorted[below] + (sorted[above] - sorted[below]) * at.fract()
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "these edges are exact")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_value_on_an_edge_belongs_to_the_bin_above_and_the_last_to_the_last() {
        let edges = linear_edges(0.0, 1.0, 4);
        assert_eq!(edges, [0.0, 0.25, 0.5, 0.75, 1.0]);
        assert_eq!(histogram(&[0.0, 0.25, 0.3, 0.999, 1.0, 1.01, -0.01, f64::NAN], &edges), [1, 2, 0, 2]);
    }

    #[test]
    fn logarithmic_bins_hold_decades() {
        let edges = log_edges(1.0, 1000.0, 3);
        assert_eq!(histogram(&[2.0, 3.0, 50.0, 999.0], &edges), [2, 1, 1]);
    }

    #[test]
    fn quantiles_of_five() {
        let sorted = [1.0, 2.0, 4.0, 8.0, 16.0];
        assert_eq!([0.0, 0.25, 0.5, 0.875, 1.0].map(|p| quantile(&sorted, p)), [1.0, 2.0, 4.0, 12.0, 16.0]);
        assert!(quantile(&[], 0.5).is_nan());
    }

    proptest! {
        #[test]
        fn every_value_within_the_edges_is_counted_once(values in prop::collection::vec(0.0..10.0, 0..100), bins in 1..20_usize) {
            let edges = linear_edges(0.0, 10.0, bins);
            let naive = |i: usize| values.iter().filter(|v| edges[i] <= **v && **v < edges[i + 1]).count() as u64;
            prop_assert_eq!(histogram(&values, &edges), (0..bins).map(naive).collect::<Vec<_>>());
        }
    }
}
