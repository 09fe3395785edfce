//! A block of neurons with what reaches it: events are taken in the order of time.

use std::hint::black_box;

use pulp::{Arch, Simd, WithSimd};

use super::block::NeuronBlock;
use super::layout::CellModes;
use crate::engine::event_inputs::{ArrivalTargets, BlockInputs, EventInputs, InputBlock};
use crate::engine::limits::SpikeBudget;
use crate::engine::modal_input::ModalInput;
use crate::engine::plastic::EmittedSpikes;
use crate::engine::point_process::PointProcess;
use crate::engine::population::Window;
use crate::network::{Network, Synapses, TARGETS_PER_BLOCK};
use crate::protocol::CurrentCourse;

/// Rows of synapses that are read ahead at a time.
const ROWS_AHEAD: usize = 32;

/// A block with what reaches it.
#[derive(Clone, Debug)]
pub(super) struct Part<const M: usize> {
    pub(super) block: NeuronBlock<M>,
    pub(super) inputs: BlockInputs,
    /// Poisson input, by background of the cell.
    pub(super) background: Vec<PointProcess<M>>,
    pub(super) candidates: PointProcess<M>,
    /// The next of the currents of the phase.
    pub(super) next_current: usize,
    /// Potentials sampled, [samples, n of the block].
    pub(super) sampled: Vec<f64>,
    /// End of settling, if V* is still to be read there [ms].
    pub(super) settle: Option<f64>,
    /// V* at that time [n of the block].
    pub(super) settled: Vec<f64>,
    pub(super) events: u64,
    pub(super) points: u64,
    pub(super) decided: u64,
}

/// What a part needs to advance over a window.
pub(super) struct AdvanceInputs<'a, const M: usize> {
    pub(super) cell: &'a CellModes<M>,
    pub(super) inputs: &'a EventInputs,
    pub(super) network: &'a Network,
    /// Currents of the phase, if there are any.
    pub(super) currents: Option<&'a CurrentCourse<'a>>,
    pub(super) arch: Arch,
    pub(super) window: Window,
    pub(super) samples: &'a [f64],
}

/// One call of [`Part::advance`].
struct AdvancePart<'a, 'b, const M: usize> {
    part: &'a mut Part<M>,
    of: &'a AdvanceInputs<'b, M>,
}

impl<const M: usize> WithSimd for AdvancePart<'_, '_, M> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        self.part.advance_inlined(self.of);
    }
}

/// The neurons of a block as an arrival over synapses that change sees them.
struct ModalTargets<'a, const M: usize> {
    block: &'a mut NeuronBlock<M>,
    cell: &'a CellModes<M>,
    growth: &'a [f64; M],
    reach: f64,
}

impl<const M: usize> ArrivalTargets for ModalTargets<'_, M> {
    #[inline(always)]
    fn bring_up(&mut self, index: usize, t: f64) {
        self.block.decide_due(self.cell, index, t);
    }

    #[inline(always)]
    fn emitted(&self) -> EmittedSpikes<'_> {
        EmittedSpikes { spikes: &self.block.spikes, bursts: &[] }
    }

    #[inline(always)]
    fn arrive(&mut self, index: usize, t: f64, w: f64) {
        self.block.arrive(self.cell, index, t, w, self.growth, self.reach);
    }
}

impl<const M: usize> InputBlock for Part<M> {
    fn inputs(&self) -> &BlockInputs {
        &self.inputs
    }

    fn inputs_mut(&mut self) -> &mut BlockInputs {
        &mut self.inputs
    }
}

