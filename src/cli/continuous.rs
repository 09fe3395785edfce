//! Continuous runs of `apical simulate`.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::failure::Failure;
use super::files::{named_after, refuse_overwrite};
use super::memory;
use super::options::Common;
use super::output::{RunFiles, RunOutput};
use super::progress::{CHECKPOINT_EVERY, ContinuousDisplay};
use super::session::{self, NetworkOrigin, RunDescription};
use super::{checkpoint, interrupt, report, resumed_circuit, shell, terminal};
use crate::model::{ContinuousProtocol, Model, Population};
use crate::record::Checkpoint;
use crate::simulation::{
    CircuitFiles, Simulation, SimulationError, SimulationMonitor, SimulationProgress, SourceInputs,
};
use crate::training::{Ending, initial_network};
use crate::units::{InFull, Rounded};

/// A continuous run, as the command line asks for it.
pub(super) struct ContinuousRun<'a> {
    pub(super) common: &'a Common,
    /// The model, with the duration asked for.
    pub(super) model: &'a Model,
    pub(super) seed: u64,
    pub(super) threads: usize,
    pub(super) checkpoint_every: Option<Duration>,
}

/// Prints which stimuli are none of the files of the run that left the checkpoint.
pub(super) fn print_others(files: &CircuitFiles) {
    for file in &files.others {
        terminal::print_message(format_args!("note: {file} is none of the files of the run that left the checkpoint"));
    }
}

