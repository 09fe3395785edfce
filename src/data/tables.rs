//! Stimuli as tables: rates, one row a presentation, and spike lists.
//!
//! | file | content |
//! |---|---|
//! | rates, `.csv` | one row a presentation, one column an input, Hz; a first row without a number is a header |
//! | rates, `.npy` | integers or floats, shape [presentations, inputs], Hz |
//! | spikes, `.csv` | header `presentation,time_ms,neuron`, then one row a spike in any order; both count from 0 |
//!
//! In CSV, empty lines and those that start with `#` are passed over, and quotes around a value are allowed. A spike list has
//! 10 million presentations at most.

use std::io::{BufRead, BufReader};
use std::path::Path;

use super::DataError;
use super::digest::Hashing;
use super::npy::{Npy, place};
use crate::model::open_file;
use crate::protocol::Spike;

/// Rates above this are refused as a mistake of unit (Hz).
const LARGEST_RATE_HZ: f64 = 1e6;
/// Presentations of a spike list at most: what is kept for each of an epoch stays within memory.
const MOST_PRESENTATIONS: u32 = 10_000_000;
/// First row of a spike list.
const SPIKE_HEADER: &str = "presentation,time_ms,neuron";

/// Firing rates of an input population, at least one presentation of them.
#[derive(Clone, Debug, PartialEq)]
pub struct RateTable {
    inputs: usize,
    rates: Vec<f64>,
    sha256: Vec<(String, String)>,
}

impl RateTable {
    /// One presentation of the rates `rates_hz`; `origin` stands for them in errors.
    ///
    /// # Errors
    /// If they are not `inputs` rates.
    pub fn fixed(rates_hz: &[f64], inputs: usize, origin: &str) -> Result<Self, DataError> {
        check_width(origin, String::new(), inputs, rates_hz.len())?;
        let rates = all_per_ms(rates_hz, origin, |i| format!("entry {i}"))?;
        Ok(Self { inputs, rates, sha256: Vec::new() })
    }

    /// Reads a `.csv` or `.npy` table of shape [presentations, `inputs`] in Hz.
    ///
    /// # Errors
    /// If it cannot be read, a row is of another width, or a value is no rate; the error names the line.
    pub fn open(path: &Path, inputs: usize) -> Result<Self, DataError> {
        let extension = path.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase);
        match extension.as_deref() {
            Some("csv") => Self::open_csv(path, inputs),
            Some("npy") => Self::open_npy(path, inputs),
            _ => Err(DataError::Extension { path: path.display().to_string() }),
        }
    }

    fn open_csv(path: &Path, inputs: usize) -> Result<Self, DataError> {
        let mut rates = Vec::new();
        let mut first = true;
        let sha256 = each_row(path, |name, line, row| {
            let header = std::mem::take(&mut first) && row.iter().all(|text| text.parse::<f64>().is_err());
            if header {
                return Ok(());
            }
            check_width(name, format!(", line {line}"), inputs, row.len())?;
            for (column, &text) in row.iter().enumerate() {
                let refuse = || not_a_rate(name, format!("line {line}, column {}", column + 1), text.to_owned());
                rates.push(text.parse().ok().and_then(per_ms).ok_or_else(refuse)?);
            }
            Ok(())
        })?;
        if rates.is_empty() {
            return Err(DataError::Empty { path: path.display().to_string(), what: "presentation" });
        }
        Ok(Self { inputs, rates, sha256 })
    }

    fn open_npy(path: &Path, inputs: usize) -> Result<Self, DataError> {
        let fits = |shape: &[usize]| matches!(shape, &[_, cols] if cols == inputs);
        let npy = Npy::open(path, &format!("[presentations, {inputs}]"), fits)?;
        let name = path.display().to_string();
        if npy.values.is_empty() {
            return Err(DataError::Empty { path: name, what: "presentation" });
        }
        let rates = all_per_ms(&npy.values, &name, |i| place(i, &npy.shape))?;
        Ok(Self { inputs, rates, sha256: vec![(file_name(path), npy.sha256)] })
    }

    /// Number of presentations.
    pub fn len(&self) -> usize {
        self.rates.len() / self.inputs
    }

    /// Whether there is no presentation, which is never.
    pub fn is_empty(&self) -> bool {
        self.rates.is_empty()
    }

    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// The rates of presentation `i`, `[inputs]` [1/ms].
    ///
    /// # Panics
    /// If there is no such presentation.
    pub fn rates(&self, i: usize) -> &[f64] {
        &self.rates[i * self.inputs..][..self.inputs]
    }

    /// Name and SHA-256 of the file, if there is one.
    pub fn sha256(&self) -> &[(String, String)] {
        &self.sha256
    }
}

