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
mod plasticity;
mod state;

use std::ops::Range;

use rayon::prelude::*;

use self::block::NOT_REFRACTORY;
pub(crate) use self::drive::DRIVES;
use self::layout::CellModes;
use self::part::{AdvanceInputs, Part};
use self::phases::Measured;

use super::arrivals::Arrivals;
use super::block_arrivals::FreshSpikes;
use super::circuit::{Circuit, ModalInput, ModalLayout, PopulationLayout};
use super::limits::SpikeBudget;
use super::observe::StateArray;
use super::plastic::{PlasticInput, PlasticPart};
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
    inputs: Vec<ModalInput>,
    /// By input: those whose weights change at spikes.
    plastic: Vec<Option<PlasticInput>>,
    /// Start of the phase since the last state that was taken up [ms].
    clock: f64,
    parts: Vec<Part<M>>,
    /// Spikes that were just sent to it over synapses of many delays, by input.
    fresh: Vec<FreshSpikes>,
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
        let fresh = vec![FreshSpikes::default(); modal.inputs.len()];
        let mut population = Self {
            index,
            seed,
            cells,
            now: 0,
            modes: modal.form.rates.len(),
            measured,
            inputs: modal.inputs.clone(),
            plastic: modal
                .inputs
                .iter()
                .map(|of| Some(PlasticInput::new(of.projection, of.pre, of.plasticity?)))
                .collect(),
            clock: 0.0,
            parts,
            fresh,
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
        self.plastic.iter_mut().flatten().for_each(PlasticInput::clear);
        for Part { block, queue, plastic, .. } in &mut self.parts {
            queue.clear();
            plastic.iter_mut().flatten().for_each(PlasticPart::clear);
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
        FreshSpikes::take(&mut self.fresh, &self.inputs, network, arrivals);
        for (fresh, plastic) in self.fresh.iter().zip(&mut self.plastic) {
            plastic.iter_mut().for_each(|plastic| plastic.send(self.clock, &fresh.spikes));
        }
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
            plastic: &self.plastic,
            clock: self.clock,
            network: inputs.network,
            currents: run.phase.currents.iter().find(|currents| currents.population == self.index),
            arch: run.arch,
            window,
            samples: inputs.samples,
        };
        let fresh = &self.fresh;
        let one = |(block, part): (usize, &mut Part<M>)| {
            part.queue.gather(block, inputs, of.inputs, &part.plastic, fresh, window);
            part.advance(&of);
        };
        if self.parts.len() > 1 && rayon::current_num_threads() > 1 {
            self.parts.par_iter_mut().enumerate().for_each(one);
        } else {
            self.parts.iter_mut().enumerate().for_each(one);
        }
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
        for (block, part) in self.parts.iter_mut().enumerate() {
            let window = Window { from: length, to: length };
            part.queue.gather(block, inputs, &self.inputs, &part.plastic, &self.fresh, window);
            part.block.carry(&self.cells[self.now], length);
            part.queue.carry(length);
            // Where weights stay, spikes wait for nothing.
            let unchanged = part.plastic.iter_mut().flatten().filter(|plastic| !plastic.has_synapses());
            unchanged.for_each(|plastic| plastic.targets.mark_applied());
        }
        self.plastic.iter_mut().flatten().for_each(|plastic| plastic.carry(length));
        self.clock += length;
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
        plasticity::take_synapses(&mut self.plastic, &mut self.parts, network, &self.inputs);
    }

    fn put_synapses(&mut self, network: &mut Network) {
        plasticity::put_synapses(&self.plastic, &mut self.parts, network);
    }

    fn apply_pending(&self, network: &mut Network) {
        plasticity::apply_pending(&self.plastic, &self.parts, network, &self.inputs);
    }

    fn mark_applied(&mut self) {
        let plastic = self.parts.iter_mut().flat_map(|part| &mut part.plastic).flatten();
        plastic.for_each(|plastic| plastic.targets.mark_applied());
    }

    fn has_many_pending(&self) -> bool {
        self.parts.iter().flat_map(|part| &part.plastic).flatten().any(|plastic| plastic.targets.is_long())
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
