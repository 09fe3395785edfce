//! What this machine can do at most, on one core.

use std::fmt;
use std::hint::black_box;
use std::time::Instant;

use pulp::{Arch, Simd, WithSimd};

/// Peak rates of one core.
pub(crate) struct Machine {
    /// Fused multiply-adds of f32 [1/s].
    pub(crate) fused: f64,
    /// Bytes read from a working set of 1 MB, the size of the active rows of 784-500-10 [1/s].
    pub(crate) bytes: f64,
}

impl Machine {
    /// Measures both, each as the best of several tries.
    pub(crate) fn measure() -> Self {
        let arch = Arch::new();
        let best = |work: &mut dyn FnMut() -> f64| (0..9).map(|_| work()).fold(0.0, f64::max);
        let mut sums = [0.0_f32; LANES * CHAINS];
        let fused = best(&mut || {
            let start = Instant::now();
            arch.dispatch(Fused { sums: &mut sums, factor: black_box(0.999_9) });
            black_box(&sums);
            (ROUNDS * LANES * CHAINS) as f64 / start.elapsed().as_secs_f64()
        });
        let data = vec![1.0_f32; 1 << 18];
        let bytes = best(&mut || {
            let start = Instant::now();
            for _ in 0..64 {
                black_box(arch.dispatch(Read(black_box(&data))));
            }
            64.0 * 4.0 * data.len() as f64 / start.elapsed().as_secs_f64()
        });
        Self { fused, bytes }
    }

    /// The least time for so many synaptic events onto traces in registers [s].
    pub(crate) fn floor(&self, synaptic_events: f64) -> f64 {
        (3.0 * synaptic_events / self.fused).max(4.0 * synaptic_events / self.bytes)
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (fused, bytes) = (self.fused / 1e9, self.bytes / 1e9);
        write!(f, "one core: {fused:.0} billion fused multiply-adds (f32) and {bytes:.0} GB (from 1 MB) a second")
    }
}

const LANES: usize = 16;
const CHAINS: usize = 12;
const ROUNDS: usize = 1 << 16;

struct Fused<'a> {
    sums: &'a mut [f32; LANES * CHAINS],
    factor: f32,
}

impl WithSimd for Fused<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let mut sums = *self.sums;
        for _ in 0..ROUNDS {
            for sum in &mut sums {
                *sum = sum.mul_add(self.factor, 1e-3);
            }
        }
        *self.sums = sums;
    }
}

struct Read<'a>(&'a [f32]);

impl WithSimd for Read<'_> {
    type Output = f32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f32 {
        let mut sums = [0.0_f32; LANES * 8];
        for chunk in self.0.chunks_exact(LANES * 8) {
            for (sum, x) in sums.iter_mut().zip(chunk) {
                *sum += x;
            }
        }
        sums.iter().sum()
    }
}
