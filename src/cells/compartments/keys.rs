//! Keys of a population of kind `compartments`: tables of its lists.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cells::{
    CompartmentInfo, DendriticEventKind, Kernel, LifEscape, NeuronValues, PotentialUnit, Psp, Retrigger,
};
use crate::units::{
    AxialConductance, Capacitance, Current, Duration, LeakConductance, Length, LifTimeConstant, Millivolt,
    NumberOrTable,
};

/// A compartment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CompartmentKeys {
    /// Its name.
    pub name: String,
    /// Capacitance C_m [pF].
    #[serde(rename = "c_m_pf", with = "Capacitance")]
    pub c_m: f64,
    /// Leak conductance g_L [nS].
    #[serde(rename = "g_l_ns", with = "LeakConductance")]
    pub g_l: f64,
    /// Reversal potential of the leak E_L [mV].
    #[serde(rename = "e_l_mv", with = "Millivolt")]
    pub e_l: f64,
    /// Constant current I_e [pA].
    #[serde(rename = "i_e_pa", default, with = "Current")]
    pub i_e: f64,
    /// Potential at the start of a run [mV]: one of all neurons, or drawn for each; without it, E_L.
    #[serde(rename = "v_init_mv", default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<NumberOrTable<Millivolt, NeuronValues>>")]
    pub v_init: Option<NeuronValues>,
}

/// The compartments of a cell, with what files and plots know of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Vec<CompartmentKeys>", into = "Vec<CompartmentKeys>")]
pub struct CompartmentList {
    keys: Vec<CompartmentKeys>,
    infos: Vec<CompartmentInfo>,
}

impl From<Vec<CompartmentKeys>> for CompartmentList {
    fn from(keys: Vec<CompartmentKeys>) -> Self {
        let info = |keys: &CompartmentKeys| CompartmentInfo {
            name: Cow::Owned(keys.name.clone()),
            unit: PotentialUnit::Millivolts,
        };
        Self { infos: keys.iter().map(info).collect(), keys }
    }
}

impl From<CompartmentList> for Vec<CompartmentKeys> {
    fn from(list: CompartmentList) -> Self {
        list.keys
    }
}

impl CompartmentList {
    /// The keys of each.
    pub fn keys(&self) -> &[CompartmentKeys] {
        &self.keys
    }

    /// The name and unit of each.
    pub(super) fn infos(&self) -> &[CompartmentInfo] {
        &self.infos
    }
}

/// A conductance between two compartments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CouplingKeys {
    /// Names of the two.
    pub between: [String; 2],
    /// Conductance [nS]; 0 between compartments that do not drive each other, of which one is read by plasticity or by an event.
    #[serde(rename = "g_ns", with = "AxialConductance")]
    pub g: f64,
}

/// A port: all synapses of one kind on one compartment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "kernel", rename_all = "snake_case", deny_unknown_fields)]
#[schemars(rename = "CompartmentPortKeys", tag = "kernel")]
#[non_exhaustive]
pub enum CompartmentPortKeys {
    /// V jumps by the weight [mV].
    Delta {
        /// Its name, for projections.
        name: String,
        /// The compartment that its synapses end on.
        compartment: String,
    },
    /// A current that jumps by the weight [pA] and decays.
    Exponential {
        /// Its name, for projections.
        name: String,
        /// The compartment that its synapses end on.
        compartment: String,
        /// Synaptic time constant [ms].
        #[serde(rename = "tau_ms", with = "LifTimeConstant")]
        tau: f64,
    },
    /// A current of integral weight [pA ms] that rises and decays: (e^{−t/τ_decay} − e^{−t/τ_rise})/(τ_decay − τ_rise).
    DoubleExponential {
        /// Its name, for projections.
        name: String,
        /// The compartment that its synapses end on.
        compartment: String,
        /// Decay time constant [ms].
        #[serde(rename = "tau_decay_ms", with = "LifTimeConstant")]
        tau_decay: f64,
        /// Rise time constant [ms], other than that of the decay.
        #[serde(rename = "tau_rise_ms", with = "LifTimeConstant")]
        tau_rise: f64,
    },
}

