//! What was expected and what was found, in words.

use std::fmt;
use std::ops::{Bound, RangeBounds, RangeInclusive};

use super::tree::Value;

/// A number above `low` and of at most `high`.
pub(super) fn above(low: f64, high: f64) -> impl RangeBounds<f64> {
    (Bound::Excluded(low), Bound::Included(high))
}

/// Words as a choice: `"a", "b" or "c"`.
pub(super) fn one_of(words: &[&str]) -> String {
    let quoted: Vec<_> = words.iter().map(|word| format!("{word:?}")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

/// A value as found.
pub(super) fn found(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text:?}"),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => format!("{number:?}"),
        Value::Boolean(truth) => truth.to_string(),
        Value::Date(date) => format!("the date {date}"),
        Value::List(_) => "a list".to_owned(),
        Value::Table(_) => "a table".to_owned(),
    }
}

/// A range of finite numbers.
pub(super) struct Numbers<'r, R>(pub(super) &'r R);

impl<R: RangeBounds<f64>> fmt::Display for Numbers<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.start_bound(), self.0.end_bound()) {
            (Bound::Included(low), Bound::Included(high)) => write!(f, "a number from {low} to {high}"),
            (Bound::Excluded(low), Bound::Included(high)) => write!(f, "a number above {low} and of at most {high}"),
            (Bound::Included(low), _) => write!(f, "a number of at least {low}"),
            _ => write!(f, "a finite number"),
        }
    }
}

/// A range of integers.
pub(super) struct Integers<'r>(pub(super) &'r RangeInclusive<u64>);

impl fmt::Display for Integers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.start(), self.0.end()) {
            (low, &u64::MAX) => write!(f, "an integer of at least {low}"),
            (low, high) => write!(f, "an integer from {low} to {high}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_told_in_words() {
        assert_eq!(Numbers(&(0.25..=1000.0)).to_string(), "a number from 0.25 to 1000");
        assert_eq!(Numbers(&above(0.0, 1.0)).to_string(), "a number above 0 and of at most 1");
        assert_eq!(Numbers(&(0.0..)).to_string(), "a number of at least 0");
        assert_eq!(Numbers(&(..)).to_string(), "a finite number");
        assert_eq!(Integers(&(1..=9)).to_string(), "an integer from 1 to 9");
        assert_eq!(Integers(&(1..=u64::MAX)).to_string(), "an integer of at least 1");
    }

    #[test]
    fn words_are_told_as_a_choice() {
        assert_eq!(one_of(&["a"]), "\"a\"");
        assert_eq!(one_of(&["a", "b", "c"]), "\"a\", \"b\" or \"c\"");
    }
}
