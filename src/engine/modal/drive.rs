//! Currents into the neurons of a block, and shifts of their thresholds, which change in the course of a run.
//!
//! A current I moves the potential at rest by ΔV = g I/γ. V itself is continuous, so the amplitude of the membrane's mode changes by
//! −ΔV in the same instant.

use super::layout::CellModes;

/// Distance that is left between threshold and reset potential at least [mV].
const LEAST_DISTANCE_MV: f64 = 1e-3;

/// What of the neurons of a block differs from what the model gives them at the start. Arrays are empty while it is nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Drive {
    /// Currents of a stimulus [n] [pA].
    pub(super) applied: Vec<f64>,
    /// Currents that were added [n] [pA].
    pub(super) added: Vec<f64>,
    /// By how much thresholds were raised [n] [mV].
    pub(super) raised: Vec<f64>,
    /// By how much a bias and a target of the phase raise the potential at rest [n]; not in files, for it is 0 between phases.
    pub(super) constant: Vec<f64>,
    /// g I/γ of both currents, and what is constant in the phase [n] [mV].
    offset: Vec<f64>,
}

/// Names of the arrays of state of a [`Drive`], one number for each neuron; they are not there where all are 0.
pub(crate) const DRIVES: [&str; 3] = ["applied_current", "added_current", "raised_threshold"];

impl Drive {
    /// Its arrays, in the order of [`DRIVES`].
    pub(super) fn arrays(&self) -> [&Vec<f64>; 3] {
        [&self.applied, &self.added, &self.raised]
    }

    /// As [`Drive::arrays`], to be set.
    pub(super) fn arrays_mut(&mut self) -> [&mut Vec<f64>; 3] {
        [&mut self.applied, &mut self.added, &mut self.raised]
    }

    /// By how much the potential at rest of a neuron lies above that of the model [mV].
    #[inline]
    pub(super) fn offset(&self, index: usize) -> f64 {
        self.offset.get(index).copied().unwrap_or(0.0)
    }

    /// Computes rest − θ of a neuron of so many from that of the model, after a change.
    pub(super) fn distance<const M: usize>(
        &mut self,
        cell: &CellModes<M>,
        index: usize,
        model: f64,
        neurons: usize,
    ) -> f64 {
        let of = |values: &[f64]| values.get(index).copied().unwrap_or(0.0);
        let offset = cell.rest_per_current * (of(&self.applied) + of(&self.added)) + of(&self.constant);
        if offset != 0.0 && self.offset.is_empty() {
            self.offset.resize(neurons, 0.0);
        }
        if let Some(kept) = self.offset.get_mut(index) {
            *kept = offset;
        }
        let raised = of(&self.raised);
        // A neuron by itself, so that it does not matter when others were changed.
        if raised == 0.0 {
            return model + offset;
        }
        let lowest = cell.reset.map_or(f64::NEG_INFINITY, |reset| reset.potential + LEAST_DISTANCE_MV);
        cell.rest + offset - (cell.rest - model + raised).max(lowest)
    }
}
