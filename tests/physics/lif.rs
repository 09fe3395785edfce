//! Leaky integrate-and-fire cells: closed forms, and what may not change a bit.

use std::sync::Arc;

use apical::cells::{Lif, LifAdaptation, LifEscape, LifPort, NeuronValues, PoissonInput};
use apical::engine::{Circuit, Lane, LaneState, Precision};
use apical::model::{Connection, Model, ProjectionSpec, Storage, WeightInit};
use apical::network::{BlockCsr, ListedSynapse, Network, Synapses};
use apical::numeric::PresentationKey;
use apical::protocol::{ContinuousProtocol, KeptSpikes, Phase, Sampling, Spike, Trial};

/// Spikes of consecutive trials of these lengths, counted from the start of the first, and the lane after them.
fn run(
    model: &Model,
    network: &Network,
    lengths: &[f64],
    window: f64,
    sampling: Option<Sampling>,
) -> (Vec<Vec<Spike>>, Lane) {
    let circuit = Circuit::new(model, 7, Precision::Double).unwrap().with_window(window);
    let mut lane = Lane::new(&Arc::new(circuit));
    let spikes = go_on(&mut lane, network, lengths, [0, 0], sampling);
    (spikes, lane)
}

fn go_on(
    lane: &mut Lane,
    network: &Network,
    lengths: &[f64],
    [first, start]: [u32; 2],
    sampling: Option<Sampling>,
) -> Vec<Vec<Spike>> {
    let mut all: Vec<Vec<Spike>> = Vec::new();
    let mut start = f64::from(start);
    for (n, &length) in (u64::from(first)..).zip(lengths) {
        let phases = [Phase::new(length, &[])];
        let key = PresentationKey::training(n);
        lane.present(network, &Trial { key, phases: &phases, spikes: KeptSpikes::All, sampling });
        let seen = &lane.observation().spikes;
        all.resize(seen.len(), Vec::new());
        for (all, seen) in all.iter_mut().zip(seen) {
            all.extend(seen.iter().map(|s| Spike { time: s.time + start, neuron: s.neuron }));
        }
        start += length;
    }
    all
}

fn alone(cell: Lif) -> (Model, Network) {
    let model =
        Model::builder("alone").protocol(ContinuousProtocol::default()).population("cell", 1, cell).build().unwrap();
    (model, Network { synapses: Vec::new(), biases: vec![Vec::new()] })
}

/// Period t_ref + τ_m ln((R I + E_L − V_reset)/(R I + E_L − V_th)), R = τ_m/C_m.
#[test]
fn a_constant_current_makes_the_period_of_its_formula() {
    for (i_e, t_ref) in [(400.0, 2.0), (376.0, 0.0), (2000.0, 0.1)] {
        let cell = Lif { i_e, t_ref, v_reset: -72.0, ..Lif::default() };
        let (r_i, period) = (10.0 / 250.0 * i_e, |from: f64, r_i: f64| 10.0 * ((r_i - from) / (r_i - 15.0)).ln());
        let (model, network) = alone(cell);
        let (spikes, _) = run(&model, &network, &[1000.0], f64::INFINITY, None);
        let times: Vec<f64> = spikes[0].iter().map(|spike| spike.time).collect();
        assert!(times.len() > 10, "{i_e} pA: {}", times.len());
        assert!((times[0] - period(0.0, r_i)).abs() < 1e-12, "{} and {}", times[0], period(0.0, r_i));
        let wanted = t_ref + period(-2.0, r_i);
        for pair in times.windows(2) {
            // A time near 1,000 ms has a last bit of 1e-13 ms.
            assert!((pair[1] - pair[0] - wanted).abs() < 1e-12, "{} and {wanted}", pair[1] - pair[0]);
        }
    }
}

#[test]
fn a_neuron_that_starts_at_its_threshold_fires_at_once() {
    let (model, network) = alone(Lif { v_init: Some(NeuronValues::from(-55.0)), ..Lif::default() });
    let (spikes, _) = run(&model, &network, &[50.0], f64::INFINITY, None);
    assert_eq!(spikes[0], [Spike { time: 0.0, neuron: 0 }]);
}

