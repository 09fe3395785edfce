//! Populations and projections with their weights, built from a model; no dynamics.

mod apply_weight_update;
mod block_csr;
mod connection;
mod derived;
mod init;
mod normalise;
mod synapse;
mod synapses;
mod synapses_error;

use std::ops::Range;

use aligned_vec::{AVec, ConstAlign};
use ndarray::{Array2, ArrayView2, ArrayViewMut2, s};

pub use block_csr::{BlockCsr, SynapseBlock};
pub use derived::DerivedProjections;
pub use init::{BuildError, Moments, Stored};
pub use synapse::{ListedSynapse, Synapse, TARGETS_PER_BLOCK};
pub use synapses::{ExpectedSynapses, Synapses};
pub use synapses_error::SynapsesError;

use crate::model::Sign;

/// Numbers that begin at a cache line.
pub type Lines<T> = AVec<T, ConstAlign<64>>;

/// Numbers to which rows of weights, and all arrays beside them, are padded: whole cache lines, whole vectors.
pub const LANES: usize = 16;

/// The weights of one projection: one contiguous row of postsynaptic weights per presynaptic neuron, padded with zeros.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    rows: Lines<f32>,
    pre: usize,
    post: usize,
    stride: usize,
}

impl Weights {
    /// All-zero weights of shape [post, pre].
    pub fn zeros(post: usize, pre: usize) -> Self {
        let stride = post.next_multiple_of(LANES);
        Self { rows: zeros(pre * stride), pre, post, stride }
    }

    /// Number of presynaptic neurons.
    pub fn pre(&self) -> usize {
        self.pre
    }

    /// Number of postsynaptic neurons.
    pub fn post(&self) -> usize {
        self.post
    }

    /// Length of a row, padding included.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// All rows, [pre, stride].
    pub fn rows(&self) -> &[f32] {
        &self.rows
    }

    /// All rows, [pre, stride]; what lies beyond [`Weights::post`] must stay zero.
    pub fn rows_mut(&mut self) -> &mut [f32] {
        &mut self.rows
    }

    /// The weights of one presynaptic neuron, [stride].
    pub fn row(&self, pre: usize) -> &[f32] {
        &self.rows[pre * self.stride..][..self.stride]
    }

    /// The weights of one presynaptic neuron, [stride]; what lies beyond [`Weights::post`] must stay zero.
    pub fn row_mut(&mut self, pre: usize) -> &mut [f32] {
        &mut self.rows[pre * self.stride..][..self.stride]
    }

    /// The weights onto some postsynaptic neurons.
    pub(crate) fn columns(&self, post: Range<usize>) -> Self {
        let mut columns = Self::zeros(post.len(), self.pre);
        for pre in 0..self.pre {
            columns.row_mut(pre)[..post.len()].copy_from_slice(&self.row(pre)[post.clone()]);
        }
        columns
    }

    /// Sets the weights onto postsynaptic neurons from `first` on.
    pub(crate) fn set_columns(&mut self, first: usize, columns: &Self) {
        for pre in 0..self.pre {
            self.row_mut(pre)[first..first + columns.post].copy_from_slice(&columns.row(pre)[..columns.post]);
        }
    }

    /// Sets the weights of one presynaptic neuron that are of another sign to zero.
    pub fn clip(&mut self, pre: usize, sign: Sign) {
        self.row_mut(pre).iter_mut().for_each(|w| *w = sign.clipped(*w));
    }

    /// The weights as a matrix [post, pre] in row-major order, as files hold them.
    pub fn to_matrix(&self) -> Vec<f32> {
        self.view().iter().copied().collect()
    }

