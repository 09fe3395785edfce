//! The traces of one stream block: what an arrival does to all of its neurons, and a candidate sees of one.
//!
//! Arrivals come [`GROUP`] at a time, so that traces are read and written once for several rows of weights. A candidate that
//! decay between two arrivals of a group adds what the earlier ones do to its neuron: a few numbers rather than whole rows.

use super::thinning::Drawn;
use crate::network::LANES;
use crate::numeric::Real;
use crate::numeric::STREAM_BLOCK;
use crate::protocol::Spike;

/// Arrivals added to the traces at once.
pub(crate) const GROUP: usize = 4;

/// Candidates decided at once.
const BATCH: usize = 16;

/// A row of weights for want of an arrival.
const NO_WEIGHTS: [f32; STREAM_BLOCK] = [0.0; STREAM_BLOCK];

/// An arrival with what it adds to each modal trace per unit of weight.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event<F> {
    /// From the start of the phase [ms].
    pub(crate) time: f64,
    /// Which of the projections that drive the somata.
    pub(crate) afferent: u32,
    /// Presynaptic neuron.
    pub(crate) pre: u32,
    /// Jumps of the scaled traces of modes τ_L, τ_s and γ per unit of weight.
    pub(crate) jumps: [F; 3],
}

/// The scaled traces of the modes τ_L, τ_s and γ of one stream block.
pub(crate) struct Traces<'a, F> {
    pub(crate) rest: &'a [F],
    pub(crate) l: &'a mut [F],
    pub(crate) s: &'a mut [F],
    pub(crate) z: &'a mut [F],
}

impl<F: Real> Traces<'_, F> {
    /// Adds arrivals, in their order.
    #[inline(always)]
    pub(crate) fn add<'b, const M: usize>(&mut self, events: &[Event<F>; M], row: impl Fn(&Event<F>) -> &'b [f32]) {
        let mut rows: [&[f32]; M] = [&[]; M];
        for k in 0..M {
            rows[k] = row(&events[k]);
        }
        add_rows(self.l, self.s, self.z, rows, events.map(|event| event.jumps));
    }

    /// Adds an arrival synapse by synapse, given as neurons and weights, and calls `added` with each of these neurons.
    #[inline(always)]
    pub(crate) fn add_sparse(
        &mut self,
        [l, s, z]: [F; 3],
        row: impl Iterator<Item = (usize, f32)>,
        mut added: impl FnMut(usize),
    ) {
        let length = self.l.len();
        let (own_l, own_s, own_z) = (&mut *self.l, &mut self.s[..length], &mut self.z[..length]);
        for (n, w) in row {
            let w = F::from_f32(w);
            own_l[n] = w.mul_add(l, own_l[n]);
            own_s[n] = w.mul_add(s, own_s[n]);
            own_z[n] = w.mul_add(z, own_z[n]);
            added(n);
        }
    }

    #[inline(always)]
    pub(crate) fn scale(&mut self, decay: [F; 3]) {
        for (trace, decay) in [&mut *self.l, &mut *self.s, &mut *self.z].into_iter().zip(decay) {
            for x in trace {
                *x = x.mul_add(decay, F::default());
            }
        }
    }

    /// Writes the potentials of all neurons after these arrivals.
    #[inline(always)]
    pub(crate) fn probe(&self, decay: [F; 3], recent: &Recent<'_, F>, probed: &mut [F]) {
        let rows = recent.rows.map(|row| &row[..probed.len()]);
        let effects = recent.jumps.map(|jumps| effect(jumps, decay));
        for (n, probed) in probed.iter_mut().enumerate() {
            *probed = self.potential(n, decay);
            for k in 0..GROUP - 1 {
                *probed = F::from_f32(rows[k][n]).mul_add(effects[k], *probed);
            }
        }
    }

    #[inline(always)]
    pub(crate) fn potential(&self, n: usize, [l, s, z]: [F; 3]) -> F {
        self.l[n].mul_add(l, self.s[n].mul_add(s, self.z[n].mul_add(z, self.rest[n])))
    }
}

