//! Events of one population that have a beginning and an end.

use std::ops::Range;

use hdf5::{Group, Result};

use super::attribute;
use super::rows::Rows;
use crate::cells::MarkKind;
use crate::engine::Observation;
use crate::model::{Model, PopulationId};
use crate::record::Planned;

/// `/events/POP/KIND`, of the neurons whose spikes are recorded.
#[derive(Debug)]
pub(super) struct Events {
    population: usize,
    kind: MarkKind,
    neurons: Range<u32>,
    start: Rows<f64>,
    stop: Rows<f64>,
    node_ids: Rows<u64>,
    compartment: Rows<u32>,
}

impl Events {
    /// Those of a population of each kind.
    pub(super) fn create(events: &Group, model: &Model, id: PopulationId, planned: &Planned) -> Result<Vec<Self>> {
        let population = model.population(id);
        let kinds = population.cell.dynamics().mark_kinds();
        if kinds.is_empty() {
            return Ok(Vec::new());
        }
        let group = events.create_group(&population.name)?;
        let (expected, compression) = (planned.spikes(model, id), model.recording.compression);
        let kept = model.recording.spiking(id, population.size);
        let times = |group: &Group, name: &str| -> Result<Rows<f64>> {
            let times = Rows::list(group, name, expected, compression)?;
            attribute::put_text(times.dataset(), "units", "ms")?;
            Ok(times)
        };
        let of_kind = |kind: MarkKind| {
            let group = group.create_group(kind.name())?;
            Ok(Self {
                population: id.0,
                kind,
                neurons: kept.start as u32..kept.end as u32,
                start: times(&group, "start")?,
                stop: times(&group, "stop")?,
                node_ids: Rows::list(&group, "node_ids", expected, compression)?,
                compartment: Rows::list(&group, "compartment", expected, compression)?,
            })
        };
        kinds.into_iter().map(of_kind).collect()
    }

    /// Takes the events that were over in a presentation that started at `start` on the run's clock [ms].
    pub(super) fn record(&mut self, start: f64, observed: &Observation) {
        let Self { kind, neurons, .. } = self;
        let seen = observed.marks.get(self.population).map_or(&[][..], Vec::as_slice);
        for mark in seen.iter().filter(|mark| mark.kind == *kind && neurons.contains(&mark.neuron)) {
            self.start.waiting().push(start + mark.start);
            self.stop.waiting().push(start + mark.stop);
            self.node_ids.waiting().push(u64::from(mark.neuron));
            self.compartment.waiting().push(mark.compartment);
        }
    }

    pub(super) fn waiting_bytes(&self) -> usize {
        let times = self.start.waiting_bytes() + self.stop.waiting_bytes();
        times + self.node_ids.waiting_bytes() + self.compartment.waiting_bytes()
    }

    pub(super) fn append(&mut self) -> Result<()> {
        self.start.append()?;
        self.stop.append()?;
        self.node_ids.append()?;
        self.compartment.append()
    }
}
