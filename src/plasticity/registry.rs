//! The registry of plasticity rules: from the name in a model to a rule. One file and one line here make a rule.

use std::fmt;
use std::sync::Arc;

use super::online::OnlineMaker;
use super::{
    BoundaryRule, ErrorSignal, Expression, ExpressionError, Factors, Inverse, Mirror, OnlineContext, OnlineRule,
    OwnOnlineRule, RateCurve, Slope, TwoPhase,
};

/// Name of the rule of projections that name none.
pub const DEFAULT_RULE: &str = "two-phase";

/// Constants of the neurons of a population that rules use.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NeuronConstants {
    /// Largest firing rate [1/ms].
    pub phi_max: f64,
    /// Steady-state gain from feedforward dendrite to soma; none of an encoder.
    pub gain: Option<f64>,
    /// Their rate over φ_max, as a function of the potential.
    pub curve: RateCurve,
    /// The error of the two-phase rule; none of an encoder.
    pub error: Option<ErrorSignal>,
    /// The slope of the two-phase rule.
    pub slope: Slope,
}

/// What a rule is made from: the projection that it belongs to.
#[derive(Clone, Copy, Debug)]
pub struct RuleContext<'a> {
    /// The postsynaptic neurons.
    pub post: NeuronConstants,
    /// The presynaptic neurons.
    pub pre: NeuronConstants,
    /// Names of the phases of a trial, in their order.
    pub phases: &'a [&'a str],
    /// The factors of rule `expression`, if the model has them.
    pub factors: Option<&'a Factors>,
}

/// Why a rule cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RuleError {
    /// No rule of the registry has the name.
    #[error("there is no plasticity rule `{name}`; {}", listed(known))]
    Unknown {
        /// The name.
        name: String,
        /// Names in the registry.
        known: Vec<String>,
    },
    /// The rule is not for the projection.
    #[error("{why}")]
    Unfit {
        /// What was expected.
        why: String,
    },
    /// A factor, or a term of a rule between spikes, is not an expression.
    #[error("`{factor}`, character {}: {source}", source.offset + 1)]
    Factor {
        /// Its key: `post` or `pre`, `at_spike`.
        factor: &'static str,
        /// What is wrong, and where.
        source: ExpressionError,
    },
}

fn listed(known: &[String]) -> String {
    if known.is_empty() { "the program has none".to_owned() } else { format!("the rules are {}", known.join(", ")) }
}

impl RuleError {
    /// A refusal for this reason.
    pub fn unfit(why: impl Into<String>) -> Self {
        Self::Unfit { why: why.into() }
    }
}

