//! Projections: synapses between populations, what they carry and how they start and learn.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Connection, Delay, Ends, Population, PopulationId, PortId, Storage, WeightInit};
use crate::numeric::Truncation;
use crate::plasticity::{Factors, Normalisation, OnlinePlasticity, ShortTermPlasticity};

/// The place of a projection in [`Model::projections`](super::Model::projections).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProjectionId(pub usize);

/// Density of synapses below which sparse rows take less time than dense ones, measured on 512 neurons.
const SPARSE_BELOW: f64 = 0.12;

/// The same of cells that take whole rows in vectors, measured on 500 neurons.
const SPARSE_BELOW_IN_VECTORS: f64 = 0.03;

/// Synapses from one population to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Projection {
    /// Unique name, `FROM-TO` unless given.
    pub name: String,
    /// Presynaptic population.
    pub from: PopulationId,
    /// Postsynaptic population.
    pub to: PopulationId,
    /// Port reached.
    pub port: PortId,
    /// Which neurons it connects.
    pub connection: Connection,
    /// From spike to arrival [ms].
    pub delay: Delay,
    /// Initial weights.
    pub weights: WeightInit,
    /// Sign that all weights have, initially and after every change.
    pub sign: Sign,
    /// Learning rate η; 0: the weights stay.
    pub learning_rate: f64,
    /// What it carries.
    pub carries: Carries,
    /// How synapses are stored; none: by their density.
    pub storage: Option<Storage>,
    /// Short-term facilitation and depression, if there are.
    pub short_term: Option<ShortTermPlasticity>,
    /// Plasticity between spikes, if its weights change in the course of a run.
    pub plasticity: Option<OnlinePlasticity>,
    /// The part of the delay that lies between the synapse and the soma, where weights change at spikes; 0: none.
    pub dendritic_share: f64,
    /// What keeps the sum of the weights onto each neuron, if something does.
    pub normalise: Option<Normalisation>,
    /// The plasticity rule at the end of presentations; none: that of the model if it learns.
    pub rule: Option<ProjectionRule>,
}

/// What a projection carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Carries {
    /// The spikes of its neurons, each a postsynaptic potential.
    #[default]
    Spikes,
    /// Their firing rates φ_max sigmoid(V) at every moment, without kernel and delay: A = Y φ. To apical dendrites that drive
    /// no soma.
    Rates,
}

/// The sign of the weights of a projection: initial values of another sign are refused or drawn again, and a weight that a
/// change takes beyond zero becomes zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Sign {
    /// Either.
    #[default]
    Any,
    /// Zero or more: excitatory synapses.
    NonNegative,
    /// Zero or less: inhibitory synapses.
    NonPositive,
}

impl Sign {
    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::NonNegative => "non-negative",
            Self::NonPositive => "non-positive",
        }
    }

    /// The weight itself, or zero if it has another sign.
    pub(crate) fn clipped(self, weight: f32) -> f32 {
        match self {
            Self::Any => weight,
            Self::NonNegative => weight.max(0.0),
            Self::NonPositive => weight.min(0.0),
        }
    }

    /// The weights that have it.
    pub(crate) fn range(self) -> Truncation {
        match self {
            Self::Any => Truncation::NONE,
            Self::NonNegative => Truncation { low: 0.0, ..Truncation::NONE },
            Self::NonPositive => Truncation { high: 0.0, ..Truncation::NONE },
        }
    }

    /// Whether a weight of this value has it; zero always does.
    pub fn allows(self, weight: f64) -> bool {
        match self {
            Self::Any => true,
            Self::NonNegative => weight >= 0.0,
            Self::NonPositive => weight <= 0.0,
        }
    }
}

/// The plasticity rule of one projection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProjectionRule {
    /// A rule of the [registry](crate::plasticity::RuleRegistry), by its name.
    Named(String),
    /// A rule of two expressions.
    Expression(Factors),
}

impl Projection {
    /// Its ends in a model's populations.
    pub fn ends(&self, populations: &[Population]) -> Ends {
        let size = |id: PopulationId| populations.get(id.0).map_or(0, |population| population.size);
        Ends { pre: size(self.from), post: size(self.to), recurrent: self.from == self.to }
    }

