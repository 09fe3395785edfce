//! Rules between spikes that a program brings.

use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{BoundKind, OnlineRule, WeightBounds};
use crate::plasticity::RuleError;
use crate::units::SynapticWeight;

/// A rule that the program has under a name in its registry.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnOnlineRule {
    /// The name.
    pub rule: String,
    /// Smallest weight.
    #[serde(default, with = "SynapticWeight")]
    pub w_min: f64,
    /// Largest weight.
    #[serde(with = "SynapticWeight")]
    pub w_max: f64,
    /// What makes it, once it was found in a registry.
    #[serde(skip)]
    #[schemars(skip)]
    pub(in crate::plasticity) maker: Option<OnlineMaker>,
}

/// What a rule between spikes is made from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OnlineContext {
    /// Bounds of the weights, those of the network as it is simulated.
    pub bounds: WeightBounds,
}

/// Makes a rule between spikes.
#[derive(Clone)]
pub(crate) struct OnlineMaker(Arc<Make>);

type Make = dyn Fn(&OnlineContext) -> Result<Arc<dyn OnlineRule>, RuleError> + Send + Sync;

impl OnlineMaker {
    /// Makes rules by this function.
    pub(in crate::plasticity) fn new(
        make: impl Fn(&OnlineContext) -> Result<Arc<dyn OnlineRule>, RuleError> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(make))
    }
}

impl fmt::Debug for OnlineMaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnlineMaker")
    }
}

/// By what stands in a model; of two rules of one name a program has one.
impl PartialEq for OwnOnlineRule {
    fn eq(&self, other: &Self) -> bool {
        (&self.rule, self.w_min, self.w_max) == (&other.rule, other.w_min, other.w_max)
    }
}

impl OwnOnlineRule {
    /// The rule of this name, which a registry is still to be asked for.
    pub fn named(rule: impl Into<String>, w_max: f64) -> Self {
        Self { rule: rule.into(), w_min: 0.0, w_max, maker: None }
    }

    /// This very rule, by a name under which a registry has it when the model is read again.
    pub fn of(rule: impl Into<String>, w_max: f64, value: impl OnlineRule + 'static) -> Self {
        let value: Arc<dyn OnlineRule> = Arc::new(value);
        let maker = OnlineMaker::new(move |_| Ok(Arc::clone(&value)));
        Self { maker: Some(maker), ..Self::named(rule, w_max) }
    }

    /// Its bounds.
    pub fn bounds(&self) -> WeightBounds {
        WeightBounds { w_min: self.w_min, w_max: self.w_max, kind: BoundKind::Hard }
    }

    /// The rule, made.
    pub(super) fn made(&self) -> Result<Arc<dyn OnlineRule>, RuleError> {
        match &self.maker {
            Some(OnlineMaker(make)) => make(&OnlineContext { bounds: self.bounds() }),
            None => Err(RuleError::Unknown { name: self.rule.clone(), known: Vec::new() }),
        }
    }
}
