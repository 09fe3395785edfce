//! Threshold neurons fire when solutions of high precision do, |t − t_ref| ≤ 10⁻¹² ms + 10⁻¹³ mV/|V'(t_ref)|.
//!
//! `tests/reference/generate.py` solved single cells and networks to 40 digits; [`solution`] does it again in double-double (31
//! digits) for what no file can hold: the neurons of a network on the very spikes that the engine sent them.

mod cases;
#[path = "../../../src/engine/crossing/tests/double.rs"]
mod double;
mod solution;

use std::sync::Arc;

use apical::cells::{LifPort, PoissonEncoder};
use apical::engine::{Circuit, Lane, Precision};
use apical::model::{Model, ProjectionSpec, WeightInit};
use apical::network::{BlockCsr, ListedSynapse, Network, Synapses};
use apical::numeric::PresentationKey;
use apical::protocol::{KeptSpikes, Phase, Spike, Stimulus, Trial};

use cases::{CellCase, Draws, NetworkCase, NetworkSpike};
use solution::{Input, SolvedSpike, solve};

/// Runs are cut into phases of this length [ms]: within them times are from the start of the phase, with a last place of 3e-14 ms. A
/// membrane that rises after a spike ten times as fast as it crosses the next time makes ten times as much of it.
const PHASE_MS: f64 = 250.0;

/// How far off the bound the furthest of some spikes is; the same number of them is a must.
fn furthest(name: &str, found: &[f64], expected: &[SolvedSpike]) -> f64 {
    let mut furthest = 0.0_f64;
    for (n, (&found, &SolvedSpike { time, slope })) in found.iter().zip(expected).enumerate() {
        let bound = 1e-12 + slope.map_or(0.0, |slope| 1e-13 / slope);
        let off = (found - time).abs() / bound;
        assert!(off <= 1.0, "{name}, spike {n} of {}: {found}, expected {time} with slope {slope:?}", expected.len());
        furthest = furthest.max(off);
    }
    assert_eq!(found.len(), expected.len(), "{name}: number of spikes");
    furthest
}

/// Spikes of all populations on these input spikes.
fn simulate(model: &Model, network: &Network, input: &[Spike], duration: f64) -> Vec<Vec<Spike>> {
    let circuit = Circuit::new(model, 1, Precision::Double).expect("a circuit");
    let mut lane = Lane::new(&Arc::new(circuit));
    let stimuli = [Stimulus::Spikes(input)];
    let phases = vec![Phase::new(PHASE_MS, &stimuli); (duration / PHASE_MS) as usize];
    let trial = Trial { key: PresentationKey::training(0), phases: &phases, spikes: KeptSpikes::All, sampling: None };
    lane.present(network, &trial);
    lane.observation().spikes.clone()
}

fn projection(from: &str, to: &str, port: &str, delay: Option<f64>) -> ProjectionSpec {
    let name = Some(format!("{from}-{to}-{port}"));
    ProjectionSpec {
        name,
        delay: delay.map(Into::into),
        weights: WeightInit::Constant { value: 0.0 },
        ..ProjectionSpec::new(from, to, port)
    }
}

fn sparse(sizes: [usize; 2], step: f64, synapses: &[ListedSynapse]) -> Synapses {
    Synapses::Sparse(BlockCsr::from_list(sizes[0], sizes[1], step, synapses).expect("synapses"))
}

/// The inputs that a cell gets, and the spikes that the engine has it fire.
fn run_cell(case: &CellCase) -> (Vec<Input>, Vec<f64>) {
    let sources = case.sources.len();
    let trains = Draws(case.seed).trains(sources, case.input_spikes, case.duration_ms);
    let ports: Vec<&str> = case.cell.ports.iter().map(LifPort::name).collect();
    let model = Model::builder("cell").population("input", sources, PoissonEncoder::default());
    let model = model.population("cell", 1, case.cell.clone());
    let model = ports.iter().fold(model, |model, port| model.projection(projection("input", "cell", port, None)));
    let synapses = (0..ports.len()).map(|port| {
        let of_port = (0..).zip(&case.sources).filter(|(_, source)| source.port == port);
        let listed = of_port.map(|(n, source)| ListedSynapse { source: n, target: 0, delay: 0, weight: source.weight });
        sparse([sources, 1], 0.125, &listed.collect::<Vec<_>>())
    });
    let network = Network { synapses: synapses.collect(), biases: vec![Vec::new(); 2] };
    let spikes = simulate(&model.build().expect("a model"), &network, &trains, case.duration_ms);
    let input = |spike: &Spike| {
        let source = &case.sources[spike.neuron as usize];
        Input { sent: spike.time, delay: 0.0, port: source.port, weight: f64::from(source.weight) }
    };
    (trains.iter().map(input).collect(), spikes[1].iter().map(|spike| spike.time).collect())
}

/// 10,000 random input spikes onto one to four ports.
#[test]
fn cells_fire_when_the_solution_to_40_digits_does() {
    let cases = cases::read::<CellCase>("cell-");
    assert_eq!(cases.len(), 6);
    for (name, case) in cases {
        let expected = case.spikes.iter().map(|&(time, slope)| SolvedSpike { time, slope });
        let (_, found) = run_cell(&case);
        let off = furthest(&name, &found, &expected.collect::<Vec<_>>());
        println!("{name}: {} spikes, {off:.3} of the bound at most", found.len());
    }
}

