//! Published figures and what reproduces them.

use std::cell::RefCell;
use std::fmt::Display;
use std::path::Path;

use serde::Serialize;
use serde_json::Value;

use super::error::ReproduceError;
use super::host::Host;
use super::record::RunRecord;
use super::stored_results::StoredResults;
use crate::analysis::mean_and_deviation;
use crate::data::StimulusLoader;
use crate::model::Model;
use crate::plot::Figure;

/// A published figure.
#[derive(Clone, Copy, Debug)]
pub struct PublishedFigure {
    /// Name on the command line and of its files.
    pub name: &'static str,
    /// What it shows, and where it was published.
    pub about: &'static str,
    /// Default seeds: of the figure, and of its quick version.
    pub seeds: [&'static [u64]; 2],
    /// Runs what it shows, draws it and measures its numbers.
    pub run: fn(&FigureTask<'_>) -> Result<ReproducedFigure, ReproduceError>,
}

/// What a figure is drawn from.
pub struct FigureTask<'a> {
    /// Seeds of its runs; at least one.
    pub seeds: &'a [u64],
    /// A smaller version, to see whether all works: its numbers are no reproduction.
    pub quick: bool,
    /// Folder in which runs are kept.
    pub folder: &'a Path,
    /// Folder of the images; `None`: that of the models.
    pub data: Option<&'a Path>,
    /// Results of runs that need not be trained, for figures of test errors alone.
    pub results: Option<&'a StoredResults>,
    /// The caller.
    pub host: &'a dyn Host,
    /// The runs used so far.
    pub(super) runs: RefCell<Vec<RunRecord>>,
}

/// A reproduced figure.
#[derive(Clone, Debug)]
pub struct ReproducedFigure {
    /// The figure.
    pub figure: Figure,
    /// Measured numbers with the published ones.
    pub numbers: Vec<ComparedNumber>,
    /// All measurements, as the figure defines them.
    pub results: Value,
}

/// A measured number with the published one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ComparedNumber {
    /// What was measured, its unit in brackets.
    pub quantity: String,
    /// The published value, or what was published of it.
    pub published: String,
    /// The measured value, over several seeds as mean ± standard deviation (n − 1).
    pub measured: String,
}

impl<'a> FigureTask<'a> {
    /// The task of drawing a figure with these seeds from runs in a folder, at full length and from the models' own images.
    pub fn new(seeds: &'a [u64], folder: &'a Path, host: &'a dyn Host) -> Self {
        Self { seeds, quick: false, folder, data: None, results: None, host, runs: RefCell::default() }
    }

    /// The runs that the figure was drawn from.
    pub fn into_runs(self) -> Vec<RunRecord> {
        self.runs.into_inner()
    }

    /// The images of a model.
    pub fn source<'m>(&'m self, model: &'m Model) -> StimulusLoader<'m> {
        StimulusLoader { folder: self.data, ..StimulusLoader::of(model) }
    }

    /// Sends a message to the host.
    pub(super) fn message(&self, text: impl Display) {
        self.host.message(&text.to_string());
    }

    /// Returns an error if the host interrupts.
    ///
    /// # Errors
    /// [`ReproduceError::Interrupted`].
    pub(super) fn check_interrupt(&self) -> Result<(), ReproduceError> {
        if self.host.is_interrupted() { Err(ReproduceError::Interrupted) } else { Ok(()) }
    }
}

impl ComparedNumber {
    /// A number.
    pub fn new(quantity: impl Into<String>, published: impl Into<String>, measured: impl Into<String>) -> Self {
        Self { quantity: quantity.into(), published: published.into(), measured: measured.into() }
    }
}

/// Mean and standard deviation (n − 1) of values with this number of digits; of one value the mean alone.
pub(crate) fn mean_and_spread(values: &[f64], digits: usize) -> String {
    let (mean, deviation) = mean_and_deviation(values);
    let text = format!("{mean:.digits$}");
    // What rounds to 0 has no sign.
    let mean = if text.contains(|digit| matches!(digit, '1'..='9')) { &text } else { text.trim_start_matches('-') };
    if deviation.is_nan() { mean.to_owned() } else { format!("{mean} ± {deviation:.digits$}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_has_its_spread_if_there_are_several_values() {
        assert_eq!(mean_and_spread(&[4.0, 4.4], 1), "4.2 ± 0.3");
        assert_eq!(mean_and_spread(&[4.0], 2), "4.00");
        assert_eq!([-0.04, -0.06].map(|mean| mean_and_spread(&[mean], 1)), ["0.0", "-0.1"]);
    }
}
