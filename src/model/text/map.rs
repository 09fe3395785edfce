//! All texts that a model is read from, laid end to end as in a compiler's source map: a position in one of them is an offset
//! in all, which survives the merging of their trees.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue, Error};

use crate::model::error::{ModelError, Origin};

/// A table of keys and values, each with its offset in a [`TextMap`].
pub(super) type Tree<'i> = DeTable<'i>;

/// A value with its offset in a [`TextMap`].
pub(super) type Node<'i> = Spanned<DeValue<'i>>;

/// The texts of a model, in the order they were read.
#[derive(Default)]
pub(super) struct TextMap {
    texts: Vec<PlacedText>,
    /// Offset of the next.
    end: usize,
}

struct PlacedText {
    start: usize,
    name: Arc<str>,
    /// The text of a file; none: what has no lines, named as a whole.
    text: Option<String>,
    role: Role,
}

/// What a text is to the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// An argument of the command line.
    Argument,
    /// The file of the model itself.
    File,
    /// The base of a file, or a text that was written by the program.
    Given,
}

impl TextMap {
    /// Parses a TOML document; `name` is that of its file in messages, whose paths are relative to `folder`.
    pub(super) fn document<'i>(
        &mut self,
        text: &'i str,
        name: &str,
        folder: &Path,
        role: Role,
    ) -> Result<Spanned<Tree<'i>>, ModelError> {
        let start = self.add(name, Some(text), role);
        self.parsed(text, start, folder)
    }

    /// As [`TextMap::document`], of a text that nobody has seen: its keys are named by `name` alone.
    pub(super) fn without_lines<'i>(&mut self, text: &'i str, name: &str) -> Result<Spanned<Tree<'i>>, ModelError> {
        let start = self.end;
        self.end += text.len() + 1;
        self.texts.push(PlacedText { start, name: name.into(), text: None, role: Role::Given });
        self.parsed(text, start, Path::new(""))
    }

    fn parsed<'i>(&self, text: &'i str, start: usize, folder: &Path) -> Result<Spanned<Tree<'i>>, ModelError> {
        let mut tree = DeTable::parse(text).map_err(|error| self.syntax(start, &error))?.into_inner();
        let moved = Moved { by: start, folder }.tree(&mut tree);
        moved.map_err(|at| self.refuse_folder(at))?;
        Ok(Spanned::new(start..start, tree))
    }

    /// Parses one TOML value of an argument that was added.
    pub(super) fn value<'i>(&self, text: &'i str, argument: usize) -> Result<Node<'i>, ModelError> {
        let mut value = DeValue::parse(text).map_err(|error| self.syntax(argument, &error))?;
        Moved { by: argument, folder: Path::new("") }.node(&mut value).map_err(|at| self.refuse_folder(at))?;
        Ok(value)
    }

    /// Adds a source that is named as a whole, as `--set learning.batch=16`, and returns its offset.
    pub(super) fn argument(&mut self, name: &str) -> usize {
        self.add(name, None, Role::Argument)
    }

    fn add(&mut self, name: &str, text: Option<&str>, role: Role) -> usize {
        let start = self.end;
        // An argument is as long as its name, for a value of it is no longer; the one beyond is for an error at the end.
        self.end += text.unwrap_or(name).len() + 1;
        self.texts.push(PlacedText { start, name: name.into(), text: text.map(str::to_owned), role });
        start
    }

    /// Where an offset was written.
    pub(super) fn origin(&self, offset: usize) -> Origin {
        let place = self.texts.partition_point(|source| source.start <= offset);
        let Some(source) = self.texts.get(place.saturating_sub(1)) else { return Origin::Argument("".into()) };
        let Some(text) = &source.text else { return Origin::Argument(source.name.clone()) };
        let before = text.get(..offset - source.start).unwrap_or(text);
        let line = 1 + before.bytes().filter(|byte| *byte == b'\n').count() as u32;
        let column = 1 + before.rsplit('\n').next().map_or(0, |start| start.chars().count()) as u32;
        Origin::File { file: source.name.clone(), line, column }
    }

    /// What the text is in which an offset lies.
    pub(super) fn role(&self, offset: usize) -> Role {
        let place = self.texts.partition_point(|source| source.start <= offset);
        self.texts.get(place.saturating_sub(1)).map_or(Role::Given, |source| source.role)
    }

    fn syntax(&self, start: usize, error: &Error) -> ModelError {
        let at = self.origin(start + error.span().map_or(0, |span| span.start));
        ModelError::Syntax { at, message: format!("not valid TOML: {}", error.message()).into() }
    }

    fn refuse_folder(&self, offset: usize) -> ModelError {
        let why = "expected a model file in a folder whose name is UTF-8, found another";
        ModelError::refused(self.origin(offset), why)
    }
}

