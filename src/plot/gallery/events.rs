//! Events with a beginning and an end, as figures of neurons shade them.

use crate::plot::{Ink, Mark, Shade, Shape, SpanBar};

/// Events that figures show. Back-propagating action potentials are not among them, for every spike has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DrawnEvent {
    /// A plateau potential.
    Plateau,
    /// A dendritic spike.
    DendriticSpike,
    /// A burst of spikes.
    Burst,
}

/// An event and when it began and ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EventSpan {
    /// What it is.
    pub event: DrawnEvent,
    /// Start and end on the run's clock [ms].
    pub range: [f64; 2],
}

/// An event of a neuron of a population.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NeuronEvent {
    /// The neuron.
    pub neuron: u64,
    /// The event.
    pub span: EventSpan,
}

impl DrawnEvent {
    /// All of them, as they stand in the row of a neuron from its top.
    pub const ALL: [Self; 3] = [Self::Plateau, Self::Burst, Self::DendriticSpike];

    /// Its name in run files, KIND of `/events/POP/KIND`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plateau => "plateau",
            Self::DendriticSpike => "dendritic_spike",
            Self::Burst => "burst",
        }
    }

    /// Its name in legends.
    fn label(self) -> &'static str {
        match self {
            Self::Plateau => "plateau",
            Self::DendriticSpike => "dendritic spike",
            Self::Burst => "burst",
        }
    }

    fn ink(self) -> Ink {
        match self {
            Self::Plateau => Ink::Orange,
            Self::DendriticSpike => Ink::Purple,
            Self::Burst => Ink::Green,
        }
    }
}

/// Plateaus and dendritic spikes of one neuron as shaded times within a window [ms]; its spikes show bursts.
pub(super) fn event_shades(events: &[EventSpan], [from, to]: [f64; 2]) -> impl Iterator<Item = Shade> {
    let shade = move |span: &EventSpan| Shade {
        range: [span.range[0].max(from), span.range[1].min(to)],
        label: span.event.label().to_owned(),
        ink: span.event.ink(),
    };
    let events = events.iter().filter(|span| span.event != DrawnEvent::Burst);
    events.map(shade).filter(|shade| shade.range[0] < shade.range[1])
}

/// Share of a neuron's row that bars fill.
const FILLED: f64 = 0.9;

/// Events of neurons as bars in their rows: a mark for each kind there is, one below the other in the row.
pub(super) fn event_bars(events: &[NeuronEvent]) -> Vec<Mark> {
    let of = |event: DrawnEvent| events.iter().filter(move |found| found.span.event == event);
    let kinds: Vec<_> = DrawnEvent::ALL.into_iter().filter(|&event| of(event).next().is_some()).collect();
    let height = FILLED / kinds.len().max(1) as f64;
    let mark = |(place, &event): (usize, &DrawnEvent)| {
        let bar = |found: &NeuronEvent| {
            let top = found.neuron as f64 + 0.5 * FILLED - place as f64 * height;
            SpanBar { x: found.span.range, y: [top - height, top] }
        };
        Mark::new(event.label(), event.ink(), Shape::Spans { spans: of(event).map(bar).collect() })
    };
    kinds.iter().enumerate().map(mark).collect()
}
