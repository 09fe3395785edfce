//! A file of ours as it is read: what is missing or strange is said in plain words.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use hdf5::types::TypeDescriptor;
use hdf5::{Dataset, File, H5Type};
use ndarray::s;

use super::heap::Heap;
use super::report::stretch_name;
use super::tables::LearningTable;
use super::{Evaluation, RecordError, attribute, digest, place};
use crate::data::DataPlace;
use crate::model::{Model, ModelError, Registry};

/// Rows and columns of a matrix.
pub(super) type Block = ndarray::SliceInfo<[ndarray::SliceInfoElem; 2], ndarray::Ix2, ndarray::Ix2>;

/// The attribute `format` of run files.
pub(super) const RUN_FORMAT: &str = "apical run 2";

/// The attribute `format` of checkpoints.
pub(super) const CHECKPOINT_FORMAT: &str = "apical checkpoint 2";

/// How many times smaller than what it holds a dataset that is deflated can be, at most.
const DEFLATED: u64 = 1100;

/// Which of our files one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Run,
    Checkpoint,
}

/// An open file.
#[derive(Debug)]
pub(super) struct OpenFile {
    file: File,
    path: PathBuf,
    heap: Heap,
    /// Values read from datasets, with those of the same chunks.
    read: AtomicU64,
    pub(super) format: Format,
    /// Whether it is of a version that keeps digests of its content; those of version 0.1 have none.
    pub(super) has_digests: bool,
}

impl OpenFile {
    /// Opens a run file or a checkpoint.
    ///
    /// # Errors
    /// If it is neither, or a checkpoint of another version.
    pub(super) fn open(path: &Path) -> Result<Self, RecordError> {
        let other = Self::any(path)?;
        let (format, has_digests) =
            format(&other.file, &other.heap).map_err(|problem| place::content(path, problem))?;
        Ok(Self { format, has_digests, ..other })
    }

    /// Opens any HDF5 file, as one of another program, whose format nobody asks for.
    pub(super) fn any(path: &Path) -> Result<Self, RecordError> {
        if let Some(found) = place::not_a_file(path) {
            return Err(place::content(path, format!("is {found}, expected a run file or checkpoint")));
        }
        // In the words of the file system, which HDF5 buries.
        std::fs::File::open(path).map_err(|e| place::failed("cannot read", path, e))?;
        let file = File::open(path).map_err(|e| {
            let cause = e.to_string();
            // A file that HDF5 knows but cannot lock is being written.
            let locked = cause.contains("unable to lock file");
            let problem = if locked {
                "is locked: a run or another program writes it"
            } else {
                "is not an HDF5 file, or is damaged"
            };
            place::content(path, format!("{problem} ({cause})"))
        })?;
        let (format, heap, read) = (Format::Run, Heap::of(path), AtomicU64::new(0));
        Ok(Self { file, path: path.to_owned(), heap, read, format, has_digests: false })
    }

    /// What differs from when the file was completed, a line for each object.
    pub(super) fn differences(&self) -> Result<Vec<String>, RecordError> {
        match digest::differences(&self.file, &self.heap)
            .map_err(|e| self.problem(format!("its digests cannot be read ({e})")))?
        {
            Some(differ) => Ok(differ),
            None if self.has_digests => {
                Ok(vec!["/content_sha256: is missing, as where a file was not completed".to_owned()])
            }
            None => Ok(Vec::new()),
        }
    }

    /// An error about the content of this file.
    pub(super) fn problem(&self, problem: impl Into<String>) -> RecordError {
        place::content(&self.path, problem)
    }

    /// Whether there is such a group or dataset.
    pub(super) fn has(&self, name: &str) -> bool {
        let parents = name.match_indices('/').map(|(end, _)| &name[..end]);
        parents.chain([name]).all(|part| self.file.link_exists(part))
    }

    /// Names of the members of a group, sorted; none if there is no such group.
    pub(super) fn members(&self, group: &str) -> Result<Vec<String>, RecordError> {
        if !self.has(group) {
            return Ok(Vec::new());
        }
        let names = self.file.group(group).and_then(|g| g.member_names());
        let mut names = names.map_err(|e| self.unreadable(group, &e))?;
        names.sort();
        Ok(names)
    }

