//! Cells of several compartments in networks: what they share with other cells, and what may not change a bit.

use std::sync::Arc;

use apical::cells::{
    BapKeys, BurstKeys, CompartmentKeys, CompartmentPortKeys, Compartments, CouplingKeys, CurrentKeys,
    DendriticEventKind, EventKeys, Lif, LifEscape, LifPort, MarkKind, NeuronValues, PoissonInput, Retrigger, SpikeKeys,
    TriggerKeys,
};
use apical::engine::{Circuit, EventMark, Lane, LaneState, Precision};
use apical::model::{Connection, Model, ProjectionSpec, Storage, WeightInit};
use apical::network::Network;
use apical::numeric::PresentationKey;
use apical::protocol::{ContinuousProtocol, KeptSpikes, Phase, Sampling, Spike, Trial};

/// Spikes and marks of consecutive trials, counted from the start of the first, and the potentials sampled in them.
#[derive(Clone, Debug, Default, PartialEq)]
struct Seen {
    spikes: Vec<Vec<Spike>>,
    marks: Vec<Vec<EventMark>>,
}

fn lane(model: &Model, window: f64) -> Lane {
    Lane::new(&Arc::new(Circuit::new(model, 7, Precision::Double).unwrap().with_window(window)))
}

/// Runs trials of 40 ms, those of these numbers.
fn go_on(lane: &mut Lane, network: &Network, trials: std::ops::Range<u32>, sampling: Option<Sampling>) -> Seen {
    let mut seen = Seen::default();
    for trial in trials {
        let phases = [Phase::new(40.0, &[])];
        let key = PresentationKey::training(u64::from(trial));
        lane.present(network, &Trial { key, phases: &phases, spikes: KeptSpikes::All, sampling });
        let (start, observed) = (40.0 * f64::from(trial), lane.observation());
        seen.spikes.resize(observed.spikes.len(), Vec::new());
        seen.marks.resize(observed.marks.len(), Vec::new());
        for (all, more) in seen.spikes.iter_mut().zip(&observed.spikes) {
            all.extend(more.iter().map(|spike| Spike { time: spike.time + start, ..*spike }));
        }
        for (all, more) in seen.marks.iter_mut().zip(&observed.marks) {
            all.extend(more.iter().map(|mark| mark.later(start)));
        }
    }
    seen
}

fn bits(state: &LaneState) -> Vec<(String, Vec<u64>)> {
    let arrays = state.populations.iter().flatten();
    arrays.map(|a| (a.name.clone(), a.values.iter().map(|v| v.to_bits()).collect())).collect()
}

fn port(name: &str, compartment: &str, tau: f64) -> CompartmentPortKeys {
    CompartmentPortKeys::Exponential { name: name.to_owned(), compartment: compartment.to_owned(), tau }
}

fn input(port: &str, rate: f64, weight: f64) -> PoissonInput {
    PoissonInput { port: port.to_owned(), count: 100, rate, weight }
}

/// Soma and apical dendrite with plateaus, bAPs and bursts under Poisson input.
pub fn pyramidal() -> Compartments {
    let compartment = |name: &str, c_m, g_l| CompartmentKeys {
        name: name.to_owned(),
        c_m,
        g_l,
        e_l: -70.0,
        i_e: 0.0,
        v_init: Some(NeuronValues::Uniform { low: -72.0, high: -54.0 }),
    };
    let current = |compartment: &str, pa| CurrentKeys { compartment: compartment.to_owned(), pa };
    Compartments {
        compartments: vec![compartment("soma", 200.0, 12.0), compartment("apical", 90.0, 6.0)].into(),
        couplings: vec![CouplingKeys { between: ["soma".to_owned(), "apical".to_owned()], g: 10.0 }],
        ports: vec![port("soma", "soma", 2.0), port("apical", "apical", 5.0)],
        spike: SpikeKeys {
            compartment: "soma".to_owned(),
            v_th: Some(NeuronValues::Normal { mean: -55.0, sd: 1.0 }),
            escape: None,
            v_reset: Some(-66.0),
            t_ref: 1.5,
        },
        events: vec![EventKeys {
            kind: DendriticEventKind::Plateau,
            reads: TriggerKeys { compartment: Some("apical".to_owned()), v_th: Some(-48.0), ..TriggerKeys::default() },
            duration: 25.0,
            currents: vec![current("soma", 150.0), current("apical", 50.0)],
            refractory: 60.0,
            retrigger: Retrigger::Ignore,
        }],
        bap: Some(BapKeys {
            delay: 1.0,
            compartment: "apical".to_owned(),
            amplitude: 400.0,
            duration: Some(2.0),
            tau: None,
        }),
        burst: Some(BurstKeys { window: 12.0 }),
        poisson_input: vec![input("soma", 6.0, 230.0), input("apical", 4.0, 90.0)],
    }
}

