//! The modal form of a linear cell: V(t) = rest + Σ_m a_m e^{−λ_m t}, one amplitude per decay rate.
//!
//! A spike of weight w at port p adds w J[p][m] to the amplitudes. With u = g w e^{−t/τ} driving the membrane of rate γ,
//! V gains α g w (e^{−t/τ} − e^{−γt}), α = 1/(γ − 1/τ); a double exponential is the difference of two such, and an impulse adds
//! g w e^{−γt}. Ports of one time constant share a mode.

use super::{Kernel, LinearCell};

/// Most decay rates of a cell.
pub const MOST_MODES: usize = 8;

/// A linear cell by its modes.
#[derive(Clone, Debug, PartialEq)]
pub struct ModalForm {
    /// Decay rates λ, ascending [1/ms].
    pub rates: Vec<f64>,
    /// Which of them is the membrane's own, γ.
    pub membrane: usize,
    /// What a spike of weight 1 adds to each amplitude, [port, mode] [mV].
    pub jumps: Vec<Vec<f64>>,
    /// What a spike of the cell itself adds to each amplitude by adaptation, [mode] [mV].
    pub adaptation: Vec<f64>,
}

impl ModalForm {
    /// The modes of a cell whose time constants are kept off 1/γ.
    pub fn of(cell: &LinearCell) -> Self {
        let taus = cell.ports.iter().flat_map(|port| port.kernel.time_constants());
        let taus = taus.chain(cell.adaptation.map(|adaptation| adaptation.tau));
        let mut rates: Vec<f64> = taus.map(|tau| 1.0 / tau).chain([cell.gamma]).collect();
        rates.sort_unstable_by(f64::total_cmp);
        rates.dedup();
        let place = |rate: f64| rates.iter().position(|&r| r.total_cmp(&rate).is_eq()).unwrap_or(0);
        let membrane = place(cell.gamma);
        let jump = |kernel: &Kernel, g: f64| {
            let mut jump = vec![0.0; rates.len()];
            let mut add = |tau: f64, g: f64| {
                let alpha = g / (cell.gamma - 1.0 / tau);
                jump[place(1.0 / tau)] += alpha;
                jump[membrane] -= alpha;
            };
            match *kernel {
                Kernel::Delta => jump[membrane] += g,
                Kernel::Exponential { tau } => add(tau, g),
                Kernel::DoubleExponential(psp) => {
                    add(psp.tau_l, g * psp.jump());
                    add(psp.tau_s, -g * psp.jump());
                }
            }
            jump
        };
        let jumps = cell.ports.iter().map(|port| jump(&port.kernel, port.conductance)).collect();
        let adaptation = cell.adaptation.map_or_else(
            || vec![0.0; rates.len()],
            |a| jump(&Kernel::Exponential { tau: a.tau }, -a.conductance * a.jump),
        );
        Self { rates, membrane, jumps, adaptation }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cells::{Escape, Modes, Psp};

    fn at(form: &ModalForm, port: usize, t: f64) -> f64 {
        form.jumps[port].iter().zip(&form.rates).map(|(a, rate)| a * (-rate * t).exp()).sum()
    }

    #[test]
    fn a_double_exponential_has_the_response_of_its_modes() {
        let mut cell = LinearCell::new(0.7, Escape::new(0.2));
        let psp = Psp { tau_l: 10.0, tau_s: 3.0 };
        cell.synapse(psp, 0.6);
        cell.port(Kernel::Delta, 1.0);
        cell.port(Kernel::Exponential { tau: 3.0 }, 0.004);
        let (form, modes) = (ModalForm::of(&cell), Modes::new(psp, 0.7));
        assert_eq!((form.rates.len(), form.rates[form.membrane]), (3, 0.7));
        for t in [0.0, 0.3, 2.0, 30.0] {
            assert!((at(&form, 0, t) - 0.6 * modes.response(t)).abs() < 1e-14, "{t}");
            assert!((at(&form, 1, t) - (-0.7 * t).exp()).abs() < 1e-15);
            let exponential = 0.004 * ((-t / 3.0).exp() - (-0.7 * t).exp()) / (0.7 - 1.0 / 3.0);
            assert!((at(&form, 2, t) - exponential).abs() < 1e-15);
        }
    }
}
