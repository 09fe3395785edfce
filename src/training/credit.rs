//! Credit-assignment diagnostics: losses of hidden populations, angles between their changes of weights and backpropagation,
//! and Jacobians of feedforward and feedback weights. They are measurements; learning is the same without them.

use ndarray::{Array1, Array2, ArrayView1};

use super::backprop::BackpropReference;
use super::signals::TrialSignals;
use crate::analysis::{angle, feedback_eigenvalue, layer_loss};
use crate::engine::PhaseMeans;
use crate::model::{Escape, Model, PopulationId, Projection, ProjectionId, feedforward_path};
use crate::network::Network;
use crate::numeric::sigmoid_slope;
use crate::plasticity::WeightUpdate;
use crate::protocol::{FORWARD, TARGET};
use crate::record::{Credit, HiddenCredit, Jacobians};

/// Presentations over which Jacobians are averaged; a run that measures them stops only at the end of such a window.
pub(super) const WINDOW: u32 = 100;

/// Measures the credit assignment of a run, presentation by presentation.
#[derive(Debug)]
pub(super) struct CreditMonitor {
    layers: Vec<MonitoredLayer>,
    /// The population that is decoded, if one is.
    output: Option<PopulationId>,
    backprop: BackpropReference,
    /// Backpropagated errors of each population, [n].
    backprop_error: Vec<Vec<f64>>,
    feedback: Option<LastLayer>,
}

/// A hidden population whose feedforward weights learn.
#[derive(Debug)]
struct MonitoredLayer {
    population: usize,
    /// The rate of its neurons as a function of their potential.
    phi: Escape,
    /// A feedforward projection to it that learns.
    learns: usize,
    /// The projections of its one feedforward path to the output.
    path: Vec<ProjectionId>,
}

/// The hidden population next to the output, with the Jacobians summed since the last report.
#[derive(Debug)]
struct LastLayer {
    forward: usize,
    back: usize,
    /// k_d φ_max [1/ms]: times that of φ/φ_max, the slope of output rates in the dendritic potential.
    gain: f64,
    summed: [Array2<f64>; 2],
    products: Array2<f64>,
    eigenvalues: f64,
    presentations: u32,
}

impl CreditMonitor {
    /// The monitor of this model: its hidden populations with learning feedforward weights and one path to the output.
    pub(super) fn of(model: &Model) -> Self {
        let output = model.decoded().map(|(output, _)| output);
        let layers = model.hidden_populations().filter_map(|population| {
            let learns =
                |p: &&crate::model::Projection| p.to.0 == population && p.learning_rate > 0.0 && !is_apical(model, p);
            let learns = model.projections.iter().position(|p| learns(&p))?;
            let path = feedforward_path(&model.projections, PopulationId(population), output?)?;
            Some(MonitoredLayer { population, phi: model.populations[population].rate_function(), learns, path })
        });
        let layers: Vec<MonitoredLayer> = layers.collect();
        let feedback = layers.iter().find_map(|layer| LastLayer::of(model, layer));
        let backprop_error = vec![Vec::new(); model.populations.len()];
        Self { layers, output, backprop: BackpropReference::of(model), backprop_error, feedback }
    }

    /// Measures presentation `index` from its means by phase and its changes by projection, before these are applied.
    pub(super) fn measure(
        &mut self,
        model: &Model,
        network: &Network,
        index: u64,
        means: &[PhaseMeans],
        changes: &[WeightUpdate],
    ) -> Credit {
        let Some(PopulationId(last)) = self.output else { return Credit { index, ..Credit::default() } };
        let (forward, target) = (&means[FORWARD], &means[TARGET]);
        let phi = model.populations[last].rate_function();
        let taught: Vec<f64> = target.sigmoid[last].iter().map(|s| phi.rate_max * s).collect();
        let output_loss = layer_loss(&taught, &rates(&forward.v[last], phi));
        let signals = TrialSignals::new(model, means, &[]);
        self.backprop.backpropagate(network, &signals, &mut self.backprop_error);
        let hidden = self.layers.iter().map(|layer| HiddenCredit {
            population: PopulationId(layer.population),
            loss: layer.loss(means),
            angle: layer.angle(&forward.v[layer.population], &self.backprop_error[layer.population], changes),
        });
        let hidden = hidden.collect();
        let jacobians = self.feedback.as_mut().and_then(|feedback| {
            feedback.add(network, &forward.v[last], phi);
            (index + 1).is_multiple_of(u64::from(WINDOW)).then(|| feedback.report()).flatten()
        });
        Credit { index, output_loss, hidden, jacobians }
    }
}

/// Whether a projection ends on the dendrite that makes plateaus.
fn is_apical(model: &Model, projection: &Projection) -> bool {
    model.population(projection.to).is_plateau_port(projection.port)
}

