//! Numbers in SONATA files of any program, each checked: HDF5 would cut fractions and clip what is out of range.

use std::fmt::Display;

use hdf5::H5Type;
use hdf5::types::TypeDescriptor;

use super::RecordError;
use super::open_file::OpenFile;

/// What the values of a dataset must be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Indices<'a> {
    /// The dataset.
    pub(super) dataset: &'a str,
    /// What a value stands for: "neuron".
    pub(super) of: &'a str,
    /// How many there are of them, counted from 0.
    pub(super) count: usize,
}

impl OpenFile {
    /// Reads a dataset of indices, which may be stored as integers or as floats.
    ///
    /// # Errors
    /// If it cannot be read, or a value is none of these indices; the error names dataset, row and value.
    pub(super) fn indices(&self, indices: Indices<'_>) -> Result<Vec<u32>, RecordError> {
        let name = indices.dataset;
        match self.descriptor(name)? {
            TypeDescriptor::Unsigned(_) => self.checked(indices, |value: u64| Some(value)),
            TypeDescriptor::Integer(_) => self.checked(indices, |value: i64| u64::try_from(value).ok()),
            // Of an f64 beyond u64 the nearest u64 is out of range too.
            TypeDescriptor::Float(_) => {
                self.checked(indices, |value: f64| (value >= 0.0 && value.fract() == 0.0).then_some(value as u64))
            }
            found => Err(self.problem(format!("`{name}` is of type {found}, expected integers"))),
        }
    }

    fn checked<T: H5Type + Copy + Display>(
        &self,
        Indices { dataset, of, count }: Indices<'_>,
        whole: impl Fn(T) -> Option<u64>,
    ) -> Result<Vec<u32>, RecordError> {
        let index = |(row, &value): (usize, &T)| {
            let index = whole(value).filter(|&index| index < count as u64).and_then(|index| u32::try_from(index).ok());
            index.ok_or_else(|| match count.checked_sub(1) {
                Some(most) => self.refused(dataset, row, &format!("a {of} from 0 to {most}"), &value),
                None => self.refused(dataset, row, &format!("no {of}, for there is none"), &value),
            })
        };
        self.values(dataset)?.iter().enumerate().map(index).collect()
    }

    /// An error about a value of a dataset.
    pub(super) fn refused(&self, dataset: &str, row: usize, expected: &str, found: &dyn Display) -> RecordError {
        self.problem(format!("`{dataset}`, row {row}: expected {expected}, found {found}"))
    }
}
