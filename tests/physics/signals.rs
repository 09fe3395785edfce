//! Rules that act at signals of the postsynaptic cell: weights change by their equations, and nothing that is not of the model changes a bit.

use apical::cells::{
    BurstKeys, CompartmentKeys, CompartmentPortKeys, Compartments, CouplingKeys, LifEscape, PoissonEncoder, SpikeKeys,
};
use apical::engine::Limits;
use apical::model::{ContinuousProtocol, Model, OnlinePlasticity, ProjectionSpec, Storage, WeightInit};
use apical::network::Network;
use apical::numeric::PresentationKey;
use apical::plasticity::{BurstDependent, Stdp, UrbanczikSenn};
use apical::protocol::{CurrentCourse, KeptSpikes, Phase, Spike, Stimulus, Trial};
use apical::training::initial_network;

use super::plastic_compartments::{dendritic, driven, with_cells};
use super::plasticity::{
    DELAY, INITIAL, Trains, after, bits, circuit, go_on, lane, of_neuron, pair, same_everywhere, train,
};

const SOMA: [f64; 2] = [60.0, 5.0];
const DENDRITE: [f64; 2] = [200.0, 20.0];
const G_D: f64 = 10.0;
pub const REST: f64 = -70.0;
const TAU_S: f64 = 3.0;
pub const ESCAPE: LifEscape = LifEscape { phi_max: 0.2, v_half: -60.0, width: 3.0 };
const WEIGHT: f64 = 512.0;
const RULE: UrbanczikSenn =
    UrbanczikSenn { eta: 0.05, tau_l: 10.0, tau_s: TAU_S, attenuation: None, w_min: 0.0, w_max: 1e4 };

/// A compartment of this capacitance [pF] and leak [nS], and potential at rest [mV].
pub fn compartment(name: &str, [c_m, g_l]: [f64; 2], e_l: f64) -> CompartmentKeys {
    CompartmentKeys { name: name.to_owned(), c_m, g_l, e_l, i_e: 0.0, v_init: None }
}

/// Cells that fire by an escape rate, with synapses on the dendrite.
pub fn predicting(v_reset: Option<f64>, t_ref: f64) -> Compartments {
    Compartments {
        compartments: vec![compartment("soma", SOMA, REST), compartment("dendrite", DENDRITE, REST)].into(),
        couplings: vec![CouplingKeys { between: ["soma", "dendrite"].map(str::to_owned), g: G_D }],
        ports: vec![CompartmentPortKeys::Exponential {
            name: "in".to_owned(),
            compartment: "dendrite".to_owned(),
            tau: TAU_S,
        }],
        spike: SpikeKeys { v_th: None, escape: Some(ESCAPE), v_reset, t_ref, ..Compartments::default().spike },
        ..Compartments::default()
    }
}

/// Three sources onto cells that learn.
pub fn model(size: usize, cell: Compartments, rule: OnlinePlasticity) -> (Model, Network) {
    let model = Model::builder("prediction")
        .protocol(ContinuousProtocol::default())
        .population("source", 3, PoissonEncoder::default())
        .population("cells", size, cell)
        .projection(ProjectionSpec {
            weights: WeightInit::Constant { value: WEIGHT },
            plasticity: Some(rule),
            ..ProjectionSpec::new("source", "cells", "in")
        })
        .build()
        .unwrap();
    let network = initial_network(&model, 1).unwrap();
    (model, network)
}

pub const LENGTH: f64 = 150.0;

/// Spikes of the sources: the dendrite's prediction is low at those of the first, high at those of the second.
pub fn spikes() -> Vec<Spike> {
    let mut all: Vec<Spike> = train(0, &[2.0, 12.0, 24.0]);
    all.extend(train(1, &[95.0, 108.0]));
    all.extend(train(2, &[60.0, 66.0, 72.0, 78.0, 84.0, 90.0, 96.0, 102.0, 108.5]));
    all.sort_by(|a, b| a.time.total_cmp(&b.time));
    all
}

/// Runs one trial with a current into the somata, and returns changes of weights [source][cell] and the spikes of the cells.
pub fn changes(model: &Model, mut network: Network, current: f64) -> (Vec<Vec<f64>>, Vec<Spike>) {
    let mut lane = lane(model, f64::INFINITY);
    let spikes = spikes();
    let stimuli = [Stimulus::Spikes(&spikes)];
    let currents = [CurrentCourse { population: 1, times_ms: &[0.0], currents_pa: &[current] }];
    let phases = [Phase { currents: &currents, ..Phase::new(LENGTH, &stimuli) }];
    let trial = Trial { key: PresentationKey::training(0), phases: &phases, spikes: KeptSpikes::All, sampling: None };
    assert_eq!(lane.present_changing(&mut network, &trial, &Limits::default()), None);
    lane.settle_weights(&mut network);
    let matrix = network.synapses[0].matrix();
    let change = |source| matrix.row(source).iter().map(|&w| f64::from(w) - WEIGHT).collect();
    ((0..3).map(change).collect(), lane.observation().spikes[1].clone())
}

