//! `[recording]`, and `--record`, which replaces some of its keys.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::population::{RESERVED, find};
use crate::model::error::{ModelError, Origin, one_of};
use crate::model::recording::{Stretches, Times};
use crate::model::source::Section;
use crate::model::{
    CompartmentId, Compression, Credit, Model, NeuronRange, Population, PopulationId, Protocol, Recording, Snapshots,
    Stretch, TimeRange, TwoPhaseProtocol,
};
use crate::protocol::STRETCH_MS;
use crate::units::SamplingInterval;

/// What is kept of a run, as files have it.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RecordingKeys {
    /// Populations whose spikes are kept: "all", "none" or a list, of "POP[A:B]" for neurons A to B - 1 alone.
    spikes: Choice,
    /// Populations with apical dendrites whose plateaus are kept: "all", "none" or a list.
    plateaus: Choice,
    /// Traces that are kept: "all" (of all populations but sources), "none", or a list of populations and of
    /// "POP.COMPARTMENT", of "POP[A:B]" and "POP[A:B].COMPARTMENT" for neurons A to B - 1 alone. Continuous runs keep none unless
    /// they are asked for.
    traces: Choice,
    /// Presentations that are recorded: "FIRST:END,...", END excluded, either left out for the ends of the run, negative from
    /// its end.
    presentations: Stretches,
    /// Times of a continuous run that are recorded: "FROM:TO,..." in ms on its clock, either left out for the ends of the run, with
    /// gaps of at least 100 ms; without it, all after the warm-up.
    #[serde(skip_serializing_if = "Option::is_none")]
    times_ms: Option<Times>,
    /// Spacing of the samples of traces [ms], no longer than a phase.
    #[serde(with = "SamplingInterval")]
    report_dt_ms: f64,
    /// When weights are kept: "never" (so without a word in a continuous run), "ends" (at the start and the end alone), "epochs", or after every so many presentations.
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
            times_ms: None,
            report_dt_ms: 0.5,
            weights: Snapshots::Ends,
            credit: false,
            compression: false,
        }
    }
}

impl RecordingKeys {
    /// Without a word, in a model of this protocol.
    pub(super) fn of(protocol: &Protocol) -> Self {
        match protocol {
            Protocol::Continuous(_) => Self {
                plateaus: Choice::Listed(Vec::new()),
                traces: Choice::Listed(Vec::new()),
                presentations: Stretches(vec![Stretch { first: 0, end: None }]),
                weights: Snapshots::Never,
                ..Self::default()
            },
            Protocol::TwoPhase(_) => Self::default(),
        }
    }

