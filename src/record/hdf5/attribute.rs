//! Attributes: scalars, lists, and strings as variable-length UTF-8.

use std::str::FromStr;

use hdf5::types::VarLenUnicode;
use hdf5::{H5Type, Location, Result};

/// Writes a scalar attribute.
pub(super) fn put<T: H5Type>(to: &Location, name: &str, value: &T) -> Result<()> {
    to.new_attr::<T>().create(name)?.write_scalar(value)
}

/// Writes an attribute of shape [n].
pub(super) fn put_list<T: H5Type>(to: &Location, name: &str, values: &[T]) -> Result<()> {
    to.new_attr::<T>().shape(values.len()).create(name)?.write_raw(values)
}

/// Writes a string attribute.
pub(super) fn put_text(to: &Location, name: &str, value: &str) -> Result<()> {
    put(to, name, &text(value)?)
}

/// Writes a list of strings as an attribute of shape [n].
pub(super) fn put_texts<'a>(to: &Location, name: &str, values: impl Iterator<Item = &'a str>) -> Result<()> {
    put_list(to, name, &values.map(text).collect::<Result<Vec<_>>>()?)
}

/// Reads a scalar attribute.
pub(super) fn get<T: H5Type>(from: &Location, name: &str) -> Result<T> {
    from.attr(name)?.read_scalar()
}

/// Reads a string attribute.
pub(super) fn get_text(from: &Location, name: &str) -> Result<String> {
    checked(&get(from, name)?)
}

/// Reads a list of strings.
pub(super) fn get_texts(from: &Location, name: &str) -> Result<Vec<String>> {
    from.attr(name)?.read_raw()?.iter().map(checked).collect()
}

/// A text as it was read: HDF5 takes any bytes for UTF-8, and a `String` of others is none.
fn checked(text: &VarLenUnicode) -> Result<String> {
    str::from_utf8(text.as_bytes()).map(str::to_owned).map_err(|e| e.to_string().into())
}

fn text(value: &str) -> Result<VarLenUnicode> {
    VarLenUnicode::from_str(value).map_err(|e| format!("{e}: {value:?}").into())
}

#[cfg(test)]
mod tests {
    use hdf5::File;

    use super::*;

    #[test]
    fn a_text_with_a_damaged_byte_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("text.h5");
        let file = File::create(&path).unwrap();
        put_text(&file, "text", "what is whole").unwrap();
        put_texts(&file, "texts", ["what is whole", "as well"].into_iter()).unwrap();
        assert_eq!(get_text(&file, "text").unwrap(), "what is whole");
        assert_eq!(get_texts(&file, "texts").unwrap(), ["what is whole", "as well"]);
        file.close().unwrap();

        let mut bytes = std::fs::read(&path).unwrap();
        let whole = |bytes: &[u8]| bytes.windows(13).position(|window| window == b"what is whole");
        while let Some(at) = whole(&bytes) {
            bytes[at + 5] = 0xff;
        }
        std::fs::write(&path, bytes).unwrap();
        let file = File::open(&path).unwrap();
        for refused in [get_text(&file, "text").unwrap_err(), get_texts(&file, "texts").unwrap_err()] {
            assert!(refused.to_string().contains("invalid utf-8 sequence of 1 bytes from index 5"), "{refused}");
        }
    }
}
