//! What the engine needs of a population and of a projection, from the model.

use std::borrow::Cow;

use super::modal_input::ModalInput;
use crate::cells::{
    CellError, CompartmentalCell, ConductanceClamp, Dynamics, LinearCell, ModalForm, PlateauTimes, Psp,
};
use crate::model::{Population, ShortTermPlasticity};
use crate::network::Synapses;
use crate::plasticity::RuleError;
use crate::protocol::Sigmoids;

/// Float type in which the amplitudes of somata are kept; those with teaching conductances always are f64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// f32: half the memory traffic. The default; populations whose modes nearly cancel use f64 all the same.
    Single,
    /// f64: the reference path.
    Double,
}

/// Why a model has no layout.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LayoutError {
    /// Spikes that could cause themselves.
    #[error(
        "a cycle of projections without delay that drive somata, {}: expected a delay on one of them, or a spike could cause \
         itself", .0.join(" to ")
    )]
    Cycle(Vec<String>),
    /// A cell that the engine cannot simulate.
    #[error("population {population:?}")]
    Cell {
        /// Its name.
        population: String,
        /// Why.
        source: CellError,
    },
    /// A projection to a port, or from or to a population, that is not there.
    #[error("projection {0:?}: expected a source and a port that exist")]
    Ends(String),
    /// A rule between spikes that cannot be made.
    #[error("projection {projection:?}")]
    Rule {
        /// Its name.
        projection: String,
        /// Why.
        source: RuleError,
    },
}

/// A population in the layout.
#[derive(Clone, Debug)]
pub(crate) struct PopulationLayout {
    pub(crate) size: usize,
    pub(crate) phi_max: f64,
    /// Of cells whose means over phases are measured.
    pub(crate) membrane: Option<Membrane>,
    /// Of cells of one membrane that advance by their modes one by one: all but those of three vectorised modes.
    pub(crate) modal: Option<ModalLayout>,
    /// Of cells of several compartments.
    pub(crate) compartmental: Option<CompartmentalLayout>,
    /// Projections that drive the soma.
    pub(crate) somatic: Vec<SomaticInput>,
    /// Projections this population sends spikes over.
    pub(crate) outgoing: Vec<usize>,
    /// Whether a projection carries its rates.
    pub(crate) sends_rates: bool,
}

/// A projection that drives the soma, and the conductance g it does so through [1/ms].
#[derive(Clone, Copy, Debug)]
pub(crate) struct SomaticInput {
    pub(crate) projection: usize,
    pub(crate) conductance: f64,
}

/// What the equations of a soma and its dendrites need.
#[derive(Clone, Debug)]
pub(crate) struct Membrane {
    pub(crate) psp: Psp,
    /// Total conductance without and with a target [1/ms].
    pub(crate) gamma: [f64; 2],
    /// Conductance of the dendrite that has a bias [1/ms].
    pub(crate) bias_conductance: f64,
    /// What each compartment's potential is, the soma first.
    pub(crate) compartments: Vec<Potential>,
    /// Dendrites whose filtered input is kept apart from the current into the soma.
    pub(crate) dendrites: Vec<DendriteLayout>,
    pub(crate) plateau: Option<PlateauLayout>,
    pub(crate) clamp: Option<ConductanceClamp>,
    pub(crate) precision: Precision,
}

/// How the potential of a compartment follows from the state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Potential {
    /// V.
    Soma,
    /// What drives the soma and no other dendrite: (u − Σ g_d D_d)/g, with this g [1/ms].
    Rest { conductance: f64, biased: bool },
    /// That of a dendrite whose input is kept.
    Kept { dendrite: usize, biased: bool },
}

/// A dendrite whose filtered input is kept.
#[derive(Clone, Debug)]
pub(crate) struct DendriteLayout {
    /// Name of its compartment.
    pub(crate) name: Cow<'static, str>,
    /// Into the soma [1/ms].
    pub(crate) conductance: f64,
    /// Projections that end there.
    pub(crate) projections: Vec<usize>,
    /// Its place among the ports of the cell.
    pub(super) port: usize,
}

