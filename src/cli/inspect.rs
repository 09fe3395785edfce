//! `apical inspect`.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::failure::Failure;
use super::session::size;
use crate::record::Evaluation;
use crate::record::hdf5::{Contents, SnapshotSummary, Summary};

/// Tell what a run file or checkpoint holds, on one screen.
///
///   apical inspect output/g17-784-500-10-seed1.h5
#[derive(Args, Debug)]
pub(super) struct Inspect {
    /// Run file or checkpoint.
    file: PathBuf,

    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl Inspect {
    pub(super) fn execute(self) -> Result<(), Failure> {
        let summary = Summary::read(&self.file).map_err(anyhow::Error::from)?;
        if self.json {
            println!("{}", to_json(&summary));
        } else {
            print(&summary);
        }
        Ok(())
    }
}

fn print(summary: &Summary) {
    let line = |what: &str, text: String| println!("{what:<16}{text}");
    line("model", summary.name.clone());
    line("seed", summary.seed.to_string());
    line("size", size(summary.bytes));
    match &summary.contents {
        Contents::Run { provenance, trained, tested, recorded_ms, spikes, traces, plateaus } => {
            line("kind", "run file".to_owned());
            line("written by", format!("apical {} ({})", provenance.apical_version, provenance.git_commit));
            line("command", provenance.command_line.clone());
            line("started", provenance.start_time.clone());
            line("presentations", format!("{trained} training, {tested} test; {:.1} s recorded", recorded_ms / 1e3));
            for s in spikes {
                let rate = if s.rate_hz.is_nan() { String::new() } else { format!(", {:.1} Hz", s.rate_hz) };
                line("spikes", format!("{}: {} of {} neurons{rate}", s.population, s.spikes, s.neurons));
            }
            for t in traces {
                let every = format!("{} samples every {} ms", t.samples, t.dt_ms);
                line("traces", format!("{}: {} traces, {every} from {:.1} ms", t.population, t.elements, t.start_ms));
            }
            plateaus.iter().for_each(|(population, n)| line("plateaus", format!("{population}: {n}")));
        }
        Contents::Checkpoint(counters) => {
            line("kind", "checkpoint".to_owned());
            line("presentations", format!("{} of {} planned", counters.examples_seen, counters.examples_planned));
            line("lanes", counters.lanes.to_string());
        }
    }
    for w in &summary.weights {
        let shape: Vec<_> = w.shape.iter().map(ToString::to_string).collect();
        line("weights", format!("{} [{}]: {}", w.projection, shape.join(" x "), abridged(&w.snapshots)));
    }
    if let Some(last) = summary.curve.last() {
        line(
            "test error",
            format!("{:.2} % after {} images  {}", last.test_error, last.examples_seen, sparkline(&summary.curve)),
        );
    }
}

fn abridged(names: &[String]) -> String {
    match names {
        [first, _, _, _, .., last] => format!("{first} … {last} ({} snapshots)", names.len()),
        _ => names.join(", "),
    }
}

/// Test errors as bars, the largest full.
fn sparkline(curve: &[Evaluation]) -> String {
    let largest = curve.iter().map(|e| e.test_error).fold(f64::MIN_POSITIVE, f64::max);
    let bar =
        |e: &Evaluation| ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'][(e.test_error / largest * 7.0).round() as usize % 8];
    curve.iter().map(bar).collect()
}

fn to_json(summary: &Summary) -> Value {
    let curve = |e: &Evaluation| {
        json!({
            "examples_seen": e.examples_seen,
            "test_error": e.test_error,
            "train_error": e.train_error,
            "loss": e.loss,
            "seconds": e.seconds,
        })
    };
    let weights =
        |w: &SnapshotSummary| json!({ "projection": w.projection, "shape": w.shape, "snapshots": w.snapshots });
    let mut object = json!({
        "name": summary.name,
        "seed": summary.seed,
        "bytes": summary.bytes,
        "learning": summary.curve.iter().map(curve).collect::<Vec<_>>(),
        "weights": summary.weights.iter().map(weights).collect::<Vec<_>>(),
    });
    let contents = match &summary.contents {
        Contents::Run { provenance, trained, tested, recorded_ms, spikes, traces, plateaus } => json!({
            "kind": "run",
            "apical_version": provenance.apical_version,
            "git_commit": provenance.git_commit,
            "command_line": provenance.command_line,
            "data_sha256": provenance.data_sha256,
            "start_time": provenance.start_time,
            "presentations": { "train": trained, "test": tested },
            "recorded_ms": recorded_ms,
            "spikes": spikes.iter().map(|s| json!({
                "population": s.population, "neurons": s.neurons, "spikes": s.spikes, "rate_hz": s.rate_hz,
            })).collect::<Vec<_>>(),
            "traces": traces.iter().map(|t| json!({
                "population": t.population, "samples": t.samples, "traces": t.elements, "start_ms": t.start_ms, "dt_ms": t.dt_ms,
            })).collect::<Vec<_>>(),
            "plateaus": plateaus.iter().map(|(p, n)| json!({ "population": p, "plateaus": n })).collect::<Vec<_>>(),
        }),
        Contents::Checkpoint(counters) => json!({
            "kind": "checkpoint",
            "examples_seen": counters.examples_seen,
            "examples_planned": counters.examples_planned,
            "tests_done": counters.tests_done,
            "clock_ms": counters.clock_ms,
            "lanes": counters.lanes,
        }),
    };
    if let (Some(object), Value::Object(contents)) = (object.as_object_mut(), contents) {
        object.extend(contents);
    }
    object
}
