//! Circuits of threshold cells: time per synaptic event by size, cells without events, and threads.

use std::time::Instant;

use apical::cells::{Lif, NeuronValues, PoissonInput};
use apical::model::{Connection, Model, ProjectionSpec, Storage, WeightInit};
use apical::protocol::ContinuousProtocol;
use apical::simulation::{Simulation, SourceInputs};
use apical::training::initial_network;

/// Model time of the smaller circuit [ms]; that of the larger one is a tenth.
const LENGTH_MS: f64 = 1000.0;

/// Synapses of each neuron from either kind of input.
const IN_DEGREE: usize = 200;

/// A run of a circuit between two times.
struct TimedRun {
    seconds: f64,
    /// Arrivals at synapses, and of Poisson input.
    events: u64,
    /// Mean rate [Hz].
    rate_hz: f64,
}

/// Prints all of it.
pub(crate) fn table() {
    println!("circuits: random connections, {} synapses a neuron and Poisson input, one thread\n", 2 * IN_DEGREE);
    println!("| neurons | mean rate [Hz] | synaptic events | ns per event |\n|---|---|---|---|");
    let mut each = Vec::new();
    for (neurons, length) in [(1_000, LENGTH_MS), (100_000, 0.1 * LENGTH_MS)] {
        let TimedRun { seconds, events, rate_hz } = on_threads(1, || run(&random(neurons), [100.0, 100.0 + length]));
        let ns = 1e9 * seconds / events as f64;
        println!("| {neurons} | {rate_hz:.0} | {events} | {ns:.1} |");
        each.push(ns);
    }
    println!("\nper event at 100,000 neurons, times that at 1,000: {:.2}", each[1] / each[0]);
    let idle = on_threads(1, || run(&idle(), [100.0, 100_100.0]));
    println!("100,000 neurons without an event, 100 s of model time: {:.2} s", idle.seconds);
    let model = Model::load("potjans-diesmann-2014".as_ref(), &["scaling.factor=0.1".to_owned()]).expect("a model");
    let [one, two] = [1, 2].map(|threads| on_threads(threads, || run(&model, [500.0, 2500.0])).seconds);
    println!("potjans-diesmann-2014 at a tenth: {:.2} times as fast on two threads as on one\n", one / two);
}

/// Prints what plasticity between spikes costs on the synapses between excitatory neurons of Brunel's network, at a fifth of its size
/// and at its own.
pub(crate) fn plasticity() {
    println!(
        "| brunel-2000: neurons | static [ns per event] | pair STDP from exc to exc | triplet STDP | ratios |\n|---|---|---|---|---|"
    );
    for (neurons, length) in [(2_500, 1000.0), (12_500, 200.0)] {
        let each = ["", "stdp", "triplet_stdp"].map(|rule| {
            let timed = on_threads(1, || run(&brunel(neurons, rule), [100.0, 100.0 + length]));
            (1e9 * timed.seconds / timed.events as f64, timed.seconds, timed.rate_hz)
        });
        let [none, pairs, triplets] = each;
        println!(
            "| {neurons} ({:.0}, {:.0}, {:.0} Hz) | {:.1} | {:.1} | {:.1} | {:.2}, {:.2} |",
            none.2,
            pairs.2,
            triplets.2,
            none.0,
            pairs.0,
            triplets.0,
            pairs.0 / none.0,
            triplets.0 / none.0
        );
    }
    println!();
}

/// Brunel's asynchronous irregular network at this size, a tenth of all pairs connected, with this rule on synapses between excitatory
/// neurons, whose small amplitudes keep its rate.
fn brunel(neurons: usize, rule: &str) -> Model {
    let (exc, part) = (neurons * 4 / 5, neurons as f64 / 12_500.0);
    let weight = 0.1 / part;
    let mut keys = vec![
        format!("population.exc.size={exc}"),
        format!("population.inh.size={}", neurons - exc),
        "protocol.duration_ms=10000".to_owned(),
    ];
    for population in ["exc", "inh"] {
        for (from, degree, weight) in [("exc", 1000.0, weight), ("inh", 250.0, -5.0 * weight)] {
            keys.push(format!("projection.{from}-{population}.connection.in_degree={}", degree * part));
            keys.push(format!("projection.{from}-{population}.weights.value={weight}"));
            keys.push(format!("projection.{from}-{population}.storage=\"sparse\""));
        }
        let input = format!("{{ port = \"psp\", count = {}, rate_hz = 20, weight = {weight} }}", 1000.0 * part);
        keys.push(format!("population.{population}.poisson_input=[{input}]"));
    }
    let amplitudes = match rule {
        "stdp" => "a_plus = 1e-5, a_minus = 1.05e-5",
        _ => "a3_plus = 1e-5, a2_minus = 1e-5, a3_minus = 1e-6",
    };
    if !rule.is_empty() {
        let rule = format!("{{ kind = \"{rule}\", w_max = {}, {amplitudes} }}", 2.0 * weight);
        keys.push(format!("projection.exc-exc.plasticity={rule}"));
    }
    Model::load("brunel-2000".as_ref(), &keys).expect("a model")
}

fn on_threads<T: Send>(threads: usize, job: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads").install(job)
}

/// Cells that fire at some 100 Hz, each with excitatory and inhibitory synapses from all others at random.
fn random(neurons: usize) -> Model {
    let input = PoissonInput { port: "exc".to_owned(), count: 1, rate: 8000.0, weight: 60.0 };
    let v_init = Some(NeuronValues::Uniform { low: -70.0, high: -56.0 });
    let cell = Lif { v_init, poisson_input: vec![input], ..Lif::default() };
    let connection = Connection::FixedInDegree { in_degree: IN_DEGREE, autapses: true, multapses: true };
    let projection = |port: &str, value: f64| ProjectionSpec {
        name: Some(port.to_owned()),
        connection: connection.clone(),
        delay: Some(1.5.into()),
        storage: Some(Storage::Sparse),
        weights: WeightInit::Constant { value },
        ..ProjectionSpec::new("cells", "cells", port)
    };
    let model = Model::builder("random").protocol(protocol()).population("cells", neurons, cell);
    model.projection(projection("exc", 1.0)).projection(projection("inh", -3.0)).build().expect("a model")
}

/// Cells that a current drives, below their threshold.
fn idle() -> Model {
    let cell = Lif { i_e: 100.0, ..Lif::default() };
    Model::builder("idle").protocol(protocol()).population("cells", 100_000, cell).build().expect("a model")
}

fn protocol() -> ContinuousProtocol {
    ContinuousProtocol { largest_mean_rate: 10.0, ..ContinuousProtocol::default() }
}

/// Runs a model to the first time and times it to the second [ms].
fn run(model: &Model, [from, to]: [f64; 2]) -> TimedRun {
    let inputs = SourceInputs::load(model).expect("inputs");
    let network = initial_network(model, 1).expect("a network");
    let mut simulation = Simulation::new(model, network, inputs, 1).expect("a simulation");
    simulation.run(from, &mut (), &mut ()).expect("a run");
    let before = simulation.work();
    let began = Instant::now();
    simulation.run(to, &mut (), &mut ()).expect("a run");
    let (seconds, after) = (began.elapsed().as_secs_f64(), simulation.work());
    let events = after.synaptic_events + after.input_spikes - before.synaptic_events - before.input_spikes;
    let neurons: usize = model.populations.iter().map(|population| population.size).sum();
    let rate_hz = 1e3 * (after.spikes - before.spikes) as f64 / (neurons as f64 * (to - from));
    TimedRun { seconds, events, rate_hz }
}