/// Spikes of an input population at fixed times.
#[derive(Clone, Debug, PartialEq)]
pub struct SpikeList {
    inputs: usize,
    /// Presentation of each spike, ascending.
    presentations: Vec<u32>,
    /// Sorted by (presentation, time, neuron).
    spikes: Vec<Spike>,
    sha256: Vec<(String, String)>,
}

impl SpikeList {
    /// Reads a spike list of a population of `inputs` neurons and sorts it by (presentation, time, neuron).
    ///
    /// # Errors
    /// If it cannot be read or a row is no spike of such a population; the error names the line.
    pub fn open(path: &Path, inputs: usize) -> Result<Self, DataError> {
        let mut rows: Vec<(u32, Spike)> = Vec::new();
        let mut first = true;
        let sha256 = each_row(path, |name, line, row| {
            if std::mem::take(&mut first) {
                return check_header(name, line, row);
            }
            check_width(name, format!(", line {line}"), 3, row.len())?;
            rows.push(spike(name, line, row, inputs)?);
            Ok(())
        })?;
        if first {
            let what =
                "list of spikes: expected the header `presentation,time_ms,neuron`, and below it a row of each spike";
            return Err(DataError::Empty { path: path.display().to_string(), what });
        }
        rows.sort_by(|(p, a), (q, b)| p.cmp(q).then(a.time.total_cmp(&b.time)).then(a.neuron.cmp(&b.neuron)));
        let (presentations, spikes) = rows.into_iter().unzip();
        Ok(Self { inputs, presentations, spikes, sha256 })
    }

    /// Number of presentations up to the last one that has a spike.
    pub fn len(&self) -> usize {
        self.presentations.last().map_or(0, |&last| last as usize + 1)
    }

    /// Whether there is no spike at all.
    pub fn is_empty(&self) -> bool {
        self.spikes.is_empty()
    }

    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// The spikes of presentation `i`, sorted by (time, neuron); none beyond the last.
    pub fn spikes(&self, i: usize) -> &[Spike] {
        let start = self.presentations.partition_point(|&p| (p as usize) < i);
        let length = self.presentations[start..].partition_point(|&p| p as usize == i);
        &self.spikes[start..start + length]
    }

    /// Number of spikes in all.
    pub(super) fn spike_count(&self) -> usize {
        self.spikes.len()
    }

    /// The spikes of every presentation that has any, sorted by (time, neuron).
    pub(super) fn by_presentation(&self) -> impl Iterator<Item = (usize, &[Spike])> {
        let mut first = 0;
        self.presentations.chunk_by(|a, b| a == b).map(move |same| {
            let spikes = &self.spikes[first..first + same.len()];
            first += same.len();
            (same[0] as usize, spikes)
        })
    }

    /// Name and SHA-256 of the file.
    pub fn sha256(&self) -> &[(String, String)] {
        &self.sha256
    }
}

/// Hands every row of a CSV file to `visit` with the file's name and the row's line; gives back the file's digest.
///
/// Rows are single lines, for numbers never span two, so that a mistake is named with its line whatever the line ends.
pub(super) fn each_row(
    path: &Path,
    mut visit: impl FnMut(&str, u64, &[&str]) -> Result<(), DataError>,
) -> Result<Vec<(String, String)>, DataError> {
    let name = path.display().to_string();
    let failure = |source| DataError::Read { path: path.display().to_string(), source };
    let mut reader = BufReader::new(Hashing::new(open_file(path).map_err(failure)?));
    let mut bytes = Vec::new();
    for line in 1.. {
        bytes.clear();
        if reader.read_until(b'\n', &mut bytes).map_err(failure)? == 0 {
            break;
        }
        let text = str::from_utf8(&bytes).map_err(|source| DataError::Text { path: name.clone(), line, source })?;
        let text = text.strip_prefix('\u{feff}').filter(|_| line == 1).unwrap_or(text).trim();
        if !text.is_empty() && !text.starts_with('#') {
            let row: Vec<&str> = text.split(',').map(value).collect();
            visit(&name, line, &row)?;
        }
    }
    let (_, sha256) = reader.into_inner().finish().map_err(failure)?;
    Ok(vec![(file_name(path), sha256)])
}

