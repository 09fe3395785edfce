//! Cells of several compartments: passive membranes coupled by conductances, with events that change their currents for a time.
//!
//! C_r dV_r/dt = −g_r (V_r − E_r) + Σ_s g_rs (V_s − V_r) + I_r(t). I_r is constant between events but for synaptic currents, which
//! decay. A dendritic event begins when the potential that it reads, or the current of a port, reaches its threshold; it adds constant
//! currents for its duration. The potential is continuous at both ends of it: what jumps is what V relaxes to.

mod check;
mod mark;
mod modes;

use serde::{Deserialize, Serialize};

use super::{Fires, Kernel, NeuronValues, PoissonDrive, Reset};

pub use mark::MarkKind;
pub use modes::{MembraneModes, SynapticCurrent};

/// A cell of several compartments, as plain values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CompartmentalCell {
    /// Membranes, in the order of the compartments.
    pub membranes: Vec<CompartmentMembrane>,
    /// Conductances between compartments.
    pub couplings: Vec<AxialCoupling>,
    /// Where synapses end.
    pub ports: Vec<CompartmentPort>,
    /// When it fires.
    pub spike: SpikeGenerator,
    /// Events of its dendrites.
    pub events: Vec<DendriticEvent>,
    /// What each of its spikes does to a dendrite, if anything.
    pub bap: Option<BackPropagation>,
    /// Longest time between two spikes of a burst [ms], if bursts are marked.
    pub burst_window: Option<f64>,
    /// Poisson trains that reach each neuron by itself.
    pub background: Vec<PoissonDrive>,
}

/// The membrane of a compartment.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CompartmentMembrane {
    /// Capacitance C [pF].
    pub capacitance: f64,
    /// Leak conductance g [nS].
    pub leak: f64,
    /// Reversal potential of the leak E [mV].
    pub reversal: f64,
    /// Constant current [pA].
    pub current: f64,
    /// Potential at the start of a run [mV].
    #[serde(with = "super::values::Described")]
    pub initial: NeuronValues,
}

/// A conductance between two compartments.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AxialCoupling {
    /// Their numbers.
    pub between: [usize; 2],
    /// [nS]
    pub conductance: f64,
}

/// A port: all synapses of one kind. The weight of an impulse is a jump of V [mV], that of an exponential a jump of the current [pA],
/// that of a double exponential its integral [pA ms].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CompartmentPort {
    /// The compartment that they end on.
    pub compartment: usize,
    /// What a spike of weight 1 makes of its input.
    pub kernel: Kernel,
}

/// When a cell fires, by the potential of one compartment, and what that does to it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpikeGenerator {
    /// The compartment.
    pub compartment: usize,
    /// A threshold or an escape rate.
    pub fires: Fires,
    /// What that compartment is set to, and how long it is held there while the others go on.
    pub reset: Option<Reset>,
}

/// An event of a dendrite with a beginning and an end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DendriticEvent {
    /// What it is called where it is recorded.
    pub kind: DendriticEventKind,
    /// What begins it.
    pub reads: EventTrigger,
    /// How long it lasts [ms].
    pub duration: f64,
    /// Currents that it adds as long as it lasts.
    pub currents: Vec<InjectedCurrent>,
    /// How long after it was triggered it is not triggered again [ms].
    pub refractory: f64,
    /// What a trigger does while it lasts.
    pub retrigger: Retrigger,
}

/// What begins an event of a dendrite.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum EventTrigger {
    /// The potential of a compartment reaches a threshold.
    Potential {
        /// The compartment.
        compartment: usize,
        /// The threshold [mV].
        threshold: f64,
    },
    /// The synaptic current of a port reaches a threshold.
    Current {
        /// The port.
        port: usize,
        /// The threshold [pA].
        threshold: f64,
    },
}

/// A constant current into a compartment.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct InjectedCurrent {
    /// The compartment.
    pub compartment: usize,
    /// [pA]
    pub current: f64,
}

/// A current into a dendrite some time after each spike of the cell: the back-propagating action potential.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BackPropagation {
    /// Time after the spike [ms].
    pub delay: f64,
    /// The compartment that it reaches.
    pub compartment: usize,
    /// Its current, at its beginning [pA].
    pub amplitude: f64,
    /// How it goes on.
    pub course: BapCourse,
}

/// The course of the current of a back-propagating action potential; those of several spikes add.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum BapCourse {
    /// Constant for so long [ms].
    Box(f64),
    /// Decaying with this time constant [ms].
    Decay(f64),
}

/// Kinds of dendritic events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DendriticEventKind {
    /// A plateau potential.
    #[default]
    Plateau,
    /// A dendritic spike.
    DendriticSpike,
}

/// What a trigger does while an event lasts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Retrigger {
    /// Nothing.
    #[default]
    Ignore,
    /// The event lasts for its duration from then on.
    Extend,
}

impl CompartmentalCell {
    /// Its largest firing rate [1/ms]; infinite of a threshold without a refractory time.
    pub fn rate_max(&self) -> f64 {
        match self.spike.fires {
            Fires::Escape(escape) => escape.rate_max,
            Fires::Threshold(_) => self.spike.reset.map_or(f64::INFINITY, |reset| 1.0 / reset.refractory_ms),
        }
    }

    /// The part of a dendrite's deviation from rest that the compartment that fires tends to with its other neighbours at rest: g_D over all
    /// of its conductances. None of a dendrite that is no neighbour of it.
    pub fn attenuation(&self, dendrite: usize) -> Option<f64> {
        let (g, soma) = (self.conductances(), self.spike.compartment);
        let coupling = -g[soma][dendrite];
        (dendrite != soma && coupling > 0.0).then(|| coupling / g[soma][soma])
    }

    /// The compartment that an event is in: the one whose potential it reads, or that of its port.
    pub fn event_compartment(&self, event: &DendriticEvent) -> usize {
        match event.reads {
            EventTrigger::Potential { compartment, .. } => compartment,
            EventTrigger::Current { port, .. } => self.ports[port].compartment,
        }
    }
}
