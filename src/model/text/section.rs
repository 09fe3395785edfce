//! A table of a model: what is read of it, and where to look for what is wrong with it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use schemars::{JsonSchema, Schema, schema_for};
use serde::de::DeserializeOwned;
use toml::de::DeValue;

use super::de::{Fault, Keys, Value, What, found};
use super::map::{Node, Role, TextMap, Tree};
use super::merge;
use crate::model::error::{ModelError, Origin, nearest, one_of};

/// A table with its title in messages; one that is not in the file has its defaults.
#[derive(Clone)]
pub(in crate::model) struct Section<'t, 'i> {
    map: &'t TextMap,
    tree: &'t Tree<'i>,
    /// Its offset, or that of the table around it.
    at: usize,
    title: String,
}

static EMPTY: LazyLock<Tree<'static>> = LazyLock::new(Tree::new);

impl<'t, 'i> Section<'t, 'i> {
    /// The table at an offset.
    pub(super) fn new(map: &'t TextMap, tree: &'t Tree<'i>, at: usize, title: impl Into<String>) -> Self {
        Self { map, tree, at, title: title.into() }
    }

    /// Its title.
    pub(in crate::model) fn title(&self) -> &str {
        &self.title
    }

    /// The table `[key]` in it.
    pub(in crate::model) fn section(&self, key: &'static str) -> Result<Section<'t, 'i>, ModelError> {
        self.table(key, format!("[{key}]"))
    }

    /// The table of a key in it.
    pub(in crate::model) fn inner(&self, key: &'static str) -> Result<Section<'t, 'i>, ModelError> {
        self.table(key, format!("`{key}` of {}", self.title))
    }

    fn table(&self, key: &'static str, title: String) -> Result<Section<'t, 'i>, ModelError> {
        match self.tree.get(key).map(|node| (node, node.get_ref())) {
            None => Ok(Self { tree: &EMPTY, title, ..self.clone() }),
            Some((node, DeValue::Table(tree))) => Ok(Self { map: self.map, tree, at: node.span().start, title }),
            Some((node, _)) => Err(self.wrong(key, node, "a table")),
        }
    }

    /// The tables `[[key]]`, at least one, each with its title.
    pub(in crate::model) fn tables(&self, key: &'static str) -> Result<Vec<Section<'t, 'i>>, ModelError> {
        let expected = format!("at least one table [[{key}]]");
        self.list(key, &expected).and_then(|sections| {
            let wrong = || {
                self.tree.get(key).map_or_else(|| self.missing(key, &expected), |node| self.wrong(key, node, &expected))
            };
            if sections.is_empty() { Err(wrong()) } else { Ok(sections) }
        })
    }

    /// The tables `[[key]]`, none if the list is empty, each with its title.
    pub(in crate::model) fn any_tables(&self, key: &'static str) -> Result<Vec<Section<'t, 'i>>, ModelError> {
        self.list(key, &format!("tables [[{key}]]"))
    }

    fn list(&self, key: &'static str, expected: &str) -> Result<Vec<Section<'t, 'i>>, ModelError> {
        let node = self.tree.get(key).ok_or_else(|| self.missing(key, expected))?;
        let DeValue::Array(nodes) = node.get_ref() else { return Err(self.wrong(key, node, expected)) };
        let section = |node: &'t Node<'i>| {
            let DeValue::Table(tree) = node.get_ref() else { return None };
            let name = merge::name(key, tree).map_or_else(String::new, |name| format!(" {name:?}"));
            Some(Section { map: self.map, tree, at: node.span().start, title: format!("[[{key}]]{name}") })
        };
        let sections: Option<Vec<_>> = nodes.iter().map(section).collect();
        sections.ok_or_else(|| self.wrong(key, node, expected))
    }

    /// Reads all of it.
    pub(in crate::model) fn read<T: DeserializeOwned + JsonSchema>(&self) -> Result<T, ModelError> {
        self.read_between(&[], &[])
    }

    /// Reads all of it but keys that are read by themselves, those that stand before the others in messages and those after.
    pub(in crate::model) fn read_between<T: DeserializeOwned + JsonSchema>(
        &self,
        before: &[&'static str],
        after: &[&'static str],
    ) -> Result<T, ModelError> {
        let keys = Keys { tree: self.tree, but: &[before, after].concat() };
        T::deserialize(keys).map_err(|fault| self.error(fault, [before, after], || schema_for!(T)))
    }

    /// The text of a key that has one.
    pub(in crate::model) fn text(&self, key: &str) -> Option<&'t str> {
        merge::text(self.tree, key)
    }

    /// Reads the value of one key by itself, if it is there.
    pub(in crate::model) fn key<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(Value<'t, 'i>) -> Result<T, Fault>,
    ) -> Result<Option<T>, ModelError> {
        let Some(node) = self.tree.get(key) else { return Ok(None) };
        let fault = |mut fault: Fault| {
            fault.keys.insert(0, key.to_owned());
            self.error(fault, [&[], &[]], Schema::default)
        };
        read(Value(node)).map(Some).map_err(fault)
    }

