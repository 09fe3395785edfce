//! Trainers with rules of expressions, of a registry and of the program.

use super::*;
use crate::model::{Model, ProjectionRule};
use crate::network::Weights;
use crate::plasticity::{
    BoundaryRule, DerivedWeights, Factors, LocalSignals, Measurement, Measurements, Quantity, RuleRegistry,
    WeightUpdate,
};
use crate::training::{DataMismatch, TrainerError};

const HIDDEN: &str = "20 * gain * (plateau_target - plateau_forward) * sigmoid(v_forward) * (1 - sigmoid(v_forward))";
const OUTPUT: &str =
    "20 * gain * (sigmoid_target - sigmoid(v_forward)) * sigmoid(v_forward) * (1 - sigmoid(v_forward))";

fn with_expressions(mut model: Model) -> Model {
    for (projection, post) in model.projections.iter_mut().zip([HIDDEN, OUTPUT]) {
        let factors = Factors { post: post.to_owned(), pre: "train_forward".to_owned() };
        projection.rule = Some(ProjectionRule::Expression(factors));
    }
    model
}

/// The largest difference of weights or biases of two networks, relative to the largest of their array.
fn difference(a: &Network, b: &Network) -> f64 {
    let of = |a: &[f32], b: &[f32]| {
        let largest = a.iter().fold(0.0_f32, |largest, x| largest.max(x.abs()));
        let most = a.iter().zip(b).fold(0.0_f32, |most, (a, b)| most.max((a - b).abs()));
        if most == 0.0 { 0.0 } else { f64::from(most / largest) }
    };
    let weights = (0..a.synapses.len()).map(|index| of(a.weights(index).rows(), b.weights(index).rows()));
    weights.chain(a.biases.iter().zip(&b.biases).map(|(a, b)| of(a, b))).fold(0.0, f64::max)
}

/// Factors of both differ by the rounding of f64 before they are rounded to f32.
#[test]
fn the_two_phase_rule_as_expressions_learns_the_same_weights() {
    let data = data();
    let published = model(&[]);
    let expressions = with_expressions(published.clone());
    let mut trainers = [&published, &expressions].map(|model| Trainer::new(model, network(model), SEED).unwrap());
    for trainer in &mut trainers {
        trainer.run(&data, plan(1000), &mut (), &mut ()).unwrap();
    }
    let [published, expressions] = trainers.each_ref().map(Training::network);
    assert!(difference(published, &network(&model(&[]))) > 0.1, "weights that changed");
    let found = difference(published, expressions);
    assert!(found < 1e-6, "{found}");
}

/// dW_ij = η post pre with a constant postsynaptic factor, and a second term that takes it back from all but neuron 0.
struct Growth;

impl BoundaryRule for Growth {
    fn measurements(&self) -> Measurements {
        Measurements { post: Vec::new(), pre: vec![Measurement::Phase(Quantity::Train, 0)] }
    }

    fn change(&self, post: LocalSignals<'_>, pre: LocalSignals<'_>, eta: f64, change: &mut WeightUpdate) {
        for (sign, first) in [(1.0, 0), (-1.0, 1)] {
            let term = change.add_term();
            term.set_post((0..post.size).map(|i| if i >= first { sign * eta } else { 0.0 }));
            term.set_pre(pre.phase(0).train.iter().copied());
        }
    }
}

/// A rule of the program, by its name or by itself, stopped and resumed.
#[test]
fn a_rule_of_ones_own_learns_and_is_resumed() {
    let (data, plain) = (data(), model(&["learning.batch=3"]));
    let rules = RuleRegistry::default().with("growth", |_| Ok(Box::new(Growth)));
    let mut named = plain.clone();
    named.projections[0].rule = Some(ProjectionRule::Named("growth".to_owned()));
    let given = |start: TrainerBuilder<'_>| start.rule("input-hidden", Growth).build().unwrap().into_network(&data, 30);
    let expected = given(Trainer::builder(&plain, network(&plain)).seed(SEED));
    let builder = Trainer::builder(&named, network(&named)).seed(SEED);
    assert!(builder.registry(&rules).build().unwrap().into_network(&data, 30) == expected, "by name");

    let start = Trainer::builder(&plain, network(&plain)).seed(SEED).rule("input-hidden", Growth);
    let mut first = start.build().unwrap();
    first.run_part(15, &data, plan(30), &mut (), &mut ()).unwrap();
    assert!(given(Trainer::resuming(&plain, first.checkpoint())) == expected, "resumed");

    let (before, after) = (network(&plain), expected);
    for j in 0..16 {
        let moved = |i: usize| after.weights(0).row(j)[i] - before.weights(0).row(j)[i];
        assert!(moved(0) > 1e-3 && (1..12).all(|i| moved(i).abs() < 1e-5), "{j}");
    }
}

