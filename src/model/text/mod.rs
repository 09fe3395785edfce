//! From a path or a text to one tree: the file, laid over its base, with `--set` over both.

mod de;
mod map;
mod merge;
mod overrides;
mod section;

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use toml::de::DeValue;

pub(super) use section::Section;

use super::error::ModelError;
use super::shipped;
use map::{Node, Role, TextMap, Tree};

/// The text of a model file.
pub(super) struct ModelText<'a> {
    text: Cow<'a, str>,
    /// Its name in messages.
    name: String,
    /// Its folder, from which its base and its paths are seen; none: of a text that is in no folder.
    folder: Option<PathBuf>,
    /// What the text is.
    kind: TextKind,
}

/// What a text is.
#[derive(Clone, Copy, PartialEq)]
enum TextKind {
    /// A file, with lines to be named.
    File,
    /// Written from values: its lines mean nothing to anyone.
    Values,
}

impl<'a> ModelText<'a> {
    /// A model file, or the shipped model of that name if there is no such file.
    pub(super) fn load(path: &Path) -> Result<ModelText<'static>, ModelError> {
        let name = path.display().to_string();
        match read(path) {
            Ok(text) => Ok(ModelText::file(text, name, path)),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::IsADirectory) => {
                match shipped::find(&name) {
                    Some(model) => Ok(ModelText::shipped(model)),
                    None => Err(ModelError::NoSuchModel { suggestion: shipped::like(&name), path: name.into() }),
                }
            }
            Err(source) => Err(ModelError::Read { path: name.into(), source }),
        }
    }

    /// A text; its paths stay as they are, its base can only be a shipped model.
    pub(super) fn text(text: &'a str, name: &str) -> Self {
        Self { text: Cow::Borrowed(text), name: name.to_owned(), folder: None, kind: TextKind::File }
    }

    /// A text that was written from the values of a model.
    pub(super) fn values(text: String, name: &str) -> Self {
        let name = format!("the model {name:?}");
        Self { text: Cow::Owned(text), name, folder: None, kind: TextKind::Values }
    }

    fn file(text: String, name: String, path: &Path) -> ModelText<'static> {
        let folder = Some(path.parent().unwrap_or(Path::new("")).to_owned());
        ModelText { text: Cow::Owned(text), name, folder, kind: TextKind::File }
    }

    fn shipped(model: shipped::Shipped) -> ModelText<'static> {
        let name = format!("shipped {}.toml", model.name);
        ModelText { text: Cow::Borrowed(model.text), name, folder: None, kind: TextKind::File }
    }

    /// Lays it over the base it names, which has none itself, and overrides over both, and hands the whole to `use_it`.
    pub(super) fn merged<T>(
        &self,
        overrides: &[String],
        use_it: impl FnOnce(Section<'_, '_>) -> Result<T, ModelError>,
    ) -> Result<T, ModelError> {
        let mut map = TextMap::default();
        let base;
        let role = if self.folder.is_some() { Role::File } else { Role::Given };
        let (mut at, mut tree) = self.tree(&mut map, role)?;
        if let Some((key, node)) = tree.remove_entry("base") {
            base = self.base(&map, &node)?;
            let (_, mut under) = base.tree(&mut map, Role::Given)?;
            at = key.span().start;
            if let Some((second, _)) = under.get_key_value("base") {
                let here = map.origin(at);
                let why = format!("expected no `base` in a model that is the base of another ({here}), found one");
                return Err(ModelError::refused(map.origin(second.span().start), why));
            }
            merge::merge(&mut under, tree);
            tree = under;
        }
        overrides::apply(&mut map, &mut tree, overrides)?;
        use_it(Section::new(&map, &tree, at, "the model file"))
    }

    /// Its own tree, its first key, names and paths seen to, and the offset of its start.
    fn tree<'s>(&'s self, map: &mut TextMap, role: Role) -> Result<(usize, Tree<'s>), ModelError> {
        let folder = self.folder.as_deref().unwrap_or(Path::new(""));
        let mut table = match self.kind {
            TextKind::File => map.document(&self.text, &self.name, folder, role)?,
            TextKind::Values => map.without_lines(&self.text, &self.name)?,
        };
        if let Some((first, _)) = table.get_ref().iter().next().filter(|(key, _)| key.get_ref() != "name") {
            let why = format!("expected `name` as the first key of a model file, found `{}`", first.get_ref());
            return Err(ModelError::refused(map.origin(first.span().start), why));
        }
        merge::refuse_duplicates(map, table.get_ref())?;
        merge::rename_old_keys(map, table.get_mut())?;
        Ok((table.span().start, table.into_inner()))
    }

    /// The base of this name. Bases are looked for in the folder, then among the shipped.
    fn base(&self, map: &TextMap, node: &Node<'_>) -> Result<ModelText<'static>, ModelError> {
        let at = || map.origin(node.span().start);
        let DeValue::String(name) = node.get_ref() else {
            return Err(ModelError::refused(at(), "expected the name of a model file as `base`, found another type"));
        };
        let path = self.folder.as_ref().map(|folder| folder.join(name.as_ref()));
        match path.as_ref().map(|path| (path, read(path))) {
            Some((path, Ok(text))) => Ok(ModelText::file(text, path.display().to_string(), path)),
            Some((path, Err(error))) if error.kind() != ErrorKind::NotFound => {
                Err(ModelError::refused(at(), format!("expected a base model in {}: {error}", path.display())))
            }
            _ => match shipped::find(name) {
                Some(model) => Ok(ModelText::shipped(model)),
                None => Err(ModelError::UnknownName {
                    at: at(),
                    what: "base model",
                    name: name.as_ref().into(),
                    suggestion: shipped::like(name),
                }),
            },
        }
    }
}

/// Opens a file to be read. A pipe is refused: opening one may wait for ever, and what is read of it is lost to the next reader.
///
/// # Errors
/// If it cannot be opened, or is a pipe, socket or device.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let kind = std::fs::metadata(path)?.file_type();
    if !kind.is_file() && !kind.is_dir() {
        let why = "it is a pipe or a device, expected a file; save what it gives to a file and name that";
        return Err(io::Error::new(ErrorKind::InvalidInput, why));
    }
    File::open(path)
}

fn read(path: &Path) -> io::Result<String> {
    io::read_to_string(open(path)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_comes_first() {
        let source = ModelText::text("about = 'x'\nname = 'm'\n", "m.toml");
        let error = source.merged(&[], |_| Ok(())).unwrap_err().to_string();
        assert_eq!(error, "m.toml:1:1: expected `name` as the first key of a model file, found `about`");
    }

    #[test]
    fn a_port_has_one_name() {
        let text = "name = 'm'\n[[projection]]\nport = 'a'\ncompartment = 'b'\n";
        let error = ModelText::text(text, "m.toml").merged(&[], |_| Ok(())).unwrap_err().to_string();
        assert!(error.starts_with("m.toml:4:15: expected `port` alone"), "{error}");
    }
}