    /// The weights as an array [post, pre].
    #[allow(clippy::missing_panics_doc, reason = "rows are of one length by construction")]
    pub fn view(&self) -> ArrayView2<'_, f32> {
        let rows = ArrayView2::from_shape((self.pre, self.stride), &self.rows).expect("rows of one length");
        rows.slice_move(s![.., ..self.post]).reversed_axes()
    }

    /// The weights as an array [post, pre], to be changed.
    #[allow(clippy::missing_panics_doc, reason = "rows are of one length by construction")]
    pub fn view_mut(&mut self) -> ArrayViewMut2<'_, f32> {
        let rows = ArrayViewMut2::from_shape((self.pre, self.stride), &mut self.rows).expect("rows of one length");
        rows.slice_move(s![.., ..self.post]).reversed_axes()
    }

    /// The weights as an array [post, pre] of its own, in row-major order.
    pub fn to_array(&self) -> Array2<f64> {
        self.view().as_standard_layout().mapv(f64::from)
    }

    /// The weights of a matrix [post, pre] in row-major order.
    ///
    /// # Panics
    /// If the matrix is not of that length.
    pub fn from_matrix(post: usize, pre: usize, matrix: &[f32]) -> Self {
        ArrayView2::from_shape((post, pre), matrix).expect("a matrix of this shape").into()
    }
}

impl From<ArrayView2<'_, f32>> for Weights {
    /// The weights of an array [post, pre].
    fn from(matrix: ArrayView2<'_, f32>) -> Self {
        let (post, pre) = matrix.dim();
        let mut weights = Self::zeros(post, pre);
        weights.view_mut().assign(&matrix);
        weights
    }
}

impl From<&BlockCsr> for Weights {
    /// The weights of all pairs of neurons: sums where a pair has several synapses, zero where it has none. Delays are lost.
    fn from(synapses: &BlockCsr) -> Self {
        let mut weights = Self::zeros(synapses.post(), synapses.pre());
        for ListedSynapse { source, target, weight, .. } in synapses.list() {
            weights.row_mut(source as usize)[target as usize] += weight;
        }
        weights
    }
}

/// Zeros from a cache line on.
pub fn zeros<T: Default + Clone>(length: usize) -> Lines<T> {
    let mut lines = Lines::new(0);
    lines.resize(length, T::default());
    lines
}

/// Synapses by projection, biases by population.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// Synapses of each projection of the model, in its order.
    pub synapses: Vec<Synapses>,
    /// Biases of each population of the model, in its order; empty for an encoder.
    pub biases: Vec<Vec<f32>>,
}

impl Network {
    /// The weights of a projection with dense synapses, by its place in the model.
    ///
    /// # Panics
    /// If its synapses are sparse.
    #[inline]
    pub fn weights(&self, projection: usize) -> &Weights {
        self.synapses[projection].dense().expect("dense synapses")
    }

    /// The weights of a projection with dense synapses, to be changed.
    ///
    /// # Panics
    /// As [`Network::weights`].
    #[inline]
    pub fn weights_mut(&mut self, projection: usize) -> &mut Weights {
        self.synapses[projection].dense_mut().expect("dense synapses")
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;

    #[test]
    fn weights_are_seen_and_changed_as_a_matrix_whose_padding_stays_zero() {
        let matrix = ndarray::array![[1.0_f32, 2.0, 3.0], [4.0, 5.0, 6.0]];
        let mut weights = Weights::from(matrix.view());
        assert_eq!(weights, Weights::from_matrix(2, 3, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
        assert_eq!(weights, Weights::from(matrix.t().as_standard_layout().t()));
        assert_eq!((weights.view(), weights.to_matrix()), (matrix.view(), matrix.iter().copied().collect()));
        assert_eq!(weights.row(2)[..2], [3.0, 6.0]);
        weights.view_mut().fill(7.0);
        assert!(weights.row(1)[..2].iter().all(|&w| w == 7.0) && weights.row(1)[2..].iter().all(|&w| w == 0.0));
    }

    #[test]
    fn a_network_without_presynaptic_or_postsynaptic_neurons_has_an_empty_view() {
        assert_eq!(Weights::zeros(0, 3).view().dim(), (0, 3));
        assert_eq!(Weights::zeros(3, 0).view().dim(), (3, 0));
    }
}