/// When the cell fires: at a threshold, or at a rate that depends on V.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpikeKeys {
    /// The compartment whose potential makes it fire.
    pub compartment: String,
    /// Threshold V_th [mV]: one of all neurons, or drawn for each. What is drawn at or below `v_reset_mv` is drawn again.
    #[serde(rename = "v_th_mv", default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<NumberOrTable<Millivolt, NeuronValues>>")]
    pub v_th: Option<NeuronValues>,
    /// Firing at a rate that depends on V, in place of the threshold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escape: Option<LifEscape>,
    /// Potential after a spike V_reset [mV]; without it, which is for an escape rate alone, V goes on as it was.
    #[serde(rename = "v_reset_mv", default, with = "Millivolt", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Millivolt>")]
    pub v_reset: Option<f64>,
    /// Absolute refractory time t_ref [ms], for which that compartment is held at V_reset and the others are not.
    #[serde(rename = "t_ref_ms", default, with = "Duration")]
    pub t_ref: f64,
}

/// An event of a dendrite: constant currents for some time after a potential or a synaptic current has reached a threshold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventKeys {
    /// What it is called where it is recorded.
    pub kind: DendriticEventKind,
    /// What begins it.
    pub reads: TriggerKeys,
    /// How long it lasts [ms].
    #[serde(rename = "duration_ms", with = "Length")]
    pub duration: f64,
    /// Constant currents into compartments as long as it lasts.
    pub currents: Vec<CurrentKeys>,
    /// How long after it was triggered it is not triggered again [ms], above 0. If what it reads is at the threshold then, it is triggered
    /// at once.
    #[serde(rename = "refractory_ms", with = "Duration")]
    pub refractory: f64,
    /// What a trigger does while it lasts.
    #[serde(default)]
    pub retrigger: Retrigger,
}

/// What begins an event: the potential of a compartment, or the current of a port.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TriggerKeys {
    /// The compartment whose potential it reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compartment: Option<String>,
    /// The threshold of that potential [mV].
    #[serde(rename = "v_th_mv", with = "Millivolt", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Millivolt>")]
    pub v_th: Option<f64>,
    /// The port whose synaptic current it reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<String>,
    /// The threshold of that current [pA].
    #[serde(rename = "i_th_pa", with = "Current", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Current>")]
    pub i_th: Option<f64>,
}

/// A constant current into a compartment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CurrentKeys {
    /// The compartment.
    pub compartment: String,
    /// The current [pA].
    #[serde(with = "Current")]
    pub pa: f64,
}

/// The back-propagating action potential: a current into a dendrite some time after each spike, constant for `duration_ms` or decaying
/// with `tau_ms`. Those of several spikes add.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BapKeys {
    /// Time after the spike [ms].
    #[serde(rename = "delay_ms", with = "Duration")]
    pub delay: f64,
    /// The compartment that it reaches.
    pub compartment: String,
    /// Its current, at its beginning [pA].
    #[serde(rename = "amplitude_pa", with = "Current")]
    pub amplitude: f64,
    /// How long it is constant [ms].
    #[serde(rename = "duration_ms", default, with = "Length", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Length>")]
    pub duration: Option<f64>,
    /// Time constant with which it decays, in place of `duration_ms` [ms].
    #[serde(rename = "tau_ms", default, with = "LifTimeConstant", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<LifTimeConstant>")]
    pub tau: Option<f64>,
}

/// Bursts: spikes each within `window_ms` of the one before, two or more.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BurstKeys {
    /// Longest time between two spikes of a burst [ms].
    #[serde(rename = "window_ms", with = "Length")]
    pub window: f64,
}

impl CompartmentPortKeys {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Delta { name, .. } | Self::Exponential { name, .. } | Self::DoubleExponential { name, .. } => name,
        }
    }

    /// The compartment that its synapses end on.
    pub fn compartment(&self) -> &str {
        match self {
            Self::Delta { compartment, .. }
            | Self::Exponential { compartment, .. }
            | Self::DoubleExponential { compartment, .. } => compartment,
        }
    }

    pub(super) fn kernel(&self) -> Kernel {
        match *self {
            Self::Delta { .. } => Kernel::Delta,
            Self::Exponential { tau, .. } => Kernel::Exponential { tau },
            Self::DoubleExponential { tau_decay, tau_rise, .. } => {
                Kernel::DoubleExponential(Psp { tau_l: tau_decay, tau_s: tau_rise })
            }
        }
    }
}
