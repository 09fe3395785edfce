//! Plasticity between spikes: rules that change a weight at each arrival over its synapse and at each postsynaptic spike.
//!
//! Times are those at the synapse: a presynaptic spike acts when it arrives, after its delay. Either side leaves traces that decay
//! exponentially; [`OnlineRule`] turns the traces of one side into a change at the spikes of the other. Rules that act at signals change weights
//! at other times of the postsynaptic cell than its spikes, by a number that they make of what the cell is then. Rules see numbers alone, neither
//! engine nor network. One rule is one file with its equation and source, and a line of [`OnlinePlasticity`]; a model may have rules of
//! [expressions](OnlineExpression), and rules that the [program brings](OwnOnlineRule).

mod bounds;
mod burst_dependent;
mod e_prop;
mod expression;
mod interneuron_gating;
mod own;
mod signals;
mod stdp;
mod terms;
mod traces;
mod triplet;
mod urbanczik_senn;

use std::fmt::Debug;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use bounds::{BoundKind, WeightBounds};
pub use burst_dependent::BurstDependent;
pub use e_prop::EProp;
pub use expression::OnlineExpression;
pub use interneuron_gating::InterneuronGating;
pub(super) use own::OnlineMaker;
pub use own::{OnlineContext, OwnOnlineRule};
pub use signals::{Candidate, CellEvent, PostEvents, SignalMemory};
pub use stdp::Stdp;
pub(crate) use traces::decay_of;
pub use traces::{SpikePairing, SpikeTraces};
pub use triplet::TripletStdp;
pub use urbanczik_senn::UrbanczikSenn;

use super::{RuleError, RuleRegistry};

/// A plasticity rule that acts at spikes.
///
/// A spike changes nothing together with another of the same time. A postsynaptic spike before the first arrival over a synapse
/// changes nothing.
pub trait OnlineRule: Debug + Send + Sync {
    /// The traces that it reads.
    fn traces(&self) -> SpikeTraces;

    /// What of the postsynaptic cell it acts at.
    fn acts_at(&self) -> PostEvents {
        PostEvents::Spikes
    }

    /// Name of the compartment of the postsynaptic cell whose potential candidate spikes are given with; without one, that on which the
    /// synapses end.
    fn reads(&self) -> Option<&str> {
        None
    }

    /// What it remembers of each postsynaptic neuron, at the start of a run.
    fn memory(&self) -> SignalMemory {
        [0.0; 2]
    }

    /// What it can remember, in words, where it cannot remember this; a checkpoint that was changed may hold anything.
    fn refuses_memory(&self, memory: SignalMemory) -> Option<&'static str> {
        let _ = memory;
        None
    }

    /// The signal of a postsynaptic cell, where it acts at other events than spikes: [`OnlineRule::at_spike`] changes weights by it, as the first of
    /// `y`. `since` is the time since the last signal, or since the start of the run [ms].
    fn signal(&self, event: CellEvent, memory: &mut SignalMemory, since: f64) -> f64 {
        let _ = (event, memory, since);
        0.0
    }

    /// The weight after an arrival: from weight `w`, traces `x` of earlier arrivals over this synapse and traces `y` of earlier
    /// postsynaptic spikes, both at this time.
    fn at_arrival(&self, w: f64, x: [f64; 2], y: [f64; 2]) -> f64;

    /// The weight after a postsynaptic spike: from weight `w`, traces `x` of earlier arrivals over this synapse and traces `y` of
    /// earlier postsynaptic spikes, both at this time; with signals in the place of spikes, `y` is the signal and 0.
    fn at_spike(&self, w: f64, x: [f64; 2], y: [f64; 2]) -> f64;

    /// Takes one arrival over several synapses, which `y` lists in their order.
    fn at_arrivals(&self, weights: &mut [f32], x: [f64; 2], y: [&[f64]; 2]) {
        for (weight, (&slow, &fast)) in weights.iter_mut().zip(y[0].iter().zip(y[1])) {
            *weight = self.at_arrival(f64::from(*weight), x, [slow, fast]) as f32;
        }
    }

    /// Takes postsynaptic spikes at several synapses, one after the other.
    fn at_spikes(&self, weights: &mut [f32], spikes: &[SpikeAtSynapse]) {
        for &SpikeAtSynapse { synapse, x, y } in spikes {
            let weight = &mut weights[synapse as usize];
            *weight = self.at_spike(f64::from(*weight), x, y) as f32;
        }
    }
}

/// A postsynaptic spike at one synapse, with the traces at its time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SpikeAtSynapse {
    /// Place of the synapse among those at hand.
    pub synapse: u32,
    /// Traces of earlier arrivals over the synapse.
    pub x: [f64; 2],
    /// Traces of earlier postsynaptic spikes.
    pub y: [f64; 2],
}

/// Plasticity between spikes, by its rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "kind", rename_all = "snake_case")]
#[schemars(rename = "OnlinePlasticity", tag = "kind", transform = crate::units::tagged::first_is_default)]
#[non_exhaustive]
pub enum OnlinePlasticity {
    /// Pairs of spikes (Song, Miller & Abbott 2000).
    Stdp(Stdp),
    /// Triplets of spikes (Pfister & Gerstner 2006).
    TripletStdp(TripletStdp),
    /// The dendritic prediction of somatic spiking (Urbanczik & Senn 2014).
    UrbanczikSenn(UrbanczikSenn),
    /// Bursts of the postsynaptic cell (Payeur et al. 2021).
    BurstDependent(BurstDependent),
    /// Interneurons that cancel what reaches a dendrite (Sacramento et al. 2018).
    InterneuronGating(InterneuronGating),
    /// Eligibility traces times a learning signal (Bellec et al. 2020).
    EProp(EProp),
    /// Terms by which the weight changes.
    Expression(OnlineExpression),
    /// A rule of the program's own.
    Own(OwnOnlineRule),
}

