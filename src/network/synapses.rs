//! The synapses of a projection, dense or sparse.

use super::{BlockCsr, Weights};

/// All synapses of a projection.
#[derive(Clone, Debug, PartialEq)]
pub enum Synapses {
    /// One from every presynaptic to every postsynaptic neuron, all of the delay of the projection.
    Dense(Weights),
    /// Those that there are, each with a delay of its own.
    Sparse(BlockCsr),
}

impl Synapses {
    /// Number of presynaptic neurons.
    pub fn pre(&self) -> usize {
        match self {
            Self::Dense(weights) => weights.pre(),
            Self::Sparse(synapses) => synapses.pre(),
        }
    }

    /// Number of postsynaptic neurons.
    pub fn post(&self) -> usize {
        match self {
            Self::Dense(weights) => weights.post(),
            Self::Sparse(synapses) => synapses.post(),
        }
    }

    /// Number of synapses.
    pub fn count(&self) -> usize {
        match self {
            Self::Dense(weights) => weights.pre() * weights.post(),
            Self::Sparse(synapses) => synapses.len(),
        }
    }

    /// Memory that they take [bytes].
    pub fn bytes(&self) -> usize {
        match self {
            Self::Dense(weights) => size_of_val(weights.rows()),
            Self::Sparse(synapses) => synapses.bytes(),
        }
    }

    /// The weights of dense synapses.
    pub fn dense(&self) -> Option<&Weights> {
        match self {
            Self::Dense(weights) => Some(weights),
            Self::Sparse(_) => None,
        }
    }

    /// The weights of dense synapses, to be changed.
    pub fn dense_mut(&mut self) -> Option<&mut Weights> {
        match self {
            Self::Dense(weights) => Some(weights),
            Self::Sparse(_) => None,
        }
    }

    /// Sparse synapses.
    pub fn sparse(&self) -> Option<&BlockCsr> {
        match self {
            Self::Dense(_) => None,
            Self::Sparse(synapses) => Some(synapses),
        }
    }

    /// Multiplies all weights by a factor.
    pub fn scale(&mut self, factor: f64) {
        match self {
            Self::Dense(weights) => {
                weights.rows_mut().iter_mut().for_each(|weight| *weight = (f64::from(*weight) * factor) as f32);
            }
            Self::Sparse(synapses) => synapses.scale(factor),
        }
    }

    /// Whether all weights are finite numbers.
    pub fn is_finite(&self) -> bool {
        match self {
            Self::Dense(weights) => weights.rows().iter().all(|w| w.is_finite()),
            Self::Sparse(synapses) => synapses.synapses().all(|synapse| synapse.weight.is_finite()),
        }
    }
}

impl From<Weights> for Synapses {
    fn from(weights: Weights) -> Self {
        Self::Dense(weights)
    }
}

impl From<BlockCsr> for Synapses {
    fn from(synapses: BlockCsr) -> Self {
        Self::Sparse(synapses)
    }
}
