//! Kinds of cell: what all other modules may know of one stands in the trait [`Cell`], and each kind is one file.
//!
//! A cell states its compartments, the ports at which synapses end, and its dynamics as plain values. Engine, recorder,
//! checkpoints, exports and plots loop over these; none of them knows a kind.
//!
//! | kind | file | dynamics |
//! |---|---|---|
//! | `poisson` | `poisson.rs` | a source: independent Poisson trains |
//! | `pyramidal` | `pyramidal.rs` | soma, basal and apical dendrite; plateaus; escape rate or threshold |
//! | `output` | `output.rs` | soma and one dendrite; teaching conductances; escape rate or threshold |
//! | `lif` | `lif.rs` | leaky integrate-and-fire: threshold or escape rate, currents of any number of ports |
//! | `compartments` | `compartments/` | several coupled compartments: threshold or escape rate, dendritic events, bAPs |
//!
//! A program that uses the library adds its own kind as a value of its own type (`examples/own_cell.rs`).
#![allow(clippy::doc_markdown, reason = "doc comments carry equations in the symbols of the field")]

mod check;
mod compartmental;
mod compartments;
mod conflicts;
mod description;
mod kernel;
mod lif;
mod linear;
mod modal;
mod modes;
mod output;
mod poisson;
mod psp;
mod pyramidal;
mod threshold_soma;
mod values;

use std::borrow::Cow;
use std::fmt::Debug;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use check::CellError;
pub use compartmental::{
    AxialCoupling, BackPropagation, BapCourse, CompartmentMembrane, CompartmentPort, CompartmentalCell, DendriticEvent,
    DendriticEventKind, EventTrigger, InjectedCurrent, MarkKind, MembraneModes, Retrigger, SpikeGenerator,
    SynapticCurrent,
};
pub use compartments::{
    BapKeys, BurstKeys, CompartmentKeys, CompartmentList, CompartmentPortKeys, Compartments, CouplingKeys, CurrentKeys,
    EventKeys, SpikeKeys, TriggerKeys,
};
pub use conflicts::Conflict;
pub use description::{CellDescription, DescribedCell};
pub use kernel::Kernel;
pub use lif::{Lif, LifAdaptation, LifEscape, LifPort, PoissonInput};
pub use linear::{
    Adaptation, ConductanceClamp, Escape, Fires, LARGEST_GAMMA, LONGEST_TAU_MS, LinearCell, PhasePlateau, PlateauTimes,
    PoissonDrive, Port, Reset, SEGMENT, SHORTEST_TAU_MS, TOO_CLOSE,
};
pub use modal::{MOST_MODES, ModalForm};
pub use modes::{Modes, Soma};
pub use output::{OutputNeuron, Teaching};
pub use poisson::PoissonEncoder;
pub use psp::Psp;
pub use pyramidal::Pyramidal;
pub use threshold_soma::ThresholdSoma;
pub use values::NeuronValues;

/// A kind of cell with its parameters, which serde writes as the keys of a population in a model file.
pub trait Cell: Debug + Send + Sync + erased_serde::Serialize {
    /// Its name in model files.
    fn kind(&self) -> &str;

    /// Its compartments, in the order of their elements in a report; those of a source are none.
    fn compartments(&self) -> &[CompartmentInfo];

    /// Where synapses can end, in the order of [`LinearCell::ports`]; none at a source.
    fn ports(&self) -> Vec<PortInfo<'_>>;

    /// How it moves and fires.
    fn dynamics(&self) -> Dynamics;

    /// The same cell in a smaller network, with the mean and variance of the input it has in the full one; none of cells that
    /// take no constant current.
    fn scaled(&self, input: ScaledInput<'_>) -> Option<Arc<dyn Cell>> {
        let _ = input;
        None
    }

    /// Checks parameters that must fit each other; the range of each is checked as it is read.
    ///
    /// # Errors
    /// The first that do not fit, with their keys in a model file.
    fn check(&self) -> Result<(), Conflict> {
        Ok(())
    }
}

erased_serde::serialize_trait_object!(Cell);

/// A compartment of a cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompartmentInfo {
    /// Its name in model files and of its traces.
    pub name: Cow<'static, str>,
    /// Unit of its potential: mV, or dimensionless as in Guerguiev, Lillicrap & Richards (2017).
    pub unit: PotentialUnit,
}

