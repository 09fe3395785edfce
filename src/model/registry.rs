//! Kinds of cell, and of plasticity rule, by the names that model files give them. A registry is a value: a program adds kinds of its
//! own to it, and reads its models and resumes its checkpoints with it.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;

use super::error::{ModelError, nearest, one_of};
use super::text::Section;
use super::{BiasInit, Population};
use crate::cells::{
    Cell, CellDescription, Compartments, DescribedCell, Dynamics, Lif, OutputNeuron, PoissonEncoder, Pyramidal,
};
use crate::plasticity::{OwnOnlineRule, RuleRegistry};

/// Keys of every population, before those of its kind.
const HEAD: &[&str] = &["name", "size", "kind"];

/// Reads the parameters of a cell from a population's table, of which these keys come after its own.
type ReadCell = fn(&Section<'_, '_>, &'static [&'static str]) -> Result<Arc<dyn Cell>, ModelError>;

/// How the parameters of a cell are read.
#[derive(Clone, Debug)]
enum Reading {
    /// As the keys of its type.
    Keys(ReadCell),
    /// As they stand, of a cell that a run file describes.
    AsTheyStand(Box<CellDescription>),
}

/// A kind of cell, as model files know it.
#[derive(Clone, Debug)]
pub struct CellKind {
    name: String,
    has_bias: bool,
    has_stimulus: bool,
    default: Arc<dyn Cell>,
    read: Reading,
    schema: fn(&mut SchemaGenerator) -> Schema,
}

impl CellKind {
    /// The kind of a type of cell: its parameters are the keys of a population of this kind, by serde, and its documentation
    /// is theirs, by schemars.
    pub fn of<C: Cell + Default + DeserializeOwned + JsonSchema + 'static>() -> Self {
        let default = C::default();
        let dynamics = default.dynamics();
        Self {
            name: default.kind().to_owned(),
            has_bias: has_bias(&dynamics),
            has_stimulus: has_stimulus(&dynamics),
            default: Arc::new(C::default()),
            read: Reading::Keys(|section, after| Ok(Arc::new(section.read_between::<C>(HEAD, after)?))),
            schema: SchemaGenerator::subschema_for::<C>,
        }
    }

    /// A population of it with all its defaults, without name and size.
    fn population(&self) -> Population {
        let bias = self.has_bias.then(BiasInit::default);
        Population { name: String::new(), size: 0, cell: Arc::clone(&self.default), bias, stimulus: None }
    }

    /// Its name in model files.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether its cells have initial biases.
    pub(super) fn has_bias(&self) -> bool {
        self.has_bias
    }

    /// Whether its populations may have a stimulus of their own: rates or spikes of sources, currents into cells.
    pub(super) fn has_stimulus(&self) -> bool {
        self.has_stimulus
    }

    /// The schema of its parameters.
    pub(super) fn schema(&self, generator: &mut SchemaGenerator) -> Schema {
        (self.schema)(generator)
    }

    /// Reads the parameters of a population of this kind.
    pub(super) fn read(&self, section: &Section<'_, '_>) -> Result<Arc<dyn Cell>, ModelError> {
        let after: &[_] = match (self.has_bias, self.has_stimulus) {
            (true, _) => &["bias"],
            (false, true) => &["stimulus"],
            (false, false) => &[],
        };
        match &self.read {
            Reading::Keys(read) => read(section, after),
            Reading::AsTheyStand(description) => {
                let keys = section.read_between::<BTreeMap<String, serde_json::Value>>(HEAD, after)?;
                Ok(Arc::new(DescribedCell::new(CellDescription::clone(description), keys)))
            }
        }
    }

    /// The kind of cells that a file describes.
    fn described(description: &CellDescription) -> Self {
        let cell = DescribedCell::new(description.clone(), BTreeMap::new());
        let dynamics = cell.dynamics();
        Self {
            name: description.kind.clone(),
            has_bias: has_bias(&dynamics),
            has_stimulus: has_stimulus(&dynamics),
            default: Arc::new(cell),
            read: Reading::AsTheyStand(Box::new(description.clone())),
            schema: |_| Schema::default(),
        }
    }
}

