//! How much a run will write, before it runs.

use std::ops::Range;

use super::PresentationKind;
use super::listed::expected_synapses;
use crate::cells::Dynamics;
use crate::model::{Model, PopulationId, Projection, Snapshots, Storage, TwoPhaseProtocol};
use crate::network::ExpectedSynapses;

/// Mean rate assumed of cells, of which nothing is known before a run: that of a trained network of the paper [1/ms].
const CELL_RATE: f64 = 0.024;

/// Mean pixel value assumed of images, that of MNIST (0 to 1).
const MEAN_PIXEL: f64 = 0.13;

/// What HDF5 keeps of a dataset that grows beside its values: header, attributes and index of chunks [bytes].
const GROWING: u64 = 2500;

/// What HDF5 keeps of a dataset of fixed size, as a snapshot of weights, beside its values [bytes].
const FIXED: u64 = 500;

/// Columns of the tables of presentations and of the learning curve.
const TABLE_COLUMNS: u64 = 14;

/// Planned presentations and expected firing rates of a run, from which the size of its file is estimated.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Planned {
    /// Kind of the presentations that are recorded.
    pub kind: PresentationKind,
    /// Presentations of this kind, counted as their indices are.
    pub presentations: Range<u64>,
    /// Training presentations in an epoch.
    pub epoch: u64,
    /// Test presentations in each evaluation, at the end of an epoch and of the run.
    pub tests: u64,
    /// Mean rate of the neurons of each population [1/ms].
    pub rates: Vec<f64>,
    /// Of a continuous run, what of its clock may be recorded [ms]; else empty.
    pub span_ms: Range<f64>,
}

/// Size of what a run file will hold [bytes].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Estimate {
    /// Spike times and neurons, and events with a beginning and an end of the same neurons: at most one of each kind for a spike.
    pub spikes: u64,
    /// Plateaus of both phases.
    pub plateaus: u64,
    /// Sampled traces.
    pub traces: u64,
    /// Snapshots of weights and biases.
    pub weights: u64,
    /// Rows of presentations.
    pub presentations: u64,
    /// What the file itself takes: model text, names, indices of chunks.
    pub structure: u64,
}

impl Estimate {
    /// The whole file [bytes].
    pub fn total(&self) -> u64 {
        let parts = [self.spikes, self.plateaus, self.traces, self.weights, self.presentations, self.structure];
        parts.into_iter().fold(0, u64::saturating_add)
    }
}

impl Planned {
    /// A run of these presentations, with `epoch` of them in an epoch and without evaluations; cells are assumed to fire at
    /// 24 Hz, inputs at 0.13 of their largest rate.
    pub fn assumed(model: &Model, kind: PresentationKind, presentations: Range<u64>, epoch: u64) -> Self {
        let rates = model.populations.iter().map(|population| match population.cell.dynamics() {
            Dynamics::Source(source) => MEAN_PIXEL * source.rate_max,
            Dynamics::Linear(_) | Dynamics::Compartmental(_) => CELL_RATE,
        });
        Self { kind, presentations, epoch, tests: 0, rates: rates.collect(), span_ms: 0.0..0.0 }
    }

    /// The assumption on which the size of the file of a circuit rests, as words; empty where it records no spikes of cells, and for
    /// networks that learn in two phases, whose cells fire near that rate.
    pub fn assumption(&self, model: &Model) -> String {
        let cells = model.recording.spikes.iter().any(|&p| !model.population(p).is_source());
        let is_circuit = model.protocol.continuous().is_some();
        if cells && is_circuit { format!(", if its cells fire at {} Hz", 1000.0 * CELL_RATE) } else { String::new() }
    }

    /// Spikes of a population in the presentations recorded.
    pub fn spikes(&self, model: &Model, population: PopulationId) -> u64 {
        let neurons = model.recording.spiking(population, model.population(population).size).len();
        (self.recorded_ms(model) * self.rates[population.0] * neurons as f64) as u64
    }

    /// Plateaus of a population in the presentations recorded.
    pub fn plateaus(&self, model: &Model, population: PopulationId) -> u64 {
        let phases = if self.kind == PresentationKind::Train { 2 } else { 1 };
        self.recorded(model).saturating_mul(phases * model.population(population).size as u64)
    }

