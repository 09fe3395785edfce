//! Networks of rates: twins of spiking models, and networks of rates that learn by rules from backprop to its biologically plausible alternatives.
//!
//! A [`RateLane`] presents trials to a twin as a [`Lane`](crate::engine::Lane) does to the spiking network, from the
//! same weights.
//!
//! A [`Dense`] network is plain data; a [`Rule`] takes batches and returns the change to add to it. Every rule stands in a file
//! of its own, headed by its equation and its source, with the check that distinguishes it from other rules as its test.
//!
//! Matrix products are ndarray's own, in pure Rust. They use the widest multiply-add of the machine, so results are the
//! same to the bit on one machine, and to rounding on another.

mod activation;
mod dense;
mod diffusion;
mod draws;
#[cfg(test)]
mod fixtures;
mod learner;
mod linear;
pub mod linear_task;
mod of_model;
mod readout;
pub mod recurrent;
pub mod registry;
mod rule;
pub mod rules;
mod twin;

pub use activation::Activation;
pub use dense::{Dense, Layer, Pass, angle};
pub use learner::{Learner, TrainingConfig, Watch};
pub use readout::{Readout, classes};
pub use rule::{Batch, RateRule};
pub use twin::{RateLane, Twin};
