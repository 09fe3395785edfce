//! The modes of a membrane that double-exponential synapses drive: its response and all integrals, in closed form.
//!
//! A synapse of weight w answers a spike with w κ(t), κ(t) = (e^{−t/τ_L} − e^{−t/τ_s})/(τ_L − τ_s). Through a conductance g
//! it drives a soma by u = u_L − u_s, where u_L and u_s jump by g w/(τ_L − τ_s) at a spike and decay with τ_L and τ_s:
//!
//! dV/dt = −γ V + u_L − u_s + c, whose solution is V = c/γ + α_L u_L − α_s u_s + z, α = 1/(γ − 1/τ), z decaying with γ.
//!
//! V is continuous, so z jumps by −(α_L − α_s) times the jump of u. Guerguiev, Lillicrap & Richards (2017), eLife 6:e22901,
//! Methods, solved exactly.

use super::Psp;
use crate::numeric::exp;

/// A soma's potential in its modal form: constants of V = rest + α_L u_L − α_s u_s + z.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Modes {
    /// The kernel that drives it.
    pub psp: Psp,
    /// Total conductance γ [1/ms].
    pub gamma: f64,
    /// α_L = 1/(γ − 1/τ_L) [ms].
    pub alpha_l: f64,
    /// α_s = 1/(γ − 1/τ_s) [ms].
    pub alpha_s: f64,
}

/// A soma with the two traces that drive it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Soma {
    /// Potential V.
    pub v: f64,
    /// Slow drive u_L [1/ms].
    pub u_l: f64,
    /// Fast drive u_s [1/ms].
    pub u_s: f64,
}

impl Modes {
    /// The modes of a soma of total conductance `gamma` [1/ms], which a model's checks keep off 1/τ_L and 1/τ_s.
    pub fn new(psp: Psp, gamma: f64) -> Self {
        Self { psp, gamma, alpha_l: 1.0 / (gamma - 1.0 / psp.tau_l), alpha_s: 1.0 / (gamma - 1.0 / psp.tau_s) }
    }

    /// Carries a soma over `dt` ms without a new spike under the constant current `c`; exact for any `dt`.
    #[must_use]
    pub fn propagate(&self, soma: Soma, c: f64, dt: f64) -> Soma {
        let rest = c / self.gamma;
        let z = soma.v - rest - self.alpha_l * soma.u_l + self.alpha_s * soma.u_s;
        let u_l = soma.u_l * exp(-dt / self.psp.tau_l);
        let u_s = soma.u_s * exp(-dt / self.psp.tau_s);
        Soma { v: rest + self.alpha_l * u_l - self.alpha_s * u_s + z * exp(-dt * self.gamma), u_l, u_s }
    }

    /// Evaluates the response h(t) of a soma at rest to one spike of weight 1 through a conductance of 1 /ms.
    pub fn response(&self, t: f64) -> f64 {
        if t < 0.0 {
            return 0.0;
        }
        let jump = self.psp.jump();
        self.propagate(Soma { v: 0.0, u_l: jump, u_s: jump }, 0.0, t).v
    }

    /// Integrates h from 0 to `t`; tends to 1/γ. From dh/dt = −γ h + κ: ∫h = (∫κ − h(t))/γ.
    pub fn integral(&self, t: f64) -> f64 {
        (self.psp.integral(t) - self.response(t)) / self.gamma
    }

    /// Integrates h² from 0 on [ms]: h = Σ c e^{−λt} over its three modes, ∫h² = Σ Σ c c'/(λ + λ').
    pub fn square_integral(&self) -> f64 {
        let jump = self.psp.jump();
        let modes = [
            (jump * self.alpha_l, 1.0 / self.psp.tau_l),
            (-jump * self.alpha_s, 1.0 / self.psp.tau_s),
            (jump * (self.alpha_s - self.alpha_l), self.gamma),
        ];
        modes.iter().flat_map(|(c, l)| modes.iter().map(move |(d, m)| c * d / (l + m))).sum()
    }

