//! The stimulus of one population, by time.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::units::{Current, GivenRate, ModelTime, Name, PathText, tagged};

/// What the neurons of a source population fire, or the current into the cells of another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "kind", rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(rename = "PopulationStimulus", tag = "kind", transform = tagged::first_is_default)]
#[non_exhaustive]
pub enum PopulationStimulus {
    /// Independent Poisson trains of one rate.
    Constant {
        /// Rate of each neuron [Hz].
        #[serde(with = "GivenRate")]
        rate_hz: f64,
    },
    /// Independent Poisson trains, of each neuron at a rate of its own.
    Rates {
        /// Rates [Hz], one per neuron.
        #[serde(with = "GivenRate")]
        #[schemars(with = "Vec<GivenRate>")]
        rates_hz: Vec<f64>,
    },
    /// Independent Poisson trains at rates that change by a table: CSV with the columns `time_ms` and one rate for all neurons, or
    /// one for each [Hz]. Each row holds from its time to that of the next; before the first the population is silent.
    RateTable {
        /// The .csv file.
        #[serde(with = "PathText")]
        path: PathBuf,
    },
    /// Spikes at given times of the run's clock: CSV with the header `time_ms,neuron`, or NumPy of shape [spikes, 2] with the same
    /// columns.
    Spikes {
        /// The .csv or .npy file.
        #[serde(with = "PathText")]
        path: PathBuf,
    },
    /// The spikes of a population in a run file of ours or any other SONATA file, replayed.
    Sonata {
        /// The .h5 file.
        #[serde(with = "PathText")]
        path: PathBuf,
        /// The population there; without it, that of the same name.
        #[serde(default, with = "Name", skip_serializing_if = "Option::is_none")]
        population: Option<String>,
        /// Time of the file that is 0 ms of this run's clock [ms].
        #[serde(default, with = "ModelTime")]
        start_ms: f64,
    },
    /// A current into all cells of a population, constant from each time to the next; before the first, none.
    Current {
        /// Times on the run's clock, ascending [ms].
        #[serde(with = "ModelTime")]
        #[schemars(with = "Vec<ModelTime>")]
        times_ms: Vec<f64>,
        /// Currents, one for each time [pA].
        #[serde(with = "Current")]
        #[schemars(with = "Vec<Current>")]
        currents_pa: Vec<f64>,
    },
    /// Currents into the cells of a population by a table: CSV with the columns `time_ms` and one current for all cells, or one for
    /// each [pA]. Each row holds from its time to that of the next; before the first there is none.
    CurrentTable {
        /// The .csv file.
        #[serde(with = "PathText")]
        path: PathBuf,
    },
}

impl PopulationStimulus {
    /// The file it is read from, if it is.
    pub fn path(&self) -> Option<&PathBuf> {
        match self {
            Self::Constant { .. } | Self::Rates { .. } | Self::Current { .. } => None,
            Self::RateTable { path }
            | Self::Spikes { path }
            | Self::Sonata { path, .. }
            | Self::CurrentTable { path } => Some(path),
        }
    }

    /// Whether it is a current into cells, not what a source fires.
    pub fn is_current(&self) -> bool {
        matches!(self, Self::Current { .. } | Self::CurrentTable { .. })
    }
}