/// Whether cells have initial biases.
fn has_bias(dynamics: &Dynamics) -> bool {
    dynamics.linear().is_some_and(|cell| cell.bias.is_some())
}

/// Whether populations may have a stimulus of their own: what sources fire, or currents into cells.
fn has_stimulus(dynamics: &Dynamics) -> bool {
    matches!(dynamics, Dynamics::Source(_)) || dynamics.takes_current()
}

/// The kinds of cell, and the names of plasticity rules, that models may have.
#[derive(Clone, Debug)]
pub struct Registry {
    kinds: Vec<CellKind>,
    rules: RuleRegistry,
    /// Populations of kinds that are not here, by name, with the descriptions of their cells in a file.
    described: Vec<(String, CellDescription)>,
}

impl Default for Registry {
    /// The kinds and rules of this library.
    fn default() -> Self {
        let kinds = vec![
            CellKind::of::<PoissonEncoder>(),
            CellKind::of::<Pyramidal>(),
            CellKind::of::<OutputNeuron>(),
            CellKind::of::<Lif>(),
            CellKind::of::<Compartments>(),
        ];
        Self { kinds, rules: RuleRegistry::default(), described: Vec::new() }
    }
}

impl Registry {
    /// Adds a kind of cell; one that is there under its name is replaced.
    #[must_use]
    pub fn with(mut self, kind: CellKind) -> Self {
        self.kinds.retain(|other| other.name != kind.name);
        self.kinds.push(kind);
        self
    }

    /// Reads models whose populations are of other kinds, too, by the descriptions of a file, [populations]: to look at what was
    /// recorded, not to simulate.
    #[must_use]
    pub fn with_descriptions(mut self, described: Vec<(String, CellDescription)>) -> Self {
        self.described = described;
        self
    }

    /// Takes the plasticity rules of a registry of those.
    #[must_use]
    pub fn with_rules(mut self, rules: &RuleRegistry) -> Self {
        self.rules = rules.clone();
        self
    }

    /// Names of the plasticity rules of projections.
    pub fn rules(&self) -> Vec<&str> {
        self.rules.names().collect()
    }

    /// Whether it knows a plasticity rule, or reads models of any to look at what was recorded.
    pub(super) fn takes_rule(&self, name: &str) -> bool {
        self.is_to_look() || self.rules.names().any(|rule| rule == name)
    }

    /// Whether it reads models to look at what was recorded.
    pub(super) fn is_to_look(&self) -> bool {
        !self.described.is_empty()
    }

    /// Its plasticity rules.
    pub(super) fn rule_registry(&self) -> &RuleRegistry {
        &self.rules
    }

    /// Takes a rule between spikes that the program brings.
    pub(super) fn with_own(mut self, rule: &OwnOnlineRule) -> Self {
        self.rules = self.rules.with_own(rule);
        self
    }

    /// A population of a kind with all its defaults, without name and size; none of a kind that is not here.
    pub(super) fn default_population(&self, kind: &str) -> Option<Population> {
        self.kinds.iter().find(|known| known.name == kind).map(CellKind::population)
    }

    /// The kinds of cell, in the order they were added.
    pub fn kinds(&self) -> &[CellKind] {
        &self.kinds
    }

    /// The kind that a population names.
    pub(super) fn kind_of(&self, section: &Section<'_, '_>) -> Result<CellKind, ModelError> {
        let names: Vec<_> = self.kinds.iter().map(CellKind::name).collect();
        let Some(found) = section.found("kind") else {
            return Err(section.missing_among("kind", &one_of(&names), &["name", "size", "bias"]));
        };
        let word = found.trim_matches('"');
        let known = self.kinds.iter().find(|kind| kind.name == word && found.starts_with('"')).cloned();
        let name = section.text("name");
        let described = || self.described.iter().find(|(of, cell)| Some(of.as_str()) == name && cell.kind == word);
        known.or_else(|| described().map(|(_, cell)| CellKind::described(cell))).ok_or_else(|| {
            let suggestion = nearest(word, names.iter().copied());
            section.value(section.at("kind"), "kind", &one_of(&names), &found, suggestion)
        })
    }
}
