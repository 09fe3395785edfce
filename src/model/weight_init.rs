//! Where initial weights come from.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DrawnWeights, Sign};
use crate::numeric::{Distribution, Truncation};
use crate::units::{
    Factor, FileName, Fraction, Logarithm, LogarithmSpread, PathText, Potential, Spread, SynapticSpread,
    SynapticWeight, Whole, tagged,
};

/// Where initial weights come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "from", rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(rename = "WeightInit", tag = "from", transform = tagged::first_is_default)]
#[non_exhaustive]
pub enum WeightInit {
    /// Uniform, with the mean and spread that give dendrites wanted moments, times `scale` (see `network::Moments`).
    Moments {
        /// N of the formula; without it, the number of presynaptic neurons that reach each neuron, and of feedback that of
        /// postsynaptic ones that each reaches; of random connections the mean.
        #[serde(default, with = "Whole::<1, 1_000_000_000>", skip_serializing_if = "Option::is_none")]
        fan_in: Option<usize>,
        /// Wanted mean of the dendritic potential.
        #[serde(default = "published::v", with = "Potential")]
        v_avg: f64,
        /// Wanted spread of the dendritic potential.
        #[serde(default = "published::v", with = "Factor")]
        v_sd: f64,
        /// Mean bias assumed.
        #[serde(default = "published::b_avg", with = "Potential")]
        b_avg: f64,
        /// Factor on the drawn weights: 0.5 makes up for the authors' kernel, which they cut at half its area.
        #[serde(default = "published::scale", with = "Factor")]
        scale: f64,
        /// Probability that a weight is kept; the others are 0.
        #[serde(default = "published::kept", with = "Fraction")]
        kept: f64,
        /// Whether the presynaptic neurons of one class have the same weights.
        #[serde(default)]
        shared_in_class: bool,
    },
    /// Transpose of the feedforward weights from the target population to the source, or of their product over the
    /// populations between, renewed after every change of theirs. Of feedback alone.
    Transpose {
        /// Spread of normal noise, drawn anew at each renewal.
        #[serde(default, with = "Spread")]
        noise_sd: f64,
    },
    /// All the same.
    Constant {
        /// Their value.
        #[serde(with = "SynapticWeight")]
        value: f64,
    },
    /// Normal; truncated where the projection has a sign, and to `min` and `max`.
    Normal {
        /// Mean, before truncation.
        #[serde(with = "SynapticWeight")]
        mean: f64,
        /// Standard deviation, before truncation.
        #[serde(with = "SynapticSpread")]
        sd: f64,
        /// Least weight: what is drawn below is drawn again, as by `redraw` of NEST and `normal_clipped` of PyNN; without it, none.
        #[serde(default, with = "SynapticWeight", skip_serializing_if = "Option::is_none")]
        min: Option<f64>,
        /// Largest weight, in the same way.
        #[serde(default, with = "SynapticWeight", skip_serializing_if = "Option::is_none")]
        max: Option<f64>,
    },
    /// Lognormal: |w| is exp(N(mu, sigma²)), positive unless the sign of the projection is non-positive; truncated to `min` and `max`.
    Lognormal {
        /// Mean of ln |w|, before truncation.
        #[serde(with = "Logarithm")]
        mu: f64,
        /// Standard deviation of ln |w|, before truncation.
        #[serde(with = "LogarithmSpread")]
        sigma: f64,
        /// Least weight, with its sign: what is drawn below is drawn again, as by `redraw` of NEST and `normal_clipped` of PyNN; without it, none.
        #[serde(default, with = "SynapticWeight", skip_serializing_if = "Option::is_none")]
        min: Option<f64>,
        /// Largest weight, in the same way.
        #[serde(default, with = "SynapticWeight", skip_serializing_if = "Option::is_none")]
        max: Option<f64>,
    },
    /// Uniform.
    Uniform {
        /// Lower end, of at most `high`.
        #[serde(with = "SynapticWeight")]
        low: f64,
        /// Upper end.
        #[serde(with = "SynapticWeight")]
        high: f64,
    },
    /// `/weights/PROJECTION/SNAPSHOT` of a run file or checkpoint.
    Run {
        /// The file.
        #[serde(with = "PathText")]
        path: PathBuf,
        /// Snapshot name, usually `final`.
        #[serde(default = "last_snapshot", with = "FileName")]
        snapshot: String,
    },
    /// A NumPy file of shape [post, pre].
    Npy {
        /// The file.
        #[serde(with = "PathText")]
        path: PathBuf,
    },
    /// Those of the list of synapses that the projection is made of.
    List,
}

/// The moments of Guerguiev, Lillicrap & Richards (2017), eLife 6:e22901, Methods.
mod published {
    pub(super) fn v() -> f64 {
        3.0
    }

    pub(super) fn b_avg() -> f64 {
        0.8
    }

    pub(super) fn scale() -> f64 {
        0.5
    }

    pub(super) fn kept() -> f64 {
        1.0
    }
}

/// The snapshot at the end of a run.
pub(super) fn last_snapshot() -> String {
    "final".to_owned()
}

impl Default for WeightInit {
    fn default() -> Self {
        let (v_avg, v_sd, b_avg) = (published::v(), published::v(), published::b_avg());
        let (scale, kept) = (published::scale(), published::kept());
        Self::Moments { fan_in: None, v_avg, v_sd, b_avg, scale, kept, shared_in_class: false }
    }
}

impl WeightInit {
    /// Whether each is drawn on its own, or all are the same.
    pub fn is_distribution(&self) -> bool {
        matches!(self, Self::Constant { .. } | Self::Normal { .. } | Self::Lognormal { .. } | Self::Uniform { .. })
    }

    /// What they are drawn from one by one in a projection of this sign, if they are.
    pub(crate) fn drawn(&self, sign: Sign) -> Option<DrawnWeights> {
        let distribution = match *self {
            Self::Constant { value } => Distribution::Constant { value },
            Self::Normal { mean, sd, .. } => Distribution::Normal { mean, sd },
            Self::Lognormal { mu, sigma, .. } => Distribution::Lognormal { mu, sigma },
            Self::Uniform { low, high } => Distribution::Uniform { low, high },
            _ => return None,
        };
        Some(DrawnWeights::new(distribution, sign, self.bounds()))
    }

    /// Their `min` and `max`.
    pub(super) fn bounds(&self) -> Truncation {
        match *self {
            Self::Normal { min, max, .. } | Self::Lognormal { min, max, .. } => Truncation::between(min, max),
            _ => Truncation::NONE,
        }
    }

    /// Whether they come from moments, each drawn on its own and none left out.
    pub fn are_whole_moments(&self) -> bool {
        matches!(*self, Self::Moments { kept: 1.0, shared_in_class: false, .. })
    }

    /// Whether they are read from a file.
    pub fn is_stored(&self) -> bool {
        matches!(self, Self::Run { .. } | Self::Npy { .. })
    }
}
