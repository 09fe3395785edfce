//! Where a run is cut changes nothing: not a phase into windows, not a run into lanes, and rest is a fresh start.

use std::sync::Arc;

use apical::engine::{Circuit, Lane, LaneState, Observation, PhaseMeans, Precision};
use apical::protocol::{Spike, Stimulus};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::networks::{Built, Net, Shown, array, sampled, show};

const LENGTHS: [f64; 2] = [51.7, 49.2];

/// All that can be seen of a presentation and all that is left of it.
type Seen = (Observation, Vec<PhaseMeans>, LaneState);

fn present(lane: &mut Lane, built: &Built, n: u64) -> Seen {
    built.present(lane, &sampled(show(&built.rates(), n, LENGTHS, (n % 4) as u8), 3.0));
    (lane.observation().clone(), lane.means().to_vec(), lane.state())
}

/// Three presentations on end in this circuit.
fn run(built: &Built, circuit: Circuit) -> Vec<Seen> {
    let mut lane = Lane::new(&Arc::new(circuit));
    (0..3).map(|n| present(&mut lane, built, n)).collect()
}

fn nets() -> [Net; 5] {
    [
        Net::new(&[40, 20, 5], 0.0),
        Net { feedback_delay: 20.0, ..Net::new(&[40, 20, 5], 0.3) },
        Net { feedback_delay: 70.0, forward_delay: 0.7, ..Net::new(&[30, 12, 10, 4], 0.05) },
        Net { threshold: Some([0.9, -0.4]), ..Net::new(&[40, 20, 5], 0.05) },
        Net { connection: Some("kind = 'fixed_in_degree', in_degree = 9"), ..Net::new(&[40, 20, 5], 0.3) },
    ]
}

fn windows_change_nothing(net: &Net, precision: Precision, seed: u64, limit: f64) {
    let built = net.build(seed);
    let whole = run(&built, built.circuit(precision));
    assert!(whole.iter().all(|(seen, ..)| seen.spikes.iter().map(Vec::len).sum::<usize>() > 300));
    assert!(whole == run(&built, built.circuit(precision).with_window(limit)), "{net:?}, windows of {limit} ms");
}

