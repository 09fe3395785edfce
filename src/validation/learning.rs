//! The spiking network and its noiseless twin learning side by side.

use ndarray::Array2;

use crate::analysis::{linear_cka, rsa};
use crate::data::Dataset;
use crate::model::Model;
use crate::network::Network;
use crate::numeric::angle_from_products;
use crate::rate::Twin;
use crate::training::{Dynamics, Ending, Monitor, Plan, RunError, Synapses, Trainer, Training, responses};

/// What is learnt side by side.
#[derive(Clone, Copy, Debug)]
pub struct Lesson<'a> {
    /// The model.
    pub model: &'a Model,
    /// Weights from which both start.
    pub network: &'a Network,
    /// What is shown, to both in the same order.
    pub data: &'a Dataset,
    /// Training presentations.
    pub examples: u64,
    /// Points of the learning curve after the first.
    pub points: u64,
    /// Images tested at each point, and over which representations are compared.
    pub images: usize,
    /// Examples whose summed changes are compared at each point.
    pub compared: usize,
    /// Seed of both.
    pub seed: u64,
}

/// Where both stand after so many presentations.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Training presentations.
    pub examples: u64,
    /// Test error of the spiking network and of its twin, each with its own weights [%].
    pub errors_percent: [f64; 2],
    /// Angle between the changes that both would make at the weights of the spiking network, by projection that learns
    /// [degrees].
    pub angles_deg: Vec<(usize, f64)>,
}

/// How alike the representations of a hidden population are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Likeness {
    /// Population.
    pub population: usize,
    /// Representational similarity, −1 to 1.
    pub rsa: f64,
    /// Linear centred kernel alignment, 0 to 1.
    pub cka: f64,
}

/// What came of a lesson.
#[derive(Clone, Debug, PartialEq)]
pub struct Learning {
    /// From before the first presentation to after the last.
    pub points: Vec<Point>,
    /// Hidden populations of the spiking network against those of its twin, after the lesson.
    pub likeness: Vec<Likeness>,
}

const DYNAMICS: [Dynamics; 2] = [Dynamics::Spiking, Dynamics::Rate(Twin::Noiseless)];

/// Trains a network and its noiseless twin; none if the monitor stops them.
///
/// # Errors
/// If learning diverges.
pub fn learn(lesson: &Lesson<'_>, monitor: &mut dyn Monitor) -> Result<Option<Learning>, RunError> {
    let Lesson { model, network, data, .. } = *lesson;
    let start = |dynamics| Trainer::builder(model, network.clone()).seed(lesson.seed).dynamics(dynamics).build();
    let mut trainers = [start(DYNAMICS[0])?, start(DYNAMICS[1])?];
    let mut points = Vec::new();
    let plan = Plan { presentations: lesson.examples, test_examples: lesson.images, synapses: Synapses::Plastic };
    for point in 0..=lesson.points {
        let examples = lesson.examples * point / lesson.points;
        let mut errors_percent = [f64::NAN; 2];
        for (trainer, error) in trainers.iter_mut().zip(&mut errors_percent) {
            if trainer.run_part(examples, data, plan, &mut (), monitor)? == Ending::Stopped {
                return Ok(None);
            }
            *error = trainer.history().curve.last().map_or(f64::NAN, |evaluation| evaluation.test_error);
        }
        let angles_deg = angles(lesson, trainers[0].network())?;
        points.push(Point { examples, errors_percent, angles_deg });
    }
    let shown = trainers.iter().zip(DYNAMICS).map(|(trainer, dynamics)| {
        responses((model, trainer.network()), dynamics, &data.evaluation, lesson.images, lesson.seed)
    });
    let shown: Vec<_> = shown.collect();
    let hidden = 1..model.populations.len() - 1;
    Ok(Some(Learning { points, likeness: hidden.map(|at| likeness([&shown[0], &shown[1]], [at; 2])).collect() }))
}

/// How alike a population of one network and one of another answer to the same images; their rates image by image as
/// [`responses`] gives them.
pub fn likeness(shown: [&[Vec<Vec<f64>>]; 2], populations: [usize; 2]) -> Likeness {
    let [x, y] = [0, 1].map(|which| {
        let (shown, at): (&[Vec<Vec<f64>>], usize) = (shown[which], populations[which]);
        Array2::from_shape_fn((shown.len(), shown[0][at].len()), |(image, i)| shown[image][at][i])
    });
    Likeness { population: populations[0], rsa: rsa(x.view(), y.view()), cka: linear_cka(x.view(), y.view()) }
}

/// Angles between the changes of both dynamics at the same weights, summed over a batch of presentations from rest.
fn angles(lesson: &Lesson<'_>, network: &Network) -> Result<Vec<(usize, f64)>, RunError> {
    let mut model = lesson.model.clone();
    model.learning.batch = lesson.compared;
    let changed = |dynamics| -> Result<Network, RunError> {
        let start = Trainer::builder(&model, network.clone()).seed(lesson.seed);
        let mut trainer = start.dynamics(dynamics).build()?;
        let plan = Plan { presentations: lesson.compared as u64, test_examples: 0, synapses: Synapses::Plastic };
        trainer.run(lesson.data, plan, &mut (), &mut ())?;
        Ok(trainer.network().clone())
    };
    let [spiking, rate] = [changed(DYNAMICS[0])?, changed(DYNAMICS[1])?];
    let learns = (0..model.projections.len()).filter(|&index| model.projections[index].learning_rate > 0.0);
    let angle = |index: usize| {
        let rows = |network: &Network| network.weights[index].rows().to_vec();
        (index, angle_between(&rows(network), &rows(&spiking), &rows(&rate)))
    };
    Ok(learns.map(angle).collect())
}

/// The angle at `origin` between the ways to `a` and to `b` [degrees]; 90 where one is no way at all, NaN where neither is.
fn angle_between(origin: &[f32], a: &[f32], b: &[f32]) -> f64 {
    let (mut aa, mut bb, mut ab) = (0.0, 0.0, 0.0);
    for ((&o, &a), &b) in origin.iter().zip(a).zip(b) {
        let (a, b) = (f64::from(a) - f64::from(o), f64::from(b) - f64::from(o));
        aa += a * a;
        bb += b * b;
        ab += a * b;
    }
    match (aa > 0.0, bb > 0.0) {
        (false, false) => f64::NAN,
        (true, true) => angle_from_products(aa, bb, ab),
        _ => 90.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_angle_is_taken_at_its_origin() {
        assert!((angle_between(&[1.0, 1.0], &[2.0, 1.0], &[1.0, 3.0]) - 90.0).abs() < 1e-9);
        assert!((angle_between(&[1.0, 1.0], &[2.0, 1.0], &[3.0, 3.0]) - 45.0).abs() < 1e-5);
        assert!((angle_between(&[1.0, 1.0], &[1.0, 1.0], &[3.0, 3.0]) - 90.0).abs() < 1e-9);
        assert!(angle_between(&[1.0, 1.0], &[1.0, 1.0], &[1.0, 1.0]).is_nan());
    }

    #[test]
    fn a_population_is_like_itself() {
        let shown: Vec<Vec<Vec<f64>>> =
            (0..6).map(|i| vec![vec![], vec![f64::from(i * i), f64::from(7 - i), f64::from(i % 3)]]).collect();
        let found = likeness([&shown, &shown], [1, 1]);
        assert!((found.cka - 1.0).abs() < 1e-12 && (found.rsa - 1.0).abs() < 1e-12);
    }
}
