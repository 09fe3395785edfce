//! Checks a run file or checkpoint against the tables in `record/hdf5/mod.rs`.

mod activity;
mod snapshots;

use std::path::Path;

use hdf5::H5Type;

use super::dtype::KindCode;
use super::open_file::{Format, OpenFile};
use super::report::population_of;
use super::tables::LearningTable;
use super::{Checkpoint, RecordError, run};
use crate::model::{CreditRecording, Model, Snapshots};

/// Verifies a run file or checkpoint; what is found wrong, a line each, with the object it is wrong with.
///
/// # Errors
/// If the file cannot be read at all.
pub fn verify(path: &Path) -> Result<Vec<String>, RecordError> {
    let source = OpenFile::open(path)?;
    let model = match source.model(&source.text("model")?, "the model in the file") {
        Ok(model) => model,
        Err(error) => return Ok(vec![format!("/@model: {error}")]),
    };
    let wrong = source.differences()?;
    if source.format == Format::Checkpoint {
        let checkpoint = Checkpoint::read(&source)?;
        let misfit = checkpoint.check(&model).and_then(|()| checkpoint.check_delays(&model)).err();
        return Ok(wrong.into_iter().chain(misfit.map(|misfit| misfit.to_string())).collect());
    }
    let mut check = Check { source: &source, model: &model, trained: false, recorded: Vec::new(), wrong };
    check.attributes();
    check.presentations();
    check.learning();
    check.credit();
    for group in ["spikes", "report", "plateaus", "weights", "biases"] {
        check.members(group);
    }
    check.events();
    if model.recording.snapshots != Snapshots::Never {
        check.every_snapshot();
    }
    Ok(check.wrong)
}

struct Check<'a> {
    source: &'a OpenFile,
    model: &'a Model,
    /// Whether there is a training presentation.
    trained: bool,
    /// Start and end of each presentation of which spikes and plateaus are kept [ms], in their order.
    recorded: Vec<[f64; 2]>,
    wrong: Vec<String>,
}

