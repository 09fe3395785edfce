//! Python bindings of apical: what the package `apical` is made of.
//!
//! Arrays, runs and errors cross here; what users see is in `apical/`, in Python.

mod arrays;
mod circuit;
mod errors;
mod figures;
mod hints;
mod images;
mod jobs;
mod model;
mod network;
mod online_rule;
mod presented;
mod progress;
mod recorded;
mod rule;
mod testing;
mod training;

/// The compiled part of the package.
#[pyo3::pymodule]
mod _native {
    #[pymodule_export]
    use crate::jobs::{set_threads, threads};
    #[pymodule_export]
    use crate::model::{Model, shipped_models};
    #[pymodule_export]
    use crate::network::Network;
    #[pymodule_export]
    use crate::presented::Presented;
    #[pymodule_export]
    use crate::recorded::{RunFile, holds_checkpoint};
}
