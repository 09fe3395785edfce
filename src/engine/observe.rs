//! What can be seen of a lane from outside: the last trial, and the state carried to the next.

use ndarray::ArrayView3;

use super::circuit::Circuit;
use super::mark::EventMark;
use crate::model::ShortTermState;
use crate::protocol::{Measures, Spike, Trial};

/// What happened in one trial, population by population. The buffers are reused from one to the next.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observation {
    /// Lengths of its phases [ms].
    pub phases_ms: Vec<f64>,
    /// Spikes of each population, from the start of the trial, sorted by (time, neuron) [ms].
    pub spikes: Vec<Vec<Spike>>,
    /// Events of each population that were over in the trial, from its start, phase by phase sorted by (start, stop, kind, neuron); one
    /// that began in a trial before has a negative start.
    pub marks: Vec<Vec<EventMark>>,
    /// Plateaus α of each population at the end of each phase, [population, phase, n]; empty where a population makes none.
    pub plateaus: Vec<Vec<Vec<f32>>>,
    /// How long before those ends each plateau happened [ms], [population, phase, n]; empty where all happened at the end.
    pub plateau_lead_ms: Vec<Vec<Vec<f32>>>,
    /// Sampled traces of each population, [samples, n, compartments]; empty unless asked for.
    pub traces: Vec<Vec<f32>>,
}

impl Observation {
    pub(crate) fn new(populations: usize) -> Self {
        Self {
            phases_ms: Vec::new(),
            spikes: vec![Vec::new(); populations],
            marks: vec![Vec::new(); populations],
            plateaus: vec![Vec::new(); populations],
            plateau_lead_ms: vec![Vec::new(); populations],
            traces: vec![Vec::new(); populations],
        }
    }

    /// Sampled traces of a population of so many neurons with so many compartments, [samples, neurons, compartments]; no samples
    /// unless asked for. None where it is of another size.
    pub fn trace(&self, population: usize, neurons: usize, compartments: usize) -> Option<ArrayView3<'_, f32>> {
        let traces = self.traces.get(population)?;
        let samples = traces.len().checked_div(neurons * compartments)?;
        let whole = samples * neurons * compartments == traces.len();
        ArrayView3::from_shape((samples, neurons, compartments), traces).ok().filter(|_| whole)
    }

    /// Length of all phases [ms].
    pub fn length_ms(&self) -> f64 {
        self.phases_ms.iter().sum()
    }

    /// Length of a phase [ms]; 0 where there was none.
    pub fn phase_ms(&self, phase: usize) -> f64 {
        self.phases_ms.get(phase).copied().unwrap_or(0.0)
    }

    /// Plateaus of a population at the end of a phase, [n]; empty where there are none.
    pub fn plateaus(&self, population: usize, phase: usize) -> &[f32] {
        part(&self.plateaus, population, phase)
    }

    /// When the plateaus of a population in a phase happened, in a trial from `start` on: at the end of the phase, or before it
    /// by their leads [ms].
    pub fn plateau_times(&self, population: usize, phase: usize, start: f64) -> impl Iterator<Item = f64> + '_ {
        let end = self.phases_ms.iter().take(phase + 1).fold(start, |end, length| end + length);
        let plateaus = self.plateaus(population, phase);
        let leads = part(&self.plateau_lead_ms, population, phase);
        let leads = leads.iter().map(|&lead| f64::from(lead)).chain(std::iter::repeat(0.0));
        plateaus.iter().zip(leads).map(move |(_, lead)| end - lead)
    }

    /// Its lengths alone, without what happened.
    pub(crate) fn lengths(&self) -> Self {
        Self { phases_ms: self.phases_ms.clone(), ..Self::default() }
    }

    pub(crate) fn clear(&mut self, trial: &Trial<'_>) {
        self.phases_ms.clear();
        self.phases_ms.extend(trial.phases.iter().map(|phase| phase.length_ms));
        self.spikes.iter_mut().for_each(Vec::clear);
        self.marks.iter_mut().for_each(Vec::clear);
        for phases in self.plateaus.iter_mut().chain(&mut self.plateau_lead_ms) {
            phases.resize(phases.len().max(trial.phases.len()), Vec::new());
            phases.iter_mut().for_each(Vec::clear);
        }
        self.traces.iter_mut().for_each(Vec::clear);
    }
}

fn part(all: &[Vec<Vec<f32>>], population: usize, phase: usize) -> &[f32] {
    all.get(population).and_then(|phases| phases.get(phase)).map_or(&[], Vec::as_slice)
}

