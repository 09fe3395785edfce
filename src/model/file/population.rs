//! `[[population]]`: `name`, `size`, `kind`, `bias` of kinds that have one, and the parameters of the kind.

use serde::Serialize;

use super::experiment;
use crate::cells::{Cell, PlateauTimes};
use crate::model::error::{ModelError, Origin};
use crate::model::registry::Registry;
use crate::model::text::Section;
use crate::model::{BiasInit, Population, PopulationId, PopulationStimulus, Protocol, TwoPhaseProtocol};
use crate::units::tagged;
use crate::units::{Name, Whole};

/// Most classes that answers name.
const MOST_CLASSES: usize = 256;

/// Most populations of a model: far beyond any depth, and within what their checks of each other take.
const MOST_POPULATIONS: usize = 1000;

/// Names that mean something else in `[recording]` and `--record`.
pub(super) const RESERVED: [&str; 5] = ["all", "none", "spikes", "plateaus", "traces"];

/// Reads all populations, of which one encodes the stimuli.
pub(super) fn all(tables: &[Section<'_, '_>], registry: &Registry) -> Result<Vec<Population>, ModelError> {
    if let Some(table) = tables.get(MOST_POPULATIONS) {
        let why = format!("expected at most {MOST_POPULATIONS} [[population]] tables, found {}", tables.len());
        return Err(ModelError::refused(table.header(), why));
    }
    let populations = tables.iter().map(|table| population(table, registry)).collect::<Result<Vec<_>, _>>()?;
    Ok(populations)
}

/// Refuses two phases without a population that encodes the stimuli, and stimuli by time in them.
pub(super) fn check_sources(
    tables: &[Section<'_, '_>],
    populations: &[Population],
    protocol: &Protocol,
) -> Result<(), ModelError> {
    if protocol.two_phase().is_none() {
        return Ok(());
    }
    if !populations.iter().any(Population::is_source) {
        let why = "expected a population that encodes the stimuli, as of kind \"poisson\", found none";
        return Err(ModelError::refused(tables[0].header(), why));
    }
    let mut sources = tables.iter().zip(populations).filter(|(_, population)| population.is_source());
    if let Some((table, _)) = sources.next().filter(|(_, first)| first.stimulus.is_some()) {
        let why = "expected no `stimulus` of the first source, which is shown [stimuli], in the protocol \"two-phase\"";
        return Err(table.refused(&["stimulus"], why));
    }
    let by_time = |stimulus: &PopulationStimulus| {
        !matches!(stimulus, PopulationStimulus::Constant { .. } | PopulationStimulus::Rates { .. })
    };
    let mut others = tables.iter().zip(populations);
    let Some((table, _)) = others.find(|(_, population)| population.stimulus.as_ref().is_some_and(by_time)) else {
        return Ok(());
    };
    let why = "expected a `stimulus` of kind \"constant\" or \"rates\" in the protocol \"two-phase\", whose presentations have no \
               times on the run's clock; found one by time";
    Err(table.refused(&["stimulus"], why))
}

/// Refuses a stimulus that is not one of so many neurons, or of a file of another kind.
fn check_stimulus(table: &Section<'_, '_>, population: &Population) -> Result<(), ModelError> {
    let stimulus = population.stimulus.as_ref();
    if stimulus.is_some_and(|stimulus| stimulus.is_current() == population.is_source()) {
        let expected = if population.is_source() { "what a source fires" } else { "a current into cells" };
        let why = format!("expected a `stimulus` that is {expected}, found another kind");
        return Err(table.inner("stimulus")?.refused(&["kind"], why));
    }
    let extensions: &[&str] = match &population.stimulus {
        Some(PopulationStimulus::Rates { rates_hz }) if rates_hz.len() != population.size => {
            let (size, found) = (population.size, rates_hz.len());
            return Err(table
                .inner("stimulus")?
                .refused(&["rates_hz"], format!("expected {size} `rates_hz`, one per neuron, found {found}")));
        }
        Some(PopulationStimulus::Current { times_ms, currents_pa }) => {
            let ascend = times_ms.is_sorted_by(|a, b| a < b);
            if !ascend || times_ms.is_empty() || times_ms.len() != currents_pa.len() {
                let (times, currents) = (times_ms.len(), currents_pa.len());
                let why = format!(
                    "expected ascending `times_ms` and a current for each, found {times} times and {currents} currents"
                );
                return Err(table.inner("stimulus")?.refused(&["times_ms", "currents_pa"], why));
            }
            return Ok(());
        }
        Some(PopulationStimulus::RateTable { .. } | PopulationStimulus::CurrentTable { .. }) => &["csv"],
        Some(PopulationStimulus::Spikes { .. }) => &["csv", "npy"],
        _ => return Ok(()),
    };
    let path = population.stimulus.as_ref().and_then(PopulationStimulus::path);
    path.map_or(Ok(()), |path| experiment::check_extension(&table.inner("stimulus")?, path, extensions))
}

