//! Training a network by a rule: batches, learning rates, evaluation.

use std::ops::ControlFlow;

use ndarray::{Array2, s};

use super::{Batch, Dense, Layer, RateRule, classes};
use crate::data::Presentations;
use crate::model::Schedule;
use crate::numeric::order;
use crate::protocol::Stimulus;

/// Examples passed through at once when a network is tested.
const TESTED_AT_ONCE: usize = 500;

/// How a network is trained.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingConfig {
    /// Learning rate η of each layer.
    pub rates: Vec<f64>,
    /// Part μ of the last step that is added again: v ← μ v + change, W ← W + η v.
    pub momentum: f64,
    /// Examples in a batch.
    pub batch: usize,
    /// Passes through the examples.
    pub epochs: u32,
    /// Schedule of the learning rates.
    pub schedule: Schedule,
    /// Input at pixel value 1: 1, or phi_max where inputs are rates [1/ms].
    pub brightest: f64,
}

/// A network in training.
pub struct Learner {
    /// The network as it is.
    pub network: Dense,
    rule: Box<dyn RateRule>,
    config: TrainingConfig,
    velocity: Vec<Layer>,
    seed: u64,
    epochs_done: u32,
}

/// Watches training: called after every batch with the network before the change, the batch and the rule's change; may stop it.
pub type Watch<'a> = &'a mut dyn FnMut(&Dense, &Batch, &[Layer]) -> ControlFlow<()>;

impl Learner {
    /// A network before training.
    ///
    /// # Panics
    /// If the configuration has not a learning rate for every layer, or its batch holds no example.
    pub fn new(network: Dense, rule: Box<dyn RateRule>, config: TrainingConfig, seed: u64) -> Self {
        assert_eq!(config.rates.len(), network.layers.len(), "a learning rate for every layer");
        assert!(config.batch > 0, "a batch holds an example");
        let velocity = network.layers.iter().map(|l| Layer::zeros(l.weights.nrows(), l.weights.ncols())).collect();
        Self { network, rule, config, velocity, seed, epochs_done: 0 }
    }

    /// Shows every example once, in an order that depends on seed and epoch alone: that of a spiking run. Stops where the
    /// watch breaks off, after learning from its batch.
    ///
    /// # Panics
    /// If an example has no label, or is a spike list.
    pub fn epoch(&mut self, shown: &Presentations, watch: Watch<'_>) -> ControlFlow<()> {
        let order = order(self.seed, u64::from(self.epochs_done), shown.len());
        let order: Vec<usize> = order.into_iter().map(|image| image as usize).collect();
        let classes = self.network.sizes()[self.network.layers.len()];
        for (n, examples) in order.chunks(self.config.batch).enumerate() {
            let batch = batch_of(shown, examples, classes, self.config.brightest);
            let change = self.rule.present(&self.network, &batch);
            let watched = watch(&self.network, &batch, &change);
            self.learn(&change, (n * self.config.batch) as f64 / shown.len() as f64);
            watched?;
        }
        self.epochs_done += 1;
        ControlFlow::Continue(())
    }

    /// Adds a change at this part of the epoch.
    fn learn(&mut self, change: &[Layer], part: f64) {
        let done = f64::from(self.epochs_done) + part;
        let factor = self.config.schedule.factor(u64::from(self.epochs_done), done / f64::from(self.config.epochs));
        self.rule.update(factor);
        let layers = self.network.layers.iter_mut().zip(&mut self.velocity).zip(change);
        for (((layer, velocity), change), &rate) in layers.zip(&self.config.rates).filter(|(_, rate)| **rate != 0.0) {
            layer.step(rate * factor, self.config.momentum, velocity, change);
        }
    }

    /// Responses of all layers to the first `examples` examples, from the first hidden one to the answers,
    /// [examples, units] each.
    ///
    /// # Panics
    /// If there are fewer, or it is a spike list.
    pub fn respond(&self, shown: &Presentations, examples: usize) -> Vec<Array2<f64>> {
        let all: Vec<usize> = (0..examples).collect();
        self.rule.respond(&self.network, &inputs_of(shown, &all, self.config.brightest))
    }

    /// The class of the largest answer to each of the first `examples` examples.
    ///
    /// # Panics
    /// If there are fewer, or it is a spike list.
    pub fn answers(&self, shown: &Presentations, examples: usize) -> Vec<usize> {
        let all: Vec<usize> = (0..examples).collect();
        let answers = all.chunks(TESTED_AT_ONCE).flat_map(|examples| {
            let inputs = inputs_of(shown, examples, self.config.brightest);
            classes(&self.rule.predict(&self.network, &inputs))
        });
        answers.collect()
    }

    /// The part of the examples whose largest answer is not their label [%].
    ///
    /// # Panics
    /// If there is no example, one has no label, or is a spike list.
    pub fn error_percent(&self, shown: &Presentations) -> f64 {
        let answers = self.answers(shown, shown.len());
        let wrong = answers.iter().enumerate().filter(|&(i, &answer)| label(shown, i) != answer);
        100.0 * wrong.count() as f64 / answers.len() as f64
    }
}

