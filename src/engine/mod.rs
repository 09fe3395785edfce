//! The exact event-driven engine: no time step anywhere.
//!
//! A [`Circuit`] is the layout of a model; a [`Lane`] holds the dynamic state of one network and takes it through
//! trials. The engine knows no file, no plot and no terminal; what happened is read from
//! [`Lane::observation`] and [`Lane::means`] afterwards.

mod arrivals;
mod circuit;
mod lane;
mod linear;
mod means;
mod membranes;
mod observe;
mod order;
mod plateaus;
mod population;
mod sampling;
mod schedule;
mod source;
mod thinning;
mod traces;
mod work;

pub(crate) use circuit::SomaticInput;
pub use circuit::{Circuit, LayoutError, Precision};
pub use lane::Lane;
pub(crate) use linear::state_names;
pub(crate) use means::add_product;
pub use observe::{LaneState, Observation, PhaseMeans, ProjectionState, StateArray};
pub use work::Work;