impl<const M: usize> Part<M> {
    /// A block of neurons of these distances from threshold at rest.
    pub(super) fn new(
        cell: &CellModes<M>,
        first: usize,
        distances: &[f64],
        inputs: &[ModalInput],
        window_ms: f64,
        budget: SpikeBudget,
    ) -> Self {
        let neurons = distances.len();
        Self {
            block: NeuronBlock::new(first, distances.to_vec(), budget),
            inputs: BlockInputs::new(first..first + neurons, inputs, window_ms),
            background: cell.background.iter().map(|input| PointProcess::new(neurons, input.rate)).collect(),
            candidates: PointProcess::new(neurons, cell.escape.map_or(0.0, |escape| escape.rate_max)),
            next_current: 0,
            sampled: Vec::new(),
            settle: None,
            settled: Vec::new(),
            events: 0,
            points: 0,
            decided: 0,
        }
    }

    /// Advances over a window with what was gathered.
    pub(super) fn advance(&mut self, of: &AdvanceInputs<'_, M>) {
        of.arch.dispatch(AdvancePart { part: self, of });
    }

    #[inline(always)]
    fn advance_inlined(&mut self, of: &AdvanceInputs<'_, M>) {
        let Window { from, to } = of.window;
        let mut now = from;
        self.inputs.queue.grow(of.arch, &of.cell.lambda);
        let mut next = 0;
        self.sampled.clear();
        let mut samples = of.samples.iter().copied().peekable();
        while now < to {
            if self.settle.is_some_and(|settle| settle <= now) {
                self.settle = None;
                self.block.potentials_without_spikes(of.cell, now, &mut self.settled);
            }
            let step = of.currents.map_or(f64::INFINITY, |currents| self.take_currents(of.cell, currents, now));
            let stop = samples.peek().map_or(to, |&sample| sample.min(to)).min(step);
            let stop = self.settle.map_or(stop, |settle| settle.min(stop));
            let idle = next == self.inputs.queue.due.len() && self.next_point(of) >= stop;
            let end = self.block.open(of.cell, now, stop, idle);
            next = self.take(of, next, end);
            self.block.close(of.cell, end);
            now = end;
            while samples.next_if(|&sample| sample <= now).is_some() {
                self.block.potentials(of.cell, now, &mut self.sampled);
            }
        }
        self.inputs.end_window(EmittedSpikes { spikes: &self.block.spikes, bursts: &[] }, of.inputs);
    }

    /// Sets the currents that hold from `now` on, and returns when they change next [ms].
    fn take_currents(&mut self, cell: &CellModes<M>, currents: &CurrentCourse<'_>, now: f64) -> f64 {
        let CurrentCourse { times_ms, currents_pa, .. } = *currents;
        let width = currents_pa.len() / times_ms.len().max(1);
        while let Some(&time) = times_ms.get(self.next_current) {
            if time > now {
                return time;
            }
            let row = &currents_pa[self.next_current * width..][..width];
            let (first, count) = (self.block.first, self.block.neurons.len());
            self.block.apply_currents(cell, time, if width > 1 { &row[first..first + count] } else { row });
            self.next_current += 1;
        }
        f64::INFINITY
    }

    /// Time of the next point of a process of its own [ms].
    fn next_point(&mut self, of: &AdvanceInputs<'_, M>) -> f64 {
        let Self { background, candidates, .. } = self;
        let first = background.iter_mut().chain([candidates]).map(|points| points.peek(of.arch, &of.cell.lambda));
        first.fold(f64::INFINITY, f64::min)
    }

