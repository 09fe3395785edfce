//! When the state before a slice is kept, so that the run can end within it.

use std::time::{Duration, Instant};

use crate::engine::{Lane, LaneState};
use crate::network::{Network, Synapses};

/// The state is kept as long as the copy takes less than one part in so many of the time of a slice.
const SLICES_PER_COPY: u32 = 50;

/// A run as it stood between two slices.
#[derive(Debug)]
pub(super) struct SavedRun {
    lane: LaneState,
    /// Where weights change in the course of slices.
    network: Option<Network>,
}

impl SavedRun {
    /// Sets a run back to it.
    pub(super) fn restore(&self, lane: &mut Lane, network: &mut Network) {
        lane.restore(&self.lane);
        if let Some(before) = &self.network {
            network.clone_from(before);
        }
    }
}

/// What of a run is to be kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    /// Whether it must be kept, however long a copy takes.
    pub(super) at_any_cost: bool,
    /// Whether weights change in the course of slices.
    pub(super) weights: bool,
}

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

    /// The run as it stands, if it must be kept or a copy costs little.
    pub(super) fn keep(&mut self, lane: &mut Lane, network: &mut Network, wanted: Wanted) -> Option<SavedRun> {
        let begun = Instant::now();
        if !wanted.at_any_cost && self.copy_took > self.slice_took / SLICES_PER_COPY {
            return None;
        }
        let network = wanted.weights.then(|| {
            lane.settle_weights(network);
            let copy = network.clone();
            network.synapses.iter_mut().for_each(Synapses::unshare);
            copy
        });
        let saved = SavedRun { lane: lane.state(), network };
        self.copy_took = begun.elapsed();
        Some(saved)
    }

    /// Takes note of a slice that began then.
    pub(super) fn slice(&mut self, begun: Instant) {
        self.slice_took = begun.elapsed();
    }
}