    /// How its synapses are stored: as the model says, else sparse where delays differ, where it learns and not all pairs of
    /// neurons are connected, and where fewer than 12 in 100 are, or 3 in 100 onto cells that advance in vectors.
    pub fn storage(&self, populations: &[Population]) -> Storage {
        let ends = self.ends(populations);
        let sparse = || {
            let pairs = ends.pre as f64 * ends.post as f64;
            let cell = populations.get(self.to.0).and_then(Population::linear);
            let in_vectors = cell.is_some_and(|cell| cell.is_plain_escape());
            let below = if in_vectors { SPARSE_BELOW_IN_VECTORS } else { SPARSE_BELOW };
            let few = |synapses: f64| synapses < below * pairs;
            self.learns_sparse() || self.connection.expected_synapses(ends).is_none_or(few)
        };
        match self.storage {
            Some(storage) => storage,
            None if self.delay.constant().is_none() || sparse() => Storage::Sparse,
            None => Storage::Dense,
        }
    }

    /// Whether its weights change, at the end of presentations or between spikes.
    pub fn learns(&self) -> bool {
        self.learning_rate > 0.0 || self.plasticity.is_some()
    }

    /// Whether it learns, but has no synapses of some pairs of neurons, which would learn in dense storage.
    fn learns_sparse(&self) -> bool {
        self.learns() && !self.connection.is_default()
    }

    /// Whether its storage is one in which only synapses that there are learn.
    pub fn can_learn(&self, populations: &[Population]) -> bool {
        self.connection.is_default() || self.storage(populations) == Storage::Sparse
    }

    /// Whether it has one synapse of each pair of neurons, in dense storage, whose effect is its weight: what rules of rates and
    /// transposes work on.
    pub fn is_plain(&self, populations: &[Population]) -> bool {
        self.connection.is_default() && self.short_term.is_none() && self.storage(populations) == Storage::Dense
    }

    /// N of the moment formula of its initial weights: as given, or else the number of synapses onto a postsynaptic neuron, and of
    /// those that reach the dendrite of plateaus that of a presynaptic one; of random connections the mean, rounded. 0 where its
    /// populations are not there, and of a list.
    pub fn fan_in(&self, populations: &[Population]) -> usize {
        if let WeightInit::Moments { fan_in: Some(fan_in), .. } = self.weights {
            return fan_in;
        }
        let to = populations.get(self.to.0);
        let Ends { pre, post, .. } = self.ends(populations);
        let (others, each) = if to.is_some_and(|to| to.is_plateau_port(self.port)) { (post, pre) } else { (pre, post) };
        if matches!(self.connection, Connection::AllToAll { .. }) {
            return others;
        }
        let synapses = self.connection.expected_synapses(self.ends(populations));
        synapses.map_or(0, |synapses| (synapses / each.max(1) as f64).round() as usize)
    }

    /// Presynaptic neurons in a row that start with the same weights: those of one class, where they are shared.
    pub fn shared(&self, populations: &[Population]) -> usize {
        let shares = matches!(self.weights, WeightInit::Moments { shared_in_class: true, .. });
        let clamp = populations.get(self.from.0).and_then(|from| from.linear()?.clamp).filter(|_| shares);
        clamp.map_or(1, |clamp| clamp.group)
    }
}

/// The projections by which activity goes from one population to another, or none unless there is just one path without a loop.
pub fn feedforward_path(projections: &[Projection], from: PopulationId, to: PopulationId) -> Option<Vec<ProjectionId>> {
    let path = shortest_path(projections, from, to, None)?;
    // Another path would leave out one of these projections.
    let only = path.iter().all(|&without| shortest_path(projections, from, to, Some(without)).is_none());
    only.then_some(path)
}

/// A path of the fewest projections, `without` one of them.
fn shortest_path(
    projections: &[Projection],
    from: PopulationId,
    to: PopulationId,
    without: Option<ProjectionId>,
) -> Option<Vec<ProjectionId>> {
    let mut reached = vec![(from, None)];
    let mut next = 0;
    while reached.get(next)?.0 != to {
        let here = reached[next].0;
        for (index, projection) in projections.iter().enumerate().filter(|(_, projection)| projection.from == here) {
            let known = reached.iter().any(|(population, _)| *population == projection.to);
            if !known && without != Some(ProjectionId(index)) {
                reached.push((projection.to, Some((next, ProjectionId(index)))));
            }
        }
        next += 1;
    }
    let mut path = Vec::new();
    while let Some((before, by)) = reached[next].1 {
        path.push(by);
        next = before;
    }
    path.reverse();
    Some(path)
}
