//! Rules between spikes by expression and by the program: they change weights as the rules of the library do, and nothing that is not of the
//! model changes a bit.

use std::collections::BTreeMap;
use std::sync::Arc;

use apical::cells::{BurstKeys, Compartments};
use apical::model::{Model, OnlineExpression, OnlinePlasticity, OwnOnlineRule, Storage};
use apical::network::Network;
use apical::plasticity::{OnlineRule, RuleRegistry, SpikeTraces, Stdp, TripletStdp};
use apical::simulation::{Simulation, SourceInputs};

use super::plastic_compartments::{driven, with_cells};
use super::plasticity::{
    DELAY, INITIAL, Trains, after, bits, circuit, of_neuron, pair, random_trains, same_everywhere,
};

/// Traces by name, with their time constants.
fn traces(named: &[(&str, f64)]) -> BTreeMap<String, f64> {
    named.iter().map(|&(name, tau)| (name.to_owned(), tau)).collect()
}

/// Pairs as terms.
fn pairs_of(rule: &Stdp) -> OnlineExpression {
    OnlineExpression {
        at_arrival: Some(format!("-{} * (w_max - w_min) * y", rule.a_minus)),
        at_spike: Some(format!("{} * (w_max - w_min) * x", rule.a_plus)),
        arrival_traces: traces(&[("x", rule.tau_plus)]),
        spike_traces: traces(&[("y", rule.tau_minus)]),
        ..OnlineExpression::of(rule.w_max)
    }
}

/// Triplets as terms.
fn triplets_of(rule: &TripletStdp) -> OnlineExpression {
    let TripletStdp { a2_plus, a3_plus, a2_minus, a3_minus, .. } = rule;
    OnlineExpression {
        at_arrival: Some(format!("-(w_max - w_min) * o1 * ({a2_minus} + {a3_minus} * r2)")),
        at_spike: Some(format!("(w_max - w_min) * r1 * ({a2_plus} + {a3_plus} * o2)")),
        arrival_traces: traces(&[("r1", rule.tau_plus), ("r2", rule.tau_x)]),
        spike_traces: traces(&[("o1", rule.tau_minus), ("o2", rule.tau_y)]),
        ..OnlineExpression::of(rule.w_max)
    }
}

#[test]
fn pairs_and_triplets_as_expressions_change_weights_as_those_rules_do() {
    let trains = random_trains(980.0, 40.0);
    let pairs = Stdp { a_plus: 0.02, a_minus: 0.022, tau_plus: 16.8, tau_minus: 33.7, ..Stdp::of(1.0) };
    let triplets = TripletStdp { a2_plus: 1e-2, a3_plus: 1e-2, a2_minus: 1.2e-2, ..TripletStdp::of(1.0) };
    for (rule, expression) in [
        (OnlinePlasticity::Stdp(pairs), pairs_of(&pairs)),
        (OnlinePlasticity::TripletStdp(triplets), triplets_of(&triplets)),
    ] {
        for storage in [Storage::Dense, Storage::Sparse] {
            let run = |plasticity: OnlinePlasticity| {
                let (model, network) = pair(plasticity, storage);
                after(&model, network, &trains, 10)
            };
            let (wanted, found) = (run(rule.clone()), run(OnlinePlasticity::Expression(expression.clone())));
            for (found, wanted) in found.iter().flatten().zip(wanted.iter().flatten()) {
                // Both round each of about 50 changes to an f32.
                assert!((found - wanted).abs() < 1e-6, "{rule:?} {storage:?}: {found} for {wanted}");
                assert!((found - INITIAL).abs() > 1e-3, "{found}");
            }
        }
    }
}

/// A circuit whose rules are expressions.
fn learning(storage: Storage) -> (Model, Network) {
    let (mut model, network) = circuit(storage);
    let pairs = Stdp { a_plus: 0.02, a_minus: 0.021, ..Stdp::of(600.0) };
    let soft = OnlineExpression {
        at_arrival: Some("-0.03 * (w - w_min) * o * exp(-r)".to_owned()),
        at_spike: Some("0.05 * (w_max - w) * tanh(r) * (1 + o)".to_owned()),
        arrival_traces: traces(&[("r", 17.0)]),
        spike_traces: traces(&[("o", 34.0)]),
        ..OnlineExpression::of(150.0)
    };
    model.projections[0].plasticity = Some(OnlinePlasticity::Expression(pairs_of(&pairs)));
    model.projections[3].plasticity = Some(OnlinePlasticity::Expression(soft));
    (model, network)
}

#[test]
fn windows_threads_and_storage_change_no_bit_of_expressions() {
    let (spikes, _) = same_everywhere(learning, 3, 5_000);
    assert!(spikes.iter().map(Vec::len).sum::<usize>() > 1_000);
}

/// A constant P̄ in the terms: η x at each burst, −η P̄ x at each event.
#[test]
fn events_and_bursts_change_weights_by_their_terms() {
    let rule = OnlineExpression {
        at_event: Some("-0.06 * 0.3 * x".to_owned()),
        at_burst: Some("0.06 * x".to_owned()),
        arrival_traces: traces(&[("x", 30.0)]),
        w_min: -5.0,
        ..OnlineExpression::of(5.0)
    };
    let trains = random_trains(980.0, 40.0);
    for storage in [Storage::Dense, Storage::Sparse] {
        let (model, _) = pair(OnlinePlasticity::Stdp(Stdp::of(1.0)), storage);
        let cell = Compartments { burst: Some(BurstKeys { window: 16.0 }), ..driven() };
        let (mut model, network) = with_cells(&model, 2, cell);
        model.projections[0].plasticity = Some(OnlinePlasticity::Expression(rule.clone()));
        let found = after(&model, network, &trains, 10);
        for (source, found) in found.iter().enumerate() {
            for (cell, found) in found.iter().enumerate() {
                let wanted = INITIAL + by_events(&trains, source, cell);
                assert!((found - wanted).abs() < 2e-6 && (wanted - INITIAL).abs() > 1e-3, "{found} for {wanted}");
            }
        }
    }
}

