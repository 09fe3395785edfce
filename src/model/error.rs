//! What can be wrong with a model, and where.

use std::fmt;
use std::sync::Arc;

/// Where a key or value was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// In a file, or in a model text that came with a name.
    File {
        /// Name as the user knows it.
        file: Arc<str>,
        /// Line, from 1.
        line: u32,
        /// Column in characters, from 1.
        column: u32,
    },
    /// In what has no lines and is given here whole: an argument of the command line (`--set learning.batch=16`), or a model made
    /// in code.
    Argument(Arc<str>),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file, line, column } => write!(f, "{file}:{line}:{column}"),
            Self::Argument(argument) => write!(f, "{argument}"),
        }
    }
}

/// Why there is no model: each names the place, what was expected there and what was found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// A file exists and cannot be read.
    #[error("cannot read the model file {path}")]
    Read {
        /// The file.
        path: Box<str>,
        /// Why.
        source: std::io::Error,
    },
    /// Neither a file nor a shipped model has this name.
    #[error("there is no model file {path}, and no shipped model of that name{}", hint(.suggestion.as_deref()))]
    NoSuchModel {
        /// What was asked for.
        path: Box<str>,
        /// The shipped name nearest to it.
        suggestion: Option<Box<str>>,
    },
    /// The text is not TOML.
    #[error("{at}: {message}")]
    Syntax {
        /// Where the text stops being TOML.
        at: Origin,
        /// What was found and expected there.
        message: Box<str>,
    },
    /// A key that means nothing.
    #[error("{at}: unknown key `{key}` in {table}{}", hint_or_known(.suggestion.as_deref(), .known))]
    UnknownKey {
        /// The key.
        at: Origin,
        /// Its name.
        key: Box<str>,
        /// The table it stands in.
        table: Arc<str>,
        /// The known key nearest to it.
        suggestion: Option<Box<str>>,
        /// The keys this table may have.
        known: Box<[String]>,
    },
    /// A key that must be there.
    #[error("{at}: missing key `{key}` in {table}: expected {expected}{}", hint_instead(.found.as_deref()))]
    MissingKey {
        /// The table.
        at: Origin,
        /// Name of the key.
        key: Box<str>,
        /// The table.
        table: Arc<str>,
        /// What its value is.
        expected: Box<str>,
        /// An unknown key of the table that may be meant for it.
        found: Option<Box<str>>,
    },
    /// A value of the wrong type or out of its range.
    #[error("{at}: `{key}` in {table}: expected {expected}, found {found}{}", hint(.suggestion.as_deref()))]
    Value {
        /// The value.
        at: Origin,
        /// Its key.
        key: Box<str>,
        /// The table it stands in.
        table: Arc<str>,
        /// Type and range.
        expected: Box<str>,
        /// What stands there.
        found: Box<str>,
        /// The permitted word nearest to it.
        suggestion: Option<Box<str>>,
    },
    /// A name that nothing has.
    #[error("{at}: there is no {what} `{name}`{}", hint(.suggestion.as_deref()))]
    UnknownName {
        /// Where it is used.
        at: Origin,
        /// What it should name.
        what: &'static str,
        /// The name.
        name: Box<str>,
        /// The existing name nearest to it.
        suggestion: Option<Box<str>>,
    },
    /// Two of one name.
    #[error("{at}: a second {what} `{name}`: expected each name once, found the first at {first}")]
    Duplicate {
        /// The second one.
        at: Origin,
        /// What they are.
        what: &'static str,
        /// Their name.
        name: Box<str>,
        /// The first one.
        first: Origin,
    },
    /// Values that are each in range and make no sense together.
    #[error("{at}: {why}")]
    Refused {
        /// One of them.
        at: Origin,
        /// What was expected of them and what was found.
        why: Box<str>,
    },
}

impl ModelError {
    /// Where it is written, for all but unreadable and missing files.
    pub fn origin(&self) -> Option<&Origin> {
        match self {
            Self::Read { .. } | Self::NoSuchModel { .. } => None,
            Self::Syntax { at, .. }
            | Self::UnknownKey { at, .. }
            | Self::MissingKey { at, .. }
            | Self::Value { at, .. }
            | Self::UnknownName { at, .. }
            | Self::Duplicate { at, .. }
            | Self::Refused { at, .. } => Some(at),
        }
    }

    pub(super) fn refused(at: Origin, why: impl Into<Box<str>>) -> Self {
        Self::Refused { at, why: why.into() }
    }

    pub(super) fn unknown_name<'a>(
        at: Origin,
        what: &'static str,
        name: &str,
        existing: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        Self::UnknownName { at, what, name: name.into(), suggestion: nearest(name, existing) }
    }
}

/// The candidate most like `word`, if any is like it at all.
pub(super) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<Box<str>> {
    /// Jaro-Winkler similarity (0 to 1) from which a word passes for a slip; `tau_l` and `tau_l_ms` have 0.93.
    const ALIKE: f64 = 0.8;
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(word, candidate), candidate))
        .filter(|(alike, _)| *alike >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate.into())
}

/// Words as a choice: `"a", "b" or "c"`.
pub(super) fn one_of(words: &[&str]) -> String {
    let quoted: Vec<_> = words.iter().map(|word| format!("{word:?}")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

fn hint(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(String::new, |word| format!("; did you mean `{word}`?"))
}

fn hint_or_known(suggestion: Option<&str>, known: &[String]) -> String {
    if suggestion.is_some() { hint(suggestion) } else { format!("; its keys are {}", known.join(", ")) }
}

fn hint_instead(found: Option<&str>) -> String {
    found.map_or_else(String::new, |key| format!(", found `{key}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_other_words_are_not() {
        let keys = ["tau_l_ms", "tau_s_ms", "g_l_per_ms", "size"];
        assert_eq!(nearest("tau_l", keys).as_deref(), Some("tau_l_ms"));
        assert_eq!(nearest("tau_s", keys).as_deref(), Some("tau_s_ms"));
        assert_eq!(nearest("sise", keys).as_deref(), Some("size"));
        assert_eq!(nearest("colour", keys), None);
        assert_eq!(nearest("", keys), None);
    }

    #[test]
    fn words_are_put_as_a_choice() {
        assert_eq!(one_of(&["a"]), "\"a\"");
        assert_eq!(one_of(&["a", "b", "c"]), "\"a\", \"b\" or \"c\"");
    }

    #[test]
    fn an_error_is_small_enough_to_be_returned_by_value() {
        assert!(size_of::<ModelError>() <= 128);
    }
}
