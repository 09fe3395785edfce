//! Short-term facilitation and depression of synapses, exact between spikes.
//!
//! The resources of the synapses of a presynaptic neuron are recovered (x), active (y) or inactive (z), x + y + z = 1, and a
//! spike activates the share u of the recovered ones:
//!
//! dx/dt = z/τ_rec − u x δ(t − t_sp),  dy/dt = −y/τ_I + u x δ(t − t_sp),  dz/dt = y/τ_I − z/τ_rec,
//! du/dt = −u/τ_facil + U (1 − u) δ(t − t_sp),
//!
//! where u is taken after its jump. Tsodyks, Uziel & Markram (2000), J Neurosci 20:RC50. A spike acts as the weight A times
//! the share u x that it activates. The equations are linear between spikes, so every spike takes one step of any length.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::numeric::exp;
use crate::units::{Duration, Fraction, Length};

/// Relative difference of τ_I and τ_rec below which they are taken as equal: the terms of their difference cancel.
const EQUAL: f64 = 1e-6;

/// Parameters of short-term plasticity.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShortTermPlasticity {
    /// Share U of recovered resources that a spike activates at rest, and by which each spike raises the share.
    #[serde(with = "Fraction")]
    pub u: f64,
    /// Time constant τ_rec of recovery from inactivation [ms].
    #[serde(rename = "tau_rec_ms", with = "Length")]
    pub tau_rec: f64,
    /// Time constant τ_facil with which the share falls back; 0: there is no facilitation, each spike activates U [ms].
    #[serde(default, rename = "tau_facil_ms", with = "Duration")]
    pub tau_facil: f64,
    /// Time constant τ_I of inactivation, that of the synaptic current; 0: active resources are inactive at once [ms].
    #[serde(default = "tau_inact", rename = "tau_inact_ms", with = "Duration")]
    pub tau_inact: f64,
}

/// That of the publication [ms].
fn tau_inact() -> f64 {
    3.0
}

/// State of the synapses of one presynaptic neuron, just after its last spike.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ShortTermState {
    /// Active resources y.
    pub y: f64,
    /// Inactive resources z.
    pub z: f64,
    /// Share u.
    pub u: f64,
    /// Time of the last spike [ms].
    pub last: f64,
}

impl ShortTermPlasticity {
    /// The share u x of all resources that a spike at `t` [ms] activates, by which its weight is multiplied; spikes come in
    /// the order of time.
    pub fn efficacy(&self, state: &mut ShortTermState, t: f64) -> f64 {
        let ShortTermState { y, z, u, .. } = self.after(*state, t - state.last);
        let u = u + self.u * (1.0 - u);
        let activated = u * (1.0 - y - z);
        let [y, z] = if self.tau_inact > 0.0 { [y + activated, z] } else { [0.0, z + activated] };
        *state = ShortTermState { y, z, u, last: t };
        activated
    }

    /// The state after `h` ms without a spike.
    fn after(&self, ShortTermState { y, z, u, last }: ShortTermState, h: f64) -> ShortTermState {
        let decay = |tau: f64| if tau > 0.0 { exp(-h / tau) } else { 0.0 };
        let (inactivated, recovered) = (decay(self.tau_inact), decay(self.tau_rec));
        let apart = self.tau_inact - self.tau_rec;
        // What was active and is inactive now.
        let entered = if self.tau_inact <= 0.0 {
            0.0
        } else if apart.abs() < EQUAL * self.tau_rec {
            y * h / self.tau_rec * recovered
        } else {
            y * self.tau_rec / apart * (inactivated - recovered)
        };
        ShortTermState { y: y * inactivated, z: z * recovered + entered, u: u * decay(self.tau_facil), last: last + h }
    }

