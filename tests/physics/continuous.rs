//! Continuous runs: spikes are those of model and seed, wherever runs end, are stopped, or are recorded.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use apical::cells::{Lif, LifPort, OutputNeuron, PoissonEncoder, Pyramidal};
use apical::engine::{Circuit, Lane, Precision};
use apical::model::{
    Connection, ContinuousProtocol, InterventionSpec, Model, ModelBuilder, PopulationStimulus, ProjectionSpec,
    WeightInit,
};
use apical::network::Network;
use apical::protocol::{KeptSpikes, Phase, SLICE_MS, Sampling, Spike, Stimulus, Trial};
use apical::record::{MemoryRecorder, Presentation, PresentationKind, RecordError, Recorder};
use apical::simulation::{Simulation, SimulationError, SimulationMonitor, SourceInputs};
use apical::training::{Ending, initial_network};
use proptest::prelude::*;

fn projection(from: &str, to: &str, port: &str, delay: f64) -> ProjectionSpec {
    ProjectionSpec { delay: Some(delay.into()), ..ProjectionSpec::new(from, to, port) }
}

fn protocol(warmup: f64) -> ContinuousProtocol {
    ContinuousProtocol { warmup, ..ContinuousProtocol::default() }
}

/// Two sources and a recurrent circuit with delays beyond a slice's end.
fn circuit() -> ModelBuilder {
    Model::builder("circuit")
        .population("input", 20, PoissonEncoder::default())
        .stimulus(PopulationStimulus::Constant { rate_hz: 50.0 })
        .population("cells", 30, Pyramidal { g_a: 0.05, ..Pyramidal::default() })
        .population("out", 10, OutputNeuron::default())
        .projection(projection("input", "cells", "basal", 0.0))
        .projection(projection("cells", "out", "dendrite", 0.0))
        .projection(projection("out", "cells", "apical", 7.3))
}

fn simulation(model: &Model) -> Simulation<'_> {
    simulate(model, SourceInputs::load(model).unwrap())
}

fn simulate(model: &Model, inputs: SourceInputs) -> Simulation<'_> {
    Simulation::new(model, initial_network(model, 3).unwrap(), inputs, 3).unwrap()
}

fn recorded(model: &Model, end_ms: f64) -> MemoryRecorder {
    let mut memory = MemoryRecorder::default();
    simulation(model).run(end_ms, &mut memory, &mut ()).unwrap();
    memory
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn where_runs_end_and_are_resumed_changes_nothing(stops in prop::collection::vec(1.0..900.0, 1..4)) {
        let model = circuit().protocol(protocol(0.0)).build().unwrap();
        let whole = recorded(&model, 900.0);
        prop_assert!(whole.spikes.iter().all(|spikes| spikes.len() > 100));
        let mut stops = stops;
        stops.sort_by(f64::total_cmp);
        let (mut memory, mut on) = (MemoryRecorder::default(), simulation(&model));
        let mut parts: Vec<Vec<Spike>> = vec![Vec::new(); 3];
        let mut resumed = simulation(&model);
        for stop in stops.into_iter().chain([900.0]) {
            on.run(stop, &mut memory, &mut ()).unwrap();
            let mut part = MemoryRecorder::default();
            resumed.run(stop, &mut part, &mut ()).unwrap();
            parts.iter_mut().zip(part.spikes).for_each(|(all, part)| all.extend(part));
            let checkpoint = resumed.checkpoint();
            prop_assert!(checkpoint.clock_ms.total_cmp(&stop).is_eq());
            resumed = Simulation::resume(&model, SourceInputs::load(&model).unwrap(), checkpoint).unwrap();
        }
        prop_assert!(parts == whole.spikes, "resumed");
        prop_assert!(memory.spikes == whole.spikes, "in parts");
    }
}

#[test]
fn what_is_recorded_is_cut_at_the_times_asked_for() {
    let whole = recorded(&circuit().protocol(protocol(0.0)).build().unwrap(), 600.0);
    let mut model = circuit().protocol(protocol(130.0)).build().unwrap();
    model.record("all,:250,395:").unwrap();
    let some = recorded(&model, 545.0);
    let inside = |time: f64| (130.0..250.0).contains(&time) || (395.0..545.0).contains(&time);
    for (some, whole) in some.spikes.iter().zip(&whole.spikes) {
        let expected: Vec<_> = whole.iter().copied().filter(|spike| inside(spike.time)).collect();
        assert_eq!(*some, expected);
    }
    let rows: Vec<_> = some.presentations.iter().map(|row| (row.start_ms, row.forward_ms)).collect();
    let expected = [(130.0, 70.0), (200.0, 50.0), (395.0, 5.0), (400.0, 100.0), (500.0, 45.0)];
    assert_eq!(rows, expected);
}

