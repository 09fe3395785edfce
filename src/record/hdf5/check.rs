//! Whether a run file is as the table at the head of this module says.

use std::path::Path;

use hdf5::H5Type;
use hdf5::types::VarLenUnicode;

use super::dtype::{KindCode, PhaseCode, Sorting};
use super::report::population_of;
use super::source::{Format, Source};
use super::tables::Learning;
use super::{Checkpoint, RecordError, run};
use crate::model::{Credit, Model, Neuron, Population};

/// Verifies a run file or checkpoint; what is found wrong, a line each, with the object it is wrong with.
///
/// # Errors
/// If the file cannot be read at all.
pub fn verify(path: &Path) -> Result<Vec<String>, RecordError> {
    let source = Source::open(path)?;
    let model = match Model::parse(&source.text("model")?, "the model in the file", &[]) {
        Ok(model) => model,
        Err(error) => return Ok(vec![format!("/@model: {error}")]),
    };
    if source.format == Format::Checkpoint {
        drop(source);
        let misfit = Checkpoint::load(path)?.check(&model).err();
        return Ok(misfit.map(|misfit| misfit.to_string()).into_iter().collect());
    }
    let mut check = Check { source: &source, model: &model, wrong: Vec::new() };
    check.attributes();
    check.presentations();
    check.learning();
    check.credit();
    for group in ["spikes", "report", "plateaus", "weights", "biases"] {
        check.members(group);
    }
    Ok(check.wrong)
}

