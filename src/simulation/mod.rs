//! Continuous runs of circuits: slice after slice, without trials; weights change by rules between spikes alone.
//!
//! A [`Simulation`] holds a network and its state, and takes both over the run's clock; what is recorded of it goes to a
//! [`Recorder`](crate::record::Recorder) slice by slice, so that memory does not grow with the time simulated.
//!
//! ```
//! use apical::prelude::*;
//! use apical::model::{ContinuousProtocol, PopulationStimulus};
//! use apical::simulation::{Simulation, SourceInputs};
//!
//! let model = Model::builder("circuit")
//!     .population("input", 20, PoissonEncoder::default())
//!     .stimulus(PopulationStimulus::Constant { rate_hz: 40.0 })
//!     .population("cells", 10, Pyramidal::default())
//!     .projection(ProjectionSpec::new("input", "cells", "basal"))
//!     .projection(ProjectionSpec { delay: Some(1.5.into()), ..ProjectionSpec::new("cells", "cells", "apical") })
//!     .protocol(ContinuousProtocol::default())
//!     .build()?;
//! let network = initial_network(&model, 1)?;
//! let mut simulation = Simulation::new(&model, network, SourceInputs::load(&model)?, 1)?;
//! let mut memory = MemoryRecorder::default();
//! simulation.run(500.0, &mut memory, &mut ())?;
//! assert!(memory.spikes[1].len() > 10);
//! # Ok::<(), apical::Error>(())
//! ```

mod changes;
mod error;
mod files;
mod inhomogeneous_poisson;
mod piece;
mod plastic_weights;
mod rollback;
mod run;
mod sources;

pub use error::SimulationError;
pub use files::CircuitFiles;
pub use run::{Simulation, SimulationMonitor, SimulationProgress};
pub use sources::SourceInputs;
