//! Where a file is while it is written: `NAME.part` beside the target, owned by one process, renamed once it is complete and
//! on the disk.

use std::error::Error;
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::RecordError;

/// How often a `NAME.part` is reached for while other processes make and remove files of that name.
const ATTEMPTS: u32 = 100;

/// Symbolic links followed from one name to the file it stands for, as many as Linux follows.
const LINKS: u32 = 40;

/// A `NAME.part` that this process alone may write, rename and remove.
///
/// It is locked from its reservation until it has its name or is given up. A lock belongs to a file and not to its name, so
/// it counts only once the locked file is seen to be the one of that name; the name then stays its own, because only its
/// owner renames or removes it.
#[derive(Debug)]
pub(super) struct ReservedFile {
    path: PathBuf,
    target: PathBuf,
    set_aside: Option<PathBuf>,
    /// Whether a file of the target's name stood when it was reserved, which it replaces.
    replaces: bool,
    owner: File,
}

impl ReservedFile {
    /// Reserves the empty `NAME.part`, so that a target that cannot be written is refused at once and in plain words. One that
    /// an earlier process left is put aside, under the next free name.
    ///
    /// # Errors
    /// If it cannot be created, another process writes it, or the target is no file.
    pub(super) fn reserve(path: &Path) -> Result<Self, RecordError> {
        let target = followed(path);
        // A rename would put a file in place of a device, too.
        if let Some(found) = not_a_file(&target) {
            return Err(content(&target, format!("is {found}, expected the name of a file to write")));
        }
        if target.is_symlink() {
            return Err(content(
                &target,
                "is a symbolic link that leads to itself, expected the name of a file to write",
            ));
        }
        let part = part_of(&target);
        // Opened to be written, a pipe waits for a reader.
        if fs::symlink_metadata(&part).is_ok_and(|there| !there.is_file()) {
            return Err(content(
                &part,
                "is in the way and is no regular file; remove it, or name another file to write",
            ));
        }
        let cannot_create = |e| failed("cannot create", &part, e);
        let mut set_aside = None;
        for _ in 0..ATTEMPTS {
            let owner = match File::options().write(true).create_new(true).open(&part) {
                Err(e) if e.kind() == ErrorKind::AlreadyExists => match File::options().write(true).open(&part) {
                    Err(e) if e.kind() == ErrorKind::NotFound => continue,
                    opened => opened.map_err(cannot_create)?,
                },
                created => created.map_err(cannot_create)?,
            };
            match owner.try_lock() {
                Err(TryLockError::WouldBlock) => return Err(RecordError::Busy { path: part.display().to_string() }),
                // A file system without locks.
                Ok(()) | Err(TryLockError::Error(_)) => (),
            }
            if !is_at(&owner, &part) {
                continue;
            }
            if owner.metadata().is_ok_and(|left| left.len() > 0) {
                set_aside = Some(put_aside(&part).map_err(cannot_create)?);
                continue;
            }
            let replaces = target.exists();
            return Ok(Self { path: part, target, set_aside, replaces, owner });
        }
        Err(content(&part, "is created and removed by other programs all the time; name another file"))
    }

    /// Its path while it is written.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The file that it becomes.
    pub(super) fn target(&self) -> &Path {
        &self.target
    }

    /// Where a file of this name went that an earlier process left.
    pub(super) fn set_aside(&self) -> Option<&Path> {
        self.set_aside.as_deref()
    }

    /// Creates the HDF5 file in it.
    ///
    /// Small datasets go to the file as they are written, not as they are closed, where HDF5 drops an error. HDF5 locks nothing:
    /// this process holds the lock, which keeps other ones from opening the file. The format is that of HDF5 1.8, in which HDF5
    /// keeps checksums of all that is not values of datasets, and attributes may be of any size.
    pub(super) fn create(&self) -> hdf5::Result<hdf5::File> {
        hdf5::FileBuilder::new()
            .with_fapl(|access| access.libver_v18().sieve_buf_size(0).file_locking(false))
            .create(&self.path)
    }

    /// Brings it, closed, to the disk and gives it its name.
    ///
    /// # Errors
    /// If that fails; `NAME.part` stays.
    pub(super) fn complete(self) -> Result<(), RecordError> {
        let target = self.target.clone();
        self.complete_as(&target)
    }

