//! Rows of weights as arrivals reach the neurons of one stream block: dense, or of synapses some of which are sparse.
//!
//! Sparse rows are added synapse by synapse, with the products of dense ones in the same order, so that a synapse that there is
//! has the same effect to the bit. Arrivals that wait for their group are unpacked into rows that are zero elsewhere, for what a
//! candidate needs of them is the weight of one neuron.

use std::marker::PhantomData;

use super::layout::SomaticInput;
use super::traces::{Event, GROUP, Recent, Traces};
use crate::network::{Network, SynapseBlock, Synapses, TARGETS_PER_BLOCK, Weights};
use crate::numeric::{Real, STREAM_BLOCK};

/// The weights of the projections that drive the somata of a population.
#[derive(Clone, Copy, Debug)]
pub(crate) enum AfferentWeights<'a> {
    /// Of dense synapses alone: their rows, [pre, stride], by afferent.
    Dense(&'a [&'a [f32]]),
    /// Of which some are sparse.
    Mixed {
        /// The afferents.
        somatic: &'a [SomaticInput],
        /// The synapses of all projections.
        network: &'a Network,
    },
}

/// The rows of arrivals in one stream block at a time.
pub(crate) trait BlockRows<F> {
    /// Goes to the neurons from `base` on.
    fn begin(&mut self, base: usize, length: usize);

    /// Adds arrivals to the traces, in their order.
    fn add<const M: usize>(&mut self, traces: &mut Traces<'_, F>, events: &[Event<F>; M]);

    /// Arrivals that the traces do not hold yet.
    fn recent(&mut self, events: &[Event<F>]) -> Recent<'_, F>;

    /// Leaves these neurons.
    fn end(&mut self);
}

/// Rows of dense synapses.
pub(crate) struct DenseRows<'a> {
    rows: &'a [&'a [f32]],
    stride: usize,
    base: usize,
    length: usize,
}

impl<'a> DenseRows<'a> {
    pub(crate) fn new(rows: &'a [&'a [f32]], stride: usize) -> Self {
        Self { rows, stride, base: 0, length: 0 }
    }

    #[inline(always)]
    fn row<F>(&self, event: &Event<F>) -> &'a [f32] {
        &self.rows[event.afferent as usize][event.pre as usize * self.stride + self.base..][..self.length]
    }
}

impl<F: Real> BlockRows<F> for DenseRows<'_> {
    #[inline(always)]
    fn begin(&mut self, base: usize, length: usize) {
        (self.base, self.length) = (base, length);
    }

    #[inline(always)]
    fn add<const M: usize>(&mut self, traces: &mut Traces<'_, F>, events: &[Event<F>; M]) {
        traces.add(events, |event| self.row(event));
    }

    #[inline(always)]
    fn recent(&mut self, events: &[Event<F>]) -> Recent<'_, F> {
        Recent::new(events, |_, event| self.row(event))
    }

    #[inline(always)]
    fn end(&mut self) {}
}

/// Sparse rows unpacked: zero but where the synapses of an arrival end.
#[derive(Clone, Debug, Default)]
pub(crate) struct UnpackedRows {
    rows: Vec<[f32; STREAM_BLOCK]>,
    /// Afferent and presynaptic neuron of each row that is not zero.
    held: [Option<(u32, u32)>; GROUP - 1],
}

/// Afferents whose rows or blocks are found once, without memory of their own, and not for every arrival.
pub(crate) const FEW: usize = 8;

