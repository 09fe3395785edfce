//! Power spectra of spike trains.

use std::f64::consts::TAU;
use std::ops::Range;

/// Power spectra of trains, without bins: those of single neurons on average, and that of all together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PowerSpectrum {
    /// Frequencies [k] [Hz].
    pub frequencies: Vec<f64>,
    /// Of single trains, mean over neurons [k] [Hz]; the rate for Poisson trains.
    pub neurons: Vec<f64>,
    /// Of the sum of all trains, over the number of neurons [k] [Hz]; that of single trains if they are independent.
    pub population: Vec<f64>,
}

/// The spectrum S(f) = |Σ e^(−2πi f t)|²/L of the spike times t in segments of length L, averaged over segments, at the multiples of
/// 1/L up to `highest` Hz (Bartlett 1963, J. R. Stat. Soc. B 25:264); `size` is the number of neurons.
///
/// Segments are as long as `longest` ms, or as the shortest span. Times [n] ascend, and so do the spans [ms].
pub fn power_spectrum(
    times: &[f64],
    neurons: &[u64],
    size: usize,
    spans: &[Range<f64>],
    [longest, highest]: [f64; 2],
) -> PowerSpectrum {
    let shortest = spans.iter().map(|span| span.end - span.start).fold(longest, f64::min);
    let count = (highest * shortest / 1000.0).floor().max(0.0) as usize;
    let frequencies: Vec<f64> = (1..=count).map(|k| 1000.0 * k as f64 / shortest).collect();
    let (mut single, mut all, mut segments) = (vec![0.0; count], vec![0.0; count], 0.0);
    for span in spans {
        for part in 0..((span.end - span.start) / shortest + 1e-9) as usize {
            let start = span.start + part as f64 * shortest;
            let first = times.partition_point(|&time| time < start);
            let end = times.partition_point(|&time| time < start + shortest);
            let mut spikes: Vec<_> = neurons[first..end].iter().zip(&times[first..end]).collect();
            spikes.sort_by_key(|(neuron, _)| **neuron);
            let mut sum = vec![[0.0; 2]; count];
            for train in spikes.chunk_by(|a, b| a.0 == b.0) {
                let mut own = vec![[0.0; 2]; count];
                train.iter().for_each(|(_, time)| add(&mut own, TAU * (**time - start) / shortest));
                add_power(&mut single, &own);
                sum.iter_mut().zip(&own).for_each(|(sum, own)| *sum = [sum[0] + own[0], sum[1] + own[1]]);
            }
            add_power(&mut all, &sum);
            segments += 1.0;
        }
    }
    let scale = 1.0 / (segments * size as f64 * shortest / 1000.0);
    let scaled = |power: Vec<f64>| power.into_iter().map(|power| power * scale).collect();
    PowerSpectrum { frequencies, neurons: scaled(single), population: scaled(all) }
}

/// Adds e^(−i k angle), k from 1 on.
fn add(sums: &mut [[f64; 2]], angle: f64) {
    let (sin, cos) = (libm::sin(angle), libm::cos(angle));
    let mut phasor = [cos, -sin];
    for sum in sums {
        *sum = [sum[0] + phasor[0], sum[1] + phasor[1]];
        phasor = [phasor[0] * cos + phasor[1] * sin, phasor[1] * cos - phasor[0] * sin];
    }
}

fn add_power(power: &mut [f64], sums: &[[f64; 2]]) {
    power.iter_mut().zip(sums).for_each(|(power, [re, im])| *power += re * re + im * im);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A train of equal intervals of 20 ms has all its power at the multiples of 50 Hz, (50 Hz)² L each.
    #[test]
    fn a_clock_has_power_at_the_multiples_of_its_rate_alone() {
        let times: Vec<f64> = (0..100).map(|k| 3.0 + 20.0 * f64::from(k)).collect();
        let neurons = vec![0; times.len()];
        let spectrum = power_spectrum(&times, &neurons, 1, &[0.0..2000.0], [500.0, 200.0]);
        assert_eq!(spectrum.frequencies.len(), 100);
        for (frequency, power) in spectrum.frequencies.iter().zip(&spectrum.neurons) {
            let expected = if (frequency % 50.0).abs() < 1e-9 { 2500.0 * 0.5 } else { 0.0 };
            assert!((power - expected).abs() < 1e-6, "{frequency} Hz: {power}");
        }
        assert_eq!(spectrum.neurons, spectrum.population);
    }

    /// Independent Poisson trains have the rate at all frequencies, alone and together: over s segments each value scatters by
    /// 1/√s of it, and those of n single trains by less.
    #[test]
    fn poisson_trains_have_a_flat_spectrum_at_their_rate() {
        let mut state = 3_u64;
        let mut unit = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
        };
        let (size, rate, length) = (20, 0.03, 100_000.0);
        let (mut times, mut neurons, mut now) = (Vec::new(), Vec::new(), 0.0);
        loop {
            now -= unit().ln() / (rate * size as f64);
            if now >= length {
                break;
            }
            times.push(now);
            neurons.push((unit() * size as f64) as u64);
        }
        let spectrum = power_spectrum(&times, &neurons, size, &[0.0..length], [500.0, 300.0]);
        let close = |values: &[f64], scatter: f64| {
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            assert!((mean - 30.0).abs() < 5.0 * 30.0 * scatter / (values.len() as f64).sqrt(), "{mean}");
            assert!(values.iter().all(|value| (value - 30.0).abs() < 5.0 * 30.0 * scatter), "{values:?}");
        };
        close(&spectrum.population, 1.0 / 200_f64.sqrt());
        close(&spectrum.neurons, 1.1 / (200.0 * size as f64).sqrt());
    }

    /// Trains that are copies of one another have the power of the one, times their number, together.
    #[test]
    fn synchrony_is_in_the_spectrum_of_the_population() {
        let times = [10.0, 10.0, 10.0, 31.7, 31.7, 31.7];
        let spectrum = power_spectrum(&times, &[0, 1, 2, 0, 1, 2], 3, &[0.0..100.0], [100.0, 200.0]);
        assert!(spectrum.neurons.iter().zip(&spectrum.population).all(|(one, all)| (all - 3.0 * one).abs() < 1e-9));
    }
}