    /// Takes all events before `end`, in the order of time, and returns the place of the first arrival after them.
    #[inline(always)]
    fn take(&mut self, of: &AdvanceInputs<'_, M>, mut next: usize, end: f64) -> usize {
        let cell = of.cell;
        loop {
            let arrival = self.inputs.queue.due.get(next).map_or(f64::INFINITY, |arrival| arrival.time);
            let bound = arrival.min(end);
            self.take_points(of, bound);
            if arrival >= end {
                return next;
            }
            if next.is_multiple_of(ROWS_AHEAD) {
                self.read_ahead(of, next);
            }
            let due = self.inputs.queue.due[next];
            let ModalInput { projection, port, filtered, .. } = of.inputs.of[due.input as usize];
            let mut growth: [f64; M] = self.inputs.queue.growth(next);
            for m in 0..M {
                growth[m] = growth[m] * cell.jumps[port][m] * due.factor;
            }
            let (reach, block) = (self.block.reach[port] * due.factor, self.block.first / TARGETS_PER_BLOCK);
            if self.inputs.changes(due.input) {
                let targets = ModalTargets { block: &mut self.block, cell, growth: &growth, reach };
                self.events += self.inputs.take_changing(of.arch, of.inputs, next, targets) as u64;
                next += 1;
                continue;
            }
            match &of.network.synapses[projection] {
                Synapses::Dense(weights) => {
                    let row = &weights.row(due.source as usize)[self.block.first..][..self.block.neurons.len()];
                    for (index, &w) in row.iter().enumerate() {
                        self.block.arrive(cell, index, arrival, f64::from(w), &growth, reach);
                    }
                    self.events += row.len() as u64;
                }
                Synapses::Sparse(sparse) => {
                    let row = sparse.row(block, due.source as usize);
                    let of_delay = due.from as usize..due.to as usize;
                    let row = if filtered { row } else { row.get(of_delay).unwrap_or_default() };
                    for synapse in row {
                        let w = f64::from(synapse.weight);
                        self.block.arrive(cell, usize::from(synapse.target), arrival, w, &growth, reach);
                    }
                    self.events += row.len() as u64;
                }
            }
            next += 1;
        }
    }

    /// Reads the ends of the next rows of synapses of one delay, which are far from each other in memory: the processor waits for many of
    /// them at a time. Rows of many delays were read when the queue followed them.
    fn read_ahead(&self, of: &AdvanceInputs<'_, M>, next: usize) {
        let block = self.block.first / TARGETS_PER_BLOCK;
        let ends = self.inputs.queue.due[next..].iter().take(ROWS_AHEAD).filter_map(|due| {
            let ModalInput { projection, plasticity: None, .. } = of.inputs.of[due.input as usize] else { return None };
            let Synapses::Sparse(sparse) = &of.network.synapses[projection] else { return None };
            let row = sparse.one_delay().map(|_| sparse.row(block, due.source as usize))?;
            Some(row.first()?.target ^ row.last()?.target)
        });
        black_box(ends.fold(0, |all, target| all ^ target));
    }

    /// Takes points of processes of its own before `end`.
    #[inline(always)]
    fn take_points(&mut self, of: &AdvanceInputs<'_, M>, end: f64) {
        let (cell, lambda) = (of.cell, &of.cell.lambda);
        if self.background.len() == 1 && cell.escape.is_none() {
            let input = cell.background[0];
            let (jump, reach) = (cell.jumps[input.port], self.block.reach.get(input.port).copied().unwrap_or(0.0));
            while self.background[0].peek(of.arch, lambda) < end {
                let point = self.background[0].take();
                let growth = std::array::from_fn(|m| point.growth[m] * jump[m]);
                self.block.arrive(cell, point.neuron as usize, point.time, input.weight, &growth, reach);
                self.points += 1;
            }
            return;
        }
        loop {
            let mut first = (self.candidates.peek(of.arch, lambda), None);
            for (index, points) in self.background.iter_mut().enumerate() {
                let time = points.peek(of.arch, lambda);
                if time < first.0 {
                    first = (time, Some(index));
                }
            }
            let (time, source) = first;
            if time >= end {
                return;
            }
            if let Some(index) = source {
                let (input, point) = (cell.background[index], self.background[index].take());
                let growth = std::array::from_fn(|m| point.growth[m] * cell.jumps[input.port][m]);
                let reach = self.block.reach[input.port];
                self.block.arrive(cell, point.neuron as usize, time, input.weight, &growth, reach);
                self.points += 1;
            } else {
                let point = self.candidates.take();
                self.block.candidate(cell, &point);
                self.decided += 1;
            }
        }
    }
}
