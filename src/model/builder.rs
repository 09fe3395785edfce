//! Models made in code.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use toml::Table;

use super::error::{ModelError, Origin};
use super::file::{self, written};
use super::text::ModelText;
use super::{
    BiasInit, CellKind, Decoding, InterventionSpec, Learning, Model, OnlinePlasticity, Population, PopulationStimulus,
    ProjectionSpec, Protocol, Registry, Scaling, Stimuli,
};
use crate::cells::Cell;
use crate::plasticity::RuleRegistry;

/// A model in the making. What is not given is as in a model file without a word of it; what is wrong is refused at the end.
///
/// ```
/// use apical::cells::{OutputNeuron, PoissonEncoder, Pyramidal};
/// use apical::model::{Model, ProjectionSpec};
///
/// let model = Model::builder("small")
///     .population("input", 4, PoissonEncoder::default())
///     .population("hidden", 6, Pyramidal { g_a: 0.05, ..Pyramidal::default() })
///     .population("output", 2, OutputNeuron::default())
///     .projection(ProjectionSpec { learning_rate: 0.6, ..ProjectionSpec::new("input", "hidden", "basal") })
///     .projection(ProjectionSpec { learning_rate: 0.05, ..ProjectionSpec::new("hidden", "output", "dendrite") })
///     .projection(ProjectionSpec::new("output", "hidden", "apical"))
///     .build()?;
/// assert_eq!(Model::parse(&model.text(), "small.toml", &[])?, model);
///
/// let unknown = Model::builder("small").population("input", 4, PoissonEncoder::default());
/// let refused = unknown.projection(ProjectionSpec::new("input", "hiden", "basal")).build().unwrap_err();
/// assert!(refused.to_string().contains("there is no population `hiden`"));
/// # Ok::<(), apical::model::ModelError>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct ModelBuilder {
    name: String,
    about: String,
    registry: Registry,
    populations: Vec<Population>,
    projections: Vec<ProjectionSpec>,
    scaling: Scaling,
    protocol: Protocol,
    learning: Learning,
    decoding: Decoding,
    stimuli: Stimuli,
    interventions: Vec<InterventionSpec>,
    record: Option<String>,
}

impl Model {
    /// Begins a model in code; output files are called after its name.
    pub fn builder(name: impl Into<String>) -> ModelBuilder {
        ModelBuilder {
            name: name.into(),
            about: String::new(),
            registry: Registry::default(),
            populations: Vec::new(),
            projections: Vec::new(),
            scaling: Scaling::default(),
            protocol: Protocol::default(),
            learning: Learning::default(),
            decoding: Decoding::default(),
            stimuli: Stimuli::default(),
            interventions: Vec::new(),
            record: None,
        }
    }
}

impl ModelBuilder {
    /// Says in a few words what it is.
    pub fn about(mut self, about: impl Into<String>) -> Self {
        self.about = about.into();
        self
    }

    /// Adds a population after the others, with the initial biases of a file without a word of them.
    pub fn population<C>(mut self, name: impl Into<String>, size: usize, cell: C) -> Self
    where
        C: Cell + Default + DeserializeOwned + JsonSchema + 'static,
    {
        self.registry = self.registry.with(CellKind::of::<C>());
        self.populations.push(Population {
            name: name.into(),
            size,
            cell: std::sync::Arc::new(cell),
            bias: None,
            stimulus: None,
        });
        self
    }

    /// Sets the initial biases of the population added last.
    pub fn bias(mut self, bias: BiasInit) -> Self {
        if let Some(population) = self.populations.last_mut() {
            population.bias = Some(bias);
        }
        self
    }

    /// Gives the source population added last a stimulus of its own.
    pub fn stimulus(mut self, stimulus: PopulationStimulus) -> Self {
        if let Some(population) = self.populations.last_mut() {
            population.stimulus = Some(stimulus);
        }
        self
    }

    /// Adds a projection.
    pub fn projection(mut self, projection: ProjectionSpec) -> Self {
        self.projections.push(projection);
        self
    }

    /// Takes the plasticity rules of a registry, for projections that name them.
    pub fn rules(mut self, rules: &RuleRegistry) -> Self {
        self.registry = self.registry.with_rules(rules);
        self
    }

    /// Makes a smaller network of it, with the input statistics of the full one.
    pub fn scaling(mut self, scaling: Scaling) -> Self {
        self.scaling = scaling;
        self
    }

    /// Sets how time is divided.
    pub fn protocol(mut self, protocol: impl Into<Protocol>) -> Self {
        self.protocol = protocol.into();
        self
    }

    /// Sets how weights change.
    pub fn learning(mut self, learning: Learning) -> Self {
        self.learning = learning;
        self
    }

    /// Sets how an answer is read.
    pub fn decoding(mut self, decoding: Decoding) -> Self {
        self.decoding = decoding;
        self
    }

    /// Sets what is shown.
    pub fn stimuli(mut self, stimuli: Stimuli) -> Self {
        self.stimuli = stimuli;
        self
    }

    /// Adds a change in the course of a continuous run.
    pub fn change(mut self, change: InterventionSpec) -> Self {
        self.interventions.push(change);
        self
    }

    /// Sets what is recorded, in the words of [`Model::record`].
    pub fn record(mut self, what: impl Into<String>) -> Self {
        self.record = Some(what.into());
        self
    }

    /// Makes the model.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn build(self) -> Result<Model, ModelError> {
        let unwritten = |error: toml::ser::Error| {
            let at = Origin::Argument(format!("the model {:?}", self.name).into());
            ModelError::refused(at, format!("expected parameters that TOML has a form for, found others: {error}"))
        };
        let text = self.table().and_then(|table| toml::to_string(&table)).map_err(unwritten)?;
        let own = self.projections.iter().filter_map(|projection| match &projection.plasticity {
            Some(OnlinePlasticity::Own(rule)) => Some(rule),
            _ => None,
        });
        let registry = own.fold(self.registry.clone(), Registry::with_own);
        let mut model = ModelText::values(text, &self.name).merged(&[], |section| file::check(&section, &registry))?;
        if let Some(what) = &self.record {
            model.record(what)?;
        }
        Ok(model)
    }

    fn table(&self) -> Result<Table, toml::ser::Error> {
        let Self { name, about, populations, projections, .. } = self;
        let populations = populations.iter().map(file::population_table).collect::<Result<Vec<_>, _>>()?;
        let projections = projections.iter().map(Table::try_from).collect::<Result<Vec<_>, _>>()?;
        let mut table = written::network(name, about, populations, projections)?;
        table.insert("scaling".to_owned(), toml::Value::try_from(&self.scaling)?);
        table.extend(written::sections(&self.protocol, &self.learning, self.decoding, &self.stimuli)?);
        written::put_changes(&mut table, &self.interventions)?;
        Ok(table)
    }
}
