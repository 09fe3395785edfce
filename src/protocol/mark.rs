//! Events of cells that have a beginning and an end.

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

/// Kinds of events with a beginning and an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MarkKind {
    /// A plateau potential.
    Plateau,
    /// A dendritic spike.
    DendriticSpike,
    /// A back-propagating action potential whose current is a box.
    Bap,
    /// A burst of spikes.
    Burst,
}

impl MarkKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Plateau, Self::DendriticSpike, Self::Bap, Self::Burst];

    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plateau => "plateau",
            Self::DendriticSpike => "dendritic_spike",
            Self::Bap => "bap",
            Self::Burst => "burst",
        }
    }
}

impl EventMark {
    /// The same, on a clock that is `by` ms ahead.
    #[must_use]
    pub fn later(self, by: f64) -> Self {
        Self { start: self.start + by, stop: self.stop + by, over: self.over + by, ..self }
    }
}
