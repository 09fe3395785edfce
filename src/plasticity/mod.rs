//! Plasticity: rules that turn local signals into changes of weights, and weights that are derived from others.
//!
//! A [`BoundaryRule`] belongs to one projection. At the end of a trial it takes the [`LocalSignals`] of its postsynaptic and
//! presynaptic neurons and returns a [`WeightUpdate`], a sum of rank-one terms; the changes of a batch of trials are added up by
//! [`apply`]. [`DerivedWeights`] are not learnt but computed from other weights after every change of those. Both see slices
//! and views, neither engine nor network. An [`OnlineRule`] changes weights at spikes, in the course of a run. [`ShortTermPlasticity`] changes the efficacy of synapses from spike to spike, not their
//! weights. Rules are made by name from a [`RuleRegistry`]; one rule is one file.

mod expression;
mod inverse;
mod mirror;
mod normalisation;
mod online;
mod registry;
mod short_term;
mod signals;
mod transpose;
mod two_phase;
mod weight_update;

use ndarray::{ArrayView2, ArrayViewMut2};

pub use expression::{Expression, ExpressionError, FactorSignal, Factors, Formula};
pub use inverse::Inverse;
pub use mirror::Mirror;
pub use normalisation::Normalisation;
pub(crate) use online::decay_of;
pub use online::{
    BoundKind, BurstDependent, Candidate, CellEvent, EProp, InterneuronGating, OnlineContext, OnlineExpression,
    OnlinePlasticity, OnlineRule, OwnOnlineRule, PostEvents, SignalMemory, SpikeAtSynapse, SpikePairing, SpikeTraces,
    Stdp, TripletStdp, UrbanczikSenn, WeightBounds,
};
pub use registry::{DEFAULT_RULE, NeuronConstants, RuleContext, RuleError, RuleRegistry};
pub use short_term::{ShortTermPlasticity, ShortTermState};
pub use signals::{LocalSignals, Measurement, Measurements, PhaseSignals, Quantity};
pub use transpose::Transpose;
pub use two_phase::{ErrorSignal, RateCurve, Slope, TwoPhase};
pub use weight_update::{RankOne, WeightUpdate, apply};
pub(crate) use weight_update::{SHARE, add_to_biases};

use crate::numeric::Stream;

/// A plasticity rule of one projection that acts at the end of a trial.
pub trait BoundaryRule: Send + Sync {
    /// The measurements that it reads. Others may be missing from the signals that [`BoundaryRule::change`] is called with.
    fn measurements(&self) -> Measurements;

    /// Adds to `change`, which has no terms, those of a trial at learning rate `eta`, from the signals of the postsynaptic and
    /// the presynaptic neurons. Every term has a factor for each postsynaptic neuron.
    fn change(&self, post: LocalSignals<'_>, pre: LocalSignals<'_>, eta: f64, change: &mut WeightUpdate);
}

/// Weights of a projection that are computed from the weights of others.
pub trait DerivedWeights: Send + Sync {
    /// Computes `derived`, [pre, post], from the weights of projections `sources`, [pre, post] each, after a change of those.
    /// `stream` is the random stream of this projection and presentation.
    fn derive(&self, sources: &[ArrayView2<'_, f32>], derived: ArrayViewMut2<'_, f32>, stream: &mut Stream);
}
