//! The presynaptic side of a projection: spikes on their way, and the filtered trains they make.
//!
//! Times are kept relative to the start of the segment of 16 ms they fall in, so that e^{t/τ} stays in range. A spike at t
//! adds to the train s_j at the end b of the phase e^{−(b−t)/τ}/(τ_L − τ_s), which is e^{(t−segment)/τ} e^{−(b−segment)/τ}:
//! the first factor is needed for the postsynaptic traces anyway.

use pulp::{Arch, Simd, WithSimd};

use super::layout::ProjectionLayout;
use super::observe::ProjectionState;
use super::short_term::ShortTermSynapses;
use crate::cells::{Psp, SEGMENT};
use crate::model::ShortTermPlasticity;
use crate::numeric::exp;
use crate::protocol::Spike;

/// A carried presynaptic trace below this [1/ms] is dropped: it is less than one part in 10⁶ of that of a 1 Hz neuron,
/// and without it every pixel ever lit would count as active for good.
const NEGLIGIBLE: f64 = 1e-9;

/// The segment that `t` falls in.
#[inline(always)]
pub(crate) fn segment_of(t: f64) -> usize {
    (t * (1.0 / SEGMENT)) as usize
}

/// The time since the start of the segment that `t` falls in.
#[inline(always)]
pub(crate) fn within_segment(t: f64) -> f64 {
    t - (t * (1.0 / SEGMENT)).floor() * SEGMENT
}

/// The presynaptic side of one projection in one lane.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arrivals {
    /// Arrivals from the start of the window, sorted; beyond its end those still in flight.
    pub(crate) spikes: Vec<Spike>,
    /// The part of its weight with which each of them acts; empty without short-term plasticity, where it is all.
    pub(crate) factors: Vec<f64>,
    short_term: Option<ShortTermSynapses>,
    /// e^{t'/τ_L} and e^{t'/τ_s}, t' from the start of the segment, for the first of `spikes`, those taken.
    pub(crate) growth_l: Vec<f64>,
    pub(crate) growth_s: Vec<f64>,
    /// Traces at the start of the phase [pre] [1/ms].
    trace_l: Vec<f64>,
    trace_s: Vec<f64>,
    /// What this phase's arrivals add to both traces at its end and to the mean, by neuron.
    added: Vec<[f64; 4]>,
    /// What this phase's arrivals add to the traces at its end [pre] [1/ms].
    pub(crate) added_l: Vec<f64>,
    pub(crate) added_s: Vec<f64>,
    /// Mean over the averaging interval of what this phase's arrivals add to the trains [pre] [1/ms].
    pub(crate) added_mean: Vec<f64>,
    /// Mean of the whole trains [pre] [1/ms].
    pub(crate) mean: Vec<f64>,
    /// Where plateaus may come before the end of a phase: traces, at the earliest such time, of what arrived before it in the
    /// phase [pre] [1/ms], and what arrived after it.
    pub(crate) before_late: Vec<[f64; 2]>,
    pub(crate) late: Vec<Spike>,
}

/// A phase as means over it need it [ms].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Averaging {
    /// Start of the means.
    pub(crate) from: f64,
    /// Length of the phase.
    pub(crate) length: f64,
}

impl Arrivals {
    pub(crate) fn new(pre: usize, short_term: Option<ShortTermPlasticity>) -> Self {
        let zero = || vec![0.0; pre];
        Self {
            trace_l: zero(),
            trace_s: zero(),
            added: vec![[0.0; 4]; pre],
            added_l: zero(),
            added_s: zero(),
            added_mean: zero(),
            mean: zero(),
            short_term: short_term.map(|plasticity| ShortTermSynapses::new(plasticity, pre)),
            ..Self::default()
        }
    }

    /// Starts a phase.
    pub(crate) fn begin(&mut self, layout: &ProjectionLayout) {
        self.added.fill([0.0; 4]);
        self.late.clear();
        self.before_late.clear();
        if layout.late_ms > 0.0 {
            self.before_late.resize(self.mean.len(), [0.0; 2]);
        }
    }

    /// Puts spikes of the presynaptic neurons on their way, which come in the order of time from one call to the next.
    pub(crate) fn send(&mut self, spikes: &[Spike], delay: f64) {
        if let Some(short_term) = &mut self.short_term {
            self.factors.extend(spikes.iter().map(|&spike| short_term.efficacy(spike)));
        }
        self.spikes.extend(spikes.iter().map(|s| Spike { time: s.time + delay, neuron: s.neuron }));
    }

