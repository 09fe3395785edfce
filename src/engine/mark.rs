//! Events of cells that have a beginning and an end.

use crate::cells::MarkKind;

/// An event of a neuron with a beginning and an end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EventMark {
    /// What it is.
    pub kind: MarkKind,
    /// The neuron.
    pub neuron: u32,
    /// The compartment that it is in.
    pub compartment: u32,
    /// When it began [ms].
    pub start: f64,
    /// When it ended [ms]; of a burst, its last spike.
    pub stop: f64,
    /// When it was known to be over [ms]: at its end; of a burst, when no further spike could belong to it.
    pub over: f64,
}

impl EventMark {
    /// The same, counted from `by` ms earlier.
    #[must_use]
    pub fn later(self, by: f64) -> Self {
        Self { start: self.start + by, stop: self.stop + by, over: self.over + by, ..self }
    }
}
