//! The piece of a slice that is recorded.

use crate::engine::{EventMark, Observation};
use crate::protocol::{SLICE_MS, Spike};

/// Some time of a slice, from its start [ms].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct RecordedPiece {
    pub(super) from: f64,
    pub(super) to: f64,
}

impl RecordedPiece {
    /// What of the slice that begins at `start` lies in the first of `times` that reaches into it; there is at most one.
    pub(super) fn of(times: &[std::ops::Range<f64>], start: f64) -> Option<Self> {
        let reaches = |time: &&std::ops::Range<f64>| time.start < start + SLICE_MS && time.end > start;
        let time = times.iter().find(reaches)?;
        Some(Self { from: (time.start - start).max(0.0), to: (time.end - start).min(SLICE_MS) })
    }

    /// Whether it is the whole slice.
    pub(super) fn is_whole(self) -> bool {
        self.from <= 0.0 && self.to >= SLICE_MS
    }

    /// What happened in it, at times since the start of the slice.
    pub(super) fn cut(self, whole: &Observation) -> Observation {
        let inside = |spike: &&Spike| self.from <= spike.time && spike.time < self.to;
        let spikes = whole.spikes.iter().map(|spikes| spikes.iter().filter(inside).copied().collect());
        let over = |mark: &&EventMark| self.from <= mark.over && mark.over < self.to;
        let marks = whole.marks.iter().map(|marks| marks.iter().filter(over).copied().collect());
        let none = || vec![Vec::new(); whole.spikes.len()];
        Observation {
            phases_ms: vec![self.to - self.from],
            spikes: spikes.collect(),
            marks: marks.collect(),
            plateaus: none(),
            plateau_lead_ms: none(),
            // Recorders take no more samples than belong to its length.
            traces: whole.traces.clone(),
        }
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "these times are exact")]
mod tests {
    use super::*;

    #[test]
    fn a_piece_is_what_of_a_stretch_lies_in_the_times_recorded() {
        let times = [20.0..120.0, 250.0..300.0];
        let of = |start| RecordedPiece::of(&times, start).map(|piece| (piece.from, piece.to));
        assert_eq!(of(0.0), Some((20.0, 100.0)));
        assert_eq!(of(100.0), Some((0.0, 20.0)));
        assert_eq!(of(200.0), Some((50.0, 100.0)));
        assert_eq!(of(300.0), None);
        let whole = Observation {
            spikes: vec![[10.0, 20.0, 60.0].map(|time| Spike { time, neuron: 0 }).to_vec()],
            ..Observation::default()
        };
        let cut = RecordedPiece { from: 20.0, to: 60.0 }.cut(&whole);
        assert_eq!((cut.spikes[0].len(), cut.spikes[0][0].time, cut.length_ms()), (1, 20.0, 40.0));
    }
}
