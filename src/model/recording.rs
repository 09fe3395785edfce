//! What is kept of a run.

use std::ops::Range;

use super::{CompartmentId, PopulationId};

/// What is kept of a run, of some of its training presentations (of a test: of the test presentations).
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// Populations whose spikes are kept.
    pub spikes: Vec<PopulationId>,
    /// Populations whose plateaus are kept.
    pub plateaus: Vec<PopulationId>,
    /// Populations of which traces are kept, each with its compartments in ascending order of element.
    pub traces: Vec<(PopulationId, Vec<CompartmentId>)>,
    /// Presentations recorded.
    pub presentations: Vec<Stretch>,
    /// Spacing of sampled traces [ms].
    pub report_dt: f64,
    /// Weight snapshots beside `initial` and `final`.
    pub snapshots: Snapshots,
    /// Whether losses of layers, angles to backpropagation and feedback Jacobians are measured of every training presentation.
    pub credit: Credit,
    /// Whether spikes and traces are stored deflated, which the SONATA reader cannot open.
    pub compression: Compression,
}

/// A stretch of presentations. A negative number counts from the end of the run, as -20 for the twentieth last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// First presentation.
    pub first: i64,
    /// End (exclusive); none: the end of the run.
    pub end: Option<i64>,
}

impl Recording {
    /// The presentations recorded of a run that is planned to have so many: ascending, disjoint ranges with gaps between.
    pub fn recorded(&self, planned: u64) -> Vec<Range<u64>> {
        let mut ranges: Vec<_> = self.presentations.iter().map(|stretch| stretch.of(planned)).collect();
        ranges.retain(|range| !range.is_empty());
        ranges.sort_by_key(|range| range.start);
        let mut joined: Vec<Range<u64>> = Vec::new();
        for range in ranges {
            match joined.last_mut().filter(|last| range.start <= last.end) {
                Some(last) => last.end = last.end.max(range.end),
                None => joined.push(range),
            }
        }
        joined
    }
}

impl Stretch {
    /// Its presentations in a run of so many; they may lie beyond its end.
    fn of(self, planned: u64) -> Range<u64> {
        let place = |n: i64| if n < 0 { planned.saturating_sub(n.unsigned_abs()) } else { n.unsigned_abs() };
        place(self.first)..self.end.map_or(u64::MAX, place)
    }
}

/// When weight snapshots are taken, beside the initial and final one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Snapshots {
    /// Never.
    Ends,
    /// After every epoch.
    Epochs,
    /// After every so many presentations.
    Presentations(u64),
}

/// Whether the assignment of credit to hidden neurons is measured, which takes about as long as a presentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credit {
    /// It is not.
    Unmeasured,
    /// It is, in every training presentation.
    Measured,
}

/// Whether recorded data are stored deflated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// As they are; every reader opens them.
    None,
    /// Deflated by zlib.
    Deflate,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(stretches: &[(i64, Option<i64>)], planned: u64) -> Vec<Range<u64>> {
        let presentations = stretches.iter().map(|&(first, end)| Stretch { first, end }).collect();
        let recording = Recording {
            spikes: Vec::new(),
            plateaus: Vec::new(),
            traces: Vec::new(),
            presentations,
            report_dt: 0.5,
            snapshots: Snapshots::Ends,
            credit: Credit::Unmeasured,
            compression: Compression::None,
        };
        recording.recorded(planned)
    }

    #[test]
    fn negative_numbers_count_from_the_end_and_overlaps_are_joined() {
        let ends = [(0, Some(20)), (-20, None)];
        assert_eq!(recorded(&ends, 60_000), [0..20, 59_980..u64::MAX]);
        assert_eq!(recorded(&ends, 41), [0..20, 21..u64::MAX]);
        for short in [5, 40] {
            assert_eq!(recorded(&ends, short), vec![0..u64::MAX; 1]);
        }
        assert_eq!(recorded(&[(7, Some(9)), (-8, Some(-5)), (3, Some(3))], 10), [2..5, 7..9]);
        assert_eq!(recorded(&[(5, Some(-8))], 10), []);
    }
}
