//! The weight of a spike in the mean of a potential over a window, by the time of the spike.

use crate::cells::{Modes, Psp};

/// Width of the bins in which rates are measured [ms].
///
/// A neuron that starts from rest does not fire at a constant rate, and its fluctuations have the memory of its membrane:
/// its count over a whole phase says too little of when the spikes came. Within 1 ms, short against every time constant,
/// the spikes of a bin are spread evenly but for terms of second order in the width.
pub(super) const BIN_MS: f64 = 1.0;

/// Points of the midpoint rule in a bin.
const POINTS: u32 = 16;

/// A potential that spikes drive, as its mean over [`from`, `to`] of a phase that starts at rest.
#[derive(Clone, Copy, Debug)]
pub(super) struct AveragingWindow {
    /// Start of the averages [ms].
    pub(super) from: f64,
    /// End of the phase and the averages [ms].
    pub(super) to: f64,
}

/// The response of a potential to one spike of weight 1.
#[derive(Clone, Copy, Debug)]
pub(super) enum SpikeResponse {
    /// Of a dendrite: κ.
    Dendrite(Psp),
    /// Of a soma, through a conductance g [1/ms]: g h.
    Soma(Modes, f64),
}

/// Mean and variance of the weight of a spike that is anywhere in a bin with equal chance, bin by bin.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bins {
    /// Mean weight [ms⁻¹ · ms].
    pub(super) mean: Vec<f64>,
    /// Variance of the weight.
    pub(super) variance: Vec<f64>,
}

impl SpikeResponse {
    /// The integral of the response from a spike on, over `t` ms.
    fn integral(self, t: f64) -> f64 {
        match self {
            Self::Dendrite(psp) => psp.integral(t),
            Self::Soma(modes, g) => g * modes.integral(t),
        }
    }
}

impl AveragingWindow {
    /// The weight G of a spike of weight 1 at `t` that arrives after `delay` [ms]: the mean over the window of the response
    /// to it.
    pub(super) fn weight(self, response: SpikeResponse, delay: f64, t: f64) -> f64 {
        let since = |end: f64| response.integral((end - t - delay).max(0.0));
        (since(self.to) - since(self.from)) / (self.to - self.from)
    }

    /// The mean over the window of 1 − e^{−γt}: what a constant current leaves of its steady state from rest on.
    pub(super) fn charged(self, gamma: f64) -> f64 {
        let fallen = libm::exp(-gamma * self.from) - libm::exp(-gamma * self.to);
        1.0 - fallen / (gamma * (self.to - self.from))
    }

    /// Weights of spikes by the bins of the phase.
    pub(super) fn bins(self, response: SpikeResponse, delay: f64) -> Bins {
        let count = (self.to / BIN_MS).ceil() as u32;
        let in_bin = |k: u32| {
            let start = f64::from(k) * BIN_MS;
            let width = BIN_MS.min(self.to - start);
            let at = |i: u32| self.weight(response, delay, start + width * (f64::from(i) + 0.5) / f64::from(POINTS));
            let mean = (0..POINTS).map(at).sum::<f64>() / f64::from(POINTS);
            let variance = (0..POINTS).map(|i| (at(i) - mean).powi(2)).sum::<f64>() / f64::from(POINTS);
            (mean, variance)
        };
        let (mean, variance) = (0..count).map(in_bin).unzip();
        Bins { mean, variance }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PSP: Psp = Psp { tau_l: 10.0, tau_s: 3.0 };

    /// The start-up factor of the mean of a filtered train at constant rate from rest, in closed form (science notes): 3.1 %
    /// low over [30, 50] ms and 0.3 % over [30, 250].
    #[test]
    fn over_all_bins_the_weights_are_the_start_up_factor() {
        for (to, published) in [(50.0, 0.969), (250.0, 0.997)] {
            let window = AveragingWindow { from: 30.0, to };
            let found = window.bins(SpikeResponse::Dendrite(PSP), 0.0).mean.iter().sum::<f64>() * BIN_MS;
            let (l, s) = (PSP.tau_l, PSP.tau_s);
            let part = |tau: f64| tau * tau * ((-30.0 / tau).exp() - (-to / tau).exp());
            let exact = 1.0 - (part(l) - part(s)) / ((l - s) * (to - 30.0));
            assert!((found - exact).abs() < 1e-5, "{found} for {exact}");
            assert!((found - published).abs() < 6e-4);
        }
    }

    #[test]
    fn a_spike_that_is_over_counts_its_whole_integral_and_one_too_late_nothing() {
        let window = AveragingWindow { from: 30.0, to: 2000.0 };
        let soma = SpikeResponse::Soma(Modes::new(PSP, 0.7), 0.6);
        assert!((window.weight(soma, 1.0, 100.0) * 1970.0 - 6.0 / 7.0).abs() < 1e-9);
        assert!(window.weight(soma, 1.0, 1999.5).abs() < 1e-15);
        let late = window.weight(soma, 0.0, 28.0) - window.weight(soma, 3.0, 25.0);
        assert!(late.abs() < 1e-15, "a delay is a later spike");
    }

    #[test]
    fn a_current_charges_as_the_soma_s_equation_says() {
        let (window, modes) = (AveragingWindow { from: 5.0, to: 9.0 }, Modes::new(PSP, 0.7));
        let v = |t: f64| modes.propagate(crate::cells::Soma::default(), 0.7, t).v;
        let mean = (0..4000).map(|i| v(5.0 + 1e-3 * (f64::from(i) + 0.5))).sum::<f64>() / 4000.0;
        assert!((window.charged(0.7) - mean).abs() < 1e-7);
    }
}
