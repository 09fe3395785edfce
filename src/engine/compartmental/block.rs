//! A block of neurons with what reaches it: events are taken in the order of time.

use pulp::Arch;

use super::advance::Emitted;
use super::layout::CellPlan;
use super::neuron::CompartmentalNeuron;
use crate::cells::Fires;
use crate::engine::event_inputs::{ArrivalTargets, BlockInputs, EventInputs, InputBlock};
use crate::engine::limits::SpikeBudget;
use crate::engine::modal_input::ModalInput;
use crate::engine::plastic::EmittedSpikes;
use crate::engine::point_process::PointProcess;
use crate::engine::population::Window;
use crate::network::{Network, Synapses, TARGETS_PER_BLOCK};
use crate::numeric::logit;
use crate::plasticity::Candidate;
use crate::protocol::CurrentCourse;

/// A block of neurons with what reaches it.
#[derive(Clone, Debug)]
pub(super) struct NeuronGroup<const M: usize> {
    pub(super) neurons: Vec<CompartmentalNeuron<M>>,
    pub(super) inputs: BlockInputs,
    /// Poisson input, by background of the cell.
    pub(super) background: Vec<PointProcess<0>>,
    pub(super) candidates: PointProcess<0>,
    /// The next of the currents of the phase.
    pub(super) next_current: usize,
    /// Potentials sampled in the window, [samples, n of the block, compartments] [mV].
    pub(super) sampled: Vec<f64>,
    pub(super) emitted: Emitted,
    pub(super) arrived: u64,
    pub(super) points: u64,
    pub(super) decided: u64,
}

/// What a block needs to advance over a window.
pub(super) struct GroupInputs<'a, const M: usize> {
    pub(super) plan: &'a CellPlan<M>,
    pub(super) inputs: &'a EventInputs,
    pub(super) network: &'a Network,
    /// Currents of the phase, if there are any.
    pub(super) currents: Option<&'a CurrentCourse<'a>>,
    pub(super) arch: Arch,
    pub(super) window: Window,
    pub(super) samples: &'a [f64],
}

/// The neurons of a block as an arrival over synapses that change sees them.
struct GroupTargets<'a, const M: usize> {
    plan: &'a CellPlan<M>,
    /// The first of them in the population.
    first: usize,
    neurons: &'a mut [CompartmentalNeuron<M>],
    emitted: &'a mut Emitted,
    port: usize,
    factor: f64,
}

impl<const M: usize> ArrivalTargets for GroupTargets<'_, M> {
    fn bring_up(&mut self, index: usize, t: f64) {
        self.emitted.neuron = (self.first + index) as u32;
        self.neurons[index].advance(self.plan, t, self.emitted);
    }

    fn emitted(&self) -> EmittedSpikes<'_> {
        self.emitted.of_window()
    }

    fn arrive(&mut self, index: usize, t: f64, w: f64) {
        self.neurons[index].arrive(self.plan, t, self.port, w * self.factor);
    }
}

impl<const M: usize> InputBlock for NeuronGroup<M> {
    fn inputs(&self) -> &BlockInputs {
        &self.inputs
    }

    fn inputs_mut(&mut self) -> &mut BlockInputs {
        &mut self.inputs
    }
}

/// What comes next of the processes of a block's own.
enum NextPoint {
    Background(usize),
    Candidate,
}

impl<const M: usize> NeuronGroup<M> {
    pub(super) fn new(
        plan: &CellPlan<M>,
        neurons: Vec<CompartmentalNeuron<M>>,
        inputs: BlockInputs,
        budget: SpikeBudget,
    ) -> Self {
        let count = neurons.len();
        let rate = match plan.cell.spike.fires {
            Fires::Escape(escape) => escape.rate_max,
            Fires::Threshold(_) => 0.0,
        };
        Self {
            neurons,
            inputs,
            background: plan.cell.background.iter().map(|input| PointProcess::new(count, input.rate)).collect(),
            candidates: PointProcess::new(count, rate),
            next_current: 0,
            sampled: Vec::new(),
            emitted: Emitted { budget, ..Emitted::default() },
            arrived: 0,
            points: 0,
            decided: 0,
        }
    }