/// A recorder that samples traces on a grid of its own.
#[derive(Default)]
struct Traces {
    values: Vec<f32>,
    spikes: Vec<Vec<Spike>>,
}

const EVERY: f64 = 0.7;

impl Recorder for Traces {
    fn sampling(&mut self, _: PresentationKind, _: u64, start_ms: f64) -> Option<Sampling> {
        Some(Sampling { first: (start_ms / EVERY).ceil() * EVERY - start_ms, every: EVERY })
    }

    fn presentation(&mut self, shown: Presentation<'_>) -> Result<(), RecordError> {
        self.values.extend(&shown.observed.traces[1]);
        self.spikes.resize(2, Vec::new());
        for (all, spikes) in self.spikes.iter_mut().zip(&shown.observed.spikes) {
            all.extend(spikes.iter().map(|s| Spike { time: s.time + shown.start_ms, ..*s }));
        }
        Ok(())
    }
}

/// Cells that hardly fire, driven by spikes at given times: their potentials over many slices are those over one phase, to the
/// rounding of the state that is handed on (f32 amplitudes of potentials of order 1).
#[test]
fn a_stretch_is_no_cut_in_the_dynamics() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.csv");
    let spikes: Vec<_> = (0..400_u32).map(|k| Spike { time: 1.237 * f64::from(k) + 0.01, neuron: k % 7 }).collect();
    let lines: Vec<_> = spikes.iter().map(|s| format!("{},{}", s.time, s.neuron)).collect();
    std::fs::write(&path, format!("time_ms,neuron\n{}\n", lines.join("\n"))).unwrap();
    let quiet = Pyramidal { phi_max: 1e-9, ..Pyramidal::default() };
    let model = Model::builder("m")
        .population("input", 7, PoissonEncoder::default())
        .stimulus(PopulationStimulus::Spikes { path })
        .population("cells", 5, quiet)
        .projection(projection("input", "cells", "basal", 2.9))
        .protocol(protocol(0.0))
        .build()
        .unwrap();
    let network = initial_network(&model, 3).unwrap();
    let mut traces = Traces::default();
    simulation(&model).run(500.0, &mut traces, &mut ()).unwrap();
    assert_eq!(traces.spikes[0], spikes, "spikes are replayed to the bit");
    let mut lane = Lane::new(&Arc::new(Circuit::new(&model, 3, Precision::Double).unwrap()));
    let stimuli = [Stimulus::Spikes(&spikes)];
    let mut trial = Trial::new(0, &[]);
    let phases = [Phase::new(500.0, &stimuli)];
    trial.phases = &phases;
    trial.sampling = Some(Sampling { first: 0.0, every: EVERY });
    trial.spikes = KeptSpikes::None;
    lane.present(&network, &trial);
    let expected = &lane.observation().traces[1];
    assert_eq!(traces.values.len(), expected.len());
    let largest = expected.iter().fold(0.0_f32, |a, b| a.max(b.abs()));
    assert!(largest > 0.5, "{largest}");
    for (found, expected) in traces.values.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-5 * largest, "{found} for {expected}");
    }
}

/// A source at a constant rate, over many slices: the number of its spikes is Poisson of mean n r T, and so is that in the
/// first and in the last millisecond of slices; five standard deviations each, one failure in 1.7 million seeds.
#[test]
fn a_constant_source_fires_at_its_rate_also_where_stretches_meet() {
    let model = Model::builder("m")
        .population("input", 200, PoissonEncoder::default())
        .stimulus(PopulationStimulus::Constant { rate_hz: 25.0 })
        .protocol(protocol(0.0))
        .build()
        .unwrap();
    let spikes = &recorded(&model, 100_000.0).spikes[0];
    let close =
        |count: usize, mean: f64| assert!((count as f64 - mean).abs() < 5.0 * mean.sqrt(), "{count} for {mean}");
    close(spikes.len(), 200.0 * 0.025 * 100_000.0);
    let within = |time: f64| time % SLICE_MS;
    close(spikes.iter().filter(|s| within(s.time) < 1.0).count(), 200.0 * 0.025 * 1000.0);
    close(spikes.iter().filter(|s| within(s.time) >= SLICE_MS - 1.0).count(), 200.0 * 0.025 * 1000.0);
}

