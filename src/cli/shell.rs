//! Words and paths quoted so that a command can be pasted into a shell.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::Path;

/// Quotes a path for a shell, one that begins with a dash as `./-x`, which no program takes for an option; bytes that are not
/// UTF-8 become replacement characters.
pub(super) fn quoted_path(path: &Path) -> String {
    let path = path.to_string_lossy();
    if path.starts_with('-') { quoted(&format!("./{path}")).into_owned() } else { quoted(&path).into_owned() }
}

/// An option with its value, quoted for a shell: `--record all`, and `--record=-20:` where the value begins with a dash.
pub(super) fn option(name: &str, value: &str) -> String {
    format!("{name}{}{}", if value.starts_with('-') { '=' } else { ' ' }, quoted(value))
}

/// Quotes a word for a shell, where it holds characters that are special to one.
pub(super) fn quoted(word: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.into();
    }
    if !word.chars().any(char::is_control) {
        return format!("'{}'", word.replace('\'', r"'\''")).into();
    }
    // $'…' with octal escapes is read by Bash, Zsh and POSIX 2024 shells.
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

    #[test]
    fn what_begins_with_a_dash_is_no_option() {
        assert_eq!(quoted_path(Path::new("-x.h5")), "./-x.h5");
        assert_eq!(quoted_path(Path::new("--my run.h5")), "'./--my run.h5'");
        assert_eq!(quoted_path(Path::new("output/-x.h5")), "output/-x.h5");
        assert_eq!(option("--record", "-20:"), "--record=-20:");
        assert_eq!(option("--record", "hidden,output.soma"), "--record hidden,output.soma");
    }

    /// What is printed to be pasted must come back as the words it was made of.
    #[test]
    #[cfg(unix)]
    fn a_shell_gives_quoted_words_back() {
        let words = ["plain", "two words", "it's", "$HOME `x` \"y\" \\ ; & | * ? ~ # !", "Zürich ±"];
        let script = words.iter().fold("printf '%s\\n'".to_owned(), |script, word| script + " " + &quoted(word));
        let output = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), words.join("\n") + "\n");
    }
}
