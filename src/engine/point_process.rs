//! Poisson input of the neurons of a block, and candidate spikes of its escape-rate neurons: each a superposition of
//! independent processes, whose points fall on neurons at random.

use pulp::{Arch, Simd, WithSimd};

use super::arrivals::within_segment;
use crate::numeric::{WideStream, exp, ln, unit};

/// Points drawn at once.
const CHUNK: usize = 128;

/// Points of a Poisson process on the neurons of a block, drawn as the phase goes on.
#[derive(Clone, Debug)]
pub(super) struct PointProcess<const M: usize> {
    stream: Option<WideStream>,
    /// Rate of the block [1/ms].
    rate: f64,
    neurons: u64,
    /// The last point drawn [ms].
    last: f64,
    next: usize,
    time: [f64; CHUNK],
    neuron: [u32; CHUNK],
    /// Uniform on (0, 1), for what else is to be drawn.
    mark: [f64; CHUNK],
    /// e^{λ t'}, t' from the start of the segment.
    growth: [[f64; CHUNK]; M],
}

/// A point.
#[derive(Clone, Copy, Debug)]
pub(super) struct ProcessPoint<const M: usize> {
    pub(super) time: f64,
    /// Neuron of the block.
    pub(super) neuron: u32,
    pub(super) mark: f64,
    pub(super) growth: [f64; M],
}

impl<const M: usize> PointProcess<M> {
    /// A process of this rate on each of the neurons of a block.
    pub(super) fn new(neurons: usize, rate: f64) -> Self {
        Self {
            stream: None,
            rate: rate * neurons as f64,
            neurons: neurons as u64,
            last: 0.0,
            next: CHUNK,
            time: [0.0; CHUNK],
            neuron: [0; CHUNK],
            mark: [0.0; CHUNK],
            growth: [[0.0; CHUNK]; M],
        }
    }

    /// Starts a phase.
    pub(super) fn begin(&mut self, stream: WideStream) {
        self.stream = (self.rate > 0.0).then_some(stream);
        (self.last, self.next) = (0.0, CHUNK);
    }

    /// The time of the next point [ms]; infinite without one.
    #[inline(always)]
    pub(super) fn peek(&mut self, arch: Arch, lambda: &[f64; M]) -> f64 {
        if self.next == CHUNK {
            if self.stream.is_none() {
                return f64::INFINITY;
            }
            arch.dispatch(DrawPoints { points: self, lambda });
        }
        self.time[self.next]
    }

    /// Takes the next point, whose time was peeked at.
    #[inline(always)]
    pub(super) fn take(&mut self) -> ProcessPoint<M> {
        let next = self.next;
        self.next += 1;
        ProcessPoint {
            time: self.time[next],
            neuron: self.neuron[next],
            mark: self.mark[next],
            growth: std::array::from_fn(|m| self.growth[m][next]),
        }
    }
}

/// Draws a chunk: words for the gaps before its points, then words whose high half times the number of neurons is, in its own
/// high half, the neuron; what is left of both halves is the mark.
struct DrawPoints<'a, const M: usize> {
    points: &'a mut PointProcess<M>,
    lambda: &'a [f64; M],
}

impl<const M: usize> WithSimd for DrawPoints<'_, M> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let PointProcess { stream, rate, neurons, last, next, time, neuron, mark, growth } = self.points;
        let Some(stream) = stream else { return };
        let mean_gap = 1.0 / *rate;
        let mut bits = [0; CHUNK];
        stream.fill(&mut bits);
        for (time, bits) in time.iter_mut().zip(bits) {
            *time = -ln(unit(bits)) * mean_gap;
        }
        for time in time.iter_mut() {
            *last += *time;
            *time = *last;
        }
        stream.fill(&mut bits);
        for (neuron, bits) in neuron.iter_mut().zip(bits) {
            *neuron = (((bits >> 32) * *neurons) >> 32) as u32;
        }
        for (mark, bits) in mark.iter_mut().zip(bits) {
            *mark = unit((bits >> 32).wrapping_mul(*neurons) << 32 | bits & 0xFFFF_FFFF);
        }
        for (growth, &lambda) in growth.iter_mut().zip(self.lambda) {
            for (growth, time) in growth.iter_mut().zip(time.iter()) {
                *growth = exp(within_segment(*time) * lambda);
            }
        }
        *next = 0;
    }
}