/// Makes a rule.
type Constructor = dyn Fn(&RuleContext<'_>) -> Result<Box<dyn BoundaryRule>, RuleError> + Send + Sync;

/// Plasticity rules by name. The default has those of this module; a program adds its own by [`RuleRegistry::with`], and rules between spikes by
/// [`RuleRegistry::with_online`].
#[derive(Clone)]
pub struct RuleRegistry {
    entries: Vec<(String, Arc<Constructor>)>,
    online: Vec<(String, OnlineMaker)>,
}

impl Default for RuleRegistry {
    fn default() -> Self {
        Self { entries: Vec::new(), online: Vec::new() }
            .with(DEFAULT_RULE, |context| TwoPhase::of(context.post).map(boxed))
            .with("mirror", |context| Mirror::of(context).map(boxed))
            .with("inverse", |context| Ok(boxed(Inverse { phi_max: context.post.phi_max, curve: context.post.curve })))
            .with("expression", |context| Expression::of(context).map(boxed))
    }
}

fn boxed(rule: impl BoundaryRule + 'static) -> Box<dyn BoundaryRule> {
    Box::new(rule)
}

impl RuleRegistry {
    /// The same registry with one more rule, or another rule of that name.
    #[must_use]
    pub fn with(
        mut self,
        name: &str,
        make: impl Fn(&RuleContext<'_>) -> Result<Box<dyn BoundaryRule>, RuleError> + Send + Sync + 'static,
    ) -> Self {
        self.entries.retain(|(other, _)| other != name);
        self.entries.push((name.to_owned(), Arc::new(make)));
        self
    }

    /// Names of the rules, in the order in which they were added.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|(name, _)| name.as_str())
    }

    /// The same registry with one more rule between spikes, or another rule of that name: the `rule` of `plasticity` of kind "own".
    #[must_use]
    pub fn with_online(
        mut self,
        name: &str,
        make: impl Fn(&OnlineContext) -> Result<Arc<dyn OnlineRule>, RuleError> + Send + Sync + 'static,
    ) -> Self {
        self.online.retain(|(other, _)| other != name);
        self.online.push((name.to_owned(), OnlineMaker::new(make)));
        self
    }

    /// Names of the rules between spikes that a program added, in that order.
    pub fn online_names(&self) -> impl Iterator<Item = &str> {
        self.online.iter().map(|(name, _)| name.as_str())
    }

    /// What makes the rule between spikes of this name.
    pub(super) fn online_maker(&self, name: &str) -> Option<OnlineMaker> {
        self.online.iter().find(|(other, _)| other == name).map(|(_, maker)| maker.clone())
    }

    /// The same registry with a rule between spikes that is there already.
    pub(crate) fn with_own(mut self, rule: &OwnOnlineRule) -> Self {
        if let Some(maker) = &rule.maker {
            self.online.retain(|(other, _)| *other != rule.rule);
            self.online.push((rule.rule.clone(), maker.clone()));
        }
        self
    }

    /// Makes the rule of this name for a projection.
    ///
    /// # Errors
    /// If there is no such rule, or it cannot be made from the projection.
    pub fn make(&self, name: &str, context: &RuleContext<'_>) -> Result<Box<dyn BoundaryRule>, RuleError> {
        let Some((_, make)) = self.entries.iter().find(|(other, _)| other == name) else {
            let known = self.names().map(str::to_owned).collect();
            return Err(RuleError::Unknown { name: name.to_owned(), known });
        };
        make(context)
    }
}

impl fmt::Debug for RuleRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names().chain(self.online_names())).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENCODER: NeuronConstants = NeuronConstants {
        phi_max: 0.2,
        gain: None,
        curve: RateCurve { threshold: 0.0, width: 1.0 },
        error: None,
        slope: Slope::Sigmoid,
    };

    fn context(post: NeuronConstants) -> RuleContext<'static> {
        RuleContext { post, pre: ENCODER, phases: &["forward", "target"], factors: None }
    }

    #[test]
    fn rules_are_made_by_name_and_refused_with_a_reason() {
        let rules = RuleRegistry::default();
        let output = NeuronConstants { gain: Some(0.8), error: Some(ErrorSignal::Teaching), ..ENCODER };
        assert!(rules.make("two-phase", &context(output)).is_ok());
        let refused = |name, post| rules.make(name, &context(post)).err().unwrap().to_string();
        assert_eq!(
            refused("hebb", output),
            "there is no plasticity rule `hebb`; the rules are two-phase, mirror, inverse, expression"
        );
        assert!(refused("two-phase", ENCODER).contains("expected postsynaptic neurons with a dendrite"));
        assert!(refused("mirror", output).contains("expected presynaptic neurons with a dendrite"));
        assert!(refused("expression", output).contains("expected the factors `post` and `pre`"));
    }

    #[test]
    fn a_rule_of_the_same_name_replaces_the_first() {
        let rules = RuleRegistry::default().with("inverse", |_| Err(RuleError::unfit("mine")));
        assert_eq!(rules.names().collect::<Vec<_>>(), ["two-phase", "mirror", "expression", "inverse"]);
        assert_eq!(rules.make("inverse", &context(ENCODER)).err(), Some(RuleError::unfit("mine")));
    }
}
