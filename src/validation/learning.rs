//! Trains the spiking network and its noiseless twin in parallel and compares what they learn.

use ndarray::Array2;

use super::rates::compared;
use crate::analysis::{linear_cka, rsa};
use crate::data::Dataset;
use crate::model::Model;
use crate::network::Network;
use crate::numeric::angle_from_products;
use crate::rate::Twin;
use crate::training::{Ending, Monitor, NetworkDynamics, Plan, Plasticity, RunError, Trainer, Training, responses};

/// What both are trained on, and how they are compared.
#[derive(Clone, Copy, Debug)]
pub struct LearningSetting<'a> {
    /// The model.
    pub model: &'a Model,
    /// Weights from which both start.
    pub network: &'a Network,
    /// Training and test data, presented to both in the same order.
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

/// A comparison of both after some training presentations.
#[derive(Clone, Debug, PartialEq)]
pub struct LearningPoint {
    /// Training presentations.
    pub examples: u64,
    /// Test error of the spiking network and of its twin, each with its own weights [%].
    pub errors_percent: [f64; 2],
    /// Angle between the changes that both would make at the weights of the spiking network, by projection that learns
    /// [degrees].
    pub angles_deg: Vec<(usize, f64)>,
}

/// Similarity of the representations of a hidden population.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Similarity {
    /// Population.
    pub population: usize,
    /// Representational similarity, −1 to 1.
    pub rsa: f64,
    /// Linear centred kernel alignment, 0 to 1.
    pub cka: f64,
}

/// What was learnt by both.
#[derive(Clone, Debug, PartialEq)]
pub struct ComparedLearning {
    /// From before the first presentation to after the last.
    pub points: Vec<LearningPoint>,
    /// Hidden populations of the spiking network against those of its twin, after training.
    pub similarity: Vec<Similarity>,
}

const DYNAMICS: [NetworkDynamics; 2] = [NetworkDynamics::Spiking, NetworkDynamics::Rate(Twin::Noiseless)];

/// Trains a network and its noiseless twin; `None` if the monitor stops them.
///
/// # Errors
/// If learning diverges.
pub fn learn(setting: &LearningSetting<'_>, monitor: &mut dyn Monitor) -> Result<Option<ComparedLearning>, RunError> {
    let LearningSetting { model, network, data, .. } = *setting;
    let start = |dynamics| Trainer::builder(model, network.clone()).seed(setting.seed).dynamics(dynamics).build();
    let mut trainers = [start(DYNAMICS[0])?, start(DYNAMICS[1])?];
    let mut points = Vec::new();
    let plan = Plan { presentations: setting.examples, test_examples: setting.images, plasticity: Plasticity::On };
    for point in 0..=setting.points {
        let examples = setting.examples * point / setting.points;
        let mut errors_percent = [f64::NAN; 2];
        for (trainer, error) in trainers.iter_mut().zip(&mut errors_percent) {
            if trainer.run_part(examples, data, plan, &mut (), monitor)? == Ending::Stopped {
                return Ok(None);
            }
            *error = trainer.history().curve.last().map_or(f64::NAN, |evaluation| evaluation.test_error);
        }
        let angles_deg = angles(setting, trainers[0].network())?;
        points.push(LearningPoint { examples, errors_percent, angles_deg });
    }
    let shown = trainers.iter().zip(DYNAMICS).map(|(trainer, dynamics)| {
        responses((model, trainer.network()), dynamics, &data.evaluation, setting.images, setting.seed)
    });
    let shown = shown.collect::<Result<Vec<_>, _>>()?;
    let decoded = model.decoded().map(|(population, _)| population.0);
    let hidden = compared(model).into_iter().filter(|&at| Some(at) != decoded);
    Ok(Some(ComparedLearning {
        points,
        similarity: hidden.map(|at| similarity([&shown[0], &shown[1]], [at; 2])).collect(),
    }))
}

/// Similarity of the responses of a population of one network and one of another to the same images: rates by image,
/// population and neuron as [`responses`] returns them.
pub fn similarity(shown: [&[Vec<Vec<f64>>]; 2], populations: [usize; 2]) -> Similarity {
    let [x, y] = [0, 1].map(|which| {
        let (shown, at): (&[Vec<Vec<f64>>], usize) = (shown[which], populations[which]);
        Array2::from_shape_fn((shown.len(), shown[0][at].len()), |(image, i)| shown[image][at][i])
    });
    Similarity { population: populations[0], rsa: rsa(x.view(), y.view()), cka: linear_cka(x.view(), y.view()) }
}

/// Angles between the changes of both dynamics at the same weights, summed over a batch of presentations from rest.
fn angles(setting: &LearningSetting<'_>, network: &Network) -> Result<Vec<(usize, f64)>, RunError> {
    let mut model = setting.model.clone();
    model.learning.batch = setting.compared;
    let changed = |dynamics| -> Result<Network, RunError> {
        let start = Trainer::builder(&model, network.clone()).seed(setting.seed);
        let mut trainer = start.dynamics(dynamics).build()?;
        let plan = Plan { presentations: setting.compared as u64, test_examples: 0, plasticity: Plasticity::On };
        trainer.run(setting.data, plan, &mut (), &mut ())?;
        Ok(trainer.network().clone())
    };
    let [spiking, rate] = [changed(DYNAMICS[0])?, changed(DYNAMICS[1])?];
    let learns = (0..model.projections.len()).filter(|&index| model.projections[index].learning_rate > 0.0);
    let angle = |index: usize| {
        let [origin, spiking, rate] = [network, &spiking, &rate].map(|network| network.synapses[index].weights());
        (index, angle_between(&origin, &spiking, &rate))
    };
    Ok(learns.map(angle).collect())
}

/// The angle at `origin` between the directions to `a` and `b` [degrees]; 90 if one of them equals `origin`, NaN if both do.
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
        let found = similarity([&shown, &shown], [1, 1]);
        assert!((found.cka - 1.0).abs() < 1e-12 && (found.rsa - 1.0).abs() < 1e-12);
    }
}
