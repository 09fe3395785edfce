//! The model file as written, checked once and turned into the model as true.
//!
//! | table | keys |
//! |---|---|
//! | (top) | `name`, `about`, `base` |
//! | `[[population]]` | `name`, `size`, `kind` and what that kind has: see [`population`] |
//! | `[[projection]]` | `from`, `to`, `compartment`, `name`, `delay_ms`, `learning_rate`, `weights`: see [`projection`] |
//! | `[protocol]`, `[learning]`, `[decoding]` | see [`experiment`] |
//! | `[stimuli]` | see [`stimuli`] |
//! | `[recording]` | see [`recording`] |

mod experiment;
mod initial;
mod population;
mod projection;
mod record;
mod recording;
mod rule;
mod stimuli;

use std::path::Path;

use crate::plasticity::RuleRegistry;

use super::error::{ModelError, Origin};
use super::reader::Reader;
use super::tree::{Entry, Node, Table, Value};
use super::{
    BiasInit, HiddenError, Model, PopulationId, ProjectionId, ProjectionRule, Rule, Sign, feedforward_path, merge,
    overrides, source, write,
};

impl Model {
    /// Reads a model file, lays it over its base and the overrides over both, and checks the whole.
    ///
    /// An override is `key.path=value`, with populations and projections addressed by name
    /// (`population.hidden.size=100`). The value is TOML, or else a string as it stands. Paths in a file are relative to
    /// its folder, paths in overrides to the current one. Where there is no such file, a shipped model of that name is
    /// meant, with or without folder and `.toml`.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place.
    pub fn load(path: &Path, overrides: &[String]) -> Result<Self, ModelError> {
        Self::load_with(path, overrides, &RuleRegistry::default())
    }

    /// As [`Model::load`], with the plasticity rules of this registry.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place.
    pub fn load_with(path: &Path, overrides: &[String], rules: &RuleRegistry) -> Result<Self, ModelError> {
        Self::build(source::load(path)?, overrides, rules)
    }

    /// As [`Model::load`], from a text, whose paths are relative to the current folder and whose base can only be a
    /// shipped model; `origin` is its name in messages. The [`Model::text`] of a model gives that model.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place.
    pub fn parse(text: &str, origin: &str, overrides: &[String]) -> Result<Self, ModelError> {
        Self::parse_with(text, origin, overrides, &RuleRegistry::default())
    }

    /// As [`Model::parse`], with the plasticity rules of this registry.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place.
    pub fn parse_with(
        text: &str,
        origin: &str,
        overrides: &[String],
        rules: &RuleRegistry,
    ) -> Result<Self, ModelError> {
        Self::build(source::parse(text, origin)?, overrides, rules)
    }

    /// Changes what is recorded: `all`, `none`, or a list with commas of population names (their spikes),
    /// `POP.COMPARTMENT` (that trace), `spikes`, `plateaus`, `traces` (of all populations), and `a:b` (presentations a to
    /// b − 1; without it, all). It replaces spikes, plateaus, traces and presentations of the model file; a range alone
    /// replaces the presentations only.
    ///
    /// # Errors
    /// A word that is none of these, with the one nearest to it. The model is then as it was.
    pub fn record(&mut self, what: &str) -> Result<(), ModelError> {
        let mut model = source::parse(&self.text, &self.name)?;
        merge::merge(&mut model, record::overlay(self, what)?);
        let own = self.projections.iter().filter_map(|projection| projection.rule.as_ref());
        let rules = RuleRegistry::default();
        let known: Vec<&str> = rules.names().chain(own.map(ProjectionRule::name)).collect();
        *self = check(&model, &known)?;
        Ok(())
    }

    fn build(mut tree: Table, overrides: &[String], rules: &RuleRegistry) -> Result<Self, ModelError> {
        overrides::apply(&mut tree, overrides)?;
        check(&tree, &rules.names().collect::<Vec<_>>())
    }
}

