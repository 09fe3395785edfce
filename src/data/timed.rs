//! Stimuli by time: tables of rates and currents, and lists of spikes on the clock of a continuous run.
//!
//! | file | content |
//! |---|---|
//! | rates, `.csv` | header `time_ms,...`, then one row a change: its time, ascending, and one rate for all neurons or one for each, Hz |
//! | currents, `.csv` | the same, with currents in pA |
//! | spikes, `.csv` | header `time_ms,neuron`, then one row a spike in any order; neurons count from 0 |
//! | spikes, `.npy` | integers or floats, shape [spikes, 2], the same columns |

use std::ops::Range;
use std::path::Path;

use super::DataError;
use super::npy::{Npy, place};
use super::tables::{check_width, each_row, file_name, per_ms};
use crate::protocol::Spike;
use crate::units::{LARGEST_CURRENT_PA, LONGEST_RUN_MS};

/// First row of a list of spikes.
const SPIKE_HEADER: &str = "time_ms,neuron";

/// Values of the neurons of a population, each constant from its time to that of the next row.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeTable {
    times_ms: Vec<f64>,
    columns: usize,
    values: Vec<f64>,
    sha256: Vec<(String, String)>,
}

/// What the values of a table are.
struct TableContent {
    /// First row, up to the names of its columns.
    header: &'static str,
    /// From a number of the file to a value; none where it is out of range.
    value: fn(f64) -> Option<f64>,
    /// What is expected of a number.
    expected: &'static str,
}

/// Spikes of a population on the clock of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TimedSpikes {
    /// Sorted by (time, neuron).
    pub spikes: Vec<Spike>,
    /// Name and SHA-256 of the file.
    pub sha256: Vec<(String, String)>,
    /// What a run file holds of the population they are of; none of other files, in which nothing is known to be missing.
    pub recorded: Option<RecordedExtent>,
}

/// What of the spikes of a population a run recorded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecordedExtent {
    /// Ascending and disjoint [ms].
    pub times_ms: Vec<Range<f64>>,
    /// Neurons of the population there.
    pub neurons: Range<usize>,
}

impl RecordedExtent {
    /// What of it comes from `start_ms` on, by the time since [ms].
    #[must_use]
    pub fn since(self, start_ms: f64) -> Self {
        let shifted = |time: Range<f64>| (time.start - start_ms).max(0.0)..time.end - start_ms;
        let times_ms = self.times_ms.into_iter().map(shifted).filter(|time| time.end > 0.0).collect();
        Self { times_ms, ..self }
    }

    /// Whether spikes of all of so many neurons are in it, from 0 to `end_ms`.
    pub fn is_whole(&self, neurons: usize, end_ms: f64) -> bool {
        let covers = matches!(&self.times_ms[..], [time] if time.start <= 0.0 && time.end >= end_ms);
        covers && self.neurons == (0..neurons)
    }
}

impl TimeTable {
    /// Reads a table of rates of a population of so many neurons, in Hz; its values are per ms.
    ///
    /// # Errors
    /// If it cannot be read, times do not ascend, or a value is no rate; the error names the line.
    pub fn rates(path: &Path, neurons: usize) -> Result<Self, DataError> {
        let expected = "a rate from 0 to 1e6 Hz";
        Self::open(path, neurons, &TableContent { header: "time_ms,rate_hz", value: per_ms, expected })
    }

    /// Reads a table of currents into a population of so many neurons [pA].
    ///
    /// # Errors
    /// If it cannot be read, times do not ascend, or a value is no current; the error names the line.
    pub fn currents(path: &Path, neurons: usize) -> Result<Self, DataError> {
        let value = |pa: f64| (pa.abs() <= LARGEST_CURRENT_PA).then_some(pa);
        let expected = "a current from -1e9 to 1e9 pA";
        Self::open(path, neurons, &TableContent { header: "time_ms,current_pa", value, expected })
    }

    /// One value for all neurons from each of these times on, which ascend [ms].
    ///
    /// # Panics
    /// If there is not one value for each time.
    pub fn of_steps(times_ms: &[f64], values: &[f64]) -> Self {
        assert_eq!(times_ms.len(), values.len(), "a value for each time");
        Self { times_ms: times_ms.to_vec(), columns: 1, values: values.to_vec(), sha256: Vec::new() }
    }

