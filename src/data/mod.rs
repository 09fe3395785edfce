//! Stimuli: IDX image sets, their splits, rate tables and spike lists, and initial values from NumPy files.
//!
//! [`Source::load`] reads what a model shows into a [`Dataset`]: the presentations trained on and those evaluated on,
//! checked against the network's size once, then plain shared memory that any number of threads index without locks.
//! Files carry Hz and ms; inside, rates are per ms.

mod contrast;
mod digest;
mod error;
mod fit;
mod identity;
mod idx;
mod images;
mod npy;
mod source;
mod split;
mod stimuli;
mod tables;

pub use error::DataError;
pub use fit::{ClassCounts, LateSpikes};
pub use identity::{DataIdentity, DataPlace, digests, path_of};
pub use idx::{Idx, IdxContent};
pub use images::{ImagePart, ImageSet};
pub use npy::{read_npy_matrix, read_npy_vector};
pub use source::{DEFAULT_FOLDER, Dataset, Source};
pub use split::{Evaluate, Split, tested_on};
pub use stimuli::{Presentations, StimulusSet};
pub use tables::{RateTable, SpikeList};

/// A spike: when and which neuron of its population.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spike {
    /// Time from the start of the phase or presentation it belongs to [ms].
    pub time: f64,
    /// Index of the neuron in its population.
    pub neuron: u32,
}

/// One stimulus of an input population of n neurons.
#[derive(Clone, Copy, Debug)]
pub enum Stimulus<'a> {
    /// Pixels [n], 0 to 255: rate phi_max · pixel/255.
    Pixels(&'a [u8]),
    /// Rates [n] [1/ms].
    Rates(&'a [f64]),
    /// Spikes at fixed times from the start of the presentation, sorted by (time, neuron) [ms].
    Spikes(&'a [Spike]),
}
