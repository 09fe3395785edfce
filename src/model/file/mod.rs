//! The model as a file has it, checked once and turned into the model as true; and written from it.
//!
//! | table | read by |
//! |---|---|
//! | (top) | `name`, `about`, `base`: here |
//! | `[[population]]` | [`population`]: `name`, `size`, `kind`, `bias` or `stimulus` and the parameters of that kind of cell |
//! | `[[projection]]` | [`projection`] |
//! | `[protocol]`, `[learning]`, `[decoding]`, `[stimuli]` | their structs; what their keys must be together is in [`experiment`] |
//! | `[scaling]` | [`scaling`] |
//! | `[[change]]` | [`intervention`] |
//! | `[recording]` | [`recording`] |

mod choice;
mod connection;
mod experiment;
mod intervention;
mod plasticity;
mod population;
mod projection;
mod reading;
mod record_option;
mod recording;
mod recording_keys;
pub(super) mod reference;
mod resolve_recording;
mod rule;
mod scaling;
mod weights;
pub(super) mod written;

use serde::Deserialize;

use super::error::ModelError;
use super::projection::ProjectionId;
use super::registry::Registry;
use super::text::Section;
use super::{BiasInit, HiddenError, ImageStimuli, Model, PopulationId, Rule, Sign, Stimuli, feedforward_path};
use crate::units::FileName;

pub use intervention::InterventionSpec;
pub(super) use population::written as population_table;
pub use projection::ProjectionSpec;
use scaling::NetworkTables;

/// The tables and keys of a model file.
const KEYS: [&str; 11] = [
    "name",
    "about",
    "population",
    "projection",
    "scaling",
    "protocol",
    "learning",
    "decoding",
    "stimuli",
    "change",
    "recording",
];

/// From the merged tree to the model.
pub(super) fn check(file: &Section<'_, '_>, registry: &Registry) -> Result<Model, ModelError> {
    let name = file.key("name", FileName::deserialize::<String, _>)?;
    let name = name.ok_or_else(|| file.missing("name", "the name of the experiment"))?;
    let about = file.key("about", String::deserialize)?.unwrap_or_default();
    let tables = file.tables("population")?;
    let mut populations = population::all(&tables, registry)?;
    let projection_tables = if file.has("projection") { file.tables("projection")? } else { Vec::new() };
    let mut projections = projection::all(&projection_tables, &populations, registry)?;
    let protocol = experiment::protocol(&file.section("protocol")?)?;
    population::check_sources(&tables, &populations, &protocol)?;
    if protocol.continuous().is_some() {
        experiment::check_continuous(file, &projections)?;
    }
    let scaling = file.section("scaling")?;
    let network = NetworkTables { populations: &tables, projections: &projection_tables };
    let is_scaled = scaling::apply(&scaling, network, &mut populations, &mut projections, &protocol)?;
    let learning = experiment::learning(&file.section("learning")?)?;
    population::check_plateaus(&tables, &populations, &protocol)?;
    projection::check_delays(&projection_tables, &projections, &protocol)?;
    plasticity::check_protocol(&projection_tables, &projections, &protocol)?;
    let decoding = experiment::decoding(&file.section("decoding")?)?;
    let stimuli = experiment::stimuli(&file.section("stimuli")?, &populations)?;
    let interventions = intervention::all(file, &populations, &projections, &protocol)?;
    let section = file.section("recording")?;
    let recording = recording::read(&section, &populations, &protocol)?;
    file.refuse_others(&KEYS)?;
    let model = Model {
        name,
        about,
        populations,
        projections,
        protocol,
        learning,
        decoding,
        stimuli,
        interventions,
        recording,
    };
    check_rule(&model, file)?;
    check_initial(&model, &tables, &projection_tables)?;
    check_hidden_error(&model, file)?;
    written::text(&model)?;
    if is_scaled { scaling::check(&scaling, &model, registry) } else { Ok(model) }
}

