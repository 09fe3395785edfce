//! Terms of a rule between spikes, evaluated at several synapses at once.

use super::{CellEvent, OnlineRule, PostEvents, SignalMemory, SpikeAtSynapse, SpikeTraces};
use crate::plasticity::expression::{CHUNK, EMPTY, Program};

/// A quantity at a synapse that terms read, in the unit of the rule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum SynapseSignal {
    Weight,
    Bound(f64),
    ArrivalTrace(usize),
    SpikeTrace(usize),
}

/// The terms of a rule, ready to be evaluated.
#[derive(Clone, Debug)]
pub(super) struct SynapseTerms {
    pub(super) arrival: Option<Program<SynapseSignal>>,
    pub(super) spike: Option<Program<SynapseSignal>>,
    pub(super) event: Option<Program<SynapseSignal>>,
    pub(super) burst: Option<Program<SynapseSignal>>,
    pub(super) acts_at: PostEvents,
    pub(super) traces: SpikeTraces,
    pub(super) unit: f64,
    /// Smallest and largest weight.
    pub(super) bounds: [f64; 2],
}

/// Signals of events and bursts.
const EVENT: f64 = 0.0;
const BURST: f64 = 1.0;

impl SynapseTerms {
    /// The weight moved by a change in the unit of the rule. What is no number stays none, and ends the run.
    #[inline(always)]
    fn moved(&self, w: f64, by: f64) -> f64 {
        let ([low, high], moved) = (self.bounds, w + by * self.unit);
        if moved < low {
            low
        } else if moved > high {
            high
        } else {
            moved
        }
    }

    /// The weight after a term.
    fn after(&self, term: &Program<SynapseSignal>, w: f64, x: [f64; 2], y: [f64; 2]) -> f64 {
        let mut stack = EMPTY;
        let change = term.evaluate(&mut stack, 1, |signal, values| values.fill(self.value(signal, w, x, y)))[0];
        self.moved(w, change)
    }

    /// The value of a signal at a synapse of weight `w`.
    #[inline(always)]
    fn value(&self, signal: SynapseSignal, w: f64, x: [f64; 2], y: [f64; 2]) -> f64 {
        match signal {
            SynapseSignal::Weight => w / self.unit,
            SynapseSignal::Bound(bound) => bound,
            SynapseSignal::ArrivalTrace(trace) => x[trace],
            SynapseSignal::SpikeTrace(trace) => y[trace],
        }
    }

    /// The term of a postsynaptic spike or signal.
    fn term_at(&self, y: [f64; 2]) -> Option<&Program<SynapseSignal>> {
        match self.acts_at {
            PostEvents::Bursts if y[0] >= BURST => self.burst.as_ref(),
            PostEvents::Bursts => self.event.as_ref(),
            PostEvents::Spikes | PostEvents::Candidates => self.spike.as_ref(),
        }
    }
}

impl OnlineRule for SynapseTerms {
    fn traces(&self) -> SpikeTraces {
        self.traces
    }

    fn acts_at(&self) -> PostEvents {
        self.acts_at
    }

    fn signal(&self, event: CellEvent, _: &mut SignalMemory, _: f64) -> f64 {
        if event == CellEvent::Burst { BURST } else { EVENT }
    }

    fn at_arrival(&self, w: f64, x: [f64; 2], y: [f64; 2]) -> f64 {
        self.arrival.as_ref().map_or(w, |term| self.after(term, w, x, y))
    }

    fn at_spike(&self, w: f64, x: [f64; 2], y: [f64; 2]) -> f64 {
        self.term_at(y).map_or(w, |term| self.after(term, w, x, y))
    }

    fn at_arrivals(&self, weights: &mut [f32], x: [f64; 2], y: [&[f64]; 2]) {
        let Some(term) = &self.arrival else { return };
        let mut stack = EMPTY;
        let ys = y[0].chunks(CHUNK).zip(y[1].chunks(CHUNK));
        for (weights, (slow, fast)) in weights.chunks_mut(CHUNK).zip(ys) {
            let changes = term.evaluate(&mut stack, weights.len(), |signal, values| {
                for (place, value) in values.iter_mut().enumerate() {
                    *value = self.value(signal, f64::from(weights[place]), x, [slow[place], fast[place]]);
                }
            });
            weights.iter_mut().zip(changes).for_each(|(w, &by)| *w = self.moved(f64::from(*w), by) as f32);
        }
    }

    fn at_spikes(&self, weights: &mut [f32], spikes: &[SpikeAtSynapse]) {
        let mut stack = EMPTY;
        // Spikes at one synapse change it one after the other, those at others at once.
        let at_once = |a: &SpikeAtSynapse, b: &SpikeAtSynapse| {
            a.synapse < b.synapse && (self.acts_at == PostEvents::Spikes || a.y[0].total_cmp(&b.y[0]).is_eq())
        };
        for spikes in spikes.chunk_by(at_once).flat_map(|spikes| spikes.chunks(CHUNK)) {
            let Some(term) = self.term_at(spikes[0].y) else { continue };
            let changes = term.evaluate(&mut stack, spikes.len(), |signal, values| {
                for (value, &SpikeAtSynapse { synapse, x, y }) in values.iter_mut().zip(spikes) {
                    *value = self.value(signal, f64::from(weights[synapse as usize]), x, y);
                }
            });
            for (spike, &by) in spikes.iter().zip(changes) {
                let w = &mut weights[spike.synapse as usize];
                *w = self.moved(f64::from(*w), by) as f32;
            }
        }
    }
}
