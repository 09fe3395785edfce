//! The layout of a model for the engine: which projection reaches which membrane, in what order, over what windows.

use crate::cells::{ConductanceClamp, Dynamics, LinearCell, PlateauTimes, Psp};
use crate::model::{Carries, Model, Population};

/// Float type in which the traces of hidden populations are kept; those of the output population always are f64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// f32: half the memory traffic. The default; populations whose modes nearly cancel use f64 all the same.
    Single,
    /// f64: the reference path.
    Double,
}

/// The layout of a model, shared by all lanes.
#[derive(Clone, Debug)]
pub struct Circuit {
    /// In the model's order, input to output.
    pub(crate) cells: Vec<PopulationLayout>,
    /// In the model's order.
    pub(crate) links: Vec<ProjectionLayout>,
    /// Smallest delay of a backward projection that influences firing [ms]; infinite if there is none.
    pub(crate) window: f64,
    /// Excluded from the averages at the start of each phase, forward and target [ms].
    pub(crate) settle: [f64; 2],
    /// Seed of every stream.
    pub(crate) seed: u64,
}

/// A population in the layout.
#[derive(Clone, Debug)]
pub(crate) struct PopulationLayout {
    pub(crate) size: usize,
    pub(crate) phi_max: f64,
    /// None for an encoder.
    pub(crate) membrane: Option<Membrane>,
    /// Projections that drive the soma, each with the conductance g it does so through.
    pub(crate) somatic: Vec<(usize, f64)>,
    /// Projections to the apical dendrite.
    pub(crate) apical: Vec<usize>,
    /// Projections this population sends spikes over.
    pub(crate) outgoing: Vec<usize>,
    /// Whether the mean of sigmoid(V) is taken in the forward and in the target phase.
    pub(crate) measures_sigmoid: [bool; 2],
}

/// What the equations of a soma and its dendrites need.
#[derive(Clone, Debug)]
pub(crate) struct Membrane {
    pub(crate) cell: LinearCell,
    pub(crate) psp: Psp,
    /// Total conductance in the forward and the target phase [1/ms].
    pub(crate) gamma: [f64; 2],
    /// Conductance of the basal or the one dendrite [1/ms].
    pub(crate) g_dendrite: f64,
    /// Conductance of the apical dendrite [1/ms].
    pub(crate) g_apical: f64,
    pub(crate) has_apical: bool,
    /// When plateaus happen, if not at the end of a phase.
    pub(crate) plateau_times: Option<PlateauTimes>,
    pub(crate) teaching: Option<ConductanceClamp>,
    pub(crate) precision: Precision,
}

/// Modes closer than this, relative to their rates, nearly cancel one another, which takes f64.
const CLOSE: f64 = 0.01;

/// Whether f32 is enough for the modes of a soma: its three rates 1/τ_L, 1/τ_s and γ are well apart.
fn is_well_conditioned(psp: Psp, gamma: f64) -> bool {
    let (l, s) = (1.0 / psp.tau_l, 1.0 / psp.tau_s);
    [(l, s), (l, gamma), (s, gamma)].into_iter().all(|(a, b)| (a - b).abs() > CLOSE * a.max(b))
}

/// A projection in the layout.
#[derive(Clone, Debug)]
pub(crate) struct ProjectionLayout {
    pub(crate) from: usize,
    pub(crate) delay: f64,
    pub(crate) psp: Psp,
    /// Largest rate of the presynaptic neurons [1/ms] where rates are carried and not spikes.
    pub(crate) rates: Option<f64>,
}

