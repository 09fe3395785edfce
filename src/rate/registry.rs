//! The rules of rate networks, each with the network and training configuration it is compared with.
//!
//! Sizes, data order and seeds are common to all; the response of the units belongs to a rule where its equations ask for
//! one. Learning rates and epochs were tried on the last 5,000 training images, never on the test set; those of rules
//! whose error does not stand in the changelog are first guesses.

use ndarray::Array1;

use super::draws::stream_of;
use super::rules::{
    Backprop, Delta, DifferenceTarget, Equilibrium, FeedbackAlignment, Hebbian, NodePerturbation, NudgeSign,
    Pseudobackprop, Quantised, Route, SegregatedDendrites, StackedAutoencoders, TemporalDerivative, Top,
    WeightPerturbation,
};
use super::{Activation, Dense, Learner, RateRule, Readout, TrainingConfig};
use crate::model::Schedule;
use crate::network::Moments;
use crate::numeric::Purpose;

/// Makes the network of these sizes, from input to output, and the rule, from a seed.
type Build = fn(&[usize], u64) -> (Dense, Box<dyn RateRule>);

/// A rule ready to be trained on a network of given sizes.
#[derive(Clone, Copy)]
pub struct RuleEntry {
    /// Name on the command line and in files.
    pub name: &'static str,
    /// Name in full.
    pub title: &'static str,
    build: Build,
    config: fn() -> TrainingConfig,
}

impl RuleEntry {
    /// The rule of this name.
    pub fn find(name: &str) -> Option<Self> {
        RULES.into_iter().find(|entry| entry.name == name)
    }

    /// The training configuration chosen for `layers` layers: where there are more than two, those between learn as the first.
    pub fn config(&self, layers: usize) -> TrainingConfig {
        let mut config = (self.config)();
        let (first, last) = (config.rates[0], config.rates[1]);
        config.rates = vec![first; layers];
        config.rates[layers - 1] = last;
        config
    }

    /// A network of these sizes, from input to output, before training by `config`.
    pub fn learner(&self, sizes: &[usize], config: TrainingConfig, seed: u64) -> Learner {
        let (network, rule) = (self.build)(sizes, seed);
        Learner::new(network, rule, config, seed)
    }
}

