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
mod source;
mod tree;
mod write;

use std::fmt;
use std::path::PathBuf;

pub use error::{ModelError, Origin};
pub use learning::{HiddenError, Learning, RATE_RULES, Rule, Schedule, Slope};
pub use projection::{Carries, Feedback, Projection, WeightInit, feedforward_path};
pub use recording::{Compression, Credit, Recording, Snapshots, Stretch};
pub(crate) use source::open as open_file;

pub use crate::kernel::Psp;

/// The most projections to one population.
pub const MAX_AFFERENTS: usize = 8;

/// The place of a population in [`Model::populations`], from input to output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PopulationId(pub usize);

/// The place of a projection in [`Model::projections`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProjectionId(pub usize);

/// A whole experiment: network, protocol, learning, decoding, stimuli and recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// Name of the experiment; output files are called after it.
    pub name: String,
    /// Populations in order from input to output; the first is the encoder, the last is decoded.
    pub populations: Vec<Population>,
    /// Projections in the order of the file.
    pub projections: Vec<Projection>,
    /// Phases of a presentation.
    pub protocol: Protocol,
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

/// A population of like neurons.
#[derive(Clone, Debug, PartialEq)]
pub struct Population {
    /// Unique name.
    pub name: String,
    /// Number of neurons, at least 1.
    pub size: usize,
    /// Their kind and its parameters.
    pub neuron: Neuron,
}

/// The kinds of neuron.
#[derive(Clone, Debug, PartialEq)]
pub enum Neuron {
    /// Poisson encoder of a stimulus.
    Poisson(Poisson),
    /// Pyramidal cell with basal and apical dendrite.
    Pyramidal(Pyramidal),
    /// Output neuron with one dendrite and teaching conductances.
    Output(Output),
}

/// Poisson encoder: independent trains at `phi_max` times the pixel (0 to 1), or at the stimulus's own rates.
#[derive(Clone, Debug, PartialEq)]
pub struct Poisson {
    /// Rate at pixel value 1 [1/ms].
    pub phi_max: f64,
}

/// Pyramidal cell: dV/dt = −g_l V + g_b (B − V) + g_a (A − V), firing at rate phi_max · sigmoid(V).
#[derive(Clone, Debug, PartialEq)]
pub struct Pyramidal {
    /// Kernel of its synapses.
    pub psp: Psp,
    /// Leak conductance [1/ms].
    pub g_l: f64,
    /// Basal-to-soma conductance [1/ms].
    pub g_b: f64,
    /// Apical-to-soma conductance [1/ms].
    pub g_a: f64,
    /// Largest firing rate [1/ms].
    pub phi_max: f64,
    /// When plateaus happen.
    pub plateau_times: PlateauTimes,
    /// Initial biases of the basal dendrite.
    pub bias: BiasInit,
}

/// When the plateau of a neuron happens: min(|N(0, `sd`)|, `longest`) before the end of a phase, drawn per neuron. The mean
/// of the apical potential ends there.
///
/// Guerguiev, Lillicrap & Richards (2017), eLife 6:e22901, Figure 6, supplement 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlateauTimes {
    /// Spread [ms]; 0: at the end of the phase.
    pub sd: f64,
    /// Longest time before the end [ms].
    pub longest: f64,
}

/// Output neuron: dU/dt = −g_l U + g_d (D − U) + g (E − U) in the target phase, E = `e_exc` for the labelled class and
/// `e_inh` for the others; without the last term in the forward phase.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// Kernel of its synapses.
    pub psp: Psp,
    /// Leak conductance [1/ms].
    pub g_l: f64,
    /// Dendrite-to-soma conductance [1/ms].
    pub g_d: f64,
    /// Largest firing rate [1/ms].
    pub phi_max: f64,
    /// Neurons per class: neuron i answers for class i / group.
    pub group: usize,
    /// Teaching conductance g, the excitatory one of the labelled class and the inhibitory one of the others [1/ms].
    pub g_teach: f64,
    /// Excitatory reversal potential.
    pub e_exc: f64,
    /// Inhibitory reversal potential.
    pub e_inh: f64,
    /// Initial biases of the dendrite.
    pub bias: BiasInit,
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

/// The compartments; synapses reach all but the soma.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Compartment {
    /// Soma of any neuron.
    Soma,
    /// Basal dendrite of a pyramidal cell, the feedforward one.
    Basal,
    /// Apical dendrite of a pyramidal cell, the feedback one.
    Apical,
    /// The one dendrite of an output neuron.
    Dendrite,
}

/// Phases of a presentation. A training presentation is a forward and a target phase, a test one forward phase.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Protocol {
    /// Fixed part of the forward phase [ms].
    pub forward: f64,
    /// Fixed part of the target phase [ms].
    pub target: f64,
    /// Length of a test [ms].
    pub test: f64,
    /// Excluded from the averages at the start of a forward phase, a test's included [ms].
    pub settle: f64,
    /// Excluded from the averages at the start of a target phase [ms].
    pub target_settle: f64,
    /// Mean of the Wald part of each training phase [ms]; 0: none.
    pub wald_mean: f64,
    /// Scale (shape λ) of the Wald part [ms].
    pub wald_scale: f64,
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

impl Compartment {
    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Soma => "soma",
            Self::Basal => "basal",
            Self::Apical => "apical",
            Self::Dendrite => "dendrite",
        }
    }
}

impl fmt::Display for Compartment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
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

    /// The output neurons' parameters, of the last population.
    ///
    /// # Panics
    /// If the last population is of another kind, which [`Model::load`] refuses.
    pub fn output(&self) -> &Output {
        match self.populations.last().map(|p| &p.neuron) {
            Some(Neuron::Output(output)) => output,
            _ => panic!("a model ends in an output population"),
        }
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
        } else if self.output().group != 1 {
            Some("expected one output neuron per class, `group` 1")
        } else if matches!(self.stimuli, Stimuli::Spikes { .. }) {
            Some("expected images or rates as stimuli, found a spike list")
        } else {
            None
        }
    }

    /// Number of classes decoded.
    pub fn classes(&self) -> usize {
        self.populations.last().map_or(0, |p| p.size) / self.output().group
    }
}

impl Population {
    /// Where its initial biases come from; none of an encoder.
    pub fn bias(&self) -> Option<&BiasInit> {
        match &self.neuron {
            Neuron::Poisson(_) => None,
            Neuron::Pyramidal(cell) => Some(&cell.bias),
            Neuron::Output(cell) => Some(&cell.bias),
        }
    }

    /// Largest firing rate [1/ms].
    pub fn phi_max(&self) -> f64 {
        match &self.neuron {
            Neuron::Poisson(cell) => cell.phi_max,
            Neuron::Pyramidal(cell) => cell.phi_max,
            Neuron::Output(cell) => cell.phi_max,
        }
    }
}
