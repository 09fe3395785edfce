//! `apical inspect`.

mod model;

#[cfg(test)]
pub(super) use model::ModelSize;

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::disk::size;
use super::failure::Failure;
use super::files::{OwnFile, is_hdf5, refuse_model};
use super::report::text_of;
use super::terminal;
use crate::record::Evaluation;
use crate::record::hdf5::{
    Contents, Counters, EventSummary, SnapshotSummary, SpikeSummary, Summary, TraceSummary, verify,
};
use crate::units::Rounded;

/// Print what a run file or checkpoint holds, or how large a model is, on one screen.
///
/// Of a model file, or a shipped model, it prints neurons, synapses, the memory of a run and the size of its file, without building
/// the network.
///
///   apical inspect output/g17-784-500-10-seed1.h5
///
///   apical inspect circuit.toml --set population.cells.size=10000
#[derive(Args, Debug)]
pub(super) struct InspectCommand {
    /// Run file, checkpoint, model file, or name of a shipped model.
    file: PathBuf,

    /// Set any key of a model, as in `--set population.hidden.size=1000`.
    #[arg(long = "set", value_name = "KEY=VALUE", conflicts_with = "check")]
    overrides: Vec<String>,

    /// Verify the file against its documented format and list what is wrong, object by object; exit code 1 if anything is.
    #[arg(long)]
    check: bool,

    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl InspectCommand {
    pub(super) fn execute(self) -> Result<(), Failure> {
        if self.check {
            return self.verify();
        }
        if !is_hdf5(&self.file) && self.is_model() {
            return model::execute(&self.file, &self.overrides, self.json);
        }
        if !self.overrides.is_empty() {
            let why = format!("--set: expected a model, found {}", self.file.display());
            return Err(anyhow::anyhow!(why).into());
        }
        let summary = Summary::read(&self.file).map_err(anyhow::Error::from)?;
        if self.json {
            terminal::print_json(&results(summary))
        } else {
            lines(&summary).iter().try_for_each(|(what, text)| terminal::print_result(format_args!("{what:<16}{text}")))
        }
    }

    /// Whether what is named is a model: a file whose name ends in .toml, or no file at all.
    fn is_model(&self) -> bool {
        self.file.extension().is_some_and(|end| end.eq_ignore_ascii_case("toml")) || !self.file.exists()
    }

    fn verify(&self) -> Result<(), Failure> {
        refuse_model(&self.file, OwnFile::Run)?;
        let wrong = verify(&self.file).map_err(anyhow::Error::from)?;
        if self.json {
            terminal::print_json(&CheckResults { file: text_of(&self.file), wrong: wrong.clone() })?;
        } else {
            wrong.iter().try_for_each(terminal::print_result)?;
        }
        let file = self.file.display();
        if !wrong.is_empty() {
            let why = anyhow::anyhow!("{file} is not as its format is documented: {} found", wrong.len());
            return Err(Failure::Failed(why));
        }
        if self.json { Ok(()) } else { terminal::print_result(format_args!("{file} is as its format is documented")) }
    }
}

/// The lines of the summary: name and text.
fn lines(summary: &Summary) -> Vec<(&'static str, String)> {
    let mut lines =
        vec![("model", summary.name.clone()), ("seed", summary.seed.to_string()), ("size", size(summary.bytes))];
    lines.extend(contents(&summary.contents, summary.is_continuous));
    lines.extend(summary.data_source.iter().map(|place| ("data", place.absolute.clone())));
    if summary.edited {
        lines.push(("edited", "goes back to a checkpoint that was changed after it was written".to_owned()));
    }
    // A test leaves no weights.
    for w in summary.weights.iter().filter(|w| !w.snapshots.is_empty()) {
        let shape: Vec<_> = w.shape.iter().map(ToString::to_string).collect();
        lines.push(("weights", format!("{} [{}]: {}", w.projection, shape.join(" x "), abridged(&w.snapshots))));
    }
    if let Some(last) = summary.curve.last() {
        let text = format!("{:.2} % after {} images  {}", last.test_error, last.examples_seen, bars(&summary.curve));
        lines.push(("test error", text));
    }
    lines
}

/// Lines that differ between run files and checkpoints.
fn contents(contents: &Contents, is_continuous: bool) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    let mut line = |what, text: String| lines.push((what, text));
    match contents {
        Contents::Run { provenance, trained, tested, recorded_ms, spikes, traces, plateaus, events } => {
            line("kind", "run file".to_owned());
            line("dynamics", provenance.kind.clone());
            line("written by", format!("apical {} ({})", provenance.apical_version, provenance.git_commit));
            line("command", provenance.command_line.clone());
            line("started", provenance.start_time.clone());
            if is_continuous {
                line("recorded", format!("{:.1} s of a continuous run", recorded_ms / 1e3));
            } else {
                let recorded = recorded_ms / 1e3;
                line("presentations", format!("{trained} training, {tested} test; {recorded:.1} s recorded"));
            }
            for s in spikes {
                let rate = if s.rate_hz.is_nan() { String::new() } else { format!(", {:.1} Hz", s.rate_hz) };
                line("spikes", format!("{}: {} of {} neurons{rate}", s.population, s.spikes, s.neurons));
            }
            for t in traces {
                let stretches = if t.stretches > 1 { format!(" in {} stretches", t.stretches) } else { String::new() };
                let every = format!("{} samples every {} ms{stretches}", t.samples, Rounded(t.dt_ms));
                line("traces", format!("{}: {} traces, {every} from {:.1} ms", t.population, t.elements, t.start_ms));
            }
            plateaus.iter().for_each(|(population, n)| line("plateaus", format!("{population}: {n}")));
            for EventSummary { population, event, events } in events {
                line("events", format!("{population}: {events} of kind {event}"));
            }
        }
        Contents::Checkpoint { counters, .. } if is_continuous => {
            line("kind", "checkpoint".to_owned());
            line("stands at", format!("{} ms of a continuous run", Rounded(counters.clock_ms)));
        }
        Contents::Checkpoint { counters, .. } => {
            line("kind", "checkpoint".to_owned());
            line("presentations", format!("{} of {} planned", counters.examples_seen, counters.examples_planned));
            line("lanes", counters.lanes.to_string());
        }
    }
    lines
}

