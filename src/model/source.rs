//! From a path or a text to one tree: the file, laid over its base, with paths as seen from the current folder.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::Path;

use super::error::{ModelError, Origin};
use super::merge;
use super::shipped;
use super::tree::{self, Entry, Table, Value};

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

/// Reads a model file, or the shipped model of that name if there is no such file.
pub(super) fn load(path: &Path) -> Result<Table, ModelError> {
    let shown = path.display().to_string();
    match read(path) {
        Ok(text) => over_base(file(&text, &shown, folder(path))?, Some(folder(path))),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::IsADirectory) => {
            match shipped::find(&shown) {
                Some(model) => over_base(embedded(model)?, None),
                None => Err(ModelError::NoSuchModel { suggestion: shipped::like(&shown), path: shown.into() }),
            }
        }
        Err(source) => Err(ModelError::Read { path: shown.into(), source }),
    }
}

/// Reads a text; its paths stay as they are, its base can only be a shipped model.
pub(super) fn parse(text: &str, origin: &str) -> Result<Table, ModelError> {
    over_base(file(text, origin, Path::new(""))?, None)
}

fn embedded(model: shipped::Shipped) -> Result<Table, ModelError> {
    file(model.text, &format!("shipped {}.toml", model.name), Path::new(""))
}

fn folder(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

/// One file as it is: first key, names and paths seen to.
fn file(text: &str, shown: &str, folder: &Path) -> Result<Table, ModelError> {
    let mut table = tree::document(text, shown)?;
    if let Some(first) = table.entries.first().filter(|entry| entry.key != "name") {
        let why = format!("expected `name` as the first key of a model file, found `{}`", first.key);
        return Err(ModelError::refused(&first.at, why));
    }
    merge::refuse_duplicates(&table)?;
    resolve_paths(&mut table, folder)?;
    Ok(table)
}

/// Lays a model over the base it names, which has none itself. Bases are looked for in `folder`, then among the shipped.
fn over_base(mut model: Table, folder: Option<&Path>) -> Result<Table, ModelError> {
    let Some(entry) = model.remove("base") else { return Ok(model) };
    let mut base = read_base(&entry, folder)?;
    if let Some(second) = base.get("base") {
        let why = format!("expected no `base` in a model that is the base of another ({}), found one", entry.at);
        return Err(ModelError::refused(&second.at, why));
    }
    merge::merge(&mut base, model);
    base.at = entry.at;
    Ok(base)
}

fn read_base(entry: &Entry, from: Option<&Path>) -> Result<Table, ModelError> {
    let at = &entry.node.at;
    let Value::String(name) = &entry.node.value else {
        return Err(ModelError::refused(at, "expected the name of a model file as `base`, found another type"));
    };
    let path = from.map(|folder| folder.join(name));
    match path.as_ref().map(|path| (path, read(path))) {
        Some((path, Ok(text))) => file(&text, &path.display().to_string(), folder(path)),
        Some((path, Err(error))) if error.kind() != ErrorKind::NotFound => {
            Err(ModelError::refused(at, format!("expected a base model in {}: {error}", path.display())))
        }
        _ => match shipped::find(name) {
            Some(model) => embedded(model),
            None => Err(ModelError::UnknownName {
                at: at.clone(),
                what: "base model",
                name: name.as_str().into(),
                suggestion: shipped::like(name),
            }),
        },
    }
}

/// Makes every `path` of a file relative to the current folder, where the file's own are relative to `folder`.
fn resolve_paths(table: &mut Table, folder: &Path) -> Result<(), ModelError> {
    for entry in &mut table.entries {
        let is_path = entry.key == "path";
        match &mut entry.node.value {
            Value::String(path) if is_path => *path = resolved(path, folder, &entry.node.at)?,
            Value::Table(inner) => resolve_paths(inner, folder)?,
            Value::List(nodes) => {
                for node in nodes {
                    if let Value::Table(inner) = &mut node.value {
                        resolve_paths(inner, folder)?;
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn resolved(path: &str, folder: &Path, at: &Origin) -> Result<String, ModelError> {
    let whole = folder.join(path).into_os_string().into_string();
    whole.map_err(|_| ModelError::refused(at, "expected a model file in a folder whose name is UTF-8, found another"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_seen_from_the_file_that_holds_them() {
        let text = "name = 'm'\n[[population]]\nbias = { path = 'b.npy' }\n[stimuli]\npath = '/abs'\n";
        let table = file(text, "models/m.toml", Path::new("models")).unwrap();
        let written = super::super::write::model(&table);
        assert!(written.contains("bias = { path = \"models/b.npy\" }"), "{written}");
        assert!(written.contains("path = \"/abs\""), "{written}");
    }

    #[test]
    fn the_name_comes_first() {
        let error = parse("about = 'x'\nname = 'm'\n", "m.toml").unwrap_err().to_string();
        assert_eq!(error, "m.toml:1:1: expected `name` as the first key of a model file, found `about`");
    }
}
