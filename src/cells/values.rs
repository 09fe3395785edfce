//! Values that differ from neuron to neuron: one number for all, or a distribution from which each has its own.

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::Serializer;

use crate::numeric::Stream;
use rand::RngExt;
use rand_distr::StandardNormal;

/// A value of each neuron of a population.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NeuronValues {
    /// One for all.
    Constant(f64),
    /// Drawn from a distribution.
    Drawn(DrawnValues),
}

/// A distribution of values of neurons.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, serde::Deserialize, JsonSchema)]
#[serde(tag = "from", rename_all = "kebab-case", deny_unknown_fields)]
pub enum DrawnValues {
    /// Normal.
    Normal {
        /// Mean.
        mean: f64,
        /// Standard deviation.
        sd: f64,
    },
    /// Uniform.
    Uniform {
        /// Its lower end.
        low: f64,
        /// Its upper end.
        high: f64,
    },
}

impl NeuronValues {
    /// Draws the value of the next neuron.
    pub(crate) fn draw(&self, stream: &mut Stream) -> f64 {
        match *self {
            Self::Constant(value) => value,
            Self::Drawn(DrawnValues::Normal { mean, sd }) => mean + sd * stream.sample::<f64, _>(StandardNormal),
            Self::Drawn(DrawnValues::Uniform { low, high }) => low + (high - low) * stream.random::<f64>(),
        }
    }

    /// Their mean.
    pub fn mean(&self) -> f64 {
        match *self {
            Self::Constant(value) => value,
            Self::Drawn(DrawnValues::Normal { mean, .. }) => mean,
            Self::Drawn(DrawnValues::Uniform { low, high }) => f64::midpoint(low, high),
        }
    }

    /// Whether all numbers are finite, spreads not negative and ends in order.
    pub fn is_sound(&self) -> bool {
        match *self {
            Self::Constant(value) => value.is_finite(),
            Self::Drawn(DrawnValues::Normal { mean, sd }) => mean.is_finite() && sd.is_finite() && sd >= 0.0,
            Self::Drawn(DrawnValues::Uniform { low, high }) => low.is_finite() && high.is_finite() && low <= high,
        }
    }
}

impl Serialize for NeuronValues {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Constant(value) => serializer.serialize_f64(*value),
            Self::Drawn(drawn) => drawn.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for NeuronValues {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Values;

        impl<'de> Visitor<'de> for Values {
            type Value = NeuronValues;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a number, { from = \"normal\", mean, sd } or { from = \"uniform\", low, high }")
            }

            fn visit_f64<E>(self, value: f64) -> Result<NeuronValues, E> {
                Ok(NeuronValues::Constant(value))
            }

            fn visit_i64<E>(self, value: i64) -> Result<NeuronValues, E> {
                Ok(NeuronValues::Constant(value as f64))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<NeuronValues, A::Error> {
                DrawnValues::deserialize(MapAccessDeserializer::new(map)).map(NeuronValues::Drawn)
            }
        }

        deserializer.deserialize_any(Values)
    }
}

impl JsonSchema for NeuronValues {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "NeuronValues".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let drawn = generator.subschema_for::<DrawnValues>();
        schemars::json_schema!({ "anyOf": [{ "type": "number" }, drawn] })
    }
}