impl Check<'_> {
    fn say(&mut self, object: &str, problem: impl std::fmt::Display) {
        self.wrong.push(format!("/{object}: {problem}"));
    }

    fn require(&mut self, object: &str, holds: bool, expected: &str) {
        if !holds {
            self.say(object, format_args!("expected {expected}"));
        }
    }

    /// What was read, or none if that is wrong.
    fn readable<T>(&mut self, read: Result<T, RecordError>) -> Option<T> {
        read.map_err(|error| self.wrong.push(error.to_string())).ok()
    }

    /// The values of a dataset [rows] of this type, `rows` long if that is known.
    fn column<T: H5Type>(&mut self, name: &str, rows: Option<usize>) -> Option<Vec<T>> {
        self.is_column::<T>(name, rows).then(|| self.source.values(name)).and_then(|read| self.readable(read))
    }

    /// The same of an enumeration.
    fn codes<T: H5Type + TryFrom<u8>>(&mut self, name: &str, rows: Option<usize>) -> Option<Vec<T>> {
        self.is_column::<T>(name, rows).then(|| self.source.codes(name)).and_then(|read| self.readable(read))
    }

    fn is_column<T: H5Type>(&mut self, name: &str, rows: Option<usize>) -> bool {
        let (read, expected) = (self.source.descriptor(name), T::type_descriptor());
        let Some(found) = self.readable(read) else { return false };
        if found != expected {
            self.say(name, format_args!("is of type {found}, expected {expected}"));
            return false;
        }
        let read = self.source.shape(name);
        match (self.readable(read).as_deref(), rows) {
            (None, _) => return false,
            (Some([found]), Some(rows)) if *found != rows => {
                self.say(name, format_args!("has {found} entries, expected {rows}"));
                return false;
            }
            (Some([_]), _) => {}
            (Some(shape), _) => {
                self.say(name, format_args!("has shape {shape:?}, expected one dimension"));
                return false;
            }
        }
        true
    }

    fn units(&mut self, dataset: &str, expected: &str) {
        let holds = self.source.text_of(dataset, "units").is_ok_and(|units| units == expected);
        self.require(dataset, holds, &format!("the attribute `units` to be {expected}"));
    }

    fn attributes(&mut self) {
        let magic = self.source.number::<u32>("magic").is_ok_and(|magic| magic == run::MAGIC);
        self.require("@magic", magic, "u32 0x0A7A");
        let version = self.source.list::<u32>("version").is_ok_and(|version| version == run::VERSION);
        self.require("@version", version, "u32 [0, 1]");
        for name in ["name", "apical_version", "git_commit", "command_line", "data_sha256", "start_time"] {
            let there = self.source.text(name).is_ok();
            self.require(&format!("@{name}"), there, "a text");
        }
        let kind = self.source.text("kind").is_ok_and(|kind| ["spiking", "rate"].contains(&kind.as_str()));
        self.require("@kind", kind, "spiking or rate");
        let seed = self.source.number::<u64>("seed").is_ok();
        self.require("@seed", seed, "a u64");
        let populations: Vec<_> = self.model.populations.iter().map(|p| p.name.clone()).collect();
        let projections: Vec<_> = self.model.projections.iter().map(|p| p.name.clone()).collect();
        for (name, expected) in [("populations", populations), ("projections", projections)] {
            let found = self.source.texts(name).is_ok_and(|found| found == expected);
            self.require(&format!("@{name}"), found, &format!("those of the model: {}", expected.join(", ")));
        }
    }

    fn presentations(&mut self) {
        let Some(start) = self.column::<f64>("presentations/start_ms", None) else { return };
        let rows = Some(start.len());
        let forward = self.column::<f64>("presentations/forward_end_ms", rows);
        let target = self.column::<f64>("presentations/target_end_ms", rows);
        let recorded = self.column::<u8>("presentations/recorded", rows);
        if let Some(recorded) = &recorded {
            self.require("presentations/recorded", recorded.iter().all(|&recorded| recorded <= 1), "0 or 1");
        }
        if let (Some(forward), Some(target)) = (forward, target) {
            let end = |i: usize| if target[i].is_nan() { forward[i] } else { target[i] };
            let whole = (0..start.len()).all(|i| start[i] < forward[i] && forward[i] <= end(i) && end(i).is_finite());
            self.require("presentations", whole, "every start before the end of its phases");
            let recorded = recorded.unwrap_or_default().into_iter().enumerate().filter(|&(_, recorded)| recorded != 0);
            self.recorded = recorded.map(|(i, _)| [start[i], end(i)]).collect();
        }
        let ascending = start.is_sorted_by(|a, b| a <= b) && start.iter().all(|start| start.is_finite());
        self.require("presentations/start_ms", ascending, "ascending times");
        self.column::<u64>("presentations/index", rows);
        self.column::<u32>("presentations/image", rows);
        let kinds = self.codes::<KindCode>("presentations/kind", rows);
        self.trained = kinds.is_some_and(|kinds| kinds.contains(&KindCode::Train));
        self.answers(rows);
    }

    /// Labels and answers.
    fn answers(&mut self, rows: Option<usize>) {
        let classes = self.model.classes();
        if let Some(label) = self.column::<i16>("presentations/label", rows) {
            // Without a population that is decoded, they are those of the images, whatever they are.
            let labels = if classes == 0 { 256 } else { classes };
            let known = label.iter().all(|&label| label == -1 || usize::try_from(label).is_ok_and(|l| l < labels));
            self.require("presentations/label", known, &format!("-1 or one of {labels} classes"));
        }
        if let Some(decoded) = self.column::<u8>("presentations/decoded", rows) {
            // Without a population that is decoded, all are 0.
            let known = decoded.iter().all(|&decoded| usize::from(decoded) < classes.max(1));
            self.require("presentations/decoded", known, &format!("one of {} classes", classes.max(1)));
        }
    }

    fn learning(&mut self) {
        let Some(seen) = self.column::<u64>("learning/examples_seen", None) else { return };
        self.require("learning/examples_seen", seen.is_sorted(), "ascending counts");
        for name in LearningTable::COLUMNS {
            self.column::<f64>(&format!("learning/{name}"), Some(seen.len()));
        }
    }

    /// Where the assignment of credit was measured, and only there.
    fn credit(&mut self) {
        let asked = self.model.recording.credit == CreditRecording::Measured;
        if asked != self.source.has("credit") {
            return self.say("credit", if asked { "is missing" } else { "is there, but `recording.credit` is false" });
        }
        let Some(index) = asked.then(|| self.column::<u64>("credit/index", None)).flatten() else { return };
        self.require("credit/index", index.is_sorted(), "ascending counts");
        self.column::<f64>("credit/output_loss", Some(index.len()));
        for population in self.model.populations.iter().filter(|p| p.has_plateaus()) {
            for part in ["loss", "angle"] {
                self.column::<f64>(&format!("credit/{}/{part}", population.name), Some(index.len()));
            }
        }
        let Some(seen) = self.column::<u64>("credit/eigenvalue/examples_seen", None) else { return };
        for part in ["of_means", "mean"] {
            self.column::<f64>(&format!("credit/eigenvalue/{part}"), Some(seen.len()));
        }
        let outputs = self.model.populations.last().map_or(0, |output| output.size);
        let product = "credit/eigenvalue/product";
        let shape = self.source.shape(product).unwrap_or_default();
        let of = self.source.descriptor(product).is_ok_and(|found| found == f64::type_descriptor());
        let expected = format!("f64 [{}, {}], found shape {shape:?}", seen.len(), outputs * outputs);
        self.require(product, of && shape == [seen.len(), outputs * outputs], &expected);
    }

    /// What a group holds of each population or projection.
    fn members(&mut self, group: &str) {
        if !self.source.has(group) {
            return self.say(group, "is missing");
        }
        let names = match self.source.members(group) {
            Ok(names) => names,
            Err(error) => return self.wrong.push(error.to_string()),
        };
        for name in names {
            let object = format!("{group}/{name}");
            let of = if group == "report" { population_of(&name) } else { &name };
            let population = self.model.populations.iter().find(|population| population.name == of);
            match (group, population) {
                ("weights", _) => self.weights(&object, &name),
                (_, None) => self.say(&object, "is of no population of the model"),
                ("spikes", Some(population)) => self.spikes(&object, population),
                ("report", Some(population)) => self.report(&object, population),
                ("plateaus", Some(population)) => self.plateaus(&object, population),
                (_, Some(population)) => self.snapshots(&object, &[population.size]),
            }
        }
    }
}