/// Where a continuous run begins.
pub(super) enum Beginning<'a> {
    /// At rest, with the initial network of the model.
    Rest,
    /// At rest, with the network of this checkpoint, at a path.
    Network(Checkpoint, &'a Path),
    /// Where this checkpoint, at a path, left off.
    Resumed(Checkpoint, &'a Path),
}

impl ContinuousRun<'_> {
    /// Makes the run.
    ///
    /// # Errors
    /// If it is refused, fails or is interrupted; what can be saved is saved first.
    pub(super) fn execute(&self, beginning: Beginning<'_>) -> Result<(), Failure> {
        let protocol = self.protocol();
        let output = self.output(&beginning)?;
        output.check()?;
        memory::check(self.model)?;
        let files = match &beginning {
            Beginning::Rest => CircuitFiles::of_model(self.model),
            Beginning::Network(before, path) => {
                self.check(resumed_circuit::check_network, before, path)?;
                CircuitFiles::of_checkpoint(self.model, before.data.as_ref())
            }
            Beginning::Resumed(before, path) => {
                self.check(resumed_circuit::check_resumed, before, path)?;
                CircuitFiles::of_checkpoint(self.model, before.data.as_ref())
            }
        };
        let files = files.map_err(anyhow::Error::from)?;
        print_others(&files);
        for out in [Some(&output.run), output.checkpoint.as_ref()].into_iter().flatten() {
            files.paths(self.model).iter().try_for_each(|file| refuse_overwrite("--out", out, file))?;
        }
        self.print_unused(&files.inputs);
        let (sha256, identity) = (files.sha256().to_vec(), files.identity.clone());
        let (simulation, origin) = self.begin(beginning, files.inputs)?;
        let mut simulation = simulation.map_err(anyhow::Error::from)?.with_data(identity);
        let from_ms = simulation.recorded_ms();
        if from_ms >= protocol.end_ms() {
            return self.leave(&simulation);
        }
        let planned = simulation.planned();
        let recorded = RunDescription {
            model: self.model,
            dynamics: "spiking",
            seed: self.seed,
            planned,
            origin,
            data_path: None,
            sha256: &sha256,
        };
        let _guard = interrupt::hold();
        let (mut file, files) = session::open_run_file(self.common, &output, &recorded)?;
        let mut monitor = RunMonitor {
            display: ContinuousDisplay::new(self.common.quiet),
            model: self.model,
            checkpoint: files.checkpoint.clone(),
            every: self.checkpoint_every.unwrap_or(CHECKPOINT_EVERY),
            last: Instant::now(),
        };
        let start = Instant::now();
        let ended = simulation.run(protocol.end_ms(), &mut file, &mut monitor);
        let seconds = start.elapsed().as_secs_f64();
        monitor.display.finish();
        let lost = matches!(ended, Err(SimulationError::Runaway { .. } | SimulationError::Overflow { .. }));
        let kept = session::save(self.model, (!lost).then_some(&|| simulation.checkpoint()), file, &files);
        self.finish(&simulation, ended, kept, files, seconds, from_ms)
    }

    /// Refuses a checkpoint of another network, or by a check that also takes the model of its run.
    fn check(
        &self,
        check: impl Fn(&Model, &Model, &Checkpoint, &Path) -> anyhow::Result<()>,
        before: &Checkpoint,
        path: &Path,
    ) -> anyhow::Result<()> {
        checkpoint::check_fits(self.model, before, path)?;
        check(self.model, &checkpoint::own_model(before, path)?, before, path)
    }

    /// Leaves a run as it is whose checkpoint stands at the end asked for.
    ///
    /// # Errors
    /// If the checkpoint stands beyond it.
    fn leave(&self, simulation: &Simulation<'_>) -> Result<(), Failure> {
        let ContinuousProtocol { warmup, duration, .. } = self.protocol();
        let (from, until) = (simulation.recorded_ms(), warmup + duration);
        let [clock, end, warmup, duration] = [from, until, warmup, duration].map(Rounded);
        if from > until {
            return Err(anyhow::anyhow!(
                "the checkpoint stands at {clock} ms, beyond the end of the run asked for, {end} ms: --duration is a total, \
                 without the warm-up of {warmup} ms"
            )
            .into());
        }
        terminal::print_message(format_args!(
            "the run is complete after {duration} ms and a warm-up of {warmup} ms; nothing is left to do and nothing was written \
             (--duration is a total: give more to go on)"
        ));
        if self.common.json { terminal::print_json(&self.results(simulation, None, 0.0, from)) } else { Ok(()) }
    }

    /// Prints which sources are silent, which spikes and changes come after the end of the run, and which spikes of a run that is replayed
    /// were not recorded.
    fn print_unused(&self, inputs: &SourceInputs) {
        let end = self.protocol().end_ms();
        let sources = self.model.populations.iter().filter(|population| population.is_source());
        for Population { name, .. } in sources.filter(|population| population.stimulus.is_none()) {
            terminal::print_message(format_args!("note: {name:?} has no `stimulus`: its neurons are silent"));
        }
        for (population, late, all) in inputs.spikes_from(end) {
            let name = &self.model.populations[population].name;
            terminal::print_message(format_args!(
                "note: {late} of {all} spikes of the `stimulus` of {name:?} come after the end of the run, {} ms",
                Rounded(end)
            ));
        }
        for (population, extent) in inputs.replayed() {
            let Population { name, size, .. } = &self.model.populations[population];
            if extent.is_whole(*size, end) {
                continue;
            }
            let times =
                extent.times_ms.iter().map(|time| format!("{} to {} ms", Rounded(time.start), Rounded(time.end)));
            let (neurons, times) = (&extent.neurons, times.collect::<Vec<_>>().join(" and "));
            terminal::print_message(format_args!(
                "note: the `stimulus` of {name:?} was recorded of neurons {} to {} and, on the clock of this run, from {times}; \
                 others are silent, and so are these at other times",
                neurons.start,
                neurons.end.saturating_sub(1)
            ));
        }
        for change in self.model.interventions.iter().filter(|change| change.at_ms >= end) {
            let (at, words) = (Rounded(change.at_ms), change.kind.words(self.model));
            terminal::print_message(format_args!(
                "note: the [[change]] at {at} ms ({words}) comes after the end of the run, {} ms",
                Rounded(end)
            ));
        }
    }

    fn protocol(&self) -> ContinuousProtocol {
        self.model.protocol.continuous().copied().unwrap_or_default()
    }

    /// Paths of the files. A resumed run has a name of its own, unless `--out` gives one.
    fn output(&self, beginning: &Beginning<'_>) -> anyhow::Result<RunOutput> {
        let mut output = self.common.output(&self.model.name, self.seed, false)?;
        if let (Beginning::Resumed(before, _), None) = (beginning, &self.common.out) {
            output.run = named_after(&output.run, &format!("-from-{}ms.h5", before.clock_ms));
        }
        Ok(output.of_circuit())
    }

    fn begin(
        &self,
        beginning: Beginning<'_>,
        inputs: SourceInputs,
    ) -> anyhow::Result<(Result<Simulation<'_>, SimulationError>, NetworkOrigin)> {
        let origin = |edited| NetworkOrigin { frozen_after: None, edited };
        Ok(match beginning {
            Beginning::Rest => {
                let network = initial_network(self.model, self.seed)?;
                (Simulation::new(self.model, network, inputs, self.seed), origin(false))
            }
            Beginning::Network(Checkpoint { network, edited, .. }, _) => {
                let simulation = Simulation::new(self.model, network, inputs, self.seed);
                (simulation.map(|simulation| simulation.with_edited(edited)), origin(edited))
            }
            Beginning::Resumed(checkpoint, _) => {
                let edited = checkpoint.edited;
                (Simulation::resume(self.model, inputs, checkpoint), origin(edited))
            }
        })
    }

    /// Prints what came of the run.
    fn finish(
        &self,
        simulation: &Simulation<'_>,
        ended: Result<Ending, SimulationError>,
        kept: session::SavedFiles,
        files: RunFiles,
        seconds: f64,
        from_ms: f64,
    ) -> Result<(), Failure> {
        let ending = match ended {
            Ok(ending) => ending,
            Err(error) => {
                kept.report(&files);
                return Err(Failure::failed(error));
            }
        };
        if kept.checkpoint.is_err() || kept.recording.is_err() {
            kept.report(&files);
        }
        kept.recording.map_err(|e| Failure::Failed(e.context("the run file could not be completed")))?;
        kept.checkpoint.map_err(|e| Failure::Failed(e.context("the checkpoint could not be saved")))?;
        if ending == Ending::Stopped {
            let (clock, run) = (Rounded(simulation.recorded_ms()), files.run.display());
            terminal::print_message(format_args!("stopped at {clock} ms of model time; the run file is {run}"));
            if let Some(checkpoint) = &files.checkpoint {
                terminal::print_message(format_args!("go on with: {}", self.resumption(checkpoint)));
            }
            return Err(Failure::Interrupted);
        }
        let files = files.replace().map_err(Failure::Failed)?;
        let results = self.results(simulation, Some(&files), seconds, from_ms);
        if self.common.json { terminal::print_json(&results) } else { results.print(&files) }
    }

    /// The command that resumes a run that was stopped.
    fn resumption(&self, checkpoint: &Path) -> String {
        let mut command = format!(
            "apical simulate --resume {} --duration {}",
            shell::quoted_path(checkpoint),
            InFull(self.protocol().duration)
        );
        if let Some(what) = &self.common.record {
            command = format!("{command} {}", shell::option("--record", what));
        }
        command
    }

    fn results(
        &self,
        simulation: &Simulation<'_>,
        files: Option<&RunFiles>,
        seconds: f64,
        from_ms: f64,
    ) -> ContinuousResults {
        let protocol = self.protocol();
        let begun = protocol.warmup.max(from_ms);
        let times = self.model.recording.recorded_times(begun..protocol.end_ms());
        let recorded_ms: f64 = times.iter().map(|time| time.end - time.start).sum();
        let populations = self.model.populations.iter().zip(simulation.spikes()).map(|(population, &spikes)| {
            let rate_hz = 1000.0 * spikes as f64 / (population.size as f64 * recorded_ms);
            PopulationActivity { population: population.name.clone(), neurons: population.size, spikes, rate_hz }
        });
        ContinuousResults {
            command: "simulate",
            model: self.model.name.clone(),
            kind: "continuous",
            seed: self.seed,
            threads: self.threads,
            from_ms,
            to_ms: protocol.end_ms(),
            warmup_ms: protocol.warmup,
            recorded_ms,
            populations: populations.collect(),
            seconds,
            real_time_factor: seconds / ((protocol.end_ms() - from_ms) / 1000.0),
            run_file: files.map(|files| report::text_of(&files.run)),
            checkpoint_file: files.and_then(|files| files.checkpoint.as_deref()).map(report::text_of),
        }
    }
}

