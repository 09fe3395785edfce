//! Linear cells: a membrane with synaptic ports, described by values from which the engine finds its modes.
//!
//! dV/dt = −γ (V − rest) + Σ_p g_p D_p + g_bias b + c, D_p the input of port p filtered by its kernel κ. A dendrite is a port whose
//! D_p is a potential of its own; a synapse that reaches the membrane itself is one without.

use serde::{Deserialize, Serialize};

use super::values::{self, NeuronValues};
use super::{Kernel, Modes, Psp};
use crate::numeric::{sigmoid, sigmoid_slope};

/// Time over which the engine keeps amplitudes scaled by e^{γt} before it rescales them [ms].
pub const SEGMENT: f64 = 16.0;

/// Largest total conductance of a membrane [1/ms]: e^{γt} over a [`SEGMENT`] is then at most e⁶⁴ = 6e27, which f32 holds with
/// room for the amplitudes.
pub const LARGEST_GAMMA: f64 = 4.0;

/// Relative distance below which two decay rates are one, and the response of a membrane has no closed form here.
pub const TOO_CLOSE: f64 = 1e-6;

/// Shortest time constant of a cell that is not of three vectorised modes [ms]: e^{t/τ} over a [`SEGMENT`] is at most e³²⁰.
pub const SHORTEST_TAU_MS: f64 = 0.05;

/// Longest time constant [ms].
pub const LONGEST_TAU_MS: f64 = 100_000.0;

/// A cell that is linear between events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LinearCell {
    /// Total conductance of the membrane γ, its leak and all couplings [1/ms].
    pub gamma: f64,
    /// Where synapses end.
    pub ports: Vec<Port>,
    /// The port whose dendrite has a bias that learns, if one does.
    pub bias: Option<usize>,
    /// Potential at rest without input [mV]; 0 in the dimensionless volts of escape-rate networks.
    pub rest: f64,
    /// Potentials at the start of a run; at rest where they are not given.
    #[serde(with = "values::described")]
    pub initial: Option<NeuronValues>,
    /// When it fires.
    pub fires: Fires,
    /// The rate of which learning takes the value and the slope at mean potentials; that of `fires` where it is none.
    pub learned_rate: Option<Escape>,
    /// Conductance by which a current from outside drives the membrane, dV/dt = g I [mV/(ms pA)], 1/C_m; 0: it takes none.
    pub current_conductance: f64,
    /// What firing does to the membrane, if anything.
    pub reset: Option<Reset>,
    /// A current of its own that jumps when it fires, if there is one.
    pub adaptation: Option<Adaptation>,
    /// Poisson trains that reach each neuron by itself.
    pub background: Vec<PoissonDrive>,
    /// Teaching conductances onto the membrane; they are there while a target is given.
    pub clamp: Option<ConductanceClamp>,
    /// Plateaus at the ends of phases, from the mean potential of a dendrite.
    pub plateau: Option<PhasePlateau>,
}

/// A port: all synapses of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Port {
    /// What a spike of weight 1 makes of its input.
    pub kernel: Kernel,
    /// Conductance g_p by which the filtered input drives the membrane [1/ms], for currents 1/C_m; 0: it does not.
    pub conductance: f64,
    /// The compartment whose potential the filtered input is, if it is one; 0 is the soma.
    pub compartment: Option<usize>,
}

/// When a cell fires.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Fires {
    /// At a rate that depends on V.
    Escape(Escape),
    /// At the first time at which V reaches this threshold [mV].
    Threshold(#[serde(with = "values::Described")] NeuronValues),
}

/// Firing at rate φ = `rate_max` sigmoid((V − `threshold`)/`width`), an inhomogeneous Poisson process given V.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Escape {
    /// Largest firing rate [1/ms].
    pub rate_max: f64,
    /// Potential at which the rate is half of that.
    pub threshold: f64,
    /// Width of the sigmoid, above 0.
    pub width: f64,
}

impl Escape {
    /// φ = `rate_max` sigmoid(V), in dimensionless volts.
    pub const fn new(rate_max: f64) -> Self {
        Self { rate_max, threshold: 0.0, width: 1.0 }
    }

    /// φ/φ_max at a potential, 0 to 1.
    pub fn share(&self, v: f64) -> f64 {
        sigmoid((v - self.threshold) / self.width)
    }

    /// The derivative of [`Escape::share`].
    pub fn slope(&self, v: f64) -> f64 {
        sigmoid_slope((v - self.threshold) / self.width) / self.width
    }
}

/// A spike sets the membrane to `potential` and holds it there for the absolute refractory time; synaptic currents go on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reset {
    /// [mV]
    pub potential: f64,
    /// Absolute refractory time [ms].
    pub refractory_ms: f64,
}

/// A current of the cell's own, dI/dt = −I/τ, to which each of its spikes adds `jump`; it drives the membrane by −g I.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Adaptation {
    /// τ [ms].
    pub tau: f64,
    /// Jump at a spike, in the unit of the ports' currents.
    pub jump: f64,
    /// g [1/ms], for currents 1/C_m.
    pub conductance: f64,
}

/// Spikes of a Poisson process of its own for each neuron: those of many independent presynaptic neurons together.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PoissonDrive {
    /// The port they reach.
    pub port: usize,
    /// Rate of all of them together [1/ms].
    pub rate: f64,
    /// Weight of each.
    pub weight: f64,
}

/// Conductances g (E − V) onto the membranes of a population while a target is given: one total g for all of its neurons.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConductanceClamp {
    /// Neurons per class: neuron i stands for class i / group.
    pub group: usize,
    /// g [1/ms].
    pub conductance: f64,
    /// Reversal potential of neurons whose class is the target.
    pub e_exc: f64,
    /// Reversal potential of the others.
    pub e_inh: f64,
}

