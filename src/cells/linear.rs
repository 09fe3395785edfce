//! Linear cells: a membrane with synaptic ports, described by values from which the engine finds its modes.
//!
//! dV/dt = −γ V + Σ_p g_p D_p + g_bias b + c, D_p the input of port p filtered by its kernel κ. A dendrite is a port whose
//! D_p is a potential of its own; a synapse that reaches the membrane itself is one without.

use super::{Modes, Psp};

/// Time over which the engine keeps amplitudes scaled by e^{γt} before it rescales them [ms].
pub const SEGMENT: f64 = 16.0;

/// Largest total conductance of a membrane [1/ms]: e^{γt} over a [`SEGMENT`] is then at most e⁶⁴ = 6e27, which f32 holds with
/// room for the amplitudes.
pub const LARGEST_GAMMA: f64 = 4.0;

/// Relative distance below which two decay rates are one, and the response of a membrane has no closed form here.
pub const TOO_CLOSE: f64 = 1e-6;

/// A cell that is linear between events.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearCell {
    /// Total conductance of the membrane γ, its leak and all couplings [1/ms].
    pub gamma: f64,
    /// Where synapses end.
    pub ports: Vec<Port>,
    /// The port whose dendrite has a bias that learns, if one does.
    pub bias: Option<usize>,
    /// When it fires.
    pub escape: Escape,
    /// Teaching conductances onto the membrane; they are there while a target is given.
    pub clamp: Option<ConductanceClamp>,
    /// Plateaus at the ends of phases, from the mean potential of a dendrite.
    pub plateau: Option<PhasePlateau>,
}

/// A port: all synapses of one kind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Port {
    /// Kernel of a postsynaptic potential.
    pub psp: Psp,
    /// Conductance g_p by which the filtered input drives the membrane [1/ms]; 0: it does not.
    pub conductance: f64,
    /// The compartment whose potential the filtered input is, if it is one; 0 is the soma.
    pub compartment: Option<usize>,
}

/// Firing at rate φ = `rate_max` sigmoid(V), an inhomogeneous Poisson process given V.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Escape {
    /// Largest firing rate [1/ms].
    pub rate_max: f64,
}

/// Conductances g (E − V) onto the membranes of a population while a target is given: one total g for all of its neurons.
#[derive(Clone, Copy, Debug, PartialEq)]
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
#[derive(Clone, Copy, Debug, PartialEq)]
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
#[derive(Clone, Copy, Debug, PartialEq)]
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

/// Why a linear cell cannot be simulated.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CellError {
    /// A value out of its range.
    #[error("expected {what} {expected}, found {found}")]
    Value {
        /// What it is.
        what: &'static str,
        /// Its range.
        expected: &'static str,
        /// What it is instead.
        found: f64,
    },
    /// Ports with kernels of their own.
    #[error("expected one pair of synaptic time constants for all ports of a cell, found {0:?} and {1:?}")]
    Kernels(Psp, Psp),
    /// Two decay rates that are one.
    #[error(
        "expected a total conductance of the membrane that differs from 1/tau of its synapses by more than a millionth, found \
         {gamma} /ms and {tau} ms"
    )]
    Degenerate {
        /// γ [1/ms].
        gamma: f64,
        /// τ [ms].
        tau: f64,
    },
    /// Another number of ports or compartments than the cell names.
    #[error("expected {count} {what}, as the cell names, found {found}")]
    Count {
        /// What is counted.
        what: &'static str,
        /// How many are named.
        count: usize,
        /// How many there are.
        found: usize,
    },
    /// A dendrite with a bias that makes plateaus.
    #[error("expected the bias and the plateaus on two dendrites, found them on one")]
    BiasedPlateau,
    /// A number of a port, or of a compartment, that the cell does not have.
    #[error("expected {what} below {count}, found {found}")]
    Index {
        /// What is numbered.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// Its number.
        found: usize,
    },
}

impl LinearCell {
    /// A membrane of total conductance `gamma` [1/ms] that fires by `escape`, without a port yet.
    pub fn new(gamma: f64, escape: Escape) -> Self {
        Self { gamma, ports: Vec::new(), bias: None, escape, clamp: None, plateau: None }
    }

    /// Adds a port on a dendrite, the next compartment, and returns its number.
    pub fn dendrite(&mut self, psp: Psp, conductance: f64) -> usize {
        let compartment = 1 + self.ports.iter().filter(|port| port.compartment.is_some()).count();
        self.ports.push(Port { psp, conductance, compartment: Some(compartment) });
        self.ports.len() - 1
    }

