//! What a command says: results on standard output, all else on standard error.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

use anyhow::Context;

use super::failure::Failure;

/// Prints a line of results. That nobody reads on is no failure: what was computed stands in files, too.
pub(super) fn result(text: impl Display) -> Result<(), Failure> {
    match writeln!(io::stdout().lock(), "{text}") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(error).context("cannot write to standard output").map_err(Failure::Failed)
        }
        _ => Ok(()),
    }
}

/// Tells something on standard error, if anybody listens.
pub(super) fn note(text: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
