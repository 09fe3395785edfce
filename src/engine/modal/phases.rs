//! What phases do to neurons whose means over phases are measured: biases and targets drive them, and V* is read, the potential
//! that they would have without their own spikes.
//!
//! A target changes the decay rate of the membrane, and so the amplitudes of all modes, but neither V nor the drives u_L and u_s.
//! Between phases neurons are in the modes of no target, without bias. V − V* decays as the membrane alone: the amplitude of what
//! resets took away has changed by as much as that of V wherever a reset was.

use super::block::{NeuronBlock, exponentials};
use super::layout::{CellModes, KernelModes};
use crate::engine::layout::{Membrane, PopulationLayout};
use crate::engine::phase_potentials::PhasePotentials;
use crate::engine::sampling::Start;
use crate::protocol::Spike;

/// What is measured of a population over a phase.
#[derive(Clone, Debug)]
pub(super) struct Measured {
    pub(super) potentials: PhasePotentials,
    /// Spikes of each neuron after settling.
    counts: Vec<u32>,
    /// Time after settling [ms].
    averaged_ms: f64,
    phi_max: f64,
    settle: f64,
}

impl Measured {
    pub(super) fn new(index: usize, layout: &PopulationLayout, membrane: &Membrane) -> Self {
        Self {
            potentials: PhasePotentials::new(index, layout, membrane),
            counts: vec![0; layout.size],
            averaged_ms: 0.0,
            phi_max: layout.phi_max,
            settle: 0.0,
        }
    }

    /// Starts to count spikes after settling.
    pub(super) fn begin(&mut self, settle: f64, length: f64) {
        self.counts.fill(0);
        (self.settle, self.averaged_ms) = (settle, length - settle);
    }

    pub(super) fn count(&mut self, spikes: &[Spike]) {
        let counted = spikes.iter().filter(|spike| spike.time >= self.settle);
        counted.for_each(|spike| self.counts[spike.neuron as usize] += 1);
    }

    /// The measured rate over φ_max, [n].
    pub(super) fn shares(&self, out: &mut [f64]) {
        let most = self.averaged_ms * self.phi_max;
        out.iter_mut().zip(&self.counts).for_each(|(share, &count)| *share = f64::from(count) / most);
    }
}

impl<const M: usize> NeuronBlock<M> {
    /// Reads V* and the drives of the soma between two phases into those of the population, [n].
    pub(super) fn read_start(&self, cell: &CellModes<M>, start: &mut Start) {
        let own = self.first..self.first + self.neurons.len();
        let Start { v, u_l, u_s, .. } = start;
        let starts = v[own.clone()].iter_mut().zip(&mut u_l[own.clone()]).zip(&mut u_s[own]);
        for (index, ((v, u_l), u_s)) in starts.enumerate() {
            *v = self.potential(cell, index) - self.spike_effect[index];
            [*u_l, *u_s] = self.drives(cell, index);
        }
    }

    /// Changes the modes of all neurons between two phases, and the potentials at rest to `rise` above that of the model: V and
    /// its drives are what they were.
    pub(super) fn change_modes(&mut self, from: &CellModes<M>, to: &CellModes<M>, rise: impl Fn(usize) -> f64) {
        let count = self.neurons.len();
        self.drive.constant.resize(count, 0.0);
        for index in 0..count {
            let (v, [u_l, u_s]) = (self.potential(from, index), self.drives(from, index));
            let rise = rise(self.first + index);
            let mut a = [0.0; M];
            if let Some(KernelModes { slow, fast, alpha_l, alpha_s }) = to.kernel {
                (a[slow], a[fast]) = (alpha_l * u_l, -alpha_s * u_s);
            }
            a[to.membrane] = v - (to.rest + rise) - a.iter().sum::<f64>();
            self.neurons[index].a = a;
            self.drive.constant[index] = rise;
            self.take_up_drive(to, index);
        }
        self.leave_all_undecided();
    }

    /// Appends V* of all neurons at `t`, up to where all is decided.
    pub(super) fn potentials_without_spikes(&mut self, cell: &CellModes<M>, t: f64, out: &mut Vec<f64>) {
        self.rescale_to(cell, t);
        let decay = exponentials(&cell.lambda, self.segment - t);
        out.extend(self.neurons.iter().zip(&self.spike_effect).enumerate().map(|(index, (neuron, effect))| {
            let v = cell.rest + self.drive.offset(index) + (0..M).map(|m| neuron.a[m] * decay[m]).sum::<f64>();
            v - effect * decay[cell.membrane]
        }));
    }

    /// V as the modes have it at the start of the segment.
    fn potential(&self, cell: &CellModes<M>, index: usize) -> f64 {
        cell.rest + self.drive.offset(index) + self.neurons[index].a.iter().sum::<f64>()
    }

    /// u_L and u_s of a soma at the start of the segment [1/ms].
    fn drives(&self, cell: &CellModes<M>, index: usize) -> [f64; 2] {
        let a = &self.neurons[index].a;
        cell.kernel.map_or([0.0; 2], |kernel| [a[kernel.slow] / kernel.alpha_l, -a[kernel.fast] / kernel.alpha_s])
    }
}
