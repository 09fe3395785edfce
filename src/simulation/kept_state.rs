//! When the state before a stretch is kept, so that the run can end within it.

use std::time::{Duration, Instant};

use crate::engine::{Lane, LaneState};

/// The state is kept as long as the copy takes less than one part in so many of the time of a stretch.
const STRETCHES_PER_COPY: u32 = 50;

/// How long a stretch takes, and a copy of the state before it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct StateCopies {
    stretch_took: Duration,
    copy_took: Duration,
}

impl StateCopies {
    /// Begins a run, before whose first stretch the state is kept.
    pub(super) fn begin(&mut self) {
        self.stretch_took = Duration::MAX;
    }

    /// The state as it stands, if it must be kept or a copy costs little.
    pub(super) fn keep(&mut self, lane: &Lane, must: bool) -> Option<LaneState> {
        let begun = Instant::now();
        let state = (must || self.copy_took <= self.stretch_took / STRETCHES_PER_COPY).then(|| lane.state())?;
        self.copy_took = begun.elapsed();
        Some(state)
    }

    /// Takes note of a stretch that began then.
    pub(super) fn stretch(&mut self, begun: Instant) {
        self.stretch_took = begun.elapsed();
    }
}
