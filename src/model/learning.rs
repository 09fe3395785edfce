//! How weights change: the rule, its batches and the course of its rates.

use crate::plasticity::Slope;

/// How weights change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Learning {
    /// The learning rule.
    pub rule: Rule,
    /// Part of the last step that a rule of rates takes again.
    pub momentum: f64,
    /// Presentations, each in a lane of its own, whose changes are summed.
    pub batch: usize,
    /// Passes through the training images.
    pub epochs: u32,
    /// Course of the learning rates.
    pub schedule: Schedule,
    /// Where hidden neurons have their error from.
    pub hidden_error: HiddenError,
    /// Slope of the sigmoid in the change of output weights.
    pub output_slope: Slope,
    /// Presentations over which presynaptic trains are averaged, to learn from their deviation from that mean; 0: they
    /// are taken as they are.
    pub centring: u32,
}

/// Where hidden neurons have their error from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HiddenError {
    /// From their own plateaus: the difference between those of the two phases.
    Plateaus,
    /// From the output's error, handed down along the weights: not local, but what local errors are measured by.
    Backprop,
}

/// The learning rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

/// Course of the learning rates over a run, as a factor on them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Schedule {
    /// 1 throughout.
    Constant,
    /// This factor to the power of the number of whole epochs done.
    Exponential {
        /// Factor per epoch.
        factor_per_epoch: f64,
    },
    /// Falls in a straight line from 1 to 0 over the run.
    Linear,
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