/// A batch of these examples, with one-hot targets.
fn batch_of(shown: &Presentations, examples: &[usize], classes: usize, brightest: f64) -> Batch {
    let mut targets = Array2::zeros((examples.len(), classes));
    examples.iter().enumerate().for_each(|(row, &i)| targets[[row, label(shown, i)]] = 1.0);
    Batch { inputs: inputs_of(shown, examples, brightest), targets }
}

/// The inputs of these examples, [examples, inputs].
fn inputs_of(shown: &Presentations, examples: &[usize], brightest: f64) -> Array2<f64> {
    let mut inputs = Array2::zeros((examples.len(), shown.set().inputs()));
    for (row, &i) in examples.iter().enumerate() {
        let mut input = inputs.slice_mut(s![row, ..]);
        match shown.stimulus(i) {
            Stimulus::Pixels(pixels) => {
                input.iter_mut().zip(pixels).for_each(|(x, &pixel)| *x = brightest * f64::from(pixel) / 255.0);
            }
            Stimulus::Rates(rates) => input.iter_mut().zip(rates).for_each(|(x, &rate)| *x = rate),
            Stimulus::Spikes(_) => panic!("a network of rates is shown spikes"),
        }
    }
    inputs
}

fn label(shown: &Presentations, i: usize) -> usize {
    usize::from(shown.label(i).expect("an example with a label"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::ImageSet;
    use crate::rate::rules::Backprop;
    use crate::rate::{Activation, Readout};

    /// Images of one bright pixel, which is their label.
    fn shown() -> Presentations {
        let pixels = (0..30).flat_map(|i| (0..3).map(move |k| if i % 3 == k { 255 } else { 0 })).collect();
        Presentations::all(ImageSet::new(1, 3, pixels, (0..30).map(|i| i % 3).collect()).into())
    }

    fn config(momentum: f64, schedule: Schedule) -> TrainingConfig {
        TrainingConfig { rates: vec![0.5], momentum, batch: 8, epochs: 2, schedule, brightest: 1.0 }
    }

    fn learner(config: TrainingConfig) -> Learner {
        Learner::new(Dense::new(&[3, 3], Activation::Linear, Readout::Softmax, 1), Box::new(Backprop), config, 1)
    }

    #[test]
    fn every_example_is_shown_once_an_epoch_and_learnt() {
        let mut learner = learner(config(0.9, Schedule::Constant));
        let mut seen = Array2::<f64>::zeros((1, 3));
        let mut batches = Vec::new();
        let ended = learner.epoch(&shown(), &mut |_, batch, _| {
            seen += &batch.targets.sum_axis(ndarray::Axis(0));
            batches.push(batch.len());
            ControlFlow::Continue(())
        });
        assert!(ended.is_continue());
        assert_eq!(seen, ndarray::array![[10.0, 10.0, 10.0]]);
        assert_eq!(batches, [8, 8, 8, 6]);
        assert!(learner.epoch(&shown(), &mut |_, _, _| ControlFlow::Continue(())).is_continue());
        assert!(learner.error_percent(&shown()) < 1e-9);
    }

    #[test]
    fn a_watch_stops_an_epoch_after_its_batch() {
        let (mut stopped, mut batches) = (learner(config(0.0, Schedule::Constant)), 0);
        let before = stopped.network.clone();
        let ended = stopped.epoch(&shown(), &mut |_, _, _| {
            batches += 1;
            ControlFlow::Break(())
        });
        assert!(ended.is_break() && batches == 1 && stopped.network != before);
    }

    #[test]
    fn momentum_takes_part_of_the_last_step_again() {
        let mut learner = learner(config(0.5, Schedule::Constant));
        let before = learner.network.clone();
        let unit = vec![Layer { weights: Array2::ones((3, 3)), biases: ndarray::Array1::ones(3) }];
        learner.learn(&unit, 0.0);
        learner.learn(&unit, 0.5);
        let moved = &learner.network.layers[0].weights - &before.layers[0].weights;
        assert!(moved.iter().all(|&w| (w - 0.5 * (1.0 + 1.5)).abs() < 1e-12));
    }

    #[test]
    fn a_linear_schedule_falls_to_nothing_over_the_epochs() {
        let mut learner = learner(config(0.0, Schedule::Linear));
        let unit = vec![Layer { weights: Array2::ones((3, 3)), biases: ndarray::Array1::ones(3) }];
        let mut step = |epochs, part| {
            let before = learner.network.layers[0].weights[[0, 0]];
            learner.epochs_done = epochs;
            learner.learn(&unit, part);
            learner.network.layers[0].weights[[0, 0]] - before
        };
        for (epochs, part, expected) in [(0, 0.0, 0.5), (0, 0.5, 0.375), (1, 0.0, 0.25), (2, 0.0, 0.0)] {
            assert!((step(epochs, part) - expected).abs() < 1e-12);
        }
    }
}
