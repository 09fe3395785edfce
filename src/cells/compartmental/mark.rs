//! What cells emit beside spikes: events with a beginning and an end.

use serde::{Deserialize, Serialize};

use super::{BapCourse, CompartmentalCell, DendriticEventKind};

/// Kinds of events with a beginning and an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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

impl From<DendriticEventKind> for MarkKind {
    fn from(kind: DendriticEventKind) -> Self {
        match kind {
            DendriticEventKind::Plateau => Self::Plateau,
            DendriticEventKind::DendriticSpike => Self::DendriticSpike,
        }
    }
}

impl CompartmentalCell {
    /// The kinds of events that it emits, each once.
    pub fn mark_kinds(&self) -> Vec<MarkKind> {
        let mut kinds: Vec<MarkKind> = self.events.iter().map(|event| event.kind.into()).collect();
        kinds.extend(self.bap.filter(|bap| matches!(bap.course, BapCourse::Box(_))).map(|_| MarkKind::Bap));
        kinds.extend(self.burst_window.map(|_| MarkKind::Burst));
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }
}
