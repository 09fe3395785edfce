//! A neuron in noise: how often and how regularly it fires.

use std::f64::consts::PI;

use super::erfcx::erfcx;
use super::quadrature::{along_exponential, legendre};

/// α = √2 |ζ(1/2)|: half of it times √(τ_s/τ_m) is the shift of the bounds by synaptic filtering, Fourcaud & Brunel (2002), Neural
/// Comput. 14:2057.
const ALPHA: f64 = 2.065_253_152_231_217;

/// Threshold, in units of the noise above the mean, beyond which a neuron does not fire: less than once in 10²⁹⁰ τ_m.
const NEVER: f64 = 26.0;

/// Threshold beyond which intervals have the CV of a Poisson train: a neuron fires less than once in 10¹⁴⁰ τ_m.
const POISSON: f64 = 18.0;

/// Noise, as a part of the distance from reset to threshold, below which there is none.
const NOISELESS: f64 = 1e-9;

/// A leaky integrate-and-fire neuron as its theory needs it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LifNeuron {
    /// Membrane time constant τ_m [ms].
    pub tau_m: f64,
    /// Absolute refractory time t_ref [ms].
    pub t_ref: f64,
    /// Threshold θ [mV].
    pub threshold: f64,
    /// Potential after a spike V_r, below the threshold [mV].
    pub reset: f64,
    /// Time constant τ_s of exponential synaptic currents [ms]; 0: each spike is an impulse.
    pub tau_s: f64,
}

/// What a neuron receives, as Gaussian white noise: τ_m dV/dt = −V + μ + σ √τ_m η(t).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NoisyInput {
    /// μ: where V would be without noise and threshold [mV].
    pub mean: f64,
    /// σ [mV]: the standard deviation of V without a threshold times √2.
    pub sd: f64,
}

impl LifNeuron {
    /// The firing rate [1/ms], by Siegert's formula:
    ///
    /// 1/ν = t_ref + τ_m √π ∫ e^{u²} (1 + erf u) du from y_r to y_θ, y = (V − μ)/σ.
    ///
    /// Brunel (2000), J Comput Neurosci 8:183, equation 21; Siegert (1951), Phys Rev 81:617. The integrand is erfcx(−u), which neither
    /// overflows nor cancels. Exact for σ → 0, where it is 1/(t_ref + τ_m ln((μ − V_r)/(μ − θ))), or 0 for μ ≤ θ.
    ///
    /// With synapses of time constant τ_s both bounds are shifted by (α/2) √(τ_s/τ_m) (Fourcaud & Brunel 2002; Schuecker, Diesmann &
    /// Helias 2015, Phys Rev E 92:052119), that of the reset times e^{−t_ref/τ_s}: it stands for the mean of the current with which V
    /// begins again, which decays while V is held. The error is of order τ_s/τ_m.
    pub fn rate(&self, input: NoisyInput) -> f64 {
        let Some([reset, threshold]) = self.bounds(input) else {
            let NoisyInput { mean, .. } = input;
            let passage = self.tau_m * libm::log((mean - self.reset) / (mean - self.threshold));
            return if mean > self.threshold { 1.0 / (self.t_ref + passage) } else { 0.0 };
        };
        if threshold > NEVER {
            return 0.0;
        }
        let integral = along_exponential(reset, threshold, |u| erfcx(-u));
        1.0 / (self.t_ref + self.tau_m * PI.sqrt() * integral)
    }

    /// The coefficient of variation of inter-spike intervals, 0 for a clock and 1 for a Poisson train:
    ///
    /// CV² = 2π (ν τ_m)² ∫ dx e^{x²} ∫ dy e^{y²} (1 + erf y)², x from y_r to y_θ and y from −∞ to x.
    ///
    /// Brunel (2000), appendix A.1, for white noise; with synapses of a time constant, of the shifted bounds.
    pub fn cv(&self, input: NoisyInput) -> f64 {
        let Some([reset, threshold]) = self.bounds(input) else { return 0.0 };
        if threshold > POISSON {
            return 1.0;
        }
        let integral = along_exponential(reset, threshold, second_moment);
        (2.0 * PI * integral).sqrt() * self.rate(input) * self.tau_m
    }

