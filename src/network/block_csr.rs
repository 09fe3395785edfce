//! Sparse synapses: compressed rows of presynaptic neurons within blocks of postsynaptic ones.
//!
//! A synapse takes eight bytes: its target within the block, its delay in steps of a resolution, its weight. A spike reaches
//! the neurons of one block by one contiguous row, sorted by delay and target, so that a block of neurons can be advanced by
//! one thread, and targets of one delay share the factors of their arrival.

use std::ops::Range;
use std::sync::Arc;

use super::synapse::{ListedSynapse, Synapse, TARGETS_PER_BLOCK};
use super::synapses_error::SynapsesError;

/// The synapses of one block of postsynaptic neurons.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SynapseBlock {
    /// Where the row of each presynaptic neuron starts in `synapses`, and their end [pre + 1].
    pub(super) starts: Vec<u32>,
    /// All rows, each sorted by delay and target.
    pub(super) synapses: Vec<Synapse>,
}

/// Sparse synapses of a projection.
#[derive(Clone, Debug, PartialEq)]
pub struct BlockCsr {
    pub(super) pre: usize,
    post: usize,
    resolution_ms: f64,
    /// Shared between copies of a network until weights change: a checkpoint takes no memory of its own.
    pub(super) blocks: Arc<Vec<SynapseBlock>>,
    /// Smallest and largest delay [steps]; none without synapses.
    delays: Option<[u16; 2]>,
}

impl SynapseBlock {
    /// The block of rows of these lengths [pre] whose synapses follow each other, each row in any order.
    pub(super) fn new(lengths: &[u32], mut synapses: Vec<Synapse>) -> Self {
        let mut end = 0;
        let starts = std::iter::once(0).chain(lengths.iter().map(|length| {
            end += length;
            end
        }));
        let starts: Vec<u32> = starts.collect();
        for row in starts.array_windows::<2>() {
            synapses[row[0] as usize..row[1] as usize].sort_unstable_by_key(|synapse| synapse.order());
        }
        Self { starts, synapses }
    }

    /// The synapses of one presynaptic neuron, sorted by delay and target.
    #[inline]
    pub fn row(&self, pre: usize) -> &[Synapse] {
        &self.synapses[self.places(pre)]
    }

    /// The same, to be changed; their order stays.
    #[inline]
    pub(crate) fn row_mut(&mut self, pre: usize) -> &mut [Synapse] {
        let places = self.places(pre);
        &mut self.synapses[places]
    }

    /// Where the row of a presynaptic neuron is in all synapses.
    #[inline]
    pub(super) fn places(&self, pre: usize) -> Range<usize> {
        self.starts[pre] as usize..self.starts[pre + 1] as usize
    }

    /// The synapses of one presynaptic neuron onto some neurons of the block, where all have one delay, so that rows are sorted by
    /// target.
    #[inline]
    pub(crate) fn row_onto(&self, pre: usize, targets: Range<usize>) -> &[Synapse] {
        let row = self.row(pre);
        let below = |bound: usize| row.partition_point(|synapse| usize::from(synapse.target) < bound);
        let is_within = |synapse: &Synapse| targets.contains(&usize::from(synapse.target));
        if row.first().is_none_or(is_within) && row.last().is_none_or(is_within) {
            return row;
        }
        &row[below(targets.start)..below(targets.end)]
    }

    /// All synapses, row by row.
    pub fn synapses(&self) -> &[Synapse] {
        &self.synapses
    }

    fn bytes(&self) -> usize {
        size_of_val(self.starts.as_slice()) + self.synapses.capacity() * size_of::<Synapse>()
    }
}

impl BlockCsr {
    /// Synapses of these blocks, one for each [`TARGETS_PER_BLOCK`] of `post` neurons.
    pub(super) fn new(pre: usize, post: usize, resolution_ms: f64, blocks: Vec<SynapseBlock>) -> Self {
        debug_assert_eq!(blocks.len(), post.div_ceil(TARGETS_PER_BLOCK));
        let delays = blocks.iter().flat_map(|block| &block.synapses).map(|synapse| synapse.delay);
        let delays = delays.fold(None, |range: Option<[u16; 2]>, delay| {
            let [least, most] = range.unwrap_or([delay; 2]);
            Some([least.min(delay), most.max(delay)])
        });
        Self { pre, post, resolution_ms, blocks: Arc::new(blocks), delays }
    }

    /// The synapses of a list, in any order; several of one pair of neurons stay several.
    ///
    /// # Errors
    /// The first synapse of a neuron that is not there; more than 2³² − 1 synapses of one block.
    pub fn from_list(
        pre: usize,
        post: usize,
        resolution_ms: f64,
        list: &[ListedSynapse],
    ) -> Result<Self, SynapsesError> {
        Self::from_synapses(pre, post, resolution_ms, list.iter().copied())
    }

