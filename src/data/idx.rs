//! IDX files of bytes, plain or gzipped.
//!
//! | bytes | content |
//! |---|---|
//! | 4 | magic number, big-endian: 0x00000803 for images (u8, three dimensions), 0x00000801 for labels (u8, one) |
//! | 4 each | dimensions, big-endian: images, rows, columns; or labels |
//! | the rest | u8, the last dimension running fastest |
//!
//! LeCun, Cortes & Burges, "The MNIST database of handwritten digits", section on file formats.

use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use super::DataError;
use super::digest::Hashing;
use crate::model::open_file;

/// Bytes that memory is asked for at a time: a header alone never gets more, and MNIST needs no second step.
const STEP: usize = 64 << 20;
/// Dimensions whose product exceeds this are refused [bytes].
const LARGEST: u64 = 1 << 40;

/// What an IDX file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdxContent {
    /// Images of one byte a pixel.
    Images,
    /// One byte an image.
    Labels,
}

impl IdxContent {
    /// The four bytes the file starts with, big-endian.
    pub const fn magic(self) -> u32 {
        match self {
            Self::Images => 0x0000_0803,
            Self::Labels => 0x0000_0801,
        }
    }

    const fn header_length(self) -> u64 {
        match self {
            Self::Images => 16,
            Self::Labels => 8,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Images => "images",
            Self::Labels => "labels",
        }
    }
}

/// An IDX file in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idx {
    /// Images, rows, columns; or labels. None is zero.
    pub dimensions: Vec<usize>,
    /// The data, [product of the dimensions].
    pub bytes: Vec<u8>,
    /// SHA-256 of the raw file, decompressed and with its header, in lower-case hexadecimal digits.
    pub sha256: String,
}

impl Idx {
    /// Reads the file at `path`; what it is, gzipped or plain, is seen from its first bytes.
    ///
    /// # Errors
    /// If it cannot be read, is damaged, holds something else, or is longer or shorter than its header states.
    pub fn open(path: &Path, content: IdxContent) -> Result<Self, DataError> {
        let name = path.display().to_string();
        match open_file(path) {
            Ok(file) => Self::read(file, &name, content),
            Err(source) => Err(DataError::Read { path: name, source }),
        }
    }

    /// Reads an IDX file from `source`; `name` stands for it in errors.
    ///
    /// # Errors
    /// Those of [`Idx::open`].
    pub fn read(source: impl Read, name: &str, content: IdxContent) -> Result<Self, DataError> {
        let mut source = BufReader::with_capacity(1 << 16, source);
        let start = source.fill_buf().map_err(|source| failure(name, source))?;
        if start.starts_with(&[0x1f, 0x8b]) {
            Self::decode(MultiGzDecoder::new(source), name, content)
        } else {
            Self::decode(source, name, content)
        }
    }

    fn decode(source: impl Read, name: &str, content: IdxContent) -> Result<Self, DataError> {
        let mut source = Hashing::new(source);
        let mut header = Vec::with_capacity(16);
        let header_length = content.header_length();
        source.by_ref().take(header_length).read_to_end(&mut header).map_err(|source| failure(name, source))?;

        let mut words = header.chunks_exact(4).map(|word| u32::from_be_bytes([word[0], word[1], word[2], word[3]]));
        if let Some(found) = words.next().filter(|&found| found != content.magic()) {
            let (path, expected) = (name.to_owned(), content.magic());
            return Err(DataError::Magic { path, content: content.name(), found, expected });
        }
        let dimensions: Vec<u32> = words.collect();
        if (header.len() as u64) < header_length {
            let (path, found) = (name.to_owned(), header.len() as u64);
            return Err(DataError::Length { path, expected: header_length, found });
        }
        let Some(size) = product(&dimensions) else {
            return Err(DataError::Dimensions { path: name.to_owned(), dimensions });
        };

        let bytes = read_at_most(&mut source, size).map_err(|source| failure(name, source))?;
        let expected = header_length + size as u64;
        // One byte more is enough: a small gzip file can unpack to any length.
        if bytes.len() == size && source.read(&mut [0]).map_err(|source| failure(name, source))? > 0 {
            return Err(DataError::Longer { path: name.to_owned(), expected });
        }
        let (found, sha256) = source.finish().map_err(|source| failure(name, source))?;
        if found != expected {
            return Err(DataError::Length { path: name.to_owned(), expected, found });
        }
        Ok(Self { dimensions: dimensions.into_iter().map(|d| d as usize).collect(), bytes, sha256 })
    }
}

/// The product of the dimensions, if none is zero and it is within [`LARGEST`].
fn product(dimensions: &[u32]) -> Option<usize> {
    let size = dimensions.iter().try_fold(1_u64, |product, &d| product.checked_mul(u64::from(d)))?;
    usize::try_from(size).ok().filter(|_| (1..=LARGEST).contains(&size))
}

/// Reads `size` bytes, or all there are if that is less, into one buffer that grows only as they arrive.
fn read_at_most(source: &mut impl Read, size: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while bytes.len() < size {
        let step = STEP.min(size - bytes.len());
        bytes.try_reserve_exact(step).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
        if source.by_ref().take(step as u64).read_to_end(&mut bytes)? < step {
            break;
        }
    }
    Ok(bytes)
}

/// The system's errors carry a number; all others come from the decompressor.
fn failure(name: &str, source: io::Error) -> DataError {
    let path = name.to_owned();
    if source.raw_os_error().is_some() || source.kind() == io::ErrorKind::OutOfMemory {
        DataError::Read { path, source }
    } else {
        DataError::Damaged { path, source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_read_with_their_dimensions() {
        let file = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 10, 11, 12, 20, 21, 22];
        let idx = Idx::read(&file[..], "file", IdxContent::Images).unwrap();
        assert_eq!(idx.dimensions, [2, 1, 3]);
        assert_eq!(idx.bytes, [10, 11, 12, 20, 21, 22]);
        assert_eq!(idx.bytes.capacity(), 6);
    }

    /// A file of endless zeros after the image promised.
    #[test]
    fn reading_stops_at_the_size_that_the_header_promises() {
        let header = [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 3];
        let error = Idx::read((&header[..]).chain(io::repeat(0)), "file", IdxContent::Images).unwrap_err().to_string();
        assert_eq!(error, "file: expected 19 bytes (uncompressed), found more");
    }

    #[test]
    fn a_product_is_refused_where_it_is_zero_overflows_or_is_absurd() {
        assert_eq!(product(&[60_000, 28, 28]), Some(47_040_000));
        assert_eq!(product(&[1 << 20, 1 << 20]), Some(1 << 40));
        for refused in [&[0, 28, 28][..], &[60_000, 0, 28], &[u32::MAX; 3], &[1 << 20, 1 << 20, 2], &[1 << 31; 2]] {
            assert_eq!(product(refused), None, "{refused:?}");
        }
    }

    #[test]
    fn memory_follows_the_bytes_that_arrive_and_not_the_size_claimed() {
        let bytes = read_at_most(&mut &[7; 100][..], 1 << 40).unwrap();
        assert_eq!(bytes, [7; 100]);
        assert!(bytes.capacity() <= STEP);
    }
}