/// The synapses of a projection onto the block of neurons at hand.
#[derive(Clone, Copy)]
enum BlockSynapses<'a> {
    Dense(&'a Weights),
    Sparse(&'a SynapseBlock),
}

/// Rows of synapses some of which are sparse.
pub(crate) struct MixedRows<'a, 'b, F> {
    somatic: &'a [SomaticInput],
    network: &'a Network,
    few: [Option<BlockSynapses<'a>>; FEW],
    unpacked: &'b mut UnpackedRows,
    base: usize,
    length: usize,
    of: PhantomData<F>,
}

impl<'a, 'b, F> MixedRows<'a, 'b, F> {
    pub(crate) fn new(somatic: &'a [SomaticInput], network: &'a Network, unpacked: &'b mut UnpackedRows) -> Self {
        unpacked.rows.resize(GROUP - 1, [0.0; STREAM_BLOCK]);
        Self { somatic, network, few: [None; FEW], unpacked, base: 0, length: 0, of: PhantomData }
    }

    fn find(&self, afferent: usize) -> BlockSynapses<'a> {
        match &self.network.synapses[self.somatic[afferent].projection] {
            Synapses::Dense(weights) => BlockSynapses::Dense(weights),
            Synapses::Sparse(sparse) => BlockSynapses::Sparse(&sparse.blocks()[self.base / TARGETS_PER_BLOCK]),
        }
    }

    #[inline(always)]
    fn synapses(&self, afferent: u32) -> BlockSynapses<'a> {
        match self.few.get(afferent as usize) {
            Some(&Some(synapses)) => synapses,
            _ => self.find(afferent as usize),
        }
    }

    #[inline(always)]
    fn dense_row(&self, weights: &'a Weights, pre: u32) -> &'a [f32] {
        &weights.row(pre as usize)[self.base..][..self.length]
    }

    /// The synapses of an arrival onto the stream block: where each ends in it, and its weight.
    #[inline(always)]
    fn sparse_row(&self, block: &'a SynapseBlock, pre: u32) -> impl Iterator<Item = (usize, f32)> + use<'a, F> {
        let first = self.base % TARGETS_PER_BLOCK;
        let row = block.row_onto(pre as usize, first..first + self.length);
        row.iter().map(move |synapse| (usize::from(synapse.target) - first, synapse.weight))
    }

    /// Makes all unpacked rows zero.
    #[inline(always)]
    fn clear(&mut self) {
        for k in 0..GROUP - 1 {
            let Some((afferent, pre)) = self.unpacked.held[k].take() else { continue };
            if let BlockSynapses::Sparse(block) = self.synapses(afferent) {
                self.sparse_row(block, pre).for_each(|(target, _)| self.unpacked.rows[k][target] = 0.0);
            }
        }
    }
}

impl<F: Real> BlockRows<F> for MixedRows<'_, '_, F> {
    #[inline(always)]
    fn begin(&mut self, base: usize, length: usize) {
        (self.base, self.length) = (base, length);
        for afferent in 0..self.somatic.len().min(FEW) {
            self.few[afferent] = Some(self.find(afferent));
        }
    }

    #[inline(always)]
    fn add<const M: usize>(&mut self, traces: &mut Traces<'_, F>, events: &[Event<F>; M]) {
        for (k, event) in events.iter().enumerate() {
            match self.synapses(event.afferent) {
                BlockSynapses::Dense(weights) => {
                    let row = self.dense_row(weights, event.pre);
                    traces.add(std::array::from_ref(event), |_| row);
                }
                BlockSynapses::Sparse(block) => {
                    let row = self.sparse_row(block, event.pre);
                    let UnpackedRows { rows, held } = &mut *self.unpacked;
                    match held.get_mut(k).filter(|held| **held == Some((event.afferent, event.pre))) {
                        // What waited is in the traces now.
                        Some(held) => {
                            *held = None;
                            let unpacked = &mut rows[k];
                            traces.add_sparse(event.jumps, row, |target| unpacked[target] = 0.0);
                        }
                        None => traces.add_sparse(event.jumps, row, |_| ()),
                    }
                }
            }
        }
    }

    #[inline(always)]
    fn recent(&mut self, events: &[Event<F>]) -> Recent<'_, F> {
        self.clear();
        for (k, event) in events.iter().enumerate().take(GROUP - 1) {
            if let BlockSynapses::Sparse(block) = self.synapses(event.afferent) {
                let row = self.sparse_row(block, event.pre);
                let UnpackedRows { rows, held } = &mut *self.unpacked;
                held[k] = Some((event.afferent, event.pre));
                let unpacked = &mut rows[k];
                row.for_each(|(target, weight)| unpacked[target] += weight);
            }
        }
        Recent::new(events, |k, event| match self.synapses(event.afferent) {
            BlockSynapses::Dense(weights) => self.dense_row(weights, event.pre),
            BlockSynapses::Sparse(_) => &self.unpacked.rows[k],
        })
    }

    #[inline(always)]
    fn end(&mut self) {
        self.clear();
    }
}