    fn open(path: &Path, neurons: usize, content: &TableContent) -> Result<Self, DataError> {
        let &TableContent { header, value, expected: wanted } = content;
        let mut course = Self { times_ms: Vec::new(), columns: 0, values: Vec::new(), sha256: Vec::new() };
        course.sha256 = each_row(path, |name, line, row| {
            if course.columns == 0 {
                // A list of spikes has two columns as well.
                if row[0] != "time_ms" || row.len() < 2 || row[1] == "neuron" {
                    let (path, found) = (name.to_owned(), row.join(","));
                    return Err(DataError::Header { path, line, expected: header, found });
                }
                let expected = if row.len() == 2 { 2 } else { neurons + 1 };
                course.columns = row.len() - 1;
                return check_width(name, format!(", line {line}"), expected, row.len());
            }
            check_width(name, format!(", line {line}"), course.columns + 1, row.len())?;
            let last = course.times_ms.last().copied().unwrap_or(-1.0);
            let time = row[0].parse().ok().filter(|time| (0.0..=LONGEST_RUN_MS).contains(time) && *time > last);
            course.times_ms.push(time.ok_or_else(|| DataError::Value {
                origin: name.to_owned(),
                place: format!("line {line}, column 1"),
                expected: format!("a time in ms, from 0 to {LONGEST_RUN_MS:e} and after that of the row before"),
                found: row[0].to_owned(),
            })?);
            for (column, &text) in row.iter().enumerate().skip(1) {
                course.values.push(text.parse().ok().and_then(value).ok_or_else(|| DataError::Value {
                    origin: name.to_owned(),
                    place: format!("line {line}, column {}", column + 1),
                    expected: wanted.to_owned(),
                    found: text.to_owned(),
                })?);
            }
            Ok(())
        })?;
        if course.times_ms.is_empty() {
            let what = "time: expected a header, and below it rows of a time in ms and its values";
            return Err(DataError::Empty { path: path.display().to_string(), what });
        }
        Ok(course)
    }

    /// Where each row begins to hold, ascending [ms].
    pub fn times_ms(&self) -> &[f64] {
        &self.times_ms
    }

    /// The values of a row: one for all neurons, or one for each.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn values(&self, row: usize) -> &[f64] {
        &self.values[row * self.columns..][..self.columns]
    }

    /// The row that holds at a time; none before the first.
    pub fn row_at(&self, time_ms: f64) -> Option<usize> {
        self.times_ms.partition_point(|&start| start <= time_ms).checked_sub(1)
    }

    /// Name and SHA-256 of the file.
    pub fn sha256(&self) -> &[(String, String)] {
        &self.sha256
    }
}

impl TimedSpikes {
    /// Reads the spikes of a population of so many neurons.
    ///
    /// # Errors
    /// If it cannot be read or a row is no spike of such a population; the error names the line.
    pub fn open(path: &Path, neurons: usize) -> Result<Self, DataError> {
        let is_npy = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("npy"));
        let mut list = if is_npy { Self::open_npy(path, neurons)? } else { Self::open_csv(path, neurons)? };
        list.spikes.sort_by(|a, b| a.time.total_cmp(&b.time).then(a.neuron.cmp(&b.neuron)));
        Ok(list)
    }

    fn open_csv(path: &Path, neurons: usize) -> Result<Self, DataError> {
        let (mut spikes, mut first) = (Vec::new(), true);
        let sha256 = each_row(path, |name, line, row| {
            if std::mem::take(&mut first) {
                let found = row.join(",");
                let (path, expected) = (name.to_owned(), SPIKE_HEADER);
                return if found == expected { Ok(()) } else { Err(DataError::Header { path, line, expected, found }) };
            }
            check_width(name, format!(", line {line}"), 2, row.len())?;
            let refuse = |column: usize, expected: String| DataError::Value {
                origin: name.to_owned(),
                place: format!("line {line}, column {}", column + 1),
                expected,
                found: row[column].to_owned(),
            };
            let time = row[0].parse().ok().and_then(time).ok_or_else(|| refuse(0, expected_time()))?;
            let neuron: Option<u32> = row[1].parse().ok().filter(|&neuron| (neuron as usize) < neurons);
            spikes.push(Spike { time, neuron: neuron.ok_or_else(|| refuse(1, expected_neuron(neurons)))? });
            Ok(())
        })?;
        if first {
            let what = "list of spikes: expected the header `time_ms,neuron`, and below it a row of each spike";
            return Err(DataError::Empty { path: path.display().to_string(), what });
        }
        Ok(Self { spikes, sha256, recorded: None })
    }

    fn open_npy(path: &Path, neurons: usize) -> Result<Self, DataError> {
        let npy = Npy::open(path, "[spikes, 2]", |shape| matches!(shape, &[_, 2]))?;
        let refuse = |i: usize, expected: String| DataError::Value {
            origin: path.display().to_string(),
            place: place(i, &npy.shape),
            expected,
            found: format!("{:?}", npy.values[i]),
        };
        let spike = |(i, row): (usize, &[f64])| {
            let time = time(row[0]).ok_or_else(|| refuse(2 * i, expected_time()))?;
            let neuron = Some(row[1]).filter(|id| id.fract() == 0.0 && (0.0..neurons as f64).contains(id));
            let neuron = neuron.ok_or_else(|| refuse(2 * i + 1, expected_neuron(neurons)))?;
            Ok(Spike { time, neuron: neuron as u32 })
        };
        let spikes = npy.values.chunks_exact(2).enumerate().map(spike).collect::<Result<_, DataError>>()?;
        Ok(Self { spikes, sha256: vec![(file_name(path), npy.sha256)], recorded: None })
    }

    /// The spikes from `from` on and before `to`.
    pub fn between(&self, from: f64, to: f64) -> &[Spike] {
        let start = self.spikes.partition_point(|spike| spike.time < from);
        let end = self.spikes.partition_point(|spike| spike.time < to);
        &self.spikes[start..end.max(start)]
    }
}