/// The population of this name.
pub(super) fn find(
    populations: &[Population],
    name: &str,
    at: impl FnOnce() -> Origin,
) -> Result<PopulationId, ModelError> {
    let place = populations.iter().position(|population| population.name == name);
    let names = populations.iter().map(|population| population.name.as_str());
    place.map(PopulationId).ok_or_else(|| ModelError::unknown_name(at(), "population", name, names))
}

/// Refuses plateaus that could come before their phase has settled.
pub(super) fn check_plateaus(
    tables: &[Section<'_, '_>],
    populations: &[Population],
    protocol: &Protocol,
) -> Result<(), ModelError> {
    let Some(&TwoPhaseProtocol { forward, target, settle, target_settle, .. }) = protocol.two_phase() else {
        return Ok(());
    };
    let shortest = (forward - settle).min(target - target_settle);
    for (table, population) in tables.iter().zip(populations) {
        let Some(plateau) = population.linear().and_then(|cell| cell.plateau) else { continue };
        let PlateauTimes { sd, longest } = plateau.times;
        if sd > 0.0 && longest >= shortest {
            let why = format!(
                "expected `plateau_longest_ms` below what is left of a phase after settling, {shortest} ms; found {longest}"
            );
            return Err(table.refused(&["plateau_longest_ms", "plateau_sd_ms"], why));
        }
    }
    Ok(())
}

fn population(table: &Section<'_, '_>, registry: &Registry) -> Result<Population, ModelError> {
    let name = table.key("name", Name::deserialize::<String, _>)?;
    let name = name.ok_or_else(|| table.missing("name", "the name of the population"))?;
    if RESERVED.contains(&name.as_str()) {
        let why = format!("expected a population name other than {}, found {name:?}", RESERVED.join(", "));
        return Err(ModelError::refused(table.at("name"), why));
    }
    let size = table.key("size", Whole::<1, 1_000_000>::deserialize::<usize, _>)?;
    let size = size.ok_or_else(|| table.missing_among("size", "a number of neurons", &["name", "kind", "bias"]))?;
    let kind = registry.kind_of(table)?;
    let cell = kind.read(table)?;
    let bias = if kind.has_bias() { Some(bias(table)?) } else { None };
    let stimulus =
        if kind.has_stimulus() && table.has("stimulus") { Some(table.inner("stimulus")?.read()?) } else { None };
    let population = Population { name, size, cell, bias, stimulus };
    check_stimulus(table, &population)?;
    check_cell(table, &population)?;
    Ok(population)
}

/// Refuses parameters that make no sense together.
fn check_cell(table: &Section<'_, '_>, population: &Population) -> Result<(), ModelError> {
    if let Err(conflict) = population.cell.check() {
        return Err(table.refused(&conflict.keys, conflict.why));
    }
    let Some(cell) = population.linear() else { return Ok(()) };
    cell.check(population.cell.compartments().len(), population.cell.ports().len())
        .map_err(|error| table.refused(&["kind"], error))?;
    let Some(group) = cell.clamp.map(|clamp| clamp.group) else { return Ok(()) };
    let size = population.size;
    if !size.is_multiple_of(group) {
        let why = format!("expected `size` to be a multiple of `group`, found {size} and {group}");
        return Err(table.refused(&["group", "size"], why));
    }
    if size / group > MOST_CLASSES {
        let why = format!(
            "expected at most {MOST_CLASSES} classes, for labels and answers are kept as bytes, found `size` / `group` = {}; set \
             `group` to {} or more, the neurons of a class",
            size / group,
            size.div_ceil(MOST_CLASSES)
        );
        return Err(table.refused(&["group", "size"], why));
    }
    Ok(())
}

fn bias(table: &Section<'_, '_>) -> Result<BiasInit, ModelError> {
    let section = table.inner("bias")?;
    refuse_file(&section, "uniform")?;
    section.read()
}

/// Refuses keys of a file where values are drawn, or transposed, for want of a `from` that names the kind of file.
pub(super) fn refuse_file(section: &Section<'_, '_>, default: &str) -> Result<(), ModelError> {
    let from = section.text("from").unwrap_or(default);
    let Some(key) = ["path", "snapshot"].into_iter().find(|key| section.has(key)) else { return Ok(()) };
    if ["run", "npy"].contains(&from) {
        return Ok(());
    }
    let why = format!("`{key}` is of a file, and needs `from` \"npy\" or \"run\" beside it; found `from` {from:?}");
    Err(section.refused(&[key], why))
}

