//! The model as true: what a network is, how it is shown stimuli, how it learns and what is recorded of it.
//!
//! A model file (TOML) is read by [`Model::load`]: one tree of keys for each source (file, base, every `--set`), merged, from
//! which serde reads derived structs; what is wrong is named with file, line and column. A model is made in code as well
//! ([`Model::builder`]), and [`Model::text`] writes either as a file. Inside, times are in ms, rates and conductances per ms;
//! the keys of a file carry their own units (`phi_max_hz`, `tau_l_ms`), which [`units`](crate::units) converts.
#![allow(clippy::doc_markdown, reason = "doc comments carry equations in the symbols of the field")]
#![allow(rustdoc::broken_intra_doc_links, reason = "units and shapes stand in brackets")]

mod builder;
mod connection;
mod decoding;
mod delay;
mod difference;
mod digest;
mod drawn_weights;
mod error;
mod execution_order;
mod file;
mod files;
mod image_stimuli;
mod intervention;
mod learning;
mod population;
mod population_stimulus;
mod projection;
mod recorded_ranges;
mod recording;
mod registry;
mod scaling;
pub mod shipped;
mod signals;
mod stimuli;
mod text;
mod weight_init;
mod word;

pub use builder::ModelBuilder;
pub(crate) use connection::SYNAPSE_BYTES;
pub use connection::{Connection, Ends, Storage, SynapseList, TARGETS_PER_BLOCK};
pub use decoding::Decoding;
pub use delay::Delay;
pub(crate) use drawn_weights::DrawnWeights;
pub use error::{ModelError, Origin};
pub(crate) use execution_order::{Edge, ExecutionOrder};
pub use file::{InterventionSpec, ProjectionSpec};
pub use image_stimuli::{Deformation, ImageStimuli, OnOff};
pub use intervention::{Intervention, InterventionKind};
pub use learning::{HiddenError, Learning, RATE_RULES, Rule, Schedule};
pub use population::{BiasInit, Population};
pub use population_stimulus::PopulationStimulus;
pub use projection::{Carries, Projection, ProjectionId, ProjectionRule, Sign, feedforward_path};
pub use recorded_ranges::{PresentationRange, TimeRange};
pub use recording::{Compression, CreditRecording, NeuronRange, Recording, Snapshots};
pub use registry::{CellKind, Registry};
pub use scaling::Scaling;
pub use stimuli::{RateSource, Stimuli};
pub(crate) use text::open as open_file;
pub use weight_init::WeightInit;

use crate::cells::ConductanceClamp;
pub use crate::cells::Escape;
pub use crate::plasticity::{
    BurstDependent, EProp, Factors, InterneuronGating, Normalisation, OnlineExpression, OnlinePlasticity,
    OwnOnlineRule, PostEvents, ShortTermPlasticity, ShortTermState, Slope, Stdp, TripletStdp, UrbanczikSenn,
};
pub use crate::protocol::{ContinuousProtocol, Protocol, TwoPhaseProtocol};

/// The place of a population in [`Model::populations`], from input to output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PopulationId(pub usize);

/// The place of a port in [`Cell::ports`] of the postsynaptic cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortId(pub usize);

/// The place of a compartment in [`Cell::compartments`]: its element in reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CompartmentId(pub usize);

/// A whole experiment: network, protocol, learning, decoding, stimuli and recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// Name of the experiment; output files are called after it.
    pub name: String,
    /// What it is, in a few words; empty: nothing.
    pub about: String,
    /// Populations in order from input to output.
    pub populations: Vec<Population>,
    /// Projections in the order of the file.
    pub projections: Vec<Projection>,
    /// How time is divided.
    pub protocol: Protocol,
    /// How weights change.
    pub learning: Learning,
    /// How an answer is read from the output population.
    pub decoding: Decoding,
    /// What is shown in two phases.
    pub stimuli: Stimuli,
    /// What is changed in a continuous run, in the order of time.
    pub interventions: Vec<Intervention>,
    /// What is kept of a run.
    pub recording: Recording,
}

impl Model {
    /// The two phases of its presentations; those of the paper for a model that runs without.
    pub fn phases(&self) -> TwoPhaseProtocol {
        self.protocol.two_phase().copied().unwrap_or_default()
    }

    /// The population of this id.
    pub fn population(&self, id: PopulationId) -> &Population {
        &self.populations[id.0]
    }

    /// The projection of this id.
    pub fn projection(&self, id: ProjectionId) -> &Projection {
        &self.projections[id.0]
    }

    /// The population whose activity is decoded, the last one with teaching conductances, and these.
    pub fn decoded(&self) -> Option<(PopulationId, ConductanceClamp)> {
        let clamp =
            |(index, population): (usize, &Population)| Some((PopulationId(index), population.linear()?.clamp?));
        self.populations.iter().enumerate().rev().find_map(clamp)
    }

    /// Places of the populations that are neither sources nor decoded; none where no population is decoded.
    pub fn hidden_populations(&self) -> impl Iterator<Item = usize> {
        let output = self.decoded().map(|(output, _)| output.0);
        let places = if output.is_some() { 0..self.populations.len() } else { 0..0 };
        places.filter(move |&place| Some(place) != output && !self.populations[place].is_source())
    }

    /// The name of the port that a projection reaches.
    pub fn port_name(&self, projection: &Projection) -> &str {
        self.population(projection.to).cell.ports().get(projection.port.0).map_or("unknown", |port| port.name)
    }

    /// The projections from each population to the next, from a source to the decoded population; none unless there is just
    /// this one way forward, over all populations.
    pub fn layers(&self) -> Option<Vec<ProjectionId>> {
        let output = PopulationId(self.populations.len().checked_sub(1)?);
        if !self.populations[0].is_source() || self.decoded()?.0 != output {
            return None;
        }
        feedforward_path(&self.projections, PopulationId(0), output).filter(|path| path.len() == output.0)
    }

    /// Why a rule of rates cannot learn from its populations and stimuli, if it cannot.
    pub fn unfit_for_rules_of_rates(&self) -> Option<&'static str> {
        if self.layers().is_none() || self.populations.len() < 3 {
            Some(
                "expected a hidden population at least, and just one projection forward from each population, to the next",
            )
        } else if self.projections.iter().any(|projection| !projection.is_plain(&self.populations)) {
            Some("expected all-to-all dense synapses without `short_term`")
        } else if self.decoded().is_none_or(|(_, clamp)| clamp.group != 1) {
            Some("expected one output neuron per class, `group` 1")
        } else if matches!(self.stimuli, Stimuli::Spikes { .. }) {
            Some("expected images or rates as stimuli, found a spike list")
        } else {
            None
        }
    }

    /// Why it has no twin of rates, if it has none.
    pub fn lacks_twin(&self) -> Option<String> {
        if matches!(self.stimuli, Stimuli::Spikes { .. }) {
            return Some("the model shows a spike list, which has no rates: show images or a rate table".to_owned());
        }
        let spiking = self.populations.iter().find(|population| !population.has_twin())?;
        Some(format!(
            "population {:?} has thresholds, resets, escape rates in mV or kernels of its own, of which there is no twin of rates: \
             populations of kind \"pyramidal\" and \"output\" without `threshold` have one",
            spiking.name
        ))
    }

    /// Number of classes decoded; 0 where none are.
    pub fn classes(&self) -> usize {
        self.decoded().map_or(0, |(id, _)| self.population(id).classes())
    }
}
