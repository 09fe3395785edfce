//! What is read of a run file, as plain data.

use std::ops::Range;

use crate::protocol::PhaseName;

/// Spikes of a population, sorted by time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecordedSpikes {
    /// Size of the population.
    pub size: usize,
    /// Times on the run's clock [n] [ms].
    pub times: Vec<f64>,
    /// Neurons [n].
    pub neurons: Vec<u64>,
}

/// Events of a population of one kind, by their beginnings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EventList {
    /// When each began on the run's clock [n] [ms].
    pub start: Vec<f64>,
    /// When it ended [n] [ms].
    pub stop: Vec<f64>,
    /// Neurons [n].
    pub neurons: Vec<u64>,
    /// Compartments [n].
    pub compartments: Vec<u32>,
}

/// Plateaus of a population, in the order of their phases.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlateauList {
    /// When they happened, at the end of a phase or before it, on the run's clock [n] [ms].
    pub times: Vec<f64>,
    /// Neurons [n].
    pub neurons: Vec<u64>,
    /// Plateaus, 0 to 1 [n].
    pub alpha: Vec<f32>,
    /// Phases that ended [n].
    pub phases: Vec<PhaseName>,
}

/// Credit-assignment diagnostics by training presentation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CreditTable {
    /// Training presentations [n].
    pub index: Vec<u64>,
    /// Losses of the output population [n] [1/ms²].
    pub output_loss: Vec<f64>,
    /// Name of each hidden population, its losses [n], and angles of its changes to those by backpropagation [n] [degrees].
    pub hidden: Vec<(String, Vec<f64>, Vec<f64>)>,
    /// Presentations seen, largest eigenvalue of (I − J_b J_g)ᵀ (I − J_b J_g) with the mean Jacobians of those since the row
    /// before, and mean of the largest eigenvalues of each.
    pub eigenvalues: Vec<(u64, f64, f64)>,
    /// Means of J_b J_g over the same presentations, [outputs, outputs] in row-major order each.
    pub products: Vec<Vec<f64>>,
}

/// Sampled potentials of some neurons over some time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TraceBlock {
    /// First sample on the run's clock [ms].
    pub start_ms: f64,
    /// Spacing [ms].
    pub dt_ms: f64,
    /// Neuron and element (soma 0, basal or output dendrite 1, apical 2) of each column [columns].
    pub columns: Vec<(u64, u32)>,
    /// Potentials, row by row [samples, columns].
    pub values: Vec<f32>,
}

impl TraceBlock {
    /// Potentials of one element of one neuron [samples], if it was recorded.
    pub fn column(&self, neuron: u64, element: u32) -> Option<Vec<f32>> {
        let at = self.columns.iter().position(|&column| column == (neuron, element))?;
        Some(self.at(at).collect())
    }

    /// Potentials of a column, by its place.
    pub fn at(&self, column: usize) -> impl Iterator<Item = f32> {
        self.values.iter().skip(column).step_by(self.columns.len()).copied()
    }

    /// Places of the columns of each of the neurons of the block, which ascend.
    pub fn columns_of(&self, neurons: Range<usize>) -> Vec<Range<usize>> {
        let mut end = 0;
        let own = |neuron| {
            let start = end;
            end += self.columns[start..].iter().take_while(|column| column.0 == neuron as u64).count();
            start..end
        };
        neurons.map(own).collect()
    }
}
