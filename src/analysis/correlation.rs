//! Correlations between spike trains.

use std::ops::Range;

/// Pearson's correlation coefficients of the counts of pairs of neurons, in bins of `bin` ms over spans of time; at most `most`
/// neurons, those that fire first by number, are paired. Neurons that fire in no bin, or alike in all, have none.
///
/// Times [n] ascend, and so do the spans [ms]; a bin that a span does not hold in full is left out.
pub fn count_correlations(
    times: &[f64],
    neurons: &[u64],
    chosen: Range<usize>,
    spans: &[Range<f64>],
    bin: f64,
    most: usize,
) -> Vec<f64> {
    let offsets: Vec<usize> = spans.iter().map(|span| ((span.end - span.start) / bin) as usize).collect();
    let bins: usize = offsets.iter().sum();
    let mut firing: Vec<u64> = neurons.iter().copied().filter(|&n| chosen.contains(&(n as usize))).collect();
    firing.sort_unstable();
    firing.dedup();
    firing.truncate(most);
    if bins < 2 {
        return Vec::new();
    }
    let mut counts = vec![vec![0.0; bins]; firing.len()];
    let mut first = 0;
    for (span, length) in spans.iter().zip(&offsets) {
        let from = times.partition_point(|&time| time < span.start);
        for (time, neuron) in times[from..].iter().zip(&neurons[from..]).take_while(|(time, _)| **time < span.end) {
            let place = ((time - span.start) / bin) as usize;
            if let (Ok(row), true) = (firing.binary_search(neuron), place < *length) {
                counts[row][first + place] += 1.0;
            }
        }
        first += length;
    }
    let standard: Vec<Vec<f64>> = counts.into_iter().filter_map(standardised).collect();
    let pairs = (0..standard.len()).flat_map(|i| (0..i).map(move |j| (i, j)));
    pairs.map(|(i, j)| standard[i].iter().zip(&standard[j]).map(|(a, b)| a * b).sum()).collect()
}

/// Values less their mean, over the root of their sum of squares; none if they are all alike.
fn standardised(mut values: Vec<f64>) -> Option<Vec<f64>> {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    values.iter_mut().for_each(|value| *value -= mean);
    let norm = values.iter().map(|value| value * value).sum::<f64>().sqrt();
    values.iter_mut().for_each(|value| *value /= norm);
    (norm > 0.0).then_some(values)
}

