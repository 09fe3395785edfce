//! How well hidden neurons are told what to change, on the first 3,000 images of an epoch of MNIST.
//!
//! Guerguiev, Lillicrap & Richards (2017), eLife 6:e22901, Figures 5 and 7, in a reduced form.

use std::convert::Infallible;
use std::ops::ControlFlow;
use std::path::Path;

use apical::analysis::angle;
use apical::data::{Dataset, StimulusLoader};
use apical::model::{Model, shipped};
use apical::network::{Network, Weights};
use apical::record::{Credit, Presentation, RecordError, Recorder};
use apical::training::{Ending, Monitor, Plan, Plasticity, Progress, Trainer, Training};

/// Fewer neurons than the paper has, for speed.
const SMALL: &str = "population.hidden.size=200";

/// Keeps what was measured, with the label of each presentation and the networks at the ends of the run.
#[derive(Default)]
struct Kept {
    credits: Vec<Credit>,
    labels: Vec<u8>,
    networks: Vec<Network>,
}

impl Recorder for Kept {
    fn presentation(&mut self, presentation: Presentation<'_>) -> Result<(), RecordError> {
        self.labels.extend(presentation.label);
        Ok(())
    }

    fn credit(&mut self, credit: &Credit) -> Result<(), RecordError> {
        self.credits.push(credit.clone());
        Ok(())
    }

    fn weights(&mut self, _: u64, label: Option<&str>, network: &Network) -> Result<(), RecordError> {
        self.networks.extend(label.map(|_| network.clone()));
        Ok(())
    }
}

/// Stops a run once so many presentations are done.
struct StopAt(u64);

