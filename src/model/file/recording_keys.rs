//! The keys of `[recording]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::choice::Choice;
use crate::model::recorded_ranges::{PresentationRanges, Times};
use crate::model::text::Section;
use crate::model::{PresentationRange, Protocol, Snapshots};
use crate::units::SamplingInterval;

/// What is kept of a run, as files have it.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RecordingKeys {
    /// Populations whose spikes are kept: "all", "none" or a list, of "POP[A:B]" for neurons A to B - 1 alone.
    pub(super) spikes: Choice,
    /// Populations with apical dendrites whose plateaus are kept: "all", "none" or a list.
    pub(super) plateaus: Choice,
    /// Traces that are kept: "all" (of all populations but sources), "none", or a list of populations and of
    /// "POP.COMPARTMENT", of "POP[A:B]" and "POP[A:B].COMPARTMENT" for neurons A to B - 1 alone. Continuous runs keep none unless
    /// they are asked for.
    pub(super) traces: Choice,
    /// Presentations that are recorded: "FIRST:END,...", END excluded, either left out for the ends of the run, negative from
    /// its end.
    pub(super) presentations: PresentationRanges,
    /// Times of a continuous run that are recorded: "FROM:TO,..." in ms on its clock, either left out for the ends of the run, with
    /// gaps of at least 100 ms; without it, all after the warm-up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) times_ms: Option<Times>,
    /// Spacing of the samples of traces [ms], no longer than a phase.
    #[serde(with = "SamplingInterval")]
    pub(super) report_dt_ms: f64,
    /// When weights are kept: "never" (so without a word in a continuous run), "ends" (at the start and the end alone), "epochs", or after every so many presentations, of a continuous run slices of 100 ms.
    pub(super) weights: Snapshots,
    /// Whether losses of layers, angles to backpropagation and feedback Jacobians are measured of every training presentation,
    /// which takes about as long as a presentation.
    pub(super) credit: bool,
    /// Whether spikes and traces are deflated, which the SONATA reader cannot open.
    pub(super) compression: bool,
}

impl Default for RecordingKeys {
    fn default() -> Self {
        Self {
            spikes: Choice::All,
            plateaus: Choice::All,
            traces: Choice::All,
            presentations: PresentationRanges(vec![
                PresentationRange { first: 0, end: Some(20) },
                PresentationRange { first: -20, end: None },
            ]),
            times_ms: None,
            report_dt_ms: 0.5,
            weights: Snapshots::Ends,
            credit: false,
            compression: false,
        }
    }
}

impl RecordingKeys {
    /// Without a word, in a model of this protocol.
    pub(super) fn of(protocol: &Protocol) -> Self {
        match protocol {
            Protocol::Continuous(_) => Self {
                plateaus: Choice::Listed(Vec::new()),
                traces: Choice::Listed(Vec::new()),
                presentations: PresentationRanges(vec![PresentationRange { first: 0, end: None }]),
                weights: Snapshots::Never,
                ..Self::default()
            },
            Protocol::TwoPhase(_) => Self::default(),
        }
    }

    /// With what a protocol means where the table has no word of it.
    pub(super) fn completed(self, section: &Section<'_, '_>, protocol: &Protocol) -> Self {
        let meant = Self::of(protocol);
        Self {
            plateaus: if section.has("plateaus") { self.plateaus } else { meant.plateaus },
            traces: if section.has("traces") { self.traces } else { meant.traces },
            presentations: if section.has("presentations") { self.presentations } else { meant.presentations },
            weights: if section.has("weights") { self.weights } else { meant.weights },
            ..self
        }
    }
}
