//! What a command prints: results on standard output, all else on standard error. Control characters, with which a name
//! could rewrite the terminal, are escaped here.

use std::borrow::Cow;
use std::fmt::Display;
use std::fmt::Write as _;
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::sync::LazyLock;

use anyhow::Context;
use indicatif::MultiProgress;

use super::failure::Failure;

/// Bars of progress, of several runs at a time; what is printed stands above them.
pub(super) static BARS: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// Prints a line of results. A closed pipe is no failure: the reader has chosen to stop.
pub(super) fn result(text: impl Display) -> Result<(), Failure> {
    let text = text.to_string();
    match BARS.suspend(|| writeln!(io::stdout().lock(), "{}", printable(&text))) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(error).context("cannot write to standard output").map_err(Failure::Failed)
        }
        _ => Ok(()),
    }
}

/// Tells something on standard error, if anybody listens.
pub(super) fn note(text: impl Display) {
    let text = text.to_string();
    let _ = BARS.suspend(|| writeln!(io::stderr().lock(), "{}", printable(&text)));
}

/// Prints names with what is said of each, in two columns.
pub(super) fn columns<'a>(rows: impl IntoIterator<Item = (&'a str, String)>) -> Result<(), Failure> {
    let rows: Vec<_> = rows.into_iter().collect();
    let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0) + 2;
    rows.iter().try_for_each(|(name, text)| result(format_args!("{name:<width$}{text}")))
}

/// A text with its control characters, but ends of lines and tabs, as `\u001b`: as JSON has them, too.
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

/// A path as a shell takes it, what is no text shown as well as it can be.
pub(super) fn quoted_path(path: &Path) -> String {
    quoted(&path.to_string_lossy()).into_owned()
}

/// A word as a shell takes it: as it is where nothing in it means anything to a shell, else in quotes.
pub(super) fn quoted(word: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.into();
    }
    if !word.chars().any(char::is_control) {
        return format!("'{}'", word.replace('\'', r"'\''")).into();
    }
    // Bash, Zsh and POSIX of 2024 read control characters so.
    let mut escaped = "$'".to_owned();
    for c in word.chars() {
        match c {
            '\'' | '\\' => escaped.extend(['\\', c]),
            c if c.is_control() => {
                let mut bytes = [0; 4];
                c.encode_utf8(&mut bytes).bytes().for_each(|byte| _ = write!(escaped, "\\{byte:03o}"));
            }
            c => escaped.push(c),
        }
    }
    (escaped + "'").into()
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

    #[test]
    fn words_are_quoted_as_a_shell_reads_them() {
        for (word, expected) in [
            ("output/a-seed1.h5", "output/a-seed1.h5"),
            ("learning.batch=16", "learning.batch=16"),
            ("", "''"),
            ("my run.h5", "'my run.h5'"),
            ("it's", r"'it'\''s'"),
            ("$(rm -r .)", "'$(rm -r .)'"),
            ("a\nb'\u{1b}", r"$'a\012b\'\033'"),
        ] {
            assert_eq!(quoted(word), expected);
        }
    }

    /// What is printed to be pasted must come back as the words it was made of.
    #[test]
    #[cfg(unix)]
    fn a_shell_gives_quoted_words_back() {
        let words = ["plain", "two words", "it's", "$HOME `x` \"y\" \\ ; & | * ? ~ # !", "Zürich ±"];
        let script = words.iter().fold("printf '%s\\n'".to_owned(), |script, word| script + " " + &quoted(word));
        let said = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
        assert_eq!(String::from_utf8(said.stdout).unwrap(), words.join("\n") + "\n");
    }
}
