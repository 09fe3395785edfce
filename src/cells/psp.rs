//! The postsynaptic potential, its integral and the means of what it leaves.

use serde::{Deserialize, Serialize};

use crate::numeric::exp;

/// Double-exponential postsynaptic potential, κ(t) = (e^{−t/τ_L} − e^{−t/τ_s})/(τ_L − τ_s), whole and of integral 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Psp {
    /// Leak time constant [ms].
    pub tau_l: f64,
    /// Synaptic time constant [ms].
    pub tau_s: f64,
}

impl Default for Psp {
    fn default() -> Self {
        Self { tau_l: 10.0, tau_s: 3.0 }
    }
}

impl Psp {
    /// Evaluates κ(t) [1/ms], 0 before the spike.
    pub fn kappa(&self, t: f64) -> f64 {
        if t < 0.0 { 0.0 } else { (exp(-t / self.tau_l) - exp(-t / self.tau_s)) * self.jump() }
    }

    /// Integrates κ from 0 to `t`; tends to 1.
    pub fn integral(&self, t: f64) -> f64 {
        if t <= 0.0 {
            return 0.0;
        }
        1.0 - (self.tau_l * exp(-t / self.tau_l) - self.tau_s * exp(-t / self.tau_s)) * self.jump()
    }

    /// The variance of the mean, over a window of `length` ms, of a Poisson train of rate 1 /ms filtered by κ [1/ms]; tends
    /// to 1/`length`. From its autocorrelation (τ_L e^{−|u|/τ_L} − τ_s e^{−|u|/τ_s})/(2(τ_L² − τ_s²)), whose value at 0 no mean
    /// exceeds.
    pub fn mean_variance(&self, length: f64) -> f64 {
        let largest = 0.5 / (self.tau_l + self.tau_s);
        if length < 1e-3 * self.tau_l.min(self.tau_s) {
            // Equal to one part in a thousand, where the sum below loses its digits.
            return largest;
        }
        let edge = |tau: f64| tau.powi(3) * (1.0 - exp(-length / tau));
        let edges = (edge(self.tau_l) - edge(self.tau_s)) / (self.tau_l.powi(2) - self.tau_s.powi(2));
        (1.0 - edges / length) / length
    }

    /// The jump of both traces at a spike, 1/(τ_L − τ_s) [1/ms].
    pub fn jump(&self) -> f64 {
        1.0 / (self.tau_l - self.tau_s)
    }

    /// The means over [`from`, `to`] of e^{−t/τ_L} and of e^{−t/τ_s}: what traces of 1 at t = 0 leave there.
    pub fn carried_means(&self, from: f64, to: f64) -> (f64, f64) {
        let mean = |tau: f64| tau * (exp(-from / tau) - exp(-to / tau)) / (to - from);
        (mean(self.tau_l), mean(self.tau_s))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    const PSP: Psp = Psp { tau_l: 10.0, tau_s: 3.0 };

    /// Integrates `f` by Simpson's rule with `n` steps, an even number.
    pub(in crate::cells) fn simpson(f: impl Fn(f64) -> f64, from: f64, to: f64, n: u32) -> f64 {
        let h = (to - from) / f64::from(n);
        let inner: f64 = (1..n).map(|i| f(from + h * f64::from(i)) * if i % 2 == 1 { 4.0 } else { 2.0 }).sum();
        (f(from) + inner + f(to)) * h / 3.0
    }

    #[test]
    fn the_kernel_has_integral_one() {
        assert!((PSP.integral(300.0) - 1.0).abs() < 1e-12);
        assert!((PSP.integral(17.0) - simpson(|t| PSP.kappa(t), 0.0, 17.0, 2000)).abs() < 1e-10);
    }

    /// A spike at s adds (∫κ to T − s, less ∫κ to −s)/T to the mean over [0, T]; the variance is the integral of its square.
    #[test]
    fn a_mean_of_a_poisson_train_varies_as_the_squared_share_of_each_spike() {
        for length in [0.01, 0.5, 20.0, 220.0] {
            let share = |s: f64| (PSP.integral(length - s) - PSP.integral(-s)) / length;
            let square = simpson(|s| share(s).powi(2), -400.0, length, 200_000);
            assert!((PSP.mean_variance(length) / square - 1.0).abs() < 1e-6, "{length} ms");
        }
        for length in [1e-9, 1e-3, 2.9e-3] {
            assert!((PSP.mean_variance(length) * 26.0 - 1.0).abs() < 1e-3, "{length} ms: that of the train itself");
        }
    }

    #[test]
    fn carried_means_are_means() {
        let (slow, fast) = PSP.carried_means(30.0, 51.5);
        assert!((slow - simpson(|t| (-t / 10.0).exp(), 30.0, 51.5, 2000) / 21.5).abs() < 1e-12);
        assert!((fast - simpson(|t| (-t / 3.0).exp(), 30.0, 51.5, 2000) / 21.5).abs() < 1e-12);
    }
}
