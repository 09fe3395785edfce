//! Networks of any graph: several sources, none or several decoded populations, recurrence, populations in any order.

use std::sync::Arc;

use apical::cells::{Modes, OutputNeuron, PoissonEncoder, Pyramidal};
use apical::engine::{Circuit, Lane, LayoutError, Precision};
use apical::model::{
    HiddenError, Learning, Model, ModelBuilder, Population, PopulationId, ProjectionSpec, feedforward_path,
};
use apical::network::Network;
use apical::numeric::PresentationKey;
use apical::protocol::{KeptSpikes, Measures, Phase, Sigmoids, Spike, Stimulus, Target, Trial};

use super::networks::{array, assert_close, largest};

fn projection(from: &str, to: &str, port: &str, delay: f64) -> ProjectionSpec {
    ProjectionSpec {
        name: Some(format!("{from}-{to}-{port}")),
        delay: Some(delay.into()),
        ..ProjectionSpec::new(from, to, port)
    }
}

fn cells(g_a: f64) -> Pyramidal {
    Pyramidal { g_a, ..Pyramidal::default() }
}

/// Two sources, of which one comes last; three populations that reach each other and themselves, one of which stands before
/// those that drive it without delay; nothing is decoded.
fn recurrent() -> Model {
    Model::builder("recurrent")
        .population("late", 6, cells(0.05))
        .population("input", 8, PoissonEncoder::default())
        .population("a", 5, cells(0.0))
        .population("b", 7, cells(0.1))
        .population("more", 4, PoissonEncoder { phi_max: 0.05 })
        .projection(projection("a", "late", "basal", 0.0))
        .projection(projection("b", "late", "apical", 0.0))
        .projection(projection("input", "a", "basal", 0.0))
        .projection(projection("more", "b", "basal", 0.3))
        .projection(projection("a", "b", "apical", 0.0))
        .projection(projection("a", "a", "basal", 0.7))
        .projection(projection("b", "a", "basal", 1.1))
        .projection(projection("late", "b", "basal", 0.45))
        .projection(projection("more", "a", "apical", 2.0))
        .build()
        .unwrap()
}

/// The spikes of a trial of 60 ms, and the lane after it.
fn run(model: &Model, network: &Network, window: f64) -> (Vec<Vec<Spike>>, Lane) {
    let circuit = Circuit::new(model, 3, Precision::Double).unwrap().with_window(window);
    let mut lane = Lane::new(&Arc::new(circuit));
    let stimuli = [Stimulus::Rates(&[0.15; 8]), Stimulus::Rates(&[0.05, 0.0, 0.02, 0.05])];
    let measures = Measures { potentials: true, rates: true, sigmoids: Sigmoids::None };
    let phase =
        Phase { length_ms: 60.0, settle_ms: 5.0, stimuli: &stimuli, currents: &[], target: Target::None, measures };
    let key = PresentationKey::training(0);
    lane.present(network, &Trial { key, phases: &[phase], spikes: KeptSpikes::All, sampling: None });
    (lane.observation().spikes.clone(), lane)
}

/// V at the end of the trial is the bias's answer and the sum of h over all spikes that arrived, whatever the graph.
#[test]
fn potentials_are_the_answers_to_all_spikes_that_arrived() {
    let model = recurrent();
    let network = Network::new(&model, 3, |_| Err("a stored weight")).unwrap();
    let (spikes, lane) = run(&model, &network, f64::INFINITY);
    assert!(spikes.iter().all(|spikes| spikes.len() > 5), "{:?}", spikes.iter().map(Vec::len).collect::<Vec<_>>());
    let state = lane.state();
    for (index, population) in model.populations.iter().enumerate() {
        let Some(cell) = population.linear() else { continue };
        let modes = Modes::new(cell.psp(), cell.gamma);
        let charged = cell.gain() * (1.0 - (-cell.gamma * 60.0_f64).exp());
        let mut expected: Vec<f64> = network.biases[index].iter().map(|&b| charged * f64::from(b)).collect();
        for (place, projection) in model.projections.iter().enumerate().filter(|(_, p)| p.to.0 == index) {
            let weights = network.weights(place);
            let conductance = cell.ports[projection.port.0].conductance;
            for spike in &spikes[projection.from.0] {
                let answer = conductance * modes.response(60.0 - spike.time - projection.delay.smallest());
                let row = weights.row(spike.neuron as usize);
                expected.iter_mut().zip(row).for_each(|(v, &w)| *v += f64::from(w) * answer);
            }
        }
        let tolerance = 1e-9 * largest(&expected).max(1.0);
        assert_close(array(&state.populations[index], "v"), &expected, tolerance, &population.name);
    }
}