    /// With what a protocol means where the table has no word of it.
    fn completed(self, section: &Section<'_, '_>, protocol: &Protocol) -> Self {
        let meant = Self::of(protocol);
        Self {
            plateaus: if section.has("plateaus") { self.plateaus } else { meant.plateaus },
            traces: if section.has("traces") { self.traces } else { meant.traces },
            presentations: if section.has("presentations") { self.presentations } else { meant.presentations },
            weights: if section.has("weights") { self.weights } else { meant.weights },
            ..self
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
    protocol: &Protocol,
) -> Result<Recording, ModelError> {
    let keys = section.read::<RecordingKeys>()?.completed(section, protocol);
    check_times(section, &keys, protocol)?;
    let recording = NameResolver { populations, at: &|key, index| section.at_item(key, index) }.recording(keys)?;
    match protocol.two_phase() {
        Some(protocol) if !recording.traces.is_empty() => check_report(section, recording.report_dt, protocol)?,
        None if !recording.plateaus.is_empty() => {
            let why = "expected no `plateaus` with the protocol \"continuous\", which has no phases at whose ends they would be";
            return Err(section.refused(&["plateaus"], why));
        }
        _ => {}
    }
    Ok(recording)
}

/// Refuses what is recorded of presentations in a continuous run, and of times in presentations.
fn check_times(section: &Section<'_, '_>, keys: &RecordingKeys, protocol: &Protocol) -> Result<(), ModelError> {
    let everything = RecordingKeys::of(protocol);
    let wrong = match (protocol, &keys.times_ms) {
        (Protocol::TwoPhase(_), Some(_)) => {
            Some(("times_ms", "expected `presentations` in place of `times_ms` with the protocol \"two-phase\""))
        }
        (Protocol::Continuous(_), _) if keys.presentations != everything.presentations => {
            Some(("presentations", "expected `times_ms` in place of `presentations` with the protocol \"continuous\""))
        }
        (_, Some(times)) if !are_apart(&times.0) => Some(("times_ms", TOO_NEAR)),
        _ => None,
    };
    let other = match protocol {
        Protocol::Continuous(_) if keys.credit => {
            Some(("credit", "expected no `credit` of a continuous run, which does not learn"))
        }
        Protocol::Continuous(_) if !matches!(keys.weights, Snapshots::Never | Snapshots::Ends) => {
            Some(("weights", "expected `weights` \"never\" or \"ends\" of a continuous run"))
        }
        Protocol::TwoPhase(_) if keys.weights == Snapshots::Never => Some((
            "weights",
            "expected `weights` \"ends\", \"epochs\" or a number of presentations; \"never\" is for continuous runs",
        )),
        _ => None,
    };
    wrong.or(other).map_or(Ok(()), |(key, why)| Err(section.refused(&[key], why)))
}

/// Why times are refused that share a stretch.
const TOO_NEAR: &str = "expected gaps of at least 100 ms, the length of a stretch, between the times recorded";

/// Whether no two ranges share a stretch.
fn are_apart(times: &[TimeRange]) -> bool {
    times.windows(2).all(|pair| pair[0].to_ms.is_some_and(|to| pair[1].from_ms - to >= STRETCH_MS))
}

/// The neurons A:B of a population of so many, either left out for its ends; none if there are none there.
pub(super) fn neuron_range(text: &str, size: usize) -> Option<Range<usize>> {
    let (start, end) = text.split_once(':')?;
    let number =
        |text: &str, missing: usize| if text.trim().is_empty() { Some(missing) } else { text.trim().parse().ok() };
    let range = number(start, 0)?..number(end, size)?;
    (range.start < range.end && range.end <= size).then_some(range)
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
    let is_continuous = model.protocol.continuous().is_some();
    let (mut presentations, mut times) = (Vec::new(), Vec::new());
    for word in &words {
        let known = |name: &str| {
            let name = name.split('[').next().unwrap_or(name);
            model.populations.iter().any(|population| population.name == name)
        };
        match (*word, after_neurons(word)) {
            ("none", _) => {}
            ("all", _) if is_continuous => [spikes, traces] = [const { Choice::All }; 2],
            ("all", _) => [spikes, plateaus, traces] = [const { Choice::All }; 3],
            ("spikes", _) => spikes = Choice::All,
            ("plateaus", _) if is_continuous => {
                let why = "expected no `plateaus` of a continuous run, which has no phases at whose ends they would be";
                return Err(ModelError::refused(at, why));
            }
            ("plateaus", _) => plateaus = Choice::All,
            ("traces", _) => traces = Choice::All,
            (range, _) if range.contains(':') && !range.contains('[') && is_continuous => {
                let why = || format!("expected times in ms such as 0:500 or 2000:, found {range:?}");
                times.push(TimeRange::parse(range).ok_or_else(|| ModelError::refused(at.clone(), why()))?);
            }
            (range, _) if range.contains(':') && !range.contains('[') => presentations.push(stretch(range, &at)?),
            (trace, Some((name, _))) if known(name) => traces.add(trace),
            (name, None) if known(name) => spikes.add(name),
            (number, _) if number.parse::<i64>().is_ok() => {
                let why = format!("{}; did you mean `{number}:`?", expected_range(number));
                return Err(ModelError::refused(at, why));
            }
            (name, _) => {
                let name = name.split(['.', '[']).next().unwrap_or(name);
                let names = model.populations.iter().map(|population| population.name.as_str());
                return Err(ModelError::unknown_name(at, "population", name, names.chain(RESERVED)));
            }
        }
    }
    let only_ranges = presentations.len() + times.len() == words.len();
    times.sort_by(|a, b| a.from_ms.total_cmp(&b.from_ms));
    if !(TimeRange::ascend(&times) && are_apart(&times)) {
        return Err(ModelError::refused(at, TOO_NEAR));
    }
    let times_ms = Some(Times(times)).filter(|times| !times.0.is_empty());
    if presentations.is_empty() {
        presentations.push(Stretch { first: 0, end: None });
    }
    let now = written(model);
    let presentations = Stretches(presentations);
    let keys = if only_ranges {
        RecordingKeys { presentations, times_ms, ..now }
    } else {
        RecordingKeys { spikes, plateaus, traces, presentations, times_ms, ..now }
    };
    NameResolver { populations: &model.populations, at: &|_, _| at.clone() }.recording(keys)
}

/// A word as POP and COMPARTMENT, with the neurons `[A:B]` that may stand between at the first; none without a compartment.
fn after_neurons(word: &str) -> Option<(&str, &str)> {
    let start = word.find(']').unwrap_or(0);
    let dot = start + word[start..].find('.')?;
    Some((&word[..dot], &word[dot + 1..]))
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
        let (spikes, spiking_neurons) = self.neurons("spikes", &keys.spikes)?;
        let (traces, traced_neurons) = self.neurons("traces", &keys.traces)?;
        Ok(Recording {
            spikes: self.chosen("spikes", &spikes, |_| true)?,
            plateaus: self.chosen("plateaus", &keys.plateaus, Population::has_plateaus)?,
            traces: self.traces(&traces)?,
            spiking_neurons,
            traced_neurons,
            presentations: keys.presentations.0,
            times: keys.times_ms.unwrap_or_default().0,
            report_dt: keys.report_dt_ms,
            snapshots: keys.weights,
            credit: if keys.credit { Credit::Measured } else { Credit::Unmeasured },
            compression: if keys.compression { Compression::Deflate } else { Compression::None },
        })
    }

    /// The entries of a list key without their neurons, and these.
    fn neurons(&self, key: &str, choice: &Choice) -> Result<(Choice, Vec<NeuronRange>), ModelError> {
        let Choice::Listed(names) = choice else { return Ok((Choice::All, Vec::new())) };
        let (mut plain, mut ranges) = (Vec::new(), Vec::<NeuronRange>::new());
        for (index, name) in names.iter().enumerate() {
            let Some((population, rest)) = name.split_once('[') else {
                plain.push(name.clone());
                continue;
            };
            let id = find(self.populations, population, || (self.at)(key, index))?;
            let size = self.populations[id.0].size;
            let parsed = rest.split_once(']').and_then(|(text, after)| Some((neuron_range(text, size)?, after)));
            let Some((neurons, after)) = parsed else {
                return Err(self.wrong(
                    key,
                    index,
                    name,
                    &format!("neurons A:B of the {size} of {population:?} in brackets"),
                ));
            };
            if ranges.iter().any(|range| range.population == id && range.neurons != neurons) {
                return Err(self.wrong(key, index, name, &format!("one range of neurons of {population:?}")));
            }
            ranges.push(NeuronRange { population: id, neurons });
            plain.push(format!("{population}{after}"));
        }
        ranges.dedup();
        ranges.sort_by_key(|range| range.population);
        ranges.dedup();
        Ok((Choice::Listed(plain), ranges))
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
    let Recording {
        spikes,
        plateaus,
        traces,
        spiking_neurons,
        traced_neurons,
        presentations,
        times,
        report_dt,
        snapshots,
        credit,
        compression,
    } = &model.recording;
    let some = |ranges: &[NeuronRange], id: PopulationId| {
        let own = ranges.iter().find(|range| range.population == id);
        own.map_or_else(String::new, |range| format!("[{}:{}]", range.neurons.start, range.neurons.end))
    };
    let spiking =
        |id: &PopulationId| Some(format!("{}{}", model.populations.get(id.0)?.name, some(spiking_neurons, *id)));
    let name = |id: &PopulationId| model.populations.get(id.0).map(|population| population.name.clone());
    let listed = |ids: &[PopulationId]| Choice::Listed(ids.iter().filter_map(name).collect());
    let parts = |(id, compartments): &(PopulationId, Vec<CompartmentId>)| {
        let population = model.populations.get(id.0);
        let part = |compartment: &CompartmentId| {
            let population = population?;
            let neurons = some(traced_neurons, *id);
            Some(format!("{}{neurons}.{}", population.name, population.cell.compartments().get(compartment.0)?.name))
        };
        compartments.iter().filter_map(part).collect::<Vec<_>>()
    };
    RecordingKeys {
        spikes: Choice::Listed(spikes.iter().filter_map(spiking).collect()),
        plateaus: listed(plateaus),
        traces: Choice::Listed(traces.iter().flat_map(parts).collect()),
        presentations: Stretches(presentations.clone()),
        times_ms: Some(Times(times.clone())).filter(|times| !times.0.is_empty()),
        report_dt_ms: *report_dt,
        weights: *snapshots,
        credit: *credit == Credit::Measured,
        compression: *compression == Compression::Deflate,
    }
}
