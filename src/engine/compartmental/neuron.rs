//! One neuron: what happens to it, event by event.
//!
//! It moves freely from its last event on. Its next happening is the first of its own effects that end or begin (a refractory time, an
//! event, a back-propagating action potential) and of the times at which something that it watches reaches its threshold, each found from
//! its own last event alone, so that windows, blocks and threads change no bit. At one time effects come before arrivals, and thresholds
//! after both; of several thresholds those of events come before that of the spike, which resets a potential that they may read.

use std::collections::VecDeque;

use super::layout::CellPlan;
use super::modes::{FreeMotion, ModeSet, Moving};
use crate::cells::InjectedCurrent;

/// A time of something that is not there [ms]; files hold finite numbers.
pub(super) const NEVER: f64 = f64::MIN;

/// A neuron.
#[derive(Clone, Debug)]
pub(super) struct CompartmentalNeuron<const M: usize> {
    /// Potentials at its last event [compartments] [mV].
    pub(super) v: Vec<f64>,
    /// Synaptic currents then [currents] [pA].
    pub(super) i: Vec<f64>,
    /// Its last event [ms].
    pub(super) last: f64,
    /// End of its refractory time [ms], or [`NEVER`].
    pub(super) refractory: f64,
    /// Of each kind of event of the cell.
    pub(super) events: Vec<EventState>,
    /// When back-propagating action potentials that are on their way begin [ms], ascending.
    pub(super) waiting: VecDeque<f64>,
    /// When those that last began [ms], ascending.
    pub(super) lasting: VecDeque<f64>,
    pub(super) burst: BurstState,
    /// Threshold as drawn [mV]; infinite with an escape rate.
    pub(super) threshold: f64,
    /// Current of a stimulus, current that was added [pA], and by how much the threshold was raised [mV].
    pub(super) drives: [f64; 3],
    pub(super) motion: FreeMotion<M>,
    /// What happens next without an arrival, if it was searched for.
    pub(super) next: Option<Happening>,
}

/// The state of a dendritic event.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct EventState {
    /// When it began and ends [ms], or [`NEVER`].
    pub(super) start: f64,
    pub(super) end: f64,
    /// From when on it can be triggered again [ms], or [`NEVER`] where it can be.
    pub(super) ready: f64,
}

/// Spikes that may become a burst.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct BurstState {
    /// The first and the last of them [ms]; [`NEVER`] without one.
    pub(super) first: f64,
    pub(super) last: f64,
    pub(super) count: f64,
}

/// What happens to a neuron by itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Happening {
    /// [ms]
    pub(super) time: f64,
    pub(super) what: HappeningKind,
}

/// What it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum HappeningKind {
    Released,
    BapBegins,
    BapEnds,
    EventEnds(usize),
    EventReady(usize),
    /// Nothing: the search goes on from there.
    Look,
    Event(usize),
    Spike,
}

impl HappeningKind {
    /// Whether it is a threshold that is reached.
    pub(super) fn is_trigger(self) -> bool {
        matches!(self, Self::Event(_) | Self::Spike)
    }
}

impl Default for EventState {
    fn default() -> Self {
        Self { start: NEVER, end: NEVER, ready: NEVER }
    }
}

impl Default for BurstState {
    fn default() -> Self {
        Self { first: NEVER, last: NEVER, count: 0.0 }
    }
}

impl<const M: usize> CompartmentalNeuron<M> {
    /// A neuron at these potentials, without input.
    pub(super) fn new(plan: &CellPlan<M>, v: Vec<f64>, threshold: f64) -> Self {
        let mut neuron = Self {
            v,
            i: vec![0.0; plan.currents.len()],
            last: 0.0,
            refractory: NEVER,
            events: vec![EventState::default(); plan.cell.events.len()],
            waiting: VecDeque::new(),
            lasting: VecDeque::new(),
            burst: BurstState::default(),
            threshold,
            drives: [0.0; 3],
            motion: FreeMotion::default(),
            next: None,
        };
        neuron.settle(plan);
        neuron
    }