/// Adds rows of weights times their jumps, a line at a time: all are whole lines, and a loop over single neurons would leave
/// the last few of them to scalars. Slices of its own, so that they are known not to overlap.
#[inline(always)]
fn add_rows<F: Real, const M: usize>(l: &mut [F], s: &mut [F], z: &mut [F], rows: [&[f32]; M], jumps: [[F; 3]; M]) {
    let [l, s, z] = [l, s, z].map(|trace| trace.as_chunks_mut::<LANES>().0);
    let lines = l.len();
    let (s, z) = (&mut s[..lines], &mut z[..lines]);
    let rows = rows.map(|row| &row.as_chunks::<LANES>().0[..lines]);
    for line in 0..lines {
        let (mut sum_l, mut sum_s, mut sum_z) = (l[line], s[line], z[line]);
        for k in 0..M {
            for i in 0..LANES {
                let w = F::from_f32(rows[k][line][i]);
                sum_l[i] = w.mul_add(jumps[k][0], sum_l[i]);
                sum_s[i] = w.mul_add(jumps[k][1], sum_s[i]);
                sum_z[i] = w.mul_add(jumps[k][2], sum_z[i]);
            }
        }
        (l[line], s[line], z[line]) = (sum_l, sum_s, sum_z);
    }
}

/// Arrivals that the traces do not hold yet.
pub(crate) struct Recent<'a, F> {
    times: [f64; GROUP - 1],
    jumps: [[F; 3]; GROUP - 1],
    rows: [&'a [f32]; GROUP - 1],
}

impl<'a, F: Real> Recent<'a, F> {
    #[inline(always)]
    pub(crate) fn new(events: &[Event<F>], row: impl Fn(usize, &Event<F>) -> &'a [f32]) -> Self {
        let mut recent = Self {
            times: [f64::INFINITY; GROUP - 1],
            jumps: [[F::default(); 3]; GROUP - 1],
            rows: [&NO_WEIGHTS; GROUP - 1],
        };
        for (k, event) in events.iter().enumerate().take(GROUP - 1) {
            (recent.times[k], recent.jumps[k], recent.rows[k]) = (event.time, event.jumps, row(k, event));
        }
        recent
    }
}

/// What an arrival adds to a potential per unit of weight.
#[inline(always)]
fn effect<F: Real>([l, s, z]: [F; 3], [decay_l, decay_s, decay_z]: [F; 3]) -> F {
    l.mul_add(decay_l, s.mul_add(decay_s, z.mul_add(decay_z, F::default())))
}

/// Decides the candidates before `end` and takes them off; writes their spikes, and gives how many. Every candidate is
/// written where the next spike goes, and counted if it is one, which leaves no branch to mispredict.
#[inline(always)]
pub(crate) fn decide<F: Real>(
    candidates: &mut Drawn<'_, F>,
    end: f64,
    traces: &Traces<'_, F>,
    recent: &Recent<'_, F>,
    fired: &mut [Spike],
) -> usize {
    let length = traces.rest.len();
    let rows = recent.rows.map(|row| &row[..length]);
    let mut spikes = 0;
    loop {
        let times: &[f64; BATCH] = candidates.time.first_chunk().expect("padding");
        let lanes: &[u32; BATCH] = candidates.lane.first_chunk().expect("padding");
        let logits: &[F; BATCH] = candidates.logit.first_chunk().expect("padding");
        let [decay_l, decay_s, decay_z] =
            candidates.decay.map(|decay| -> &[F; BATCH] { decay.first_chunk().expect("padding") });
        let mut due = 0;
        for i in 0..BATCH {
            due += usize::from(times[i] < end);
        }
        let mut added = [[F::default(); BATCH]; GROUP - 1];
        for k in 0..GROUP - 1 {
            for i in 0..BATCH {
                let effect = effect(recent.jumps[k], [decay_l[i], decay_s[i], decay_z[i]]);
                added[k][i] = if recent.times[k] <= times[i] { effect } else { F::default() };
            }
        }
        for i in 0..due.min(BATCH) {
            let n = lanes[i] as usize;
            assert!(n < length, "a candidate of a neuron of the block");
            let mut v = traces.potential(n, [decay_l[i], decay_s[i], decay_z[i]]);
            for k in 0..GROUP - 1 {
                v = F::from_f32(rows[k][n]).mul_add(added[k][i], v);
            }
            fired[spikes] = Spike { time: times[i], neuron: n as u32 };
            spikes += usize::from(logits[i] < v);
        }
        candidates.take(due);
        if due < BATCH {
            return spikes;
        }
    }
}
