//! The search of an interval that no bound settles.
//!
//! L_0 = f, L_1 = f', and L_{j+1} = (d/dt + λ_j) L_j, the derivative of L_j e^{λ_j t} but for that factor: a sum over the modes
//! k ≥ j alone, L_{j+1} = Σ_{k ≥ j} a_k e^{−λ_k t} Π_{i < j} (λ_i − λ_k) with λ_{−1} = 0 (modes from 0). Between two zeros of
//! L_{j+1} the function L_j e^{λ_j t} is monotone and L_j has one zero at most, at which Newton's step is −L_j/L_{j+1}. From
//! the last two modes, whose zero is a logarithm, this isolates the zeros of every L_j down to f', in order.

use pulp::{Arch, Simd, WithSimd};

use super::approach::{Approach, Crossings, DecayRates};
use super::root::{Evaluated, Function, close_in};
use crate::numeric::{exp, ln};

/// Maxima within this many units in the last place are counted as grazing.
const GRAZING_ULP: f64 = 4.0;

impl<const M: usize> Approach<M> {
    /// The first t in (0, `until`] with f(t) ≥ 0, of which f at the float before it is negative; 0 where f(0) ≥ 0 already. For
    /// finite `until`.
    pub(crate) fn first_crossing(&self, rates: &DecayRates<M>, until: f64, counts: &mut Crossings) -> Option<f64> {
        Arch::new().dispatch(Search { f: self, rates, until, counts })
    }
}

/// One call of [`Approach::first_crossing`].
struct Search<'a, const M: usize> {
    f: &'a Approach<M>,
    rates: &'a DecayRates<M>,
    until: f64,
    counts: &'a mut Crossings,
}

/// Zeros in ascending order.
struct Zeros<const M: usize> {
    at: [f64; M],
    count: usize,
}

/// The coefficients a_k Π_{i<j} (λ_i − λ_k) of L_1 … L_M.
type Coefficients<const M: usize> = [[f64; M]; M];

/// What lies between two zeros of f's second derivative, where f rises and then falls.
enum Maximum {
    /// f ≥ 0 at this time, whether before or after the maximum.
    Reaches(f64),
    Below,
}

impl<const M: usize> WithSimd for Search<'_, M> {
    type Output = Option<f64>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Option<f64> {
        self.run()
    }
}

