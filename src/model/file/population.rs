//! `[[population]]`: `name`, `size`, `kind`, and by kind
//!
//! | kind | keys |
//! |---|---|
//! | all | `phi_max_hz` 200 |
//! | `pyramidal`, `output` | `tau_l_ms` 10, `tau_s_ms` 3, `g_l_per_ms` 0.1, `bias` |
//! | `pyramidal` | `g_b_per_ms` 0.6, `g_a_per_ms` 0, `plateau_sd_ms` 0, `plateau_longest_ms` 5 |
//! | `output` | `g_d_per_ms` 0.6, `group` 1 (256 groups at most), `teaching` with `g_per_ms` 1, `e_exc` 8, `e_inh` −8 |

use std::sync::Arc;

use super::initial::{LARGEST_POTENTIAL, bias};
use crate::cells::{Cell, LARGEST_GAMMA, OutputNeuron, PlateauTimes, PoissonEncoder, Psp, Pyramidal, TOO_CLOSE};
use crate::model::error::{ModelError, Origin};
use crate::model::expected::above;
use crate::model::reader::Reader;
use crate::model::tree::Table;
use crate::model::{Population, PopulationId, TwoPhaseProtocol};

/// Longest time of a plateau before the end of its phase [ms].
const LONGEST_LEAD: f64 = 100_000.0;

/// Most classes that answers name.
const MOST_CLASSES: u64 = 256;

/// Most populations of a model: far beyond any depth, and within what their checks of each other take.
const MOST_POPULATIONS: usize = 1000;

/// Names that mean something else in `[recording]` and `--record`.
pub(super) const RESERVED: [&str; 5] = ["all", "none", "spikes", "plateaus", "traces"];

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Poisson,
    Pyramidal,
    Output,
}

/// Reads all populations: an encoder, any number of pyramidal ones, an output population.
pub(super) fn all(tables: &[&Table]) -> Result<Vec<Population>, ModelError> {
    if let Some(table) = tables.get(MOST_POPULATIONS) {
        let why = format!("expected at most {MOST_POPULATIONS} [[population]] tables, found {}", tables.len());
        return Err(ModelError::refused(&table.at, why));
    }
    let last = tables.len() - 1;
    tables.iter().enumerate().map(|(place, table)| population(table, place == 0, place == last)).collect()
}

/// The population of this name.
pub(super) fn find(populations: &[Population], name: &str, at: &Origin) -> Result<PopulationId, ModelError> {
    let place = populations.iter().position(|population| population.name == name);
    let names = populations.iter().map(|population| population.name.as_str());
    place.map(PopulationId).ok_or_else(|| ModelError::unknown_name(at, "population", name, names))
}

/// Refuses plateaus that could come before their phase has settled.
pub(super) fn check_plateaus(
    tables: &[&Table],
    populations: &[Population],
    protocol: &TwoPhaseProtocol,
) -> Result<(), ModelError> {
    let TwoPhaseProtocol { forward, target, settle, target_settle, .. } = *protocol;
    let shortest = (forward - settle).min(target - target_settle);
    for (table, population) in tables.iter().zip(populations) {
        let Some(plateau) = population.linear().and_then(|cell| cell.plateau) else { continue };
        let PlateauTimes { sd, longest } = plateau.times;
        if sd > 0.0 && longest >= shortest {
            let keys = Reader::new(table, format!("[[population]] {:?}", population.name));
            let why = format!(
                "{}: expected `plateau_longest_ms` below what is left of a phase after settling, {shortest} ms; found {longest}",
                keys.name()
            );
            return Err(ModelError::refused(keys.at_any(&["plateau_longest_ms", "plateau_sd_ms"]), why));
        }
    }
    Ok(())
}

