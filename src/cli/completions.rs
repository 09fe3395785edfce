//! `apical completions`.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::failure::Failure;
use super::{Cli, say};

/// Print a script by which a shell completes commands, options and their values.
///
///   apical completions bash > ~/.local/share/bash-completion/completions/apical
///
///   apical completions fish > ~/.config/fish/completions/apical.fish
#[derive(Args, Debug)]
pub(super) struct Completions {
    /// The shell.
    shell: Shell,
}

impl Completions {
    pub(super) fn execute(self) -> Result<(), Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "apical", &mut script);
        say::result(String::from_utf8_lossy(&script).trim_end())
    }
}