/// From the merged tree to the model, with the names of plasticity rules.
fn check(tree: &Table, rules: &[&str]) -> Result<Model, ModelError> {
    let mut keys = Reader::new(tree, "the model file");
    let name = keys.identifier("name", "._-")?.ok_or_else(|| keys.missing("name", "the name of the experiment"))?;
    keys.text("about")?;
    let tables = keys.tables("population")?;
    let populations = population::all(&tables)?;
    let projection_tables = keys.tables("projection")?;
    let projections = projection::all(&projection_tables, &populations, rules)?;
    let (protocol, learning) = (experiment::protocol(&mut keys)?, experiment::learning(&mut keys)?);
    population::check_plateaus(&tables, &populations, &protocol)?;
    projection::check_delays(&projection_tables, &projections, &protocol)?;
    let decoding = experiment::decoding(&mut keys)?;
    let stimuli = stimuli::read(keys.section("stimuli")?, &populations)?;
    let recording = recording::read(keys.section("recording")?, &populations, &protocol)?;
    let at = keys.at("learning").clone();
    keys.finish()?;
    let (name, text) = (name.to_owned(), write::model(tree));
    let model = Model { name, populations, projections, protocol, learning, decoding, stimuli, recording, text };
    check_rule(&model, &at)?;
    check_initial(&model, tree)?;
    check_hidden_error(&model, &at)?;
    Ok(model)
}

/// Refuses errors handed down to hidden neurons from which no path over basal dendrites leads up, or several do.
fn check_hidden_error(model: &Model, at: &Origin) -> Result<(), ModelError> {
    if model.learning.hidden_error != HiddenError::Backprop {
        return Ok(());
    }
    let output = PopulationId(model.populations.len() - 1);
    let apical = |id: &ProjectionId| {
        let projection = model.projection(*id);
        model.population(projection.to).is_plateau_port(projection.port)
    };
    let path = |below: usize| feedforward_path(&model.projections, PopulationId(below), output);
    let lost = |&below: &usize| path(below).is_none_or(|path| path.iter().any(apical));
    let Some(below) = (1..output.0).find(lost) else { return Ok(()) };
    let why = format!(
        "`hidden_error` \"backprop\" in [learning]: expected one feedforward path from {:?} to {:?}, and none over an apical \
         compartment, for errors to be handed down; found another number or kind",
        model.populations[below].name, model.populations[output.0].name
    );
    Err(ModelError::refused(at, why))
}

/// Refuses a rule of rates in a model that it cannot learn from.
fn check_rule(model: &Model, at: &Origin) -> Result<(), ModelError> {
    let Rule::OfRates(rule) = model.learning.rule else { return Ok(()) };
    let signed = model.projections.iter().find(|projection| projection.sign != Sign::Any);
    let why = match (model.unfit_for_rules_of_rates(), signed) {
        (Some(why), _) => why.to_owned(),
        (None, Some(p)) => {
            format!("expected no `sign` of a projection, which this rule does not keep; found that of {:?}", p.name)
        }
        (None, None) => return Ok(()),
    };
    Err(ModelError::refused(at, format!("`rule` \"{rule}\" in [learning]: {why}")))
}

/// Refuses initial values that a rule of rates would leave aside: files of projections that it has weights of its own for, and
/// keys from the command line that say how to draw values, which it draws by its own.
fn check_initial(model: &Model, tree: &Table) -> Result<(), ModelError> {
    let (Rule::OfRates(rule), Some(layers)) = (model.learning.rule, model.layers()) else { return Ok(()) };
    let stored: Vec<bool> = model.projections.iter().map(|projection| projection.weights.is_stored()).collect();
    let biases =
        model.populations.iter().map(|population| population.bias.as_ref().is_some_and(BiasInit::is_stored)).collect();
    for (list, key, stored) in [("population", "bias", biases), ("projection", "weights", stored)] {
        let tables = tree.get(list).and_then(|entry| entry.node.value.tables()).into_iter().flatten();
        for (index, (table, stored)) in tables.zip(stored).enumerate() {
            let Some(Entry { at, node: Node { value: Value::Table(given), .. }, .. }) = table.get(key) else {
                continue;
            };
            let forward = list == "population" || layers.contains(&ProjectionId(index));
            let set = given.entries.iter().find(|entry| matches!(entry.at, Origin::Argument(_)));
            let (at, why) = match (stored, forward, set) {
                (true, false, _) => {
                    (at, format!("expected no file of `{key}` here, for its feedback is the rule's own"))
                }
                (false, _, Some(set)) => {
                    (&set.at, format!("expected `from` \"npy\" or \"run\" in `{key}`, for it draws values by its own"))
                }
                _ => continue,
            };
            return Err(ModelError::refused(at, format!("`rule` \"{rule}\" in [learning]: {why}")));
        }
    }
    Ok(())
}
