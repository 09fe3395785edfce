//! Sparse synapses in networks of two phases: they act and learn as dense ones do, and only where they are.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;

use apical::data::{Dataset, StimulusLoader};
use apical::engine::{Circuit, Lane, Precision, Work};
use apical::model::Model;
use apical::network::{ListedSynapse, Network, Synapses, Weights};
use apical::numeric::PresentationKey;
use apical::protocol::{KeptSpikes, Sampling, Spike, Target, Trial};
use apical::training::{Plan, Plasticity, Trainer, Training};

/// A model with these keys, its initial network and the digits of the repository.
fn mnist(name: &str, keys: &[&str]) -> (Model, Network, Dataset) {
    let keys: Vec<String> = keys.iter().map(|&key| key.to_owned()).collect();
    let model = Model::load(Path::new(name), &keys).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/mnist");
    let data = StimulusLoader { folder: Some(&folder), ..StimulusLoader::of(&model) }.load().unwrap();
    let network = Network::new(&model, 1, |_| Ok::<_, Infallible>(Vec::new())).unwrap();
    (model, network, data)
}

fn trained(model: &Model, network: Network, data: &Dataset, presentations: u64) -> (Network, Work) {
    let mut trainer = Trainer::new(model, network, 1).unwrap();
    let plan = Plan { presentations, test_examples: 0, plasticity: Plasticity::On };
    trainer.run(data, plan, &mut (), &mut ()).unwrap();
    (trainer.network().clone(), trainer.work())
}

/// A trial as it was seen: spikes, the means of its phases, traces.
type Seen = (Vec<Vec<Spike>>, String, Vec<Vec<f32>>);

/// Two trials on end.
fn seen(model: &Model, network: &Network, data: &Dataset) -> Vec<Seen> {
    let mut lane = Lane::new(&Arc::new(Circuit::new(model, 1, Precision::Single).unwrap()));
    let trial = |n: usize| {
        let stimuli = [data.training.stimulus(n)];
        let target = data.training.label(n).map_or(Target::None, |label| Target::Class(label.into()));
        let phases = model.phases().training([50.0, 50.0], &stimuli, target);
        let (key, sampling) = (PresentationKey::training(n as u64), Some(Sampling { first: 0.3, every: 7.0 }));
        lane.present(network, &Trial { key, phases: &phases, spikes: KeptSpikes::All, sampling });
        let observed = lane.observation();
        (observed.spikes.clone(), format!("{:?}", lane.means()), observed.traces.clone())
    };
    (0..2).map(trial).collect()
}

/// All three projections sparse.
const SPARSE: [&str; 3] = [
    "projection.input-hidden.storage=sparse",
    "projection.hidden-output.storage=sparse",
    "projection.output-hidden.storage=sparse",
];

/// Networks that between them reach a second stream block of 512 neurons, drive somata by feedback, learn in batches and learn feedback,
/// and have plateaus before the ends of phases, rates in place of spikes, backpropagated errors and thresholds.
const NETWORKS: [(&str, &[&str]); 7] = [
    ("g17-784-500-10", &["population.hidden.size=530"]),
    ("g17-784-500-10", &["population.hidden.size=40", "population.hidden.g_a_per_ms=0.05", "learning.batch=3"]),
    ("g17-784-500-10-learned-feedback", &["population.hidden.size=40"]),
    ("g17-784-500-10-plateau-times", &["population.hidden.size=40"]),
    ("g17-784-500-10-rate-feedback", &["population.hidden.size=40"]),
    ("g17-784-500-10", &["population.hidden.size=40", "learning.hidden_error=backprop"]),
    ("threshold-784-500-10", &["population.hidden.size=40"]),
];

/// Spikes, means, traces, the work that is counted and what is learnt, to the bit.
#[test]
fn synapses_of_all_pairs_act_and_learn_alike_in_either_storage() {
    for (name, keys) in NETWORKS {
        let (model, dense, data) = mnist(name, keys);
        let (sparse_model, sparse, _) = mnist(name, &[keys, &SPARSE].concat());
        assert!(sparse.synapses.iter().all(|synapses| synapses.sparse().is_some()), "{name}");
        assert_eq!(seen(&model, &dense, &data), seen(&sparse_model, &sparse, &data), "{name}");
        let ((dense_learnt, work), (learnt, sparse_work)) =
            (trained(&model, dense.clone(), &data, 12), trained(&sparse_model, sparse, &data, 12));
        assert_eq!(work, sparse_work, "{name}");
        assert_eq!(dense_learnt.biases, learnt.biases, "{name}");
        for (projection, (dense, sparse)) in dense_learnt.synapses.iter().zip(&learnt.synapses).enumerate() {
            assert_eq!(dense.dense(), Some(&*sparse.matrix()), "{name}, projection {projection}");
        }
        assert!(dense_learnt.synapses[0] != dense.synapses[0], "{name} learns");
    }
}

/// A model whose projections reach a part of their targets, no pair of neurons twice.
fn partly(hidden: usize) -> (Model, Network, Dataset) {
    let hidden = format!("population.hidden.size={hidden}");
    let keys = [
        &hidden,
        "projection.input-hidden.connection={ kind = 'fixed_in_degree', in_degree = 78, multapses = false }",
        "projection.hidden-output.connection={ kind = 'fixed_probability', p = 0.5 }",
        "projection.output-hidden.connection={ kind = 'fixed_out_degree', out_degree = 11, multapses = false }",
        "projection.output-hidden.rule=mirror",
        "projection.output-hidden.learning_rate=0.1",
        "population.hidden.g_a_per_ms=0.05",
    ];
    mnist("g17-784-500-10", &keys)
}

