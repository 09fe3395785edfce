//! Weights and biases.

use super::Check;
use crate::record::hdf5::synapses;

impl Check<'_> {
    pub(super) fn weights(&mut self, object: &str, name: &str) {
        match self.model.projections.iter().find(|projection| projection.name == name) {
            Some(projection) => {
                let size = |id| self.model.population(id).size;
                self.snapshots(object, &[size(projection.to), size(projection.from)]);
            }
            None => self.say(object, "is of no projection of the model"),
        }
    }

    pub(super) fn snapshots(&mut self, object: &str, expected: &[usize]) {
        let names = self.source.members(object).unwrap_or_default();
        self.require(object, !names.is_empty(), "at least one snapshot");
        for name in names.iter().map(|name| format!("{object}/{name}")) {
            if synapses::is_sparse(self.source, &name) {
                let read = synapses::read(self.source, &name);
                if let Some(sparse) = self.readable(read) {
                    let ends = [sparse.post(), sparse.pre()];
                    self.require(&name, ends == expected, &format!("synapses between {expected:?}, found {ends:?}"));
                    let finite = sparse.synapses().all(|synapse| synapse.weight.is_finite());
                    self.require(&name, finite, "finite weights");
                }
                continue;
            }
            let shape = self.source.shape(&name).unwrap_or_default();
            self.require(&name, shape == expected, &format!("shape {expected:?}, found {shape:?}"));
            let seen = self.source.number_of::<u64>(&name, "examples_seen").is_ok();
            self.require(&name, seen, "the attribute `examples_seen`");
            if shape != expected {
                continue;
            }
            let read = self.source.values_of::<f32>(&name);
            if let Some(values) = self.readable(read) {
                self.require(&name, values.iter().all(|value| value.is_finite()), "finite numbers");
            }
        }
    }

    /// Checks that every projection, and every population that has biases, has all snapshots; a test leaves none.
    pub(super) fn every_snapshot(&mut self) {
        let model = self.model;
        let biased = model.populations.iter().filter(|population| population.bias.is_some());
        let weights = model.projections.iter().map(|projection| format!("weights/{}", projection.name));
        let owners: Vec<_> = weights.chain(biased.map(|population| format!("biases/{}", population.name))).collect();
        let mut all = if self.trained { vec!["initial".to_owned(), "final".to_owned()] } else { Vec::new() };
        all.extend(owners.iter().flat_map(|owner| self.source.members(owner).unwrap_or_default()));
        all.sort();
        all.dedup();
        for owner in owners {
            let found = self.source.members(&owner).unwrap_or_default();
            for name in all.iter().filter(|name| !found.contains(name)) {
                self.say(&format!("{owner}/{name}"), "is missing");
            }
        }
    }
}
