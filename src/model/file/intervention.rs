//! `[[change]]`: what is changed in the course of a continuous run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::population::find;
use crate::cells::Fires;
use crate::model::error::ModelError;
use crate::model::text::Section;
use crate::model::{
    Intervention, InterventionKind, Model, Population, PopulationId, Projection, ProjectionId, Protocol, Sign,
};
use crate::protocol::{SLICE_MS, is_between_slices};
use crate::units::{Current, Fraction, Millivolt, ModelTime, Potential, WeightFactor};

/// A change between two slices of a continuous run, at a time of its clock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "kind", rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(rename = "Change", tag = "kind", transform = crate::units::tagged::first_is_default)]
#[non_exhaustive]
pub enum InterventionSpec {
    /// Neurons fire no more.
    Silence {
        /// When, on the run's clock: a multiple of 100 ms [ms].
        #[serde(with = "ModelTime")]
        at_ms: f64,
        /// Name of the population.
        population: String,
        /// Neurons A:B, B excluded; without it, all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        neurons: Option<String>,
    },
    /// The weights of a projection are multiplied by a factor.
    ScaleWeights {
        /// When, on the run's clock: a multiple of 100 ms [ms].
        #[serde(with = "ModelTime")]
        at_ms: f64,
        /// Name of the projection.
        projection: String,
        /// The factor; 0 disconnects it.
        #[serde(with = "WeightFactor")]
        factor: f64,
    },
    /// A constant is added to the potential of the dendrite that has a bias, as by a current.
    AddBias {
        /// When, on the run's clock: a multiple of 100 ms [ms].
        #[serde(with = "ModelTime")]
        at_ms: f64,
        /// Name of the population.
        population: String,
        /// Neurons A:B, B excluded; without it, all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        neurons: Option<String>,
        /// The constant, in units of potential.
        #[serde(with = "Potential")]
        by: f64,
    },
    /// A constant current is added to that of cells that take one, as those of kind "lif".
    AddCurrent {
        /// When, on the run's clock: a multiple of 100 ms [ms].
        #[serde(with = "ModelTime")]
        at_ms: f64,
        /// Name of the population.
        population: String,
        /// Neurons A:B, B excluded; without it, all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        neurons: Option<String>,
        /// The current [pA].
        #[serde(with = "Current")]
        by_pa: f64,
    },
    /// The thresholds of cells that have one are raised; they stay above the reset potential by 1 µV at least.
    RaiseThreshold {
        /// When, on the run's clock: a multiple of 100 ms [ms].
        #[serde(with = "ModelTime")]
        at_ms: f64,
        /// Name of the population.
        population: String,
        /// Neurons A:B, B excluded; without it, all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        neurons: Option<String>,
        /// By so much; below 0, they are lowered [mV].
        #[serde(with = "Millivolt")]
        by_mv: f64,
    },
    /// Each synapse of a projection is removed with a probability.
    Prune {
        /// When, on the run's clock: a multiple of 100 ms [ms].
        #[serde(with = "ModelTime")]
        at_ms: f64,
        /// Name of the projection.
        projection: String,
        /// The probability.
        #[serde(with = "Fraction")]
        fraction: f64,
    },
}

impl InterventionSpec {
    /// A change as a file would have it.
    pub(super) fn of(model: &Model, intervention: &Intervention) -> Self {
        let at_ms = intervention.at_ms;
        let population =
            |id: &PopulationId| model.populations.get(id.0).map_or("", |population| &population.name).to_owned();
        let projection =
            |id: &ProjectionId| model.projections.get(id.0).map_or("", |projection| &projection.name).to_owned();
        let neurons = |neurons: &std::ops::Range<usize>| Some(format!("{}:{}", neurons.start, neurons.end));
        match &intervention.kind {
            InterventionKind::Silence { population: id, neurons: range } => {
                Self::Silence { at_ms, population: population(id), neurons: neurons(range) }
            }
            InterventionKind::ScaleWeights { projection: id, factor } => {
                Self::ScaleWeights { at_ms, projection: projection(id), factor: *factor }
            }
            InterventionKind::AddBias { population: id, neurons: range, by } => {
                Self::AddBias { at_ms, population: population(id), neurons: neurons(range), by: *by }
            }
            InterventionKind::AddCurrent { population: id, neurons: range, by } => {
                Self::AddCurrent { at_ms, population: population(id), neurons: neurons(range), by_pa: *by }
            }
            InterventionKind::RaiseThreshold { population: id, neurons: range, by } => {
                Self::RaiseThreshold { at_ms, population: population(id), neurons: neurons(range), by_mv: *by }
            }
            InterventionKind::Prune { projection: id, fraction } => {
                Self::Prune { at_ms, projection: projection(id), fraction: *fraction }
            }
        }
    }
}

/// Reads all changes, which come in the order of time.
pub(super) fn all(
    file: &Section<'_, '_>,
    populations: &[Population],
    projections: &[Projection],
    protocol: &Protocol,
) -> Result<Vec<Intervention>, ModelError> {
    if !file.has("change") {
        return Ok(Vec::new());
    }
    if protocol.continuous().is_none() {
        let why =
            "expected no [[change]] in the protocol \"two-phase\": changes by time are of `kind = \"continuous\"`";
        return Err(ModelError::refused(file.at_key("change"), why));
    }
    let tables = file.any_tables("change")?;
    let mut interventions =
        tables.iter().map(|table| read(table, populations, projections)).collect::<Result<Vec<_>, _>>()?;
    interventions.sort_by(|a, b| a.at_ms.total_cmp(&b.at_ms));
    Ok(interventions)
}

