//! How weights change: the rule, its batches and the course of its rates.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::plasticity::Slope;
use crate::units::tagged;
use crate::units::{Fraction, Momentum, Whole};

/// How weights change.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Learning {
    /// The learning rule: "two-phase", or one of networks of rates, as `apical compare --list` names them.
    pub rule: Rule,
    /// Part of the last step that a rule of rates takes again; 0 with "two-phase".
    #[serde(with = "Momentum")]
    pub momentum: f64,
    /// Presentations, each in a lane of its own, whose changes are summed.
    #[serde(with = "Whole::<1, 4096>")]
    pub batch: usize,
    /// Passes through the training images.
    #[serde(with = "Whole::<1, 100_000>")]
    pub epochs: u32,
    /// Course of the learning rates.
    #[serde(serialize_with = "tagged::by_kind")]
    pub schedule: Schedule,
    /// Where hidden neurons have their error from.
    pub hidden_error: HiddenError,
    /// Slope of the sigmoid in the change of output weights.
    pub output_slope: Slope,
    /// Presentations over which presynaptic trains are averaged, to learn from their deviation from that mean; 0: they
    /// are taken as they are.
    #[serde(rename = "centring_presentations", with = "Whole::<0, 1_000_000_000>")]
    pub centring: u32,
}

impl Default for Learning {
    fn default() -> Self {
        Self {
            rule: Rule::TwoPhase,
            momentum: 0.0,
            batch: 1,
            epochs: 1,
            schedule: Schedule::Constant,
            hidden_error: HiddenError::Plateaus,
            output_slope: Slope::Sigmoid,
            centring: 0,
        }
    }
}

/// Where hidden neurons have their error from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HiddenError {
    /// From their own plateaus: the difference between those of the two phases.
    Plateaus,
    /// From the output's error, handed down along the weights: not local, but what local errors are measured by.
    Backprop,
}

/// The learning rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rule {
    /// Two phases, plateau differences (Guerguiev, Lillicrap & Richards 2017).
    TwoPhase,
    /// A rule of networks of rates, one of [`RATE_RULES`]: of the model it takes the sizes of the populations and the
    /// learning rates of the projections from input to output; how its units answer is its own.
    OfRates(&'static str),
}

/// Names of the rules of networks of rates.
pub const RATE_RULES: [&str; 16] = [
    "delta",
    "hebbian",
    "weight-perturbation",
    "node-perturbation",
    "backprop",
    "quantised-backprop",
    "feedback-alignment",
    "direct-feedback-alignment",
    "pseudobackprop",
    "difference-target-propagation",
    "simplified-difference-target-propagation",
    "stacked-autoencoders",
    "equilibrium",
    "contrastive-hebbian",
    "temporal-derivative",
    "segregated-dendrites",
];

/// The name of the two-phase rule, and those of [`RATE_RULES`].
const RULES: [&str; RATE_RULES.len() + 1] = {
    let mut names = ["two-phase"; RATE_RULES.len() + 1];
    let mut rule = 0;
    while rule < RATE_RULES.len() {
        names[rule + 1] = RATE_RULES[rule];
        rule += 1;
    }
    names
};

impl Rule {
    /// Its name in model files.
    pub fn name(self) -> &'static str {
        match self {
            Self::TwoPhase => RULES[0],
            Self::OfRates(name) => name,
        }
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = deserializer.deserialize_enum("Rule", &RULES, super::word::Among(&RULES))?;
        Ok(if word == RULES[0] { Self::TwoPhase } else { Self::OfRates(word) })
    }
}

impl JsonSchema for Rule {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Rule".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": RULES })
    }
}

/// Course of the learning rates over a run, as a factor on them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "kind", rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(rename = "Schedule", tag = "kind", transform = tagged::first_is_default)]
pub enum Schedule {
    /// 1 throughout.
    Constant,
    /// A factor to the power of the number of whole epochs done.
    Exponential {
        /// Factor per epoch.
        #[serde(default = "published_factor", with = "Fraction")]
        factor_per_epoch: f64,
    },
    /// Falls in a straight line from 1 to 0 over the run.
    Linear,
}

/// The factor per epoch of the published networks.
fn published_factor() -> f64 {
    0.9
}

impl Schedule {
    /// The factor in epoch `epoch`, from 0 on, when `done` of the run, 0 to 1, is done.
    pub fn factor(self, epoch: u64, done: f64) -> f64 {
        match self {
            Self::Constant => 1.0,
            Self::Exponential { factor_per_epoch } => libm::pow(factor_per_epoch, epoch as f64),
            Self::Linear => (1.0 - done).max(0.0),
        }
    }
}