/// So that the double-double solution may stand for that of mpmath.
#[test]
fn the_two_solutions_are_the_same_to_the_last_place() {
    for (name, case) in cases::read::<CellCase>("cell-") {
        let (inputs, _) = run_cell(&case);
        let solved = solve(&case.cell, &inputs, case.duration_ms);
        assert_eq!(solved.len(), case.spikes.len(), "{name}");
        for (solved, (time, slope)) in solved.iter().zip(&case.spikes) {
            assert!((solved.time - time).abs() <= f64::EPSILON * time, "{name}: {solved:?}, expected {time}");
            let close = |slope: f64| solved.slope.is_some_and(|solved| (solved / slope - 1.0).abs() < 1e-3);
            assert!(slope.map_or(solved.slope.is_none(), close), "{name}: {solved:?}, expected {slope:?}");
        }
    }
}

/// A network as its file describes it: synapses of each projection, and the input spikes.
fn drawn(case: &NetworkCase) -> (Vec<Vec<ListedSynapse>>, Vec<Spike>) {
    let mut draws = Draws(case.seed);
    let mut lists = Vec::new();
    for projection in &case.projections {
        let mut list = Vec::new();
        for target in 0..case.sizes[&projection.target] {
            for _ in 0..projection.in_degree {
                let source = draws.below(case.sizes[&projection.source]) as u32;
                let weight = (projection.weight * (12 + draws.below(9)) as f64 / 16.0) as f32;
                let [first, last] = projection.delay_steps;
                let delay = (first + draws.below(last - first + 1)) as u16;
                list.push(ListedSynapse { source, target: target as u32, delay, weight });
            }
        }
        lists.push(list);
    }
    let trains = draws.trains(case.sizes["input"], case.input_spikes, case.duration_ms);
    (lists, trains)
}

/// Spikes of the input, the excitatory and the inhibitory population as the engine has them.
fn run_network(case: &NetworkCase, lists: &[Vec<ListedSynapse>], input: &[Spike]) -> Vec<Vec<Spike>> {
    let (step, sizes) = (case.delay_step_ms, &case.sizes);
    let model = Model::builder("network").population("input", sizes["input"], PoissonEncoder::default());
    let model =
        ["e", "i"].iter().fold(model, |model, &name| model.population(name, sizes[name], case.cells[name].clone()));
    let model = case.projections.iter().fold(model, |model, p| {
        let port = case.cells[&p.target].ports[p.port].name();
        model.projection(projection(&p.source, &p.target, port, Some(p.delay_steps[0] as f64 * step)))
    });
    let synapses =
        case.projections.iter().zip(lists).map(|(p, list)| sparse([sizes[&p.source], sizes[&p.target]], step, list));
    let network = Network { synapses: synapses.collect(), biases: vec![Vec::new(); 3] };
    simulate(&model.build().expect("a model"), &network, input, case.duration_ms)
}

/// Each neuron by itself: given the spikes that the engine's network sent it, the double-double solution fires when the engine does.
#[test]
fn neurons_of_networks_fire_when_the_solution_on_the_same_input_does() {
    for (name, case) in cases::read::<NetworkCase>("network-").into_iter().rev() {
        let (lists, input) = drawn(&case);
        let spikes = run_network(&case, &lists, &input);
        let index = |population: &str| ["input", "e", "i"].iter().position(|&name| name == population).expect("known");
        let mut off = 0.0_f64;
        for population in ["e", "i"] {
            let mut inputs = vec![Vec::new(); case.sizes[population]];
            for (p, list) in case.projections.iter().zip(&lists).filter(|(p, _)| p.target == population) {
                let mut rows = vec![Vec::new(); case.sizes[&p.source]];
                list.iter().for_each(|synapse| rows[synapse.source as usize].push(synapse));
                for spike in &spikes[index(&p.source)] {
                    for synapse in &rows[spike.neuron as usize] {
                        let delay = f64::from(synapse.delay) * case.delay_step_ms;
                        let weight = f64::from(synapse.weight);
                        inputs[synapse.target as usize].push(Input { sent: spike.time, delay, port: p.port, weight });
                    }
                }
            }
            for (neuron, inputs) in inputs.iter().enumerate() {
                let of_neuron = spikes[index(population)].iter().filter(|spike| spike.neuron as usize == neuron);
                let found: Vec<f64> = of_neuron.map(|spike| spike.time).collect();
                let expected = solve(&case.cells[population], inputs, case.duration_ms);
                off = off.max(furthest(&format!("{name}, {population} {neuron}"), &found, &expected));
            }
        }
        println!("{name}: {off:.3} of the bound at most");
    }
}

/// Left to themselves, for as many spikes as the solution keeps when one input of it is moved by 10⁻¹² ms.
#[test]
fn networks_fire_the_spikes_of_the_solution_while_these_can_be_told() {
    for (name, case) in cases::read::<NetworkCase>("network-").into_iter().rev() {
        let (lists, input) = drawn(&case);
        let spikes = run_network(&case, &lists, &input);
        let mut found: Vec<_> = ["e", "i"]
            .iter()
            .zip(&spikes[1..])
            .flat_map(|(name, spikes)| spikes.iter().map(move |s| (s.time, *name, s.neuron)))
            .collect();
        found.sort_by(|a, b| a.0.total_cmp(&b.0));
        let same = case.same_with_an_input_moved.spikes;
        let mut off = 0.0_f64;
        for (n, NetworkSpike(time, _, population, neuron)) in case.spikes[..same].iter().enumerate() {
            let (at, of, who) = found[n];
            assert!(
                (of, who) == (population, *neuron) && (at - time).abs() < 1e-6,
                "{name}, spike {n} of {same}: {:?}",
                found[n]
            );
            off = off.max((at - time).abs());
        }
        println!("{name}: {same} of {} spikes, {off:.1e} ms off at most", case.spikes.len());
        assert!(same > 100, "{name}: {same}");
    }
}
