//! The writer of run files.

use std::ops::Range;
use std::path::Path;

use hdf5::{File, Result};

use super::credit::Credits;
use super::events::Events;
use super::grid::Grid;
use super::open_file::RUN_FORMAT;
use super::parameters::Parameters;
use super::place::ReservedFile;
use super::provenance::{Provenance, put_model, put_provenance};
use super::report::Report;
use super::spikes::{Plateaus, Spikes};
use super::tables::{LearningTable, PresentationTable};
use super::{Evaluation, Presentation, PresentationKind, RecordError, Recorder, attribute, digest, place};
use crate::model::{Model, PopulationId};
use crate::network::Network;
use crate::protocol::{ContinuousProtocol, Sampling};
use crate::record::{Credit, Planned};

/// Marks a SONATA file.
pub(super) const MAGIC: u32 = 0x0A7A;

/// Version of the SONATA format.
pub(super) const VERSION: [u32; 2] = [0, 1];

/// Presentations after which what waits in memory is written.
const FLUSH_PRESENTATIONS: u32 = 1000;

/// Size after which what waits in memory is written [bytes].
const FLUSH_BYTES: usize = 16 << 20;

/// Writes a run file, as `NAME.part` until it is finished; dropped before that, the `NAME.part` holds all that was
/// flushed.
///
/// HDF5 is called only at flushes, so that a process killed between them leaves a file that opens.
#[derive(Debug)]
pub struct RunFile {
    datasets: Datasets,
    kind: PresentationKind,
    /// Presentations recorded.
    recorded: Vec<Range<u64>>,
    since_flush: u32,
    part: ReservedFile,
}

/// The open file and what grows in it.
#[derive(Debug)]
struct Datasets {
    spikes: Vec<Spikes>,
    plateaus: Vec<Plateaus>,
    events: Vec<Events>,
    reports: Vec<Report>,
    presentations: PresentationTable,
    learning: LearningTable,
    credit: Option<Credits>,
    parameters: Parameters,
    grid: Grid,
    /// Changes in the course of a continuous run, each with its time [ms]: written at the end.
    changes: Vec<(f64, String)>,
    // Last: HDF5 keeps a file open for as long as any of its datasets is.
    file: File,
}

impl RunFile {
    /// Creates the file of a run, in which what `model.recording` names is recorded of the presentations planned.
    ///
    /// # Errors
    /// If it cannot be created, or another run is writing it.
    pub fn create(path: &Path, model: &Model, provenance: &Provenance, planned: &Planned) -> Result<Self, RecordError> {
        let part = ReservedFile::reserve(path)?;
        let created = part.create().and_then(|file| Datasets::create(file, model, provenance, planned));
        match created.map_err(|e| place::failed("cannot create", part.path(), e)) {
            Ok(datasets) => {
                let recorded = model.recording.recorded(planned.presentations.end);
                Ok(Self { datasets, kind: planned.kind, recorded, since_flush: 0, part })
            }
            Err(error) => {
                part.abandon();
                Err(error)
            }
        }
    }

    /// Where a `NAME.part` went that an earlier run left, if there was one.
    pub fn set_aside(&self) -> Option<&Path> {
        self.part.set_aside()
    }

    /// The file that this one becomes.
    pub fn path(&self) -> &Path {
        self.part.target()
    }

    /// Where it is until it is finished.
    pub fn part(&self) -> &Path {
        self.part.path()
    }

    /// Writes what waits in memory.
    ///
    /// # Errors
    /// If the disk is full or fails.
    pub fn flush(&mut self) -> Result<(), RecordError> {
        self.since_flush = 0;
        self.datasets.flush().map_err(|e| place::failed("cannot write", self.part.path(), e))
    }

    /// Completes the file and gives it its name, in place of an older file of that name.
    ///
    /// # Errors
    /// If it cannot be written in full; `NAME.part` stays.
    pub fn finish(self) -> Result<(), RecordError> {
        let path = self.path().to_owned();
        self.finish_as(&path)
    }

    /// The same under another name in the same folder.
    ///
    /// # Errors
    /// If it cannot be written in full; `NAME.part` stays.
    pub fn finish_as(mut self, path: &Path) -> Result<(), RecordError> {
        self.flush()?;
        let Self { datasets, part, .. } = self;
        datasets.close().map_err(|e| place::failed("cannot write", part.path(), e))?;
        digest::verify_written(part.path())?;
        part.complete_as(path)
    }

