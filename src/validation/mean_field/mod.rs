//! Compares a circuit of threshold cells with mean-field theory: rates and the variability of inter-spike intervals.
//!
//! [`compare_with_theory`] simulates a continuous model, takes the statistics of its synapses from its network, and solves
//! [`MeanFieldNetwork`] for the rates that reproduce themselves. [`judge_theory`] compares both population by population; where the
//! theory does not hold, the verdict is the reason.
//!
//! Populations that the theory does not describe (escape rates, adaptation) drive those that it does at the rates measured.

mod activity;
mod cell;
mod setting;
mod theory;
mod verdicts;
mod weights;

use std::borrow::Cow;

pub use activity::MeasuredActivity;
pub use setting::TheorySetting;
pub use theory::{TheoreticalActivity, TheoryRange};
pub use verdicts::judge_theory;

use self::activity::SpikeCollector;
use crate::simulation::{Simulation, SimulationError, SimulationMonitor, SourceInputs};
use crate::training::Ending;

#[cfg(doc)]
use crate::analysis::mean_field::MeanFieldNetwork;

/// A population of cells in simulation and theory.
#[derive(Clone, Debug, PartialEq)]
pub struct PopulationComparison {
    /// Its place in the model.
    pub population: usize,
    /// How it fired.
    pub measured: MeasuredActivity,
    /// How it fires in theory, or why there is no theory of it.
    pub theory: Result<TheoreticalActivity, Cow<'static, str>>,
}

/// Simulates a circuit on what its sources fire and computes its theory, for each population that is not a source; `None` if the
/// monitor ends the run. What is measured is what the model records: `recording.times` of it must hold the measured time.
///
/// # Errors
/// If the model cannot be simulated, or activity runs away.
pub fn compare_with_theory(
    setting: &TheorySetting<'_>,
    inputs: SourceInputs,
    monitor: &mut dyn SimulationMonitor,
) -> Result<Option<Vec<PopulationComparison>>, SimulationError> {
    let TheorySetting { model, network, seed, warmup_ms, measured_ms, .. } = *setting;
    let span = warmup_ms..warmup_ms + measured_ms;
    let mut collector = SpikeCollector::new(model.populations.len(), span.clone());
    let mut simulation = Simulation::new(model, network.clone(), inputs, seed)?;
    if simulation.run(span.end, &mut collector, monitor)? == Ending::Stopped {
        return Ok(None);
    }
    let measured: Vec<_> = collector.activity(model);
    let theory = theory::of_model(setting, &measured);
    let populations = model.populations.iter().enumerate().zip(measured).zip(theory);
    let cells = populations.filter(|(((_, population), _), _)| !population.is_source());
    let comparison = |(((population, _), measured), theory)| PopulationComparison { population, measured, theory };
    Ok(Some(cells.map(comparison).collect()))
}
