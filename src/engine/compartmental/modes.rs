//! The free motion of a cell between two of its events: V_r(t) = target_r + Σ_m a[r][m] e^{−λ_m t} in every compartment r.
//!
//! The state of a neuron is its potentials V and synaptic currents i, both continuous where constant currents begin or end. With P_k the
//! potentials that go with a current k, target = V* + G⁻¹ I the potentials at rest under constant currents I, and E the shapes of the
//! modes: what is left, V − target − Σ_k P_k i_k = E z, decays with the rates of the membranes. States of one rate share an amplitude.

use pulp::{Arch, Simd, WithSimd};

use crate::cells::{CompartmentalCell, MembraneModes, SynapticCurrent};
use crate::engine::crossing::{Approach, DecayRates};

/// The modes of a cell, with the compartment that fires held at its reset potential, or with none held.
#[derive(Clone, Debug)]
pub(super) struct ModeSet<const M: usize> {
    arch: Arch,
    pub(super) rates: DecayRates<M>,
    membranes: MembraneModes,
    /// Rate of each mode of the membranes, and of each current, among the rates.
    rate_of_mode: Vec<usize>,
    rate_of_current: Vec<usize>,
    /// Eᵀ C, [mode][compartment].
    inverse: Vec<Vec<f64>>,
    /// P, [current][compartment] [mV/pA].
    particular: Vec<Vec<f64>>,
    /// G⁻¹, [compartment of a constant current][compartment] [mV/pA].
    steady: Vec<Vec<f64>>,
}

/// What moves: the state at one time, and the constant currents from then on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moving<'a> {
    /// Potentials [compartments] [mV].
    pub(super) v: &'a [f64],
    /// Synaptic currents [currents] [pA].
    pub(super) i: &'a [f64],
    /// Constant currents [compartments] [pA].
    pub(super) constant: &'a [f64],
}

/// How a neuron goes on from one time.
#[derive(Clone, Debug)]
pub(super) struct FreeMotion<const M: usize> {
    /// What its potentials tend to [compartments] [mV].
    target: Vec<f64>,
    /// [compartments][mode] [mV].
    amplitudes: Vec<[f64; M]>,
}

impl<const M: usize> ModeSet<M> {
    pub(super) fn new(cell: &CompartmentalCell, currents: &[SynapticCurrent], held: Option<f64>) -> Self {
        let membranes = cell.membrane_modes(held);
        let of_currents = currents.iter().map(|current| 1.0 / current.tau);
        let mut rates: Vec<f64> = membranes.rates.iter().copied().chain(of_currents).collect();
        rates.sort_unstable_by(f64::total_cmp);
        rates.dedup();
        let place = |rate: f64| rates.iter().position(|&r| r.total_cmp(&rate).is_eq()).unwrap_or(0);
        let fastest = rates.last().copied().unwrap_or(1.0);
        let filled = |m: usize| {
            let beyond = (m + 1).saturating_sub(rates.len());
            rates.get(m).copied().unwrap_or(fastest * (1.0 + beyond as f64 / M as f64))
        };
        let inverse = |j: usize| {
            let rows = membranes.shapes.iter().zip(&cell.membranes);
            rows.map(|(shape, membrane)| shape[j] * membrane.capacitance).collect()
        };
        let compartments = cell.membranes.len();
        let unit = |c: usize| (0..compartments).map(|r| if r == c { 1.0 } else { 0.0 }).collect::<Vec<_>>();
        Self {
            arch: Arch::new(),
            rates: DecayRates::new(std::array::from_fn(filled)),
            rate_of_mode: membranes.rates.iter().map(|&rate| place(rate)).collect(),
            rate_of_current: currents.iter().map(|current| place(1.0 / current.tau)).collect(),
            inverse: (0..membranes.rates.len()).map(inverse).collect(),
            particular: currents.iter().map(|c| membranes.particular(c.compartment, 1.0 / c.tau)).collect(),
            steady: (0..compartments).map(|c| membranes.shift(&unit(c))).collect(),
            membranes,
        }
    }

    /// The potential of a compartment at rest without input [mV].
    pub(super) fn rest(&self, compartment: usize) -> f64 {
        self.membranes.rest[compartment]
    }

    /// Computes how a state goes on.
    pub(super) fn find_motion(&self, state: Moving<'_>, motion: &mut FreeMotion<M>) {
        let FreeMotion { target, amplitudes } = motion;
        target.clear();
        target.extend_from_slice(&self.membranes.rest);
        for (steady, &current) in self.steady.iter().zip(state.constant).filter(|(_, current)| **current != 0.0) {
            target.iter_mut().zip(steady).for_each(|(target, steady)| *target += steady * current);
        }
        amplitudes.clear();
        amplitudes.resize(target.len(), [0.0; M]);
        for ((particular, &i), &m) in self.particular.iter().zip(state.i).zip(&self.rate_of_current) {
            amplitudes.iter_mut().zip(particular).for_each(|(a, p)| a[m] += p * i);
        }
        let left = |r: usize| state.v[r] - target[r] - amplitudes[r].iter().sum::<f64>();
        let left: Vec<f64> = (0..target.len()).map(left).collect();
        for (j, (inverse, &m)) in self.inverse.iter().zip(&self.rate_of_mode).enumerate() {
            let z: f64 = inverse.iter().zip(&left).map(|(c, left)| c * left).sum();
            amplitudes.iter_mut().zip(&self.membranes.shapes).for_each(|(a, shape)| a[m] += shape[j] * z);
        }
    }

    /// e^{−λ t} of every rate.
    pub(super) fn decays(&self, t: f64) -> [f64; M] {
        self.arch.dispatch(DecaysAt { rates: &self.rates, t })
    }

    /// Lets synaptic currents decay.
    pub(super) fn decay_currents(&self, decays: &[f64; M], i: &mut [f64]) {
        i.iter_mut().zip(&self.rate_of_current).for_each(|(i, &m)| *i *= decays[m]);
    }

    /// The distance of a sum of synaptic currents to a threshold [pA].
    pub(super) fn approach_of_currents(
        &self,
        currents: impl Iterator<Item = (usize, f64)>,
        threshold: f64,
    ) -> Approach<M> {
        let mut a = [0.0; M];
        currents.for_each(|(k, i)| a[self.rate_of_current[k]] += i);
        Approach { c: -threshold, a }
    }
}

impl<const M: usize> Default for FreeMotion<M> {
    fn default() -> Self {
        Self { target: Vec::new(), amplitudes: Vec::new() }
    }
}

impl<const M: usize> FreeMotion<M> {
    /// V of a compartment where the modes have decayed to `decays` [mV].
    pub(super) fn potential(&self, compartment: usize, decays: &[f64; M]) -> f64 {
        self.approach(compartment, 0.0).value(decays)
    }

    /// The distance of the potential of a compartment to a threshold [mV].
    pub(super) fn approach(&self, compartment: usize, threshold: f64) -> Approach<M> {
        Approach { c: self.target[compartment] - threshold, a: self.amplitudes[compartment] }
    }
}

/// One call of [`ModeSet::decays`].
struct DecaysAt<'a, const M: usize> {
    rates: &'a DecayRates<M>,
    t: f64,
}

impl<const M: usize> WithSimd for DecaysAt<'_, M> {
    type Output = [f64; M];

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> [f64; M] {
        self.rates.decays(self.t)
    }
}
