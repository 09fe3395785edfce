//! Exit codes, and what is printed when a command fails.

use std::process::ExitCode;

use super::failure::Failure;
use super::{interrupt, terminal};

/// Prints a failure on standard error, cause by cause, and returns its exit code: 2 for what was refused before anything
/// ran, 1 for a failure while running, 128 and its number for a signal.
pub(super) fn report(failure: Failure) -> ExitCode {
    let (error, code) = match failure {
        Failure::Refused(error) => (error, 2),
        Failure::Failed(error) => (error, 1),
        Failure::Interrupted => return ExitCode::from(interrupt::exit_code()),
    };
    terminal::print_message(format_args!("error: {error}"));
    for cause in error.chain().skip(1) {
        terminal::print_message(format_args!("  because: {cause}"));
    }
    ExitCode::from(code)
}