    /// The reports of a population, one for each stretch of its traces, in order of time.
    pub(super) fn reports(&self, population: &str) -> Vec<String> {
        let name = |stretch| format!("report/{}", stretch_name(population, stretch));
        (0..usize::MAX).map(name).take_while(|report| self.has(report)).collect()
    }

    /// Values of a dataset in row-major order.
    pub(super) fn values<T: H5Type>(&self, name: &str) -> Result<Vec<T>, RecordError> {
        let read = self.held(name)?.read_raw();
        read.inspect(|values| self.count(values.len())).map_err(|e| self.unreadable(name, &e))
    }

    fn count(&self, values: usize) {
        self.read.fetch_add(values as u64, Ordering::Relaxed);
    }

    /// Number of values read from datasets so far, those of whole chunks included.
    pub(super) fn values_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Values of a dataset that must be of this very type.
    pub(super) fn values_of<T: H5Type>(&self, name: &str) -> Result<Vec<T>, RecordError> {
        self.of_type::<T>(name)?;
        self.values(name)
    }

    /// Values of a dataset of an enumeration. They are read as numbers: a damaged file holds others than those it names.
    pub(super) fn codes<T: H5Type + TryFrom<u8>>(&self, name: &str) -> Result<Vec<T>, RecordError> {
        self.known(name, self.values(name)?)
    }

    /// Some rows of the same.
    pub(super) fn code_rows<T: H5Type + TryFrom<u8>>(
        &self,
        name: &str,
        rows: Range<usize>,
    ) -> Result<Vec<T>, RecordError> {
        self.known(name, self.rows(name, rows)?)
    }

    fn known<T: H5Type + TryFrom<u8>>(&self, name: &str, codes: Vec<u8>) -> Result<Vec<T>, RecordError> {
        self.of_type::<T>(name)?;
        let unknown = |code| self.problem(format!("`{name}` holds {code}, which stands for nothing"));
        codes.into_iter().map(|code| T::try_from(code).map_err(|_| unknown(code))).collect()
    }

    /// Number of rows of a list.
    pub(super) fn length(&self, name: &str) -> Result<usize, RecordError> {
        match self.shape(name)?[..] {
            [length] => Ok(length),
            _ => Err(self.problem(format!("`{name}` is not a list"))),
        }
    }

