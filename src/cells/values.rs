//! Values that differ from neuron to neuron: one number for all, or a distribution from which each has its own.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::numeric::{Distribution, Stream};
use crate::units::{Millivolt, MillivoltSpread};

/// A value of each neuron of a population. A number in a file is one for all.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename = "from", rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(rename = "NeuronValues", tag = "from")]
pub enum NeuronValues {
    /// One for all.
    Constant {
        /// The value [mV].
        #[serde(with = "Millivolt")]
        value: f64,
    },
    /// Normal.
    Normal {
        /// Mean [mV].
        #[serde(with = "Millivolt")]
        mean: f64,
        /// Standard deviation [mV].
        #[serde(with = "MillivoltSpread")]
        sd: f64,
    },
    /// Uniform.
    Uniform {
        /// Its lower end, of at most `high` [mV].
        #[serde(with = "Millivolt")]
        low: f64,
        /// Its upper end [mV].
        #[serde(with = "Millivolt")]
        high: f64,
    },
}

impl From<f64> for NeuronValues {
    /// One for all [mV].
    fn from(value: f64) -> Self {
        Self::Constant { value }
    }
}

impl From<NeuronValues> for Distribution {
    fn from(values: NeuronValues) -> Self {
        match values {
            NeuronValues::Constant { value } => Self::Constant { value },
            NeuronValues::Normal { mean, sd } => Self::Normal { mean, sd },
            NeuronValues::Uniform { low, high } => Self::Uniform { low, high },
        }
    }
}

impl NeuronValues {
    /// Draws the value of the next neuron.
    pub(crate) fn draw(self, stream: &mut Stream) -> f64 {
        Distribution::from(self).draw(stream)
    }

    /// Draws the value of the next neuron, above `limit`: what is not is drawn again, so that the distribution is truncated.
    pub(crate) fn draw_above(self, limit: f64, stream: &mut Stream) -> f64 {
        Distribution::from(self).draw_accepted(stream, |value| value > limit).unwrap_or_else(|| self.mean())
    }

    /// Whether at least every other draw is above `limit`.
    pub fn are_mostly_above(self, limit: f64) -> bool {
        self.mean() > limit
    }

    /// Their mean.
    pub fn mean(self) -> f64 {
        match self {
            Self::Constant { value } => value,
            Self::Normal { mean, .. } => mean,
            Self::Uniform { low, high } => f64::midpoint(low, high),
        }
    }

    /// Whether all numbers are finite, spreads not negative and ends in order.
    pub fn is_sound(self) -> bool {
        match self {
            Self::Constant { value } => value.is_finite(),
            Self::Normal { mean, sd } => mean.is_finite() && sd.is_finite() && sd >= 0.0,
            Self::Uniform { low, high } => low.is_finite() && high.is_finite() && low <= high,
        }
    }
}

impl Serialize for NeuronValues {
    /// Writes a number where there is one for all, else a table.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (variety, [(first, a), (second, b)]) = match *self {
            Self::Constant { value } => return serializer.serialize_f64(value),
            Self::Normal { mean, sd } => ("normal", [("mean", mean), ("sd", sd)]),
            Self::Uniform { low, high } => ("uniform", [("low", low), ("high", high)]),
        };
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("from", variety)?;
        map.serialize_entry(first, &a)?;
        map.serialize_entry(second, &b)?;
        map.end()
    }
}
/// The values as descriptions of cells write them, each variety by its name.
#[derive(serde::Serialize, Deserialize)]
#[serde(remote = "NeuronValues")]
pub(super) enum Described {
    Constant { value: f64 },
    Normal { mean: f64, sd: f64 },
    Uniform { low: f64, high: f64 },
}

/// The same of values that need not be there.
pub(super) mod described {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{Described, NeuronValues};

    #[derive(Serialize, Deserialize)]
    struct Values(#[serde(with = "Described")] NeuronValues);

    #[allow(clippy::ref_option, reason = "serde hands the field")]
    pub(in super::super) fn serialize<S: Serializer>(
        values: &Option<NeuronValues>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        values.map(Values).serialize(serializer)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<NeuronValues>, D::Error> {
        Ok(Option::<Values>::deserialize(deserializer)?.map(|Values(values)| values))
    }
}
