//! Snapshots of weights and biases.

use hdf5::{Group, H5Type, Result};
use ndarray::{ArrayView, ArrayView1, ArrayView2, Dimension};

use super::{attribute, synapses};
use crate::model::{Model, Snapshots};
use crate::network::{Network, Synapses};

/// `/weights` and `/biases`.
#[derive(Debug)]
pub(super) struct Parameters {
    weights: Group,
    biases: Group,
    projections: Vec<String>,
    populations: Vec<String>,
    snapshots: Snapshots,
    /// Presentations seen when last looked at.
    seen: Option<u64>,
}

impl Parameters {
    pub(super) fn create(file: &Group, model: &Model) -> Result<Self> {
        Ok(Self {
            weights: file.create_group("weights")?,
            biases: file.create_group("biases")?,
            projections: model.projections.iter().map(|p| p.name.clone()).collect(),
            populations: model.populations.iter().map(|p| p.name.clone()).collect(),
            snapshots: model.recording.snapshots,
            seen: None,
        })
    }

    /// Writes a snapshot if this is the time for one, and tells whether it was.
    pub(super) fn offer(&mut self, examples_seen: u64, label: Option<&str>, network: &Network) -> Result<bool> {
        let before = self.seen.replace(examples_seen).unwrap_or(examples_seen.saturating_sub(1));
        let name = match label {
            _ if self.snapshots == Snapshots::Never => return Ok(false),
            Some(label) if label.starts_with("epoch-") && self.snapshots != Snapshots::Epochs => return Ok(false),
            Some(label) => label.to_owned(),
            None if due(self.snapshots, before, examples_seen) => format!("presentation-{examples_seen}"),
            None => return Ok(false),
        };
        self.write(&name, examples_seen, network)?;
        Ok(true)
    }

    /// Writes a snapshot of synapses and of biases; a population without biases has none.
    pub(super) fn write(&self, snapshot: &str, examples_seen: u64, network: &Network) -> Result<()> {
        for (projection, stored) in self.projections.iter().zip(&network.synapses) {
            let name = format!("{projection}/{snapshot}");
            match stored {
                Synapses::Dense(weights) => {
                    let matrix = weights.to_matrix();
                    let matrix = ArrayView2::from_shape((weights.post(), weights.pre()), &matrix)?;
                    put(&self.weights, &name, examples_seen, matrix)?;
                }
                Synapses::Sparse(sparse) => synapses::write(&self.weights, &name, examples_seen, sparse)?,
            }
        }
        for (population, biases) in self.populations.iter().zip(&network.biases).filter(|(_, b)| !b.is_empty()) {
            put(&self.biases, &format!("{population}/{snapshot}"), examples_seen, ArrayView1::from(biases))?;
        }
        Ok(())
    }
}

/// Whether a multiple of the asked-for number was passed between two counts.
fn due(snapshots: Snapshots, before: u64, now: u64) -> bool {
    let Snapshots::Presentations(every) = snapshots else { return false };
    now.checked_div(every) > before.checked_div(every)
}

fn put<T: H5Type, D: Dimension>(group: &Group, name: &str, seen: u64, data: ArrayView<'_, T, D>) -> Result<()> {
    if group.link_exists(name) {
        group.unlink(name)?;
    }
    let dataset = group.new_dataset_builder().with_data(data).create(name)?;
    attribute::put(&dataset, "examples_seen", &seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_is_due_when_a_multiple_is_passed() {
        let every = Snapshots::Presentations(100);
        assert!(due(every, 99, 100));
        assert!(!due(every, 100, 101));
        assert!(due(every, 96, 112), "batches jump over multiples");
        assert!(!due(Snapshots::Presentations(0), 0, 7));
        assert!(!due(Snapshots::Epochs, 99, 100));
    }
}