/// All rules, in the order of the table of rules.
pub const RULES: [RuleEntry; 16] = [
    RuleEntry {
        name: "delta",
        title: "Delta rule, hidden layers fixed",
        build: |sizes, seed| (relu(sizes, seed), Box::new(Delta)),
        config: || falling([0.0, 0.1], 0.9, 100, 6),
    },
    RuleEntry {
        name: "hebbian",
        title: "Hebbian readout, hidden layers fixed",
        build: |sizes, seed| (relu(sizes, seed), Box::new(Hebbian)),
        config: || falling([0.0, 0.01], 0.0, 100, 1),
    },
    RuleEntry {
        name: "weight-perturbation",
        title: "Weight perturbation",
        build: |sizes, seed| (relu(sizes, seed), Box::new(WeightPerturbation { s: 1e-3, seed, shown: 0 })),
        config: || falling([1e-5, 1e-5], 0.9, 100, 6),
    },
    RuleEntry {
        name: "node-perturbation",
        title: "Node perturbation",
        build: |sizes, seed| (relu(sizes, seed), Box::new(NodePerturbation { s: 1e-2, seed, shown: 0 })),
        config: || falling([0.002, 0.005], 0.9, 100, 6),
    },
    RuleEntry {
        name: "backprop",
        title: "Backprop",
        build: |sizes, seed| (relu(sizes, seed), Box::new(Backprop)),
        config: || falling([0.05, 0.05], 0.9, 100, 12),
    },
    RuleEntry {
        name: "quantised-backprop",
        title: "Backprop with 1-bit activities and 2-bit errors",
        build: |sizes, seed| (logistic(sizes, seed), Box::new(Quantised { seed, shown: 0 })),
        config: || falling([0.2, 0.05], 0.9, 100, 12),
    },
    RuleEntry {
        name: "feedback-alignment",
        title: "Feedback alignment",
        build: |sizes, seed| (relu(sizes, seed), aligned(sizes, Route::LayerAbove, seed)),
        config: || falling([0.05, 0.05], 0.9, 100, 12),
    },
    RuleEntry {
        name: "direct-feedback-alignment",
        title: "Direct feedback alignment",
        build: |sizes, seed| (relu(sizes, seed), aligned(sizes, Route::Output, seed)),
        config: || falling([0.05, 0.05], 0.9, 100, 12),
    },
    RuleEntry {
        name: "pseudobackprop",
        title: "Pseudobackprop",
        build: |sizes, seed| (tanh(sizes, seed), Box::new(Pseudobackprop)),
        config: || falling([0.05, 0.05], 0.9, 100, 12),
    },
    RuleEntry {
        name: "difference-target-propagation",
        title: "Difference target propagation",
        build: |sizes, seed| (tanh(sizes, seed), targets(sizes, Top::Gradient, seed)),
        config: || falling([0.1, 0.05], 0.9, 100, 10),
    },
    RuleEntry {
        name: "simplified-difference-target-propagation",
        title: "Simplified difference target propagation",
        build: |sizes, seed| (tanh(sizes, seed), targets(sizes, Top::Decoder, seed)),
        config: || falling([0.05, 0.05], 0.9, 100, 10),
    },
    RuleEntry {
        name: "stacked-autoencoders",
        title: "Stacked autoencoders, local updates",
        build: |sizes, seed| (tanh(sizes, seed), Box::new(StackedAutoencoders::new(sizes, 0.75, 0.01, seed))),
        config: || falling([0.01, 0.05], 0.9, 100, 10),
    },
    RuleEntry {
        name: "equilibrium",
        title: "Equilibrium propagation",
        build: |sizes, seed| (hard(sizes, seed), equilibrium(0.5, NudgeSign::Random, 4, seed)),
        config: || constant([0.1, 0.05], 20, 8),
    },
    RuleEntry {
        name: "contrastive-hebbian",
        title: "Contrastive Hebbian learning",
        build: |sizes, seed| (hard(sizes, seed), equilibrium(f64::INFINITY, NudgeSign::Fixed, 8, seed)),
        config: || constant([0.1, 0.05], 20, 8),
    },
    RuleEntry {
        name: "temporal-derivative",
        title: "Temporal derivatives",
        build: |sizes, seed| (tanh(sizes, seed), Box::new(TemporalDerivative { nudge: 0.5 })),
        config: || falling([0.05, 0.05], 0.9, 100, 12),
    },
    RuleEntry {
        name: "segregated-dendrites",
        title: "Segregated dendrites as rates",
        build: segregated,
        config: || TrainingConfig { brightest: PHI_MAX, ..falling([1.2, 0.3], 0.0, 10, 5) },
    },
];

fn falling(rates: [f64; 2], momentum: f64, batch: usize, epochs: u32) -> TrainingConfig {
    TrainingConfig { rates: rates.to_vec(), momentum, batch, epochs, schedule: Schedule::Linear, brightest: 1.0 }
}

fn constant(rates: [f64; 2], batch: usize, epochs: u32) -> TrainingConfig {
    TrainingConfig { schedule: Schedule::Constant, ..falling(rates, 0.0, batch, epochs) }
}

fn relu(sizes: &[usize], seed: u64) -> Dense {
    Dense::new(sizes, Activation::RELU, Readout::Softmax, seed)
}

fn tanh(sizes: &[usize], seed: u64) -> Dense {
    Dense::new(sizes, Activation::Tanh, Readout::Softmax, seed)
}

fn logistic(sizes: &[usize], seed: u64) -> Dense {
    Dense::new(sizes, Activation::LOGISTIC, Readout::Softmax, seed)
}

fn hard(sizes: &[usize], seed: u64) -> Dense {
    let f = Activation::HardSigmoid;
    Dense::new(sizes, f, Readout::Squared(f), seed)
}

fn aligned(sizes: &[usize], route: Route, seed: u64) -> Box<dyn RateRule> {
    Box::new(FeedbackAlignment::new(sizes, route, 0.1, seed))
}

fn targets(sizes: &[usize], top: Top, seed: u64) -> Box<dyn RateRule> {
    Box::new(DifferenceTarget::new(sizes, top, 1.0, 0.1, 0.01, seed))
}

fn equilibrium(beta: f64, sign: NudgeSign, nudged_steps: usize, seed: u64) -> Box<dyn RateRule> {
    Box::new(Equilibrium { beta, sign, free_steps: 20, nudged_steps, epsilon: 0.5, seed, shown: 0 })
}

/// Largest rate of the segregated-dendrite network [1/ms].
const PHI_MAX: f64 = 0.2;

