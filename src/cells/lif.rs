//! Leaky integrate-and-fire neuron with any number of current-based ports.
//!
//! dV/dt = −(V − E_L)/τ_m + (I_e + I(t) + Σ I_syn − I_w)/C_m, I(t) a stimulus that is constant between its times; at V ≥ V_th it
//! fires, V is set to V_reset and held there for t_ref, while currents go on. The current of an exponential port jumps by the weight [pA] and decays with τ; that of a double
//! exponential one has integral weight [pA ms]; a delta port lets V jump by the weight [mV], which is lost while V is held. Each
//! spike adds `jump` to I_w, which decays with τ_w. With `escape` the cell fires at a rate that depends on V.
//!
//! Rotter & Diesmann (1999), Biological Cybernetics 81:381; NEST's iaf_psc_exp and iaf_psc_delta are this cell on a grid.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Adaptation, Cell, CompartmentInfo, Conflict, Dynamics, Escape, Fires, Kernel, LinearCell, NeuronValues,
    PoissonDrive, PortInfo, Psp, Reset, ScaledInput, TOO_CLOSE,
};
use crate::units::{
    Capacitance, Current, Duration, GivenRate, LifTimeConstant, Millivolt, MillivoltWidth, NumberOrTable, Rate,
    SynapticWeight, Whole, tagged,
};

/// Largest rate of a Poisson input of a neuron, all of its presynaptic neurons together [Hz].
pub(super) const MOST_POISSON_HZ: f64 = 1e7;

static COMPARTMENTS: [CompartmentInfo; 1] = [CompartmentInfo::millivolts("soma")];

/// Leaky integrate-and-fire neuron: dV/dt = −(V − E_L)/τ_m + (I_e + Σ I_syn − I_w)/C_m, with a threshold, a reset and an absolute
/// refractory time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Lif {
    /// Membrane time constant τ_m [ms].
    #[serde(rename = "tau_m_ms", with = "LifTimeConstant")]
    pub tau_m: f64,
    /// Membrane capacitance C_m [pF].
    #[serde(rename = "c_m_pf", with = "Capacitance")]
    pub c_m: f64,
    /// Resting potential E_L [mV].
    #[serde(rename = "e_l_mv", with = "Millivolt")]
    pub e_l: f64,
    /// Threshold V_th [mV]: one of all neurons, or drawn for each. What is drawn at or below `v_reset_mv` is drawn again.
    #[serde(rename = "v_th_mv")]
    #[schemars(with = "NumberOrTable<Millivolt, NeuronValues>")]
    pub v_th: NeuronValues,
    /// Potential after a spike V_reset [mV].
    #[serde(rename = "v_reset_mv", with = "Millivolt")]
    pub v_reset: f64,
    /// Absolute refractory time t_ref [ms].
    #[serde(rename = "t_ref_ms", with = "Duration")]
    pub t_ref: f64,
    /// Potential at the start of a run [mV]: one of all neurons, or drawn for each; without it, E_L.
    #[serde(rename = "v_init_mv", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<NumberOrTable<Millivolt, NeuronValues>>")]
    pub v_init: Option<NeuronValues>,
    /// Constant current I_e [pA].
    #[serde(rename = "i_e_pa", with = "Current")]
    pub i_e: f64,
    /// Where synapses end.
    #[serde(serialize_with = "tagged::all_by_kernel")]
    pub ports: Vec<LifPort>,
    /// Spike-triggered adaptation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adaptation: Option<LifAdaptation>,
    /// Firing at a rate that depends on V, in place of the threshold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escape: Option<LifEscape>,
    /// Poisson input of each neuron by itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub poisson_input: Vec<PoissonInput>,
}

/// A port: all synapses of one kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "kernel", rename_all = "snake_case", deny_unknown_fields)]
#[schemars(rename = "LifPort", tag = "kernel")]
#[non_exhaustive]
pub enum LifPort {
    /// V jumps by the weight [mV].
    Delta {
        /// Its name, for projections.
        name: String,
    },
    /// A current that jumps by the weight [pA] and decays.
    Exponential {
        /// Its name, for projections.
        name: String,
        /// Synaptic time constant [ms].
        #[serde(rename = "tau_ms", with = "LifTimeConstant")]
        tau: f64,
    },
    /// A current of integral weight [pA ms] that rises and decays: (e^{−t/τ_decay} − e^{−t/τ_rise})/(τ_decay − τ_rise).
    DoubleExponential {
        /// Its name, for projections.
        name: String,
        /// Decay time constant [ms].
        #[serde(rename = "tau_decay_ms", with = "LifTimeConstant")]
        tau_decay: f64,
        /// Rise time constant [ms], other than that of the decay.
        #[serde(rename = "tau_rise_ms", with = "LifTimeConstant")]
        tau_rise: f64,
    },
}

