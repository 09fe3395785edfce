//! What `plasticity` of a projection must be together with its other keys.

use crate::cells::{Dynamics, Fires};
use crate::model::error::ModelError;
use crate::model::text::Section;
use crate::model::{Carries, OnlinePlasticity, Population, Projection, Protocol, Sign, WeightInit};
use crate::plasticity::PostEvents;

/// Refuses plasticity between spikes of synapses whose weights cannot change there, and bounds that cannot hold.
pub(super) fn check(table: &Section<'_, '_>, projection: &Projection, target: &Population) -> Result<(), ModelError> {
    let Some(plasticity) = &projection.plasticity else { return Ok(()) };
    if target.is_source() || !target.takes_delays_of_synapses() || projection.carries != Carries::Spikes {
        let why = format!(
            "expected no `plasticity` between spikes of synapses onto {:?}: those onto cells of kind \"lif\" and \
             \"compartments\" take it, where spikes are carried; found cells of kind \"{}\"",
            target.name,
            target.cell.kind()
        );
        return Err(table.refused(&["plasticity"], why));
    }
    if let Some(why) = missing_events(plasticity, projection, target) {
        return Err(table.refused(&["plasticity"], why));
    }
    if let Some((key, why)) = plasticity.conflict() {
        return Err(table.inner("plasticity")?.refused(&[key], why));
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

/// What the cells of a projection lack that its rule acts at, if they do.
fn missing_events(plasticity: &OnlinePlasticity, projection: &Projection, target: &Population) -> Option<String> {
    let (kind, name, dynamics) = (plasticity.kind(), &target.name, target.cell.dynamics());
    let cell = match &dynamics {
        Dynamics::Compartmental(cell) => Some(cell),
        Dynamics::Source(_) | Dynamics::Linear(_) => None,
    };
    match plasticity.rule().acts_at() {
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
