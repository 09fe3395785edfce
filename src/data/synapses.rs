//! Lists of synapses.
//!
//! | file | content |
//! |---|---|
//! | `.csv` | a header that names the columns `source`, `target` and, if there are, `weight` and `delay_ms`, in any order; then one row a synapse |
//! | `.npy` | a matrix of two to four columns: source, target, weight, delay [ms] |
//! | `.npz` | arrays `source` and `target` and, if there are, `weight` and `delay_ms`, of one length |
//!
//! Neurons count from 0. Numbers of `.npy` and `.npz` are integers of 8 to 64 bits or floats of 16 to 64.

use std::io::{BufRead, BufReader};
use std::path::Path;

use super::DataError;
use super::npy::{Npy, Npz, place};
use super::tables::each_row;
use crate::model::{Ends, SynapseList, open_file};

/// The columns that a list may have; the first two must be there.
const COLUMNS: [&str; 4] = ["source", "target", "weight", "delay_ms"];

/// Reads a list of synapses of a projection with these ends.
///
/// # Errors
/// If it cannot be read, or a row is no synapse of such a projection: neurons that are not there, weights that are no finite f32,
/// negative delays. The error names the row.
pub fn read_synapse_list(path: &Path, ends: Ends) -> Result<SynapseList, DataError> {
    let extension = path.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase);
    match extension.as_deref() {
        Some("csv") => read_csv(path, ends),
        Some("npy") => read_npy(path, ends),
        Some("npz") => read_npz(path, ends),
        _ => Err(DataError::ListExtension { path: path.display().to_string() }),
    }
}

/// Number of synapses of a list, which is not read: of a CSV file that of its lines.
///
/// # Errors
/// If there is no such list.
pub fn synapse_list_length(path: &Path) -> Result<u64, DataError> {
    let extension = path.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase);
    match extension.as_deref() {
        Some("csv") => Ok(lines(path)?.saturating_sub(1)),
        Some("npy") => Npy::rows(path),
        Some("npz") => Npz::open(path)?.rows(COLUMNS[0]),
        _ => Err(DataError::ListExtension { path: path.display().to_string() }),
    }
}

/// The line of a synapse of a list in a CSV file.
pub(crate) fn line_in_list(path: &Path, index: usize) -> Option<u64> {
    if !path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv")) {
        return None;
    }
    let mut lines = Vec::new();
    each_row(path, |_, line, _| {
        lines.push(line);
        Ok(())
    })
    .ok()?;
    // The first is that of the header.
    lines.get(index + 1).copied()
}

/// Number of lines of a file, a last one that does not end included.
fn lines(path: &Path) -> Result<u64, DataError> {
    let read = |source| DataError::Read { path: path.display().to_string(), source };
    let mut reader = BufReader::with_capacity(1 << 16, open_file(path).map_err(read)?);
    let (mut lines, mut last) = (0, b'\n');
    loop {
        let part = reader.fill_buf().map_err(read)?;
        let Some(&end) = part.last() else { return Ok(lines + u64::from(last != b'\n')) };
        lines += part.iter().map(|&byte| u64::from(byte == b'\n')).sum::<u64>();
        last = end;
        let read = part.len();
        reader.consume(read);
    }
}

/// A list as it is filled.
struct Filling<'a> {
    list: SynapseList,
    ends: Ends,
    origin: &'a str,
}

impl<'a> Filling<'a> {
    /// An empty list with these of the [`COLUMNS`].
    fn new(columns: &[usize], ends: Ends, origin: &'a str) -> Self {
        let list = SynapseList {
            weights: columns.contains(&2).then(Vec::new),
            delays_ms: columns.contains(&3).then(Vec::new),
            ..SynapseList::default()
        };
        Self { list, ends, origin }
    }

