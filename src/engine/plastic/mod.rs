//! Weights that change at spikes, by an [`OnlineRule`](crate::plasticity::OnlineRule).
//!
//! Synapses are changed when a spike arrives over them, and not before: first for each postsynaptic spike since the arrival before, all of
//! which are known, for neurons are decided on before an arrival; then for the arrival; then the spike acts with the new weight. Each
//! change is one step that depends on the spikes alone and is rounded to the weight as it is kept. So it does not matter when it is
//! made, and a weight as it is at some time takes the postsynaptic spikes before it ([`PlasticPart::apply_pending`]): at the end of a
//! run, for a checkpoint, and where so many spikes wait that they take much memory. Spikes at that very time still wait: an arrival at the
//! same time comes before them.

mod block;
mod input;
mod moment;
mod row;
mod signals;
mod sources;
mod state;
mod synapses;
mod targets;

pub(super) use block::{PendingRows, PlasticPart};
pub(super) use input::{PlasticInput, RowArrival};
pub(super) use signals::{BurstSpike, EmittedSpikes};
pub(crate) use state::{OnlineArrays, online_arrays};
pub(super) use state::{restore_fired, restore_sent, save};
pub(super) use synapses::TakenSynapses;
