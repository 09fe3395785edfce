//! Which stimuli a command presents: those of its model; for a checkpoint those it was trained on, unless the user names
//! others.

use std::mem::discriminant;
use std::path::Path;

use super::options::Common;
use super::terminal;
use crate::data::{DataError, DataIdentity, Dataset, Presentations, StimulusLoader, StimulusSet, path_of};
use crate::model::{ImageStimuli, Model, Stimuli, TwoPhaseProtocol};
use crate::record::Checkpoint;

/// Advice where classes are split between training and test images.
const SHUFFLE: &str =
    "where the files are sorted by class, shuffle images and labels alike, or change `validation` in [stimuli]";

/// The data that the network of a checkpoint was trained on.
#[derive(Clone, Debug)]
pub(super) struct TrainingData {
    data: DataIdentity,
    /// The stimuli of the model that the checkpoint holds.
    stimuli: Stimuli,
}

/// Where the stimuli of a command come from, and what they must match.
pub(super) struct StimulusSource<'a> {
    stimuli: Stimuli,
    /// Sizes of the network and the folder; its own stimuli are replaced by those above.
    source: StimulusLoader<'a>,
    /// The protocol of the model, if there is one.
    protocol: Option<TwoPhaseProtocol>,
    /// The data of every checkpoint that they are presented to; the path is that of the first.
    trained: Vec<&'a DataIdentity>,
    /// Whether the user, not the checkpoint, named the path.
    named: bool,
}

impl TrainingData {
    /// The data of a checkpoint, if it names them; `own` is the model it holds.
    pub(super) fn of(checkpoint: &Checkpoint, own: &Model) -> Option<Self> {
        checkpoint.data.clone().map(|data| Self { data, stimuli: own.stimuli.clone() })
    }

    /// The data.
    pub(super) fn identity(&self) -> &DataIdentity {
        &self.data
    }
}

impl<'a> StimulusSource<'a> {
    /// The stimuli of a model: in the folder of `--data`, else where the network was trained on them, unless the model now
    /// names another path.
    pub(super) fn of(common: &'a Common, model: &'a Model, trained: Option<&'a TrainingData>) -> Self {
        let key = |argument: &String| argument.split('=').next().unwrap_or_default().trim() == "stimuli.path";
        let others = |trained: &TrainingData| path_of(&trained.stimuli) != path_of(&model.stimuli);
        let named = common.data.is_some() || common.overrides.iter().any(key) || trained.is_some_and(others);
        let shown = Self::at(common.source(model), named, trained);
        Self { protocol: Some(model.phases()), ..shown }
    }

    /// The stimuli of a source; unless the user `named` their path, at the path where the first of the `trained` networks was
    /// trained on them. Networks trained on stimuli of another kind are ignored.
    pub(super) fn at(
        source: StimulusLoader<'a>,
        named: bool,
        trained: impl IntoIterator<Item = &'a TrainingData>,
    ) -> Self {
        let kind = discriminant(source.stimuli);
        let of_its_kind = trained.into_iter().filter(|trained| discriminant(&trained.stimuli) == kind);
        let trained: Vec<_> = of_its_kind.map(|trained| &trained.data).collect();
        let stimuli = match trained.first() {
            Some(data) if !named => data.place.stimuli(source.stimuli),
            _ => source.stimuli.clone(),
        };
        Self { stimuli, source, protocol: None, trained, named }
    }

    /// Loads training and evaluation stimuli.
    pub(super) fn load(&self) -> anyhow::Result<Dataset> {
        let data = self.source().load()?;
        self.check(&data.sha256(), data.training.set())?;
        compare_classes(&data);
        Ok(data)
    }

    /// Loads the training stimuli alone.
    pub(super) fn load_training(&self) -> anyhow::Result<Presentations> {
        self.checked(self.source().load_training()?)
    }

    /// Loads the evaluation stimuli alone.
    pub(super) fn load_evaluation(&self) -> anyhow::Result<Presentations> {
        self.checked(self.source().load_evaluation()?)
    }

