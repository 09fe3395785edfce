//! Which presentations and times of a run are recorded.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::units::LONGEST_RUN_MS;

/// Some time on the clock of a continuous run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeRange {
    /// Start [ms].
    pub from_ms: f64,
    /// End (exclusive) [ms]; none: the end of the run.
    pub to_ms: Option<f64>,
}

/// Times as files write them, at most [`Times::MOST`].
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Times(pub(super) Vec<TimeRange>);

impl Times {
    const MOST: usize = 1000;
}

impl Serialize for Times {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let texts: Vec<_> = self.0.iter().map(TimeRange::to_string).collect();
        serializer.serialize_str(&texts.join(","))
    }
}

impl<'de> Deserialize<'de> for Times {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TimeRanges;
        impl Visitor<'_> for TimeRanges {
            type Value = Times;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "times FROM:TO in ms such as \"0:500,2000:\", ascending, at most {} of them", Times::MOST)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Times, E> {
                let times: Option<Vec<_>> = text.split(',').map(TimeRange::parse).collect();
                let few = times.filter(|times| times.len() <= Times::MOST && TimeRange::ascend(times));
                few.map(Times).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_str(TimeRanges)
    }
}

impl JsonSchema for Times {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Times".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": r"^[0-9.e+]*\s*:\s*[0-9.e+]*\s*(,\s*[0-9.e+]*\s*:\s*[0-9.e+]*\s*)*$" })
    }
}

impl TimeRange {
    /// A range as written, FROM:TO, either left out for the ends of the run.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (from, to) = text.split_once(':')?;
        let number = |text: &str| text.trim().parse::<f64>().ok().filter(|time| (0.0..=LONGEST_RUN_MS).contains(time));
        let from_ms = if from.trim().is_empty() { 0.0 } else { number(from)? };
        let to_ms = if to.trim().is_empty() { None } else { Some(number(to)?) };
        to_ms.is_none_or(|to| from_ms < to).then_some(Self { from_ms, to_ms })
    }

    /// Whether ranges ascend without overlap.
    pub(super) fn ascend(ranges: &[Self]) -> bool {
        ranges.windows(2).all(|pair| pair[0].to_ms.is_some_and(|to| to <= pair[1].from_ms))
    }
}

impl fmt::Display for TimeRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.from_ms)?;
        self.to_ms.map_or(Ok(()), |to| to.fmt(f))
    }
}

/// A stretch of presentations. A negative number counts from the end of the run, as -20 for the twentieth last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PresentationRange {
    /// First presentation.
    pub first: i64,
    /// End (exclusive); none: the end of the run.
    pub end: Option<i64>,
}

/// PresentationRanges of presentations as files write them, at most [`PresentationRanges::MOST`], each of which is a report of its own in the run
/// file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PresentationRanges(pub(super) Vec<PresentationRange>);

impl PresentationRanges {
    const MOST: usize = 1000;
}

impl Serialize for PresentationRanges {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let texts: Vec<_> = self.0.iter().map(PresentationRange::to_string).collect();
        serializer.serialize_str(&texts.join(","))
    }
}

impl<'de> Deserialize<'de> for PresentationRanges {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RangesVisitor;
        impl Visitor<'_> for RangesVisitor {
            type Value = PresentationRanges;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let most = PresentationRanges::MOST;
                write!(f, "ranges FIRST:END such as \"5:\" or \"0:20,-20:\", at most {most} of them")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<PresentationRanges, E> {
                let stretches: Option<Vec<_>> = text.split(',').map(PresentationRange::parse).collect();
                let few = stretches.filter(|stretches| stretches.len() <= PresentationRanges::MOST);
                few.map(PresentationRanges).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_str(RangesVisitor)
    }
}

impl JsonSchema for PresentationRanges {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "PresentationRanges".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": r"^\s*-?\d*\s*:\s*(-?\d+)?\s*(,\s*-?\d*\s*:\s*(-?\d+)?\s*)*$" })
    }
}

impl fmt::Display for PresentationRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.first)?;
        self.end.map_or(Ok(()), |end| end.fmt(f))
    }
}

impl PresentationRange {
    /// A stretch as written, FIRST:END. One whose numbers count from the same end of the run has its first one first.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (first, end) = text.split_once(':')?;
        let number = |text: &str| text.trim().parse::<i64>().ok();
        let first = if first.trim().is_empty() { 0 } else { number(first)? };
        let end = if end.trim().is_empty() { None } else { Some(number(end)?) };
        let ordered = end.is_none_or(|end| (first < 0) != (end < 0) || first <= end);
        ordered.then_some(Self { first, end })
    }

    /// Its presentations in a run of so many; they may lie beyond its end.
    pub(super) fn of(self, planned: u64) -> Range<u64> {
        let place = |n: i64| if n < 0 { planned.saturating_sub(n.unsigned_abs()) } else { n.unsigned_abs() };
        place(self.first)..self.end.map_or(u64::MAX, place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_ascend_and_may_leave_out_their_ends() {
        let parsed = |text: &str| TimeRange::parse(text).map(|time| (time.from_ms, time.to_ms));
        assert_eq!(parsed("0.5:20"), Some((0.5, Some(20.0))));
        assert_eq!(parsed(":1e3"), Some((0.0, Some(1000.0))));
        assert_eq!(parsed("7:"), Some((7.0, None)));
        for refused in ["", "5", "6:5", "5:5", "a:5", "-1:5", "0:1e10", "nan:"] {
            assert_eq!(parsed(refused), None, "{refused}");
        }
        let ranges = |text: &str| text.split(',').map(|t| TimeRange::parse(t).unwrap()).collect::<Vec<_>>();
        assert!(TimeRange::ascend(&ranges("0:5,5:6,8:")) && !TimeRange::ascend(&ranges("0:5,4:6")));
        assert!(!TimeRange::ascend(&ranges("0:,4:6")));
    }

    #[test]
    fn stretches_may_leave_out_their_ends_and_count_from_the_end_of_the_run() {
        for (text, first, end) in [
            ("0:20", 0, Some(20)),
            (":20", 0, Some(20)),
            ("5:", 5, None),
            ("5:5", 5, Some(5)),
            ("-20:", -20, None),
            (" -20 : -10", -20, Some(-10)),
            ("5:-5", 5, Some(-5)),
        ] {
            let stretch = PresentationRange { first, end };
            assert_eq!(PresentationRange::parse(text), Some(stretch), "{text}");
            assert_eq!(PresentationRange::parse(&stretch.to_string()), Some(stretch), "{text}");
        }
        for text in ["", "5", "6:5", "a:5", "-5:-6", "1:2:3", "0:99999999999999999999"] {
            assert_eq!(PresentationRange::parse(text), None, "{text}");
        }
    }
}
