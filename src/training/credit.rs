//! How well hidden populations are told what to change: a measurement of learning, which it does not change.

use ndarray::{Array1, Array2, ArrayView1};

use crate::analysis::{angle, feedback_eigenvalue, layer_loss};
use crate::engine::PhaseMeans;
use crate::math::{sigmoid, sigmoid_slope};
use crate::model::{Compartment, Model, Neuron, PopulationId, Projection, ProjectionId, feedforward_path};
use crate::network::Network;
use crate::plasticity::{Backprop, Change, Known};
use crate::record::{Credit, HiddenCredit, Jacobians};

/// Presentations over which Jacobians are averaged, and between which a run does not stop.
pub(super) const WINDOW: u32 = 100;

/// Measures the assignment of credit in a run.
#[derive(Debug)]
pub(super) struct Audit {
    layers: Vec<Layer>,
    backprop: Backprop,
    /// What it hands to each population.
    handed_down: Vec<Vec<f64>>,
    feedback: Option<LastLayer>,
}

/// A hidden population that learns from feedback.
#[derive(Debug)]
struct Layer {
    population: usize,
    /// A feedforward projection to it that learns.
    learns: usize,
    /// Projections from it to the output.
    path: Vec<ProjectionId>,
}

/// The hidden population next to the output, with the Jacobians summed since the last report.
#[derive(Debug)]
struct LastLayer {
    forward: usize,
    back: usize,
    /// k_d φ_max, the largest slope of output rates in dendritic potential but for the sigmoid's.
    gain: f64,
    summed: [Array2<f64>; 2],
    products: Array2<f64>,
    eigenvalues: f64,
    presentations: u32,
}

impl Audit {
    /// What can be measured of this model.
    pub(super) fn of(model: &Model) -> Self {
        let output = PopulationId(model.populations.len() - 1);
        let layers = (1..output.0).filter_map(|population| {
            let learns = |p: &&crate::model::Projection| {
                p.to.0 == population && p.learning_rate > 0.0 && p.compartment != Compartment::Apical
            };
            let learns = model.projections.iter().position(|p| learns(&p))?;
            let path = feedforward_path(&model.projections, PopulationId(population), output)?;
            Some(Layer { population, learns, path })
        });
        let layers: Vec<Layer> = layers.collect();
        let feedback = layers.iter().find_map(|layer| LastLayer::of(model, layer));
        let handed_down = vec![Vec::new(); model.populations.len()];
        Self { layers, backprop: Backprop::of(model), handed_down, feedback }
    }

    /// Measures presentation `index`, whose means and changes these are; the changes are not yet applied.
    pub(super) fn measure(
        &mut self,
        model: &Model,
        network: &Network,
        index: u64,
        means: &[PhaseMeans; 2],
        changes: &[Change],
    ) -> Credit {
        let last = model.populations.len() - 1;
        let [forward, target] = means;
        let phi_max = model.populations[last].phi_max();
        let taught: Vec<f64> = target.sigmoid[last].iter().map(|s| phi_max * s).collect();
        let output_loss = layer_loss(&taught, &rates(&forward.v[last], phi_max));
        let known = |p: usize| Known { v: &forward.v[p], sigmoid: &target.sigmoid[p], ..Known::default() };
        self.backprop.hand_down(&network.weights, known, &mut self.handed_down);
        let hidden = self.layers.iter().map(|layer| HiddenCredit {
            population: PopulationId(layer.population),
            loss: layer.loss(model.populations[layer.population].phi_max(), means),
            angle: layer.angle(&forward.v[layer.population], &self.handed_down[layer.population], changes),
        });
        let hidden = hidden.collect();
        let jacobians = self.feedback.as_mut().and_then(|feedback| {
            feedback.add(network, &forward.v[last], phi_max);
            (index + 1).is_multiple_of(u64::from(WINDOW)).then(|| feedback.report()).flatten()
        });
        Credit { index, output_loss, hidden, jacobians }
    }
}

