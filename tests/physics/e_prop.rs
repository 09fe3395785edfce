//! e-prop: the mean change of weights is the gradient of the loss, and nothing that is not of the model changes a bit.

use std::error::Error;

use apical::cells::{CompartmentPortKeys, Compartments, CouplingKeys, LifEscape, PoissonEncoder, SpikeKeys};
use apical::engine::{Circuit, Limits, Precision};
use apical::model::{ContinuousProtocol, Model, OnlinePlasticity, ProjectionSpec, Storage, WeightInit};
use apical::network::{Network, Weights};
use apical::numeric::PresentationKey;
use apical::plasticity::EProp;
use apical::protocol::{KeptSpikes, Phase, Spike, Stimulus, Trial};
use apical::training::initial_network;

use super::plasticity::{lane, of_neuron, same_everywhere, train};
use super::signals::{compartment, goes_on_from_its_state, learning_by, mean_with_error};

/// Capacitance [pF], leak [nS] of soma and teacher, and time constants of their synapses [ms].
const SOMA: [f64; 2] = [100.0, 10.0];
const TEACHER: [f64; 2] = [120.0, 8.0];
const TAU_S: f64 = 3.0;
const TAU_TEACH: f64 = 5.0;
const REST: f64 = -64.0;
const ESCAPE: LifEscape = LifEscape { phi_max: 0.2, v_half: -58.0, width: 3.0 };

const SOURCES: usize = 3;
const HIDDEN: usize = 4;
const OUTPUTS: usize = 2;

/// Weights of the hidden layer [hidden][source] [pA].
const W: [[f64; SOURCES]; HIDDEN] =
    [[300.0, 500.0, -200.0], [-250.0, 400.0, 350.0], [600.0, -150.0, 200.0], [150.0, 250.0, 450.0]];

/// Weights of the readout [output][hidden], which are those of the broadcast, too.
const A: [[f64; HIDDEN]; OUTPUTS] = [[1.0, -0.7, 0.5, 1.2], [-0.4, 0.9, 1.1, -0.8]];

/// What a spike of the error of an output adds to the current into the teacher [pA], before the weight of the broadcast.
const ERROR: f64 = 60.0;

const LENGTH: f64 = 150.0;

/// Steps of the grid, on which all spikes are [ms].
const DT: f64 = 0.01;

/// A soma, and a compartment of its own for the learning signal.
fn taught() -> Compartments {
    let port = |name: &str, compartment: &str, tau| CompartmentPortKeys::Exponential {
        name: name.to_owned(),
        compartment: compartment.to_owned(),
        tau,
    };
    Compartments {
        compartments: vec![compartment("soma", SOMA, REST), compartment("teacher", TEACHER, REST)].into(),
        couplings: vec![CouplingKeys { between: ["soma", "teacher"].map(str::to_owned), g: 0.0 }],
        ports: vec![port("in", "soma", TAU_S), port("error", "teacher", TAU_TEACH)],
        spike: SpikeKeys {
            v_th: None,
            escape: Some(ESCAPE),
            v_reset: None,
            t_ref: 0.0,
            ..Compartments::default().spike
        },
        ..Compartments::default()
    }
}

fn inputs() -> Vec<Spike> {
    let mut all = train(0, &[2.0, 11.0, 37.0, 74.0, 80.0, 121.0]);
    all.extend(train(1, &[5.0, 30.0, 33.0, 60.0, 96.0, 104.0, 130.0]));
    all.extend(train(2, &[8.0, 20.0, 51.0, 66.0, 90.0, 112.0, 118.0]));
    all.sort_by(|a, b| a.time.total_cmp(&b.time));
    all
}

/// Errors of the outputs, as spikes above the target and below it.
fn errors() -> Vec<Spike> {
    let mut all = train(0, &[10.0, 14.0, 18.0, 70.0, 76.0]);
    all.extend(train(1, &[40.0, 44.0, 48.0, 95.0, 100.0, 105.0, 110.0]));
    all.extend(train(2, &[25.0, 30.0, 62.0, 66.0, 120.0]));
    all.extend(train(3, &[3.0, 52.0, 57.0, 85.0, 88.0, 91.0]));
    all.sort_by(|a, b| a.time.total_cmp(&b.time));
    all
}

