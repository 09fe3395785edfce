//! A memory of past events: which steps of a sequence are stored.

use ndarray::Axis;

use super::Sequence;

/// The steps that are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StoredSteps {
    /// Events: steps at which an input is not 0, or an answer is asked.
    #[default]
    Events,
    /// All: the memory is whole.
    All,
}

impl StoredSteps {
    /// The stored steps of a sequence, ascending.
    pub fn of(self, sequence: &Sequence) -> Vec<usize> {
        let is_event = |t: usize| sequence.weights[t] > 0.0 || sequence.inputs.row(t).iter().any(|&x| x != 0.0);
        (0..sequence.inputs.nrows()).filter(|&t| self == Self::All || is_event(t)).collect()
    }
}

/// The stored steps of a sequence, one right after the other.
pub(super) fn replayed(sequence: &Sequence, stored: &[usize]) -> Sequence {
    Sequence {
        inputs: sequence.inputs.select(Axis(0), stored),
        targets: sequence.targets.select(Axis(0), stored),
        weights: sequence.weights.select(Axis(0), stored),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tasks::recall;
    use super::*;

    #[test]
    fn a_pause_is_no_event() {
        let (with, without) = (recall(1, 3, 4, 2, 50), recall(1, 3, 4, 2, 0));
        let stored = StoredSteps::Events.of(&with);
        assert_eq!(stored, [0, 1, 52, 53]);
        assert_eq!(replayed(&with, &stored), without);
        assert_eq!(StoredSteps::All.of(&with).len(), 54);
    }
}
