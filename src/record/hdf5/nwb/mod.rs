//! A run as Neurodata Without Borders 2, for pynwb, neo and elephant.
//!
//! | object | type of NWB | holds |
//! |---|---|---|
//! | `/units` | Units | a row for each neuron of a population whose spikes were recorded: `population`, `neuron`, `spike_times` \[s\], `obs_intervals` \[s\] |
//! | `/intervals/trials` | `TimeIntervals` | a row for each presentation: `start_time`, `stop_time`, `forward_stop_time` \[s\], `kind`, `image`, `label` (−1: none), `decoded`, `recorded` |
//! | `/intervals/plateaus_POP` | `TimeIntervals` | a row for each phase: the time its plateaus were averaged over \[s\], `phase`, `time` \[neurons\] \[s\], `alpha` \[neurons\] |
//! | `/acquisition/POP_COMPARTMENT` | `TimeSeries` | potentials \[samples, neurons\], dimensionless |
//! | `/general/notes`, `/general/subject` | text, Subject | provenance and model; that no animal is behind it |
//!
//! Times are in s on the run's clock, whose zero is the start of the session. Identifiers of objects are made from the
//! run, so that the same run gives the same file but for its date.

mod object;
mod table;

use std::path::Path;

use hdf5::{File, Group, Result};
use ndarray::{Array2, ArrayView2, Axis};

use self::object::Maker;
use self::table::Table;
use super::place::Part;
use super::presentation::PresentationRow;
use super::reader::RunReader;
use super::summary::Summary;
use super::{Kind, RecordError, attribute, place};
use crate::engine::Phase;
use crate::model::{Model, Neuron};

/// The version of the NWB schema that is followed.
const NWB_VERSION: &str = "2.7.0";

