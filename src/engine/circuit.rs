//! The layout of a model for the engine: which projection reaches which membrane, in what order, over what windows.

use std::borrow::Cow;
use std::ops::Range;

use super::modal_input::ModalInput;
use crate::cells::{
    CellError, CompartmentalCell, ConductanceClamp, Dynamics, LinearCell, ModalForm, PlateauTimes, Psp,
};
use crate::model::{Carries, Edge, ExecutionOrder, Model, Population, ShortTermPlasticity};
use crate::network::{Synapses, TARGETS_PER_BLOCK};
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

/// The layout of a model, shared by all lanes.
#[derive(Clone, Debug)]
pub struct Circuit {
    /// In the model's order.
    pub(crate) populations: Vec<PopulationLayout>,
    /// In the model's order.
    pub(crate) projections: Vec<ProjectionLayout>,
    /// Populations in the order in which they advance.
    pub(crate) order: Vec<usize>,
    /// Parts of this order whose populations do not reach each other within a window: they advance in parallel.
    pub(crate) levels: Vec<Range<usize>>,
    /// Length of a window at most [ms]: the smallest delay of a projection that goes back in this order and influences firing.
    pub(crate) window: f64,
    /// Seed of every stream.
    pub(crate) seed: u64,
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

impl PopulationLayout {
    /// Whether it advances neuron by neuron, in blocks.
    fn advances_in_blocks(&self) -> bool {
        self.modal.is_some() || self.compartmental.is_some()
    }

    /// Where the projections that reach it are listed, if it advances so.
    fn inputs_by_event(&mut self) -> Option<&mut Vec<ModalInput>> {
        let modal = self.modal.as_mut().map(|modal| &mut modal.inputs);
        modal.or(self.compartmental.as_mut().map(|compartmental| &mut compartmental.inputs))
    }
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
    port: usize,
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

impl Circuit {
    /// Lays a model out for runs of this seed.
    ///
    /// # Errors
    /// If a cell cannot be simulated, a projection has no end, or spikes could cause themselves.
    pub fn new(model: &Model, seed: u64, precision: Precision) -> Result<Self, LayoutError> {
        let populations = model.populations.iter().map(|p| PopulationLayout::new(p, precision));
        let mut populations = populations.collect::<Result<Vec<_>, _>>()?;
        let (mut projections, mut edges) = (Vec::new(), Vec::new());
        for (index, projection) in model.projections.iter().enumerate() {
            let (from, to) = (projection.from.0, projection.to.0);
            let ends = || LayoutError::Ends(projection.name.clone());
            let end = |index: usize| model.populations.get(index).ok_or_else(ends);
            let (source, cells) = (end(from)?, end(to)?.cell.dynamics());
            let drives = cells.is_driven_by(projection.port.0).ok_or_else(ends)?;
            let port = cells.linear().map(|cell| cell.ports[projection.port.0]);
            let target = &mut populations[to];
            let mut times = None;
            if let Some(membrane) = &mut target.membrane {
                let kept = membrane.dendrites.iter().position(|dendrite| dendrite.port == projection.port.0);
                let dendrite = kept.map(|dendrite| &mut membrane.dendrites[dendrite]);
                dendrite.into_iter().for_each(|dendrite| dendrite.projections.push(index));
                times =
                    membrane.plateau.filter(|plateau| Some(plateau.dendrite) == kept).and_then(|plateau| plateau.times);
            }
            let filtered = target.membrane.is_some();
            if drives {
                let rule = |source| LayoutError::Rule { projection: projection.name.clone(), source };
                let input = ModalInput::new(index, projection, [source, end(to)?], filtered).map_err(rule)?;
                if let Some(inputs) = target.inputs_by_event() {
                    inputs.push(input);
                }
                let somatic = port.map(|port| SomaticInput { projection: index, conductance: port.conductance });
                target.somatic.extend(somatic);
                edges.push(Edge { from, to, delay: projection.delay.smallest() });
            }
            let rates = (projection.carries == Carries::Rates).then(|| source.phi_max());
            if rates.is_some() {
                populations[from].sends_rates = true;
            } else {
                populations[from].outgoing.push(index);
            }
            let late_ms = times.map_or(0.0, |times| times.longest);
            let (delay, psp) =
                (projection.delay.smallest(), port.and_then(|port| port.kernel.psp()).unwrap_or_default());
            let short_term = projection.short_term;
            let plastic = projection.plasticity.is_some() && !filtered;
            projections.push(ProjectionLayout { from, delay, psp, rates, late_ms, filtered, short_term, plastic });
        }
        let name = |p: usize| model.populations[p].name.clone();
        let is_source: Vec<bool> = populations.iter().map(PopulationLayout::is_source).collect();
        let schedule = ExecutionOrder::new(&is_source, &edges);
        let ExecutionOrder { order, window } = schedule
            .map_err(|cycle| LayoutError::Cycle(cycle.iter().chain(cycle.first()).map(|&p| name(p)).collect()))?;
        let levels = levels(&populations, &order, &edges, window);
        Ok(Self { populations, projections, order, levels, window, seed })
    }

    /// How many blocks of neurons can advance at one time at most.
    pub(super) fn parts_at_once(&self) -> usize {
        let blocks = |&index: &usize| self.populations[index].size.div_ceil(TARGETS_PER_BLOCK);
        let of_level = |level: &Range<usize>| self.order[level.clone()].iter().map(blocks).sum();
        self.levels.iter().map(of_level).max().unwrap_or(0).max(1)
    }

    /// The same layout with windows of at most `limit` ms, above 0: more of them, but no other result.
    #[must_use]
    pub fn with_window(mut self, limit: f64) -> Self {
        self.window = self.window.min(if limit > 0.0 { limit } else { f64::INFINITY });
        self
    }
}

/// Cuts the order of execution into runs of populations in blocks none of which reaches another within a window.
fn levels(populations: &[PopulationLayout], order: &[usize], edges: &[Edge], window: f64) -> Vec<Range<usize>> {
    let mut levels: Vec<Range<usize>> = Vec::new();
    for (place, &index) in order.iter().enumerate() {
        let joins = |level: &Range<usize>| {
            let reached = |&other: &usize| edges.iter().any(|e| (e.from, e.to) == (other, index) && e.delay < window);
            let mut apart = order[level.start..=place].iter().map(|&p| populations[p].advances_in_blocks());
            apart.all(|apart| apart) && !order[level.clone()].iter().any(reached)
        };
        match levels.last_mut() {
            Some(level) if joins(level) => level.end = place + 1,
            _ => levels.push(place..place + 1),
        }
    }
    levels
}

impl PopulationLayout {
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