impl Trainer<'_> {
    fn into_network(mut self, data: &Dataset, presentations: u64) -> Network {
        self.run(data, plan(presentations), &mut (), &mut ()).unwrap();
        self.network().clone()
    }
}

/// The mean of the sigmoid is taken where a rule reads it, and changes nothing else.
#[test]
fn what_a_rule_reads_is_measured() {
    struct Reads(Arc<std::sync::Mutex<Vec<f64>>>);
    impl BoundaryRule for Reads {
        fn measurements(&self) -> Measurements {
            let phases = [0, 1].map(|phase| Measurement::Phase(Quantity::Sigmoid, phase));
            Measurements { post: phases.to_vec(), pre: vec![] }
        }
        fn change(&self, post: LocalSignals<'_>, _: LocalSignals<'_>, _: f64, change: &mut WeightUpdate) {
            let read = post.phases.iter().flat_map(|phase| phase.sigmoid).copied();
            self.0.lock().unwrap().extend(read);
            change.add_term().set_post((0..post.size).map(|_| 0.0));
        }
    }
    let (model, read) = (model(&[]), Arc::default());
    let builder = Trainer::builder(&model, network(&model)).seed(SEED);
    let network = builder.rule("input-hidden", Reads(Arc::clone(&read))).build().unwrap().into_network(&data(), 2);
    let read = read.lock().unwrap();
    assert!(read.len() == 2 * 2 * 12 && read.iter().all(|s| (0.0..=1.0).contains(s)));
    assert!(network.weights(0) == super::network(&model).weights(0));
}

#[test]
fn trainers_that_cannot_be_are_refused() {
    let (model, silent) = (model(&[]), model(&["projection.input-hidden.learning_rate=0"]));
    let refused = |builder: TrainerBuilder<'_>| builder.build().err().expect("a refusal").to_string();
    let start = || Trainer::builder(&model, network(&model));
    let message = refused(start().rule("input-hiden", Growth));
    assert_eq!(
        message,
        "there is no projection `input-hiden`; the projections are input-hidden, hidden-output, output-hidden"
    );
    let message = refused(Trainer::builder(&silent, network(&silent)).rule("input-hidden", Growth));
    assert_eq!(message, "`input-hidden` has a rule of its own, but no `learning_rate` above 0");
    for (measurement, found) in [
        (Measurement::Phase(Quantity::Plateau, 0), "reads `plateau_forward` of `input`, whose cells make no plateaus"),
        (Measurement::Phase(Quantity::Potential, 0), "reads `v_forward` of `input`, which is an encoder"),
        (Measurement::Phase(Quantity::Train, 2), "reads `train_phase2` of `input`, but a presentation has two phases"),
        (Measurement::BackpropError, "reads `backprop_error` of `input`"),
    ] {
        let message = refused(start().rule("input-hidden", Asks(measurement)));
        assert!(message.contains(found), "{message}");
    }
    let mut other = model.clone();
    other.projections[0].rule = Some(ProjectionRule::Named("hebb".to_owned()));
    let error = Trainer::new(&other, network(&other), SEED).err().expect("no such rule");
    assert!(matches!(error, TrainerError::Rule { .. }), "{error}");
    let mut cut = network(&model);
    cut.synapses[0] = Weights::zeros(3, 3).into();
    assert!(matches!(Trainer::new(&model, cut, SEED), Err(TrainerError::StateMismatch(_))));
    let mut checkpoint = Trainer::new(&model, network(&model), SEED).unwrap().checkpoint();
    checkpoint.lanes.clear();
    assert!(matches!(Trainer::resume(&model, checkpoint), Err(TrainerError::StateMismatch(_))));
}

/// A rule that reads one presynaptic signal, and adds factors of nobody.
struct Asks(Measurement);

impl BoundaryRule for Asks {
    fn measurements(&self) -> Measurements {
        Measurements { post: Vec::new(), pre: vec![self.0] }
    }

