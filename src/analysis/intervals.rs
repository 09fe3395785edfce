//! Inter-spike intervals.

use std::ops::Range;

/// Intervals between the spikes of each neuron within unbroken stretches of time, [size] lists [ms].
///
/// Times [n] ascend, and so do the stretches [ms], which do not overlap; an interval from one stretch to another does not
/// count, for what lies between was not recorded.
pub fn intervals(times: &[f64], neurons: &[u64], size: usize, stretches: &[Range<f64>]) -> Vec<Vec<f64>> {
    let mut found = vec![Vec::new(); size];
    let mut last: Vec<Option<(usize, f64)>> = vec![None; size];
    for (&time, &neuron) in times.iter().zip(neurons) {
        let stretch = stretches.partition_point(|stretch| stretch.end <= time);
        let inside = stretches.get(stretch).is_some_and(|stretch| stretch.contains(&time));
        let Some(last) = last.get_mut(neuron as usize).filter(|_| inside) else { continue };
        if let Some((_, before)) = last.filter(|(same, _)| *same == stretch) {
            found[neuron as usize].push(time - before);
        }
        *last = Some((stretch, time));
    }
    found
}

/// Coefficient of variation: standard deviation (n − 1) over mean, 1 for a Poisson train; none of fewer than two.
pub fn variation(intervals: &[f64]) -> Option<f64> {
    let n = intervals.len() as f64;
    let mean = intervals.iter().sum::<f64>() / n;
    let squares: f64 = intervals.iter().map(|interval| (interval - mean).powi(2)).sum();
    (intervals.len() > 1 && mean > 0.0).then(|| (squares / (n - 1.0)).sqrt() / mean)
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "these intervals are exact")]
mod tests {
    use super::*;

    #[test]
    fn intervals_do_not_cross_the_ends_of_stretches() {
        let times = [1.0, 2.0, 4.0, 7.0, 11.0, 12.0, 20.0, 21.0];
        let neurons = [0, 1, 0, 0, 1, 0, 0, 0];
        let found = intervals(&times, &neurons, 3, &[0.0..10.0, 10.0..13.0, 20.5..30.0]);
        assert_eq!(found, [vec![3.0, 3.0], vec![], vec![]]);
        let whole = intervals(&times, &neurons, 2, &[0.0..30.0]);
        assert_eq!(whole, [vec![3.0, 3.0, 5.0, 8.0, 1.0], vec![9.0]]);
    }

    #[test]
    fn variation_of_a_clock_and_of_an_exponential() {
        assert_eq!(variation(&[4.0; 7]), Some(0.0));
        assert_eq!(variation(&[4.0]), None);
        // Quantiles of the exponential distribution, whose variation is 1.
        let exponential: Vec<f64> = (0..10_000).map(|i| -(1.0 - (f64::from(i) + 0.5) / 1e4).ln()).collect();
        assert!((variation(&exponential).unwrap() - 1.0).abs() < 2e-3);
    }
}