impl OnlinePlasticity {
    /// The rule.
    ///
    /// # Errors
    /// If a term is no expression, or no rule of the program has the name.
    pub fn rule(&self) -> Result<Arc<dyn OnlineRule>, RuleError> {
        Ok(match self {
            Self::Stdp(rule) => Arc::new(*rule),
            Self::TripletStdp(rule) => Arc::new(*rule),
            Self::UrbanczikSenn(rule) => Arc::new(*rule),
            Self::BurstDependent(rule) => Arc::new(*rule),
            Self::InterneuronGating(rule) => Arc::new(*rule),
            Self::EProp(rule) => Arc::new(rule.clone()),
            Self::Expression(rule) => Arc::new(rule.compiled()?),
            Self::Own(rule) => return rule.made(),
        })
    }

    /// The same with the rule of its name in a registry, where it is one of the program's own that is not there yet.
    pub(crate) fn found_in(self, registry: &RuleRegistry) -> Self {
        match self {
            Self::Own(OwnOnlineRule { maker: None, rule, w_min, w_max }) => {
                let maker = registry.online_maker(&rule);
                Self::Own(OwnOnlineRule { rule, w_min, w_max, maker })
            }
            other => other,
        }
    }

    /// Its name in model files.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Stdp(_) => "stdp",
            Self::TripletStdp(_) => "triplet_stdp",
            Self::UrbanczikSenn(_) => "urbanczik_senn",
            Self::BurstDependent(_) => "burst_dependent",
            Self::InterneuronGating(_) => "interneuron_gating",
            Self::EProp(_) => "e_prop",
            Self::Expression(_) => "expression",
            Self::Own(_) => "own",
        }
    }

    /// Its bounds.
    pub fn bounds(&self) -> WeightBounds {
        match self {
            Self::Stdp(rule) => rule.bounds(),
            Self::TripletStdp(rule) => rule.bounds(),
            Self::UrbanczikSenn(rule) => rule.bounds(),
            Self::BurstDependent(rule) => rule.bounds(),
            Self::InterneuronGating(rule) => rule.bounds(),
            Self::EProp(rule) => rule.bounds(),
            Self::Expression(rule) => rule.bounds(),
            Self::Own(rule) => rule.bounds(),
        }
    }

    /// Time constant of the running averages that it keeps of a neuron [ms], if it keeps any.
    pub(crate) fn averaging_ms(&self) -> Option<f64> {
        if let Self::BurstDependent(rule) = self { Some(rule.tau_avg) } else { None }
    }

    /// The same of weights that are so many times as large.
    pub(crate) fn times(self, factor: f64) -> Self {
        match self {
            Self::Stdp(rule) => Self::Stdp(Stdp { w_min: rule.w_min * factor, w_max: rule.w_max * factor, ..rule }),
            Self::TripletStdp(rule) => {
                Self::TripletStdp(TripletStdp { w_min: rule.w_min * factor, w_max: rule.w_max * factor, ..rule })
            }
            Self::UrbanczikSenn(rule) => {
                let [eta, w_min, w_max] = [rule.eta, rule.w_min, rule.w_max].map(|of| of * factor);
                Self::UrbanczikSenn(UrbanczikSenn { eta, w_min, w_max, ..rule })
            }
            Self::BurstDependent(rule) => {
                let [eta, w_min, w_max] = [rule.eta, rule.w_min, rule.w_max].map(|of| of * factor);
                Self::BurstDependent(BurstDependent { eta, w_min, w_max, ..rule })
            }
            Self::InterneuronGating(rule) => {
                let [eta, w_min, w_max] = [rule.eta, rule.w_min, rule.w_max].map(|of| of * factor);
                Self::InterneuronGating(InterneuronGating { eta, w_min, w_max, ..rule })
            }
            Self::EProp(rule) => {
                let [eta, w_min, w_max] = [rule.eta, rule.w_min, rule.w_max].map(|of| of * factor);
                Self::EProp(EProp { eta, w_min, w_max, ..rule })
            }
            Self::Expression(rule) => {
                let [unit, w_min, w_max] = [rule.unit, rule.w_min, rule.w_max].map(|of| of * factor);
                Self::Expression(OnlineExpression { unit, w_min, w_max, ..rule })
            }
            Self::Own(rule) => {
                let [w_min, w_max] = [rule.w_min, rule.w_max].map(|of| of * factor);
                Self::Own(OwnOnlineRule { w_min, w_max, ..rule })
            }
        }
    }

    /// A key with what is wrong with it beside the others, if anything is.
    pub fn conflict(&self) -> Option<(&'static str, String)> {
        let own = match self {
            Self::UrbanczikSenn(rule) => rule.conflict(),
            Self::EProp(rule) => rule.conflict(),
            Self::Expression(rule) => rule.conflict(),
            Self::Stdp(_)
            | Self::TripletStdp(_)
            | Self::BurstDependent(_)
            | Self::InterneuronGating(_)
            | Self::Own(_) => None,
        };
        if own.is_some() {
            return own;
        }
        let WeightBounds { w_min, w_max, .. } = self.bounds();
        (w_min >= w_max).then(|| {
            ("w_max", format!("expected `w_max` above `w_min`, found {w_max} and {w_min}; weights stay between"))
        })
    }
}

#[cfg(test)]
mod fixtures;
