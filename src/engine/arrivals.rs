//! The presynaptic side of a projection: spikes on their way, and the filtered trains they make.
//!
//! Times are kept relative to the start of the segment of 16 ms they fall in, so that e^{t/τ} stays in range. A spike at t
//! adds to the train s_j at the end b of the phase e^{−(b−t)/τ}/(τ_L − τ_s), which is e^{(t−segment)/τ} e^{−(b−segment)/τ}:
//! the first factor is needed for the postsynaptic traces anyway.

use pulp::{Arch, Simd, WithSimd};

use super::circuit::Link;
use super::observe::ProjectionState;
use crate::data::Spike;
use crate::math::exp;

/// Traces are rescaled every so many ms from the start of a phase.
pub(crate) const SEGMENT: f64 = 16.0;

/// A carried presynaptic trace below this [1/ms] is dropped: it is less than one part in 10⁶ of that of a 1 Hz neuron,
/// and without it every pixel ever lit would count as active for good.
const NEGLIGIBLE: f64 = 1e-9;

/// The segment that `t` falls in.
#[inline(always)]
pub(crate) fn segment_of(t: f64) -> usize {
    (t * (1.0 / SEGMENT)) as usize
}

/// The time since the start of the segment that `t` falls in.
#[inline(always)]
pub(crate) fn within_segment(t: f64) -> f64 {
    t - (t * (1.0 / SEGMENT)).floor() * SEGMENT
}

/// The presynaptic side of one projection in one lane.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arrivals {
    /// Arrivals from the start of the phase, sorted; beyond its end those still in flight.
    pub(crate) spikes: Vec<Spike>,
    /// e^{t'/τ_L} and e^{t'/τ_s}, t' from the start of the segment, for the first of `spikes`.
    pub(crate) rise_l: Vec<f64>,
    pub(crate) rise_s: Vec<f64>,
    /// Traces at the start of the phase [pre] [1/ms].
    trace_l: Vec<f64>,
    trace_s: Vec<f64>,
    /// What this phase's arrivals add to the traces at its end [pre] [1/ms].
    pub(crate) added_l: Vec<f64>,
    pub(crate) added_s: Vec<f64>,
    /// Mean over the averaging interval of what this phase's arrivals add to the trains [pre] [1/ms].
    pub(crate) added_mean: Vec<f64>,
    /// Mean of the whole trains [pre] [1/ms].
    pub(crate) mean: Vec<f64>,
}

impl Arrivals {
    pub(crate) fn new(pre: usize) -> Self {
        let zero = || vec![0.0; pre];
        Self {
            trace_l: zero(),
            trace_s: zero(),
            added_l: zero(),
            added_s: zero(),
            added_mean: zero(),
            mean: zero(),
            ..Self::default()
        }
    }

    /// Puts spikes of the presynaptic neurons on their way.
    pub(crate) fn send(&mut self, spikes: &[Spike], delay: f64) {
        self.spikes.extend(spikes.iter().map(|s| Spike { time: s.time + delay, neuron: s.neuron }));
    }

    /// The arrivals before `end` that were not taken yet, with their factors computed.
    pub(crate) fn take(&mut self, arch: Arch, link: &Link, end: f64) -> std::ops::Range<usize> {
        let first = self.rise_l.len();
        let last = first + self.spikes[first..].partition_point(|s| s.time < end);
        let rates = [1.0 / link.psp.tau_l, 1.0 / link.psp.tau_s];
        arch.dispatch(Rise { spikes: &self.spikes[first..last], rates, l: &mut self.rise_l, s: &mut self.rise_s });
        first..last
    }