impl Circuit {
    /// Lays a model out for runs of this seed.
    pub fn new(model: &Model, seed: u64, precision: Precision) -> Self {
        let mut cells: Vec<PopulationLayout> =
            model.populations.iter().map(|p| PopulationLayout::new(p, precision)).collect();
        let mut links = Vec::new();
        let mut window = f64::INFINITY;
        for (index, projection) in model.projections.iter().enumerate() {
            let (from, to) = (projection.from.0, projection.to.0);
            let target = &mut cells[to];
            let Some(membrane) = &target.membrane else { unreachable!("a model has no projection to an encoder") };
            let psp = membrane.psp;
            let conductance = membrane.cell.ports[projection.port.0].conductance;
            if membrane.cell.is_plateau_port(projection.port.0) {
                target.apical.push(index);
            }
            if conductance > 0.0 {
                target.somatic.push((index, conductance));
                if from >= to {
                    window = window.min(projection.delay);
                }
            }
            let rates = (projection.carries == Carries::Rates).then(|| cells[from].phi_max);
            if rates.is_some() {
                cells[from].measures_sigmoid = [true; 2];
            } else {
                cells[from].outgoing.push(index);
            }
            links.push(ProjectionLayout { from, delay: projection.delay, psp, rates });
        }
        let settle = [model.protocol.settle, model.protocol.target_settle];
        Self { cells, links, window, settle, seed }
    }

    /// Has the mean of sigmoid(V) taken of a population in a phase, by their places; not of an encoder.
    pub(crate) fn measure_sigmoid(&mut self, population: usize, phase: usize) {
        let cells = &mut self.cells[population];
        cells.measures_sigmoid[phase] |= cells.membrane.is_some();
    }

    /// The same layout with the mean of sigmoid(V) taken in both phases of every population.
    #[must_use]
    pub fn with_rates(mut self) -> Self {
        self.cells.iter_mut().for_each(|cells| cells.measures_sigmoid = [cells.membrane.is_some(); 2]);
        self
    }

    /// The same layout with windows of at most `limit` ms: more of them, but no other result.
    ///
    /// # Panics
    /// If `limit` is not above 0.
    #[must_use]
    pub fn with_window(mut self, limit: f64) -> Self {
        assert!(limit > 0.0, "a window of {limit} ms");
        self.window = self.window.min(limit);
        self
    }
}

impl PopulationLayout {
    fn new(population: &Population, precision: Precision) -> Self {
        let dynamics = population.cell.dynamics();
        let phi_max = dynamics.rate_max();
        let membrane = match dynamics {
            Dynamics::Source(_) => None,
            Dynamics::Linear(cell) => Some(Membrane::new(&cell, precision)),
        };
        let measures_sigmoid = [false, membrane.as_ref().is_some_and(|membrane| membrane.teaching.is_some())];
        let (somatic, apical, outgoing) = (Vec::new(), Vec::new(), Vec::new());
        Self { size: population.size, phi_max, membrane, somatic, apical, outgoing, measures_sigmoid }
    }
}

impl Membrane {
    fn new(cell: &LinearCell, precision: Precision) -> Self {
        let [modes, taught] = cell.modes();
        let conductance = |port: Option<usize>| port.map_or(0.0, |port| cell.ports[port].conductance);
        // Where two modes nearly cancel, or somata are clamped, f64 at any rate.
        let single = is_well_conditioned(cell.psp(), cell.gamma) && cell.clamp.is_none();
        Self {
            psp: cell.psp(),
            gamma: [modes.gamma, taught.gamma],
            g_dendrite: conductance(cell.bias),
            g_apical: conductance(cell.plateau.map(|plateau| plateau.port)),
            has_apical: cell.plateau.is_some(),
            plateau_times: cell.plateau.map(|plateau| plateau.times).filter(|times| times.sd > 0.0),
            teaching: cell.clamp,
            precision: if single { precision } else { Precision::Double },
            cell: cell.clone(),
        }
    }

    /// The teaching current of neuron `i` when `label` is taught [1/ms].
    pub(crate) fn teaching_current(&self, i: usize, label: u8) -> f64 {
        let Some(clamp) = &self.teaching else { return 0.0 };
        let potential = if i / clamp.group == usize::from(label) { clamp.e_exc } else { clamp.e_inh };
        clamp.conductance * potential
    }
}
