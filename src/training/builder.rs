//! Builds trainers: a model with its network or checkpoint, and the rules by which projections learn.

use std::sync::Arc;

use super::batch::LaneOfBatch;
use super::credit::CreditMonitor;
use super::rules::{OwnRule, Rules};
use super::trainer::Trainer;
use super::{NetworkDynamics, TrainerError};
use crate::engine::{Circuit, Precision};
use crate::model::{CreditRecording, Model, Rule};
use crate::network::{DerivedProjections, Network};
use crate::numeric::PresentationKey;
use crate::plasticity::{BoundaryRule, DerivedWeights, RuleRegistry};
use crate::protocol::TARGET;
use crate::record::Checkpoint;

/// What a trainer is built from. Every projection learns by the rule that the model names for it, unless it is given another.
///
/// ```
/// use apical::model::Model;
/// use apical::plasticity::{Inverse, RateCurve};
/// use apical::training::{Trainer, initial_network};
///
/// let keys = ["projection.output-hidden.learning_rate=0.1", "projection.output-hidden.rule=inverse"];
/// let model = Model::load("g17-784-500-10".as_ref(), &keys.map(str::to_owned))?;
/// let builder = Trainer::builder(&model, initial_network(&model, 1)?).seed(1);
/// let trainer = builder.rule("output-hidden", Inverse { phi_max: 0.1, curve: RateCurve::default() }).build()?;
/// # let _ = trainer;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a builder does nothing until `build`"]
pub struct TrainerBuilder<'a> {
    model: &'a Model,
    start: InitialState,
    precision: Precision,
    dynamics: NetworkDynamics,
    registry: RuleRegistry,
    rules: Vec<(String, Box<dyn BoundaryRule>)>,
    derived: Vec<DerivedFrom>,
}

/// Where a run starts.
enum InitialState {
    New { network: Network, seed: u64 },
    Checkpoint(Box<Checkpoint>),
}

/// Weights that the program derives from others, by the names of projections.
struct DerivedFrom {
    projection: String,
    sources: Vec<String>,
    weights: Arc<dyn DerivedWeights>,
}

impl<'a> TrainerBuilder<'a> {
    pub(super) fn new(model: &'a Model, network: Network) -> Self {
        Self::from(model, InitialState::New { network, seed: 1 })
    }

    pub(super) fn resuming(model: &'a Model, checkpoint: Checkpoint) -> Self {
        Self::from(model, InitialState::Checkpoint(Box::new(checkpoint)))
    }

    fn from(model: &'a Model, start: InitialState) -> Self {
        Self {
            model,
            start,
            precision: Precision::Single,
            dynamics: NetworkDynamics::Spiking,
            registry: RuleRegistry::default(),
            rules: Vec::new(),
            derived: Vec::new(),
        }
    }

    /// The seed of all that is random, 1 unless given. A run that is resumed keeps its own.
    pub fn seed(mut self, value: u64) -> Self {
        if let InitialState::New { seed, .. } = &mut self.start {
            *seed = value;
        }
        self
    }

    /// The precision of traces, single unless given.
    pub fn precision(mut self, precision: Precision) -> Self {
        self.precision = precision;
        self
    }

    /// The dynamics, spiking unless given. Those of rates have no state, so a run that is resumed under them starts at rest.
    pub fn dynamics(mut self, dynamics: NetworkDynamics) -> Self {
        self.dynamics = dynamics;
        self
    }

    /// The registry in which the rules that the model names are found.
    pub fn registry(mut self, registry: &RuleRegistry) -> Self {
        self.registry = registry.clone();
        self
    }

    /// Has a projection learn by this rule, with the learning rate that the model has for it.
    pub fn rule(mut self, projection: &str, rule: impl BoundaryRule + 'static) -> Self {
        self.rules.push((projection.to_owned(), Box::new(rule)));
        self
    }

    /// Has the weights of a projection derived from those of `sources` after every change, and at the start of a new run.
    pub fn derived_weights(
        mut self,
        projection: &str,
        sources: &[&str],
        weights: impl DerivedWeights + 'static,
    ) -> Self {
        let sources = sources.iter().map(|&source| source.to_owned()).collect();
        self.derived.push(DerivedFrom { projection: projection.to_owned(), sources, weights: Arc::new(weights) });
        self
    }

