//! Evaluates a formula over the neurons of a population, several at once, without allocation.

use pulp::{Arch, Simd, WithSimd};

use super::parse::{Binary, Formula, STACK, Step, Unary};
use crate::numeric::sigmoid_all;
use crate::plasticity::{LocalSignals, Measurement, NeuronConstants};

/// Neurons that are evaluated at once.
const CHUNK: usize = 64;

/// Values of as many neurons.
type Chunk = [f64; CHUNK];

/// A formula of the signals and constants of one population.
#[derive(Clone, Debug)]
pub(super) struct Program {
    operations: Vec<Operation>,
    measurements: Vec<Measurement>,
    depth: usize,
}

/// A step with the constants of the population in place.
#[derive(Clone, Copy, Debug)]
enum Operation {
    Number(f64),
    Signal(Measurement),
    Unary(Unary),
    Binary(Binary),
}

impl Program {
    /// The formula for neurons with these constants. The gain of an encoder, which has none, is NaN.
    pub(super) fn new(formula: &Formula, constants: NeuronConstants) -> Self {
        let operation = |step: &Step| match *step {
            Step::Number(number) => Operation::Number(number),
            Step::Gain => Operation::Number(constants.gain.unwrap_or(f64::NAN)),
            Step::PhiMax => Operation::Number(constants.phi_max),
            Step::Signal(measurement) => Operation::Signal(measurement),
            Step::Unary(operation) => Operation::Unary(operation),
            Step::Binary(operation) => Operation::Binary(operation),
        };
        Self {
            operations: formula.steps.iter().map(operation).collect(),
            measurements: formula.measurements().iter().map(|(measurement, _)| *measurement).collect(),
            depth: formula.depth,
        }
    }

    /// The measurements that it reads.
    pub(super) fn measurements(&self) -> &[Measurement] {
        &self.measurements
    }

    /// Evaluates it for every neuron; `take` is given the first neuron of a chunk and the values of its neurons. A signal that
    /// is not measured is NaN.
    pub(super) fn evaluate(&self, signals: LocalSignals<'_>, mut take: impl FnMut(usize, &[f64])) {
        let mut stack = [[0.0; CHUNK]; STACK];
        for first in (0..signals.size).step_by(CHUNK) {
            let values = Arch::new().dispatch(Evaluate { program: self, signals, first, stack: &mut stack });
            take(first, &values[..CHUNK.min(signals.size - first)]);
        }
    }
}

/// Evaluates one chunk; its values are left at the foot of the stack.
struct Evaluate<'a> {
    program: &'a Program,
    signals: LocalSignals<'a>,
    first: usize,
    stack: &'a mut [Chunk; STACK],
}

impl<'a> WithSimd for Evaluate<'a> {
    type Output = &'a Chunk;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> &'a Chunk {
        let Self { program, signals, first, stack } = self;
        debug_assert!(program.depth <= STACK);
        let mut height = 0;
        for operation in &program.operations {
            match *operation {
                Operation::Number(number) => {
                    stack[height].fill(number);
                    height += 1;
                }
                Operation::Signal(measurement) => {
                    load(signals.get(measurement), first, &mut stack[height]);
                    height += 1;
                }
                Operation::Unary(operation) => unary(operation, &mut stack[height - 1]),
                Operation::Binary(operation) => {
                    let (below, above) = stack.split_at_mut(height - 1);
                    binary(operation, &mut below[height - 2], &above[0]);
                    height -= 1;
                }
            }
        }
        &stack[0]
    }
}

#[inline(always)]
fn load(values: &[f64], first: usize, chunk: &mut Chunk) {
    let there = values.get(first..).unwrap_or_default();
    let there = &there[..there.len().min(CHUNK)];
    chunk[..there.len()].copy_from_slice(there);
    chunk[there.len()..].fill(f64::NAN);
}

#[inline(always)]
fn unary(operation: Unary, x: &mut Chunk) {
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
fn binary(operation: Binary, a: &mut Chunk, b: &Chunk) {
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
