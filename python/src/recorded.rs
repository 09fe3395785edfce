//! Run files, read back.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use apical::model::{Model as Description, PopulationId};
use apical::protocol::PhaseName;
use apical::record::hdf5::{Contents, PresentationRow, RunReader, Summary, export_nwb, read_bias_snapshot};
use apical::record::{PresentationKind, RecordError};
use numpy::{Ix1, Ix2, PyArray1, PyArrayMethods, ToPyArray};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::sync::Arc;

use crate::errors::{FileError, raised};
use crate::hints::{NdArray, Table};
use crate::model::Model;
use crate::network::{curve, place};

/// An open run file.
#[pyclass(frozen, module = "apical._native")]
pub(crate) struct RunFile {
    path: PathBuf,
    /// Length and time of the file when it was opened.
    opened: Option<(u64, SystemTime)>,
    pub(crate) model: Arc<Description>,
    /// None once it is closed.
    reader: Mutex<Option<RunReader>>,
}

impl RunFile {
    /// Reads from the file, without the interpreter's lock.
    pub(crate) fn read<R: Send>(
        &self,
        py: Python<'_>,
        read: impl FnOnce(&RunReader) -> Result<R, RecordError> + Send,
    ) -> PyResult<R> {
        let reader = &self.reader;
        let read = py.detach(|| reader.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(read));
        match read {
            Some(read) => read.map_err(raised),
            None => Err(FileError::new_err(format!("{} is closed", self.path.display()))),
        }
    }

    /// Reads from the file by its path, which must be that of the file that was opened.
    pub(crate) fn read_path<R: Send>(
        &self,
        py: Python<'_>,
        read: impl FnOnce(&Path) -> Result<R, RecordError> + Send,
    ) -> PyResult<R> {
        self.check_unchanged()?;
        self.read(py, |_| read(&self.path))
    }

    pub(crate) fn check_population(&self, name: &str) -> PyResult<usize> {
        place("population", name, self.model.populations.iter().map(|population| population.name.as_str()))
    }

    /// The neurons of a population of which spikes are kept, where those of any are.
    pub(crate) fn spiking_neurons(&self, name: &str) -> PyResult<Range<usize>> {
        let place = self.check_population(name)?;
        Ok(self.model.recording.spiking(PopulationId(place), self.model.populations[place].size))
    }

    /// The error of what was not recorded.
    pub(crate) fn missing(&self, what: &str, population: &str) -> PyErr {
        FileError::new_err(format!(
            "{}: {what} of {population:?} were not recorded; name them by `record`, as in record=\"all\"",
            self.path.display()
        ))
    }
}

#[pymethods]
impl RunFile {
    /// Opens a run file.
    #[new]
    fn new(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let opened = py.detach(|| {
            let reader = RunReader::open(&path)?;
            reader.model(&path).map(|model| (reader, model))
        });
        let (reader, model) = opened.map_err(raised)?;
        let opened = length_and_time(&path);
        Ok(Self { path, opened, model: Arc::new(model), reader: Mutex::new(Some(reader)) })
    }