    /// Gathers the means over [`from`, `length`] and the traces at the end of a phase; every arrival was taken.
    pub(crate) fn gather(&mut self, link: &Link, from: f64, length: f64) {
        let psp = link.psp;
        let jump = psp.jump();
        let (slow, fast) = psp.carried_means(from, length);
        for (mean, (l, s)) in self.mean.iter_mut().zip(self.trace_l.iter().zip(&self.trace_s)) {
            *mean = l * slow - s * fast;
        }
        self.added_l.fill(0.0);
        self.added_s.fill(0.0);
        self.added_mean.fill(0.0);
        let mut decay = Decays::default();
        let scale = 1.0 / (length - from);
        for (spike, (&rise_l, &rise_s)) in self.spikes.iter().zip(self.rise_l.iter().zip(&self.rise_s)) {
            decay.enter(segment_of(spike.time), |segment| {
                let at = |t: f64, tau: f64| exp(-(t - segment as f64 * SEGMENT) / tau);
                [at(length, psp.tau_l), at(length, psp.tau_s), at(from, psp.tau_l), at(from, psp.tau_s)]
            });
            let [end_l, end_s, from_l, from_s] = decay.factors;
            let integral = |l: f64, s: f64| 1.0 - (psp.tau_l * l - psp.tau_s * s) * jump;
            let (l, s) = (rise_l * end_l, rise_s * end_s);
            let before = if spike.time < from { integral(rise_l * from_l, rise_s * from_s) } else { 0.0 };
            let j = spike.neuron as usize;
            self.added_l[j] += l * jump;
            self.added_s[j] += s * jump;
            self.added_mean[j] += (integral(l, s) - before) * scale;
        }
        self.mean.iter_mut().zip(&self.added_mean).for_each(|(mean, added)| *mean += added);
    }

    /// Ends a phase of `length` ms: traces and spikes in flight are carried to the next.
    pub(crate) fn carry(&mut self, link: &Link, length: f64) {
        let (fall_l, fall_s) = (exp(-length / link.psp.tau_l), exp(-length / link.psp.tau_s));
        for j in 0..self.trace_l.len() {
            self.trace_l[j] = self.trace_l[j] * fall_l + self.added_l[j];
            self.trace_s[j] = self.trace_s[j] * fall_s + self.added_s[j];
            // Both are negative where τ_L < τ_s.
            if self.trace_l[j].abs().max(self.trace_s[j].abs()) < NEGLIGIBLE {
                (self.trace_l[j], self.trace_s[j]) = (0.0, 0.0);
            }
        }
        self.spikes.drain(..self.rise_l.len());
        self.spikes.iter_mut().for_each(|s| s.time -= length);
        self.rise_l.clear();
        self.rise_s.clear();
    }

    pub(crate) fn state(&self) -> ProjectionState {
        ProjectionState { trace_l: self.trace_l.clone(), trace_s: self.trace_s.clone(), in_flight: self.spikes.clone() }
    }

    pub(crate) fn restore(&mut self, state: &ProjectionState) {
        self.trace_l.copy_from_slice(&state.trace_l);
        self.trace_s.copy_from_slice(&state.trace_s);
        self.spikes.clone_from(&state.in_flight);
    }

    pub(crate) fn rest(&mut self) {
        self.trace_l.fill(0.0);
        self.trace_s.fill(0.0);
        self.spikes.clear();
    }
}

/// Factors that change from segment to segment, for spikes in order of time.
#[derive(Default)]
struct Decays {
    segment: Option<usize>,
    factors: [f64; 4],
}

impl Decays {
    fn enter(&mut self, segment: usize, factors: impl FnOnce(usize) -> [f64; 4]) {
        if self.segment != Some(segment) {
            self.segment = Some(segment);
            self.factors = factors(segment);
        }
    }
}

/// Appends e^{t'·rate} of each spike.
struct Rise<'a> {
    spikes: &'a [Spike],
    rates: [f64; 2],
    l: &'a mut Vec<f64>,
    s: &'a mut Vec<f64>,
}

impl WithSimd for Rise<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (out, rate) in [(self.l, self.rates[0]), (self.s, self.rates[1])] {
            let start = out.len();
            out.resize(start + self.spikes.len(), 0.0);
            for (rise, spike) in out[start..].iter_mut().zip(self.spikes) {
                *rise = exp(within_segment(spike.time) * rate);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Psp;

    /// κ is the same under exchange of its time constants; only the names of the traces change.
    #[test]
    fn a_train_is_carried_whichever_time_constant_is_the_longer() {
        let carried = |tau_l, tau_s| {
            let link = Link { from: 0, delay: 0.0, psp: Psp { tau_l, tau_s } };
            let mut arrivals = Arrivals::new(1);
            arrivals.send(&[Spike { time: 3.0, neuron: 0 }], link.delay);
            arrivals.take(Arch::new(), &link, 20.0);
            arrivals.gather(&link, 5.0, 20.0);
            arrivals.carry(&link, 20.0);
            let state = arrivals.state();
            state.trace_l[0] - state.trace_s[0]
        };
        assert!((carried(10.0, 3.0) - Psp { tau_l: 10.0, tau_s: 3.0 }.kappa(17.0)).abs() < 1e-15);
        assert!((carried(3.0, 10.0) - carried(10.0, 3.0)).abs() < 1e-15);
    }
}
