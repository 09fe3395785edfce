//! Files that commands read and leave.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::failure::Failure;
use crate::model::open_file;
use crate::record::hdf5::{RunReader, holds_checkpoint};

/// Whether a file begins as HDF5 files do.
pub(super) fn is_hdf5(path: &Path) -> bool {
    let mut start = [0; 8];
    open_file(path).and_then(|mut file| file.read_exact(&mut start)).is_ok() && start == *b"\x89HDF\r\n\x1a\n"
}

/// Refuses an output path, given by this option, that is a file which the command reads.
pub(super) fn spare(option: &str, out: &Path, read: &Path) -> anyhow::Result<()> {
    if out.canonicalize().is_ok_and(|out| read.canonicalize().is_ok_and(|read| read == out)) {
        bail!("{option} {}: that is the file to be read; name another", out.display());
    }
    Ok(())
}

/// Refuses an output path, given by this option, at which a run file or a checkpoint is: what is drawn or exported can be made
/// again, a run cannot.
pub(super) fn refuse_run(option: &str, out: &Path) -> anyhow::Result<()> {
    if out.is_file() && (RunReader::open(out).is_ok() || holds_checkpoint(out).is_ok()) {
        bail!("{option} {}: that is a run file or checkpoint, which is not replaced; name another", out.display());
    }
    Ok(())
}

/// A file beside another, with this in place of the end of its name.
pub(super) fn named_after(file: &Path, end: &str) -> PathBuf {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    file.with_file_name(format!("{stem}{end}"))
}

/// The checkpoint that belongs to a run file; that of a file with another ending than `.h5` keeps the ending in its name.
pub(super) fn checkpoint_file(run_file: &Path) -> PathBuf {
    match run_file.extension() {
        Some(ending) if ending != "h5" => {
            let name = run_file.file_name().unwrap_or_default().to_string_lossy();
            run_file.with_file_name(format!("{name}.checkpoint.h5"))
        }
        _ => named_after(run_file, ".checkpoint.h5"),
    }
}

/// `NAME.part`, which becomes NAME once it is complete.
pub(super) fn part_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

/// A name, and the same with numbers from 1 on after it.
fn numbered(path: PathBuf) -> impl Iterator<Item = PathBuf> {
    let more = path.clone();
    std::iter::once(path).chain((1..u16::MAX).map(move |n| format!("{}.{n}", more.display()).into()))
}

/// Renames an existing file to the first free `NAME.N` and returns the new path; none if there is no such file.
pub(super) fn set_aside(path: &Path) -> anyhow::Result<Option<PathBuf>> {
    if fs::symlink_metadata(path).is_err() {
        return Ok(None);
    }
    let free = numbered(path.to_owned()).find(|name| fs::symlink_metadata(name).is_err());
    let free = free.with_context(|| format!("{} is in the way; remove it", path.display()))?;
    fs::rename(path, &free).with_context(|| format!("cannot rename {}", path.display()))?;
    Ok(Some(free))
}

/// A file under another name until it is complete: an older one stays until then, and nothing is left of one that is not
/// completed.
pub(super) struct Part<'a> {
    path: &'a Path,
    unfinished: PathBuf,
    file: File,
    completed: bool,
}

impl<'a> Part<'a> {
    pub(super) fn create(path: &'a Path) -> anyhow::Result<Self> {
        if path.is_dir() {
            bail!("cannot write {}, which is a folder", path.display());
        }
        // What has such a name already belongs to another process, or to one that was killed.
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

    pub(super) fn complete(mut self, content: &[u8]) -> Result<(), Failure> {
        let written = self.file.write_all(content).and_then(|()| self.file.sync_all());
        let written = written.and_then(|()| fs::rename(&self.unfinished, self.path));
        self.completed = written.is_ok();
        written.with_context(|| format!("cannot write {}", self.path.display())).map_err(Failure::Failed)
    }
}

impl Drop for Part<'_> {
    fn drop(&mut self) {
        // Once it is complete the name may be another's. What failed before is reported, not that it cannot be removed.
        if !self.completed {
            let _ = fs::remove_file(&self.unfinished);
        }
    }
}

/// Writes a file once a command has run.
pub(super) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    Part::create(path).map_err(Failure::Failed)?.complete(text.as_bytes())
}
