//! Statistics of every rule, each with how often it fails by chance, and its bits for any number of threads.

use super::*;
use crate::model::{DrawnWeights, Ends, Sign};
use crate::network::{ListedSynapse, Weights};
use crate::numeric::{Distribution, Truncation};

/// The bound of a normal deviate that is passed once in 2 · 10⁶.
const DEVIATIONS: f64 = 5.0;

const CONSTANT: Delay = Delay::Constant { value: 1.5 };
const NORMAL: Delay = Delay::Normal { mean: 1.5, sd: 0.75, min: None, max: None, resolution_ms: 0.1 };

fn draws(pre: usize, post: usize, seed: u64) -> Draws {
    Draws { ends: Ends { pre, post, recurrent: pre == post }, seed, projection: 3 }
}

fn synapses(draws: &Draws, connection: &Connection, delay: Delay) -> BlockCsr {
    let weights = Distribution::Normal { mean: 0.5, sd: 0.1 };
    connect(
        draws,
        connection,
        delay,
        WeightSource::Drawn(DrawnWeights::new(weights, Sign::NonNegative, Truncation::NONE)),
    )
    .unwrap()
}

/// Of every rule that leaves most pairs unconnected.
fn rules() -> Vec<Connection> {
    let (autapses, multapses) = (true, true);
    vec![
        Connection::OneToOne {},
        Connection::FixedProbability { p: 0.02, autapses },
        Connection::FixedProbability { p: 0.03, autapses: false },
        Connection::FixedInDegree { in_degree: 100, autapses, multapses },
        Connection::FixedInDegree { in_degree: 100, autapses: false, multapses: false },
        Connection::FixedOutDegree { out_degree: 100, autapses, multapses },
        Connection::FixedOutDegree { out_degree: 100, autapses: false, multapses: false },
        Connection::FixedTotalNumber { total: 300_000, autapses, multapses },
        Connection::FixedTotalNumber { total: 300_000, autapses: false, multapses: false },
    ]
}

/// Synapses of each presynaptic and of each postsynaptic neuron.
fn degrees(synapses: &BlockCsr) -> [Vec<f64>; 2] {
    let mut degrees = [vec![0.0; synapses.pre()], vec![0.0; synapses.post()]];
    for ListedSynapse { source, target, .. } in synapses.list() {
        degrees[0][source as usize] += 1.0;
        degrees[1][target as usize] += 1.0;
    }
    degrees
}

/// The standardised χ² of counts whose means and variances are alike: Σ (n − m)²/s² over cells, minus their number, over √(2 · cells).
fn chi_square(counts: &[f64], mean: f64, variance: f64) -> f64 {
    let cells = counts.len() as f64;
    let sum: f64 = counts.iter().map(|n| (n - mean).powi(2) / variance).sum();
    (sum - cells) / (2.0 * cells).sqrt()
}

#[test]
fn rows_are_sorted_and_no_rule_makes_what_it_excludes() {
    let dense = [Connection::AllToAll { autapses: false }, Connection::FixedProbability { p: 0.9, autapses: false }];
    let cases = rules().into_iter().map(|rule| (rule, 4200)).chain(dense.map(|rule| (rule, 600)));
    for (connection, size) in cases {
        let found = synapses(&draws(size, size, 1), &connection, CONSTANT);
        let text = format!("{connection:?}");
        let (autapses, multapses) = (text.contains("autapses: true"), text.contains("multapses: true"));
        for block in found.blocks() {
            for pre in 0..size {
                let row = block.row(pre);
                assert!(
                    row.is_sorted_by(|a, b| if multapses { a.target <= b.target } else { a.target < b.target }),
                    "{text}"
                );
            }
        }
        let itself = found.list().any(|synapse| synapse.source == synapse.target);
        assert!(matches!(connection, Connection::OneToOne {}) || itself == autapses, "{text}");
        if let Some(expected) = connection.expected_synapses(Ends { pre: size, post: size, recurrent: true }) {
            let pairs = (size * size) as f64;
            let spread = match connection {
                Connection::FixedProbability { p, .. } => DEVIATIONS * (p * (1.0 - p) * pairs).sqrt(),
                _ => 0.0,
            };
            assert!((found.len() as f64 - expected).abs() <= spread, "{text}: {} of {expected}", found.len());
        }
    }
}

