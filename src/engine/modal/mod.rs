//! Populations of linear cells of any modes, neuron by neuron in double precision: threshold and escape-rate cells with resets and
//! refractory times, sparse or dense synapses, and Poisson input of their own.
//!
//! Neurons are kept in blocks. Within a window a block takes what reaches it in the order of time (arrivals over projections,
//! points of its Poisson input, candidate spikes), each synapse of each at the cost of a multiply-add per mode; `block.rs` says
//! when a neuron is decided on. Blocks are independent of each other, and so advance in parallel.

mod block;
mod changes;
mod drive;
mod layout;
mod part;
mod phases;
mod state;

use std::ops::Range;

use self::block::NOT_REFRACTORY;
pub(crate) use self::drive::DRIVES;
use self::layout::CellModes;
use self::part::{AdvanceInputs, Part};
use self::phases::Measured;

use super::arrivals::Arrivals;
use super::circuit::Circuit;
use super::event_inputs::{EventInputs, has_many_pending};
use super::layout::{ModalLayout, PopulationLayout};
use super::limits::SpikeBudget;
use super::observe::StateArray;
use super::population::{Inputs, Means, NeuronChange, PhaseRun, PopulationDynamics, Streams, Window};
use super::work::Work;
use crate::cells::{MOST_MODES, ModalForm};
use crate::network::{Network, TARGETS_PER_BLOCK};
use crate::numeric::{PresentationKey, Purpose, StreamKey};
use crate::protocol::Spike;

/// A population of linear cells by their modes.
#[derive(Clone, Debug)]
struct ModalPopulation<const M: usize> {
    /// Its place in the model.
    index: usize,
    seed: u64,
    /// Without and with a target.
    cells: [CellModes<M>; 2],
    /// Which of them it is in the phase, or between phases.
    now: usize,
    /// How many of the modes are the cell's.
    modes: usize,
    /// Of cells whose means over phases are measured.
    measured: Option<Measured>,
    inputs: EventInputs,
    parts: Vec<Part<M>>,
    /// Potentials sampled in the window, [samples, n].
    sampled: Vec<f64>,
    budget: SpikeBudget,
}

/// A population of these cells, in a lane of this seed. Modes that are too few are filled up with some of amplitude 0.
pub(crate) fn population(
    index: usize,
    layout: &PopulationLayout,
    modal: &ModalLayout,
    seed: u64,
    window_ms: f64,
) -> Box<dyn PopulationDynamics> {
    macro_rules! of_modes {
        ($($m:literal),*) => {
            match modal.form.rates.len() {
                $(..=$m => Box::new(ModalPopulation::<$m>::new(index, layout, modal, seed, window_ms)),)*
                _ => Box::new(ModalPopulation::<MOST_MODES>::new(index, layout, modal, seed, window_ms)),
            }
        };
    }
    of_modes!(1, 2, 4)
}

impl<const M: usize> ModalPopulation<M> {
    fn new(index: usize, layout: &PopulationLayout, modal: &ModalLayout, seed: u64, window_ms: f64) -> Self {
        let cells = [&modal.form, &modal.taught].map(|form| CellModes::<M>::new(&modal.cell, form));
        let cell = &cells[0];
        let purpose = Purpose::Thresholds(index as u32);
        let key = StreamKey { seed, purpose, presentation: PresentationKey::training(0), phase: 0, block: 0 };
        let mut stream = key.stream();
        let lowest = cell.reset.map_or(f64::NEG_INFINITY, |reset| reset.potential);
        let distance =
            |_| cell.threshold.map_or(0.0, |threshold| cell.rest - threshold.draw_above(lowest, &mut stream));
        let distances: Vec<f64> = (0..layout.size).map(distance).collect();
        let budget = SpikeBudget::default();
        let measured = layout.membrane.as_ref().map(|membrane| Measured::new(index, layout, membrane));
        let part = |(block, distances): (usize, &[f64])| {
            let mut part =
                Part::new(cell, block * TARGETS_PER_BLOCK, distances, &modal.inputs, window_ms, budget.clone());
            part.block.spike_effect.resize(if measured.is_some() { distances.len() } else { 0 }, 0.0);
            part
        };
        let parts = distances.chunks(TARGETS_PER_BLOCK).enumerate().map(part).collect();
        let mut population = Self {
            index,
            seed,
            cells,
            now: 0,
            modes: modal.form.rates.len(),
            measured,
            inputs: EventInputs::new(&modal.inputs),
            parts,
            sampled: Vec::new(),
            budget,
        };
        population.start();
        population
    }

