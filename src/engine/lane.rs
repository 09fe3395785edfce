//! A lane: the dynamic state of one network, and the loop that takes it through the phases of a trial.
//!
//! # Order of execution
//! A phase is cut into windows no longer than the smallest delay of any projection that goes back in the circuit's order and
//! influences firing, nor than [`LONGEST_WINDOW_MS`]. In each window populations advance in that order, in which every
//! projection without delay goes forward. When a population's turn comes, every spike that can reach its somata before the
//! window's end is known: over a forward projection from a population that has advanced already, over a backward one from an
//! earlier window, since a spike at t ≥ from arrives at t + delay ≥ from + delay ≥ to. Potentials that drive no soma, means and
//! recorded traces are evaluated after the window. Weights change within a trial by rules between spikes alone (`src/engine/plastic/`).

mod traces;

use std::ops::Range;
use std::sync::Arc;

use pulp::Arch;
use rayon::prelude::*;

use super::arrivals::{Arrivals, Averaging};
use super::circuit::Circuit;
use super::compartmental::{self, PlaceInLane};
use super::encoder::Encoder;
use super::limits::{Limits, TrialAborted};
use super::modal;
use super::observe::{LaneState, Observation, PhaseMeans};
use super::population::{Inputs, Means, NeuronChange, PhaseRun, PopulationDynamics, Probes, Streams, Window};
use super::three_mode::LinearPopulation;
use super::work::Work;
use crate::network::Network;
use crate::protocol::{KeptSpikes, Phase, Trial};

/// Longest window [ms]: memory grows with it, results are the same for any.
const LONGEST_WINDOW_MS: f64 = 1000.0;

/// The dynamic state of one network.
#[derive(Debug)]
pub struct Lane {
    circuit: Arc<Circuit>,
    arch: Arch,
    /// In the model's order.
    pub(super) populations: Vec<Box<dyn PopulationDynamics>>,
    arrivals: Vec<Arrivals>,
    /// Spikes of each population before the phase.
    started: Vec<usize>,
    /// Spikes of each population before the level of a window.
    known: Vec<usize>,
    times: Vec<f64>,
    /// Potentials of each population sampled in a window.
    sampled: Vec<Vec<f64>>,
    means: Vec<PhaseMeans>,
    observation: Observation,
    work: Work,
}

impl Lane {
    /// A lane of this circuit, at rest.
    pub fn new(circuit: &Arc<Circuit>) -> Self {
        let count = circuit.populations.len();
        let mut sources = 0..;
        let populations = circuit.populations.iter().enumerate().map(|(index, layout)| {
            if let Some(compartmental) = &layout.compartmental {
                compartmental::population(PlaceInLane::new(index, layout.size, circuit), compartmental)
            } else if let Some(modal) = &layout.modal {
                modal::population(index, layout, modal, circuit.seed, circuit.window)
            } else if let Some(membrane) = &layout.membrane {
                Box::new(LinearPopulation::new(index, layout, membrane)) as Box<dyn PopulationDynamics>
            } else {
                Box::new(Encoder::new(index, sources.next().unwrap_or(0), layout.phi_max))
            }
        });
        Self {
            arch: Arch::new(),
            populations: populations.collect(),
            arrivals: circuit
                .projections
                .iter()
                .map(|p| Arrivals::new(circuit.populations[p.from].size, p.short_term))
                .collect(),
            started: Vec::new(),
            known: Vec::new(),
            times: Vec::new(),
            sampled: vec![Vec::new(); count],
            means: Vec::new(),
            observation: Observation::new(count),
            work: Work::default(),
            circuit: Arc::clone(circuit),
        }
    }

    /// Takes the network through one trial, from the state the last one left.
    ///
    /// # Panics
    /// If the network or a stimulus is not of the circuit's shape.
    pub fn present(&mut self, network: &Network, trial: &Trial<'_>) {
        let aborted = self.present_within(network, trial, &Limits::default());
        debug_assert_eq!(aborted, None);
    }

    /// As [`Lane::present`], but gives the trial up under these limits, and says why.
    ///
    /// # Panics
    /// If the network or a stimulus is not of the circuit's shape.
    pub fn present_within(
        &mut self,
        network: &Network,
        trial: &Trial<'_>,
        limits: &Limits<'_>,
    ) -> Option<TrialAborted> {
        self.observation.clear(trial);
        let (populations, projections) = (self.circuit.populations.len(), self.circuit.projections.len());
        while self.means.len() < trial.phases.len() {
            self.means.push(PhaseMeans::new(populations, projections));
        }
        let mut offset = 0.0;
        for (index, phase) in trial.phases.iter().enumerate() {
            let streams = Streams { seed: self.circuit.seed, presentation: trial.key, phase: index as u32 };
            let before = index.checked_sub(1).map(|before| trial.phases[before].stimuli);
            let same_stimuli = before.is_some_and(|before| std::ptr::eq(before, phase.stimuli));
            let (arch, probes, Limits { largest_mean_rate, stop }) = (self.arch, Probes::new(phase), *limits);
            let run = PhaseRun { arch, phase, offset, same_stimuli, probes, streams, largest_mean_rate };
            if let Some(aborted) = self.phase(network, trial, &run, stop) {
                return Some(aborted);
            }
            offset += phase.length_ms;
        }
        None
    }

