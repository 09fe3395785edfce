//! From what a model file names to the presentations of a run, checked against the network once.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::stimuli::Content;
use super::{
    DataError, DataIdentity, DataPlace, EvaluationSet, ImagePart, ImageSet, Presentations, RateTable, SpikeList, Split,
    StimulusSet, path_of,
};
use crate::model::{ImageStimuli, Model, RateSource, Stimuli};

/// Folder of IDX files used where neither the model nor the command line names one.
pub const DEFAULT_FOLDER: &str = "data/mnist";

/// Stimuli to be loaded and what they must fit.
///
/// ```no_run
/// # use apical::{data::StimulusLoader, model::Model};
/// # fn load(model: &Model, folder: &std::path::Path) -> Result<(), apical::data::DataError> {
/// let test_images = StimulusLoader { folder: Some(folder), ..StimulusLoader::of(model) }.load_evaluation()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct StimulusLoader<'a> {
    /// What the model shows.
    pub stimuli: &'a Stimuli,
    /// Size of the input population.
    pub inputs: usize,
    /// Classes that labels may name.
    pub classes: usize,
    /// Folder of IDX files in place of the model's (`--data`).
    pub folder: Option<&'a Path>,
}

/// The presentations a model trains on and those it is evaluated on.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// Trained on.
    pub training: Presentations,
    /// Evaluated on: the test set, the images set aside for validation, or, for a table, what is trained on.
    pub evaluation: Presentations,
    /// How the two came about.
    pub split: Split,
}

impl<'a> StimulusLoader<'a> {
    /// The stimuli of the first source of a model, from the folder it names.
    pub fn of(model: &'a Model) -> Self {
        let inputs = model.populations.iter().find(|population| population.is_source()).map_or(0, |source| source.size);
        Self { stimuli: &model.stimuli, inputs, classes: model.classes(), folder: None }
    }

    /// Loads what is trained on and what is evaluated on; with a validation split, the test set is not touched.
    ///
    /// # Errors
    /// If a file is refused, or does not fit the network.
    pub fn load(&self) -> Result<Dataset, DataError> {
        let (set, split) = self.training_set()?;
        let evaluation = match &split.evaluate {
            EvaluationSet::Test => self.test_set()?,
            EvaluationSet::Validation(range) => Presentations::new(Arc::clone(&set), range.clone()),
            EvaluationSet::Training => Presentations::new(Arc::clone(&set), split.train.clone()),
        };
        Ok(Dataset { training: Presentations::new(set, split.train.clone()), evaluation, split })
    }

    /// Loads what is trained on alone.
    ///
    /// # Errors
    /// Those of [`StimulusLoader::load`].
    pub fn load_training(&self) -> Result<Presentations, DataError> {
        let (set, split) = self.training_set()?;
        Ok(Presentations::new(set, split.train))
    }

    /// Loads what is evaluated on alone; the training set is read only if that is part of it.
    ///
    /// # Errors
    /// Those of [`StimulusLoader::load`].
    pub fn load_evaluation(&self) -> Result<Presentations, DataError> {
        match self.stimuli {
            Stimuli::Idx(ImageStimuli { validation: 0, .. }) => self.test_set(),
            _ => self.load().map(|dataset| dataset.evaluation),
        }
    }

    fn training_set(&self) -> Result<(Arc<StimulusSet>, Split), DataError> {
        let (set, split) = match self.stimuli {
            Stimuli::Idx(ImageStimuli { validation, .. }) => {
                let set = self.images(ImagePart::Train)?;
                let split = Split::of_images(set.len(), *validation)?;
                (set, split)
            }
            Stimuli::Rates { source, labels } => self.rates(source, labels.as_deref())?,
            Stimuli::Spikes { path, labels } => self.spikes(path, labels.as_deref())?,
        };
        Ok((Arc::new(set), split))
    }

    fn test_set(&self) -> Result<Presentations, DataError> {
        self.images(ImagePart::Test).map(Presentations::all)
    }

    fn images(&self, part: ImagePart) -> Result<StimulusSet, DataError> {
        let on_off = if let Stimuli::Idx(ImageStimuli { on_off, .. }) = self.stimuli { *on_off } else { None };
        let path = self.path().unwrap_or(Path::new(DEFAULT_FOLDER));
        let set = ImageSet::load(path, part)?;
        let folder = path.display().to_string();
        let (rows, cols) = (set.rows(), set.cols());
        let maps = if on_off.is_some() { 2 } else { 1 };
        if maps * rows * cols != self.inputs {
            return Err(DataError::Pixels { folder, maps, rows, cols, inputs: self.inputs });
        }
        let half = if part == ImagePart::Train { "training" } else { "test" };
        self.check_labels(&format!("{folder}, {half} images"), set.labels())?;
        let shown = match on_off {
            Some(law) => set.on_off(law),
            None => set,
        };
        Ok(StimulusSet::from(shown).read_from(path))
    }

