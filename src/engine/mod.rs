//! The exact event-driven engine: no time step anywhere.
//!
//! A [`Circuit`] is the layout of a model; a [`Lane`] holds the dynamic state of one network and takes it through
//! presentations. The engine knows no file, no plot and no terminal; what happened is read from
//! [`Lane::observation`] and [`Lane::means`] afterwards.

mod arrivals;
mod circuit;
mod encoder;
mod lane;
mod means;
mod membranes;
mod observe;
mod order;
mod plateaus;
mod sampling;
mod somata;
mod thinning;
mod traces;
mod work;

pub use circuit::{Circuit, Precision};
pub use lane::{Lane, Show};
pub(crate) use means::add_product;
pub use observe::{LaneState, Observation, Phase, PhaseMeans, PopulationState, ProjectionState, Sampling};
pub use work::Work;
