//! Networks of rates: twins of spiking models, and the family of learning rules that answer to "can the brain do backprop?".
//!
//! A [`RateLane`] shows presentations to a twin as a [`Lane`](crate::engine::Lane) does to the spiking network, from the
//! same weights.
//!
//! A [`Dense`] network is plain data; a [`Rule`] is shown batches and says what to add to it. Every rule stands in a file
//! of its own, headed by its equation and its source, with the check that tells it from another rule as its test.
//!
//! Matrix products are ndarray's own, in pure Rust. They use the widest multiply-add of the machine, so results are the
//! same to the bit on one machine, and to rounding on another.

mod activation;
mod course;
mod dense;
mod diffusion;
mod draws;
pub mod family;
mod linear;
pub mod linear_task;
mod of_model;
mod readout;
pub mod recurrent;
mod rule;
pub mod rules;
#[cfg(test)]
mod testing;
mod twin;

pub use activation::Activation;
pub use course::{Course, Learner, Watch};
pub use dense::{Dense, Layer, Pass, angle};
pub use readout::{Readout, classes};
pub use rule::{Batch, Rule};
pub use twin::{RateLane, Twin};
