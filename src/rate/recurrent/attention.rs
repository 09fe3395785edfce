//! Content-addressed attention over stored events: at a step that is asked, the state h_t reads the states h_s of the events
//! stored before it, each by the softmax of how well it matches,
//!
//! α_ts = softmax_s(h_tᵀ Q h_s),  r_t = Σ_s α_ts h_s,  y_t = f(W_out h_t + R r_t + b),
//!
//! and errors go back along these reads, and from every state that they reach over k steps alone: credit jumps to the events that
//! are read, whatever lies between. With all steps stored and k as long as the sequence it is the gradient.
//!
//! After sparse attentive backtracking, Ke et al. (2018), Advances in Neural Information Processing Systems 31, where states are
//! read into the network; here reads go to the answer alone, and are not thinned out to the best few.

use ndarray::{Array1, Array2, Axis};

use super::bptt::truncated;
use super::events::StoredSteps;
use super::{MemoryReads, Recurrent, RecurrentChange, RecurrentRule, RecurrentStates, Sequence};
use crate::numeric::{Purpose, exp};
use crate::rate::draws::{stream_of, uniform};

/// The rule.
#[derive(Clone, Copy, Debug, Default)]
pub struct Attention {
    /// Steps whose states are stored.
    pub stored: StoredSteps,
    /// Steps k that an error goes back over from each state it reaches, that state's own included; none: all.
    pub steps: Option<usize>,
}

/// One read of the memory.
struct Read {
    /// The step that reads.
    step: usize,
    /// The states that are read, [events, n].
    states: Array2<f64>,
    /// Their steps.
    steps: Vec<usize>,
    /// Part of each, α, [events].
    alpha: Array1<f64>,
    /// What is read, r, [n].
    sum: Array1<f64>,
}

impl Attention {
    /// Runs through a sequence, with all reads at steps that are asked; before any event there is nothing to read.
    fn run(self, network: &Recurrent, sequence: &Sequence) -> (RecurrentStates, Vec<Read>) {
        let mut states = network.run(sequence);
        let Some(MemoryReads { query, out }) = &network.reads else { return (states, Vec::new()) };
        let stored = self.stored.of(sequence);
        let mut reads = Vec::new();
        let mut drive = network.out.drive(&states.h);
        for step in (0..sequence.weights.len()).filter(|&t| sequence.weights[t] > 0.0) {
            let steps: Vec<usize> = stored.iter().copied().take_while(|&s| s < step).collect();
            if steps.is_empty() {
                continue;
            }
            let memory = states.h.select(Axis(0), &steps);
            let mut alpha = memory.dot(&query.t().dot(&states.h.row(step)));
            let most = alpha.fold(f64::NEG_INFINITY, |most, &match_| most.max(match_));
            alpha.mapv_inplace(|match_| exp(match_ - most));
            alpha /= alpha.sum();
            let sum = alpha.dot(&memory);
            drive.row_mut(step).scaled_add(1.0, &out.dot(&sum));
            reads.push(Read { step, states: memory, steps, alpha, sum });
        }
        states.y = network.readout.answers(&drive);
        let weights = sequence.weights.view().insert_axis(Axis(1));
        states.errors = network.readout.errors(&drive, &states.y, &sequence.targets) * weights;
        (states, reads)
    }
}

impl RecurrentRule for Attention {
    fn start(&self, mut network: Recurrent, seed: u64) -> Recurrent {
        let (n, outputs) = (network.units(), network.out.weights.nrows());
        let draw = |layer: u32, shape| {
            uniform(&mut stream_of(seed, Purpose::Weights(layer), 0), (3.0 / n as f64).sqrt(), shape)
        };
        network.reads = Some(MemoryReads { query: draw(2, (n, n)), out: draw(3, (outputs, n)) });
        network
    }

    fn answers(&self, network: &Recurrent, sequence: &Sequence) -> Array2<f64> {
        self.run(network, sequence).0.y
    }