/// 4,200 of them in more than one block, and cells of an escape rate, with synapses that have a delay of their own.
fn circuit() -> (Model, Network) {
    let rates = Compartments {
        spike: SpikeKeys {
            v_th: None,
            escape: Some(LifEscape { phi_max: 0.2, v_half: -60.0, width: 3.0 }),
            ..pyramidal().spike
        },
        ..pyramidal()
    };
    let connection = Connection::FixedInDegree { in_degree: 10, autapses: false, multapses: false };
    let projection = |from: &str, to: &str, port: &str, mean: f64| ProjectionSpec {
        connection: connection.clone(),
        delay: Some(1.5.into()),
        storage: Some(Storage::Sparse),
        weights: WeightInit::Normal { mean, sd: 5.0, min: None, max: None },
        ..ProjectionSpec::new(from, to, port)
    };
    let model = Model::builder("compartments")
        .protocol(ContinuousProtocol::default())
        .population("e", 4200, pyramidal())
        .population("r", 300, rates)
        .projection(projection("e", "e", "apical", 30.0))
        .projection(projection("e", "r", "soma", 60.0))
        .projection(projection("r", "e", "soma", -50.0))
        .build()
        .unwrap();
    let network = Network::new(&model, 5, |_| Err("a stored weight")).unwrap();
    (model, network)
}

#[test]
fn windows_sampling_and_threads_change_no_bit() {
    let (model, network) = circuit();
    let mut whole = lane(&model, f64::INFINITY);
    let one_thread = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let seen = one_thread.install(|| go_on(&mut whole, &network, 0..2, None));
    let threads = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
    let of_kind = |kind| seen.marks.iter().flatten().filter(|mark| mark.kind == kind).count();
    for kind in [MarkKind::Plateau, MarkKind::Bap, MarkKind::Burst] {
        assert!(of_kind(kind) > 100, "{kind:?}: {}", of_kind(kind));
    }
    assert!(seen.spikes.iter().all(|spikes| spikes.len() > 200));
    for (window, every) in [(0.25, None), (f64::INFINITY, Some(0.37))] {
        let sampling = every.map(|every| Sampling { first: 0.0, every });
        let mut other = lane(&model, window);
        let found = threads.install(|| go_on(&mut other, &network, 0..2, sampling));
        assert!(found == seen, "windows of {window} ms, samples every {every:?}");
        assert!(bits(&other.state()) == bits(&whole.state()), "windows of {window} ms, samples every {every:?}");
    }
}

#[test]
fn a_run_that_is_saved_within_plateaus_goes_on_to_the_bit() {
    let (model, network) = circuit();
    let mut whole = lane(&model, f64::INFINITY);
    let seen = go_on(&mut whole, &network, 0..3, None);
    let mut first = lane(&model, f64::INFINITY);
    let mut found = go_on(&mut first, &network, 0..1, None);
    let saved = first.state();
    let lasting = saved.populations[0].iter().find(|array| array.name == "event_0_end").unwrap();
    assert!(lasting.values.iter().filter(|end| **end > 0.0).count() > 50);
    let mut other = lane(&model, f64::INFINITY);
    other.restore(&saved);
    let more = go_on(&mut other, &network, 1..3, None);
    found.spikes.iter_mut().zip(more.spikes).for_each(|(all, more)| all.extend(more));
    found.marks.iter_mut().zip(more.marks).for_each(|(all, more)| all.extend(more));
    assert!(found == seen);
    assert!(bits(&other.state()) == bits(&whole.state()));
}

