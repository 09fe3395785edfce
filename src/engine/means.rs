//! Phase means of postsynaptic potentials from the means of presynaptic trains: matrix products with the active rows.

use pulp::{Arch, Simd, WithSimd};

use crate::network::Weights;

/// Adds `factor` · Σ_j w_j x_j to `out` ([post], padded to the stride), skipping presynaptic neurons of x_j = 0.
pub(crate) fn add_product(arch: Arch, weights: &Weights, x: &[f64], factor: f64, out: &mut [f64]) {
    arch.dispatch(AddProduct { weights, x, factor, out });
}

struct AddProduct<'a> {
    weights: &'a Weights,
    x: &'a [f64],
    factor: f64,
    out: &'a mut [f64],
}

impl WithSimd for AddProduct<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (j, &x) in self.x.iter().enumerate().filter(|&(_, &x)| x != 0.0) {
            let x = x * self.factor;
            for (sum, &w) in self.out.iter_mut().zip(self.weights.row(j)) {
                *sum = f64::from(w).mul_add(x, *sum);
            }
        }
    }
}
