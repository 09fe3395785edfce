//! `apical validate` of a continuous model: its circuit against mean-field theory.

use std::ops::ControlFlow;
use std::path::PathBuf;

use serde::Serialize;

use super::report::{check, print_verdicts};
use super::results::{VerdictResults, verdict_results};
use crate::cli::failure::Failure;
use crate::cli::files::PartialFile;
use crate::cli::progress::ContinuousDisplay;
use crate::cli::{interrupt, memory, terminal};
use crate::model::Model;
use crate::network::Network;
use crate::protocol::Protocol;
use crate::simulation::{Simulation, SimulationError, SimulationMonitor, SimulationProgress, SourceInputs};
use crate::units::Rounded;
use crate::validation::Verdict;
use crate::validation::mean_field::{
    PopulationComparison, TheoreticalActivity, TheorySetting, compare_with_theory, judge_theory,
};

/// Shortest time left out before rates are measured: what initial potentials make of the first spikes is over by then [ms].
const LEAST_WARMUP_MS: f64 = 200.0;

/// A validation of a continuous model, as the command line asks for it.
pub(super) struct ContinuousValidation {
    /// The model, with the duration asked for.
    pub(super) model: Model,
    pub(super) network: Network,
    /// Weights of the theory.
    pub(super) twin: Network,
    pub(super) seed: u64,
    /// Path of the results.
    pub(super) out: PathBuf,
    /// As in `--perturb`.
    pub(super) perturbed: Vec<String>,
    pub(super) quiet: bool,
    pub(super) json: bool,
}

impl ContinuousValidation {
    /// Simulates, computes the theory and prints the verdicts.
    pub(super) fn execute(mut self, inputs: SourceInputs) -> Result<(), Failure> {
        let [warmup_ms, measured_ms] = self.prepare();
        memory::check(&self.model)?;
        let _guard = interrupt::hold();
        let part = PartialFile::create(&self.out)?;
        let Self { model, network, twin, seed, .. } = &self;
        let setting = TheorySetting { model, network, twin, seed: *seed, warmup_ms, measured_ms };
        if !self.quiet {
            terminal::print_message(format_args!("simulating {} ms", Rounded(warmup_ms + measured_ms)));
        }
        let mut watch = ValidationMonitor { display: ContinuousDisplay::new(self.quiet) };
        let compared = compare_with_theory(&setting, inputs, &mut watch);
        watch.display.finish();
        let comparisons = compared.map_err(Failure::failed)?.ok_or(Failure::Interrupted)?;
        let verdicts = judge_theory(model, &comparisons);
        let results = terminal::to_json(&MeanFieldResults {
            command: "validate",
            model: model.name.clone(),
            kind: "continuous",
            seed: *seed,
            perturbed: self.perturbed.clone(),
            warmup_ms,
            measured_ms,
            passed: verdicts.iter().all(|verdict| verdict.passed() != Some(false)),
            verdicts: verdicts.iter().map(verdict_results).collect(),
            populations: comparisons.iter().map(|comparison| population_results(model, comparison)).collect(),
        });
        if self.json {
            terminal::print_result(&results)?;
        } else {
            print(model, &comparisons, &verdicts)?;
        }
        part.complete(format!("{results}\n").as_bytes())?;
        if !self.json {
            terminal::print_result(format_args!("results: {}", self.out.display()))?;
        }
        if verdicts.iter().all(|verdict| verdict.passed().is_none()) {
            terminal::print_message("note: nothing was judged: theory describes no population of this circuit");
        }
        check(&verdicts)
    }

    /// Lets the model record all of its measured time, after a warm-up; returns both [ms].
    fn prepare(&mut self) -> [f64; 2] {
        self.model.recording.times.clear();
        let Protocol::Continuous(protocol) = &mut self.model.protocol else { return [0.0; 2] };
        protocol.warmup = protocol.warmup.max(LEAST_WARMUP_MS);
        [protocol.warmup, protocol.duration]
    }
}

/// Displays progress, and ends the run at a signal.
struct ValidationMonitor {
    display: ContinuousDisplay,
}

impl SimulationMonitor for ValidationMonitor {
    fn slice(&mut self, progress: SimulationProgress, _: &Simulation<'_>) -> Result<ControlFlow<()>, SimulationError> {
        if interrupt::requested() {
            return Ok(ControlFlow::Break(()));
        }
        self.display.update(progress);
        Ok(ControlFlow::Continue(()))
    }
}

