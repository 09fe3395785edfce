//! A population in simulation and theory.

use std::borrow::Cow;

use super::activity::MeasuredActivity;
use super::theory::TheoreticalActivity;

/// A population of cells in simulation and theory.
#[derive(Clone, Debug, PartialEq)]
pub struct PopulationComparison {
    /// Its place in the model.
    pub population: usize,
    /// How it fired.
    pub measured: MeasuredActivity,
    /// How it fires in theory, or why there is no theory of it.
    pub theory: Result<TheoreticalActivity, Cow<'static, str>>,
}
