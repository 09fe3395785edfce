//! The synapses of a projection, dense or sparse.

use std::borrow::Cow;

use super::{BlockCsr, Synapse, TARGETS_PER_BLOCK, Weights};
use crate::model::{Population, Projection, Sign, Storage};
use crate::numeric::Stream;

/// All synapses of a projection.
#[derive(Clone, Debug, PartialEq)]
pub enum Synapses {
    /// One from every presynaptic to every postsynaptic neuron, all of the delay of the projection.
    Dense(Weights),
    /// Those that there are, each with a delay of its own.
    Sparse(BlockCsr),
}

/// What the synapses of a projection take before they are built.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ExpectedSynapses {
    /// Number of synapses, of random connections its mean.
    pub count: f64,
    /// Memory that they take, starts of rows included [bytes].
    pub bytes: f64,
    /// How they are stored.
    pub storage: Option<Storage>,
}

impl ExpectedSynapses {
    /// Of a projection between these populations, whose list has so many synapses if it is made of one.
    pub fn of(projection: &Projection, populations: &[Population], listed: u64) -> Self {
        let ends = projection.ends(populations);
        let storage = projection.storage(populations);
        let count = projection.connection.expected_synapses(ends).unwrap_or(listed as f64);
        let (pre, blocks) = (ends.pre as f64, ends.post.div_ceil(TARGETS_PER_BLOCK) as f64);
        let bytes = match storage {
            Storage::Dense => size_of::<f32>() as f64 * pre * ends.post as f64,
            Storage::Sparse => size_of::<Synapse>() as f64 * count + size_of::<u32>() as f64 * blocks * (pre + 1.0),
        };
        Self { count, bytes, storage: Some(storage) }
    }
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

    /// The weights of all pairs of neurons: of sparse synapses their sums, zero where a pair has none.
    pub fn matrix(&self) -> Cow<'_, Weights> {
        match self {
            Self::Dense(weights) => Cow::Borrowed(weights),
            Self::Sparse(synapses) => Cow::Owned(Weights::from(synapses)),
        }
    }

    /// All weights, of dense synapses row by row with the padding, of sparse ones in the order of storage.
    pub fn weights(&self) -> Cow<'_, [f32]> {
        match self {
            Self::Dense(weights) => Cow::Borrowed(weights.rows()),
            Self::Sparse(synapses) => synapses.synapses().map(|synapse| synapse.weight).collect(),
        }
    }

    /// Calls `visit` with target and weight of every synapse of a presynaptic neuron.
    #[inline(always)]
    pub fn for_each(&self, pre: usize, mut visit: impl FnMut(usize, f32)) {
        match self {
            Self::Dense(weights) => {
                weights.row(pre)[..weights.post()].iter().enumerate().for_each(|(target, &w)| visit(target, w));
            }
            Self::Sparse(synapses) => {
                for (block, first) in synapses.blocks().iter().zip((0..).step_by(TARGETS_PER_BLOCK)) {
                    block
                        .row(pre)
                        .iter()
                        .for_each(|synapse| visit(first + usize::from(synapse.target), synapse.weight));
                }
            }
        }
    }

    /// Calls `visit` with target and weight of every synapse, to be changed: those onto a neuron in the order of presynaptic neurons.
    pub(super) fn for_each_mut(&mut self, mut visit: impl FnMut(usize, &mut f32)) {
        match self {
            Self::Dense(weights) => {
                for pre in 0..weights.pre() {
                    let post = weights.post();
                    weights.row_mut(pre)[..post]
                        .iter_mut()
                        .enumerate()
                        .for_each(|(target, weight)| visit(target, weight));
                }
            }
            Self::Sparse(synapses) => synapses.for_each_mut(visit),
        }
    }

    /// As [`Synapses::for_each`], with the summed weight of several synapses of a pair of neurons that follow each other in the
    /// order of storage: all of them, where synapses have one delay.
    #[inline(always)]
    pub fn for_each_pair(&self, pre: usize, mut visit: impl FnMut(usize, f32)) {
        let mut last: Option<(usize, f32)> = None;
        self.for_each(pre, |target, weight| match &mut last {
            Some((same, sum)) if *same == target => *sum += weight,
            _ => {
                let before = last.replace((target, weight));
                before.into_iter().for_each(|(target, sum)| visit(target, sum));
            }
        });
        last.into_iter().for_each(|(target, sum)| visit(target, sum));
    }

    /// Number of synapses of a presynaptic neuron.
    #[inline]
    pub fn out_degree(&self, pre: usize) -> usize {
        match self {
            Self::Dense(weights) => weights.post(),
            Self::Sparse(synapses) => synapses.out_degree(pre),
        }
    }

    /// Makes memory of its own of what is shared with a copy.
    pub(crate) fn unshare(&mut self) {
        if let Self::Sparse(synapses) = self {
            synapses.unshare();
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

    /// Removes each synapse with a probability: its weight becomes 0.
    pub(crate) fn prune(&mut self, fraction: f64, stream: &mut Stream) {
        let mut keep = |weight: &mut f32| {
            if stream.unit() <= fraction {
                *weight = 0.0;
            }
        };
        match self {
            Self::Dense(weights) => weights.rows_mut().iter_mut().for_each(keep),
            Self::Sparse(synapses) => synapses.weights_mut().for_each(&mut keep),
        }
    }

    /// Whether all weights are finite numbers.
    pub fn is_finite(&self) -> bool {
        match self {
            Self::Dense(weights) => weights.rows().iter().all(|w| w.is_finite()),
            Self::Sparse(synapses) => synapses.synapses().all(|synapse| synapse.weight.is_finite()),
        }
    }

    /// The first weight that has not this sign, if there is one.
    pub fn of_another_sign(&self, sign: Sign) -> Option<f32> {
        let other = |weight: &f32| !sign.allows(f64::from(*weight));
        match self {
            Self::Dense(weights) => weights.rows().iter().copied().find(other),
            Self::Sparse(synapses) => synapses.synapses().map(|synapse| synapse.weight).find(other),
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
