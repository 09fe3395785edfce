//! What a run file or checkpoint holds, in short.

use std::path::Path;

use serde::Serialize;

use super::dtype::KindCode;
use super::open_file::{Format, OpenFile};
use super::provenance::Provenance;
use super::{Evaluation, RecordError, place, synapses};
use crate::data::DataPlace;

/// A run file or checkpoint in short.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Name of the model.
    pub name: String,
    /// The merged model file.
    pub model_text: String,
    /// Whether the run is continuous, without presentations.
    pub is_continuous: bool,
    /// Where the stimuli were; none where they were in the model, and in files of older versions.
    pub data_source: Option<DataPlace>,
    /// Whether it goes back to a checkpoint that was changed after it was written.
    pub edited: bool,
    /// Seed of the run.
    pub seed: u64,
    /// Size on the disk [bytes].
    pub bytes: u64,
    /// The learning curve.
    pub curve: Vec<Evaluation>,
    /// Snapshots of the weights of each projection, in the order of the model.
    pub weights: Vec<SnapshotSummary>,
    /// What only a file of its kind has.
    pub contents: Contents,
}

/// What run files and checkpoints do not share.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "a command reads one")]
#[non_exhaustive]
pub enum Contents {
    /// Of a run file.
    Run {
        /// Where the run came from.
        provenance: Provenance,
        /// Training presentations in the file.
        trained: u64,
        /// Test presentations in the file.
        tested: u64,
        /// Length of the presentations of which spikes and plateaus were to be kept [ms].
        recorded_ms: f64,
        /// Spikes of each population recorded.
        spikes: Vec<SpikeSummary>,
        /// Traces of each population recorded.
        traces: Vec<TraceSummary>,
        /// Number of plateaus of each population recorded.
        plateaus: Vec<(String, u64)>,
        /// Number of events of each population recorded and of each kind that its cells have.
        events: Vec<EventSummary>,
    },
    /// Of a checkpoint.
    Checkpoint {
        /// How far its run has come.
        counters: Counters,
        /// SHA-256 of the data files, `digest  file` a line; empty if the data were in memory.
        data_sha256: String,
    },
}

/// How far the run of a checkpoint has come.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Counters {
    /// Training presentations done.
    pub examples_seen: u64,
    /// Training presentations the run was to have.
    pub examples_planned: u64,
    /// Presentations tested.
    pub tests_done: u64,
    /// The run's clock [ms].
    pub clock_ms: f64,
    /// Lanes.
    pub lanes: usize,
}

/// Spikes of a population.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SpikeSummary {
    /// Name of the population.
    pub population: String,
    /// Its size.
    pub neurons: u64,
    /// Number of spikes.
    pub spikes: u64,
    /// Mean rate of a neuron while recorded [Hz]; NaN if nothing was.
    pub rate_hz: f64,
}

/// Events of a population that have a beginning and an end.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct EventSummary {
    /// Name of the population.
    pub population: String,
    /// Kind: `plateau`, `dendritic_spike`, `bap` or `burst`.
    pub event: String,
    /// Number of events.
    pub events: u64,
}

/// Traces of a population.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TraceSummary {
    /// Name of the population.
    pub population: String,
    /// Number of samples, in all stretches.
    pub samples: usize,
    /// Number of traces.
    #[serde(rename = "traces")]
    pub elements: usize,
    /// Unbroken stretches of them.
    pub stretches: usize,
    /// First sample on the run's clock [ms].
    pub start_ms: f64,
    /// Spacing [ms].
    pub dt_ms: f64,
}

/// Snapshots of the weights of a projection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SnapshotSummary {
    /// Name of the projection.
    pub projection: String,
    /// Shape [post, pre]; of the first snapshot.
    pub shape: Vec<usize>,
    /// Names, by presentations seen.
    pub snapshots: Vec<String>,
}

impl Summary {
    /// The command line of a run; empty for a checkpoint.
    pub fn command_line(&self) -> &str {
        self.provenance().map_or("", |provenance| &provenance.command_line)
    }

