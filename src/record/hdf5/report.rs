//! Sampled traces of one population, as SONATA element reports: one for each unbroken stretch of presentations.

use std::ops::Range;

use hdf5::{Dataset, Group, Result};

use super::attribute;
use super::grid::Taken;
use super::rows::Rows;
use crate::cells::PotentialUnit;
use crate::engine::Observation;
use crate::model::{CompartmentId, Compression, Model, PopulationId};
use crate::record::Planned;

/// Parts of a mapping that every stretch of a population shares.
const SHARED: [&str; 4] = ["node_ids", "index_pointers", "element_ids", "element_pos"];

/// The name of the report of a stretch of a population, counted from 0; no population has an `@` in its name.
pub(super) fn stretch_name(population: &str, stretch: usize) -> String {
    if stretch == 0 { population.to_owned() } else { format!("{population}@{}", stretch + 1) }
}

/// The population of a report of this name; the whole name if it is that of no stretch.
pub(super) fn population_of(report: &str) -> &str {
    let stretch = |(_, number): &(&str, &str)| number.parse().is_ok_and(|number: u32| number > 1);
    report.split_once('@').filter(stretch).map_or(report, |(population, _)| population)
}

/// `/report/POP`, `/report/POP@2` and so on.
#[derive(Debug)]
pub(super) struct Report {
    population: usize,
    name: String,
    neurons: usize,
    /// Neurons of which they are kept.
    traced: Range<usize>,
    /// Elements of a neuron as they are observed.
    elements: usize,
    /// Those kept, in ascending order.
    kept: Vec<usize>,
    shape: ReportShape,
    /// `/report`.
    group: Group,
    /// PresentationRanges in the file before the last.
    complete: usize,
    /// The last stretch in the file.
    stretch: StoredRange,
    /// PresentationRanges that follow and are not yet in the file.
    next: Vec<Next>,
}

/// How the samples of a stretch are stored.
#[derive(Clone, Copy, Debug)]
struct ReportShape {
    /// Traces.
    width: usize,
    unit: PotentialUnit,
    /// Samples of each that are expected.
    expected: u64,
    compression: Compression,
}

/// A stretch in the file.
#[derive(Debug)]
struct StoredRange {
    data: Rows<f32>,
    time: Dataset,
    times: [f64; 3],
}

/// Samples of a stretch that is not yet in the file, and its start, stop and spacing.
#[derive(Debug)]
struct Next {
    values: Vec<f32>,
    times: [f64; 3],
}

impl Report {
    pub(super) fn create(
        report: &Group,
        model: &Model,
        (id, kept): (PopulationId, &[CompartmentId]),
        planned: &Planned,
    ) -> Result<Self> {
        let population = model.population(id);
        let kept: Vec<usize> = kept.iter().map(|compartment| compartment.0).collect();
        let group = report.create_group(&population.name)?;
        let traced = model.recording.traced(id, population.size);
        mapping(&group.create_group("mapping")?, traced.clone(), &kept)?;
        let expected = planned.samples(model) / planned.stretches(model).max(1);
        let unit = population.potential_unit();
        let shape =
            ReportShape { unit, width: traced.len() * kept.len(), expected, compression: model.recording.compression };
        Ok(Self {
            population: id.0,
            name: population.name.clone(),
            neurons: population.size,
            traced,
            elements: population.cell.compartments().len(),
            kept,
            shape,
            group: report.clone(),
            complete: 0,
            stretch: StoredRange::create(&group, shape, [0.0, 0.0, model.recording.report_dt])?,
            next: Vec::new(),
        })
    }

    /// Number of samples taken of a presentation.
    pub(super) fn samples(&self, observed: &Observation) -> usize {
        let traces = observed.traces.get(self.population).map_or(0, Vec::len);
        traces.checked_div(self.neurons * self.elements).unwrap_or(0)
    }

