//! Populations of cells of several compartments with dendritic events, neuron by neuron in double precision.
//!
//! Neurons are kept in blocks. Within a window a block takes what reaches it in the order of time; each neuron is carried from one of its
//! own events to the next in closed form (`modes.rs`), and what happens to it by itself is found from its last event (`neuron.rs`). Blocks
//! are independent of each other, and so advance in parallel.

mod advance;
mod block;
mod happening;
mod layout;
mod modes;
mod neuron;
mod state;
#[cfg(test)]
mod tests;

use std::ops::Range;

use self::block::{GroupInputs, NeuronGroup};
use self::layout::CellPlan;
use self::neuron::CompartmentalNeuron;
pub(crate) use self::state::{BAPS, state_names};
use super::arrivals::Arrivals;
use super::circuit::Circuit;
use super::event_inputs::{BlockInputs, EventInputs, has_many_pending};
use super::layout::CompartmentalLayout;
use super::limits::SpikeBudget;
use super::mark::EventMark;
use super::observe::StateArray;
use super::population::{Inputs, Means, NeuronChange, PhaseRun, PopulationDynamics, Window};
use super::work::Work;
use crate::cells::{Fires, MOST_MODES};
use crate::network::{Network, TARGETS_PER_BLOCK};
use crate::numeric::{PresentationKey, Purpose, Stream, StreamKey};
use crate::protocol::Spike;

/// A population of cells of several compartments.
#[derive(Clone, Debug)]
struct CompartmentalPopulation<const M: usize> {
    /// Its place in the model.
    index: usize,
    seed: u64,
    plan: CellPlan<M>,
    inputs: EventInputs,
    groups: Vec<NeuronGroup<M>>,
    budget: SpikeBudget,
}

/// What a population in a lane is made for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlaceInLane {
    /// Its place in the model.
    pub(crate) index: usize,
    /// Number of its cells.
    pub(crate) size: usize,
    pub(crate) seed: u64,
    /// Length of a window [ms].
    pub(crate) window_ms: f64,
}

impl PlaceInLane {
    /// A population of so many cells in a lane of this circuit.
    pub(crate) fn new(index: usize, size: usize, circuit: &Circuit) -> Self {
        Self { index, size, seed: circuit.seed, window_ms: circuit.window }
    }
}

/// A population of these cells. Modes that are too few are filled up with some of amplitude 0.
pub(crate) fn population(place: PlaceInLane, layout: &CompartmentalLayout) -> Box<dyn PopulationDynamics> {
    let currents = layout.cell.currents().len();
    macro_rules! of_modes {
        ($($m:literal),*) => {
            match layout.cell.membranes.len() + currents {
                $(..=$m => Box::new(CompartmentalPopulation::<$m>::new(place, layout)),)*
                _ => Box::new(CompartmentalPopulation::<MOST_MODES>::new(place, layout)),
            }
        };
    }
    of_modes!(2, 4)
}

impl<const M: usize> CompartmentalPopulation<M> {
    fn new(place: PlaceInLane, layout: &CompartmentalLayout) -> Self {
        let PlaceInLane { index, size, seed, window_ms } = place;
        let plan = CellPlan::new(&layout.cell);
        let mut stream = stream(seed, Purpose::Thresholds(index as u32));
        let lowest = plan.reset().map_or(f64::NEG_INFINITY, |reset| reset.potential);
        let v: Vec<f64> = plan.cell.membranes.iter().map(|membrane| membrane.reversal).collect();
        let mut threshold = || match plan.cell.spike.fires {
            Fires::Threshold(threshold) => threshold.draw_above(lowest, &mut stream),
            Fires::Escape(_) => f64::INFINITY,
        };
        let neurons: Vec<CompartmentalNeuron<M>> =
            (0..size).map(|_| CompartmentalNeuron::new(&plan, v.clone(), threshold())).collect();
        let budget = SpikeBudget::default();
        let group = |(block, neurons): (usize, &[CompartmentalNeuron<M>])| {
            let first = block * TARGETS_PER_BLOCK;
            let inputs = BlockInputs::new(first..first + neurons.len(), &layout.inputs, window_ms);
            NeuronGroup::new(&plan, neurons.to_vec(), inputs, budget.clone())
        };
        let groups = neurons.chunks(TARGETS_PER_BLOCK).enumerate().map(group).collect();
        let mut population = Self { index, seed, plan, inputs: EventInputs::new(&layout.inputs), groups, budget };
        population.start();
        population
    }

    /// Sets all neurons to their initial potentials, without input.
    fn start(&mut self) {
        let mut stream = stream(self.seed, Purpose::Potentials(self.index as u32));
        let plan = &self.plan;
        self.inputs.clear();
        for NeuronGroup { neurons, inputs, emitted, .. } in &mut self.groups {
            inputs.clear();
            emitted.marks.clear();
            for neuron in neurons {
                let v = plan.cell.membranes.iter().map(|membrane| membrane.initial.draw(&mut stream)).collect();
                *neuron = CompartmentalNeuron::new(plan, v, neuron.threshold);
            }
        }
    }
}

