//! Plasticity between spikes in the engine: weights are those of the rule's equation for the trains at each synapse, and nothing that
//! is not of the model changes a bit.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use apical::cells::{Lif, LifPort, NeuronValues, PoissonEncoder};
use apical::engine::{Circuit, Lane, Limits, Precision};
use apical::model::{
    Connection, ContinuousProtocol, Delay, Model, OnlinePlasticity, PopulationStimulus, ProjectionSpec, Storage,
    WeightInit,
};
use apical::network::{Network, Synapses};
use apical::numeric::PresentationKey;
use apical::plasticity::{BoundKind, SpikePairing, Stdp, TripletStdp};
use apical::protocol::{KeptSpikes, Phase, Spike, Stimulus, Trial};
use apical::simulation::{Simulation, SimulationMonitor, SourceInputs};
use apical::training::{Ending, initial_network};

pub const DELAY: f64 = 1.7;
pub const INITIAL: f64 = 0.4;

/// A source whose spikes arrive after [`DELAY`] over plastic synapses, and one that makes cells fire at the times of its own spikes.
pub fn pair(plasticity: OnlinePlasticity, storage: Storage) -> (Model, Network) {
    let cell = Lif {
        e_l: 0.0,
        v_reset: -10.0,
        v_th: NeuronValues::from(1000.0),
        t_ref: 0.0,
        ports: vec![LifPort::Delta { name: "in".to_owned() }],
        ..Lif::default()
    };
    let plastic = ProjectionSpec {
        delay: Some(DELAY.into()),
        storage: Some(storage),
        plasticity: Some(plasticity),
        weights: WeightInit::Constant { value: INITIAL },
        ..ProjectionSpec::new("source", "cells", "in")
    };
    let driving = ProjectionSpec {
        connection: Connection::OneToOne {},
        weights: WeightInit::Constant { value: 3000.0 },
        ..ProjectionSpec::new("driver", "cells", "in")
    };
    let model = Model::builder("pair")
        .protocol(ContinuousProtocol::default())
        .population("source", 3, PoissonEncoder::default())
        .population("driver", 2, PoissonEncoder::default())
        .population("cells", 2, cell)
        .projection(plastic)
        .projection(driving)
        .build()
        .unwrap();
    let network = initial_network(&model, 1).unwrap();
    assert_eq!(network.synapses[0].sparse().is_some(), storage == Storage::Sparse);
    (model, network)
}

pub fn lane(model: &Model, window: f64) -> Lane {
    Lane::new(&Arc::new(Circuit::new(model, 7, Precision::Double).unwrap().with_window(window)))
}

/// Trains of spikes of the source and of the driver, from the start of a run [ms].
#[derive(Clone)]
pub struct Trains {
    pub source: Vec<Spike>,
    pub driver: Vec<Spike>,
}

pub const SLICE: f64 = 100.0;

/// Presents trains slice by slice.
pub fn present(lane: &mut Lane, network: &mut Network, trains: &Trains, slices: std::ops::Range<u64>) {
    for index in slices {
        let from = index as f64 * SLICE;
        let cut = |spikes: &[Spike]| -> Vec<Spike> {
            let within = spikes.iter().filter(|spike| (from..from + SLICE).contains(&spike.time));
            within.map(|spike| Spike { time: spike.time - from, ..*spike }).collect()
        };
        let (source, driver) = (cut(&trains.source), cut(&trains.driver));
        let stimuli = [Stimulus::Spikes(&source), Stimulus::Spikes(&driver)];
        let phases = [Phase::new(SLICE, &stimuli)];
        let key = PresentationKey::training(index);
        let trial = Trial { key, phases: &phases, spikes: KeptSpikes::All, sampling: None };
        assert_eq!(lane.present_changing(network, &trial, &Limits::default()), None);
        let fired = lane.observation().spikes[2].len();
        assert_eq!(fired, driver.len(), "cells fire as they are driven");
    }
}

