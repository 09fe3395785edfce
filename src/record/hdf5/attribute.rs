//! Attributes: scalars, lists, and texts as UTF-8 of fixed length.
//!
//! Texts of variable length lie in HDF5's global heap, in which one changed byte makes HDF5's own reader loop for ever. Files
//! of version 0.1 have them, and are read once their heap was looked at (`heap.rs`).

use std::str::FromStr;

use hdf5::types::{FixedUnicode, TypeDescriptor, VarLenUnicode};
use hdf5::{Container, Group, H5Type, Location, Result};

use super::heap::Heap;

/// The longest text that a file keeps [bytes].
pub(super) const LONGEST_TEXT: usize = 131_072;

/// Calls a function of a capacity with the smallest one that holds a text of this length. HDF5 cuts or pads between this
/// and the length in the file.
macro_rules! of_capacity {
    ($length:expr, $function:ident $arguments:tt) => {
        match $length {
            0..=64 => $function::<64> $arguments,
            65..=256 => $function::<256> $arguments,
            257..=1024 => $function::<1024> $arguments,
            1025..=16_384 => $function::<16_384> $arguments,
            16_385..=LONGEST_TEXT => $function::<LONGEST_TEXT> $arguments,
            length => Err(format!("a text of {length} bytes, expected at most {LONGEST_TEXT}").into()),
        }
    };
}

/// Writes a scalar attribute.
pub(super) fn put<T: H5Type>(to: &Location, name: &str, value: &T) -> Result<()> {
    to.new_attr::<T>().create(name)?.write_scalar(value)
}

/// Writes an attribute of shape [n].
pub(super) fn put_list<T: H5Type>(to: &Location, name: &str, values: &[T]) -> Result<()> {
    to.new_attr::<T>().shape(values.len()).create(name)?.write_raw(values)
}

/// Writes a text attribute.
pub(super) fn put_text(to: &Location, name: &str, value: &str) -> Result<()> {
    let attribute = to.new_attr_builder().empty_as(fixed(value.len())).create(name)?;
    of_capacity!(value.len(), write(&attribute, &[value]))
}

/// Writes a list of texts as an attribute of shape [n].
pub(super) fn put_texts<'a>(to: &Location, name: &str, values: impl Iterator<Item = &'a str>) -> Result<()> {
    let values: Vec<_> = values.collect();
    let longest = values.iter().map(|value| value.len()).max().unwrap_or(0);
    let attribute = to.new_attr_builder().empty_as(fixed(longest)).shape(values.len()).create(name)?;
    of_capacity!(longest, write(&attribute, &values))
}

/// Writes a list of texts as a dataset of shape [n].
pub(super) fn put_text_dataset(to: &Group, name: &str, values: &[&str]) -> Result<()> {
    let longest = values.iter().map(|value| value.len()).max().unwrap_or(0);
    let dataset = to.new_dataset_builder().empty_as(fixed(longest)).shape(values.len()).create(name)?;
    of_capacity!(longest, write(&dataset, values))
}

/// The type in a file of texts of at most so many bytes; HDF5 knows none of 0.
fn fixed(length: usize) -> TypeDescriptor {
    TypeDescriptor::FixedUnicode(length.max(1))
}

/// Writes texts, each of at most N bytes.
#[inline(never)]
fn write<const N: usize>(to: &Container, values: &[&str]) -> Result<()> {
    let mut padded = vec![FixedUnicode::<N>::new(); values.len()];
    for (padded, value) in padded.iter_mut().zip(values) {
        pad(padded, value)?;
    }
    to.write_raw(&padded)
}

/// Pads a text with zeros. On its own, as every step of it takes N bytes of the stack.
#[inline(never)]
fn pad<const N: usize>(padded: &mut FixedUnicode<N>, value: &str) -> Result<()> {
    if value.contains('\0') {
        return Err(format!("expected a text without zeros, which end it in HDF5: {value:?}").into());
    }
    *padded = FixedUnicode::from_str(value).map_err(|e| hdf5::Error::from(e.to_string()))?;
    Ok(())
}

/// Reads a scalar attribute.
pub(super) fn get<T: H5Type>(from: &Location, name: &str) -> Result<T> {
    from.attr(name)?.read_scalar()
}

/// Reads a text attribute.
pub(super) fn get_text(from: &Location, name: &str, heap: &Heap) -> Result<String> {
    let mut texts = get_texts(from, name, heap)?;
    match texts.pop() {
        Some(text) if texts.is_empty() => Ok(text),
        _ => Err("expected one text".into()),
    }
}

