//! Work and memory of the engine, counted rather than timed.

use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;

use apical::data::{Dataset, StimulusLoader};
use apical::engine::{Circuit, Crossings, Lane, Precision, Work};
use apical::model::Model;
use apical::network::Network;
use apical::numeric::PresentationKey;
use apical::protocol::{KeptSpikes, Measures, Phase, Sigmoids, Target, Trial};
use apical::training::{Plan, Plasticity, Trainer, Training};

fn mnist(name: &str) -> (Model, Dataset, Network) {
    let model = Model::load(Path::new(name), &[]).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/mnist");
    let data = StimulusLoader { folder: Some(&folder), ..StimulusLoader::of(&model) }.load().unwrap();
    let network = Network::new(&model, 1, |_| Ok::<_, Infallible>(Vec::new())).unwrap();
    (model, data, network)
}

fn work_of(name: &str, presentations: u64) -> Work {
    let (model, data, network) = mnist(name);
    let mut trainer = Trainer::new(&model, network, 1).unwrap();
    let plan = Plan { presentations, test_examples: 0, plasticity: Plasticity::On };
    trainer.run(&data, plan, &mut (), &mut ()).unwrap();
    trainer.work()
}

/// A regression pin, not a truth: more work here is a slower engine, other work other results.
#[test]
fn the_work_of_ten_presentations() {
    let expected = Work {
        crossings: Crossings::default(),
        input_spikes: 23_979,
        candidates: 104_374,
        spikes: 64_753,
        synaptic_events: 12_631_950,
        rows_updated: 7_754,
    };
    assert_eq!(work_of("g17-784-500-10", 10), expected);
}

/// Without delays or a loop every input spike reaches 500 hidden neurons and every hidden spike 10 output neurons.
#[test]
fn synaptic_events_are_spikes_times_fan_out() {
    let (model, data, network) = mnist("g17-784-500-10");
    let circuit = Arc::new(Circuit::new(&model, 1, Precision::Single).unwrap());
    let mut lane = Lane::new(&circuit);
    let mut events = 0;
    for n in 0..5 {
        present(&mut lane, (&model, &network), &data, n);
        let spikes = &lane.observation().spikes;
        events += spikes[0].len() * 500 + spikes[1].len() * 10;
    }
    let work = lane.work();
    assert_eq!(work.synaptic_events, events as u64);
    // 5 presentations of 510 neurons at 0.2 per ms over 100 ms; 6 standard deviations.
    let expected: f64 = 5.0 * 510.0 * 0.2 * 100.0;
    assert!((work.candidates as f64 - expected).abs() < 6.0 * expected.sqrt());
}

fn present(lane: &mut Lane, (model, network): (&Model, &Network), data: &Dataset, n: usize) {
    let stimuli = [data.training.stimulus(n)];
    let target = data.training.label(n).map_or(Target::None, |label| Target::Class(label.into()));
    let phases = model.phases().training([50.0, 50.0], &stimuli, target);
    lane.present(
        network,
        &Trial { key: PresentationKey::training(n as u64), phases: &phases, spikes: KeptSpikes::All, sampling: None },
    );
}

#[test]
fn presentations_allocate_nothing_once_their_buffers_have_grown() {
    for name in ["g17-784-500-10", "g17-784-500-100-10"] {
        let (model, data, network) = mnist(name);
        let circuit = Arc::new(Circuit::new(&model, 1, Precision::Single).unwrap());
        let mut lane = Lane::new(&circuit);
        let mut all = || {
            lane.rest();
            (0..20).for_each(|n| present(&mut lane, (&model, &network), &data, n));
        };
        let first = allocation_counter::measure(&mut all);
        let again = allocation_counter::measure(&mut all);
        assert!(first.count_total > 0);
        assert_eq!(again.count_total, 0, "{name}");
    }
}

/// Candidates, arrivals and probes are held for a window, not for a phase: 10 s take the memory that 40 s do.
#[test]
fn memory_does_not_grow_with_the_length_of_a_phase() {
    let (model, data, network) = mnist("g17-784-500-10");
    let circuit = Arc::new(Circuit::new(&model, 1, Precision::Single).unwrap());
    let largest = |length_ms: f64| {
        let stimuli = [data.training.stimulus(0)];
        let measures = Measures { potentials: true, rates: true, sigmoids: Sigmoids::Taught };
        let phase =
            Phase { length_ms, settle_ms: 30.0, stimuli: &stimuli, currents: &[], target: Target::Class(3), measures };
        let key = PresentationKey::training(0);
        let run = || {
            let mut lane = Lane::new(&circuit);
            lane.present(&network, &Trial { key, phases: &[phase], spikes: KeptSpikes::None, sampling: None });
        };
        allocation_counter::measure(run).bytes_max
    };
    let (short, long) = (largest(10_000.0), largest(40_000.0));
    assert!(long < short + short / 10, "{short} bytes for 10 s, {long} for 40 s");
    assert!(long < 40_000_000, "{long} bytes");
}