/// Weights [source, cell] of a projection of `pair`.
pub fn weights(network: &Network) -> Vec<[f64; 2]> {
    let matrix = network.synapses[0].matrix();
    (0..3).map(|source| [0, 1].map(|cell| f64::from(matrix.row(source)[cell]))).collect()
}

pub fn after(model: &Model, mut network: Network, trains: &Trains, slices: u64) -> Vec<[f64; 2]> {
    let mut lane = lane(model, f64::INFINITY);
    present(&mut lane, &mut network, trains, 0..slices);
    lane.settle_weights(&mut network);
    weights(&network)
}

pub fn train(neuron: u32, times: &[f64]) -> Vec<Spike> {
    times.iter().map(|&time| Spike { time, neuron }).collect()
}

/// At distances of either sign, and none: the window of Song, Miller & Abbott, to the rounding of weights.
#[test]
fn a_pair_of_spikes_changes_a_weight_by_the_window() {
    let rule = Stdp { a_plus: 0.1, a_minus: 0.12, tau_plus: 17.0, tau_minus: 34.0, ..Stdp::of(1.0) };
    for storage in [Storage::Dense, Storage::Sparse] {
        for dt in [-60.0, -10.0, -0.5, 0.0, 0.5, 10.0, 60.0, 130.0] {
            let (model, network) = pair(OnlinePlasticity::Stdp(rule), storage);
            let trains = Trains { source: train(1, &[75.0]), driver: train(0, &[75.0 + DELAY + dt]) };
            let found = after(&model, network, &trains, 3);
            let window = if dt > 0.0 {
                0.1 * (-dt / 17.0_f64).exp()
            } else if dt < 0.0 {
                -0.12 * (dt / 34.0_f64).exp()
            } else {
                0.0
            };
            let wanted = f64::from(INITIAL as f32);
            assert!((found[1][0] - wanted - window).abs() < 6e-8, "{storage:?}, {dt} ms: {found:?}");
            assert_eq!([found[1][1], found[0][0], found[0][1]].map(f64::to_bits), [wanted.to_bits(); 3], "others stay");
        }
    }
}

/// Trains of random times, of a linear congruential generator.
pub fn random_trains(end: f64, intervals: f64) -> Trains {
    let mut state = 12_345_u64;
    let mut unit = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    };
    let mut all = |neurons: u32| {
        let mut spikes = Vec::new();
        for neuron in 0..neurons {
            let mut time = -intervals * unit().ln();
            while time < end {
                spikes.push(Spike { time, neuron });
                time -= intervals * unit().ln();
            }
        }
        spikes.sort_by(|a, b| a.time.total_cmp(&b.time));
        spikes
    };
    Trains { source: all(3), driver: all(2) }
}

/// Times of one neuron, later by a delay.
pub fn of_neuron(spikes: &[Spike], neuron: usize, delay: f64) -> Vec<f64> {
    spikes.iter().filter(|spike| spike.neuron as usize == neuron).map(|spike| spike.time + delay).collect()
}

/// The change of a weight by pairs and triplets as sums over all of them, without bounds.
pub fn sum_over_all(rule: &TripletStdp, arrivals: &[f64], spikes: &[f64]) -> f64 {
    let trace = |times: &[f64], now: f64, tau: f64| -> f64 {
        times.iter().filter(|&&t| t < now).map(|t| (-(now - t) / tau).exp()).sum()
    };
    let at_arrival = |&now: &f64| {
        let (o1, r2) = (trace(spikes, now, rule.tau_minus), trace(arrivals, now, rule.tau_x));
        -o1 * (rule.a2_minus + rule.a3_minus * r2)
    };
    let at_spike = |&now: &f64| {
        let (r1, o2) = (trace(arrivals, now, rule.tau_plus), trace(spikes, now, rule.tau_y));
        r1 * (rule.a2_plus + rule.a3_plus * o2)
    };
    arrivals.iter().map(at_arrival).sum::<f64>() + spikes.iter().map(at_spike).sum::<f64>()
}

