//! The mean of a sigmoid over a normal potential, by Gauss–Hermite quadrature.

use std::f64::consts::PI;

use crate::numeric::sigmoid;

/// Nodes of the quadrature. Up to sd = 3 the mean of the sigmoid is off by less than 1e-4 (tested).
const NODES: usize = 48;

/// E f(z) over standard normal z as Σ w_i f(z_i).
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Normal {
    /// Nodes z_i and weights w_i.
    nodes: Vec<(f64, f64)>,
}

impl Default for Normal {
    fn default() -> Self {
        Self::new(NODES)
    }
}

impl Normal {
    /// A quadrature of `n` nodes, exact for polynomials of degree 2n − 1.
    fn new(n: usize) -> Self {
        Self { nodes: roots(n).into_iter().map(|x| (x, weight(n, x))).collect() }
    }

    /// E sigmoid(mean + sd z).
    pub(super) fn mean_sigmoid(&self, mean: f64, sd: f64) -> f64 {
        self.nodes.iter().map(|&(z, w)| w * sigmoid(mean + sd * z)).sum()
    }
}

/// The orthonormal Hermite functions He_n(x)/√n! · e^{−x²/4} of degree n and n − 1, which stay finite at every node:
/// √(k+1) p_{k+1} = x p_k − √k p_{k−1}.
fn hermite(n: usize, x: f64) -> (f64, f64) {
    let (mut p, mut before) = (libm::exp(-x * x / 4.0), 0.0);
    for k in 0..n {
        let k = k as f64;
        (p, before) = ((x * p - k.sqrt() * before) / (k + 1.0).sqrt(), p);
    }
    (p, before)
}

/// The roots of He_n, ascending: between sign changes on a grid finer than their spacing, π/(2√n), by bisection.
fn roots(n: usize) -> Vec<f64> {
    let reach = 2.0 * (n as f64).sqrt() + 1.0;
    let step = PI / (16.0 * (n as f64).sqrt());
    // Off the middle, which is a root for odd n.
    let grid = |k: u32| -reach + (f64::from(k) + 0.37) * step;
    let cells = (0..(2.0 * reach / step) as u32).map(|k| (grid(k), grid(k + 1)));
    let p = |x: f64| hermite(n, x).0;
    let found: Vec<f64> = cells
        .filter(|&(low, high)| p(low).is_sign_negative() != p(high).is_sign_negative())
        .map(|(mut low, mut high)| {
            for _ in 0..60 {
                let middle = 0.5 * (low + high);
                let same = p(low).is_sign_negative() == p(middle).is_sign_negative();
                *(if same { &mut low } else { &mut high }) = middle;
            }
            0.5 * (low + high)
        })
        .collect();
    assert_eq!(found.len(), n, "all roots of a Hermite polynomial are found");
    found
}

/// The weight of node x: 1/(n p_{n−1}²) without the factor e^{−x²/4} in p.
fn weight(n: usize, x: f64) -> f64 {
    let p = hermite(n, x).1;
    libm::exp(-x * x / 2.0) / (n as f64 * p * p)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_of_a_normal_number_are_exact() {
        let normal = Normal::new(9);
        let moment = |k: u8| normal.nodes.iter().map(|&(z, w)| w * z.powi(k.into())).sum::<f64>();
        // 1, 0, 1, 0, 3, 0, 15: (k − 1)!! of even k.
        for (k, expected) in (0..).zip([1.0, 0.0, 1.0, 0.0, 3.0, 0.0, 15.0, 0.0, 105.0]) {
            assert!((moment(k) - expected).abs() < 1e-9, "moment {k}");
        }
    }

    /// The trapezoidal rule over ± 10 sd, which converges faster than any power of its step here.
    #[test]
    fn the_mean_of_a_sigmoid_is_that_of_fine_steps() {
        let normal = Normal::default();
        let fine = |mean: f64, sd: f64| {
            let at = |k: i32| 1e-3 * f64::from(k);
            let density = |z: f64| (-0.5 * z * z).exp() / (2.0 * PI).sqrt();
            (-10_000..=10_000).map(|k| 1e-3 * density(at(k)) * sigmoid(mean + sd * at(k))).sum::<f64>()
        };
        for (mean, sd) in [(0.0, 1.0), (-3.0, 0.7), (-5.0, 2.0), (2.0, 3.0), (-1.0, 0.0)] {
            let (found, expected) = (normal.mean_sigmoid(mean, sd), fine(mean, sd));
            assert!((found - expected).abs() < 1e-4, "{found} for {expected} at {mean}, {sd}");
        }
        assert!((normal.mean_sigmoid(-4.0, 1.0) - fine(-4.0, 1.0)).abs() < 1e-7);
    }
}
