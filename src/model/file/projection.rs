//! `[[projection]]`: `from`, `to`, `compartment`, `name` FROM-TO, `delay_ms` (0 forward, 1 backward; below every phase),
//! `learning_rate` 0, `sign` "any" ("non-negative" or "non-positive"), `rule` "two-phase" (see [`rule`]), `carries` "spikes"
//! ("rates": to apical compartments), `weights`.

use super::{initial, population, rule};
use crate::model::error::ModelError;
use crate::model::expected::one_of;
use crate::model::merge;
use crate::model::reader::Reader;
use crate::model::tree::Table;
use crate::model::{
    Carries, MAX_AFFERENTS, Population, PopulationId, PortId, Projection, Sign, TwoPhaseProtocol, WeightInit,
    feedforward_path,
};

/// Longest delay [ms]; a spike in flight is kept until it arrives.
const LONGEST_DELAY: f64 = 100_000.0;

/// Shortest delay of a backward projection [ms]: a phase is simulated in windows as long as it.
const SHORTEST_BACKWARD_DELAY: f64 = 0.01;

/// Refuses a delay with which nothing would arrive in the phase in which it was fired: a test shows one phase, and what is on
/// its way at its end is lost.
pub(super) fn check_delays(
    tables: &[&Table],
    projections: &[Projection],
    protocol: &TwoPhaseProtocol,
) -> Result<(), ModelError> {
    let phases = [("forward_ms", protocol.forward), ("target_ms", protocol.target), ("test_ms", protocol.test)];
    let [first, rest @ ..] = phases;
    let (key, shortest) = rest.into_iter().fold(first, |a, b| if b.1 < a.1 { b } else { a });
    let mut delayed = tables.iter().zip(projections);
    let Some((table, projection)) = delayed.find(|(_, projection)| projection.delay >= shortest) else { return Ok(()) };
    let keys = Reader::new(table, format!("[[projection]] {:?}", projection.name));
    let why = format!(
        "{}: expected `delay_ms` below the shortest phase, `{key}` of {shortest} ms in [protocol], or no spike arrives in the \
         phase in which it was fired; found {} ms: shorten the delay or lengthen the phase",
        keys.name(),
        projection.delay
    );
    Err(ModelError::refused(keys.at("delay_ms"), why))
}

/// Reads all projections, which must drive every population but the encoder.
pub(super) fn all(
    tables: &[&Table],
    populations: &[Population],
    rules: &[&str],
) -> Result<Vec<Projection>, ModelError> {
    let most = MAX_AFFERENTS * populations.len();
    if let Some(table) = tables.get(most) {
        let why = format!(
            "expected at most {most} [[projection]] tables, {MAX_AFFERENTS} to a population, found {}",
            tables.len()
        );
        return Err(ModelError::refused(&table.at, why));
    }
    let projections =
        tables.iter().map(|table| projection(table, populations, rules)).collect::<Result<Vec<_>, ModelError>>()?;
    for (place, population) in populations.iter().enumerate() {
        let drives = |p: &Projection| p.to.0 == place && p.from < p.to && !population.is_plateau_port(p.port);
        if let Some(driven) = population.linear().and_then(|cell| cell.bias)
            && !projections.iter().any(drives)
        {
            let dendrite = population.cell.ports()[driven].name;
            let why = format!(
                "expected a projection from an earlier population to the {dendrite} compartment of {:?}, found none",
                population.name
            );
            return Err(ModelError::refused(&tables[0].at, why));
        }
        for (table, p) in tables.iter().zip(&projections).filter(|(_, p)| p.to.0 == place) {
            let mirror = p.rule.as_ref().is_some_and(|rule| rule.name() == "mirror");
            let follows = matches!(p.weights, WeightInit::Transpose { .. }) || mirror;
            if follows && feedforward_path(&projections, p.to, p.from).is_none() {
                let why = format!(
                    "expected one feedforward path from {:?} to {:?}, for feedback to follow; found none or several",
                    population.name, populations[p.from.0].name
                );
                return Err(ModelError::refused(&table.at, why));
            }
        }
        for (table, p) in tables.iter().zip(&projections).filter(|(_, p)| p.to.0 == place) {
            rule::check_signals(table, p, populations, &projections)?;
        }
        let mut afferents = tables.iter().zip(&projections).filter(|(_, p)| p.to.0 == place);
        if let Some((table, _)) = afferents.nth(MAX_AFFERENTS) {
            let why = format!("expected at most {MAX_AFFERENTS} projections to {:?}, found one more", population.name);
            return Err(ModelError::refused(&table.at, why));
        }
    }
    Ok(projections)
}