/// Output and sign of a train of errors.
fn of_output(train: usize) -> (usize, f64) {
    (train / 2, if train.is_multiple_of(2) { 1.0 } else { -1.0 })
}

/// A membrane and the current of its synapses, from step to step without any error: V above rest [mV], I [pA].
#[derive(Clone, Copy)]
struct Stepper {
    v_decay: f64,
    i_decay: f64,
    /// What a current of 1 pA at the start of a step adds to V by its end [mV].
    gain: f64,
}

impl Stepper {
    fn new([c_m, g_l]: [f64; 2], tau_s: f64) -> Self {
        let tau_m = c_m / g_l;
        let [v_decay, i_decay] = [tau_m, tau_s].map(|tau| (-DT / tau).exp());
        Self { v_decay, i_decay, gain: tau_s / (g_l * (tau_m - tau_s)) * (v_decay - i_decay) }
    }

    /// V at every step, with what is added to the current at each.
    fn run(self, jumps: &[f64]) -> Vec<f64> {
        let (mut v, mut i) = (0.0, 0.0);
        let step = |jump: &f64| {
            i += jump;
            let now = v;
            (v, i) = (self.v_decay * v + self.gain * i, self.i_decay * i);
            now
        };
        jumps.iter().map(step).collect()
    }

    /// The gradient of a loss in what is added to the current at each step, from that in V at each: backwards through time.
    fn back(self, of_v: &[f64]) -> Vec<f64> {
        let (mut by_v, mut by_i) = (0.0, 0.0);
        let step = |of_v: &f64| {
            by_i = self.i_decay * by_i + self.gain * by_v;
            by_v = self.v_decay * by_v + of_v;
            by_i
        };
        let mut gradient: Vec<f64> = of_v.iter().rev().map(step).collect();
        gradient.reverse();
        gradient
    }
}

const STEPS: usize = (LENGTH / DT) as usize;

/// 1 at the steps of the spikes of a neuron.
fn steps_of(spikes: &[Spike], neuron: usize) -> Vec<f64> {
    let mut at = vec![0.0; STEPS];
    of_neuron(spikes, neuron, 0.0).iter().for_each(|time| at[(time / DT).round() as usize] += 1.0);
    at
}

/// φ(V) [1/ms] and its slope, of V above rest.
fn rate(v: f64) -> (f64, f64) {
    let share = 1.0 / (1.0 + (-(REST + v - ESCAPE.v_half) / ESCAPE.width).exp());
    (ESCAPE.phi_max * share, ESCAPE.phi_max * share * (1.0 - share) / ESCAPE.width)
}

/// Potentials of the hidden layer with these weights [hidden][step].
fn hidden(w: &[[f64; SOURCES]; HIDDEN]) -> [Vec<f64>; HIDDEN] {
    let trains = [0, 1, 2].map(|source| steps_of(&inputs(), source));
    w.map(|w| {
        let jumps: Vec<f64> =
            (0..STEPS).map(|k| (0..SOURCES).map(|source| w[source] * trains[source][k]).sum()).collect();
        Stepper::new(SOMA, TAU_S).run(&jumps)
    })
}

/// The readout y = A φ(V) [output][step].
fn readout(v: &[Vec<f64>; HIDDEN]) -> [Vec<f64>; OUTPUTS] {
    A.map(|a| (0..STEPS).map(|k| (0..HIDDEN).map(|j| a[j] * rate(v[j][k]).0).sum()).collect())
}

