//! The projections of a population whose weights change at spikes, over all of its blocks.

use std::ops::Range;

use rayon::prelude::*;

use super::part::Part;
use crate::engine::circuit::ModalInput;
use crate::engine::observe::StateArray;
use crate::engine::plastic::{PendingRows, PlasticInput, TakenSynapses, restore_fired, restore_sent, save};
use crate::network::{Network, Synapses};

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

/// Takes the synapses that change out of a network.
pub(super) fn take_synapses<const M: usize>(
    inputs: &mut [Option<PlasticInput>],
    parts: &mut [Part<M>],
    network: &mut Network,
    of: &[ModalInput],
) {
    let blocks = blocks(parts);
    for (place, plastic) in inputs.iter_mut().enumerate() {
        let Some(plastic) = plastic else { continue };
        let [delay_ms, longest] = delays(&network.synapses[plastic.projection], &of[place]);
        plastic.longest_delay = longest;
        let taken = TakenSynapses::take(network, plastic.projection, &blocks);
        for (part, synapses) in parts.iter_mut().zip(taken) {
            if let Some(own) = &mut part.plastic[place] {
                own.set_synapses(synapses, delay_ms);
            }
        }
    }
}

/// Puts them back.
pub(super) fn put_synapses<const M: usize>(
    inputs: &[Option<PlasticInput>],
    parts: &mut [Part<M>],
    network: &mut Network,
) {
    let blocks = blocks(parts);
    for (place, plastic) in inputs.iter().enumerate() {
        let Some(plastic) = plastic else { continue };
        let parts = parts.iter_mut().filter_map(|part| part.plastic[place].as_mut()?.take_synapses());
        TakenSynapses::put(network, plastic.projection, &blocks, parts.collect());
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
        let mut taken = TakenSynapses::take(network, plastic.projection, &blocks);
        parts.par_iter().zip(taken.par_iter_mut()).for_each(|(part, synapses)| {
            if let Some(own) = &part.plastic[place] {
                let (sources, waiting) = (&plastic.sources, &part.queue.waiting(place as u32));
                own.apply_pending(PendingRows { synapses, sources, delay_ms, waiting });
            }
        });
        TakenSynapses::put(network, plastic.projection, &blocks, taken);
    }
}

/// Appends what plasticity remembers of spikes, in the phase that begins at `clock`.
pub(super) fn save_all<const M: usize>(
    inputs: &[Option<PlasticInput>],
    parts: &[Part<M>],
    clock: f64,
    out: &mut Vec<StateArray>,
) {
    for (place, input) in inputs.iter().enumerate() {
        let Some(input) = input else { continue };
        save(place, input, parts.iter().filter_map(|part| part.plastic[place].as_ref()), clock, out);
    }
}

/// Takes it up, in the phase that begins at 0.
pub(super) fn restore_all<const M: usize>(
    inputs: &mut [Option<PlasticInput>],
    parts: &mut [Part<M>],
    state: &[StateArray],
) {
    for (place, input) in inputs.iter_mut().enumerate() {
        let Some(input) = input else { continue };
        restore_sent(place, input, state);
        for part in &mut *parts {
            let first = part.block.first;
            part.plastic[place].iter_mut().for_each(|own| restore_fired(place, own, first, state));
        }
    }
}