impl<const M: usize> Search<'_, M> {
    #[inline(always)]
    fn run(mut self) -> Option<f64> {
        if self.f.value(&[1.0; M]) >= 0.0 {
            self.counts.end += 1;
            return Some(0.0);
        }
        let changes = sign_changes(self.f.c, &self.f.a);
        if changes == 0 || self.until <= 0.0 {
            self.counts.partial_sums += 1;
            return None;
        }
        let decays = self.rates.decays(self.until);
        let reached = self.f.value(&decays) >= 0.0;
        let bracket = if reached && changes <= 2 {
            self.counts.end += 1;
            Some((0.0, self.until))
        } else if changes == 1 {
            self.counts.end += 1;
            None
        } else {
            self.counts.interior += 1;
            self.first_bracket(&decays)
        };
        // No closure: those are compiled without the vector instructions of who calls them.
        let (below, above) = bracket?;
        Some(self.root(below, above))
    }

    /// Between a time with f < 0 and a later one with f ≥ 0, f having no zero before and one within.
    #[inline(always)]
    fn first_bracket(&mut self, decays_at_end: &[f64; M]) -> Option<(f64, f64)> {
        let coefficients = self.coefficients();
        let turns = self.zeros_of(2, &coefficients, decays_at_end);
        let (mut left, mut rises) = (0.0, level(&coefficients, 1, &[1.0; M]) > 0.0);
        for piece in 0..=turns.count {
            let right = if piece < turns.count { turns.at[piece] } else { self.until };
            let decays = self.rates.decays(right);
            let rises_at_end = level(&coefficients, 1, &decays) > 0.0;
            if self.f.value(&decays) >= 0.0 {
                return Some((left, right));
            }
            if rises
                && !rises_at_end
                && let Maximum::Reaches(above) = self.maximum(&coefficients, left, right)
            {
                return Some((left, above));
            }
            (left, rises) = (right, rises_at_end);
        }
        None
    }

    #[inline(always)]
    fn coefficients(&self) -> Coefficients<M> {
        let mut coefficients = self.rates.factors;
        for row in &mut coefficients {
            for k in 0..M {
                row[k] *= self.f.a[k];
            }
        }
        coefficients
    }

    /// The zeros of L_`wanted` in (0, T), from those of the highest L_j that has one at most.
    #[inline(always)]
    fn zeros_of(&self, wanted: usize, coefficients: &Coefficients<M>, decays_at_end: &[f64; M]) -> Zeros<M> {
        let mut zeros = Zeros { at: [0.0; M], count: 0 };
        let simple = (wanted..M).find(|&j| sign_changes(coefficients[j - 1][j - 1], &coefficients[j - 1][j..]) <= 1);
        let Some(first) = simple else { return zeros };
        for j in (wanted..=first).rev() {
            let mut found = Zeros { at: [0.0; M], count: 0 };
            let (mut left, mut at_left) = (0.0, level(coefficients, j, &[1.0; M]));
            for piece in 0..=zeros.count {
                let last = piece == zeros.count;
                let right = if last { self.until } else { zeros.at[piece] };
                let at_right = level(coefficients, j, &if last { *decays_at_end } else { self.rates.decays(right) });
                if at_left < 0.0 && at_right > 0.0 || at_left > 0.0 && at_right < 0.0 {
                    found.at[found.count] = self.zero(coefficients, j, left, right);
                    found.count += 1;
                }
                (left, at_left) = (right, at_right);
            }
            zeros = found;
        }
        zeros
    }

    /// The zero of the last two modes' L_{M−1}.
    #[inline(always)]
    fn zero_of_two(&self, coefficients: &Coefficients<M>) -> f64 {
        let last = &coefficients[M - 2];
        ln(-last[M - 1] / last[M - 2]) / (self.rates.lambda[M - 1] - self.rates.lambda[M - 2])
    }

    /// The zero of L_j between two times at which its signs differ.
    #[inline(always)]
    fn zero(&self, coefficients: &Coefficients<M>, j: usize, left: f64, right: f64) -> f64 {
        if j + 1 == M {
            let zero = self.zero_of_two(coefficients);
            return if left < zero && zero < right { zero } else { left + 0.5 * (right - left) };
        }
        let sign = if level(coefficients, j, &self.rates.decays(left)) < 0.0 { 1.0 } else { -1.0 };
        close_in(left, right, &ZeroOfLevel { rates: self.rates, coefficients, j, sign })
    }

    /// Looks for f ≥ 0 in a piece in which f rises and then falls, and f' e^{λ_0 t} falls throughout.
    ///
    /// It stops as soon as f ≥ 0, or as the bound |f'| s on what the maximum, within s, may be higher leaves it below: before the
    /// maximum f' is at most what it is here; after it, |f'| at most e^{λ_0 s} times that.
    #[inline(always)]
    fn maximum(&mut self, coefficients: &Coefficients<M>, mut left: f64, mut right: f64) -> Maximum {
        let mut decays = self.rates.decays(left);
        let mut t = if M == 2 {
            self.zero_of_two(coefficients)
        } else {
            left - level(coefficients, 1, &decays) / level(coefficients, 2, &decays)
        };
        let (mut width, mut slow) = (right - left, 0);
        loop {
            if !(left < t && t < right) || slow > 2 {
                t = left + 0.5 * (right - left);
            }
            let adjacent = !(left < t && t < right);
            decays = self.rates.decays(t);
            let (value, slope) = (self.f.value(&decays), level(coefficients, 1, &decays));
            let end = if slope > 0.0 { &mut left } else { &mut right };
            *end = t;
            let s = right - left;
            let higher = if slope > 0.0 { slope * s } else { -slope * s * exp(self.rates.lambda[0] * s) };
            if value >= 0.0 || value + higher < 0.0 || slope == 0.0 || adjacent {
                self.graze(value, &decays);
                return if value >= 0.0 { Maximum::Reaches(t) } else { Maximum::Below };
            }
            slow = if s <= 0.5 * width { 0 } else { slow + 1 };
            width = if slow == 0 { s } else { width };
            t -= slope / level(coefficients, 2, &decays);
        }
    }

    /// Counts a maximum that is at threshold but for the last bits of f.
    #[inline(always)]
    fn graze(&mut self, value: f64, decays: &[f64; M]) {
        if value.abs() <= GRAZING_ULP * f64::EPSILON * self.f.magnitude(decays) {
            self.counts.grazing += 1;
        }
    }

    /// The crossing between a time with f < 0 and a later one with f ≥ 0.
    #[inline(always)]
    fn root(&self, below: f64, above: f64) -> f64 {
        close_in(below, above, &ZeroOfApproach { f: self.f, rates: self.rates })
    }
}

