//! Short-term facilitation and depression over dense and sparse synapses: each spike acts with the share that its equations have,
//! and nothing that is not of the model changes a bit.

use std::sync::Arc;

use apical::cells::{
    CompartmentKeys, CompartmentPortKeys, Compartments, Lif, LifEscape, LifPort, NeuronValues, PoissonEncoder,
    SpikeKeys,
};
use apical::engine::{Circuit, Lane, LaneState, Precision};
use apical::model::{
    Connection, ContinuousProtocol, Delay, Model, ModelBuilder, PopulationStimulus, ProjectionSpec,
    ShortTermPlasticity, Storage, WeightInit,
};
use apical::network::Network;
use apical::numeric::PresentationKey;
use apical::protocol::{KeptSpikes, Phase, Sampling, Spike, Stimulus, Trial};
use apical::training::initial_network;

const DEPRESSING: ShortTermPlasticity = ShortTermPlasticity { u: 0.5, tau_rec: 800.0, tau_facil: 0.0, tau_inact: 0.0 };
const FACILITATING: ShortTermPlasticity =
    ShortTermPlasticity { u: 0.05, tau_rec: 130.0, tau_facil: 530.0, tau_inact: 0.0 };
const TAU_M: f64 = 20.0;
const DELAY: f64 = 1.5;
const WEIGHT: f64 = 2.0;

/// A source of 3 neurons, each with an impulse of 2 mV times its share onto 4 cells that never fire, by a threshold or by a rate that is
/// as good as none.
fn listener(short_term: ShortTermPlasticity, storage: Storage, escape: Option<LifEscape>) -> (Model, Network) {
    let cell = Lif {
        tau_m: TAU_M,
        e_l: 0.0,
        v_reset: -10.0,
        v_th: NeuronValues::from(1000.0),
        ports: vec![LifPort::Delta { name: "in".to_owned() }],
        escape,
        ..Lif::default()
    };
    source_onto(short_term, storage, |builder| builder.population("cells", 4, cell))
}

/// A source of 3 neurons onto `cells`, a population of that name with a port "in".
fn source_onto(
    short_term: ShortTermPlasticity,
    storage: Storage,
    cells: impl FnOnce(ModelBuilder) -> ModelBuilder,
) -> (Model, Network) {
    let projection = ProjectionSpec {
        delay: Some(DELAY.into()),
        storage: Some(storage),
        short_term: Some(short_term),
        weights: WeightInit::Constant { value: WEIGHT },
        ..ProjectionSpec::new("source", "cells", "in")
    };
    let builder = Model::builder("listener").protocol(ContinuousProtocol::default());
    let model =
        cells(builder.population("source", 3, PoissonEncoder::default())).projection(projection).build().unwrap();
    let network = initial_network(&model, 1).unwrap();
    assert_eq!(network.synapses[0].sparse().is_some(), storage == Storage::Sparse);
    (model, network)
}

fn lane(model: &Model, window: f64) -> Lane {
    Lane::new(&Arc::new(Circuit::new(model, 7, Precision::Double).unwrap().with_window(window)))
}

/// Presents spikes over a phase of this length.
fn present(lane: &mut Lane, network: &Network, index: u64, length: f64, spikes: &[Spike]) {
    let stimuli = [Stimulus::Spikes(spikes)];
    let phases = [Phase::new(length, &stimuli)];
    let trial =
        Trial { key: PresentationKey::training(index), phases: &phases, spikes: KeptSpikes::All, sampling: None };
    lane.present(network, &trial);
}

/// V of each cell, which is the amplitude of its one mode at the end of the last phase [mV].
fn potentials(lane: &Lane) -> Vec<f64> {
    let state = lane.state();
    state.populations[1].iter().find(|array| array.name == "mode_0").unwrap().values.clone()
}

/// Shares of a train of equal intervals, of resources that are inactive at once: with e_r = e^{−h/τ_rec} and e_f = e^{−h/τ_facil},
/// u' = u e_f (1 − U) + U and x' = 1 − (1 − x (1 − u)) e_r (Tsodyks, Pawelzik & Markram 1998).
fn recursion(p: ShortTermPlasticity, interval: f64, spikes: usize) -> Vec<f64> {
    let decay = |tau: f64| if tau > 0.0 { (-interval / tau).exp() } else { 0.0 };
    let (mut u, mut x) = (p.u, 1.0);
    let share = |_| {
        let share = u * x;
        x = 1.0 - (1.0 - x * (1.0 - u)) * decay(p.tau_rec);
        u = u * decay(p.tau_facil) * (1.0 - p.u) + p.u;
        share
    };
    (0..spikes).map(share).collect()
}