    /// What happened in the last trial.
    pub fn observation(&self) -> &Observation {
        &self.observation
    }

    /// Means of the phases of the last trial.
    pub fn means(&self) -> &[PhaseMeans] {
        &self.means[..self.observation.phases_ms.len()]
    }

    /// How many parts of the circuit can advance at one time at most.
    pub(crate) fn parts_at_once(&self) -> usize {
        self.circuit.parts_at_once()
    }

    /// Work done since the lane was made.
    pub fn work(&self) -> Work {
        self.work
    }

    /// All potentials and traces 0, no spike in flight.
    pub fn rest(&mut self) {
        self.populations.iter_mut().for_each(|population| population.rest());
        self.arrivals.iter_mut().for_each(Arrivals::rest);
    }

    /// The state carried to the next trial; where weights change at spikes it goes with those of [`Lane::apply_pending`].
    pub fn state(&self) -> LaneState {
        LaneState {
            populations: self.populations.iter().map(|population| population.state()).collect(),
            projections: self.arrivals.iter().map(Arrivals::state).collect(),
        }
    }

    /// The first population whose state is not of finite numbers.
    pub(crate) fn first_not_finite(&self) -> Option<usize> {
        self.populations.iter().position(|population| !population.is_finite())
    }

    /// Changes neurons of a population between two trials.
    ///
    /// # Panics
    /// If there is no such population, or its cells take no such change.
    pub(crate) fn change(&mut self, population: usize, neurons: &Range<usize>, change: NeuronChange) {
        self.populations[population].change(neurons, change);
    }

    /// Takes up a state that a lane of the same circuit gave; parts of another shape are left aside.
    pub fn restore(&mut self, state: &LaneState) {
        self.populations.iter_mut().zip(&state.populations).for_each(|(population, state)| population.restore(state));
        self.arrivals.iter_mut().zip(&state.projections).for_each(|(arrivals, state)| arrivals.restore(state));
    }

