//! The plasticity rules of a run: those of its model, and those that the program gives.

use super::backprop::BackpropReference;
use crate::engine::LayoutError;
use crate::model::{Escape, HiddenError, Model, Population, Projection, ProjectionRule};
use crate::plasticity::{
    BoundaryRule, DEFAULT_RULE, ErrorSignal, Measurement, NeuronConstants, Quantity, RateCurve, RuleContext, RuleError,
    RuleRegistry, Slope,
};
use crate::protocol::{FORWARD, TARGET};
use crate::record::StateMismatch;

/// The rules of a run.
pub(super) struct Rules {
    /// The rule of each projection; none if its weights are constant or derived.
    pub(super) of_projections: Vec<Option<Box<dyn BoundaryRule>>>,
    /// Computes backpropagated errors, if a rule reads them.
    pub(super) backprop: Option<BackpropReference>,
}

/// Why there is no trainer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainerError {
    /// No projection has the name.
    #[error("there is no projection `{name}`; the projections are {}", known.join(", "))]
    UnknownProjection {
        /// The name.
        name: String,
        /// Names of the projections of the model.
        known: Vec<String>,
    },
    /// A rule of a projection that does not learn.
    #[error("`{projection}` has a rule of its own, but no `learning_rate` above 0")]
    Constant {
        /// The projection.
        projection: String,
    },
    /// A rule of a projection whose weights are derived from others.
    #[error("`{projection}` has a rule of its own, but its weights are derived from those of other projections")]
    Derived {
        /// The projection.
        projection: String,
    },
    /// Derived weights from or of synapses that are not all there.
    #[error(
        "the weights of `{projection}` cannot be derived: expected all-to-all dense synapses of `{other}`, found others"
    )]
    NotPlain {
        /// The projection.
        projection: String,
        /// The projection with other synapses.
        other: String,
    },
    /// A rule cannot be made.
    #[error("the rule of `{projection}` cannot be made")]
    Rule {
        /// The projection.
        projection: String,
        /// Why.
        source: RuleError,
    },
    /// A rule reads what is not measured.
    #[error("the rule of `{projection}` reads `{measurement}` of `{population}`, {why}")]
    Unmeasured {
        /// The projection.
        projection: String,
        /// The signal.
        measurement: String,
        /// The population at whose neurons it is read.
        population: String,
        /// Why it is not measured.
        why: &'static str,
    },
    /// The model learns by a rule of networks of rates.
    #[error("the model learns by `{rule}`, a rule of networks of rates; `RateRuleTrainer` trains those")]
    RateRule {
        /// The rule.
        rule: &'static str,
    },
    /// The model has no presentations.
    #[error("the model runs by the protocol \"continuous\", without presentations; `Simulation` runs those")]
    Protocol,
    /// The model has no layout.
    #[error("the model cannot be simulated")]
    Layout(#[from] LayoutError),
    /// The network or checkpoint is not one of the model.
    #[error("the network is not one of the model")]
    StateMismatch(#[from] StateMismatch),
}

/// A rule that the program gives for one projection.
pub(super) struct OwnRule {
    pub(super) projection: usize,
    pub(super) rule: Box<dyn BoundaryRule>,
}

impl Rules {
    /// The rules of this model, made by the registry, with `own` in the place of some.
    pub(super) fn new(model: &Model, registry: &RuleRegistry, own: Vec<OwnRule>) -> Result<Self, TrainerError> {
        let mut rules: Vec<Option<Box<dyn BoundaryRule>>> = model.projections.iter().map(|_| None).collect();
        for OwnRule { projection, rule } in own {
            rules[projection] = Some(rule);
        }
        for (projection, rule) in model.projections.iter().zip(&mut rules) {
            if rule.is_none() && projection.learning_rate > 0.0 {
                let made = make(model, registry, projection);
                *rule =
                    Some(made.map_err(|source| TrainerError::Rule { projection: projection.name.clone(), source })?);
            }
        }
        let mut backprop = false;
        for (projection, rule) in model.projections.iter().zip(&rules) {
            for (measurement, population) in rule.iter().flat_map(|rule| read_by(&**rule, projection)) {
                backprop |= measurement == Measurement::BackpropError;
                check(model, projection, measurement, population)?;
            }
        }
        Ok(Self { of_projections: rules, backprop: backprop.then(|| BackpropReference::of(model)) })
    }

    /// Whether a rule reads what there is only with a target.
    pub(super) fn need_target(&self) -> bool {
        let measurements = self.of_projections.iter().flatten().map(|rule| rule.measurements());
        let read = measurements.flat_map(|measurements| measurements.post.into_iter().chain(measurements.pre));
        read.into_iter().any(|measurement| !matches!(measurement, Measurement::Phase(_, FORWARD)))
    }

    /// Of which populations the rules read the mean of sigmoid(V), in the forward and in the target phase.
    pub(super) fn sigmoids(&self, model: &Model) -> [Vec<bool>; 2] {
        let mut read = [FORWARD, TARGET].map(|_| vec![false; model.populations.len()]);
        for (projection, rule) in model.projections.iter().zip(&self.of_projections) {
            for (measurement, population) in rule.iter().flat_map(|rule| read_by(&**rule, projection)) {
                if let Measurement::Phase(Quantity::Sigmoid, phase) = measurement {
                    read.get_mut(phase).into_iter().for_each(|read| read[population] = true);
                }
            }
        }
        read
    }
}

/// The measurements of a rule, each with the population at whose neurons it is read.
fn read_by(rule: &dyn BoundaryRule, projection: &Projection) -> Vec<(Measurement, usize)> {
    let measurements = rule.measurements();
    let post = measurements.post.into_iter().map(|measurement| (measurement, projection.to.0));
    post.chain(measurements.pre.into_iter().map(|measurement| (measurement, projection.from.0))).collect()
}

fn check(
    model: &Model,
    projection: &Projection,
    measurement: Measurement,
    population: usize,
) -> Result<(), TrainerError> {
    let lacks = model.lacks(population, measurement);
    let Some(why) = lacks else { return Ok(()) };
    Err(TrainerError::Unmeasured {
        projection: projection.name.clone(),
        measurement: measurement.name(model.phases().phases()),
        population: model.populations[population].name.clone(),
        why,
    })
}

fn make(model: &Model, registry: &RuleRegistry, projection: &Projection) -> Result<Box<dyn BoundaryRule>, RuleError> {
    let name = projection.rule.as_ref().map_or(DEFAULT_RULE, ProjectionRule::name);
    let context = RuleContext {
        post: constants(model, model.population(projection.to)),
        pre: constants(model, model.population(projection.from)),
        phases: model.phases().phases(),
        factors: projection.rule.as_ref().and_then(ProjectionRule::factors),
    };
    registry.make(name, &context)
}

/// The constants of the neurons of a population.
pub(super) fn constants(model: &Model, population: &Population) -> NeuronConstants {
    let phi_max = population.phi_max();
    let Escape { threshold, width, .. } = population.rate_function();
    let curve = RateCurve { threshold, width };
    let Some(cell) = population.linear() else {
        return NeuronConstants { phi_max, gain: None, curve, error: None, slope: Slope::Sigmoid };
    };
    let (error, slope) = match (cell.clamp, model.learning.hidden_error) {
        (Some(_), _) => (ErrorSignal::Teaching, model.learning.output_slope),
        (None, HiddenError::Plateaus) => (ErrorSignal::Plateaus, Slope::Sigmoid),
        (None, HiddenError::Backprop) => (ErrorSignal::Backprop, Slope::Sigmoid),
    };
    NeuronConstants { phi_max, gain: Some(cell.gain()), curve, error: Some(error), slope }
}
