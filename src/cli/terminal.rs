//! Printing: results go to standard output, all else to standard error. Control characters are escaped, since a file name
//! could otherwise rewrite the terminal.

use std::borrow::Cow;
use std::fmt::Display;
use std::fmt::Write as _;
use std::io::{self, ErrorKind, Write};
use std::sync::LazyLock;

use anyhow::Context;
use indicatif::MultiProgress;
use serde::Serialize;

use super::failure::Failure;

/// The progress bars of all runs at work; lines are printed above them.
pub(super) static BARS: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// Prints a line of results. A closed pipe is not a failure: the reader has stopped reading.
///
/// # Errors
/// If standard output cannot be written to for another reason.
pub(super) fn print_result(text: impl Display) -> Result<(), Failure> {
    let text = text.to_string();
    match BARS.suspend(|| writeln!(io::stdout().lock(), "{}", printable(&text))) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(error).context("cannot write to standard output").map_err(Failure::Failed)
        }
        _ => Ok(()),
    }
}

/// Prints results as one line of JSON; what is not a finite number is null.
///
/// # Errors
/// As [`print_result`].
pub(super) fn print_json(results: &impl Serialize) -> Result<(), Failure> {
    print_result(to_json(results))
}

/// Results as one line of JSON; what is not a finite number is null.
pub(super) fn to_json(results: &impl Serialize) -> String {
    serde_json::to_string(results).expect("results have text keys and serialise without errors")
}

/// Prints a line on standard error; errors of writing are ignored.
pub(super) fn print_message(text: impl Display) {
    let text = text.to_string();
    let _ = BARS.suspend(|| writeln!(io::stderr().lock(), "{}", printable(&text)));
}

/// Prints names and descriptions in two columns.
pub(super) fn print_columns<'a>(rows: impl IntoIterator<Item = (&'a str, String)>) -> Result<(), Failure> {
    let rows: Vec<_> = rows.into_iter().collect();
    let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0) + 2;
    rows.iter().try_for_each(|(name, text)| print_result(format_args!("{name:<width$}{text}")))
}

/// Escapes control characters but newlines and tabs as JSON does, such as `\u001b`.
fn printable(text: &str) -> Cow<'_, str> {
    let kept = |c: char| !c.is_control() || matches!(c, '\n' | '\t');
    if text.chars().all(kept) {
        return text.into();
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        // Writing to a string cannot fail.
        let _ = if kept(c) { escaped.write_char(c) } else { write!(escaped, "\\u{:04x}", u32::from(c)) };
    }
    escaped.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(printable("a\tb\nc ±"), "a\tb\nc ±");
        assert_eq!(printable("\u{1b}[2J\r\u{7f}\u{9b}1m"), r"\u001b[2J\u000d\u007f\u009b1m");
        let (name, text) = ("a\u{1b}\u{9b}", serde_json::json!("a\u{1b}\u{9b}").to_string());
        assert_eq!(serde_json::from_str::<String>(&printable(&text)).unwrap(), name, "JSON stays what it is");
    }
}
