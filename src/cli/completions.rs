//! `apical completions`.

use clap::Args;
use clap_complete::Shell;

use super::failure::Failure;
use super::terminal;

/// Print a script by which a shell completes commands, options and their values.
///
///   apical completions bash > ~/.local/share/bash-completion/completions/apical
///
///   apical completions fish > ~/.config/fish/completions/apical.fish
#[derive(Args, Debug)]
pub(super) struct CompletionsCommand {
    /// The shell.
    shell: Shell,
}

impl CompletionsCommand {
    /// Prints the script for the command line `cli`.
    pub(super) fn execute(self, mut cli: clap::Command) -> Result<(), Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut cli, "apical", &mut script);
        terminal::print_result(String::from_utf8_lossy(&script).trim_end())
    }
}