/// The network of Guerguiev, Lillicrap & Richards (2017) in these sizes, with their parameters and initial weights, at
/// half scale for a whole kernel.
fn segregated(sizes: &[usize], seed: u64) -> (Dense, Box<dyn RateRule>) {
    let rate = Activation::Sigmoid { gain: 6.0 / 7.0, max: PHI_MAX };
    let mut network = Dense::new(sizes, rate, Readout::Squared(rate), seed);
    let draw = |fan_in: usize, purpose: Purpose, shape: (usize, usize)| {
        let moments = Moments::new(fan_in, PHI_MAX / 4.0, 3.0, 3.0, 0.8);
        let half_range = 3.465 * moments.sd;
        let mut stream = stream_of(seed, purpose, 0);
        super::draws::uniform(&mut stream, half_range, shape).mapv(|w| 0.5 * (w + moments.mean))
    };
    for (l, layer) in network.layers.iter_mut().enumerate() {
        layer.weights = draw(sizes[l], Purpose::Weights(l as u32), layer.weights.dim());
        layer.biases = Array1::from_elem(layer.biases.len(), 0.8);
    }
    let classes = sizes[sizes.len() - 1];
    let feedback = (1..sizes.len() - 1).map(|l| {
        let number = (network.layers.len() + l) as u32;
        draw(sizes[l], Purpose::Weights(number), (sizes[l], classes))
    });
    let rule = SegregatedDendrites {
        feedback: feedback.collect(),
        gamma: 0.1 + 0.6,
        g_d: 0.6,
        g_teach: 1.0,
        e_exc: 8.0,
        e_inh: -8.0,
    };
    (network, Box::new(rule))
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;
    use crate::data::{ImageSet, Presentations};
    use crate::model::RATE_RULES;

    #[test]
    fn names_are_unique_and_found() {
        for entry in RULES {
            assert_eq!(RuleEntry::find(entry.name).map(|found| found.title), Some(entry.title));
        }
        assert!(RuleEntry::find("magic").is_none());
    }

    /// 80 images of 4 classes, each with a bright quarter of its own under noise.
    fn shown() -> Presentations {
        let noise = super::super::fixtures::matrix((80, 16), 5);
        let bright = |(i, j): (usize, usize)| if i % 4 == j / 4 { 150.0 } else { 50.0 };
        let pixels = noise.indexed_iter().map(|(at, x)| (bright(at) + 50.0 * x) as u8).collect();
        Presentations::all(ImageSet::new(4, 4, pixels, (0..80).map(|i| i % 4).collect()).into())
    }

    /// Chance is wrong in 75 %; the Hebbian readout, which nothing corrects, is the worst.
    #[test]
    fn every_member_learns_a_small_task() {
        for entry in RULES {
            let mut config = TrainingConfig { batch: 5, epochs: 60, ..entry.config(2) };
            if entry.name == "weight-perturbation" {
                // Its rates are as the inverse of the number of weights.
                config.rates.fill(0.003);
            }
            let mut learner = entry.learner(&[16, 20, 4], config, 1);
            (0..60)
                .for_each(|_| assert!(learner.epoch(&shown(), &mut |_, _, _| ControlFlow::Continue(())).is_continue()));
            let error = learner.error_percent(&shown());
            assert!(error < 50.0, "{}: {error} %", entry.name);
        }
    }

    /// Hidden layers of all but the rules that train the readout alone, by what they are.
    #[test]
    fn every_member_changes_networks_of_two_hidden_layers() {
        for entry in RULES {
            let mut learner = entry.learner(&[16, 20, 12, 4], TrainingConfig { batch: 5, ..entry.config(3) }, 1);
            let before = learner.network.clone();
            assert!(learner.epoch(&shown(), &mut |_, _, _| ControlFlow::Continue(())).is_continue());
            let readout_alone = ["delta", "hebbian"].contains(&entry.name);
            for (l, (layer, before)) in learner.network.layers.iter().zip(&before.layers).enumerate() {
                let learns = l == 2 || !readout_alone;
                assert_eq!(layer.weights != before.weights, learns, "{}, layer {l}", entry.name);
            }
            let finite = |layer: &super::super::Layer| layer.weights.iter().all(|w| w.is_finite());
            assert!(learner.network.layers.iter().all(finite), "{}", entry.name);
        }
    }

    #[test]
    fn members_are_the_rules_that_models_name() {
        assert_eq!(RULES.map(|entry| entry.name), RATE_RULES);
    }
}