    /// Takes the samples of a presentation that belong to the grid; `times` are the start, stop and spacing of its stretch with
    /// them.
    pub(super) fn record(&mut self, observed: &Observation, taken: Taken, times: [f64; 3]) {
        if taken.after_gap {
            self.next.push(Next { values: Vec::new(), times });
        }
        let (values, own) = match self.next.last_mut() {
            Some(next) => (&mut next.values, &mut next.times),
            None => (self.stretch.data.waiting(), &mut self.stretch.times),
        };
        *own = times;
        let traces = observed.traces.get(self.population).map_or(&[][..], Vec::as_slice);
        let traces = &traces[..taken.samples * self.neurons * self.elements];
        if self.kept.len() == self.elements && self.traced.len() == self.neurons {
            values.extend(traces);
            return;
        }
        let (first, count) = (self.traced.start, self.traced.len());
        for sample in traces.chunks_exact(self.neurons * self.elements) {
            let neurons = sample.chunks_exact(self.elements).skip(first).take(count);
            values.extend(neurons.flat_map(|neuron| self.kept.iter().map(|&e| neuron[e])));
        }
    }

    pub(super) fn waiting_bytes(&self) -> usize {
        let next: usize = self.next.iter().map(|next| size_of_val(next.values.as_slice())).sum();
        self.stretch.data.waiting_bytes() + next
    }

    /// Appends what waits, stretch by stretch.
    pub(super) fn append(&mut self) -> Result<()> {
        self.stretch.append()?;
        for Next { values, times } in std::mem::take(&mut self.next) {
            // What is left of the stretch before in HDF5's caches: an error at its close would not be seen.
            self.group.file()?.flush()?;
            let group = self.group.create_group(&stretch_name(&self.name, self.complete + 1))?;
            group.create_group("mapping")?;
            for part in SHARED {
                let path = |stretch| format!("{}/mapping/{part}", stretch_name(&self.name, stretch));
                self.group.link_hard(&path(0), &path(self.complete + 1))?;
            }
            group.link_soft("index_pointers", "mapping/index_pointer")?;
            self.stretch = StoredRange::create(&group, self.shape, times)?;
            self.complete += 1;
            *self.stretch.data.waiting() = values;
            self.stretch.append()?;
        }
        Ok(())
    }
}

impl StoredRange {
    /// The datasets of a stretch beside the shared parts of its mapping.
    fn create(group: &Group, shape: ReportShape, times: [f64; 3]) -> Result<Self> {
        let ReportShape { width, unit, expected, compression } = shape;
        let data = Rows::matrix(group, "data", width, expected, compression)?;
        attribute::put_text(data.dataset(), "units", unit.name())?;
        let time = group.new_dataset::<f64>().shape(3).create("mapping/time")?;
        attribute::put_text(&time, "units", "ms")?;
        Ok(Self { data, time, times })
    }

    fn append(&mut self) -> Result<()> {
        self.data.append()?;
        self.time.write_raw(&self.times)
    }
}

/// Writes the parts of a mapping that every stretch shares.
fn mapping(group: &Group, traced: Range<usize>, kept: &[usize]) -> Result<()> {
    let neurons = traced.len() as u64;
    let node_ids: Vec<u64> = traced.map(|neuron| neuron as u64).collect();
    let pointers: Vec<u64> = (0..=neurons).map(|i| i * kept.len() as u64).collect();
    let elements: Vec<u32> = node_ids.iter().flat_map(|_| kept.iter().map(|&e| e as u32)).collect();
    let positions = vec![0.5f32; elements.len()];
    let ids = group.new_dataset_builder().with_data(&node_ids).create("node_ids")?;
    attribute::put(&ids, "sorted", &1u8)?;
    group.new_dataset_builder().with_data(&pointers).create("index_pointers")?;
    group.link_soft("index_pointers", "index_pointer")?;
    group.new_dataset_builder().with_data(&elements).create("element_ids")?;
    group.new_dataset_builder().with_data(&positions).create("element_pos")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_have_the_names_of_their_population() {
        for stretch in [0, 1, 9] {
            assert_eq!(population_of(&stretch_name("hidden", stretch)), "hidden");
        }
        for other in ["hidden@", "hidden@1", "hidden@two", "hidden@-2"] {
            assert_eq!(population_of(other), other);
        }
    }
}