    /// As [`BlockCsr::from_list`], of synapses that are gone over twice.
    pub(super) fn from_synapses(
        pre: usize,
        post: usize,
        resolution_ms: f64,
        list: impl Iterator<Item = ListedSynapse> + Clone,
    ) -> Result<Self, SynapsesError> {
        let mut lengths = vec![vec![0_u32; pre]; post.div_ceil(TARGETS_PER_BLOCK)];
        let mut counts = vec![0_usize; lengths.len()];
        for (index, synapse) in list.clone().enumerate() {
            let ListedSynapse { source, target, .. } = synapse;
            if source as usize >= pre || target as usize >= post {
                return Err(SynapsesError::Ends { index, source_neuron: source, target, pre, post });
            }
            let block = synapse.target as usize / TARGETS_PER_BLOCK;
            counts[block] += 1;
            let length = &mut lengths[block][synapse.source as usize];
            *length = length.saturating_add(1);
        }
        for (block, &found) in counts.iter().enumerate() {
            check_count(block, post, found)?;
        }
        let mut next: Vec<Vec<u32>> = lengths.iter().map(|lengths| row_starts(lengths)).collect();
        let mut synapses: Vec<_> = counts.iter().map(|&count| vec![Synapse::default(); count]).collect();
        for ListedSynapse { source, target, delay, weight } in list {
            let (block, target) = (target as usize / TARGETS_PER_BLOCK, target as usize % TARGETS_PER_BLOCK);
            let place = &mut next[block][source as usize];
            synapses[block][*place as usize] = Synapse { target: target as u16, delay, weight };
            *place += 1;
        }
        let blocks = lengths.iter().zip(synapses).map(|(lengths, synapses)| SynapseBlock::new(lengths, synapses));
        Ok(Self::new(pre, post, resolution_ms, blocks.collect()))
    }

    /// The synapses that [`BlockCsr::list`] gave, in its order.
    ///
    /// # Errors
    /// The first synapse of a neuron that is not there or out of order, or without delay where others have one; more than 2³² − 1
    /// synapses of one block.
    pub fn from_stored(
        pre: usize,
        post: usize,
        resolution_ms: f64,
        list: impl Iterator<Item = ListedSynapse>,
    ) -> Result<Self, SynapsesError> {
        let mut blocks: Vec<_> = (0..post.div_ceil(TARGETS_PER_BLOCK)).map(|_| SynapseBlock::default()).collect();
        let mut last = None;
        let mut without_delay = None;
        for (index, ListedSynapse { source, target, delay, weight }) in list.enumerate() {
            if source as usize >= pre || target as usize >= post {
                return Err(SynapsesError::Ends { index, source_neuron: source, target, pre, post });
            }
            if *without_delay.get_or_insert(delay == 0) != (delay == 0) {
                return Err(SynapsesError::Delay { index, found: 0.0, resolution_ms });
            }
            let block = target as usize / TARGETS_PER_BLOCK;
            let place = Some((block, source, delay));
            if place < last {
                return Err(SynapsesError::Order { index });
            }
            last = place;
            let SynapseBlock { starts, synapses } = &mut blocks[block];
            starts.resize(source as usize + 1, synapses.len() as u32);
            synapses.push(Synapse { target: (target as usize % TARGETS_PER_BLOCK) as u16, delay, weight });
        }
        for (block, SynapseBlock { starts, synapses }) in blocks.iter_mut().enumerate() {
            check_count(block, post, synapses.len())?;
            starts.resize(pre + 1, synapses.len() as u32);
            synapses.shrink_to_fit();
        }
        Ok(Self::new(pre, post, resolution_ms, blocks))
    }

    /// Number of presynaptic neurons.
    pub fn pre(&self) -> usize {
        self.pre
    }

    /// Number of postsynaptic neurons.
    pub fn post(&self) -> usize {
        self.post
    }

    /// The step of delays [ms].
    pub fn resolution_ms(&self) -> f64 {
        self.resolution_ms
    }

    /// The blocks of [`TARGETS_PER_BLOCK`] postsynaptic neurons.
    pub fn blocks(&self) -> &[SynapseBlock] {
        &self.blocks
    }

    /// The postsynaptic neurons of a block.
    pub fn targets(&self, block: usize) -> Range<usize> {
        block * TARGETS_PER_BLOCK..((block + 1) * TARGETS_PER_BLOCK).min(self.post)
    }

    /// The synapses of one presynaptic neuron onto a block, sorted by delay and target.
    #[inline]
    pub fn row(&self, block: usize, pre: usize) -> &[Synapse] {
        self.blocks[block].row(pre)
    }