    /// Gives the recording up and removes `NAME.part`, which on a full disk makes room.
    pub fn abandon(self) {
        let Self { datasets, part, .. } = self;
        drop(datasets);
        part.abandon();
    }

    fn records(&self, kind: PresentationKind, index: u64) -> bool {
        kind == self.kind && self.recorded.iter().any(|range| range.contains(&index))
    }
}

impl Datasets {
    fn create(file: File, model: &Model, provenance: &Provenance, planned: &Planned) -> Result<Self> {
        attribute::put(&file, "magic", &MAGIC)?;
        attribute::put_list(&file, "version", &VERSION)?;
        attribute::put_text(&file, "format", RUN_FORMAT)?;
        put_provenance(&file, provenance)?;
        put_model(&file, &model.text(), model)?;
        let recording = &model.recording;
        let (spikes, plateaus) = (file.create_group("spikes")?, file.create_group("plateaus")?);
        let report = file.create_group("report")?;
        let traced = recording.traces.iter().filter(|(_, kept)| !kept.is_empty());
        let of = |p: &PopulationId| Spikes::create(&spikes, model, *p, planned);
        let spikes = recording.spikes.iter().map(of).collect::<Result<_>>()?;
        let of = |p: &PopulationId| Plateaus::create(&plateaus, model, *p, planned);
        let plateaus = recording.plateaus.iter().map(of).collect::<Result<_>>()?;
        let mut datasets = Self {
            spikes,
            plateaus,
            events: create_events(&file, model, planned)?,
            reports: traced
                .map(|(p, kept)| Report::create(&report, model, (*p, kept), planned))
                .collect::<Result<_>>()?,
            presentations: PresentationTable::create(&file, planned.rows())?,
            learning: LearningTable::create(&file)?,
            credit: Credits::create(&file, model, planned.rows())?,
            parameters: Parameters::create(&file, model)?,
            grid: Grid::new(recording.report_dt).within(continuously_recorded(model)),
            changes: Vec::new(),
            file,
        };
        datasets.flush()?;
        Ok(datasets)
    }

    /// Appends what waits in memory and hands all to the system.
    fn flush(&mut self) -> Result<()> {
        self.spikes.iter_mut().try_for_each(Spikes::append)?;
        self.plateaus.iter_mut().try_for_each(Plateaus::append)?;
        self.events.iter_mut().try_for_each(Events::append)?;
        self.reports.iter_mut().try_for_each(Report::append)?;
        self.presentations.append()?;
        self.credit.iter_mut().try_for_each(Credits::append)?;
        self.learning.append()?;
        self.file.flush()
    }

    /// Completes and closes the file, with its datasets flushed.
    fn close(self) -> Result<()> {
        if !self.changes.is_empty() {
            let group = self.file.create_group("changes")?;
            let times: Vec<f64> = self.changes.iter().map(|(at_ms, _)| *at_ms).collect();
            group.new_dataset_builder().with_data(&times).create("at_ms")?;
            let words: Vec<&str> = self.changes.iter().map(|(_, what)| what.as_str()).collect();
            attribute::put_text_dataset(&group, "what", &words)?;
            self.file.flush()?;
        }
        digest::write_digests(&self.file)?;
        let file = self.file.clone();
        drop(self);
        file.close()
    }

    fn waiting_bytes(&self) -> usize {
        self.spikes.iter().map(Spikes::waiting_bytes).sum::<usize>()
            + self.plateaus.iter().map(Plateaus::waiting_bytes).sum::<usize>()
            + self.events.iter().map(Events::waiting_bytes).sum::<usize>()
            + self.reports.iter().map(Report::waiting_bytes).sum::<usize>()
    }

    fn record(&mut self, presentation: &Presentation<'_>) {
        let (start, observed) = (presentation.start_ms, presentation.observed);
        self.spikes.iter_mut().for_each(|s| s.record(start, observed));
        self.plateaus.iter_mut().for_each(|p| p.record(start, observed));
        self.events.iter_mut().for_each(|e| e.record(start, observed));
        if let Some(samples) = self.reports.iter().map(|r| r.samples(observed)).min() {
            let from = presentation.recorded_from_ms();
            let end = observed.phases_ms.iter().fold(from, |end, length| end + length);
            let taken = self.grid.accept(from, end, samples);
            let times = self.grid.times();
            self.reports.iter_mut().for_each(|r| r.record(observed, taken, times));
        }
    }
}