/// The error of each output, the potential that its spikes make of the teacher [output][step] [mV].
fn error() -> [Vec<f64>; OUTPUTS] {
    let mut jumps = [const { Vec::new() }; OUTPUTS];
    jumps.fill(vec![0.0; STEPS]);
    for train in 0..2 * OUTPUTS {
        let (output, sign) = of_output(train);
        let at = steps_of(&errors(), train);
        jumps[output].iter_mut().zip(at).for_each(|(jump, spike)| *jump += sign * ERROR * spike);
    }
    jumps.map(|jumps| Stepper::new(TEACHER, TAU_TEACH).run(&jumps))
}

/// ½ ∫ |y − y*|² dt, the targets being the readout of the weights [`W`] less the error.
fn loss(w: &[[f64; SOURCES]; HIDDEN]) -> f64 {
    let (found, first, error) = (readout(&hidden(w)), readout(&hidden(&W)), error());
    let squared = |output: usize, k: usize| (found[output][k] - first[output][k] + error[output][k]).powi(2);
    (0..OUTPUTS).map(|output| (0..STEPS).map(|k| 0.5 * DT * squared(output, k)).sum::<f64>()).sum()
}

/// Its gradient by backpropagation through time [hidden][source].
fn bptt() -> [[f64; SOURCES]; HIDDEN] {
    let (v, error) = (hidden(&W), error());
    std::array::from_fn(|j| {
        let of_v =
            |k: usize| (0..OUTPUTS).map(|output| A[output][j] * error[output][k]).sum::<f64>() * rate(v[j][k]).1 * DT;
        let of_v: Vec<f64> = (0..STEPS).map(of_v).collect();
        let of_jumps = Stepper::new(SOMA, TAU_S).back(&of_v);
        [0, 1, 2].map(|source| steps_of(&inputs(), source).iter().zip(&of_jumps).map(|(spike, by)| spike * by).sum())
    })
}

/// The gradient that the simulation is compared with is that of the loss, by differences of it.
#[test]
fn backpropagation_through_time_is_the_gradient_of_the_loss() {
    let gradient = bptt();
    for (j, source) in (0..HIDDEN).flat_map(|j| (0..SOURCES).map(move |source| (j, source))) {
        let at = |by: f64| {
            let mut w = W;
            w[j][source] += by;
            loss(&w)
        };
        let (wanted, found) = ((at(0.1) - at(-0.1)) / 0.2, gradient[j][source]);
        assert!((found - wanted).abs() < 1e-6 * wanted.abs(), "{j}, {source}: {found} for {wanted}");
    }
}

/// Cells of each kind of the hidden layer, one after the other, with candidates of their own.
const COPIES: usize = 4_000;

fn layer(rule: EProp) -> (Model, Network) {
    let fixed = |value| WeightInit::Constant { value };
    let model = Model::builder("hidden-layer")
        .protocol(ContinuousProtocol::default())
        .population("inputs", SOURCES, PoissonEncoder::default())
        .population("errors", 2 * OUTPUTS, PoissonEncoder::default())
        .population("hidden", HIDDEN * COPIES, taught())
        .projection(ProjectionSpec {
            weights: fixed(0.0),
            plasticity: Some(OnlinePlasticity::EProp(rule)),
            ..ProjectionSpec::new("inputs", "hidden", "in")
        })
        .projection(ProjectionSpec { weights: fixed(0.0), ..ProjectionSpec::new("errors", "hidden", "error") })
        .build()
        .unwrap();
    let mut network = initial_network(&model, 1).unwrap();
    let set = |weights: &mut Weights, value: &dyn Fn(usize, usize) -> f64| {
        for pre in 0..weights.pre() {
            let row = &mut weights.row_mut(pre)[..HIDDEN * COPIES];
            row.iter_mut().enumerate().for_each(|(cell, w)| *w = value(pre, cell / COPIES) as f32);
        }
    };
    set(network.weights_mut(0), &|source, j| W[j][source]);
    set(network.weights_mut(1), &|train, j| {
        let (output, sign) = of_output(train);
        sign * ERROR * A[output][j]
    });
    (model, network)
}

