//! Stimuli: IDX image sets, their splits, rate tables and spike lists.

/// A spike: when and which neuron of its population.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spike {
    /// Time from the start of the phase or presentation it belongs to [ms].
    pub time: f64,
    /// Index of the neuron in its population.
    pub neuron: u32,
}

/// One stimulus of an input population of n neurons.
#[derive(Clone, Copy, Debug)]
pub enum Stimulus<'a> {
    /// Pixels [n], 0 to 255: rate phi_max · pixel/255.
    Pixels(&'a [u8]),
    /// Rates [n] [1/ms].
    Rates(&'a [f64]),
    /// Spikes at fixed times from the start of the presentation, sorted by (time, neuron) [ms].
    Spikes(&'a [Spike]),
}