    /// Adds a value of one of the [`COLUMNS`].
    fn push(&mut self, column: usize, value: f64, place: impl FnOnce() -> String) -> Result<(), DataError> {
        let Self { list, ends, .. } = self;
        let neuron =
            |below: usize| (value >= 0.0 && value < below as f64 && value.fract() == 0.0).then_some(value as u32);
        let neurons = |below: usize| format!("a neuron from 0 to {}", below.saturating_sub(1));
        let pushed = match column {
            0 => neuron(ends.pre).map(|source| list.sources.push(source)).ok_or_else(|| neurons(ends.pre)),
            1 => neuron(ends.post).map(|target| list.targets.push(target)).ok_or_else(|| neurons(ends.post)),
            2 if !(value as f32).is_finite() => Err("a finite float32".to_owned()),
            2 => {
                list.weights.get_or_insert_default().push(value as f32);
                Ok(())
            }
            _ if !(value >= 0.0 && value.is_finite()) => Err("a delay from 0 ms".to_owned()),
            _ => {
                list.delays_ms.get_or_insert_default().push(value);
                Ok(())
            }
        };
        let origin = self.origin;
        pushed.map_err(|expected| DataError::Value {
            origin: origin.to_owned(),
            place: place(),
            expected: format!("{expected} as `{}`", COLUMNS[column]),
            found: value.to_string(),
        })
    }
}

fn read_csv(path: &Path, ends: Ends) -> Result<SynapseList, DataError> {
    let origin = path.display().to_string();
    let mut columns: Vec<usize> = Vec::new();
    let mut filling = Filling::new(&[], ends, &origin);
    each_row(path, |name, line, row| {
        if columns.is_empty() {
            columns = header(row).ok_or_else(|| DataError::Header {
                path: name.to_owned(),
                line,
                expected: "source,target and, if there are, weight,delay_ms",
                found: row.join(","),
            })?;
            filling = Filling::new(&columns, ends, &origin);
            return Ok(());
        }
        if row.len() != columns.len() {
            let (origin, place) = (name.to_owned(), format!(", line {line}"));
            return Err(DataError::Width { origin, place, expected: columns.len(), found: row.len() });
        }
        for (index, (&column, text)) in columns.iter().zip(row).enumerate() {
            let place = || format!("line {line}, column {}", index + 1);
            let Ok(value) = text.parse() else {
                let expected = format!("a number as `{}`", COLUMNS[column]);
                let (origin, found) = (name.to_owned(), (*text).to_owned());
                return Err(DataError::Value { origin, place: place(), expected, found });
            };
            filling.push(column, value, place)?;
        }
        Ok(())
    })?;
    if columns.is_empty() {
        return Err(DataError::NoList { path: origin });
    }
    Ok(filling.list)
}

/// The columns that a header names, each once, sources and targets among them.
fn header(row: &[&str]) -> Option<Vec<usize>> {
    let columns: Option<Vec<_>> = row.iter().map(|name| COLUMNS.iter().position(|column| column == name)).collect();
    columns.filter(|columns| {
        let once = (0..columns.len()).all(|i| !columns[..i].contains(&columns[i]));
        once && columns.contains(&0) && columns.contains(&1)
    })
}

fn read_npy(path: &Path, ends: Ends) -> Result<SynapseList, DataError> {
    let fits = |shape: &[usize]| matches!(shape, &[_, 2..=4]);
    let numbers = Npy::open(path, "[synapses, 2 to 4]", fits)?;
    let origin = path.display().to_string();
    let width = numbers.shape[1];
    let mut filling = Filling::new(&(0..width).collect::<Vec<_>>(), ends, &origin);
    for (index, &value) in numbers.values.iter().enumerate() {
        filling.push(index % width, value, || place(index, &numbers.shape))?;
    }
    Ok(filling.list)
}

fn read_npz(path: &Path, ends: Ends) -> Result<SynapseList, DataError> {
    let origin = path.display().to_string();
    let mut archive = Npz::open(path)?;
    let mut filling = Filling::new(&[], ends, &origin);
    for (column, name) in COLUMNS.into_iter().enumerate() {
        let Some(values) = archive.vector(name)? else {
            if column < 2 {
                return Err(DataError::NoArray { path: origin, name });
            }
            continue;
        };
        let expected = filling.list.sources.len();
        if column > 0 && values.len() != expected {
            return Err(DataError::Width { origin, place: format!(", `{name}`"), expected, found: values.len() });
        }
        match column {
            2 => filling.list.weights = Some(Vec::new()),
            3 => filling.list.delays_ms = Some(Vec::new()),
            _ => (),
        }
        for (index, &value) in values.iter().enumerate() {
            filling.push(column, value, || format!("`{name}`, element [{index}]"))?;
        }
    }
    Ok(filling.list)
}
