//! Populations: how many neurons of which kind, and how their biases start.

use std::path::PathBuf;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::weight_init::last_snapshot;
use super::{CompartmentId, PopulationStimulus, PortId};
use crate::cells::{Cell, Dynamics, Escape, LinearCell, PotentialUnit};
use crate::units::{FileName, PathText, Potential, Spread, tagged};

/// A population of like cells.
#[derive(Clone, Debug)]
pub struct Population {
    /// Unique name.
    pub name: String,
    /// Number of neurons, at least 1.
    pub size: usize,
    /// Their kind with its parameters.
    pub cell: Arc<dyn Cell>,
    /// Where the initial biases of their dendrites come from; none of cells without.
    pub bias: Option<BiasInit>,
    /// What its neurons fire, of a source with a stimulus of its own, or the current into its cells.
    pub stimulus: Option<PopulationStimulus>,
}

impl PartialEq for Population {
    fn eq(&self, other: &Self) -> bool {
        let Self { name, size, cell, bias, stimulus } = self;
        (name, size, bias, stimulus) == (&other.name, &other.size, &other.bias, &other.stimulus)
            && cell.kind() == other.cell.kind()
            && cell.dynamics() == other.cell.dynamics()
    }
}

impl Population {
    /// Its cells, if they are of one membrane that is linear between events; none of a source.
    pub fn linear(&self) -> Option<LinearCell> {
        self.cell.dynamics().linear().cloned()
    }

    /// Number of classes its cells stand for; 0 without teaching conductances.
    pub fn classes(&self) -> usize {
        self.linear().and_then(|cell| cell.clamp).map_or(0, |clamp| self.size / clamp.group)
    }

    /// Whether its activity is that of a stimulus.
    pub fn is_source(&self) -> bool {
        matches!(self.cell.dynamics(), Dynamics::Source(_))
    }

    /// Whether each synapse onto its cells may have a delay and short-term plasticity of its own. Where means over phases are
    /// measured, each presynaptic neuron has one train.
    pub fn takes_delays_of_synapses(&self) -> bool {
        !self.cell.dynamics().has_phase_means()
    }

    /// Whether means over phases are measured on its cells, which rules of two phases learn from: of sources, and of cells with one
    /// kernel and no currents of their own.
    pub fn has_phase_means(&self) -> bool {
        self.cell.dynamics().has_phase_means()
    }

    /// Whether a twin of rates has it: sources and cells that fire at phi_max sigmoid(V), unchanged by their own spikes.
    pub fn has_twin(&self) -> bool {
        self.cell.dynamics().has_twin()
    }

    /// The rate of its cells as a function of their potential without spikes, of which learning takes value and slope; of cells that
    /// have none, phi_max sigmoid(V).
    pub fn rate_function(&self) -> Escape {
        self.linear().and_then(|cell| cell.rate_function()).unwrap_or(Escape::new(self.phi_max()))
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

    /// Unit of the potentials of its cells.
    pub fn potential_unit(&self) -> PotentialUnit {
        self.cell.compartments().first().map(|compartment| compartment.unit).unwrap_or_default()
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
    pub fn compartment_name(&self, compartment: CompartmentId) -> &str {
        self.cell.compartments().get(compartment.0).map_or("unknown", |compartment| &*compartment.name)
    }
}

/// Where initial biases come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "from", rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(rename = "BiasInit", tag = "from", transform = tagged::first_is_default)]
#[non_exhaustive]
pub enum BiasInit {
    /// Uniform with this mean and half-range 3.465 · sd.
    Uniform {
        /// Mean.
        #[serde(default = "published_mean", with = "Potential")]
        mean: f64,
        /// Half-range / 3.465 (see science: the true sd is twice this).
        #[serde(default = "published_sd", with = "Spread")]
        sd: f64,
    },
    /// All the same.
    Constant {
        /// Their value.
        #[serde(with = "Potential")]
        value: f64,
    },
    /// Normal.
    Normal {
        /// Mean.
        #[serde(with = "Potential")]
        mean: f64,
        /// Standard deviation.
        #[serde(with = "Spread")]
        sd: f64,
    },
    /// `/biases/POP/SNAPSHOT` of a run file or checkpoint.
    Run {
        /// The file.
        #[serde(with = "PathText")]
        path: PathBuf,
        /// Snapshot name, usually `final`.
        #[serde(default = "last_snapshot", with = "FileName")]
        snapshot: String,
    },
    /// A NumPy file of shape [post].
    Npy {
        /// The file.
        #[serde(with = "PathText")]
        path: PathBuf,
    },
}

fn published_mean() -> f64 {
    0.8
}

fn published_sd() -> f64 {
    0.001
}

impl Default for BiasInit {
    fn default() -> Self {
        Self::Uniform { mean: published_mean(), sd: published_sd() }
    }
}

impl BiasInit {
    /// Whether they are read from a file.
    pub fn is_stored(&self) -> bool {
        matches!(self, Self::Run { .. } | Self::Npy { .. })
    }
}