fn rates(potentials: &[f64], phi: Escape) -> Vec<f64> {
    potentials.iter().map(|&v| phi.rate_max * phi.share(v)).collect()
}

impl MonitoredLayer {
    fn loss(&self, means: &[PhaseMeans]) -> f64 {
        let (forward, target) = (&means[FORWARD], &means[TARGET]);
        let p = self.population;
        let plateaus = target.plateau[p].iter().zip(&forward.plateau[p]);
        let targets: Vec<f64> = forward.sigmoid[p]
            .iter()
            .zip(plateaus)
            .map(|(s, (alpha_t, alpha_f))| self.phi.rate_max * s + alpha_t - alpha_f)
            .collect();
        layer_loss(&targets, &rates(&forward.v[p], self.phi))
    }

    /// The angle [degrees] between the postsynaptic factors of the change and those of backpropagation,
    /// δ_i = φ'(mean_f V_i)/φ_max e_i with backpropagated errors e_i. Presynaptic factors are the same in both, and the gain k is
    /// common to a layer.
    fn angle(&self, v: &[f64], backprop_error: &[f64], changes: &[WeightUpdate]) -> f64 {
        let terms = changes[self.learns].terms();
        let own: Vec<f64> =
            (0..v.len()).map(|i| terms.iter().map(|term| f64::from(term.post[i])).sum::<f64>()).collect();
        let delta: Vec<f64> = v.iter().zip(backprop_error).map(|(&v, e)| self.phi.slope(v) * e).collect();
        angle(&own, &delta)
    }
}

impl LastLayer {
    fn of(model: &Model, layer: &MonitoredLayer) -> Option<Self> {
        let &[ProjectionId(forward)] = layer.path.as_slice() else { return None };
        let (PopulationId(last), _) = model.decoded()?;
        let output = model.populations[last].linear()?;
        let is_feedback = |p: &Projection| (p.from.0, p.to.0) == (last, layer.population);
        let back = model.projections.iter().position(|p| is_feedback(p) && is_apical(model, p))?;
        let (hidden, outputs) = (model.populations[layer.population].size, model.populations[last].size);
        Some(Self {
            forward,
            back,
            gain: output.rate_max() * output.ports[output.bias?].conductance / output.gamma,
            summed: [Array2::zeros((outputs, hidden)), Array2::zeros((hidden, outputs))],
            products: Array2::zeros((outputs, outputs)),
            eigenvalues: 0.0,
            presentations: 0,
        })
    }

    /// Adds the Jacobians at the mean potentials `u` of the output, [outputs].
    fn add(&mut self, network: &Network, u: &[f64], phi: Escape) {
        let slopes: Array1<f64> = u.iter().map(|&u| self.gain * phi.slope(u)).collect();
        let forward = network.synapses[self.forward].matrix().to_array() * slopes.insert_axis(ndarray::Axis(1));
        let back = network.synapses[self.back].matrix().to_array();
        let expected = back.dot(&ArrayView1::from(&rates(u, phi)));
        let back = back * expected.mapv(sigmoid_slope).insert_axis(ndarray::Axis(1));
        let product = forward.dot(&back);
        self.eigenvalues += feedback_eigenvalue(&product);
        self.products += &product;
        self.summed[0] += &forward;
        self.summed[1] += &back;
        self.presentations += 1;
    }

    /// Returns their means over the window and resets the sums; none if fewer presentations were added, as when learning began
    /// within the window.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Weights;
    use crate::plasticity::RankOne;

    type Matrix = [[f64; 2]; 2];

    const PHI_MAX: f64 = 0.2;
    /// Feedforward weights [output][hidden], and feedback [hidden][output].
    const W: Matrix = [[6.0, -3.0], [2.0, 8.0]];
    const Y: Matrix = [[4.0, -2.0], [1.0, 5.0]];
    /// Postsynaptic factors of the change of the hidden layer.
    const OWN: [f64; 2] = [0.25, -0.5];
    const SHOWN: [Means; 2] = [
        Means {
            v: [0.3, -1.0],
            u: [0.5, -0.25],
            fired: [0.55, 0.3],
            taught: [0.875, 0.125],
            alpha: [[0.5, 0.4], [0.75, 0.3]],
        },
        Means {
            v: [-0.5, 2.0],
            u: [-1.5, 1.0],
            fired: [0.4, 0.8],
            taught: [0.25, 0.75],
            alpha: [[0.2, 0.9], [0.1, 0.95]],
        },
    ];

    /// Means of one presentation. Forward phase: potentials `v` (hidden) and `u` (output), sigmoids `fired` of hidden potentials.
    /// Target phase: sigmoids `taught` of output potentials. Plateaus `alpha` of both.
    struct Means {
        v: [f64; 2],
        u: [f64; 2],
        fired: [f64; 2],
        taught: [f64; 2],
        alpha: [[f64; 2]; 2],
    }

