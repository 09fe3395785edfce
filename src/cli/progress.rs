//! Progress on standard error: a bar on a terminal, else plain lines; nothing with `--quiet` or for short runs.

use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{interrupt, terminal};
use crate::model::Model;
use crate::simulation::SimulationProgress;
use crate::training::{History, Monitor, Progress, RunError, Training};

/// Nothing is shown before this, so that short runs print no progress.
const SILENT_START: Duration = Duration::from_secs(2);
/// Time between plain lines.
const LINES: Duration = Duration::from_secs(15);
/// Time between updates of the bar.
const FRAMES: Duration = Duration::from_millis(100);

/// The monitor of a run: shows its progress, saves its checkpoints, and stops it after a signal.
pub(super) struct Display<'a> {
    /// Begins its lines and its bar.
    pub(super) label: String,
    quiet: bool,
    start: Instant,
    shown: Instant,
    /// The part being counted (`train` or `test`), when it began and at what count.
    part: Option<(&'static str, Instant, u64)>,
    bar: Option<ProgressBar>,
    terminal: bool,
    checkpoints: Option<Checkpoints<'a>>,
}

/// Default longest time between two checkpoints of a run.
pub(super) const CHECKPOINT_EVERY: Duration = Duration::from_mins(5);

/// Where and how often the checkpoints of a run are saved.
pub(super) struct Checkpoints<'a> {
    pub(super) model: &'a Model,
    /// The file; each checkpoint replaces the one before.
    pub(super) path: PathBuf,
    /// Longest time between two of them.
    pub(super) every: Duration,
    /// When the last one was saved, or the run began.
    pub(super) last: Instant,
}

impl Checkpoints<'_> {
    fn save(&mut self, training: &dyn Training) -> Result<(), RunError> {
        training.checkpoint().save(self.model, &self.path)?;
        self.last = Instant::now();
        Ok(())
    }
}

impl<'a> Display<'a> {
    /// The monitor of one run.
    pub(super) fn new(quiet: bool, checkpoints: Option<Checkpoints<'a>>) -> Self {
        let now = Instant::now();
        let terminal = std::io::stderr().is_terminal();
        Self { label: String::new(), quiet, start: now, shown: now, part: None, bar: None, terminal, checkpoints }
    }

    /// Removes the bar.
    pub(super) fn finish(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
            terminal::BARS.remove(&bar);
        }
        self.part = None;
    }

    fn update(&mut self, part: &'static str, done: u64, total: u64, error_percent: f64) -> ControlFlow<()> {
        if interrupt::requested() {
            self.finish();
            return ControlFlow::Break(());
        }
        let now = Instant::now();
        if self.part.is_none_or(|(name, ..)| name != part) {
            self.finish();
            self.part = Some((part, now, done));
            return ControlFlow::Continue(());
        }
        let spacing = if self.terminal { FRAMES } else { LINES };
        if self.quiet || now - self.start < SILENT_START || now - self.shown < spacing {
            return ControlFlow::Continue(());
        }
        self.shown = now;
        let (_, begun, first) = self.part.unwrap_or((part, now, done));
        let rate = (done - first) as f64 / (now - begun).as_secs_f64();
        let left = (total - done) as f64 / rate;
        let error = if error_percent.is_nan() { String::new() } else { format!(", error {error_percent:.2} %") };
        let text = format!("{rate:.0} images/s{error}, {} left", duration(left));
        if self.terminal {
            let label = &self.label;
            let bar = self.bar.get_or_insert_with(|| new_bar(format!("{label}{part}"), total));
            bar.set_position(done);
            bar.set_message(text);
        } else {
            terminal::print_message(format_args!("{}{part}: {done} of {total} images, {text}", self.label));
        }
        ControlFlow::Continue(())
    }

    fn print(&mut self, text: &str) {
        if !self.quiet {
            self.finish();
            terminal::print_message(format_args!("{}{text}", self.label));
        }
    }
}

impl Monitor for Display<'_> {
    fn seconds(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }

    fn trained(&mut self, progress: Progress) -> ControlFlow<()> {
        self.update("train", progress.done, progress.total, progress.error_percent)
    }

    fn tested(&mut self, done: usize, total: usize, error_percent: f64) -> ControlFlow<()> {
        self.update("test", done as u64, total as u64, error_percent)
    }

    fn evaluated(&mut self, training: &dyn Training) -> Result<ControlFlow<()>, RunError> {
        let History { curve, examples_seen, .. } = training.history();
        if let Some(evaluation) = curve.last().filter(|evaluation| evaluation.examples_seen == *examples_seen) {
            let trained = match evaluation.train_error {
                error if error.is_nan() => String::new(),
                error => format!(", while training {error:.2} %"),
            };
            self.print(&format!(
                "after {} images: test error {:.2} %{trained} ({})",
                evaluation.examples_seen,
                evaluation.test_error,
                duration(evaluation.seconds)
            ));
        }
        self.checkpoints.as_mut().map_or(Ok(()), |checkpoints| checkpoints.save(training))?;
        Ok(ControlFlow::Continue(()))
    }

    fn between(&mut self, training: &dyn Training) -> Result<(), RunError> {
        let due = |checkpoints: &&mut Checkpoints<'_>| checkpoints.last.elapsed() >= checkpoints.every;
        self.checkpoints.as_mut().filter(due).map_or(Ok(()), |checkpoints| checkpoints.save(training))
    }
}

