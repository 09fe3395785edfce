//! Recurrent networks of tanh units, and the rules that learn from sequences.
//!
//! h_t = tanh(W z_t) with z_t = (h_{t−1}, x_t, 1), h_{−1} = 0, and a readout of h_t at every step. The loss of a sequence
//! is the sum over its steps of the loss at the step times the weight of the step. Some rules remember events of a sequence, and answer
//! by that.

#![allow(clippy::needless_pass_by_value, reason = "views are handed on as slices are")]

mod attention;
mod bptt;
mod events;
pub mod registry;
mod replay;
mod rtrl;
pub mod tasks;
mod uoro;

use ndarray::{Array1, Array2, ArrayView1, s};

pub use attention::Attention;
pub use bptt::Bptt;
pub use events::StoredSteps;
pub use replay::Replay;
pub use rtrl::Rtrl;
pub use uoro::Uoro;

use super::draws::{stream_of, uniform};
use super::{Activation, Layer, Readout};
use crate::numeric::Purpose;

/// A recurrent network.
#[derive(Clone, Debug, PartialEq)]
pub struct Recurrent {
    /// Weights W of the units from themselves, the inputs and a constant 1, [n, n + inputs + 1].
    pub w: Array2<f64>,
    /// Readout layer.
    pub out: Layer,
    /// Reads of a memory, if it has one.
    pub reads: Option<MemoryReads>,
    /// Response and loss of the readout.
    pub readout: Readout,
}

/// How states of a network read states that are stored; also what a rule adds to that.
#[derive(Clone, Debug, PartialEq)]
pub struct MemoryReads {
    /// Q: a state h matches a stored one s by hᵀ Q s, [n, n].
    pub query: Array2<f64>,
    /// R: what is read adds to the drive of the readout, [outputs, n].
    pub out: Array2<f64>,
}

/// A sequence of T steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Sequence {
    /// Inputs, [T, inputs].
    pub inputs: Array2<f64>,
    /// Wanted answers, [T, outputs].
    pub targets: Array2<f64>,
    /// Weight of each step's loss, [T]; 0: not asked.
    pub weights: Array1<f64>,
}

/// The states of a network over a sequence.
#[derive(Clone, Debug, PartialEq)]
pub struct RecurrentStates {
    /// What drives the units, z_t, [T, n + inputs + 1].
    pub z: Array2<f64>,
    /// Responses h_t, [T, n].
    pub h: Array2<f64>,
    /// Answers, [T, outputs].
    pub y: Array2<f64>,
    /// Weighted errors at the readout's drive, [T, outputs].
    pub errors: Array2<f64>,
}

/// What a rule adds to a network, per unit of learning rate.
#[derive(Clone, Debug, PartialEq)]
pub struct RecurrentChange {
    /// To W, [n, n + inputs + 1].
    pub w: Array2<f64>,
    /// To the readout.
    pub out: Layer,
    /// To the reads of a memory, if the network has one.
    pub reads: Option<MemoryReads>,
}

/// A learning rule of recurrent networks.
pub trait RecurrentRule {
    /// Shows a sequence and returns what the rule adds to the network, per unit of learning rate.
    fn present(&mut self, network: &Recurrent, sequence: &Sequence) -> RecurrentChange;

    /// What the network answers, [T, outputs], by what the rule has it remember.
    fn answers(&self, network: &Recurrent, sequence: &Sequence) -> Array2<f64> {
        network.run(sequence).y
    }

    /// A network as the rule has it start.
    fn start(&self, network: Recurrent, seed: u64) -> Recurrent {
        let _ = seed;
        network
    }
}

impl Recurrent {
    /// A network of `n` units with uniform weights of variance 1/fan-in and biases of 0.
    pub fn new(inputs: usize, n: usize, outputs: usize, readout: Readout, seed: u64) -> Self {
        let draw = |layer: u32, fan_in: usize, shape: (usize, usize)| {
            let mut stream = stream_of(seed, Purpose::Weights(layer), 0);
            uniform(&mut stream, (3.0 / fan_in as f64).sqrt(), shape)
        };
        let mut w = draw(0, n + inputs, (n, n + inputs + 1));
        w.column_mut(n + inputs).fill(0.0);
        let out = Layer { weights: draw(1, n, (outputs, n)), biases: Array1::zeros(outputs) };
        Self { w, out, reads: None, readout }
    }

    /// Number of units.
    pub fn units(&self) -> usize {
        self.w.nrows()
    }

