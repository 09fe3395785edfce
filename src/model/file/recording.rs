//! `[recording]`, and `--record`, which replaces some of its keys.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::population::{RESERVED, find};
use crate::model::error::{ModelError, Origin, one_of};
use crate::model::recording::Stretches;
use crate::model::source::Section;
use crate::model::{
    CompartmentId, Compression, Credit, Model, Population, PopulationId, Recording, Snapshots, Stretch,
    TwoPhaseProtocol,
};
use crate::units::SamplingInterval;

/// What is kept of a run, as files have it.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RecordingKeys {
    /// Populations whose spikes are kept: "all", "none" or a list.
    spikes: Choice,
    /// Populations with apical dendrites whose plateaus are kept: "all", "none" or a list.
    plateaus: Choice,
    /// Traces that are kept: "all" (of all populations but sources), "none", or a list of populations and of
    /// "POP.COMPARTMENT".
    traces: Choice,
    /// Presentations that are recorded: "FIRST:END,...", END excluded, either left out for the ends of the run, negative from
    /// its end.
    presentations: Stretches,
    /// Spacing of the samples of traces [ms], no longer than a phase.
    #[serde(with = "SamplingInterval")]
    report_dt_ms: f64,
    /// When weights are kept: "ends" (at the start and the end alone), "epochs", or after every so many presentations.
    weights: Snapshots,
    /// Whether losses of layers, angles to backpropagation and feedback Jacobians are measured of every training presentation,
    /// which takes about as long as a presentation.
    credit: bool,
    /// Whether spikes and traces are deflated, which the SONATA reader cannot open.
    compression: bool,
}

impl Default for RecordingKeys {
    fn default() -> Self {
        Self {
            spikes: Choice::All,
            plateaus: Choice::All,
            traces: Choice::All,
            presentations: Stretches(vec![Stretch { first: 0, end: Some(20) }, Stretch { first: -20, end: None }]),
            report_dt_ms: 0.5,
            weights: Snapshots::Ends,
            credit: false,
            compression: false,
        }
    }
}

/// All of something, or what is listed.
#[derive(Clone, Debug, PartialEq)]
enum Choice {
    All,
    Listed(Vec<String>),
}

impl Serialize for Choice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::All => serializer.serialize_str("all"),
            Self::Listed(names) => names.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Choice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ChoiceWords;
        impl<'de> Visitor<'de> for ChoiceWords {
            type Value = Choice;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"all\", \"none\" or a list of populations")
            }

            fn visit_str<E: Error>(self, word: &str) -> Result<Choice, E> {
                match word {
                    "all" => Ok(Choice::All),
                    "none" => Ok(Choice::Listed(Vec::new())),
                    _ => Err(E::invalid_value(Unexpected::Str(word), &self)),
                }
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Choice, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = items.next_element()? {
                    names.push(name);
                }
                Ok(Choice::Listed(names))
            }
        }
        deserializer.deserialize_any(ChoiceWords)
    }
}

impl JsonSchema for Choice {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Choice".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "oneOf": [
            { "type": "string", "enum": ["all", "none"] },
            { "type": "array", "items": { "type": "string" } },
        ] })
    }
}

/// Reads `[recording]` of these populations.
pub(super) fn read(
    section: &Section<'_, '_>,
    populations: &[Population],
    protocol: &TwoPhaseProtocol,
) -> Result<Recording, ModelError> {
    let keys: RecordingKeys = section.read()?;
    let recording = NameResolver { populations, at: &|key, index| section.at_item(key, index) }.recording(keys)?;
    if !recording.traces.is_empty() {
        check_report(section, recording.report_dt, protocol)?;
    }
    Ok(recording)
}

/// Refuses samples so far apart that a phase may have none.
fn check_report(section: &Section<'_, '_>, report_dt: f64, protocol: &TwoPhaseProtocol) -> Result<(), ModelError> {
    let phases = [("forward_ms", protocol.forward), ("target_ms", protocol.target), ("test_ms", protocol.test)];
    let Some((key, phase)) = phases.into_iter().find(|(_, phase)| *phase < report_dt) else { return Ok(()) };
    let why = format!(
        "expected `report_dt_ms` at most as long as a phase, for each has a sample of every trace; found {report_dt} ms, and \
         `{key}` of {phase} ms in [protocol]: lower `report_dt_ms`, lengthen the phase, or set `traces = \"none\"`"
    );
    Err(section.refused(&["report_dt_ms"], why))
}