/// Random trains over ten slices, of pairs and of triplets, against sums over all pairs and triplets.
#[test]
fn random_trains_change_weights_by_the_sum_over_all_spikes() {
    let trains = random_trains(980.0, 40.0);
    let triplets =
        TripletStdp { a2_plus: 1e-3, a3_plus: 1e-3, a2_minus: 1.2e-3, a3_minus: 1e-3, ..TripletStdp::of(1.0) };
    let pairs = Stdp { a_plus: 2e-3, a_minus: 2.2e-3, tau_plus: 16.8, tau_minus: 33.7, ..Stdp::of(1.0) };
    let as_triplets = TripletStdp { a2_plus: 2e-3, a3_plus: 0.0, a2_minus: 2.2e-3, a3_minus: 0.0, ..triplets };
    let rules = [(OnlinePlasticity::TripletStdp(triplets), triplets), (OnlinePlasticity::Stdp(pairs), as_triplets)];
    for (plasticity, rule) in rules {
        for storage in [Storage::Dense, Storage::Sparse] {
            let (model, network) = pair(plasticity.clone(), storage);
            let found = after(&model, network, &trains, 10);
            for (source, found) in found.iter().enumerate() {
                for (cell, found) in found.iter().enumerate() {
                    let arrivals = of_neuron(&trains.source, source, DELAY);
                    let spikes = of_neuron(&trains.driver, cell, 0.0);
                    let wanted = INITIAL + sum_over_all(&rule, &arrivals, &spikes);
                    assert!((wanted - INITIAL).abs() > 1e-4 && (0.05..0.95).contains(&wanted), "{wanted}");
                    // Every step is rounded to an f32.
                    assert!((found - wanted).abs() < 3e-6, "{plasticity:?} {storage:?}: {found} for {wanted}");
                }
            }
        }
    }
}

/// Step by step in the order of time with hard and soft bounds and nearest pairs, rounded as weights are kept; with the number of steps
/// that a bound cut short.
fn step_by_step(rule: &Stdp, arrivals: &[f64], spikes: &[f64]) -> (f32, usize) {
    let mut events: Vec<(f64, bool)> =
        arrivals.iter().map(|&t| (t, true)).chain(spikes.iter().map(|&t| (t, false))).collect();
    events.sort_by(|a, b| a.0.total_cmp(&b.0));
    let nearest = rule.pairing == SpikePairing::Nearest;
    let trace = |times: &[f64], now: f64, tau: f64| -> f64 {
        let earlier = times.iter().filter(|&&t| t < now).rev().take(if nearest { 1 } else { usize::MAX });
        earlier.map(|t| (-(now - t) / tau).exp()).sum()
    };
    let (mut w, mut cut) = (INITIAL as f32, 0);
    for (now, arrives) in events {
        let before = f64::from(w);
        let soft = rule.bounds == BoundKind::Soft;
        let (room_up, room_down) = if soft {
            (rule.w_max - before, before - rule.w_min)
        } else {
            (rule.w_max - rule.w_min, rule.w_max - rule.w_min)
        };
        let new = if arrives {
            before - room_down * rule.a_minus * trace(spikes, now, rule.tau_minus)
        } else {
            before + room_up * rule.a_plus * trace(arrivals, now, rule.tau_plus)
        };
        w = new.clamp(rule.w_min, rule.w_max) as f32;
        cut += usize::from(!(rule.w_min..=rule.w_max).contains(&new));
    }
    (w, cut)
}