/// Gives a tree its place in the map, and has its paths as seen from the current folder. Errors are offsets of paths that are
/// no UTF-8.
struct Moved<'a> {
    by: usize,
    folder: &'a Path,
}

impl Moved<'_> {
    fn tree(&self, tree: &mut Tree<'_>) -> Result<(), usize> {
        let entries: Vec<_> = std::mem::take(tree).into_iter().collect();
        for (key, mut value) in entries {
            self.node(&mut value)?;
            if let (DeValue::String(path), "path") = (value.get_ref(), key.get_ref().as_ref())
                && !path.is_empty()
            {
                let whole = self.folder.join(path.as_ref()).into_os_string().into_string();
                *value.get_mut() = DeValue::String(whole.map_err(|_| value.span().start)?.into());
            }
            let at = self.moved(&key.span());
            tree.insert(Spanned::new(at, key.into_inner()), value);
        }
        Ok(())
    }

    fn node(&self, node: &mut Node<'_>) -> Result<(), usize> {
        let at = self.moved(&node.span());
        let mut value = std::mem::replace(node.get_mut(), DeValue::Boolean(false));
        match &mut value {
            DeValue::Table(tree) => self.tree(tree)?,
            DeValue::Array(nodes) => nodes.iter_mut().try_for_each(|node| self.node(node))?,
            _ => (),
        }
        *node = Spanned::new(at, value);
        Ok(())
    }

    fn moved(&self, span: &Range<usize>) -> Range<usize> {
        span.start + self.by..span.end + self.by
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_and_value_has_its_line_and_column() {
        let mut map = TextMap::default();
        map.document("a = 1\n", "first.toml", Path::new(""), Role::File).unwrap();
        let text = "name = \"é\"\n[protocol]\nforward_ms =  50\n\n[[population]]\nsize = [\"é\",\n 2]\n";
        let tree = map.document(text, "m.toml", Path::new(""), Role::File).unwrap();
        assert_eq!(map.origin(tree.span().start).to_string(), "m.toml:1:1");
        let set = map.argument("--set a=3");
        let value = map.value("3", set).unwrap();
        let place = |offset: usize| map.origin(offset).to_string();
        let tree = tree.into_inner();
        assert_eq!(place(tree["name"].span().start), "m.toml:1:8");
        assert_eq!(place(tree["protocol"].span().start), "m.toml:2:1");
        let DeValue::Table(section) = tree["protocol"].get_ref() else { panic!("a table") };
        let (key, value_of) = section.iter().next().unwrap();
        assert_eq!(
            (place(key.span().start).as_str(), place(value_of.span().start).as_str()),
            ("m.toml:3:1", "m.toml:3:15")
        );
        let DeValue::Array(list) = tree["population"].get_ref() else { panic!("a list") };
        assert_eq!(place(list[0].span().start), "m.toml:5:1");
        let DeValue::Table(first) = list[0].get_ref() else { panic!("a table") };
        let DeValue::Array(sizes) = first["size"].get_ref() else { panic!("a list") };
        assert_eq!(
            (place(sizes[0].span().start), place(sizes[1].span().start)),
            ("m.toml:6:9".into(), "m.toml:7:2".into())
        );
        assert_eq!(place(value.span().start), "--set a=3");
        assert_eq!((map.role(value.span().start), map.role(0)), (Role::Argument, Role::File));
    }

    #[test]
    fn what_is_not_toml_has_a_place_too() {
        let error = TextMap::default()
            .document("name = \"x\"\nsize = = 3\n", "m.toml", Path::new(""), Role::File)
            .unwrap_err()
            .to_string();
        assert!(error.starts_with("m.toml:2:8: not valid TOML: "), "{error}");
    }

    #[test]
    fn paths_are_seen_from_the_file_that_holds_them() {
        let text = "[[population]]\nbias = { path = 'b.npy' }\n[stimuli]\npath = '/abs'\n";
        let tree = TextMap::default().document(text, "models/m.toml", Path::new("models"), Role::File).unwrap();
        let written = format!("{tree:?}");
        assert!(written.contains("models/b.npy") && written.contains("\"/abs\""), "{written}");
    }

    /// A million values on one line: seconds, for only the place of what is wrong is counted.
    #[test]
    fn a_long_line_is_read_in_the_time_of_its_length() {
        let text = format!("a = [{}]", "7, ".repeat(1_000_000));
        let (done, is_done) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let mut map = TextMap::default();
            let tree = map.document(&text, "m", Path::new(""), Role::File).unwrap().into_inner();
            let DeValue::Array(list) = tree["a"].get_ref() else { panic!("a list") };
            done.send((list.len(), map.origin(list[999_999].span().start).to_string())).unwrap();
        });
        let found = is_done.recv_timeout(std::time::Duration::from_mins(1)).expect("within a minute");
        assert_eq!(found, (1_000_000, "m:1:3000003".to_owned()));
    }
}
