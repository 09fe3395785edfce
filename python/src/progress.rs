//! What a training reports to Python while it runs, and how it is stopped.

use std::ops::ControlFlow;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use apical::record::{Checkpoint, Evaluation};
use apical::simulation::{Simulation, SimulationError, SimulationMonitor, SimulationProgress};
use apical::training::{Monitor, Progress, RunError, Training};

use crate::jobs::Waiting;
use crate::rule::RuleError;

/// Time between two reports of progress.
const REPORTS: Duration = Duration::from_millis(100);

/// Time between two looks for work of others, while a run waits.
const LENT: Duration = Duration::from_millis(1);

/// What a run reports.
pub(crate) enum Report {
    /// How far it has come.
    Progress {
        /// What is counted: "train", "test" or "ms".
        part: &'static str,
        /// Done so far.
        done: f64,
        /// To be done in all.
        total: f64,
        /// Decoded wrongly [%]; NaN: not known.
        error_percent: f64,
    },
    /// The end of an epoch or of the run. The run goes on once this is dropped.
    Evaluated {
        /// The evaluation, if images are tested.
        evaluation: Option<Evaluation>,
        /// The run as it stands.
        checkpoint: Box<Checkpoint>,
        /// Held until the report is dropped.
        _held: Sender<()>,
    },
}

/// The monitor of a run.
pub(crate) struct Watch<'a> {
    waiting: &'a Waiting<'a, Report>,
    start: Instant,
    reported: Instant,
    /// Ends the run once it is there.
    error: Option<&'a RuleError>,
}

impl<'a> Watch<'a> {
    pub(crate) fn new(waiting: &'a Waiting<'a, Report>) -> Self {
        let start = Instant::now();
        Self { waiting, start, reported: start, error: None }
    }

    /// The same, which ends a run whose rule failed.
    pub(crate) fn ended_by(self, error: &'a RuleError) -> Self {
        Self { error: Some(error), ..self }
    }

    fn progress(&mut self, part: &'static str, done: f64, total: f64, error_percent: f64) -> ControlFlow<()> {
        if self.reported.elapsed() >= REPORTS {
            self.reported = Instant::now();
            self.waiting.report(Report::Progress { part, done, total, error_percent });
        }
        self.flow()
    }

    fn flow(&self) -> ControlFlow<()> {
        if self.waiting.stops() || self.error.is_some_and(RuleError::is_there) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

impl Monitor for Watch<'_> {
    fn seconds(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }

    fn trained(&mut self, Progress { done, total, error_percent }: Progress) -> ControlFlow<()> {
        self.progress("train", done as f64, total as f64, error_percent)
    }

    fn tested(&mut self, done: usize, total: usize, error_percent: f64) -> ControlFlow<()> {
        self.progress("test", done as f64, total as f64, error_percent)
    }

    fn evaluated(&mut self, training: &dyn Training) -> Result<ControlFlow<()>, RunError> {
        let history = training.history();
        let evaluation = history.curve.last().filter(|last| last.examples_seen == history.examples_seen).copied();
        let (held, heeded) = mpsc::channel();
        let checkpoint = Box::new(training.checkpoint());
        self.waiting.report(Report::Evaluated { evaluation, checkpoint, _held: held });
        // Once the report is dropped it was heeded. Until then this thread is lent to what Python does meanwhile: there may be
        // no other.
        while heeded.recv_timeout(LENT) == Err(RecvTimeoutError::Timeout) {
            rayon::yield_now();
        }
        Ok(self.flow())
    }
}

impl SimulationMonitor for Watch<'_> {
    fn stop(&self) -> bool {
        self.flow().is_break()
    }

    fn slice(
        &mut self,
        SimulationProgress { clock_ms, from_ms, end_ms }: SimulationProgress,
        _: &Simulation<'_>,
    ) -> Result<ControlFlow<()>, SimulationError> {
        Ok(self.progress("ms", clock_ms - from_ms, end_ms - from_ms, f64::NAN))
    }
}