fn population(table: &Table, first: bool, last: bool) -> Result<Population, ModelError> {
    let title = table.text("name").map_or_else(String::new, |name| format!(" {name:?}"));
    let mut keys = Reader::new(table, format!("[[population]]{title}"));
    let name = keys.identifier("name", "_-")?.ok_or_else(|| keys.missing("name", "the name of the population"))?;
    if RESERVED.contains(&name) {
        let why = format!("expected a population name other than {}, found {name:?}", RESERVED.join(", "));
        return Err(ModelError::refused(keys.at("name"), why));
    }
    let size = keys.integer("size", 1..=1_000_000)?.ok_or_else(|| keys.missing("size", "a number of neurons"))?;
    let (cell, bias): (Arc<dyn Cell>, _) = match kind(&mut keys, first, last)? {
        Kind::Poisson => (Arc::new(PoissonEncoder { phi_max: phi_max(&mut keys)? }), None),
        Kind::Pyramidal => (Arc::new(pyramidal(&mut keys)?), Some(bias(&mut keys)?)),
        Kind::Output => (Arc::new(output(&mut keys, size)?), Some(bias(&mut keys)?)),
    };
    keys.finish()?;
    Ok(Population { name: name.to_owned(), size: size as usize, cell, bias })
}

fn kind(keys: &mut Reader<'_>, first: bool, last: bool) -> Result<Kind, ModelError> {
    let words = [("poisson", Kind::Poisson), ("pyramidal", Kind::Pyramidal), ("output", Kind::Output)];
    let expected = "\"poisson\", \"pyramidal\" or \"output\"";
    let kind = keys.word("kind", &words)?.ok_or_else(|| keys.missing("kind", expected))?;
    let why = match kind {
        _ if first && last => "expected at least two [[population]] tables, found one",
        Kind::Poisson if !first => "expected only the first population to be \"poisson\", found another",
        Kind::Output if !last => "expected only the last population to be \"output\", found one before it",
        Kind::Pyramidal | Kind::Output if first => {
            "expected the first population to be \"poisson\", found another kind"
        }
        Kind::Poisson | Kind::Pyramidal if last => "expected the last population to be \"output\", found another kind",
        _ => return Ok(kind),
    };
    Err(ModelError::refused(keys.at("kind"), format!("{}: {why}", keys.name())))
}

/// Hz in the file, 1/ms inside: the only place where rates of neurons are converted.
fn phi_max(keys: &mut Reader<'_>) -> Result<f64, ModelError> {
    Ok(keys.number("phi_max_hz", above(0.0, 10_000.0))?.unwrap_or(200.0) / 1000.0)
}

fn pyramidal(keys: &mut Reader<'_>) -> Result<Pyramidal, ModelError> {
    let cell = Pyramidal {
        phi_max: phi_max(keys)?,
        psp: psp(keys)?,
        g_l: conductance(keys, "g_l_per_ms", 0.1)?,
        g_b: conductance(keys, "g_b_per_ms", 0.6)?,
        g_a: keys.number("g_a_per_ms", 0.0..=LARGEST_GAMMA)?.unwrap_or(0.0),
        plateau_times: PlateauTimes {
            sd: keys.number("plateau_sd_ms", 0.0..=LONGEST_LEAD)?.unwrap_or(0.0),
            longest: keys.number("plateau_longest_ms", above(0.0, LONGEST_LEAD))?.unwrap_or(5.0),
        },
    };
    check_gamma(keys, cell.g_l + cell.g_b + cell.g_a, cell.psp, &["g_l_per_ms", "g_b_per_ms", "g_a_per_ms"])?;
    Ok(cell)
}

