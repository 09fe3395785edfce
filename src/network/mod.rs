//! Populations and projections with their weights, built from a model; no dynamics.

mod derived;
mod distribution;
mod init;

use aligned_vec::{AVec, ConstAlign};
use ndarray::Array2;

pub use derived::DerivedProjections;
pub use init::{Moments, Stored};

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

    /// Sets the weights of one presynaptic neuron that are of another sign to zero.
    pub fn clip(&mut self, pre: usize, sign: Sign) {
        let row = self.row_mut(pre);
        match sign {
            Sign::Any => (),
            Sign::NonNegative => row.iter_mut().for_each(|w| *w = w.max(0.0)),
            Sign::NonPositive => row.iter_mut().for_each(|w| *w = w.min(0.0)),
        }
    }

    /// The weights as a matrix [post, pre] in row-major order, as files hold them.
    pub fn to_matrix(&self) -> Vec<f32> {
        (0..self.post).flat_map(|i| (0..self.pre).map(move |j| self.rows[j * self.stride + i])).collect()
    }

    /// The weights as an array [post, pre].
    pub fn to_array(&self) -> Array2<f64> {
        Array2::from_shape_fn((self.post, self.pre), |(i, j)| f64::from(self.rows[j * self.stride + i]))
    }

    /// The weights of a matrix [post, pre] in row-major order.
    ///
    /// # Panics
    /// If the matrix is not of that length.
    pub fn from_matrix(post: usize, pre: usize, matrix: &[f32]) -> Self {
        assert_eq!(matrix.len(), post * pre, "a matrix of {post} x {pre}");
        let mut weights = Self::zeros(post, pre);
        for (i, row) in matrix.chunks_exact(pre).enumerate() {
            for (j, &w) in row.iter().enumerate() {
                weights.rows[j * weights.stride + i] = w;
            }
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

/// What learning changes: weights by projection, biases by population.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// Weights of each projection of the model, in its order.
    pub weights: Vec<Weights>,
    /// Biases of each population of the model, in its order; empty for an encoder.
    pub biases: Vec<Vec<f32>>,
}