/// Refuses errors handed down to hidden neurons from which no path over basal dendrites leads up, or several do.
fn check_hidden_error(model: &Model, file: &Section<'_, '_>) -> Result<(), ModelError> {
    if model.learning.hidden_error != HiddenError::Backprop {
        return Ok(());
    }
    let Some((output, _)) = model.decoded() else {
        let why = "`hidden_error` \"backprop\" in [learning]: expected a population that is decoded, found none";
        return Err(ModelError::refused(file.at("learning"), why));
    };
    let apical = |id: &ProjectionId| {
        let projection = model.projection(*id);
        model.population(projection.to).is_plateau_port(projection.port)
    };
    let path = |below: usize| feedforward_path(&model.projections, PopulationId(below), output);
    let lost = |&below: &usize| path(below).is_none_or(|path| path.iter().any(apical));
    let mut hidden = model.hidden_populations();
    let Some(below) = hidden.find(lost) else { return Ok(()) };
    let why = format!(
        "`hidden_error` \"backprop\" in [learning]: expected one feedforward path from {:?} to {:?}, and none over an apical \
         compartment, for errors to be handed down; found another number or kind",
        model.populations[below].name, model.populations[output.0].name
    );
    Err(ModelError::refused(file.at("learning"), why))
}

/// Refuses a rule of rates in a model that it cannot learn from.
fn check_rule(model: &Model, file: &Section<'_, '_>) -> Result<(), ModelError> {
    let Rule::OfRates(rule) = model.learning.rule else { return Ok(()) };
    let signed = model.projections.iter().find(|projection| projection.sign != Sign::Any);
    let why = match (model.unfit_for_rules_of_rates(), signed) {
        (Some(why), _) => why.to_owned(),
        (None, Some(p)) => {
            format!("expected no `sign` of a projection, which this rule does not keep; found that of {:?}", p.name)
        }
        (None, None) if matches!(model.stimuli, Stimuli::Idx(ImageStimuli { deformation: Some(_), .. })) => {
            "expected no `deformation` in [stimuli]: this rule is shown images as they are".to_owned()
        }
        (None, None) if matches!(&model.stimuli, Stimuli::Idx(images) if images.shift > 0 && images.shift_share > 0.0) => {
            "expected `shift_pixels` 0 in [stimuli]: this rule is shown images as they are".to_owned()
        }
        (None, None) => return Ok(()),
    };
    Err(ModelError::refused(file.at("learning"), format!("`rule` \"{rule}\" in [learning]: {why}")))
}

/// Refuses initial values that a rule of rates would leave aside: files of projections that it has weights of its own for, and
/// keys that say how to draw values, which it draws by its own. Those of a base are for other rules, and left aside.
fn check_initial(
    model: &Model,
    populations: &[Section<'_, '_>],
    projections: &[Section<'_, '_>],
) -> Result<(), ModelError> {
    let (Rule::OfRates(rule), Some(layers)) = (model.learning.rule, model.layers()) else { return Ok(()) };
    let biases =
        model.populations.iter().zip(populations).map(|(population, table)| {
            (table, "bias", population.bias.as_ref().is_some_and(BiasInit::is_stored), true)
        });
    let weights = model.projections.iter().zip(projections).enumerate().map(|(index, (projection, table))| {
        (table, "weights", projection.weights.is_stored(), layers.contains(&ProjectionId(index)))
    });
    for (table, key, stored, forward) in biases.chain(weights) {
        let (at, why) = match (stored, forward, table.inner(key)?.chosen()) {
            (true, false, _) => {
                let why = format!("expected no file of `{key}` here, for its feedback is the rule's own");
                (table.at_key(key), why)
            }
            (false, _, Some(chosen)) if table.has(key) => (
                chosen,
                format!("expected `from` \"npy\" or \"run\" in `{key}` or none, for it draws values by its own"),
            ),
            _ => continue,
        };
        return Err(ModelError::refused(at, format!("`rule` \"{rule}\" in [learning]: {why}")));
    }
    Ok(())
}
