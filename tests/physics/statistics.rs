//! Two samples compared in everything at once, at one stated error rate.
//!
//! Each comparison gives a p-value: of means and of variances by the normal approximation for large samples (both samples
//! are of one size, so the difference is symmetric whatever the skew of each), of intervals by Kolmogorov and Smirnov.
//! They are made into one by Bonferroni: the smallest times their number. It is below x with probability at most x
//! where both samples come from one distribution, however the comparisons depend on each other.

use super::stepped::Record;

/// A presentation as numbers: features, and intervals that may not have occurred.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    features: Vec<Vec<f64>>,
    /// Groups of features whose squared deviations are also summed, to compare their variances at more power.
    groups: Vec<std::ops::Range<usize>>,
    intervals: Vec<Vec<f64>>,
    names: Vec<String>,
    interval_names: Vec<String>,
}

/// The comparison of two samples.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The smallest p-value times the number of comparisons.
    pub p: f64,
    /// What was compared there.
    pub what: String,
    /// Number of comparisons.
    pub comparisons: usize,
}

impl Sample {
    /// Adds presentations with phases of these lengths [ms], means starting after `settle` ms.
    pub fn of(records: impl Iterator<Item = Record>, lengths: [f64; 2], settle: f64) -> Self {
        let mut sample = Self::default();
        for record in records {
            sample.add(&record, lengths, settle);
        }
        sample
    }

    fn add(&mut self, record: &Record, lengths: [f64; 2], settle: f64) {
        let first = self.features.is_empty();
        let mut place = 0;
        let mut add = |name: &str, values: &[f64]| {
            if first {
                self.groups.push(place..place + values.len());
                self.features.extend(values.iter().map(|_| Vec::new()));
                self.names.extend((0..values.len()).map(|i| format!("{name} of neuron {i}")));
            }
            for value in values {
                self.features[place].push(*value);
                place += 1;
            }
        };
        let mut interval = 0;
        for phase in 0..2 {
            let start = if phase == 0 { 0.0 } else { lengths[0] };
            for (p, spikes) in record.spikes.iter().enumerate() {
                let of = |what: &str| format!("{what} in population {p}, phase {phase},");
                let neurons = if p == 0 { 0 } else { record.v[phase][p].len() };
                let mut counts = vec![0.0; neurons];
                let mut recent: Vec<Vec<f64>> = vec![Vec::new(); neurons];
                let mut total = 0.0;
                for &(time, i) in spikes.iter().filter(|(t, _)| (start..start + lengths[phase]).contains(t)) {
                    total += 1.0;
                    if p > 0 {
                        counts[i] += 1.0;
                        if time >= start + settle {
                            recent[i].push(time);
                        }
                    }
                }
                add(&of("all spikes"), &[total]);
                add(&of("spikes"), &counts);
                add(&of("mean potential"), &record.v[phase][p]);
                add(&of("plateau"), &record.plateau[phase][p]);
                for (i, times) in recent.iter().enumerate() {
                    if first {
                        self.intervals.push(Vec::new());
                        self.interval_names.push(format!("{} of neuron {i}", of("interval")));
                    }
                    // One interval a presentation: those of one presentation depend on each other.
                    self.intervals[interval].extend(times.get(1).map(|second| second - times[0]));
                    interval += 1;
                }
            }
        }
        add("mean sigmoid of the output, phase 1,", &record.sigmoid);
    }

