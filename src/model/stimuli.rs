//! What is shown.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::image_stimuli::ImageStimuli;
use crate::units::{GivenRate, PathText, tagged};

/// What is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "kind", rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(rename = "Stimuli", tag = "kind", transform = tagged::first_is_default)]
#[non_exhaustive]
pub enum Stimuli {
    /// Images and labels in a folder of IDX files; `--data` overrides the folder.
    Idx(ImageStimuli),
    /// Rates in Hz, one row a presentation, from CSV or NumPy, or one fixed vector.
    #[serde(with = "RateStimuli")]
    Rates {
        /// Where they stand.
        source: RateSource,
        /// Label of every presentation; none: no target phase is shown.
        labels: Option<Vec<u8>>,
    },
    /// A spike list: CSV with the columns `presentation,time_ms,neuron`.
    Spikes {
        /// The .csv file.
        #[serde(with = "PathText")]
        path: PathBuf,
        /// Label of every presentation; without it: no target phase is shown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        labels: Option<Vec<u8>>,
    },
}

impl Default for Stimuli {
    fn default() -> Self {
        Self::Idx(ImageStimuli::default())
    }
}

/// Where a rate stimulus stands.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum RateSource {
    /// One vector in the model file [Hz].
    Fixed(Vec<f64>),
    /// A `.csv` or `.npy` table of shape [presentations, inputs] [Hz].
    Table(PathBuf),
}

/// The keys of rates: a list or a file.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[derive(Default)]
struct RateStimuli {
    /// A list of numbers, one rate per input neuron, or a file as `path`.
    #[serde(skip_serializing_if = "Option::is_none")]
    rates_hz: Option<RateList>,
    /// A .csv or .npy table of rates [Hz], one row a presentation, one column per input neuron; in place of `rates_hz`.
    #[serde(with = "PathText", skip_serializing_if = "Option::is_none")]
    path: Option<PathBuf>,
    /// Label of every presentation; without it: no target phase is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<Vec<u8>>,
}

/// A list of rates [Hz].
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
struct RateList(
    #[serde(with = "GivenRate")]
    #[schemars(with = "Vec<GivenRate>")]
    Vec<f64>,
);

impl RateStimuli {
    fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(RateSource, Option<Vec<u8>>), D::Error> {
        let Self { rates_hz, path, labels } = Deserialize::deserialize(deserializer)?;
        let source = match (rates_hz, path) {
            (Some(rates), None) => RateSource::Fixed(rates.0),
            (None, Some(path)) => RateSource::Table(path),
            (None, None) => return Err(D::Error::missing_field("rates_hz")),
            (Some(_), Some(_)) => return Err(D::Error::custom("expected `rates_hz` or `path`, found both")),
        };
        Ok((source, labels))
    }

    #[allow(clippy::ref_option, reason = "serde hands fields over by reference")]
    fn serialize<S: Serializer>(
        source: &RateSource,
        labels: &Option<Vec<u8>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut keys = Self { labels: labels.clone(), ..Self::default() };
        match source {
            RateSource::Fixed(rates) => keys.rates_hz = Some(RateList(rates.clone())),
            RateSource::Table(path) => keys.path = Some(path.clone()),
        }
        Serialize::serialize(&keys, serializer)
    }
}
