//! Tests of trainers, on images of a single lit pixel.

mod rules;

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::schedule::variation;
use super::{
    Ending, Monitor, Plan, Plasticity, Progress, RateRuleTrainer, RunError, Trainer, TrainerBuilder, Training,
};
use crate::data::{Dataset, ImageSet, Presentations, Split};
use crate::engine::{Circuit, Lane, Precision};
use crate::model::Model;
use crate::network::Network;
use crate::numeric::PresentationKey;
use crate::protocol::{KeptSpikes, Order, Target, Trial};
use crate::rate::Learner;
use crate::record::{Presentation, PresentationKind, RecordError, Recorder};

/// Images of 4 x 4 pixels: image i shows pixel i alone.
const IMAGES: usize = 16;
const SEED: u64 = 1;

fn model(keys: &[&str]) -> Model {
    let tiny = ["population.input.size=16", "population.hidden.size=12", "population.output.size=4"];
    let keys: Vec<String> = tiny.iter().chain(keys).map(|&key| key.to_owned()).collect();
    Model::load("g17-784-500-10".as_ref(), &keys).unwrap()
}

fn network(model: &Model) -> Network {
    Network::new(model, SEED, |_| Ok::<_, Infallible>(Vec::new())).unwrap()
}

fn data() -> Dataset {
    let pixels = (0..IMAGES * 16).map(|k| if k % 16 == k / 16 { 255 } else { 0 }).collect();
    let labels = (0..IMAGES).map(|image| (image % 4) as u8).collect();
    let shown = Presentations::all(ImageSet::new(4, 4, pixels, labels).into());
    Dataset { training: shown.clone(), split: Split::of_table(IMAGES), evaluation: shown }
}

fn plan(presentations: u64) -> Plan {
    Plan { presentations, test_examples: 0, plasticity: Plasticity::On }
}

/// Records the input neurons that spike in each presentation, and the network at the start and after each.
#[derive(Default)]
struct Kept {
    fired: Vec<(PresentationKind, u64, usize, BTreeSet<usize>)>,
    networks: Vec<Network>,
    labels: Vec<(u64, String)>,
}

impl Recorder for Kept {
    fn watches(&self, _: PresentationKind, _: u64) -> bool {
        true
    }

    fn presentation(&mut self, shown: Presentation<'_>) -> Result<(), RecordError> {
        let fired = shown.observed.spikes[0].iter().map(|spike| spike.neuron as usize).collect();
        self.fired.push((shown.kind, shown.index, shown.image as usize, fired));
        Ok(())
    }

    fn weights(&mut self, seen: u64, label: Option<&str>, network: &Network) -> Result<(), RecordError> {
        self.labels.extend(label.map(|label| (seen, label.to_owned())));
        if label.is_none_or(|label| label == "initial") {
            self.networks.push(network.clone());
        }
        Ok(())
    }
}

/// dW_ij = db_i (s_j - c_j), with the centres c of a loop written anew, after presentations of shares 1, 1/2, 1/2. Weights
/// and factors are rounded to f32.
#[test]
fn trains_count_from_their_running_means() {
    let (model, data) = (model(&["learning.centring_presentations=2"]), data());
    let mut trainer = Trainer::new(&model, network(&model), SEED).unwrap();
    let mut lane = Lane::new(&Arc::new(Circuit::new(&model, SEED, Precision::Single).unwrap()));
    let mut order = Order::default();
    let mut centres = [vec![0.0; 16], vec![0.0; 12]];
    for (n, share) in [(0, 1.0), (1, 0.5), (2, 0.5), (3, 0.5)] {
        let before = trainer.network().clone();
        trainer.run(&data, plan(n + 1), &mut (), &mut ()).unwrap();
        let after = trainer.network();

        let (key, image) = (PresentationKey::training(n), order.stimulus(SEED, n, IMAGES));
        let (stimuli, target) = ([data.training.stimulus(image)], Target::Class(image as u32 % 4));
        let phases = model.phases().training(model.phases().lengths(SEED, key), &stimuli, target);
        lane.present(&before, &Trial { key, phases: &phases, spikes: KeptSpikes::All, sampling: None });
        let trains = &lane.means()[0].trains;

        let mut centred = 0.0_f64;
        for (index, centres) in centres.iter_mut().enumerate() {
            let to = model.projections[index].to.0;
            for (j, centre) in centres.iter_mut().enumerate() {
                let s = trains[index][j];
                for i in 0..model.populations[to].size {
                    let post = f64::from(after.biases[to][i]) - f64::from(before.biases[to][i]);
                    let [w, was] = [after, &before].map(|network| f64::from(network.weights(index).row(j)[i]));
                    let (change, expected) = (w - was, post * (s - *centre));
                    let bound = f64::from(f32::EPSILON) * (1.0 + w.abs());
                    assert!((change - expected).abs() < bound, "{n}, {index}, {j} to {i}: {change} for {expected}");
                    centred = centred.max((post * *centre).abs());
                }
                *centre += share * (s - *centre);
            }
        }
        assert!(n == 0 || centred > 1e-3, "{n}: centres that matter, by {centred}");
    }
}