    /// The arrivals before `end` that were not taken yet, with their factors computed.
    pub(crate) fn take(&mut self, arch: Arch, layout: &ProjectionLayout, end: f64) -> std::ops::Range<usize> {
        let first = self.growth_l.len();
        let last = first + self.spikes[first..].partition_point(|s| s.time < end);
        let rates = [1.0 / layout.psp.tau_l, 1.0 / layout.psp.tau_s];
        let (l, s) = (&mut self.growth_l, &mut self.growth_s);
        arch.dispatch(GrowthAt { spikes: &self.spikes[first..last], rates, l, s });
        first..last
    }

    /// Gathers what the arrivals of a window that ends at `end` add to means and traces, and forgets them.
    pub(crate) fn end_window(&mut self, arch: Arch, layout: &ProjectionLayout, averaging: Averaging, end: f64) {
        if !layout.filtered {
            let arrived = self.spikes.partition_point(|spike| spike.time < end);
            self.spikes.drain(..arrived);
            self.factors.drain(..arrived.min(self.factors.len()));
            return;
        }
        self.take(arch, layout, end);
        let Self { spikes, growth_l, growth_s, added, .. } = self;
        let spikes = &spikes[..growth_l.len()];
        arch.dispatch(Gather { spikes, growth: [growth_l, growth_s], psp: layout.psp, averaging, added });
        if layout.late_ms > 0.0 {
            self.keep_late(layout.psp, averaging.length - layout.late_ms);
        }
        self.spikes.drain(..self.growth_l.len());
        self.growth_l.clear();
        self.growth_s.clear();
    }

    /// Adds the arrivals of the window before `from` to the traces there, and keeps the others.
    fn keep_late(&mut self, psp: Psp, from: f64) {
        let taken = &self.spikes[..self.growth_l.len()];
        let (before, after) = taken.split_at(taken.partition_point(|spike| spike.time < from));
        for spike in before {
            let [l, s] = &mut self.before_late[spike.neuron as usize];
            *l += psp.jump() * exp(-(from - spike.time) / psp.tau_l);
            *s += psp.jump() * exp(-(from - spike.time) / psp.tau_s);
        }
        self.late.extend_from_slice(after);
    }

    /// Computes the means of a phase whose windows have all ended, and what it adds to the traces at its end.
    pub(crate) fn average(&mut self, layout: &ProjectionLayout, Averaging { from, length }: Averaging) {
        let (slow, fast) = layout.psp.carried_means(from, length);
        for (j, &[l, s, mean, _]) in self.added.iter().enumerate() {
            (self.added_l[j], self.added_s[j], self.added_mean[j]) = (l, s, mean);
            self.mean[j] = self.trace_l[j] * slow - self.trace_s[j] * fast + mean;
        }
    }

    /// Takes rates for trains, where the presynaptic neurons send those: φ_max times the mean `sigmoid` of each.
    pub(crate) fn rates(&mut self, phi_max: f64, sigmoid: &[f64]) {
        for (j, sigmoid) in sigmoid.iter().enumerate() {
            self.mean[j] = phi_max * sigmoid;
            self.added_mean[j] = self.mean[j];
        }
    }

    /// Ends a phase of `length` ms: traces and spikes in flight are carried to the next.
    pub(crate) fn carry(&mut self, layout: &ProjectionLayout, length: f64) {
        let (decay_l, decay_s) = (exp(-length / layout.psp.tau_l), exp(-length / layout.psp.tau_s));
        for j in 0..self.trace_l.len() {
            self.trace_l[j] = self.trace_l[j] * decay_l + self.added_l[j];
            self.trace_s[j] = self.trace_s[j] * decay_s + self.added_s[j];
            // Both are negative where τ_L < τ_s.
            let kept = if self.trace_l[j].abs().max(self.trace_s[j].abs()) < NEGLIGIBLE { 0.0 } else { 1.0 };
            self.trace_l[j] *= kept;
            self.trace_s[j] *= kept;
        }
        self.spikes.iter_mut().for_each(|s| s.time -= length);
        self.short_term.iter_mut().for_each(|short_term| short_term.carry(length));
    }

    pub(crate) fn state(&self) -> ProjectionState {
        ProjectionState {
            trace_l: self.trace_l.clone(),
            trace_s: self.trace_s.clone(),
            in_flight: self.spikes.clone(),
            factors: self.factors.clone(),
            short_term: self.short_term.as_ref().map_or_else(Vec::new, |short_term| short_term.states().to_vec()),
        }
    }