    /// Sets all neurons to their initial potentials, driven by what the model gives them.
    fn start(&mut self) {
        let purpose = Purpose::Potentials(self.index as u32);
        let presentation = PresentationKey::training(0);
        let key = StreamKey { seed: self.seed, purpose, presentation, phase: 0, block: 0 };
        let mut stream = key.stream();
        self.measured.iter_mut().for_each(|measured| measured.potentials.rest());
        let cell = &self.cells[0];
        self.inputs.clear();
        for Part { block, inputs, .. } in &mut self.parts {
            inputs.clear();
            block.clear_drive();
            block.spike_effect.fill(0.0);
            for neuron in &mut block.neurons {
                neuron.a = [0.0; M];
                neuron.a[cell.membrane] = cell.initial.draw(&mut stream) - cell.rest;
                neuron.last = 0.0;
            }
            block.refractory.fill(NOT_REFRACTORY);
            block.leave_all_undecided();
        }
    }

    /// Number of its cells.
    fn cell_count(&self) -> usize {
        self.parts.iter().map(|part| part.block.neurons.len()).sum()
    }

    /// Starts the random streams of a phase.
    fn streams(&mut self, streams: &Streams) {
        let index = self.index as u32;
        for (block, part) in (0..).zip(&mut self.parts) {
            for (input, points) in (0..).zip(&mut part.background) {
                points.begin(streams.key(Purpose::Background(index), block << 8 | input).wide());
            }
            part.candidates.begin(streams.key(Purpose::Candidates(index), block).wide());
        }
    }
}

impl<const M: usize> PopulationDynamics for ModalPopulation<M> {
    fn begin(&mut self, run: &PhaseRun<'_>, inputs: &Inputs<'_>, sampled: bool) {
        self.streams(&run.streams);
        self.budget.set(run.most_spikes(self.cell_count()));
        self.parts.iter_mut().for_each(|part| part.next_current = 0);
        let Some(Measured { potentials, .. }) = &mut self.measured else { return };
        let untaught = &self.cells[0];
        self.parts.iter().for_each(|part| part.block.read_start(untaught, &mut potentials.start));
        potentials.begin(run, inputs, sampled);
        self.now = usize::from(run.phase.target.is_given());
        let (current, gamma) = (&potentials.start.current, potentials.now.gamma);
        for part in &mut self.parts {
            part.block.change_modes(untaught, &self.cells[self.now], |i| current[i] / gamma);
            part.settle = Some(run.phase.settle_ms).filter(|_| run.phase.measures.potentials);
            part.settled.clear();
        }
        self.measured.iter_mut().for_each(|measured| measured.begin(run.phase.settle_ms, run.phase.length_ms));
    }

    fn receive(&mut self, _: &PhaseRun<'_>, _: &Circuit, network: &Network, arrivals: &mut [Arrivals], _: f64) {
        self.inputs.receive(network, arrivals);
    }

    fn advance(
        &mut self,
        run: &PhaseRun<'_>,
        window: Window,
        inputs: &Inputs<'_>,
        out: &mut Vec<Spike>,
        work: &mut Work,
    ) {
        let of = AdvanceInputs {
            cell: &self.cells[self.now],
            inputs: &self.inputs,
            network: inputs.network,
            currents: run.phase.currents.iter().find(|currents| currents.population == self.index),
            arch: run.arch,
            window,
            samples: inputs.samples,
        };
        self.inputs.advance(&mut self.parts, inputs, window, |part| part.advance(&of));
        let known = out.len();
        self.sampled.clear();
        for part in &mut self.parts {
            out.append(&mut part.block.spikes);
            work.synaptic_events += std::mem::take(&mut part.events);
            work.input_spikes += std::mem::take(&mut part.points);
            work.candidates += std::mem::take(&mut part.decided);
            work.crossings += std::mem::take(&mut part.block.counts);
        }
        out[known..].sort_unstable_by(|a, b| a.time.total_cmp(&b.time).then(a.neuron.cmp(&b.neuron)));
        work.spikes += (out.len() - known) as u64;
        self.measured.iter_mut().for_each(|measured| measured.count(&out[known..]));
        for sample in 0..of.samples.len() {
            for part in &self.parts {
                let size = part.block.neurons.len();
                self.sampled.extend_from_slice(&part.sampled[sample * size..][..size]);
            }
        }
    }

