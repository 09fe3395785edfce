//! The state of a population by its modes, as named arrays.

use super::block::NOT_REFRACTORY;
use super::drive::DRIVES;
use super::part::Part;
use super::phases::Measured;
use super::{LAST, ModalPopulation, QUEUED, REFRACTORY, SPIKES, mode_name, plasticity};
use crate::engine::observe::StateArray;

impl<const M: usize> ModalPopulation<M> {
    /// All arrays of its state that are not empty, by name.
    pub(super) fn arrays(&self) -> Vec<StateArray> {
        let neurons = || self.parts.iter().flat_map(|part| &part.block.neurons);
        let array = |name: String, values: Vec<f64>| StateArray { name, values };
        let mut state: Vec<_> =
            (0..self.modes).map(|m| array(mode_name(m), neurons().map(|neuron| neuron.a[m]).collect())).collect();
        state.push(array(LAST.to_owned(), neurons().map(|neuron| neuron.last).collect()));
        let refractory = self.parts.iter().flat_map(|part| part.block.refractory.iter().copied());
        state.push(array(REFRACTORY.to_owned(), refractory.collect()));
        if let Some(Measured { potentials, .. }) = &self.measured {
            let effects = self.parts.iter().flat_map(|part| part.block.spike_effect.iter().copied());
            state.push(array(SPIKES.to_owned(), effects.collect()));
            state.extend(potentials.dendritic_state());
        }
        let mut queued: [Vec<f64>; 8] = Default::default();
        for (block, part) in self.parts.iter().enumerate() {
            let [blocks, rest @ ..] = &mut queued;
            part.queue.save(rest);
            blocks.resize(rest[0].len(), block as f64);
        }
        let [.., factors] = &mut queued;
        // All act with their weights as they are: files are those without short-term plasticity.
        if factors.iter().all(|factor| factor.total_cmp(&1.0).is_eq()) {
            factors.clear();
        }
        state.extend(QUEUED.iter().zip(queued).map(|(name, values)| array((*name).to_owned(), values)));
        for (place, name) in DRIVES.iter().enumerate() {
            let values = |part: &Part<M>| {
                let mut values = part.block.drive.arrays()[place].clone();
                values.resize(part.block.neurons.len(), 0.0);
                values
            };
            let values: Vec<f64> = self.parts.iter().flat_map(values).collect();
            if values.iter().any(|value| *value != 0.0) {
                state.push(array((*name).to_owned(), values));
            }
        }
        plasticity::save_all(&self.plastic, &self.parts, self.clock, &mut state);
        state.retain(|array| !array.values.is_empty());
        state.sort_by(|a, b| a.name.cmp(&b.name));
        state
    }

    /// Takes up such arrays; those of other names or lengths are left aside.
    pub(super) fn take_up(&mut self, state: &[StateArray]) {
        let named = |name: &str| state.iter().find(|array| array.name == name).map_or(&[][..], |array| &array.values);
        let modes: Vec<_> = (0..self.modes).map(|m| named(&mode_name(m))).collect();
        let (last, refractory, effects) = (named(LAST), named(REFRACTORY), named(SPIKES));
        self.measured.iter_mut().for_each(|measured| measured.potentials.restore_dendrites(state));
        for Part { block, queue, .. } in &mut self.parts {
            queue.clear();
            for (index, neuron) in block.neurons.iter_mut().enumerate() {
                let place = block.first + index;
                for (a, mode) in neuron.a.iter_mut().zip(&modes) {
                    *a = mode.get(place).copied().unwrap_or(*a);
                }
                neuron.last = last.get(place).copied().unwrap_or(0.0);
                block.refractory[index] = refractory.get(place).copied().unwrap_or(NOT_REFRACTORY);
            }
            let own = block.first..block.first + block.neurons.len();
            if let Some(effects) = effects.get(own.clone()).filter(|_| self.measured.is_some()) {
                block.spike_effect.copy_from_slice(effects);
            }
            for (name, values) in DRIVES.iter().zip(block.drive.arrays_mut()) {
                values.clear();
                values.extend_from_slice(named(name).get(own.clone()).unwrap_or_default());
            }
            (0..own.len()).for_each(|index| block.take_up_drive(&self.cells[0], index));
            block.leave_all_undecided();
        }
        self.clock = 0.0;
        plasticity::restore_all(&mut self.plastic, &mut self.parts, state);
        let queued = QUEUED.map(named);
        for index in 0..queued[0].len() {
            let [block, mut rest @ ..] = queued.map(|values| values.get(index).copied().unwrap_or(0.0));
            let [_, _, input, source, _, _, factor] = &mut rest;
            if queued[7].is_empty() {
                *factor = 1.0;
            }
            let (input, source) = (*input, *source);
            let is_sent = self.inputs.get(input as usize).is_some_and(|input| source < input.pre as f64);
            if let (true, Some(part)) = (is_sent, self.parts.get_mut(block as usize)) {
                part.queue.restore(rest);
            }
        }
    }
}