    /// Runs through a sequence.
    pub fn run(&self, sequence: &Sequence) -> RecurrentStates {
        let (steps, n) = (sequence.inputs.nrows(), self.units());
        let mut z = Array2::ones((steps, self.w.ncols()));
        let mut h = Array2::zeros((steps, n));
        for t in 0..steps {
            if t > 0 {
                z.slice_mut(s![t, ..n]).assign(&h.row(t - 1));
            } else {
                z.slice_mut(s![0, ..n]).fill(0.0);
            }
            z.slice_mut(s![t, n..self.w.ncols() - 1]).assign(&sequence.inputs.row(t));
            h.row_mut(t).assign(&self.w.dot(&z.row(t)).mapv(|a| Activation::Tanh.value(a)));
        }
        let a = self.out.drive(&h);
        let y = self.readout.answers(&a);
        let weights = sequence.weights.view().insert_axis(ndarray::Axis(1));
        let errors = self.readout.errors(&a, &y, &sequence.targets) * weights;
        RecurrentStates { z, h, y, errors }
    }

    /// The loss of a sequence.
    pub fn loss(&self, sequence: &Sequence) -> f64 {
        self.readout.losses(&self.run(sequence).y, &sequence.targets).dot(&sequence.weights)
    }

    /// Adds a change times the learning rate.
    pub fn add(&mut self, rate: f64, change: &RecurrentChange) {
        self.w.scaled_add(rate, &change.w);
        self.out.add(rate, &change.out);
        for (reads, change) in self.reads.iter_mut().zip(&change.reads) {
            reads.query.scaled_add(rate, &change.query);
            reads.out.scaled_add(rate, &change.out);
        }
    }

    /// Whether all of its parameters are finite numbers.
    pub fn is_finite(&self) -> bool {
        let own = self.w.iter().chain(&self.out.weights).chain(&self.out.biases);
        let reads = self.reads.iter().flat_map(|reads| reads.query.iter().chain(&reads.out));
        own.chain(reads).all(|x| x.is_finite())
    }

    /// The change of the readout down its own errors, the same for every rule.
    fn readout_change(states: &RecurrentStates) -> Layer {
        let biases = -states.errors.sum_axis(ndarray::Axis(0));
        Layer { weights: -states.errors.t().dot(&states.h), biases }
    }

    /// What the errors at the readout are at the responses, C_t = W_outᵀ e_t, [T, n].
    fn errors_at_responses(&self, states: &RecurrentStates) -> Array2<f64> {
        states.errors.dot(&self.out.weights)
    }

    /// Weights of the units from themselves, [n, n].
    fn among_units(&self) -> ndarray::ArrayView2<'_, f64> {
        self.w.slice(s![.., ..self.units()])
    }
}

impl RecurrentChange {
    /// All of its numbers: of W, the readout and the reads.
    pub fn parameters(&self) -> Vec<f64> {
        let reads = self.reads.iter().flat_map(|reads| reads.query.iter().chain(&reads.out));
        self.w.iter().chain(&self.out.weights).chain(&self.out.biases).chain(reads).copied().collect()
    }

    /// As [`RecurrentChange::parameters`], to be set.
    #[cfg(test)]
    fn parameters_mut(&mut self) -> Vec<&mut f64> {
        let reads = self.reads.iter_mut().flat_map(|reads| reads.query.iter_mut().chain(&mut reads.out));
        self.w.iter_mut().chain(&mut self.out.weights).chain(&mut self.out.biases).chain(reads).collect()
    }
}

/// Slopes 1 − h² of tanh units with these responses, [n].
fn slopes(h: ArrayView1<'_, f64>) -> Array1<f64> {
    h.mapv(|h| 1.0 - h * h)
}

#[cfg(test)]
mod fixtures {
    use super::*;
    use crate::rate::fixtures::matrix;

    /// A network of 5 units and a sequence of 7 steps, asked at some of them.
    pub(super) fn setting() -> (Recurrent, Sequence) {
        let network = Recurrent::new(3, 5, 2, Readout::Squared(Activation::Linear), 1);
        let (inputs, targets) = (matrix((7, 3), 2), matrix((7, 2), 3));
        let weights = ndarray::array![0.0, 1.0, 0.0, 0.0, 0.5, 0.0, 2.0];
        (network, Sequence { inputs, targets, weights })
    }

    /// |a − b| / |b| over all parameters.
    pub(super) fn off(a: &RecurrentChange, b: &RecurrentChange) -> f64 {
        crate::rate::fixtures::relative_difference(&a.parameters(), &b.parameters())
    }
}