/// Changes what is recorded of a model; see [`Model::record`].
pub(super) fn record(model: &Model, what: &str) -> Result<Recording, ModelError> {
    let at = Origin::Argument(format!("--record {what}").into());
    let words: Vec<_> = what.split(',').map(str::trim).collect();
    if words.len() > 1 && words.contains(&"none") {
        return Err(ModelError::refused(at, "expected `none` alone, found more"));
    }
    let [mut spikes, mut plateaus, mut traces] = [const { Choice::Listed(Vec::new()) }; 3];
    let mut presentations = Vec::new();
    for word in &words {
        let known = |name: &str| model.populations.iter().any(|population| population.name == name);
        match (*word, word.split_once('.')) {
            ("none", _) => {}
            ("all", _) => [spikes, plateaus, traces] = [const { Choice::All }; 3],
            ("spikes", _) => spikes = Choice::All,
            ("plateaus", _) => plateaus = Choice::All,
            ("traces", _) => traces = Choice::All,
            (range, _) if range.contains(':') => presentations.push(stretch(range, &at)?),
            (trace, Some((name, _))) if known(name) => traces.add(trace),
            (name, None) if known(name) => spikes.add(name),
            (number, _) if number.parse::<i64>().is_ok() => {
                let why = format!("{}; did you mean `{number}:`?", expected_range(number));
                return Err(ModelError::refused(at, why));
            }
            (name, _) => {
                let name = name.split('.').next().unwrap_or(name);
                let names = model.populations.iter().map(|population| population.name.as_str());
                return Err(ModelError::unknown_name(at, "population", name, names.chain(RESERVED)));
            }
        }
    }
    let only_ranges = presentations.len() == words.len();
    if presentations.is_empty() {
        presentations.push(Stretch { first: 0, end: None });
    }
    let now = written(model);
    let presentations = Stretches(presentations);
    let keys = if only_ranges {
        RecordingKeys { presentations, ..now }
    } else {
        RecordingKeys { spikes, plateaus, traces, presentations, ..now }
    };
    NameResolver { populations: &model.populations, at: &|_, _| at.clone() }.recording(keys)
}

fn stretch(range: &str, at: &Origin) -> Result<Stretch, ModelError> {
    Stretch::parse(range).ok_or_else(|| ModelError::refused(at.clone(), expected_range(range)))
}

fn expected_range(found: &str) -> String {
    format!("expected a range of presentations such as 0:20, 5: or -20:, found {found:?}")
}

impl Choice {
    fn add(&mut self, name: &str) {
        if let Self::Listed(names) = self {
            names.push(name.to_owned());
        }
    }
}

/// From names to places in the model; `at` is where the item of a key stands.
struct NameResolver<'a> {
    populations: &'a [Population],
    at: &'a dyn Fn(&str, usize) -> Origin,
}

