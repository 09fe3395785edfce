//! `apical man`.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, CommandFactory};

use super::failure::Failure;
use super::{Cli, say};

/// Write manual pages to a folder, one for the program and one for each subcommand.
///
///   apical man ~/.local/share/man/man1
#[derive(Args, Debug)]
pub(super) struct Man {
    /// Folder, made where there is none; pages in it are replaced.
    folder: PathBuf,
}

impl Man {
    pub(super) fn execute(self) -> Result<(), Failure> {
        let shown = self.folder.display();
        std::fs::create_dir_all(&self.folder).with_context(|| format!("cannot create the folder {shown}"))?;
        let written = clap_mangen::generate_to(Cli::command(), &self.folder);
        written.with_context(|| format!("cannot write manual pages to {shown}"))?;
        say::result(format_args!("manual pages: {shown}"))
    }
}