    impl Means {
        fn phases(&self) -> [PhaseMeans; 2] {
            let of = |hidden: [f64; 2], output: [f64; 2]| vec![Vec::new(), hidden.to_vec(), output.to_vec()];
            let trains = vec![Vec::new(); 3];
            let plateau = self.alpha.map(|alpha| vec![Vec::new(), alpha.to_vec(), Vec::new()]);
            let [forward, target] = plateau.map(|plateau| PhaseMeans { plateau, ..PhaseMeans::default() });
            [
                PhaseMeans {
                    v: of(self.v, self.u),
                    sigmoid: of(self.fired, [0.0; 2]),
                    trains: trains.clone(),
                    ..forward
                },
                PhaseMeans { sigmoid: of([0.0; 2], self.taught), trains, ..target },
            ]
        }
    }

    fn model() -> (Model, Network) {
        let sizes = ["input", "hidden", "output"].map(|name| format!("population.{name}.size=2"));
        let model = Model::load("g17-784-500-10".as_ref(), &sizes).unwrap();
        let ends: Vec<_> = model.projections.iter().map(|p| (p.from.0, p.to.0)).collect();
        assert_eq!(ends, [(0, 1), (1, 2), (2, 1)]);
        let weights = [[[1.0, 2.0], [3.0, 4.0]], W, Y];
        let weights = weights
            .map(|w| Weights::from_matrix(2, 2, &w.concat().iter().map(|&w| w as f32).collect::<Vec<_>>()).into());
        (model, Network { synapses: weights.into(), biases: vec![vec![], vec![0.0; 2], vec![0.0; 2]] })
    }

    /// Those of other layers point elsewhere.
    fn changes() -> [WeightUpdate; 3] {
        let change = |post: [f64; 2]| {
            let mut change = WeightUpdate::default();
            *change.add_term() = RankOne { post: post.map(|x| x as f32).to_vec(), pre: vec![(0, 0.1)] };
            change
        };
        [change(OWN), change([7.0, 1.0]), change([1.0, 7.0])]
    }

    fn logistic(x: f64) -> f64 {
        1.0 / (1.0 + (-x).exp())
    }

    fn slope(x: f64) -> f64 {
        logistic(x) * (1.0 - logistic(x))
    }

    /// J_b = φ_max sigmoid'(U) k_d W, J_g = sigmoid'(A*) Y at A* = Y φ_max sigmoid(U); k_d = 0.6/0.7.
    fn jacobians(u: [f64; 2]) -> [Matrix; 2] {
        let (mut forward, mut back) = (W, Y);
        for a in 0..2 {
            let expected: f64 = (0..2).map(|k| Y[a][k] * PHI_MAX * logistic(u[k])).sum();
            for b in 0..2 {
                forward[a][b] *= PHI_MAX * slope(u[a]) * 0.6 / 0.7;
                back[a][b] *= slope(expected);
            }
        }
        [forward, back]
    }

    fn product([a, b]: [Matrix; 2]) -> Matrix {
        [0, 1].map(|i| [0, 1].map(|j| a[i][0] * b[0][j] + a[i][1] * b[1][j]))
    }

    /// The larger root of the characteristic polynomial of (I − M)ᵀ (I − M).
    fn largest_eigenvalue(m: Matrix) -> f64 {
        let rest = [[1.0 - m[0][0], -m[0][1]], [-m[1][0], 1.0 - m[1][1]]];
        let half_trace = rest.iter().flatten().map(|x| x * x).sum::<f64>() / 2.0;
        let root_of_determinant = rest[0][0] * rest[1][1] - rest[0][1] * rest[1][0];
        half_trace + (half_trace.powi(2) - root_of_determinant.powi(2)).sqrt()
    }

    fn mean(a: Matrix, b: Matrix, share: f64) -> Matrix {
        [0, 1].map(|i| [0, 1].map(|j| share * a[i][j] + (1.0 - share) * b[i][j]))
    }

    fn assert_close(found: f64, expected: f64, tolerance: f64) {
        assert!((found - expected).abs() <= tolerance * expected.abs(), "{found}, expected {expected}");
    }

