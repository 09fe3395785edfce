//! The exact event-driven engine: no time step anywhere.
//!
//! A [`Circuit`] is the layout of a model; a [`Lane`] holds the dynamic state of one network and takes it through
//! trials. The engine knows no file, no plot and no terminal; what happened is read from
//! [`Lane::observation`] and [`Lane::means`] afterwards.
//!
//! Exact means that no time step, tolerance or interpolation enters. Results differ from those of real numbers by rounding, of
//! f32 in the amplitudes of somata and of f64 elsewhere, and by one thing that is dropped: a presynaptic trace carried from a
//! phase into the next is set to zero where it is below 1e-9 per ms, so that neurons that fired long ago cost nothing.

mod arrivals;
mod awake;
mod block_arrivals;
mod changing_weights;
mod circuit;
mod compartmental;
mod crossing;
mod encoder;
mod event_inputs;
mod in_flight;
mod lane;
mod layout;
mod limits;
mod mark;
mod means;
mod membranes;
mod merge_spikes;
mod modal;
mod modal_input;
mod observe;
mod phase_potentials;
mod plastic;
mod plateaus;
mod point_process;
mod population;
mod rows;
mod sampling;
mod short_term;
mod state_names;
mod thinning;
mod three_mode;
mod traces;
mod work;

pub(crate) use awake::keep_awake;
pub use circuit::Circuit;
pub(crate) use compartmental::BAPS;
pub use crossing::Crossings;
pub(crate) use in_flight::QUEUED;
pub use lane::Lane;
pub(crate) use layout::SomaticInput;
pub use layout::{LayoutError, Precision};
pub use limits::{Limits, TrialAborted};
pub use mark::EventMark;
pub(crate) use means::add_product;
pub(crate) use modal::DRIVES;
pub use observe::{LaneState, Observation, PhaseMeans, ProjectionState, StateArray};
pub(crate) use plastic::{OnlineArrays, online_arrays};
pub(crate) use population::NeuronChange;
pub(crate) use state_names::state_names;
pub use work::Work;