/// Learning rates fall in a line over the plan, not over each of its parts.
#[test]
fn parts_of_a_plan_learn_as_the_whole_does() {
    let (model, data) = (model(&["learning.schedule={ kind = 'linear' }"]), data());
    let start = || Trainer::new(&model, network(&model), SEED).unwrap();
    let [mut whole, mut parts, mut anew] = [start(), start(), start()];
    whole.run(&data, plan(30), &mut (), &mut ()).unwrap();
    for until in [0, 7, 20, 30] {
        parts.run_part(until, &data, plan(30), &mut (), &mut ()).unwrap();
        assert_eq!(parts.history().examples_seen, until);
        anew.run(&data, plan(until), &mut (), &mut ()).unwrap();
    }
    assert!(parts.network() == whole.network() && anew.network() != whole.network());
}

#[test]
fn symmetric_feedback_stays_so_while_weights_learn() {
    let model = model(&["projection.output-hidden.weights={ from = 'transpose' }"]);
    let mut kept = Kept::default();
    Trainer::new(&model, network(&model), SEED).unwrap().run(&data(), plan(10), &mut kept, &mut ()).unwrap();
    assert_eq!(kept.networks.len(), 11);
    for (n, network) in kept.networks.iter().enumerate() {
        for (i, o) in (0..12).flat_map(|i| (0..4).map(move |o| (i, o))) {
            let [there, back] = [network.weights(1).row(i)[o], network.weights(2).row(o)[i]];
            assert_eq!(there.to_bits(), back.to_bits(), "{i} and {o} after {n}: {there} and {back}");
        }
    }
    assert!(kept.networks.windows(2).all(|pair| pair[0].weights(2) != pair[1].weights(2)));
}

/// A lit pixel spikes at 200 Hz for 100 ms: one in e^20 presentations has no spike of it.
/// Weights before and after 20 presentations, from small positive ones or their negatives.
fn learned_with_sign(sign: &str) -> [Vec<f32>; 2] {
    let keys = ["input-hidden", "hidden-output"].map(|name| {
        let initial = "{ from = 'lognormal', mu = -7, sigma = 1 }";
        [format!("projection.{name}.sign={sign}"), format!("projection.{name}.weights={initial}")]
    });
    let model = model(&keys.as_flattened().iter().map(String::as_str).collect::<Vec<_>>());
    let initial = network(&model);
    let mut trainer = Trainer::new(&model, initial.clone(), SEED).unwrap();
    trainer.run(&data(), plan(20), &mut (), &mut ()).unwrap();
    [&initial, trainer.network()].map(|network| [0, 1].map(|index| network.weights(index).to_matrix()).concat())
}

#[test]
#[allow(clippy::float_cmp, reason = "a weight at the edge of its sign is 0 exactly")]
fn weights_keep_the_sign_of_their_projection_while_they_learn() {
    let zeros = |matrix: &[f32]| matrix.iter().filter(|&&w| w == 0.0).count();
    for (sign, factor) in [("non-negative", 1.0), ("non-positive", -1.0)] {
        let [before, after] = learned_with_sign(sign);
        assert!(before.iter().all(|w| factor * w > 0.0) && after.iter().all(|w| factor * w >= 0.0), "{sign}");
        assert!(before.iter().zip(&after).any(|(a, b)| a != b && *b != 0.0) && zeros(&after) > 0, "{sign}");
    }
    let [before, after] = learned_with_sign("any");
    assert!(before.iter().all(|&w| w > 0.0) && after.iter().any(|&w| w < 0.0));
}

