//! Short-term plasticity of a projection: with which part of its weight each spike acts.
//!
//! All synapses of a presynaptic neuron have the same state, which changes at its spikes and nowhere else, so that each spike
//! takes one step of it where it is sent (`Arrivals::send`), and carries one factor to all of its targets.

use crate::model::{ShortTermPlasticity, ShortTermState};
use crate::protocol::Spike;

/// Short-term plasticity with the state of each presynaptic neuron.
#[derive(Clone, Debug)]
pub(crate) struct ShortTermSynapses {
    plasticity: ShortTermPlasticity,
    /// By presynaptic neuron; times from the start of the phase.
    states: Vec<ShortTermState>,
}

impl ShortTermSynapses {
    /// Synapses of so many presynaptic neurons, fully recovered.
    pub(crate) fn new(plasticity: ShortTermPlasticity, pre: usize) -> Self {
        Self { plasticity, states: vec![ShortTermState::default(); pre] }
    }

    /// The part of its weight with which a spike acts; those of a neuron come in the order of time.
    pub(crate) fn efficacy(&mut self, Spike { time, neuron }: Spike) -> f64 {
        self.plasticity.efficacy(&mut self.states[neuron as usize], time)
    }

    /// Counts time from `length` ms later on.
    pub(crate) fn carry(&mut self, length: f64) {
        self.states.iter_mut().for_each(|state| state.last -= length);
    }

    /// Lets all synapses recover.
    pub(crate) fn rest(&mut self) {
        self.states.fill(ShortTermState::default());
    }

    /// The state of each presynaptic neuron.
    pub(crate) fn states(&self) -> &[ShortTermState] {
        &self.states
    }

    /// Takes up states; those of other numbers of neurons are left aside.
    pub(crate) fn restore(&mut self, states: &[ShortTermState]) {
        if states.len() == self.states.len() {
            self.states.copy_from_slice(states);
        }
    }
}