    /// Reset and threshold in units of the noise from the mean, shifted by synaptic filtering; none without noise.
    fn bounds(&self, NoisyInput { mean, sd }: NoisyInput) -> Option<[f64; 2]> {
        let shift = 0.5 * ALPHA * (self.tau_s / self.tau_m).sqrt();
        let kept = if self.tau_s > 0.0 { libm::exp(-self.t_ref / self.tau_s) } else { 0.0 };
        let noisy = sd > NOISELESS * (self.threshold - self.reset);
        noisy.then(|| [(self.reset - mean) / sd + shift * kept, (self.threshold - mean) / sd + shift])
    }
}

/// e^{x²} ∫ e^{y²} (1 + erf y)² dy from −∞ to `x`.
///
/// Below 0 with y = x − s it is ∫ e^{2xs − s²} erfcx(s − x)² ds from 0 on, over panels as wide as 1/(1 − x), which neither overflows
/// nor cancels.
fn second_moment(x: f64) -> f64 {
    let below = |x: f64| {
        let width = 1.0 / (1.0 - x);
        let integrand = |s: f64| libm::exp((2.0 * x - s) * s) * erfcx(s - x).powi(2);
        let panels = [0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0];
        panels.windows(2).map(|ends| legendre(ends[0] * width, ends[1] * width, integrand)).sum::<f64>()
    };
    if x <= 0.0 {
        return below(x);
    }
    let above = along_exponential(0.0, x, |y| libm::exp(y * y) * libm::erfc(-y).powi(2));
    libm::exp(x * x) * (below(0.0) + above)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEURON: LifNeuron = LifNeuron { tau_m: 20.0, t_ref: 2.0, threshold: 20.0, reset: 10.0, tau_s: 0.0 };

    fn close(found: f64, expected: f64, relative: f64, what: impl std::fmt::Debug) {
        assert!((found / expected - 1.0).abs() < relative, "{what:?}: {found} for {expected}");
    }

    /// By mpmath's integration to 20 digits (`tests/reference/mean_field.py`), of white and filtered noise.
    #[test]
    fn rates_and_variability_are_those_of_mpmath() {
        let reference: serde_json::Value =
            serde_json::from_str(include_str!("../../../tests/reference/mean-field.json")).unwrap();
        let cases = reference["neurons"].as_array().unwrap();
        assert!(cases.len() > 10);
        for case in cases {
            let number = |key: &str| case[key].as_f64().unwrap();
            let neuron = LifNeuron {
                tau_m: number("tau_m_ms"),
                t_ref: number("t_ref_ms"),
                threshold: number("threshold_mv"),
                reset: number("reset_mv"),
                tau_s: number("tau_s_ms"),
            };
            let input = NoisyInput { mean: number("mean_mv"), sd: number("sd_mv") };
            close(neuron.rate(input), number("rate_per_ms"), 1e-12, case);
            close(neuron.cv(input), number("cv"), 1e-11, case);
        }
    }

    /// Without noise the period is t_ref + τ_m ln((μ − V_r)/(μ − θ)). The first correction to the integral is of relative order
    /// σ²/(μ − θ)².
    #[test]
    fn little_noise_is_none() {
        for mean in [20.5, 25.0, 100.0] {
            let period = 2.0 + 20.0 * ((mean - 10.0) / (mean - 20.0_f64)).ln();
            let silent = NoisyInput { mean, sd: 0.0 };
            close(NEURON.rate(silent), 1.0 / period, 1e-14, mean);
            assert!(NEURON.cv(silent).abs() < f64::MIN_POSITIVE);
            for sd in [1e-7, 1e-5, 1e-3] {
                let input = NoisyInput { mean, sd };
                let order = (sd / (mean - 20.0)).powi(2);
                close(NEURON.rate(input), 1.0 / period, order + 1e-12, (mean, sd));
                // Var T = σ²τ²/2 (1/(μ − θ)² − 1/(μ − V_r)²) to that order.
                let variance = 200.0 * sd * sd * ((mean - 20.0).powi(-2) - (mean - 10.0).powi(-2));
                close(NEURON.cv(input), variance.sqrt() / period, 10.0 * order + 1e-9, (mean, sd));
            }
        }
        for mean in [-5.0, 19.0, 20.0] {
            assert!(NEURON.rate(NoisyInput { mean, sd: 0.0 }).abs() < f64::MIN_POSITIVE, "{mean}");
        }
    }

    /// Escape over a high threshold (Kramers, Arrhenius): ν → y_θ e^{−y_θ²}/(√π τ_m), with a relative correction of order 1/(2 y_θ²);
    /// intervals are exponential. What the reset, at half the threshold, adds to both is of relative order e^{y_r² − y_θ²}.
    #[test]
    fn a_high_threshold_is_passed_at_the_rate_of_kramers() {
        for y in [5.0, 8.0, 12.0, 17.9, 25.0_f64] {
            let input = NoisyInput { mean: 0.0, sd: 20.0 / y };
            let kramers = y * (-y * y).exp() / (PI.sqrt() * 20.0);
            let corrected = kramers * (1.0 - 0.5 / (y * y));
            close(NEURON.rate(input), corrected, 2.0 / y.powi(4), y);
            close(NEURON.cv(input), 1.0, 30.0 * (-0.75 * y * y).exp() + 1e-13, y);
        }
        let far = NoisyInput { mean: 0.0, sd: 0.5 };
        assert!(NEURON.rate(far).abs() < f64::MIN_POSITIVE);
        close(NEURON.cv(far), 1.0, 1e-15, "far");
    }

    /// From reset to a threshold far above a strong noise: with y small both the rate and the CV are those of
    /// free diffusion between them, whose mean is τ_m √π (y_θ − y_r) to first order.
    #[test]
    fn strong_noise_takes_a_neuron_over_a_small_distance() {
        let neuron = LifNeuron { t_ref: 0.0, ..NEURON };
        let input = NoisyInput { mean: 15.0, sd: 1e5 };
        let distance = 10.0 / 1e5;
        close(neuron.rate(input), 1.0 / (20.0 * PI.sqrt() * distance), 1e-8, "rate");
    }

    /// A refractory time adds to the interval and to nothing else, where noise is white.
    #[test]
    fn a_refractory_time_adds_to_intervals() {
        let input = NoisyInput { mean: 16.0, sd: 5.0 };
        let without = LifNeuron { t_ref: 0.0, ..NEURON };
        let (free, held) = (1.0 / without.rate(input), 1.0 / NEURON.rate(input));
        close(held - free, 2.0, 1e-12, "interval");
        close(NEURON.cv(input) * held, without.cv(input) * free, 1e-12, "standard deviation");
    }

    /// Of synapses without a refractory time both bounds move by (α/2) √(τ_s/τ_m) σ; of a long refractory time the threshold alone.
    #[test]
    fn filtering_shifts_the_bounds() {
        let input = NoisyInput { mean: 16.0, sd: 5.0 };
        let shift = 0.5 * ALPHA * 0.05_f64.sqrt() * 5.0;
        let filtered = LifNeuron { tau_s: 1.0, t_ref: 0.0, ..NEURON };
        let shifted =
            LifNeuron { t_ref: 0.0, threshold: NEURON.threshold + shift, reset: NEURON.reset + shift, ..NEURON };
        close(filtered.rate(input), shifted.rate(input), 1e-13, "both");
        let filtered = LifNeuron { tau_s: 1.0, t_ref: 40.0, ..NEURON };
        let shifted = LifNeuron { t_ref: 40.0, threshold: NEURON.threshold + shift, ..NEURON };
        close(filtered.rate(input), shifted.rate(input), 1e-13, "threshold");
        close(filtered.cv(input), shifted.cv(input), 1e-13, "threshold");
    }
}
