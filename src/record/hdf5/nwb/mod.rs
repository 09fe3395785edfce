//! A run as Neurodata Without Borders 2, for pynwb, neo and elephant.
//!
//! | object | type of NWB | holds |
//! |---|---|---|
//! | `/units` | Units | a row for each neuron of a population whose spikes were recorded, in each stretch: `population`, `neuron`, `spike_times` \[s\], `obs_intervals` \[s\], `segment`, `block`, `_name` |
//! | `/intervals/epochs` | `TimeIntervals` | a row for each phase recorded: `start_time`, `stop_time` \[s\], `tags` (the label shown), `segment`, `block`, `_name` |
//! | `/intervals/trials` | `TimeIntervals` | a row for each presentation: `start_time`, `stop_time`, `forward_stop_time` \[s\], `kind`, `image`, `label` (−1: none), `decoded`, `recorded` |
//! | `/intervals/plateaus_POP` | `TimeIntervals` | a row for each phase: the time its plateaus were averaged over \[s\], `phase`, `time` \[neurons\] \[s\], `alpha` \[neurons\] |
//! | `/intervals/events_POP_KIND` | `TimeIntervals` | a row for each event of a KIND (`plateau`, `dendritic_spike`, `bap`, `burst`) of the population, by its beginning: `start_time`, `stop_time` \[s\], `neuron`, `compartment` (its name) |
//! | `/acquisition/POP_COMPARTMENT` | `TimeSeries` | potentials \[samples, neurons\], dimensionless; those of the second stretch in `POP_COMPARTMENT_2` and so on |
//! | `/general/notes`, `/general/subject` | text, Subject | provenance and model; that no animal is behind it |
//!
//! A stretch is of recorded presentations without a gap between, or a recorded time of a continuous run, which has neither epochs
//! nor trials. In Neo it is a segment, as `segment` and `block` (and the
//! comments of a series) tell it, and spike trains and epochs have the names in `_name`; Neo reads no unit that was observed in
//! several stretches.
//!
//! Times are in s on the run's clock, whose zero is the start of the session. Identifiers of objects are made from the
//! run, so that the same run gives the same file but for its date.

mod events;
mod object;
mod series;
mod table;

use std::path::Path;

use hdf5::{File, Group, Result};
use ndarray::{Array2, ArrayView2};

use self::object::Maker;
use self::table::Table;
use super::attribute::variable as attribute;
use super::place::ReservedFile;
use super::presentation::PresentationRow;
use super::reader::RunReader;
use super::summary::Summary;
use super::{PresentationKind, RecordError, place};
use crate::cells::CompartmentInfo;
use crate::model::{Model, PopulationId};
use crate::protocol::PhaseName;
use crate::units::Rounded;

/// The version of the NWB schema that is followed.
const NWB_VERSION: &str = "2.7.0";

/// Writes a run file as NWB; `now` is the date of the file, RFC 3339.
///
/// # Errors
/// If the run file cannot be read or the other not written.
pub fn export_nwb(run: &Path, to: &Path, now: &str) -> std::result::Result<(), RecordError> {
    let (reader, summary) = (RunReader::open(run)?, Summary::read(run)?);
    let rows = reader.presentations()?;
    let model = reader.model(run)?;
    let stretch = |rows| {
        if model.protocol.continuous().is_some() { RecordedSegment::of_times(rows) } else { RecordedSegment::of(rows) }
    };
    let stretches = PresentationRow::stretches(&rows).into_iter().map(stretch).collect();
    let export = Export { reader, summary, model, rows, stretches };
    let part = ReservedFile::reserve(to)?;
    match export.write(&part, now) {
        Ok(()) => part.complete(),
        Err(error) => {
            part.abandon();
            Err(error)
        }
    }
}

struct Export {
    reader: RunReader,
    summary: Summary,
    model: Model,
    rows: Vec<PresentationRow>,
    stretches: Vec<RecordedSegment>,
}

/// Recorded presentations without a gap between.
struct RecordedSegment {
    /// What Neo calls its segment.
    name: String,
    /// Start and end [s].
    span: [f64; 2],
    rows: Vec<PresentationRow>,
}