/// Unit of the potentials of a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PotentialUnit {
    /// None: volts scaled so that firing is half its largest rate at 0 and rises over 1.
    #[default]
    Dimensionless,
    /// mV.
    Millivolts,
}

impl PotentialUnit {
    /// Its name in files and on axes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dimensionless => "dimensionless",
            Self::Millivolts => "mV",
        }
    }
}

impl CompartmentInfo {
    /// A compartment of dimensionless potential.
    pub const fn dimensionless(name: &'static str) -> Self {
        Self { name: Cow::Borrowed(name), unit: PotentialUnit::Dimensionless }
    }

    /// A compartment of potential in mV.
    pub const fn millivolts(name: &'static str) -> Self {
        Self { name: Cow::Borrowed(name), unit: PotentialUnit::Millivolts }
    }
}

/// A port of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortInfo<'a> {
    /// Its name in model files, the key `port` of a projection.
    pub name: &'a str,
}

/// What changes in the input of a cell where its network is scaled down.
#[derive(Clone, Copy, Debug)]
pub struct ScaledInput<'a> {
    /// Factor on the number of presynaptic neurons, of its own input as well.
    pub factor: f64,
    /// Mean input from the network that is missing at each port [ports] [unit of a weight there, per ms].
    pub missing: &'a [f64],
}

/// How a cell moves and fires.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
#[allow(clippy::large_enum_variant, reason = "there is one for each population")]
pub enum Dynamics {
    /// It emits what a stimulus encodes, and takes no input.
    Source(Source),
    /// Linear between events.
    Linear(LinearCell),
    /// Several compartments with dendritic events.
    Compartmental(CompartmentalCell),
}

/// A source of Poisson trains.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// Rate at pixel value 1 [1/ms].
    pub rate_max: f64,
}

impl Dynamics {
    /// The cell, if it is one membrane that is linear between events.
    pub fn linear(&self) -> Option<&LinearCell> {
        match self {
            Self::Linear(cell) => Some(cell),
            Self::Source(_) | Self::Compartmental(_) => None,
        }
    }

    /// Whether synapses at a port influence firing; none where there is no such port.
    pub fn is_driven_by(&self, port: usize) -> Option<bool> {
        match self {
            Self::Source(_) => None,
            Self::Linear(cell) => cell.ports.get(port).map(|port| port.conductance > 0.0),
            Self::Compartmental(cell) => cell.ports.get(port).map(|_| true),
        }
    }

    /// Whether a current from outside may drive it.
    pub fn takes_current(&self) -> bool {
        match self {
            Self::Source(_) => false,
            Self::Linear(cell) => cell.takes_current(),
            Self::Compartmental(_) => true,
        }
    }

    /// What a spike sets the membrane that fires to, if it does.
    pub fn reset(&self) -> Option<Reset> {
        match self {
            Self::Source(_) => None,
            Self::Linear(cell) => cell.reset,
            Self::Compartmental(cell) => cell.spike.reset,
        }
    }

    /// When a membrane fires; none of a source.
    pub fn fires(&self) -> Option<Fires> {
        match self {
            Self::Source(_) => None,
            Self::Linear(cell) => Some(cell.fires),
            Self::Compartmental(cell) => Some(cell.spike.fires),
        }
    }

    /// Whether means over phases are measured on it, which rules of two phases learn from: of sources, and of cells with one kernel and
    /// no currents of their own.
    pub fn has_phase_means(&self) -> bool {
        match self {
            Self::Source(_) => true,
            Self::Linear(cell) => cell.has_phase_means(),
            Self::Compartmental(_) => false,
        }
    }

    /// The kinds of events with a beginning and an end that it emits.
    pub fn mark_kinds(&self) -> Vec<MarkKind> {
        match self {
            Self::Source(_) | Self::Linear(_) => Vec::new(),
            Self::Compartmental(cell) => cell.mark_kinds(),
        }
    }

    /// Whether it is a source, or fires at φ_max sigmoid(V), unchanged by its own spikes.
    pub fn has_twin(&self) -> bool {
        match self {
            Self::Source(_) => true,
            Self::Linear(cell) => cell.is_plain_escape(),
            Self::Compartmental(_) => false,
        }
    }

    /// The largest firing rate [1/ms].
    pub fn rate_max(&self) -> f64 {
        match self {
            Self::Source(source) => source.rate_max,
            Self::Linear(cell) => cell.rate_max(),
            Self::Compartmental(cell) => cell.rate_max(),
        }
    }
}
