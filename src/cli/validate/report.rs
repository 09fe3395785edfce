//! The results of a validation as text, as JSON and as a figure.

use serde_json::{Value, json};

use crate::cli::failure::Failure;
use crate::cli::terminal;
use crate::model::Model;
use crate::plot::Figure;
use crate::plot::gallery::{self, Validated};
use crate::validation::{Bound, ComparedLearning, Comparison, Found, Verdict, potential};

/// All results as one object.
pub(super) fn to_json(
    model: &Model,
    (seed, perturbed): (u64, &[String]),
    comparison: &Comparison,
    learning: Option<&ComparedLearning>,
    verdicts: &[Verdict],
) -> Value {
    json!({
        "command": "validate",
        "model": model.name,
        "seed": seed,
        "perturbed": perturbed,
        "images": comparison.images,
        "test_ms": comparison.test_ms,
        "passed": verdicts.iter().all(|verdict| verdict.passed() != Some(false)),
        "verdicts": verdicts.iter().map(verdict).collect::<Vec<_>>(),
        "identities": identities(model, comparison),
        "rates": rates(model, comparison),
        "noiseless_twin": agreement(model, comparison),
        "learning": learning.map(|learning| learning_json(model, learning)),
    })
}

fn verdict(verdict: &Verdict) -> Value {
    let (quantity, passed) = (&verdict.quantity, verdict.passed());
    match verdict.found {
        Found::Measured(found, within) => {
            let (relation, tolerance) = bound(within);
            json!({
                "quantity": quantity, "found": found, "relation": relation, "tolerance": tolerance, "passed": passed,
            })
        }
        Found::NotApplicable(why) => json!({ "quantity": quantity, "passed": passed, "not_applicable": why }),
    }
}

fn bound(bound: Bound) -> (&'static str, f64) {
    match bound {
        Bound::AtLeast(low) => ("at least", low),
        Bound::AtMost(high) => ("at most", high),
    }
}

fn identities(model: &Model, comparison: &Comparison) -> Value {
    let each = comparison.identities.iter().map(|identity| {
        let names = identity.projections.iter().map(|&index| model.projections[index].name.as_str());
        json!({
            "population": model.populations[identity.population].name,
            "potential": potential(model, identity),
            "projections": names.collect::<Vec<_>>(),
            "chi_square": identity.chi_square,
            "neurons": identity.neurons,
            "degrees_of_freedom": identity.degrees,
            "p": identity.p,
            "rms_residual": identity.residual,
            "rms_potential": identity.potential,
        })
    });
    each.collect()
}

fn rates(model: &Model, comparison: &Comparison) -> Value {
    let each = comparison.rates.iter().map(|rates| {
        json!({
            "population": model.populations[rates.population].name,
            "measured_hz": rates.measured_hz,
            "noiseless_hz": rates.noiseless_hz,
            "diffusion_hz": rates.diffusion_hz,
            "rms_off_diffusion_hz": rates.off_hz,
            "rms_by_chance_hz": rates.chance_hz,
        })
    });
    each.collect()
}

fn agreement(model: &Model, comparison: &Comparison) -> Value {
    let each = comparison.agreement.iter().map(|agreement| {
        let populations = agreement.populations.iter().map(|close| {
            json!({
                "population": model.populations[close.population].name,
                "slope": close.slope,
                "correlation": close.correlation,
                "rms_hz": close.rms_hz,
                "floor_hz": close.floor_hz,
            })
        });
        json!({
            "length_ms": agreement.length_ms,
            "same_answer_percent": agreement.same_answer_percent,
            "populations": populations.collect::<Vec<_>>(),
        })
    });
    each.collect()
}

fn learning_json(model: &Model, learning: &ComparedLearning) -> Value {
    let point = |point: &crate::validation::LearningPoint| {
        let angles =
            point.angles_deg.iter().map(|&(index, angle)| (model.projections[index].name.clone(), angle.into()));
        json!({
            "examples_seen": point.examples,
            "test_error_spiking_percent": point.errors_percent[0],
            "test_error_rate_percent": point.errors_percent[1],
            "angles_between_changes_deg": angles.collect::<serde_json::Map<_, _>>(),
        })
    };
    let layer = |like: &crate::validation::Similarity| json!({ "population": model.populations[like.population].name, "rsa": like.rsa, "cka": like.cka });
    json!({
        "points": learning.points.iter().map(point).collect::<Vec<_>>(),
        "representations": learning.similarity.iter().map(layer).collect::<Vec<_>>(),
    })
}

