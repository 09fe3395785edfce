//! What a command shows: the stimuli of its model; for a checkpoint, those it was trained on unless others are named.

use std::mem::discriminant;
use std::path::Path;

use super::options::Common;
use super::say;
use crate::data::{DataError, DataIdentity, Dataset, Presentations, Source, StimulusSet, path_of};
use crate::model::{Model, Protocol, Stimuli};
use crate::record::Checkpoint;

/// What to do about a split by class.
const SHUFFLE: &str =
    "where the files are sorted by class, shuffle images and labels alike, or change `validation` in [stimuli]";

/// What the network of a checkpoint was trained on.
#[derive(Clone, Debug)]
pub(super) struct Trained {
    data: DataIdentity,
    /// The stimuli of the model that the checkpoint holds.
    stimuli: Stimuli,
}

/// The stimuli of a command.
pub(super) struct Shown<'a> {
    stimuli: Stimuli,
    /// What they must fit; its stimuli give way to those above.
    source: Source<'a>,
    /// That of the model, if there is one.
    protocol: Option<Protocol>,
    /// The data of every checkpoint shown to; the first says where they are.
    trained: Vec<&'a DataIdentity>,
    /// Whether the user named the place, and not the checkpoint.
    named: bool,
}

impl Trained {
    /// What the checkpoint keeps of its data, if it does; `own` is the model that it holds.
    pub(super) fn of(checkpoint: &Checkpoint, own: &Model) -> Option<Self> {
        checkpoint.data.clone().map(|data| Self { data, stimuli: own.stimuli.clone() })
    }
}

impl<'a> Shown<'a> {
    /// The stimuli of a model, from the folder that `--data` names; else from where the network was trained on them, unless the
    /// model now names another place.
    pub(super) fn of(common: &'a Common, model: &'a Model, trained: Option<&'a Trained>) -> Self {
        let key = |argument: &String| argument.split('=').next().unwrap_or_default().trim() == "stimuli.path";
        let others = |trained: &Trained| path_of(&trained.stimuli) != path_of(&model.stimuli);
        let named = common.data.is_some() || common.overrides.iter().any(key) || trained.is_some_and(others);
        let shown = Self::at(common.source(model), named, trained);
        Self { protocol: Some(model.protocol), ..shown }
    }

    /// The stimuli of a source, unless the user `named` them from where the first of some networks was trained on them. Networks
    /// trained on stimuli of another kind are left out: nothing is known of these.
    pub(super) fn at(source: Source<'a>, named: bool, trained: impl IntoIterator<Item = &'a Trained>) -> Self {
        let kind = discriminant(source.stimuli);
        let of_its_kind = trained.into_iter().filter(|trained| discriminant(&trained.stimuli) == kind);
        let trained: Vec<_> = of_its_kind.map(|trained| &trained.data).collect();
        let stimuli = match trained.first() {
            Some(data) if !named => data.place.stimuli(source.stimuli),
            _ => source.stimuli.clone(),
        };
        Self { stimuli, source, protocol: None, trained, named }
    }

    /// Loads what is trained on and what is evaluated on.
    pub(super) fn load(&self) -> anyhow::Result<Dataset> {
        let data = self.source().load()?;
        self.check(&data.sha256(), data.training.set())?;
        compare_classes(&data);
        Ok(data)
    }

    /// Loads what is trained on alone.
    pub(super) fn load_training(&self) -> anyhow::Result<Presentations> {
        self.checked(self.source().load_training()?)
    }

    /// Loads what is evaluated on alone.
    pub(super) fn load_evaluation(&self) -> anyhow::Result<Presentations> {
        self.checked(self.source().load_evaluation()?)
    }

    fn source(&self) -> Source<'_> {
        Source { stimuli: &self.stimuli, ..self.source }
    }

    fn checked(&self, read: Presentations) -> anyhow::Result<Presentations> {
        self.check(read.set().sha256(), read.set())?;
        Ok(read)
    }

    fn check(&self, read: &[(String, String)], set: &StimulusSet) -> anyhow::Result<()> {
        self.trained.iter().try_for_each(|trained| self.check_identity(trained, read))?;
        self.protocol.iter().try_for_each(|protocol| check_spikes(protocol, set))
    }

    /// Refuses other contents where the network was trained; reports them where the user named another place.
    fn check_identity(&self, trained: &DataIdentity, read: &[(String, String)]) -> anyhow::Result<()> {
        let Some(path) = self.source().path() else { return Ok(()) };
        match trained.check(read, path) {
            Err(DataError::Changed { .. }) if self.named => {
                let (now, then) = (path.display(), &trained.place.absolute);
                say::note(format_args!("note: {now} holds other data than those the network was trained on, {then}"));
            }
            Err(changed) => {
                let images = matches!(self.stimuli, Stimuli::Idx { .. });
                let option = if images { "--data DIR" } else { "--set stimuli.path=FILE" };
                let told = "the data differ from those of the training; give the place of those, or deliberately of others, by";
                return Err(anyhow::Error::from(changed).context(format!("{told} `{option}`")));
            }
            Ok(()) => self.compare_split(trained),
        }
        Ok(())
    }

    /// Reports that more images are set aside for validation than in training: some of them were trained on.
    fn compare_split(&self, trained: &DataIdentity) {
        let Stimuli::Idx { validation, .. } = self.stimuli else { return };
        if validation as u64 > trained.validation {
            let then = trained.validation;
            say::note(format_args!(
                "note: `validation = {validation}` in [stimuli], but the network was trained with {then}: it was trained on \
                 images that are now set aside"
            ));
        }
    }
}

/// Refuses spikes after the longest presentation there is, less its random parts; reports those after a test.
fn check_spikes(protocol: &Protocol, set: &StimulusSet) -> anyhow::Result<()> {
    let Protocol { forward, target, test, .. } = *protocol;
    let labelled = set.label(0).is_some();
    let (length, keys) =
        if labelled { (test.max(forward + target), "`forward_ms` or `target_ms`") } else { (forward, "`forward_ms`") };
    let path = set.path().unwrap_or(Path::new("")).display().to_string();
    if let Some(late) = set.late_spikes(length) {
        return Err(DataError::Late { path, length, keys, late }.into());
    }
    if let Some(late) = set.late_spikes(test).filter(|_| labelled) {
        let (late, all) = (late.late, late.all);
        say::note(format_args!(
            "note: {path}: {late} of {all} spikes come after the {test} ms of a test (`test_ms`), which does not show them"
        ));
    }
    Ok(())
}

/// Reports classes that are tested and never trained, and a test of a single class: what a set sorted by class gives.
fn compare_classes(data: &Dataset) {
    let Some(counts) = data.class_counts() else { return };
    let never = counts.never_trained();
    if !never.is_empty() {
        let each: Vec<_> = never.iter().map(|(class, images)| format!("{class} ({images} images)")).collect();
        let each = each.join(", ");
        say::note(format_args!("note: of the classes that are tested, these are never trained: {each}; {SHUFFLE}"));
    }
    if let Some(class) = counts.only_evaluated() {
        let images = data.evaluation.len();
        say::note(format_args!("note: all {images} images that are tested are of class {class}; {SHUFFLE}"));
    }
}
