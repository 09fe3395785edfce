//! Datasets that grow: rows gather in memory and are appended in large blocks.

use hdf5::plist::dataset_create::FillTime;
use hdf5::{Dataset, Group, H5Type, Result, SimpleExtents};
use ndarray::{ArrayView1, ArrayView2, s};

use crate::model::Compression;

/// Elements in the largest chunk: half a megabyte of spike times, written by one call.
const LONG_CHUNK: u64 = 65_536;

/// Largest chunk of a column of a table; longer chunks bypass HDF5's chunk cache.
const TABLE_CHUNK: usize = 1024;

/// Elements in the smallest chunk.
const SHORT_CHUNK: u64 = 32;

/// Chunks that the elements expected of a dataset fill at most; of the last one half is unused, on average.
const CHUNKS: u64 = 16;

/// A dataset of shape [rows] or [rows, width], and the rows not yet in it.
#[derive(Debug)]
pub(super) struct Rows<T> {
    dataset: Dataset,
    width: Option<usize>,
    written: usize,
    waiting: Vec<T>,
}

impl<T: H5Type> Rows<T> {
    /// A column of a table [rows], of which so many rows are expected.
    pub(super) fn column(table: &Group, name: &str, expected: u64) -> Result<Self> {
        let chunk = chunk(expected).min(TABLE_CHUNK);
        Self::create(table, name, None, chunk, Compression::None)
    }

    /// A list [rows], of which so many are expected.
    pub(super) fn list(group: &Group, name: &str, expected: u64, compression: Compression) -> Result<Self> {
        Self::create(group, name, None, chunk(expected), compression)
    }

    /// A matrix [rows, width], of which so many rows are expected.
    pub(super) fn matrix(
        group: &Group,
        name: &str,
        width: usize,
        expected: u64,
        compression: Compression,
    ) -> Result<Self> {
        let elements = expected.saturating_mul(width as u64);
        Self::create(group, name, Some(width), chunk(elements), compression)
    }

    fn create(group: &Group, name: &str, width: Option<usize>, chunk: usize, packing: Compression) -> Result<Self> {
        let mut builder = group.new_dataset::<T>();
        if packing == Compression::Deflate {
            builder = builder.shuffle().deflate(4);
        }
        if chunk > TABLE_CHUNK {
            // Blocks are as long as many chunks, and go to the file from where they wait: copying them to a cache of chunks,
            // and filling chunks before, would double the cost of recording.
            builder = builder.chunk_cache(0, 0, 0.0).fill_time(FillTime::Never);
        }
        let dataset = match width {
            None => builder.chunk(chunk).shape(SimpleExtents::resizable([0])).create(name)?,
            Some(width) => {
                let extents = SimpleExtents::new([(0, None), (width, Some(width))]);
                builder.chunk(((chunk / width.max(1)).max(1), width)).shape(extents).create(name)?
            }
        };
        Ok(Self { dataset, width, written: 0, waiting: Vec::new() })
    }

    /// The dataset.
    pub(super) fn dataset(&self) -> &Dataset {
        &self.dataset
    }

    /// What waits to be written, to be added to.
    pub(super) fn waiting(&mut self) -> &mut Vec<T> {
        &mut self.waiting
    }

    /// Size of what waits to be written [bytes].
    pub(super) fn waiting_bytes(&self) -> usize {
        size_of_val(self.waiting.as_slice())
    }

    /// Appends what waits to the dataset.
    pub(super) fn append(&mut self) -> Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let end = self.written + self.waiting.len() / self.width.unwrap_or(1);
        match self.width {
            None => {
                self.dataset.resize(end)?;
                self.dataset.write_slice(ArrayView1::from(&self.waiting), s![self.written..end])?;
            }
            Some(width) => {
                self.dataset.resize((end, width))?;
                let block = ArrayView2::from_shape((end - self.written, width), &self.waiting)?;
                self.dataset.write_slice(block, s![self.written..end, ..])?;
            }
        }
        self.written = end;
        self.waiting.clear();
        Ok(())
    }
}

/// Elements in a chunk of a dataset of which so many are expected.
fn chunk(expected: u64) -> usize {
    (expected / CHUNKS).clamp(SHORT_CHUNK, LONG_CHUNK).next_power_of_two() as usize
}
