//! What reaches a population that advances in blocks, neuron by neuron: its projections, with the synapses of those whose weights change
//! at spikes.
//!
//! Blocks of all kinds of cells take arrivals over such synapses alike: neurons are brought up to the arrival, their spikes so far are taken
//! up, the synapses are changed, and the spike acts with the new weights.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::arrivals::Arrivals;
use super::block_arrivals::{FreshSpikes, Queue};
use super::in_flight;
use super::modal_input::ModalInput;
use super::observe::StateArray;
use super::plastic::{
    EmittedSpikes, PendingRows, PlasticInput, PlasticPart, TakenSynapses, restore_fired, restore_sent, save,
};
use super::population::{Inputs, Window};
use crate::network::{Network, Synapses};
use crate::plasticity::Candidate;

/// What reaches a population, as its blocks share it.
#[derive(Clone, Debug)]
pub(super) struct EventInputs {
    /// Projections.
    pub(super) of: Vec<ModalInput>,
    /// By input: those whose weights change at spikes.
    plastic: Vec<Option<PlasticInput>>,
    /// By input: spikes that were just sent over synapses of many delays.
    fresh: Vec<FreshSpikes>,
    /// Start of the phase since the last state that was taken up [ms].
    clock: f64,
}

/// What reaches a block.
#[derive(Clone, Debug)]
pub(super) struct BlockInputs {
    /// Its neurons in the population.
    pub(super) neurons: Range<usize>,
    pub(super) queue: Queue,
    /// By input: what changes its weights at spikes, if they do.
    plastic: Vec<Option<PlasticPart>>,
}

/// A block of neurons with what reaches it.
pub(super) trait InputBlock: Send + Sync {
    /// What reaches it.
    fn inputs(&self) -> &BlockInputs;

    /// What reaches it, to be changed.
    fn inputs_mut(&mut self) -> &mut BlockInputs;
}

/// The neurons of a block as an arrival over synapses that change sees them.
pub(super) trait ArrivalTargets {
    /// Decides on all that happens to a neuron before `t` [ms].
    fn bring_up(&mut self, index: usize, t: f64);

    /// What neurons have emitted in the window so far.
    fn emitted(&self) -> EmittedSpikes<'_>;

    /// A spike of weight `w` arrives at a neuron at `t`, up to which it was brought.
    fn arrive(&mut self, index: usize, t: f64, w: f64);
}

/// One call of [`BlockInputs::take_changing`].
struct ChangingArrival<'a, N> {
    block: &'a mut BlockInputs,
    shared: &'a EventInputs,
    next: usize,
    neurons: N,
}

impl<N: ArrivalTargets> WithSimd for ChangingArrival<'_, N> {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        let Self { block, shared, next, mut neurons } = self;
        block.take_inlined(shared, next, &mut neurons)
    }
}

impl BlockInputs {
    /// Of a block of these neurons.
    pub(super) fn new(neurons: Range<usize>, inputs: &[ModalInput], window_ms: f64) -> Self {
        let plastic =
            inputs.iter().map(|input| Some(PlasticPart::new(input.plasticity.clone()?, neurons.len()))).collect();
        Self { neurons, queue: Queue::new(window_ms), plastic }
    }

    /// Forgets all that was sent and fired.
    pub(super) fn clear(&mut self) {
        self.queue.clear();
        self.plastic.iter_mut().flatten().for_each(PlasticPart::clear);
    }

    /// Whether the weights of an input change now.
    #[inline(always)]
    pub(super) fn changes(&self, input: u32) -> bool {
        self.plastic[input as usize].as_ref().is_some_and(PlasticPart::has_synapses)
    }

    /// Changes the synapses of the arrival at `next`, which are taken out of the network for it, and lets it act. Returns how many there are.
    ///
    /// Apart from loops over arrivals, which stay as small as they are without plasticity.
    #[inline(always)]
    pub(super) fn take_changing(
        &mut self,
        arch: Arch,
        shared: &EventInputs,
        next: usize,
        neurons: impl ArrivalTargets,
    ) -> usize {
        arch.dispatch(ChangingArrival { block: self, shared, next, neurons })
    }

    #[inline(always)]
    fn take_inlined(&mut self, shared: &EventInputs, next: usize, neurons: &mut impl ArrivalTargets) -> usize {
        let due = &self.queue.due[next];
        let input = due.input as usize;
        let (Some(plastic), Some(of_all)) = (&mut self.plastic[input], &shared.plastic[input]) else { return 0 };
        let arrival = due.in_row();
        plastic.take_in_hand(&arrival);
        for &target in plastic.in_hand().0 {
            neurons.bring_up(target as usize, due.time);
        }
        plastic.take_up(neurons.emitted(), self.neurons.start, shared.clock);
        // Spikes of a source at one time change weights as one.
        let is_again = next.checked_sub(1).is_some_and(|before| self.queue.due[before].is_with(due));
        if !is_again {
            plastic.change(of_all, &arrival);
        }
        let (targets, weights) = plastic.in_hand();
        for (&target, &w) in targets.iter().zip(weights) {
            neurons.arrive(target as usize, due.time, f64::from(w));
        }
        targets.len()
    }

