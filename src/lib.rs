//! Exact event-driven simulation of spiking networks with segregated dendrites.
#[cfg(feature = "cli")]
pub mod cli;
pub mod data;
pub mod engine;
pub mod kernel;
pub mod math;
pub mod model;
pub mod network;
pub mod plasticity;
pub mod random;
pub mod record;
pub mod training;
