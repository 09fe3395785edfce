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
    Ok(get::<VarLenUnicode>(from, name)?.into())
}

/// Reads a list of strings.
pub(super) fn get_texts(from: &Location, name: &str) -> Result<Vec<String>> {
    Ok(from.attr(name)?.read_raw::<VarLenUnicode>()?.into_iter().map(String::from).collect())
}

fn text(value: &str) -> Result<VarLenUnicode> {
    VarLenUnicode::from_str(value).map_err(|e| format!("{e}: {value:?}").into())
}
