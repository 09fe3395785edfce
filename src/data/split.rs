//! Which presentations train and which evaluate.

use std::ops::Range;

use super::DataError;
use crate::model::{ImageStimuli, Stimuli};

/// Which presentations a network is evaluated on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EvaluationSet {
    /// All of the test set.
    Test,
    /// These of the training set, kept from training; the test set is not touched.
    Validation(Range<usize>),
    /// All of the training set, for stimuli that have no other.
    Training,
}

/// Which images a network shown these stimuli is tested on: `test`, `validation` or `training`.
pub fn tested_on(stimuli: &Stimuli) -> &'static str {
    match stimuli {
        Stimuli::Idx(ImageStimuli { validation: 0, .. }) => "test",
        Stimuli::Idx(_) => "validation",
        Stimuli::Rates { .. } | Stimuli::Spikes { .. } => "training",
    }
}

/// The presentations of the training set that are trained on, and those evaluated on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// Trained on, in the training set.
    pub train: Range<usize>,
    /// Evaluated on.
    pub evaluate: EvaluationSet,
}

impl Split {
    /// The split of a training set of `images` images, the last `validation` of which are set aside; 0: none, and the
    /// test set is evaluated on.
    ///
    /// # Errors
    /// If nothing is left to train on.
    pub fn of_images(images: usize, validation: usize) -> Result<Self, DataError> {
        if validation >= images {
            return Err(DataError::Validation { validation, images });
        }
        let train = 0..images - validation;
        let evaluate = if validation == 0 { EvaluationSet::Test } else { EvaluationSet::Validation(train.end..images) };
        Ok(Self { train, evaluate })
    }

    /// The split of a table of `presentations`, which trains and evaluates on all of them.
    pub fn of_table(presentations: usize) -> Self {
        Self { train: 0..presentations, evaluate: EvaluationSet::Training }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_training_images_validate_and_no_image_does_both() {
        let split = Split::of_images(60_000, 10_000).unwrap();
        assert_eq!(split, Split { train: 0..50_000, evaluate: EvaluationSet::Validation(50_000..60_000) });
    }

    #[test]
    fn without_validation_all_training_images_train() {
        let split = Split::of_images(60_000, 0).unwrap();
        assert_eq!(split, Split { train: 0..60_000, evaluate: EvaluationSet::Test });
    }

    #[test]
    fn one_image_is_left_to_train_on() {
        assert_eq!(Split::of_images(10, 9).unwrap().train, 0..1);
        let error = Split::of_images(10, 10).unwrap_err().to_string();
        assert_eq!(error, "`validation = 10` in [stimuli] leaves none of the 10 training images to train on");
    }
}
