//! Pyramidal cell with a basal dendrite for feedforward and an apical one for feedback.
//!
//! dV/dt = −g_l V + g_b (B − V) + g_a (A − V), B and A the filtered input of either dendrite, b the bias of the basal one
//! included in B; fires at rate φ_max sigmoid(V), or at a threshold. The mean of A over a phase, through a sigmoid, is the plateau at
//! its end.
//!
//! Guerguiev, Lillicrap & Richards (2017), eLife 6:e22901, Methods.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Cell, CompartmentInfo, Conflict, Dynamics, Escape, LinearCell, PhasePlateau, PlateauTimes, PortInfo, Psp,
    ThresholdSoma, conflicts,
};
use crate::units::{Conductance, Coupling, Duration, Length, Rate, TimeConstant};

static COMPARTMENTS: [CompartmentInfo; 3] = [
    CompartmentInfo::dimensionless("soma"),
    CompartmentInfo::dimensionless("basal"),
    CompartmentInfo::dimensionless("apical"),
];

const PORTS: [PortInfo<'_>; 2] = [PortInfo { name: "basal" }, PortInfo { name: "apical" }];

/// Pyramidal cell: dV/dt = −g_l V + g_b (B − V) + g_a (A − V), firing at rate φ_max sigmoid(V).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Pyramidal {
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
    /// Basal-to-soma conductance [1/ms].
    #[serde(rename = "g_b_per_ms", with = "Conductance")]
    pub g_b: f64,
    /// Apical-to-soma conductance [1/ms]; 0: feedback acts on learning alone.
    #[serde(rename = "g_a_per_ms", with = "Coupling")]
    pub g_a: f64,
    /// Spread of the times of plateaus before the end of a phase [ms]; 0: they are at its end.
    #[serde(rename = "plateau_sd_ms", with = "Duration")]
    pub plateau_sd: f64,
    /// Longest time of a plateau before the end of a phase [ms].
    #[serde(rename = "plateau_longest_ms", with = "Length")]
    pub plateau_longest: f64,
    /// Firing at a threshold, in place of the escape rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<ThresholdSoma>,
}

impl Default for Pyramidal {
    fn default() -> Self {
        let (Psp { tau_l, tau_s }, plateaus) = (Psp::default(), PlateauTimes::default());
        let (plateau_sd, plateau_longest) = (plateaus.sd, plateaus.longest);
        Self { phi_max: 0.2, tau_l, tau_s, g_l: 0.1, g_b: 0.6, g_a: 0.0, plateau_sd, plateau_longest, threshold: None }
    }
}

impl Cell for Pyramidal {
    fn kind(&self) -> &'static str {
        "pyramidal"
    }

    fn compartments(&self) -> &[CompartmentInfo] {
        &COMPARTMENTS
    }

    fn ports(&self) -> Vec<PortInfo<'_>> {
        PORTS.to_vec()
    }

    fn dynamics(&self) -> Dynamics {
        let psp = Psp { tau_l: self.tau_l, tau_s: self.tau_s };
        let times = PlateauTimes { sd: self.plateau_sd, longest: self.plateau_longest };
        let mut cell = LinearCell::new(self.g_l + self.g_b + self.g_a, Escape::new(self.phi_max));
        let basal = cell.dendrite(psp, self.g_b);
        let apical = cell.dendrite(psp, self.g_a);
        cell.bias = Some(basal);
        cell.plateau = Some(PhasePlateau { port: apical, times });
        self.threshold.iter().for_each(|soma| soma.give_to(&mut cell, self.phi_max));
        Dynamics::Linear(cell)
    }

    fn check(&self) -> Result<(), Conflict> {
        let psp = Psp { tau_l: self.tau_l, tau_s: self.tau_s };
        conflicts::kernel(psp)?;
        self.threshold.map_or(Ok(()), |soma| soma.check())?;
        conflicts::membrane(self.g_l + self.g_b + self.g_a, psp, &["g_l_per_ms", "g_b_per_ms", "g_a_per_ms"])
    }
}
