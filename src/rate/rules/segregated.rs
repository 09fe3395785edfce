//! Segregated dendrites as a network of rates: the two-phase rule, kernels replaced by their integrals and phases by
//! their fixed points. Guerguiev, Lillicrap & Richards (2017), eLife 6:e22901; the non-spiking mode of its code.
//!
//! Hidden: V = k_b B, B = W s + b, rate phi_max sigmoid(V). Output: U = k_d D in the forward phase and
//! U = (g_d D + g (E t + E' (1 − t)))/(γ + g) in the target phase. Apical: A = Y phi_max sigmoid(U) and plateaus
//! α = sigmoid(A) in each. Then, f forward and t target,
//! - output: ΔW = 20 η k_d (sigmoid(U_t) − sigmoid(U_f)) sigmoid'(U_f) s_hiddenᵀ
//! - hidden: ΔW = 20 η k_b (α_t − α_f) sigmoid'(V_f) s_inᵀ

use ndarray::Array2;

use crate::model::{Model, PopulationId, PortId, ProjectionId};
use crate::network::Network;
use crate::numeric::sigmoid;
use crate::rate::{Activation, Batch, Dense, Layer, RateRule, Readout};

/// The factor of the rule on top of k_b and k_d (per ms inside: phi_max cancels).
const GAIN: f64 = 20.0;

/// The rule, for networks of [`Activation::Sigmoid`] throughout.
#[derive(Clone, Debug, PartialEq)]
pub struct SegregatedDendrites {
    /// Feedback weights Y of every hidden layer, [units, outputs].
    pub feedback: Vec<Array2<f64>>,
    /// Total conductance of the output neurons without teaching, γ = g_l + g_d [1/ms].
    pub gamma: f64,
    /// Dendrite-to-soma conductance of the output neurons [1/ms].
    pub g_d: f64,
    /// Teaching conductance [1/ms].
    pub g_teach: f64,
    /// Reversal potential of the labelled class.
    pub e_exc: f64,
    /// Reversal potential of the other classes.
    pub e_inh: f64,
}

impl SegregatedDendrites {
    /// The noiseless twin of a model with these weights: its network of rates, and its rule. None if it is no chain of
    /// pyramidal populations from an encoder to single output neurons per class, with feedback from the output to every
    /// apical dendrite and none of it into the soma (g_a = 0).
    pub fn twin(model: &Model, network: &Network) -> Option<(Dense, Self)> {
        let last = model.populations.len() - 1;
        let output = model.populations.last()?.linear()?;
        let clamp = output.clamp?;
        let psi = Activation::Sigmoid { gain: output.gain(), max: output.rate_max() };
        let (mut layers, mut feedback, mut hidden) = (Vec::new(), Vec::new(), psi);
        for l in 1..=last {
            let cell = model.populations[l].linear()?;
            let forward = projection(model, l - 1, l, cell.bias?)?;
            let biases = network.biases[l].iter().map(|&b| f64::from(b)).collect();
            layers.push(Layer { weights: network.synapses[forward.0].matrix().to_array(), biases });
            if let Some(plateau) = cell.plateau {
                if cell.ports[plateau.port].conductance != 0.0 {
                    return None;
                }
                hidden = Activation::Sigmoid { gain: cell.gain(), max: cell.rate_max() };
                let apical = projection(model, last, l, plateau.port)?;
                feedback.push(network.synapses[apical.0].matrix().to_array());
            }
        }
        let (gamma, g_d) = (output.gamma, output.ports[output.bias?].conductance);
        let rule = Self { feedback, gamma, g_d, g_teach: clamp.conductance, e_exc: clamp.e_exc, e_inh: clamp.e_inh };
        (clamp.group == 1).then_some((Dense { layers, hidden, readout: Readout::Squared(psi) }, rule))
    }
}

/// The one projection between two populations to a port.
fn projection(model: &Model, from: usize, to: usize, port: usize) -> Option<ProjectionId> {
    let wanted = (PopulationId(from), PopulationId(to), PortId(port));
    model.projections.iter().position(|p| (p.from, p.to, p.port) == wanted).map(ProjectionId)
}

/// Gain and largest rate of a sigmoid response.
fn gain_and_max(f: Activation) -> (f64, f64) {
    match f {
        Activation::Sigmoid { gain, max } => (gain, max),
        _ => panic!("segregated dendrites fire at a sigmoid rate, found {f:?}"),
    }
}

