//! NumPy files, in C or Fortran order: `.npy` of float32 or float64, of lists also of integers, and arrays of `.npz` archives.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use ndarray_npy::npy::header::{Header, ReadHeaderError};
use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

use super::DataError;
use super::digest::Hashing;
use crate::model::open_file;

/// Longest header text read [bytes]; NumPy writes 118.
const LONGEST_HEADER: usize = 512;

/// Most brackets of a header one within another: those of a table of NumPy's structured types. The parser recurses into them,
/// and tries what is within several times over, so this bounds its time and its stack.
const DEEPEST_HEADER: usize = 4;

/// A NumPy array in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Npy {
    pub(super) shape: Vec<usize>,
    pub(super) values: Vec<f64>,
    /// SHA-256 of the file.
    pub(super) sha256: String,
}

/// Types of numbers that a file may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NumberTypes {
    /// float32 and float64.
    Real,
    /// These, and integers of 32 and 64 bits.
    Any,
}

/// Reads a matrix of shape `[rows, cols]` in row-major order, as initial weights `[post, pre]` are.
///
/// # Errors
/// If the file cannot be read, is of another shape or type, or holds a value that is no finite f32.
pub fn read_npy_matrix(path: &Path, rows: usize, cols: usize) -> Result<Vec<f32>, DataError> {
    read_f32(path, &[rows, cols])
}

/// Reads a vector of shape `[len]`, as initial biases `[post]` are.
///
/// # Errors
/// Those of [`read_npy_matrix`].
pub fn read_npy_vector(path: &Path, len: usize) -> Result<Vec<f32>, DataError> {
    read_f32(path, &[len])
}

fn read_f32(path: &Path, shape: &[usize]) -> Result<Vec<f32>, DataError> {
    let npy = Npy::open(path, NumberTypes::Real, &format!("{shape:?}"), |found| found == shape)?;
    let values: Vec<f32> = npy.values.iter().map(|&value| value as f32).collect();
    match values.iter().position(|value| !value.is_finite()) {
        None => Ok(values),
        Some(i) => Err(DataError::Value {
            origin: path.display().to_string(),
            place: place(i, &npy.shape),
            expected: "a finite float32".to_owned(),
            found: format!("{:?}", npy.values[i]),
        }),
    }
}

/// The indices of value `i` in NumPy's notation: "element [3, 0]".
pub(super) fn place(i: usize, shape: &[usize]) -> String {
    match shape {
        [_, cols] => format!("element [{}, {}]", i / cols, i % cols),
        _ => format!("element [{i}]"),
    }
}

/// The length of the first dimension of an array, by its header alone.
fn rows_of(mut reader: impl Read, name: &str) -> Result<u64, DataError> {
    let header = read_header(&mut reader);
    let (header, _) = header.map_err(|source| DataError::Npy { path: name.to_owned(), source: Box::new(source) })?;
    Ok(header.shape.first().map_or(0, |&rows| rows as u64))
}

impl Npy {
    /// Number of rows of the array of a file, which is not read.
    pub(super) fn rows(path: &Path) -> Result<u64, DataError> {
        let name = path.display().to_string();
        let file = open_file(path).map_err(|source| DataError::Read { path: name.clone(), source })?;
        rows_of(BufReader::new(file), &name)
    }

    /// Reads a file of one or two dimensions that `fits` accepts; `expected` describes them.
    pub(super) fn open(
        path: &Path,
        types: NumberTypes,
        expected: &str,
        fits: impl Fn(&[usize]) -> bool,
    ) -> Result<Self, DataError> {
        let name = path.display().to_string();
        let read = |source| DataError::Read { path: path.display().to_string(), source };
        let file = open_file(path).map_err(read)?;
        let length = file.metadata().map_err(read)?.len();
        Self::read(BufReader::new(file), length, name, types, expected, fits)
    }