#[test]
fn bounded_and_nearest_changes_are_those_of_single_steps() {
    let trains = random_trains(980.0, 25.0);
    let strong = Stdp { a_plus: 0.2, a_minus: 0.15, w_min: 0.1, w_max: 0.9, ..Stdp::of(1.0) };
    let mut at_bounds = 0;
    for bounds in [BoundKind::Hard, BoundKind::Soft] {
        for pairing in [SpikePairing::AllToAll, SpikePairing::Nearest] {
            let rule = Stdp { bounds, pairing, ..strong };
            let (model, network) = pair(OnlinePlasticity::Stdp(rule), Storage::Sparse);
            let found = after(&model, network, &trains, 10);
            for (source, found) in found.iter().enumerate() {
                for (cell, &found) in found.iter().enumerate() {
                    let arrivals = of_neuron(&trains.source, source, DELAY);
                    let (wanted, cut) = step_by_step(&rule, &arrivals, &of_neuron(&trains.driver, cell, 0.0));
                    assert!((found - f64::from(wanted)).abs() < 1e-6, "{rule:?}: {found} for {wanted}");
                    at_bounds += cut;
                }
            }
        }
    }
    assert!(at_bounds > 10, "{at_bounds} steps ended at a bound");
}

/// Cells of two blocks that all get the same spikes have the same weights, in either storage.
#[test]
fn blocks_of_neurons_learn_alike() {
    let rule = Stdp { a_plus: 0.05, a_minus: 0.06, ..Stdp::of(1.0) };
    let trains = random_trains(280.0, 40.0);
    let run = |storage: Storage| {
        let (small, _) = pair(OnlinePlasticity::Stdp(rule), storage);
        let mut model = small;
        model.populations[2].size = 4_100;
        model.projections[1].connection = Connection::default();
        let mut network = initial_network(&model, 1).unwrap();
        let mut lane = lane(&model, f64::INFINITY);
        for index in 0..3_u32 {
            let from = f64::from(index) * SLICE;
            let cut = |spikes: &[Spike], neurons: u32| -> Vec<Spike> {
                let own = spikes.iter().filter(|s| s.neuron < neurons && (from..from + SLICE).contains(&s.time));
                own.map(|spike| Spike { time: spike.time - from, ..*spike }).collect()
            };
            let (source, driver) = (cut(&trains.source, 3), cut(&trains.driver, 1));
            let stimuli = [Stimulus::Spikes(&source), Stimulus::Spikes(&driver)];
            let phases = [Phase::new(SLICE, &stimuli)];
            let key = PresentationKey::training(u64::from(index));
            let trial = Trial { key, phases: &phases, spikes: KeptSpikes::All, sampling: None };
            assert_eq!(lane.present_changing(&mut network, &trial, &Limits::default()), None);
            assert_eq!(lane.observation().spikes[2].len(), 4_100 * driver.len());
        }
        lane.settle_weights(&mut network);
        let matrix = network.synapses[0].matrix();
        (0..3).map(|source| matrix.row(source)[..4_100].to_vec()).collect::<Vec<_>>()
    };
    let (dense, sparse) = (run(Storage::Dense), run(Storage::Sparse));
    assert!(dense == sparse);
    for (source, row) in dense.iter().enumerate() {
        assert!(row.iter().all(|weight| weight.to_bits() == row[0].to_bits()), "source {source}");
        let arrivals = of_neuron(&trains.source, source, DELAY);
        let (wanted, _) = step_by_step(&rule, &arrivals, &of_neuron(&trains.driver, 0, 0.0));
        assert!((row[0] - wanted).abs() < 1e-6 && (row[0] - INITIAL as f32).abs() > 1e-3, "{} for {wanted}", row[0]);
    }
}