    /// Samples of each trace.
    pub fn samples(&self, model: &Model) -> u64 {
        (self.recorded_ms(model) / model.recording.report_dt).ceil() as u64
    }

    /// Rows of the table of presentations.
    pub fn rows(&self) -> u64 {
        let shown = self.presentations.end.saturating_sub(self.presentations.start);
        shown.saturating_add(self.tests.saturating_mul(self.evaluations()))
    }

    /// Estimates the run file.
    pub fn estimate(&self, model: &Model) -> Estimate {
        let recording = &model.recording;
        let all = |of: &[PopulationId], rows: &dyn Fn(PopulationId) -> u64, bytes: u64| {
            of.iter().fold(0u64, |sum, &p| sum.saturating_add(rows(p).saturating_mul(bytes)))
        };
        let traced = |p: PopulationId| recording.traced(p, model.population(p).size).len();
        let elements: usize = recording.traces.iter().map(|(p, kept)| traced(*p) * kept.len()).sum();
        let snapshots = self.snapshots(model);
        Estimate {
            spikes: all(
                &recording.spikes,
                &|p| self.spikes(model, p).saturating_mul(16 + 28 * kinds_of_events(model, p)),
                1,
            ),
            plateaus: all(&recording.plateaus, &|p| self.plateaus(model, p), 21),
            traces: self.samples(model).saturating_mul(4 * elements as u64),
            weights: snapshots.saturating_mul(parameters(model)),
            presentations: self.rows().saturating_mul(41),
            structure: structure(model, snapshots, self.stretches(model)),
        }
    }

    /// Number of presentations recorded.
    pub fn recorded(&self, model: &Model) -> u64 {
        self.ranges(model).iter().map(|range| range.end - range.start).sum()
    }

    /// Unbroken stretches of presentations recorded: evaluations part them.
    pub fn stretches(&self, model: &Model) -> u64 {
        if model.protocol.continuous().is_some() {
            return model.recording.recorded_times(self.span_ms.clone()).len() as u64;
        }
        let epoch = if self.kind == PresentationKind::Train && self.tests > 0 { self.epoch } else { 0 };
        let before = |n: u64| n.checked_div(epoch).unwrap_or(0);
        self.ranges(model).iter().map(|range| 1 + before(range.end - 1) - before(range.start)).sum()
    }

    /// The presentations recorded.
    fn ranges(&self, model: &Model) -> Vec<Range<u64>> {
        let run = &self.presentations;
        let within = |range: Range<u64>| range.start.max(run.start)..range.end.min(run.end);
        let ranges = model.recording.recorded(run.end).into_iter().map(within);
        ranges.filter(|range| !range.is_empty()).collect()
    }

    /// Their length, or that of the times recorded of a continuous run [ms].
    pub fn recorded_ms(&self, model: &Model) -> f64 {
        if model.protocol.continuous().is_some() {
            let times = model.recording.recorded_times(self.span_ms.clone());
            return times.iter().map(|time| time.end - time.start).sum();
        }
        self.recorded(model) as f64 * mean_length(&model.phases(), self.kind)
    }

    fn evaluations(&self) -> u64 {
        1 + self.presentations.end.saturating_sub(self.presentations.start + 1).checked_div(self.epoch).unwrap_or(0)
    }

    /// Number of snapshots of the weights; a test has none.
    fn snapshots(&self, model: &Model) -> u64 {
        if self.kind == PresentationKind::Test {
            return 0;
        }
        let every = match model.recording.snapshots {
            Snapshots::Never => return 0,
            Snapshots::Ends => 0,
            Snapshots::Epochs => self.epoch,
            Snapshots::Presentations(every) => every,
        };
        let until = |n: u64| n.checked_div(every).unwrap_or(0);
        2 + until(self.presentations.end) - until(self.presentations.start)
    }
}

/// Memory of a network while it runs [bytes].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemoryEstimate {
    /// Of weights and biases.
    pub synapses: u64,
    /// Of the state of neurons and of what is on its way between them.
    pub state: u64,
}

