//! Evaluates a formula over neurons or synapses, several at once, without allocation.

use pulp::{Arch, Simd, WithSimd};

use super::grammar::{Binary, Unary};
use super::parse::{FactorSignal, Formula, STACK, Step};
use crate::numeric::sigmoid_all;
use crate::plasticity::{LocalSignals, Measurement, NeuronConstants};

/// Places that are evaluated at once at most.
pub(in crate::plasticity) const CHUNK: usize = 64;

/// Values of as many neurons.
type Chunk = [f64; CHUNK];

/// Values that wait for their operator.
pub(in crate::plasticity) type Stack = [Chunk; STACK];

/// A stack to evaluate on.
pub(in crate::plasticity) const EMPTY: Stack = [[0.0; CHUNK]; STACK];

/// A formula of signals `N`, with its constants in place.
#[derive(Clone, Debug)]
pub(in crate::plasticity) struct Program<N> {
    steps: Vec<Step<N>>,
    depth: usize,
}

impl<N: Copy> Program<N> {
    /// The formula whose signals are these, or constants.
    pub(super) fn new<S: Copy>(formula: &Formula<S>, signal: impl Fn(S) -> Step<N>) -> Self {
        let step = |step: &Step<S>| match *step {
            Step::Number(number) => Step::Number(number),
            Step::Signal(of) => signal(of),
            Step::Unary(operation) => Step::Unary(operation),
            Step::Binary(operation) => Step::Binary(operation),
        };
        Self { steps: formula.steps.iter().map(step).collect(), depth: formula.depth }
    }

    /// The formula as it is.
    pub(in crate::plasticity) fn of(formula: &Formula<N>) -> Self {
        Self::new(formula, Step::Signal)
    }

    /// Evaluates it at `count` places of at most [`CHUNK`], for which `load` has the values of a signal.
    pub(in crate::plasticity) fn evaluate<'s>(
        &self,
        stack: &'s mut Stack,
        count: usize,
        load: impl Fn(N, &mut [f64]),
    ) -> &'s [f64] {
        Arch::new().dispatch(Evaluate { program: self, stack, count, load })
    }
}

impl Program<Measurement> {
    /// The formula for neurons with these constants. The gain of an encoder, which has none, is NaN.
    pub(super) fn of_trials(formula: &Formula, constants: NeuronConstants) -> Self {
        Self::new(formula, |signal| match signal {
            FactorSignal::Measured(measurement) => Step::Signal(measurement),
            FactorSignal::Gain => Step::Number(constants.gain.unwrap_or(f64::NAN)),
            FactorSignal::PhiMax => Step::Number(constants.phi_max),
        })
    }

    /// The measurements that it reads, each once.
    pub(super) fn measurements(&self) -> Vec<Measurement> {
        let mut measurements = Vec::new();
        for step in &self.steps {
            if let Step::Signal(measurement) = step
                && !measurements.contains(measurement)
            {
                measurements.push(*measurement);
            }
        }
        measurements
    }

    /// Evaluates it for every neuron; `take` is given the first neuron of a chunk and the values of its neurons. A signal that
    /// is not measured is NaN.
    pub(super) fn evaluate_all(&self, signals: LocalSignals<'_>, mut take: impl FnMut(usize, &[f64])) {
        let mut stack = EMPTY;
        for first in (0..signals.size).step_by(CHUNK) {
            let count = CHUNK.min(signals.size - first);
            take(first, self.evaluate(&mut stack, count, |of, values| load(signals.get(of), first, values)));
        }
    }
}

/// Evaluates one chunk; its values are left at the foot of the stack.
struct Evaluate<'a, 's, N, L> {
    program: &'a Program<N>,
    stack: &'s mut Stack,
    count: usize,
    load: L,
}

impl<'s, N: Copy, L: Fn(N, &mut [f64])> WithSimd for Evaluate<'_, 's, N, L> {
    type Output = &'s [f64];

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> &'s [f64] {
        let Self { program, stack, count, load } = self;
        debug_assert!(program.depth <= STACK);
        let mut height = 0;
        for step in &program.steps {
            match *step {
                Step::Number(number) => {
                    stack[height][..count].fill(number);
                    height += 1;
                }
                Step::Signal(signal) => {
                    load(signal, &mut stack[height][..count]);
                    height += 1;
                }
                Step::Unary(operation) => unary(operation, &mut stack[height - 1][..count]),
                Step::Binary(operation) => {
                    let (below, above) = stack.split_at_mut(height - 1);
                    binary(operation, &mut below[height - 2][..count], &above[0][..count]);
                    height -= 1;
                }
            }
        }
        &stack[0][..count]
    }
}

#[inline(always)]
fn load(values: &[f64], first: usize, chunk: &mut [f64]) {
    let there = values.get(first..).unwrap_or_default();
    let there = &there[..there.len().min(chunk.len())];
    chunk[..there.len()].copy_from_slice(there);
    chunk[there.len()..].fill(f64::NAN);
}

#[inline(always)]
fn unary(operation: Unary, x: &mut [f64]) {
    match operation {
        Unary::Negate => x.iter_mut().for_each(|x| *x = -*x),
        Unary::Exp => x.iter_mut().for_each(|x| *x = libm::exp(*x)),
        Unary::Ln => x.iter_mut().for_each(|x| *x = libm::log(*x)),
        Unary::Sqrt => x.iter_mut().for_each(|x| *x = x.sqrt()),
        Unary::Abs => x.iter_mut().for_each(|x| *x = x.abs()),
        Unary::Sign => x.iter_mut().for_each(|x| *x = if *x == 0.0 || x.is_nan() { *x } else { x.signum() }),
        Unary::Tanh => x.iter_mut().for_each(|x| *x = libm::tanh(*x)),
        Unary::Sigmoid => sigmoid_all(x),
    }
}

#[inline(always)]
fn binary(operation: Binary, a: &mut [f64], b: &[f64]) {
    match operation {
        Binary::Add => a.iter_mut().zip(b).for_each(|(a, b)| *a += b),
        Binary::Subtract => a.iter_mut().zip(b).for_each(|(a, b)| *a -= b),
        Binary::Multiply => a.iter_mut().zip(b).for_each(|(a, b)| *a *= b),
        Binary::Divide => a.iter_mut().zip(b).for_each(|(a, b)| *a /= b),
        Binary::Power => a.iter_mut().zip(b).for_each(|(a, b)| *a = libm::pow(*a, *b)),
        Binary::Min => a.iter_mut().zip(b).for_each(|(a, b)| *a = if *b < *a || b.is_nan() { *b } else { *a }),
        Binary::Max => a.iter_mut().zip(b).for_each(|(a, b)| *a = if *b > *a || b.is_nan() { *b } else { *a }),
    }
}