/// A time of the clock; −0 becomes 0, so that the order of equal times is that of their neurons.
fn time(time: f64) -> Option<f64> {
    (0.0..=LONGEST_RUN_MS).contains(&time).then_some(time + 0.0)
}

fn expected_time() -> String {
    format!("a time from 0 to {LONGEST_RUN_MS:e} ms")
}

fn expected_neuron(neurons: usize) -> String {
    format!("a neuron from 0 to {}", neurons.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        (folder, path)
    }

    #[test]
    #[allow(clippy::float_cmp, reason = "these rates are exact")]
    fn rates_hold_from_their_time_to_that_of_the_next_row() {
        let (_folder, path) = file("r.csv", "time_ms,a,b\n10,1000,0\n20.5,0,500\n");
        let course = TimeTable::rates(&path, 2).unwrap();
        assert_eq!((course.row_at(9.9), course.row_at(10.0), course.row_at(1e9)), (None, Some(0), Some(1)));
        assert_eq!((course.values(0), course.values(1)), (&[1.0, 0.0][..], &[0.0, 0.5][..]));
        let (_folder, path) = file("r.csv", "time_ms,rate_hz\n0,7\n");
        assert_eq!(TimeTable::rates(&path, 100).unwrap().values(0), [0.007]);
    }

    #[test]
    fn tables_of_rates_are_refused_with_their_line() {
        for (text, expected) in [
            ("1,2\n", "line 1: expected the header `time_ms,rate_hz`, found `1,2`"),
            ("time_ms,a,b,c\n", "line 1: expected 3 values, found 4"),
            ("time_ms,a\n0,1,2\n", "line 2: expected 2 values, found 3"),
            ("time_ms,a\n5,1\n5,2\n", "line 3, column 1: expected a time in ms"),
            ("time_ms,a\n5,-1\n", "line 2, column 2: expected a rate from 0"),
            ("time_ms,a\n5,NaN\n", "line 2, column 2: expected a rate from 0"),
            ("time_ms,a\n", "r.csv holds no time: expected a header, and below it rows of a time in ms and its values"),
        ] {
            let (_folder, path) = file("r.csv", text);
            let refused = TimeTable::rates(&path, 2).unwrap_err().to_string();
            assert!(refused.contains(expected), "{refused}");
        }
    }

    #[test]
    fn spikes_are_sorted_and_cut_at_their_times() {
        let (_folder, path) = file("s.csv", "time_ms,neuron\n7,1\n3.5,0\n3.5,0\n7,0\n");
        let list = TimedSpikes::open(&path, 2).unwrap();
        let of = |from, to| list.between(from, to).iter().map(|s| (s.time, s.neuron)).collect::<Vec<_>>();
        assert_eq!(of(0.0, 7.0), [(3.5, 0), (3.5, 0)]);
        assert_eq!(of(7.0, 7.1), [(7.0, 0), (7.0, 1)]);
        for (text, expected) in [
            (
                "",
                "s.csv holds no list of spikes: expected the header `time_ms,neuron`, and below it a row of each spike",
            ),
            ("time,neuron\n", "expected the header `time_ms,neuron`"),
            ("time_ms,neuron\n1,2\n", "line 2, column 2: expected a neuron from 0 to 1, found `2`"),
            ("time_ms,neuron\nnan,0\n", "line 2, column 1: expected a time from 0"),
            ("time_ms,neuron\n-1,0\n", "line 2, column 1: expected a time from 0"),
        ] {
            let (_folder, path) = file("s.csv", text);
            let refused = TimedSpikes::open(&path, 2).unwrap_err().to_string();
            assert!(refused.contains(expected), "{refused}");
        }
    }

    #[test]
    fn numpy_lists_hold_the_same_columns() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.npy");
        ndarray_npy::write_npy(&path, &ndarray::array![[2.0, 1.0], [1.0, 0.0]]).unwrap();
        let list = TimedSpikes::open(&path, 2).unwrap();
        assert_eq!(list.spikes.iter().map(|s| s.neuron).collect::<Vec<_>>(), [0, 1]);
        for (wrong, expected) in [
            (ndarray::array![[2.0, 1.5]], "element [0, 1]: expected a neuron from 0 to 1, found `1.5`"),
            (ndarray::array![[f64::NAN, 1.0]], "element [0, 0]: expected a time"),
            (ndarray::array![[1.0, f64::NAN]], "element [0, 1]: expected a neuron"),
        ] {
            ndarray_npy::write_npy(&path, &wrong).unwrap();
            let refused = TimedSpikes::open(&path, 2).unwrap_err().to_string();
            assert!(refused.contains(expected), "{refused}");
        }
    }
}
