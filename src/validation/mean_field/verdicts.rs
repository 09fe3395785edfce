//! Compares rates and CVs of a simulation with those of its theory.

use std::borrow::Cow;

use super::PopulationComparison;
use super::activity::{BIN_MS, DEGREES, MeasuredActivity};
use super::theory::TheoreticalActivity;
use crate::analysis::two_sided_t;
use crate::model::Model;
use crate::validation::{Bound, Found, Verdict};

/// Level of intervals of chance: one false alarm in ten thousand.
const LEVEL: f64 = 1.0 - 1e-4;

/// Standard errors of that level, of a normal number.
const ERRORS: f64 = 3.9;

/// Part of a rate that is tolerated beside the known errors of the theory: correlations of neurons with common input.
const RATE_BIAS: f64 = 0.02;

/// What is tolerated of a CV beside them: trains of cells have no white spectrum, and filtered noise makes the CV differ from that of
/// white noise.
const CV_BIAS: f64 = 0.05;

/// What the end of the measured time takes from a CV, times the number of intervals of a neuron: long ones do not fit in.
const CUT: f64 = 1.5;

/// Fewest intervals of a neuron that a CV is compared of.
const FEWEST: f64 = 5.0;

/// Relative fluctuation of a population's rate from which it is synchronous: as large as the rate itself. In the asynchronous state of
/// Brunel (2000), g = 5 and twice the threshold input, it is 0.6; in fast oscillations, g = 6 and four times, 1.1.
const SYNCHRONOUS: f64 = 1.0;

/// Part of the fluctuation of neurons that all fire at once from which a population is synchronous: 0.1 in that asynchronous state,
/// 0.5 in the synchronous regular one of g = 3.
const TOGETHER: f64 = 0.25;

/// Part of a rate that the error of the theory may be.
const WIDEST: f64 = 0.5;

/// Errors below which a theory is narrow whatever the rate [1/ms].
const NARROW: f64 = 5e-4;

/// A verdict on the rate of each population and on its CV; of a model without cells one that says so.
pub fn judge_theory(model: &Model, comparisons: &[PopulationComparison]) -> Vec<Verdict> {
    if comparisons.is_empty() {
        let why = "the model has no populations of cells, only sources, whose rates are given";
        let quantity = "rates and CVs of intervals off mean-field theory's".to_owned();
        return vec![Verdict { quantity, found: Found::NotApplicable(why.into()) }];
    }
    comparisons.iter().flat_map(|comparison| of_population(model, comparison)).collect()
}

fn of_population(model: &Model, comparison: &PopulationComparison) -> [Verdict; 2] {
    let name = &model.populations[comparison.population].name;
    let measured = comparison.measured;
    let [rate, cv] = match applicable(comparison) {
        Ok(theory) => [of_rate(&measured, theory), of_cv(&measured, theory)],
        Err(why) => [(); 2].map(|()| Found::NotApplicable(why.clone())),
    };
    [
        Verdict { quantity: format!("mean rate of {name} off mean-field theory's [Hz]"), found: rate },
        Verdict { quantity: format!("CV of intervals of {name} off mean-field theory's"), found: cv },
    ]
}

/// The theory of a population, unless what was simulated is not of its regime.
fn applicable(comparison: &PopulationComparison) -> Result<&TheoreticalActivity, Cow<'static, str>> {
    let theory = comparison.theory.as_ref().map_err(Clone::clone)?;
    let MeasuredActivity { synchrony, rate, .. } = comparison.measured;
    // All at once they fire in a part p = ν bin of all bins: √((1 − p)/p).
    let at_once = (1.0 / (rate * BIN_MS) - 1.0).max(0.0).sqrt();
    if synchrony > SYNCHRONOUS.min(TOGETHER * at_once) {
        return Err(format!(
            "it fires in synchrony: its rate fluctuates by {:.0} % in bins of 1 ms, and the theory is one of independent neurons",
            100.0 * synchrony
        )
        .into());
    }
    if theory.range.rate > NARROW.max(WIDEST * theory.state.trains.rate) {
        return Err(format!(
            "the theory's own error is {:.2} Hz of {:.2} Hz",
            1e3 * theory.range.rate,
            1e3 * theory.state.trains.rate
        )
        .into());
    }
    Ok(theory)
}