/// A plateau at the end of each phase: sigmoid of the mean potential of a dendrite over it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PhasePlateau {
    /// The port of that dendrite.
    pub port: usize,
    /// When it happens.
    pub times: PlateauTimes,
}

/// When the plateau of a neuron happens: min(|N(0, `sd`)|, `longest`) before the end of a phase, drawn per neuron. The mean
/// of the apical potential ends there.
///
/// Guerguiev, Lillicrap & Richards (2017), eLife 6:e22901, Figure 6, supplement 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlateauTimes {
    /// Spread [ms]; 0: at the end of the phase.
    pub sd: f64,
    /// Longest time before the end [ms].
    pub longest: f64,
}

impl Default for PlateauTimes {
    fn default() -> Self {
        Self { sd: 0.0, longest: 5.0 }
    }
}

impl LinearCell {
    /// A membrane of total conductance `gamma` [1/ms] that fires by `escape`, without a port yet.
    pub fn new(gamma: f64, escape: Escape) -> Self {
        Self {
            gamma,
            ports: Vec::new(),
            bias: None,
            rest: 0.0,
            initial: None,
            fires: Fires::Escape(escape),
            learned_rate: None,
            current_conductance: 0.0,
            reset: None,
            adaptation: None,
            background: Vec::new(),
            clamp: None,
            plateau: None,
        }
    }

    /// Its largest firing rate [1/ms]; infinite of a threshold without a refractory time.
    pub fn rate_max(&self) -> f64 {
        match self.fires {
            Fires::Escape(escape) => escape.rate_max,
            Fires::Threshold(_) => self.reset.map_or(f64::INFINITY, |reset| 1.0 / reset.refractory_ms),
        }
    }

    /// The rate as a function of the potential, of which learning takes the value and the slope: the escape rate, or the one given
    /// for a threshold; none of cells of a threshold without one.
    pub fn rate_function(&self) -> Option<Escape> {
        match self.fires {
            Fires::Escape(escape) => Some(self.learned_rate.unwrap_or(escape)),
            Fires::Threshold(_) => self.learned_rate,
        }
    }

    /// Adds a port on a dendrite, the next compartment, and returns its number.
    pub fn dendrite(&mut self, psp: Psp, conductance: f64) -> usize {
        let compartment = 1 + self.ports.iter().filter(|port| port.compartment.is_some()).count();
        let kernel = Kernel::DoubleExponential(psp);
        self.ports.push(Port { kernel, conductance, compartment: Some(compartment) });
        self.ports.len() - 1
    }

    /// Adds a port of synapses onto the membrane itself, and returns its number.
    pub fn synapse(&mut self, psp: Psp, conductance: f64) -> usize {
        self.port(Kernel::DoubleExponential(psp), conductance)
    }

    /// Adds a port of synapses of this kernel onto the membrane itself, and returns its number.
    pub fn port(&mut self, kernel: Kernel, conductance: f64) -> usize {
        self.ports.push(Port { kernel, conductance, compartment: None });
        self.ports.len() - 1
    }

    /// Whether a current from outside may drive it.
    pub fn takes_current(&self) -> bool {
        self.current_conductance > 0.0
    }

    /// Number of compartments, the soma included.
    pub fn compartments(&self) -> usize {
        1 + self.ports.iter().filter(|port| port.compartment.is_some()).count()
    }

    /// The double-exponential kernel of all ports; that of the defaults where there is none.
    pub fn psp(&self) -> Psp {
        self.ports.iter().find_map(|port| port.kernel.psp()).unwrap_or_default()
    }

    /// Whether the vectorised equations of three modes serve: one double-exponential kernel, escape rate φ_max sigmoid(V), and
    /// no effect of a spike on its own cell.
    pub(crate) fn is_plain_escape(&self) -> bool {
        let plain = matches!(self.fires, Fires::Escape(escape) if escape == Escape::new(escape.rate_max));
        plain && self.reset.is_none() && self.has_phase_means()
    }

    /// Whether means over phases are closed forms of its potentials without spikes, which rules of two phases learn from: input
    /// through one double-exponential kernel alone, and no current but those of biases and targets.
    pub fn has_phase_means(&self) -> bool {
        let psp = self.psp();
        let alone = !self.takes_current() && self.adaptation.is_none() && self.background.is_empty();
        let at_rest = self.rest == 0.0 && self.initial.is_none();
        let one_kernel = self.ports.iter().all(|port| port.kernel == Kernel::DoubleExponential(psp));
        alone && at_rest && one_kernel && self.rate_function().is_some()
    }

    /// The modes without and with the conductances of a target.
    pub fn modes(&self) -> [Modes; 2] {
        let taught = self.clamp.map_or(self.gamma, |clamp| self.gamma + clamp.conductance);
        [self.gamma, taught].map(|gamma| Modes::new(self.psp(), gamma))
    }

    /// Share k of the biased dendrite's potential in the membrane's at rest, g_p/γ.
    pub fn gain(&self) -> f64 {
        self.bias.map_or(0.0, |port| self.ports[port].conductance / self.gamma)
    }

    /// Whether the synapses of a port end on the dendrite that makes plateaus.
    pub fn is_plateau_port(&self, port: usize) -> bool {
        self.plateau.is_some_and(|plateau| plateau.port == port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_scale_of_an_amplitude_leaves_room_in_single_precision() {
        assert!((SEGMENT * LARGEST_GAMMA).exp() < f64::from(f32::MAX) / 1e10);
    }
}
