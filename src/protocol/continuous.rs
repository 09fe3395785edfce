//! The protocol `continuous`: circuits run without trials, under stimuli by time.
//!
//! A run is cut into *slices* of [`SLICE_MS`], each a trial of one phase that begins with the state the last one left.
//! Random streams are keyed by slice, and what they draw has no memory of its own, so that spikes are those of model and seed
//! alone: they do not depend on how long the run is, where it was stopped, or what is recorded of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::units::{LargestMeanRate, ModelTime, RunTime};

/// Length of a slice [ms]: part of a model's meaning, since streams are keyed by slice.
pub const SLICE_MS: f64 = 100.0;

/// The protocol: a warm-up that is not recorded, and the run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ContinuousProtocol {
    /// Model time that is recorded, after the warm-up [ms]; `--duration` is given in place of it.
    #[serde(rename = "duration_ms", with = "RunTime")]
    pub duration: f64,
    /// Model time before it, of which nothing is recorded [ms]. The run's clock is 0 where it begins.
    #[serde(rename = "warmup_ms", with = "ModelTime")]
    pub warmup: f64,
    /// Largest mean rate of a population over a slice of 100 ms [1/ms]; in a file, in Hz. Beyond it activity has run away, and
    /// the run ends with an error.
    #[serde(rename = "largest_mean_rate_hz", with = "LargestMeanRate")]
    pub largest_mean_rate: f64,
}

impl Default for ContinuousProtocol {
    fn default() -> Self {
        Self { duration: 1000.0, warmup: 0.0, largest_mean_rate: 1.0 }
    }
}

impl ContinuousProtocol {
    /// Where a run of this protocol ends on its clock [ms].
    pub fn end_ms(&self) -> f64 {
        self.warmup + self.duration
    }
}

/// The slice in which a time on the run's clock lies [ms].
pub fn slice_at(time_ms: f64) -> u64 {
    (time_ms / SLICE_MS).floor().max(0.0) as u64
}

/// Where a slice begins on the run's clock [ms].
pub fn slice_start(slice: u64) -> f64 {
    slice as f64 * SLICE_MS
}

/// Slices that a run up to this time has, the last of which may be cut off by its end.
pub fn slices_until(end_ms: f64) -> u64 {
    (end_ms / SLICE_MS).ceil().max(0.0) as u64
}

/// Whether a time lies between two slices, where something may be changed.
pub fn is_between_slices(time_ms: f64) -> bool {
    (time_ms % SLICE_MS).abs() < f64::EPSILON
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "these times are exact")]
mod tests {
    use super::*;

    #[test]
    fn stretches_follow_one_another_without_a_gap() {
        for n in [0, 1, 7, 1_000_003, 1_u64 << 40] {
            assert_eq!(slice_at(slice_start(n)), n);
            assert_eq!(slice_at(slice_start(n + 1).next_down()), n);
            assert_eq!(slices_until(slice_start(n)), n);
            assert_eq!(slices_until(slice_start(n) + 0.5), n + 1);
        }
        assert!(is_between_slices(300.0) && !is_between_slices(250.0));
        let protocol = ContinuousProtocol { duration: 1000.0, warmup: 250.0, ..ContinuousProtocol::default() };
        assert_eq!(protocol.end_ms(), 1250.0);
    }
}