/// A recurrent network of all that a cell can have, of sparse synapses with delays of their own.
fn circuit() -> (Model, Network) {
    let port = |name: &str, tau: f64| LifPort::Exponential { name: name.to_owned(), tau };
    let delta = LifPort::Delta { name: "delta".to_owned() };
    let double = LifPort::DoubleExponential { name: "slow".to_owned(), tau_decay: 8.0, tau_rise: 1.5 };
    let input = |port: &str, rate: f64, weight: f64| PoissonInput { port: port.to_owned(), count: 100, rate, weight };
    let excitatory = Lif {
        ports: vec![port("exc", 2.0), port("inh", 6.0), double],
        v_th: NeuronValues::Normal { mean: -55.0, sd: 1.0 },
        v_init: Some(NeuronValues::Uniform { low: -70.0, high: -54.0 }),
        adaptation: Some(LifAdaptation { tau: 80.0, jump: 20.0 }),
        poisson_input: vec![input("exc", 14.0, 75.0), input("inh", 2.0, -50.0)],
        ..Lif::default()
    };
    let inhibitory = Lif {
        tau_m: 20.0,
        t_ref: 0.5,
        ports: vec![delta],
        poisson_input: vec![input("delta", 18.0, 0.5)],
        ..Lif::default()
    };
    let rates = Lif {
        escape: Some(LifEscape { phi_max: 0.2, v_half: -60.0, width: 3.0 }),
        poisson_input: vec![input("exc", 10.0, 50.0)],
        ..Lif::default()
    };
    let ends = [
        ("e", "e", "exc", 3.0_f32),
        ("e", "i", "delta", 0.4),
        ("i", "e", "inh", -60.0),
        ("i", "i", "delta", -0.5),
        ("r", "e", "slow", 200.0),
        ("e", "r", "exc", 20.0),
    ];
    let sizes = |name: &str| if name == "e" { 5000 } else { 700 };
    let model = Model::builder("circuit")
        .protocol(ContinuousProtocol::default())
        .population("e", 5000, excitatory)
        .population("i", 700, inhibitory)
        .population("r", 700, rates);
    let model = ends.iter().fold(model, |model, (from, to, port, _)| {
        let weights = WeightInit::Constant { value: 0.0 };
        model.projection(ProjectionSpec { delay: Some(0.3.into()), weights, ..ProjectionSpec::new(*from, *to, *port) })
    });
    let mut state = 1_u64;
    let mut draw = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u32 % below as u32
    };
    let synapses = ends.iter().map(|&(from, to, _, weight)| {
        let (pre, post) = (sizes(from), sizes(to));
        let synapse = |_| ListedSynapse { source: draw(pre), target: draw(post), delay: 3 + draw(30) as u16, weight };
        let list: Vec<_> = (0..post * 30).map(synapse).collect();
        Synapses::Sparse(BlockCsr::from_list(pre, post, 0.1, &list).unwrap())
    });
    let network = Network { synapses: synapses.collect(), biases: vec![Vec::new(); 3] };
    (model.build().unwrap(), network)
}

#[test]
fn windows_and_sampling_change_no_bit() {
    let (model, network) = circuit();
    let (spikes, lane) = run(&model, &network, &[70.0, 45.0], f64::INFINITY, None);
    for (name, spikes) in ["e", "i", "r"].iter().zip(&spikes) {
        assert!(spikes.len() > 200, "{name}: {}", spikes.len());
    }
    let bits = |state: &LaneState| -> Vec<_> {
        state
            .populations
            .iter()
            .flatten()
            .map(|a| (a.name.clone(), a.values.iter().map(|v| v.to_bits()).collect::<Vec<_>>()))
            .collect()
    };
    for (window, every) in [(0.25, None), (0.07, None), (f64::INFINITY, Some(0.37)), (0.1, Some(0.1))] {
        let sampling = every.map(|every| Sampling { first: 0.0, every });
        let (found, other) = run(&model, &network, &[70.0, 45.0], window, sampling);
        assert!(found == spikes, "windows of {window} ms, samples every {every:?}");
        assert!(bits(&other.state()) == bits(&lane.state()), "state, windows of {window} ms, samples every {every:?}");
    }
}

#[test]
fn a_run_that_is_saved_goes_on_to_the_bit() {
    let (model, network) = circuit();
    let (whole, lane) = run(&model, &network, &[40.0, 40.0, 40.0], f64::INFINITY, None);
    let (mut first, saved) = run(&model, &network, &[40.0], f64::INFINITY, None);
    let (_, mut other) = run(&model, &network, &[], f64::INFINITY, None);
    other.restore(&saved.state());
    for (all, more) in first.iter_mut().zip(go_on(&mut other, &network, &[40.0, 40.0], [1, 40], None)) {
        all.extend(more);
    }
    assert!(first == whole);
    assert!(other.state() == lane.state());
}

/// Projections of rules from model files: 120 cells whose weights and connections are drawn, each storage from the same streams.
fn drawn(storage: Storage) -> (Model, Network) {
    let cell =
        Lif { i_e: 400.0, ports: vec![LifPort::Exponential { name: "in".to_owned(), tau: 2.0 }], ..Lif::default() };
    let connection = Connection::FixedInDegree { in_degree: 20, autapses: false, multapses: false };
    let projection = |from: &str, mean: f64| ProjectionSpec {
        connection: connection.clone(),
        delay: Some(1.5.into()),
        storage: Some(storage),
        weights: WeightInit::Normal { mean, sd: 5.0, min: None, max: None },
        ..ProjectionSpec::new(from, "cells", "in")
    };
    let v_init = Some(NeuronValues::Uniform { low: -70.0, high: -56.0 });
    let model = Model::builder("drawn")
        .protocol(ContinuousProtocol::default())
        .population("cells", 120, Lif { v_init, ..cell.clone() })
        .population("others", 50, cell)
        .projection(projection("cells", 30.0))
        .projection(projection("others", -40.0))
        .build()
        .unwrap();
    let network = Network::new(&model, 5, |_| Err("a stored weight")).unwrap();
    (model, network)
}

/// Of one delay they are the same synapses; a sum in another order moves spikes by some last bits.
#[test]
fn sparse_synapses_of_one_delay_do_what_dense_ones_do() {
    let [dense, sparse] = [Storage::Dense, Storage::Sparse].map(|storage| {
        let (model, network) = drawn(storage);
        assert_eq!(network.synapses[0].sparse().is_some(), storage == Storage::Sparse);
        run(&model, &network, &[100.0], f64::INFINITY, None).0
    });
    assert!(dense[0].len() > 300, "{}", dense[0].len());
    for (dense, sparse) in dense.iter().zip(&sparse) {
        assert_eq!(dense.len(), sparse.len());
        let apart = dense.iter().zip(sparse).map(|(a, b)| (a.time - b.time).abs()).fold(0.0, f64::max);
        assert!(apart < 1e-9, "{apart}");
    }
}