/// Shows the progress of a run, saves its checkpoints, and stops it after a signal.
struct RunMonitor<'a> {
    display: ContinuousDisplay,
    model: &'a Model,
    checkpoint: Option<PathBuf>,
    every: Duration,
    last: Instant,
}

impl SimulationMonitor for RunMonitor<'_> {
    fn stop(&self) -> bool {
        interrupt::requested()
    }

    fn slice(
        &mut self,
        progress: SimulationProgress,
        simulation: &Simulation<'_>,
    ) -> Result<ControlFlow<()>, SimulationError> {
        if interrupt::requested() {
            self.display.finish();
            return Ok(ControlFlow::Break(()));
        }
        if let Some(path) = self.checkpoint.as_ref().filter(|_| self.last.elapsed() >= self.every) {
            simulation.checkpoint().save(self.model, path)?;
            self.last = Instant::now();
        }
        self.display.update(progress);
        Ok(ControlFlow::Continue(()))
    }
}

/// What `simulate --json` prints of a continuous run.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct ContinuousResults {
    /// `simulate`.
    command: &'static str,
    /// Name of the model.
    model: String,
    /// `continuous`.
    kind: &'static str,
    /// Seed of all that is random.
    seed: u64,
    /// Threads used.
    threads: usize,
    /// Where the run began or was resumed on its clock [ms].
    from_ms: f64,
    /// Where it ended [ms].
    to_ms: f64,
    /// Time at the start of the clock of which nothing is recorded [ms].
    warmup_ms: f64,
    /// Model time recorded [ms].
    recorded_ms: f64,
    /// Activity of the populations while recorded.
    populations: Vec<PopulationActivity>,
    /// Wall time of the simulation [s].
    seconds: f64,
    /// Wall time over model time; null if nothing was left to do.
    real_time_factor: f64,
    /// Path of the run file; null if nothing was left to do.
    run_file: Option<String>,
    /// Path of the checkpoint; null if nothing was left to do.
    checkpoint_file: Option<String>,
}

/// Activity of a population.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct PopulationActivity {
    /// Name of the population.
    population: String,
    /// Its size.
    neurons: usize,
    /// Number of spikes.
    spikes: u64,
    /// Mean rate of a neuron [Hz]; null if nothing was recorded.
    rate_hz: f64,
}

impl ContinuousResults {
    fn print(&self, files: &RunFiles) -> Result<(), Failure> {
        for PopulationActivity { population, neurons, spikes, rate_hz } in &self.populations {
            terminal::print_result(format_args!(
                "{population}: {spikes} spikes of {neurons} neurons, {rate_hz:.2} Hz"
            ))?;
        }
        let model_s = Rounded((self.to_ms - self.from_ms) / 1000.0);
        let (seconds, factor) = (self.seconds, self.real_time_factor);
        terminal::print_result(format_args!(
            "{model_s} s of model time in {seconds:.2} s: real-time factor {factor:.3}"
        ))?;
        report::print_files(files)
    }
}
