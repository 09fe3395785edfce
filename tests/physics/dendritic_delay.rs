//! Delays of which a part is dendritic: at a synapse, presynaptic spikes arrive earlier and postsynaptic ones later.

use apical::model::{Model, OnlinePlasticity, Storage, WeightInit};
use apical::network::Network;
use apical::plasticity::{BoundKind, SpikePairing, Stdp, TripletStdp};
use apical::training::initial_network;

use super::plasticity::{
    INITIAL, Trains, after, bits, circuit, go_on, lane, of_neuron, pair, random_trains, same_everywhere, sum_over_all,
    train,
};
use super::signals::goes_on_from_its_state;

/// Longer than many intervals between spikes [ms].
const LONG: f64 = 23.0;

/// Pairs and triplets as sums over all spikes at the times at which they are at the synapse.
#[test]
fn weights_are_those_of_the_spikes_at_the_synapse() {
    let trains = random_trains(900.0, 25.0);
    let triplets =
        TripletStdp { a2_plus: 1e-3, a3_plus: 1e-3, a2_minus: 1.2e-3, a3_minus: 1e-3, ..TripletStdp::of(1.0) };
    let pairs = Stdp { a_plus: 2e-3, a_minus: 2.2e-3, tau_plus: 16.8, tau_minus: 33.7, ..Stdp::of(1.0) };
    let as_triplets = TripletStdp { a2_plus: 2e-3, a3_plus: 0.0, a2_minus: 2.2e-3, a3_minus: 0.0, ..triplets };
    for (plasticity, rule) in
        [(OnlinePlasticity::TripletStdp(triplets), triplets), (OnlinePlasticity::Stdp(pairs), as_triplets)]
    {
        for storage in [Storage::Dense, Storage::Sparse] {
            let mut found = Vec::new();
            for share in [0.0, 0.25, 0.5, 1.0] {
                let (mut model, _) = pair(plasticity.clone(), storage);
                model.projections[0].delay = LONG.into();
                model.projections[0].dendritic_share = share;
                let network = initial_network(&model, 1).unwrap();
                let weights = after(&model, network, &trains, 12);
                for (source, found) in weights.iter().enumerate() {
                    for (cell, found) in found.iter().enumerate() {
                        let arrivals = of_neuron(&trains.source, source, (1.0 - share) * LONG);
                        let spikes = of_neuron(&trains.driver, cell, share * LONG);
                        let wanted = INITIAL + sum_over_all(&rule, &arrivals, &spikes);
                        // Every step is rounded to an f32.
                        assert!(
                            (found - wanted).abs() < 5e-6,
                            "{share} {plasticity:?} {storage:?}: {found} for {wanted}"
                        );
                    }
                }
                found.push(weights);
            }
            let apart = |a: usize, b: usize| (found[a][0][0] - found[b][0][0]).abs() > 1e-4;
            assert!(apart(0, 1) && apart(0, 2) && apart(0, 3) && apart(1, 3), "shares differ: {found:?}");
        }
    }
}

/// A circuit whose delays are dendritic, all or in part, of one length and drawn; nearest pairs, too.
fn learning(storage: Storage) -> (Model, Network) {
    let (mut model, _) = circuit(storage);
    if let Some(OnlinePlasticity::Stdp(rule)) = &mut model.projections[0].plasticity {
        rule.pairing = SpikePairing::Nearest;
    }
    model.projections[0].dendritic_share = 1.0;
    model.projections[3].dendritic_share = 0.7;
    let network = initial_network(&model, 5).unwrap();
    (model, network)
}

#[test]
fn windows_threads_and_storage_change_no_bit_of_dendritic_delays() {
    let (spikes, all) = same_everywhere(learning, 4, 5_000);
    assert!(spikes.iter().map(Vec::len).sum::<usize>() > 1_000);
    let axonal = {
        let (model, mut network) = circuit(Storage::Sparse);
        let mut lane = lane(&model, f64::INFINITY);
        go_on(&mut lane, &mut network, 0..4);
        lane.settle_weights(&mut network);
        bits(&network)
    };
    assert!(axonal != all);
}

/// Spikes act after the whole delay, whatever part of it is dendritic: where weights stay, it moves no spike.
#[test]
fn a_spike_acts_after_the_whole_delay() {
    // Initial weights are within these bounds.
    let none = Stdp { a_plus: 0.0, a_minus: 0.0, w_min: -1000.0, ..Stdp::of(1000.0) };
    for storage in [Storage::Sparse, Storage::Dense] {
        let (model, network) = circuit(storage);
        let run = |share: f64| {
            let (mut model, mut network) = (model.clone(), network.clone());
            for projection in [0, 3] {
                model.projections[projection].plasticity = Some(OnlinePlasticity::Stdp(none));
                model.projections[projection].dendritic_share = share;
            }
            go_on(&mut lane(&model, f64::INFINITY), &mut network, 0..3)
        };
        let axonal = run(0.0);
        assert!(axonal == run(0.5) && axonal == run(1.0), "{storage:?}");
        assert!(axonal.iter().map(Vec::len).sum::<usize>() > 1_000);
    }
}

/// Spikes wait at synapses for longer than the end of a slice, where weights are settled and where the run is saved.
#[test]
fn runs_that_are_settled_or_saved_go_on_to_the_bit_with_dendritic_delays() {
    for storage in [Storage::Sparse, Storage::Dense] {
        goes_on_from_its_state(learning(storage), (2, 4), "_pending_");
    }
}

/// The weights of NEST 3.10 for given trains, by tests/nest/stdp.py, whose delays are dendritic: additive and multiplicative changes.
#[test]
fn weights_are_those_of_nests_stdp_synapse() {
    let reference: serde_json::Value = serde_json::from_str(include_str!("../reference/stdp-nest.json")).unwrap();
    let number = |key: &str| reference[key].as_f64().unwrap();
    let times = |key: &str| -> Vec<f64> {
        reference[key].as_array().unwrap().iter().map(|time| time.as_f64().unwrap()).collect()
    };
    let trains = Trains { source: train(0, &times("pre_ms")), driver: train(0, &times("post_ms")) };
    let rule = Stdp {
        a_plus: number("lambda"),
        a_minus: number("alpha") * number("lambda"),
        tau_plus: number("tau_plus"),
        tau_minus: number("tau_minus"),
        ..Stdp::of(number("Wmax"))
    };
    let cases = reference["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 6);
    for case in cases {
        let number = |key: &str| case[key].as_f64().unwrap();
        let bounds = if number("exponent") > 0.0 { BoundKind::Soft } else { BoundKind::Hard };
        for storage in [Storage::Dense, Storage::Sparse] {
            let (mut model, _) = pair(OnlinePlasticity::Stdp(Stdp { bounds, ..rule }), storage);
            let plastic = &mut model.projections[0];
            (plastic.delay, plastic.dendritic_share) = (number("delay_ms").into(), 1.0);
            plastic.weights = WeightInit::Constant { value: 1.0 };
            let network = initial_network(&model, 1).unwrap();
            let found = after(&model, network, &trains, 12)[0][0];
            // Each of some 60 changes is rounded to an f32.
            assert!((found - number("weight")).abs() < 1e-6, "{case} {storage:?}: {found}");
        }
    }
}
