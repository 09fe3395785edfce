//! Currents and thresholds that change in the course of a run: closed forms, and what may not change a bit.

use std::sync::Arc;

use apical::cells::{Lif, LifPort, NeuronValues, PoissonInput};
use apical::engine::{Circuit, Lane, Precision};
use apical::model::{
    Connection, InterventionSpec, Model, ModelBuilder, PopulationStimulus, ProjectionSpec, Storage, WeightInit,
};
use apical::network::{Network, Synapses};
use apical::numeric::PresentationKey;
use apical::protocol::{ContinuousProtocol, CurrentCourse, KeptSpikes, Phase, Sampling, Spike, Trial};
use apical::simulation::{Simulation, SourceInputs};
use apical::training::initial_network;

/// R = τ_m/C_m of the default cell [mV/pA].
const R: f64 = 10.0 / 250.0;

/// E_L and V_reset, and V_th above them [mV].
const REST: f64 = -70.0;
const THRESHOLD: f64 = 15.0;

const TAU: f64 = 10.0;

fn alone(cell: Lif, neurons: usize) -> (Model, Network) {
    let model = Model::builder("alone").protocol(ContinuousProtocol::default()).population("cell", neurons, cell);
    (model.build().unwrap(), Network { synapses: Vec::new(), biases: vec![Vec::new()] })
}

/// Potentials sampled every 0.5 ms and spikes of a phase with these currents.
fn present(
    (model, network): &(Model, Network),
    times_ms: &[f64],
    currents_pa: &[f64],
    [length, window]: [f64; 2],
) -> (Vec<f32>, Vec<Spike>) {
    let circuit = Circuit::new(model, 7, Precision::Double).unwrap().with_window(window);
    let mut lane = Lane::new(&Arc::new(circuit));
    let currents = [CurrentCourse { population: 0, times_ms, currents_pa }];
    let phases = [Phase { currents: &currents, ..Phase::new(length, &[]) }];
    let sampling = Some(Sampling { first: 0.0, every: 0.5 });
    let trial = Trial { key: PresentationKey::training(0), phases: &phases, spikes: KeptSpikes::All, sampling };
    lane.present(network, &trial);
    (lane.observation().traces[0].clone(), lane.observation().spikes[0].clone())
}

/// V relaxes to rest + R I of the current that holds, from what it was: it does not jump.
#[test]
fn a_current_below_threshold_moves_what_the_potential_relaxes_to() {
    let (times, currents) = ([10.25, 30.75, 31.0], [300.0, -120.0, 0.0]);
    let (traces, spikes) = present(&alone(Lif::default(), 1), &times, &currents, [60.0, f64::INFINITY]);
    assert!(spikes.is_empty());
    let (mut start, mut from, mut to, mut row) = (0.0, 0.0, 0.0, 0);
    let relaxed = |t: f64, start: f64, from: f64, to: f64| to + (from - to) * (-(t - start) / TAU).exp();
    for (n, &v) in traces.iter().enumerate() {
        let t = 0.5 * n as f64;
        while row < times.len() && times[row] <= t {
            (from, start) = (relaxed(times[row], start, from, to), times[row]);
            to = R * currents[row];
            row += 1;
        }
        let expected = REST + relaxed(t, start, from, to);
        assert!((f64::from(v) - expected).abs() < 1e-5, "{t} ms: {v} and {expected}");
    }
}

/// The first spike comes τ ln(R I/(R I − θ)) after a step, and the others follow with the period of the formula, until the current
/// is gone; in a refractory time the current goes on and V is held.
#[test]
fn a_step_above_threshold_makes_the_times_of_its_formula() {
    let (on, off, current) = (12.3, 80.7, 900.0);
    let (_, spikes) = present(&alone(Lif::default(), 1), &[on, off], &[current, 0.0], [100.0, f64::INFINITY]);
    let step = TAU * (R * current / (R * current - THRESHOLD)).ln();
    let expected = |n: usize| on + step + n as f64 * (step + 2.0);
    let count = (0..1000).take_while(|&n| expected(n) < off).count();
    assert!(count > 5 && spikes.len() == count, "{} and {count}", spikes.len());
    for (n, spike) in spikes.iter().enumerate() {
        assert!((spike.time - expected(n)).abs() < 1e-12 * (n + 1) as f64, "{} and {}", spike.time, expected(n));
    }
}

/// Poisson input, drawn thresholds and currents of each neuron: windows change no bit.
#[test]
fn windows_change_no_bit_of_driven_neurons() {
    let port = LifPort::Exponential { name: "exc".to_owned(), tau: 2.0 };
    let cell = Lif {
        ports: vec![port],
        v_th: NeuronValues::Normal { mean: -55.0, sd: 1.0 },
        poisson_input: vec![PoissonInput { port: "exc".to_owned(), count: 100, rate: 30.0, weight: 65.0 }],
        ..Lif::default()
    };
    let alone = alone(cell, 300);
    let times: Vec<f64> = (0..17).map(|n| f64::from(n) * 7.37).collect();
    let currents: Vec<f64> = (0..17 * 300).map(|n| f64::from(n * 7919 % 401) - 200.0).collect();
    let whole = present(&alone, &times, &currents, [150.0, f64::INFINITY]);
    assert!(whole.1.len() > 500, "{}", whole.1.len());
    for window in [0.13, 7.37] {
        let cut = present(&alone, &times, &currents, [150.0, window]);
        assert!(cut == whole, "windows of {window} ms");
    }
}

