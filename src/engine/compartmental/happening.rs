//! What happens next to a neuron by itself: the first of its own effects that end or begin, and of the thresholds that are reached.

use super::layout::CellPlan;
use super::neuron::{CompartmentalNeuron, EventState, Happening, HappeningKind, NEVER};
use crate::cells::{BapCourse, EventTrigger};
use crate::engine::crossing::{Approach, Crossings};

/// How far thresholds are searched for from the last event [ms]: without another one until then, the search goes on from there.
const HORIZON_MS: f64 = 1000.0;

/// Distance that is left between threshold and reset potential at least, where thresholds are changed [mV].
const LEAST_DISTANCE_MV: f64 = 1e-3;

impl<const M: usize> CompartmentalNeuron<M> {
    /// Whether nothing happens before `until`, as far as bounds settle it.
    pub(super) fn is_quiet(&self, plan: &CellPlan<M>, until: f64, counts: &mut Crossings) -> bool {
        let interval = until - self.last;
        let mut below = |(_, approach): (HappeningKind, Approach<M>)| {
            interval <= 0.0 || approach.stays_below(&self.modes(plan).rates, interval, counts)
        };
        self.next_effect(plan).time > until && self.watched(plan).all(&mut below)
    }

    /// What happens next, from its last event on.
    pub(super) fn search(&self, plan: &CellPlan<M>, counts: &mut Crossings) -> Happening {
        let mut next = self.next_effect(plan);
        for (what, approach) in self.watched(plan) {
            let interval = next.time - self.last;
            if interval <= 0.0 {
                break;
            }
            if let Some(after) = approach.first_crossing(&self.modes(plan).rates, interval, counts) {
                // Found again in the next phase, a time at its start may be rounded to before it.
                let time = (self.last + after).max(0.0);
                next = if time < next.time { Happening { time, what } } else { next };
            }
        }
        next
    }

    /// What it watches, with the distance to the threshold.
    fn watched<'a>(&'a self, plan: &'a CellPlan<M>) -> impl Iterator<Item = (HappeningKind, Approach<M>)> + 'a {
        let can_trigger = |(index, state): (usize, &EventState)| {
            (state.ready == NEVER && plan.can_trigger(index, state.end > NEVER)).then_some(index)
        };
        let events = self.events.iter().enumerate().filter_map(can_trigger).map(|index| {
            let approach = match plan.reads(index) {
                EventTrigger::Potential { compartment, threshold } => self.motion.approach(compartment, threshold),
                EventTrigger::Current { port, threshold } => {
                    let currents = plan.currents_of(port).map(|k| (k, self.i[k]));
                    self.modes(plan).approach_of_currents(currents, threshold)
                }
            };
            (HappeningKind::Event(index), approach)
        });
        let spikes = (plan.has_threshold() && !self.is_held()).then(|| {
            (HappeningKind::Spike, self.motion.approach(plan.cell.spike.compartment, self.raised_threshold(plan)))
        });
        events.chain(spikes)
    }

    fn raised_threshold(&self, plan: &CellPlan<M>) -> f64 {
        let [_, _, raised] = self.drives;
        let lowest = plan.reset().map_or(f64::NEG_INFINITY, |reset| reset.potential + LEAST_DISTANCE_MV);
        if raised == 0.0 { self.threshold } else { (self.threshold + raised).max(lowest) }
    }

    /// The first of its effects that end or begin.
    fn next_effect(&self, plan: &CellPlan<M>) -> Happening {
        let mut next = Happening { time: self.last + HORIZON_MS, what: HappeningKind::Look };
        let mut consider = |time: f64, what: HappeningKind| {
            if time > NEVER && time <= next.time {
                next = Happening { time, what };
            }
        };
        consider(self.refractory, HappeningKind::Released);
        for (index, state) in self.events.iter().enumerate() {
            consider(state.end, HappeningKind::EventEnds(index));
            consider(state.ready, HappeningKind::EventReady(index));
        }
        let duration = plan.cell.bap.map_or(0.0, |bap| match bap.course {
            BapCourse::Box(duration) => duration,
            BapCourse::Decay(_) => 0.0,
        });
        self.lasting.front().into_iter().for_each(|start| consider(start + duration, HappeningKind::BapEnds));
        self.waiting.front().into_iter().for_each(|&start| consider(start, HappeningKind::BapBegins));
        next
    }
}