/// f, as a function to close in on a zero of.
struct ZeroOfApproach<'a, const M: usize> {
    f: &'a Approach<M>,
    rates: &'a DecayRates<M>,
}

impl<const M: usize> Function for ZeroOfApproach<'_, M> {
    #[inline(always)]
    fn sample(&self, t: f64) -> Evaluated {
        let decays = self.rates.decays(t);
        Evaluated {
            value: self.f.value(&decays),
            slope: self.f.slope_after(self.rates, &decays),
            rounding: 0.5 * f64::EPSILON * self.f.magnitude(&decays),
        }
    }
}

/// `sign` L_j, as a function to close in on a zero of.
struct ZeroOfLevel<'a, const M: usize> {
    rates: &'a DecayRates<M>,
    coefficients: &'a Coefficients<M>,
    j: usize,
    sign: f64,
}

impl<const M: usize> Function for ZeroOfLevel<'_, M> {
    #[inline(always)]
    fn sample(&self, t: f64) -> Evaluated {
        let (decays, mut magnitude) = (self.rates.decays(t), 0.0);
        for k in self.j - 1..M {
            magnitude = self.coefficients[self.j - 1][k].abs().mul_add(decays[k], magnitude);
        }
        Evaluated {
            value: self.sign * level(self.coefficients, self.j, &decays),
            slope: self.sign * level(self.coefficients, self.j + 1, &decays),
            rounding: 0.5 * f64::EPSILON * magnitude,
        }
    }
}

/// L_j where the modes have decayed to `decays`; 0 beyond the last.
#[inline(always)]
fn level<const M: usize>(coefficients: &Coefficients<M>, j: usize, decays: &[f64; M]) -> f64 {
    if j > M {
        return 0.0;
    }
    let mut sum = 0.0;
    for k in j - 1..M {
        sum = coefficients[j - 1][k].mul_add(decays[k], sum);
    }
    sum
}

/// A bound of the changes of sign of first, first + rest_0, first + rest_0 + rest_1, …; as many as there can be where one of these
/// is 0 within rounding.
#[inline(always)]
fn sign_changes(first: f64, rest: &[f64]) -> usize {
    let (mut sum, mut magnitude) = (first, first.abs());
    let (mut changes, mut uncertain) = (0, false);
    for &term in rest {
        let before = sum;
        sum += term;
        magnitude += term.abs();
        changes += usize::from((before < 0.0) != (sum < 0.0));
        uncertain |= term != 0.0 && before.abs().min(sum.abs()) <= (rest.len() + 1) as f64 * f64::EPSILON * magnitude;
    }
    if uncertain { rest.len() } else { changes }
}