/// The difference of rates, tolerated up to the error of the theory, the chance of the time measured, and that of the neurons
/// there are.
fn of_rate(measured: &MeasuredActivity, theory: &TheoreticalActivity) -> Found {
    let trains = theory.state.trains;
    let between = (trains.square - trains.rate * trains.rate).max(0.0) / measured.neurons as f64;
    let chance = two_sided_t(LEVEL, DEGREES) * measured.rate_error + ERRORS * between.sqrt();
    let tolerated = theory.range.rate + RATE_BIAS * trains.rate + chance;
    Found::Measured(1e3 * (measured.rate - trains.rate).abs(), Bound::AtMost(1e3 * tolerated))
}

/// The difference of CVs. Of n intervals that of independent ones has a standard error of CV √((1/2 + CV²)/n).
fn of_cv(measured: &MeasuredActivity, theory: &TheoreticalActivity) -> Found {
    let intervals = measured.intervals as f64;
    let each = intervals / measured.neurons as f64;
    let Some(cv) = measured.cv.filter(|_| each >= FEWEST) else {
        let why = format!("{each:.1} intervals of a neuron are too few; measure for longer by --duration");
        return Found::NotApplicable(why.into());
    };
    let expected = theory.state.cv;
    let chance = ERRORS * expected * ((0.5 + expected * expected) / intervals).sqrt();
    let tolerated = theory.range.cv + CV_BIAS + CUT * expected / each + chance;
    Found::Measured((cv - expected).abs(), Bound::AtMost(tolerated))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::mean_field::{MeanFieldState, NoisyInput, TrainStatistics};
    use crate::validation::mean_field::TheoryRange;

    fn comparison(rate: f64, cv: f64, synchrony: f64) -> PopulationComparison {
        let measured =
            MeasuredActivity { neurons: 100, rate, rate_error: 1e-5, cv: Some(cv), intervals: 2000, synchrony };
        let trains = TrainStatistics::poisson(0.02);
        let input = NoisyInput { mean: 15.0, sd: 5.0 };
        let state = MeanFieldState { trains, input, spread: 0.0, cv: 0.8 };
        let theory = Ok(TheoreticalActivity { state, range: TheoryRange { rate: 5e-4, cv: 0.01 } });
        PopulationComparison { population: 0, measured, theory }
    }

    fn verdicts(comparison: PopulationComparison) -> [Option<bool>; 2] {
        let model = Model::builder("one")
            .protocol(crate::model::ContinuousProtocol::default())
            .population("cells", 100, crate::cells::Lif::default())
            .build()
            .unwrap();
        let found = judge_theory(&model, &[comparison]);
        assert_eq!(found.len(), 2);
        [found[0].passed(), found[1].passed()]
    }

    /// Tolerated of a rate of 20 Hz: 0.5 of the theory, 0.4 of bias and 4.9 times 0.01 Hz of chance; of a CV of 0.8: 0.01, 0.05, 0.06
    /// of 20 intervals each, and 0.07 of chance.
    #[test]
    fn what_is_within_the_errors_passes() {
        assert_eq!(verdicts(comparison(0.0209, 0.95, 0.2)), [Some(true); 2]);
        assert_eq!(verdicts(comparison(0.0191, 0.63, 0.2)), [Some(true); 2]);
        assert_eq!(verdicts(comparison(0.0210, 1.0, 0.2)), [Some(false); 2]);
        assert_eq!(verdicts(comparison(0.0190, 0.6, 0.2)), [Some(false); 2]);
    }

    #[test]
    fn synchrony_few_intervals_and_wide_theories_are_no_verdict() {
        assert_eq!(verdicts(comparison(0.02, 0.8, 1.1)), [None; 2]);
        let mut few = comparison(0.02, 0.8, 0.1);
        few.measured.intervals = 400;
        assert_eq!(verdicts(few), [Some(true), None]);
        let mut wide = comparison(0.02, 0.8, 0.1);
        wide.theory.as_mut().unwrap().range.rate = 0.011;
        assert_eq!(verdicts(wide), [None; 2]);
    }
}
