//! What is measured of one trial.

use crate::protocol::Spike;

/// Potentials, plateaus and spikes of one trial from rest, each by population.
pub(super) struct TrialResponse {
    /// Mean somatic potential of each neuron over the averaging window.
    pub(super) v: Vec<Vec<f64>>,
    /// Plateau potential of each neuron; empty for populations without apical dendrites.
    pub(super) plateau: Vec<Vec<f64>>,
    /// Spikes, times from the start of the trial [ms].
    pub(super) spikes: Vec<Vec<Spike>>,
}
