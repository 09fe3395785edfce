//! What `plasticity` of a projection must be together with its other keys.

use crate::cells::{Dynamics, Fires};
use crate::model::error::{ModelError, nearest};
use crate::model::text::Section;
use crate::model::{
    Carries, Normalisation, OnlinePlasticity, Population, Projection, Protocol, Registry, Sign, WeightInit,
};
use crate::plasticity::{OnlineRule, PostEvents};
use crate::protocol::SLICE_MS;

/// Refuses plasticity between spikes of synapses whose weights cannot change there, and bounds that cannot hold.
pub(super) fn check(
    table: &Section<'_, '_>,
    projection: &Projection,
    target: &Population,
    registry: &Registry,
) -> Result<(), ModelError> {
    let Some(plasticity) = &projection.plasticity else { return check_without(table, projection) };
    check_normalisation(table, projection)?;
    if target.is_source() || !target.takes_delays_of_synapses() || projection.carries != Carries::Spikes {
        let why = format!(
            "expected no `plasticity` between spikes of synapses onto {:?}: those onto cells of kind \"lif\" and \
             \"compartments\" take it, where spikes are carried; found cells of kind \"{}\"",
            target.name,
            target.cell.kind()
        );
        return Err(table.refused(&["plasticity"], why));
    }
    check_terms(table, plasticity)?;
    if let Some((key, why)) = plasticity.conflict() {
        return Err(table.inner("plasticity")?.refused(&[key], why));
    }
    let missing = match plasticity.rule() {
        Ok(rule) => missing_events(&*rule, plasticity, projection, target),
        Err(_) if registry.is_to_look() => None,
        Err(error) => return Err(unknown_rule(&table.inner("plasticity")?, &error.to_string(), registry)),
    };
    if let Some(why) = missing {
        return Err(table.refused(&["plasticity"], why));
    }
    let bounds = plasticity.bounds();
    let (key, fits) = match projection.sign {
        Sign::Any => ("w_min", true),
        Sign::NonNegative => ("w_min", bounds.w_min >= 0.0),
        Sign::NonPositive => ("w_max", bounds.w_max <= 0.0),
    };
    if !fits {
        let why = format!(
            "expected bounds of the sign of the projection, \"{}\"; found `w_min` {} and `w_max` {}",
            projection.sign.name(),
            bounds.w_min,
            bounds.w_max
        );
        return Err(table.inner("plasticity")?.refused(&[key], why));
    }
    match projection.weights {
        WeightInit::Constant { value } if !(bounds.w_min..=bounds.w_max).contains(&value) => {
            let why = format!(
                "expected initial weights between `w_min` and `w_max` of `plasticity`, {} and {}; found {value}",
                bounds.w_min, bounds.w_max
            );
            Err(table.refused(&["weights"], why))
        }
        _ => Ok(()),
    }
}

/// Refuses options of plasticity where there is none.
fn check_without(table: &Section<'_, '_>, projection: &Projection) -> Result<(), ModelError> {
    if projection.normalise.is_some() {
        return Err(table.refused(&["normalise"], "expected `plasticity` where weights are normalised, found none"));
    }
    if projection.dendritic_share != 0.0 {
        let why = "expected `plasticity` where delays have a `dendritic_delay_share`, found none: without it, it changes nothing";
        return Err(table.refused(&["dendritic_delay_share"], why));
    }
    Ok(())
}

/// Refuses sums of no sign or another than that of the weights, and times at which no slice begins.
fn check_normalisation(table: &Section<'_, '_>, projection: &Projection) -> Result<(), ModelError> {
    let Some(Normalisation { sum, every }) = projection.normalise else { return Ok(()) };
    let (key, why) = if sum == 0.0 || !projection.sign.allows(sum) {
        let sign = projection.sign.name();
        ("sum", format!("expected a `sum` other than 0, of the sign of the projection, {sign:?}; found {sum}"))
    } else if every % SLICE_MS != 0.0 {
        ("every_ms", format!("expected a multiple of {SLICE_MS}, at which weights are settled; found {every}"))
    } else {
        return Ok(());
    };
    Err(table.inner("normalise")?.refused(&[key], why))
}

/// Refuses terms that are no expressions, with the character.
fn check_terms(table: &Section<'_, '_>, plasticity: &OnlinePlasticity) -> Result<(), ModelError> {
    let OnlinePlasticity::Expression(rule) = plasticity else { return Ok(()) };
    let Some((key, error)) = rule.wrong_term() else { return Ok(()) };
    let table = table.inner("plasticity")?;
    let why = format!("`{key}` in {}: {error}", table.title());
    Err(ModelError::refused(table.at_character(key, error.offset), why))
}

