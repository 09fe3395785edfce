//! The exact event-driven engine.

mod observe;

pub use observe::{LaneState, Observation, Phase, PopulationState, ProjectionState, Sampling};