impl RunFile {
    /// Refuses a run whose texts are longer than a file keeps.
    ///
    /// # Errors
    /// If the text of the model or the command line is.
    pub fn check_texts(model_text: &str, command_line: &str) -> std::result::Result<(), TextTooLong> {
        let texts = [("the text of the model", model_text), ("the command line", command_line)];
        match texts.into_iter().find(|(_, text)| text.len() > attribute::LONGEST_TEXT) {
            Some((what, text)) => Err(TextTooLong { what, found: text.len(), most: attribute::LONGEST_TEXT }),
            None => Ok(()),
        }
    }
}

/// A text that is longer than a file keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{what} takes {found} bytes, and a run file or checkpoint keeps {most} at most; keep long lists in files that the model names: \
     rates and currents as tables, spikes and synapses as lists"
)]
pub struct TextTooLong {
    what: &'static str,
    found: usize,
    most: usize,
}

impl Recorder for RunFile {
    fn watches(&self, kind: PresentationKind, index: u64) -> bool {
        let Datasets { spikes, plateaus, reports, .. } = &self.datasets;
        let keeps_activity = !(spikes.is_empty() && plateaus.is_empty() && reports.is_empty());
        keeps_activity && self.records(kind, index)
    }

    fn sampling(&mut self, kind: PresentationKind, index: u64, start_ms: f64) -> Option<Sampling> {
        if self.datasets.reports.is_empty() || !self.records(kind, index) {
            return None;
        }
        let grid = &mut self.datasets.grid;
        Some(Sampling { first: grid.first_sample(index, start_ms), every: grid.dt() })
    }

    fn presentation(&mut self, presentation: Presentation<'_>) -> Result<(), RecordError> {
        let recorded = self.records(presentation.kind, presentation.index);
        if recorded {
            self.datasets.record(&presentation);
        }
        self.datasets.presentations.push(&presentation, recorded);
        self.since_flush += 1;
        let due = self.since_flush >= FLUSH_PRESENTATIONS || self.datasets.waiting_bytes() >= FLUSH_BYTES;
        if due { self.flush() } else { Ok(()) }
    }

    fn credit(&mut self, credit: &Credit) -> Result<(), RecordError> {
        self.datasets.credit.iter_mut().for_each(|credits| credits.push(credit));
        Ok(())
    }

    fn weights(&mut self, examples_seen: u64, label: Option<&str>, network: &Network) -> Result<(), RecordError> {
        let written = self.datasets.parameters.offer(examples_seen, label, network);
        if written.map_err(|e| place::failed("cannot write", self.part.path(), e))? { self.flush() } else { Ok(()) }
    }

    fn changed(&mut self, at_ms: f64, what: &str) -> Result<(), RecordError> {
        self.datasets.changes.push((at_ms, what.to_owned()));
        Ok(())
    }

    fn evaluation(&mut self, evaluation: &Evaluation) -> Result<(), RecordError> {
        self.datasets.learning.push(evaluation);
        self.flush()
    }
}

/// `/events`, where a population whose spikes are recorded has such.
fn create_events(file: &File, model: &Model, planned: &Planned) -> Result<Vec<Events>> {
    let of = |id: &&PopulationId| !model.population(**id).cell.dynamics().mark_kinds().is_empty();
    let populations: Vec<_> = model.recording.spikes.iter().filter(of).collect();
    if populations.is_empty() {
        return Ok(Vec::new());
    }
    let group = file.create_group("events")?;
    let events = populations.into_iter().map(|&id| Events::create(&group, model, id, planned));
    Ok(events.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
}

/// The times of a continuous run that are recorded from its beginning on [ms].
fn continuously_recorded(model: &Model) -> Vec<Range<f64>> {
    let times = |run: &ContinuousProtocol| model.recording.recorded_times(run.warmup..run.end_ms());
    model.protocol.continuous().map(times).unwrap_or_default()
}