    /// SHA-256 of the data files of a run, `digest  file` a line; of a checkpoint empty if its data were in memory.
    pub fn data_sha256(&self) -> &str {
        match &self.contents {
            Contents::Run { provenance, .. } => &provenance.data_sha256,
            Contents::Checkpoint { data_sha256, .. } => data_sha256,
        }
    }

    /// When a run started, RFC 3339; empty for a checkpoint.
    pub fn start_time(&self) -> &str {
        self.provenance().map_or("", |provenance| &provenance.start_time)
    }

    fn provenance(&self) -> Option<&Provenance> {
        match &self.contents {
            Contents::Run { provenance, .. } => Some(provenance),
            Contents::Checkpoint { .. } => None,
        }
    }

    /// Reads a run file or checkpoint.
    ///
    /// # Errors
    /// If it is neither, or something in it is missing.
    pub fn read(path: &Path) -> Result<Self, RecordError> {
        let source = OpenFile::open(path)?;
        let bytes = std::fs::metadata(path).map_err(|e| place::failed("cannot read", path, e))?.len();
        let projections = source.texts("projections")?;
        Ok(Self {
            name: source.text("name")?,
            is_continuous: source
                .model(&source.text("model")?, "the model")
                .is_ok_and(|model| model.protocol.continuous().is_some()),
            model_text: source.text("model")?,
            data_source: source.data_source()?,
            edited: source.edited(),
            seed: source.number("seed")?,
            bytes,
            curve: source.curve()?,
            weights: projections.into_iter().map(|p| snapshots(&source, p)).collect::<Result<_, _>>()?,
            contents: match source.format {
                Format::Run => run(&source)?,
                Format::Checkpoint => Contents::Checkpoint {
                    counters: counters(&source)?,
                    data_sha256: source.data_source()?.map_or(Ok(String::new()), |_| source.text("data_sha256"))?,
                },
            },
        })
    }
}

fn run(source: &OpenFile) -> Result<Contents, RecordError> {
    let kinds: Vec<KindCode> = source.codes("presentations/kind")?;
    let trained = kinds.iter().filter(|&&kind| kind == KindCode::Train).count() as u64;
    let recorded_ms = recorded_span(source)?;
    let populations = source.texts("populations")?;
    let of = |group: &'static str| populations.iter().filter(move |p| source.has(&format!("{group}/{p}")));
    Ok(Contents::Run {
        provenance: provenance(source)?,
        trained,
        tested: kinds.len() as u64 - trained,
        recorded_ms,
        spikes: of("spikes").map(|p| spikes(source, p, recorded_ms)).collect::<Result<_, _>>()?,
        traces: of("report").map(|p| traces(source, p)).collect::<Result<_, _>>()?,
        plateaus: of("plateaus").map(|p| plateaus(source, p)).collect::<Result<_, _>>()?,
        events: of("events").map(|p| events(source, p)).collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect(),
    })
}

fn provenance(source: &OpenFile) -> Result<Provenance, RecordError> {
    Ok(Provenance {
        apical_version: source.text("apical_version")?,
        git_commit: source.text("git_commit")?,
        seed: source.number("seed")?,
        command_line: source.text("command_line")?,
        data_sha256: source.text("data_sha256")?,
        data_source: source.data_source()?,
        start_time: source.text("start_time")?,
        // Files from before there were rate twins do not say.
        kind: source.text("kind").unwrap_or_else(|_| "spiking".to_owned()),
        frozen_after: source.optional("frozen_after")?,
        edited: source.edited(),
    })
}

fn counters(source: &OpenFile) -> Result<Counters, RecordError> {
    Ok(Counters {
        examples_seen: source.number("examples_seen")?,
        examples_planned: source.number("examples_planned")?,
        tests_done: source.number("tests_done")?,
        clock_ms: source.number("clock_ms")?,
        lanes: source.members("lanes")?.len(),
    })
}