    fn source(&self) -> StimulusLoader<'_> {
        StimulusLoader { stimuli: &self.stimuli, ..self.source }
    }

    fn checked(&self, read: Presentations) -> anyhow::Result<Presentations> {
        self.check(read.set().sha256(), read.set())?;
        Ok(read)
    }

    fn check(&self, read: &[(String, String)], set: &StimulusSet) -> anyhow::Result<()> {
        self.trained.iter().try_for_each(|trained| self.check_identity(trained, read))?;
        self.protocol.iter().try_for_each(|protocol| check_spikes(protocol, set))
    }

    /// Compares digests with those of the training: different data are refused at the path of the training, and a message is
    /// printed if the user named another path.
    fn check_identity(&self, trained: &DataIdentity, read: &[(String, String)]) -> anyhow::Result<()> {
        let Some(path) = self.source().path() else { return Ok(()) };
        match trained.check(read, path) {
            Err(DataError::Changed { .. }) if self.named => {
                let (now, then) = (path.display(), &trained.place.absolute);
                terminal::print_message(format_args!(
                    "note: {now} holds other data than those the network was trained on, {then}"
                ));
            }
            Err(changed) => {
                let images = matches!(self.stimuli, Stimuli::Idx(_));
                let option = if images { "--data DIR" } else { "--set stimuli.path=FILE" };
                let advice = "the data differ from those of the training; give the place of those, or deliberately of others, by";
                return Err(anyhow::Error::from(changed).context(format!("{advice} `{option}`")));
            }
            Ok(()) => self.compare_split(trained),
        }
        Ok(())
    }

    /// Prints a message if more images are set aside for validation than in training: some of them were trained on.
    fn compare_split(&self, trained: &DataIdentity) {
        let Stimuli::Idx(ImageStimuli { validation, .. }) = self.stimuli else { return };
        if validation as u64 > trained.validation {
            let then = trained.validation;
            terminal::print_message(format_args!(
                "note: `validation = {validation}` in [stimuli], but the network was trained with {then}: it was trained on \
                 images that are now set aside"
            ));
        }
    }
}

/// Refuses spike lists with spikes after the longest presentation (without its random part); prints a message for spikes after
/// the end of a test.
fn check_spikes(protocol: &TwoPhaseProtocol, set: &StimulusSet) -> anyhow::Result<()> {
    let TwoPhaseProtocol { forward, target, test, .. } = *protocol;
    let labelled = set.label(0).is_some();
    let (length, keys) =
        if labelled { (test.max(forward + target), "`forward_ms` or `target_ms`") } else { (forward, "`forward_ms`") };
    let path = set.path().unwrap_or(Path::new("")).display().to_string();
    if let Some(late) = set.late_spikes(length) {
        return Err(DataError::Late { path, length, keys, late }.into());
    }
    if let Some(late) = set.late_spikes(test).filter(|_| labelled) {
        let (late, all) = (late.late, late.all);
        terminal::print_message(format_args!(
            "note: {path}: {late} of {all} spikes come after the {test} ms of a test (`test_ms`), which does not show them"
        ));
    }
    Ok(())
}

/// Prints a message if a tested class is never trained, or a single class is tested, as in a data set sorted by class.
fn compare_classes(data: &Dataset) {
    let Some(counts) = data.class_counts() else { return };
    let never = counts.never_trained();
    if !never.is_empty() {
        let each: Vec<_> = never.iter().map(|(class, images)| format!("{class} ({images} images)")).collect();
        let each = each.join(", ");
        terminal::print_message(format_args!(
            "note: of the classes that are tested, these are never trained: {each}; {SHUFFLE}"
        ));
    }
    if let Some(class) = counts.only_evaluated() {
        let images = data.evaluation.len();
        terminal::print_message(format_args!(
            "note: all {images} images that are tested are of class {class}; {SHUFFLE}"
        ));
    }
}
