//! Smaller networks whose neurons have the input of those of the full one, in mean and variance.
//!
//! At a factor f, populations of N neurons have f N, and neurons with K synapses of a projection K' of about f K. Weights are
//! multiplied by √(K/K'), so that the variance of input stays: K' w'² = K w². What its mean lacks then, Σ (K w − K' w') r over
//! projections from neurons of mean rate r, comes as a constant current. Correlations are larger in the smaller network.
//!
//! van Albada, Helias & Diesmann (2015), PLoS Comput. Biol. 11:e1004490; K' is f K there, and here what rounding leaves of it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Connection, Population, Projection, Sign, WeightInit};
use crate::units::{Fraction, GivenRate};

/// A network that is simulated smaller than its populations and projections give it. Sizes and synapses per neuron are multiplied
/// by `factor`, weights grow so that the variance of input stays, and constant currents make up for its mean (van Albada, Helias &
/// Diesmann 2015): onto cells of kind "lif".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Scaling {
    /// Factor on the sizes of populations, and on the synapses of each neuron.
    #[serde(with = "Fraction")]
    pub factor: f64,
    /// Mean rate of a neuron in the network of full size, by population [Hz]: of each that projects, but sources of a constant rate.
    #[serde(with = "GivenRate", skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "BTreeMap<String, GivenRate>")]
    pub mean_rates_hz: BTreeMap<String, f64>,
}

impl Default for Scaling {
    /// The network as it is.
    fn default() -> Self {
        Self { factor: 1.0, mean_rates_hz: BTreeMap::new() }
    }
}

impl Scaling {
    /// Whether it leaves all as it is.
    pub(super) fn is_full_size(&self) -> bool {
        self.factor >= 1.0
    }

    /// The size of a population of so many neurons: at least one.
    pub(super) fn size(&self, full: usize) -> usize {
        self.number(full).max(1)
    }

    /// The connection rule of the smaller network; none of a list of synapses.
    pub(super) fn connection(&self, full: &Connection) -> Option<Connection> {
        Some(match *full {
            Connection::AllToAll { .. } | Connection::OneToOne {} | Connection::FixedProbability { .. } => full.clone(),
            Connection::FixedInDegree { in_degree, autapses, multapses } => {
                Connection::FixedInDegree { in_degree: self.number(in_degree), autapses, multapses }
            }
            Connection::FixedOutDegree { out_degree, autapses, multapses } => {
                Connection::FixedOutDegree { out_degree: self.number(out_degree), autapses, multapses }
            }
            Connection::FixedTotalNumber { total, autapses, multapses } => {
                let total = (total as f64 * self.factor * self.factor).round() as u64;
                Connection::FixedTotalNumber { total, autapses, multapses }
            }
            Connection::List { .. } => return None,
        })
    }

    fn number(&self, full: usize) -> usize {
        (full as f64 * self.factor).round() as usize
    }
}

impl Projection {
    /// Mean number of synapses onto a postsynaptic neuron; none of a list, which is not read.
    pub(super) fn in_degree(&self, populations: &[Population]) -> Option<f64> {
        let ends = self.ends(populations);
        self.connection.expected_synapses(ends).map(|synapses| synapses / ends.post as f64)
    }
}

impl WeightInit {
    /// The mean of drawn weights of this sign; none of others.
    pub(super) fn mean(&self, sign: Sign) -> Option<f64> {
        match (self, sign) {
            (Self::Constant { value }, _) => Some(*value),
            (Self::Uniform { low, high }, _) => Some(f64::midpoint(*low, *high)),
            (Self::Normal { mean, .. }, Sign::Any) => Some(*mean),
            (Self::Normal { mean, sd }, Sign::NonNegative) => Some(positive_mean(*mean, *sd)),
            (Self::Normal { mean, sd }, Sign::NonPositive) => Some(-positive_mean(-mean, *sd)),
            (Self::Lognormal { mu, sigma }, sign) => {
                let size = libm::exp(mu + 0.5 * sigma * sigma);
                Some(if sign == Sign::NonPositive { -size } else { size })
            }
            _ => None,
        }
    }