/// Writes a run file as NWB; `now` is the date of the file, RFC 3339.
///
/// # Errors
/// If the run file cannot be read or the other not written.
pub fn export_nwb(run: &Path, to: &Path, now: &str) -> std::result::Result<(), RecordError> {
    let (reader, summary) = (RunReader::open(run)?, Summary::read(run)?);
    let export = Export { model: reader.model(run)?, rows: reader.presentations()?, reader, summary };
    let part = Part::reserve(to)?;
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
    fn write(&self, part: &Part, now: &str) -> std::result::Result<(), RecordError> {
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
        self.trials(&intervals, &maker)?;
        for population in self.reader.recorded("plateaus")? {
            self.plateaus(&intervals, &maker, &population)?;
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
        object::text(&subject, "sex", "U")
    }

    /// Potentials of a population, one series for each compartment.
    fn traces(&self, acquisition: &Group, maker: &Maker, name: &str) -> std::result::Result<(), Trouble> {
        let Some(block) = self.reader.traces(name, 0..usize::MAX, f64::MIN..f64::MAX)? else { return Ok(()) };
        let width = block.columns.len();
        let all = ArrayView2::from_shape((block.values.len() / width.max(1), width), &block.values)
            .map_err(|e| hdf5::Error::from(e.to_string()))?;
        for (element, compartment) in self.compartments(name).into_iter().enumerate() {
            let own: Vec<usize> = (0..width).filter(|&c| block.columns[c].1 == element as u32).collect();
            if own.is_empty() || all.is_empty() {
                continue;
            }
            let series = acquisition.create_group(&format!("{name}_{compartment}"))?;
            maker.mark(&series, "core", "TimeSeries")?;
            let what = format!("potential of the {compartment} of {name}, a column for each neuron in order");
            attribute::put_text(&series, "description", &what)?;
            attribute::put_text(&series, "comments", "sampled from the closed form, exact at every sample")?;
            // HDF5 wants rows one after the other, which a selection of columns does not keep.
            let values: Array2<f32> = all.select(Axis(1), &own).as_standard_layout().into_owned();
            let data = series.new_dataset_builder().with_data(&values).create("data")?;
            attribute::put_text(&data, "unit", "dimensionless")?;
            for (key, value) in [("conversion", 1.0_f32), ("offset", 0.0), ("resolution", -1.0)] {
                attribute::put(&data, key, &value)?;
            }
            let start = series.new_dataset::<f64>().create("starting_time")?;
            start.write_scalar(&seconds(block.start_ms))?;
            attribute::put(&start, "rate", &((1e3 / block.dt_ms) as f32))?;
            attribute::put_text(&start, "unit", "seconds")?;
        }
        Ok(())
    }

    /// Names of the elements of a population, as the run file counts them.
    fn compartments(&self, name: &str) -> Vec<&'static str> {
        match self.model.populations.iter().find(|population| population.name == name).map(|p| &p.neuron) {
            Some(Neuron::Pyramidal(_)) => vec!["soma", "basal", "apical"],
            Some(Neuron::Output(_)) => vec!["soma", "dendrite"],
            Some(Neuron::Poisson(_)) | None => Vec::new(),
        }
    }

    fn trials(&self, intervals: &Group, maker: &Maker) -> Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let times =
            |value: fn(&PresentationRow) -> f64| self.rows.iter().map(|row| seconds(value(row))).collect::<Vec<_>>();
        let numbers = |value: fn(&PresentationRow) -> i64| self.rows.iter().map(value).collect::<Vec<_>>();
        let kinds: Vec<_> =
            self.rows.iter().map(|row| if row.kind == Kind::Train { "train" } else { "test" }).collect();
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
        let phase = |&(_, &phase): &(f64, &Phase)| if phase == Phase::Forward { "forward" } else { "target" };
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
    fn averaged(&self, time: f64, phase: Phase) -> (f64, f64) {
        let row = PresentationRow::at(&self.rows, time);
        let [start, stop] = row.map_or([time; 2], |row| row.averaging(&self.model.protocol, phase));
        (seconds(start), seconds(stop))
    }

    fn units(&self, file: &File, maker: &Maker) -> std::result::Result<(), Trouble> {
        let names = self.reader.recorded("spikes")?;
        let (mut times, mut ends, mut neurons, mut populations) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for name in &names {
            let Some(list) = self.reader.spikes(name, f64::MIN..f64::MAX)? else { continue };
            let mut trains = vec![Vec::new(); list.size];
            list.neurons
                .iter()
                .zip(&list.times)
                .for_each(|(&neuron, &time)| trains[neuron as usize].push(seconds(time)));
            for (neuron, train) in trains.into_iter().enumerate() {
                times.extend(train);
                ends.push(times.len() as u64);
                neurons.push((neuron as u64).cast_signed());
                populations.push(name.as_str());
            }
        }
        let observed = self.observed();
        if neurons.is_empty() || observed.is_empty() {
            return Ok(());
        }
        let all =
            Array2::from_shape_fn((neurons.len() * observed.len(), 2), |(i, end)| observed[i % observed.len()][end]);
        let observed_ends: Vec<u64> = (1..=neurons.len()).map(|unit| (unit * observed.len()) as u64).collect();
        let mut table =
            Table::create(maker, file, "units", ("Units", "neurons whose spikes were recorded"), neurons.len())?;
        table.ragged("spike_times", "times of spikes [s]", &ndarray::Array1::from(times), &ends)?;
        table.ragged("obs_intervals", "stretches of the run that were recorded [s]", &all, &observed_ends)?;
        table.texts("population", "population of the neuron", &populations)?;
        table.column("neuron", "neuron of its population", &neurons)?;
        Ok(table.finish()?)
    }

    /// Unbroken stretches of recorded presentations, start and end [s].
    fn observed(&self) -> Vec<[f64; 2]> {
        let mut found: Vec<[f64; 2]> = Vec::new();
        for row in self.rows.iter().filter(|row| row.recorded) {
            let (start, end) = (seconds(row.start_ms), seconds(row.end_ms()));
            match found.last_mut().filter(|last| (last[1] - start).abs() < 1e-9) {
                Some(last) => last[1] = end,
                None => found.push([start, end]),
            }
        }
        found
    }
}

fn seconds(ms: f64) -> f64 {
    ms / 1e3
}