    /// The folder or file that is read: that of `--data`, or else the one named by the stimuli; none: the default folder, or
    /// the model file itself.
    pub fn path(&self) -> Option<&'a Path> {
        self.folder.or(path_of(self.stimuli).map(PathBuf::as_path))
    }

    fn rates(&self, source: &RateSource, labels: Option<&[u8]>) -> Result<(StimulusSet, Split), DataError> {
        self.refuse_folder("rates")?;
        let (origin, table) = match source {
            RateSource::Fixed(rates) => {
                let origin = "the rates of [stimuli]";
                (origin.to_owned(), RateTable::fixed(rates, self.inputs, origin)?)
            }
            RateSource::Table(path) => (path.display().to_string(), RateTable::open(path, self.inputs)?),
        };
        let len = table.len();
        self.table(Content::Rates(table), len, labels, &origin)
    }

    fn spikes(&self, path: &Path, labels: Option<&[u8]>) -> Result<(StimulusSet, Split), DataError> {
        self.refuse_folder("a spike list")?;
        let list = SpikeList::open(path, self.inputs)?;
        // Labels may go on beyond the last spike: presentations in which nothing is seen.
        let len = list.len().max(labels.map_or(0, <[u8]>::len));
        self.table(Content::Spikes(list), len, labels, &path.display().to_string())
    }

    fn table(
        &self,
        content: Content,
        len: usize,
        labels: Option<&[u8]>,
        origin: &str,
    ) -> Result<(StimulusSet, Split), DataError> {
        if len == 0 {
            return Err(DataError::Empty { path: origin.to_owned(), what: "presentation" });
        }
        if let Some(labels) = labels {
            if labels.len() != len {
                let (origin, labels) = (origin.to_owned(), labels.len());
                return Err(DataError::Labels { labels, origin, presentations: len });
            }
            self.check_labels("`labels` in [stimuli]", labels)?;
        }
        let set = StimulusSet::of_table(content, len, labels.map(<[u8]>::to_vec));
        let set = if let Some(path) = self.path() { set.read_from(path) } else { set };
        Ok((set, Split::of_table(len)))
    }

    fn check_labels(&self, origin: &str, labels: &[u8]) -> Result<(), DataError> {
        match labels.iter().position(|&label| usize::from(label) >= self.classes) {
            None => Ok(()),
            Some(presentation) => Err(DataError::Label {
                origin: origin.to_owned(),
                presentation,
                label: labels[presentation],
                classes: self.classes,
            }),
        }
    }

    fn refuse_folder(&self, stimuli: &'static str) -> Result<(), DataError> {
        match self.folder {
            None => Ok(()),
            Some(folder) => Err(DataError::FolderUnused { folder: folder.display().to_string(), stimuli }),
        }
    }
}

impl Dataset {
    /// Name and SHA-256 of every raw file that was read.
    pub fn sha256(&self) -> Vec<(String, String)> {
        let (training, evaluation) = (self.training.set(), self.evaluation.set());
        let mut files = training.sha256().to_vec();
        if !Arc::ptr_eq(training, evaluation) {
            files.extend_from_slice(evaluation.sha256());
        }
        files
    }

    /// Where it was read from and what it holds; none: it is from memory or the model file.
    pub fn identity(&self) -> Option<DataIdentity> {
        let place = DataPlace::of(self.training.set().path()?);
        let validation = match &self.split.evaluate {
            EvaluationSet::Validation(range) => range.len() as u64,
            EvaluationSet::Test | EvaluationSet::Training => 0,
        };
        Some(DataIdentity { place, sha256: self.sha256(), validation })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Stimulus;

    fn fixed(rates_hz: &[f64], labels: Option<Vec<u8>>) -> Stimuli {
        Stimuli::Rates { source: RateSource::Fixed(rates_hz.to_vec()), labels }
    }

    #[test]
    fn a_fixed_vector_is_one_presentation_trained_and_evaluated_on() {
        let stimuli = fixed(&[50.0, 0.0], Some(vec![1]));
        let dataset = StimulusLoader { stimuli: &stimuli, inputs: 2, classes: 2, folder: None }.load().unwrap();
        assert_eq!((dataset.training.len(), dataset.evaluation.len()), (1, 1));
        assert!(matches!(dataset.evaluation.stimulus(0), Stimulus::Rates(&[0.05, 0.0])));
        assert_eq!(dataset.evaluation.label(0), Some(1));
        assert_eq!(dataset.split.evaluate, EvaluationSet::Training);
    }

    #[test]
    fn what_does_not_fit_the_network_is_refused_with_both_numbers() {
        let refusal = |stimuli: &Stimuli, folder: Option<&Path>| {
            StimulusLoader { stimuli, inputs: 2, classes: 2, folder }.load().unwrap_err().to_string()
        };
        let cases = [
            (fixed(&[1.0], None), None, "the rates of [stimuli]: expected 2 values, found 1"),
            (fixed(&[1.0, -1.0], None), None, "entry 1: expected a rate from 0 to 1e6 Hz, found `-1.0`"),
            (fixed(&[1.0, 1.0], Some(vec![])), None, "`labels` in [stimuli] has 0 entries"),
            (
                fixed(&[1.0, 1.0], Some(vec![2])),
                None,
                "presentation 0 has the label 2, but the output population has 2",
            ),
            (fixed(&[1.0, 1.0], None), Some("images"), "`--data images` names a folder of images"),
        ];
        for (stimuli, folder, expected) in cases {
            let found = refusal(&stimuli, folder.map(Path::new));
            assert!(found.contains(expected), "{found}");
        }
    }
}
