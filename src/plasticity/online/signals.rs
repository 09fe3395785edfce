//! Signals of postsynaptic cells: what happens to them at times of their own, as numbers, of which rules make how much synapses change.

/// What of its postsynaptic cell a rule acts at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PostEvents {
    /// Its spikes, which leave traces.
    #[default]
    Spikes,
    /// Candidate spikes of an escape rate, those that come and those that do not; none while the cell is refractory.
    Candidates,
    /// Events and bursts: spikes later than the burst window after the one before, and second spikes of bursts.
    Bursts,
}

/// Something that happens to a postsynaptic cell, of which a rule makes a signal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CellEvent {
    /// A candidate spike.
    Candidate(Candidate),
    /// A spike that begins a burst or stands alone.
    Event,
    /// The second spike of a burst.
    Burst,
}

/// A candidate spike of a cell that fires at the rate φ_max sigmoid((V − V_half)/width), drawn at the rate φ_max.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// 1 where the cell fires, else 0.
    pub fires: f64,
    /// Potential of the soma above V_half [mV].
    pub soma: f64,
    /// Potential of the dendrite that the rule reads, above that at rest [mV].
    pub dendrite: f64,
    /// The part of it that reaches the soma, g_D over all conductances of the soma; 0 of a dendrite that is no neighbour of the soma.
    pub attenuation: f64,
    /// Potential of the soma at rest above V_half [mV].
    pub rest: f64,
    /// Width of the sigmoid [mV].
    pub width: f64,
    /// φ_max [1/ms].
    pub rate_max: f64,
}

/// What a postsynaptic neuron remembers between its signals, in numbers of the rule.
pub type SignalMemory = [f64; 2];
