//! Writes enums as tables that name their variety, as they are read.

use serde::ser::{Error, Serialize, Serializer};
use toml::{Table, Value};

pub(super) use crate::units::first_is_default;

/// Writes an enum as a table whose key `kind` is the variety.
pub(super) fn by_kind<T: Serialize, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    table("kind", value).map_err(S::Error::custom)?.serialize(serializer)
}

/// Writes an enum as a table whose key `from` is the variety.
pub(super) fn by_from<T: Serialize, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    table("from", value).map_err(S::Error::custom)?.serialize(serializer)
}

/// From `{ variety = { .. } }`, as serde writes an enum, to `{ tag = "variety", .. }`.
pub(super) fn table<T: Serialize>(tag: &str, value: &T) -> Result<Table, toml::ser::Error> {
    let mut table = Table::new();
    match Value::try_from(value)? {
        Value::Table(outer) => {
            for (name, inner) in outer {
                table.insert(tag.to_owned(), Value::String(name));
                if let Value::Table(keys) = inner {
                    table.extend(keys);
                }
            }
        }
        name => _ = table.insert(tag.to_owned(), name),
    }
    Ok(table)
}