/// A hyperpolarising current that jumps at each spike of the cell and decays.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LifAdaptation {
    /// Its time constant τ_w [ms].
    #[serde(rename = "tau_ms", with = "LifTimeConstant")]
    pub tau: f64,
    /// Its jump at a spike [pA].
    #[serde(rename = "jump_pa", with = "Current")]
    pub jump: f64,
}

/// Firing at rate φ_max sigmoid((V − V_half)/width).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LifEscape {
    /// Largest firing rate [1/ms]; in a file, in Hz.
    #[serde(rename = "phi_max_hz", with = "Rate")]
    pub phi_max: f64,
    /// Potential of half that rate [mV].
    #[serde(rename = "v_half_mv", with = "Millivolt")]
    pub v_half: f64,
    /// Width of the sigmoid [mV].
    #[serde(rename = "width_mv", with = "MillivoltWidth")]
    pub width: f64,
}

/// Independent Poisson trains onto each neuron, as one process of `count` times the rate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PoissonInput {
    /// The port it reaches.
    pub port: String,
    /// Number of presynaptic neurons; 1 where it is not given.
    #[serde(default = "one", with = "Whole::<0, 4_294_967_295>")]
    pub count: u32,
    /// Rate of each [Hz].
    #[serde(rename = "rate_hz", with = "GivenRate")]
    pub rate: f64,
    /// Weight of each spike, in the port's unit.
    #[serde(with = "SynapticWeight")]
    pub weight: f64,
}

fn one() -> u32 {
    1
}

impl Default for Lif {
    /// Parameters of NEST's iaf_psc_exp.
    fn default() -> Self {
        let port = |name: &str| LifPort::Exponential { name: name.to_owned(), tau: 2.0 };
        Self {
            tau_m: 10.0,
            c_m: 250.0,
            e_l: -70.0,
            v_th: NeuronValues::from(-55.0),
            v_reset: -70.0,
            t_ref: 2.0,
            v_init: None,
            i_e: 0.0,
            ports: vec![port("exc"), port("inh")],
            adaptation: None,
            escape: None,
            poisson_input: Vec::new(),
        }
    }
}

impl PoissonInput {
    /// Mean input [unit of a weight at its port, per ms].
    fn mean(&self) -> f64 {
        f64::from(self.count) * self.rate / 1000.0 * self.weight
    }

    /// The input from `factor` times as many presynaptic neurons, at least one, with the same variance.
    fn scaled(&self, factor: f64) -> Self {
        if self.count == 0 {
            return self.clone();
        }
        let full = f64::from(self.count);
        let count = (full * factor).round().max(1.0);
        Self { count: count as u32, weight: self.weight * (full / count).sqrt(), ..self.clone() }
    }
}

impl LifPort {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Delta { name } | Self::Exponential { name, .. } | Self::DoubleExponential { name, .. } => name,
        }
    }

    /// The constant current that has the mean effect of input of 1 per ms in the unit of its weights [pA].
    fn current_of_input(&self, c_m: f64) -> f64 {
        match *self {
            Self::Delta { .. } => c_m,
            Self::Exponential { tau, .. } => tau,
            Self::DoubleExponential { .. } => 1.0,
        }
    }

    fn kernel(&self) -> Kernel {
        match *self {
            Self::Delta { .. } => Kernel::Delta,
            Self::Exponential { tau, .. } => Kernel::Exponential { tau },
            Self::DoubleExponential { tau_decay, tau_rise, .. } => {
                Kernel::DoubleExponential(Psp { tau_l: tau_decay, tau_s: tau_rise })
            }
        }
    }
}

