//! Rules of recurrent networks and the tasks they are compared on.
//!
//! Learning rates were tried on short sums and symbols; those on images are first guesses. A gradient is cut to length 1, or
//! a steep one throws the network off.

use super::tasks::{adding, recall, rows_of_image};
use super::{Attention, Bptt, Recurrent, RecurrentRule, Replay, Rtrl, Sequence, StoredSteps, Uoro};
use crate::data::Presentations;
use crate::numeric::largest;
use crate::rate::{Activation, Readout};

/// A rule ready to be trained.
#[derive(Clone, Copy)]
pub struct RecurrentRuleEntry {
    /// Name on the command line and in files.
    pub name: &'static str,
    /// Name in full.
    pub title: &'static str,
    /// Learning rate on the [`Task`]s, in their order.
    pub rates: [f64; 3],
    build: fn(u64) -> Box<dyn RecurrentRule>,
}

/// All rules of recurrent networks.
pub const RECURRENT_RULES: [RecurrentRuleEntry; 6] = [
    RecurrentRuleEntry {
        name: "bptt",
        title: "Backprop through time",
        rates: [0.03, 0.1, 0.03],
        build: |_| Box::new(Bptt::default()),
    },
    RecurrentRuleEntry {
        name: "truncated-bptt",
        title: "Backprop through time, cut after 5 steps",
        rates: [0.03, 0.1, 0.03],
        build: |_| Box::new(Bptt { steps: Some(5) }),
    },
    RecurrentRuleEntry {
        name: "rtrl",
        title: "Real-time recurrent learning",
        rates: [0.03, 0.1, 0.03],
        build: |_| Box::new(Rtrl),
    },
    RecurrentRuleEntry {
        name: "uoro",
        title: "Unbiased online recurrent optimisation",
        rates: [0.01, 0.03, 0.003],
        build: |seed| Box::new(Uoro { seed, shown: 0 }),
    },
    RecurrentRuleEntry {
        name: "replay",
        title: "Replay of stored events",
        rates: [0.03, 0.1, 0.03],
        build: |_| Box::new(Replay { stored: StoredSteps::Events, steps: Some(8) }),
    },
    RecurrentRuleEntry {
        name: "attention",
        title: "Attention over stored events",
        rates: [0.03, 0.1, 0.03],
        build: |_| Box::new(Attention { stored: StoredSteps::Events, steps: Some(5) }),
    },
];

impl RecurrentRuleEntry {
    /// The entry of this name.
    pub fn find(name: &str) -> Option<Self> {
        RECURRENT_RULES.into_iter().find(|entry| entry.name == name)
    }
}

/// What is learnt.
#[derive(Clone, Debug)]
pub enum Task {
    /// The sum of two marked numbers, after so many steps.
    Adding {
        /// Steps of a sequence.
        steps: usize,
    },
    /// Symbols shown are asked back, in their order, after a pause.
    Recall {
        /// Different symbols.
        symbols: usize,
        /// Symbols of a sequence.
        length: usize,
        /// Steps between the last symbol and the first asked.
        pause: usize,
    },
    /// Images row by row.
    Rows {
        /// Trained on.
        training: Presentations,
        /// Tested on.
        evaluation: Presentations,
        /// Rows of an image.
        rows: usize,
        /// Different labels.
        classes: usize,
    },
}

/// Seeds of test sequences are those of training and this.
const TEST: u64 = 1 << 32;

impl Task {
    /// Its place among the learning rates of a [`RecurrentRuleEntry`].
    fn place(&self) -> usize {
        match self {
            Self::Adding { .. } => 0,
            Self::Recall { .. } => 1,
            Self::Rows { .. } => 2,
        }
    }

    /// Training sequence `n`.
    pub fn training(&self, seed: u64, n: u64) -> Sequence {
        match self {
            Self::Adding { steps } => adding(seed, n, *steps),
            Self::Recall { symbols, length, pause } => recall(seed, n, *symbols, *length, *pause),
            Self::Rows { training, rows, classes, .. } => {
                rows_of_image(training, (n % training.len() as u64) as usize, *rows, *classes)
            }
        }
    }

    /// Test sequence `n`.
    pub fn test(&self, seed: u64, n: u64) -> Sequence {
        match self {
            Self::Rows { evaluation, rows, classes, .. } => {
                rows_of_image(evaluation, (n % evaluation.len() as u64) as usize, *rows, *classes)
            }
            _ => self.training(seed.wrapping_add(TEST), n),
        }
    }