/// The figure of a validation.
pub(super) fn figure(model: &Model, comparison: &Comparison, learning: Option<&ComparedLearning>) -> Figure {
    let populations = comparison.rates.iter().enumerate().map(|(i, rates)| {
        let close = || comparison.agreement.iter().map(|agreement| (agreement.length_ms, agreement.populations[i]));
        Validated {
            population: model.populations[rates.population].name.clone(),
            rates: rates.neurons.clone(),
            off: close().map(|(length, close)| [length, close.rms_hz]).collect(),
            floor: close().next().map_or(0.0, |(_, close)| close.floor_hz),
        }
    });
    let same = comparison.agreement.iter().map(|agreement| [agreement.length_ms, agreement.same_answer_percent]);
    let points = learning.iter().flat_map(|learning| &learning.points);
    let curve = points.map(|point| [point.examples as f64, point.errors_percent[0], point.errors_percent[1]]);
    gallery::validation(&populations.collect::<Vec<_>>(), &same.collect::<Vec<_>>(), &curve.collect::<Vec<_>>())
}

/// Prints the results, the verdicts last.
pub(super) fn print(
    model: &Model,
    comparison: &Comparison,
    learning: Option<&ComparedLearning>,
    verdicts: &[Verdict],
) -> Result<(), Failure> {
    let name = |population: usize| &model.populations[population].name;
    for rates in &comparison.rates {
        terminal::print_result(format_args!(
            "rate of {}: {:.2} Hz; diffusion twin {:.2}, noiseless twin {:.2}",
            name(rates.population),
            rates.measured_hz,
            rates.diffusion_hz,
            rates.noiseless_hz,
        ))?;
    }
    for agreement in &comparison.agreement {
        let close = agreement.populations.iter().map(|close| {
            let (slope, correlation) = (close.slope, close.correlation);
            let (rms, floor) = (close.rms_hz, close.floor_hz);
            let name = name(close.population);
            format!("; {name}: slope {slope:.2}, correlation {correlation:.3}, off by {rms:.1} Hz (floor {floor:.1})")
        });
        let close = close.collect::<String>();
        let (length, same) = (agreement.length_ms, agreement.same_answer_percent);
        terminal::print_result(format_args!("noiseless twin over {length} ms: {same:.1} % same answers{close}"))?;
    }
    for point in learning.iter().flat_map(|learning| &learning.points) {
        let angle = |&(index, angle): &(usize, f64)| format!(", {} {angle:.0}", model.projections[index].name);
        let angles = point.angles_deg.iter().map(angle).collect::<String>();
        let ([spiking, rate], examples) = (point.errors_percent, point.examples);
        terminal::print_result(format_args!(
            "after {examples} images: test error {spiking:.1} % as spikes, {rate:.1} % as rates; angles of changes [deg]{angles}"
        ))?;
    }
    for like in learning.iter().flat_map(|learning| &learning.similarity) {
        let (rsa, cka) = (like.rsa, like.cka);
        terminal::print_result(format_args!(
            "{} after learning, spikes against rates: RSA {rsa:.3}, CKA {cka:.3}",
            name(like.population)
        ))?;
    }
    verdicts.iter().try_for_each(|verdict| {
        let quantity = &verdict.quantity;
        match verdict.found {
            Found::NotApplicable(why) => {
                terminal::print_result(format_args!("none  {quantity}: does not apply, {why}"))
            }
            Found::Measured(found, within) => {
                let (relation, tolerance) = bound(within);
                let word = if verdict.passed() == Some(true) { "pass" } else { "FAIL" };
                terminal::print_result(format_args!("{word}  {quantity}: {found:.4} ({relation} {tolerance:.4})"))
            }
        }
    })
}