    pub(crate) fn restore(&mut self, state: &ProjectionState) {
        self.trace_l.copy_from_slice(&state.trace_l);
        self.trace_s.copy_from_slice(&state.trace_s);
        self.spikes.clone_from(&state.in_flight);
        self.factors.clone_from(&state.factors);
        self.short_term.iter_mut().for_each(|short_term| short_term.restore(&state.short_term));
    }

    pub(crate) fn rest(&mut self) {
        self.trace_l.fill(0.0);
        self.trace_s.fill(0.0);
        self.spikes.clear();
        self.factors.clear();
        self.short_term.iter_mut().for_each(ShortTermSynapses::rest);
    }
}

/// Adds what each arrival leaves of both traces at the end of the phase, and to the mean over an interval at its end.
struct Gather<'a> {
    spikes: &'a [Spike],
    growth: [&'a [f64]; 2],
    psp: Psp,
    averaging: Averaging,
    added: &'a mut [[f64; 4]],
}

impl WithSimd for Gather<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { spikes, growth, psp, averaging: Averaging { from, length }, added } = self;
        let jump = psp.jump();
        let scale = 1.0 / (length - from);
        let mut first = 0;
        while first < spikes.len() {
            // A run of arrivals in one segment, all before `from` or none.
            let segment = segment_of(spikes[first].time);
            let is_before = spikes[first].time < from;
            let boundary = (segment + 1) as f64 * SEGMENT;
            let bound = if is_before { from.min(boundary) } else { boundary };
            let last = first + spikes[first..].partition_point(|spike| spike.time < bound);
            let decay = |t: f64, tau: f64| exp(-(t - segment as f64 * SEGMENT) / tau);
            let end = [jump * decay(length, psp.tau_l), jump * decay(length, psp.tau_s)];
            // The integral of an arrival's train up to b is 1 − τ_L l(b) + τ_s s(b).
            let (whole, begin) = if is_before {
                (0.0, [jump * decay(from, psp.tau_l), jump * decay(from, psp.tau_s)])
            } else {
                (scale, [0.0; 2])
            };
            let mean = [(begin[0] - end[0]) * psp.tau_l * scale, (end[1] - begin[1]) * psp.tau_s * scale];
            let run = spikes[first..last].iter().zip(&growth[0][first..last]).zip(&growth[1][first..last]);
            for ((spike, &l), &s) in run {
                let sums = &mut added[spike.neuron as usize];
                let more = [l * end[0], s * end[1], l.mul_add(mean[0], s.mul_add(mean[1], whole)), 0.0];
                for i in 0..4 {
                    sums[i] += more[i];
                }
            }
            first = last;
        }
    }
}

/// Appends e^{t'·rate} of each spike.
struct GrowthAt<'a> {
    spikes: &'a [Spike],
    rates: [f64; 2],
    l: &'a mut Vec<f64>,
    s: &'a mut Vec<f64>,
}

impl WithSimd for GrowthAt<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { spikes, rates, l, s } = self;
        let start = l.len();
        l.resize(start + spikes.len(), 0.0);
        s.resize(start + spikes.len(), 0.0);
        for (s, spike) in s[start..].iter_mut().zip(spikes) {
            *s = within_segment(spike.time);
        }
        for (l, &t) in l[start..].iter_mut().zip(&s[start..]) {
            *l = exp(t * rates[0]);
        }
        for s in &mut s[start..] {
            *s = exp(*s * rates[1]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// κ is the same under exchange of its time constants; only the names of the traces change.
    #[test]
    fn a_train_is_carried_whichever_time_constant_is_the_longer() {
        let carried = |tau_l, tau_s| {
            let layout = ProjectionLayout {
                from: 0,
                delay: 0.0,
                psp: Psp { tau_l, tau_s },
                rates: None,
                late_ms: 0.0,
                filtered: true,
                short_term: None,
                plastic: false,
            };
            let mut arrivals = Arrivals::new(1, None);
            arrivals.send(&[Spike { time: 3.0, neuron: 0 }], layout.delay);
            let averaging = Averaging { from: 5.0, length: 20.0 };
            arrivals.begin(&layout);
            arrivals.end_window(Arch::new(), &layout, averaging, 20.0);
            arrivals.average(&layout, averaging);
            arrivals.carry(&layout, 20.0);
            let state = arrivals.state();
            state.trace_l[0] - state.trace_s[0]
        };
        assert!((carried(10.0, 3.0) - Psp { tau_l: 10.0, tau_s: 3.0 }.kappa(17.0)).abs() < 1e-15);
        assert!((carried(3.0, 10.0) - carried(10.0, 3.0)).abs() < 1e-15);
    }
}
