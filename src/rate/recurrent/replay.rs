//! Replay of stored events: before it answers, the network goes through the events of the sequence again, one right after the
//! other, without the steps between; errors go back over the last k replayed events alone (truncated backpropagation through
//! time). What is far in time is near in replay. With all steps stored and k as long as the sequence it is backpropagation through time.
//!
//! Replay of experience in its order, faster than it was made, as hippocampal place cells do it (Skaggs & McNaughton 1996,
//! Science 271:1870); that errors are assigned on replay is this rule's assumption.

use ndarray::Array2;

use super::events::{StoredSteps, replayed};
use super::{Bptt, Recurrent, RecurrentChange, RecurrentRule, Sequence};

/// The rule.
#[derive(Clone, Copy, Debug, Default)]
pub struct Replay {
    /// Steps that are stored, and so replayed.
    pub stored: StoredSteps,
    /// Replayed steps k that an error goes back over, its own included; none: all.
    pub steps: Option<usize>,
}

impl RecurrentRule for Replay {
    fn present(&mut self, network: &Recurrent, sequence: &Sequence) -> RecurrentChange {
        Bptt { steps: self.steps }.present(network, &replayed(sequence, &self.stored.of(sequence)))
    }

    fn answers(&self, network: &Recurrent, sequence: &Sequence) -> Array2<f64> {
        let stored = self.stored.of(sequence);
        let answers = network.run(&replayed(sequence, &stored)).y;
        let mut all = Array2::zeros(sequence.targets.dim());
        stored.iter().zip(answers.rows()).for_each(|(&t, answer)| all.row_mut(t).assign(&answer));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{off, setting};
    use super::*;

    #[test]
    fn of_a_whole_memory_it_is_backpropagation_through_time() {
        let (network, sequence) = setting();
        let whole = Bptt::default().present(&network, &sequence);
        let replayed = |stored, steps| off(&Replay { stored, steps }.present(&network, &sequence), &whole);
        assert!(replayed(StoredSteps::All, None) < 1e-14 && replayed(StoredSteps::All, Some(7)) < 1e-14);
        assert!(replayed(StoredSteps::All, Some(2)) > 1e-6);
        let answers = Replay { stored: StoredSteps::All, steps: None }.answers(&network, &sequence);
        assert_eq!(answers, network.run(&sequence).y);
    }
}