impl Cell for Lif {
    fn kind(&self) -> &'static str {
        "lif"
    }

    fn compartments(&self) -> &[CompartmentInfo] {
        &COMPARTMENTS
    }

    fn ports(&self) -> Vec<PortInfo<'_>> {
        self.ports.iter().map(|port| PortInfo { name: port.name() }).collect()
    }

    fn dynamics(&self) -> Dynamics {
        let fires = self.escape.map_or(Fires::Threshold(self.v_th), |escape| {
            Fires::Escape(Escape { rate_max: escape.phi_max, threshold: escape.v_half, width: escape.width })
        });
        let mut cell = LinearCell::new(1.0 / self.tau_m, Escape::new(1.0));
        cell.fires = fires;
        cell.current_conductance = 1.0 / self.c_m;
        cell.rest = self.e_l + self.i_e * self.tau_m / self.c_m;
        cell.initial = Some(self.v_init.unwrap_or_else(|| self.e_l.into()));
        cell.reset = Some(Reset { potential: self.v_reset, refractory_ms: self.t_ref });
        for port in &self.ports {
            let kernel = port.kernel();
            cell.port(kernel, if kernel == Kernel::Delta { 1.0 } else { 1.0 / self.c_m });
        }
        cell.adaptation =
            self.adaptation.map(|LifAdaptation { tau, jump }| Adaptation { tau, jump, conductance: 1.0 / self.c_m });
        let place = |name: &str| self.ports.iter().position(|port| port.name() == name);
        let background = self.poisson_input.iter().filter_map(|input| {
            let rate = f64::from(input.count) * input.rate / 1000.0;
            Some(PoissonDrive { port: place(&input.port)?, rate, weight: input.weight })
        });
        cell.background = background.collect();
        Dynamics::Linear(cell)
    }

    /// Weights of its own input grow with those of the network, and I_e by the currents that have the mean effect of what is missing.
    fn scaled(&self, ScaledInput { factor, missing }: ScaledInput<'_>) -> Option<Arc<dyn Cell>> {
        let poisson_input: Vec<_> = self.poisson_input.iter().map(|input| input.scaled(factor)).collect();
        let own = |port: &LifPort| -> f64 {
            let pairs = self.poisson_input.iter().zip(&poisson_input);
            pairs.filter(|(full, _)| full.port == port.name()).map(|(full, less)| full.mean() - less.mean()).sum()
        };
        let ports = self.ports.iter().zip(missing);
        let current: f64 = ports.map(|(port, missing)| port.current_of_input(self.c_m) * (missing + own(port))).sum();
        Some(Arc::new(Self { i_e: self.i_e + current, poisson_input, ..self.clone() }))
    }

    fn check(&self) -> Result<(), Conflict> {
        let refused = |keys: &[&'static str], why: String| Err(Conflict::new(keys, why));
        for (index, port) in self.ports.iter().enumerate() {
            let name = port.name();
            if name.is_empty() || self.ports[..index].iter().any(|other| other.name() == name) {
                return refused(
                    &["ports"],
                    format!("expected ports of different names, found {name:?} twice or empty"),
                );
            }
        }
        for (key, values) in [("v_th_mv", Some(self.v_th)), ("v_init_mv", self.v_init)] {
            if values.is_some_and(|values| !values.is_sound()) {
                return refused(
                    &[key],
                    format!("expected finite numbers for `{key}`, an `sd` of at least 0 and `low` of at most `high`"),
                );
            }
        }
        if self.escape.is_none() && !self.v_th.are_mostly_above(self.v_reset) {
            let why = format!(
                "expected `v_th_mv` above `v_reset_mv`, in the mean where it is drawn, or the cell fires without end; found {} and {}",
                self.v_th.mean(),
                self.v_reset
            );
            return refused(&["v_th_mv", "v_reset_mv"], why);
        }
        let taus = self.ports.iter().flat_map(|port| port.kernel().time_constants());
        for tau in taus.chain(self.adaptation.map(|adaptation| adaptation.tau)) {
            if (tau / self.tau_m - 1.0).abs() <= TOO_CLOSE {
                let why = format!(
                    "expected `tau_m_ms` to differ from the time constants of ports and adaptation by more than a millionth, for the \
                     response divides by their difference; found {} and {tau}",
                    self.tau_m
                );
                return refused(&["ports", "tau_m_ms", "adaptation"], why);
            }
        }
        for port in &self.ports {
            let Some(psp) = port.kernel().psp() else { continue };
            if (psp.tau_l / psp.tau_s - 1.0).abs() <= TOO_CLOSE {
                let why = format!(
                    "expected `tau_rise_ms` of port {:?} to differ from `tau_decay_ms` by more than a millionth (the alpha function is \
                     not built), found {} and {}",
                    port.name(),
                    psp.tau_s,
                    psp.tau_l
                );
                return refused(&["ports"], why);
            }
        }
        let names: Vec<_> = self.ports.iter().map(LifPort::name).collect();
        for input in &self.poisson_input {
            if !names.contains(&input.port.as_str()) {
                let why = format!("expected a `port` of the cell ({}), found {:?}", names.join(", "), input.port);
                return refused(&["poisson_input"], why);
            }
            let total = f64::from(input.count) * input.rate;
            if total > MOST_POISSON_HZ {
                let why = format!(
                    "expected `count` times `rate_hz` of at most {MOST_POISSON_HZ} Hz, for each of its spikes is simulated; found {total}"
                );
                return refused(&["poisson_input"], why);
            }
        }
        Ok(())
    }
}
