//! Filtered trains at constant rate have the means and variances that follow from their kernel.
//!
//! For a Poisson train of rate φ from rest, the mean over [a, b] has expectation
//! φ {1 − [τ_L² (e^{−a/τ_L} − e^{−b/τ_L}) − τ_s² (e^{−a/τ_s} − e^{−b/τ_s})] / ((τ_L − τ_s)(b − a))}; stationary, the mean over T
//! has variance (φ/T) {1 − [τ_L³ (1 − e^{−T/τ_L}) − τ_s³ (1 − e^{−T/τ_s})] / (T (τ_L² − τ_s²))}, and s itself
//! φ/(2 (τ_L + τ_s)). Fifty neurons of one rate are fifty independent trains. Each comparison is a normal test at 5
//! standard errors: wrong by chance once in 1.7e6 seeds, and all of them together once in 1e5.

use apical::engine::{Lane, Precision};

use super::networks::{Built, Net, show};
use super::statistics::{deviations, mean};

const TAU_L: f64 = 10.0;
const TAU_S: f64 = 3.0;
/// Rate of every neuron [1/ms].
const PHI: f64 = 0.12;
const NEURONS: usize = 50;

/// Expected mean over [`a`, `b`] from rest [1/ms].
fn expected_mean(a: f64, b: f64) -> f64 {
    let part = |tau: f64| tau * tau * ((-a / tau).exp() - (-b / tau).exp());
    PHI * (1.0 - (part(TAU_L) - part(TAU_S)) / ((TAU_L - TAU_S) * (b - a)))
}

/// Stationary variance of the mean over `t` ms [1/ms²].
fn expected_variance(t: f64) -> f64 {
    let part = |tau: f64| tau.powi(3) * (1.0 - (-t / tau).exp());
    PHI / t * (1.0 - (part(TAU_L) - part(TAU_S)) / (t * (TAU_L * TAU_L - TAU_S * TAU_S)))
}

/// Distance of a sample's mean from `expected`, in standard errors.
fn z(sample: &[f64], expected: f64) -> f64 {
    let (mean, variance) = mean(sample);
    (mean - expected) / variance.sqrt()
}

fn built(settle: f64) -> Built {
    Net { settle, ..Net::new(&[NEURONS, 5], 0.0) }.build(3)
}

/// All trains' values after each of `repeats` presentations, `prepare` bringing the lane to its start.
fn values(
    built: &Built,
    repeats: u64,
    lengths: [f64; 2],
    mut prepare: impl FnMut(&mut Lane, u64),
    read: impl Fn(&Lane) -> Vec<f64>,
) -> Vec<f64> {
    let mut lane = built.lane(Precision::Single);
    let mut all = Vec::new();
    for n in 0..repeats {
        lane.rest();
        prepare(&mut lane, n);
        built.present(&mut lane, &show(&[PHI; NEURONS], 1000 * n + 999, lengths, 0));
        all.extend(read(&lane));
    }
    all
}

#[test]
fn from_rest_they_are_low_by_what_has_not_arrived() {
    let built = built(30.0);
    for (end, repeats, low) in [(50.0, 2000, 0.031), (250.0, 4000, 0.003)] {
        let means = values(&built, repeats, [end, 31.0], |_, _| {}, |lane| lane.means()[0].trains[0].clone());
        let expected = expected_mean(30.0, end);
        assert!((1.0 - expected / PHI - low).abs() < 5e-4, "{expected}");
        assert!(z(&means, expected).abs() < 5.0);
        assert!(z(&means, PHI) < -5.0, "a mean that forgets the start would be noticed: {}", z(&means, PHI));
    }
}

/// Far from rest, e^{−150/τ_L} = 3e-7.
#[test]
fn far_into_a_phase_their_means_vary_as_stationary_trains_do() {
    let built = built(150.0);
    for (length, repeats) in [(20.0, 1000), (200.0, 1000)] {
        let lengths = [150.0 + length, 151.0];
        let means = values(&built, repeats, lengths, |_, _| {}, |lane| lane.means()[0].trains[0].clone());
        assert!(z(&means, PHI).abs() < 5.0);
        assert!(z(&deviations(&means), expected_variance(length)).abs() < 5.0);
        let all_spikes_at_once = PHI / length;
        assert!(z(&deviations(&means), all_spikes_at_once) < -5.0, "a kernel without width would be noticed");
    }
}

/// Three presentations of 80 ms before the one that is looked at; e^{−240/τ_L} = 4e-11. In its target phase the state
/// has been carried over from phase to phase too.
#[test]
fn carried_from_presentation_to_presentation_they_are_stationary() {
    let built = built(10.0);
    let rates = [PHI; NEURONS];
    let before = |lane: &mut Lane, n: u64| {
        (0..3).for_each(|k| built.present(lane, &show(&rates, 1000 * n + k, [40.0, 40.0], 0)));
    };
    for phase in 0..2 {
        let read = |lane: &Lane| lane.means()[phase].trains[0].clone();
        let means = values(&built, 1000, [40.0, 40.0], before, read);
        assert!(z(&means, PHI).abs() < 5.0);
        assert!(z(&deviations(&means), expected_variance(30.0)).abs() < 5.0);
    }
    let last = |lane: &Lane| {
        let state = &lane.state().projections[0];
        state.trace_l.iter().zip(&state.trace_s).map(|(l, s)| l - s).collect()
    };
    let values = values(&built, 1000, [40.0, 40.0], before, last);
    assert!(z(&values, PHI).abs() < 5.0);
    assert!(z(&deviations(&values), PHI / (2.0 * (TAU_L + TAU_S))).abs() < 5.0);
}
