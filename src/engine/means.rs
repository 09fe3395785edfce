//! Phase means of postsynaptic potentials from the means of presynaptic trains: matrix products with the active rows.

use pulp::{Arch, Simd, WithSimd};

use crate::network::Synapses;

/// Adds `factor` · Σ_j w_j x_j to `out` ([post], padded to the stride), skipping presynaptic neurons of x_j = 0.
pub(crate) fn add_product(arch: Arch, synapses: &Synapses, x: &[f64], factor: f64, out: &mut [f64]) {
    arch.dispatch(AddProduct { synapses, x, factor, out });
}

struct AddProduct<'a> {
    synapses: &'a Synapses,
    x: &'a [f64],
    factor: f64,
    out: &'a mut [f64],
}

impl WithSimd for AddProduct<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { synapses, x, factor, out } = self;
        let active = x.iter().enumerate().filter(|&(_, &x)| x != 0.0);
        match synapses {
            Synapses::Dense(weights) => {
                for (j, &x) in active {
                    let x = x * factor;
                    for (sum, &w) in out.iter_mut().zip(weights.row(j)) {
                        *sum = f64::from(w).mul_add(x, *sum);
                    }
                }
            }
            Synapses::Sparse(_) => {
                for (j, &x) in active {
                    let x = x * factor;
                    synapses.for_each(j, |target, w| out[target] = f64::from(w).mul_add(x, out[target]));
                }
            }
        }
    }
}