impl RecordedSegment {
    fn of(rows: &[PresentationRow]) -> Self {
        let [first, last] = [&rows[0], &rows[rows.len() - 1]];
        let kind = if first.kind == PresentationKind::Train { "training" } else { "test" };
        let name = format!("{kind} presentations {} to {}", first.index, last.index);
        Self { name, span: [seconds(first.start_ms), seconds(last.end_ms())], rows: rows.to_vec() }
    }

    /// Some time of a continuous run.
    fn of_times(rows: &[PresentationRow]) -> Self {
        let [from, to] = [rows[0].start_ms, rows[rows.len() - 1].end_ms()];
        Self {
            name: format!("{} to {} ms", Rounded(from), Rounded(to)),
            span: [seconds(from), seconds(to)],
            rows: rows.to_vec(),
        }
    }
}

/// What goes wrong on the way: the one file or the other.
enum Trouble {
    Read(RecordError),
    Write(hdf5::Error),
}

impl From<RecordError> for Trouble {
    fn from(error: RecordError) -> Self {
        Self::Read(error)
    }
}

impl From<hdf5::Error> for Trouble {
    fn from(error: hdf5::Error) -> Self {
        Self::Write(error)
    }
}

impl Export {
    fn write(&self, part: &ReservedFile, now: &str) -> std::result::Result<(), RecordError> {
        let written = part.create().map_err(Trouble::from).and_then(|file| {
            self.fill(&file, now)?;
            file.flush()?;
            Ok(file.close()?)
        });
        written.map_err(|trouble| match trouble {
            Trouble::Read(error) => error,
            Trouble::Write(error) => place::failed("cannot write", part.path(), error),
        })
    }

    fn fill(&self, file: &File, now: &str) -> std::result::Result<(), Trouble> {
        let maker = Maker::of(&[&self.summary.name, self.summary.command_line(), self.summary.start_time()]);
        self.root(file, &maker, now)?;
        let acquisition = file.group("acquisition")?;
        for population in self.reader.recorded("report")? {
            self.traces(&acquisition, &maker, &population)?;
        }
        let intervals = file.create_group("intervals")?;
        if self.model.protocol.two_phase().is_some() {
            self.trials(&intervals, &maker)?;
            self.epochs(&intervals, &maker)?;
        }
        for population in self.reader.recorded("plateaus")? {
            self.plateaus(&intervals, &maker, &population)?;
        }
        for population in self.reader.recorded("events")? {
            self.events(&intervals, &maker, &population)?;
        }
        self.units(file, &maker)
    }

    /// What every NWB file has.
    fn root(&self, file: &File, maker: &Maker, now: &str) -> Result<()> {
        maker.mark(file, "core", "NWBFile")?;
        attribute::put_text(file, "nwb_version", NWB_VERSION)?;
        for group in ["acquisition", "analysis", "processing", "stimulus", "general"] {
            file.create_group(group)?;
        }
        file.create_group("stimulus/presentation")?;
        file.create_group("stimulus/templates")?;
        let start = self.summary.start_time();
        let description = format!("simulation of {} by apical", self.summary.name);
        object::text(file, "identifier", &maker.identifier())?;
        object::text(file, "session_description", &description)?;
        object::text(file, "session_start_time", start)?;
        object::text(file, "timestamps_reference_time", start)?;
        object::texts(file, "file_create_date", &[now])?;
        let notes = format!("command: {}\n\n{}", self.summary.command_line(), self.summary.model_text);
        object::text(&file.group("general")?, "notes", &notes)?;
        let subject = file.create_group("general/subject")?;
        maker.mark(&subject, "core", "Subject")?;
        object::text(&subject, "subject_id", &self.summary.name)?;
        object::text(&subject, "description", "a simulated network, no animal")?;
        // Without these nwbinspector finds the file critically incomplete, whatever it is of.
        object::text(&subject, "age", "P0D")?;
        object::text(&subject, "sex", "U")?;
        // And this without violations: of no species is taxon 32644 of NCBI, "unidentified".
        object::text(&subject, "species", "http://purl.obolibrary.org/obo/NCBITaxon_32644")
    }