    /// The efficacy of spikes that have come at a constant interval [ms] for long.
    ///
    /// Between them u is multiplied by f = e^{−h/τ_facil}, so it is u = U/(1 − (1 − U) f) just after its jump; the shares just after a
    /// spike return after the interval, which is a linear equation for the share that each spike activates.
    pub fn stationary_efficacy(&self, interval: f64) -> f64 {
        let facilitated = if self.tau_facil > 0.0 { exp(-interval / self.tau_facil) } else { 0.0 };
        let u = self.u / (1.0 - (1.0 - self.u) * facilitated);
        // Just before a spike, what one spike's share a leaves behind: y and z of a geometric series of intervals, for a = 1.
        let [inactivated, recovered] =
            [self.tau_inact, self.tau_rec].map(|tau| if tau > 0.0 { exp(-interval / tau) } else { 0.0 });
        let one = if self.tau_inact > 0.0 {
            ShortTermState { y: 1.0 / (1.0 - inactivated), ..ShortTermState::default() }
        } else {
            ShortTermState { z: 1.0 / (1.0 - recovered), ..ShortTermState::default() }
        };
        let ShortTermState { y, z, .. } = self.after(one, interval);
        let left = if self.tau_inact > 0.0 { y + z / (1.0 - recovered) } else { z };
        u / (1.0 + u * left)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DEPRESSING: ShortTermPlasticity =
        ShortTermPlasticity { u: 0.5, tau_rec: 800.0, tau_facil: 0.0, tau_inact: 3.0 };
    const FACILITATING: ShortTermPlasticity =
        ShortTermPlasticity { u: 0.04, tau_rec: 100.0, tau_facil: 1000.0, tau_inact: 3.0 };

    fn efficacies(plasticity: ShortTermPlasticity, times: &[f64]) -> Vec<f64> {
        let mut state = ShortTermState::default();
        times.iter().map(|&t| plasticity.efficacy(&mut state, t)).collect()
    }

    /// By Runge and Kutta's method of fourth order in steps of at most `dt`, which has an error of order dt⁴.
    fn by_ode(p: ShortTermPlasticity, times: &[f64], dt: f64) -> Vec<f64> {
        let slope = |s: [f64; 4]| {
            let u = if p.tau_facil > 0.0 { -s[3] / p.tau_facil } else { 0.0 };
            [s[2] / p.tau_rec, -s[1] / p.tau_inact, s[1] / p.tau_inact - s[2] / p.tau_rec, u]
        };
        let along = |s: [f64; 4], k: [f64; 4], h: f64| std::array::from_fn(|i| s[i] + h * k[i]);
        let (mut s, mut now) = ([1.0, 0.0, 0.0, 0.0], 0.0);
        let spike = |&t: &f64| {
            let steps = ((t - now) / dt).ceil().max(1.0);
            let h = (t - now) / steps;
            for _ in 0..steps as usize {
                let k1 = slope(s);
                let k2 = slope(along(s, k1, 0.5 * h));
                let k3 = slope(along(s, k2, 0.5 * h));
                let k4 = slope(along(s, k3, h));
                s = std::array::from_fn(|i| s[i] + h / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]));
            }
            now = t;
            s[3] = if p.tau_facil > 0.0 { s[3] + p.u * (1.0 - s[3]) } else { p.u };
            let activated = s[3] * s[0];
            s[0] -= activated;
            s[1] += activated;
            activated
        };
        times.iter().map(spike).collect()
    }

    #[test]
    fn the_first_spike_activates_u_and_the_second_what_has_recovered() {
        for (plasticity, h) in [(DEPRESSING, 20.0), (FACILITATING, 50.0)] {
            let ShortTermPlasticity { u, tau_rec, tau_facil, tau_inact } = plasticity;
            let found = efficacies(plasticity, &[100.0, 100.0 + h]);
            let f = if tau_facil > 0.0 { (-h / tau_facil).exp() } else { 0.0 };
            let second = u * f + u * (1.0 - u * f);
            let [i, r] = [tau_inact, tau_rec].map(|tau| (-h / tau).exp());
            let away = u * (i + tau_rec / (tau_rec - tau_inact) * (r - i));
            assert!((found[0] - u).abs() < 1e-15);
            assert!((found[1] - second * (1.0 - away)).abs() < 1e-14, "{} and {}", found[1], second * (1.0 - away));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Steps of 0.02 ms of a time constant of 2 ms or more: an error of some 1e-11.
        #[test]
        fn efficacies_are_those_of_an_ode_solver(
            u in 0.01..1.0_f64,
            tau_rec in 20.0..1000.0_f64,
            tau_facil in prop_oneof![Just(0.0), 20.0..1000.0_f64],
            tau_inact in 2.0..30.0_f64,
            intervals in prop::collection::vec(0.05..60.0_f64, 12),
        ) {
            let plasticity = ShortTermPlasticity { u, tau_rec, tau_facil, tau_inact };
            let times: Vec<f64> = intervals.iter().scan(0.0, |t, h| { *t += h; Some(*t) }).collect();
            for (found, expected) in efficacies(plasticity, &times).iter().zip(by_ode(plasticity, &times, 0.02)) {
                prop_assert!((found - expected).abs() < 1e-10, "{} and {}", found, expected);
            }
        }

        #[test]
        fn long_regular_trains_reach_the_stationary_efficacy(
            u in 0.05..1.0_f64,
            tau_rec in 20.0..300.0_f64,
            tau_facil in prop_oneof![Just(0.0), 20.0..300.0_f64],
            tau_inact in prop_oneof![Just(0.0), 2.0..10.0_f64],
            interval in 5.0..100.0_f64,
        ) {
            let plasticity = ShortTermPlasticity { u, tau_rec, tau_facil, tau_inact };
            let times: Vec<f64> = (0..2000).map(|k| f64::from(k) * interval).collect();
            let last = efficacies(plasticity, &times)[1999];
            let expected = plasticity.stationary_efficacy(interval);
            prop_assert!((last - expected).abs() < 1e-12, "{} and {}", last, expected);
        }
    }

    #[test]
    fn equal_time_constants_are_the_limit_of_unequal_ones() {
        let at = |tau_inact| {
            let plasticity = ShortTermPlasticity { u: 0.4, tau_rec: 20.0, tau_facil: 50.0, tau_inact };
            efficacies(plasticity, &[0.0, 7.0, 12.0, 40.0])
        };
        let [equal, near] = [at(20.0), at(20.000_1)];
        assert!(equal.iter().zip(near).all(|(a, b)| (a - b).abs() < 1e-6));
    }

    #[test]
    fn depressing_synapses_weaken_and_facilitating_ones_strengthen_in_a_burst() {
        let burst: Vec<f64> = (0..5).map(|k| 10.0 * f64::from(k)).collect();
        assert!(efficacies(DEPRESSING, &burst).is_sorted_by(|a, b| a > b));
        assert!(efficacies(FACILITATING, &burst).is_sorted_by(|a, b| a < b));
    }
}
