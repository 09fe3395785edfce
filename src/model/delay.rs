//! Delays of synapses: one for all, or one of each.

use schemars::JsonSchema;
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use crate::numeric::{Distribution, Truncation};
use crate::units::tagged;
use crate::units::{Duration, Length, Logarithm, LogarithmSpread, SamplingInterval};

/// Standard deviations above its mean at which the largest delay is expected.
const REACH: f64 = 6.0;

/// From spike to arrival. A number in a file is one delay for all synapses; drawn and listed delays are rounded to the
/// nearest multiple of `resolution_ms`, and the rounded delay is the delay. Drawn delays that round to zero, or to more than
/// 65,535 steps, are drawn again, as in NEST's example of the cortical microcircuit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "from", rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(rename = "Delay", tag = "from")]
#[non_exhaustive]
pub enum Delay {
    /// One for all, not rounded.
    Constant {
        /// The delay [ms].
        #[serde(with = "Duration")]
        value: f64,
    },
    /// Normal; truncated to `min` and `max`.
    Normal {
        /// Mean, before truncation [ms].
        #[serde(with = "Length")]
        mean: f64,
        /// Standard deviation, before truncation [ms].
        #[serde(with = "Duration")]
        sd: f64,
        /// Least delay before it is rounded: what is drawn below is drawn again, as by `redraw` of NEST and `normal_clipped` of PyNN;
        /// without it, half a step [ms].
        #[serde(default, with = "Duration", skip_serializing_if = "Option::is_none")]
        min: Option<f64>,
        /// Largest delay before it is rounded, in the same way [ms].
        #[serde(default, with = "Length", skip_serializing_if = "Option::is_none")]
        max: Option<f64>,
        /// Step of delays [ms].
        #[serde(default = "resolution", with = "SamplingInterval")]
        resolution_ms: f64,
    },
    /// Lognormal: exp(N(mu, sigma²)) ms; truncated to `min` and `max`.
    Lognormal {
        /// Mean of the logarithm of the delay in ms, before truncation.
        #[serde(with = "Logarithm")]
        mu: f64,
        /// Standard deviation of the logarithm, before truncation.
        #[serde(with = "LogarithmSpread")]
        sigma: f64,
        /// Least delay before it is rounded: what is drawn below is drawn again, as by `redraw` of NEST and `normal_clipped` of PyNN;
        /// without it, half a step [ms].
        #[serde(default, with = "Duration", skip_serializing_if = "Option::is_none")]
        min: Option<f64>,
        /// Largest delay before it is rounded, in the same way [ms].
        #[serde(default, with = "Length", skip_serializing_if = "Option::is_none")]
        max: Option<f64>,
        /// Step of delays [ms].
        #[serde(default = "resolution", with = "SamplingInterval")]
        resolution_ms: f64,
    },
    /// Uniform.
    Uniform {
        /// Lower end, of at most `high` [ms].
        #[serde(with = "Duration")]
        low: f64,
        /// Upper end [ms].
        #[serde(with = "Length")]
        high: f64,
        /// Step of delays [ms].
        #[serde(default = "resolution", with = "SamplingInterval")]
        resolution_ms: f64,
    },
    /// Those of the list of synapses.
    List {
        /// Step of delays [ms].
        #[serde(default = "resolution", with = "SamplingInterval")]
        resolution_ms: f64,
    },
}

fn resolution() -> f64 {
    0.1
}

impl From<f64> for Delay {
    /// One for all [ms].
    fn from(value: f64) -> Self {
        Self::Constant { value }
    }
}

impl Delay {
    /// The delay of all synapses [ms], where they have one.
    pub fn constant(self) -> Option<f64> {
        match self {
            Self::Constant { value } => Some(value),
            _ => None,
        }
    }

    /// The step of which every delay is a whole number: of one for all, that delay [ms].
    pub fn step_ms(self) -> f64 {
        match self {
            Self::Constant { value: 0.0 } => 1.0,
            Self::Constant { value } => value,
            Self::Normal { resolution_ms, .. }
            | Self::Lognormal { resolution_ms, .. }
            | Self::Uniform { resolution_ms, .. }
            | Self::List { resolution_ms } => resolution_ms,
        }
    }

    /// The least that a synapse may have [ms].
    pub fn smallest(self) -> f64 {
        let rounded = |least: f64, resolution_ms: f64| (least / resolution_ms).round().max(1.0) * resolution_ms;
        match self {
            Self::Constant { value } => value,
            Self::Uniform { low, resolution_ms, .. } => rounded(low, resolution_ms),
            Self::Normal { min, resolution_ms, .. } | Self::Lognormal { min, resolution_ms, .. } => {
                rounded(min.unwrap_or(0.0), resolution_ms)
            }
            Self::List { resolution_ms } => resolution_ms,
        }
    }

    /// What delays are drawn from [ms], where they are drawn, and what is kept of it.
    pub(crate) fn drawn(self) -> Option<(Distribution, Truncation)> {
        Some(match self {
            Self::Normal { mean, sd, min, max, .. } => {
                (Distribution::Normal { mean, sd }, Truncation::between(min, max))
            }
            Self::Lognormal { mu, sigma, min, max, .. } => {
                (Distribution::Lognormal { mu, sigma }, Truncation::between(min, max))
            }
            Self::Uniform { low, high, .. } => (Distribution::Uniform { low, high }, Truncation::NONE),
            Self::Constant { .. } | Self::List { .. } => return None,
        })
    }

    /// What is wrong with it, if anything: the key that does not fit, and what was expected.
    pub(super) fn conflict(self) -> Option<(&'static str, String)> {
        let (key, typical, largest, resolution_ms) = match self {
            Self::Constant { .. } | Self::List { .. } => return None,
            Self::Normal { mean, sd, resolution_ms, .. } => ("mean", mean, mean + REACH * sd, resolution_ms),
            Self::Lognormal { mu, sigma, resolution_ms, .. } => {
                ("mu", mu.exp(), (mu + REACH * sigma).exp(), resolution_ms)
            }
            Self::Uniform { low, high, .. } if low > high => {
                return Some(("low", format!("expected `low` of at most `high`, found {low} and {high}")));
            }
            Self::Uniform { high, resolution_ms, .. } => ("high", high, high, resolution_ms),
        };
        let (distribution, within) = self.drawn()?;
        let (longest, least) = (f64::from(u16::MAX) * resolution_ms, 0.5 * resolution_ms);
        if typical < least {
            return Some((key, format!("expected delays of {least} ms or more, half a step; found {typical} ms")));
        }
        let largest = largest.min(within.high);
        if largest > longest {
            let why = format!(
                "expected delays of at most {longest} ms, 65,535 steps of `resolution_ms` {resolution_ms}; found up to \
                 {largest:.4} ms{}",
                if matches!(self, Self::Uniform { .. }) { "" } else { " within six standard deviations" }
            );
            return Some(("resolution_ms", why));
        }
        within.conflict(distribution.share(within.and(Truncation { low: least, ..Truncation::NONE })))
    }

    /// Writes a number where there is one delay, else a table.
    #[allow(clippy::ref_option, reason = "serde hands fields over by reference")]
    pub(super) fn serialize_number<S: Serializer>(delay: &Option<Self>, serializer: S) -> Result<S::Ok, S::Error> {
        match delay {
            None => serializer.serialize_none(),
            Some(Self::Constant { value }) => Duration::serialize(value, serializer),
            Some(delay) => tagged::by_from(delay, serializer),
        }
    }
}