impl NameResolver<'_> {
    fn recording(&self, keys: RecordingKeys) -> Result<Recording, ModelError> {
        Ok(Recording {
            spikes: self.chosen("spikes", &keys.spikes, |_| true)?,
            plateaus: self.chosen("plateaus", &keys.plateaus, Population::has_plateaus)?,
            traces: self.traces(&keys.traces)?,
            presentations: keys.presentations.0,
            report_dt: keys.report_dt_ms,
            snapshots: keys.weights,
            credit: if keys.credit { Credit::Measured } else { Credit::Unmeasured },
            compression: if keys.compression { Compression::Deflate } else { Compression::None },
        })
    }

    fn wrong(&self, key: &str, index: usize, found: &str, expected: &str) -> ModelError {
        ModelError::Value {
            at: (self.at)(key, index),
            key: key.into(),
            table: "[recording]".into(),
            expected: expected.into(),
            found: format!("{found:?}").into(),
            suggestion: None,
        }
    }

    /// The populations of a list key, in the order of the model, each once.
    fn chosen(
        &self,
        key: &str,
        choice: &Choice,
        fits: fn(&Population) -> bool,
    ) -> Result<Vec<PopulationId>, ModelError> {
        let fitting = |id: &PopulationId| fits(&self.populations[id.0]);
        let Choice::Listed(names) = choice else {
            return Ok((0..self.populations.len()).map(PopulationId).filter(fitting).collect());
        };
        let id = |(index, name): (usize, &String)| {
            let id = find(self.populations, name, || (self.at)(key, index))?;
            if fitting(&id) { Ok(id) } else { Err(self.wrong(key, index, name, "a pyramidal population")) }
        };
        let mut ids = names.iter().enumerate().map(id).collect::<Result<Vec<_>, ModelError>>()?;
        ids.sort_unstable();
        ids.dedup();
        Ok(ids)
    }

    /// The traces, in the order of the model and of elements, each once.
    fn traces(&self, choice: &Choice) -> Result<Vec<(PopulationId, Vec<CompartmentId>)>, ModelError> {
        let all = |id: usize| (0..self.populations[id].cell.compartments().len()).map(CompartmentId);
        let mut wanted: Vec<Vec<_>> = (0..self.populations.len()).map(|_| Vec::new()).collect();
        match choice {
            Choice::All => wanted = (0..wanted.len()).map(|id| all(id).collect()).collect(),
            Choice::Listed(names) => {
                for (index, name) in names.iter().enumerate() {
                    let (id, compartment) = self.trace(index, name)?;
                    wanted[id.0].extend(compartment.map_or_else(|| all(id.0).collect::<Vec<_>>(), |c| vec![c]));
                }
            }
        }
        let of = |(id, wanted): (usize, Vec<CompartmentId>)| {
            (PopulationId(id), all(id).filter(|compartment| wanted.contains(compartment)).collect::<Vec<_>>())
        };
        Ok(wanted.into_iter().enumerate().map(of).filter(|(_, compartments)| !compartments.is_empty()).collect())
    }

    /// One entry of `traces`: a population, or POP.COMPARTMENT.
    fn trace(&self, index: usize, text: &str) -> Result<(PopulationId, Option<CompartmentId>), ModelError> {
        let (name, part) = text.split_once('.').map_or((text, None), |(name, part)| (name, Some(part)));
        let id = find(self.populations, name, || (self.at)("traces", index))?;
        let population = &self.populations[id.0];
        if population.is_source() {
            let expected = "a population other than the encoder, which has no potentials";
            return Err(self.wrong("traces", index, text, expected));
        }
        let Some(part) = part else { return Ok((id, None)) };
        if let Some(compartment) = population.compartment(part) {
            Ok((id, Some(compartment)))
        } else {
            let names: Vec<_> = population.cell.compartments().iter().map(|compartment| compartment.name).collect();
            Err(self.wrong("traces", index, text, &format!("a compartment of {name:?} ({})", one_of(&names))))
        }
    }
}

/// What is kept of a model's runs, as files have it.
pub(super) fn written(model: &Model) -> RecordingKeys {
    let Recording { spikes, plateaus, traces, presentations, report_dt, snapshots, credit, compression } =
        &model.recording;
    let name = |id: &PopulationId| model.populations.get(id.0).map(|population| population.name.clone());
    let listed = |ids: &[PopulationId]| Choice::Listed(ids.iter().filter_map(name).collect());
    let parts = |(id, compartments): &(PopulationId, Vec<CompartmentId>)| {
        let population = model.populations.get(id.0);
        let part = |compartment: &CompartmentId| {
            let population = population?;
            Some(format!("{}.{}", population.name, population.cell.compartments().get(compartment.0)?.name))
        };
        compartments.iter().filter_map(part).collect::<Vec<_>>()
    };
    RecordingKeys {
        spikes: listed(spikes),
        plateaus: listed(plateaus),
        traces: Choice::Listed(traces.iter().flat_map(parts).collect()),
        presentations: Stretches(presentations.clone()),
        report_dt_ms: *report_dt,
        weights: *snapshots,
        credit: *credit == Credit::Measured,
        compression: *compression == Compression::Deflate,
    }
}