    /// A network of `units` units for it.
    pub fn network(&self, units: usize, seed: u64) -> Recurrent {
        let one = self.training(seed, 0);
        let readout = match self {
            Self::Adding { .. } => Readout::Squared(Activation::Linear),
            _ => Readout::Softmax,
        };
        Recurrent::new(one.inputs.ncols(), units, one.targets.ncols(), readout, seed)
    }

    /// How far off a network is over `count` test sequences, by a rule's answers: the mean squared error of sums, or the part of
    /// steps asked that are answered wrongly [%].
    pub fn error(&self, rule: &dyn RecurrentRule, network: &Recurrent, seed: u64, count: u64) -> f64 {
        let (mut wrong, mut asked) = (0.0, 0.0);
        for n in 0..count {
            let sequence = self.test(seed, n);
            let y = rule.answers(network, &sequence);
            for (t, _) in sequence.weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0) {
                let (y, wanted) = (y.row(t), sequence.targets.row(t));
                wrong += match self {
                    Self::Adding { .. } => (&y - &wanted).mapv(|e| e * e).sum(),
                    _ => 100.0 * f64::from(u8::from(largest(y.iter().copied()) != largest(wanted.iter().copied()))),
                };
                asked += 1.0;
            }
        }
        wrong / asked
    }

    /// What [`Task::error`] measures.
    pub fn measure(&self) -> &'static str {
        match self {
            Self::Adding { .. } => "mean squared error",
            Self::Recall { .. } => "symbols wrong [%]",
            Self::Rows { .. } => "images wrong [%]",
        }
    }
}

/// A network in training.
pub struct RecurrentLearner<'a> {
    /// The network as it is.
    pub network: Recurrent,
    task: &'a Task,
    rule: Box<dyn RecurrentRule>,
    rate: f64,
    seed: u64,
    seen: u64,
}

impl<'a> RecurrentLearner<'a> {
    /// A network of `units` units at the start of a task.
    pub fn new(entry: &RecurrentRuleEntry, task: &'a Task, units: usize, seed: u64) -> Self {
        let (rate, rule) = (entry.rates[task.place()], (entry.build)(seed));
        Self { network: rule.start(task.network(units, seed), seed), task, rule, rate, seed, seen: 0 }
    }

    /// How far off it is over `count` test sequences ([`Task::error`]).
    pub fn error(&self, count: u64) -> f64 {
        self.task.error(&*self.rule, &self.network, self.seed, count)
    }

    /// Shows the next sequence and learns from it.
    pub fn step(&mut self) {
        let change = self.rule.present(&self.network, &self.task.training(self.seed, self.seen));
        let length = change.parameters().iter().map(|x| x * x).sum::<f64>().sqrt();
        self.network.add(self.rate / length.max(1.0), &change);
        self.seen += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Always answering 1 has a mean squared error of 1/6; chance is wrong in 75 % of four symbols.
    #[test]
    fn every_rule_learns_short_sums_and_symbols() {
        for (task, bound) in
            [(Task::Adding { steps: 4 }, 0.75 / 6.0), (Task::Recall { symbols: 4, length: 1, pause: 1 }, 30.0)]
        {
            for entry in RECURRENT_RULES {
                let mut learner = RecurrentLearner::new(&entry, &task, 12, 1);
                (0..8000).for_each(|_| learner.step());
                let error = learner.error(300);
                assert!(error < bound, "{}: {error} on {task:?}", entry.name);
            }
        }
    }

    /// Chance is wrong in 75 % of four symbols; 5 points are four standard errors of 1,200 answers.
    #[test]
    fn over_a_pause_of_500_steps_only_rules_that_remember_recall() {
        let task = Task::Recall { symbols: 4, length: 3, pause: 500 };
        let error = |name: &str| {
            let entry = RecurrentRuleEntry::find(name).unwrap();
            let mut learner = RecurrentLearner::new(&entry, &task, 16, 1);
            (0..3000).for_each(|_| learner.step());
            learner.error(400)
        };
        let chance = error("truncated-bptt");
        assert!((chance - 75.0).abs() < 5.0, "truncated-bptt: {chance} %");
        for name in ["replay", "attention"] {
            let error = error(name);
            assert!(error < 1.0, "{name}: {error} %");
        }
    }

    #[test]
    fn test_sequences_are_not_those_of_training() {
        let task = Task::Adding { steps: 4 };
        for seed in [1, u64::MAX] {
            assert_ne!(task.training(seed, 0), task.test(seed, 0));
        }
    }
}
