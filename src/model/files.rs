//! The files that the network of a model is read from.

use std::path::Path;

use super::{BiasInit, Connection, Model, Population, Projection, WeightInit};

impl Model {
    /// The files that lists of synapses, weights and biases are read from, in the order of projections and populations.
    pub fn network_files(&self) -> impl Iterator<Item = &Path> {
        let of_synapses = self.projections.iter().flat_map(Projection::files);
        of_synapses.chain(self.populations.iter().filter_map(Population::bias_file))
    }
}

impl Projection {
    fn files(&self) -> impl Iterator<Item = &Path> {
        let list = match &self.connection {
            Connection::List { path, .. } => Some(path.as_path()),
            _ => None,
        };
        let weights = match &self.weights {
            WeightInit::Run { path, .. } | WeightInit::Npy { path } => Some(path.as_path()),
            _ => None,
        };
        list.into_iter().chain(weights)
    }
}

impl Population {
    fn bias_file(&self) -> Option<&Path> {
        match &self.bias {
            Some(BiasInit::Run { path, .. } | BiasInit::Npy { path }) => Some(path),
            _ => None,
        }
    }
}