    /// Losses are off by the rounding of f64, angles by that of factors in f32.
    #[test]
    fn losses_and_angles_are_those_of_the_equations() {
        let ((model, network), mut monitor) = (model(), CreditMonitor::of(&model().0));
        for (index, shown) in (0..).zip(&SHOWN) {
            let credit = monitor.measure(&model, &network, index, &shown.phases(), &changes());
            let Means { v, u, fired, taught, alpha: [alpha_f, alpha_t] } = shown;
            let (mut output, mut hidden, mut delta) = (0.0, 0.0, [0.0; 2]);
            for i in 0..2 {
                output += (PHI_MAX * taught[i] - PHI_MAX * logistic(u[i])).powi(2) / 2.0;
                let target = PHI_MAX * fired[i] + alpha_t[i] - alpha_f[i];
                hidden += (target - PHI_MAX * logistic(v[i])).powi(2) / 2.0;
                let handed: f64 = (0..2).map(|k| W[k][i] * slope(u[k]) * (taught[k] - logistic(u[k]))).sum();
                delta[i] = slope(v[i]) * handed;
            }
            assert_eq!((credit.index, credit.hidden.len()), (index, 1));
            assert_eq!(credit.hidden[0].population, PopulationId(1));
            assert_close(credit.output_loss, output, 1e-12);
            assert_close(credit.hidden[0].loss, hidden, 1e-12);
            let lengths = OWN[0].hypot(OWN[1]) * delta[0].hypot(delta[1]);
            let angle = ((OWN[0] * delta[0] + OWN[1] * delta[1]) / lengths).acos().to_degrees();
            assert!((credit.hidden[0].angle - angle).abs() < 1e-4, "{}, expected {angle}", credit.hidden[0].angle);
        }
    }

    /// Every tenth presentation of the first window is another, so that the eigenvalue of the means is not the mean of
    /// eigenvalues.
    #[test]
    fn jacobians_are_means_over_whole_windows() {
        let ((model, network), mut monitor) = (model(), CreditMonitor::of(&model().0));
        let mut report = |window: u64, which: fn(u64) -> usize| {
            let mut reports = (0..100).map(|n| {
                let shown = SHOWN[which(n)].phases();
                monitor.measure(&model, &network, 100 * window + n, &shown, &changes()).jacobians
            });
            assert!(reports.by_ref().take(99).all(|report| report.is_none()));
            reports.next().flatten().expect("a report at the end of a window")
        };
        let [a, b] = [0, 1].map(|n| jacobians(SHOWN[n].u));
        let expect = |found: &Jacobians, share: f64| {
            let of_means = largest_eigenvalue(product([mean(a[0], b[0], share), mean(a[1], b[1], share)]));
            let [of_a, of_b] = [a, b].map(|jacobians| largest_eigenvalue(product(jacobians)));
            assert_close(found.eigenvalue_of_means, of_means, 1e-9);
            assert_close(found.mean_eigenvalue, share * of_a + (1.0 - share) * of_b, 1e-9);
            let expected = mean(product(a), product(b), share).concat();
            assert_eq!(found.product.len(), expected.len());
            found.product.iter().zip(&expected).for_each(|(&found, &expected)| assert_close(found, expected, 1e-9));
        };
        let mixed = report(0, |n| usize::from(n.is_multiple_of(10)));
        expect(&mixed, 0.9);
        assert!((mixed.eigenvalue_of_means / mixed.mean_eigenvalue - 1.0).abs() > 1e-6, "{mixed:?}");
        expect(&report(1, |_| 1), 0.0);
    }

    #[test]
    fn a_window_that_was_not_seen_whole_is_not_reported() {
        let ((model, network), mut monitor) = (model(), CreditMonitor::of(&model().0));
        let mut reports =
            (60..200).map(|index| monitor.measure(&model, &network, index, &SHOWN[0].phases(), &changes()).jacobians);
        assert!(reports.by_ref().take(139).all(|report| report.is_none()));
        let whole = reports.next().flatten().expect("a report of the first whole window");
        assert_close(whole.mean_eigenvalue, largest_eigenvalue(product(jacobians(SHOWN[0].u))), 1e-9);
    }

    /// Two hidden populations side by side, of which one sends to the apical dendrites of the other.
    #[test]
    fn the_jacobian_of_feedback_is_of_what_the_output_sends() {
        let population =
            |(name, kind): (&str, &str)| format!("[[population]]\nname = '{name}'\nsize = 4\nkind = '{kind}'\n");
        let projection = |(from, to, compartment): (&str, &str, &str)| {
            format!("[[projection]]\nfrom = '{from}'\nto = '{to}'\ncompartment = '{compartment}'\nlearning_rate = 0\n")
        };
        let populations =
            [("in", "poisson"), ("a", "pyramidal"), ("b", "pyramidal"), ("out", "output")].map(population);
        let projections = [
            ("in", "a", "basal"),
            ("in", "b", "basal"),
            ("b", "a", "apical"),
            ("a", "out", "dendrite"),
            ("b", "out", "dendrite"),
            ("out", "a", "apical"),
        ]
        .map(projection);
        let text = format!("name = 'side'\n{}{}", populations.concat(), projections.concat());
        let keys = ["projection.in-a.learning_rate=0.1".to_owned()];
        let model = Model::parse(&text, "side", &keys).unwrap();
        let feedback = CreditMonitor::of(&model).feedback.unwrap();
        assert_eq!((feedback.forward, feedback.back), (3, 5));
    }
}
