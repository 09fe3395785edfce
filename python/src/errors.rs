//! Errors of the library as Python exceptions, with the words of the command line.

use apical::simulation::SimulationError;
use apical::training::{InitialError, RunError as TrainingError};
use pyo3::PyErr;
use pyo3::import_exception;

import_exception!(apical.errors, DataError);
import_exception!(apical.errors, Error);
import_exception!(apical.errors, FileError);
import_exception!(apical.errors, ModelError);
import_exception!(apical.errors, RunError);

/// The exception of an error.
pub(crate) fn raised(error: impl Into<apical::Error>) -> PyErr {
    let error = error.into();
    let words = words(&error);
    match error {
        apical::Error::Data(_)
        | apical::Error::Initial(InitialError::Npy(_))
        | apical::Error::Run(TrainingError::Data(_))
        | apical::Error::Simulation(SimulationError::Stimulus { .. }) => DataError::new_err(words),
        apical::Error::Record(_)
        | apical::Error::Initial(InitialError::Run(_))
        | apical::Error::Run(TrainingError::Record(_))
        | apical::Error::Simulation(SimulationError::Record(_) | SimulationError::Replay { .. }) => {
            FileError::new_err(words)
        }
        apical::Error::Run(_)
        | apical::Error::Simulation(SimulationError::Runaway { .. } | SimulationError::Overflow { .. }) => {
            RunError::new_err(words)
        }
        apical::Error::Model(_)
        | apical::Error::Initial(_)
        | apical::Error::Layout(_)
        | apical::Error::Trainer(_)
        | apical::Error::Simulation(_) => ModelError::new_err(words),
        _ => Error::new_err(words),
    }
}

/// An error and its causes, a line each, as the command line prints them.
pub(crate) fn words(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words = format!("{words}\n  because: {error}");
        cause = error.source();
    }
    words
}