/// The same as sums over events and bursts of a cell, and over all arrivals before each.
fn by_events(trains: &Trains, source: usize, cell: usize) -> f64 {
    let (arrivals, spikes) = (of_neuron(&trains.source, source, DELAY), of_neuron(&trains.driver, cell, 0.0));
    let x = |now: f64| -> f64 { arrivals.iter().filter(|&&t| t < now).map(|t| (-(now - t) / 30.0).exp()).sum() };
    let groups = spikes.chunk_by(|a, b| b - a <= 16.0);
    groups.map(|group| 0.06 * (group.get(1).map_or(0.0, |&second| x(second)) - 0.3 * x(group[0]))).sum()
}

/// Pairs of spikes, as a program of its own would have them.
#[derive(Debug)]
struct Mine(Stdp);

impl OnlineRule for Mine {
    fn traces(&self) -> SpikeTraces {
        self.0.traces()
    }

    fn at_arrival(&self, w: f64, x: [f64; 2], y: [f64; 2]) -> f64 {
        self.0.at_arrival(w, x, y)
    }

    fn at_spike(&self, w: f64, x: [f64; 2], y: [f64; 2]) -> f64 {
        self.0.at_spike(w, x, y)
    }
}

const PAIRS: fn(f64) -> Stdp = |w_max| Stdp { a_plus: 0.02, a_minus: 0.021, ..Stdp::of(w_max) };

/// By value in a model made in code, and by its name in a registry, whose largest weight is that of the model.
#[test]
fn a_rule_of_the_program_learns_is_saved_and_goes_on() {
    let rules = RuleRegistry::default().with_online("mine", |of| Ok(Arc::new(Mine(PAIRS(of.bounds.w_max)))));
    let (mut model, network) = circuit(Storage::Sparse);
    model.projections[3].plasticity = None;
    let with = |plasticity: OnlinePlasticity| {
        let mut model = model.clone();
        model.projections[0].plasticity = Some(plasticity);
        model
    };
    let given = with(OnlinePlasticity::Own(OwnOnlineRule::of("mine", 600.0, Mine(PAIRS(600.0)))));
    let named = Model::parse_with(&given.text(), "mine", &[], &rules).unwrap();
    assert!(named == given && given.text().contains("\nrule = \"mine\"\n"), "{}", given.text());
    let inputs = SourceInputs::load(&model).unwrap();
    let whole = |model: &Model| {
        let mut simulation = Simulation::new(model, network.clone(), inputs.clone(), 3).unwrap();
        simulation.run(300.0, &mut (), &mut ()).unwrap();
        (bits(simulation.network()), simulation.checkpoint().lanes)
    };
    let wanted = whole(&with(OnlinePlasticity::Stdp(PAIRS(600.0))));
    assert!(wanted.0 != bits(&network) && whole(&given) == wanted && whole(&named) == wanted);
    let mut first = Simulation::new(&given, network.clone(), inputs.clone(), 3).unwrap();
    first.run(100.0, &mut (), &mut ()).unwrap();
    let mut second = Simulation::resume(&named, inputs.clone(), first.checkpoint()).unwrap();
    second.run(300.0, &mut (), &mut ()).unwrap();
    assert!((bits(second.network()), second.checkpoint().lanes) == wanted);
    let refused = Model::parse(&given.text(), "mine", &[]).unwrap_err().to_string();
    assert!(refused.contains("found \"mine\"; this program brings none of its own"), "{refused}");
    let others = RuleRegistry::default().with_online("mined", |of| Ok(Arc::new(Mine(PAIRS(of.bounds.w_max)))));
    let refused = Model::parse_with(&given.text(), "mine", &[], &others).unwrap_err().to_string();
    assert!(refused.contains("those of this program are mined; did you mean `mined`?"), "{refused}");
    // A rule that is not there is missed where the network is laid out as well.
    let missing = with(OnlinePlasticity::Own(OwnOnlineRule::named("mine", 600.0)));
    assert!(Simulation::new(&missing, network.clone(), inputs.clone(), 3).is_err());
}

/// ln of a negative number.
#[test]
fn a_term_that_is_no_number_ends_the_run() {
    for (at_arrival, at_spike) in [(Some("ln(-1 - y)"), None), (None, Some("ln(-1 - y)"))] {
        let (mut model, network) = circuit(Storage::Sparse);
        let rule = OnlineExpression {
            at_arrival: at_arrival.map(str::to_owned),
            at_spike: at_spike.map(str::to_owned),
            spike_traces: traces(&[("y", 20.0)]),
            ..OnlineExpression::of(600.0)
        };
        model.projections[0].plasticity = Some(OnlinePlasticity::Expression(rule));
        let inputs = SourceInputs::load(&model).unwrap();
        let mut simulation = Simulation::new(&model, network, inputs, 3).unwrap();
        let error = simulation.run(1000.0, &mut (), &mut ()).unwrap_err().to_string();
        assert!(error.contains("went beyond all numbers"), "{error}");
    }
}
