//! The command line of apical.

use std::process::ExitCode;

fn main() -> ExitCode {
    apical::cli::main()
}