    /// As [`Npy::open`], from what is `length` bytes long; `name` stands for it in errors.
    fn read(
        reader: impl Read,
        length: u64,
        name: String,
        types: NumberTypes,
        expected: &str,
        fits: impl Fn(&[usize]) -> bool,
    ) -> Result<Self, DataError> {
        let read = |source| DataError::Read { path: name.clone(), source };
        let mut reader = Hashing::new(reader);
        let (header, header_length) = read_header(&mut reader)
            .map_err(|source| DataError::Npy { path: name.clone(), source: Box::new(source) })?;

        let any = types == NumberTypes::Any;
        let decode = match header.type_descriptor.as_string().map(String::as_str) {
            Some("<i4") if any => Decode(4, |b| i32::from_le_bytes([b[0], b[1], b[2], b[3]]).into()),
            Some("<u4") if any => Decode(4, |b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]).into()),
            Some("<i8") if any => {
                Decode(8, |b| i64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]) as f64)
            }
            Some("<u8") if any => {
                Decode(8, |b| u64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]) as f64)
            }
            Some("<f4") => Decode(4, |b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]).into()),
            Some(">f4") => Decode(4, |b| f32::from_be_bytes([b[0], b[1], b[2], b[3]]).into()),
            Some("<f8") => Decode(8, |b| f64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]])),
            Some(">f8") => Decode(8, |b| f64::from_be_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]])),
            _ => return Err(DataError::NpyType { path: name, found: header.type_descriptor.to_string() }),
        };
        if !fits(&header.shape) {
            return Err(DataError::NpyShape { path: name, found: header.shape, expected: expected.to_owned() });
        }
        // The file is as long as its shape says, so memory is asked for on the word of both.
        let size = header.shape.iter().try_fold(decode.0 as u64, |size, &d| size.checked_mul(d as u64));
        let expected = size.and_then(|size| size.checked_add(header_length)).unwrap_or(u64::MAX);
        if length != expected {
            return Err(DataError::Length { path: name, expected, found: length });
        }
        let count = header.shape.iter().product();
        let values = decode.values(&mut reader, count).map_err(read)?;
        let values = if header.layout.is_fortran() { transpose(&values, &header.shape) } else { values };
        let (_, sha256) = reader.finish().map_err(read)?;
        Ok(Self { shape: header.shape, values, sha256 })
    }
}

/// An archive of NumPy arrays, as `numpy.savez` writes it.
pub(super) struct Npz {
    archive: ZipArchive<BufReader<File>>,
    name: String,
}

impl Npz {
    pub(super) fn open(path: &Path) -> Result<Self, DataError> {
        let name = path.display().to_string();
        let file = open_file(path).map_err(|source| DataError::Read { path: name.clone(), source })?;
        let archive = ZipArchive::new(BufReader::new(file));
        let archive = archive.map_err(|source| DataError::Npz { path: name.clone(), source: Box::new(source) })?;
        Ok(Self { archive, name })
    }

    /// Number of rows of the array of this name, which is not read; 0 if it is not there.
    pub(super) fn rows(&mut self, array: &str) -> Result<u64, DataError> {
        let name = self.name.clone();
        self.entry(array)?.map_or(Ok(0), |entry| rows_of(entry, &name))
    }

    /// The array of this name, if it is there, which has one dimension.
    pub(super) fn vector(&mut self, array: &str) -> Result<Option<Vec<f64>>, DataError> {
        let name = format!("{}, `{array}`", self.name);
        let Some(entry) = self.entry(array)? else { return Ok(None) };
        let length = entry.size();
        let fits = |shape: &[usize]| shape.len() == 1;
        Npy::read(entry, length, name, NumberTypes::Any, "one dimension", fits).map(|npy| Some(npy.values))
    }

    fn entry(&mut self, array: &str) -> Result<Option<ZipFile<'_, BufReader<File>>>, DataError> {
        match self.archive.by_name(&format!("{array}.npy")) {
            Ok(entry) => Ok(Some(entry)),
            Err(ZipError::FileNotFound) => Ok(None),
            Err(source) => Err(DataError::Npz { path: self.name.clone(), source: Box::new(source) }),
        }
    }
}

