//! Comparisons of made-up test errors.

use super::compared::HARDLY;
use super::*;
use crate::record::Evaluation;
use crate::reproduce::figures::{ablations, variants};

const BASE: ComparedModel = ComparedModel::shipped("full random feedback", "g17-784-500-10", "4.1 after 60 epochs");
const OTHER: ComparedModel = ComparedModel::shipped("sparse", "g17-784-500-10-sparse", "3.7 after 60 epochs");

/// The runs of all comparisons share a folder: runs of one name have the same keys.
#[test]
fn every_model_can_be_read_and_no_two_that_differ_leave_the_same_files() {
    let all = ablations::COMPARISONS.iter().chain(&variants::COMPARISONS);
    let models: Vec<_> =
        all.flat_map(|comparison| std::iter::once(&comparison.base).chain(comparison.others)).collect();
    for (i, one) in models.iter().enumerate() {
        let model = crate::model::shipped::find(one.model).unwrap();
        let keys: Vec<String> = one.overrides.iter().map(|&key| key.to_owned()).collect();
        crate::model::Model::parse(model.text, one.label, &keys).unwrap();
        let named_alike = models[..i].iter().filter(|o| (o.model, o.variant) == (one.model, one.variant));
        for other in named_alike {
            assert_eq!(other.overrides, one.overrides, "{} and {}", one.label, other.label);
        }
    }
}

#[test]
fn published_orders_are_compared_with_intervals() {
    let opposite = ": the opposite of what is published";
    let undecided = ": undecided";
    for (order, expected) in [
        (PublishedOrder::Lower, [": lower, as published", undecided, undecided, opposite]),
        (PublishedOrder::Higher, [opposite, undecided, undecided, ": higher, as published"]),
        (PublishedOrder::NoHigher, [": as published", ": as published", undecided, ": higher, not as published"]),
    ] {
        let intervals = [[-2.0, -1.0], [-0.1, 0.1], [-1.0, 1.0], [1.0, 2.0]];
        assert_eq!(intervals.map(|interval| order.verdict(interval)), expected, "{order:?}");
    }
    assert_eq!(PublishedOrder::NoHigher.verdict([0.1, 0.15]), format!(": higher, by less than {HARDLY}"));
}

/// Errors at the end of 4 and 6 % against 5 and 5.5 %: differences of −1 and 0.5, whose t of one degree of freedom is 12.706.
#[test]
fn differences_are_taken_seed_by_seed() {
    let curve = |errors: [f64; 2]| {
        let point = |(at, test_error): (u64, f64)| Evaluation {
            examples_seen: 100 * at,
            test_error,
            train_error: f64::NAN,
            loss: f64::NAN,
            seconds: 0.0,
        };
        (1..).zip(errors).map(point).collect::<Vec<_>>()
    };
    let length = RunLength { epochs: 2, images: None, tested: None };
    let results = |model| {
        let of = |model, errors: [[f64; 2]; 2]| {
            let curves = errors.map(curve).to_vec();
            ModelResults { model, length, curves, runs: Vec::new() }
        };
        [of(&BASE, [[9.0, 5.0], [8.0, 5.5]]), of(model, [[7.0, 4.0], [6.0, 6.0]])]
    };
    assert_eq!(results(&OTHER)[0].learning_curve(), [[1.0, 8.5], [2.0, 5.25]]);
    let found = numbers(&results(&OTHER));
    assert_eq!(found[0].quantity, "full random feedback: test error after 2 epochs [%]");
    assert_eq!(found[0].measured, "5.25 ± 0.35");
    assert_eq!(found[2].published, "-0.4 after 60 epochs");
    let interval = |mean: f64, variance: f64| {
        let half = 12.7062 * (variance / 2.0).sqrt();
        format!("{mean:+.2}, {:+.2} to {:+.2}", mean - half, mean + half)
    };
    assert_eq!(found[2].measured, interval(-0.25, 1.125));
    assert_eq!(found.len(), 3, "no order was published: the end is enough");
    // Means of both tests, 5.5 and 6 % against 7 and 6.75 %.
    let ordered = ComparedModel { beside: &[(0, PublishedOrder::Lower)], ..OTHER };
    assert_eq!(numbers(&results(&ordered))[3].measured, interval(-1.125, 0.28125));
}