/// Events are those of the marks: spikes of a burst are each within the window of the one before.
#[test]
fn bursts_are_spikes_in_close_succession() {
    let (model, network) = circuit();
    let seen = go_on(&mut lane(&model, f64::INFINITY), &network, 0..3, None);
    for neuron in 0..300 {
        let times: Vec<f64> = seen.spikes[0].iter().filter(|s| s.neuron == neuron).map(|spike| spike.time).collect();
        let mut bursts: Vec<[f64; 2]> = Vec::new();
        for group in times.chunk_by(|a, b| b - a <= 12.0).filter(|group| group.len() > 1) {
            bursts.extend((group[group.len() - 1] + 12.0 < 120.0).then(|| [group[0], group[group.len() - 1]]));
        }
        let of = |mark: &&EventMark| mark.kind == MarkKind::Burst && mark.neuron == neuron;
        let found: Vec<[f64; 2]> = seen.marks[0].iter().filter(of).map(|mark| [mark.start, mark.stop]).collect();
        assert_eq!(found.len(), bursts.len(), "neuron {neuron}");
        let apart = found.iter().flatten().zip(bursts.iter().flatten()).map(|(a, b)| (a - b).abs());
        assert!(apart.fold(0.0, f64::max) < 1e-9);
    }
}

#[test]
fn one_compartment_fires_as_an_integrate_and_fire_cell() {
    let lif_port = |name: &str, tau| LifPort::Exponential { name: name.to_owned(), tau };
    let inputs = vec![input("exc", 14.0, 75.0), input("inh", 2.0, -50.0)];
    let rate = LifEscape { phi_max: 0.1, v_half: -58.0, width: 4.0 };
    for (t_ref, escape) in [(0.0, None), (2.0, None), (2.0, Some(rate))] {
        let lif = Lif {
            i_e: 250.0,
            t_ref,
            escape,
            ports: vec![lif_port("exc", 2.0), lif_port("inh", 6.0)],
            poisson_input: inputs.clone(),
            ..Lif::default()
        };
        let cell = Compartments {
            compartments: vec![CompartmentKeys {
                name: "soma".to_owned(),
                c_m: 250.0,
                g_l: 25.0,
                e_l: -70.0,
                i_e: 250.0,
                v_init: None,
            }]
            .into(),
            couplings: Vec::new(),
            ports: vec![port("exc", "soma", 2.0), port("inh", "soma", 6.0)],
            spike: SpikeKeys {
                t_ref,
                escape,
                v_th: escape.is_none().then(|| (-55.0).into()),
                ..Compartments::default().spike
            },
            poisson_input: inputs.clone(),
            ..Compartments::default()
        };
        let none = Network { synapses: Vec::new(), biases: vec![Vec::new()] };
        let builder = || Model::builder("alone").protocol(ContinuousProtocol::default());
        let models = [builder().population("cell", 50, lif), builder().population("cell", 50, cell)];
        let [a, b] = models.map(|model| go_on(&mut lane(&model.build().unwrap(), f64::INFINITY), &none, 0..5, None));
        assert!(a.spikes[0].len() > 300, "{}", a.spikes[0].len());
        assert_eq!(a.spikes[0].len(), b.spikes[0].len());
        for (a, b) in a.spikes[0].iter().zip(&b.spikes[0]) {
            assert!(a.neuron == b.neuron && (a.time - b.time).abs() < 1e-9, "{a:?} {b:?}");
        }
    }
}