fn output(keys: &mut Reader<'_>, size: u64) -> Result<OutputNeuron, ModelError> {
    let (phi_max, psp) = (phi_max(keys)?, psp(keys)?);
    let (g_l, g_d) = (conductance(keys, "g_l_per_ms", 0.1)?, conductance(keys, "g_d_per_ms", 0.6)?);
    let mut teaching = keys.inner("teaching")?;
    let volts = -LARGEST_POTENTIAL..=LARGEST_POTENTIAL;
    let g_teach = teaching.number("g_per_ms", 0.0..=LARGEST_GAMMA)?.unwrap_or(1.0);
    let e_exc = teaching.number("e_exc", volts.clone())?.unwrap_or(8.0);
    let e_inh = teaching.number("e_inh", volts)?.unwrap_or(-8.0);
    teaching.finish()?;
    check_gamma(keys, g_l + g_d, psp, &["g_l_per_ms", "g_d_per_ms"])?;
    check_gamma(keys, g_l + g_d + g_teach, psp, &["g_l_per_ms", "g_d_per_ms", "teaching"])?;
    let group = keys.integer("group", 1..=1_000_000)?.unwrap_or(1);
    if !size.is_multiple_of(group) {
        let why = format!("{}: expected `size` to be a multiple of `group`, found {size} and {group}", keys.name());
        return Err(ModelError::refused(keys.at_any(&["group", "size"]), why));
    }
    if size / group > MOST_CLASSES {
        let why = format!(
            "{}: expected at most {MOST_CLASSES} classes, for labels and answers are kept as bytes, found `size` / `group` = {}; \
             set `group` to {} or more, the neurons of a class",
            keys.name(),
            size / group,
            size.div_ceil(MOST_CLASSES)
        );
        return Err(ModelError::refused(keys.at_any(&["group", "size"]), why));
    }
    Ok(OutputNeuron { psp, g_l, g_d, phi_max, group: group as usize, g_teach, e_exc, e_inh })
}

fn conductance(keys: &mut Reader<'_>, key: &'static str, default: f64) -> Result<f64, ModelError> {
    Ok(keys.number(key, above(0.0, LARGEST_GAMMA))?.unwrap_or(default))
}

fn psp(keys: &mut Reader<'_>) -> Result<Psp, ModelError> {
    let tau_l = keys.number("tau_l_ms", 0.25..=1000.0)?.unwrap_or(10.0);
    let tau_s = keys.number("tau_s_ms", 0.25..=1000.0)?.unwrap_or(3.0);
    if (tau_l / tau_s - 1.0).abs() <= TOO_CLOSE {
        let why = format!(
            "{}: expected `tau_s_ms` to differ from `tau_l_ms` by more than a millionth, for the kernel divides by their \
             difference; found {tau_s} and {tau_l}",
            keys.name()
        );
        return Err(ModelError::refused(keys.at_any(&["tau_s_ms", "tau_l_ms"]), why));
    }
    Ok(Psp { tau_l, tau_s })
}

/// Refuses a total conductance γ that is too large, or so near 1/τ that the soma's response is 0/0.
fn check_gamma(keys: &Reader<'_>, gamma: f64, psp: Psp, parts: &[&str]) -> Result<(), ModelError> {
    let sum = parts.iter().map(|part| format!("`{part}`")).collect::<Vec<_>>().join(" + ");
    if gamma > LARGEST_GAMMA {
        let why = format!("{}: expected {sum} to be at most {LARGEST_GAMMA} /ms, found {gamma}", keys.name());
        return Err(ModelError::refused(keys.at_any(parts), why));
    }
    for (key, tau) in [("tau_l_ms", psp.tau_l), ("tau_s_ms", psp.tau_s)] {
        if (gamma * tau - 1.0).abs() <= TOO_CLOSE {
            let why = format!(
                "{}: expected {sum} to differ from 1/`{key}` by more than a millionth, for the soma's response divides by \
                 their difference; found {gamma} /ms and {tau} ms",
                keys.name()
            );
            let parts: Vec<_> = parts.iter().copied().chain([key]).collect();
            return Err(ModelError::refused(keys.at_any(&parts), why));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{BiasInit, tree};

    fn read(text: &str) -> Result<Vec<Population>, ModelError> {
        let tree = tree::document(text, "m").unwrap();
        all(&Reader::new(&tree, "m").tables("population")?)
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
}
