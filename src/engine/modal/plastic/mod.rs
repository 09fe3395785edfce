//! Weights that change at spikes, by an [`OnlineRule`].
//!
//! Synapses are changed when a spike arrives over them, and not before: first for each postsynaptic spike since the arrival before, all of
//! which are known, for neurons are decided on before an arrival; then for the arrival; then the spike acts with the new weight. Each
//! change is one step that depends on the spikes alone and is rounded to the weight as it is kept. So it does not matter when it is
//! made, and a weight as it is at some time takes the postsynaptic spikes up to there ([`PlasticPart::apply_pending`]): at the end of a
//! run, for a checkpoint, and where so many spikes wait that they take much memory.

mod moment;
mod row;
mod sources;
mod state;
mod synapses;
mod targets;

use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use self::row::{PendingRows, RowWork};
use self::sources::SourceTrains;
use self::synapses::BlockSynapses;
use self::targets::TargetTrains;
use super::part::Part;
use crate::engine::circuit::ModalInput;
use crate::network::{Network, Synapses};
use crate::plasticity::{OnlinePlasticity, OnlineRule};
use crate::protocol::Spike;
pub(crate) use state::online_arrays;
pub(super) use state::save;

/// A projection whose weights change: what all blocks share.
#[derive(Clone, Debug)]
pub(super) struct PlasticInput {
    /// Its place in the model.
    projection: usize,
    sources: SourceTrains,
    /// Longest delay of its synapses [ms]; known once they have been taken.
    longest_delay: f64,
}

/// The same at one block.
#[derive(Clone, Debug)]
pub(super) struct PlasticPart {
    rule: Arc<dyn OnlineRule>,
    pub(super) targets: TargetTrains,
    /// The synapses while they are taken out of the network; without them, weights are those of the network and stay.
    synapses: Option<BlockSynapses>,
    /// Of sparse synapses: the step of delays; of dense ones: the delay of all [ms].
    delay_ms: f64,
    work: RowWork,
}

impl PlasticInput {
    pub(super) fn new(input: &ModalInput, plasticity: OnlinePlasticity) -> Self {
        let traces = plasticity.rule().traces();
        let sources = SourceTrains::new(traces, input.pre);
        Self { projection: input.projection, sources, longest_delay: f64::INFINITY }
    }

    /// Takes up spikes that were just sent in the phase that began at `phase`.
    pub(super) fn send(&mut self, phase: f64, spikes: &[Spike]) {
        spikes.iter().for_each(|&spike| self.sources.send(phase, spike));
    }

    /// Counts time from `length` ms later on.
    pub(super) fn carry(&mut self, length: f64) {
        self.sources.carry(length, self.longest_delay);
    }

    pub(super) fn clear(&mut self) {
        self.sources.clear();
    }
}

impl PlasticPart {
    pub(super) fn new(plasticity: OnlinePlasticity, neurons: usize) -> Self {
        let rule = plasticity.rule();
        let targets = TargetTrains::new(rule.traces(), neurons);
        Self { rule, targets, synapses: None, delay_ms: 0.0, work: RowWork::default() }
    }

    /// Whether its synapses have been taken out of the network.
    pub(super) fn has_synapses(&self) -> bool {
        self.synapses.is_some()
    }

    /// The sparse row of a presynaptic neuron, where it is not in the network.
    pub(super) fn sparse_row(&self, source: usize) -> Option<&[crate::network::Synapse]> {
        match &self.synapses {
            Some(BlockSynapses::Sparse(block)) => Some(block.row(source)),
            _ => None,
        }
    }

    /// Forgets all spikes.
    pub(super) fn clear(&mut self) {
        self.targets.clear();
    }
}

/// The plastic inputs of a population, with what each block has of them.
pub(super) struct PlasticPopulation<'a, const M: usize> {
    pub(super) inputs: &'a mut [Option<PlasticInput>],
    pub(super) parts: &'a mut [Part<M>],
}

/// Neurons of the blocks of a population.
fn blocks<const M: usize>(parts: &[Part<M>]) -> Vec<Range<usize>> {
    parts.iter().map(|part| part.block.first..part.block.first + part.block.neurons.len()).collect()
}

/// The delay of dense synapses, or the step of those of sparse ones, and the longest [ms].
fn delays(synapses: &Synapses, input: &ModalInput) -> [f64; 2] {
    match synapses {
        Synapses::Dense(_) => [input.delay; 2],
        Synapses::Sparse(sparse) => [sparse.resolution_ms(), sparse.max_delay_ms().unwrap_or(0.0)],
    }
}

impl<const M: usize> PlasticPopulation<'_, M> {
    /// Takes the synapses that change out of a network.
    pub(super) fn take_synapses(&mut self, network: &mut Network, of: &[ModalInput]) {
        let blocks = blocks(self.parts);
        for (place, plastic) in self.inputs.iter_mut().enumerate() {
            let Some(plastic) = plastic else { continue };
            let [delay_ms, longest] = delays(&network.synapses[plastic.projection], &of[place]);
            plastic.longest_delay = longest;
            let taken = BlockSynapses::take(network, plastic.projection, &blocks);
            for (part, synapses) in self.parts.iter_mut().zip(taken) {
                if let Some(part) = &mut part.plastic[place] {
                    (part.synapses, part.delay_ms) = (Some(synapses), delay_ms);
                }
            }
        }
    }

    /// Puts them back.
    pub(super) fn put_synapses(&mut self, network: &mut Network) {
        let blocks = blocks(self.parts);
        for (place, plastic) in self.inputs.iter().enumerate() {
            let Some(plastic) = plastic else { continue };
            let parts = self.parts.iter_mut().filter_map(|part| part.plastic[place].as_mut()?.synapses.take());
            BlockSynapses::put(network, plastic.projection, &blocks, parts.collect());
        }
    }
}

/// Changes the weights of a network for all postsynaptic spikes so far, which stay pending: what the weights are now.
pub(super) fn apply_pending<const M: usize>(
    inputs: &[Option<PlasticInput>],
    parts: &[Part<M>],
    network: &mut Network,
    of: &[ModalInput],
) {
    let blocks = blocks(parts);
    for (place, plastic) in inputs.iter().enumerate() {
        let Some(plastic) = plastic else { continue };
        let [delay_ms, _] = delays(&network.synapses[plastic.projection], &of[place]);
        let mut taken = BlockSynapses::take(network, plastic.projection, &blocks);
        parts.par_iter().zip(taken.par_iter_mut()).for_each(|(part, synapses)| {
            if let Some(own) = &part.plastic[place] {
                let (sources, waiting) = (&plastic.sources, &part.queue.waiting(place as u32));
                own.apply_pending(PendingRows { synapses, sources, delay_ms, waiting });
            }
        });
        BlockSynapses::put(network, plastic.projection, &blocks, taken);
    }
}