    /// Some rows of a list.
    pub(super) fn rows<T: H5Type>(&self, name: &str, rows: Range<usize>) -> Result<Vec<T>, RecordError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let read = self.held(name)?.read_slice_1d::<T, _>(s![rows]).inspect(|values| self.count(values.len()));
        read.map(|values| values.into_iter().collect()).map_err(|e| self.unreadable(name, &e))
    }

    /// The first row of a sorted list whose time is not `before` [ms]: by bisection, so that the rows between are not read.
    pub(super) fn first_not(&self, name: &str, before: impl Fn(f64) -> bool) -> Result<usize, RecordError> {
        let (mut low, mut high) = (0, self.length(name)?);
        while low < high {
            let middle = low + (high - low) / 2;
            let time = self.rows::<f64>(name, middle..middle + 1)?;
            if time.iter().all(|&time| before(time)) { low = middle + 1 } else { high = middle }
        }
        Ok(low)
    }

    /// Values of a block of a matrix, row by row.
    pub(super) fn block<T: H5Type>(&self, name: &str, block: Block) -> Result<Vec<T>, RecordError> {
        let held = self.held(name)?;
        let read = held.read_slice_2d::<T, _>(block).map_err(|e| self.unreadable(name, &e))?;
        // A chunk has whole rows.
        self.count(if held.is_chunked() { read.nrows() * held.shape()[1] } else { read.len() });
        Ok(read.into_iter().collect())
    }

    /// Shape of a dataset.
    pub(super) fn shape(&self, name: &str) -> Result<Vec<usize>, RecordError> {
        Ok(self.dataset(name)?.shape())
    }

    /// Type of the elements of a dataset.
    pub(super) fn descriptor(&self, name: &str) -> Result<TypeDescriptor, RecordError> {
        let found = self.dataset(name)?.dtype().and_then(|dtype| dtype.to_descriptor());
        found.map_err(|e| self.unreadable(name, &e))
    }

    fn of_type<T: H5Type>(&self, name: &str) -> Result<(), RecordError> {
        let (found, expected) = (self.descriptor(name)?, T::type_descriptor());
        if found == expected {
            return Ok(());
        }
        Err(self.problem(format!("`{name}` is of type {found}, expected {expected}")))
    }

    /// A string attribute of the file.
    pub(super) fn text(&self, name: &str) -> Result<String, RecordError> {
        attribute::get_text(&self.file, name, &self.heap).map_err(|e| self.unreadable(name, &e))
    }

    /// Where the stimuli were; none in files of older versions, and of runs whose stimuli were in the model file.
    pub(super) fn data_source(&self) -> Result<Option<DataPlace>, RecordError> {
        const NAME: &str = "data_source";
        let names = self.file.attr_names().map_err(|e| self.unreadable(NAME, &e))?;
        if names.iter().all(|name| name != NAME) {
            return Ok(None);
        }
        match <[String; 2]>::try_from(self.texts(NAME)?) {
            Ok([named, absolute]) => Ok(Some(DataPlace { named, absolute })),
            Err(found) => Err(self.problem(format!("`{NAME}` has {} texts, expected 2", found.len()))),
        }
    }

    /// The model of a text of the file. Kinds of cell that are not of this library are those that the file describes, and plasticity
    /// rules are of any name.
    pub(super) fn model(&self, text: &str, origin: &str) -> Result<Model, ModelError> {
        let names = self.texts("populations").unwrap_or_default();
        // Files of version 0.1 describe no cells.
        let cells = self.texts("cells").unwrap_or_default();
        let described =
            names.into_iter().zip(cells).filter_map(|(name, text)| Some((name, serde_json::from_str(&text).ok()?)));
        Registry::default().with_descriptions(described.collect()).parse(text, origin, &[])
    }

    /// A list of strings of the file.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<String>, RecordError> {
        attribute::get_texts(&self.file, name, &self.heap).map_err(|e| self.unreadable(name, &e))
    }

    /// A number among the attributes of the file.
    pub(super) fn number<T: H5Type>(&self, name: &str) -> Result<T, RecordError> {
        attribute::get(&self.file, name).map_err(|e| self.unreadable(name, &e))
    }

    /// A number among the attributes of the file, if there is one of that name.
    pub(super) fn optional<T: H5Type>(&self, name: &str) -> Result<Option<T>, RecordError> {
        let names = self.file.attr_names().map_err(|e| self.unreadable(name, &e))?;
        names.iter().any(|found| found == name).then(|| self.number(name)).transpose()
    }

    /// A list among the attributes of the file.
    pub(super) fn list<T: H5Type>(&self, name: &str) -> Result<Vec<T>, RecordError> {
        self.file.attr(name).and_then(|attribute| attribute.read_raw()).map_err(|e| self.unreadable(name, &e))
    }

    /// A number among the attributes of a group or dataset.
    pub(super) fn number_of<T: H5Type>(&self, object: &str, name: &str) -> Result<T, RecordError> {
        let found = match self.file.group(object) {
            Ok(group) => attribute::get(&group, name),
            Err(_) => self.dataset(object).map(|d| attribute::get(&d, name))?,
        };
        found.map_err(|e| self.unreadable(&format!("{object}@{name}"), &e))
    }

    /// A text among the attributes of a dataset.
    pub(super) fn text_of(&self, dataset: &str, name: &str) -> Result<String, RecordError> {
        let found = attribute::get_text(&*self.dataset(dataset)?, name, &self.heap);
        found.map_err(|e| self.unreadable(&format!("{dataset}@{name}"), &e))
    }

    /// Whether what is in it goes back to a checkpoint that was changed after it was written.
    pub(super) fn edited(&self) -> bool {
        self.number::<u8>("edited").is_ok_and(|edited| edited != 0)
    }

    /// The learning curve.
    pub(super) fn curve(&self) -> Result<Vec<Evaluation>, RecordError> {
        let seen: Vec<u64> = self.values("learning/examples_seen")?;
        let mut columns = Vec::new();
        for name in LearningTable::COLUMNS {
            columns.push(self.values::<f64>(&format!("learning/{name}"))?);
        }
        if columns.iter().any(|c| c.len() != seen.len()) {
            return Err(self.problem("the columns of `learning` differ in length"));
        }
        let row = |(i, examples_seen)| {
            let [test_error, train_error, loss, seconds] = [0, 1, 2, 3].map(|c: usize| columns[c][i]);
            Evaluation { examples_seen, test_error, train_error, loss, seconds }
        };
        Ok(seen.into_iter().enumerate().map(row).collect())
    }

    fn dataset(&self, name: &str) -> Result<hdf5::Dataset, RecordError> {
        if !self.has(name) {
            return Err(self.problem(format!("has no `{name}`")));
        }
        digest::own(&self.file, name).and_then(|()| self.file.dataset(name)).map_err(|e| self.unreadable(name, &e))
    }

    /// A dataset that is no larger than what the file holds of it.
    fn held(&self, name: &str) -> Result<hdf5::Dataset, RecordError> {
        let dataset = self.dataset(name)?;
        held(&dataset).map(|()| dataset).map_err(|e| self.unreadable(name, &e))
    }

    fn unreadable(&self, name: &str, cause: &hdf5::Error) -> RecordError {
        self.problem(format!("`{name}` is missing or damaged ({cause})"))
    }
}

