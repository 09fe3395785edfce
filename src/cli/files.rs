//! Paths of input and output files, and files written under another name until they are complete.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::failure::Failure;
use super::shell;
use crate::model::{Model, open_file, shipped};
use crate::record::hdf5::{RunReader, holds_checkpoint};

/// Whether a file begins with the signature of HDF5.
pub(super) fn is_hdf5(path: &Path) -> bool {
    let mut start = [0; 8];
    open_file(path).and_then(|mut file| file.read_exact(&mut start)).is_ok() && start == *b"\x89HDF\r\n\x1a\n"
}

/// A file of ours that a command reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OwnFile {
    Run,
    Checkpoint,
}

/// The model that stands where a file of ours is expected: a shipped one, by its name, or a model file.
pub(super) fn model_named(input: &Path) -> Option<Model> {
    let is_shipped = || !input.exists() && input.to_str().and_then(shipped::find).is_some();
    let is_file = || input.extension().is_some_and(|end| end.eq_ignore_ascii_case("toml")) && !is_hdf5(input);
    (is_file() || is_shipped()).then(|| Model::load(input, &[]).ok()).flatten()
}

/// Refuses a model where a file of ours is expected.
///
/// # Errors
/// If it is one; the error names the command that makes the file.
pub(super) fn refuse_model(input: &Path, expected: OwnFile) -> anyhow::Result<()> {
    let Some(model) = model_named(input) else { return Ok(()) };
    let command = if model.protocol.continuous().is_some() { "simulate" } else { "train" };
    let (expected, end) = match expected {
        OwnFile::Run => ("run file", ".h5"),
        OwnFile::Checkpoint => ("checkpoint", ".checkpoint.h5"),
    };
    let (shown, name) = (input.display(), &model.name);
    let words = shell::quoted_path(input);
    bail!("{shown} is a model, expected a {expected}; `apical {command} {words}` makes one, output/{name}-seed1{end}")
}

/// Refuses the path of an output, given by `option`, that is the file the command reads.
///
/// # Errors
/// If both are the same file.
pub(super) fn refuse_overwrite(option: &str, out: &Path, read: &Path) -> anyhow::Result<()> {
    if out.canonicalize().is_ok_and(|out| read.canonicalize().is_ok_and(|read| read == out)) {
        bail!("{option} {}: that is the file to be read; name another", out.display());
    }
    Ok(())
}

/// Refuses the path of an output, given by `option`, at which there is a run file or checkpoint: an export could be made
/// again, a run could not.
///
/// # Errors
/// If there is one.
pub(super) fn refuse_run(option: &str, out: &Path) -> anyhow::Result<()> {
    if out.is_file() && (RunReader::open(out).is_ok() || holds_checkpoint(out).is_ok()) {
        bail!("{option} {}: that is a run file or checkpoint, which is not replaced; name another", out.display());
    }
    Ok(())
}

/// The path of `file` with its extension replaced by `end`, such as `-2.h5`.
pub(super) fn named_after(file: &Path, end: &str) -> PathBuf {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    file.with_file_name(format!("{stem}{end}"))
}

/// The path of a run file's checkpoint: `NAME.checkpoint.h5` for `NAME.h5`, `NAME.checkpoint` for a `NAME` without an extension, and
/// for any other name that name with `.checkpoint.h5` appended; no two run files share one.
pub(super) fn checkpoint_file(run_file: &Path) -> PathBuf {
    match run_file.extension() {
        Some(ending) if ending == "h5" => named_after(run_file, ".checkpoint.h5"),
        Some(_) => {
            let name = run_file.file_name().unwrap_or_default().to_string_lossy();
            run_file.with_file_name(format!("{name}.checkpoint.h5"))
        }
        None => named_after(run_file, ".checkpoint"),
    }
}

/// `NAME.part`, under which NAME is written until it is complete.
pub(super) fn part_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

/// A path, then `PATH.1`, `PATH.2` and so on.
fn numbered(path: PathBuf) -> impl Iterator<Item = PathBuf> {
    let more = path.clone();
    std::iter::once(path).chain((1..u16::MAX).map(move |n| format!("{}.{n}", more.display()).into()))
}

/// Renames an existing file to the first free `NAME.N` and returns the new path; `None` if there is no such file.
pub(super) fn set_aside(path: &Path) -> anyhow::Result<Option<PathBuf>> {
    if fs::symlink_metadata(path).is_err() {
        return Ok(None);
    }
    let free = numbered(path.to_owned()).find(|name| fs::symlink_metadata(name).is_err());
    let free = free.with_context(|| format!("{} is in the way; remove it", path.display()))?;
    fs::rename(path, &free).with_context(|| format!("cannot rename {}", path.display()))?;
    Ok(Some(free))
}

/// A file that is written under another name and renamed once it is complete. Until then an older file of its name is kept;
/// if it is dropped before, the unfinished file is removed.
pub(super) struct PartialFile<'a> {
    path: &'a Path,
    unfinished: PathBuf,
    file: File,
    completed: bool,
}

impl<'a> PartialFile<'a> {
    /// Creates the unfinished file.
    ///
    /// # Errors
    /// If it cannot be created, or `path` is a folder.
    pub(super) fn create(path: &'a Path) -> anyhow::Result<Self> {
        if path.is_dir() {
            bail!("cannot write {}, which is a folder", path.display());
        }
        // An existing file of such a name belongs to another process, or was left by one that was killed.
        for unfinished in numbered(part_of(path)) {
            match File::create_new(&unfinished) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => (),
                created => {
                    let file = created.with_context(|| format!("cannot create {}", unfinished.display()))?;
                    return Ok(Self { path, unfinished, file, completed: false });
                }
            }
        }
        bail!("cannot create {}", part_of(path).display())
    }

    /// Writes the content to the disk and renames the file.
    ///
    /// # Errors
    /// A failure while running, if it cannot be written.
    pub(super) fn complete(mut self, content: &[u8]) -> Result<(), Failure> {
        let written = self.file.write_all(content).and_then(|()| self.file.sync_all());
        let written = written.and_then(|()| fs::rename(&self.unfinished, self.path));
        self.completed = written.is_ok();
        written.with_context(|| format!("cannot write {}", self.path.display())).map_err(Failure::Failed)
    }
}

impl Drop for PartialFile<'_> {
    fn drop(&mut self) {
        // Once complete, the unfinished name may be another process's. A failure to remove it is not reported: what failed
        // before is.
        if !self.completed {
            let _ = fs::remove_file(&self.unfinished);
        }
    }
}

/// Writes a file as a whole, in place of an older one.
///
/// # Errors
/// A failure while running.
pub(super) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    PartialFile::create(path).map_err(Failure::Failed)?.complete(text.as_bytes())
}