    /// Whether a key is there.
    pub(in crate::model) fn has(&self, key: &str) -> bool {
        self.tree.contains_key(key)
    }

    /// Whether a key is there and a table.
    pub(in crate::model) fn is_table(&self, key: &str) -> bool {
        self.tree.get(key).is_some_and(|node| matches!(node.get_ref(), DeValue::Table(_)))
    }

    /// The keys that are there.
    pub(in crate::model) fn keys(&self) -> impl Iterator<Item = &'t str> {
        self.tree.keys().map(|key| key.get_ref().as_ref())
    }

    /// Where the value of a key stands, or the table if the key has its default.
    pub(in crate::model) fn at(&self, key: &str) -> Origin {
        self.at_any(&[key])
    }

    /// Where to look for the cause when several keys do not fit: at one from the command line, else the first there is.
    pub(in crate::model) fn at_any(&self, keys: &[&str]) -> Origin {
        let offsets = || keys.iter().filter_map(|key| self.tree.get(*key)).map(|node| node.span().start);
        let set = offsets().find(|at| self.map.role(*at) == Role::Argument);
        self.map.origin(set.or_else(|| offsets().next()).unwrap_or(self.at))
    }

    /// Where an item of a list stands.
    pub(in crate::model) fn at_item(&self, key: &str, index: usize) -> Origin {
        match self.tree.get(key).map(toml::Spanned::get_ref) {
            Some(DeValue::Array(nodes)) => {
                nodes.get(index).map_or_else(|| self.at(key), |node| self.map.origin(node.span().start))
            }
            _ => self.at(key),
        }
    }

    /// Where a character of the string of a key stands: behind its quotation mark, in a string of one line.
    pub(in crate::model) fn at_character(&self, key: &str, offset: usize) -> Origin {
        match (self.at(key), self.text(key)) {
            (Origin::File { file, line, column }, Some(text)) if !text.contains('\n') => {
                Origin::File { file, line, column: column + 1 + offset as u32 }
            }
            (at, _) => at,
        }
    }

    /// Where a key stands that was set for this very model, by its own file or an argument of the command line, if one was.
    pub(in crate::model) fn chosen(&self) -> Option<Origin> {
        let mut keys = self.tree.keys().map(|key| key.span().start);
        keys.find(|at| self.map.role(*at) != Role::Given).map(|at| self.map.origin(at))
    }

    /// Where the key of a table stands.
    pub(in crate::model) fn at_key(&self, key: &str) -> Origin {
        let found = self.tree.get_key_value(key);
        self.map.origin(found.map_or(self.at, |(key, _)| key.span().start))
    }

    /// Where its header stands.
    pub(in crate::model) fn header(&self) -> Origin {
        self.map.origin(self.at)
    }

    /// The error of values that make no sense together: `why` follows the title.
    pub(in crate::model) fn refused(&self, keys: &[&str], why: impl std::fmt::Display) -> ModelError {
        ModelError::refused(self.at_any(keys), format!("{}: {why}", self.title))
    }

    /// The error of a key that has no default.
    pub(in crate::model) fn missing(&self, key: &str, expected: &str) -> ModelError {
        self.missing_among(key, expected, &[])
    }

    /// As [`Section::missing`], where keys are known that are not meant for it.
    pub(in crate::model) fn missing_among(&self, key: &str, expected: &str, known: &[&str]) -> ModelError {
        let unknown = self.keys().filter(|key| !known.contains(key));
        ModelError::MissingKey {
            at: self.map.origin(self.at),
            key: key.into(),
            table: self.title.as_str().into(),
            expected: expected.into(),
            found: nearest(key, unknown),
        }
    }

    /// The error of a key that nobody asked for.
    pub(in crate::model) fn refuse_others(&self, known: &[&str]) -> Result<(), ModelError> {
        let other = self.tree.keys().find(|key| !known.contains(&key.get_ref().as_ref()));
        let Some(key) = other else { return Ok(()) };
        let keys = vec![key.get_ref().to_string()];
        let fault = Fault { at: Some(key.span().start), keys, ..Fault::new(What::UnknownKey(&[])) };
        Err(self.error(fault, [known, &[]], Schema::default))
    }

    /// The error of a value of another type, or out of its range.
    fn wrong(&self, key: &str, node: &Node<'_>, expected: &str) -> ModelError {
        self.value(self.map.origin(node.span().start), key, expected, &found(node.get_ref()), None)
    }

    /// The value of a key as found.
    pub(in crate::model) fn found(&self, key: &str) -> Option<String> {
        self.tree.get(key).map(|node| found(node.get_ref()))
    }

    /// The error of the value of a key at `at`.
    pub(in crate::model) fn value(
        &self,
        at: Origin,
        key: &str,
        expected: &str,
        found: &str,
        suggestion: Option<Box<str>>,
    ) -> ModelError {
        ModelError::Value {
            at,
            key: key.into(),
            table: self.title.as_str().into(),
            expected: expected.into(),
            found: found.into(),
            suggestion,
        }
    }

    /// A fault in the words of a model's errors; `around` are known keys before and after those of what was read.
    fn error(&self, fault: Fault, around: [&[&str]; 2], schema: impl FnOnce() -> Schema) -> ModelError {
        let Fault { what, at, found, mut keys, tag } = fault;
        let at = self.map.origin(at.unwrap_or(self.at));
        let missing = matches!(what, What::MissingKey(_));
        let key = if missing { String::new() } else { keys.pop().unwrap_or_default() };
        let [before, after] = if keys.is_empty() { around } else { [&[][..]; 2] };
        let table = keys.iter().fold(self.title.clone(), |title, key| format!("`{key}` of {title}")).into();
        match what {
            What::Expected(expected) => ModelError::Value {
                at,
                key: key.into(),
                table,
                expected: expected.into(),
                found: found.into(),
                suggestion: None,
            },
            What::OneOf(words) => {
                let suggestion = nearest(found.trim_matches('"'), words.iter().copied());
                ModelError::Value {
                    at,
                    key: key.into(),
                    table,
                    expected: one_of(words).into(),
                    found: found.into(),
                    suggestion,
                }
            }
            What::UnknownKey(known) => {
                let known: Vec<String> =
                    tag.iter().chain(before).chain(known).chain(after).map(ToString::to_string).collect();
                let suggestion = nearest(&key, known.iter().map(String::as_str));
                ModelError::UnknownKey { at, key: key.into(), table, suggestion, known: known.into() }
            }
            What::MissingKey(key) => {
                let expected = meaning(schema().as_value(), &keys, key).into();
                let tree = keys.iter().try_fold(self.tree, |tree, key| match tree.get(key.as_str())?.get_ref() {
                    DeValue::Table(inner) => Some(inner),
                    _ => None,
                });
                let there = tree.into_iter().flat_map(|tree| tree.keys().map(|key| key.get_ref().as_ref()));
                ModelError::MissingKey { at, key: key.into(), table, expected, found: nearest(key, there) }
            }
            What::Other(why) => ModelError::refused(at, format!("`{key}` in {table}: {why}")),
        }
    }
}