    fn change(&self, _: LocalSignals<'_>, _: LocalSignals<'_>, _: f64, change: &mut WeightUpdate) {
        change.add_term();
    }
}

#[test]
fn data_and_changes_that_do_not_fit_are_refused() {
    let (data, model) = (data(), model(&[]));
    let run = |trainer: &mut Trainer<'_>, data: &Dataset, tests: usize| {
        let plan = Plan { test_examples: tests, ..plan(5) };
        trainer.run(data, plan, &mut (), &mut ()).expect_err("a refusal")
    };
    let trains = Measurement::Phase(Quantity::Train, 1);
    let start = Trainer::builder(&model, network(&model)).rule("input-hidden", Asks(trains));
    let error = run(&mut start.build().unwrap(), &data, 0);
    assert!(matches!(error, RunError::Rule { .. }), "{error}");

    let mut trainer = Trainer::new(&model, network(&model), SEED).unwrap();
    let images = |pixels: usize, label: u8| {
        let shown = Presentations::all(ImageSet::new(1, pixels, vec![0; pixels], vec![label]).into());
        Dataset { training: shown.clone(), split: Split::of_table(1), evaluation: shown }
    };
    let empty = |shown: &Presentations| Presentations::new(Arc::clone(shown.set()), 0..0);
    let cases = [
        (images(4, 0), DataMismatch::Inputs { expected: 16, found: 4 }),
        (images(16, 4), DataMismatch::Label { label: 4, classes: 4 }),
        (Dataset { training: empty(&data.training), ..data.clone() }, DataMismatch::Empty),
        (Dataset { evaluation: empty(&data.training), ..data.clone() }, DataMismatch::Empty),
        (
            Dataset { evaluation: images(4, 0).training, ..data.clone() },
            DataMismatch::Inputs { expected: 16, found: 4 },
        ),
    ];
    for (data, expected) in cases {
        let error = run(&mut trainer, &data, 3);
        assert!(matches!(&error, RunError::Data(found) if *found == expected), "{error:?}");
    }
    assert_eq!(trainer.history().examples_seen, 0);
}

/// A rule of the forward phase learns without labels; the published one is refused.
#[test]
fn rules_of_the_forward_phase_need_no_labels() {
    let rates = format!("stimuli={{ kind = 'rates', rates_hz = [{}] }}", ["50"; 16].join(", "));
    let forward = model(&[&rates, "projection.hidden-output.learning_rate=0"]);
    let data = crate::data::StimulusLoader::of(&forward).load().unwrap();
    let builder = Trainer::builder(&forward, network(&forward)).rule("input-hidden", Growth);
    let learnt = builder.build().unwrap().into_network(&data, 3);
    assert!(learnt.weights(0) != network(&forward).weights(0));
    let mut published = Trainer::new(&forward, network(&forward), SEED).unwrap();
    let error = published.run(&data, plan(3), &mut (), &mut ()).expect_err("a refusal");
    assert!(matches!(error, RunError::Data(DataMismatch::Unlabelled)), "{error:?}");
}

/// Feedback that is the transpose times two, given by the program.
#[test]
fn weights_derived_by_the_program_follow_their_sources() {
    struct Twice;
    impl DerivedWeights for Twice {
        fn derive(
            &self,
            sources: &[ndarray::ArrayView2<'_, f32>],
            mut derived: ndarray::ArrayViewMut2<'_, f32>,
            _: &mut crate::numeric::Stream,
        ) {
            derived.assign(&(&sources[0].t() * 2.0));
        }
    }
    let model = model(&[]);
    let builder = || Trainer::builder(&model, network(&model)).seed(SEED);
    let trainer = builder().derived_weights("output-hidden", &["hidden-output"], Twice).build().unwrap();
    for network in [trainer.network().clone(), trainer.into_network(&data(), 5)] {
        for (i, o) in (0..12).flat_map(|i| (0..4).map(move |o| (i, o))) {
            let [there, back] = [network.weights(1).row(i)[o], network.weights(2).row(o)[i]];
            assert!((2.0 * there - back).abs() < 1e-6, "{i} and {o}: {there} and {back}");
        }
    }
    let refused = builder().derived_weights("hidden-output", &["output-hidden"], Twice).build().err();
    assert!(matches!(refused, Some(TrainerError::Derived { .. })));
}