    /// Advances over a window with what was gathered.
    pub(super) fn advance(&mut self, of: &GroupInputs<'_, M>) {
        let Window { from, to } = of.window;
        self.sampled.clear();
        let (mut now, mut next) = (from, 0);
        let mut samples = of.samples.iter().copied().peekable();
        loop {
            let step = of.currents.map_or(f64::INFINITY, |currents| self.take_currents(of.plan, currents, now));
            let stop = samples.peek().map_or(to, |&sample| sample.min(to)).min(step);
            next = self.take(of, next, stop);
            self.advance_all(of.plan, stop);
            now = stop;
            while samples.next_if(|&sample| sample <= now).is_some() {
                self.neurons.iter().for_each(|neuron| neuron.potentials(of.plan, now, &mut self.sampled));
            }
            if now >= to {
                break;
            }
        }
        self.inputs.end_window(self.emitted.of_window(), of.inputs);
        self.emitted.bursts.clear();
    }

    /// The first of its neurons in the population.
    fn first(&self) -> usize {
        self.inputs.neurons.start
    }

    /// Lets everything happen before `until`.
    fn advance_all(&mut self, plan: &CellPlan<M>, until: f64) {
        for (number, neuron) in (self.first() as u32..).zip(&mut self.neurons) {
            self.emitted.neuron = number;
            neuron.advance(plan, until, &mut self.emitted);
        }
    }

    /// A neuron that has advanced to `t`.
    fn at(&mut self, plan: &CellPlan<M>, index: usize, t: f64) -> &mut CompartmentalNeuron<M> {
        self.emitted.neuron = (self.first() + index) as u32;
        self.neurons[index].advance(plan, t, &mut self.emitted);
        &mut self.neurons[index]
    }

    /// Sets the currents that hold from `now` on, and returns when they change next [ms].
    fn take_currents(&mut self, plan: &CellPlan<M>, currents: &CurrentCourse<'_>, now: f64) -> f64 {
        let CurrentCourse { times_ms, currents_pa, .. } = *currents;
        let width = currents_pa.len() / times_ms.len().max(1);
        while let Some(&time) = times_ms.get(self.next_current) {
            if time > now {
                return time;
            }
            let row = &currents_pa[self.next_current * width..][..width];
            for index in 0..self.neurons.len() {
                let current = row[(self.first() + index) % width];
                if current.total_cmp(&self.neurons[index].drives[0]).is_ne() {
                    let neuron = self.at(plan, index, time);
                    neuron.move_to(plan, time);
                    neuron.drives[0] = current;
                    neuron.settle(plan);
                }
            }
            self.next_current += 1;
        }
        f64::INFINITY
    }

    /// Takes all events before `end`, in the order of time, and returns the place of the first arrival after them.
    fn take(&mut self, of: &GroupInputs<'_, M>, mut next: usize, end: f64) -> usize {
        loop {
            let arrival = self.inputs.queue.due.get(next).map_or(f64::INFINITY, |arrival| arrival.time);
            self.take_points(of, arrival.min(end));
            if arrival >= end {
                return next;
            }
            let due = self.inputs.queue.due[next];
            let ModalInput { projection, port, .. } = of.inputs.of[due.input as usize];
            if self.inputs.changes(due.input) {
                let Self { neurons, emitted, .. } = self;
                let targets = GroupTargets {
                    plan: of.plan,
                    first: self.inputs.neurons.start,
                    neurons,
                    emitted,
                    port,
                    factor: due.factor,
                };
                self.arrived += self.inputs.take_changing(of.arch, of.inputs, next, targets) as u64;
                next += 1;
                continue;
            }
            match &of.network.synapses[projection] {
                Synapses::Dense(weights) => {
                    let row = &weights.row(due.source as usize)[self.inputs.neurons.clone()];
                    for (index, &w) in row.iter().enumerate().filter(|(_, w)| **w != 0.0) {
                        self.at(of.plan, index, arrival).arrive(of.plan, arrival, port, f64::from(w) * due.factor);
                    }
                    self.arrived += row.len() as u64;
                }
                Synapses::Sparse(sparse) => {
                    let row = sparse.row(self.first() / TARGETS_PER_BLOCK, due.source as usize);
                    let row = row.get(due.from as usize..due.to as usize).unwrap_or_default();
                    for synapse in row {
                        let (index, w) = (usize::from(synapse.target), f64::from(synapse.weight) * due.factor);
                        self.at(of.plan, index, arrival).arrive(of.plan, arrival, port, w);
                    }
                    self.arrived += row.len() as u64;
                }
            }
            next += 1;
        }
    }

