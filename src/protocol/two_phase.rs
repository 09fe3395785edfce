//! The protocol `two-phase`: a forward phase with the stimulus alone, and a target phase with stimulus and target.
//!
//! Guerguiev, Lillicrap & Richards (2017), eLife 6:e22901, Methods.

use crate::units::{Duration, Length};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::ops::Deref;

use super::{Measures, Phase, Sigmoids, Stimulus, Target};
use crate::numeric::{PresentationKey, Purpose, StreamKey};

/// Place of the forward phase in a trial.
pub const FORWARD: usize = 0;

/// Place of the target phase in a trial that has one.
pub const TARGET: usize = 1;

/// The phases of a trial of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PhaseName {
    /// Stimulus alone.
    Forward,
    /// Stimulus and teaching conductances.
    Target,
}

/// The protocol: a training trial is a forward and a target phase, a test one forward phase.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TwoPhaseProtocol {
    /// Fixed part of the forward phase [ms].
    #[serde(rename = "forward_ms", with = "Length")]
    pub forward: f64,
    /// Fixed part of the target phase [ms].
    #[serde(rename = "target_ms", with = "Length")]
    pub target: f64,
    /// Length of a test [ms].
    #[serde(rename = "test_ms", with = "Length")]
    pub test: f64,
    /// Excluded from the averages at the start of a forward phase, a test's included [ms].
    #[serde(rename = "settle_ms", with = "Duration")]
    pub settle: f64,
    /// Excluded from the averages at the start of a target phase [ms]; without it, as `settle_ms`.
    #[serde(rename = "target_settle_ms", with = "Duration")]
    pub target_settle: f64,
    /// Mean of the Wald part of each training phase [ms]; 0: none.
    #[serde(rename = "wald_mean_ms", with = "Duration")]
    pub wald_mean: f64,
    /// Scale (shape λ) of the Wald part [ms].
    #[serde(rename = "wald_scale_ms", with = "Length")]
    pub wald_scale: f64,
}

impl Default for TwoPhaseProtocol {
    /// Guerguiev, Lillicrap & Richards (2017), eLife 6:e22901, Methods.
    fn default() -> Self {
        Self {
            forward: 50.0,
            target: 50.0,
            test: 250.0,
            settle: 30.0,
            target_settle: 30.0,
            wald_mean: 2.0,
            wald_scale: 1.0,
        }
    }
}

/// Up to two phases.
#[derive(Clone, Copy, Debug)]
pub struct TwoPhases<'a> {
    both: [Phase<'a>; 2],
    count: usize,
}

impl<'a> Deref for TwoPhases<'a> {
    type Target = [Phase<'a>];

    fn deref(&self) -> &Self::Target {
        &self.both[..self.count]
    }
}

impl TwoPhases<'_> {
    /// The same with the rates of spikes counted in the forward phase, if so.
    #[must_use]
    pub fn with_rates(mut self, counted: bool) -> Self {
        self.both[FORWARD].measures.rates = counted;
        self
    }
}

impl TwoPhaseProtocol {
    /// The lengths of the forward and the target phase of a training trial [ms].
    pub fn lengths(&self, seed: u64, presentation: PresentationKey) -> [f64; 2] {
        [(0, self.forward), (1, self.target)].map(|(phase, fixed)| {
            if self.wald_mean == 0.0 {
                return fixed;
            }
            let key = StreamKey { seed, purpose: Purpose::PhaseLength, presentation, phase, block: 0 };
            fixed + key.stream().wald(self.wald_mean, self.wald_scale)
        })
    }

    /// The phases of a trial of these lengths [ms], in which means of sigmoid(V) are measured of these populations; without a
    /// target, the forward one alone.
    pub fn trial_phases<'a>(
        &self,
        lengths: [f64; 2],
        stimuli: &'a [Stimulus<'a>],
        target: Target<'a>,
        sigmoids: [Sigmoids<'a>; 2],
    ) -> TwoPhases<'a> {
        let forward = Phase {
            length_ms: lengths[FORWARD],
            settle_ms: self.settle,
            stimuli,
            currents: &[],
            target: Target::None,
            measures: Measures { potentials: true, rates: false, sigmoids: sigmoids[FORWARD] },
        };
        let taught = Phase {
            length_ms: lengths[TARGET],
            settle_ms: self.target_settle,
            target,
            measures: Measures { potentials: false, rates: false, sigmoids: sigmoids[TARGET] },
            ..forward
        };
        TwoPhases { both: [forward, taught], count: 1 + usize::from(target.is_given()) }
    }

    /// The phases of a training trial, with means of sigmoid(V) of the populations with teaching conductances in the second.
    pub fn training<'a>(&self, lengths: [f64; 2], stimuli: &'a [Stimulus<'a>], target: Target<'a>) -> TwoPhases<'a> {
        self.trial_phases(lengths, stimuli, target, [Sigmoids::None, Sigmoids::Taught])
    }

    /// The phase of a test.
    pub fn test<'a>(&self, stimuli: &'a [Stimulus<'a>]) -> TwoPhases<'a> {
        self.training([self.test, 0.0], stimuli, Target::None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::float_cmp, reason = "nothing is added to them")]
    fn phases_are_their_fixed_part_and_a_wald_draw_of_their_own() {
        let protocol = TwoPhaseProtocol {
            forward: 50.0,
            target: 60.0,
            test: 250.0,
            settle: 30.0,
            target_settle: 30.0,
            wald_mean: 2.0,
            wald_scale: 1.0,
        };
        let [forward, target] = protocol.lengths(1, PresentationKey::training(5));
        assert!(forward > 50.0 && target > 60.0 && (target - forward - 10.0).abs() > 1e-9);
        let fixed = TwoPhaseProtocol { wald_mean: 0.0, ..protocol };
        assert_eq!(fixed.lengths(1, PresentationKey::training(5)), [50.0, 60.0]);
        let phases = fixed.training([50.0, 60.0], &[], Target::None);
        assert_eq!(phases.len(), 1);
        let phases = fixed.training([50.0, 60.0], &[], Target::Class(3));
        assert_eq!((phases.len(), phases[TARGET].target), (2, Target::Class(3)));
    }
}