    /// Whether a candidate spike of an escape rate changes weights of an input.
    pub(super) fn changes_at_candidates(&self, input: usize) -> bool {
        self.plastic[input].as_ref().is_some_and(PlasticPart::changes_at_candidates)
    }

    /// Takes up a candidate spike of a neuron of the block at `t`, for an input whose weights it changes.
    pub(super) fn take_candidate(&mut self, shared: &EventInputs, input: usize, index: usize, t: f64, of: Candidate) {
        self.plastic[input].iter_mut().for_each(|plastic| plastic.take_candidate(index, shared.clock, t, of));
    }

    /// Takes up what was emitted in a window that is over.
    pub(super) fn end_window(&mut self, emitted: EmittedSpikes<'_>, shared: &EventInputs) {
        for plastic in self.plastic.iter_mut().flatten() {
            plastic.take_up(emitted, self.neurons.start, shared.clock);
            plastic.targets.end_window();
        }
    }

    fn gather(&mut self, block: usize, inputs: &Inputs<'_>, shared: &EventInputs, window: Window) {
        self.queue.gather(block, inputs, &shared.of, &self.plastic, &shared.fresh, window);
    }
}

/// The delay of dense synapses, or the step of those of sparse ones, and the longest [ms].
fn delays(synapses: &Synapses, input: &ModalInput) -> [f64; 2] {
    match synapses {
        Synapses::Dense(_) => [input.delay; 2],
        Synapses::Sparse(sparse) => [sparse.resolution_ms(), sparse.max_delay_ms().unwrap_or(0.0)],
    }
}

/// Neurons of the blocks of a population.
fn ranges(blocks: &[impl InputBlock]) -> Vec<Range<usize>> {
    blocks.iter().map(|block| block.inputs().neurons.clone()).collect()
}

impl EventInputs {
    pub(super) fn new(inputs: &[ModalInput]) -> Self {
        let plastic = |of: &ModalInput| Some(PlasticInput::new(of.projection, of.pre, of.plasticity.as_ref()?));
        Self {
            of: inputs.to_vec(),
            plastic: inputs.iter().map(plastic).collect(),
            fresh: vec![FreshSpikes::default(); inputs.len()],
            clock: 0.0,
        }
    }

    /// Forgets all that was sent.
    pub(super) fn clear(&mut self) {
        self.clock = 0.0;
        self.plastic.iter_mut().flatten().for_each(PlasticInput::clear);
    }

    /// Takes the spikes that were just sent over synapses of many delays.
    pub(super) fn receive(&mut self, network: &Network, arrivals: &mut [Arrivals]) {
        FreshSpikes::take(&mut self.fresh, &self.of, network, arrivals);
        for (fresh, plastic) in self.fresh.iter().zip(&mut self.plastic) {
            plastic.iter_mut().for_each(|plastic| plastic.send(self.clock, &fresh.spikes));
        }
    }

    /// Gathers what reaches each block in a window and advances the blocks, which are independent of each other.
    pub(super) fn advance<B: InputBlock>(
        &self,
        blocks: &mut [B],
        inputs: &Inputs<'_>,
        window: Window,
        advance: impl Fn(&mut B) + Sync,
    ) {
        let one = |(number, block): (usize, &mut B)| {
            block.inputs_mut().gather(number, inputs, self, window);
            advance(block);
        };
        if blocks.len() > 1 && rayon::current_num_threads() > 1 {
            blocks.par_iter_mut().enumerate().for_each(one);
        } else {
            blocks.iter_mut().enumerate().for_each(one);
        }
    }

    /// Makes the end of a phase of `length` ms the start of the next.
    pub(super) fn carry(&mut self, blocks: &mut [impl InputBlock], inputs: &Inputs<'_>, length: f64) {
        for (number, block) in blocks.iter_mut().enumerate() {
            let own = block.inputs_mut();
            own.gather(number, inputs, self, Window { from: length, to: length });
            own.queue.carry(length);
        }
        self.plastic.iter_mut().flatten().for_each(|plastic| plastic.carry(length));
        self.clock += length;
        // Where weights stay, spikes wait for nothing.
        self.mark_applied_where(blocks, |plastic| !plastic.has_synapses());
    }

