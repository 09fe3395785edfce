//! How much a run will write, before it runs.

use std::ops::Range;

use super::Kind;
use crate::model::{Model, Neuron, Protocol, Snapshots};

/// Mean rate assumed of cells, that of a trained network of the paper [1/ms].
const CELL_RATE: f64 = 0.024;

/// Mean pixel value assumed of images, that of MNIST (0 to 1).
const MEAN_PIXEL: f64 = 0.13;

/// Size of what a run file will hold, uncompressed [bytes].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Estimate {
    /// Spike times and neurons, at 24 Hz for cells and 0.13 of the largest rate for inputs.
    pub spikes: u64,
    /// Plateaus of both phases.
    pub plateaus: u64,
    /// Sampled traces.
    pub traces: u64,
    /// Snapshots of weights and biases.
    pub weights: u64,
    /// Rows of presentations.
    pub presentations: u64,
}

impl Estimate {
    /// The whole file [bytes].
    pub fn total(&self) -> u64 {
        let parts = [self.spikes, self.plateaus, self.traces, self.weights, self.presentations];
        parts.into_iter().fold(0, u64::saturating_add)
    }
}

/// Estimates the run file of a run of these presentations of one kind, with `epoch` of them in an epoch; evaluations are not
/// counted.
pub fn estimate(model: &Model, kind: Kind, run: &Range<u64>, epoch: u64) -> Estimate {
    let recording = &model.recording;
    let recorded = recording.end.min(run.end).saturating_sub(recording.first.max(run.start));
    let span = recorded as f64 * mean_length(&model.protocol, kind);
    let spikes: f64 = recording.spikes.iter().map(|&p| model.population(p)).map(|p| rate(&p.neuron, p.size)).sum();
    let plateaus: usize = recording.plateaus.iter().map(|&p| model.population(p).size).sum();
    let elements: usize = recording.traces.iter().map(|(p, kept)| model.population(*p).size * kept.len()).sum();
    let phases = if kind == Kind::Train { 2 } else { 1 };
    Estimate {
        spikes: (16.0 * span * spikes) as u64,
        plateaus: recorded.saturating_mul(21 * phases * plateaus as u64),
        traces: (4.0 * elements as f64 * span / recording.report_dt).ceil() as u64,
        weights: snapshots(model, kind, run, epoch).saturating_mul(4 * parameters(model)),
        presentations: (run.end - run.start).saturating_mul(41),
    }
}

/// Mean length of a presentation [ms].
fn mean_length(protocol: &Protocol, kind: Kind) -> f64 {
    match kind {
        Kind::Train => protocol.forward + protocol.target + 2.0 * protocol.wald_mean,
        Kind::Test => protocol.test,
    }
}

/// Mean rate of a whole population [1/ms].
fn rate(neuron: &Neuron, size: usize) -> f64 {
    let each = match neuron {
        Neuron::Poisson(poisson) => MEAN_PIXEL * poisson.phi_max,
        Neuron::Pyramidal(_) | Neuron::Output(_) => CELL_RATE,
    };
    each * size as f64
}

/// Number of snapshots of the weights; a test has none.
fn snapshots(model: &Model, kind: Kind, run: &Range<u64>, epoch: u64) -> u64 {
    if kind == Kind::Test {
        return 0;
    }
    let every = match model.recording.snapshots {
        Snapshots::Ends => 0,
        Snapshots::Epochs => epoch,
        Snapshots::Presentations(every) => every,
    };
    let until = |n: u64| n.checked_div(every).unwrap_or(0);
    2 + until(run.end) - until(run.start)
}

/// Number of weights and biases.
fn parameters(model: &Model) -> u64 {
    let size = |p| model.population(p).size as u64;
    let weights: u64 = model.projections.iter().map(|p| size(p.from) * size(p.to)).sum();
    let encoders = |p: &&crate::model::Population| !matches!(p.neuron, Neuron::Poisson(_));
    weights + model.populations.iter().filter(encoders).map(|p| p.size as u64).sum::<u64>()
}
