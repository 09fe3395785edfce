//! Changes of what drives the neurons of a block: V is what it was, what it relaxes to is another.

use std::ops::Range;

use super::block::NeuronBlock;
use super::drive::Drive;
use super::layout::CellModes;
use crate::engine::population::NeuronChange;
use crate::numeric::exp;

impl<const M: usize> NeuronBlock<M> {
    /// Sets the currents of a stimulus from `t` on: one for all neurons, or one for each [pA].
    pub(super) fn apply_currents(&mut self, cell: &CellModes<M>, t: f64, currents_pa: &[f64]) {
        self.rescale_to(cell, t);
        let count = self.neurons.len();
        self.drive.applied.resize(count, 0.0);
        for index in 0..count {
            let current = currents_pa[index % currents_pa.len()];
            let before = std::mem::replace(&mut self.drive.applied[index], current);
            if current.total_cmp(&before).is_ne() {
                self.redrive(cell, index, t);
            }
        }
    }

    /// Changes neurons `within` the block between two phases.
    pub(super) fn change(&mut self, cell: &CellModes<M>, within: Range<usize>, change: NeuronChange) {
        let count = self.neurons.len();
        let (values, by) = match change {
            NeuronChange::AddCurrent(by) => (&mut self.drive.added, by),
            NeuronChange::RaiseThreshold(by) => (&mut self.drive.raised, by),
        };
        values.resize(count, 0.0);
        values[within.clone()].iter_mut().for_each(|value| *value += by);
        within.for_each(|index| self.redrive(cell, index, 0.0));
    }

    /// Takes up a changed drive of a neuron at `t`: V is what it was.
    fn redrive(&mut self, cell: &CellModes<M>, index: usize, t: f64) {
        let before = self.drive.offset(index);
        self.take_up_drive(cell, index);
        let risen = self.drive.offset(index) - before;
        let neuron = &mut self.neurons[index];
        neuron.a[cell.membrane] -= risen * exp(cell.lambda[cell.membrane] * (t - self.segment));
        neuron.last = t;
        self.leave_undecided(index);
        self.quiet = false;
    }

    /// Forgets all currents and shifts of thresholds.
    pub(super) fn clear_drive(&mut self) {
        self.drive = Drive::default();
        self.distance.clone_from(&self.model_distance);
    }

    /// Computes what follows from the drive of a neuron.
    pub(super) fn take_up_drive(&mut self, cell: &CellModes<M>, index: usize) {
        let (model, count) = (self.model_distance[index], self.neurons.len());
        self.distance[index] = self.drive.distance(cell, index, model, count);
    }
}