/// Shares by Euler's steps of 1 µs of the four equations, each spike in its step: off by some 1e-6 of a share.
fn integrated(p: ShortTermPlasticity, times: &[f64]) -> Vec<f64> {
    let dt = 1e-3;
    let (mut x, mut y, mut z, mut u) = (1.0, 0.0, 0.0, 0.0);
    let mut step = 0_u64;
    let share = |&time: &f64| {
        while (step as f64) * dt < time {
            let (inactivated, recovered) = (y / p.tau_inact * dt, z / p.tau_rec * dt);
            (x, y, z) = (x + recovered, y - inactivated, z + inactivated - recovered);
            u = if p.tau_facil > 0.0 { u - u / p.tau_facil * dt } else { 0.0 };
            step += 1;
        }
        u += p.u * (1.0 - u);
        let share = u * x;
        (x, y) = (x - share, y + share);
        share
    };
    times.iter().map(share).collect()
}

/// V at the end of trains of these times and shares.
fn expected(times: &[f64], shares: &[f64], end: f64) -> f64 {
    let left = |(t, share): (&f64, &f64)| WEIGHT * share * (-(end - t - DELAY) / TAU_M).exp();
    times.iter().zip(shares).map(left).sum()
}

/// After each number of spikes up to 12, facilitating and depressing, over both storages, onto cells of both kinds of firing.
#[test]
fn regular_trains_act_with_the_shares_of_their_recursion() {
    let rate = LifEscape { phi_max: 1e-9, v_half: 1000.0, width: 1.0 };
    for plasticity in [DEPRESSING, FACILITATING] {
        for storage in [Storage::Dense, Storage::Sparse] {
            for escape in [None, Some(rate)] {
                check_regular_train(plasticity, &listener(plasticity, storage, escape));
            }
        }
    }
}

fn check_regular_train(plasticity: ShortTermPlasticity, (model, network): &(Model, Network)) {
    let interval = 12.5;
    let shares = recursion(plasticity, interval, 12);
    assert!(if plasticity == DEPRESSING { shares[11] < 0.3 * shares[0] } else { shares[11] > 1.5 * shares[0] });
    for count in 1..=12 {
        let times: Vec<f64> = (0..count).map(|k| 3.0 + interval * k as f64).collect();
        let spikes: Vec<Spike> = times.iter().map(|&time| Spike { time, neuron: 1 }).collect();
        let mut lane = lane(model, f64::INFINITY);
        let end = times[count - 1] + 4.0;
        present(&mut lane, network, 0, end, &spikes);
        let wanted = expected(&times, &shares, end);
        for found in potentials(&lane) {
            assert!((found - wanted).abs() < 1e-12, "{:?}, {count} spikes: {found} for {wanted}", model.projections[0]);
        }
    }
}

/// Irregular trains of two neurons, over two phases: each has the shares of its own spikes by independent integration.
#[test]
fn irregular_trains_act_with_the_shares_of_their_equations() {
    let plasticity = ShortTermPlasticity { u: 0.3, tau_rec: 90.0, tau_facil: 60.0, tau_inact: 3.0 };
    let trains = [vec![2.0, 5.5, 9.0, 31.0, 33.0, 64.0, 81.0], vec![4.0, 20.0, 22.0, 57.0, 58.5, 88.0]];
    let wanted: f64 = trains.iter().map(|times| expected(times, &integrated(plasticity, times), 100.0)).sum();
    for storage in [Storage::Dense, Storage::Sparse] {
        let (model, network) = listener(plasticity, storage, None);
        let mut lane = lane(&model, f64::INFINITY);
        let mut spikes: Vec<Spike> = (0..)
            .zip(&trains)
            .flat_map(|(neuron, times)| times.iter().map(move |&time| Spike { time, neuron: 2 * neuron }))
            .collect();
        spikes.sort_by(|a, b| a.time.total_cmp(&b.time));
        let (first, second): (Vec<_>, Vec<_>) = spikes.into_iter().partition(|spike| spike.time < 58.0);
        present(&mut lane, &network, 0, 58.0, &first);
        let second: Vec<_> = second.into_iter().map(|s| Spike { time: s.time - 58.0, ..s }).collect();
        present(&mut lane, &network, 1, 42.0, &second);
        for found in potentials(&lane) {
            assert!((found - wanted).abs() < 1e-4 * wanted, "{storage:?}: {found} for {wanted}");
        }
    }
}