struct Check<'a> {
    source: &'a Source,
    model: &'a Model,
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

    /// The values of a dataset [rows] of this type, `rows` long if that is known.
    fn column<T: H5Type>(&mut self, name: &str, rows: Option<usize>) -> Option<Vec<T>> {
        let found = match self.source.descriptor(name) {
            Ok(found) => found,
            Err(error) => {
                self.wrong.push(error.to_string());
                return None;
            }
        };
        let expected = T::type_descriptor();
        if found != expected {
            self.say(name, format_args!("is of type {found}, expected {expected}"));
            return None;
        }
        let values = self.source.values::<T>(name).map_err(|error| self.wrong.push(error.to_string())).ok()?;
        if let Some(rows) = rows.filter(|&rows| rows != values.len()) {
            self.say(name, format_args!("has {} entries, expected {rows}", values.len()));
            return None;
        }
        Some(values)
    }

    fn units(&mut self, dataset: &str, expected: &str) {
        let found = self.source.number_of::<VarLenUnicode>(dataset, "units");
        let holds = found.is_ok_and(|units| units.as_str() == expected);
        self.require(dataset, holds, &format!("the attribute `units` to be {expected}"));
    }

    fn attributes(&mut self) {
        let magic = self.source.number::<u32>("magic").is_ok_and(|magic| magic == run::MAGIC);
        self.require("@magic", magic, "u32 0x0A7A");
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
        if let (Some(forward), Some(target)) = (forward, target) {
            let ends = (0..start.len()).map(|i| if target[i].is_nan() { forward[i] } else { target[i] });
            let whole = ends.enumerate().all(|(i, end)| start[i] < forward[i] && forward[i] <= end);
            self.require("presentations", whole, "every start before the end of its phases");
        }
        self.require("presentations/start_ms", start.is_sorted(), "ascending times");
        self.column::<u64>("presentations/index", rows);
        self.column::<u32>("presentations/image", rows);
        self.column::<u8>("presentations/recorded", rows);
        self.column::<KindCode>("presentations/kind", rows);
        let classes = self.model.classes();
        if let Some(label) = self.column::<i16>("presentations/label", rows) {
            let known = label.iter().all(|&label| label == -1 || usize::try_from(label).is_ok_and(|l| l < classes));
            self.require("presentations/label", known, &format!("-1 or one of {classes} classes"));
        }
        if let Some(decoded) = self.column::<u8>("presentations/decoded", rows) {
            let known = decoded.iter().all(|&decoded| usize::from(decoded) < classes);
            self.require("presentations/decoded", known, &format!("one of {classes} classes"));
        }
    }

    fn learning(&mut self) {
        let Some(seen) = self.column::<u64>("learning/examples_seen", None) else { return };
        self.require("learning/examples_seen", seen.is_sorted(), "ascending counts");
        for name in Learning::COLUMNS {
            self.column::<f64>(&format!("learning/{name}"), Some(seen.len()));
        }
    }

    /// Where the assignment of credit was measured, and only there.
    fn credit(&mut self) {
        let asked = self.model.recording.credit == Credit::Measured;
        if asked != self.source.has("credit") {
            return self.say("credit", if asked { "is missing" } else { "is there, but `recording.credit` is false" });
        }
        let Some(index) = asked.then(|| self.column::<u64>("credit/index", None)).flatten() else { return };
        self.require("credit/index", index.is_sorted(), "ascending counts");
        self.column::<f64>("credit/output_loss", Some(index.len()));
        for population in self.model.populations.iter().filter(|p| matches!(p.neuron, Neuron::Pyramidal(_))) {
            for part in ["loss", "angle"] {
                self.column::<f64>(&format!("credit/{}/{part}", population.name), Some(index.len()));
            }
        }
        let Some(seen) = self.column::<u64>("credit/eigenvalue/examples_seen", None) else { return };
        for part in ["of_means", "mean"] {
            self.column::<f64>(&format!("credit/eigenvalue/{part}"), Some(seen.len()));
        }
        let outputs = self.model.populations.last().map_or(0, |output| output.size);
        self.column::<f64>("credit/eigenvalue/product", Some(seen.len() * outputs * outputs));
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

    fn spikes(&mut self, object: &str, population: &Population) {
        let sorting = self.source.number_of::<Sorting>(object, "sorting");
        self.require(
            object,
            sorting.is_ok_and(|sorting| sorting == Sorting::ByTime),
            "the attribute `sorting` = by_time",
        );
        let size = self.source.number_of::<u64>(object, "size");
        let right = size.is_ok_and(|size| size == population.size as u64);
        self.require(object, right, &format!("the attribute `size` = {}", population.size));
        let times = format!("{object}/timestamps");
        self.units(&times, "ms");
        let Some(times) = self.timed(&times) else { return };
        self.neurons(object, population, times);
    }

    /// Checks ascending times; their number.
    fn timed(&mut self, name: &str) -> Option<usize> {
        let times = self.column::<f64>(name, None)?;
        // False of NaN, too.
        self.require(name, times.is_sorted_by(|a, b| a <= b), "ascending times");
        Some(times.len())
    }

    fn neurons(&mut self, object: &str, population: &Population, rows: usize) {
        let name = format!("{object}/node_ids");
        let Some(ids) = self.column::<u64>(&name, Some(rows)) else { return };
        let within = ids.iter().all(|&id| id < population.size as u64);
        self.require(&name, within, &format!("neurons below {}", population.size));
    }

    fn plateaus(&mut self, object: &str, population: &Population) {
        let times = format!("{object}/timestamps");
        self.units(&times, "ms");
        // Within a phase they come neuron by neuron, each at a time of its own.
        let Some(rows) = self.column::<f64>(&times, None).map(|times| times.len()) else { return };
        self.neurons(object, population, rows);
        self.column::<PhaseCode>(&format!("{object}/phase"), Some(rows));
        let name = format!("{object}/alpha");
        if let Some(alpha) = self.column::<f32>(&name, Some(rows)) {
            self.require(&name, alpha.iter().all(|alpha| (0.0..=1.0).contains(alpha)), "plateaus from 0 to 1");
        }
    }

    fn report(&mut self, object: &str, population: &Population) {
        let data = format!("{object}/data");
        let Ok([samples, width]) =
            self.source.shape(&data).map(|shape| <[usize; 2]>::try_from(shape).unwrap_or_default())
        else {
            return self.say(&data, "is missing");
        };
        let of = self.source.descriptor(&data).is_ok_and(|found| found == f32::type_descriptor());
        self.require(&data, of, "f32 [samples, elements]");
        self.units(&data, "dimensionless");
        let name = |part: &str| format!("{object}/mapping/{part}");
        self.column::<u64>(&name("node_ids"), Some(population.size));
        self.column::<u32>(&name("element_ids"), Some(width));
        self.column::<f32>(&name("element_pos"), Some(width));
        if let Some(pointers) = self.column::<u64>(&name("index_pointers"), Some(population.size + 1)) {
            let whole = pointers.is_sorted() && pointers[0] == 0 && pointers[population.size] == width as u64;
            self.require(&name("index_pointers"), whole, &format!("places from 0 to {width}"));
        }
        self.units(&name("time"), "ms");
        if let Some(time) = self.column::<f64>(&name("time"), Some(3)) {
            let [start, stop, every] = [time[0], time[1], time[2]];
            let meets = every > 0.0 && (stop - start - samples as f64 * every).abs() < every;
            self.require(&name("time"), meets, &format!("start, stop and spacing of {samples} samples"));
        }
    }

    fn weights(&mut self, object: &str, name: &str) {
        match self.model.projections.iter().find(|projection| projection.name == name) {
            Some(projection) => {
                let size = |id| self.model.population(id).size;
                self.snapshots(object, &[size(projection.to), size(projection.from)]);
            }
            None => self.say(object, "is of no projection of the model"),
        }
    }

    fn snapshots(&mut self, object: &str, expected: &[usize]) {
        let names = self.source.members(object).unwrap_or_default();
        self.require(object, !names.is_empty(), "at least one snapshot");
        for name in names.iter().map(|name| format!("{object}/{name}")) {
            let shape = self.source.shape(&name).unwrap_or_default();
            self.require(&name, shape == expected, &format!("shape {expected:?}, found {shape:?}"));
            let seen = self.source.number_of::<u64>(&name, "examples_seen").is_ok();
            self.require(&name, seen, "the attribute `examples_seen`");
            if let Some(values) = self.column::<f32>(&name, None) {
                self.require(&name, values.iter().all(|value| value.is_finite()), "finite numbers");
            }
        }
    }
}