/// A population as files have it, but for the parameters of its kind.
#[derive(Serialize)]
struct PopulationKeys<'a> {
    name: &'a str,
    size: usize,
    kind: &'a str,
}

#[derive(Serialize)]
struct StimulusKeys<'a> {
    #[serde(serialize_with = "tagged::by_kind")]
    stimulus: &'a PopulationStimulus,
}

#[derive(Serialize)]
struct BiasKeys<'a> {
    #[serde(serialize_with = "tagged::by_from")]
    bias: &'a BiasInit,
}

/// Writes a population.
pub(in crate::model) fn written(population: &Population) -> Result<toml::Table, toml::ser::Error> {
    let Population { name, size, cell, bias, stimulus } = population;
    let mut keys = toml::Table::try_from(PopulationKeys { name, size: *size, kind: cell.kind() })?;
    let cell: &dyn Cell = cell.as_ref();
    keys.extend(toml::Table::try_from(cell)?);
    if let Some(bias) = bias {
        keys.extend(toml::Table::try_from(BiasKeys { bias })?);
    }
    if let Some(stimulus) = stimulus {
        keys.extend(toml::Table::try_from(StimulusKeys { stimulus })?);
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::cells::{OutputNeuron, PoissonEncoder, Pyramidal};
    use crate::model::text::ModelText;

    fn read(text: &str) -> Result<Vec<Population>, ModelError> {
        let text = format!("name = 'm'\n{text}");
        ModelText::text(&text, "m").merged(&[], |file| all(&file.tables("population")?, &Registry::default()))
    }

    const INPUT: &str = "[[population]]\nname = 'in'\nsize = 2\nkind = 'poisson'\n";
    const OUTPUT: &str = "[[population]]\nname = 'out'\nsize = 4\nkind = 'output'\n";

    #[test]
    fn without_a_word_they_are_the_papers() {
        let hidden = "[[population]]\nname = 'hidden'\nsize = 3\nkind = 'pyramidal'\n";
        let populations = read(&[INPUT, hidden, OUTPUT].concat()).unwrap();
        let bias = BiasInit::Uniform { mean: 0.8, sd: 0.001 };
        let cells: [(Arc<dyn Cell>, _); 3] = [
            (Arc::new(PoissonEncoder::default()), None),
            (Arc::new(Pyramidal::default()), Some(bias.clone())),
            (Arc::new(OutputNeuron::default()), Some(bias)),
        ];
        for (population, (cell, bias)) in populations.iter().zip(cells) {
            assert_eq!(population.cell.dynamics(), cell.dynamics());
            assert_eq!(population.bias, bias);
        }
    }

    #[test]
    fn points_without_a_closed_form_are_refused_and_their_neighbours_are_not() {
        for (keys, refused) in [
            ("tau_l_ms = 3", true),
            ("tau_l_ms = 3.0000001", true),
            ("tau_l_ms = 3.001", false),
            ("tau_l_ms = 1.42857142857", true),
            ("tau_s_ms = 1.42857142857", true),
            ("tau_s_ms = 1.43", false),
            ("g_l_per_ms = 0.1\ng_d_per_ms = 3.0", true),
            ("g_d_per_ms = 2.9", false),
            ("tau_s_ms = 0.588235294117", true),
            ("tau_s_ms = 0.588235294117\nteaching = { g_per_ms = 0.5 }", false),
        ] {
            assert_eq!(read(&[INPUT, OUTPUT, keys].concat()).is_err(), refused, "{keys}");
        }
    }

    #[test]
    fn a_file_without_its_kind_is_refused_with_what_is_missing() {
        let message = read(&[INPUT, OUTPUT, "bias = { path = 'b.npy' }"].concat()).unwrap_err().to_string();
        assert!(message.ends_with("needs `from` \"npy\" or \"run\" beside it; found `from` \"uniform\""), "{message}");
        assert!(read(&[INPUT, OUTPUT, "bias = { from = 'npy', path = '' }"].concat()).is_err());
        assert!(read(&[INPUT, OUTPUT, "bias = { from = 'npy', path = 'b', mean = 1 }"].concat()).is_err());
        assert!(read(&[INPUT, OUTPUT, "bias = { from = 'npy', path = 'b' }"].concat()).is_ok());
    }
}