fn read(
    table: &Section<'_, '_>,
    populations: &[Population],
    projections: &[Projection],
) -> Result<Intervention, ModelError> {
    let of = |name: &str| find(populations, name, || table.at("population"));
    let (at_ms, kind) = match table.read()? {
        InterventionSpec::Silence { at_ms, population, neurons } => {
            let population = of(&population)?;
            let neurons = range(table, neurons.as_deref(), &populations[population.0])?;
            let has_reset = populations[population.0].cell.dynamics().reset().is_some();
            if !has_reset {
                check_bias(table, &populations[population.0], "silence them by")?;
            }
            (at_ms, InterventionKind::Silence { population, neurons })
        }
        InterventionSpec::ScaleWeights { at_ms, projection, factor } => {
            let place = find_projection(table, projections, &projection)?;
            let sign = projections[place.0].sign;
            if factor < 0.0 && sign != Sign::Any {
                let why = format!(
                    "expected a `factor` of 0 or more for {projection:?}, whose weights are {}, found {factor}",
                    sign.name()
                );
                return Err(table.refused(&["factor"], why));
            }
            (at_ms, InterventionKind::ScaleWeights { projection: place, factor })
        }
        InterventionSpec::Prune { at_ms, projection, fraction } => {
            let place = find_projection(table, projections, &projection)?;
            if projections[place.0].plasticity.is_some() {
                let why = format!(
                    "expected a projection without `plasticity` to remove synapses of, for weights of 0 would grow again; found \
                     {projection:?}"
                );
                return Err(table.refused(&["projection"], why));
            }
            (at_ms, InterventionKind::Prune { projection: place, fraction })
        }
        InterventionSpec::AddCurrent { at_ms, population, neurons, by_pa: by } => {
            let population = of(&population)?;
            let cells = &populations[population.0];
            if !cells.cell.dynamics().takes_current() {
                return Err(refused_cells(table, cells, "cells that take a current, as those of kind \"lif\""));
            }
            let neurons = range(table, neurons.as_deref(), cells)?;
            (at_ms, InterventionKind::AddCurrent { population, neurons, by })
        }
        InterventionSpec::RaiseThreshold { at_ms, population, neurons, by_mv: by } => {
            let population = of(&population)?;
            let cells = &populations[population.0];
            if !matches!(cells.cell.dynamics().fires(), Some(Fires::Threshold(_))) {
                return Err(refused_cells(table, cells, "cells with a threshold"));
            }
            let neurons = range(table, neurons.as_deref(), cells)?;
            (at_ms, InterventionKind::RaiseThreshold { population, neurons, by })
        }
        InterventionSpec::AddBias { at_ms, population, neurons, by } => {
            let population = of(&population)?;
            let neurons = range(table, neurons.as_deref(), &populations[population.0])?;
            if populations[population.0].is_source() {
                return Err(table.refused(&["population"], "expected cells with a bias, found a source"));
            }
            check_bias(table, &populations[population.0], "change")?;
            (at_ms, InterventionKind::AddBias { population, neurons, by })
        }
    };
    if !is_between_slices(at_ms) {
        let why = format!("expected `at_ms` a multiple of {SLICE_MS} ms, between two slices of the run; found {at_ms}");
        return Err(table.refused(&["at_ms"], why));
    }
    Ok(Intervention { at_ms, kind })
}

/// Refuses cells without a bias.
fn check_bias(table: &Section<'_, '_>, population: &Population, what: &str) -> Result<(), ModelError> {
    if population.is_source() || population.bias.is_some() {
        return Ok(());
    }
    Err(refused_cells(table, population, &format!("cells with a bias to {what}")))
}

fn refused_cells(table: &Section<'_, '_>, population: &Population, expected: &str) -> ModelError {
    let why = format!("expected {expected}, found {:?} of kind {:?}", population.name, population.cell.kind());
    table.refused(&["population"], why)
}

fn find_projection(
    table: &Section<'_, '_>,
    projections: &[Projection],
    name: &str,
) -> Result<ProjectionId, ModelError> {
    let place = projections.iter().position(|known| known.name == name);
    let names = projections.iter().map(|known| known.name.as_str());
    place.map(ProjectionId).ok_or_else(|| ModelError::unknown_name(table.at("projection"), "projection", name, names))
}

/// The neurons A:B of a population.
fn range(
    table: &Section<'_, '_>,
    text: Option<&str>,
    population: &Population,
) -> Result<std::ops::Range<usize>, ModelError> {
    let Some(text) = text else { return Ok(0..population.size) };
    super::resolve_recording::neuron_range(text, population.size).ok_or_else(|| {
        let expected = format!("neurons A:B of the {} of {:?}", population.size, population.name);
        table.value(table.at("neurons"), "neurons", &expected, &format!("{text:?}"), None)
    })
}
