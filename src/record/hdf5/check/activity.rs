//! Spikes, plateaus and potentials.

use hdf5::H5Type;
use ndarray::s;

use super::super::dtype::PhaseCode;
use super::super::presentation::ROUNDING_MS;
use super::Check;
use crate::model::{Population, PopulationId};

/// The code of `by_time` among the orders of spikes.
const BY_TIME: u8 = 2;

/// Potentials that are in memory at a time.
const BLOCK: usize = 1 << 18;

impl Check<'_> {
    pub(super) fn spikes(&mut self, object: &str, population: &Population) {
        let sorting = self.source.number_of::<u8>(object, "sorting").is_ok_and(|sorting| sorting == BY_TIME);
        self.require(object, sorting, "the attribute `sorting` = by_time");
        let size = self.source.number_of::<u64>(object, "size");
        let right = size.is_ok_and(|size| size == population.size as u64);
        self.require(object, right, &format!("the attribute `size` = {}", population.size));
        let name = format!("{object}/timestamps");
        self.units(&name, "ms");
        let Some(times) = self.column::<f64>(&name, None) else { return };
        // False of NaN, too.
        self.require(&name, times.is_sorted_by(|a, b| a <= b), "ascending times");
        self.within(&name, &times);
        self.neurons(object, population, times.len());
    }

    /// Checks that everything happened while a presentation was recorded.
    fn within(&mut self, name: &str, times: &[f64]) {
        let mut recorded = self.recorded.iter().peekable();
        let mut last = f64::NEG_INFINITY;
        let shown = times.iter().all(|&time| {
            if time < last {
                // Plateaus of a phase come neuron by neuron.
                recorded = self.recorded.iter().peekable();
            }
            last = time;
            while recorded.next_if(|[_, end]| end + ROUNDING_MS < time).is_some() {}
            recorded.peek().is_some_and(|[start, end]| (start - ROUNDING_MS..=end + ROUNDING_MS).contains(&time))
        });
        self.require(name, shown, "times within recorded presentations");
    }

    fn neurons(&mut self, object: &str, population: &Population, rows: usize) {
        let name = format!("{object}/node_ids");
        let Some(ids) = self.column::<u64>(&name, Some(rows)) else { return };
        let id = self.model.populations.iter().position(|other| other.name == population.name).unwrap_or(usize::MAX);
        let kept = if object.starts_with("spikes/") || object.starts_with("events/") {
            self.model.recording.spiking(PopulationId(id), population.size)
        } else {
            0..population.size
        };
        let within = ids.iter().all(|&id| kept.contains(&(id as usize)));
        let from = if kept.start > 0 { format!(" and from {}", kept.start) } else { String::new() };
        self.require(&name, within, &format!("neurons below {}{from}", kept.end));
    }

    pub(super) fn plateaus(&mut self, object: &str, population: &Population) {
        let name = format!("{object}/timestamps");
        self.units(&name, "ms");
        let Some(times) = self.column::<f64>(&name, None) else { return };
        self.within(&name, &times);
        self.neurons(object, population, times.len());
        self.codes::<PhaseCode>(&format!("{object}/phase"), Some(times.len()));
        let name = format!("{object}/alpha");
        if let Some(alpha) = self.column::<f32>(&name, Some(times.len())) {
            self.require(&name, alpha.iter().all(|alpha| (0.0..=1.0).contains(alpha)), "plateaus from 0 to 1");
        }
    }

    /// Events with a beginning and an end, of each population whose spikes are recorded and of each kind that its cells have.
    pub(super) fn events(&mut self) {
        let (model, recording) = (self.model, &self.model.recording);
        for population in recording.spikes.iter().map(|&id| model.population(id)) {
            for kind in population.cell.dynamics().mark_kinds() {
                self.events_of_kind(&format!("events/{}/{}", population.name, kind.name()), population);
            }
        }
    }

    fn events_of_kind(&mut self, object: &str, population: &Population) {
        let [start, stop] = ["start", "stop"].map(|column| format!("{object}/{column}"));
        self.units(&start, "ms");
        self.units(&stop, "ms");
        let Some(starts) = self.column::<f64>(&start, None) else { return };
        let Some(stops) = self.column::<f64>(&stop, Some(starts.len())) else { return };
        let in_order = starts.iter().zip(&stops).all(|(start, stop)| start <= stop);
        self.require(object, in_order, "every `start` before its `stop`");
        self.neurons(object, population, starts.len());
        let name = format!("{object}/compartment");
        if let Some(compartments) = self.column::<u32>(&name, Some(starts.len())) {
            let known = population.cell.compartments().len() as u32;
            let fits = compartments.iter().all(|compartment| *compartment < known);
            self.require(&name, fits, &format!("compartments below {known}"));
        }
    }

    pub(super) fn report(&mut self, object: &str, population: &Population) {
        let data = format!("{object}/data");
        let Ok(&[samples, width]) = self.source.shape(&data).as_deref() else {
            return self.say(&data, "is missing, or is no matrix");
        };
        let of = self.source.descriptor(&data).is_ok_and(|found| found == f32::type_descriptor());
        self.require(&data, of, "f32 [samples, elements]");
        self.units(&data, population.potential_unit().name());
        self.potentials(&data, samples, width);
        self.mapping(object, population, width);
        let name = format!("{object}/mapping/time");
        self.units(&name, "ms");
        if let Some(time) = self.column::<f64>(&name, Some(3)) {
            let [start, stop, every] = [time[0], time[1], time[2]];
            let meets = every > 0.0 && (stop - start - samples as f64 * every).abs() < every;
            self.require(&name, meets, &format!("start, stop and spacing of {samples} samples"));
        }
    }

    fn potentials(&mut self, data: &str, samples: usize, width: usize) {
        let step = (BLOCK / width.max(1)).max(1);
        for first in (0..samples).step_by(step) {
            let read = self.source.block::<f32>(data, s![first..samples.min(first + step), ..]);
            let Some(values) = self.readable(read) else { return };
            if !values.iter().all(|value| value.is_finite()) {
                return self.say(data, "expected finite potentials");
            }
        }
    }

    /// Checks which columns are of which neuron and compartment.
    fn mapping(&mut self, object: &str, population: &Population, width: usize) {
        let name = |part: &str| format!("{object}/mapping/{part}");
        let id = self.model.populations.iter().position(|other| other.name == population.name).unwrap_or(usize::MAX);
        let traced = self.model.recording.traced(PopulationId(id), population.size);
        let neurons = traced.len();
        if let Some(ids) = self.column::<u64>(&name("node_ids"), Some(neurons)) {
            let all = ids.into_iter().eq(traced.start as u64..traced.end as u64);
            self.require(&name("node_ids"), all, "all neurons traced, in order");
        }
        let kept = width / neurons.max(1);
        for pointers in ["index_pointers", "index_pointer"].map(name) {
            if let Some(found) = self.column::<u64>(&pointers, Some(neurons + 1)) {
                let whole = found.into_iter().eq((0..=neurons).map(|neuron| (neuron * kept) as u64));
                self.require(&pointers, whole && neurons * kept == width, &format!("places from 0 to {width}"));
            }
        }
        if let Some(elements) = self.column::<u32>(&name("element_ids"), Some(width)) {
            let known = population.cell.compartments().len() as u32;
            let own = |neuron: &[u32]| neuron.is_sorted_by(|a, b| a < b) && neuron.iter().all(|&e| e < known);
            let right = elements.chunks(kept.max(1)).all(|neuron| own(neuron) && neuron == &elements[..neuron.len()]);
            self.require(&name("element_ids"), right, &format!("the same elements below {known} of every neuron"));
        }
        if let Some(positions) = self.column::<f32>(&name("element_pos"), Some(width)) {
            let middle = positions.iter().all(|position| position.to_bits() == 0.5_f32.to_bits());
            self.require(&name("element_pos"), middle, "0.5 for every element");
        }
    }
}
