//! `apical man`.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use super::failure::Failure;
use super::terminal;

/// Write manual pages to a folder, one for the program and one for each subcommand.
///
///   apical man ~/.local/share/man/man1
#[derive(Args, Debug)]
pub(super) struct ManCommand {
    /// Folder, made where there is none; pages in it are replaced.
    folder: PathBuf,
}

impl ManCommand {
    /// Writes the pages of the command line `cli`.
    pub(super) fn execute(self, cli: clap::Command) -> Result<(), Failure> {
        let shown = self.folder.display();
        std::fs::create_dir_all(&self.folder).with_context(|| format!("cannot create the folder {shown}"))?;
        let written = clap_mangen::generate_to(cli, &self.folder);
        written.with_context(|| format!("cannot write manual pages to {shown}"))?;
        terminal::print_result(format_args!("manual pages: {shown}"))
    }
}
