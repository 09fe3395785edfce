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

use super::{Connection, Population, Projection, WeightInit};
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
    /// Drawn weights times a factor above 0; none of others.
    pub(super) fn times(&self, by: f64) -> Option<Self> {
        let bounds = |min: Option<f64>, max: Option<f64>| [min, max].map(|bound| bound.map(|bound| by * bound));
        Some(match *self {
            Self::Constant { value } => Self::Constant { value: by * value },
            Self::Normal { mean, sd, min, max } => {
                let [min, max] = bounds(min, max);
                Self::Normal { mean: by * mean, sd: by * sd, min, max }
            }
            Self::Lognormal { mu, sigma, min, max } => {
                let [min, max] = bounds(min, max);
                Self::Lognormal { mu: mu + libm::log(by), sigma, min, max }
            }
            Self::Uniform { low, high } => Self::Uniform { low: by * low, high: by * high },
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Sign;

    /// The mean and the variance of input, Σ w and Σ w² over synapses, by the moments of the distribution.
    #[test]
    fn weights_times_a_factor_have_that_times_the_mean() {
        let weights = [
            WeightInit::Constant { value: 0.1 },
            WeightInit::Normal { mean: 2.0, sd: 0.7, min: None, max: None },
            WeightInit::Normal { mean: 2.0, sd: 0.7, min: Some(1.5), max: Some(3.0) },
            WeightInit::Lognormal { mu: -1.0, sigma: 0.5, min: None, max: None },
            WeightInit::Lognormal { mu: -1.0, sigma: 0.5, min: None, max: Some(0.4) },
            WeightInit::Uniform { low: 0.5, high: 1.5 },
        ];
        for weights in weights {
            let mean = |weights: &WeightInit| weights.drawn(Sign::NonNegative).unwrap().mean();
            let thrice = weights.times(3.0).unwrap();
            assert!((mean(&thrice) / mean(&weights) - 3.0).abs() < 1e-14, "{weights:?}");
        }
        assert_eq!((WeightInit::List.drawn(Sign::Any), WeightInit::List.times(2.0)), (None, None));
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