    /// Adds a port of synapses onto the membrane itself, and returns its number.
    pub fn synapse(&mut self, psp: Psp, conductance: f64) -> usize {
        self.ports.push(Port { psp, conductance, compartment: None });
        self.ports.len() - 1
    }

    /// Number of compartments, the soma included.
    pub fn compartments(&self) -> usize {
        1 + self.ports.iter().filter(|port| port.compartment.is_some()).count()
    }

    /// Kernel of all ports; that of the defaults where there is none.
    pub fn psp(&self) -> Psp {
        self.ports.first().map_or_else(Psp::default, |port| port.psp)
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

    /// Checks that the engine can simulate it, as a cell of so many compartments and ports.
    ///
    /// # Errors
    /// The first value that is out of its range.
    pub fn check(&self, compartments: usize, ports: usize) -> Result<(), CellError> {
        for (what, count, found) in
            [("ports", ports, self.ports.len()), ("compartments", compartments, self.compartments())]
        {
            if count != found {
                return Err(CellError::Count { what, count, found });
            }
        }
        let value = |what, expected, found| Err(CellError::Value { what, expected, found });
        if !(self.escape.rate_max > 0.0 && self.escape.rate_max <= 10.0) {
            return value("the largest firing rate [1/ms]", "above 0, at most 10", self.escape.rate_max);
        }
        let psp = self.psp();
        for port in &self.ports {
            if port.psp != psp {
                return Err(CellError::Kernels(psp, port.psp));
            }
            if !(0.0..=LARGEST_GAMMA).contains(&port.conductance) {
                return value("the conductance of a port [1/ms]", "in 0..=4", port.conductance);
            }
        }
        for tau in [psp.tau_l, psp.tau_s] {
            if !(0.25..=1000.0).contains(&tau) {
                return value("a synaptic time constant [ms]", "in 0.25..=1000", tau);
            }
        }
        if (psp.tau_l / psp.tau_s - 1.0).abs() <= TOO_CLOSE {
            return value("the two synaptic time constants [ms]", "further apart than a millionth of them", psp.tau_s);
        }
        for Modes { gamma, .. } in self.modes() {
            if !(gamma > 0.0 && gamma <= LARGEST_GAMMA) {
                return value("the total conductance of the membrane [1/ms]", "above 0, at most 4", gamma);
            }
            if let Some(tau) = [psp.tau_l, psp.tau_s].into_iter().find(|tau| (gamma * tau - 1.0).abs() <= TOO_CLOSE) {
                return Err(CellError::Degenerate { gamma, tau });
            }
        }
        let count = self.ports.len();
        if self.bias.is_some() && self.bias == self.plateau.map(|plateau| plateau.port) {
            return Err(CellError::BiasedPlateau);
        }
        let numbered = [("the port of the bias", self.bias), ("the port of the plateau", self.plateau.map(|p| p.port))];
        for (what, port) in numbered {
            if let Some(found) = port.filter(|port| *port >= count) {
                return Err(CellError::Index { what, count, found });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_scale_of_an_amplitude_leaves_room_in_single_precision() {
        assert!((SEGMENT * LARGEST_GAMMA).exp() < f64::from(f32::MAX) / 1e10);
    }

    #[test]
    fn cells_without_a_closed_form_are_refused() {
        let mut cell = LinearCell::new(0.7, Escape { rate_max: 0.2 });
        cell.synapse(Psp::default(), 0.6);
        assert_eq!(cell.check(1, 1), Ok(()));
        assert!(cell.check(2, 1).is_err());
        for (gamma, fits) in [(0.1, false), (1.0 / 3.0, false), (0.334, true), (4.0, true), (4.1, false), (0.0, false)]
        {
            assert_eq!(LinearCell { gamma, ..cell.clone() }.check(1, 1).is_ok(), fits, "{gamma}");
        }
        let mut other = cell.clone();
        other.synapse(Psp { tau_l: 5.0, tau_s: 2.0 }, 0.1);
        assert!(matches!(other.check(1, 2), Err(CellError::Kernels(..))));
        let without = LinearCell { bias: Some(1), ..cell };
        assert!(matches!(without.check(1, 1), Err(CellError::Index { found: 1, .. })));
    }
}
