//! What is kept of a run.

use super::{Compartment, PopulationId};

/// What is kept of a run, of the training presentations in `first..end` (of a test: of the test presentations).
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// Populations whose spikes are kept.
    pub spikes: Vec<PopulationId>,
    /// Populations whose plateaus are kept.
    pub plateaus: Vec<PopulationId>,
    /// Populations of which traces are kept, each with its compartments in ascending order of element.
    pub traces: Vec<(PopulationId, Vec<Compartment>)>,
    /// First presentation recorded.
    pub first: u64,
    /// End (exclusive) of the presentations recorded.
    pub end: u64,
    /// Spacing of sampled traces [ms].
    pub report_dt: f64,
    /// Weight snapshots beside `initial` and `final`.
    pub snapshots: Snapshots,
    /// Whether losses of layers, angles to backpropagation and feedback Jacobians are measured of every training presentation.
    pub credit: Credit,
    /// Whether spikes and traces are stored deflated, which the SONATA reader cannot open.
    pub compression: Compression,
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
