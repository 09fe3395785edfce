//! The results of a validation as text and as a figure.

use super::results::{Validation, bound};
use crate::cli::failure::Failure;
use crate::cli::terminal;
use crate::plot::Figure;
use crate::plot::gallery::{self, Validated};
use crate::validation::{Found, Verdict};

/// The figure of a validation.
pub(super) fn figure(validation: &Validation<'_>) -> Figure {
    let Validation { model, comparison, learning, .. } = *validation;
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
pub(super) fn print(validation: &Validation<'_>) -> Result<(), Failure> {
    let Validation { model, comparison, learning, verdicts, .. } = *validation;
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
        let same = if same.is_nan() { "nothing decoded".to_owned() } else { format!("{same:.1} % same answers") };
        terminal::print_result(format_args!("noiseless twin over {length} ms: {same}{close}"))?;
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
    print_verdicts(verdicts)
}

/// Prints verdicts, one a line.
pub(super) fn print_verdicts(verdicts: &[Verdict]) -> Result<(), Failure> {
    verdicts.iter().try_for_each(|verdict| {
        let quantity = &verdict.quantity;
        match &verdict.found {
            Found::NotApplicable(why) => {
                terminal::print_result(format_args!("none  {quantity}: does not apply, {why}"))
            }
            &Found::Measured(found, within) => {
                let (relation, tolerance) = bound(within);
                let word = if verdict.passed() == Some(true) { "pass" } else { "FAIL" };
                terminal::print_result(format_args!("{word}  {quantity}: {found:.4} ({relation} {tolerance:.4})"))
            }
        }
    })
}

/// A failure if a check failed.
pub(super) fn check(verdicts: &[Verdict]) -> Result<(), Failure> {
    let failed: Vec<_> =
        verdicts.iter().filter(|verdict| verdict.passed() == Some(false)).map(|v| v.quantity.as_str()).collect();
    if failed.is_empty() {
        return Ok(());
    }
    Err(Failure::Failed(anyhow::anyhow!("{} of {} checks failed: {}", failed.len(), verdicts.len(), failed.join("; "))))
}