    /// Drawn weights times a factor above 0; none of others.
    pub(super) fn times(&self, by: f64) -> Option<Self> {
        Some(match *self {
            Self::Constant { value } => Self::Constant { value: by * value },
            Self::Normal { mean, sd } => Self::Normal { mean: by * mean, sd: by * sd },
            Self::Lognormal { mu, sigma } => Self::Lognormal { mu: mu + libm::log(by), sigma },
            Self::Uniform { low, high } => Self::Uniform { low: by * low, high: by * high },
            _ => return None,
        })
    }
}

/// The mean of a normal distribution above 0: μ + σ φ(μ/σ)/Φ(μ/σ), for μ ≥ 0.
fn positive_mean(mean: f64, sd: f64) -> f64 {
    if sd <= 0.0 {
        return mean;
    }
    let z = mean / sd;
    let density = libm::exp(-0.5 * z * z) / std::f64::consts::TAU.sqrt();
    mean + sd * density / (0.5 * libm::erfc(-z * std::f64::consts::FRAC_1_SQRT_2))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sums of the density of a normal distribution above 0 on a fine grid.
    #[test]
    fn the_mean_of_a_truncated_normal_is_that_of_its_density() {
        for (mean, sd) in [(1.0, 2.0), (0.0, 1.0), (80.0, 16.0), (3.0, 0.0)] {
            let step = f64::max(sd, 1e-3) / 1000.0;
            let at = |i: usize| (i as f64 + 0.5) * step;
            let density = |x: f64| (-0.5 * ((x - mean) / f64::max(sd, 1e-3)).powi(2)).exp();
            let reach = ((mean + 10.0 * sd + 0.01) / step) as usize;
            let (mut mass, mut moment) = (0.0, 0.0);
            for x in (0..reach).map(at) {
                mass += density(x);
                moment += x * density(x);
            }
            let normal = WeightInit::Normal { mean, sd };
            let found = normal.mean(Sign::NonNegative).unwrap();
            assert!((found - moment / mass).abs() < 1e-5 * (1.0 + mean), "{mean} ± {sd}: {found}");
            let mirrored = WeightInit::Normal { mean: -mean, sd };
            assert!((mirrored.mean(Sign::NonPositive).unwrap() + found).abs() < 1e-15);
        }
    }

    /// The mean and the variance of input, Σ w and Σ w² over synapses, by the moments of the distribution.
    #[test]
    fn weights_times_a_factor_have_that_times_the_mean() {
        let weights = [
            WeightInit::Constant { value: 0.1 },
            WeightInit::Normal { mean: 2.0, sd: 0.7 },
            WeightInit::Lognormal { mu: -1.0, sigma: 0.5 },
            WeightInit::Uniform { low: 0.5, high: 1.5 },
        ];
        for weights in weights {
            let (once, thrice) = (weights.mean(Sign::NonNegative).unwrap(), weights.times(3.0).unwrap());
            assert!((thrice.mean(Sign::NonNegative).unwrap() / once - 3.0).abs() < 1e-14, "{weights:?}");
        }
        assert_eq!((WeightInit::List.mean(Sign::Any), WeightInit::List.times(2.0)), (None, None));
    }

    #[test]
    fn each_rule_keeps_a_factor_of_the_synapses_of_a_neuron() {
        let tenth = Scaling { factor: 0.1, ..Scaling::default() };
        let total = Connection::FixedTotalNumber { total: 1_000_000, autapses: true, multapses: true };
        let expected = Connection::FixedTotalNumber { total: 10_000, autapses: true, multapses: true };
        assert_eq!(tenth.connection(&total), Some(expected));
        let degree = |in_degree| Connection::FixedInDegree { in_degree, autapses: false, multapses: false };
        assert_eq!(tenth.connection(&degree(250)), Some(degree(25)));
        let probability = Connection::FixedProbability { p: 0.3, autapses: true };
        assert_eq!(tenth.connection(&probability), Some(probability));
        assert_eq!(tenth.connection(&Connection::List { path: "e.csv".into(), edges: None }), None);
        assert_eq!((tenth.size(1065), tenth.size(2)), (107, 1));
    }
}