    fn sample(&mut self, run: &PhaseRun<'_>, times: &[f64], inputs: &Inputs<'_>, out: &mut Vec<f64>) {
        let Some(Measured { potentials, .. }) = &mut self.measured else {
            out.append(&mut self.sampled);
            return;
        };
        let first = out.len();
        potentials.sample(run, times, inputs, out);
        // Somata as they are with their spikes.
        let compartments = potentials.membrane.compartments.len();
        let somata = out[first..].iter_mut().step_by(compartments);
        somata.zip(self.sampled.drain(..)).for_each(|(soma, v)| *soma = v);
    }

    fn finish(&mut self, sigmoid: &mut [f64]) {
        self.measured.iter().for_each(|measured| measured.shares(sigmoid));
    }

    fn measure(&mut self, run: &PhaseRun<'_>, inputs: &Inputs<'_>, means: Means<'_>) {
        let Some(Measured { potentials, .. }) = &mut self.measured else { return };
        let (settled, [end, ..]) = (&mut potentials.settled, &mut potentials.end);
        [&mut *settled, &mut *end].into_iter().for_each(Vec::clear);
        for part in &mut self.parts {
            settled.append(&mut part.settled);
            part.block.potentials_without_spikes(&self.cells[self.now], run.phase.length_ms, end);
        }
        potentials.measure(run, inputs, means);
    }

    fn carry(&mut self, run: &PhaseRun<'_>, inputs: &Inputs<'_>) {
        let length = run.phase.length_ms;
        self.inputs.carry(&mut self.parts, inputs, length);
        self.parts.iter_mut().for_each(|part| part.block.carry(&self.cells[self.now], length));
        let Some(Measured { potentials, .. }) = &mut self.measured else { return };
        potentials.carry_dendrites(run, inputs);
        for part in &mut self.parts {
            part.block.change_modes(&self.cells[self.now], &self.cells[0], |_| 0.0);
        }
        self.now = 0;
    }

    fn rest(&mut self) {
        self.start();
    }

    fn change(&mut self, neurons: &Range<usize>, change: NeuronChange) {
        for Part { block, .. } in &mut self.parts {
            let (first, count) = (block.first, block.neurons.len());
            let within = neurons.start.saturating_sub(first).min(count)..neurons.end.saturating_sub(first).min(count);
            block.change(&self.cells[0], within, change);
        }
    }

    fn take_synapses(&mut self, network: &mut Network) {
        self.inputs.take_synapses(&mut self.parts, network);
    }

    fn put_synapses(&mut self, network: &mut Network) {
        self.inputs.put_synapses(&mut self.parts, network);
    }

    fn apply_pending(&self, network: &mut Network) {
        self.inputs.apply_pending(&self.parts, network);
    }

    fn mark_applied(&mut self) {
        self.inputs.mark_applied(&mut self.parts);
    }

    fn has_many_pending(&self) -> bool {
        has_many_pending(&self.parts)
    }

    fn is_finite(&self) -> bool {
        self.parts.iter().all(|part| part.block.is_finite())
    }

    fn state(&self) -> Vec<StateArray> {
        self.arrays()
    }

    fn restore(&mut self, state: &[StateArray]) {
        self.take_up(state);
    }
}

/// Name of the array of a mode's amplitudes [mV].
fn mode_name(mode: usize) -> String {
    format!("mode_{mode}")
}

/// Name of the array of last events [ms].
const LAST: &str = "last_event";

/// Name of the array of ends of refractory times [ms].
const REFRACTORY: &str = "refractory_until";

/// Name of the array of what the neurons' own spikes made of V, where V* is measured.
const SPIKES: &str = "spike_effect";

/// Names of the arrays of state of somata that have one number for each neuron.
pub(crate) fn state_names(form: &ModalForm, has_phase_means: bool) -> Vec<String> {
    let modes = (0..form.rates.len()).map(mode_name);
    modes.chain([LAST, REFRACTORY].map(str::to_owned)).chain(has_phase_means.then(|| SPIKES.to_owned())).collect()
}
