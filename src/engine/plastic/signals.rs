//! What neurons emit beside spikes that rules act at, and what rules remember of it.

use super::moment::Moment;
use crate::plasticity::{CellEvent, SignalMemory};
use crate::protocol::Spike;

/// What neurons of a block have emitted in a window so far, those of each in the order of time.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::engine) struct EmittedSpikes<'a> {
    pub(in crate::engine) spikes: &'a [Spike],
    pub(in crate::engine) bursts: &'a [BurstSpike],
}

/// The first or the second of spikes in close succession.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::engine) struct BurstSpike {
    pub(in crate::engine) spike: Spike,
    /// Which of them it is.
    pub(in crate::engine) event: CellEvent,
}

/// What a rule remembers of a neuron.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct NeuronMemory {
    pub(super) numbers: SignalMemory,
    /// Its last signal, or the start of the run.
    pub(super) at: Moment,
}
