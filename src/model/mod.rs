//! The model as true: what a network is, how it is shown stimuli, how it learns and what is recorded of it.
//!
//! A model file (TOML) is read by [`Model::load`] into a tree that remembers where every key came from, merged with its
//! base and with `--set` overrides, checked once, and turned into these plain values. Inside, times are in ms, rates and
//! conductances per ms; the keys of a file carry their own units (`phi_max_hz`, `tau_l_ms`).
#![allow(clippy::doc_markdown, reason = "doc comments carry equations in the symbols of the field")]
#![allow(rustdoc::broken_intra_doc_links, reason = "units and shapes stand in brackets")]

mod digest;
mod error;
mod expected;
mod file;
mod learning;
mod merge;
mod overrides;
mod projection;
mod reader;
mod recording;
pub mod shipped;
mod signals;
mod source;
mod tree;
mod write;

use std::path::PathBuf;
use std::sync::Arc;

pub use error::{ModelError, Origin};
pub use learning::{HiddenError, Learning, RATE_RULES, Rule, Schedule};
pub use projection::{Carries, Projection, ProjectionRule, Sign, WeightInit, feedforward_path};
pub use recording::{Compression, Credit, Recording, Snapshots, Stretch};
pub(crate) use source::open as open_file;

use crate::cells::{Cell, ConductanceClamp, Dynamics, LinearCell};
pub use crate::plasticity::{Factors, Slope};
pub use crate::protocol::TwoPhaseProtocol;

/// The most projections to one population.
pub const MAX_AFFERENTS: usize = 8;

/// The place of a population in [`Model::populations`], from input to output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PopulationId(pub usize);

/// The place of a projection in [`Model::projections`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProjectionId(pub usize);

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
    /// Populations in order from input to output.
    pub populations: Vec<Population>,
    /// Projections in the order of the file.
    pub projections: Vec<Projection>,
    /// Phases of a presentation.
    pub protocol: TwoPhaseProtocol,
    /// How weights change.
    pub learning: Learning,
    /// How an answer is read from the output population.
    pub decoding: Decoding,
    /// What is shown.
    pub stimuli: Stimuli,
    /// What is kept of a run.
    pub recording: Recording,
    /// The merged model file as TOML text; it parses to this model.
    pub text: String,
}

/// A population of like cells.
#[derive(Clone, Debug)]
pub struct Population {
    /// Unique name.
    pub name: String,
    /// Number of neurons, at least 1.
    pub size: usize,
    /// Their kind with its parameters.
    pub cell: Arc<dyn Cell>,
    /// Where the initial biases of their dendrites come from; none of a source.
    pub bias: Option<BiasInit>,
}

impl PartialEq for Population {
    fn eq(&self, other: &Self) -> bool {
        let Self { name, size, cell, bias } = self;
        (name, size, bias) == (&other.name, &other.size, &other.bias)
            && cell.kind() == other.cell.kind()
            && cell.dynamics() == other.cell.dynamics()
    }
}

/// Where initial biases come from.
#[derive(Clone, Debug, PartialEq)]
pub enum BiasInit {
    /// Uniform with this mean and half-range 3.465 · sd.
    Uniform {
        /// Mean.
        mean: f64,
        /// Half-range / 3.465 (see science: the true sd is twice this).
        sd: f64,
    },
    /// All the same.
    Constant {
        /// Their value.
        value: f64,
    },
    /// Normal.
    Normal {
        /// Mean.
        mean: f64,
        /// Standard deviation.
        sd: f64,
    },
    /// `/biases/POP/SNAPSHOT` of a run file or checkpoint.
    Run {
        /// The file.
        path: PathBuf,
        /// Snapshot name, usually `final`.
        snapshot: String,
    },
    /// A NumPy file of shape [post].
    Npy {
        /// The file.
        path: PathBuf,
    },
}

impl BiasInit {
    /// Whether they are read from a file.
    pub fn is_stored(&self) -> bool {
        matches!(self, Self::Run { .. } | Self::Npy { .. })
    }
}

/// How an answer is read from the output population: the class of the largest mean over its group, after settling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decoding {
    /// Of the mean somatic potential.
    Potential,
    /// Of the spike count.
    Rate,
}

