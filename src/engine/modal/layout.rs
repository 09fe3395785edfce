//! What the neurons of a population share: their modes, what spikes do to them, and where they come from.

use pulp::Arch;

use crate::cells::{Escape, Fires, Kernel, LinearCell, ModalForm, Modes, NeuronValues, PoissonDrive, Reset};
use crate::engine::crossing::DecayRates;

/// A cell by its modes, their number known.
#[derive(Clone, Debug)]
pub(super) struct CellModes<const M: usize> {
    /// The vector instructions of this machine: outside of what they dispatch, each fused multiply-add of an exponential is a call.
    pub(super) arch: Arch,
    pub(super) rates: DecayRates<M>,
    /// λ, ascending [1/ms].
    pub(super) lambda: [f64; M],
    /// The membrane's own mode.
    pub(super) membrane: usize,
    /// Of cells with one kernel whose means over phases are measured.
    pub(super) kernel: Option<KernelModes>,
    /// What a spike of weight 1 adds to the amplitudes, by port.
    pub(super) jumps: Vec<[f64; M]>,
    kernels: Vec<Kernel>,
    conductances: Vec<f64>,
    pub(super) adaptation: [f64; M],
    pub(super) rest: f64,
    /// By how much a current raises the potential at rest, g/γ [mV/pA].
    pub(super) rest_per_current: f64,
    pub(super) reset: Option<Reset>,
    /// Thresholds of neurons, where they have them.
    pub(super) threshold: Option<NeuronValues>,
    /// The escape rate, where they fire by one.
    pub(super) escape: Option<Escape>,
    pub(super) initial: NeuronValues,
    pub(super) background: Vec<PoissonDrive>,
}

/// The amplitudes that the two exponentials of a cell's one kernel have.
#[derive(Clone, Copy, Debug)]
pub(super) struct KernelModes {
    /// Places of the modes of τ_L and τ_s.
    pub(super) slow: usize,
    pub(super) fast: usize,
    /// Factors of V = … + α_L u_L − α_s u_s.
    pub(super) alpha_l: f64,
    pub(super) alpha_s: f64,
}

impl KernelModes {
    /// Those of a cell with these decay rates.
    pub(super) fn new(modes: &Modes, rates: &[f64]) -> Option<Self> {
        let Modes { psp, alpha_l, alpha_s, .. } = *modes;
        let place = |tau: f64| rates.iter().position(|rate| rate.total_cmp(&(1.0 / tau)).is_eq());
        Some(Self { slow: place(psp.tau_l)?, fast: place(psp.tau_s)?, alpha_l, alpha_s })
    }
}

impl<const M: usize> CellModes<M> {
    /// A cell whose membrane decays as in this form, without or with the conductances of a target.
    pub(super) fn new(cell: &LinearCell, form: &ModalForm) -> Self {
        let modes = |values: &[f64]| std::array::from_fn(|m| values.get(m).copied().unwrap_or(0.0));
        let fastest = form.rates.last().copied().unwrap_or(1.0);
        let lambda = std::array::from_fn(|m| {
            let beyond = (m + 1).saturating_sub(form.rates.len());
            form.rates.get(m).copied().unwrap_or(fastest * (1.0 + beyond as f64 / M as f64))
        });
        let (threshold, escape) = match cell.fires {
            Fires::Threshold(values) => (Some(values), None),
            Fires::Escape(escape) => (None, Some(escape)),
        };
        Self {
            arch: Arch::new(),
            rates: DecayRates::new(lambda),
            lambda,
            membrane: form.membrane,
            kernel: KernelModes::new(&Modes::new(cell.psp(), form.rates[form.membrane]), &form.rates),
            jumps: form.jumps.iter().map(|jump| modes(jump)).collect(),
            kernels: cell.ports.iter().map(|port| port.kernel).collect(),
            conductances: cell.ports.iter().map(|port| port.conductance).collect(),
            adaptation: modes(&form.adaptation),
            rest: cell.rest,
            rest_per_current: cell.current_conductance / cell.gamma,
            reset: cell.reset,
            threshold,
            escape,
            initial: cell.initial.unwrap_or_else(|| cell.rest.into()),
            background: cell.background.clone(),
        }
    }

    /// Bounds, by port, by how much a spike of weight 1 can raise V within `length` ms: g ∫κ, for what leaks is left out.
    pub(super) fn reach(&self, length: f64, out: &mut Vec<f64>) {
        out.clear();
        let ports = self.kernels.iter().zip(&self.conductances);
        out.extend(ports.map(|(kernel, g)| g * kernel.integral(length) * (1.0 + 1e-9)));
    }
}