/// A hidden layer of escape-rate cells, whose readout is linear: over many runs weights change by −η times the gradient of the loss.
#[test]
fn the_mean_change_is_the_gradient_by_backpropagation_through_time() {
    let rule = EProp { tau_m: SOMA[0] / SOMA[1], tau_s: Some(TAU_S), ..EProp::of(0.5, "teacher", 1e4) };
    let eta = rule.eta;
    let (model, mut network) = layer(rule);
    let mut lane = lane(&model, f64::INFINITY);
    let (inputs, errors) = (inputs(), errors());
    let stimuli = [Stimulus::Spikes(&inputs), Stimulus::Spikes(&errors)];
    let phases = [Phase::new(LENGTH, &stimuli)];
    let trial = Trial { key: PresentationKey::training(0), phases: &phases, spikes: KeptSpikes::All, sampling: None };
    assert_eq!(lane.present_changing(&mut network, &trial, &Limits::default()), None);
    lane.settle_weights(&mut network);
    let fired = lane.observation().spikes[2].len() as f64 / (HIDDEN as f64 * COPIES as f64 * LENGTH * ESCAPE.phi_max);
    assert!((0.2..0.8).contains(&fired), "fires at {fired} of the largest rate");
    // ε of the rule is that of a leak of 1.
    let wanted = bptt().map(|row| row.map(|by| -eta * SOMA[1] * by));
    let largest = wanted.iter().flatten().fold(0.0, |largest: f64, change| largest.max(change.abs()));
    let (mut clear, matrix) = (0, network.synapses[0].matrix());
    for (j, source) in (0..HIDDEN).flat_map(|j| (0..SOURCES).map(move |source| (j, source))) {
        let row = &matrix.row(source)[j * COPIES..][..COPIES];
        let changes: Vec<f64> = row.iter().map(|&w| f64::from(w) - W[j][source]).collect();
        let ((mean, error), wanted) = (mean_with_error(&changes), wanted[j][source]);
        assert!(error < 0.02 * largest, "{error} of {largest}");
        // Four standard errors, and what changed weights change of potentials.
        let tolerance = 4.0 * error + 1e-3 * largest;
        assert!((mean - wanted).abs() < tolerance, "{j}, {source}: {mean} for {wanted} ± {error}");
        clear += usize::from(wanted.abs() > 10.0 * error);
    }
    assert!(clear >= 9, "{clear} of 12 are far from 0");
}

/// A recurrent circuit that learns by e-prop in the place of dendritic prediction.
fn eligible(storage: Storage) -> (Model, Network) {
    let rule = EProp { w_min: 0.0, tau_s: Some(2.0), ..EProp::of(2.0, "apical", 600.0) };
    learning_by(OnlinePlasticity::EProp(rule), storage)
}

#[test]
fn windows_threads_and_storage_change_no_bit() {
    let (spikes, _) = same_everywhere(eligible, 2, 9_000);
    assert!(spikes[1].len() > 300, "{}", spikes[1].len());
}

/// Signals wait at synapses where the run is saved.
#[test]
fn a_run_that_is_saved_or_settled_goes_on_to_the_bit() {
    for storage in [Storage::Sparse, Storage::Dense] {
        goes_on_from_its_state(eligible(storage), (1, 3), "plastic_0_");
    }
}

/// A model made in code is not read by its keys.
#[test]
fn a_compartment_that_is_not_there_is_missed_where_the_network_is_laid_out() {
    let (mut model, _) = layer(EProp::of(0.5, "teacher", 1e4));
    for name in ["tuft", "soma"] {
        model.projections[0].plasticity = Some(OnlinePlasticity::EProp(EProp::of(0.5, name, 1e4)));
        let error = Circuit::new(&model, 7, Precision::Double).unwrap_err();
        let why = error.source().map(ToString::to_string).unwrap_or_default();
        let expected = format!("expected a compartment of the cells other than the one that fires, found {name:?}");
        assert!(why.contains(&expected), "{error}: {why}");
    }
}