/// Length of the recorded presentations [ms].
fn recorded_span(source: &OpenFile) -> Result<f64, RecordError> {
    let column = |name: &str| source.values::<f64>(&format!("presentations/{name}"));
    let (starts, forward, target) = (column("start_ms")?, column("forward_end_ms")?, column("target_end_ms")?);
    let recorded: Vec<u8> = source.values("presentations/recorded")?;
    let lengths = starts.iter().zip(forward.iter().zip(&target)).map(|(start, (f, t))| f.max(*t) - start);
    // From 0: the sum of none is −0.
    Ok(lengths.zip(recorded).filter(|&(_, recorded)| recorded != 0).fold(0.0, |span, (length, _)| span + length))
}

fn spikes(source: &OpenFile, population: &str, span: f64) -> Result<SpikeSummary, RecordError> {
    let group = format!("spikes/{population}");
    let (neurons, spikes): (u64, u64) =
        (source.number_of(&group, "size")?, rows(source, &format!("{group}/timestamps"))?);
    let rate_hz = 1000.0 * spikes as f64 / (span * neurons as f64);
    Ok(SpikeSummary { population: population.to_owned(), neurons, spikes, rate_hz })
}

fn traces(source: &OpenFile, population: &str) -> Result<TraceSummary, RecordError> {
    let reports = source.reports(population);
    let (mut all, mut samples) = (None, 0);
    for report in &reports {
        let [rows, elements] = source.shape(&format!("{report}/data"))?[..] else {
            return Err(source.problem(format!("`{report}/data` is not a matrix")));
        };
        let [start_ms, _, dt_ms] = source.values(&format!("{report}/mapping/time"))?[..] else {
            return Err(source.problem(format!("`{report}/mapping/time` is not start, stop, spacing")));
        };
        samples += rows;
        all.get_or_insert((elements, start_ms, dt_ms));
    }
    let (elements, start_ms, dt_ms) = all.unwrap_or_default();
    let stretches = reports.len();
    Ok(TraceSummary { population: population.to_owned(), samples, elements, stretches, start_ms, dt_ms })
}

fn snapshots(source: &OpenFile, projection: String) -> Result<SnapshotSummary, RecordError> {
    let group = format!("weights/{projection}");
    let mut found = Vec::new();
    for name in source.members(&group)? {
        let seen: u64 = source.number_of(&format!("{group}/{name}"), "examples_seen")?;
        // Before the first presentation and after the last: initial, final.
        let rank = ["initial", "", "final"].iter().position(|&n| n == name).unwrap_or(1);
        found.push((seen, rank, name));
    }
    found.sort();
    let shape = found.first().map_or(Ok(Vec::new()), |(_, _, name)| {
        let name = format!("{group}/{name}");
        if !synapses::is_sparse(source, &name) {
            return source.shape(&name);
        }
        let ends = ["post", "pre"].map(|end| source.number_of::<u64>(&name, end).map(|count| count as usize));
        ends.into_iter().collect()
    })?;
    Ok(SnapshotSummary { projection, shape, snapshots: found.into_iter().map(|(_, _, name)| name).collect() })
}

fn plateaus(source: &OpenFile, population: &str) -> Result<(String, u64), RecordError> {
    Ok((population.to_owned(), rows(source, &format!("plateaus/{population}/alpha"))?))
}

fn events(source: &OpenFile, population: &str) -> Result<Vec<EventSummary>, RecordError> {
    let group = format!("events/{population}");
    let of_kind = |event: String| {
        let events = rows(source, &format!("{group}/{event}/start"))?;
        Ok(EventSummary { population: population.to_owned(), event, events })
    };
    source.members(&group)?.into_iter().map(of_kind).collect()
}

fn rows(source: &OpenFile, dataset: &str) -> Result<u64, RecordError> {
    Ok(source.shape(dataset)?.first().copied().unwrap_or(0) as u64)
}
