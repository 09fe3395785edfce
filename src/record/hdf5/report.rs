//! Sampled traces of one population, as a SONATA element report.

use hdf5::{Dataset, Group, Result};

use super::attribute;
use super::rows::Rows;
use crate::engine::Observation;
use crate::model::{Compartment, Model, Neuron, Population, PopulationId};
use crate::record::Planned;

/// `/report/POP`.
#[derive(Debug)]
pub(super) struct Report {
    population: usize,
    neurons: usize,
    /// Elements of a neuron as they are observed.
    elements: usize,
    /// Those kept, in ascending order.
    kept: Vec<usize>,
    data: Rows<f32>,
    time: Dataset,
}

impl Report {
    pub(super) fn create(
        report: &Group,
        model: &Model,
        (id, kept): (PopulationId, &[Compartment]),
        planned: &Planned,
    ) -> Result<Self> {
        let population = model.population(id);
        let kept: Vec<usize> = kept.iter().map(|&c| element(c)).collect();
        let group = report.create_group(&population.name)?;
        let width = population.size * kept.len();
        let data = Rows::matrix(&group, "data", width, planned.samples(model), model.recording.compression)?;
        attribute::put_text(data.dataset(), "units", "dimensionless")?;
        let time = mapping(&group.create_group("mapping")?, population, &kept)?;
        let (neurons, elements) = (population.size, elements(population));
        Ok(Self { population: id.0, neurons, elements, kept, data, time })
    }

    /// Number of samples taken of a presentation.
    pub(super) fn samples(&self, observed: &Observation) -> usize {
        let traces = observed.traces.get(self.population).map_or(0, Vec::len);
        traces.checked_div(self.neurons * self.elements).unwrap_or(0)
    }

    /// Takes the first `samples` samples of a presentation.
    pub(super) fn record(&mut self, observed: &Observation, samples: usize) {
        let Some(traces) = observed.traces.get(self.population).filter(|_| samples > 0) else { return };
        let traces = &traces[..samples * self.neurons * self.elements];
        let kept = &self.kept;
        if kept.len() == self.elements {
            self.data.waiting().extend(traces);
        } else {
            let neurons = traces.chunks_exact(self.elements);
            self.data.waiting().extend(neurons.flat_map(|neuron| kept.iter().map(|&e| neuron[e])));
        }
    }

    pub(super) fn waiting_bytes(&self) -> usize {
        self.data.waiting_bytes()
    }

    /// Appends what waits; `times` are the start, stop and spacing of all rows.
    pub(super) fn append(&mut self, times: [f64; 3]) -> Result<()> {
        self.data.append()?;
        self.time.write_raw(&times)
    }
}

/// Writes the mapping of a report and gives back its dataset of times.
fn mapping(group: &Group, population: &Population, kept: &[usize]) -> Result<Dataset> {
    let neurons = population.size as u64;
    let node_ids: Vec<u64> = (0..neurons).collect();
    let pointers: Vec<u64> = (0..=neurons).map(|i| i * kept.len() as u64).collect();
    let elements: Vec<u32> = node_ids.iter().flat_map(|_| kept.iter().map(|&e| e as u32)).collect();
    let positions = vec![0.5f32; elements.len()];
    let ids = group.new_dataset_builder().with_data(&node_ids).create("node_ids")?;
    attribute::put(&ids, "sorted", &1u8)?;
    group.new_dataset_builder().with_data(&pointers).create("index_pointers")?;
    group.link_soft("index_pointers", "index_pointer")?;
    group.new_dataset_builder().with_data(&elements).create("element_ids")?;
    group.new_dataset_builder().with_data(&positions).create("element_pos")?;
    let time = group.new_dataset::<f64>().shape(3).create("time")?;
    attribute::put_text(&time, "units", "ms")?;
    Ok(time)
}

/// The number of an element in its neuron.
fn element(compartment: Compartment) -> usize {
    match compartment {
        Compartment::Soma => 0,
        Compartment::Basal | Compartment::Dendrite => 1,
        Compartment::Apical => 2,
    }
}

/// Number of elements of each neuron of a population.
fn elements(population: &Population) -> usize {
    match population.neuron {
        Neuron::Poisson(_) => 0,
        Neuron::Pyramidal(_) => 3,
        Neuron::Output(_) => 2,
    }
}
