//! Feedback weights that are the transpose of feedforward weights.

use ndarray::{ArrayView2, ArrayViewMut2};
use pulp::{Arch, Simd, WithSimd};

use super::DerivedWeights;
use crate::numeric::Stream;

/// Y = (W_n … W_2 W_1)ᵀ + noise, over the path W_1, W_2, … W_n from the target of the feedback to its source; `noise_sd` is
/// the standard deviation of the normal noise, drawn anew at each change.
///
/// Guerguiev, Lillicrap & Richards (2017), eLife 6:e22901, Figure 8D; for two hidden layers as in the authors' code. Where all
/// weights are half of theirs to make up for a kernel of twice their integral, a product of two is a quarter: onto the lower of
/// two hidden layers the apical drive is half of theirs, and the same onto the upper one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transpose {
    /// Standard deviation of the noise; 0: none.
    pub noise_sd: f64,
}

impl DerivedWeights for Transpose {
    fn derive(&self, sources: &[ArrayView2<'_, f32>], mut derived: ArrayViewMut2<'_, f32>, stream: &mut Stream) {
        Arch::new().dispatch(Product { path: sources, feedback: derived.view_mut() });
        if self.noise_sd > 0.0 {
            derived.iter_mut().for_each(|y| *y += (self.noise_sd * stream.normal()) as f32);
        }
    }
}

/// Writes the transpose of a product, one neuron of the target at a time.
struct Product<'a> {
    path: &'a [ArrayView2<'a, f32>],
    feedback: ArrayViewMut2<'a, f32>,
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, _: S) {
        let Some((first, onward)) = self.path.split_first() else { return };
        let (mut reached, mut next) = (Vec::new(), Vec::new());
        for (i, row) in first.outer_iter().enumerate() {
            reached.clear();
            reached.extend(row.iter().copied());
            for weights in onward {
                next.clear();
                next.resize(weights.ncols(), 0.0_f32);
                for (row, &x) in weights.outer_iter().zip(&reached) {
                    match row.to_slice() {
                        Some(row) => next.iter_mut().zip(row).for_each(|(sum, &w)| *sum = w.mul_add(x, *sum)),
                        None => next.iter_mut().zip(row).for_each(|(sum, &w)| *sum = w.mul_add(x, *sum)),
                    }
                }
                std::mem::swap(&mut reached, &mut next);
            }
            self.feedback.column_mut(i).iter_mut().zip(&reached).for_each(|(y, &x)| *y = x);
        }
    }
}
