//! The command line: one file per subcommand, whose doc comments are its help.
//!
//! Standard output carries results; progress and logs go to standard error. Exit codes: 0 done; 2 refused before the
//! first presentation; 1 failure while running; 129, 130 and 143 after SIGHUP, SIGINT (Ctrl-C) and SIGTERM.

mod checkpoint;
mod compare;
mod completions;
mod continuous;
mod disk;
mod exit;
mod export;
mod failure;
mod files;
mod inspect;
mod interrupt;
#[cfg(test)]
mod json_docs;
mod man;
mod memory;
mod models;
mod options;
mod output;
mod plot;
mod progress;
mod protocol;
mod rate_rule;
mod report;
mod reproduce;
mod resumed_circuit;
mod seeds;
mod session;
mod shell;
mod simulate;
mod stimuli;
mod terminal;
mod test;
mod train;
mod validate;
mod view;

use std::error::Error;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use failure::Failure;

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
    Train(train::TrainCommand),
    Test(test::TestCommand),
    Simulate(simulate::SimulateCommand),
    Inspect(inspect::InspectCommand),
    Plot(plot::PlotCommand),
    View(view::ViewCommand),
    Export(export::ExportCommand),
    Models(models::ModelsCommand),
    Compare(compare::CompareCommand),
    Validate(validate::ValidateCommand),
    Reproduce(reproduce::ReproduceCommand),
    Completions(completions::CompletionsCommand),
    Man(man::ManCommand),
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let cli = parse().unwrap_or_else(|error| error.exit());
    if let Err(error) = interrupt::listen() {
        let failure = Failure::failed(anyhow::Error::from(error).context("cannot listen for signals"));
        return exit::report(failure);
    }
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
        Command::Completions(command) => command.execute(Cli::command()),
        Command::Man(command) => command.execute(Cli::command()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => exit::report(failure),
    }
}

/// Parses the command line of this process.
fn parse() -> Result<Cli, clap::Error> {
    let mut command = numbers_of_any_sign(Cli::command());
    let parsed = command.try_get_matches_from_mut(std::env::args_os());
    parsed.and_then(|matches| Cli::from_arg_matches(&matches)).map_err(|error| advise(error).format(&mut command))
}

/// Accepts negative numbers as values of options, so that the check of each option can report its own range.
fn numbers_of_any_sign(command: clap::Command) -> clap::Command {
    let signed = |arg: clap::Arg| {
        let takes = !arg.is_positional() && arg.get_action().takes_values();
        arg.allow_negative_numbers(takes)
    };
    command.mut_subcommands(move |subcommand| subcommand.mut_args(signed))
}

/// Replaces clap's advice in two cases: where a negative value was parsed as an option (clap's `-- VALUE` would make it the
/// positional MODEL), and where an unsigned number was negative.
fn advise(mut error: clap::Error) -> clap::Error {
    let negative = |kind: ContextKind| match error.get(kind) {
        Some(ContextValue::String(text)) => is_negative(text),
        _ => false,
    };
    let unreadable = || error.source().is_some_and(<dyn Error>::is::<std::num::ParseIntError>);
    let tip = match error.kind() {
        ErrorKind::UnknownArgument if negative(ContextKind::InvalidArg) => {
            "a value that begins with `-` stands behind `=`, as in `--from=-5`"
        }
        ErrorKind::ValueValidation if negative(ContextKind::InvalidValue) && unreadable() => {
            "expected a whole number of at least 0"
        }
        _ => return error,
    };
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.to_owned().into()]));
    error
}

/// Whether a word begins as a negative number does.
fn is_negative(word: &str) -> bool {
    word.strip_prefix('-').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit() || c == '.'))
}
