//! Burst-dependent plasticity.
//!
//! dw/dt = η (B(t) − P̄(t) E(t)) x(t), with E the events and B the bursts of the postsynaptic cell, P̄ its running burst probability and x
//! the trace of arrivals over the synapse: Payeur, Guerguiev, Zenke, Richards & Naud (2021), Nature Neuroscience 24:1010, eq. 1. An event is a spike later
//! than the burst window after the one before, alone or the first of a burst; a burst counts at its second spike. P̄ = B̄/Ē, averages of bursts and
//! events that decay with τ_avg, as they are just before the event.
//!
//! What differs from the paper: x is a trace of all presynaptic spikes, the paper's of presynaptic events alone. The default time constants,
//! and averages at the start, are those of the program that goes with the paper.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::traces::decay_of;
use super::{BoundKind, CellEvent, OnlineRule, PostEvents, SignalMemory, SpikePairing, SpikeTraces, WeightBounds};
use crate::units::{LifTimeConstant, Rate, Share, SynapticLearningRate, SynapticWeight};

/// Burst-dependent plasticity: dw/dt = η (B − P̄ E) x, of events E and bursts B of cells of kind "compartments" with `burst`, and their
/// running burst probability P̄.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BurstDependent {
    /// Learning rate η [unit of the weight].
    #[serde(with = "SynapticLearningRate")]
    pub eta: f64,
    /// Time constant of the trace of arrivals, to which each adds 1 [ms].
    #[serde(default = "tau_pre", rename = "tau_pre_ms", with = "LifTimeConstant")]
    pub tau_pre: f64,
    /// Time constant of the averages of bursts and events, τ_avg [ms].
    #[serde(default = "tau_avg", rename = "tau_avg_ms", with = "LifTimeConstant")]
    pub tau_avg: f64,
    /// Average burst probability P̄ at the start of a run.
    #[serde(default = "p_start", with = "Share")]
    pub p_start: f64,
    /// Average rate of events Ē at the start of a run [1/ms]; in a file, in Hz. The larger it is, the longer P̄ stays near its start.
    #[serde(default = "e_start", rename = "e_start_hz", with = "Rate")]
    pub e_start: f64,
    /// Smallest weight.
    #[serde(default, with = "SynapticWeight")]
    pub w_min: f64,
    /// Largest weight.
    #[serde(with = "SynapticWeight")]
    pub w_max: f64,
}

fn tau_pre() -> f64 {
    20.0
}

fn tau_avg() -> f64 {
    10_000.0
}

fn p_start() -> f64 {
    0.15
}

fn e_start() -> f64 {
    0.005
}

impl BurstDependent {
    /// The rule with this learning rate and largest weight.
    pub fn of(eta: f64, w_max: f64) -> Self {
        Self { eta, tau_pre: tau_pre(), tau_avg: tau_avg(), p_start: p_start(), e_start: e_start(), w_min: 0.0, w_max }
    }

    /// Its bounds.
    pub fn bounds(&self) -> WeightBounds {
        WeightBounds { w_min: self.w_min, w_max: self.w_max, kind: BoundKind::Hard }
    }
}

impl OnlineRule for BurstDependent {
    fn traces(&self) -> SpikeTraces {
        SpikeTraces { tau_x: [self.tau_pre, 0.0], tau_y: [0.0; 2], pairing: SpikePairing::AllToAll }
    }

    fn acts_at(&self) -> PostEvents {
        PostEvents::Bursts
    }

    /// Ē τ_avg, to which each event adds 1, and P̄.
    fn memory(&self) -> SignalMemory {
        [self.e_start * self.tau_avg, self.p_start]
    }

    fn refuses_memory(&self, [events, probability]: SignalMemory) -> Option<&'static str> {
        let fits = events > 0.0 && probability >= 0.0;
        (!fits).then_some("running events above 0, and a running probability of bursts of 0 or more")
    }

    /// −P̄ at an event, 1 at a burst.
    fn signal(&self, event: CellEvent, memory: &mut SignalMemory, since: f64) -> f64 {
        let [events, probability] = *memory;
        let events = events * decay_of(self.tau_avg, since);
        match event {
            CellEvent::Event => {
                *memory = [events + 1.0, probability * events / (events + 1.0)];
                -probability
            }
            // Within the window of an event, so that `events` is not 0.
            CellEvent::Burst => {
                *memory = [events, probability + 1.0 / events];
                1.0
            }
            CellEvent::Candidate(_) => 0.0,
        }
    }

    fn at_arrival(&self, w: f64, _: [f64; 2], _: [f64; 2]) -> f64 {
        w
    }

    fn at_arrivals(&self, _: &mut [f32], _: [f64; 2], _: [&[f64]; 2]) {}

    #[inline]
    fn at_spike(&self, w: f64, [trace, _]: [f64; 2], [signal, _]: [f64; 2]) -> f64 {
        self.bounds().moved(w, self.eta * signal * trace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: BurstDependent = BurstDependent {
        eta: 0.5,
        tau_pre: 20.0,
        tau_avg: 300.0,
        p_start: 0.4,
        e_start: 0.01,
        w_min: -10.0,
        w_max: 10.0,
    };

    /// Ē and B̄ as sums over all events and bursts before.
    #[test]
    fn signals_are_those_of_the_running_averages() {
        let events = [0.0, 80.0, 100.0, 300.0, 1500.0, 1520.0];
        let bursts = [6.0, 109.0, 1507.0];
        let mut all: Vec<(f64, CellEvent)> = events.map(|t| (t, CellEvent::Event)).to_vec();
        all.extend(bursts.map(|t| (t, CellEvent::Burst)));
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut memory, mut last) = (RULE.memory(), 0.0);
        for (now, event) in all {
            let found = RULE.signal(event, &mut memory, now - last);
            last = now;
            // The start counts as 0.01 · 300 events at 0.
            let mean =
                |times: &[f64]| -> f64 { times.iter().filter(|&&t| t < now).map(|t| (-(now - t) / 300.0).exp()).sum() };
            let start = 3.0 * (-now / 300.0_f64).exp();
            let wanted = match event {
                CellEvent::Event => -(mean(&bursts) + 0.4 * start) / (mean(&events) + start),
                _ => 1.0,
            };
            assert!((found - wanted).abs() < 1e-12, "{now} ms: {found} for {wanted}");
        }
    }

    #[test]
    fn weights_change_by_the_signal_times_the_trace() {
        let found = [-0.4, 1.0].map(|signal| RULE.at_spike(2.0, [0.7, 0.0], [signal, 0.0]));
        assert!((found[0] - (2.0 - 0.5 * 0.4 * 0.7)).abs() < 1e-15 && (found[1] - 2.35).abs() < 1e-15);
        assert!((RULE.at_spike(9.9, [0.7, 0.0], [1.0, 0.0]) - 10.0).abs() < 1e-15, "hard bounds");
    }

    /// A cell that was silent for long still has a probability.
    #[test]
    fn the_probability_survives_silence() {
        let mut memory = RULE.memory();
        RULE.signal(CellEvent::Event, &mut memory, 0.0);
        RULE.signal(CellEvent::Burst, &mut memory, 5.0);
        let before = memory[1];
        assert!((RULE.signal(CellEvent::Event, &mut memory, 1e12) + before).abs() < 1e-12);
        assert!((RULE.signal(CellEvent::Event, &mut memory, 10.0)).abs() < 1e-12);
    }
}
