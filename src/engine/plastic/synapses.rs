//! Synapses of blocks of neurons whose weights change while the blocks advance: they are taken out of the network, one part a block, and
//! put back after a phase.

use std::ops::Range;

use super::input::RowArrival;
use crate::network::{Network, Synapse, SynapseBlock, Synapses, Weights};

/// Synapses of one projection onto the neurons of a block.
#[derive(Clone, Debug)]
pub(in crate::engine) enum TakenSynapses {
    /// From every presynaptic neuron to each of the block.
    Dense(Weights),
    /// Those that there are.
    Sparse(SynapseBlock),
}

impl TakenSynapses {
    /// Takes the synapses of a projection out of a network, for blocks of these postsynaptic neurons.
    pub(in crate::engine) fn take(network: &mut Network, projection: usize, blocks: &[Range<usize>]) -> Vec<Self> {
        match &mut network.synapses[projection] {
            Synapses::Sparse(sparse) => sparse.take_blocks().into_iter().map(Self::Sparse).collect(),
            // All of one block are moved, not copied.
            Synapses::Dense(weights) if blocks.len() == 1 => {
                vec![Self::Dense(std::mem::replace(weights, Weights::zeros(0, 0)))]
            }
            Synapses::Dense(weights) => {
                blocks.iter().map(|block| Self::Dense(weights.columns(block.clone()))).collect()
            }
        }
    }

    /// Puts them back.
    pub(in crate::engine) fn put(
        network: &mut Network,
        projection: usize,
        blocks: &[Range<usize>],
        of_blocks: Vec<Self>,
    ) {
        match &mut network.synapses[projection] {
            Synapses::Sparse(sparse) => {
                let block = |synapses| if let Self::Sparse(block) = synapses { Some(block) } else { None };
                sparse.put_blocks(of_blocks.into_iter().filter_map(block).collect());
            }
            Synapses::Dense(weights) => {
                for (synapses, block) in of_blocks.into_iter().zip(blocks) {
                    match synapses {
                        Self::Dense(whole) if blocks.len() == 1 => *weights = whole,
                        Self::Dense(columns) => weights.set_columns(block.start, &columns),
                        Self::Sparse(_) => (),
                    }
                }
            }
        }
    }

    /// The sparse row of a presynaptic neuron, if it is one.
    pub(super) fn sparse_row(&self, source: usize) -> Option<&[Synapse]> {
        match self {
            Self::Dense(_) => None,
            Self::Sparse(block) => Some(block.row(source)),
        }
    }

    /// Places of the synapses of an arrival in the row of its source; an arrival of an edited checkpoint may name others.
    #[inline(always)]
    pub(super) fn places(&self, arrival: &RowArrival) -> Range<usize> {
        match self {
            Self::Dense(weights) => 0..weights.post(),
            Self::Sparse(block) => {
                let to = arrival.to.min(block.row(arrival.source).len());
                arrival.from.min(to)..to
            }
        }
    }

    /// Number of synapses of a presynaptic neuron.
    pub(super) fn row_len(&self, source: usize) -> usize {
        match self {
            Self::Dense(weights) => weights.post(),
            Self::Sparse(block) => block.row(source).len(),
        }
    }

    /// How many of some synapses of a presynaptic neuron, from the first on, have its delay.
    pub(super) fn of_one_delay(&self, source: usize, places: Range<usize>) -> usize {
        match self {
            Self::Dense(_) => places.len(),
            Self::Sparse(block) => {
                let row = &block.row(source)[places];
                row.iter().take_while(|synapse| synapse.delay == row[0].delay).count()
            }
        }
    }

    /// Delay of a synapse in steps, where each has its own.
    pub(super) fn delay_steps(&self, source: usize, place: usize) -> u16 {
        match self {
            Self::Dense(_) => 0,
            Self::Sparse(block) => block.row(source).get(place).map_or(0, |synapse| synapse.delay),
        }
    }

    /// Appends the targets within the block and the weights of some synapses of a presynaptic neuron.
    #[inline(always)]
    pub(super) fn read(&self, source: usize, places: Range<usize>, targets: &mut Vec<u32>, weights: &mut Vec<f32>) {
        match self {
            Self::Dense(dense) => {
                weights.extend_from_slice(&dense.row(source)[places.clone()]);
                targets.extend(places.start as u32..places.end as u32);
            }
            Self::Sparse(block) => {
                let row = &block.row(source)[places];
                targets.extend(row.iter().map(|synapse| u32::from(synapse.target)));
                weights.extend(row.iter().map(|synapse| synapse.weight));
            }
        }
    }

    /// Sets the weights of some synapses of a presynaptic neuron.
    #[inline(always)]
    pub(super) fn set(&mut self, source: usize, places: Range<usize>, new: &[f32]) {
        match self {
            Self::Dense(weights) => weights.row_mut(source)[places].copy_from_slice(new),
            Self::Sparse(block) => {
                let row = &mut block.row_mut(source)[places];
                row.iter_mut().zip(new).for_each(|(synapse, &weight)| synapse.weight = weight);
            }
        }
    }
}