fn projection(table: &Table, populations: &[Population], rules: &[&str]) -> Result<Projection, ModelError> {
    let title = merge::name("projection", table).map_or_else(String::new, |name| format!(" {name:?}"));
    let mut keys = Reader::new(table, format!("[[projection]]{title}"));
    let (from, from_name) = end(&mut keys, "from", populations)?;
    let (to, to_name) = end(&mut keys, "to", populations)?;
    let name = keys.identifier("name", "_-")?.map_or_else(|| format!("{from_name}-{to_name}"), str::to_owned);
    let target = &populations[to.0];
    let port = port(&mut keys, target)?;
    let fan_in = if target.is_plateau_port(port) { target.size } else { populations[from.0].size };
    let group = populations[from.0].linear().and_then(|cell| cell.clamp).map_or(1, |clamp| clamp.group);
    let projection = Projection {
        name,
        from,
        to,
        port,
        delay: delay(&mut keys, from < to)?,
        learning_rate: keys.number("learning_rate", 0.0..=1000.0)?.unwrap_or(0.0),
        carries: carries(&mut keys, port, target)?,
        rule: rule::read(&mut keys, target.is_plateau_port(port), rules)?,
        weights: initial::weights(&mut keys, fan_in, group)?,
        sign: sign(&mut keys)?,
    };
    check_learning(&keys, &projection, target)?;
    initial::check_sign(&keys, projection.sign, &projection.weights)?;
    keys.finish()?;
    Ok(projection)
}

fn end<'a>(
    keys: &mut Reader<'a>,
    key: &'static str,
    populations: &[Population],
) -> Result<(PopulationId, &'a str), ModelError> {
    let name = keys.text(key)?.ok_or_else(|| keys.missing(key, "the name of a population"))?;
    Ok((population::find(populations, name, keys.at(key))?, name))
}

fn port(keys: &mut Reader<'_>, to: &Population) -> Result<PortId, ModelError> {
    let there: Vec<_> = to.cell.ports().iter().map(|port| port.name).collect();
    if there.is_empty() {
        let why = format!("{}: expected a population that takes input, found {:?}, an encoder", keys.name(), to.name);
        return Err(ModelError::refused(keys.at("to"), why));
    }
    let expected = one_of(&there);
    let known: Vec<_> = ["basal", "apical", "dendrite"].into_iter().chain(there).map(|name| (name, name)).collect();
    let name = keys.word("compartment", &known)?.ok_or_else(|| keys.missing("compartment", &expected))?;
    to.port(name).ok_or_else(|| {
        let why = format!("{}: expected a compartment of {:?} ({expected}), found \"{name}\"", keys.name(), to.name);
        ModelError::refused(keys.at("compartment"), why)
    })
}

/// A forward projection may be immediate; a backward one may not, or a spike could cause itself.
fn delay(keys: &mut Reader<'_>, forward: bool) -> Result<f64, ModelError> {
    let delay = keys.number("delay_ms", 0.0..=LONGEST_DELAY)?.unwrap_or(if forward { 0.0 } else { 1.0 });
    if forward || delay >= SHORTEST_BACKWARD_DELAY {
        return Ok(delay);
    }
    let why = format!(
        "{} goes backward: expected `delay_ms` of at least {SHORTEST_BACKWARD_DELAY}, found {delay}",
        keys.name()
    );
    Err(ModelError::refused(keys.at("delay_ms"), why))
}

/// Rates are known as means over a phase alone, which is all that plateaus need, but not somata.
fn carries(keys: &mut Reader<'_>, port: PortId, to: &Population) -> Result<Carries, ModelError> {
    let carries = keys.word("carries", &[("spikes", Carries::Spikes), ("rates", Carries::Rates)])?;
    if carries != Some(Carries::Rates) {
        return Ok(Carries::Spikes);
    }
    let why = match to.linear().filter(|cell| cell.is_plateau_port(port.0)) {
        Some(cell) => {
            let sd = cell.plateau.map_or(0.0, |plateau| plateau.times.sd);
            if cell.ports[port.0].conductance == 0.0 && sd == 0.0 {
                return Ok(Carries::Rates);
            }
            "expected `g_a_per_ms` and `plateau_sd_ms` 0 where feedback carries rates, for only their means are known"
        }
        None => "expected `carries = \"rates\"` on feedback to an apical compartment alone",
    };
    Err(ModelError::refused(keys.at("carries"), format!("{}: {why}", keys.name())))
}

fn sign(keys: &mut Reader<'_>) -> Result<Sign, ModelError> {
    let words = [Sign::Any, Sign::NonNegative, Sign::NonPositive].map(|sign| (sign.name(), sign));
    Ok(keys.word("sign", &words)?.unwrap_or_default())
}

/// Feedback learns by a rule of its own, or is the transpose of feedforward weights.
fn check_learning(keys: &Reader<'_>, projection: &Projection, to: &Population) -> Result<(), ModelError> {
    let (rate, apical) = (projection.learning_rate, to.is_plateau_port(projection.port));
    let transpose = matches!(projection.weights, WeightInit::Transpose { .. });
    let (key, why) = if transpose && (!apical || projection.from <= projection.to) {
        (
            "weights",
            "expected `from = \"transpose\"` on feedback to an apical compartment, found it elsewhere".to_owned(),
        )
    } else if transpose && rate != 0.0 {
        ("learning_rate", format!("expected `learning_rate` 0, for a transpose follows other weights; found {rate}"))
    } else if apical && rate != 0.0 && projection.rule.is_none() {
        let why = "expected `learning_rate` 0 on an apical compartment, or a `rule` to learn by";
        ("learning_rate", format!("{why}; found {rate}"))
    } else {
        return Ok(());
    };
    Err(ModelError::refused(keys.at(key), format!("{}: {why}", keys.name())))
}
