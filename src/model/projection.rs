//! Projections: synapses between populations, what they carry and how they start and learn.

use std::path::PathBuf;

use super::{PopulationId, PortId, ProjectionId};
use crate::plasticity::Factors;

/// Synapses from each neuron of one population to each of another.
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
    /// From spike to arrival [ms].
    pub delay: f64,
    /// Initial weights.
    pub weights: WeightInit,
    /// Sign that all weights have, initially and after every change.
    pub sign: Sign,
    /// Learning rate η; 0: the weights stay.
    pub learning_rate: f64,
    /// What it carries.
    pub carries: Carries,
    /// The plasticity rule; none: that of the model if it learns.
    pub rule: Option<ProjectionRule>,
}

/// What a projection carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carries {
    /// The spikes of its neurons, each a postsynaptic potential.
    Spikes,
    /// Their firing rates φ_max sigmoid(V) at every moment, without kernel and delay: A = Y φ. To apical dendrites that drive
    /// no soma.
    Rates,
}

/// The sign of the weights of a projection: initial values of another sign are refused or drawn again, and a weight that a
/// change takes beyond zero becomes zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
pub enum ProjectionRule {
    /// A rule of the [registry](crate::plasticity::RuleRegistry), by its name.
    Named(String),
    /// A rule of two expressions.
    Expression(Factors),
}

/// Where initial weights come from.
#[derive(Clone, Debug, PartialEq)]
pub enum WeightInit {
    /// Uniform, with the mean and spread of the moment formula (see `network::init`), times `scale`.
    Moments {
        /// N of the formula.
        fan_in: usize,
        /// Wanted mean of the dendritic potential.
        v_avg: f64,
        /// Wanted spread of the dendritic potential.
        v_sd: f64,
        /// Mean bias assumed.
        b_avg: f64,
        /// Factor on the drawn weights: 0.5 makes up for the authors' kernel, which they cut at half its area.
        scale: f64,
        /// Probability that a weight is kept; the others are 0.
        kept: f64,
        /// Presynaptic neurons in a row that have the same weights: those of one class, where they are shared.
        shared: usize,
    },
    /// Transpose of the feedforward weights from the target population to the source, or of their product over the
    /// populations between, renewed after every change of theirs.
    Transpose {
        /// Spread of normal noise, drawn anew at each renewal.
        noise_sd: f64,
    },
    /// All the same.
    Constant {
        /// Their value.
        value: f64,
    },
    /// Normal; truncated where the projection has a sign.
    Normal {
        /// Mean, before truncation.
        mean: f64,
        /// Standard deviation, before truncation.
        sd: f64,
    },
    /// Lognormal: |w| is exp(N(mu, sigma²)), positive unless the sign of the projection is non-positive.
    Lognormal {
        /// Mean of ln |w|.
        mu: f64,
        /// Standard deviation of ln |w|.
        sigma: f64,
    },
    /// Uniform.
    Uniform {
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    },
    /// `/weights/PROJECTION/SNAPSHOT` of a run file or checkpoint.
    Run {
        /// The file.
        path: PathBuf,
        /// Snapshot name, usually `final`.
        snapshot: String,
    },
    /// A NumPy file of shape [post, pre].
    Npy {
        /// The file.
        path: PathBuf,
    },
}

impl WeightInit {
    /// Whether they are read from a file.
    pub fn is_stored(&self) -> bool {
        matches!(self, Self::Run { .. } | Self::Npy { .. })
    }
}

/// The projections by which activity goes forward from one population to another, or none unless there is just one path.
pub fn feedforward_path(projections: &[Projection], from: PopulationId, to: PopulationId) -> Option<Vec<ProjectionId>> {
    let mut path = Vec::new();
    let mut here = from;
    while here != to {
        let mut onward = projections.iter().enumerate().filter(|(_, p)| p.from == here && p.to > here);
        let (Some((index, projection)), None) = (onward.next(), onward.next()) else { return None };
        path.push(ProjectionId(index));
        here = projection.to;
    }
    Some(path)
}
