//! Output neuron with one dendrite and teaching conductances.
//!
//! dU/dt = −g_l U + g_d (D − U) + g (E − U), D the filtered input of the dendrite, its bias included; fires at rate
//! φ_max sigmoid(U). The last term is a conductance clamp, there while a target is given alone.
//!
//! Guerguiev, Lillicrap & Richards (2017), eLife 6:e22901, Methods.

use super::{Cell, CompartmentInfo, ConductanceClamp, Dynamics, Escape, LinearCell, PortInfo, Psp};

const COMPARTMENTS: [CompartmentInfo; 2] = [CompartmentInfo { name: "soma" }, CompartmentInfo { name: "dendrite" }];

const PORTS: [PortInfo; 1] = [PortInfo { name: "dendrite" }];

/// Output neuron: dU/dt = −g_l U + g_d (D − U) + g (E − U), E = `e_exc` for the labelled class and `e_inh` for the others;
/// without the last term where no target is given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OutputNeuron {
    /// Kernel of its synapses.
    pub psp: Psp,
    /// Leak conductance [1/ms].
    pub g_l: f64,
    /// Dendrite-to-soma conductance [1/ms].
    pub g_d: f64,
    /// Largest firing rate [1/ms].
    pub phi_max: f64,
    /// Neurons per class: neuron i answers for class i / group.
    pub group: usize,
    /// Teaching conductance g, the excitatory one of the labelled class and the inhibitory one of the others [1/ms].
    pub g_teach: f64,
    /// Excitatory reversal potential.
    pub e_exc: f64,
    /// Inhibitory reversal potential.
    pub e_inh: f64,
}

impl Default for OutputNeuron {
    fn default() -> Self {
        let (e_exc, e_inh) = (8.0, -8.0);
        Self { psp: Psp::default(), g_l: 0.1, g_d: 0.6, phi_max: 0.2, group: 1, g_teach: 1.0, e_exc, e_inh }
    }
}

impl Cell for OutputNeuron {
    fn kind(&self) -> &'static str {
        "output"
    }

    fn compartments(&self) -> &[CompartmentInfo] {
        &COMPARTMENTS
    }

    fn ports(&self) -> &[PortInfo] {
        &PORTS
    }

    fn dynamics(&self) -> Dynamics {
        let mut cell = LinearCell::new(self.g_l + self.g_d, Escape { rate_max: self.phi_max });
        let dendrite = cell.dendrite(self.psp, self.g_d);
        cell.bias = Some(dendrite);
        let Self { group, g_teach: conductance, e_exc, e_inh, .. } = *self;
        cell.clamp = Some(ConductanceClamp { group, conductance, e_exc, e_inh });
        Dynamics::Linear(cell)
    }
}
