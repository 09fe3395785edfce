//! Names of populations, neurons and compartments in `[recording]` and `--record`.

use std::ops::Range;

use super::choice::Choice;
use super::population::find;
use super::recording_keys::RecordingKeys;
use crate::model::error::{ModelError, Origin, one_of};
use crate::model::{CompartmentId, Compression, CreditRecording, NeuronRange, Population, PopulationId, Recording};

/// From names to places in the model; `at` is where the item of a key stands.
pub(super) struct RecordedNames<'a> {
    pub(super) populations: &'a [Population],
    pub(super) at: &'a dyn Fn(&str, usize) -> Origin,
}

impl RecordedNames<'_> {
    /// What is recorded by these keys.
    pub(super) fn recording(&self, keys: RecordingKeys) -> Result<Recording, ModelError> {
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
            credit: if keys.credit { CreditRecording::Measured } else { CreditRecording::Unmeasured },
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
            let names: Vec<_> = population.cell.compartments().iter().map(|compartment| &*compartment.name).collect();
            Err(self.wrong("traces", index, text, &format!("a compartment of {name:?} ({})", one_of(&names))))
        }
    }
}

/// The neurons A:B of a population of so many, either left out for its ends; none if there are none there.
pub(super) fn neuron_range(text: &str, size: usize) -> Option<Range<usize>> {
    let (start, end) = text.split_once(':')?;
    let number =
        |text: &str, missing: usize| if text.trim().is_empty() { Some(missing) } else { text.trim().parse().ok() };
    let range = number(start, 0)?..number(end, size)?;
    (range.start < range.end && range.end <= size).then_some(range)
}
