//! The layout of a model for the engine: which projection reaches which membrane, in what order, over what windows.

use crate::model::{Carries, Compartment, Model, Neuron, PlateauTimes, Psp};

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
    pub(crate) cells: Vec<Cells>,
    /// In the model's order.
    pub(crate) links: Vec<Link>,
    /// Smallest delay of a backward projection that influences firing [ms]; infinite if there is none.
    pub(crate) window: f64,
    /// Excluded from the averages at the start of each phase, forward and target [ms].
    pub(crate) settle: [f64; 2],
    /// Seed of every stream.
    pub(crate) seed: u64,
}

/// A population in the layout.
#[derive(Clone, Debug)]
pub(crate) struct Cells {
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
    pub(crate) rated: [bool; 2],
}

/// What the equations of a soma and its dendrites need.
#[derive(Clone, Debug)]
pub(crate) struct Membrane {
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
    pub(crate) teaching: Option<Teaching>,
    pub(crate) precision: Precision,
}

/// Teaching currents of an output population.
#[derive(Clone, Debug)]
pub(crate) struct Teaching {
    pub(crate) group: usize,
    /// Currents of the neurons of the labelled class and of the others, g E_E and g E_I [1/ms].
    pub(crate) current: [f64; 2],
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
pub(crate) struct Link {
    pub(crate) from: usize,
    pub(crate) delay: f64,
    pub(crate) psp: Psp,
    /// Largest rate of the presynaptic neurons [1/ms] where rates are carried and not spikes.
    pub(crate) rates: Option<f64>,
}

impl Circuit {
    /// Lays a model out for runs of this seed.
    pub fn new(model: &Model, seed: u64, precision: Precision) -> Self {
        let mut cells: Vec<Cells> =
            model.populations.iter().map(|p| Cells::new(&p.neuron, p.size, precision)).collect();
        let mut links = Vec::new();
        let mut window = f64::INFINITY;
        for (index, projection) in model.projections.iter().enumerate() {
            let (from, to) = (projection.from.0, projection.to.0);
            let target = &mut cells[to];
            let Some(membrane) = &target.membrane else { unreachable!("a model has no projection to an encoder") };
            let psp = membrane.psp;
            let conductance = match projection.compartment {
                Compartment::Apical => membrane.g_apical,
                _ => membrane.g_dendrite,
            };
            if projection.compartment == Compartment::Apical {
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
                cells[from].rated = [true; 2];
            } else {
                cells[from].outgoing.push(index);
            }
            links.push(Link { from, delay: projection.delay, psp, rates });
        }
        let settle = [model.protocol.settle, model.protocol.target_settle];
        Self { cells, links, window, settle, seed }
    }

    /// The same layout with the mean of sigmoid(V) taken in both phases of every population.
    #[must_use]
    pub fn with_rates(mut self) -> Self {
        self.cells.iter_mut().for_each(|cells| cells.rated = [cells.membrane.is_some(); 2]);
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

impl Cells {
    fn new(neuron: &Neuron, size: usize, precision: Precision) -> Self {
        let (phi_max, membrane) = match neuron {
            Neuron::Poisson(poisson) => (poisson.phi_max, None),
            Neuron::Pyramidal(cell) => {
                let gamma = cell.g_l + cell.g_b + cell.g_a;
                let membrane = Membrane {
                    psp: cell.psp,
                    gamma: [gamma; 2],
                    g_dendrite: cell.g_b,
                    g_apical: cell.g_a,
                    has_apical: true,
                    plateau_times: Some(cell.plateau_times).filter(|times| times.sd > 0.0),
                    teaching: None,
                    precision: if is_well_conditioned(cell.psp, gamma) { precision } else { Precision::Double },
                };
                (cell.phi_max, Some(membrane))
            }
            Neuron::Output(cell) => {
                let gamma = cell.g_l + cell.g_d;
                let membrane = Membrane {
                    psp: cell.psp,
                    gamma: [gamma, gamma + cell.g_teach],
                    g_dendrite: cell.g_d,
                    g_apical: 0.0,
                    has_apical: false,
                    plateau_times: None,
                    teaching: Some(Teaching {
                        group: cell.group,
                        current: [cell.g_teach * cell.e_exc, cell.g_teach * cell.e_inh],
                    }),
                    precision: Precision::Double,
                };
                (cell.phi_max, Some(membrane))
            }
        };
        let rated = [false, membrane.as_ref().is_some_and(|membrane| membrane.teaching.is_some())];
        Self { size, phi_max, membrane, somatic: Vec::new(), apical: Vec::new(), outgoing: Vec::new(), rated }
    }
}

impl Membrane {
    /// The teaching current of neuron `i` when `label` is taught [1/ms].
    pub(crate) fn teaching_current(&self, i: usize, label: u8) -> f64 {
        let Some(teaching) = &self.teaching else { return 0.0 };
        teaching.current[usize::from(i / teaching.group != usize::from(label))]
    }
}