fn abridged(names: &[String]) -> String {
    match names {
        [first, _, _, _, .., last] => format!("{first} … {last} ({} snapshots)", names.len()),
        _ => names.join(", "),
    }
}

/// Test errors as bars, the largest full.
fn bars(curve: &[Evaluation]) -> String {
    let largest = curve.iter().map(|e| e.test_error).fold(f64::MIN_POSITIVE, f64::max);
    let bar =
        |e: &Evaluation| ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'][(e.test_error / largest * 7.0).round() as usize % 8];
    curve.iter().map(bar).collect()
}

/// What `inspect --json` prints.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct InspectResults {
    /// Name of the model.
    name: String,
    /// Seed.
    seed: u64,
    /// Folder or file of the stimuli; null if they are in the model.
    data_source: Option<String>,
    /// Whether it descends from a checkpoint that was changed after it was written.
    edited: bool,
    /// Size of the file [bytes].
    bytes: u64,
    /// Learning curve: a point for each evaluation.
    learning: Vec<Evaluation>,
    /// Weights by projection.
    weights: Vec<SnapshotSummary>,
    #[serde(flatten)]
    contents: ContentResults,
}

/// What run files and checkpoints do not share.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "lowercase")]
enum ContentResults {
    /// A run file.
    Run {
        /// `spiking` or `rate`.
        dynamics: String,
        /// Version of the program.
        apical_version: String,
        /// Git commit of the program.
        git_commit: String,
        /// Command line of the run.
        command_line: String,
        /// SHA-256 of the data files, `digest  file` a line.
        data_sha256: String,
        /// Start of the run, RFC 3339.
        start_time: String,
        /// Numbers of presentations.
        presentations: PresentationCounts,
        /// Recorded time [ms].
        recorded_ms: f64,
        /// Recorded spikes by population.
        spikes: Vec<SpikeSummary>,
        /// Recorded traces by population.
        traces: Vec<TraceSummary>,
        /// Recorded plateaus by population.
        plateaus: Vec<PlateauCounts>,
        /// Recorded events with a beginning and an end, by population and kind.
        events: Vec<EventSummary>,
    },
    /// A checkpoint.
    Checkpoint {
        #[serde(flatten)]
        counters: Counters,
        /// SHA-256 of the data files, `digest  file` a line; empty if the data were in memory.
        data_sha256: String,
    },
}

/// Numbers of presentations.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct PresentationCounts {
    /// Training presentations.
    train: u64,
    /// Test presentations.
    test: u64,
}

/// Recorded plateaus of a population.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct PlateauCounts {
    /// Name of the population.
    population: String,
    /// Plateaus.
    plateaus: u64,
}

/// What `inspect --check --json` prints.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct CheckResults {
    /// Path of the file.
    file: String,
    /// What is wrong, object by object; empty if nothing is.
    wrong: Vec<String>,
}

fn results(summary: Summary) -> InspectResults {
    InspectResults {
        name: summary.name,
        seed: summary.seed,
        data_source: summary.data_source.map(|place| place.absolute),
        edited: summary.edited,
        bytes: summary.bytes,
        learning: summary.curve,
        weights: summary.weights,
        contents: content_results(summary.contents),
    }
}

fn content_results(contents: Contents) -> ContentResults {
    match contents {
        Contents::Run { provenance, trained, tested, recorded_ms, spikes, traces, plateaus, events } => {
            let plateaus = plateaus.into_iter().map(|(population, plateaus)| PlateauCounts { population, plateaus });
            ContentResults::Run {
                dynamics: provenance.kind,
                apical_version: provenance.apical_version,
                git_commit: provenance.git_commit,
                command_line: provenance.command_line,
                data_sha256: provenance.data_sha256,
                start_time: provenance.start_time,
                presentations: PresentationCounts { train: trained, test: tested },
                recorded_ms,
                spikes,
                traces,
                plateaus: plateaus.collect(),
                events,
            }
        }
        Contents::Checkpoint { counters, data_sha256 } => ContentResults::Checkpoint { counters, data_sha256 },
    }
}