/// What stands between two commas, without the blanks and quotes around it.
fn value(text: &str) -> &str {
    let text = text.trim();
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

pub(super) fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn check_header(name: &str, line: u64, row: &[&str]) -> Result<(), DataError> {
    let found = row.join(",");
    if found == SPIKE_HEADER {
        return Ok(());
    }
    Err(DataError::Header { path: name.to_owned(), line, expected: SPIKE_HEADER, found })
}

pub(super) fn check_width(origin: &str, place: String, expected: usize, found: usize) -> Result<(), DataError> {
    if found == expected { Ok(()) } else { Err(DataError::Width { origin: origin.to_owned(), place, expected, found }) }
}

/// A rate in Hz as one per ms, if it is one.
pub(super) fn per_ms(hz: f64) -> Option<f64> {
    (0.0..=LARGEST_RATE_HZ).contains(&hz).then_some(hz / 1000.0)
}

fn all_per_ms(rates_hz: &[f64], origin: &str, place: impl Fn(usize) -> String) -> Result<Vec<f64>, DataError> {
    let rate = |(i, &hz): (usize, &f64)| per_ms(hz).ok_or_else(|| not_a_rate(origin, place(i), format!("{hz:?}")));
    rates_hz.iter().enumerate().map(rate).collect()
}

pub(super) fn not_a_rate(origin: &str, place: String, found: String) -> DataError {
    DataError::Value { origin: origin.to_owned(), place, expected: "a rate from 0 to 1e6 Hz".to_owned(), found }
}

/// Reads one row of a spike list.
fn spike(name: &str, line: u64, row: &[&str], inputs: usize) -> Result<(u32, Spike), DataError> {
    let refuse = |column: usize, expected: String| DataError::Value {
        origin: name.to_owned(),
        place: format!("line {line}, column {}", column + 1),
        expected,
        found: row[column].to_owned(),
    };
    let presentation: Option<u32> = row[0].parse().ok().filter(|&presentation| presentation < MOST_PRESENTATIONS);
    let presentation =
        presentation.ok_or_else(|| refuse(0, format!("a presentation from 0 to {}", MOST_PRESENTATIONS - 1)))?;
    let time: Option<f64> = row[1].parse().ok().filter(|time: &f64| time.is_finite() && *time >= 0.0);
    let time = time.ok_or_else(|| refuse(1, "a time from 0 ms".to_owned()))?;
    let neuron: Option<u32> = row[2].parse().ok().filter(|&neuron| (neuron as usize) < inputs);
    let neuron = neuron.ok_or_else(|| refuse(2, format!("a neuron from 0 to {}", inputs.saturating_sub(1))))?;
    // −0 becomes 0, so that the order of equal times is that of their neurons.
    Ok((presentation, Spike { time: time + 0.0, neuron }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_per_ms_inside_and_mistakes_are_none() {
        assert_eq!(per_ms(200.0), Some(0.2));
        for refused in [-1.0, f64::NAN, f64::INFINITY, 1.1e6] {
            assert_eq!(per_ms(refused), None, "{refused}");
        }
    }

    #[test]
    fn presentations_without_a_spike_are_empty() {
        let spike = |time| Spike { time, neuron: 0 };
        let spikes = vec![spike(1.0), spike(2.0), spike(0.5)];
        let list = SpikeList { inputs: 1, presentations: vec![1, 1, 4], spikes, sha256: Vec::new() };
        let counts: Vec<usize> = (0..6).map(|i| list.spikes(i).len()).collect();
        assert_eq!(counts, [0, 2, 0, 0, 1, 0]);
        assert_eq!(list.len(), 5);
        assert_eq!(list.late(2.5), None);
        let late = crate::data::LateSpikes { late: 1, all: 3, presentation: 1, time: 2.0 };
        assert_eq!(list.late(2.0), Some(late));
        assert_eq!(list.late(0.0).map(|all| all.late), Some(3));
    }
}