    /// Phases of recorded presentations.
    fn epochs(&self, intervals: &Group, maker: &Maker) -> Result<()> {
        let (mut starts, mut stops, mut tags) = (Vec::new(), Vec::new(), Vec::new());
        let (mut segments, mut names) = (Vec::new(), Vec::new());
        for stretch in &self.stretches {
            for row in &stretch.rows {
                let target = row.target_end_ms.map(|end| ("target", row.forward_end_ms, end));
                for (phase, start, end) in
                    [Some(("forward", row.start_ms, row.forward_end_ms)), target].into_iter().flatten()
                {
                    starts.push(seconds(start));
                    stops.push(seconds(end));
                    tags.push(row.label.map_or_else(|| "no label".to_owned(), |label| format!("label {label}")));
                    segments.push(stretch.name.as_str());
                    names.push(format!("{phase} phases of {}", stretch.name));
                }
            }
        }
        if starts.is_empty() {
            return Ok(());
        }
        let what = "phases of recorded presentations";
        let mut table = Table::create(maker, intervals, "epochs", ("TimeIntervals", what), starts.len())?;
        table.column("start_time", "start of the phase [s]", &starts)?;
        table.column("stop_time", "its end [s]", &stops)?;
        let ends: Vec<u64> = (1..=tags.len() as u64).collect();
        table.ragged_texts("tags", "label of the image shown", &texts(&tags), &ends)?;
        self.neo(&mut table, &segments, &names)?;
        table.finish()
    }

    /// Columns by which Neo finds segments and names.
    fn neo(&self, table: &mut Table<'_>, segments: &[&str], names: &[String]) -> Result<()> {
        table.texts("segment", "stretch of presentations, a segment in Neo", segments)?;
        table.texts("block", "model, a block in Neo", &vec![self.summary.name.as_str(); segments.len()])?;
        table.texts("_name", "name in Neo", &texts(names))
    }

    /// The elements of a population, as the run file counts them.
    fn compartments(&self, name: &str) -> Vec<CompartmentInfo> {
        let population = self.model.populations.iter().find(|population| population.name == name);
        population.map_or(Vec::new(), |population| population.cell.compartments().to_vec())
    }