fn sigmoid(v: f64) -> f64 {
    1.0 / (1.0 + (-(v - ESCAPE.v_half) / ESCAPE.width).exp())
}

/// V of soma and dendrite [mV], the synaptic current [pA], and the PSP of each source, at a step of the fine integration.
#[derive(Clone, Copy)]
pub struct Step {
    pub soma: f64,
    pub dendrite: f64,
    psp: [f64; 3],
}

pub const DT: f64 = 0.002;

/// Integrates the membranes and PSPs by the midpoint rule from a potential of the soma on, spikes at steps.
pub fn integrated(soma: f64, current: f64) -> Vec<Step> {
    let mut state = [soma, REST, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    let slope = |[v, d, i, psp @ ..]: [f64; 9]| -> [f64; 9] {
        // Each PSP with the current that drives it.
        let [a, b, c, x, y, z] = psp;
        [
            (SOMA[1] * (REST - v) + G_D * (d - v) + current) / SOMA[0],
            (DENDRITE[1] * (REST - d) + G_D * (v - d) + i) / DENDRITE[0],
            -i / TAU_S,
            (x - a) / RULE.tau_l,
            (y - b) / RULE.tau_l,
            (z - c) / RULE.tau_l,
            -x / TAU_S,
            -y / TAU_S,
            -z / TAU_S,
        ]
    };
    let mut steps = Vec::new();
    let mut left = spikes().into_iter().peekable();
    for step in 0..(LENGTH / DT) as usize {
        while let Some(spike) = left.next_if(|spike| spike.time <= step as f64 * DT + 1e-9) {
            state[2] += WEIGHT;
            state[6 + spike.neuron as usize] += 1.0;
        }
        let [soma, dendrite, _, a, b, c, ..] = state;
        steps.push(Step { soma, dendrite, psp: [a, b, c] });
        let first = slope(state);
        let middle: [f64; 9] = std::array::from_fn(|k| state[k] + 0.5 * DT * first[k]);
        let second = slope(middle);
        state = std::array::from_fn(|k| state[k] + DT * second[k]);
    }
    steps
}

/// Potential of the soma that the dendrite predicts.
fn prediction(dendrite: f64) -> f64 {
    (SOMA[1] * REST + G_D * dendrite) / (SOMA[1] + G_D)
}

/// η ∫ (φ(V) − φ(V*)) h(V*) PSP dt of each source.
fn integral(steps: &[Step], h: impl Fn(f64) -> f64) -> [f64; 3] {
    let mut sums = [0.0; 3];
    for Step { soma, dendrite, psp } in steps {
        let predicted = prediction(*dendrite);
        let rate = ESCAPE.phi_max * (sigmoid(*soma) - sigmoid(predicted)) * h(predicted);
        sums.iter_mut().zip(psp).for_each(|(sum, psp)| *sum += RULE.eta * rate * psp * DT);
    }
    sums
}

/// The mean of changes and its standard error.
pub fn mean_with_error(changes: &[f64]) -> (f64, f64) {
    let count = changes.len() as f64;
    let mean = changes.iter().sum::<f64>() / count;
    let variance = changes.iter().map(|change| (change - mean).powi(2)).sum::<f64>() / (count - 1.0);
    (mean, (variance / count).sqrt())
}

/// The mean of changes and its standard error, which is below `precise` of the mean that is wanted; it is that one within four errors, and what
/// changed weights change of potentials.
pub fn mean_as_wanted(changes: &[f64], wanted: f64, precise: f64) -> (f64, f64) {
    let (mean, error) = mean_with_error(changes);
    assert!(error < precise * wanted.abs(), "{error} of {wanted}");
    assert!((mean - wanted).abs() < 4.0 * error + 1e-3 * wanted.abs(), "{mean} for {wanted} ± {error}");
    (mean, error)
}

/// Over many neurons with candidates of their own, weights change by the integral of the rule on average, and not by one without h.
#[test]
fn the_mean_change_is_the_integral_of_urbanczik_and_senns_rule() {
    let (cells, current) = (16_000, 110.0);
    let (model, network) = model(cells, predicting(None, 0.0), OnlinePlasticity::UrbanczikSenn(RULE));
    let (found, fired) = changes(&model, network, current);
    assert!(fired.len() > 5 * cells);
    let steps = integrated(REST, current);
    let wanted = integral(&steps, |v| (1.0 - sigmoid(v)) / ESCAPE.width);
    let without = integral(&steps, |_| 1.0);
    let scale = wanted[0] / without[0];
    for source in 0..3 {
        let (mean, error) = mean_as_wanted(&found[source], wanted[source], 0.02);
        let apart = (mean - scale * without[source]).abs();
        assert!(source == 0 || apart > 10.0 * error, "{source}: {mean} without h {}", scale * without[source]);
    }
}

/// Cells that fire at their first candidate and are refractory from then on: each weight changes once, by the signal at that spike.
#[test]
fn candidates_of_a_refractory_cell_change_nothing() {
    // The soma is so high from the start that every candidate is kept.
    let (soma, current) = (-10.0, 700.0);
    let mut cell = predicting(Some(REST), 1e4);
    let mut compartments: Vec<CompartmentKeys> = cell.compartments.into();
    compartments[0].v_init = Some(soma.into());
    cell.compartments = compartments.into();
    let (model, network) = model(300, cell, OnlinePlasticity::UrbanczikSenn(UrbanczikSenn { eta: 5.0, ..RULE }));
    let (found, fired) = changes(&model, network, current);
    let steps = integrated(soma, current);
    assert!(steps[..25_000].iter().all(|step| sigmoid(step.soma) > 1.0 - 1e-6));
    let mut seen = 0;
    for Spike { time, neuron } in &fired {
        let (place, part) = ((time / DT) as usize, (time / DT).fract());
        let [a, b] = [steps[place], steps[place + 1]];
        let between = |x: f64, y: f64| x + part * (y - x);
        let p = sigmoid(prediction(between(a.dendrite, b.dendrite)));
        for (source, changes) in found.iter().enumerate() {
            let psp = between(a.psp[source], b.psp[source]);
            let (wanted, change) = (5.0 * (1.0 - p).powi(2) / ESCAPE.width * psp, changes[*neuron as usize]);
            // A weight is rounded by up to 3.1e-5; across a spike of a source the PSP is not between two steps.
            assert!((change - wanted).abs() < 4e-5 + 4e-4 * DT, "{neuron}, {source}: {change} for {wanted}");
            seen += usize::from(wanted > 0.01);
        }
    }
    assert!(fired.len() == 300 && seen > 100, "{} spikes, {seen} changes", fired.len());
}

/// A recurrent circuit of cells with plateaus that fire by an escape rate; both of its plastic projections learn by signals.
pub fn learning(storage: Storage) -> (Model, Network) {
    let cell = Compartments {
        spike: SpikeKeys {
            v_th: None,
            escape: Some(LifEscape { phi_max: 0.2, v_half: -58.0, width: 3.0 }),
            ..dendritic().spike
        },
        burst: Some(BurstKeys { window: 16.0 }),
        ..dendritic()
    };
    let (mut model, network) = with_cells(&circuit(storage).0, 1, cell);
    model.projections[0].plasticity = Some(OnlinePlasticity::UrbanczikSenn(UrbanczikSenn::of(60.0, 600.0)));
    model.projections[3].plasticity = Some(OnlinePlasticity::BurstDependent(BurstDependent::of(0.5, 150.0)));
    (model, network)
}

#[test]
fn windows_threads_and_storage_change_no_bit() {
    let (spikes, _) = same_everywhere(learning, 2, 9_000);
    assert!(spikes[1].len() > 300, "{}", spikes[1].len());
}

/// [`learning`] with another rule in the place of its first.
pub fn learning_by(rule: OnlinePlasticity, storage: Storage) -> (Model, Network) {
    let (mut model, network) = learning(storage);
    model.projections[0].plasticity = Some(rule);
    (model, network)
}

/// A circuit of which a run that is saved after so many slices, and one that is settled after each, goes on as a whole one of `slices` does;
/// without some arrays of its state it does not.
pub fn goes_on_from_its_state((model, network): (Model, Network), (saved, slices): (u64, u64), needed: &str) {
    let (mut whole, mut whole_network) = (lane(&model, f64::INFINITY), network.clone());
    go_on(&mut whole, &mut whole_network, 0..slices);
    let (mut settled, mut settled_network) = (lane(&model, f64::INFINITY), network.clone());
    for slice in 0..slices {
        go_on(&mut settled, &mut settled_network, slice..slice + 1);
        settled.settle_weights(&mut settled_network);
    }
    whole.settle_weights(&mut whole_network);
    assert!(bits(&settled_network) == bits(&whole_network) && settled.state() == whole.state());
    let (mut first, mut saved_network) = (lane(&model, f64::INFINITY), network);
    go_on(&mut first, &mut saved_network, 0..saved);
    first.apply_pending(&mut saved_network);
    let saved_state = first.state();
    let go_on_from = |forgotten: &str| {
        let (mut state, mut network) = (saved_state.clone(), saved_network.clone());
        state.populations[1].retain(|array| !array.name.contains(forgotten));
        let mut second = lane(&model, f64::INFINITY);
        second.restore(&state);
        go_on(&mut second, &mut network, saved..slices);
        second.settle_weights(&mut network);
        (bits(&network), second.state())
    };
    assert!(go_on_from("nothing") == (bits(&whole_network), whole.state()));
    assert!(go_on_from(needed).0 != bits(&whole_network), "`{needed}` is missed");
}

/// Signals wait at synapses, and burst probabilities are remembered, where the run is saved.
#[test]
fn a_run_that_is_saved_or_settled_goes_on_to_the_bit() {
    for storage in [Storage::Sparse, Storage::Dense] {
        goes_on_from_its_state(learning(storage), (1, 3), "_memory_");
    }
}

const BURSTS: BurstDependent =
    BurstDependent { eta: 0.06, tau_pre: 30.0, tau_avg: 400.0, p_start: 0.3, e_start: 0.005, w_min: -5.0, w_max: 5.0 };

/// The change of a weight by sums over all events and bursts, and over all that came before each.
fn sum_over_bursts(arrivals: &[f64], spikes: &[f64]) -> f64 {
    let groups: Vec<&[f64]> = spikes.chunk_by(|a, b| b - a <= 16.0).collect();
    let events: Vec<f64> = groups.iter().map(|group| group[0]).collect();
    let bursts: Vec<f64> = groups.iter().filter_map(|group| group.get(1).copied()).collect();
    let trace = |times: &[f64], now: f64, tau: f64| -> f64 {
        times.iter().filter(|&&t| t < now).map(|t| (-(now - t) / tau).exp()).sum()
    };
    let probability = |&now: &f64| {
        let start = BURSTS.e_start * BURSTS.tau_avg * (-now / BURSTS.tau_avg).exp();
        let [e, b] = [&events, &bursts].map(|times| trace(times, now, BURSTS.tau_avg));
        (b + BURSTS.p_start * start) / (e + start)
    };
    let x = |&now: &f64| trace(arrivals, now, BURSTS.tau_pre);
    let by_bursts: f64 = bursts.iter().map(x).sum();
    let by_events: f64 = events.iter().map(|t| probability(t) * x(t)).sum();
    BURSTS.eta * (by_bursts - by_events)
}

/// A cell that bursts at most of its events, and one that never does, over ten slices; then another two slices of the opposite.
#[test]
fn bursts_above_their_average_potentiate_and_events_without_bursts_depress() {
    for storage in [Storage::Dense, Storage::Sparse] {
        let (model, _) = pair(OnlinePlasticity::Stdp(Stdp::of(1.0)), storage);
        let (mut model, network) =
            with_cells(&model, 2, Compartments { burst: Some(BurstKeys { window: 16.0 }), ..driven() });
        model.projections[0].plasticity = Some(OnlinePlasticity::BurstDependent(BURSTS));
        let (mut bursting, mut single) = (Vec::new(), Vec::new());
        for event in 0..24 {
            let start = 15.0 + 41.3 * f64::from(event);
            single.push(start);
            bursting.push(start);
            if event % 3 != 2 {
                bursting.extend([start + 6.5, start + 14.0]);
            }
        }
        let mut driver = train(0, &bursting);
        driver.extend(train(1, &single));
        driver.sort_by(|a, b| a.time.total_cmp(&b.time));
        let sources = (0..3).flat_map(|source| {
            let times: Vec<f64> = (0..40).map(|k| 3.1 + f64::from(k) * (23.0 + f64::from(source))).collect();
            train(source, &times)
        });
        let mut source: Vec<Spike> = sources.filter(|spike| spike.time < 990.0).collect();
        source.sort_by(|a, b| a.time.total_cmp(&b.time));
        let trains = Trains { source, driver };
        let found = after(&model, network, &trains, 10);
        for (source, found) in found.iter().enumerate() {
            let arrivals = of_neuron(&trains.source, source, DELAY);
            for (cell, found) in found.iter().enumerate() {
                let wanted = sum_over_bursts(&arrivals, &of_neuron(&trains.driver, cell, 0.0));
                assert!(if cell == 0 { wanted > 0.02 } else { wanted < -0.02 }, "{source}, {cell}: {wanted}");
                assert!((found - INITIAL - wanted).abs() < 3e-6, "{storage:?}, {cell}: {found} for {wanted}");
            }
        }
    }
}
