//! What can go wrong in a continuous run.

use std::io;
use std::path::PathBuf;

use crate::data::DataError;
use crate::engine::LayoutError;
use crate::record::{RecordError, StateMismatch};
use crate::units::Rounded;

/// Why there is no continuous run, or why it ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimulationError {
    /// The model runs by another protocol.
    #[error("expected a model of the protocol \"continuous\", found one of two phases")]
    Protocol,
    /// The model has no layout.
    #[error("the model cannot be simulated")]
    Layout(#[from] LayoutError),
    /// The network or checkpoint is not one of the model.
    #[error("the network is not one of the model")]
    StateMismatch(#[from] StateMismatch),
    /// The stimulus of a source cannot be read.
    #[error("the `stimulus` of population {population:?} cannot be read")]
    Stimulus {
        /// The population.
        population: String,
        /// Why.
        source: Box<DataError>,
    },
    /// The spikes to be replayed cannot be read.
    #[error("the `stimulus` of population {population:?} cannot be read")]
    Replay {
        /// The population.
        population: String,
        /// Why.
        source: Box<RecordError>,
    },
    /// A file that the model names cannot be read.
    #[error("cannot read {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file of the run is not as the run read it that left the checkpoint.
    #[error(
        "{}: the SHA-256 is {found}, expected {expected}, which the run read that left the checkpoint; restore that file, or \
         deliberately name another by `--set population.{population}.stimulus.path=FILE`",
        path.display()
    )]
    FileChanged {
        /// The file.
        path: PathBuf,
        /// Its SHA-256 in that run.
        expected: String,
        /// Its SHA-256 now.
        found: String,
        /// The population whose stimulus it is.
        population: String,
    },
    /// A file that is new to a run whose other files are named from another folder.
    #[error("{file}: name it by its absolute path: other files of the run are named from {folder}")]
    RelativePath {
        /// The file.
        file: String,
        /// That folder.
        folder: String,
    },
    /// Something could not be recorded.
    #[error("the run could not be recorded")]
    Record(#[from] RecordError),
    /// Numbers that files and the engine cannot hold.
    #[error(
        "{what} went beyond all numbers before {at_ms} ms: lower weights, currents, or the factors of changes, and keep terms \
         of `plasticity` within the ranges of their functions"
    )]
    Overflow {
        /// Of which population, or the weights.
        what: String,
        /// By when, on the run's clock [ms].
        at_ms: f64,
    },
    /// A population fires beyond what it was allowed.
    #[error(
        "runaway activity: {population:?} fired at more than {:.0} Hz on average from {from_ms} to {} ms, which over {slice_ms} ms \
         is more than the {} Hz of `largest_mean_rate_hz` in [protocol]; weaken its excitation, strengthen its inhibition, or raise the \
         limit",
        rate_hz.floor(),
        Rounded(*to_ms),
        Rounded(*limit_hz)
    )]
    Runaway {
        /// The population.
        population: String,
        /// What its mean rate was above, for spikes are counted up to the limit alone [Hz].
        rate_hz: f64,
        /// Largest rate allowed [Hz].
        limit_hz: f64,
        /// From when, on the run's clock [ms].
        from_ms: f64,
        /// Until when [ms].
        to_ms: f64,
        /// Over what length the rate may not be higher [ms].
        slice_ms: f64,
    },
}