    /// The same under another name.
    ///
    /// # Errors
    /// If that fails, or another program has put a file there in the meantime; `NAME.part` stays.
    pub(super) fn complete_as(self, path: &Path) -> Result<(), RecordError> {
        if !self.replaces && path.metadata().is_ok_and(|there| there.len() > 0) {
            let whole = self.path.display();
            return Err(content(
                path,
                format!(
                    "another program has put a file there while this run went on; what this run recorded is whole in {whole}"
                ),
            ));
        }
        self.owner.sync_all().map_err(|e| failed("cannot write", &self.path, e))?;
        fs::rename(&self.path, path).map_err(|e| failed("cannot write", path, e))?;
        sync_folder(path).map_err(|e| failed("cannot write", path, e))
    }

    /// Removes it: it has come to nothing, and on a full disk it is in the way.
    pub(super) fn abandon(self) {
        // What it was for has failed already; that is what the caller hears of.
        let _ = fs::remove_file(&self.path);
    }
}

/// What is left of a file that could not be completed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfinished {
    /// Its `NAME.part`.
    pub path: PathBuf,
    /// Whether all of it is there that it claims: HDF5 opens no file that is shorter.
    pub is_whole: bool,
}

impl Unfinished {
    /// What stands at this path, if anything.
    pub fn at(path: &Path) -> Option<Self> {
        let length = fs::metadata(path).ok()?.len();
        let mut start = [0; 36];
        let read = File::open(path).and_then(|mut file| file.read_exact(&mut start));
        // Of a superblock of version 2 the last of these 8 bytes are the address at which the file ends.
        let claimed = start.last_chunk().map_or(u64::MAX, |end| u64::from_le_bytes(*end));
        let is_whole = read.is_ok() && start.starts_with(b"\x89HDF\r\n\x1a\n\x02") && claimed <= length;
        Some(Self { path: path.to_owned(), is_whole })
    }
}

/// Puts a `NAME.part` aside that an earlier process left, and returns where it went; finds out on the way whether NAME can be
/// written.
///
/// # Errors
/// If it cannot be written, or another process writes it.
pub fn set_aside_unfinished(path: &Path) -> Result<Option<PathBuf>, RecordError> {
    let part = ReservedFile::reserve(path)?;
    let left = part.set_aside().map(Path::to_owned);
    part.abandon();
    Ok(left)
}

/// The temporary name of a file.
fn part_of(path: &Path) -> PathBuf {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    part.into()
}

/// Renames a file to `NAME.1`, or the first such name that is free, and returns it.
fn put_aside(path: &Path) -> io::Result<PathBuf> {
    let numbered = |n: u32| PathBuf::from(format!("{}.{n}", path.display()));
    let free = (1..=u32::MAX).map(numbered).find(|name| fs::symlink_metadata(name).is_err()).unwrap_or_default();
    fs::rename(path, &free).map(|()| free)
}

/// The path that a symbolic link leads to, through others, whether or not something is there.
fn followed(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        let Ok(to) = fs::read_link(&path) else { break };
        path = path.parent().unwrap_or(Path::new("")).join(to);
    }
    path
}

/// Whether an open file is the one of this name.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |of: fs::Metadata| (of.dev(), of.ino());
    fs::symlink_metadata(path).is_ok_and(|there| file.metadata().is_ok_and(|file| identity(file) == identity(there)))
}

/// Whether an open file is the one of this name: where files have no numbers, one that is open cannot be renamed either.
#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}