    /// The mean of V over an interval of `length` ms, from its values at the ends and the mean of its whole drive
    /// (current included): V(b) − V(a) = −γ ∫V + ∫(u + c).
    pub fn mean_v(&self, v_start: f64, v_end: f64, mean_drive: f64, length: f64) -> f64 {
        (mean_drive - (v_end - v_start) / length) / self.gamma
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cells::psp::tests::simpson;

    const PSP: Psp = Psp { tau_l: 10.0, tau_s: 3.0 };

    #[test]
    fn the_response_integrates_to_one_over_gamma() {
        let modes = Modes::new(PSP, 0.7);
        assert!((simpson(|t| modes.response(t), 0.0, 400.0, 40_000) - 1.0 / 0.7).abs() < 1e-9);
    }

    #[test]
    fn the_squared_response_has_the_integral_of_its_modes() {
        let modes = Modes::new(PSP, 0.7);
        let square = simpson(|t| modes.response(t).powi(2), 0.0, 400.0, 40_000);
        assert!((square - modes.square_integral()).abs() < 1e-10, "{square}");
    }

    #[test]
    fn the_integral_of_the_response_is_its_integral() {
        let modes = Modes::new(PSP, 0.7);
        assert!((modes.integral(23.0) - simpson(|t| modes.response(t), 0.0, 23.0, 2000)).abs() < 1e-9);
        assert!(modes.integral(-1.0).abs() < 1e-15);
    }

    /// Runge and Kutta's fourth-order method on the three equations, γ and current switching in mid-way.
    fn integrate(mut soma: Soma, phases: &[(f64, f64, f64)], dt: f64) -> Soma {
        let slope = |s: Soma, gamma: f64, c: f64| Soma {
            v: -gamma * s.v + s.u_l - s.u_s + c,
            u_l: -s.u_l / PSP.tau_l,
            u_s: -s.u_s / PSP.tau_s,
        };
        let step = |s: Soma, k: Soma, h: f64| Soma { v: s.v + h * k.v, u_l: s.u_l + h * k.u_l, u_s: s.u_s + h * k.u_s };
        for &(gamma, c, length) in phases {
            for _ in 0..(length / dt).round() as u32 {
                let k1 = slope(soma, gamma, c);
                let k2 = slope(step(soma, k1, dt / 2.0), gamma, c);
                let k3 = slope(step(soma, k2, dt / 2.0), gamma, c);
                let k4 = slope(step(soma, k3, dt), gamma, c);
                for (k, weight) in [(k1, 1.0), (k2, 2.0), (k3, 2.0), (k4, 1.0)] {
                    soma = step(soma, k, dt * weight / 6.0);
                }
            }
        }
        soma
    }

    #[test]
    fn switching_gamma_in_mid_phase_equals_an_ode_solver() {
        let start = Soma { v: 1.5, u_l: 4.0, u_s: 2.5 };
        let phases = [(0.7, 0.48, 13.0), (1.7, 8.48, 9.0), (0.7, 0.48, 6.0)];
        let exact =
            phases.iter().fold(start, |soma, &(gamma, c, length)| Modes::new(PSP, gamma).propagate(soma, c, length));
        let solved = integrate(start, &phases, 0.001);
        assert!((exact.v - solved.v).abs() < 1e-9, "{} against {}", exact.v, solved.v);
        assert!((exact.u_l - solved.u_l).abs() < 1e-9);
    }

    #[test]
    fn mean_v_is_the_mean() {
        let modes = Modes::new(PSP, 0.7);
        let start = Soma { v: -2.0, u_l: 5.0, u_s: 1.0 };
        let v = |t| modes.propagate(start, 0.3, t).v;
        let (slow, fast) = PSP.carried_means(30.0, 52.0);
        let mean = modes.mean_v(v(30.0), v(52.0), 5.0 * slow - fast + 0.3, 22.0);
        assert!((mean - simpson(v, 30.0, 52.0, 4000) / 22.0).abs() < 1e-10);
    }

    proptest! {
        #[test]
        fn two_short_steps_are_one_long_step(
            v in -10.0..10.0, u_l in -10.0..10.0, u_s in -10.0..10.0, c in -8.0..8.0, first in 0.0..40.0, second in 0.0..40.0,
            gamma in 0.4..3.0,
        ) {
            let modes = Modes::new(PSP, gamma);
            let soma = Soma { v, u_l, u_s };
            let long = modes.propagate(soma, c, first + second);
            let short = modes.propagate(modes.propagate(soma, c, first), c, second);
            prop_assert!((long.v - short.v).abs() < 1e-9);
            prop_assert!((long.u_l - short.u_l).abs() < 1e-12);
        }
    }
}