/// The stream of what is drawn for the neurons of a population at the start of a run.
fn stream(seed: u64, purpose: Purpose) -> Stream {
    StreamKey { seed, purpose, presentation: PresentationKey::training(0), phase: 0, block: 0 }.stream()
}

impl<const M: usize> PopulationDynamics for CompartmentalPopulation<M> {
    fn begin(&mut self, run: &PhaseRun<'_>, _: &Inputs<'_>, _: bool) {
        let index = self.index as u32;
        self.budget.set(run.most_spikes(self.groups.iter().map(|group| group.neurons.len()).sum()));
        for (block, group) in (0..).zip(&mut self.groups) {
            group.next_current = 0;
            for (input, points) in (0..).zip(&mut group.background) {
                points.begin(run.streams.key(Purpose::Background(index), block << 8 | input).wide());
            }
            group.candidates.begin(run.streams.key(Purpose::Candidates(index), block).wide());
        }
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
        let of = GroupInputs {
            plan: &self.plan,
            inputs: &self.inputs,
            network: inputs.network,
            currents: run.phase.currents.iter().find(|currents| currents.population == self.index),
            arch: run.arch,
            window,
            samples: inputs.samples,
        };
        self.inputs.advance(&mut self.groups, inputs, window, |group| group.advance(&of));
        let known = out.len();
        for group in &mut self.groups {
            out.append(&mut group.emitted.spikes);
            work.synaptic_events += std::mem::take(&mut group.arrived);
            work.input_spikes += std::mem::take(&mut group.points);
            work.candidates += std::mem::take(&mut group.decided);
            work.crossings += std::mem::take(&mut group.emitted.counts);
        }
        out[known..].sort_unstable_by(|a, b| a.time.total_cmp(&b.time).then(a.neuron.cmp(&b.neuron)));
        work.spikes += (out.len() - known) as u64;
    }

    fn sample(&mut self, _: &PhaseRun<'_>, times: &[f64], _: &Inputs<'_>, out: &mut Vec<f64>) {
        for sample in 0..times.len() {
            for group in &self.groups {
                let size = group.neurons.len() * self.plan.cell.membranes.len();
                out.extend_from_slice(&group.sampled[sample * size..][..size]);
            }
        }
    }

    fn finish(&mut self, _: &mut [f64]) {}

    fn measure(&mut self, _: &PhaseRun<'_>, _: &Inputs<'_>, _: Means<'_>) {}

    fn carry(&mut self, run: &PhaseRun<'_>, inputs: &Inputs<'_>) {
        let length = run.phase.length_ms;
        self.inputs.carry(&mut self.groups, inputs, length);
        self.groups.iter_mut().for_each(|group| group.carry(&self.plan, length));
    }

    fn take_marks(&mut self, out: &mut Vec<EventMark>) {
        let known = out.len();
        self.groups.iter_mut().for_each(|group| out.append(&mut group.emitted.marks));
        out[known..].sort_by(|a, b| {
            let by_time = a.start.total_cmp(&b.start).then(a.stop.total_cmp(&b.stop));
            by_time.then_with(|| (a.kind, a.neuron, a.compartment).cmp(&(b.kind, b.neuron, b.compartment)))
        });
    }

    fn rest(&mut self) {
        self.start();
    }

    fn change(&mut self, neurons: &Range<usize>, change: NeuronChange) {
        let plan = &self.plan;
        for NeuronGroup { inputs, neurons: all, emitted, .. } in &mut self.groups {
            for (number, neuron) in inputs.neurons.clone().zip(all).filter(|(number, _)| neurons.contains(number)) {
                emitted.neuron = number as u32;
                neuron.advance(plan, 0.0, emitted);
                neuron.move_to(plan, 0.0);
                let [_, added, raised] = &mut neuron.drives;
                match change {
                    NeuronChange::AddCurrent(by) => *added += by,
                    NeuronChange::RaiseThreshold(by) => *raised += by,
                }
                neuron.settle(plan);
            }
        }
    }

    fn take_synapses(&mut self, network: &mut Network) {
        self.inputs.take_synapses(&mut self.groups, network);
    }

    fn put_synapses(&mut self, network: &mut Network) {
        self.inputs.put_synapses(&mut self.groups, network);
    }

    fn apply_pending(&self, network: &mut Network) {
        self.inputs.apply_pending(&self.groups, network);
    }

    fn mark_applied(&mut self) {
        self.inputs.mark_applied(&mut self.groups);
    }

    fn has_many_pending(&self) -> bool {
        has_many_pending(&self.groups)
    }

    fn is_finite(&self) -> bool {
        let fits = |x: &f64| x.abs() <= f64::from(f32::MAX);
        let mut neurons = self.groups.iter().flat_map(|group| &group.neurons);
        neurons.all(|neuron| neuron.v.iter().chain(&neuron.i).all(fits))
    }

    fn state(&self) -> Vec<StateArray> {
        self.saved()
    }

    fn restore(&mut self, state: &[StateArray]) {
        self.take_up(state);
    }
}