/// 16 ms is the engine's own spacing of rescalings, which windows then end at.
#[test]
fn windows_of_16_and_7_3_and_1_and_0_1_ms_change_no_bit() {
    for net in nets() {
        for limit in [16.0, 7.3, 1.0, 0.1] {
            windows_change_nothing(&net, Precision::Single, 1, limit);
            windows_change_nothing(&net, Precision::Double, 1, limit);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, rng_seed: RngSeed::Fixed(5), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn windows_change_no_bit(seed in 0_u64..1_000_000, limit in 0.05..60.0, net in 0_usize..5, double: bool) {
        let precision = if double { Precision::Double } else { Precision::Single };
        windows_change_nothing(&nets()[net], precision, seed, limit);
    }
}

#[test]
fn a_state_taken_up_by_a_fresh_lane_goes_on_to_the_bit() {
    for net in nets() {
        for precision in [Precision::Single, Precision::Double] {
            let built = net.build(2);
            let mut first = built.lane(precision);
            (0..3).for_each(|n| drop(present(&mut first, &built, n)));
            let mut second = built.lane(precision);
            second.restore(&first.state());
            assert!(second.state() == first.state());
            for n in 3..6 {
                assert!(present(&mut second, &built, n) == present(&mut first, &built, n), "{net:?}, presentation {n}");
            }
        }
    }
}

/// In the third network spikes are in flight when it is put to rest: they must not arrive.
#[test]
fn after_rest_a_lane_is_as_fresh() {
    for net in nets() {
        let built = net.build(3);
        let mut used = built.lane(Precision::Single);
        let fresh = built.lane(Precision::Single).state();
        (0..2).for_each(|n| drop(present(&mut used, &built, n)));
        assert!(used.state() != fresh);
        used.rest();
        assert!(used.state() == fresh);
        let zero = |x: &[f64]| x.iter().all(|x| *x == 0.0);
        // The end of a refractory time that is not there is no 0.
        let arrays = fresh.populations.iter().flatten().filter(|array| array.name != "refractory_until");
        assert!(arrays.into_iter().all(|array| zero(&array.values)));
        assert!(fresh.projections.iter().all(|p| zero(&p.trace_l) && zero(&p.trace_s) && p.in_flight.is_empty()));
        for n in 7..9 {
            let expected = run_one(&built, n);
            used.rest();
            assert!(present(&mut used, &built, n) == expected, "{net:?}, presentation {n}");
        }
    }
}

fn run_one(built: &Built, n: u64) -> Seen {
    present(&mut built.lane(Precision::Single), built, n)
}

/// A forward delay of 60 ms in phases of 50: the first hears nothing, the second what was fired 60 ms before, as if spikes
/// had been shown late without a delay.
#[test]
fn spikes_in_flight_cross_phases_and_presentations() {
    let late = Net { forward_delay: 60.0, settle: 5.0, ..Net::new(&[3, 4], 0.0) };
    let (late, prompt) = (late.build(4), Net { forward_delay: 0.0, ..late }.build(4));
    let list: Vec<Spike> = (0..19_u32).map(|k| Spike { time: 5.1 * f64::from(k) + 0.3, neuron: k % 3 }).collect();
    let shift =
        |by: f64| -> Vec<Spike> { list.iter().map(|s| Spike { time: s.time + by, neuron: s.neuron }).collect() };
    // What of the list, fired 60 ms before, arrives in the first 100 ms, and what in the next.
    let first: Vec<Spike> = shift(60.0).into_iter().filter(|s| s.time < 100.0).collect();
    let second: Vec<Spike> = shift(-40.0).into_iter().filter(|s| s.time >= 0.0).collect();
    assert_eq!((first.len(), second.len()), (8, 11));
    let of = |built: &Built, lane: &mut Lane, spikes: &[Spike], n: u64| {
        let stimulus = Stimulus::Spikes(spikes);
        built.present(lane, &Shown { stimulus, ..show(&[], n, [50.0, 50.0], 1) });
        (lane.means().to_vec(), lane.state())
    };
    let (mut delayed, mut shifted) = (late.lane(Precision::Double), prompt.lane(Precision::Double));
    for (n, (fired, arriving)) in [(&list, &first), (&Vec::new(), &second)].into_iter().enumerate() {
        let (means, state) = of(&late, &mut delayed, fired, n as u64);
        let (expected_means, expected) = of(&prompt, &mut shifted, arriving, n as u64);
        if n == 0 {
            assert_eq!(means[0].trains[0], [0.0; 3]);
            assert!(means[1].trains[0].iter().all(|&s| s > 0.0));
            // U = k_d b (1 − e^{−γ t}) without input, whose mean over [5, 50] is in closed form.
            for (u, b) in means[0].v[1].iter().zip(late.biases(1)) {
                let expected = 0.6 / 0.7 * b * (1.0 - ((-3.5_f64).exp() - (-35.0_f64).exp()) / 0.7 / 45.0);
                assert!((u - expected).abs() < 1e-12);
            }
            let in_flight: Vec<Spike> = state.projections[0].in_flight.clone();
            assert_eq!(in_flight.len(), second.len());
            assert!(
                in_flight.iter().zip(&second).all(|(a, b)| a.neuron == b.neuron && (a.time - b.time).abs() < 1e-12)
            );
        }
        // Times differ by the rounding of a shift, 1e-14 of 100 ms.
        let close = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-12);
        assert!((0..2).all(|phase| close(&means[phase].trains[0], &expected_means[phase].trains[0])));
        assert!(
            close(&means[0].v[1], &expected_means[0].v[1])
                && close(&means[1].sigmoid[1], &expected_means[1].sigmoid[1])
        );
        assert!(close(array(&state.populations[1], "v"), array(&expected.populations[1], "v")));
        assert!(close(&state.projections[0].trace_l, &expected.projections[0].trace_l));
    }
}