/// A recurrent circuit of cells that fire, over plastic synapses: dense or sparse ones of one delay, and sparse ones of many.
pub fn circuit(storage: Storage) -> (Model, Network) {
    let cell = Lif {
        i_e: 385.0,
        ports: vec![LifPort::Exponential { name: "in".to_owned(), tau: 2.0 }],
        v_init: Some(NeuronValues::Uniform { low: -70.0, high: -56.0 }),
        ..Lif::default()
    };
    let projection = |from: &str, to: &str, mean: f64| ProjectionSpec {
        connection: Connection::FixedInDegree { in_degree: 20, autapses: false, multapses: true },
        weights: WeightInit::Normal { mean, sd: 10.0, min: None, max: None },
        ..ProjectionSpec::new(from, to, "in")
    };
    let pairs = Stdp { a_plus: 0.02, a_minus: 0.021, ..Stdp::of(600.0) };
    let triplets = TripletStdp { a3_plus: 0.05, a2_minus: 0.03, bounds: BoundKind::Soft, ..TripletStdp::of(150.0) };
    let drawn = Delay::Uniform { low: 0.3, high: 9.0, resolution_ms: 0.1 };
    let model = Model::builder("circuit")
        .protocol(ContinuousProtocol::default())
        .population("source", 40, PoissonEncoder::default())
        .stimulus(PopulationStimulus::Constant { rate_hz: 30.0 })
        .population("e", 200, cell.clone())
        .population("i", 60, cell)
        .projection(ProjectionSpec {
            connection: Connection::default(),
            delay: Some(2.5.into()),
            storage: Some(storage),
            plasticity: Some(OnlinePlasticity::Stdp(pairs)),
            ..projection("source", "e", 200.0)
        })
        .projection(ProjectionSpec { delay: Some(1.5.into()), ..projection("e", "i", 100.0) })
        .projection(ProjectionSpec { delay: Some(1.5.into()), ..projection("i", "e", -200.0) })
        .projection(ProjectionSpec {
            delay: Some(drawn),
            plasticity: Some(OnlinePlasticity::TripletStdp(triplets)),
            ..projection("e", "e", 30.0)
        })
        .build()
        .unwrap();
    let network = initial_network(&model, 5).unwrap();
    (model, network)
}

pub fn go_on(lane: &mut Lane, network: &mut Network, slices: std::ops::Range<u64>) -> Vec<Vec<Spike>> {
    let rates = vec![0.03; 40];
    let stimuli = [Stimulus::Rates(&rates)];
    let phases = [Phase::new(SLICE, &stimuli)];
    let mut all = Vec::new();
    for index in slices {
        let trial =
            Trial { key: PresentationKey::training(index), phases: &phases, spikes: KeptSpikes::All, sampling: None };
        assert_eq!(lane.present_changing(network, &trial, &Limits::default()), None);
        all.extend(lane.observation().spikes.iter().cloned());
    }
    all
}

pub fn bits(network: &Network) -> Vec<u32> {
    network.synapses.iter().flat_map(|synapses| synapses.matrix().to_matrix()).map(f32::to_bits).collect()
}

/// Spikes of so many slices of a circuit that learns, and its weights after them, of which more than `least` change: the same to the bit over
/// windows of any length, on any number of threads, over dense and sparse synapses.
pub fn same_everywhere(
    circuit: impl Fn(Storage) -> (Model, Network) + Sync,
    slices: u64,
    least: usize,
) -> (Vec<Vec<Spike>>, Vec<u32>) {
    let run = |window: f64, threads: usize, storage: Storage| {
        let (model, mut network) = circuit(storage);
        let initial = bits(&network);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut lane = lane(&model, window);
            let spikes = go_on(&mut lane, &mut network, 0..slices);
            lane.settle_weights(&mut network);
            assert!(bits(&network).iter().zip(&initial).filter(|(a, b)| a != b).count() > least);
            (spikes, bits(&network))
        })
    };
    let whole = run(f64::INFINITY, 1, Storage::Sparse);
    for (window, threads, storage) in [
        (0.17, 1, Storage::Sparse),
        (f64::INFINITY, 2, Storage::Sparse),
        (f64::INFINITY, 1, Storage::Dense),
        (0.1, 3, Storage::Dense),
    ] {
        assert!(run(window, threads, storage) == whole, "windows of {window} ms, {threads} threads, {storage:?}");
    }
    whole
}

#[test]
fn windows_threads_and_storage_change_no_bit() {
    let (spikes, _) = same_everywhere(circuit, 4, 5_000);
    assert!(spikes.iter().map(Vec::len).sum::<usize>() > 1_000);
}