fn count(memory: &MemoryRecorder, population: usize, [from, to]: [f64; 2], neurons: std::ops::Range<u32>) -> usize {
    let inside = |s: &&Spike| (from..to).contains(&s.time) && neurons.contains(&s.neuron);
    memory.spikes[population].iter().filter(inside).count()
}

#[test]
fn changes_hold_from_their_time_on_and_are_part_of_checkpoints() {
    let changed = |changes: &[InterventionSpec]| {
        let builder = changes.iter().fold(circuit(), |builder, change| builder.change(change.clone()));
        builder.protocol(protocol(0.0)).build().unwrap()
    };
    let silence = |population: &str, neurons: &str, at_ms| InterventionSpec::Silence {
        at_ms,
        population: population.to_owned(),
        neurons: Some(neurons.to_owned()),
    };
    let before = recorded(&circuit().protocol(protocol(0.0)).build().unwrap(), 300.0);
    let model = changed(&[
        silence("cells", "3:9", 300.0),
        silence("input", "0:10", 400.0),
        InterventionSpec::ScaleWeights { at_ms: 500.0, projection: "cells-out".to_owned(), factor: 0.0 },
        InterventionSpec::AddBias { at_ms: 600.0, population: "out".to_owned(), neurons: None, by: 40.0 },
    ]);
    assert_eq!(Model::parse(&model.text(), "m", &[]).unwrap(), model);
    let whole = recorded(&model, 800.0);
    for (some, all) in before.spikes.iter().zip(&whole.spikes) {
        let kept: Vec<_> = all.iter().copied().filter(|spike| spike.time < 300.0).collect();
        assert_eq!(*some, kept, "nothing changes before the first change");
    }
    assert!(count(&whole, 1, [200.0, 300.0], 3..9) > 0);
    assert_eq!(count(&whole, 1, [300.0, 800.0], 3..9), 0);
    assert!(count(&whole, 1, [300.0, 800.0], 0..3) > 0);
    assert!(count(&whole, 0, [300.0, 400.0], 0..10) > 0);
    assert_eq!(count(&whole, 0, [400.0, 800.0], 0..10), 0);
    // Driven beyond all doubt by their bias, output neurons fire at their largest rate: 10 neurons, 190 ms, 0.2 per ms.
    let fired = count(&whole, 2, [610.0, 800.0], 0..10) as f64;
    assert!((fired - 380.0).abs() < 5.0 * 380_f64.sqrt(), "{fired}");
    let recorded: Vec<_> = whole.changes.iter().map(|(at_ms, what)| (*at_ms, what.as_str())).collect();
    let expected = [
        (300.0, "silence cells[3:9]"),
        (400.0, "silence input[0:10]"),
        (500.0, "scale weights of cells-out by 0"),
        (600.0, "add 40 to the bias of out[0:10]"),
    ];
    assert_eq!(recorded, expected);
    for stop in [250.0, 300.0, 350.0, 400.0, 600.0, 701.0] {
        let mut first = simulation(&model);
        first.run(stop, &mut (), &mut ()).unwrap();
        let inputs = SourceInputs::load(&model).unwrap();
        let mut on = Simulation::resume(&model, inputs, first.checkpoint()).unwrap();
        let (from, mut rest) = (on.recorded_ms(), MemoryRecorder::default());
        assert!(from.total_cmp(&stop).is_eq());
        on.run(800.0, &mut rest, &mut ()).unwrap();
        for (rest, all) in rest.spikes.iter().zip(&whole.spikes) {
            let expected: Vec<_> = all.iter().copied().filter(|spike| spike.time >= from).collect();
            assert_eq!(*rest, expected, "from {from}");
        }
    }
}

