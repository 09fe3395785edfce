//! How populations fire in a simulation.

use std::ops::Range;

use crate::analysis::{intervals, mean_and_deviation, variability};
use crate::model::Model;
use crate::protocol::Spike;
use crate::record::{Presentation, RecordError, Recorder};

/// Windows that the measured time is cut into, whose rates scatter as chance and correlations make them.
const WINDOWS: usize = 20;

/// Bins in which the activity of a population is counted to see whether it is synchronous [ms].
pub(super) const BIN_MS: f64 = 1.0;

/// Standard errors of the fluctuation of counts that are not seen as synchrony.
const ERRORS: f64 = 4.0;

/// How a population fired.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeasuredActivity {
    /// Neurons.
    pub neurons: usize,
    /// Mean rate [1/ms].
    pub rate: f64,
    /// Standard error of it, from the rates of 20 windows of time, of 19 degrees of freedom; not below that of a Poisson count
    /// [1/ms].
    pub rate_error: f64,
    /// CV of inter-spike intervals as [`Variability`](crate::analysis::Variability) has it; none without intervals in a row.
    pub cv: Option<f64>,
    /// Inter-spike intervals.
    pub intervals: usize,
    /// Standard deviation of the population's rate in bins of 1 ms over its mean, without that of independent spikes and
    /// without what may be chance.
    pub synchrony: f64,
}

/// Degrees of freedom of [`MeasuredActivity::rate_error`].
pub(super) const DEGREES: u32 = WINDOWS as u32 - 1;

/// Keeps the spikes of a span of time.
#[derive(Clone, Debug)]
pub(super) struct SpikeCollector {
    span: Range<f64>,
    times: Vec<Vec<f64>>,
    neurons: Vec<Vec<u64>>,
}

impl SpikeCollector {
    pub(super) fn new(populations: usize, span: Range<f64>) -> Self {
        Self { span, times: vec![Vec::new(); populations], neurons: vec![Vec::new(); populations] }
    }

    /// How each population of the model fired.
    pub(super) fn activity(&self, model: &Model) -> Vec<MeasuredActivity> {
        let trains = self.times.iter().zip(&self.neurons).zip(&model.populations);
        trains.map(|((times, neurons), population)| activity(times, neurons, population.size, &self.span)).collect()
    }
}

impl Recorder for SpikeCollector {
    fn presentation(&mut self, presentation: Presentation<'_>) -> Result<(), RecordError> {
        let spikes = &presentation.observed.spikes;
        for (spikes, (times, neurons)) in spikes.iter().zip(self.times.iter_mut().zip(&mut self.neurons)) {
            let on_clock = |&Spike { time, neuron }: &Spike| (presentation.start_ms + time, u64::from(neuron));
            for (time, neuron) in spikes.iter().map(on_clock).filter(|(time, _)| self.span.contains(time)) {
                times.push(time);
                neurons.push(neuron);
            }
        }
        Ok(())
    }
}

/// How `size` neurons fired in a span of time.
fn activity(times: &[f64], neurons: &[u64], size: usize, span: &Range<f64>) -> MeasuredActivity {
    let length = span.end - span.start;
    let per_window = counts(times, span, length / WINDOWS as f64);
    let scale = WINDOWS as f64 / (length * size as f64);
    let rates: Vec<f64> = per_window.iter().map(|count| count * scale).collect();
    let (rate, deviation) = mean_and_deviation(&rates);
    let least = (times.len().max(1) as f64).sqrt() / (length * size as f64);
    let trains: Vec<Vec<f64>> =
        intervals(times, neurons, size, std::slice::from_ref(span)).into_iter().flatten().collect();
    MeasuredActivity {
        neurons: size,
        rate,
        rate_error: (deviation / (WINDOWS as f64).sqrt()).max(least),
        cv: variability(&trains).map(|variability| variability.cv),
        intervals: trains.iter().map(Vec::len).sum(),
        synchrony: synchrony(&counts(times, span, BIN_MS)),
    }
}

/// Spikes in bins of this width [ms]; what is left of the span is left out.
fn counts(times: &[f64], span: &Range<f64>, bin: f64) -> Vec<f64> {
    let mut counts = vec![0.0; ((span.end - span.start) / bin + 1e-9) as usize];
    for time in times {
        if let Some(count) = counts.get_mut(((time - span.start) / bin) as usize) {
            *count += 1.0;
        }
    }
    counts
}

/// √(Var n − ⟨n⟩)/⟨n⟩ of counts n, their variance less what chance may add: counts of independent spikes have a variance of at
/// most about their mean, which of b bins is found to √(2/b) of it.
fn synchrony(counts: &[f64]) -> f64 {
    let (mean, deviation) = mean_and_deviation(counts);
    if !(mean > 0.0 && deviation.is_finite()) {
        return 0.0;
    }
    let chance = mean * (1.0 + ERRORS * (2.0 / counts.len() as f64).sqrt());
    (deviation * deviation - chance).max(0.0).sqrt() / mean
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 50 neurons that fire every 20 ms, at times spread evenly: 50 Hz, CV 0, no synchrony; at one time: counts of 50 in one bin of
    /// 20, of standard deviation over mean √19, less the 1/⟨n⟩ of chance.
    #[test]
    fn clocks_are_regular_and_synchronous_or_not() {
        let spikes = |apart: f64| {
            let mut all: Vec<_> = (0..100)
                .flat_map(|k| (0..50).map(move |n| (20.0 * f64::from(k) + 0.5 + apart * n as f64, n)))
                .collect();
            all.sort_by(|a, b| a.0.total_cmp(&b.0));
            all.into_iter().unzip::<_, _, Vec<f64>, Vec<u64>>()
        };
        let measure = |apart| {
            let (times, neurons) = spikes(apart);
            activity(&times, &neurons, 50, &(0.0..2000.0))
        };
        let [spread, together] = [measure(0.39), measure(0.0)];
        for found in [spread, together] {
            assert!((found.rate - 0.05).abs() < 1e-12 && found.cv.unwrap() < 1e-12 && found.intervals == 99 * 50);
            assert!(found.rate_error < 0.001, "{}", found.rate_error);
        }
        assert!(spread.synchrony < 1e-9, "{}", spread.synchrony);
        assert!((together.synchrony - 19_f64.sqrt()).abs() < 0.2, "{}", together.synchrony);
    }

    #[test]
    fn silence_has_a_rate_of_none_and_an_error_of_one_spike() {
        let found = activity(&[], &[], 10, &(100.0..300.0));
        assert!(found.rate.abs() < f64::MIN_POSITIVE && (found.rate_error - 1.0 / 2000.0).abs() < 1e-15);
        assert_eq!((found.cv, found.intervals), (None, 0));
    }
}
