//! `[scaling]`: a smaller network in place of that of the file.

use super::population;
use crate::cells::ScaledInput;
use crate::model::error::ModelError;
use crate::model::registry::Registry;
use crate::model::text::Section;
use crate::model::{Model, Population, PopulationStimulus, Projection, Protocol, Scaling};

/// The tables that populations and projections were read from.
#[derive(Clone, Copy)]
pub(super) struct NetworkTables<'a, 't, 'i> {
    pub(super) populations: &'a [Section<'t, 'i>],
    pub(super) projections: &'a [Section<'t, 'i>],
}

/// Scales a network as `[scaling]` has it; whether anything changed.
pub(super) fn apply(
    section: &Section<'_, '_>,
    tables: NetworkTables<'_, '_, '_>,
    populations: &mut Vec<Population>,
    projections: &mut [Projection],
    protocol: &Protocol,
) -> Result<bool, ModelError> {
    let scaling: Scaling = section.read()?;
    for name in scaling.mean_rates_hz.keys() {
        population::find(populations, name, || section.at("mean_rates_hz"))?;
    }
    if scaling.is_full_size() {
        return Ok(false);
    }
    if protocol.continuous().is_none() {
        let why = "expected `factor` 1 but with the protocol \"continuous\": cells of networks that learn take no constant current";
        return Err(section.refused(&["factor"], why));
    }
    for (table, population) in tables.populations.iter().zip(&*populations).filter(|(_, full)| full.is_source()) {
        check_source(table, population)?;
    }
    let smaller = |population: &Population| Population { size: scaling.size(population.size), ..population.clone() };
    let mut less: Vec<_> = populations.iter().map(smaller).collect();
    let mut missing: Vec<Vec<f64>> = populations.iter().map(|full| vec![0.0; full.cell.ports().len()]).collect();
    for (table, projection) in tables.projections.iter().zip(projections) {
        let input = scale(table, projection, &scaling, [populations, &less])?;
        if input != 0.0 {
            let from = &populations[projection.from.0];
            let rate = rate(section, from, &scaling)?;
            missing[projection.to.0][projection.port.0] += rate * input;
        }
    }
    for ((table, population), missing) in tables.populations.iter().zip(&mut less).zip(&missing) {
        if population.is_source() {
            continue;
        }
        let input = ScaledInput { factor: scaling.factor, missing };
        population.cell = population.cell.scaled(input).ok_or_else(|| {
            let why = format!(
                "expected cells that take a constant current, such as \"lif\", where [scaling] makes up for input by one; found \
                 \"{}\": set `factor` of [scaling] to 1",
                population.cell.kind()
            );
            table.refused(&["kind"], why)
        })?;
    }
    *populations = less;
    Ok(true)
}

/// Scales a projection between populations of full and of smaller size; returns the sum of weights onto a neuron that is missing.
fn scale(
    table: &Section<'_, '_>,
    projection: &mut Projection,
    scaling: &Scaling,
    [full, less]: [&[Population]; 2],
) -> Result<f64, ModelError> {
    let unscaled = |key: &'static str, expected: &str| {
        table.refused(&[key], format!("expected {expected}, which [scaling] can change; found another kind"))
    };
    let Some(before) = projection.in_degree(full) else {
        return Err(unscaled("connection", "synapses that are drawn by a rule"));
    };
    let Some(mean) = projection.weights.drawn(projection.sign).map(|weights| weights.mean()) else {
        return Err(unscaled("weights", "`weights` from \"constant\", \"normal\", \"lognormal\" or \"uniform\""));
    };
    projection.connection = scaling.connection(&projection.connection).unwrap_or_default();
    let after = projection.in_degree(less).unwrap_or(0.0);
    if before <= 0.0 {
        return Ok(0.0);
    }
    if after <= 0.0 {
        let why = format!(
            "expected synapses to be left at the `factor` {} of [scaling], found none of the {before} onto a neuron",
            scaling.factor
        );
        return Err(table.refused(&["connection"], why));
    }
    let by = (before / after).sqrt();
    projection.weights = projection.weights.times(by).unwrap_or_default();
    if let Some(normalise) = &mut projection.normalise {
        normalise.sum *= after * by / before;
    }
    projection.plasticity = projection.plasticity.take().map(|plasticity| plasticity.times(by));
    Ok(mean * (before - after * by))
}

/// The mean rate of a neuron in the network of full size [1/ms].
fn rate(section: &Section<'_, '_>, population: &Population, scaling: &Scaling) -> Result<f64, ModelError> {
    let own = match population.stimulus {
        Some(PopulationStimulus::Constant { rate_hz }) => Some(rate_hz),
        _ => None,
    };
    let name = &population.name;
    let rate = scaling.mean_rates_hz.get(name).copied().or(own).ok_or_else(|| {
        let why = format!(
            "expected the mean rate of {name:?} in the network of full size, by which a constant current makes up for its input, as in \
             `mean_rates_hz = {{ {name} = 5 }}`; found none"
        );
        section.refused(&["mean_rates_hz", "factor"], why)
    })?;
    Ok(rate / 1000.0)
}

/// Refuses sources whose stimulus is one of so many neurons.
fn check_source(table: &Section<'_, '_>, population: &Population) -> Result<(), ModelError> {
    if matches!(population.stimulus, Some(PopulationStimulus::Constant { .. })) {
        return Ok(());
    }
    let why = "expected a `stimulus` of kind \"constant\" where [scaling] changes the number of neurons, found another or none";
    Err(table.refused(&["stimulus"], why))
}

/// Checks the smaller model as a whole.
pub(super) fn check(section: &Section<'_, '_>, model: &Model, registry: &Registry) -> Result<Model, ModelError> {
    registry.check(model).map_err(|error| {
        section.refused(
            &["factor"],
            format!("expected a `factor` that leaves a whole network, found what is refused: {error}"),
        )
    })
}