/// A dendrite and a soma by the 4th-order Runge-Kutta method in steps of 1/64 ms, each an input of 2 pA times its share at its arrival.
fn two_compartments(arrivals: &[(f64, f64)], end: f64) -> [f64; 2] {
    let (tau, [c_s, c_d], [g_s, g_d], g) = (3.0, [200.0, 90.0], [12.0, 6.0], 10.0);
    let slope = |[s, d, i]: [f64; 3]| [(-g_s * s + g * (d - s)) / c_s, (-g_d * d + g * (s - d) + i) / c_d, -i / tau];
    let mut x = [0.0; 3];
    let step = |x: [f64; 3], h: f64| {
        let along = |k: [f64; 3], h: f64| std::array::from_fn(|n| x[n] + h * k[n]);
        let k1 = slope(x);
        let k2 = slope(along(k1, 0.5 * h));
        let k3 = slope(along(k2, 0.5 * h));
        let k4 = slope(along(k3, h));
        std::array::from_fn(|n| x[n] + h / 6.0 * (k1[n] + 2.0 * k2[n] + 2.0 * k3[n] + k4[n]))
    };
    let mut t = 0.0;
    for &(to, size) in arrivals.iter().chain(&[(end, 0.0)]) {
        let steps = ((to - t) * 64.0).ceil().max(1.0);
        (0..steps as usize).for_each(|_| x = step(x, (to - t) / steps));
        x[2] += size;
        t = to;
    }
    [x[0], x[1]]
}

/// Onto the dendrite of cells of two compartments, over both storages: by shares and membranes that are integrated independently.
#[test]
fn spikes_reach_compartments_with_their_shares() {
    const END: f64 = 99.0;
    let plasticity = ShortTermPlasticity { u: 0.3, tau_rec: 90.0, tau_facil: 60.0, tau_inact: 3.0 };
    let compartment =
        |name: &str, c_m, g_l| CompartmentKeys { name: name.to_owned(), c_m, g_l, e_l: 0.0, i_e: 0.0, v_init: None };
    let cell = Compartments {
        compartments: vec![compartment("soma", 200.0, 12.0), compartment("apical", 90.0, 6.0)].into(),
        ports: vec![CompartmentPortKeys::Exponential {
            name: "in".to_owned(),
            compartment: "apical".to_owned(),
            tau: 3.0,
        }],
        spike: SpikeKeys { v_th: Some(1000.0.into()), v_reset: Some(-10.0), ..Compartments::default().spike },
        ..Compartments::default()
    };
    let times = [2.0, 5.5, 9.0, 31.0, 33.0, 64.0, 81.0];
    let arrivals: Vec<_> =
        times.iter().zip(integrated(plasticity, &times)).map(|(t, share)| (t + DELAY, WEIGHT * share)).collect();
    let wanted = two_compartments(&arrivals, END);
    for storage in [Storage::Dense, Storage::Sparse] {
        let (model, network) = source_onto(plasticity, storage, |builder| builder.population("cells", 4, cell.clone()));
        let mut lane = lane(&model, f64::INFINITY);
        let spikes = times.map(|time| Spike { time, neuron: 1 });
        let stimuli = [Stimulus::Spikes(&spikes)];
        let phases = [Phase::new(100.0, &stimuli)];
        let sampling = Some(Sampling { first: END, every: 100.0 });
        let key = PresentationKey::training(0);
        lane.present(&network, &Trial { key, phases: &phases, spikes: KeptSpikes::All, sampling });
        let traces = lane.observation().trace(1, 4, 2).unwrap();
        for (neuron, wanted) in (0..4).flat_map(|neuron| wanted.iter().enumerate().map(move |wanted| (neuron, wanted)))
        {
            let found = f64::from(traces[[0, neuron, wanted.0]]);
            assert!((found - wanted.1).abs() < 1e-4 * wanted.1, "{storage:?}: {found} for {wanted:?}");
        }
    }
}

/// A recurrent circuit of cells that fire, over dense and sparse synapses with delays of their own, all of short-term plasticity.
fn circuit() -> (Model, Network) {
    let cell = Lif {
        i_e: 385.0,
        ports: vec![LifPort::Exponential { name: "in".to_owned(), tau: 2.0 }],
        v_init: Some(NeuronValues::Uniform { low: -70.0, high: -56.0 }),
        ..Lif::default()
    };
    let projection = |from: &str, to: &str, mean: f64| ProjectionSpec {
        connection: Connection::FixedInDegree { in_degree: 20, autapses: false, multapses: false },
        weights: WeightInit::Normal { mean, sd: 10.0, min: None, max: None },
        ..ProjectionSpec::new(from, to, "in")
    };
    let drawn = Delay::Uniform { low: 0.3, high: 9.0, resolution_ms: 0.1 };
    let model = Model::builder("circuit")
        .protocol(ContinuousProtocol::default())
        .population("source", 40, PoissonEncoder::default())
        .stimulus(PopulationStimulus::Constant { rate_hz: 30.0 })
        .population("e", 200, cell.clone())
        .population("i", 60, cell)
        .projection(ProjectionSpec { short_term: Some(FACILITATING), ..projection("source", "e", 900.0) })
        .projection(ProjectionSpec { short_term: Some(DEPRESSING), delay: Some(drawn), ..projection("e", "i", 300.0) })
        .projection(ProjectionSpec {
            short_term: Some(DEPRESSING),
            delay: Some(6.5.into()),
            storage: Some(Storage::Dense),
            ..projection("i", "e", -400.0)
        })
        .projection(ProjectionSpec { delay: Some(2.5.into()), ..projection("e", "e", 30.0) })
        .build()
        .unwrap();
    let network = initial_network(&model, 5).unwrap();
    (model, network)
}

