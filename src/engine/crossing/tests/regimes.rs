//! Intervals as neurons have them: eight regimes of input, from sparse and strong to dense and weak, and intervals at random.

use super::super::{Approach, DecayRates};
use crate::numeric::{PresentationKey, Purpose, Stream, StreamKey};

/// Poisson input of one neuron, and its drive.
#[derive(Clone, Copy, Debug)]
pub(super) struct Regime {
    /// All inputs together [kHz].
    pub(super) rate: f64,
    /// Peak of an excitatory postsynaptic potential, about [mV].
    pub(super) psp: f64,
    /// Where the potential tends to without input, minus the threshold [mV].
    pub(super) drive: f64,
    /// Share of the inputs that are inhibitory, of four times the weight.
    pub(super) inhibitory: f64,
}

const fn regime(rate: f64, psp: f64, drive: f64, inhibitory: f64) -> Regime {
    Regime { rate, psp, drive, inhibitory }
}

pub(super) const REGIMES: [Regime; 8] = [
    regime(0.1, 12.0, -15.0, 0.1),
    regime(0.1, 4.0, 2.0, 0.2),
    regime(1.0, 3.0, -15.0, 0.15),
    regime(1.0, 0.5, 4.0, 0.2),
    regime(5.0, 0.6, -12.0, 0.15),
    regime(5.0, 0.3, 1.0, 0.2),
    regime(20.0, 0.15, -15.0, 0.1),
    regime(20.0, 0.6, -5.0, 0.2),
];

/// End of the interval within which a crossing is looked for [ms].
pub(super) const TILE_MS: f64 = 16.0;

pub(super) fn stream(n: u64) -> Stream {
    let presentation = PresentationKey::training(n);
    StreamKey { seed: 24, purpose: Purpose::Analysis(24), presentation, phase: 0, block: 0 }.stream()
}

/// A neuron under Poisson input: the membrane is one of its M modes, exponential synapses the others; without any, a delta synapse.
pub(super) struct Neuron<const M: usize> {
    regime: Regime,
    pub(super) lambda: [f64; M],
    pub(super) rates: DecayRates<M>,
    /// Index of the membrane's mode.
    membrane: usize,
    pub(super) f: Approach<M>,
    stream: Stream,
}

impl<const M: usize> Neuron<M> {
    pub(super) fn new(regime: Regime, mut stream: Stream) -> Self {
        // Time constants of 5 to 30 ms for the membrane, of 0.3 to 12 ms for synapses, apart by 2 % at least.
        let mut taus = [0.0; M];
        loop {
            for (k, tau) in taus.iter_mut().enumerate() {
                let (low, high): (f64, f64) = if k == 0 { (5.0, 30.0) } else { (0.3, 12.0) };
                *tau = low * (high / low).powf(stream.unit());
            }
            let apart = |i: usize, j: usize| (taus[i] / taus[j] - 1.0).abs() > 0.02;
            if (0..M).all(|i| (0..i).all(|j| apart(i, j))) {
                break;
            }
        }
        let of_membrane = 1.0 / taus[0];
        let mut lambda = taus.map(|tau| 1.0 / tau);
        lambda.sort_by(f64::total_cmp);
        let membrane = lambda.iter().position(|&rate| rate.to_bits() == of_membrane.to_bits()).expect("kept");
        let mut a = [0.0; M];
        a[membrane] = -15.0 - regime.drive;
        let f = Approach { c: regime.drive, a };
        Self { regime, lambda, rates: DecayRates::new(lambda), membrane, f, stream }
    }

    /// The time to the next input [ms].
    pub(super) fn next_gap(&mut self) -> f64 {
        -self.stream.unit().ln() / self.regime.rate
    }

    fn decay(&mut self, t: f64) {
        for k in 0..M {
            self.f.a[k] *= (-self.lambda[k] * t).exp();
        }
    }

    fn set_potential(&mut self, f: f64) {
        let others: f64 = (0..M).filter(|&k| k != self.membrane).map(|k| self.f.a[k]).sum();
        self.f.a[self.membrane] = f - self.f.c - others;
    }

    /// A spike at `t`: reset to 15 mV below threshold.
    pub(super) fn fire(&mut self, t: f64) {
        self.decay(t);
        self.set_potential(-15.0);
    }

    /// An input after `t` without a spike; where it lifts the potential above threshold the neuron is reset.
    pub(super) fn receive(&mut self, t: f64) {
        self.decay(t);
        let inhibitory = self.stream.unit() < self.regime.inhibitory;
        let psp = self.regime.psp * if inhibitory { -4.0 } else { 1.0 };
        if M == 1 {
            self.f.a[0] += psp;
        } else {
            let port = (self.membrane + 1 + self.stream.below(M as u64 - 1) as usize) % M;
            // e^{−λt} − e^{−λ't} has its peak at t = ln(λ'/λ)/(λ' − λ).
            let (membrane, synapse) = (self.lambda[self.membrane], self.lambda[port]);
            let peak = (synapse / membrane).ln() / (synapse - membrane);
            let jump = psp / ((-membrane * peak).exp() - (-synapse * peak).exp());
            self.f.a[self.membrane] += jump;
            self.f.a[port] -= jump;
        }
        if self.f.at(&self.rates, 0.0) >= 0.0 {
            self.fire(0.0);
        }
    }
}

/// Amplitudes and rates at random, c of both signs, f(0) < 0: up to M changes of sign.
pub(super) fn at_random<const M: usize>(stream: &mut Stream) -> ([f64; M], Approach<M>) {
    let mut lambda = [0.0; M];
    loop {
        lambda.fill_with(|| 0.01 * 500.0_f64.powf(stream.unit()));
        lambda.sort_by(f64::total_cmp);
        if lambda.windows(2).all(|pair| pair[1] > 1.001 * pair[0]) {
            break;
        }
    }
    loop {
        let mut f = Approach { c: 10.0 * stream.normal(), a: [0.0; M] };
        f.a.fill_with(|| 100.0 * stream.normal());
        // Alternating signs in a half of the draws, where many zeros are possible; sums of about 0, too.
        if stream.unit() < 0.5 {
            for k in 0..M {
                f.a[k] = if k % 2 == 0 { f.a[k].abs() } else { -f.a[k].abs() };
            }
        }
        if stream.unit() < 0.5 {
            let sum: f64 = f.a.iter().sum();
            f.a[M - 1] -= sum + f.c + 10.0 * stream.unit();
        }
        if f.at(&DecayRates::new(lambda), 0.0) < 0.0 {
            return (lambda, f);
        }
    }
}
