//! Random arrays, each from a stream that depends on its key alone.

use ndarray::{Array2, ShapeBuilder};

use crate::numeric::{PresentationKey, Purpose, Stream, StreamKey};

/// Draws of the rules, the numbers of [`Purpose::Rate`].
pub(super) mod uses {
    /// Fixed feedback weights of layer l: `FEEDBACK` + l.
    pub(in super::super) const FEEDBACK: u32 = 0;
    /// Noise of the n-th batch.
    pub(in super::super) const NOISE: u32 = 100;
    /// Examples of a task.
    pub(in super::super) const TASK: u32 = 200;
}

/// The stream for one purpose in the `n`-th batch of a run.
pub(super) fn stream_of(seed: u64, purpose: Purpose, n: u64) -> Stream {
    StreamKey { seed, purpose, presentation: PresentationKey::training(n), phase: 0, block: 0 }.stream()
}

/// Numbers spread evenly over ± `half_range`, in row-major order.
pub(super) fn uniform(stream: &mut Stream, half_range: f64, shape: (usize, usize)) -> Array2<f64> {
    fill(shape, || half_range * (2.0 * stream.unit() - 1.0))
}

/// Fixed random feedback from `from` units to `to` units of hidden layer `l`, [to, from], spread evenly over
/// ± `half_range`.
pub(super) fn feedback(seed: u64, l: usize, half_range: f64, (to, from): (usize, usize)) -> Array2<f64> {
    uniform(&mut stream_of(seed, Purpose::Rate(uses::FEEDBACK + l as u32), 0), half_range, (to, from))
}

/// Normal numbers of mean 0 and variance 1.
pub(super) fn normal(stream: &mut Stream, shape: (usize, usize)) -> Array2<f64> {
    fill(shape, || stream.normal())
}

/// +`s` and −`s` with equal chance.
pub(super) fn signs(stream: &mut Stream, s: f64, shape: (usize, usize)) -> Array2<f64> {
    let (mut bits, mut left) = (0, 0);
    fill(shape, || {
        if left == 0 {
            (bits, left) = (stream.bits(), 64);
        }
        left -= 1;
        bits = bits.rotate_left(1);
        if bits & 1 == 0 { s } else { -s }
    })
}

/// An array in row-major order, drawn in that order.
fn fill(shape: (usize, usize), draw: impl FnMut() -> f64) -> Array2<f64> {
    Array2::from_shape_simple_fn(shape.set_f(false), draw)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream() -> Stream {
        stream_of(1, Purpose::Rate(0), 0)
    }

    /// Five standard errors each: of the mean, and of the variance from the fourth moments 3 and 9/5 σ⁴.
    #[test]
    fn draws_have_their_mean_and_variance() {
        let n = 100_000.0;
        let check = |x: Array2<f64>, variance: f64, fourth: f64| {
            assert!(x.mean().unwrap().abs() < 5.0 * (variance / n).sqrt());
            let found = x.mapv(|x| x * x).mean().unwrap();
            assert!((found - variance).abs() <= 5.0 * ((fourth - variance * variance) / n).sqrt(), "{found}");
        };
        check(normal(&mut stream(), (1000, 100)), 1.0, 3.0);
        check(uniform(&mut stream(), 3.0_f64.sqrt(), (1000, 100)), 1.0, 9.0 / 5.0);
        // The square of a sign does not vary.
        check(signs(&mut stream(), 2.0, (1000, 100)), 4.0, 16.0);
    }
}