    /// Number of synapses of one presynaptic neuron.
    #[inline]
    pub(crate) fn out_degree(&self, pre: usize) -> usize {
        self.blocks.iter().map(|block| block.places(pre).len()).sum()
    }

    /// All synapses, block by block and row by row.
    pub fn synapses(&self) -> impl Iterator<Item = &Synapse> {
        self.blocks.iter().flat_map(|block| &block.synapses)
    }

    /// Multiplies all weights by a factor.
    pub fn scale(&mut self, factor: f64) {
        self.weights_mut().for_each(|weight| *weight = (f64::from(*weight) * factor) as f32);
    }

    /// All weights, block by block and row by row, to be changed.
    pub(super) fn weights_mut(&mut self) -> impl Iterator<Item = &mut f32> {
        Arc::make_mut(&mut self.blocks)
            .iter_mut()
            .flat_map(|block| &mut block.synapses)
            .map(|synapse| &mut synapse.weight)
    }

    /// Calls `visit` with target and weight of every synapse, block by block and row by row, to be changed.
    pub(super) fn for_each_mut(&mut self, mut visit: impl FnMut(usize, &mut f32)) {
        let blocks = Arc::make_mut(&mut self.blocks).iter_mut();
        for (block, first) in blocks.zip((0..).step_by(TARGETS_PER_BLOCK)) {
            for synapse in &mut block.synapses {
                visit(first + usize::from(synapse.target), &mut synapse.weight);
            }
        }
    }

    /// Makes memory of its own of what is shared with a copy.
    pub(super) fn unshare(&mut self) {
        Arc::make_mut(&mut self.blocks);
    }

    /// Takes all blocks out, to be changed apart from each other and [put back](Self::put_blocks).
    pub(crate) fn take_blocks(&mut self) -> Vec<SynapseBlock> {
        std::mem::take(Arc::make_mut(&mut self.blocks))
    }

    /// Puts back the blocks that were taken out.
    pub(crate) fn put_blocks(&mut self, blocks: Vec<SynapseBlock>) {
        debug_assert_eq!(blocks.len(), self.post.div_ceil(TARGETS_PER_BLOCK));
        self.blocks = Arc::new(blocks);
    }

    /// All synapses as a list, block by block and row by row.
    pub fn list(&self) -> impl Iterator<Item = ListedSynapse> {
        (0..self.blocks.len()).flat_map(move |block| {
            (0..self.pre).flat_map(move |source| {
                self.row(block, source).iter().map(move |&Synapse { target, delay, weight }| ListedSynapse {
                    source: source as u32,
                    target: (block * TARGETS_PER_BLOCK) as u32 + u32::from(target),
                    delay,
                    weight,
                })
            })
        })
    }

    /// Number of synapses.
    pub fn len(&self) -> usize {
        self.blocks.iter().map(|block| block.synapses.len()).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Memory that they take, starts of rows included [bytes].
    pub fn bytes(&self) -> usize {
        self.blocks.iter().map(SynapseBlock::bytes).sum()
    }

    /// A delay [ms] of so many steps.
    pub fn delay_ms(&self, steps: u16) -> f64 {
        f64::from(steps) * self.resolution_ms
    }

    /// Smallest and largest delay [steps]; none without synapses.
    pub fn delay_steps(&self) -> Option<[u16; 2]> {
        self.delays
    }

    /// The delay of all synapses, if they have one [steps].
    #[inline]
    pub(crate) fn one_delay(&self) -> Option<u16> {
        self.delays.and_then(|[least, most]| (least == most).then_some(least))
    }

    /// Smallest delay [ms]; none without synapses.
    pub fn min_delay_ms(&self) -> Option<f64> {
        self.delays.map(|[least, _]| self.delay_ms(least))
    }

    /// Largest delay [ms]; none without synapses.
    pub fn max_delay_ms(&self) -> Option<f64> {
        self.delays.map(|[_, most]| self.delay_ms(most))
    }
}

/// Refuses more synapses of a block than its starts of rows can count.
pub(super) fn check_count(block: usize, post: usize, found: usize) -> Result<(), SynapsesError> {
    if u32::try_from(found).is_ok() {
        return Ok(());
    }
    let first = block * TARGETS_PER_BLOCK;
    Err(SynapsesError::TooMany { first, last: (first + TARGETS_PER_BLOCK).min(post) - 1, found })
}

/// Where rows of these lengths start [pre].
pub(super) fn row_starts(lengths: &[u32]) -> Vec<u32> {
    let mut end = 0;
    let start = |&length: &u32| {
        let start = end;
        end += length;
        start
    };
    lengths.iter().map(start).collect()
}

#[cfg(test)]
mod tests;