/// Means over a phase after its settling time, all that plasticity may see of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PhaseMeans {
    /// Somatic potential of each population, [n], without what its own spikes do to it; empty where it is not measured, as of a
    /// source.
    pub v: Vec<Vec<f64>>,
    /// Plateau α = sigmoid(mean potential of the apical dendrite) of each population, [n]; empty where it makes none.
    pub plateau: Vec<Vec<f64>>,
    /// Of the sigmoid of the somatic potential of each population, or its measured rate over φ_max where it has a threshold, [n]; empty
    /// where it is not measured.
    pub sigmoid: Vec<Vec<f64>>,
    /// Spikes counted of each population over the time, [n] [1/ms]; empty where they are not.
    pub rates: Vec<Vec<f64>>,
    /// Filtered trains s_j of each projection, [pre] [1/ms].
    pub trains: Vec<Vec<f64>>,
}

impl PhaseMeans {
    pub(crate) fn new(populations: usize, projections: usize) -> Self {
        let each = || vec![Vec::new(); populations];
        Self { v: each(), plateau: each(), sigmoid: each(), rates: each(), trains: vec![Vec::new(); projections] }
    }

    /// Makes room for what is measured in a phase.
    pub(crate) fn make_room(&mut self, circuit: &Circuit, measures: Measures<'_>) {
        for (index, population) in circuit.populations.iter().enumerate() {
            let room =
                |wanted: bool, values: &mut Vec<f64>| values.resize(if wanted { population.size } else { 0 }, 0.0);
            let membrane = population.membrane.as_ref();
            room(measures.potentials && membrane.is_some(), &mut self.v[index]);
            room(membrane.is_some_and(|membrane| membrane.plateau.is_some()), &mut self.plateau[index]);
            room(measures.rates, &mut self.rates[index]);
            room(population.measures_sigmoid(index, measures.sigmoids), &mut self.sigmoid[index]);
        }
        for (trains, projection) in self.trains.iter_mut().zip(&circuit.projections) {
            trains.resize(circuit.populations[projection.from].size, 0.0);
        }
    }
}

/// The state a lane carries from one trial to the next, as plain arrays; all zero is rest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LaneState {
    /// One per population; that of a source is empty.
    pub populations: Vec<Vec<StateArray>>,
    /// One per projection.
    pub projections: Vec<ProjectionState>,
}

/// A part of the state of a population, [n].
///
/// Of a linear cell: `v`, the somatic potential; `drive_l` and `drive_s`, slow and fast trace of the current into the soma,
/// Σ g w e^{−t/τ}/(τ_L − τ_s) [1/ms]; and of every dendrite whose input is kept apart, as `apical`, `apical_l` and `apical_s`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StateArray {
    /// Its name in checkpoints.
    pub name: String,
    /// One per neuron.
    pub values: Vec<f64>,
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
    /// The part of its weight with which each of them acts; empty without short-term plasticity.
    pub factors: Vec<f64>,
    /// Short-term plasticity of the synapses of each presynaptic neuron [pre], its times from the start of the next presentation;
    /// empty without.
    pub short_term: Vec<ShortTermState>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plateaus_happen_at_the_ends_of_phases_or_before_them_by_their_leads() {
        let mut seen = Observation { phases_ms: vec![50.0, 60.0], ..Observation::new(1) };
        seen.plateaus[0] = vec![vec![0.1, 0.2], vec![0.3, 0.4]];
        let times = |seen: &Observation, phase| seen.plateau_times(0, phase, 1000.0).collect::<Vec<_>>();
        assert_eq!(times(&seen, 1), [1110.0, 1110.0]);
        seen.plateau_lead_ms[0] = vec![vec![0.5, 2.0], vec![0.0, 1.0]];
        assert_eq!((times(&seen, 0), times(&seen, 1)), (vec![1049.5, 1048.0], vec![1110.0, 1109.0]));
    }

    #[test]
    fn traces_are_seen_by_sample_neuron_and_compartment() {
        let mut seen = Observation::new(2);
        seen.traces[1] = (0..12_u8).map(f32::from).collect();
        let trace = seen.trace(1, 3, 2).unwrap();
        assert_eq!((trace.dim(), trace[[1, 0, 1]].to_bits()), ((2, 3, 2), 7_f32.to_bits()));
        assert_eq!(seen.trace(0, 3, 2).unwrap().dim(), (0, 3, 2));
        assert!(seen.trace(1, 5, 1).is_none() && seen.trace(1, 0, 2).is_none() && seen.trace(2, 3, 2).is_none());
    }
}