    fn trials(&self, intervals: &Group, maker: &Maker) -> Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let times =
            |value: fn(&PresentationRow) -> f64| self.rows.iter().map(|row| seconds(value(row))).collect::<Vec<_>>();
        let numbers = |value: fn(&PresentationRow) -> i64| self.rows.iter().map(value).collect::<Vec<_>>();
        let kinds: Vec<_> =
            self.rows.iter().map(|row| if row.kind == PresentationKind::Train { "train" } else { "test" }).collect();
        let recorded: Vec<bool> = self.rows.iter().map(|row| row.recorded).collect();
        let what = "presentations of stimuli";
        let mut table = Table::create(maker, intervals, "trials", ("TimeIntervals", what), self.rows.len())?;
        table.column("start_time", "start of the presentation [s]", &times(|row| row.start_ms))?;
        table.column("stop_time", "its end [s]", &times(PresentationRow::end_ms))?;
        table.column("forward_stop_time", "end of its forward phase [s]", &times(|row| row.forward_end_ms))?;
        table.texts("kind", "training or test", &kinds)?;
        table.column("image", "index of the image in its set", &numbers(|row| i64::from(row.image)))?;
        table.column("label", "label of the image, -1: none", &numbers(|row| row.label.map_or(-1, i64::from)))?;
        table.column("decoded", "class decoded from the forward phase", &numbers(|row| i64::from(row.decoded)))?;
        table.column("recorded", "whether spikes and plateaus were kept", &recorded)?;
        table.finish()
    }

    /// Plateaus of a population, a row for each phase.
    fn plateaus(&self, intervals: &Group, maker: &Maker, name: &str) -> std::result::Result<(), Trouble> {
        let Some(list) = self.reader.plateaus(name, f64::MIN..f64::MAX)? else { return Ok(()) };
        let size = self.model.populations.iter().find(|population| population.name == name).map_or(0, |p| p.size);
        let first: Vec<_> = list.times.iter().copied().zip(&list.phases).step_by(size.max(1)).collect();
        if first.is_empty() {
            return Ok(());
        }
        let misshapen = |e: ndarray::ShapeError| hdf5::Error::from(e.to_string());
        let times: Vec<f64> = list.times.iter().map(|&time| seconds(time)).collect();
        let times = ArrayView2::from_shape((first.len(), size), &times).map_err(misshapen)?;
        let alpha = ArrayView2::from_shape((first.len(), size), &list.alpha).map_err(misshapen)?;
        let averaged: Vec<_> = first.iter().map(|&(time, &phase)| self.averaged(time, phase)).collect();
        let (starts, stops): (Vec<_>, Vec<_>) = averaged.into_iter().unzip();
        let phase = |&(_, &phase): &(f64, &PhaseName)| if phase == PhaseName::Forward { "forward" } else { "target" };
        let phases: Vec<_> = first.iter().map(phase).collect();
        let what = format!("plateau potentials of {name} at the ends of phases, with the time they are averaged over");
        let mut table =
            Table::create(maker, intervals, &format!("plateaus_{name}"), ("TimeIntervals", &what), first.len())?;
        table.column("start_time", "start of averaging [s]", &starts)?;
        table.column("stop_time", "end of the phase [s]", &stops)?;
        table.texts("phase", "the phase that ended", &phases)?;
        table.rows("time", "when the plateau of each neuron happened, where its mean ends [s]", &times)?;
        table.rows("alpha", "sigmoid of the mean apical potential of each neuron, 0 to 1", &alpha)?;
        Ok(table.finish()?)
    }

    /// Start and end [s] of what is averaged of the phase in which a plateau happened at `time` [ms].
    fn averaged(&self, time: f64, phase: PhaseName) -> (f64, f64) {
        let row = PresentationRow::at(&self.rows, time);
        let [start, stop] = row.map_or([time; 2], |row| row.averaging(&self.model.phases(), phase));
        (seconds(start), seconds(stop))
    }

    fn units(&self, file: &File, maker: &Maker) -> std::result::Result<(), Trouble> {
        let (mut times, mut ends, mut neurons, mut populations) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (mut observed, mut segments, mut names) = (Vec::new(), Vec::new(), Vec::new());
        for name in &self.reader.recorded("spikes")? {
            let Some(list) = self.reader.spikes(name, f64::MIN..f64::MAX)? else { continue };
            let population = self.model.populations.iter().find(|p| p.name == *name).map_or("", |p| &p.name);
            let mut spikes = list.times.iter().zip(&list.neurons).peekable();
            for (i, stretch) in self.stretches.iter().enumerate() {
                let next = self.stretches.get(i + 1).map_or(f64::MAX, |next| next.span[0]);
                let mut trains = vec![Vec::new(); list.size];
                while let Some((&time, &neuron)) = spikes.next_if(|(time, _)| seconds(**time) < next) {
                    // The sum that makes a time may round to beyond the end.
                    trains[neuron as usize].push(seconds(time).min(stretch.span[1]));
                }
                let id = self.model.populations.iter().position(|p| p.name == *name).map(PopulationId);
                let kept = id.map_or(0..list.size, |id| self.model.recording.spiking(id, list.size));
                for (neuron, train) in trains.into_iter().enumerate().filter(|(neuron, _)| kept.contains(neuron)) {
                    times.extend(train);
                    ends.push(times.len() as u64);
                    neurons.push((neuron as u64).cast_signed());
                    populations.push(population);
                    observed.extend(stretch.span);
                    segments.push(stretch.name.as_str());
                    names.push(format!("{name} {neuron}"));
                }
            }
        }
        if neurons.is_empty() {
            return Ok(());
        }
        let observed =
            Array2::from_shape_vec((neurons.len(), 2), observed).map_err(|e| hdf5::Error::from(e.to_string()))?;
        let observed_ends: Vec<u64> = (1..=neurons.len() as u64).collect();
        let what = "neurons whose spikes were recorded, in each stretch of presentations";
        let mut table = Table::create(maker, file, "units", ("Units", what), neurons.len())?;
        // Times are exact but for the precision of a double, coarsest at the end.
        let last = observed.iter().copied().fold(1.0, f64::max);
        table.ragged("spike_times", "times of spikes [s]", &ndarray::Array1::from(times), &ends)?;
        table.note("spike_times", "resolution", last.next_up() - last)?;
        table.ragged("obs_intervals", "the stretch of the run that was recorded [s]", &observed, &observed_ends)?;
        table.texts("population", "population of the neuron", &populations)?;
        table.column("neuron", "neuron of its population", &neurons)?;
        self.neo(&mut table, &segments, &names)?;
        Ok(table.finish()?)
    }
}

fn texts(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

fn seconds(ms: f64) -> f64 {
    ms / 1e3
}