/// A population that fires at random, and one whose cells are driven.
fn circuit() -> ModelBuilder {
    let port = || LifPort::Exponential { name: "exc".to_owned(), tau: 2.0 };
    let input = PoissonInput { port: "exc".to_owned(), count: 100, rate: 30.0, weight: 65.0 };
    let noisy = Lif { ports: vec![port()], poisson_input: vec![input], ..Lif::default() };
    let driven = Lif { ports: vec![port()], ..Lif::default() };
    let current = PopulationStimulus::Current { times_ms: vec![50.0, 333.3], currents_pa: vec![360.0, 410.0] };
    let between = ProjectionSpec {
        connection: Connection::FixedInDegree { in_degree: 20, autapses: true, multapses: true },
        delay: Some(1.5.into()),
        storage: Some(Storage::Sparse),
        weights: WeightInit::Constant { value: 30.0 },
        ..ProjectionSpec::new("noisy", "driven", "exc")
    };
    Model::builder("driven")
        .protocol(ContinuousProtocol::default())
        .population("noisy", 100, noisy)
        .population("driven", 50, driven)
        .stimulus(current)
        .projection(between)
}

fn add_current(at_ms: f64, by_pa: f64) -> InterventionSpec {
    InterventionSpec::AddCurrent { at_ms, population: "driven".to_owned(), neurons: Some("10:30".to_owned()), by_pa }
}

fn raise_threshold(at_ms: f64, by_mv: f64) -> InterventionSpec {
    let (population, neurons) = ("driven".to_owned(), Some("20:50".to_owned()));
    InterventionSpec::RaiseThreshold { at_ms, population, neurons, by_mv }
}

/// State and weights after so many ms, gone on with from checkpoints at `stops`.
fn state(model: &Model, stops: &[f64]) -> (Vec<u64>, String) {
    let network = initial_network(model, 3).unwrap();
    let inputs = || SourceInputs::load(model).unwrap();
    let mut simulation = Simulation::new(model, network, inputs(), 3).unwrap();
    let mut spikes = vec![0; 2];
    let mut count = |simulation: &Simulation<'_>| {
        spikes.iter_mut().zip(simulation.spikes()).for_each(|(sum, n)| *sum += n);
    };
    for (n, &stop) in stops.iter().enumerate() {
        simulation.run(stop, &mut (), &mut ()).unwrap();
        count(&simulation);
        if n + 1 < stops.len() {
            simulation = Simulation::resume(model, inputs(), simulation.checkpoint()).unwrap();
        }
    }
    let checkpoint = simulation.checkpoint();
    (spikes, format!("{:?}", (checkpoint.lanes, checkpoint.network.synapses)))
}

#[test]
fn changes_of_currents_thresholds_and_synapses_are_part_of_checkpoints() {
    let changes = [
        add_current(200.0, 60.0),
        raise_threshold(300.0, 2.0),
        InterventionSpec::Prune { at_ms: 400.0, projection: "noisy-driven".to_owned(), fraction: 0.3 },
        add_current(500.0, -90.0),
    ];
    let model = changes.into_iter().fold(circuit(), ModelBuilder::change).build().unwrap();
    assert_eq!(Model::parse(&model.text(), "written", &[]).unwrap(), model);
    let whole = state(&model, &[700.0]);
    assert!(whole.0.iter().all(|&spikes| spikes > 500), "{:?}", whole.0);
    assert!(state(&model, &[200.0, 300.0, 600.0, 700.0]) == whole, "stopped and gone on with");
    assert!(state(&circuit().build().unwrap(), &[700.0]) != whole, "unchanged");
}

/// Spikes of the driven neurons from `from` on, without input, by neuron.
fn driven_alone(changes: Vec<InterventionSpec>, end_ms: f64) -> Vec<Vec<f64>> {
    let silent = InterventionSpec::ScaleWeights { at_ms: 0.0, projection: "noisy-driven".to_owned(), factor: 0.0 };
    let model = changes.into_iter().fold(circuit().change(silent), ModelBuilder::change).build().unwrap();
    let mut memory = apical::record::MemoryRecorder::default();
    let inputs = SourceInputs::load(&model).unwrap();
    let mut simulation = Simulation::new(&model, initial_network(&model, 3).unwrap(), inputs, 3).unwrap();
    simulation.run(end_ms, &mut memory, &mut ()).unwrap();
    let mut trains = vec![Vec::new(); 50];
    memory.spikes[1].iter().for_each(|spike| trains[spike.neuron as usize].push(spike.time));
    trains
}