    /// Whether the compartment that fires is held at its reset potential.
    pub(super) fn is_held(&self) -> bool {
        self.refractory > NEVER
    }

    /// The modes in which it moves.
    pub(super) fn modes<'p>(&self, plan: &'p CellPlan<M>) -> &'p ModeSet<M> {
        plan.modes(self.is_held())
    }

    /// Takes up its state after a change.
    pub(super) fn settle(&mut self, plan: &CellPlan<M>) {
        let mut constant = vec![0.0; self.v.len()];
        let mut add = |InjectedCurrent { compartment, current }| constant[compartment] += current;
        let [applied, added, _] = self.drives;
        add(InjectedCurrent { compartment: plan.cell.spike.compartment, current: applied + added });
        for (event, _) in plan.cell.events.iter().zip(&self.events).filter(|(_, state)| state.end > NEVER) {
            event.currents.iter().copied().for_each(&mut add);
        }
        if let Some(bap) = plan.cell.bap {
            let (compartment, current) = (bap.compartment, bap.amplitude * self.lasting.len() as f64);
            add(InjectedCurrent { compartment, current });
        }
        let state = Moving { v: &self.v, i: &self.i, constant: &constant };
        self.modes(plan).find_motion(state, &mut self.motion);
        self.next = None;
    }

    /// Carries its state on to `t`.
    pub(super) fn move_to(&mut self, plan: &CellPlan<M>, t: f64) {
        if t <= self.last {
            return;
        }
        let modes = self.modes(plan);
        let decays = modes.decays(t - self.last);
        for (compartment, v) in self.v.iter_mut().enumerate() {
            *v = self.motion.potential(compartment, &decays);
        }
        modes.decay_currents(&decays, &mut self.i);
        self.last = t;
    }

    /// A spike of weight `w` arrives at a port at `t`, up to which the neuron has advanced.
    pub(super) fn arrive(&mut self, plan: &CellPlan<M>, t: f64, port: usize, w: f64) {
        self.move_to(plan, t);
        let port = &plan.ports[port];
        let held = Some(plan.cell.spike.compartment).filter(|_| self.is_held());
        if let Some(compartment) = port.jumps.filter(|compartment| Some(*compartment) != held) {
            self.v[compartment] += w;
        }
        port.currents.iter().for_each(|&(k, jump)| self.i[k] += w * jump);
        self.settle(plan);
    }

    /// V of all compartments at `t`, up to which the neuron has advanced [mV].
    pub(super) fn potentials(&self, plan: &CellPlan<M>, t: f64, out: &mut Vec<f64>) {
        let decays = self.modes(plan).decays(t - self.last);
        out.extend((0..self.v.len()).map(|compartment| self.motion.potential(compartment, &decays)));
    }

    /// V of a compartment at `t`, up to which the neuron has advanced [mV].
    pub(super) fn potential(&self, plan: &CellPlan<M>, compartment: usize, t: f64) -> f64 {
        self.motion.potential(compartment, &self.modes(plan).decays(t - self.last))
    }

    /// V of the compartment that fires at `t`, up to which the neuron has advanced; none while it is held [mV].
    pub(super) fn firing_potential(&self, plan: &CellPlan<M>, t: f64) -> Option<f64> {
        (!self.is_held()).then(|| self.potential(plan, plan.cell.spike.compartment, t))
    }

    /// Counts time from `length` ms later on.
    pub(super) fn carry(&mut self, length: f64) {
        let later = |time: &mut f64| {
            if *time > NEVER {
                *time -= length;
            }
        };
        later(&mut self.last);
        later(&mut self.refractory);
        for EventState { start, end, ready } in &mut self.events {
            [start, end, ready].into_iter().for_each(later);
        }
        self.waiting.iter_mut().chain(&mut self.lasting).for_each(later);
        [&mut self.burst.first, &mut self.burst.last].into_iter().for_each(later);
        self.next = None;
    }
}