/// Reads a list of texts.
pub(super) fn get_texts(from: &Location, name: &str, heap: &Heap) -> Result<Vec<String>> {
    let attribute = from.attr(name)?;
    if attribute.dtype()?.to_descriptor()? == TypeDescriptor::VarLenUnicode {
        heap.check()?;
    }
    texts(&attribute)
}

/// The texts of an attribute or a dataset, of fixed length, or of variable length in a heap that was checked.
pub(super) fn texts(from: &Container) -> Result<Vec<String>> {
    match from.dtype()?.to_descriptor()? {
        TypeDescriptor::FixedUnicode(length) => of_capacity!(length, read(from)),
        TypeDescriptor::VarLenUnicode => {
            from.read_raw::<VarLenUnicode>()?.iter().map(|text| checked(text.as_bytes())).collect()
        }
        other => Err(format!("is of type {other}, expected text").into()),
    }
}

fn read<const N: usize>(from: &Container) -> Result<Vec<String>> {
    from.read_raw::<FixedUnicode<N>>()?.iter().map(|text| checked(text.as_bytes())).collect()
}

/// A text as it was read: HDF5 takes any bytes for UTF-8, and a `String` of others is none.
fn checked(bytes: &[u8]) -> Result<String> {
    str::from_utf8(bytes).map(str::to_owned).map_err(|e| e.to_string().into())
}

/// Texts of variable length, for those that other programs read by h5py: to it these are `str`, those of fixed length `bytes`.
pub(super) mod variable {
    use super::{FromStr, Location, Result, VarLenUnicode};

    pub(in super::super) use super::put;

    /// Writes a text attribute.
    pub(in super::super) fn put_text(to: &Location, name: &str, value: &str) -> Result<()> {
        put(to, name, &text(value)?)
    }

    /// Writes a list of texts as an attribute of shape [n].
    pub(in super::super) fn put_texts<'a>(
        to: &Location,
        name: &str,
        values: impl Iterator<Item = &'a str>,
    ) -> Result<()> {
        super::put_list(to, name, &values.map(text).collect::<Result<Vec<_>>>()?)
    }

    fn text(value: &str) -> Result<VarLenUnicode> {
        VarLenUnicode::from_str(value).map_err(|e| format!("{e}: {value:?}").into())
    }
}

#[cfg(test)]
mod tests {
    use hdf5::File;

    use super::super::place::ReservedFile;
    use super::*;

    /// What reading says of a text, a byte of which was damaged after it was written.
    fn damaged(written: impl Fn(&File)) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("text.h5");
        let file = File::create(&path).unwrap();
        written(&file);
        file.flush().unwrap();
        let heap = Heap::of(&path);
        assert_eq!(get_texts(&file, "texts", &heap).unwrap(), ["what is whole", "as well"]);
        file.close().unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        let at = bytes.windows(13).position(|window| window == b"what is whole").unwrap();
        bytes[at + 5] = 0xff;
        std::fs::write(&path, bytes).unwrap();
        get_texts(&File::open(&path).unwrap(), "texts", &heap).unwrap_err().to_string()
    }

    #[test]
    fn a_text_with_a_damaged_byte_is_refused() {
        let texts = || ["what is whole", "as well"].into_iter();
        let fixed = damaged(|file| put_texts(file, "texts", texts()).unwrap());
        assert!(fixed.contains("incorrect metadata checksum"), "{fixed}");
        let variable = damaged(|file| variable::put_texts(file, "texts", texts()).unwrap());
        assert!(variable.contains("invalid utf-8 sequence of 1 bytes from index 5"), "{variable}");
    }

    #[test]
    fn texts_of_every_length_are_kept_to_the_longest_and_none_with_a_zero() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("text.h5");
        let (file, heap) = (ReservedFile::reserve(&path).unwrap().create().unwrap(), Heap::of(&path));
        for length in [0, 1, 64, 65, 1024, 1025, 16_384, 16_385, 100_000, LONGEST_TEXT] {
            let (name, text) = (length.to_string(), "x".repeat(length));
            put_text(&file, &name, &text).unwrap();
            assert!(get_text(&file, &name, &heap).unwrap() == text, "{length}");
        }
        let refused = put_text(&file, "longer", &"x".repeat(LONGEST_TEXT + 1)).unwrap_err().to_string();
        assert_eq!(refused, "a text of 131073 bytes, expected at most 131072");
        assert!(put_text(&file, "zero", "a\0").is_err());
    }
}