/// The refusal of a rule of the program's own that is not there, or cannot be made.
fn unknown_rule(table: &Section<'_, '_>, why: &str, registry: &Registry) -> ModelError {
    let names: Vec<_> = registry.rule_registry().online_names().collect();
    let name = table.text("rule").unwrap_or_default();
    if names.contains(&name) {
        return table.refused(&["rule"], why);
    }
    let known = match names.as_slice() {
        [] => "this program brings none of its own: a rule without Rust is one of `kind` \"expression\"".to_owned(),
        names => format!("those of this program are {}", names.join(", ")),
    };
    let like =
        nearest(name, names.iter().copied()).map_or_else(String::new, |like| format!("; did you mean `{like}`?"));
    table.refused(&["rule"], format!("expected a rule between spikes, found {name:?}; {known}{like}"))
}

/// What the cells of a projection lack that its rule acts at, if they do.
fn missing_events(
    rule: &dyn OnlineRule,
    plasticity: &OnlinePlasticity,
    projection: &Projection,
    target: &Population,
) -> Option<String> {
    let (kind, name, dynamics) = (plasticity.kind(), &target.name, target.cell.dynamics());
    let cell = match &dynamics {
        Dynamics::Compartmental(cell) => Some(cell),
        Dynamics::Source(_) | Dynamics::Linear(_) => None,
    };
    match rule.acts_at() {
        PostEvents::Spikes => None,
        PostEvents::Bursts => match cell.and_then(|cell| cell.burst_window) {
            None => Some(format!(
                "expected cells of kind \"compartments\" with `burst` where `plasticity` is of kind \"{kind}\"; {name:?} marks no bursts"
            )),
            Some(window) => plasticity.averaging_ms().filter(|&tau| tau < window).map(|tau| {
                format!("expected `tau_avg_ms` of `plasticity` to be at least `window_ms` of the bursts of {name:?}, {window}; found {tau}")
            }),
        },
        PostEvents::Candidates => {
            let Some(cell) = cell.filter(|cell| matches!(cell.spike.fires, Fires::Escape(_))) else {
                return Some(format!(
                    "expected cells of kind \"compartments\" with an `escape` rate where `plasticity` is of kind \"{kind}\"; {name:?} fires at no \
                     such rate"
                ));
            };
            if let Some(name) = rule.reads() {
                return missing_compartment(name, kind, target, cell.spike.compartment);
            }
            let dendrite = cell.ports[projection.port.0].compartment;
            cell.attenuation(dendrite).is_none().then(|| {
                format!(
                    "expected a port of a dendrite that is coupled with the compartment that fires where `plasticity` is of kind \"{kind}\"; \
                     that of {:?} is in {:?}",
                    projection.name,
                    target.cell.compartments()[dendrite].name
                )
            })
        }
    }
}

/// What is wrong with the compartment that a rule reads, of cells that fire by the potential of another, if anything is.
fn missing_compartment(name: &str, kind: &str, target: &Population, fires: usize) -> Option<String> {
    let compartments = target.cell.compartments();
    let place = compartments.iter().position(|compartment| compartment.name == name);
    place.is_none_or(|place| place == fires).then(|| {
        let others = compartments.iter().enumerate().filter(|(place, _)| *place != fires);
        let known: Vec<_> = others.map(|(_, compartment)| format!("{:?}", compartment.name)).collect();
        format!(
            "expected a compartment of {:?} other than the one that fires, {}, as that which `plasticity` of kind \"{kind}\" reads; found {name:?}",
            target.name,
            if known.is_empty() { "of which there are none".to_owned() } else { known.join(" or ") }
        )
    })
}

/// Refuses plasticity between spikes where a run is one of presentations.
pub(super) fn check_protocol(
    tables: &[Section<'_, '_>],
    projections: &[Projection],
    protocol: &Protocol,
) -> Result<(), ModelError> {
    if protocol.continuous().is_some() {
        return Ok(());
    }
    match tables.iter().zip(projections).find(|(_, projection)| projection.plasticity.is_some()) {
        None => Ok(()),
        Some((table, _)) => {
            let why = "expected no `plasticity` between spikes in the protocol \"two-phase\", whose rules act at the end of \
                       presentations; found it: name a `rule`, or set `kind` of [protocol] to \"continuous\"";
            Err(table.refused(&["plasticity"], why))
        }
    }
}