#[test]
fn activity_beyond_the_limit_ends_the_run_with_population_and_rate() {
    let limited = ContinuousProtocol { largest_mean_rate: 0.1, ..ContinuousProtocol::default() };
    let change = InterventionSpec::AddBias { at_ms: 200.0, population: "cells".to_owned(), neurons: None, by: 50.0 };
    let model = circuit().change(change).protocol(limited).build().unwrap();
    let mut network: Network = initial_network(&model, 3).unwrap();
    network.synapses.iter_mut().for_each(|synapses| synapses.scale(0.0));
    network.biases[1].fill(-3.0);
    network.biases[2].fill(-3.0);
    let mut on = Simulation::new(&model, network, SourceInputs::load(&model).unwrap(), 3).unwrap();
    let error = on.run(1000.0, &mut (), &mut ()).unwrap_err();
    let SimulationError::Runaway { population, rate_hz, from_ms, .. } = &error else { panic!("{error}") };
    assert_eq!((population.as_str(), *from_ms), ("cells", 200.0));
    // Noticed at the 301st spike, five standard deviations.
    assert!((rate_hz - 200.0).abs() < 5.0 * 200.0 / 301_f64.sqrt(), "{rate_hz}");
    assert!(error.to_string().contains("\"cells\" fired at"), "{error}");
}

/// A drive that lets 4,000 cells fire 4·10¹⁰ times in a slice: the run ends long before, whether they are connected or not.
#[test]
fn activity_without_bounds_ends_the_run_within_a_slice() {
    for connected in [false, true] {
        let cell =
            Lif { i_e: 1e9, t_ref: 0.0, ports: vec![LifPort::Delta { name: "in".to_owned() }], ..Lif::default() };
        let mut circuit =
            Model::builder("circuit").population("quiet", 10, Lif::default()).population("wild", 4000, cell);
        if connected {
            let connection = Connection::FixedInDegree { in_degree: 1, autapses: true, multapses: true };
            circuit = circuit.projection(ProjectionSpec {
                connection,
                weights: WeightInit::Constant { value: 1.0 },
                ..projection("wild", "wild", "in", 1.5)
            });
        }
        let model = circuit.protocol(protocol(0.0)).build().unwrap();
        let mut on = simulation(&model);
        let error = on.run(1000.0, &mut (), &mut ()).unwrap_err();
        let SimulationError::Runaway { population, rate_hz, .. } = &error else { panic!("{error}") };
        // 1,000 Hz over 100 ms are 400,000 spikes.
        assert!(population == "wild" && *rate_hz > 1000.0, "{error}");
        assert!((400_000..600_000).contains(&on.work().spikes), "{}", on.work().spikes);
    }
}

/// Asks for the end of a run after so many questions.
struct StopAfter(AtomicU64);

impl SimulationMonitor for StopAfter {
    fn stop(&self) -> bool {
        self.0.fetch_sub(1, Ordering::Relaxed) == 1
    }
}

/// A run that was stopped within a slice stands where that began, and goes on to the bit.
#[test]
fn a_run_stops_within_a_slice_and_goes_on_from_its_start() {
    let lif = Model::load("recurrent-lif".as_ref(), &["protocol.warmup_ms = 0".to_owned()]).unwrap();
    for (model, questions) in [(circuit().protocol(protocol(0.0)).build().unwrap(), 8), (lif, 500)] {
        let whole = recorded(&model, 300.0);
        let (mut memory, mut on) = (MemoryRecorder::default(), simulation(&model));
        on.run(100.0, &mut memory, &mut ()).unwrap();
        let ending = on.run(300.0, &mut memory, &mut StopAfter(AtomicU64::new(questions))).unwrap();
        assert_eq!((ending, on.clock_ms(), on.recorded_ms()), (Ending::Stopped, 100.0, 100.0));
        let resumed = Simulation::resume(&model, SourceInputs::load(&model).unwrap(), on.checkpoint()).unwrap();
        for mut on in [on, resumed] {
            let mut rest = MemoryRecorder::default();
            on.run(300.0, &mut rest, &mut ()).unwrap();
            for ((begun, rest), whole) in memory.spikes.iter().zip(&rest.spikes).zip(&whole.spikes) {
                assert!(!rest.is_empty());
                assert!(begun.iter().all(|spike| spike.time < 100.0) && rest.iter().all(|spike| spike.time >= 100.0));
                assert!(begun.iter().chain(rest).eq(whole));
            }
        }
    }
}

