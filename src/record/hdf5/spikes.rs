//! Spikes and plateaus of one population.

use std::ops::Range;

use hdf5::{Group, Result};

use super::attribute;
use super::dtype::{PhaseCode, Sorting};
use super::rows::Rows;
use crate::engine::Observation;
use crate::model::{Compression, Model, PopulationId};
use crate::protocol::Spike;
use crate::record::Planned;

/// `/spikes/POP`.
#[derive(Debug)]
pub(super) struct Spikes {
    population: usize,
    /// The neurons of which they are kept; none: of all.
    neurons: Option<Range<u32>>,
    timestamps: Rows<f64>,
    node_ids: Rows<u64>,
}

impl Spikes {
    pub(super) fn create(spikes: &Group, model: &Model, id: PopulationId, planned: &Planned) -> Result<Self> {
        let (population, expected) = (model.population(id), planned.spikes(model, id));
        let group = spikes.create_group(&population.name)?;
        attribute::put(&group, "sorting", &Sorting::ByTime)?;
        attribute::put(&group, "size", &(population.size as u64))?;
        let timestamps = Rows::list(&group, "timestamps", expected, model.recording.compression)?;
        // bmtk compares it with a `str`, and takes `bytes` for another unit.
        attribute::variable::put_text(timestamps.dataset(), "units", "ms")?;
        let node_ids = Rows::list(&group, "node_ids", expected, model.recording.compression)?;
        let kept = model.recording.spiking(id, population.size);
        let neurons = (kept.len() < population.size).then_some(kept.start as u32..kept.end as u32);
        Ok(Self { population: id.0, neurons, timestamps, node_ids })
    }

    /// Takes the spikes of a presentation that started at `start` on the run's clock [ms].
    pub(super) fn record(&mut self, start: f64, observed: &Observation) {
        let seen: &[Spike] = observed.spikes.get(self.population).map_or(&[], Vec::as_slice);
        let kept = |spike: &&Spike| self.neurons.as_ref().is_none_or(|neurons| neurons.contains(&spike.neuron));
        self.timestamps.waiting().extend(seen.iter().filter(kept).map(|s| start + s.time));
        self.node_ids.waiting().extend(seen.iter().filter(kept).map(|s| u64::from(s.neuron)));
    }

    pub(super) fn waiting_bytes(&self) -> usize {
        self.timestamps.waiting_bytes() + self.node_ids.waiting_bytes()
    }

    pub(super) fn append(&mut self) -> Result<()> {
        self.timestamps.append()?;
        self.node_ids.append()
    }
}

/// `/plateaus/POP`.
#[derive(Debug)]
pub(super) struct Plateaus {
    population: usize,
    timestamps: Rows<f64>,
    node_ids: Rows<u64>,
    alpha: Rows<f32>,
    phase: Rows<PhaseCode>,
}

impl Plateaus {
    pub(super) fn create(plateaus: &Group, model: &Model, id: PopulationId, planned: &Planned) -> Result<Self> {
        let expected = planned.plateaus(model, id);
        let group = plateaus.create_group(&model.population(id).name)?;
        let timestamps = Rows::list(&group, "timestamps", expected, Compression::None)?;
        attribute::put_text(timestamps.dataset(), "units", "ms")?;
        Ok(Self {
            population: id.0,
            timestamps,
            node_ids: Rows::list(&group, "node_ids", expected, Compression::None)?,
            alpha: Rows::list(&group, "alpha", expected, Compression::None)?,
            phase: Rows::list(&group, "phase", expected, Compression::None)?,
        })
    }

    /// Takes the plateaus at the phase ends of a presentation that started at `start` on the run's clock [ms].
    pub(super) fn record(&mut self, start: f64, observed: &Observation) {
        let Some(plateaus) = observed.plateaus.get(self.population) else { return };
        for ((index, code), alphas) in [PhaseCode::Forward, PhaseCode::Target].into_iter().enumerate().zip(plateaus) {
            self.timestamps.waiting().extend(observed.plateau_times(self.population, index, start));
            self.node_ids.waiting().extend(0..alphas.len() as u64);
            self.alpha.waiting().extend(alphas);
            self.phase.waiting().extend(alphas.iter().map(|_| code));
        }
    }

    pub(super) fn waiting_bytes(&self) -> usize {
        let times = self.timestamps.waiting_bytes() + self.node_ids.waiting_bytes();
        times + self.alpha.waiting_bytes() + self.phase.waiting_bytes()
    }

    pub(super) fn append(&mut self) -> Result<()> {
        self.timestamps.append()?;
        self.node_ids.append()?;
        self.alpha.append()?;
        self.phase.append()
    }
}
