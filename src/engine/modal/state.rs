//! The state of a population by its modes, as named arrays.

use super::block::NOT_REFRACTORY;
use super::drive::DRIVES;
use super::part::Part;
use super::phases::Measured;
use super::{LAST, ModalPopulation, REFRACTORY, SPIKES, mode_name};
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
        self.inputs.save(&self.parts, &mut state);
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
        for Part { block, .. } in &mut self.parts {
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
        self.inputs.restore(&mut self.parts, state);
    }
}
