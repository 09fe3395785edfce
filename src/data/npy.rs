//! NumPy files, in C or Fortran order: `.npy` files and arrays of `.npz` archives, of integers or floats.
//!
//! Numbers are read as f64, which holds all of them but integers beyond 2^53, which are rounded.

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
    let npy = Npy::open(path, &format!("{shape:?}"), |found| found == shape)?;
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
    pub(super) fn open(path: &Path, expected: &str, fits: impl Fn(&[usize]) -> bool) -> Result<Self, DataError> {
        let name = path.display().to_string();
        let read = |source| DataError::Read { path: path.display().to_string(), source };
        let file = open_file(path).map_err(read)?;
        let length = file.metadata().map_err(read)?.len();
        Self::read(BufReader::new(file), length, name, expected, fits)
    }

    /// As [`Npy::open`], from what is `length` bytes long; `name` stands for it in errors.
    fn read(
        reader: impl Read,
        length: u64,
        name: String,
        expected: &str,
        fits: impl Fn(&[usize]) -> bool,
    ) -> Result<Self, DataError> {
        let read = |source| DataError::Read { path: name.clone(), source };
        let mut reader = Hashing::new(reader);
        let (header, header_length) = read_header(&mut reader)
            .map_err(|source| DataError::Npy { path: name.clone(), source: Box::new(source) })?;

        let found = header.type_descriptor.as_string().map(String::as_str);
        let Some(decode) = found.and_then(Decode::of) else {
            return Err(DataError::NpyType { path: name, found: header.type_descriptor.to_string() });
        };
        if !fits(&header.shape) {
            return Err(DataError::NpyShape { path: name, found: header.shape, expected: expected.to_owned() });
        }
        // The file is as long as its shape says, so memory is asked for on the word of both.
        let size = header.shape.iter().try_fold(decode.size as u64, |size, &d| size.checked_mul(d as u64));
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
        Npy::read(entry, length, name, "one dimension", fits).map(|npy| Some(npy.values))
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

/// How the numbers of a file are read.
struct Decode {
    /// Size of a number [bytes].
    size: usize,
    /// Whether the most significant byte comes first.
    big_endian: bool,
    /// Reads a number whose least significant byte comes first.
    read: fn(&[u8]) -> f64,
}

impl Decode {
    /// How numbers are read of a type as NumPy names it: `<f4`, `>i8`, `|u1`.
    fn of(descriptor: &str) -> Option<Self> {
        let (order, number) = descriptor.split_at_checked(1)?;
        let read: fn(&[u8]) -> f64 = match number {
            "i1" => |bytes| i8::from_le_bytes(array(bytes)).into(),
            "u1" => |bytes| u8::from_le_bytes(array(bytes)).into(),
            "i2" => |bytes| i16::from_le_bytes(array(bytes)).into(),
            "u2" => |bytes| u16::from_le_bytes(array(bytes)).into(),
            "i4" => |bytes| i32::from_le_bytes(array(bytes)).into(),
            "u4" => |bytes| u32::from_le_bytes(array(bytes)).into(),
            "i8" => |bytes| i64::from_le_bytes(array(bytes)) as f64,
            "u8" => |bytes| u64::from_le_bytes(array(bytes)) as f64,
            "f2" => |bytes| half(u16::from_le_bytes(array(bytes))),
            "f4" => |bytes| f32::from_le_bytes(array(bytes)).into(),
            "f8" => |bytes| f64::from_le_bytes(array(bytes)),
            _ => return None,
        };
        let size = usize::from(number.as_bytes()[1] - b'0');
        let big_endian = match order {
            "<" => false,
            ">" => true,
            "|" if size == 1 => false,
            _ => return None,
        };
        Some(Self { size, big_endian, read })
    }

    fn values(&self, reader: &mut impl Read, count: usize) -> io::Result<Vec<f64>> {
        let mut values = Vec::with_capacity(count);
        let mut buffer = vec![0; 8192 * self.size];
        while values.len() < count {
            let part = &mut buffer[..self.size * 8192.min(count - values.len())];
            reader.read_exact(part)?;
            if self.big_endian {
                part.chunks_exact_mut(self.size).for_each(<[u8]>::reverse);
            }
            values.extend(part.chunks_exact(self.size).map(self.read));
        }
        Ok(values)
    }
}

/// So many bytes as an array.
fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(bytes);
    array
}

/// The value of an IEEE 754 number of 16 bits: a sign, 5 bits of exponent, 10 of fraction.
fn half(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023) / 1024.0);
    let magnitude = match exponent {
        0 => fraction * 2_f64.powi(-14),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1.0 + fraction) * 2_f64.powi(exponent - 15),
    };
    if bits >> 15 == 0 { magnitude } else { -magnitude }
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
    fn numbers_of_every_type_have_their_values() {
        let read = |descriptor: &str, bytes: &[u8]| {
            let decode = Decode::of(descriptor).unwrap();
            decode.values(&mut &bytes[..], bytes.len() / decode.size).unwrap()
        };
        assert_eq!(read("|u1", &[200, 1]), [200.0, 1.0]);
        assert_eq!(read("|i1", &[200, 1]), [-56.0, 1.0]);
        assert_eq!(read("<u2", &[1, 2]), [513.0]);
        assert_eq!(read(">u2", &[1, 2]), [258.0]);
        assert_eq!(read(">i2", &[255, 254]), [-2.0]);
        assert_eq!(read("<i4", &(-70_000_i32).to_le_bytes()), [-70_000.0]);
        assert_eq!(read(">u4", &4_000_000_000_u32.to_be_bytes()), [4e9]);
        assert_eq!(read("<i8", &(-(1_i64 << 53)).to_le_bytes()), [-9_007_199_254_740_992.0]);
        assert_eq!(read("<u8", &u64::MAX.to_le_bytes()), [18_446_744_073_709_551_616.0]);
        assert_eq!(read("<f4", &0.1_f32.to_le_bytes()), [f64::from(0.1_f32)]);
        assert_eq!(read(">f8", &0.1_f64.to_be_bytes()), [0.1]);
        // 1, the largest, the smallest, and -0.333251953125, as IEEE 754 has them.
        let halves = [0x3c00_u16, 0x7bff, 0x0001, 0xb555].map(u16::to_le_bytes).concat();
        assert_eq!(read("<f2", &halves), [1.0, 65_504.0, 2_f64.powi(-24), -0.333_251_953_125]);
        for refused in ["|b1", "<c8", "|u2", "=f4", "<f16", "<U4", "f4", "", "<m8[ms]", "|O"] {
            assert!(Decode::of(refused).is_none(), "{refused}");
        }
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
