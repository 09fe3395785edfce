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
#[allow(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;

    fn listed(source: u32, target: u32, delay: u16, weight: f32) -> ListedSynapse {
        ListedSynapse { source, target, delay, weight }
    }

    #[test]
    fn a_list_becomes_rows_by_block_sorted_by_delay_and_target() {
        let list = [
            listed(1, 4096, 3, 0.5),
            listed(0, 7, 9, 1.0),
            listed(1, 5, 3, 2.0),
            listed(1, 4, 3, 3.0),
            listed(1, 9, 2, 4.0),
            listed(1, 4, 3, 1.5),
        ];
        let synapses = BlockCsr::from_list(3, 5000, 0.1, &list).unwrap();
        let row = |block: usize, pre: usize| -> Vec<_> {
            synapses.row(block, pre).iter().map(|s| (s.delay, s.target, s.weight)).collect::<Vec<_>>()
        };
        assert_eq!(row(0, 0), [(9, 7, 1.0)]);
        assert_eq!(row(0, 1), [(2, 9, 4.0), (3, 4, 1.5), (3, 4, 3.0), (3, 5, 2.0)]);
        assert_eq!((row(1, 1), row(0, 2), row(1, 2)), (vec![(3, 0, 0.5)], vec![], vec![]));
        assert_eq!((synapses.targets(0), synapses.targets(1)), (0..4096, 4096..5000));
        assert_eq!((synapses.min_delay_ms(), synapses.max_delay_ms()), (Some(2.0 * 0.1), Some(9.0 * 0.1)));
        assert_eq!((size_of::<Synapse>(), synapses.bytes()), (8, 6 * 8 + 2 * 4 * 4));
        let back: Vec<_> = synapses.list().collect();
        assert_eq!(BlockCsr::from_list(3, 5000, 0.1, &back).unwrap(), synapses);
    }

    /// Row 1 goes to 0, 3, 3, 9 and, in the second block, 4,100.
    #[test]
    fn rows_are_cut_by_targets_and_counted() {
        let ends = [(1, 3), (1, 9), (1, 0), (1, 4100), (1, 3), (0, 3)];
        let list = ends.map(|(pre, post)| listed(pre, post, 1, 1.0 + pre as f32));
        let synapses = BlockCsr::from_list(2, 5000, 1.0, &list).unwrap();
        let onto = |targets: Range<usize>| -> Vec<u16> {
            synapses.blocks()[0].row_onto(1, targets).iter().map(|synapse| synapse.target).collect()
        };
        assert_eq!((onto(0..10), onto(0..9), onto(3..4)), (vec![0, 3, 3, 9], vec![0, 3, 3], vec![3, 3]));
        assert_eq!((onto(1..4096), onto(4..9), onto(10..11)), (vec![3, 3, 9], vec![], vec![]));
        assert_eq!((synapses.out_degree(0), synapses.out_degree(1)), (1, 5));
    }

    #[test]
    fn synapses_of_neurons_that_are_not_there_are_refused() {
        let wrong = [listed(0, 0, 1, 1.0), listed(2, 1, 1, 1.0)];
        let error = BlockCsr::from_list(2, 2, 0.1, &wrong).unwrap_err();
        assert_eq!(error, SynapsesError::Ends { index: 1, source_neuron: 2, target: 1, pre: 2, post: 2 });
        assert!(BlockCsr::from_list(3, 1, 0.1, &wrong).is_err() && BlockCsr::from_list(3, 2, 0.1, &wrong).is_ok());
    }

    #[test]
    fn no_synapses_have_no_delay() {
        let none = BlockCsr::from_list(0, 0, 0.1, &[]).unwrap();
        assert!(none.is_empty() && none.min_delay_ms().is_none() && none.blocks().is_empty());
    }

    /// Several synapses of one pair of neurons stay in the order in which they were, whatever became of their weights.
    #[test]
    fn what_is_stored_is_read_in_its_order() {
        let synapse = |n: u32| ListedSynapse {
            source: n * 7 % 5,
            target: n * 2749 % 9000,
            delay: 1 + (n % 3) as u16,
            weight: n as f32 - 20.0,
        };
        let list: Vec<_> = (0..4000).map(|n| synapse(n % 500)).collect();
        let mut synapses = BlockCsr::from_list(5, 9000, 0.1, &list).unwrap();
        synapses.scale(-1.0);
        let read = BlockCsr::from_stored(5, 9000, 0.1, synapses.list()).unwrap();
        assert_eq!(read, synapses);
        let mut stored: Vec<_> = synapses.list().collect();
        stored.swap(10, 3000);
        assert!(matches!(
            BlockCsr::from_stored(5, 9000, 0.1, stored.into_iter()),
            Err(SynapsesError::Order { index: 11 | 3000 | 3001 })
        ));
        let at_once = |delay| ListedSynapse { source: 0, target: 0, delay, weight: 1.0 };
        let refused = BlockCsr::from_stored(5, 9000, 0.1, [at_once(0), at_once(1)].into_iter());
        assert!(matches!(refused, Err(SynapsesError::Delay { index: 1, .. })));
        let read = BlockCsr::from_stored(5, 9000, 1.0, [at_once(0), at_once(0)].into_iter()).unwrap();
        assert_eq!((read.len(), read.delay_steps()), (2, Some([0, 0])));
        let beyond = ListedSynapse { source: 0, target: 9000, delay: 1, weight: 1.0 };
        let refused = BlockCsr::from_stored(5, 9000, 0.1, std::iter::once(beyond));
        assert!(matches!(refused, Err(SynapsesError::Ends { index: 0, .. })));
    }
}
