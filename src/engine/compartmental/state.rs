//! The state of a population as named arrays, and back.

use super::CompartmentalPopulation;
use super::neuron::{BurstState, CompartmentalNeuron, NEVER};
use crate::cells::CompartmentalCell;
use crate::engine::modal::DRIVES;
use crate::engine::observe::StateArray;
use crate::network::TARGETS_PER_BLOCK;

/// Names of the arrays of back-propagating action potentials, one number for each: its neuron, when it begins or began [ms], and 1 where
/// it has begun, else 0. They are not there where none is.
pub(crate) const BAPS: [&str; 3] = ["bap_neuron", "bap_start", "bap_begun"];

/// What an array of one number for each neuron holds.
#[derive(Clone, Copy, Debug)]
enum StatePart {
    Potential(usize),
    Current(usize),
    Last,
    Refractory,
    EventStart(usize),
    EventEnd(usize),
    EventReady(usize),
    BurstFirst,
    BurstLast,
    BurstCount,
}

/// The arrays of one number for each neuron of a cell, by name.
fn parts(cell: &CompartmentalCell) -> Vec<(String, StatePart)> {
    let mut parts =
        vec![("last_event".to_owned(), StatePart::Last), ("refractory_until".to_owned(), StatePart::Refractory)];
    parts.extend((0..cell.membranes.len()).map(|c| (format!("v_{c}"), StatePart::Potential(c))));
    parts.extend((0..cell.currents().len()).map(|k| (format!("current_{k}"), StatePart::Current(k))));
    for event in 0..cell.events.len() {
        parts.push((format!("event_{event}_start"), StatePart::EventStart(event)));
        parts.push((format!("event_{event}_end"), StatePart::EventEnd(event)));
        parts.push((format!("event_{event}_ready"), StatePart::EventReady(event)));
    }
    if cell.burst_window.is_some() {
        parts.push(("burst_first".to_owned(), StatePart::BurstFirst));
        parts.push(("burst_last".to_owned(), StatePart::BurstLast));
        parts.push(("burst_count".to_owned(), StatePart::BurstCount));
    }
    parts
}

/// Names of the arrays of one number for each neuron.
pub(crate) fn state_names(cell: &CompartmentalCell) -> Vec<String> {
    parts(cell).into_iter().map(|(name, _)| name).collect()
}

impl<const M: usize> CompartmentalNeuron<M> {
    fn part(&mut self, part: StatePart) -> &mut f64 {
        let Self { v, i, last, refractory, events, burst, .. } = self;
        let BurstState { first, last: last_spike, count } = burst;
        match part {
            StatePart::Potential(c) => &mut v[c],
            StatePart::Current(k) => &mut i[k],
            StatePart::Last => last,
            StatePart::Refractory => refractory,
            StatePart::EventStart(event) => &mut events[event].start,
            StatePart::EventEnd(event) => &mut events[event].end,
            StatePart::EventReady(event) => &mut events[event].ready,
            StatePart::BurstFirst => first,
            StatePart::BurstLast => last_spike,
            StatePart::BurstCount => count,
        }
    }
}

impl<const M: usize> CompartmentalPopulation<M> {
    /// Its state.
    pub(super) fn saved(&self) -> Vec<StateArray> {
        let mut neurons: Vec<CompartmentalNeuron<M>> =
            self.groups.iter().flat_map(|group| group.neurons.iter().cloned()).collect();
        let mut state = Vec::new();
        for (name, part) in parts(&self.plan.cell) {
            state.push(StateArray { name, values: neurons.iter_mut().map(|neuron| *neuron.part(part)).collect() });
        }
        for (place, name) in DRIVES.iter().enumerate() {
            let values: Vec<f64> = neurons.iter().map(|neuron| neuron.drives[place]).collect();
            if values.iter().any(|value| *value != 0.0) {
                state.push(StateArray { name: (*name).to_owned(), values });
            }
        }
        let mut baps: [Vec<f64>; 3] = Default::default();
        for (number, neuron) in neurons.iter().enumerate() {
            let lasting = neuron.lasting.iter().map(|&start| [number as f64, start, 1.0]);
            let waiting = neuron.waiting.iter().map(|&start| [number as f64, start, 0.0]);
            for numbers in lasting.chain(waiting) {
                baps.iter_mut().zip(numbers).for_each(|(all, number)| all.push(number));
            }
        }
        state.extend(BAPS.iter().zip(baps).map(|(name, values)| StateArray { name: (*name).to_owned(), values }));
        self.inputs.save(&self.groups, &mut state);
        state.retain(|array| !array.values.is_empty());
        state.sort_by(|a, b| a.name.cmp(&b.name));
        state
    }

    /// Takes up such a state.
    pub(super) fn take_up(&mut self, state: &[StateArray]) {
        let named = |name: &str| state.iter().find(|array| array.name == name).map_or(&[][..], |array| &array.values);
        let parts: Vec<_> = parts(&self.plan.cell).into_iter().map(|(name, part)| (named(&name), part)).collect();
        let drives = DRIVES.map(named);
        for group in &mut self.groups {
            group.emitted.marks.clear();
            for (place, neuron) in group.inputs.neurons.clone().zip(&mut group.neurons) {
                for (values, part) in &parts {
                    let kept = neuron.part(*part);
                    *kept = values.get(place).copied().unwrap_or(*kept);
                }
                neuron.drives = drives.map(|values| values.get(place).copied().unwrap_or(0.0));
                neuron.waiting.clear();
                neuron.lasting.clear();
                if let Some(reset) = self.plan.cell.spike.reset.filter(|_| neuron.refractory > NEVER) {
                    neuron.v[self.plan.cell.spike.compartment] = reset.potential;
                }
            }
        }
        let [neurons, starts, begun] = BAPS.map(named);
        for ((&number, &start), &begun) in neurons.iter().zip(starts).zip(begun) {
            let (block, index) = (number as usize / TARGETS_PER_BLOCK, number as usize % TARGETS_PER_BLOCK);
            let neuron = self.groups.get_mut(block).and_then(|group| group.neurons.get_mut(index));
            let baps = neuron.map(|neuron| if begun > 0.0 { &mut neuron.lasting } else { &mut neuron.waiting });
            baps.into_iter().for_each(|baps| baps.push_back(start));
        }
        let plan = &self.plan;
        self.groups.iter_mut().flat_map(|group| &mut group.neurons).for_each(|neuron| neuron.settle(plan));
        self.inputs.restore(&mut self.groups, state);
    }
}