/// Degrees that are fixed are so exactly; others are binomial. Of each the mean (that of all by construction), the variance and χ²
/// over neurons lie within five standard deviations, the standard deviation of the mean of (n − m)²/s² being √(2/neurons).
#[test]
fn degrees_have_their_distributions() {
    let (pre, post) = (4500, 9000);
    let [n_pre, n_post] = [pre as f64, post as f64];
    let exact = |degrees: &[f64], expected: f64| assert!(degrees.iter().all(|&d| (d - expected).abs() < 0.5));
    let binomial = |degrees: &[f64], trials: f64, p: f64| {
        let deviation = chi_square(degrees, trials * p, trials * p * (1.0 - p));
        assert!(deviation.abs() < DEVIATIONS, "{deviation} at {trials} x {p}");
    };
    for multapses in [false, true] {
        let autapses = true;
        let of = |connection| degrees(&synapses(&draws(pre, post, 7), &connection, CONSTANT));
        let [out, into] = of(Connection::FixedProbability { p: 0.03, autapses });
        binomial(&out, n_post, 0.03);
        binomial(&into, n_pre, 0.03);
        let [out, into] = of(Connection::FixedInDegree { in_degree: 90, autapses, multapses });
        exact(&into, 90.0);
        // Each of the neurons takes a presynaptic one with probability 90/4500, or 90 times with 1/4500.
        let (trials, p) = if multapses { (90.0 * n_post, 1.0 / n_pre) } else { (n_post, 90.0 / n_pre) };
        binomial(&out, trials, p);
        let [out, into] = of(Connection::FixedOutDegree { out_degree: 90, autapses, multapses });
        exact(&out, 90.0);
        let (trials, p) = if multapses { (90.0 * n_pre, 1.0 / n_post) } else { (n_pre, 90.0 / n_post) };
        binomial(&into, trials, p);
        let total = 405_000;
        let [out, into] = of(Connection::FixedTotalNumber { total, autapses, multapses });
        let p = total as f64 / (n_pre * n_post);
        if multapses {
            binomial(&out, total as f64, 1.0 / n_pre);
            binomial(&into, total as f64, 1.0 / n_post);
        } else {
            binomial(&out, n_post, p);
            binomial(&into, n_pre, p);
        }
    }
}

/// Pairs of neurons are alike: over networks of 400 seeds the count of each of 24 x 23 pairs has the mean and variance of its rule;
/// those of a neuron with itself, where excluded, are never made. χ² within five standard deviations.
#[test]
fn every_pair_is_as_likely_as_any_other() {
    let (size, seeds) = (24_usize, 400_u64);
    let rules = |multapses| {
        let autapses = false;
        [
            Connection::FixedInDegree { in_degree: 6, autapses, multapses },
            Connection::FixedOutDegree { out_degree: 6, autapses, multapses },
            Connection::FixedTotalNumber { total: 144, autapses, multapses },
            Connection::FixedProbability { p: 6.0 / 23.0, autapses },
        ]
    };
    for connection in [rules(false), rules(true)].as_flattened() {
        let mut counts = vec![0.0; size * size];
        for seed in 0..seeds {
            for ListedSynapse { source, target, .. } in synapses(&draws(size, size, seed), connection, CONSTANT).list()
            {
                counts[source as usize * size + target as usize] += 1.0;
            }
        }
        let (itself, others): (Vec<_>, Vec<_>) = counts.iter().enumerate().partition(|(i, _)| i % (size + 1) == 0);
        assert!(itself.iter().all(|(_, n)| **n == 0.0));
        let others: Vec<f64> = others.into_iter().map(|(_, n)| *n).collect();
        let repeated = format!("{connection:?}").contains("multapses: true");
        let (p, runs) = (6.0 / 23.0, seeds as f64);
        let variance = if repeated { 6.0 / 23.0 * (1.0 - 1.0 / 23.0) } else { p * (1.0 - p) };
        let deviation = chi_square(&others, p * runs, variance * runs);
        assert!(deviation.abs() < DEVIATIONS, "{connection:?}: {deviation}");
    }
}

/// A rule that favoured some targets by a twentieth would be seen.
#[test]
fn a_wrong_distribution_is_seen() {
    let found = synapses(&draws(4500, 9000, 7), &Connection::FixedProbability { p: 0.03, autapses: true }, CONSTANT);
    let [_, mut into] = degrees(&found);
    into.iter_mut().step_by(2).for_each(|n| *n = (*n * 1.1).round());
    assert!(chi_square(&into, 4500.0 * 0.03, 4500.0 * 0.03 * 0.97).abs() > DEVIATIONS);
}