    /// Takes the synapses that change out of a network.
    pub(super) fn take_synapses(&mut self, blocks: &mut [impl InputBlock], network: &mut Network) {
        let ranges = ranges(blocks);
        for (place, plastic) in self.plastic.iter_mut().enumerate() {
            let Some(plastic) = plastic else { continue };
            let [delay_ms, longest] = delays(&network.synapses[plastic.projection], &self.of[place]);
            plastic.longest_delay = longest;
            let taken = TakenSynapses::take(network, plastic.projection, &ranges);
            for (block, synapses) in blocks.iter_mut().zip(taken) {
                if let Some(own) = &mut block.inputs_mut().plastic[place] {
                    own.set_synapses(synapses, delay_ms);
                }
            }
        }
    }

    /// Puts them back.
    pub(super) fn put_synapses(&self, blocks: &mut [impl InputBlock], network: &mut Network) {
        let ranges = ranges(blocks);
        for (place, plastic) in self.plastic.iter().enumerate() {
            let Some(plastic) = plastic else { continue };
            let parts = blocks.iter_mut().filter_map(|b| b.inputs_mut().plastic[place].as_mut()?.take_synapses());
            TakenSynapses::put(network, plastic.projection, &ranges, parts.collect());
        }
    }

    /// Changes the weights of a network for all postsynaptic spikes before now, which stay pending: what the weights are now.
    pub(super) fn apply_pending(&self, blocks: &[impl InputBlock], network: &mut Network) {
        let ranges = ranges(blocks);
        for (place, plastic) in self.plastic.iter().enumerate() {
            let Some(plastic) = plastic else { continue };
            let [delay_ms, _] = delays(&network.synapses[plastic.projection], &self.of[place]);
            let now = plastic.settled_at(self.clock);
            let mut taken = TakenSynapses::take(network, plastic.projection, &ranges);
            blocks.par_iter().zip(taken.par_iter_mut()).for_each(|(block, synapses)| {
                let BlockInputs { queue, plastic: own, .. } = block.inputs();
                if let Some(own) = &own[place] {
                    let (sources, waiting) = (&plastic.sources, &queue.waiting(place as u32));
                    own.apply_pending(PendingRows { synapses, sources, delay_ms, waiting, now });
                }
            });
            TakenSynapses::put(network, plastic.projection, &ranges, taken);
        }
    }

    /// Takes note that synapses have been changed for all postsynaptic spikes before now.
    pub(super) fn mark_applied(&self, blocks: &mut [impl InputBlock]) {
        self.mark_applied_where(blocks, |_| true);
    }

    fn mark_applied_where(&self, blocks: &mut [impl InputBlock], applies: impl Fn(&PlasticPart) -> bool) {
        for block in blocks {
            for (part, input) in block.inputs_mut().plastic.iter_mut().zip(&self.plastic) {
                if let (Some(part), Some(input)) = (part, input)
                    && applies(part)
                {
                    part.targets.mark_applied(input.settled_at(self.clock));
                }
            }
        }
    }

    /// Appends what is on its way, and what plasticity remembers of spikes, as arrays of the state of the population.
    pub(super) fn save<B: InputBlock>(&self, blocks: &[B], out: &mut Vec<StateArray>) {
        out.extend(in_flight::save(blocks.iter().map(|block| &block.inputs().queue)));
        for (place, input) in self.plastic.iter().enumerate() {
            let Some(input) = input else { continue };
            let parts = blocks.iter().filter_map(|block| block.inputs().plastic[place].as_ref());
            save(place, input, parts, self.clock, out);
        }
    }

    /// Takes it up, in the phase that begins at 0.
    pub(super) fn restore(&mut self, blocks: &mut [impl InputBlock], state: &[StateArray]) {
        self.clock = 0.0;
        blocks.iter_mut().for_each(|block| block.inputs_mut().queue.clear());
        for (place, input) in self.plastic.iter_mut().enumerate() {
            let Some(input) = input else { continue };
            restore_sent(place, input, state);
            for BlockInputs { neurons, plastic, .. } in blocks.iter_mut().map(InputBlock::inputs_mut) {
                plastic[place].iter_mut().for_each(|own| restore_fired(place, input, own, neurons.start, state));
            }
        }
        let named = |name: &str| state.iter().find(|array| array.name == name).map_or(&[][..], |array| &array.values);
        in_flight::restore(named, &self.of, |block, numbers| {
            blocks.get_mut(block).into_iter().for_each(|block| block.inputs_mut().queue.restore(numbers));
        });
    }
}

/// Whether so many postsynaptic spikes wait that synapses should be changed for them.
pub(super) fn has_many_pending(blocks: &[impl InputBlock]) -> bool {
    blocks.iter().flat_map(|block| &block.inputs().plastic).flatten().any(|plastic| plastic.targets.is_long())
}