    /// Builds the trainer, with all lanes at rest or as the checkpoint has them.
    ///
    /// # Errors
    /// If the network or checkpoint is not one of the model, a name is of no projection, a rule cannot be made or reads what is
    /// not measured, or the model learns by a rule of networks of rates.
    pub fn build(self) -> Result<Trainer<'a>, TrainerError> {
        let model = self.model;
        if model.protocol.two_phase().is_none() {
            return Err(TrainerError::Protocol);
        }
        if let Rule::OfRates(rule) = model.learning.rule {
            return Err(TrainerError::RateRule { rule });
        }
        let seed = match &self.start {
            InitialState::New { network, seed } => {
                network.check(model)?;
                *seed
            }
            InitialState::Checkpoint(checkpoint) => {
                checkpoint.check(model)?;
                checkpoint.seed
            }
        };
        let derived = derived_projections(model, seed, self.derived)?;
        let own = self.rules.into_iter().map(|(name, rule)| own_rule(model, &derived, &name, rule));
        let rules = Rules::new(model, &self.registry, own.collect::<Result<_, _>>()?)?;
        let measured = model.recording.credit == CreditRecording::Measured;
        let circuit = Arc::new(Circuit::new(model, seed, self.precision)?);
        let mut sigmoids = rules.sigmoids(model);
        for (index, population) in model.populations.iter().enumerate() {
            sigmoids[TARGET][index] |= population.classes() > 0;
            sigmoids.iter_mut().for_each(|sigmoids| sigmoids[index] |= measured);
        }
        let pre = model.projections.iter().map(|p| model.population(p.from).size);
        let parts = TrainerParts {
            model,
            dynamics: self.dynamics,
            rules,
            derived,
            credit_monitor: measured.then(|| CreditMonitor::of(model)),
            centres: if model.learning.centring > 0 { pre.map(|n| vec![0.0; n]).collect() } else { Vec::new() },
            lanes: (0..model.learning.batch).map(|_| LaneOfBatch::new(model, &circuit, self.dynamics)).collect(),
            circuit,
            sigmoids,
            seed,
        };
        Ok(match self.start {
            InitialState::New { mut network, .. } => {
                parts.derived.renew(&mut network, PresentationKey::training(0));
                Trainer::start(parts, network)
            }
            InitialState::Checkpoint(checkpoint) => Trainer::go_on(parts, *checkpoint),
        })
    }
}

/// What a trainer is made of but for its network and history.
pub(super) struct TrainerParts<'a> {
    pub(super) model: &'a Model,
    pub(super) circuit: Arc<Circuit>,
    pub(super) dynamics: NetworkDynamics,
    pub(super) rules: Rules,
    pub(super) derived: DerivedProjections,
    pub(super) credit_monitor: Option<CreditMonitor>,
    pub(super) centres: Vec<Vec<f64>>,
    pub(super) lanes: Vec<LaneOfBatch>,
    /// Of which populations the mean of sigmoid(V) is measured, in each phase.
    pub(super) sigmoids: [Vec<bool>; 2],
    pub(super) seed: u64,
}

/// The place of a projection in the model.
fn find(model: &Model, name: &str) -> Result<usize, TrainerError> {
    let place = model.projections.iter().position(|projection| projection.name == name);
    place.ok_or_else(|| TrainerError::UnknownProjection {
        name: name.to_owned(),
        known: model.projections.iter().map(|projection| projection.name.clone()).collect(),
    })
}

fn own_rule(
    model: &Model,
    derived: &DerivedProjections,
    name: &str,
    rule: Box<dyn BoundaryRule>,
) -> Result<OwnRule, TrainerError> {
    let place = find(model, name)?;
    if derived.contains(place) {
        return Err(TrainerError::Derived { projection: name.to_owned() });
    }
    if model.projections[place].learning_rate > 0.0 {
        return Ok(OwnRule { projection: place, rule });
    }
    Err(TrainerError::Constant { projection: name.to_owned() })
}

fn derived_projections(model: &Model, seed: u64, own: Vec<DerivedFrom>) -> Result<DerivedProjections, TrainerError> {
    let mut all = DerivedProjections::of(model, seed);
    for DerivedFrom { projection, sources, weights } in own {
        let index = find(model, &projection)?;
        let sources = sources.iter().map(|name| find(model, name)).collect::<Result<Vec<_>, _>>()?;
        if sources.contains(&index) || model.projections[index].learning_rate > 0.0 {
            return Err(TrainerError::Derived { projection });
        }
        let plain = |&index: &usize| model.projections[index].is_plain(&model.populations);
        if let Some(sparse) = sources.iter().chain([&index]).copied().find(|index| !plain(index)) {
            let other = model.projections[sparse].name.clone();
            return Err(TrainerError::NotPlain { projection, other });
        }
        all.add(index, sources, weights);
    }
    Ok(all)
}