#[test]
fn a_circuit_needs_no_source_and_a_source_no_stimulus() {
    let model = Model::builder("m")
        .population("silent", 3, PoissonEncoder::default())
        .population("cells", 40, Pyramidal::default())
        .projection(ProjectionSpec {
            weights: WeightInit::Constant { value: 1.0 },
            ..projection("cells", "cells", "basal", 1.0)
        })
        .protocol(protocol(0.0))
        .build()
        .unwrap();
    let memory = recorded(&model, 300.0);
    assert!(memory.spikes[0].is_empty() && memory.spikes[1].len() > 100);
}

/// In two phases, a source beside the first fires at its own rate in training and in tests: counts of its spikes over the time
/// shown are Poisson, five standard deviations.
#[test]
fn in_two_phases_other_sources_fire_at_rates_of_their_own() {
    use apical::data::{Dataset, ImageSet, Presentations, Split};
    use apical::model::TwoPhaseProtocol;
    use apical::training::{Plan, Plasticity, Trainer, Training};
    let model = Model::builder("m")
        .population("input", 4, PoissonEncoder::default())
        .population("quiet", 3, PoissonEncoder::default())
        .population("noise", 50, PoissonEncoder::default())
        .stimulus(PopulationStimulus::Constant { rate_hz: 20.0 })
        .population("out", 2, OutputNeuron::default())
        .projection(ProjectionSpec { learning_rate: 0.1, ..projection("input", "out", "dendrite", 0.0) })
        .projection(projection("noise", "out", "dendrite", 0.0))
        .projection(projection("quiet", "out", "dendrite", 0.0))
        .protocol(TwoPhaseProtocol { wald_mean: 0.0, ..TwoPhaseProtocol::default() })
        .build()
        .unwrap();
    assert_eq!(Model::parse(&model.text(), "m", &[]).unwrap(), model);
    let images = ndarray::array![[[255, 0], [0, 255]], [[0, 255], [255, 0]]];
    let images = ImageSet::from_views(images.view(), ndarray::array![0, 1].view()).unwrap();
    let shown = Presentations::all(images.into());
    let data = Dataset { training: shown.clone(), split: Split::of_table(2), evaluation: shown };
    let mut trainer = Trainer::new(&model, initial_network(&model, 1).unwrap(), 1).unwrap();
    let mut memory = MemoryRecorder::default();
    let plan = Plan { presentations: 40, test_examples: 2, plasticity: Plasticity::On };
    trainer.run(&data, plan, &mut memory, &mut ()).unwrap();
    let time: f64 = memory.presentations.iter().map(|row| row.forward_ms + row.target_ms).sum();
    assert!(memory.presentations.iter().any(|row| row.kind == PresentationKind::Test) && time > 4000.0);
    let (mean, found) = (50.0 * 0.02 * time, memory.spikes[2].len() as f64);
    assert!((found - mean).abs() < 5.0 * mean.sqrt(), "{found} for {mean}");
    assert!(memory.spikes[1].is_empty());
}

/// Cells with a threshold, driven to fire regularly: those that are silenced fire no more, the others as they would have.
#[test]
fn cells_with_a_threshold_are_silenced_and_others_are_not() {
    let drive = Lif { i_e: 500.0, ..Lif::default() };
    let build = |builder: ModelBuilder| builder.protocol(protocol(0.0)).build().unwrap();
    let plain = build(Model::builder("m").population("cells", 6, drive.clone()));
    let silence =
        InterventionSpec::Silence { at_ms: 300.0, population: "cells".to_owned(), neurons: Some("2:4".to_owned()) };
    let model = build(Model::builder("m").population("cells", 6, drive).change(silence));
    let (before, whole) = (recorded(&plain, 700.0), recorded(&model, 700.0));
    let expected: Vec<_> =
        before.spikes[0].iter().copied().filter(|s| s.time < 300.0 || !(2..4).contains(&s.neuron)).collect();
    assert!(expected.len() > 50 && expected.len() < before.spikes[0].len());
    assert_eq!(whole.spikes[0], expected);
    let mut first = simulation(&model);
    first.run(455.0, &mut (), &mut ()).unwrap();
    let mut on = Simulation::resume(&model, SourceInputs::load(&model).unwrap(), first.checkpoint()).unwrap();
    let mut rest = MemoryRecorder::default();
    on.run(700.0, &mut rest, &mut ()).unwrap();
    let later: Vec<_> = expected.into_iter().filter(|s| s.time >= 455.0).collect();
    assert_eq!(rest.spikes[0], later);
}