    fn present(&mut self, network: &Recurrent, sequence: &Sequence) -> RecurrentChange {
        let (states, reads) = self.run(network, sequence);
        let mut errors = network.errors_at_responses(&states);
        let change = network.reads.as_ref().map(|MemoryReads { query, out }| {
            let (mut query_change, mut out_change) = (Array2::zeros(query.dim()), Array2::zeros(out.dim()));
            for Read { step, states: memory, steps, alpha, sum } in &reads {
                let (error, h) = (states.errors.row(*step), states.h.row(*step));
                out_change.scaled_add(-1.0, &outer(&error.to_owned(), sum));
                let at_sum = out.t().dot(&error);
                let at_alpha = memory.dot(&at_sum);
                let at_match = alpha * &(&at_alpha - alpha.dot(&at_alpha));
                let matched = at_match.dot(memory);
                query_change.scaled_add(-1.0, &outer(&h.to_owned(), &matched));
                errors.row_mut(*step).scaled_add(1.0, &query.dot(&matched));
                let asked = query.t().dot(&h);
                for ((&s, &alpha), &at_match) in steps.iter().zip(alpha).zip(&at_match) {
                    errors.row_mut(s).scaled_add(alpha, &at_sum);
                    errors.row_mut(s).scaled_add(at_match, &asked);
                }
            }
            MemoryReads { query: query_change, out: out_change }
        });
        let w = truncated(network, &states, &errors, self.steps.unwrap_or(errors.nrows()));
        RecurrentChange { w, out: Recurrent::readout_change(&states), reads: change }
    }
}

/// a bᵀ.
fn outer(a: &Array1<f64>, b: &Array1<f64>) -> Array2<f64> {
    &a.view().insert_axis(Axis(1)) * b
}

#[cfg(test)]
mod tests {
    use super::super::Bptt;
    use super::super::fixtures::{off, setting};
    use super::*;

    const WHOLE: Attention = Attention { stored: StoredSteps::All, steps: None };

    fn loss(network: &Recurrent, sequence: &Sequence) -> f64 {
        let answers = WHOLE.answers(network, sequence);
        network.readout.losses(&answers, &sequence.targets).dot(&sequence.weights)
    }

    #[test]
    fn of_a_whole_memory_the_change_is_minus_the_gradient_by_finite_differences() {
        let (network, sequence) = setting();
        let network = WHOLE.start(network, 1);
        let found = { WHOLE }.present(&network, &sequence);
        let parameters = |network: &Recurrent| network.w.len() + network.out.weights.len() + network.out.biases.len();
        let count =
            parameters(&network) + network.reads.as_ref().map_or(0, |reads| reads.query.len() + reads.out.len());
        let flat = found.parameters();
        assert_eq!(flat.len(), count);
        let step = 1e-5;
        let at = |index: usize, by: f64| {
            let mut direction = found.clone();
            direction.parameters_mut().into_iter().enumerate().for_each(|(i, x)| *x = f64::from(u8::from(i == index)));
            let mut moved = network.clone();
            moved.add(by, &direction);
            loss(&moved, &sequence)
        };
        let expected: Vec<f64> = (0..count).map(|i| (at(i, -step) - at(i, step)) / (2.0 * step)).collect();
        let difference = crate::rate::fixtures::relative_difference(&flat, &expected);
        assert!(difference < 1e-6, "{difference}");
        let cut = Attention { stored: StoredSteps::All, steps: Some(1) }.present(&network, &sequence);
        assert!(off(&cut, &found) > 1e-3);
    }

    /// Reads that go nowhere change nothing but themselves.
    #[test]
    fn without_reads_it_is_backpropagation_through_time() {
        let (network, sequence) = setting();
        let expected = Bptt::default().present(&network, &sequence);
        let mut network = WHOLE.start(network, 1);
        network.reads.iter_mut().for_each(|reads| reads.out.fill(0.0));
        let found = { WHOLE }.present(&network, &sequence);
        assert!(off(&RecurrentChange { reads: None, ..found }, &expected) < 1e-12);
    }
}