    /// Closes the file.
    fn close(&self) {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Refuses a file that was replaced or written to since it was opened.
    fn check_unchanged(&self) -> PyResult<()> {
        if self.opened == length_and_time(&self.path) {
            return Ok(());
        }
        let file = self.path.display();
        Err(FileError::new_err(format!(
            "{file} is not the file that was opened, which was removed or replaced; open it again"
        )))
    }

    /// The file.
    #[getter(path)]
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The model.
    #[getter]
    fn model(&self) -> Model {
        Model { model: Arc::clone(&self.model) }
    }

    /// Populations of which something is kept under "spikes", "report" (traces), "plateaus", "events" or "biases".
    fn recorded(&self, py: Python<'_>, group: &str) -> PyResult<Vec<String>> {
        self.read(py, |reader| reader.recorded(group))
    }

    /// The first neuron of a population of which spikes are kept, where those of any are, and the one after the last.
    fn spiking(&self, population: &str) -> PyResult<(usize, usize)> {
        self.spiking_neurons(population).map(|kept| (kept.start, kept.end))
    }

    /// Spikes of a population in a span of the run's clock: columns `times_ms` and neurons.
    fn spikes<'py>(&self, py: Python<'py>, population: &str, from_ms: f64, to_ms: f64) -> PyResult<Table<'py>> {
        self.check_population(population)?;
        let spikes = self.read(py, |reader| reader.spikes(population, from_ms..to_ms))?;
        let spikes = spikes.ok_or_else(|| self.missing("spikes", population))?;
        let columns = PyDict::new(py);
        columns.set_item("times_ms", PyArray1::from_vec(py, spikes.times))?;
        columns.set_item("neurons", signed(py, spikes.neurons))?;
        Ok(columns.into())
    }

    /// Plateaus of a population in a span of the run's clock: columns `times_ms`, neurons, alpha and phase (0 forward, 1 target).
    fn plateaus<'py>(&self, py: Python<'py>, population: &str, from_ms: f64, to_ms: f64) -> PyResult<Table<'py>> {
        self.check_population(population)?;
        let plateaus = self.read(py, |reader| reader.plateaus(population, from_ms..to_ms))?;
        let plateaus = plateaus.ok_or_else(|| self.missing("plateaus", population))?;
        let columns = PyDict::new(py);
        let phases: Vec<u8> = plateaus.phases.iter().map(|&phase| u8::from(phase == PhaseName::Target)).collect();
        columns.set_item("times_ms", PyArray1::from_vec(py, plateaus.times))?;
        columns.set_item("neurons", signed(py, plateaus.neurons))?;
        columns.set_item("alpha", PyArray1::from_vec(py, plateaus.alpha))?;
        columns.set_item("phase", PyArray1::from_vec(py, phases))?;
        Ok(columns.into())
    }

    /// Kinds of events with a beginning and an end that were recorded of a population.
    fn event_kinds(&self, py: Python<'_>, population: &str) -> PyResult<Vec<String>> {
        self.check_population(population)?;
        self.read(py, |reader| reader.event_kinds(population))
    }

    /// Events of one kind of a population of which a part lies in a span of the run's clock: columns `start_ms`, `stop_ms`, neurons
    /// and compartments.
    fn events<'py>(
        &self,
        py: Python<'py>,
        population: &str,
        kind: &str,
        from_ms: f64,
        to_ms: f64,
    ) -> PyResult<Table<'py>> {
        self.check_population(population)?;
        let read = |reader: &RunReader| {
            Ok((reader.event_kinds(population)?, reader.events(population, kind, from_ms..to_ms)?))
        };
        let (kinds, events) = self.read(py, read)?;
        if kinds.is_empty() {
            let file = self.path.display();
            return Err(FileError::new_err(format!(
                "{file}: no events of {population:?} were recorded: cells of kind \"compartments\" have some, and they are recorded \
                 with the spikes of these"
            )));
        }
        place(&format!("kind of event of {population:?},"), kind, kinds.iter().map(String::as_str))?;
        let events = events.unwrap_or_default();
        let columns = PyDict::new(py);
        let compartments = events.compartments.into_iter().map(i64::from).collect();
        columns.set_item("start_ms", PyArray1::from_vec(py, events.start))?;
        columns.set_item("stop_ms", PyArray1::from_vec(py, events.stop))?;
        columns.set_item("neurons", signed(py, events.neurons))?;
        columns.set_item("compartments", PyArray1::<i64>::from_vec(py, compartments))?;
        Ok(columns.into())
    }

    /// Traces of neurons of a population in a span of the run's clock, a block for each unbroken stretch: `start_ms`, `dt_ms`,
    /// neurons and elements of the columns, and values [samples, columns].
    fn traces<'py>(
        &self,
        py: Python<'py>,
        population: &str,
        neurons: (usize, usize),
        from_ms: f64,
        to_ms: f64,
    ) -> PyResult<Vec<Table<'py>>> {
        self.check_population(population)?;
        let blocks = self.read(py, |reader| reader.traces(population, neurons.0..neurons.1, from_ms..to_ms))?;
        let blocks = blocks.ok_or_else(|| self.missing("traces", population))?;
        let columns = blocks.into_iter().map(|block| {
            let columns = PyDict::new(py);
            let (neurons, elements): (Vec<u64>, Vec<u32>) = block.columns.iter().copied().unzip();
            let width = block.columns.len();
            columns.set_item("start_ms", block.start_ms)?;
            columns.set_item("dt_ms", block.dt_ms)?;
            columns.set_item("neurons", signed(py, neurons))?;
            columns.set_item("elements", PyArray1::from_vec(py, elements))?;
            let samples = block.values.len().checked_div(width).unwrap_or(0);
            columns.set_item("values", PyArray1::from_vec(py, block.values).reshape([samples, width])?)?;
            Ok(columns.into())
        });
        columns.collect()
    }

    /// The table of presentations.
    fn presentations<'py>(&self, py: Python<'py>) -> PyResult<Table<'py>> {
        let rows = self.read(py, RunReader::presentations)?;
        let columns = PyDict::new(py);
        let times = |of: fn(&PresentationRow) -> f64| rows.iter().map(of).collect::<Vec<_>>().to_pyarray(py);
        let numbers = |of: fn(&PresentationRow) -> i64| rows.iter().map(of).collect::<Vec<_>>().to_pyarray(py);
        let flags = |of: fn(&PresentationRow) -> bool| rows.iter().map(of).collect::<Vec<_>>().to_pyarray(py);
        let kinds = rows.iter().map(|row| if row.kind == PresentationKind::Train { "train" } else { "test" });
        columns.set_item("kind", kinds.collect::<Vec<_>>())?;
        columns.set_item("index", numbers(|row| row.index.cast_signed()))?;
        columns.set_item("image", numbers(|row| i64::from(row.image)))?;
        columns.set_item("label", numbers(|row| row.label.map_or(-1, i64::from)))?;
        columns.set_item("decoded", numbers(|row| i64::from(row.decoded)))?;
        columns.set_item("start_ms", times(|row| row.start_ms))?;
        columns.set_item("forward_end_ms", times(|row| row.forward_end_ms))?;
        columns.set_item("target_end_ms", times(|row| row.target_end_ms.unwrap_or(f64::NAN)))?;
        columns.set_item("recorded", flags(|row| row.recorded))?;
        Ok(columns.into())
    }

    /// The learning curve.
    fn curve<'py>(&self, py: Python<'py>) -> PyResult<Table<'py>> {
        curve(py, &self.read(py, RunReader::learning)?)
    }

    /// Weights of a projection with dense synapses in a snapshot, [post, pre].
    fn weights<'py>(&self, py: Python<'py>, projection: &str, snapshot: &str) -> PyResult<NdArray<'py, f32, Ix2>> {
        let (values, post, pre) = self.read(py, |reader| reader.weights(projection, snapshot))?;
        Ok(PyArray1::from_vec(py, values).reshape([post, pre])?.into())
    }

    /// Biases of a population in a snapshot, [n].
    fn biases<'py>(&self, py: Python<'py>, population: &str, snapshot: &str) -> PyResult<NdArray<'py, f32, Ix1>> {
        let biases = self.read_path(py, |path| read_bias_snapshot(path, population, snapshot))?;
        Ok(PyArray1::from_vec(py, biases).into())
    }

    /// Seed, command, digest of the data and versions; and the snapshots of the weights of each projection.
    fn provenance<'py>(&self, py: Python<'py>) -> PyResult<Table<'py>> {
        let summary = self.read_path(py, Summary::read)?;
        let table = PyDict::new(py);
        table.set_item("seed", summary.seed)?;
        table.set_item("edited", summary.edited)?;
        if let Contents::Run { provenance, .. } = &summary.contents {
            table.set_item("apical_version", &provenance.apical_version)?;
            table.set_item("git_commit", &provenance.git_commit)?;
            table.set_item("command_line", &provenance.command_line)?;
            table.set_item("data_sha256", &provenance.data_sha256)?;
            table.set_item("start_time", &provenance.start_time)?;
            table.set_item("kind", &provenance.kind)?;
        }
        let snapshots = PyDict::new(py);
        for of in &summary.weights {
            snapshots.set_item(&of.projection, &of.snapshots)?;
        }
        table.set_item("snapshots", snapshots)?;
        Ok(table.into())
    }

    /// Writes the run as an NWB file.
    fn export_nwb(&self, py: Python<'_>, to: PathBuf) -> PyResult<()> {
        let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        self.read_path(py, |path| export_nwb(path, &to, &now))
    }
}

/// Whether a file is a checkpoint; the error of a file that is neither a checkpoint nor a run file says what it is.
#[pyfunction]
pub(crate) fn holds_checkpoint(py: Python<'_>, path: PathBuf) -> PyResult<bool> {
    py.detach(|| match apical::record::hdf5::holds_checkpoint(&path) {
        Ok(()) => Ok(true),
        Err(_) => RunReader::open(&path).map(|_| false),
    })
    .map_err(raised)
}

/// The length of a file, and when it was written to last.
fn length_and_time(path: &Path) -> Option<(u64, SystemTime)> {
    let of = std::fs::metadata(path).ok()?;
    Some((of.len(), of.modified().ok()?))
}

/// Numbers of neurons, which stay below 2^63, as numpy indexes by them.
fn signed(py: Python<'_>, neurons: Vec<u64>) -> Bound<'_, PyArray1<i64>> {
    PyArray1::from_vec(py, neurons.into_iter().map(u64::cast_signed).collect())
}