/// The same network with a weight of 0 where there is no synapse.
fn filled(network: &Network) -> Network {
    let dense = |synapses: &Synapses| synapses.matrix().into_owned().into();
    Network { synapses: network.synapses.iter().map(dense).collect(), biases: network.biases.clone() }
}

/// Keeps the weights of pairs of neurons that have a synapse in `network`.
fn masked(dense: &Network, network: &Network) -> Network {
    let mut kept = dense.clone();
    for (projection, synapses) in network.synapses.iter().enumerate() {
        let weights = dense.weights(projection);
        let mut masked = Weights::zeros(weights.post(), weights.pre());
        for ListedSynapse { source, target, .. } in synapses.sparse().unwrap().list() {
            let [source, target] = [source, target].map(|neuron| neuron as usize);
            masked.row_mut(source)[target] = weights.row(source)[target];
        }
        *kept.weights_mut(projection) = masked;
    }
    kept
}

/// Presentation by presentation, against dense weights of which those without a synapse are set to zero after each: an
/// implementation by a mask.
#[test]
fn only_synapses_that_there_are_learn_and_they_as_dense_ones_do() {
    let (model, network, data) = partly(60);
    assert_eq!(seen(&model, &network, &data), seen(&model, &filled(&network), &data));
    let plan = |presentations| Plan { presentations, test_examples: 0, plasticity: Plasticity::On };
    let mut sparse = Trainer::new(&model, network.clone(), 1).unwrap();
    let mut dense = Trainer::new(&model, filled(&network), 1).unwrap();
    for n in 1..=6 {
        sparse.run_part(n, &data, plan(6), &mut (), &mut ()).unwrap();
        dense.run_part(n, &data, plan(6), &mut (), &mut ()).unwrap();
        let mut checkpoint = dense.checkpoint();
        checkpoint.network = masked(&checkpoint.network, &network);
        assert_ne!(&checkpoint.network, dense.network(), "what has no synapse would have learnt");
        assert_eq!(filled(sparse.network()), checkpoint.network, "after {n} presentations");
        dense = Trainer::resume(&model, checkpoint).unwrap();
    }
    let pairs = |network: &Network| -> Vec<BTreeMap<(u32, u32), usize>> {
        let count = |synapses: &Synapses| {
            let mut pairs = BTreeMap::new();
            synapses.sparse().unwrap().list().for_each(|s| *pairs.entry((s.source, s.target)).or_default() += 1);
            pairs
        };
        network.synapses.iter().map(count).collect()
    };
    assert_eq!(pairs(sparse.network()), pairs(&network), "no synapse comes or goes");
    assert!(sparse.network().synapses.iter().zip(&network.synapses).all(|(after, before)| after != before));
}

/// Every spike reaches as many neurons as it has synapses; feedback reaches somata as well, after 1 ms.
#[test]
fn synaptic_events_are_spikes_times_out_degree() {
    let (model, network, data) = partly(600);
    let mut degrees: Vec<Vec<u64>> = network.synapses.iter().map(|synapses| vec![0; synapses.pre()]).collect();
    for (degrees, synapses) in degrees.iter_mut().zip(&network.synapses) {
        synapses.sparse().unwrap().list().for_each(|synapse| degrees[synapse.source as usize] += 1);
    }
    let mut lane = Lane::new(&Arc::new(Circuit::new(&model, 1, Precision::Single).unwrap()));
    let (stimuli, end) = ([data.training.stimulus(0)], 100.0);
    let phases = model.phases().training([50.0, 50.0], &stimuli, Target::Class(3));
    let key = PresentationKey::training(0);
    lane.present(&network, &Trial { key, phases: &phases, spikes: KeptSpikes::All, sampling: None });
    let spikes = &lane.observation().spikes;
    let reached = |population: usize, delay: f64| -> u64 {
        let arrived = spikes[population].iter().filter(|spike| spike.time + delay < end);
        arrived.map(|spike| degrees[population][spike.neuron as usize]).sum()
    };
    assert_eq!(lane.work().synaptic_events, reached(0, 0.0) + reached(1, 0.0) + reached(2, 1.0));
}

/// Memory and time of a tenth of the synapses: a tenth, but for starts of rows.
#[test]
fn sparse_synapses_take_the_room_of_those_that_there_are() {
    let (_, network, _) = partly(500);
    let Some(Synapses::Sparse(sparse)) = network.synapses.first() else { panic!("sparse") };
    assert_eq!((sparse.len(), sparse.bytes()), (500 * 78, 500 * 78 * 8 + 785 * 4));
}

#[test]
fn presentations_over_sparse_synapses_allocate_nothing_once_their_buffers_have_grown() {
    let (model, network, data) = partly(100);
    let mut lane = Lane::new(&Arc::new(Circuit::new(&model, 1, Precision::Single).unwrap()));
    let mut all = || {
        lane.rest();
        for n in 0..5 {
            let stimuli = [data.training.stimulus(n)];
            let phases = model.phases().training([50.0, 50.0], &stimuli, Target::Class(1));
            let key = PresentationKey::training(n as u64);
            lane.present(&network, &Trial { key, phases: &phases, spikes: KeptSpikes::All, sampling: None });
        }
    };
    assert!(allocation_counter::measure(&mut all).count_total > 0);
    assert_eq!(allocation_counter::measure(&mut all).count_total, 0);
}