#[test]
fn shorter_windows_change_no_bit_of_a_recurrent_network() {
    let model = recurrent();
    let network = Network::new(&model, 3, |_| Err("a stored weight")).unwrap();
    let (spikes, lane) = run(&model, &network, f64::INFINITY);
    for window in [0.45, 0.1, 0.031] {
        let (found, other) = run(&model, &network, window);
        assert!(found == spikes && other.state() == lane.state(), "windows of {window} ms");
    }
}

/// More projections than the hot loop has room for on its stack do what one with the sum of their weights does.
#[test]
fn any_number_of_projections_reach_a_population() {
    let with = |count: usize| -> ModelBuilder {
        let model =
            Model::builder("many").population("input", 8, PoissonEncoder::default()).population("a", 5, cells(0.0));
        (0..count).fold(model, |model, k| {
            let name = Some(format!("p{k}"));
            model.projection(ProjectionSpec { name, ..ProjectionSpec::new("input", "a", "basal") })
        })
    };
    let (many, one) = (with(20).build().unwrap(), with(1).build().unwrap());
    let networks = [&many, &one].map(|model| Network::new(model, 3, |_| Err("a stored weight")).unwrap());
    let [mut many_weights, mut one_weights] = networks;
    let matrix = one_weights.weights(0).to_matrix();
    let share: Vec<f32> = matrix.iter().map(|w| w / 20.0).collect();
    let weights = |values: &[f32]| apical::network::Weights::from_matrix(5, 8, values);
    many_weights.synapses.iter_mut().for_each(|each| *each = weights(&share).into());
    *one_weights.weights_mut(0) = weights(&matrix);
    one_weights.biases.clone_from(&many_weights.biases);
    let run = |model: &Model, network: &Network| {
        let mut lane = Lane::new(&Arc::new(Circuit::new(model, 3, Precision::Double).unwrap()));
        let stimuli = [Stimulus::Rates(&[0.15; 8])];
        let phase = Phase {
            length_ms: 60.0,
            settle_ms: 5.0,
            stimuli: &stimuli,
            currents: &[],
            target: Target::None,
            measures: Measures { potentials: true, ..Measures::default() },
        };
        let key = PresentationKey::training(0);
        lane.present(network, &Trial { key, phases: &[phase], spikes: KeptSpikes::All, sampling: None });
        lane.means()[0].v[1].clone()
    };
    assert_close(&run(&many, &many_weights), &run(&one, &one_weights), 1e-5, "mean V");
}

#[test]
fn a_cycle_without_delay_is_refused_by_name() {
    let cycle = Model::builder("cycle")
        .population("input", 8, PoissonEncoder::default())
        .population("a", 5, cells(0.0))
        .population("b", 5, cells(0.0))
        .projection(projection("input", "a", "basal", 0.0))
        .projection(projection("a", "b", "basal", 0.0))
        .projection(projection("b", "a", "basal", 0.0));
    let message = cycle.build().unwrap_err().to_string();
    assert!(message.contains("closes a cycle of projections without delay, b to a to b"), "{message}");

    let mut model = recurrent();
    model.projections.iter_mut().for_each(|projection| projection.delay = 0.0.into());
    assert!(matches!(Circuit::new(&model, 1, Precision::Single), Err(LayoutError::Cycle(names)) if names.len() > 1));
    model.projections[0].port.0 = 9;
    assert!(matches!(Circuit::new(&model, 1, Precision::Single), Err(LayoutError::Ends(_))));
}