/// Prints rates and CVs, the verdicts last.
fn print(model: &Model, comparisons: &[PopulationComparison], verdicts: &[Verdict]) -> Result<(), Failure> {
    for comparison in comparisons {
        let name = &model.populations[comparison.population].name;
        let (rate, cv) = (1e3 * comparison.measured.rate, comparison.measured.cv);
        let cv = cv.map_or_else(|| "none".to_owned(), |cv| format!("{cv:.3}"));
        let theory = match &comparison.theory {
            Ok(TheoreticalActivity { state, .. }) => {
                format!("{:.2} Hz, CV {:.3}", 1e3 * state.trains.rate, state.cv)
            }
            Err(_) => "none".to_owned(),
        };
        terminal::print_result(format_args!("{name}: {rate:.2} Hz, CV {cv}; mean-field theory: {theory}"))?;
    }
    print_verdicts(verdicts)
}

/// What `validate --json` prints of a continuous model.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::cli) struct MeanFieldResults {
    /// `validate`.
    command: &'static str,
    /// Name of the model.
    model: String,
    /// `continuous`.
    kind: &'static str,
    /// Seed of all that is random.
    seed: u64,
    /// Projections whose weights were scaled in the theory, as in `--perturb`.
    perturbed: Vec<String>,
    /// Model time left out before it was measured [ms].
    warmup_ms: f64,
    /// Model time that was measured [ms].
    measured_ms: f64,
    /// Whether no check failed.
    passed: bool,
    /// The checks.
    verdicts: Vec<VerdictResults>,
    /// Populations of cells in simulation and theory.
    populations: Vec<MeanFieldPopulationResults>,
}

/// A population in simulation and theory.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct MeanFieldPopulationResults {
    /// Name of the population.
    population: String,
    /// Its number of neurons.
    neurons: usize,
    /// Measured mean rate [Hz].
    rate_hz: f64,
    /// Standard error of it, from 20 windows of time [Hz].
    rate_standard_error_hz: f64,
    /// CV of inter-spike intervals, the root of the mean square over all; null without intervals in a row.
    cv: Option<f64>,
    /// Number of inter-spike intervals.
    intervals: usize,
    /// Standard deviation of the population's rate in bins of 1 ms over its mean, beyond that of independent spikes.
    synchrony: f64,
    /// Mean-field theory of it; null where there is none.
    theory: Option<TheoryResults>,
    /// Why there is no theory of it; null where there is.
    no_theory: Option<String>,
}

/// Mean-field theory of a population.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct TheoryResults {
    /// Mean rate [Hz].
    rate_hz: f64,
    /// Error of it by what the theory leaves out [Hz].
    rate_error_hz: f64,
    /// CV of inter-spike intervals.
    cv: f64,
    /// Error of it by what the theory leaves out.
    cv_error: f64,
    /// Mean input: where V would be without noise and threshold [mV].
    mean_mv: f64,
    /// Noise of the input: the standard deviation of V without a threshold, times √2 [mV].
    noise_mv: f64,
    /// Standard deviation between neurons of the mean input [mV].
    spread_of_mean_mv: f64,
}

fn population_results(model: &Model, comparison: &PopulationComparison) -> MeanFieldPopulationResults {
    let measured = comparison.measured;
    let theory = comparison.theory.as_ref();
    MeanFieldPopulationResults {
        population: model.populations[comparison.population].name.clone(),
        neurons: measured.neurons,
        rate_hz: 1e3 * measured.rate,
        rate_standard_error_hz: 1e3 * measured.rate_error,
        cv: measured.cv,
        intervals: measured.intervals,
        synchrony: measured.synchrony,
        theory: theory.ok().map(|TheoreticalActivity { state, range }| TheoryResults {
            rate_hz: 1e3 * state.trains.rate,
            rate_error_hz: 1e3 * range.rate,
            cv: state.cv,
            cv_error: range.cv,
            mean_mv: state.input.mean,
            noise_mv: state.input.sd,
            spread_of_mean_mv: state.spread,
        }),
        no_theory: theory.err().map(ToString::to_string),
    }
}
