//! Traces in f32 decide as traces in f64 do.

use apical::engine::{Lane, PhaseMeans, Precision};

use super::networks::{Net, array, largest, show};

/// Candidates compared, at least.
const CANDIDATES: u64 = 5_000_000;

/// At g_a = 0 hidden neurons depend on the input alone, so that one that is decided differently leads to no other. The
/// output population, 1 neuron in 501, is left out.
///
/// A candidate is decided differently if its logit falls between the two potentials, which at 1e-6 apart has a
/// probability of at most 1e-6/4.
#[test]
fn at_most_one_hidden_candidate_in_a_million_is_decided_differently_and_potentials_agree_to_1e_4() {
    let built = Net::new(&[784, 500, 1], 0.0).build(6);
    // As dark as images are: four fifths of the input silent.
    let lit = |(j, rate): (usize, f64)| if j % 5 == 0 { rate } else { 0.0 };
    let rates: Vec<f64> = built.rates().into_iter().enumerate().map(lit).collect();
    let mut lanes = [Precision::Single, Precision::Double].map(|precision| built.lane(precision));
    let (mut differing, mut farthest, mut n) = (0, 0.0_f64, 0);
    while lanes[0].work().candidates * 500 / 501 < CANDIDATES {
        for lane in &mut lanes {
            lane.rest();
            built.present(lane, &show(&rates, n, [50.0, 50.0], 0));
        }
        let [single, double] = &lanes;
        assert_eq!(single.work().candidates, double.work().candidates);
        differing += hidden_spikes_of_one_alone(single, double);
        let of = |lane: &Lane| (lane.means().to_vec(), lane.state());
        let ((means, state), (reference_means, reference)) = (of(single), of(double));
        let apart = |a: &[f64], b: &[f64]| {
            let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
            largest(&differences) / largest(b)
        };
        farthest = farthest.max(apart(array(&state.populations[1], "v"), array(&reference.populations[1], "v")));
        let v = |means: &[PhaseMeans]| means[0].v[1].clone();
        farthest = farthest.max(apart(&v(&means), &v(&reference_means)));
        n += 1;
    }
    assert!(farthest > 0.0 && farthest < 1e-4, "{farthest}");
    assert!(differing <= CANDIDATES / 1_000_000, "{differing} candidates in {n} presentations");
}

fn hidden_spikes_of_one_alone(a: &Lane, b: &Lane) -> u64 {
    let key = |lane: &Lane| -> Vec<(u64, u32)> {
        lane.observation().spikes[1].iter().map(|s| (s.time.to_bits(), s.neuron)).collect()
    };
    let (a, b) = (key(a), key(b));
    let missing = |from: &[(u64, u32)], of: &[(u64, u32)]| of.iter().filter(|s| from.binary_search(s).is_err()).count();
    (missing(&a, &b) + missing(&b, &a)) as u64
}