impl MemoryEstimate {
    /// What a network of this model takes, in one lane.
    pub fn of(model: &Model) -> Self {
        /// State of a neuron and of its outgoing trains: amplitudes, potentials, buffers [bytes].
        const NEURON: u64 = 256;
        let neurons: u64 = model.populations.iter().map(|population| population.size as u64).sum();
        let expected = model.projections.iter().map(|projection| expected_synapses(model, projection));
        let synapses = expected.map(|expected| expected.bytes).sum::<f64>() as u64;
        Self { synapses: synapses.saturating_add(biases(model) * 4), state: neurons.saturating_mul(NEURON) }
    }

    /// All of it [bytes].
    pub fn total(&self) -> u64 {
        self.synapses.saturating_add(self.state)
    }
}

/// Mean length of a presentation [ms].
fn mean_length(protocol: &TwoPhaseProtocol, kind: PresentationKind) -> f64 {
    match kind {
        PresentationKind::Train => protocol.forward + protocol.target + 2.0 * protocol.wald_mean,
        PresentationKind::Test => protocol.test,
    }
}

/// Number of synapses of a projection of a model, of random connections its mean.
pub fn synapses_of(model: &Model, projection: &Projection) -> u64 {
    expected_synapses(model, projection).count as u64
}

/// Estimated size of a checkpoint: synapses and biases, and the state of every lane [bytes].
pub fn checkpoint_bytes(model: &Model) -> u64 {
    /// State of a neuron and of its outgoing trains [bytes].
    const NEURON: u64 = 64;
    /// Datasets of a checkpoint, of a population and of a projection, and what each takes with its digest [bytes].
    const DATASETS: [u64; 2] = [14, 8];
    const DATASET: u64 = 700;
    let neurons: u64 = model.populations.iter().map(|population| population.size as u64).sum();
    let lanes = model.learning.batch as u64;
    let parts = [model.populations.len(), model.projections.len()].map(|parts| parts as u64);
    let datasets = parts[0] * DATASETS[0] * lanes + parts[1] * DATASETS[1] * lanes;
    parameters(model).saturating_add(neurons.saturating_mul(NEURON * lanes)).saturating_add(datasets * DATASET)
}

/// What a snapshot of synapses and biases takes [bytes].
fn parameters(model: &Model) -> u64 {
    /// Ends, delay and weight of a sparse synapse in a file [bytes].
    const SPARSE: f64 = 14.0;
    let expected = model.projections.iter().map(|projection| expected_synapses(model, projection));
    let bytes = |expected: ExpectedSynapses| match expected.storage {
        Some(Storage::Sparse) => SPARSE * expected.count,
        _ => expected.bytes,
    };
    let weights = expected.map(bytes).sum::<f64>() as u64;
    weights.saturating_add(4 * biases(model))
}

/// Number of kinds of events with a beginning and an end of a population.
fn kinds_of_events(model: &Model, population: PopulationId) -> u64 {
    model.population(population).cell.dynamics().mark_kinds().len() as u64
}

/// Number of biases.
fn biases(model: &Model) -> u64 {
    model.populations.iter().filter(|population| population.bias.is_some()).map(|p| p.size as u64).sum()
}

/// What the model's text and datasets take beside values, where traces are of so many stretches [bytes].
fn structure(model: &Model, snapshots: u64, stretches: u64) -> u64 {
    let recording = &model.recording;
    let parts = (model.projections.len() + model.populations.len()) as u64;
    let kinds: u64 = recording.spikes.iter().map(|&p| kinds_of_events(model, p)).sum();
    let recorded =
        4 * kinds as usize + 2 * recording.spikes.len() + 4 * recording.plateaus.len() + 6 * recording.traces.len();
    let later = (2 * recording.traces.len() as u64).saturating_mul(stretches.saturating_sub(1));
    let growing = GROWING.saturating_mul((TABLE_COLUMNS + recorded as u64).saturating_add(later));
    let fixed = FIXED.saturating_mul(snapshots.saturating_mul(parts));
    growing.saturating_add(fixed).saturating_add(model.text().len() as u64)
}
