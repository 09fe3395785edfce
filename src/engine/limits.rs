//! What ends a trial before its time: activity beyond all bounds, and a caller that asks for it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Under what a trial is given up.
#[derive(Clone, Copy)]
pub struct Limits<'a> {
    /// Largest mean rate of a population of cells over a phase [1/ms].
    pub largest_mean_rate: f64,
    /// Asked after each window, which is at most as long as the shortest delay that goes back: whether to give the trial up.
    pub stop: &'a (dyn Fn() -> bool + Sync),
}

/// Why a trial was given up. The state of its lane is then none to go on from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TrialAborted {
    /// The caller asked for it.
    Stopped,
    /// A population fired more by `at_ms` of the phase than it may in all of it.
    Runaway {
        /// Its place in the model.
        population: usize,
        /// By when, from the start of the phase [ms].
        at_ms: f64,
    },
}

/// How many spikes a population may still fire in a phase, counted by its blocks as they advance side by side.
#[derive(Clone, Debug, Default)]
pub(crate) struct SpikeBudget(Arc<AtomicI64>);

/// Blocks count their spikes by so many.
const COUNTED_SPIKES: u16 = 1024;

impl Default for Limits<'_> {
    fn default() -> Self {
        Self { largest_mean_rate: f64::INFINITY, stop: &|| false }
    }
}

impl fmt::Debug for Limits<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limits").field("largest_mean_rate", &self.largest_mean_rate).finish_non_exhaustive()
    }
}

impl SpikeBudget {
    /// Sets how many spikes are left.
    pub(crate) fn set(&self, spikes: usize) {
        self.0.store(i64::try_from(spikes).unwrap_or(i64::MAX), Ordering::Relaxed);
    }

    /// Takes note of another spike of a block, its `count`-th in the window.
    pub(crate) fn count(&self, count: usize) {
        if count.is_multiple_of(usize::from(COUNTED_SPIKES)) {
            self.0.fetch_sub(i64::from(COUNTED_SPIKES), Ordering::Relaxed);
        }
    }

    /// Whether none is left: no cell fires any more, and the trial is given up.
    pub(crate) fn is_spent(&self) -> bool {
        self.0.load(Ordering::Relaxed) < 0
    }
}
