//! Output neuron with one dendrite and teaching conductances.
//!
//! dU/dt = −g_l U + g_d (D − U) + g (E − U), D the filtered input of the dendrite, its bias included; fires at rate
//! φ_max sigmoid(U), or at a threshold. The last term is a conductance clamp, there while a target is given alone.
//!
//! Guerguiev, Lillicrap & Richards (2017), eLife 6:e22901, Methods.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Cell, CompartmentInfo, ConductanceClamp, Conflict, Dynamics, Escape, LinearCell, PortInfo, Psp, ThresholdSoma,
    conflicts,
};
use crate::units::{Conductance, Coupling, Potential, Rate, TimeConstant, Whole};

static COMPARTMENTS: [CompartmentInfo; 2] =
    [CompartmentInfo::dimensionless("soma"), CompartmentInfo::dimensionless("dendrite")];

const PORTS: [PortInfo<'_>; 1] = [PortInfo { name: "dendrite" }];

/// Output neuron: dU/dt = −g_l U + g_d (D − U) + g (E − U), E = `e_exc` for the labelled class and `e_inh` for the others;
/// without the last term where no target is given.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OutputNeuron {
    /// Largest firing rate [1/ms]; in a file, in Hz. With a threshold, the absolute refractory time is its inverse.
    #[serde(rename = "phi_max_hz", with = "Rate")]
    pub phi_max: f64,
    /// Leak time constant of its synapses' kernel [ms].
    #[serde(rename = "tau_l_ms", with = "TimeConstant")]
    pub tau_l: f64,
    /// Synaptic time constant of the kernel [ms], other than `tau_l_ms`.
    #[serde(rename = "tau_s_ms", with = "TimeConstant")]
    pub tau_s: f64,
    /// Leak conductance [1/ms].
    #[serde(rename = "g_l_per_ms", with = "Conductance")]
    pub g_l: f64,
    /// Dendrite-to-soma conductance [1/ms].
    #[serde(rename = "g_d_per_ms", with = "Conductance")]
    pub g_d: f64,
    /// Neurons per class: neuron i answers for class i / group.
    #[serde(with = "Whole::<1, 1_000_000>")]
    pub group: usize,
    /// What a target does to the soma.
    pub teaching: Teaching,
    /// Firing at a threshold, in place of the escape rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<ThresholdSoma>,
}

/// Conductances onto the soma while a target is given.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Teaching {
    /// Teaching conductance g, the excitatory one of the labelled class and the inhibitory one of the others [1/ms].
    #[serde(rename = "g_per_ms", with = "Coupling")]
    pub g: f64,
    /// Excitatory reversal potential.
    #[serde(with = "Potential")]
    pub e_exc: f64,
    /// Inhibitory reversal potential.
    #[serde(with = "Potential")]
    pub e_inh: f64,
}

impl Default for OutputNeuron {
    fn default() -> Self {
        let Psp { tau_l, tau_s } = Psp::default();
        Self {
            phi_max: 0.2,
            tau_l,
            tau_s,
            g_l: 0.1,
            g_d: 0.6,
            group: 1,
            teaching: Teaching::default(),
            threshold: None,
        }
    }
}

impl Default for Teaching {
    fn default() -> Self {
        Self { g: 1.0, e_exc: 8.0, e_inh: -8.0 }
    }
}

impl Cell for OutputNeuron {
    fn kind(&self) -> &'static str {
        "output"
    }

    fn compartments(&self) -> &[CompartmentInfo] {
        &COMPARTMENTS
    }

    fn ports(&self) -> Vec<PortInfo<'_>> {
        PORTS.to_vec()
    }

    fn dynamics(&self) -> Dynamics {
        let psp = Psp { tau_l: self.tau_l, tau_s: self.tau_s };
        let mut cell = LinearCell::new(self.g_l + self.g_d, Escape::new(self.phi_max));
        let dendrite = cell.dendrite(psp, self.g_d);
        cell.bias = Some(dendrite);
        let Self { group, teaching: Teaching { g: conductance, e_exc, e_inh }, .. } = *self;
        cell.clamp = Some(ConductanceClamp { group, conductance, e_exc, e_inh });
        self.threshold.iter().for_each(|soma| soma.give_to(&mut cell, self.phi_max));
        Dynamics::Linear(cell)
    }

    fn check(&self) -> Result<(), Conflict> {
        let psp = Psp { tau_l: self.tau_l, tau_s: self.tau_s };
        conflicts::kernel(psp)?;
        self.threshold.map_or(Ok(()), |soma| soma.check())?;
        conflicts::membrane(self.g_l + self.g_d, psp, &["g_l_per_ms", "g_d_per_ms"])?;
        conflicts::membrane(self.g_l + self.g_d + self.teaching.g, psp, &["g_l_per_ms", "g_d_per_ms", "teaching"])
    }
}
