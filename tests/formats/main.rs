//! What the program reads and writes: model files, stimuli, run files, checkpoints, and what fuzzing found of them.

mod circuit_code;
#[cfg(feature = "hdf5")]
mod circuit_refusals;
mod connections;
mod data_files;
mod data_tables;
#[cfg(feature = "view")]
mod fuzz_corpus;
mod model_code;
mod model_files;
mod model_reference;
mod model_refusals;
#[cfg(feature = "hdf5")]
mod run_file;
mod scaling;
mod small;
#[cfg(feature = "hdf5")]
mod sonata;
