//! Where a file is while it is written: `NAME.part` beside the target, renamed once it is complete and on the disk.

use std::error::Error;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::RecordError;

/// The temporary name of a file.
pub(super) fn part_of(path: &Path) -> PathBuf {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    part.into()
}

/// Creates the empty `NAME.part`, so that a target that cannot be written is refused at once and in plain words.
pub(super) fn reserve(path: &Path) -> Result<PathBuf, RecordError> {
    // A rename would put a file in place of a device, too.
    if let Some(found) = not_a_file(path) {
        return Err(content(path, format!("is {found}, expected the name of a file to write")));
    }
    let part = part_of(path);
    let created = File::options().write(true).create(true).truncate(false).open(&part);
    let file = created.map_err(|e| failed("cannot create", &part, e))?;
    // HDF5 locks a file only after it has emptied it.
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(content(&part, "is being written by another run")),
        Ok(()) | Err(TryLockError::Error(_)) => Ok(part),
    }
}

/// What stands at a path if it is neither nothing nor a file.
pub(super) fn not_a_file(path: &Path) -> Option<&'static str> {
    let kind = fs::metadata(path).ok()?.file_type();
    if kind.is_dir() { Some("a folder") } else { (!kind.is_file()).then_some("a device, socket or pipe") }
}

/// Removes a `NAME.part` that has come to nothing, which on a full disk is in the way.
pub(super) fn abandon(part: &Path) {
    // It has failed already; that is what the caller hears of.
    let _ = fs::remove_file(part);
}

/// Brings a closed `NAME.part` to the disk and gives it its name.
pub(super) fn complete(part: &Path, path: &Path) -> Result<(), RecordError> {
    File::open(part).and_then(|file| file.sync_all()).map_err(|e| failed("cannot write", part, e))?;
    fs::rename(part, path).map_err(|e| failed("cannot write", path, e))?;
    sync_folder(path).map_err(|e| failed("cannot write", path, e))
}

/// Makes a rename last through a power cut, where folders can be opened.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// An error of the file system or of HDF5.
pub(super) fn failed(action: &'static str, path: &Path, cause: impl Into<Cause>) -> RecordError {
    RecordError::File { action, path: path.display().to_string(), source: cause.into().0 }
}

/// What lies behind an error.
pub(super) struct Cause(Box<dyn Error + Send + Sync>);

impl From<io::Error> for Cause {
    fn from(error: io::Error) -> Self {
        Self(error.into())
    }
}

impl From<hdf5::Error> for Cause {
    /// The error of the system, a full disk say, where HDF5 tells of one; else all that HDF5 says.
    fn from(error: hdf5::Error) -> Self {
        let said = error.to_string();
        let number = said.split("errno = ").nth(1).and_then(|rest| rest.split(',').next()?.parse().ok());
        Self(number.map_or_else(|| error.into(), |number| io::Error::from_raw_os_error(number).into()))
    }
}

/// A file that is not what it should be.
pub(super) fn content(path: &Path, problem: impl Into<String>) -> RecordError {
    RecordError::Content { path: path.display().to_string(), problem: problem.into() }
}