fn go_on(lane: &mut Lane, network: &Network, slices: std::ops::Range<u64>) -> Vec<Vec<Spike>> {
    let rates = vec![0.03; 40];
    let stimuli = [Stimulus::Rates(&rates)];
    let phases = [Phase::new(50.0, &stimuli)];
    let mut all = Vec::new();
    for index in slices {
        let trial =
            Trial { key: PresentationKey::training(index), phases: &phases, spikes: KeptSpikes::All, sampling: None };
        lane.present(network, &trial);
        all.extend(lane.observation().spikes.iter().cloned());
    }
    all
}

fn bits(state: &LaneState) -> Vec<u64> {
    let arrays = state.populations.iter().flatten().flat_map(|array| array.values.iter().copied());
    let trains = state.projections.iter().flat_map(|projection| {
        let states = projection.short_term.iter().flat_map(|s| [s.y, s.z, s.u, s.last]);
        projection.factors.iter().copied().chain(states)
    });
    arrays.chain(trains).map(f64::to_bits).collect()
}

#[test]
fn windows_and_threads_change_no_bit() {
    let (model, network) = circuit();
    let run = |window: f64, threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut lane = lane(&model, window);
            let spikes = go_on(&mut lane, &network, 0..4);
            (spikes, bits(&lane.state()))
        })
    };
    let whole = run(f64::INFINITY, 1);
    let fired: usize = whole.0.iter().map(Vec::len).sum();
    assert!(fired > 500, "{fired}");
    for (window, threads) in [(0.25, 1), (0.07, 1), (f64::INFINITY, 4), (0.1, 3)] {
        assert!(run(window, threads) == whole, "windows of {window} ms, {threads} threads");
    }
}

/// Spikes of facilitated and depressed synapses are on their way, dense and sparse, where it is saved.
#[test]
fn a_run_that_is_saved_goes_on_to_the_bit() {
    let (model, network) = circuit();
    let mut whole = lane(&model, f64::INFINITY);
    let all = go_on(&mut whole, &network, 0..5);
    let mut first = lane(&model, f64::INFINITY);
    let mut spikes = go_on(&mut first, &network, 0..2);
    let saved = first.state();
    assert!(saved.projections[2].factors.len() == saved.projections[2].in_flight.len());
    assert!(saved.projections[2].factors.iter().any(|factor| (0.001..0.5).contains(factor)));
    let queued = saved.populations[2].iter().find(|array| array.name == "in_flight_factor").unwrap();
    assert!(queued.values.iter().all(|factor| (0.0..=0.5).contains(factor)) && !queued.values.is_empty());
    let mut second = lane(&model, f64::INFINITY);
    second.restore(&saved);
    spikes.extend(go_on(&mut second, &network, 2..5));
    assert!(spikes == all);
    assert!(second.state() == whole.state());
    // What is left out of the state is missed.
    let mut forgotten = saved.clone();
    forgotten.projections[2].short_term.iter_mut().for_each(|state| state.z = 0.0);
    let mut third = lane(&model, f64::INFINITY);
    third.restore(&forgotten);
    assert!(go_on(&mut third, &network, 2..5) != all[6..]);
}

/// Fully recovered synapses that activate all resources and have them back at once are synapses without short-term plasticity.
#[test]
fn synapses_that_recover_at_once_are_those_without() {
    let (model, network) = circuit();
    let run = |short_term: Option<ShortTermPlasticity>| {
        let mut model = model.clone();
        model.projections.iter_mut().for_each(|projection| projection.short_term = short_term);
        go_on(&mut lane(&model, f64::INFINITY), &network, 0..3)
    };
    let at_once = ShortTermPlasticity { u: 1.0, tau_rec: 1e-3, tau_facil: 0.0, tau_inact: 0.0 };
    let [none, all] = [run(None), run(Some(at_once))];
    assert_eq!(none.iter().map(Vec::len).sum::<usize>(), all.iter().map(Vec::len).sum::<usize>());
    let spikes = none.iter().flatten().zip(all.iter().flatten());
    assert!(spikes.clone().count() > 300 && spikes.clone().all(|(a, b)| a.neuron == b.neuron));
    assert!(spikes.map(|(a, b)| (a.time - b.time).abs()).fold(0.0, f64::max) < 1e-9);
}
