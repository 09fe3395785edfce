//! Plasticity between spikes onto cells of several compartments: that of cells of one membrane, and nothing that is not of the model changes a
//! bit.

use std::sync::Arc;

use apical::cells::{CompartmentKeys, CompartmentPortKeys, Compartments, NeuronValues, SpikeKeys};
use apical::model::{Model, OnlinePlasticity, Storage};
use apical::network::Network;
use apical::plasticity::{BoundKind, Stdp, TripletStdp};
use apical::training::initial_network;

use super::compartments::pyramidal;
use super::plasticity::{after, bits, circuit, go_on, lane, pair, random_trains, same_everywhere};

fn compartment(name: &str, c_m: f64, g_l: f64, e_l: f64) -> CompartmentKeys {
    CompartmentKeys { name: name.to_owned(), c_m, g_l, e_l, i_e: 0.0, v_init: None }
}

/// A membrane that fires when it is driven, with the port of the cells of [`pair`].
pub fn driven() -> Compartments {
    Compartments {
        compartments: vec![compartment("soma", 250.0, 25.0, 0.0)].into(),
        couplings: Vec::new(),
        ports: vec![CompartmentPortKeys::Delta { name: "in".to_owned(), compartment: "soma".to_owned() }],
        spike: SpikeKeys {
            v_th: Some(1000.0.into()),
            v_reset: Some(-10.0),
            t_ref: 0.0,
            ..Compartments::default().spike
        },
        ..Compartments::default()
    }
}

/// Soma and dendrite with plateaus and bAPs; a constant current makes them fire, and synapses of the port of [`circuit`] end on the dendrite.
pub fn dendritic() -> Compartments {
    let soma = CompartmentKeys {
        i_e: 480.0,
        v_init: Some(NeuronValues::Uniform { low: -70.0, high: -56.0 }),
        ..compartment("soma", 200.0, 12.0, -70.0)
    };
    let ports = CompartmentPortKeys::Exponential { name: "in".to_owned(), compartment: "apical".to_owned(), tau: 2.0 };
    Compartments {
        compartments: vec![soma, compartment("apical", 90.0, 6.0, -70.0)].into(),
        ports: vec![ports],
        spike: SpikeKeys { v_th: Some((-55.0).into()), ..pyramidal().spike },
        burst: None,
        poisson_input: Vec::new(),
        ..pyramidal()
    }
}

/// The cells of a population of a model replaced.
pub fn with_cells(model: &Model, population: usize, cell: Compartments) -> (Model, Network) {
    let mut model = model.clone();
    model.populations[population].cell = Arc::new(cell);
    let network = initial_network(&model, 5).unwrap();
    (model, network)
}

#[test]
fn one_compartment_learns_as_an_integrate_and_fire_cell() {
    let trains = random_trains(980.0, 40.0);
    let pairs = Stdp { a_plus: 0.2, a_minus: 0.15, bounds: BoundKind::Soft, ..Stdp::of(1.0) };
    let rules = [OnlinePlasticity::TripletStdp(TripletStdp::of(1.0)), OnlinePlasticity::Stdp(pairs)];
    for plasticity in rules {
        for storage in [Storage::Dense, Storage::Sparse] {
            let (model, network) = pair(plasticity.clone(), storage);
            let wanted = after(&model, network.clone(), &trains, 10);
            let (model, initial) = with_cells(&model, 2, driven());
            let found = after(&model, initial.clone(), &trains, 10);
            assert!(found == wanted && bits(&initial) == bits(&network), "{found:?} for {wanted:?}");
            assert!(found.iter().flatten().all(|weight| (weight - 0.4).abs() > 1e-3));
        }
    }
}

/// A recurrent circuit that learns over synapses onto dendrites.
fn learning(storage: Storage) -> (Model, Network) {
    with_cells(&circuit(storage).0, 1, dendritic())
}

#[test]
fn windows_threads_and_storage_change_no_bit() {
    let (spikes, _) = same_everywhere(learning, 2, 3_000);
    assert!(spikes[1].len() > 300, "{}", spikes[1].len());
}

/// Amplitudes of 0 leave weights as they are, and spikes those of a circuit without plasticity.
#[test]
fn rules_that_change_nothing_change_no_spike() {
    for storage in [Storage::Dense, Storage::Sparse] {
        let (mut model, network) = learning(storage);
        let run = |model: &Model| {
            let mut network = network.clone();
            let spikes = go_on(&mut lane(model, f64::INFINITY), &mut network, 0..2);
            (spikes, bits(&network))
        };
        let none = Stdp { a_plus: 0.0, a_minus: 0.0, w_min: -1000.0, ..Stdp::of(1000.0) };
        for projection in &mut model.projections {
            projection.plasticity = projection.plasticity.take().map(|_| OnlinePlasticity::Stdp(none));
        }
        let learning = run(&model);
        model.projections.iter_mut().for_each(|projection| projection.plasticity = None);
        assert!(learning == run(&model) && learning.1 == bits(&network), "{storage:?}");
    }
}

/// Spikes are on their way and wait at synapses where the run is saved, and where pending changes are made.
#[test]
fn a_run_that_is_saved_or_settled_goes_on_to_the_bit() {
    for storage in [Storage::Sparse, Storage::Dense] {
        let (model, network) = learning(storage);
        let (mut whole, mut whole_network) = (lane(&model, f64::INFINITY), network.clone());
        let all = go_on(&mut whole, &mut whole_network, 0..3);
        let (mut first, mut saved_network) = (lane(&model, f64::INFINITY), network.clone());
        let mut spikes = go_on(&mut first, &mut saved_network, 0..1);
        let before = bits(&saved_network);
        first.apply_pending(&mut saved_network);
        assert!(bits(&saved_network) != before, "spikes wait");
        let mut at_save = saved_network.clone();
        let saved = first.state();
        let mut second = lane(&model, f64::INFINITY);
        second.restore(&saved);
        spikes.extend(go_on(&mut second, &mut saved_network, 1..3));
        let (mut settled, mut settled_network) = (lane(&model, f64::INFINITY), network);
        for slice in 0..3 {
            go_on(&mut settled, &mut settled_network, slice..slice + 1);
            settled.settle_weights(&mut settled_network);
        }
        for (lane, network) in [(&mut whole, &mut whole_network), (&mut second, &mut saved_network)] {
            lane.settle_weights(network);
            assert!(bits(network) == bits(&settled_network), "{storage:?}");
        }
        assert!(spikes == all && second.state() == whole.state());
        // What is left out of the state is missed.
        let mut forgotten = saved;
        forgotten.populations[1].retain(|array| !array.name.starts_with("plastic_"));
        second.restore(&forgotten);
        go_on(&mut second, &mut at_save, 1..3);
        second.settle_weights(&mut at_save);
        assert!(bits(&at_save) != bits(&settled_network));
    }
}