impl Monitor for StopAt {
    fn trained(&mut self, progress: Progress) -> ControlFlow<()> {
        if progress.done == self.0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

fn trained(name: &str, keys: &[&str], presentations: u64) -> Kept {
    run(&model(name, keys), presentations, None)
}

fn model(name: &str, keys: &[&str]) -> Model {
    let text = shipped::find(name).unwrap().text;
    let keys: Vec<_> = keys.iter().chain(&["recording.credit=true"]).map(|&key| key.to_owned()).collect();
    Model::parse(text, name, &keys).unwrap()
}

/// A run, stopped and resumed where that is asked for.
fn run(model: &Model, presentations: u64, stop: Option<u64>) -> Kept {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/mnist");
    let data: Dataset = StimulusLoader { folder: Some(&folder), ..StimulusLoader::of(model) }.load().unwrap();
    let network = Network::new(model, 1, |_| Ok::<_, Infallible>(Vec::new())).unwrap();
    let mut kept = Kept::default();
    let plan = Plan { presentations, test_examples: 0, plasticity: Plasticity::On };
    let mut trainer = Trainer::new(model, network, 1).unwrap();
    if let Some(at) = stop {
        assert_eq!(trainer.run(&data, plan, &mut kept, &mut StopAt(at)).unwrap(), Ending::Stopped);
        trainer = Trainer::resume(model, trainer.checkpoint()).unwrap();
    }
    assert_eq!(trainer.run(&data, plan, &mut kept, &mut ()).unwrap(), Ending::Done);
    assert!(trainer.history().tested.is_none());
    kept
}

fn mean(values: impl Iterator<Item = f64> + Clone) -> f64 {
    values.clone().sum::<f64>() / values.count() as f64
}

fn angles(credits: &[Credit]) -> f64 {
    mean(credits.iter().map(|credit| credit.hidden[0].angle).filter(|angle| angle.is_finite()))
}

/// Pearson's correlation.
fn correlation(pairs: &[(f64, f64)]) -> f64 {
    let (x, y) = (mean(pairs.iter().map(|p| p.0)), mean(pairs.iter().map(|p| p.1)));
    let a: Vec<f64> = pairs.iter().map(|p| p.0 - x).collect();
    let b: Vec<f64> = pairs.iter().map(|p| p.1 - y).collect();
    angle(&a, &b).to_radians().cos()
}

/// Random feedback is orthogonal to backpropagation at first, to within 10 degrees in the mean of 20; weights come to align
/// with it, and more so where the noise of spikes is left out.
#[test]
fn the_angle_to_backpropagation_falls_from_90_degrees() {
    let spikes = trained("g17-784-500-10", &[SMALL], 3000).credits;
    let rates = trained("g17-784-500-10-rate-feedback", &[SMALL], 3000).credits;
    let (first, last) = (angles(&spikes[..20]), angles(&spikes[2500..]));
    assert!((first - 90.0).abs() < 10.0, "{first} degrees at first");
    assert!(last < first - 5.0 && last < 85.0, "{first} degrees at first, {last} at last");
    let without_noise = angles(&rates[2500..]);
    assert!(without_noise < last - 5.0, "{without_noise} degrees with rates, {last} with spikes");
}

/// Losses of the hidden and the output layer rise and fall together from image to image of one category; against the hidden
/// losses of other images they do not, but for one category in 10,000 (a correlation of 4/sqrt(n)), and so one seed in 1,000.
#[test]
fn losses_of_both_layers_are_correlated_in_every_category() {
    let kept = trained("g17-784-500-10", &[SMALL], 3000);
    for category in 0..10 {
        let of = |(credit, &label): (&Credit, &u8)| {
            (label == category).then_some((credit.hidden[0].loss, credit.output_loss))
        };
        let pairs: Vec<_> = kept.credits.iter().zip(&kept.labels).filter_map(of).collect();
        let real = correlation(&pairs);
        let shuffled: Vec<_> = (0..pairs.len()).map(|i| (pairs[i].0, pairs[(i * 7 + 3) % pairs.len()].1)).collect();
        let bound = 4.0 / (pairs.len() as f64).sqrt();
        assert!(real > 0.0, "category {category}: {real}");
        assert!(correlation(&shuffled).abs() < bound, "category {category}, shuffled: {}", correlation(&shuffled));
    }
}

/// Without feedback J_g is 0, and the eigenvalue that of the identity; with it, every 100 presentations there is one.
#[test]
fn the_feedback_eigenvalue_is_that_of_the_identity_without_feedback() {
    let tiny = "projection.output-hidden.weights.scale=0.0000001";
    let none = trained("g17-784-500-10", &[SMALL, tiny], 250).credits;
    let reports: Vec<_> = none.iter().filter_map(|credit| Some((credit.index, credit.jacobians.as_ref()?))).collect();
    assert_eq!(reports.iter().map(|(index, _)| *index).collect::<Vec<_>>(), [99, 199]);
    for (_, jacobians) in reports {
        assert!((jacobians.eigenvalue_of_means - 1.0).abs() < 1e-4 && (jacobians.mean_eigenvalue - 1.0).abs() < 1e-4);
    }
    let some = trained("g17-784-500-10", &[SMALL], 100).credits;
    assert!((some[99].jacobians.as_ref().unwrap().mean_eigenvalue - 1.0).abs() > 1e-3);
}

/// Asked to stop between two reports, a run goes on to the next: resumed, it measures all that an unbroken one does.
#[test]
fn a_run_that_was_stopped_measures_what_an_unbroken_one_does() {
    let [whole, stopped] = [None, Some(130)].map(|stop| run(&model("g17-784-500-10", &[SMALL]), 300, stop).credits);
    assert_eq!(stopped, whole);
    assert_eq!(whole.iter().filter(|credit| credit.jacobians.is_some()).count(), 3);
}

/// Where hidden neurons learn by backpropagation itself, the angle to it is that of rounding: factors are single numbers. That
/// it is the slope of the loss is a test of its own, beside the rule.
#[test]
fn hidden_neurons_that_errors_are_handed_to_learn_by_backpropagation() {
    for (name, layers, keys) in [
        ("g17-784-500-10", 1, &["learning.hidden_error=backprop", SMALL]),
        ("g17-784-500-100-10", 2, &["learning.hidden_error=backprop", "population.hidden1.size=100"]),
    ] {
        let credits = trained(name, keys, 200).credits;
        assert_eq!(credits.iter().map(|credit| credit.hidden.len()).sum::<usize>(), 200 * layers);
        for hidden in credits.iter().flat_map(|credit| &credit.hidden) {
            assert!(hidden.angle < 0.01, "{name}, population {}: {} degrees", hidden.population.0, hidden.angle);
        }
    }
}

/// Feedback from one hidden layer to another is the mirror of weights that learn from what is handed down: at one learning
/// rate the synapse from k to i changes as that from i to k does. In each of 20 changes both are rounded, by half a step of
/// f32 at most.
#[test]
fn feedback_between_hidden_layers_mirrors_what_is_learned_by_backpropagation() {
    let down = "[[projection]]\nfrom = \"hidden2\"\nto = \"hidden1\"\ncompartment = \"apical\"\nlearning_rate = 0.6\n\
                feedback_rule = \"mirror\"\n";
    let text = format!("{}\n{down}", shipped::find("g17-784-500-100-10").unwrap().text);
    let keys = [
        "learning.hidden_error=backprop",
        "recording.credit=true",
        "population.hidden1.size=100",
        "projection.hidden1-hidden2.learning_rate=0.6",
    ];
    let model = Model::parse(&text, "two-down", &keys.map(str::to_owned)).unwrap();
    let networks = run(&model, 20, None).networks;
    let [up, down] = ["hidden1-hidden2", "hidden2-hidden1"].map(|name| {
        let index = model.projections.iter().position(|projection| projection.name == name).unwrap();
        [networks[0].weights(index), networks[1].weights(index)]
    });
    let change = |weights: [&Weights; 2], pre: usize, post: usize| {
        let [first, last] = weights.map(|weights| f64::from(weights.row(pre)[post]));
        last - first
    };
    let largest = up.iter().chain(&down).flat_map(|weights| weights.rows()).fold(0.0_f32, |a, b| a.max(b.abs()));
    let bound = 20.0 * f64::from(f32::EPSILON * largest);
    let mut moved = 0;
    for i in 0..100 {
        for k in 0..100 {
            let (there, back) = (change(up, i, k), change(down, k, i));
            assert!((there - back).abs() < bound, "{i} and {k}: {there} and {back}, to {bound}");
            moved += usize::from(there.abs() > 10.0 * bound);
        }
    }
    assert!(moved > 5000, "{moved} of 10,000 weights moved");
}