fn rates(potentials: &[f64], phi_max: f64) -> Vec<f64> {
    potentials.iter().map(|&v| phi_max * sigmoid(v)).collect()
}

impl Layer {
    fn loss(&self, phi_max: f64, [forward, target]: &[PhaseMeans; 2]) -> f64 {
        let p = self.population;
        let plateaus = target.plateau[p].iter().zip(&forward.plateau[p]);
        let targets: Vec<f64> = forward.sigmoid[p]
            .iter()
            .zip(plateaus)
            .map(|(s, (alpha_t, alpha_f))| phi_max * s + alpha_t - alpha_f)
            .collect();
        layer_loss(&targets, &rates(&forward.v[p], phi_max))
    }

    /// The angle to backpropagation of the output's own error, δ_i = sigmoid'(mean_f V_i) e_i of the errors handed down. The
    /// presynaptic factors are the same, and so are the gains k of all neurons of a layer.
    fn angle(&self, v: &[f64], handed_down: &[f64], changes: &[Change]) -> f64 {
        let own: Vec<f64> = changes[self.learns].post.iter().map(|&x| f64::from(x)).collect();
        let delta: Vec<f64> = v.iter().zip(handed_down).map(|(&v, e)| sigmoid_slope(v) * e).collect();
        angle(&own, &delta)
    }
}

impl LastLayer {
    fn of(model: &Model, layer: &Layer) -> Option<Self> {
        let &[ProjectionId(forward)] = layer.path.as_slice() else { return None };
        let Neuron::Output(output) = &model.populations.last()?.neuron else { return None };
        let last = model.populations.len() - 1;
        let is_feedback = |p: &Projection| (p.from.0, p.to.0) == (last, layer.population);
        let back = model.projections.iter().position(|p| is_feedback(p) && p.compartment == Compartment::Apical)?;
        let (hidden, outputs) = (model.populations[layer.population].size, model.populations.last()?.size);
        Some(Self {
            forward,
            back,
            gain: output.phi_max * output.g_d / (output.g_l + output.g_d),
            summed: [Array2::zeros((outputs, hidden)), Array2::zeros((hidden, outputs))],
            products: Array2::zeros((outputs, outputs)),
            eigenvalues: 0.0,
            presentations: 0,
        })
    }

    /// Adds the Jacobians at the mean potentials `u` of the output.
    fn add(&mut self, network: &Network, u: &[f64], phi_max: f64) {
        let slopes: Array1<f64> = u.iter().map(|&u| self.gain * sigmoid_slope(u)).collect();
        let forward = network.weights[self.forward].to_array() * slopes.insert_axis(ndarray::Axis(1));
        let back = network.weights[self.back].to_array();
        let expected = back.dot(&ArrayView1::from(&rates(u, phi_max)));
        let back = back * expected.mapv(sigmoid_slope).insert_axis(ndarray::Axis(1));
        let product = forward.dot(&back);
        self.eigenvalues += feedback_eigenvalue(&product);
        self.products += &product;
        self.summed[0] += &forward;
        self.summed[1] += &back;
        self.presentations += 1;
    }

    /// Their means, and starts anew; none of fewer presentations, as where learning began between two reports.
    fn report(&mut self) -> Option<Jacobians> {
        let share = 1.0 / f64::from(WINDOW);
        let [forward, back] = &self.summed;
        let jacobians = Jacobians {
            eigenvalue_of_means: feedback_eigenvalue(&(forward.dot(back) * (share * share))),
            mean_eigenvalue: self.eigenvalues * share,
            product: (&self.products * share).iter().copied().collect(),
        };
        self.summed.iter_mut().chain([&mut self.products]).for_each(|sum| sum.fill(0.0));
        let whole = self.presentations == WINDOW;
        (self.eigenvalues, self.presentations) = (0.0, 0);
        whole.then_some(jacobians)
    }
}
