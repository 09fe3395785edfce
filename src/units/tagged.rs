//! Writes enums as tables that name their variety, as they are read.

use serde::ser::{Error, Serialize, Serializer};
use toml::{Table, Value};

/// Keys that name the variety of an enum, each the serde name of those enums.
pub(crate) const TAGS: [&str; 3] = ["kind", "from", "kernel"];

/// Writes an enum as a table whose key `kind` is the variety.
pub(crate) fn by_kind<T: Serialize, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    table("kind", value).map_err(S::Error::custom)?.serialize(serializer)
}

/// Writes an enum that is there as a table whose key `kind` is the variety.
#[allow(clippy::ref_option, reason = "serde calls it with a field")]
pub(crate) fn some_by_kind<T: Serialize, S: Serializer>(value: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => by_kind(value, serializer),
        None => serializer.serialize_none(),
    }
}

/// Writes an enum as a table whose key `from` is the variety.
pub(crate) fn by_from<T: Serialize, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    table("from", value).map_err(S::Error::custom)?.serialize(serializer)
}

/// Writes a list of enums as tables whose key `kernel` is the variety.
pub(crate) fn all_by_kernel<T: Serialize, S: Serializer>(values: &[T], serializer: S) -> Result<S::Ok, S::Error> {
    let tables: Result<Vec<_>, _> = values.iter().map(|value| table("kernel", value)).collect();
    tables.map_err(S::Error::custom)?.serialize(serializer)
}

/// From `{ variety = { .. } }`, as serde writes an enum, to `{ tag = "variety", .. }`.
pub(crate) fn table<T: Serialize>(tag: &str, value: &T) -> Result<Table, toml::ser::Error> {
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

/// Leaves the key of the first variety, which is meant without it, out of those that must be there.
pub(crate) fn first_is_default(schema: &mut schemars::Schema) {
    let varieties = schema.get_mut("oneOf").and_then(|varieties| varieties.as_array_mut());
    if let Some(required) = varieties.and_then(|list| list.first_mut()?.get_mut("required")?.as_array_mut()) {
        required.retain(|key| !TAGS.contains(&key.as_str().unwrap_or_default()));
    }
}
