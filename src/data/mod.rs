//! Stimuli: IDX image sets, their splits, rate tables and spike lists, and initial values from NumPy files, and lists of
//! synapses.
//!
//! [`StimulusLoader::load`] reads what a model shows into a [`Dataset`]: the presentations trained on and those evaluated on,
//! checked against the network's size once, then plain shared memory that any number of threads index without locks.
//! Files carry Hz and ms; inside, rates are per ms.

mod contrast;
mod digest;
mod error;
mod fit;
mod identity;
mod idx;
mod images;
mod loader;
mod npy;
mod other_sources;
mod split;
mod stimuli;
mod synapses;
mod tables;
mod timed;
mod varied_image;

pub use digest::file_sha256;
pub use error::DataError;
pub use fit::{ClassCounts, LateSpikes};
pub use identity::{DataIdentity, DataPlace, digests, path_of};
pub use idx::{Idx, IdxContent};
pub use images::{ImagePart, ImageSet};
pub use loader::{DEFAULT_FOLDER, Dataset, StimulusLoader};
pub use npy::{read_npy_matrix, read_npy_vector};
pub use other_sources::OtherSources;
pub use split::{EvaluationSet, Split, tested_on};
pub use stimuli::{Presentations, StimulusSet};
pub(crate) use synapses::line_in_list;
pub use synapses::{read_synapse_list, synapse_list_length};
pub use tables::{RateTable, SpikeList};
pub use timed::{RecordedExtent, TimeTable, TimedSpikes};
pub use varied_image::{DrawnDeformation, ImageVariation, VariedImage};