/// The first sentence of what a key means, by the schema of the table that `path` leads to.
fn meaning(schema: &serde_json::Value, path: &[String], key: &str) -> String {
    let mut defined = BTreeMap::new();
    if let Some(definitions) = schema.get("$defs").and_then(|d| d.as_object()) {
        defined.extend(definitions.iter().map(|(name, schema)| (format!("#/$defs/{name}"), schema)));
    }
    let keys = path.iter().map(String::as_str).chain([key]);
    let found = keys.fold(vec![schema], |schemas, key| {
        schemas.into_iter().flat_map(|schema| properties(schema, &defined, key)).collect()
    });
    let text = found.iter().find_map(|schema| schema.get("description")?.as_str()).unwrap_or("a value");
    let sentence = text.split_once(". ").map_or(text, |(first, _)| first).trim_end_matches('.');
    let mut letters = sentence.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

type Defined<'s> = BTreeMap<String, &'s serde_json::Value>;

/// The schemas of a key in a schema or in what it refers to.
fn properties<'s>(schema: &'s serde_json::Value, defined: &Defined<'s>, key: &str) -> Vec<&'s serde_json::Value> {
    let referred = schema.get("$ref").and_then(|name| defined.get(name.as_str()?)).copied();
    let lists = ["oneOf", "anyOf", "allOf"].into_iter().filter_map(|list| schema.get(list)?.as_array()).flatten();
    let own = schema.get("properties").and_then(|properties| properties.get(key));
    own.into_iter()
        .chain(referred.into_iter().chain(lists).flat_map(|schema| properties(schema, defined, key)))
        .collect()
}