/// Plateaus at the ends of phases.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlateauLayout {
    pub(crate) dendrite: usize,
    /// When they happen, if not at the end of the phase.
    pub(crate) times: Option<PlateauTimes>,
}

/// A projection in the layout.
#[derive(Clone, Debug)]
pub(crate) struct ProjectionLayout {
    pub(crate) from: usize,
    pub(crate) delay: f64,
    pub(crate) psp: Psp,
    /// Largest rate of the presynaptic neurons [1/ms] where rates are carried and not spikes.
    pub(crate) rates: Option<f64>,
    /// Longest time of a plateau before the end of a phase that its means must be known for [ms]; 0: none.
    pub(crate) late_ms: f64,
    /// Whether filtered trains and their means are kept, as learning and means of potentials need them.
    pub(crate) filtered: bool,
    /// Short-term facilitation and depression, if there are.
    pub(crate) short_term: Option<ShortTermPlasticity>,
    /// Whether its weights change at spikes.
    pub(crate) plastic: bool,
}

impl ProjectionLayout {
    /// Whether all its spikes are delayed where they are sent: where trains are filtered, and over dense synapses that do not change at
    /// spikes. Else they are delayed where they arrive, each synapse by its own delay.
    #[inline]
    pub(crate) fn has_one_delay(&self, synapses: &Synapses) -> bool {
        self.filtered || (!self.plastic && matches!(synapses, Synapses::Dense(_)))
    }
}

/// A population of cells by their modes, in the layout of a model.
#[derive(Clone, Debug)]
pub(crate) struct ModalLayout {
    pub(crate) cell: LinearCell,
    pub(crate) form: ModalForm,
    /// Its modes while a target is given.
    pub(crate) taught: ModalForm,
    /// Projections that drive the membrane.
    pub(crate) inputs: Vec<ModalInput>,
}

/// A population of cells of several compartments, in the layout of a model.
#[derive(Clone, Debug)]
pub(crate) struct CompartmentalLayout {
    pub(crate) cell: CompartmentalCell,
    /// Projections that reach it.
    pub(crate) inputs: Vec<ModalInput>,
}

/// Modes closer than this, relative to their rates, nearly cancel one another, which takes f64.
const CLOSE: f64 = 0.01;

/// Whether f32 is enough for the modes of a soma: its three rates 1/τ_L, 1/τ_s and γ are well apart.
fn is_well_conditioned(psp: Psp, gamma: f64) -> bool {
    let (l, s) = (1.0 / psp.tau_l, 1.0 / psp.tau_s);
    [(l, s), (l, gamma), (s, gamma)].into_iter().all(|(a, b)| (a - b).abs() > CLOSE * a.max(b))
}

impl PopulationLayout {
    /// Whether it advances neuron by neuron, in blocks.
    pub(super) fn advances_in_blocks(&self) -> bool {
        self.modal.is_some() || self.compartmental.is_some()
    }

    /// Where the projections that reach it are listed, if it advances so.
    pub(super) fn inputs_by_event(&mut self) -> Option<&mut Vec<ModalInput>> {
        let modal = self.modal.as_mut().map(|modal| &mut modal.inputs);
        modal.or(self.compartmental.as_mut().map(|compartmental| &mut compartmental.inputs))
    }

    /// Whether its spikes are those of a stimulus.
    pub(crate) fn is_source(&self) -> bool {
        self.membrane.is_none() && !self.advances_in_blocks()
    }

    /// Whether the mean of sigmoid(V) of these cells, at this place in the model, is measured.
    pub(crate) fn measures_sigmoid(&self, index: usize, sigmoids: Sigmoids<'_>) -> bool {
        let Some(membrane) = &self.membrane else { return false };
        self.sends_rates
            || match sigmoids {
                Sigmoids::None => false,
                Sigmoids::Taught => membrane.clamp.is_some(),
                Sigmoids::Of(populations) => populations.get(index).copied().unwrap_or(false),
            }
    }

