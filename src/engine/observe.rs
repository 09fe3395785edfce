//! What can be seen of a lane from outside: the last presentation, and the state carried to the next.

use super::circuit::Circuit;
use super::lane::Show;
use crate::data::Spike;

/// The phases of a presentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Stimulus alone.
    Forward,
    /// Stimulus and teaching conductances.
    Target,
}

/// A grid of times at which traces are sampled within a presentation: `first`, `first + every`, … [ms].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// First sample, from the start of the presentation [ms].
    pub first: f64,
    /// Spacing [ms].
    pub every: f64,
}

/// What happened in one presentation, population by population. The buffers are reused from one to the next.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observation {
    /// Length of the forward phase [ms].
    pub forward_ms: f64,
    /// Length of the target phase [ms]; 0 where none was shown.
    pub target_ms: f64,
    /// Spikes of each population, from the start of the presentation, sorted by (time, neuron) [ms].
    pub spikes: Vec<Vec<Spike>>,
    /// Plateaus α of each population at the end of the forward and the target phase, [n] each; empty where a population
    /// has no apical dendrite, or the phase was not shown.
    pub plateaus: Vec<[Vec<f32>; 2]>,
    /// How long before those ends each plateau happened [ms], [n] each; empty where all happened at the end.
    pub leads: Vec<[Vec<f32>; 2]>,
    /// Sampled traces of each population, [samples, n, elements] with elements soma, basal, apical (pyramidal) or soma,
    /// dendrite (output); empty unless asked for.
    pub traces: Vec<Vec<f32>>,
}

impl Observation {
    pub(crate) fn new(populations: usize) -> Self {
        Self {
            spikes: vec![Vec::new(); populations],
            plateaus: vec![[const { Vec::new() }; 2]; populations],
            leads: vec![[const { Vec::new() }; 2]; populations],
            traces: vec![Vec::new(); populations],
            ..Self::default()
        }
    }

    /// When the plateaus of a population in a phase happened, in a presentation from `start` on: at the end of the phase or as
    /// much before it as is told [ms].
    pub fn plateau_times(&self, population: usize, phase: usize, start: f64) -> impl Iterator<Item = f64> + '_ {
        let forward_end = start + self.forward_ms;
        let end = if phase == 0 { forward_end } else { forward_end + self.target_ms };
        let leads = self.leads.get(population).map_or(&[][..], |leads| &leads[phase]);
        let leads = leads.iter().map(|&lead| f64::from(lead)).chain(std::iter::repeat(0.0));
        self.plateaus[population][phase].iter().zip(leads).map(move |(_, lead)| end - lead)
    }

    /// Its lengths alone, without what happened.
    pub(crate) fn lengths(&self) -> Self {
        Self { forward_ms: self.forward_ms, target_ms: self.target_ms, ..Self::default() }
    }

    pub(crate) fn clear(&mut self, show: &Show<'_>) {
        self.forward_ms = show.forward_ms;
        self.target_ms = show.target.map_or(0.0, |(length, _)| length);
        self.spikes.iter_mut().for_each(Vec::clear);
        self.plateaus.iter_mut().chain(&mut self.leads).flatten().for_each(Vec::clear);
        self.traces.iter_mut().for_each(Vec::clear);
    }
}

/// Means over a phase after its settling time, all that plasticity may see of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PhaseMeans {
    /// Somatic potential of each population, [n]; of a forward phase only. Empty for an encoder.
    pub v: Vec<Vec<f64>>,
    /// Plateau α = sigmoid(mean apical potential) of each population, [n]; empty without an apical dendrite.
    pub plateau: Vec<Vec<f64>>,
    /// Of the sigmoid of the somatic potential of each population, [n]; empty where it is not taken, as it is of the output
    /// population's target phase always.
    pub sigmoid: Vec<Vec<f64>>,
    /// Filtered trains s_j of each projection, [pre] [1/ms].
    pub trains: Vec<Vec<f64>>,
}

impl PhaseMeans {
    pub(crate) fn new(circuit: &Circuit, phase: usize) -> Self {
        let zeros = |wanted: bool, n: usize| if wanted { vec![0.0; n] } else { Vec::new() };
        let cells = &circuit.cells;
        let has_apical = |membrane: &super::circuit::Membrane| membrane.has_apical;
        Self {
            v: cells.iter().map(|c| zeros(c.membrane.is_some(), c.size)).collect(),
            plateau: cells.iter().map(|c| zeros(c.membrane.as_ref().is_some_and(has_apical), c.size)).collect(),
            sigmoid: cells.iter().map(|c| zeros(c.measures_sigmoid[phase], c.size)).collect(),
            trains: circuit.links.iter().map(|link| vec![0.0; cells[link.from].size]).collect(),
        }
    }
}

/// The state a lane carries from one presentation to the next, as plain arrays; all zero is rest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LaneState {
    /// One per population; that of an encoder is empty.
    pub populations: Vec<PopulationState>,
    /// One per projection.
    pub projections: Vec<ProjectionState>,
}

/// Membranes of a population, [n] each; `apical_*` empty without an apical dendrite.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PopulationState {
    /// Somatic potential.
    pub v: Vec<f64>,
    /// Slow trace of the current into the soma: Σ g w e^{−t/τ_L}/(τ_L − τ_s) [1/ms].
    pub drive_l: Vec<f64>,
    /// Fast trace of the current into the soma: Σ g w e^{−t/τ_s}/(τ_L − τ_s) [1/ms].
    pub drive_s: Vec<f64>,
    /// Slow trace of the apical dendrite.
    pub apical_l: Vec<f64>,
    /// Fast trace of the apical dendrite.
    pub apical_s: Vec<f64>,
}

/// Presynaptic side of a projection.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProjectionState {
    /// Slow trace of the arrivals of each presynaptic neuron [pre] [1/ms].
    pub trace_l: Vec<f64>,
    /// Fast trace of the arrivals of each presynaptic neuron [pre] [1/ms].
    pub trace_s: Vec<f64>,
    /// Spikes on their way, by time of arrival from the start of the next presentation [ms].
    pub in_flight: Vec<Spike>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plateaus_happen_at_the_ends_of_phases_or_as_much_before_as_is_told() {
        let mut seen = Observation { forward_ms: 50.0, target_ms: 60.0, ..Observation::new(1) };
        seen.plateaus[0] = [vec![0.1, 0.2], vec![0.3, 0.4]];
        let times = |seen: &Observation, phase| seen.plateau_times(0, phase, 1000.0).collect::<Vec<_>>();
        assert_eq!(times(&seen, 1), [1110.0, 1110.0]);
        seen.leads[0] = [vec![0.5, 2.0], vec![0.0, 1.0]];
        assert_eq!((times(&seen, 0), times(&seen, 1)), (vec![1049.5, 1048.0], vec![1110.0, 1109.0]));
    }
}