/// What stands at a path if it is neither nothing nor a file.
pub(super) fn not_a_file(path: &Path) -> Option<&'static str> {
    let kind = fs::metadata(path).ok()?.file_type();
    if kind.is_dir() { Some("a folder") } else { (!kind.is_file()).then_some("a device, socket or pipe") }
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
    /// The error of the system, a full disk say, where HDF5 reports one; else all that HDF5 reports.
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

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn a_file_that_is_cut_short_is_not_whole() {
        let folder = folder();
        let path = folder.path().join("run.h5");
        assert_eq!(Unfinished::at(&path), None);
        let part = ReservedFile::reserve(&path).unwrap();
        let file = part.create().unwrap();
        file.new_dataset_builder().with_data(&[1.0; 1000]).create("values").unwrap();
        file.close().unwrap();
        assert!(Unfinished::at(part.path()).unwrap().is_whole);
        File::options().write(true).open(part.path()).unwrap().set_len(4000).unwrap();
        assert!(hdf5::File::open(part.path()).is_err() && !Unfinished::at(part.path()).unwrap().is_whole);
        fs::write(part.path(), "").unwrap();
        assert!(!Unfinished::at(part.path()).unwrap().is_whole);
    }

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    #[test]
    fn a_part_has_one_owner_and_only_that_one_removes_it() {
        let folder = folder();
        let path = folder.path().join("run.h5");
        let owned = ReservedFile::reserve(&path).unwrap();
        let refused = ReservedFile::reserve(&path).unwrap_err().to_string();
        assert!(refused.ends_with("run.h5.part is being written by another run"), "{refused}");
        assert!(owned.path().exists(), "the one that was refused has not removed it");
        fs::write(owned.path(), "first").unwrap();
        owned.complete().unwrap();
        ReservedFile::reserve(&path).unwrap().abandon();
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_an_earlier_process_left_is_put_aside() {
        let folder = folder();
        let path = folder.path().join("run.h5");
        for (content, aside) in [("a", "run.h5.part.1"), ("b", "run.h5.part.2")] {
            fs::write(folder.path().join("run.h5.part"), content).unwrap();
            let part = ReservedFile::reserve(&path).unwrap();
            assert_eq!(part.set_aside(), Some(&*folder.path().join(aside)));
            assert_eq!(fs::read(folder.path().join(aside)).unwrap(), content.as_bytes());
            part.abandon();
        }
        fs::write(folder.path().join("run.h5.part"), "").unwrap();
        assert_eq!(ReservedFile::reserve(&path).unwrap().set_aside(), None, "there is nothing to keep in an empty one");
    }

    #[test]
    fn a_file_that_another_program_puts_there_stays() {
        let folder = folder();
        let path = folder.path().join("run.h5");
        let part = ReservedFile::reserve(&path).unwrap();
        fs::write(part.path(), "ours").unwrap();
        fs::write(&path, "another").unwrap();
        let refused = part.complete().unwrap_err().to_string();
        assert!(refused.contains("run.h5: another program has put a file there"), "{refused}");
        assert_eq!(fs::read(&path).unwrap(), b"another");
        assert_eq!(fs::read(folder.path().join("run.h5.part")).unwrap(), b"ours");
        let replacing = ReservedFile::reserve(&path).unwrap();
        fs::write(replacing.path(), "new").unwrap();
        replacing.complete().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
    }

    #[cfg(unix)]
    #[test]
    fn a_symbolic_link_leads_to_the_file_that_is_written() {
        let folder = folder();
        fs::create_dir(folder.path().join("big")).unwrap();
        let link = folder.path().join("run.h5");
        std::os::unix::fs::symlink("big/run.h5", &link).unwrap();
        let part = ReservedFile::reserve(&link).unwrap();
        fs::write(part.path(), "content").unwrap();
        part.complete().unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(folder.path().join("big/run.h5")).unwrap(), b"content");
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_regular_file_is_refused_and_not_waited_for() {
        let folder = folder();
        let path = folder.path().join("run.h5");
        let part = folder.path().join("run.h5.part");
        let made = std::process::Command::new("mkfifo").arg(&part).status().unwrap();
        assert!(made.success());
        let refused = ReservedFile::reserve(&path).unwrap_err().to_string();
        assert!(refused.contains("run.h5.part: is in the way and is no regular file"), "{refused}");
        fs::remove_file(&part).unwrap();
        std::os::unix::fs::symlink("elsewhere", &part).unwrap();
        assert!(ReservedFile::reserve(&path).unwrap_err().to_string().contains("is no regular file"));
        let circle = folder.path().join("circle.h5");
        std::os::unix::fs::symlink("circle.h5", &circle).unwrap();
        let refused = ReservedFile::reserve(&circle).unwrap_err().to_string();
        assert!(refused.contains("leads to itself"), "{refused}");
    }

    /// Eight threads reserve one name at the same moment, 50 times over, as processes do: each has a lock of its own.
    #[test]
    fn of_many_that_start_at_once_one_owns_the_part() {
        let folder = folder();
        let path = folder.path().join("run.h5");
        for _ in 0..50 {
            let (start, end, owners) = (Barrier::new(8), Barrier::new(8), AtomicU32::new(0));
            std::thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| {
                        start.wait();
                        let owned = ReservedFile::reserve(&path);
                        owners.fetch_add(u32::from(owned.is_ok()), Ordering::Relaxed);
                        end.wait();
                        owned.into_iter().for_each(ReservedFile::abandon);
                    });
                }
            });
            assert_eq!(owners.into_inner(), 1);
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        }
    }
}