#[test]
fn training_images_are_shown_shifted_and_test_images_are_not() {
    let (model, data) = (model(&["stimuli.shift_pixels=1", "learning.batch=3"]), data());
    let mut kept = Kept::default();
    let mut trainer = Trainer::new(&model, network(&model), SEED).unwrap();
    trainer.run(&data, Plan { test_examples: IMAGES, ..plan(30) }, &mut kept, &mut ()).unwrap();
    let mut moved = 0;
    for (kind, index, image, fired) in &kept.fired {
        let by = match kind {
            PresentationKind::Train => variation(&model.stimuli, SEED, PresentationKey::training(*index)).shift,
            PresentationKind::Test => [0; 2],
        };
        let [row, column] = [image / 4, image % 4].map(usize::cast_signed);
        let [row, column] = [row + by[0], column + by[1]];
        let within = (0..4).contains(&row) && (0..4).contains(&column);
        let lit: BTreeSet<usize> = within.then_some((row * 4 + column).cast_unsigned()).into_iter().collect();
        assert_eq!(*fired, lit, "{kind:?} {index}: image {image} by {by:?}");
        moved += usize::from(by != [0; 2]);
    }
    assert!(kept.fired.len() == 30 + 2 * IMAGES && moved > 15, "{moved} of {}", kept.fired.len());
}

/// Weights of 3e38, which a model may start from, overflow the potentials of hidden neurons once their pixel is lit.
#[test]
fn learning_that_diverges_stops_and_names_where() {
    // In whatever order the projections stand.
    for place in [0, 1] {
        let (mut model, data) = (model(&[]), data());
        model.projections.swap(0, place);
        let mut network = network(&model);
        let lit = Order::default().stimulus(SEED, 3, IMAGES);
        network.weights_mut(place).row_mut(lit)[..12].fill(3e38);
        let mut trainer = Trainer::new(&model, network, SEED).unwrap();
        let mut kept = Kept::default();
        let error = trainer.run(&data, plan(IMAGES as u64), &mut kept, &mut ()).unwrap_err();
        let RunError::Diverged { projection, example } = &error else { panic!("{error}") };
        assert_eq!((projection.as_str(), *example, trainer.history().examples_seen), ("input-hidden", 3, 3));
        assert!(kept.networks.len() == 4 && kept.networks[2] != kept.networks[3]);
        assert!(*trainer.network() == kept.networks[3], "weights are those of the presentation before");
    }
}

/// The network at the end is that of the learner without a trainer; snapshots are taken after each epoch.
#[test]
fn a_rule_of_rates_trains_in_epochs_and_its_weights_are_kept() {
    let keys = ["learning.rule=backprop", "learning.batch=3", "learning.epochs=2"];
    let (model, data) = (model(&keys), data());
    let mut trainer = RateRuleTrainer::new(&model, network(&model), SEED).unwrap();
    let mut kept = Kept::default();
    let plan = Plan { test_examples: 10, ..plan(2 * IMAGES as u64) };
    let ending = trainer.run(&data, plan, &mut kept, &mut ()).unwrap();

    let mut learner = Learner::of(&model, SEED).unwrap();
    let mut expected = network(&model);
    learner.put(&model, &mut expected);
    assert!(kept.networks == [expected.clone()] && kept.networks[0].weights(2) == network(&model).weights(2));
    for _ in 0..2 {
        assert!(learner.epoch(&data.training, &mut |_, _, _| ControlFlow::Continue(())).is_continue());
    }
    learner.put(&model, &mut expected);
    assert!(trainer.checkpoint().network == expected);
    let answers = learner.answers(&data.evaluation, 10);
    let wrong = (0..10).filter(|&image| answers[image] != image % 4).count();
    assert_eq!(ending, Ending::Done);
    let tested = trainer.history().tested.as_ref().unwrap();
    assert_eq!((tested.examples, &tested.wrong), (10, &vec![wrong]));
    let curve: Vec<_> = trainer.history().curve.iter().map(|evaluation| evaluation.examples_seen).collect();
    assert_eq!(curve, [16, 32]);
    assert_eq!(trainer.history().curve[1].test_error.to_bits(), (10.0 * wrong as f64).to_bits());
    let labels = [(0, "initial"), (16, "epoch-1"), (32, "epoch-2"), (32, "final")];
    assert_eq!(kept.labels, labels.map(|(seen, label)| (seen, label.to_owned())));
}