/// Amplitudes of 0 leave weights as they are, and spikes those of a circuit without plasticity.
#[test]
fn rules_that_change_nothing_change_no_spike() {
    let (mut model, network) = circuit(Storage::Sparse);
    let run = |model: &Model| {
        let mut network = network.clone();
        let spikes = go_on(&mut lane(model, f64::INFINITY), &mut network, 0..3);
        (spikes, bits(&network))
    };
    // Initial weights are within these bounds.
    let none = Stdp { a_plus: 0.0, a_minus: 0.0, w_min: -1000.0, ..Stdp::of(1000.0) };
    for projection in &mut model.projections {
        projection.plasticity = projection.plasticity.take().map(|_| OnlinePlasticity::Stdp(none));
    }
    let learning = run(&model);
    model.projections.iter_mut().for_each(|projection| projection.plasticity = None);
    assert!(learning == run(&model) && learning.1 == bits(&network));
    assert!(learning.0.iter().map(Vec::len).sum::<usize>() > 1_000);
}

/// Spikes wait at synapses in every slice; where they are applied, changes nothing that comes after.
#[test]
fn when_pending_changes_are_made_changes_no_bit() {
    for storage in [Storage::Sparse, Storage::Dense] {
        let (model, network) = circuit(storage);
        let (mut never, mut often) = (network.clone(), network);
        let (mut first, mut second) = (lane(&model, f64::INFINITY), lane(&model, f64::INFINITY));
        let mut waited = 0;
        for slice in 0..6 {
            let spikes = go_on(&mut first, &mut never, slice..slice + 1);
            assert!(spikes == go_on(&mut second, &mut often, slice..slice + 1));
            let mut now = never.clone();
            first.apply_pending(&mut now);
            waited += usize::from(bits(&now) != bits(&never));
            second.settle_weights(&mut often);
            assert!(bits(&now) == bits(&often), "{storage:?}, slice {slice}");
            let before = bits(&often);
            second.settle_weights(&mut often);
            assert!(bits(&often) == before, "applied twice");
        }
        // After one slice so many wait that they are applied.
        assert_eq!(waited, 5, "{storage:?}");
    }
}

/// Spikes are on their way and wait at synapses where the run is saved.
#[test]
fn a_run_that_is_saved_goes_on_to_the_bit() {
    for storage in [Storage::Sparse, Storage::Dense] {
        let (model, network) = circuit(storage);
        let (mut whole, mut whole_network) = (lane(&model, f64::INFINITY), network.clone());
        let all = go_on(&mut whole, &mut whole_network, 0..5);
        let (mut first, mut saved_network) = (lane(&model, f64::INFINITY), network);
        let mut spikes = go_on(&mut first, &mut saved_network, 0..2);
        first.apply_pending(&mut saved_network);
        let saved = first.state();
        let mut second = lane(&model, f64::INFINITY);
        second.restore(&saved);
        let before = saved_network.clone();
        spikes.extend(go_on(&mut second, &mut saved_network, 2..5));
        assert!(spikes == all);
        whole.settle_weights(&mut whole_network);
        second.settle_weights(&mut saved_network);
        assert!(bits(&saved_network) == bits(&whole_network));
        assert!(second.state() == whole.state());
        // What is left out of the state is missed.
        let mut forgotten = saved.clone();
        forgotten.populations[1].retain(|array| !array.name.starts_with("plastic_"));
        let (mut third, mut network) = (lane(&model, f64::INFINITY), before);
        third.restore(&forgotten);
        assert!(go_on(&mut third, &mut network, 2..5) != all[6..]);
    }
}

/// A lane whose network is not to be changed leaves weights as they are.
#[test]
fn weights_stay_where_a_network_is_only_shown() {
    let (model, network) = circuit(Storage::Sparse);
    let before = network.clone();
    let mut lane = lane(&model, f64::INFINITY);
    let rates = vec![0.03; 40];
    let stimuli = [Stimulus::Rates(&rates)];
    let phases = [Phase::new(SLICE, &stimuli)];
    let trial = Trial { key: PresentationKey::training(0), phases: &phases, spikes: KeptSpikes::All, sampling: None };
    lane.present(&network, &trial);
    assert!(network == before && !lane.observation().spikes[1].is_empty());
    let Synapses::Sparse(sparse) = &network.synapses[3] else { panic!("sparse synapses expected") };
    assert!(sparse.delay_steps().is_some_and(|[least, most]| most > least));
}