/// Looks whether a file is a checkpoint.
///
/// # Errors
/// If it is none, or cannot be read.
pub fn holds_checkpoint(path: &Path) -> Result<(), RecordError> {
    let source = OpenFile::open(path)?;
    if source.format == Format::Checkpoint {
        Ok(())
    } else {
        Err(source.problem("is a run file, expected a checkpoint"))
    }
}

/// Refuses a dataset that claims to be larger than what the file holds of it, before anything is allocated for it.
pub(super) fn held(dataset: &Dataset) -> hdf5::Result<()> {
    let shape = dataset.shape();
    let sizes = shape.iter().map(|&size| size as u64).chain([dataset.dtype()?.size() as u64]);
    let claimed = sizes.clone().try_fold(1, u64::checked_mul);
    let stored = dataset.storage_size().min(dataset.file()?.size());
    let most = if dataset.filters().is_empty() { stored } else { stored.saturating_mul(DEFLATED) };
    if sizes.clone().any(|size| size == 0) || claimed.is_some_and(|claimed| claimed <= most) {
        return Ok(());
    }
    Err(format!("claims a shape of {shape:?}, of which the file holds {stored} bytes").into())
}

/// Tells which of our files one is and whether it is of the version written here, or what it is instead.
fn format(file: &File, heap: &Heap) -> Result<(Format, bool), String> {
    let attributes = file.attr_names().map_err(|e| format!("its attributes are damaged ({e})"))?;
    let has = |name: &str| attributes.iter().any(|a| a == name);
    let read = if has("format") { attribute::get_text(file, "format", heap) } else { Ok(String::new()) };
    let found = read.or_else(|_| heap.check().map(|()| String::new()));
    let found = found.map_err(|e| format!("its attributes are damaged ({e})"))?;
    match found.as_str() {
        "" if has("magic") && has("apical_version") => Ok((Format::Run, false)),
        RUN_FORMAT => Ok((Format::Run, true)),
        "apical checkpoint 1" => Ok((Format::Checkpoint, false)),
        CHECKPOINT_FORMAT => Ok((Format::Checkpoint, true)),
        other if other.starts_with("apical run ") => Err(format!("is of format `{other}`, expected `{RUN_FORMAT}`")),
        other if other.starts_with("apical checkpoint ") => {
            Err(format!("is of format `{other}`, expected `{CHECKPOINT_FORMAT}`"))
        }
        _ => Err("is neither a run file nor a checkpoint of apical".to_owned()),
    }
}
