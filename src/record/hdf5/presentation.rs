//! Rows of the table of presentations: what was shown when, and what was answered.

use super::PresentationKind;
use crate::model::TwoPhaseProtocol;
use crate::protocol::PhaseName;

/// By how much times on the run's clock may be off [ms].
pub(super) const ROUNDING_MS: f64 = 1e-6;

/// A row of the table of presentations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PresentationRow {
    /// Training or test.
    pub kind: PresentationKind,
    /// Count of presentations of its kind before this one.
    pub index: u64,
    /// Index of the image in its set.
    pub image: u32,
    /// Its label, if it has one.
    pub label: Option<u8>,
    /// The class decoded from the forward phase.
    pub decoded: u8,
    /// Start on the run's clock [ms].
    pub start_ms: f64,
    /// End of the forward phase on the run's clock [ms].
    pub forward_end_ms: f64,
    /// End of the target phase on the run's clock, where one was shown [ms].
    pub target_end_ms: Option<f64>,
    /// Whether spikes and plateaus of it are kept.
    pub recorded: bool,
}

impl PresentationRow {
    /// Its end on the run's clock [ms].
    pub fn end_ms(&self) -> f64 {
        self.target_end_ms.unwrap_or(self.forward_end_ms)
    }

    /// The one of these in which something happened at this time, its end included; rows of a run in their order.
    pub fn at(rows: &[Self], time_ms: f64) -> Option<&Self> {
        // The next presentation may begin a rounding error before this one ends.
        let after = rows.partition_point(|row| row.start_ms < time_ms - ROUNDING_MS);
        rows[..after].last().filter(|row| time_ms < row.end_ms() + ROUNDING_MS)
    }

    /// Unbroken stretches of recorded presentations, each with at least one; rows of a run in their order.
    pub fn stretches(rows: &[Self]) -> Vec<&[Self]> {
        let recorded = rows.split(|row| !row.recorded);
        // Of a continuous run, what is not recorded has no rows.
        recorded.flat_map(|rows| rows.chunk_by(|a, b| b.start_ms < a.end_ms() + ROUNDING_MS)).collect()
    }

    /// Start and end of what is averaged of a phase, on the run's clock [ms].
    pub fn averaging(&self, protocol: &TwoPhaseProtocol, phase: PhaseName) -> [f64; 2] {
        match phase {
            PhaseName::Forward => [self.start_ms + protocol.settle, self.forward_end_ms],
            PhaseName::Target => [self.forward_end_ms + protocol.target_settle, self.end_ms()],
        }
    }

    /// What was answered last to images with labels: in the test after the last training presentation, or in all of training
    /// where there was none.
    pub fn last_answers(rows: &[Self]) -> (PresentationKind, Vec<Self>) {
        let labelled = |rows: &[Self], kind| -> Vec<Self> {
            rows.iter().copied().filter(|row| row.kind == kind && row.label.is_some()).collect()
        };
        let last_training = rows.iter().rposition(|row| row.kind == PresentationKind::Train).map_or(0, |at| at + 1);
        let tested = labelled(&rows[last_training..], PresentationKind::Test);
        if tested.is_empty() {
            (PresentationKind::Train, labelled(rows, PresentationKind::Train))
        } else {
            (PresentationKind::Test, tested)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROTOCOL: TwoPhaseProtocol = TwoPhaseProtocol {
        forward: 50.0,
        target: 50.0,
        test: 250.0,
        settle: 30.0,
        target_settle: 20.0,
        wald_mean: 0.0,
        wald_scale: 0.0,
    };

    /// A presentation of 50 ms, and 50 ms of teaching if it is one of training.
    fn row(kind: PresentationKind, start_ms: f64, label: Option<u8>) -> PresentationRow {
        let forward_end_ms = start_ms + 50.0;
        let target_end_ms = (kind == PresentationKind::Train).then_some(start_ms + 100.0);
        PresentationRow {
            kind,
            index: 0,
            image: 0,
            label,
            decoded: 0,
            start_ms,
            forward_end_ms,
            target_end_ms,
            recorded: true,
        }
    }

    /// At the end of a presentation another may begin, a rounding error earlier or later.
    #[test]
    #[allow(clippy::float_cmp, reason = "these sums are exact")]
    fn what_happens_at_the_end_of_a_presentation_happens_in_it() {
        let rows = [0.0, 100.0 + 1e-13, 300.0].map(|start| row(PresentationKind::Train, start, None));
        for (time, expected) in [
            (0.0, None),
            (47.0, Some(0)),
            (50.0, Some(0)),
            (100.0, Some(0)),
            (149.0, Some(1)),
            (200.0, Some(1)),
            (250.0, None),
            (400.0, Some(2)),
            (401.0, None),
        ] {
            assert_eq!(PresentationRow::at(&rows, time), expected.map(|i: usize| &rows[i]), "{time} ms");
        }
        assert_eq!(rows[2].averaging(&PROTOCOL, PhaseName::Forward), [330.0, 350.0]);
        assert_eq!(rows[2].averaging(&PROTOCOL, PhaseName::Target), [370.0, 400.0]);
    }

    #[test]
    fn stretches_end_where_something_is_not_recorded() {
        let mut rows = [0.0, 100.0, 200.0, 300.0, 400.0].map(|start| row(PresentationKind::Train, start, None));
        (rows[0].recorded, rows[3].recorded) = (false, false);
        assert_eq!(PresentationRow::stretches(&rows), [&rows[1..3], &rows[4..]]);
        assert!(PresentationRow::stretches(&rows[..1]).is_empty());
    }

    #[test]
    fn the_last_answers_are_those_of_the_last_test_or_of_training_alone() {
        let of = |kinds: &[(PresentationKind, u8)]| -> Vec<PresentationRow> {
            kinds.iter().map(|&(kind, label)| row(kind, 0.0, (label < 9).then_some(label))).collect()
        };
        let answers = |kinds: &[(PresentationKind, u8)]| {
            let (kind, rows) = PresentationRow::last_answers(&of(kinds));
            (kind, rows.iter().filter_map(|row| row.label).collect::<Vec<_>>())
        };
        let (train, test) = (PresentationKind::Train, PresentationKind::Test);
        let whole = [(train, 0), (test, 1), (train, 2), (test, 3), (test, 9), (test, 4)];
        assert_eq!(answers(&whole), (test, vec![3, 4]));
        assert_eq!(answers(&whole[..3]), (train, vec![0, 2]));
        assert_eq!(answers(&whole[3..]), (test, vec![3, 4]));
        assert_eq!(answers(&[]), (train, vec![]));
    }
}
