//! What is shown.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::units::tagged;
use crate::units::{Gain, GivenRate, PathText, Pixels, Share, Whole};

/// What is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "kind", rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(rename = "Stimuli", tag = "kind", transform = tagged::first_is_default)]
#[non_exhaustive]
pub enum Stimuli {
    /// Images and labels in a folder of IDX files; `--data` overrides the folder.
    Idx {
        /// The folder; without it: `data/mnist`.
        #[serde(default, with = "PathText", skip_serializing_if = "Option::is_none")]
        path: Option<PathBuf>,
        /// Images at the end of the training set that are set aside, and tested on in place of the test set.
        #[serde(default, with = "Whole::<0, 1_000_000_000>")]
        validation: usize,
        /// Pixels by which a training image is shifted at most, in either direction, drawn anew at each presentation.
        #[serde(default, rename = "shift_pixels", with = "Whole::<0, 1000>")]
        shift: usize,
        /// Share of the training presentations that are shifted.
        #[serde(default = "all", with = "Share")]
        shift_share: f64,
        /// Images are shown as ON and OFF maps of two input neurons a pixel; without it: as they are.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        on_off: Option<OnOff>,
    },
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

/// All of the presentations.
fn all() -> f64 {
    1.0
}

impl Default for Stimuli {
    fn default() -> Self {
        Self::Idx { path: None, validation: 0, shift: 0, shift_share: 1.0, on_off: None }
    }
}

/// How ON and OFF maps are made of an image: as the difference of each pixel to its surround, times a gain.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OnOff {
    /// Standard deviation of the Gaussian surround [pixels].
    #[serde(rename = "surround_pixels", with = "Pixels")]
    pub surround: f64,
    /// Rate over that of a white pixel, per contrast of 1.
    #[serde(with = "Gain")]
    pub gain: f64,
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
