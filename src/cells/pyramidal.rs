//! Pyramidal cell with a basal dendrite for feedforward and an apical one for feedback.
//!
//! dV/dt = −g_l V + g_b (B − V) + g_a (A − V), B and A the filtered input of either dendrite, b the bias of the basal one
//! included in B; fires at rate φ_max sigmoid(V). The mean of A over a phase, through a sigmoid, is the plateau at its end.
//!
//! Guerguiev, Lillicrap & Richards (2017), eLife 6:e22901, Methods.

use super::{Cell, CompartmentInfo, Dynamics, Escape, LinearCell, PhasePlateau, PlateauTimes, PortInfo, Psp};

const COMPARTMENTS: [CompartmentInfo; 3] =
    [CompartmentInfo { name: "soma" }, CompartmentInfo { name: "basal" }, CompartmentInfo { name: "apical" }];

const PORTS: [PortInfo; 2] = [PortInfo { name: "basal" }, PortInfo { name: "apical" }];

/// Pyramidal cell: dV/dt = −g_l V + g_b (B − V) + g_a (A − V), firing at rate φ_max sigmoid(V).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pyramidal {
    /// Kernel of its synapses.
    pub psp: Psp,
    /// Leak conductance [1/ms].
    pub g_l: f64,
    /// Basal-to-soma conductance [1/ms].
    pub g_b: f64,
    /// Apical-to-soma conductance [1/ms].
    pub g_a: f64,
    /// Largest firing rate [1/ms].
    pub phi_max: f64,
    /// When plateaus happen.
    pub plateau_times: PlateauTimes,
}

impl Default for Pyramidal {
    fn default() -> Self {
        let plateau_times = PlateauTimes::default();
        Self { psp: Psp::default(), g_l: 0.1, g_b: 0.6, g_a: 0.0, phi_max: 0.2, plateau_times }
    }
}

impl Cell for Pyramidal {
    fn kind(&self) -> &'static str {
        "pyramidal"
    }

    fn compartments(&self) -> &[CompartmentInfo] {
        &COMPARTMENTS
    }

    fn ports(&self) -> &[PortInfo] {
        &PORTS
    }

    fn dynamics(&self) -> Dynamics {
        let mut cell = LinearCell::new(self.g_l + self.g_b + self.g_a, Escape { rate_max: self.phi_max });
        let basal = cell.dendrite(self.psp, self.g_b);
        let apical = cell.dendrite(self.psp, self.g_a);
        cell.bias = Some(basal);
        cell.plateau = Some(PhasePlateau { port: apical, times: self.plateau_times });
        Dynamics::Linear(cell)
    }
}