/// The progress of a continuous run: a bar on a terminal, else plain lines, with model time, real-time factor and time left.
pub(super) struct ContinuousDisplay {
    quiet: bool,
    terminal: bool,
    start: Instant,
    shown: Instant,
    bar: Option<ProgressBar>,
}

impl ContinuousDisplay {
    pub(super) fn new(quiet: bool) -> Self {
        let now = Instant::now();
        Self { quiet, terminal: std::io::stderr().is_terminal(), start: now, shown: now, bar: None }
    }

    pub(super) fn finish(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
            terminal::BARS.remove(&bar);
        }
    }

    pub(super) fn update(&mut self, progress: SimulationProgress) {
        let now = Instant::now();
        let spacing = if self.terminal { FRAMES } else { LINES };
        if self.quiet || now - self.start < SILENT_START || now - self.shown < spacing {
            return;
        }
        self.shown = now;
        let text = continuous_progress(progress, (now - self.start).as_secs_f64());
        let SimulationProgress { clock_ms, end_ms, .. } = progress;
        if self.terminal {
            let bar = self.bar.get_or_insert_with(|| {
                let style = ProgressStyle::with_template("{prefix:>5} {bar:30} {msg}").expect("a template that parses");
                terminal::BARS.add(ProgressBar::new(end_ms as u64)).with_style(style).with_prefix("run")
            });
            bar.set_position(clock_ms as u64);
            bar.set_message(text);
        } else {
            terminal::print_message(text);
        }
    }
}

/// Model time, real-time factor and time left of a run that has taken so many seconds.
fn continuous_progress(progress: SimulationProgress, seconds: f64) -> String {
    let SimulationProgress { clock_ms, from_ms, end_ms } = progress;
    let factor = seconds / ((clock_ms - from_ms) / 1000.0);
    let left = duration((end_ms - clock_ms) / 1000.0 * factor);
    format!("{:.1} of {:.1} s of model time, real-time factor {factor:.2}, {left} left", clock_ms / 1e3, end_ms / 1e3)
}

/// Counts the examples of a training run of `compare`: a bar with rate and time left, on a terminal.
pub(super) struct ExampleCounter {
    quiet: bool,
    bar: Option<ProgressBar>,
}

impl ExampleCounter {
    pub(super) fn new(quiet: bool, name: String, total: u64) -> Self {
        let shown = !quiet && std::io::stderr().is_terminal();
        let style = ProgressStyle::with_template("{prefix} {bar:30} {pos}/{len}  {per_sec}, {eta} left")
            .expect("a template that parses");
        let target = ProgressDrawTarget::stderr();
        let bar = || ProgressBar::with_draw_target(Some(total), target).with_style(style).with_prefix(name);
        Self { quiet, bar: shown.then(bar) }
    }

    pub(super) fn add(&self, examples: u64) {
        self.bar.iter().for_each(|bar| bar.inc(examples));
    }

    /// Prints a line above the bar.
    pub(super) fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| terminal::print_message(text)),
            None if self.quiet => (),
            None => terminal::print_message(text),
        }
    }
}

fn new_bar(prefix: String, total: u64) -> ProgressBar {
    let style =
        ProgressStyle::with_template("{prefix:>5} {bar:30} {pos}/{len}  {msg}").expect("a template that parses");
    terminal::BARS.add(ProgressBar::new(total)).with_style(style).with_prefix(prefix)
}

/// A duration in seconds, minutes and seconds, or hours and minutes.
pub(super) fn duration(seconds: f64) -> String {
    if !seconds.is_finite() {
        return "?".to_owned();
    }
    let s = seconds.round() as u64;
    match s {
        0..60 => format!("{s} s"),
        60..3600 => format!("{} min {} s", s / 60, s % 60),
        _ => format!("{} h {} min", s / 3600, s % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::{SimulationProgress, continuous_progress, duration};

    #[test]
    fn progress_tells_model_time_and_time_left() {
        // 500 ms in 4 s: 8 times real time; 1.5 s are left.
        let progress = SimulationProgress { clock_ms: 1500.0, from_ms: 1000.0, end_ms: 3000.0 };
        let expected = "1.5 of 3.0 s of model time, real-time factor 8.00, 12 s left";
        assert_eq!(continuous_progress(progress, 4.0), expected);
    }

    #[test]
    fn durations_read_well() {
        assert_eq!(duration(12.4), "12 s");
        assert_eq!(duration(61.0), "1 min 1 s");
        assert_eq!(duration(7325.0), "2 h 2 min");
        assert_eq!(duration(f64::INFINITY), "?");
    }
}