/// Ends a run within a slice, at this look.
struct StopAt {
    looks: AtomicU32,
    last: u32,
}

impl SimulationMonitor for StopAt {
    fn stop(&self) -> bool {
        self.looks.fetch_add(1, Ordering::Relaxed) + 1 == self.last
    }
}

/// Weights that changed in a slice that is given up are those before it again; so are those of a run that ends within one.
#[test]
fn a_run_that_ends_within_a_slice_has_the_weights_of_its_start() {
    let (model, network) = circuit(Storage::Dense);
    let inputs = SourceInputs::load(&model).unwrap();
    let simulation = || Simulation::new(&model, network.clone(), inputs.clone(), 3).unwrap();
    let at = |end_ms: f64| {
        let mut simulation = simulation();
        simulation.run(end_ms, &mut (), &mut ()).unwrap();
        bits(simulation.network())
    };
    let (first, whole) = (at(100.0), at(400.0));
    assert!(first != bits(&network) && first != whole);
    assert!(at(150.0) == first, "the slice that a run ends within is simulated again");
    let mut stopped = simulation();
    stopped.run(100.0, &mut (), &mut ()).unwrap();
    let mut monitor = StopAt { looks: AtomicU32::new(0), last: 100 };
    assert_eq!(stopped.run(400.0, &mut (), &mut monitor).unwrap(), Ending::Stopped);
    assert!(stopped.clock_ms() < 400.0 && bits(stopped.network()) == bits(&stopped.checkpoint().network));
    stopped.run(400.0, &mut (), &mut ()).unwrap();
    assert!(bits(stopped.network()) == whole);
}

/// A spike at the end of a slice and an arrival at the start of the next are at one time, and the arrival changes the weight first:
/// settling weights between them, or saving the run there, changes no bit.
#[test]
fn a_spike_at_the_time_of_an_arrival_waits_for_it_over_the_end_of_a_slice() {
    let rule = Stdp { a_plus: 0.4, a_minus: 0.3, ..Stdp::of(1.0) };
    for storage in [Storage::Dense, Storage::Sparse] {
        let (model, network) = pair(OnlinePlasticity::Stdp(rule), storage);
        // Potentiation ends at the bound, so that the order is seen.
        let spikes = [85.0, 95.0, 100.0 - 3e-11];
        let trains = Trains { source: train(1, &[92.0, 100.0 + 2e-11 - DELAY]), driver: train(0, &spikes) };
        let run = |settled: bool, saved: bool| {
            let (mut lane, mut network) = (self::lane(&model, f64::INFINITY), network.clone());
            present(&mut lane, &mut network, &trains, 0..1);
            if settled {
                lane.settle_weights(&mut network);
            }
            if saved {
                lane.apply_pending(&mut network);
                let state = lane.state();
                lane = self::lane(&model, f64::INFINITY);
                lane.restore(&state);
            }
            present(&mut lane, &mut network, &trains, 1..3);
            lane.settle_weights(&mut network);
            bits(&network)
        };
        let whole = run(false, false);
        assert!(run(true, false) == whole && run(false, true) == whole && run(true, true) == whole, "{storage:?}");
        // Farther apart they are two times.
        let earlier = Trains { source: train(1, &[92.0, 100.0 + 8e-11 - DELAY]), ..trains.clone() };
        let (mut lane, mut network) = (self::lane(&model, f64::INFINITY), network.clone());
        present(&mut lane, &mut network, &earlier, 0..3);
        lane.settle_weights(&mut network);
        assert!(bits(&network) != whole, "a spike before the arrival changes the weight before it");
    }
}