/// Most brackets one within another.
fn deepest(text: &[u8]) -> usize {
    let mut open = 0_usize;
    let depth = |byte: &u8| {
        match byte {
            b'(' | b'[' | b'{' => open += 1,
            b')' | b']' | b'}' => open = open.saturating_sub(1),
            _ => (),
        }
        open
    };
    text.iter().map(depth).max().unwrap_or(0)
}

/// Reads the header and gives back its length with it [bytes].
fn read_header(reader: &mut impl Read) -> Result<(Header, u64), ReadHeaderError> {
    // Six bytes of magic, two of version, and two or four of the length of the text.
    let mut start = [0; 12];
    reader.read_exact(&mut start)?;
    let (prefix, text) = match start[6] {
        1 => (10, usize::from(u16::from_le_bytes([start[8], start[9]]))),
        _ => (12, u32::from_le_bytes([start[8], start[9], start[10], start[11]]) as usize),
    };
    if start.starts_with(b"\x93NUMPY") && text > LONGEST_HEADER {
        let message = format!("a header of {text} bytes, expected at most {LONGEST_HEADER}");
        return Err(io::Error::new(io::ErrorKind::InvalidData, message).into());
    }
    let mut whole = start.to_vec();
    reader.take((prefix + text).saturating_sub(start.len()) as u64).read_to_end(&mut whole)?;
    let depth = deepest(&whole[prefix.min(whole.len())..]);
    if start.starts_with(b"\x93NUMPY") && depth > DEEPEST_HEADER {
        let message = format!("a header with {depth} brackets one within another, expected at most {DEEPEST_HEADER}");
        return Err(io::Error::new(io::ErrorKind::InvalidData, message).into());
    }
    let header = Header::from_reader(&mut &whole[..])?;
    Ok((header, (prefix + text) as u64))
}

/// Size of a number in a file [bytes] and how it is read.
struct Decode(usize, fn(&[u8]) -> f64);

impl Decode {
    fn values(&self, reader: &mut impl Read, count: usize) -> io::Result<Vec<f64>> {
        let mut values = Vec::with_capacity(count);
        let mut buffer = vec![0; 8192 * self.0];
        while values.len() < count {
            let part = &mut buffer[..self.0 * 8192.min(count - values.len())];
            reader.read_exact(part)?;
            values.extend(part.chunks_exact(self.0).map(self.1));
        }
        Ok(values)
    }
}

/// From column-major to row-major order.
fn transpose(values: &[f64], shape: &[usize]) -> Vec<f64> {
    match *shape {
        [rows, cols] => (0..rows).flat_map(|i| (0..cols).map(move |j| values[j * rows + i])).collect(),
        _ => values.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transposed_matrix_has_its_columns_as_rows() {
        assert_eq!(transpose(&[1.0, 4.0, 2.0, 5.0, 3.0, 6.0], &[2, 3]), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    }

    #[test]
    fn a_header_is_refused_by_its_length_before_it_is_read() {
        let lie = b"\x93NUMPY\x02\x00\xff\xff\xff\xff{'descr'";
        let error = read_header(&mut &lie[..]).unwrap_err().to_string();
        assert!(error.contains("a header of 4294967295 bytes, expected at most 512"), "{error}");
    }

    /// Found by fuzzing: the parser of the header tries what is within a bracket several times over, at each depth.
    #[test]
    fn brackets_that_would_be_tried_without_end_are_refused_at_once() {
        let text = b"{'shape': (5, 3.,{3.,{    3.,{3.,{   {     (3.,{3.,{    {    (2,{      {    (3.,{3.,{    {    (2,{      (2,cr' :'>      \n";
        let mut file = b"\x93NUMPY\x01\x00".to_vec();
        file.extend((text.len() as u16).to_le_bytes());
        file.extend(text);
        let error = read_header(&mut &file[..]).unwrap_err().to_string();
        assert!(error.contains("brackets one within another, expected at most 4"), "{error}");
    }

    #[test]
    fn brackets_as_deep_as_a_header_may_go_are_refused_and_no_stack_overflows() {
        let mut file = b"\x93NUMPY\x01\x00\x00\x02".to_vec();
        file.extend([b'('; 511]);
        file.push(b'\n');
        assert!(read_header(&mut &file[..]).is_err());
    }
}