/// How often spikes of different neurons come at each lag, over how often they would if trains were independent: 1 then, at any
/// lag. Lags are from −`longest` to `longest` ms, in bins of `bin` ms about 0, `bin`, 2 `bin`, …; NaN where no pair is expected.
///
/// With n spikes of N neurons over a time T, of which n_i are of neuron i, (n² − Σ n_i²) (T − |τ|) bin/T² pairs are expected in
/// the bin at lag τ. Times [n] ascend [ms].
pub fn correlogram(times: &[f64], neurons: &[u64], span: &Range<f64>, longest: f64, bin: f64) -> Vec<f64> {
    let side = (longest / bin).round() as usize;
    let mut pairs = vec![0.0; 2 * side + 1];
    let inside = times.partition_point(|&time| time < span.start)..times.partition_point(|&time| time < span.end);
    let (times, neurons) = (&times[inside.clone()], &neurons[inside]);
    let reach = (side as f64 + 0.5) * bin;
    for (i, (&time, &neuron)) in times.iter().zip(neurons).enumerate() {
        let later = times[i + 1..].iter().zip(&neurons[i + 1..]).take_while(|(later, _)| **later - time < reach);
        for (later, _) in later.filter(|(_, other)| **other != neuron) {
            let lag = ((later - time) / bin).round() as usize;
            pairs[side + lag] += 1.0;
            pairs[side - lag] += 1.0;
        }
    }
    let mut own = std::collections::BTreeMap::<u64, f64>::new();
    neurons.iter().for_each(|&neuron| *own.entry(neuron).or_default() += 1.0);
    let all = times.len() as f64;
    let different = all * all - own.values().map(|n| n * n).sum::<f64>();
    let length = span.end - span.start;
    let expected = |lag: f64| different * (length - lag.abs()) * bin / (length * length);
    let at = |(place, count): (usize, f64)| {
        let expected = expected((place as f64 - side as f64) * bin);
        if expected > 0.0 { count / expected } else { f64::NAN }
    };
    pairs.into_iter().enumerate().map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Poisson trains, by a linear congruential generator.
    fn poisson(neurons: usize, rate: f64, length: f64) -> Vec<(f64, u64)> {
        let mut state = 7_u64;
        let mut spikes = Vec::new();
        let mut now = 0.0;
        loop {
            let mut unit = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                ((state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
            };
            now -= unit().ln() / (rate * neurons as f64);
            if now >= length {
                return spikes;
            }
            spikes.push((now, (unit() * neurons as f64) as u64));
        }
    }

    fn sorted(mut spikes: Vec<(f64, u64)>) -> (Vec<f64>, Vec<u64>) {
        spikes.sort_by(|a, b| a.0.total_cmp(&b.0));
        spikes.into_iter().unzip()
    }

    /// The coefficients of independent trains are 0 on average, with a standard deviation of 1/√bins each; the correlogram is 1.
    #[test]
    fn independent_trains_are_uncorrelated() {
        let (times, neurons) = sorted(poisson(40, 0.02, 50_000.0));
        let found = count_correlations(&times, &neurons, 0..40, &[0.0..50_000.0], 10.0, 100);
        assert_eq!(found.len(), 40 * 39 / 2);
        let mean = found.iter().sum::<f64>() / found.len() as f64;
        let squares = found.iter().map(|c| c * c).sum::<f64>() / found.len() as f64;
        assert!(mean.abs() < 5.0 / (5000.0 * 780.0_f64).sqrt(), "{mean}");
        assert!((squares * 5000.0 - 1.0).abs() < 5.0 * (2.0 / 780.0_f64).sqrt(), "{squares}");
        let correlogram = correlogram(&times, &neurons, &(0.0..50_000.0), 20.0, 1.0);
        assert_eq!(correlogram.len(), 41);
        // About 40² · 0.02² · 50,000 pairs in a bin.
        let wrong = correlogram.iter().find(|ratio| (*ratio - 1.0).abs() > 5.0 / 32_000_f64.sqrt());
        assert!(wrong.is_none(), "{wrong:?}");
    }

    /// Neuron 1 fires 7 ms after neuron 0: all pairs at lag 7 are n in place of the n²/T in each ms, above the rest.
    #[test]
    fn a_shifted_copy_of_a_train_is_found_at_its_shift() {
        let train = poisson(1, 0.02, 20_000.0);
        let n = train.len() as f64;
        let both: Vec<_> = train.iter().flat_map(|&(t, _)| [(t, 0), (t + 7.0, 1)]).collect();
        let (times, neurons) = sorted(both);
        let found = correlogram(&times, &neurons, &(0.0..20_010.0), 10.0, 1.0);
        let largest = found.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).unwrap();
        assert!([3, 17].contains(&largest.0), "{found:?}");
        let expected = 0.5 * 20_010.0 / n;
        assert!((found[17] / (expected + 1.0) - 1.0).abs() < 0.1, "{} for {expected}", found[17]);
        assert!((found[3] - found[17]).abs() < 1e-12);
    }

    #[test]
    fn copies_have_coefficient_1_and_opposites_less() {
        let times = [0.5, 0.5, 2.5, 2.5, 3.5, 5.5];
        let neurons = [0, 1, 0, 1, 2, 2];
        let found = count_correlations(&times, &neurons, 0..3, &[0.0..6.0], 1.0, 10);
        // Counts 101000, 101000 and 000101.
        let expected = [1.0, -0.5, -0.5];
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{found} for {expected}");
        }
    }
}
