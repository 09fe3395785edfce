//! Whether the disk has room for what runs will write. A disk that fills in the course of a run is met in `session.rs`.

use std::path::Path;

use anyhow::bail;

use super::options::Common;

/// What is going to be recorded.
pub(super) struct Recordings<'a> {
    /// The run file of one of the runs.
    pub(super) file: &'a Path,
    /// Estimated size of one run file and its checkpoint [bytes].
    pub(super) bytes: u64,
    /// Number of runs; the files of all of them stay.
    pub(super) runs: usize,
}

impl Recordings<'_> {
    /// Checks that the disk has room for them, but with `--ignore-free-space`.
    ///
    /// # Errors
    /// If it has not.
    pub(super) fn check_room(&self, common: &Common) -> anyhow::Result<()> {
        let Self { file, bytes, runs } = *self;
        let needed = bytes.saturating_mul(runs as u64);
        let free = free_space(file);
        if needed <= free || common.ignore_free_space {
            return Ok(());
        }
        let by = if runs > 1 { format!(" by {runs} runs") } else { String::new() };
        bail!(
            "about {} will be written{by}, and the disk of {} has room for {}: record less by --record, write elsewhere by --out, \
             or go on regardless by --ignore-free-space",
            size(needed),
            file.display(),
            size(free)
        )
    }
}

/// Free space where a file will be [bytes]; all there could be, where the system does not report it.
fn free_space(file: &Path) -> u64 {
    // The folder of default names is made later.
    let existing = folder_of(file).ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("."));
    fs4::available_space(existing).unwrap_or(u64::MAX)
}

/// The folder of a file.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A number of bytes as kB, MB or GB.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{:.0} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.0} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}