/// What is shown.
#[derive(Clone, Debug, PartialEq)]
pub enum Stimuli {
    /// Images and labels in a folder of IDX files; `--data` overrides the folder.
    Idx {
        /// The folder; none: `data/mnist`.
        path: Option<PathBuf>,
        /// Images at the end of the training set that are set aside, and tested on in place of the test set.
        validation: usize,
        /// Pixels by which a training image is shifted at most, in either direction, drawn anew at each presentation.
        shift: usize,
        /// Share of the training presentations that are shifted.
        shift_share: f64,
        /// Images are shown as ON and OFF maps of two input neurons a pixel; none: as they are.
        on_off: Option<OnOff>,
    },
    /// Rates in Hz, one row a presentation, from CSV or NumPy, or one fixed vector.
    Rates {
        /// Where they stand.
        source: RateSource,
        /// Label of every presentation; none: no target phase is shown.
        labels: Option<Vec<u8>>,
    },
    /// A spike list: CSV with the columns `presentation,time_ms,neuron`.
    Spikes {
        /// The file.
        path: PathBuf,
        /// Label of every presentation; none: no target phase is shown.
        labels: Option<Vec<u8>>,
    },
}

/// How ON and OFF maps are made of an image: as the difference of each pixel to its surround, times a gain.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OnOff {
    /// Standard deviation of the Gaussian surround [pixels].
    pub surround: f64,
    /// Rate over that of a white pixel, per contrast of 1.
    pub gain: f64,
}

/// Where a rate stimulus stands.
#[derive(Clone, Debug, PartialEq)]
pub enum RateSource {
    /// One vector in the model file [Hz].
    Fixed(Vec<f64>),
    /// A `.csv` or `.npy` table of shape [presentations, inputs] [Hz].
    Table(PathBuf),
}

impl Model {
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

    /// The name of the port that a projection reaches.
    pub fn port_name(&self, projection: &Projection) -> &'static str {
        self.population(projection.to).cell.ports().get(projection.port.0).map_or("unknown", |port| port.name)
    }

    /// The projections from each population to the next, from input to output; none unless there is just this one way
    /// forward.
    pub fn layers(&self) -> Option<Vec<ProjectionId>> {
        let output = PopulationId(self.populations.len() - 1);
        feedforward_path(&self.projections, PopulationId(0), output).filter(|path| path.len() == output.0)
    }

    /// Why a rule of rates cannot learn from its populations and stimuli, if it cannot.
    pub fn unfit_for_rules_of_rates(&self) -> Option<&'static str> {
        if self.layers().is_none() || self.populations.len() < 3 {
            Some(
                "expected a hidden population at least, and just one projection forward from each population, to the next",
            )
        } else if self.decoded().is_none_or(|(_, clamp)| clamp.group != 1) {
            Some("expected one output neuron per class, `group` 1")
        } else if matches!(self.stimuli, Stimuli::Spikes { .. }) {
            Some("expected images or rates as stimuli, found a spike list")
        } else {
            None
        }
    }

    /// Number of classes decoded; 0 where none are.
    pub fn classes(&self) -> usize {
        self.decoded().map_or(0, |(id, _)| self.population(id).classes())
    }
}

impl Population {
    /// Its cells, if they are linear; none of a source.
    pub fn linear(&self) -> Option<LinearCell> {
        match self.cell.dynamics() {
            Dynamics::Linear(cell) => Some(cell),
            Dynamics::Source(_) => None,
        }
    }

    /// Number of classes its cells stand for; 0 without teaching conductances.
    pub fn classes(&self) -> usize {
        self.linear().and_then(|cell| cell.clamp).map_or(0, |clamp| self.size / clamp.group)
    }

    /// Whether its activity is that of a stimulus.
    pub fn is_source(&self) -> bool {
        matches!(self.cell.dynamics(), Dynamics::Source(_))
    }

    /// Largest firing rate [1/ms].
    pub fn phi_max(&self) -> f64 {
        self.cell.dynamics().rate_max()
    }

    /// Whether its cells make plateaus at the ends of phases.
    pub fn has_plateaus(&self) -> bool {
        self.linear().is_some_and(|cell| cell.plateau.is_some())
    }

    /// Whether synapses at a port end on the dendrite that makes plateaus.
    pub fn is_plateau_port(&self, port: PortId) -> bool {
        self.linear().is_some_and(|cell| cell.is_plateau_port(port.0))
    }

    /// The port of this name.
    pub fn port(&self, name: &str) -> Option<PortId> {
        self.cell.ports().iter().position(|port| port.name == name).map(PortId)
    }

    /// The compartment of this name.
    pub fn compartment(&self, name: &str) -> Option<CompartmentId> {
        self.cell.compartments().iter().position(|compartment| compartment.name == name).map(CompartmentId)
    }

    /// The name of a compartment; "unknown" where there is none.
    pub fn compartment_name(&self, compartment: CompartmentId) -> &'static str {
        self.cell.compartments().get(compartment.0).map_or("unknown", |compartment| compartment.name)
    }
}
