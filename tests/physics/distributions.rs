//! The engine's distributions are those that a simulation in time steps tends to as its step goes to 0.
//!
//! Presentations from rest at fixed weights, a forward and a target phase of 50 ms, the engine's against those of
//! [`Stepped`], which shares no code with it: spike counts, intervals, mean potentials, plateaus and mean sigmoids of
//! every hidden and output neuron, in both phases. Agreement is claimed at an error rate of 10⁻³ per case (Bonferroni;
//! seeds are fixed, so it is met once and for all). The same comparison rejects steps of 1 ms, as it rejects a network
//! without the feedback loop: what it accepts, it could have refused. Given four times as many presentations it rejects
//! steps of 0.1 ms as well, and accepts those of 0.02 ms.

use super::networks::{Built, Net, sampled, show};
use super::statistics::Sample;
use super::stepped::{Record, Stepped};
use apical::engine::Precision;

/// Forward and target phase [ms].
const LENGTHS: [f64; 2] = [50.0, 50.0];
const LABEL: u8 = 1;
/// Spacing of the samples from which the mean potentials of a target phase are taken [ms].
const GRID: f64 = 0.25;

/// Presentations by the engine.
fn exact(built: &Built, presentations: u64) -> Sample {
    let rates = built.rates();
    let settle = built.net.settle;
    let mut lane = built.lane(Precision::Single);
    let record = |n| {
        lane.rest();
        built.present(&mut lane, &sampled(show(&rates, n, LENGTHS, LABEL), GRID));
        let (seen, means) = (lane.observation(), lane.means());
        let spikes = |p: &Vec<apical::protocol::Spike>| p.iter().map(|s| (s.time, s.neuron as usize)).collect();
        Record {
            spikes: seen.spikes.iter().map(spikes).collect(),
            v: [
                means[0].v.clone(),
                (0..built.net.sizes.len()).map(|p| target_means(built, p, &seen.traces[p])).collect(),
            ],
            plateau: [means[0].plateau.clone(), means[1].plateau.clone()],
            sigmoid: means[1].sigmoid[built.net.output()].clone(),
        }
    };
    Sample::of((0..presentations).map(record), LENGTHS, settle)
}

/// Mean somatic potentials of population `p` in the target phase after settling, from its traces.
fn target_means(built: &Built, p: usize, traces: &[f32]) -> Vec<f64> {
    if p == 0 {
        return Vec::new();
    }
    let elements = if p == built.net.output() { 2 } else { 3 };
    let n = built.net.sizes[p];
    let first = ((LENGTHS[0] + built.net.settle) / GRID).round() as usize;
    let settled = &traces[first * n * elements..];
    let rows = settled.len() / (n * elements);
    assert_eq!(rows, ((LENGTHS[1] - built.net.settle) / GRID).round() as usize);
    (0..n).map(|i| (0..rows).map(|k| f64::from(settled[(k * n + i) * elements])).sum::<f64>() / rows as f64).collect()
}

/// As many presentations in steps of `dt` ms.
fn stepped(built: &Built, dt: f64, presentations: u64) -> Sample {
    let mut steps = Stepped::new(built, &built.rates(), dt, presentations + (1.0 / dt).round() as u64);
    Sample::of((0..presentations).map(|_| steps.present(LENGTHS, usize::from(LABEL))), LENGTHS, built.net.settle)
}

/// Steps of 0.01 ms are not told from the engine in as many presentations, and those of 0.1 ms not in a quarter of them, for
/// their error is real and ten times as large; steps of 1 ms are told beyond doubt.
fn is_the_limit_of_small_steps(net: &Net, presentations: u64) {
    let built = net.build(11);
    for (dt, shown) in [(1.0, presentations), (0.1, presentations / 4), (0.01, presentations)] {
        let verdict = exact(&built, shown).compare(&stepped(&built, dt, shown));
        assert!(verdict.comparisons > 200, "{} comparisons", verdict.comparisons);
        let as_expected = if dt < 1.0 { verdict.p > 1e-3 } else { verdict.p < 1e-9 };
        assert!(as_expected, "steps of {dt} ms: {} at {}", verdict.p, verdict.what);
    }
}

#[test]
fn a_hidden_layer_that_feedback_does_not_drive_is_the_limit_of_small_steps() {
    is_the_limit_of_small_steps(&Net::new(&[30, 12, 4], 0.0), 1500);
}

/// The means begin with the phases here, so that they contain what happens first: the rise from rest, teaching and its
/// way through the loop.
#[test]
fn a_hidden_layer_in_a_loop_with_the_output_is_the_limit_of_small_steps() {
    is_the_limit_of_small_steps(&Net { settle: 0.0, ..Net::new(&[30, 12, 4], 0.2) }, 1500);
}

#[test]
fn two_hidden_layers_in_a_loop_with_the_output_are_the_limit_of_small_steps() {
    is_the_limit_of_small_steps(&Net::new(&[20, 10, 8, 4], 0.05), 1000);
}

#[test]
fn a_loop_left_out_or_two_milliseconds_slower_is_noticed() {
    let net = Net { settle: 0.0, ..Net::new(&[30, 12, 4], 0.2) };
    let built = net.build(11);
    let engine = exact(&built, 2000);
    let mut without = net.build(11);
    (0..4).for_each(|o| without.network.weights_mut(net.feedback(1)).row_mut(o).fill(0.0));
    let mut slower = net.build(11);
    slower.net.feedback_delay = 3.0;
    for other in [without, slower] {
        let verdict = engine.compare(&stepped(&other, 0.1, 2000));
        assert!(verdict.p < 1e-9, "{} at {}", verdict.p, verdict.what);
    }
}
