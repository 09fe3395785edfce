//! What is given to a network, as values: phases, the trials made of them, targets, and what is measured.
//!
//! A [`Trial`] is a list of [`Phase`]s; the engine knows no other division of time. A protocol makes trials of what is to be
//! shown: [`TwoPhaseProtocol`] is that of the segregated-dendrite network, a forward phase and a target phase.

mod order;
mod trial;
mod two_phase;

pub use order::Order;
pub use trial::{KeptSpikes, Measures, Phase, Sampling, Sigmoids, Spike, Stimulus, Target, Trial};
pub use two_phase::{FORWARD, PhaseName, TARGET, TwoPhaseProtocol, TwoPhases};