    /// Compares with another sample of as many presentations.
    pub fn compare(&self, other: &Self) -> Verdict {
        let mut values: Vec<(f64, String)> = Vec::new();
        for ((name, a), b) in self.names.iter().zip(&self.features).zip(&other.features) {
            values.push((same_mean(a, b), format!("mean {name}")));
            values.push((same_mean(&deviations(a), &deviations(b)), format!("variance of {name}")));
        }
        for group in self.groups.iter().filter(|group| group.len() > 1) {
            let (a, b) = (summed(&self.features[group.clone()]), summed(&other.features[group.clone()]));
            values.push((same_mean(&a, &b), format!("summed variance of {}", self.names[group.start])));
        }
        for ((name, a), b) in self.interval_names.iter().zip(&self.intervals).zip(&other.intervals) {
            // With fewer, neither approximation holds.
            if a.len().min(b.len()) >= 200 {
                values.push((same_mean(a, b), format!("mean {name}")));
                values.push((same_distribution(a, b), format!("distribution of {name}")));
            }
        }
        let comparisons = values.len();
        let (p, what) = values.into_iter().min_by(|a, b| a.0.total_cmp(&b.0)).unwrap();
        Verdict { p: p * comparisons as f64, what, comparisons }
    }
}

/// Mean and variance of the mean.
pub fn mean(x: &[f64]) -> (f64, f64) {
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    (mean, x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n / n)
}

/// Squared deviations from the mean.
pub fn deviations(x: &[f64]) -> Vec<f64> {
    let (mean, _) = mean(x);
    x.iter().map(|x| (x - mean).powi(2)).collect()
}

/// Squared deviations summed over features, presentation by presentation.
fn summed(features: &[Vec<f64>]) -> Vec<f64> {
    let mut sums = vec![0.0; features[0].len()];
    for feature in features {
        sums.iter_mut().zip(deviations(feature)).for_each(|(sum, x)| *sum += x);
    }
    sums
}

/// The probability that a standard normal variable is farther than `z` from 0.
pub fn beyond(z: f64) -> f64 {
    libm::erfc(z.abs() / 2.0_f64.sqrt())
}

fn same_mean(a: &[f64], b: &[f64]) -> f64 {
    let ((mean_a, var_a), (mean_b, var_b)) = (mean(a), mean(b));
    if mean_a.to_bits() == mean_b.to_bits() {
        return 1.0;
    }
    beyond((mean_a - mean_b) / (var_a + var_b).sqrt())
}

/// Kolmogorov and Smirnov's test of two samples: 2 Σ_k (−1)^{k−1} e^{−2 k² λ²}, λ = D √(n m/(n + m)); where times are on a
/// grid it errs towards accepting.
fn same_distribution(a: &[f64], b: &[f64]) -> f64 {
    let sorted = |x: &[f64]| {
        let mut x = x.to_vec();
        x.sort_by(f64::total_cmp);
        x
    };
    let (a, b) = (sorted(a), sorted(b));
    let (n, m) = (a.len() as f64, b.len() as f64);
    let below = |sorted: &[f64], x: f64| sorted.partition_point(|y| *y <= x) as f64;
    let distance = |x: &f64| (below(&a, *x) / n - below(&b, *x) / m).abs();
    let largest = a.iter().chain(&b).map(distance).fold(0.0, f64::max);
    let lambda = largest * (n * m / (n + m)).sqrt();
    if lambda < 0.3 {
        return 1.0;
    }
    let term = |k: f64| 2.0 * (-2.0 * (k * lambda).powi(2)).exp();
    (1..=20).map(|k| if k % 2 == 1 { term(f64::from(k)) } else { -term(f64::from(k)) }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_standard_deviations_are_rare() {
        assert!((beyond(1.959_964) - 0.05).abs() < 1e-6);
        assert!((beyond(5.0) / 5.733e-7 - 1.0).abs() < 1e-3);
    }

    /// The 5 % point of the limiting distribution is λ = 1.3581.
    #[test]
    fn samples_apart_by_the_tabulated_distance_have_the_tabulated_probability() {
        let n = 20_000;
        let a: Vec<f64> = (0..n).map(f64::from).collect();
        let shift = 1.3581 * (2.0 / f64::from(n)).sqrt() * f64::from(n);
        let b: Vec<f64> = a.iter().map(|x| x + shift.round() - 0.5).collect();
        assert!((same_distribution(&a, &b) - 0.05).abs() < 1e-3);
        assert!((same_distribution(&a, &a) - 1.0).abs() < 1e-9);
    }
}
