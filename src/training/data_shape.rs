//! Whether data can be presented to a model.

use crate::data::{Dataset, Presentations};
use crate::model::Model;

/// Why data cannot be presented to a model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DataMismatch {
    /// No presentation.
    #[error("expected at least one presentation in each part of the data, found none")]
    Empty,
    /// Fewer presentations than are tested.
    #[error("expected at least {expected} presentations to test, found {found}")]
    TooFew {
        /// Presentations to be tested.
        expected: usize,
        /// Presentations there are.
        found: usize,
    },
    /// Stimuli of another size.
    #[error("expected stimuli of {expected} input neurons, found {found}")]
    Inputs {
        /// Neurons of the first population.
        expected: usize,
        /// Size of a stimulus.
        found: usize,
    },
    /// Learning or testing without labels.
    #[error("expected a label of each presentation, for rules that read the target phase and for tests; found none")]
    Unlabelled,
    /// A label of no class.
    #[error("expected labels below {classes}, the number of classes, found {label}")]
    Label {
        /// The label.
        label: u8,
        /// Classes of the model.
        classes: usize,
    },
}

/// Checks what is trained on, with labels if they are needed, and the first `tests` of what is evaluated on.
pub(super) fn check(model: &Model, data: &Dataset, labelled: bool, tests: usize) -> Result<(), DataMismatch> {
    part(model, &data.training, data.training.len(), labelled)?;
    if tests > 0 {
        part(model, &data.evaluation, tests.min(data.evaluation.len()), true)?;
    }
    Ok(())
}

/// Checks the first `count` of some presentations.
pub(super) fn part(model: &Model, shown: &Presentations, count: usize, labelled: bool) -> Result<(), DataMismatch> {
    if shown.is_empty() {
        return Err(DataMismatch::Empty);
    }
    if count > shown.len() {
        return Err(DataMismatch::TooFew { expected: count, found: shown.len() });
    }
    let source = model.populations.iter().find(|population| population.is_source());
    let (expected, found) = (source.map_or(0, |source| source.size), shown.set().inputs());
    if expected != found {
        return Err(DataMismatch::Inputs { expected, found });
    }
    let classes = model.classes();
    for label in (0..count).map(|i| shown.label(i)) {
        match label {
            None if labelled => return Err(DataMismatch::Unlabelled),
            None => return Ok(()),
            Some(label) if classes > 0 && usize::from(label) >= classes => {
                return Err(DataMismatch::Label { label, classes });
            }
            Some(_) => (),
        }
    }
    Ok(())
}
