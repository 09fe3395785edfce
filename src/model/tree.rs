//! A TOML document in which each key and each value remembers where it was written.

use std::cell::Cell;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{ModelError, Origin};

/// A table: its entries in the order of the file.
#[derive(Clone, Debug)]
pub(super) struct Table {
    /// Its header, or its opening brace.
    pub(super) at: Origin,
    pub(super) entries: Vec<Entry>,
}

/// A key with its value.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    /// The key.
    pub(super) at: Origin,
    pub(super) node: Node,
}

/// A value and its place.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) at: Origin,
    pub(super) value: Value,
}

/// The values of TOML.
#[derive(Clone, Debug)]
pub(super) enum Value {
    String(String),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    Date(String),
    List(Vec<Node>),
    Table(Table),
}

impl Table {
    /// A table with nothing in it yet.
    pub(super) fn empty(at: &Origin) -> Self {
        Self { at: at.clone(), entries: Vec::new() }
    }

    /// The entry of a key.
    pub(super) fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// The text of a key that has one.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        match &self.get(key)?.node.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// Takes a key out.
    pub(super) fn remove(&mut self, key: &str) -> Option<Entry> {
        let place = self.entries.iter().position(|entry| entry.key == key)?;
        Some(self.entries.remove(place))
    }

    /// Adds a key that is not there yet, key and value at one place.
    pub(super) fn push(&mut self, key: &str, at: &Origin, value: Value) {
        let node = Node { at: at.clone(), value };
        self.entries.push(Entry { key: key.to_owned(), at: at.clone(), node });
    }
}

impl Value {
    /// The tables of a list of nothing but tables.
    pub(super) fn tables(&self) -> Option<impl Iterator<Item = &Table>> {
        let Self::List(nodes) = self else { return None };
        let all = nodes.iter().all(|node| matches!(node.value, Self::Table(_)));
        (all && !nodes.is_empty()).then(|| {
            nodes.iter().filter_map(|node| match &node.value {
                Self::Table(table) => Some(table),
                _ => None,
            })
        })
    }
}

/// Reads a TOML document; `file` is its name in messages.
pub(super) fn document(text: &str, file: &str) -> Result<Table, ModelError> {
    let places = Places::file(text, file);
    let table = DeTable::parse(text).map_err(|error| places.syntax(&error))?;
    places.table(&table.into_inner(), places.at(0))
}

/// Reads one TOML value, all of it at one place.
pub(super) fn value(text: &str, at: &Origin) -> Result<Node, ModelError> {
    let places = Places::Argument(at.clone());
    let value = DeValue::parse(text).map_err(|error| places.syntax(&error))?;
    places.node(&value)
}

/// From byte offsets to origins.
enum Places<'a> {
    File {
        file: Arc<str>,
        text: &'a str,
        line_starts: Vec<usize>,
        /// The offset asked for last with its column: the values of a long line are asked for from left to right, and
        /// counting each from the start of the line would take the square of its length.
        last: Cell<(usize, u32)>,
    },
    Argument(Origin),
}