/// A first step of 10^300 times the change.
#[test]
fn a_rule_of_rates_that_diverges_stops_and_leaves_the_weights_from_before() {
    let (mut model, data) = (model(&["learning.rule=backprop"]), data());
    model.projections[1].learning_rate = 1e300;
    let mut trainer = RateRuleTrainer::new(&model, network(&model), SEED).unwrap();
    let before = trainer.checkpoint().network;
    let error = trainer.run(&data, plan(IMAGES as u64), &mut (), &mut ()).unwrap_err();
    let RunError::Diverged { projection, example } = &error else { panic!("{error}") };
    assert_eq!((projection.as_str(), *example), ("input-hidden", IMAGES as u64));
    assert!(trainer.checkpoint().network == before && trainer.history().curve.is_empty());
}

#[test]
fn a_rule_of_rates_stops_when_the_monitor_does() {
    struct StopAt(u64);
    impl Monitor for StopAt {
        fn trained(&mut self, progress: Progress) -> ControlFlow<()> {
            if progress.done == self.0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }
    }
    let (model, data) = (model(&["learning.rule=backprop"]), data());
    let mut trainer = RateRuleTrainer::new(&model, network(&model), SEED).unwrap();
    let before = trainer.checkpoint().network;
    let mut kept = Kept::default();
    let ending = trainer.run(&data, plan(2 * IMAGES as u64), &mut kept, &mut StopAt(5)).unwrap();
    assert_eq!((ending, trainer.history().examples_seen), (Ending::Stopped, 5));
    assert!(trainer.checkpoint().network != before, "what was learnt is kept");
    assert_eq!(kept.labels, [(0, "initial".to_owned()), (5, "final".to_owned())]);
}

#[test]
fn a_rule_of_rates_refuses_parts_of_an_epoch() {
    let (model, data) = (model(&["learning.rule=backprop"]), data());
    let mut trainer = RateRuleTrainer::new(&model, network(&model), SEED).unwrap();
    for plan in [plan(5), Plan { plasticity: Plasticity::Off, ..plan(IMAGES as u64) }] {
        let error = trainer.run(&data, plan, &mut (), &mut ()).unwrap_err();
        assert!(matches!(error, RunError::WholeEpochs { epoch: 16, .. }), "{error}");
    }
}

#[test]
fn a_rule_of_rates_is_not_trained_by_spikes() {
    let model = model(&["learning.rule=backprop"]);
    let refused = Trainer::new(&model, network(&model), SEED).err().unwrap().to_string();
    assert_eq!(refused, "the model learns by `backprop`, a rule of networks of rates; `RateRuleTrainer` trains those");
}

/// Ends a run at the end of this epoch.
struct EndsAfter(u64);

impl Monitor for EndsAfter {
    fn evaluated(&mut self, _: &dyn Training) -> Result<ControlFlow<()>, RunError> {
        self.0 -= 1;
        Ok(if self.0 == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }
}

#[test]
fn a_run_ends_at_the_end_of_an_epoch_if_its_monitor_asks_for_it_there() {
    let model = model(&[]);
    let mut trainer = Trainer::new(&model, network(&model), SEED).unwrap();
    let ending = trainer.run(&data(), plan(5 * IMAGES as u64), &mut (), &mut EndsAfter(2)).unwrap();
    assert_eq!((ending, trainer.history().examples_seen), (Ending::Stopped, 2 * IMAGES as u64));
}