    fn phase(
        &mut self,
        network: &Network,
        trial: &Trial<'_>,
        run: &PhaseRun<'_>,
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Option<TrialAborted> {
        let circuit = Arc::clone(&self.circuit);
        let Phase { length_ms, settle_ms, .. } = *run.phase;
        for (arrivals, layout) in self.arrivals.iter_mut().zip(&circuit.projections) {
            arrivals.begin(layout);
        }
        for population in &mut self.populations {
            let inputs = Inputs { arrivals: &self.arrivals, network, samples: &self.times };
            population.begin(run, &inputs, trial.sampling.is_some());
        }
        self.started.clear();
        self.started.extend(self.observation.spikes.iter().map(Vec::len));
        let phase = run.streams.phase as usize;
        self.means[phase].make_room(&circuit, run.phase.measures);
        self.means[phase].rates.iter_mut().for_each(|rates| rates.fill(0.0));
        let (mut from, longest) = (0.0, circuit.window.min(LONGEST_WINDOW_MS));
        while from < length_ms {
            let window = Window { from, to: (from + longest).min(length_ms) };
            self.find_samples(trial, run, window);
            self.window(network, run, window);
            if trial.sampling.is_some() {
                self.trace(network, run, window);
            }
            let averaging = Averaging { from: settle_ms, length: length_ms };
            let windows = self.arrivals.iter_mut().zip(&circuit.projections).zip(&network.synapses);
            // Populations take spikes over synapses of many delays whole, those that go back at their turn in the next window.
            for ((arrivals, layout), _) in windows.filter(|((_, layout), synapses)| layout.has_one_delay(synapses)) {
                arrivals.end_window(self.arch, layout, averaging, window.to);
            }
            if let Some(aborted) = self.runaway(run, window.to).or_else(|| stop().then_some(TrialAborted::Stopped)) {
                return Some(aborted);
            }
            if trial.spikes == KeptSpikes::None {
                self.observation.spikes.iter_mut().for_each(Vec::clear);
                self.started.fill(0);
            }
            from = window.to;
        }
        self.measure(network, run);
        self.carry(network, run);
        None
    }

    /// The first population of cells that fired more by `at_ms` than it may.
    fn runaway(&self, run: &PhaseRun<'_>, at_ms: f64) -> Option<TrialAborted> {
        let fired = self.observation.spikes.iter().zip(&self.started).map(|(spikes, &started)| spikes.len() - started);
        let beyond = self
            .circuit
            .populations
            .iter()
            .zip(fired)
            .position(|(population, fired)| !population.is_source() && fired > run.most_spikes(population.size));
        beyond.map(|population| TrialAborted::Runaway { population, at_ms })
    }

    /// Advances all populations over a window. The times of their spikes are those of the phase until it ends.
    fn window(&mut self, network: &Network, run: &PhaseRun<'_>, window: Window) {
        let circuit = Arc::clone(&self.circuit);
        for level in &circuit.levels {
            for &index in &circuit.order[level.clone()] {
                self.populations[index].receive(run, &circuit, network, &mut self.arrivals, window.to);
            }
            let spikes = &mut self.observation.spikes;
            self.known.clear();
            self.known.extend(spikes.iter().map(Vec::len));
            let inputs = Inputs { arrivals: &self.arrivals, network, samples: &self.times };
            if level.len() > 1 {
                let one_by_one = self.populations.par_iter_mut().zip(spikes).enumerate().with_max_len(1);
                let advanced = one_by_one.map(|(index, (population, out))| {
                    let mut work = Work::default();
                    if circuit.order[level.clone()].contains(&index) {
                        population.advance(run, window, &inputs, out, &mut work);
                    }
                    work
                });
                self.work += advanced.reduce(Work::default, |mut sum, work| {
                    sum += work;
                    sum
                });
            } else {
                let index = circuit.order[level.start];
                self.populations[index].advance(run, window, &inputs, &mut spikes[index], &mut self.work);
            }
            for &index in &circuit.order[level.clone()] {
                self.send(network, run, index);
            }
        }
    }

    /// Puts the spikes of a population since those known on their way, and counts them where rates are measured.
    fn send(&mut self, network: &Network, run: &PhaseRun<'_>, index: usize) {
        let spikes = &self.observation.spikes[index][self.known[index]..];
        let rates = &mut self.means[run.streams.phase as usize].rates[index];
        if !rates.is_empty() {
            let Phase { settle_ms, length_ms, .. } = *run.phase;
            let counted = spikes.iter().filter(|spike| spike.time >= settle_ms);
            counted.for_each(|spike| rates[spike.neuron as usize] += 1.0 / (length_ms - settle_ms));
        }
        for &projection in &self.circuit.populations[index].outgoing {
            let layout = &self.circuit.projections[projection];
            // Others add the delay of each synapse.
            let delay = if layout.has_one_delay(&network.synapses[projection]) { layout.delay } else { 0.0 };
            self.arrivals[projection].send(spikes, delay);
        }
    }

    /// Computes the means of a phase that is over, and its plateaus.
    fn measure(&mut self, network: &Network, run: &PhaseRun<'_>) {
        let circuit = Arc::clone(&self.circuit);
        let phase = run.streams.phase as usize;
        let averaging = Averaging { from: run.phase.settle_ms, length: run.phase.length_ms };
        let means = &mut self.means[phase];
        for (population, sigmoid) in self.populations.iter_mut().zip(&mut means.sigmoid) {
            population.finish(sigmoid);
        }
        for (arrivals, layout) in self.arrivals.iter_mut().zip(&circuit.projections) {
            match layout.rates {
                Some(phi_max) => arrivals.rates(phi_max, &means.sigmoid[layout.from]),
                None => arrivals.average(layout, averaging),
            }
        }
        for (index, population) in self.populations.iter_mut().enumerate() {
            let inputs = Inputs { arrivals: &self.arrivals, network, samples: &self.times };
            let plateau_lead_ms = &mut self.observation.plateau_lead_ms[index][phase];
            let [v, plateau] = [&mut means.v, &mut means.plateau].map(|all| &mut all[index]);
            population.measure(run, &inputs, Means { v, plateau, plateau_lead_ms });
        }
        for (arrivals, mean) in self.arrivals.iter().zip(&mut means.trains) {
            mean.copy_from_slice(&arrivals.mean);
        }
        for (plateau, kept) in means.plateau.iter().zip(&mut self.observation.plateaus) {
            kept[phase].extend(plateau.iter().map(|&alpha| alpha as f32));
        }
    }

    /// Carries all state to the next phase.
    fn carry(&mut self, network: &Network, run: &PhaseRun<'_>) {
        let circuit = Arc::clone(&self.circuit);
        for (spikes, &started) in self.observation.spikes.iter_mut().zip(&self.started) {
            // In the first phase their times are those of the trial already.
            if run.offset > 0.0 {
                spikes[started..].iter_mut().for_each(|spike| spike.time += run.offset);
            }
        }
        for population in &mut self.populations {
            // What was sent in the last window is still on its way: queues take it before they carry time on.
            population.receive(run, &circuit, network, &mut self.arrivals, run.phase.length_ms);
            let inputs = Inputs { arrivals: &self.arrivals, network, samples: &self.times };
            population.carry(run, &inputs);
        }
        for (population, marks) in self.populations.iter_mut().zip(&mut self.observation.marks) {
            let known = marks.len();
            population.take_marks(marks);
            marks[known..].iter_mut().for_each(|mark| *mark = mark.later(run.offset));
        }
        let length = run.phase.length_ms;
        self.arrivals
            .iter_mut()
            .zip(&circuit.projections)
            .for_each(|(arrivals, layout)| arrivals.carry(layout, length));
    }
}