#[test]
fn a_changed_neuron_fires_with_the_period_of_its_current_and_threshold() {
    let trains = driven_alone(vec![add_current(400.0, 200.0), raise_threshold(400.0, 3.0)], 1000.0);
    let period = |current: f64, threshold: f64| 2.0 + TAU * (R * current / (R * current - threshold)).ln();
    for (neuron, current, threshold) in [(0, 410.0, 15.0), (10, 610.0, 15.0), (25, 610.0, 18.0), (49, 410.0, 18.0)] {
        let late: Vec<_> = trains[neuron].iter().filter(|&&time| time > 500.0).collect();
        if R * current < threshold {
            assert!(late.is_empty(), "neuron {neuron} is driven below its threshold");
            continue;
        }
        let wanted = period(current, threshold);
        assert!(late.len() > 10, "neuron {neuron}");
        // Times near 1,000 ms have a last bit of 1e-13 ms.
        assert!(late.windows(2).all(|pair| (pair[1] - pair[0] - wanted).abs() < 1e-12), "neuron {neuron}");
    }
}

/// However far it is lowered, a threshold stays above the reset potential, or the neuron would fire without end.
#[test]
fn a_threshold_is_not_lowered_to_the_reset_potential() {
    let cell = Lif { t_ref: 0.0, v_reset: -71.0, ..Lif::default() };
    let lower =
        InterventionSpec::RaiseThreshold { at_ms: 0.0, population: "cell".to_owned(), neurons: None, by_mv: -100.0 };
    let protocol = ContinuousProtocol { largest_mean_rate: 1000.0, ..ContinuousProtocol::default() };
    let builder = Model::builder("lowered").protocol(protocol).population("cell", 1, cell).change(lower);
    let model = builder.build().unwrap();
    let network = Network { synapses: Vec::new(), biases: vec![Vec::new()] };
    let mut simulation = Simulation::new(&model, network, SourceInputs::load(&model).unwrap(), 1).unwrap();
    simulation.run(10.0, &mut (), &mut ()).unwrap();
    // From −71 to −70.999 mV toward −70 takes τ ln(1/0.999).
    let period = TAU * (1.0_f64 / 0.999).ln();
    let count = simulation.spikes()[0] as f64;
    assert!((count * period - 10.0).abs() < 2.0 * period, "{count} spikes");
}

#[test]
fn as_many_synapses_are_removed_as_the_probability_says() {
    let prune = InterventionSpec::Prune { at_ms: 0.0, projection: "noisy-driven".to_owned(), fraction: 0.3 };
    let model = circuit().change(prune).build().unwrap();
    let network = initial_network(&model, 3).unwrap();
    let simulation = Simulation::new(&model, network, SourceInputs::load(&model).unwrap(), 3).unwrap();
    let Synapses::Sparse(synapses) = &simulation.network().synapses[0] else { panic!("sparse synapses expected") };
    let removed = synapses.list().filter(|synapse| synapse.weight == 0.0).count();
    // Of 1,000 synapses 300 in the mean; six standard deviations are 87.
    assert!((213..=387).contains(&removed), "{removed}");
}

/// Two removals at one time draw apart from each other: half of a half is left.
#[test]
fn removals_at_one_time_are_independent() {
    let half = || InterventionSpec::Prune { at_ms: 0.0, projection: "noisy-driven".to_owned(), fraction: 0.5 };
    let model = circuit().change(half()).change(half()).build().unwrap();
    let network = initial_network(&model, 3).unwrap();
    let simulation = Simulation::new(&model, network, SourceInputs::load(&model).unwrap(), 3).unwrap();
    let Synapses::Sparse(synapses) = &simulation.network().synapses[0] else { panic!("sparse synapses expected") };
    let left = synapses.list().filter(|synapse| synapse.weight != 0.0).count();
    // Of 1,000 synapses 250 in the mean; six standard deviations are 82.
    assert!((168..=332).contains(&left), "{left}");
}

/// A lane at rest has forgotten the currents of the phases before.
#[test]
fn rest_is_without_currents() {
    let (model, network) = alone(Lif::default(), 1);
    let mut lane = Lane::new(&Arc::new(Circuit::new(&model, 7, Precision::Double).unwrap()));
    let before = lane.state();
    let currents = [CurrentCourse { population: 0, times_ms: &[0.0], currents_pa: &[900.0] }];
    let phases = [Phase { currents: &currents, ..Phase::new(50.0, &[]) }];
    let key = PresentationKey::training(0);
    lane.present(&network, &Trial { key, phases: &phases, spikes: KeptSpikes::All, sampling: None });
    assert!(!lane.observation().spikes[0].is_empty());
    lane.rest();
    assert_eq!(lane.state(), before);
    let phases = [Phase::new(50.0, &[])];
    lane.present(&network, &Trial { key, phases: &phases, spikes: KeptSpikes::All, sampling: None });
    assert!(lane.observation().spikes[0].is_empty());
}
