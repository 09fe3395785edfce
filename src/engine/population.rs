//! What the run loop knows of a population: anything that can be advanced over a window.

use std::fmt::Debug;
use std::ops::Range;

use pulp::Arch;

use super::arrivals::Arrivals;
use super::circuit::Circuit;
use super::mark::EventMark;
use super::observe::StateArray;
use super::work::Work;
use crate::network::Network;
use crate::numeric::{PresentationKey, Purpose, StreamKey};
use crate::protocol::{Phase, Spike};

/// Some time of a phase, `from` included and `to` not [ms].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) from: f64,
    pub(crate) to: f64,
}

/// A phase at work.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PhaseRun<'a> {
    pub(crate) arch: Arch,
    pub(crate) phase: &'a Phase<'a>,
    /// Its start in the trial [ms].
    pub(crate) offset: f64,
    /// Whether the stimuli are those of the phase before.
    pub(crate) same_stimuli: bool,
    pub(crate) probes: Probes,
    pub(crate) streams: Streams,
    /// Largest mean rate of a population of cells [1/ms].
    pub(crate) largest_mean_rate: f64,
}

/// The random streams of a phase.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Streams {
    pub(crate) seed: u64,
    pub(crate) presentation: PresentationKey,
    /// Place of the phase in its trial.
    pub(crate) phase: u32,
}

/// Times at which potentials are probed: at the end of settling, and at the midpoints of equal steps after it [ms].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Probes {
    pub(crate) settle: f64,
    pub(crate) step: f64,
    pub(crate) steps: usize,
}

/// What reaches a population.
pub(crate) struct Inputs<'a> {
    /// One per projection of the model.
    pub(crate) arrivals: &'a [Arrivals],
    pub(crate) network: &'a Network,
    /// Times of the window at which potentials are sampled [ms].
    pub(crate) samples: &'a [f64],
}

/// Means over a phase of one population, to be filled where they are asked for ([n]); empty where not.
pub(crate) struct Means<'a> {
    pub(crate) v: &'a mut [f64],
    pub(crate) plateau: &'a mut [f64],
    /// How long before the end of the phase each plateau happens [ms]; left empty where all happen at its end.
    pub(crate) plateau_lead_ms: &'a mut Vec<f32>,
}

/// A change of neurons in the course of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum NeuronChange {
    /// A constant current is added [pA].
    AddCurrent(f64),
    /// The threshold is raised [mV].
    RaiseThreshold(f64),
}

/// A population in one lane. Nothing it does depends on threads, windows or recording.
pub(crate) trait PopulationDynamics: Debug + Send + Sync {
    /// Takes up a phase. `sampled`: traces will be sampled in it.
    fn begin(&mut self, run: &PhaseRun<'_>, inputs: &Inputs<'_>, sampled: bool);

    /// Takes the spikes that reach it before `end`, all of which are known.
    fn receive(
        &mut self,
        run: &PhaseRun<'_>,
        circuit: &Circuit,
        network: &Network,
        arrivals: &mut [Arrivals],
        end: f64,
    );

    /// Advances over a window with what it has received. Appends its spikes, sorted by (time, neuron).
    fn advance(
        &mut self,
        run: &PhaseRun<'_>,
        window: Window,
        inputs: &Inputs<'_>,
        out: &mut Vec<Spike>,
        work: &mut Work,
    );

    /// Samples potentials at times of the window just advanced over, [times, n, compartments].
    fn sample(&mut self, run: &PhaseRun<'_>, times: &[f64], inputs: &Inputs<'_>, out: &mut Vec<f64>);

    /// Ends the phase, and writes the mean of sigmoid(V) where it is measured ([n]; else empty).
    fn finish(&mut self, sigmoid: &mut [f64]);

    /// Measures the phase that has ended.
    fn measure(&mut self, run: &PhaseRun<'_>, inputs: &Inputs<'_>, means: Means<'_>);

    /// Makes the end of the phase the start of the next.
    fn carry(&mut self, run: &PhaseRun<'_>, inputs: &Inputs<'_>);

    /// Hands out the events with a beginning and an end that were over in the phase, from its start, sorted.
    fn take_marks(&mut self, out: &mut Vec<EventMark>) {
        let _ = out;
    }

    /// Back to rest.
    fn rest(&mut self);

    /// Changes neurons between two phases.
    ///
    /// # Panics
    /// If its cells take no such change.
    fn change(&mut self, neurons: &Range<usize>, change: NeuronChange) {
        panic!("no {change:?} of neurons {neurons:?} of a population that takes none");
    }

    /// Takes the synapses whose weights change at spikes out of a network, until they are put back.
    fn take_synapses(&mut self, network: &mut Network) {
        let _ = network;
    }

    /// Puts them back.
    fn put_synapses(&mut self, network: &mut Network) {
        let _ = network;
    }

    /// Changes weights of a network for all spikes so far.
    fn apply_pending(&self, network: &mut Network) {
        let _ = network;
    }

    /// Takes note that all synapses have been changed for all spikes so far.
    fn mark_applied(&mut self) {}

    /// Whether so many spikes wait that synapses should be changed for them.
    fn has_many_pending(&self) -> bool {
        false
    }

    /// Whether its state is of finite numbers.
    fn is_finite(&self) -> bool {
        self.state().iter().all(|array| array.values.iter().all(|value| value.is_finite()))
    }

    /// What is carried to the next trial, by name.
    fn state(&self) -> Vec<StateArray>;

    /// Takes up such a state; arrays of other names or lengths are left aside.
    fn restore(&mut self, state: &[StateArray]);
}

impl PhaseRun<'_> {
    /// How many spikes a population of `size` cells may fire in the phase.
    pub(crate) fn most_spikes(&self, size: usize) -> usize {
        (self.largest_mean_rate * size as f64 * self.phase.length_ms) as usize
    }
}

impl Streams {
    /// The key of the stream of a block of neurons.
    pub(crate) fn key(&self, purpose: Purpose, block: u32) -> StreamKey {
        let Self { seed, presentation, phase } = *self;
        StreamKey { seed, purpose, presentation, phase, block }
    }
}

/// Spacing of the midpoint rule for the mean of sigmoid(V) [ms]: a measurement, not a step of the dynamics.
const MIDPOINT_MS: f64 = 0.25;

impl Probes {
    pub(crate) fn new(phase: &Phase<'_>) -> Self {
        let averaged = phase.length_ms - phase.settle_ms;
        let steps = (averaged / MIDPOINT_MS).ceil();
        Self { settle: phase.settle_ms, step: averaged / steps, steps: steps as usize }
    }

    /// The end of settling alone.
    pub(crate) fn of_settling(self) -> Self {
        Self { steps: 0, ..self }
    }

    /// The time of the `k`-th, from 0; none after the last.
    pub(crate) fn time(&self, k: usize) -> Option<f64> {
        match k {
            0 => Some(self.settle),
            k if k <= self.steps => Some(self.settle + ((k - 1) as f64 + 0.5) * self.step),
            _ => None,
        }
    }
}
