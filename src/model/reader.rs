//! Reading a table key by key: type, range and place checked, unknown keys refused.

use std::fmt;
use std::ops::{RangeBounds, RangeInclusive};
use std::path::PathBuf;
use std::sync::Arc;

use super::error::{ModelError, Origin, nearest};
use super::expected::{Integers, Numbers, found, one_of};
use super::tree::{Entry, Node, Table, Value};

/// Reads one table. What is asked for is known; [`Reader::finish`] refuses the rest.
pub(super) struct Reader<'a> {
    /// None: the table is not in the file and all its keys have their defaults.
    table: Option<&'a Table>,
    at: &'a Origin,
    name: Arc<str>,
    known: Vec<&'static str>,
}

impl<'a> Reader<'a> {
    /// Reads a table called `name` in messages.
    pub(super) fn new(table: &'a Table, name: impl Into<Arc<str>>) -> Self {
        Self { table: Some(table), at: &table.at, name: name.into(), known: Vec::new() }
    }

    /// Name of the table in messages.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Where the value of a key stands, or the table if the key has its default.
    pub(super) fn at(&self, key: &str) -> &'a Origin {
        self.at_any(&[key])
    }

    /// Where to look for the cause when several keys do not fit: at one from the command line, else the first there is.
    pub(super) fn at_any(&self, keys: &[&str]) -> &'a Origin {
        let entries = || keys.iter().filter_map(|key| self.table?.get(key)).map(|entry| &entry.node.at);
        let set = entries().find(|at| matches!(at, Origin::Argument(_)));
        set.or_else(|| entries().next()).unwrap_or(self.at)
    }

    /// Whether a key is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.is_some_and(|table| table.get(key).is_some())
    }

    /// A value of any type.
    pub(super) fn value(&mut self, key: &'static str) -> Option<&'a Node> {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        self.table?.get(key).map(|entry| &entry.node)
    }

    /// A finite number in a range; integers are numbers.
    pub(super) fn number(
        &mut self,
        key: &'static str,
        range: impl RangeBounds<f64>,
    ) -> Result<Option<f64>, ModelError> {
        self.value(key).map(|node| self.number_of(key, node, &range)).transpose()
    }

    fn number_of(&self, key: &'static str, node: &Node, range: &impl RangeBounds<f64>) -> Result<f64, ModelError> {
        let number = match node.value {
            Value::Float(number) => Some(number),
            Value::Integer(number) => Some(number as f64),
            _ => None,
        };
        let fits = |number: &f64| number.is_finite() && range.contains(number);
        number.filter(fits).ok_or_else(|| self.wrong(key, node, &Numbers(range)))
    }

    /// An integer in a range.
    pub(super) fn integer(&mut self, key: &'static str, range: RangeInclusive<u64>) -> Result<Option<u64>, ModelError> {
        self.value(key).map(|node| self.integer_of(key, node, &range)).transpose()
    }

    fn integer_of(&self, key: &'static str, node: &Node, range: &RangeInclusive<u64>) -> Result<u64, ModelError> {
        let number = match node.value {
            Value::Integer(number) => u64::try_from(number).ok(),
            _ => None,
        };
        number.filter(|number| range.contains(number)).ok_or_else(|| self.wrong(key, node, &Integers(range)))
    }

    /// A string.
    pub(super) fn text(&mut self, key: &'static str) -> Result<Option<&'a str>, ModelError> {
        self.value(key).map(|node| self.text_of(key, node, "a string")).transpose()
    }

    /// A path, already as seen from the current folder.
    pub(super) fn path(&mut self, key: &'static str) -> Result<Option<PathBuf>, ModelError> {
        let Some(node) = self.value(key) else { return Ok(None) };
        match self.text_of(key, node, "a path")? {
            "" => Err(self.wrong(key, node, &"a path")),
            path => Ok(Some(path.into())),
        }
    }

    /// A string that is not empty, of letters, digits and `also`, beginning with a letter or digit.
    pub(super) fn identifier(&mut self, key: &'static str, also: &str) -> Result<Option<&'a str>, ModelError> {
        let Some(node) = self.value(key) else { return Ok(None) };
        let expected = format!("a name of letters, digits and {also}, beginning with a letter or digit");
        let text = self.text_of(key, node, &expected)?;
        let fits = |c: char| c.is_ascii_alphanumeric() || also.contains(c);
        let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric());
        if begins && text.chars().all(fits) { Ok(Some(text)) } else { Err(self.wrong(key, node, &expected)) }
    }

    /// A truth value.
    pub(super) fn boolean(&mut self, key: &'static str) -> Result<Option<bool>, ModelError> {
        let Some(node) = self.value(key) else { return Ok(None) };
        match node.value {
            Value::Boolean(truth) => Ok(Some(truth)),
            _ => Err(self.wrong(key, node, &"true or false")),
        }
    }

    /// One of the words given, with what it stands for.
    pub(super) fn word<T: Copy>(
        &mut self,
        key: &'static str,
        words: &[(&'static str, T)],
    ) -> Result<Option<T>, ModelError> {
        self.value(key).map(|node| self.word_of(key, node, words)).transpose()
    }

    fn word_of<T: Copy>(&self, key: &'static str, node: &Node, words: &[(&'static str, T)]) -> Result<T, ModelError> {
        let text = match &node.value {
            Value::String(text) => text.as_str(),
            _ => "",
        };
        let known = words.iter().find(|(word, _)| *word == text);
        known.map(|(_, meaning)| *meaning).ok_or_else(|| self.not_among(key, node, words.iter().map(|(word, _)| *word)))
    }

    /// A list, its values as yet unread.
    pub(super) fn list(&mut self, key: &'static str, of: &str) -> Result<Option<&'a [Node]>, ModelError> {
        let Some(node) = self.value(key) else { return Ok(None) };
        match &node.value {
            Value::List(nodes) => Ok(Some(nodes)),
            _ => Err(self.wrong(key, node, &of)),
        }
    }

    /// A list of numbers in a range.
    pub(super) fn numbers(
        &mut self,
        key: &'static str,
        range: impl RangeBounds<f64>,
    ) -> Result<Option<Vec<f64>>, ModelError> {
        let Some(nodes) = self.list(key, "a list of numbers")? else { return Ok(None) };
        nodes.iter().map(|node| self.number_of(key, node, &range)).collect::<Result<_, _>>().map(Some)
    }

    /// A list of integers in a range.
    pub(super) fn integers(
        &mut self,
        key: &'static str,
        range: &RangeInclusive<u64>,
    ) -> Result<Option<Vec<u64>>, ModelError> {
        let Some(nodes) = self.list(key, "a list of integers")? else { return Ok(None) };
        nodes.iter().map(|node| self.integer_of(key, node, range)).collect::<Result<_, _>>().map(Some)
    }

    /// The string of a node under `key`.
    pub(super) fn text_of<'n>(&self, key: &'static str, node: &'n Node, expected: &str) -> Result<&'n str, ModelError> {
        match &node.value {
            Value::String(text) => Ok(text),
            _ => Err(self.wrong(key, node, &expected)),
        }
    }

    /// A table inside this one; without it, one of defaults.
    pub(super) fn inner(&mut self, key: &'static str) -> Result<Reader<'a>, ModelError> {
        let name: Arc<str> = format!("`{key}` of {}", self.name).into();
        self.table_named(key, name)
    }

    /// A section of the file; without it, one of defaults.
    pub(super) fn section(&mut self, key: &'static str) -> Result<Reader<'a>, ModelError> {
        self.table_named(key, format!("[{key}]").into())
    }

    fn table_named(&mut self, key: &'static str, name: Arc<str>) -> Result<Reader<'a>, ModelError> {
        match self.value(key).map(|node| (node, &node.value)) {
            None => Ok(Reader { table: None, at: self.at, name, known: Vec::new() }),
            Some((_, Value::Table(table))) => Ok(Reader::new(table, name)),
            Some((node, _)) => Err(self.wrong(key, node, &"a table")),
        }
    }

    /// The tables `[[key]]`, at least one.
    pub(super) fn tables(&mut self, key: &'static str) -> Result<Vec<&'a Table>, ModelError> {
        let expected = format!("at least one table [[{key}]]");
        let node = self.value(key).ok_or_else(|| self.missing(key, &expected))?;
        node.value.tables().map(Iterator::collect).ok_or_else(|| self.wrong(key, node, &expected))
    }

    /// The error of a key that has no default.
    pub(super) fn missing(&self, key: &'static str, expected: &str) -> ModelError {
        let unknown = self.unknown().map(|entry| entry.key.as_str());
        let (at, table) = (self.at.clone(), self.name.clone());
        ModelError::MissingKey { at, key, table, expected: expected.into(), found: nearest(key, unknown) }
    }

    /// The error of a value that is not what it should be.
    pub(super) fn wrong(&self, key: &'static str, node: &Node, expected: &dyn fmt::Display) -> ModelError {
        let (at, table) = (node.at.clone(), self.name.clone());
        let (expected, found) = (expected.to_string().into(), found(&node.value).into());
        ModelError::Value { at, key, table, expected, found, suggestion: None }
    }

    /// The error of a value that is none of some words.
    pub(super) fn not_among(
        &self,
        key: &'static str,
        node: &Node,
        words: impl IntoIterator<Item = &'static str>,
    ) -> ModelError {
        let words: Vec<_> = words.into_iter().collect();
        let suggestion = match &node.value {
            Value::String(text) => nearest(text, words.iter().copied()),
            _ => None,
        };
        let (at, table) = (node.at.clone(), self.name.clone());
        let (expected, found) = (one_of(&words).into(), found(&node.value).into());
        ModelError::Value { at, key, table, expected, found, suggestion }
    }

    /// Refuses keys that nobody asked for.
    pub(super) fn finish(self) -> Result<(), ModelError> {
        let Some(entry) = self.unknown().next() else { return Ok(()) };
        let suggestion = nearest(&entry.key, self.known.iter().copied());
        let (at, key) = (entry.at.clone(), entry.key.as_str().into());
        Err(ModelError::UnknownKey { at, key, table: self.name, suggestion, known: self.known.into() })
    }

    fn unknown(&self) -> impl Iterator<Item = &'a Entry> {
        let entries = self.table.map_or(&[][..], |table| &table.entries);
        entries.iter().filter(|entry| !self.known.contains(&entry.key.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::expected::above;
    use super::super::tree;
    use super::*;

    fn refusal<T: fmt::Debug>(text: &str, read: impl Fn(&mut Reader<'_>) -> Result<T, ModelError>) -> String {
        let table = tree::document(text, "m").unwrap();
        read(&mut Reader::new(&table, "[x]")).unwrap_err().to_string()
    }

    #[test]
    fn integers_are_numbers_but_not_the_other_way_round() {
        let table = tree::document("a = 3\nb = 3.0\n", "m").unwrap();
        let mut keys = Reader::new(&table, "[x]");
        assert_eq!(keys.number("a", 0.0..).unwrap(), Some(3.0));
        assert_eq!(keys.number("c", 0.0..).unwrap(), None);
        assert!(keys.integer("b", 0..=9).is_err());
    }

    #[test]
    fn what_is_out_of_range_is_told_the_range() {
        let message = refusal("a = -3", |keys| keys.number("a", 0.25..=1000.0));
        assert_eq!(message, "m:1:5: `a` in [x]: expected a number from 0.25 to 1000, found -3");
        let message = refusal("a = nan", |keys| keys.number("a", ..));
        assert_eq!(message, "m:1:5: `a` in [x]: expected a finite number, found NaN");
        let message = refusal("a = 0", |keys| keys.number("a", above(0.0, 9.0)));
        assert_eq!(message, "m:1:5: `a` in [x]: expected a number above 0 and of at most 9, found 0");
        let message = refusal("a = 0", |keys| keys.integer("a", 1..=u64::MAX));
        assert_eq!(message, "m:1:5: `a` in [x]: expected an integer of at least 1, found 0");
        let message = refusal("a = \"potental\"", |keys| keys.word("a", &[("potential", 1), ("rate", 2)]));
        let expected = "expected \"potential\" or \"rate\", found \"potental\"; did you mean `potential`?";
        assert_eq!(message, format!("m:1:5: `a` in [x]: {expected}"));
    }

    #[test]
    fn unknown_and_missing_keys_find_their_likes() {
        let table = tree::document("size = 1\nnane = 2\n", "m").unwrap();
        let mut keys = Reader::new(&table, "[x]");
        keys.integer("size", 1..=9).unwrap();
        let message = keys.missing("name", "a string").to_string();
        assert_eq!(message, "m:1:1: missing key `name` in [x]: expected a string, found `nane`");
        let message = keys.finish().unwrap_err().to_string();
        assert_eq!(message, "m:2:1: unknown key `nane` in [x]; its keys are size");
    }

    #[test]
    fn several_keys_at_fault_are_shown_at_the_one_from_the_command_line() {
        let mut table = tree::document("a = 1\n", "m").unwrap();
        let set = Origin::Argument("--set b=2".into());
        assert_eq!(Reader::new(&table, "[x]").at_any(&["b", "a"]).to_string(), "m:1:5");
        table.push("b", &set, Value::Integer(2));
        assert_eq!(Reader::new(&table, "[x]").at_any(&["a", "b"]), &set);
    }
}
