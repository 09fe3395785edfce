//! When the state before a slice is kept, so that the run can end within it.

use std::time::{Duration, Instant};

use crate::engine::{Lane, LaneState};

/// The state is kept as long as the copy takes less than one part in so many of the time of a slice.
const SLICES_PER_COPY: u32 = 50;

/// How long a slice takes, and a copy of the state before it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rollback {
    slice_took: Duration,
    copy_took: Duration,
}

impl Rollback {
    /// Begins a run, before whose first slice the state is kept.
    pub(super) fn begin(&mut self) {
        self.slice_took = Duration::MAX;
    }

    /// The state as it stands, if it must be kept or a copy costs little.
    pub(super) fn keep(&mut self, lane: &Lane, must: bool) -> Option<LaneState> {
        let begun = Instant::now();
        let state = (must || self.copy_took <= self.slice_took / SLICES_PER_COPY).then(|| lane.state())?;
        self.copy_took = begun.elapsed();
        Some(state)
    }

    /// Takes note of a slice that began then.
    pub(super) fn slice(&mut self, begun: Instant) {
        self.slice_took = begun.elapsed();
    }
}