#[test]
fn bits_are_the_same_for_any_number_of_threads() {
    let pools = [1, 2, 8].map(|threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap());
    for connection in rules() {
        let with = |pool: &rayon::ThreadPool| pool.install(|| synapses(&draws(9000, 9000, 1), &connection, NORMAL));
        let one = with(&pools[0]);
        assert!(one == with(&pools[1]) && one == with(&pools[2]), "{connection:?}");
        assert!(one != synapses(&draws(9000, 9000, 2), &connection, NORMAL), "another seed");
    }
}

/// Normal delays in steps of 0.1 ms: one within half a step of k is k steps, and less than half a step is drawn again. χ² of the
/// numbers of steps 1 to 40, of at least some hundreds each.
#[test]
fn delays_are_rounded_to_steps_and_drawn_again_below_one() {
    let found = synapses(&draws(1000, 1000, 5), &Connection::FixedProbability { p: 0.5, autapses: true }, NORMAL);
    let phi = |steps: f64| 0.5 * libm::erfc(-(steps * 0.1 - 1.5) / 0.75 / std::f64::consts::SQRT_2);
    let mut counts = [0.0; 41];
    found.synapses().for_each(|synapse| counts[usize::from(synapse.delay).min(40)] += 1.0);
    let (n, kept) = (found.len() as f64, 1.0 - phi(0.5));
    let share = |k: usize| (if k == 40 { 1.0 } else { phi(k as f64 + 0.5) } - phi(k as f64 - 0.5)) / kept;
    let sum: f64 = (1..=40).map(|k| (counts[k] - n * share(k)).powi(2) / (n * share(k))).sum();
    assert_eq!((counts[0], found.min_delay_ms()), (0.0, Some(0.1)));
    let deviation = (sum - 39.0) / (2.0 * 39.0_f64).sqrt();
    assert!(deviation.abs() < DEVIATIONS, "{deviation}");
}

/// Delays are truncated before they are rounded: of bounds of 5 and 20 steps, those get what is within half a step inside.
#[test]
fn truncated_delays_are_drawn_again_beyond_their_bounds() {
    let bounded = Delay::Normal { mean: 1.5, sd: 0.75, min: Some(0.5), max: Some(2.0), resolution_ms: 0.1 };
    let found = synapses(&draws(1000, 1000, 5), &Connection::FixedProbability { p: 0.5, autapses: true }, bounded);
    let phi = |steps: f64| 0.5 * libm::erfc(-(steps * 0.1 - 1.5) / 0.75 / std::f64::consts::SQRT_2);
    let mut counts = [0.0; 21];
    found.synapses().for_each(|synapse| counts[usize::from(synapse.delay)] += 1.0);
    let (n, kept) = (found.len() as f64, phi(20.0) - phi(5.0));
    let share = |k: f64| (phi((k + 0.5).min(20.0)) - phi((k - 0.5).max(5.0))) / kept;
    let of = |k: usize| (counts[k] - n * share(k as f64)).powi(2) / (n * share(k as f64));
    let deviation = ((5..=20).map(of).sum::<f64>() - 15.0) / (2.0 * 15.0_f64).sqrt();
    assert!(deviation.abs() < DEVIATIONS, "{deviation}");
    assert_eq!((counts[..5].iter().sum::<f64>(), found.min_delay_ms()), (0.0, Some(0.5)));
    assert!((bounded.smallest() - 0.5).abs() < 1e-15);
}

#[test]
fn one_delay_is_exact_and_weights_are_those_of_the_matrix() {
    let matrix: Vec<f32> = (0..6).map(|k| k as f32).collect();
    let matrix = Weights::from_matrix(2, 3, &matrix);
    let ends = Ends { pre: 3, post: 2, recurrent: false };
    let draws = Draws { ends, seed: 1, projection: 0 };
    let all = Connection::AllToAll { autapses: true };
    let found = connect(&draws, &all, Delay::Constant { value: 0.37 }, WeightSource::Matrix(&matrix)).unwrap();
    assert_eq!((found.min_delay_ms(), found.max_delay_ms()), (Some(0.37), Some(0.37)));
    assert_eq!(Weights::from(&found), matrix);
    let zero = connect(&draws, &all, Delay::Constant { value: 0.0 }, WeightSource::Matrix(&matrix)).unwrap();
    assert_eq!(zero.max_delay_ms(), Some(0.0));
}
