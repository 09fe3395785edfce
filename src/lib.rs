//! Exact event-driven simulation of spiking networks with segregated dendrites that learn by local rules.
//!
//! Pyramidal cells take feedforward input on basal dendrites and feedback on apical dendrites; the mean potential of the
//! apical dendrite makes a plateau at the end of each phase, and the difference between the plateaus of a forward and a
//! target phase is what each cell learns from (Guerguiev, Lillicrap & Richards 2017, eLife 6:e22901).
//!
//! A network, 100 ms of its activity, and its spikes:
//!
//! ```
//! use apical::prelude::*;
//!
//! let model = Model::builder("first")
//!     .population("input", 4, PoissonEncoder::default())
//!     .population("cells", 3, Pyramidal::default())
//!     .projection(ProjectionSpec::new("input", "cells", "basal"))
//!     .build()?;
//! let network = initial_network(&model, 1)?;
//! let mut lane = Lane::new(&Circuit::new(&model, 1, Precision::Single)?.into());
//! lane.present(&network, &Trial::new(0, &[Phase::new(100.0, &[Stimulus::Rates(&[0.1; 4])])]));
//! for spike in &lane.observation().spikes[1] {
//!     println!("cell {} at {:.2} ms", spike.neuron, spike.time);
//! }
//! # assert!(lane.observation().spikes[1].len() > 3);
//! # Ok::<(), apical::Error>(())
//! ```
//!
//! A [`model::Model`] is a pure description, read from a TOML file. [`data`] brings the stimuli,
//! [`training::initial_network`] the weights, and a [`training::Trainer`] runs them:
//!
//! ```
//! use apical::ndarray::array;
//! use apical::data::{ImageSet, Presentations, Split, Dataset};
//! use apical::model::Model;
//! use apical::record::MemoryRecorder;
//! use apical::training::{Plan, Plasticity, Trainer, Training, initial_network};
//!
//! // The shipped network, cut down to images of 2 x 2 pixels and 20 hidden cells.
//! let overrides = ["population.input.size=4".to_owned(), "population.hidden.size=20".to_owned()];
//! let model = Model::load("g17-784-500-10".as_ref(), &overrides)?;
//! let images = array![[[255, 0], [0, 255]], [[0, 255], [255, 0]]];
//! let images = ImageSet::from_views(images.view(), array![0, 1].view())?;
//! let shown = Presentations::all(images.into());
//! let data = Dataset { training: shown.clone(), split: Split::of_table(2), evaluation: shown };
//!
//! let network = initial_network(&model, 1)?;
//! let mut trainer = Trainer::new(&model, network, 1)?;
//! let mut memory = MemoryRecorder::default();
//! let plan = Plan { presentations: 10, test_examples: 2, plasticity: Plasticity::On };
//! trainer.run(&data, plan, &mut memory, &mut ())?;
//!
//! assert_eq!(trainer.history().examples_seen, 10);
//! let hidden = &memory.spikes[1];
//! assert!(hidden.is_sorted_by(|a, b| a.time <= b.time));
//! # Ok::<(), apical::Error>(())
//! ```
//!
//! Circuits run without presentations and without learning, for as long as one likes: [`simulation`].
//!
//! # Guarantees
//!
//! - **Exact.** Between spikes every potential is a sum of exponentials, kept in closed form; firing is decided by
//!   thinning. Nothing is discretised in time. What remains is rounding (amplitudes of somata in f32) and what is dropped as
//!   negligible: a presynaptic trace that is carried into a phase is set to zero where it is below 1e-9 per ms, a millionth of
//!   the mean trace of a neuron that fires at 1 Hz ([`engine`]).
//! - **Reproducible.** The same model, data and seed give the same spikes and weights to the bit, whatever the number of
//!   threads, what is recorded, or whether the run was stopped and resumed. Random streams are keyed by what they are
//!   for; exp, ln and logit are our own ([`numeric`]).
//! - **Watched from outside.** A [`record::Recorder`] is handed what happened, presentation by presentation; what it does
//!   changes no run.
//!
//! # Arrays
//!
//! Weights, images and traces come and go as views of ndarray, which is exported here ([`ndarray`]):
//! [`network::Weights::view`] is [post, pre], [`data::ImageSet::from_views`] takes [images, rows, cols], and
//! [`engine::Observation::trace`] is [samples, neurons, compartments].
//!
//! # Units
//!
//! Inside, times are in ms, rates and conductances per ms; Hz stand only in the keys of model files, in files and on the
//! screen. Potentials are the paper's, without a unit.
//!
//! # Features
//!
//! `hdf5` (run files and checkpoints), `plot` (figures), `view` (the explorer), `reproduce` (published figures) and `cli` (the
//! command line) are on by default; engine, cells and rules need none of them. `hdf5` builds HDF5 from source, for which a
//! program that depends on this crate needs cmake on the PATH; with `default-features = false`, and `plot` if wanted, it needs
//! none.

pub use ndarray;

pub mod analysis;
pub mod cells;
#[cfg(feature = "cli")]
pub mod cli;
pub mod data;
pub mod engine;
pub mod model;
pub mod network;
pub mod numeric;
pub mod plasticity;
#[cfg(feature = "plot")]
pub mod plot;
pub mod protocol;
pub mod rate;
pub mod record;
#[cfg(feature = "reproduce")]
pub mod reproduce;
pub mod simulation;
pub mod training;
pub mod units;
pub mod validation;
#[cfg(feature = "view")]
pub mod view;

mod error;

pub use error::Error;

/// What most programs that use the library begin with.
pub mod prelude {
    pub use crate::Error;
    pub use crate::cells::{Cell, OutputNeuron, PoissonEncoder, Pyramidal};
    pub use crate::data::{Dataset, ImageSet, Presentations, StimulusLoader};
    pub use crate::engine::{Circuit, Lane, Precision};
    pub use crate::model::{Model, ProjectionSpec, Registry};
    pub use crate::network::{Network, Weights};
    pub use crate::plasticity::{BoundaryRule, RuleRegistry};
    pub use crate::protocol::{Phase, Spike, Stimulus, Target, Trial};
    pub use crate::record::{MemoryRecorder, Recorder};
    pub use crate::training::{Plan, Plasticity, Trainer, Training, initial_network};
}
