//! What a neuron does as time goes on: effects that end and begin, thresholds that are reached, and what it emits.

use super::layout::CellPlan;
use super::neuron::{BurstState, CompartmentalNeuron, EventState, Happening, HappeningKind, NEVER};
use crate::cells::MarkKind;
use crate::engine::crossing::Crossings;
use crate::engine::limits::SpikeBudget;
use crate::engine::mark::EventMark;
use crate::engine::plastic::{BurstSpike, EmittedSpikes};
use crate::plasticity::CellEvent;
use crate::protocol::Spike;

/// What neurons of a block emit and count.
#[derive(Clone, Debug, Default)]
pub(super) struct Emitted {
    /// Number in the population of the neuron that is looked at.
    pub(super) neuron: u32,
    /// Of the window, unsorted.
    pub(super) spikes: Vec<Spike>,
    /// Those of the window that begin a burst or stand alone, and the second ones of bursts, unsorted; where bursts are marked.
    pub(super) bursts: Vec<BurstSpike>,
    /// Of the phase, unsorted.
    pub(super) marks: Vec<EventMark>,
    pub(super) counts: Crossings,
    pub(super) budget: SpikeBudget,
}

impl Emitted {
    /// All that was emitted in the window.
    pub(super) fn of_window(&self) -> EmittedSpikes<'_> {
        EmittedSpikes { spikes: &self.spikes, bursts: &self.bursts }
    }

    /// The `count`-th of spikes in close succession comes at `t`.
    fn emit_burst(&mut self, t: f64, count: f64) {
        let event = match count as u32 {
            1 => CellEvent::Event,
            2 => CellEvent::Burst,
            _ => return,
        };
        self.bursts.push(BurstSpike { spike: Spike { time: t, neuron: self.neuron }, event });
    }
}

impl<const M: usize> CompartmentalNeuron<M> {
    /// Lets everything happen before `until`, effects at that time too.
    pub(super) fn advance(&mut self, plan: &CellPlan<M>, until: f64, out: &mut Emitted) {
        while !out.budget.is_spent() {
            if self.next.is_none() && self.is_quiet(plan, until, &mut out.counts) {
                return;
            }
            let next = self.next.unwrap_or_else(|| self.search(plan, &mut out.counts));
            self.next = Some(next);
            if next.time > until || next.what.is_trigger() && next.time >= until {
                return;
            }
            self.happen(plan, next, out);
        }
    }

    fn happen(&mut self, plan: &CellPlan<M>, Happening { time, what }: Happening, out: &mut Emitted) {
        self.move_to(plan, time);
        match what {
            HappeningKind::Look => (),
            HappeningKind::Released => self.refractory = NEVER,
            HappeningKind::EventReady(index) => self.events[index].ready = NEVER,
            HappeningKind::BapBegins => self.begin_bap(plan),
            HappeningKind::BapEnds => self.end_bap(plan, time, out),
            HappeningKind::EventEnds(index) => self.end_event(plan, index, out),
            HappeningKind::Event(index) => {
                let (event, state) = (&plan.cell.events[index], &mut self.events[index]);
                state.start = if state.end > NEVER { state.start } else { time };
                state.end = time + event.duration;
                state.ready = time + event.refractory;
            }
            HappeningKind::Spike => return self.fire(plan, time, out),
        }
        self.settle(plan);
    }

    /// Fires at `t`.
    pub(super) fn fire(&mut self, plan: &CellPlan<M>, t: f64, out: &mut Emitted) {
        self.move_to(plan, t);
        out.spikes.push(Spike { time: t, neuron: out.neuron });
        out.budget.count(out.spikes.len());
        if let Some(reset) = plan.reset() {
            self.v[plan.cell.spike.compartment] = reset.potential;
            if reset.refractory_ms > 0.0 {
                self.refractory = t + reset.refractory_ms;
            }
        }
        if let Some(bap) = plan.cell.bap {
            self.waiting.push_back(t + bap.delay);
        }
        if let Some(window) = plan.cell.burst_window {
            self.end_burst(window, t, plan.cell.spike.compartment, out);
            let BurstState { first, last, count } = &mut self.burst;
            *first = if *count > 0.0 { *first } else { t };
            *last = t;
            *count += 1.0;
            out.emit_burst(t, *count);
        }
        self.settle(plan);
    }

    fn begin_bap(&mut self, plan: &CellPlan<M>) {
        let Some((start, bap)) = self.waiting.pop_front().zip(plan.cell.bap) else { return };
        match plan.bap_current {
            Some(k) => self.i[k] += bap.amplitude,
            None => self.lasting.push_back(start),
        }
    }

    fn end_bap(&mut self, plan: &CellPlan<M>, stop: f64, out: &mut Emitted) {
        let Some((start, bap)) = self.lasting.pop_front().zip(plan.cell.bap) else { return };
        let (neuron, compartment) = (out.neuron, bap.compartment as u32);
        out.marks.push(EventMark { kind: MarkKind::Bap, neuron, compartment, start, stop, over: stop });
    }

    fn end_event(&mut self, plan: &CellPlan<M>, index: usize, out: &mut Emitted) {
        let (event, state) = (&plan.cell.events[index], &mut self.events[index]);
        let EventState { start, end: stop, .. } = *state;
        (state.start, state.end) = (NEVER, NEVER);
        let (neuron, compartment) = (out.neuron, plan.cell.event_compartment(event) as u32);
        out.marks.push(EventMark { kind: event.kind.into(), neuron, compartment, start, stop, over: stop });
    }

    /// Ends spikes that may be a burst where the next one would come too late at `t`.
    pub(super) fn end_burst(&mut self, window: f64, t: f64, compartment: usize, out: &mut Emitted) {
        let BurstState { first: start, last: stop, count } = self.burst;
        let over = stop + window;
        if count == 0.0 || t <= over {
            return;
        }
        if count > 1.0 {
            let (neuron, compartment) = (out.neuron, compartment as u32);
            out.marks.push(EventMark { kind: MarkKind::Burst, neuron, compartment, start, stop, over });
        }
        self.burst = BurstState::default();
    }
}