    /// Takes points of processes of its own before `end`.
    fn take_points(&mut self, of: &GroupInputs<'_, M>, end: f64) {
        let plan = of.plan;
        while let Some((time, next)) = self.next_point(end) {
            match next {
                NextPoint::Background(input) => {
                    let (point, drive) = (self.background[input].take(), plan.cell.background[input]);
                    self.at(plan, point.neuron as usize, time).arrive(plan, time, drive.port, drive.weight);
                    self.points += 1;
                }
                NextPoint::Candidate => {
                    let point = self.candidates.take();
                    self.decide(of, point.neuron as usize, time, point.mark);
                    self.decided += 1;
                }
            }
        }
    }

    /// The next point of a process of its own, before `end`.
    fn next_point(&mut self, end: f64) -> Option<(f64, NextPoint)> {
        let arch = pulp::Arch::new();
        let mut first = (self.candidates.peek(arch, &[]), NextPoint::Candidate);
        for (index, points) in self.background.iter_mut().enumerate() {
            let time = points.peek(arch, &[]);
            if time < first.0 {
                first = (time, NextPoint::Background(index));
            }
        }
        (first.0 < end).then_some(first)
    }

    /// A candidate spike of an escape-rate neuron: it fires if φ(V)/φ_max exceeds the mark.
    fn decide(&mut self, of: &GroupInputs<'_, M>, index: usize, t: f64, mark: f64) {
        let plan = of.plan;
        let Fires::Escape(escape) = plan.cell.spike.fires else { return };
        let Some(v) = self.at(plan, index, t).firing_potential(plan, t) else { return };
        let fires = escape.threshold + escape.width * logit(mark) < v && !self.emitted.budget.is_spent();
        for (input, ModalInput { plasticity, .. }) in of.inputs.of.iter().enumerate() {
            let Some(dendrite) = plasticity.as_ref().and_then(|rule| plan.dendrites[rule.reads]) else { continue };
            if self.inputs.changes_at_candidates(input) {
                let candidate = Candidate {
                    fires: if fires { 1.0 } else { 0.0 },
                    soma: v - escape.threshold,
                    dendrite: self.neurons[index].potential(plan, dendrite.compartment, t) - dendrite.rest,
                    attenuation: dendrite.attenuation,
                    rest: dendrite.rest_of_soma - escape.threshold,
                    width: escape.width,
                    rate_max: escape.rate_max,
                };
                self.inputs.take_candidate(of.inputs, input, index, t, candidate);
            }
        }
        if fires {
            self.neurons[index].fire(plan, t, &mut self.emitted);
        }
    }

    /// Makes the end of a phase of `length` ms the start of the next.
    pub(super) fn carry(&mut self, plan: &CellPlan<M>, length: f64) {
        for (number, neuron) in (self.first() as u32..).zip(&mut self.neurons) {
            self.emitted.neuron = number;
            if let Some(window) = plan.cell.burst_window {
                neuron.end_burst(window, length, plan.cell.spike.compartment, &mut self.emitted);
            }
            neuron.carry(length);
        }
    }
}