impl RateRule for SegregatedDendrites {
    fn present(&mut self, network: &Dense, batch: &Batch) -> Vec<Layer> {
        let pass = network.pass(&batch.inputs);
        let last = network.layers.len() - 1;
        let Readout::Squared(psi) = network.readout else { panic!("output neurons fire at a sigmoid rate") };
        let ((k_d, _), (k_b, phi_max)) = (gain_and_max(psi), gain_and_max(network.hidden));
        let (_, output_max) = gain_and_max(psi);
        let forward = &pass.y / output_max;
        let teaching = batch.targets.mapv(|t| self.g_teach * (self.e_exc * t + self.e_inh * (1.0 - t)));
        let target = (&pass.a[last] * self.g_d + teaching) / (self.gamma + self.g_teach);
        let target = target.mapv(sigmoid);
        let slope = |s: &Array2<f64>| s.mapv(|s| s * (1.0 - s));
        let plateaus = |l: usize, rates: &Array2<f64>| (rates * output_max).dot(&self.feedback[l].t()).mapv(sigmoid);
        let hidden = |l: usize| {
            let error = plateaus(l, &target) - plateaus(l, &forward);
            Layer::outer(&(error * slope(&(&pass.h[l + 1] / phi_max)) * (GAIN * k_b)), &pass.h[l])
        };
        let output = Layer::outer(&((&target - &forward) * slope(&forward) * (GAIN * k_d)), &pass.h[last]);
        (0..last).map(hidden).chain([output]).collect()
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::rate::rules::backprop;
    use crate::rate::{Learner, TrainingConfig};

    fn model(overrides: &[&str]) -> Model {
        let small = ["population.input.size=4", "population.hidden.size=6"];
        let overrides: Vec<String> = small.iter().chain(overrides).map(|&o| o.to_owned()).collect();
        Model::load("g17-784-500-10".as_ref(), &overrides).unwrap()
    }

    fn twin(overrides: &[&str]) -> Option<(Dense, SegregatedDendrites)> {
        let model = model(overrides);
        let network = Network::new::<()>(&model, 1, |_| Err(())).unwrap();
        SegregatedDendrites::twin(&model, &network)
    }

    /// mean_f U = 0, mean_t sigmoid(U) = 1, s = 0.1, η = 0.1: 20 · 0.1 · (6/7) · 0.5 · 0.25 · 0.1, by a teaching potential
    /// that has no end.
    #[test]
    fn the_worked_case_of_an_output_neuron_holds() {
        let (mut network, mut rule) = twin(&[]).unwrap();
        rule.e_exc = 1e9;
        let last = &mut network.layers[1];
        *last = Layer::zeros(10, 6);
        // A hidden neuron at V = 0 fires at 0.1 per ms.
        network.layers[0] = Layer::zeros(6, 4);
        let mut targets = Array2::zeros((1, 10));
        targets[[0, 3]] = 1.0;
        let change = rule.present(&network, &Batch { inputs: array![[0.2, 0.0, 0.1, 0.0]], targets });
        assert!((0.1 * change[1].weights[[3, 0]] - 0.021_429).abs() < 1e-6);
        assert!((0.1 * change[1].biases[3] - 0.214_29).abs() < 1e-5);
    }

    /// For one input: V, U and A written out, neuron by neuron.
    #[test]
    fn the_hidden_change_works_out_neuron_by_neuron() {
        let (network, mut rule) = twin(&[]).unwrap();
        let mut targets = Array2::zeros((1, 10));
        targets[[0, 2]] = 1.0;
        let input = [0.2, 0.05, 0.0, 0.1];
        let inputs = Array2::from_shape_vec((1, 4), input.to_vec()).unwrap();
        let change = rule.present(&network, &Batch { inputs, targets });
        let k = 6.0 / 7.0;
        let drive = |layer: &Layer, i: usize, s: &[f64]| {
            layer.biases[i] + s.iter().enumerate().map(|(j, s)| layer.weights[[i, j]] * s).sum::<f64>()
        };
        let v: Vec<f64> = (0..6).map(|i| k * drive(&network.layers[0], i, &input)).collect();
        let s: Vec<f64> = v.iter().map(|&v| 0.2 * sigmoid(v)).collect();
        let d: Vec<f64> = (0..10).map(|o| drive(&network.layers[1], o, &s)).collect();
        let u_t = |o: usize| (0.6 * d[o] + if o == 2 { 8.0 } else { -8.0 }) / 1.7;
        for i in 0..6 {
            let apical = |u: &dyn Fn(usize) -> f64| {
                sigmoid((0..10).map(|o| rule.feedback[0][[i, o]] * 0.2 * sigmoid(u(o))).sum())
            };
            let error = apical(&u_t) - apical(&|o| k * d[o]);
            let expected = 20.0 * k * error * sigmoid(v[i]) * (1.0 - sigmoid(v[i])) * input[3];
            assert!((change[0].weights[[i, 3]] - expected).abs() < 1e-12, "neuron {i}");
        }
    }

    #[test]
    fn a_model_that_is_no_such_network_has_no_twin() {
        assert!(twin(&["population.hidden.g_a_per_ms=0.05"]).is_none());
        assert!(twin(&["population.output.size=20", "population.output.group=2"]).is_none());
    }

    /// Images of four bright corners: the twin learns to classify them.
    #[test]
    fn the_twin_learns() {
        use crate::data::{ImageSet, Presentations};
        let (network, rule) = twin(&["population.hidden.size=30"]).unwrap();
        let pixels = (0..40).flat_map(|i| (0..4).map(move |k| if i % 4 == k { 255 } else { 30 })).collect();
        let shown = Presentations::all(ImageSet::new(2, 2, pixels, (0..40).map(|i| i % 4).collect()).into());
        let schedule = crate::model::Schedule::Constant;
        let config =
            TrainingConfig { rates: vec![0.2; 2], momentum: 0.0, batch: 1, epochs: 1, schedule, brightest: 0.2 };
        let mut learner = Learner::new(network, Box::new(rule), config, 1);
        let (mut cosines, mut batches) = (0.0, 0.0);
        for _ in 0..60 {
            let ended = learner.epoch(&shown, &mut |network, batch, change| {
                let exact = backprop::descent(network, batch);
                cosines += libm::cos(crate::rate::angle(&change[..1], &exact[..1]).to_radians());
                batches += 1.0;
                std::ops::ControlFlow::Continue(())
            });
            assert!(ended.is_continue());
        }
        assert!(learner.error_percent(&shown) < 1e-9, "{}", learner.error_percent(&shown));
        assert!(cosines / batches > 0.0, "hidden changes lead up the loss");
    }
}