    pub(crate) fn new(population: &Population, precision: Precision) -> Result<Self, LayoutError> {
        let dynamics = population.cell.dynamics();
        let phi_max = dynamics.rate_max();
        let named = |source| LayoutError::Cell { population: population.name.clone(), source };
        let (mut membrane, mut modal, mut compartmental) = (None, None, None);
        match dynamics {
            Dynamics::Source(_) => (),
            Dynamics::Linear(cell) => {
                cell.check(population.cell.compartments().len(), population.cell.ports().len()).map_err(named)?;
                if cell.has_phase_means() {
                    membrane = Some(Membrane::new(population, &cell, precision));
                }
                if !cell.is_plain_escape() {
                    modal = Some(ModalLayout::new(cell));
                }
            }
            Dynamics::Compartmental(cell) => {
                cell.check().map_err(|conflict| named(conflict.into()))?;
                compartmental = Some(CompartmentalLayout { cell, inputs: Vec::new() });
            }
        }
        let (somatic, outgoing) = (Vec::new(), Vec::new());
        let size = population.size;
        Ok(Self { size, phi_max, membrane, modal, compartmental, somatic, outgoing, sends_rates: false })
    }
}

impl ModalLayout {
    fn new(cell: LinearCell) -> Self {
        let [_, taught] = cell.modes();
        let taught = ModalForm::of(&LinearCell { gamma: taught.gamma, ..cell.clone() });
        Self { form: ModalForm::of(&cell), taught, cell, inputs: Vec::new() }
    }
}

impl Membrane {
    fn new(population: &Population, cell: &LinearCell, precision: Precision) -> Self {
        let [modes, taught] = cell.modes();
        let rest = rest_port(cell);
        let mut dendrites = Vec::new();
        let mut compartments = vec![Potential::Soma; cell.compartments()];
        for (index, port) in cell.ports.iter().enumerate() {
            let Some(compartment) = port.compartment else { continue };
            let (conductance, biased) = (port.conductance, cell.bias == Some(index));
            if rest == Some(index) {
                compartments[compartment] = Potential::Rest { conductance, biased };
                continue;
            }
            compartments[compartment] = Potential::Kept { dendrite: dendrites.len(), biased };
            let name = population.cell.compartments()[compartment].name.clone();
            dendrites.push(DendriteLayout { name, conductance, projections: Vec::new(), port: index });
        }
        let plateau = cell.plateau.and_then(|plateau| {
            let dendrite = dendrites.iter().position(|dendrite| dendrite.port == plateau.port)?;
            Some(PlateauLayout { dendrite, times: Some(plateau.times).filter(|times| times.sd > 0.0) })
        });
        // Where two modes nearly cancel, or somata are clamped, f64 at any rate.
        let single = is_well_conditioned(cell.psp(), cell.gamma) && cell.clamp.is_none();
        Self {
            psp: cell.psp(),
            gamma: [modes.gamma, taught.gamma],
            bias_conductance: cell.bias.map_or(0.0, |port| cell.ports[port].conductance),
            compartments,
            dendrites,
            plateau,
            clamp: cell.clamp,
            precision: if single { precision } else { Precision::Double },
        }
    }
}

/// The port whose dendrite's potential is what is left of the current into the soma without the others', so that its input
/// need not be kept: the first that drives the soma, if all others that do are dendrites too.
fn rest_port(cell: &LinearCell) -> Option<usize> {
    let drives = |port: &crate::cells::Port| port.conductance > 0.0;
    if cell.ports.iter().any(|port| drives(port) && port.compartment.is_none()) {
        return None;
    }
    let plateau = cell.plateau.map(|plateau| plateau.port);
    (0..cell.ports.len()).find(|&port| drives(&cell.ports[port]) && plateau != Some(port))
}