/// The class of a target pulls the neurons of every decoded population to its reversal potentials, values by their shares.
#[test]
fn several_populations_are_taught_by_classes_or_values() {
    let model = Model::builder("taught")
        .population("input", 4, PoissonEncoder::default())
        .population("first", 2, OutputNeuron::default())
        .population("second", 4, OutputNeuron { group: 2, ..OutputNeuron::default() })
        .build()
        .unwrap();
    let silent = |population: &Population| vec![0.0; if population.bias.is_some() { population.size } else { 0 }];
    let network = Network { synapses: Vec::new(), biases: model.populations.iter().map(silent).collect() };
    let potentials = |target: Target<'_>| {
        let mut lane = Lane::new(&Arc::new(Circuit::new(&model, 3, Precision::Double).unwrap()));
        let measures = Measures::default();
        let phase = Phase { length_ms: 100.0, settle_ms: 5.0, stimuli: &[], currents: &[], target, measures };
        let key = PresentationKey::training(0);
        lane.present(&network, &Trial { key, phases: &[phase], spikes: KeptSpikes::All, sampling: None });
        let state = lane.state();
        [1, 2].map(|population| array(&state.populations[population], "v").to_vec())
    };
    // g E/(g_l + g_d + g) of E = 8 and −8.
    let level = 8.0 / 1.7;
    let [first, second] = potentials(Target::Class(1));
    assert_close(&first, &[-level, level], 1e-9, "first");
    assert_close(&second, &[-level, -level, level, level], 1e-9, "second");
    let [first, _] = potentials(Target::Values(&[0.75, 0.5]));
    assert_close(&first, &[level / 2.0, 0.0], 1e-9, "values");
}

/// Names of the projections of the one path without a loop between two populations.
fn path(model: &Model, from: &str, to: &str) -> Option<Vec<String>> {
    let place = |name: &str| PopulationId(model.populations.iter().position(|p| p.name == name).unwrap());
    let path = feedforward_path(&model.projections, place(from), place(to))?;
    Some(path.into_iter().map(|id| model.projection(id).name.clone()).collect())
}

/// A network of four populations in the order of these names, with feedback and loops.
fn layered(names: [&str; 4]) -> ModelBuilder {
    let mut builder = Model::builder("m");
    for name in names {
        builder = match name {
            "input" => builder.population(name, 6, PoissonEncoder::default()),
            "output" => builder.population(name, 4, OutputNeuron::default()),
            _ => builder.population(name, 5, cells(0.05)),
        };
    }
    let forward = [("input", "a", "basal"), ("a", "b", "basal"), ("b", "output", "dendrite")];
    let back = [("output", "a", "apical"), ("output", "b", "apical"), ("b", "a", "basal"), ("a", "a", "basal")];
    let delays = [(&forward[..], 0.0), (&back[..], 1.0)];
    let all = delays.into_iter().flat_map(|(ends, delay)| ends.iter().map(move |&ends| (ends, delay)));
    all.fold(builder, |builder, ((from, to, port), delay)| builder.projection(projection(from, to, port, delay)))
}

/// Learning follows the way forward, which is that of the projections: feedback, loops and the order in a file change nothing.
#[test]
fn the_way_forward_is_the_same_for_populations_in_any_order() {
    for names in [["input", "a", "b", "output"], ["output", "b", "a", "input"], ["b", "input", "output", "a"]] {
        let once = layered(names).build().unwrap();
        let expected = ["input-a-basal", "a-b-basal", "b-output-dendrite"].map(str::to_owned);
        assert_eq!(path(&once, "input", "output").unwrap(), expected, "{names:?}");
        assert_eq!(path(&once, "a", "output").unwrap(), expected[1..], "{names:?}");
        assert_eq!(path(&once, "output", "input"), None, "nothing goes there");
        let learning = Learning { hidden_error: HiddenError::Backprop, ..Learning::default() };
        layered(names).learning(learning).build().unwrap();
        let twice = layered(names).projection(projection("a", "output", "dendrite", 0.0)).build().unwrap();
        assert_eq!(path(&twice, "a", "output"), None, "there are two ways");
        assert_eq!(path(&twice, "input", "a").unwrap(), expected[..1]);
    }
}
