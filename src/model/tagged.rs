//! Writes enums as tables that name their variety, as they are read.

use serde::ser::{Error, Serialize, Serializer};
use toml::{Table, Value};

/// Writes an enum as a table whose key `kind` is the variety.
pub(super) fn by_kind<T: Serialize, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    tagged("kind", value).map_err(S::Error::custom)?.serialize(serializer)
}

/// Writes an enum as a table whose key `from` is the variety.
pub(super) fn by_from<T: Serialize, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    tagged("from", value).map_err(S::Error::custom)?.serialize(serializer)
}

/// From `{ variety = { .. } }`, as serde writes an enum, to `{ tag = "variety", .. }`.
fn tagged<T: Serialize>(tag: &str, value: &T) -> Result<Table, toml::ser::Error> {
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
pub(super) fn first_is_default(schema: &mut schemars::Schema) {
    let varieties = schema.get_mut("oneOf").and_then(|varieties| varieties.as_array_mut());
    if let Some(required) = varieties.and_then(|list| list.first_mut()?.get_mut("required")?.as_array_mut()) {
        required.retain(|key| key != "kind" && key != "from");
    }
}
