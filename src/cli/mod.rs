//! The command line: one file per subcommand, whose doc comments are its help.
//!
//! Standard output carries results; progress and logs go to standard error. Exit codes: 0 done; 2 refused before the
//! first presentation; 1 failure while running; 130 after Ctrl-C.

mod checkpoint;
mod compare;
mod export;
mod failure;
mod files;
mod inspect;
mod interrupt;
mod models;
mod options;
mod plot;
mod progress;
mod rate_rule;
mod report;
mod reproduce;
mod say;
mod session;
mod shown;
mod simulate;
mod test;
mod train;
mod validate;
mod view;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Simulates networks of spiking neurons with segregated dendrites, exactly and event by event, and lets them learn.
///
/// The networks are models: TOML files such as models/g17-784-500-10.toml, any key of which can be set from the command
/// line. A first run:
///
///   apical train models/g17-784-500-10.toml --epochs 1
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Train(train::Train),
    Test(test::Test),
    Simulate(simulate::Simulate),
    Inspect(inspect::Inspect),
    Plot(plot::Plot),
    View(view::View),
    Export(export::Export),
    Models(models::Models),
    Compare(compare::Compare),
    Validate(validate::Validate),
    Reproduce(reproduce::Reproduce),
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command {
        Command::Train(command) => command.execute(),
        Command::Test(command) => command.execute(),
        Command::Simulate(command) => command.execute(),
        Command::Inspect(command) => command.execute(),
        Command::Plot(command) => command.execute(),
        Command::View(command) => command.execute(),
        Command::Export(command) => command.execute(),
        Command::Models(command) => command.execute(),
        Command::Compare(command) => command.execute(),
        Command::Validate(command) => command.execute(),
        Command::Reproduce(command) => command.execute(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