impl<'a> Places<'a> {
    fn file(text: &'a str, file: &str) -> Self {
        let starts = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(i, _)| i + 1);
        Self::File {
            file: file.into(),
            text,
            line_starts: std::iter::once(0).chain(starts).collect(),
            last: Cell::new((0, 1)),
        }
    }

    fn at(&self, offset: usize) -> Origin {
        match self {
            Self::Argument(at) => at.clone(),
            Self::File { file, text, line_starts, last } => {
                let line = line_starts.partition_point(|&start| start <= offset);
                let start = line_starts[line - 1];
                let (from, first) = if (start..=offset).contains(&last.get().0) { last.get() } else { (start, 1) };
                let column = first + text.get(from..offset).unwrap_or_default().chars().count() as u32;
                last.set((offset, column));
                Origin::File { file: file.clone(), line: line as u32, column }
            }
        }
    }

    fn syntax(&self, error: &toml::de::Error) -> ModelError {
        let at = self.at(error.span().map_or(0, |span| span.start));
        ModelError::Syntax { at, message: format!("not valid TOML: {}", error.message()).into() }
    }

    fn table(&self, table: &DeTable<'_>, at: Origin) -> Result<Table, ModelError> {
        let entry = |(key, value): (&Spanned<_>, &Spanned<_>)| {
            let name: &std::borrow::Cow<'_, str> = key.get_ref();
            Ok(Entry { key: name.to_string(), at: self.at(key.span().start), node: self.node(value)? })
        };
        Ok(Table { at, entries: table.iter().map(entry).collect::<Result<_, ModelError>>()? })
    }

    fn node(&self, value: &Spanned<DeValue<'_>>) -> Result<Node, ModelError> {
        let at = self.at(value.span().start);
        let unreadable = |what: &str, digits: &str| ModelError::Syntax {
            at: at.clone(),
            message: format!("expected {what}, found {digits}").into(),
        };
        let value = match value.get_ref() {
            DeValue::String(text) => Value::String(text.to_string()),
            DeValue::Integer(number) => Value::Integer(
                i64::from_str_radix(number.as_str(), number.radix())
                    .map_err(|_| unreadable("an integer of at most 64 bits", number.as_str()))?,
            ),
            DeValue::Float(number) => {
                Value::Float(number.as_str().parse().map_err(|_| unreadable("a number", number.as_str()))?)
            }
            DeValue::Boolean(truth) => Value::Boolean(*truth),
            DeValue::Datetime(date) => Value::Date(date.to_string()),
            DeValue::Array(nodes) => Value::List(nodes.iter().map(|node| self.node(node)).collect::<Result<_, _>>()?),
            DeValue::Table(table) => Value::Table(self.table(table, at.clone())?),
        };
        Ok(Node { at, value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(origin: &Origin) -> String {
        origin.to_string()
    }

    #[test]
    fn every_key_and_value_has_its_line_and_column() {
        let text = "name = \"é\"\n[protocol]\nforward_ms =  50\n\n[[population]]\nsize = [1,\n 2]\n";
        let table = document(text, "m.toml").unwrap();
        let [name, protocol, population] = table.entries.as_slice() else { panic!("three keys") };
        assert_eq!(place(&name.at), "m.toml:1:1");
        assert_eq!(place(&name.node.at), "m.toml:1:8");
        let Value::Table(section) = &protocol.node.value else { panic!("a table") };
        assert_eq!(place(&section.at), "m.toml:2:1");
        assert_eq!(place(&section.entries[0].at), "m.toml:3:1");
        assert_eq!(place(&section.entries[0].node.at), "m.toml:3:15");
        let first = population.node.value.tables().unwrap().next().unwrap();
        assert_eq!(place(&first.at), "m.toml:5:1");
        let Value::List(sizes) = &first.entries[0].node.value else { panic!("a list") };
        assert_eq!(place(&sizes[1].at), "m.toml:7:2");
    }

    /// A million values on one line: seconds, and minutes if each were counted from the start of the line.
    #[test]
    fn a_long_line_is_read_in_the_time_of_its_length() {
        let text = format!("a = [{}]", "7, ".repeat(1_000_000));
        let (done, is_done) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let table = document(&text, "m").unwrap();
            let Value::List(nodes) = &table.entries[0].node.value else { panic!("a list") };
            done.send((nodes.len(), place(&nodes[999_999].at))).unwrap();
        });
        let found = is_done.recv_timeout(std::time::Duration::from_mins(1)).expect("within a minute");
        assert_eq!(found, (1_000_000, "m:1:3000003".to_owned()));
    }

    #[test]
    fn columns_count_characters() {
        let table = document("a = [\"é\", 1]", "m").unwrap();
        let Value::List(nodes) = &table.entries[0].node.value else { panic!("a list") };
        assert_eq!(place(&nodes[1].at), "m:1:11");
    }

    #[test]
    fn what_is_not_toml_has_a_place_too() {
        let error = document("name = \"x\"\nsize = = 3\n", "m.toml").unwrap_err().to_string();
        assert!(error.starts_with("m.toml:2:8: not valid TOML: "), "{error}");
        let error = document("a = 99999999999999999999", "m").unwrap_err().to_string();
        assert!(error.starts_with("m:1:5: ") && error.contains("64 bits"), "{error}");
    }
}
