//! Firing rates.

use std::ops::Range;

/// Mean rate of each neuron [size] over stretches of time [Hz]; 0 where the stretches are empty. Times [n] ascend, and so
/// do the stretches [ms], which do not overlap.
pub fn rates(times: &[f64], neurons: &[u64], size: usize, stretches: &[Range<f64>]) -> Vec<f64> {
    let length: f64 = stretches.iter().map(|stretch| stretch.end - stretch.start).sum();
    let mut counts = vec![0_u64; size];
    for spikes in stretches.iter().map(|stretch| within(times, stretch)) {
        for &neuron in &neurons[spikes] {
            counts[neuron as usize] += 1;
        }
    }
    counts.into_iter().map(|count| if count == 0 { 0.0 } else { 1e3 * count as f64 / length }).collect()
}

/// Mean rate of a neuron by the time since the start of a stretch, in bins of `bin` ms [Hz]; as many bins as the shortest
/// stretch holds.
///
/// # Panics
/// If the bin has no width.
pub fn rate_course(times: &[f64], size: usize, stretches: &[Range<f64>], bin: f64) -> Vec<f64> {
    assert!(bin > 0.0);
    let shortest = stretches.iter().map(|stretch| stretch.end - stretch.start).fold(f64::INFINITY, f64::min);
    let bins = if shortest.is_finite() { (shortest / bin) as usize } else { 0 };
    let mut counts = vec![0_u64; bins];
    for stretch in stretches {
        for time in &times[within(times, stretch)] {
            if let Some(count) = counts.get_mut(((time - stretch.start) / bin) as usize) {
                *count += 1;
            }
        }
    }
    let exposure = bin * size as f64 * stretches.len() as f64;
    counts.into_iter().map(|count| 1e3 * count as f64 / exposure).collect()
}

/// The spikes in a stretch.
fn within(times: &[f64], stretch: &Range<f64>) -> Range<usize> {
    let start = times.partition_point(|&time| time < stretch.start);
    start..start.max(times.partition_point(|&time| time < stretch.end))
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "these rates are exact")]
mod tests {
    use super::*;

    #[test]
    fn rates_are_spikes_per_second_of_the_stretches_alone() {
        let (times, neurons) = ([1.0, 2.0, 8.0, 12.0, 13.0], [0, 2, 0, 0, 2]);
        assert_eq!(rates(&times, &neurons, 3, &[0.0..5.0, 10.0..15.0]), [200.0, 0.0, 200.0]);
        assert_eq!(rates(&times, &neurons, 3, &[]), [0.0; 3]);
    }

    #[test]
    fn a_course_is_the_mean_over_stretches_up_to_the_shortest() {
        let times = [0.5, 1.5, 1.6, 10.5, 13.9, 14.5];
        // Two neurons, two stretches: a spike in a bin of 1 ms is 1000/4 Hz.
        assert_eq!(rate_course(&times, 2, &[0.0..3.5, 10.0..15.0], 1.0), [500.0, 500.0, 0.0]);
        assert!(rate_course(&times, 2, &[], 1.0).is_empty());
    }
}
