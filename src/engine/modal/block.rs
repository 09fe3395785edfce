//! The neurons of a block: what each event does to them, and when they fire.
//!
//! V − θ = distance + Σ a_m e^{−λ_m t'}, t' from the start of the segment. A neuron stays below its threshold while an upper bound of V − θ,
//! which holds for an interval that all neurons of the block share, is negative: then an arrival adds to its amplitudes and to the
//! bound, and no more. Otherwise it is *undecided*: no decision was made since its last event, or it is refractory. It is decided on
//! before its next event, or at the end of the window, when the interval without an event is known. Bounds only reject; whether and when a neuron fires is
//! decided from its own last event and the segment alone, so that windows, bounds and blocks change no bit.

use pulp::{Simd, WithSimd};

use super::drive::Drive;
use super::layout::CellModes;
use crate::cells::SEGMENT;
use crate::engine::crossing::{Approach, Crossings};
use crate::engine::limits::SpikeBudget;
use crate::engine::point_process::ProcessPoint;
use crate::numeric::{exp, logit};
use crate::protocol::Spike;

/// A neuron as arrivals need it.
#[derive(Clone, Copy, Debug)]
pub(super) struct ModalNeuron<const M: usize> {
    /// Amplitudes of V, scaled to the start of the segment [mV].
    pub(super) a: [f64; M],
    /// Upper bound of V − θ as long as bounds hold [mV]; infinite of an undecided neuron.
    pub(super) bound: f64,
    /// Its last event, an arrival or a change of its own [ms].
    pub(super) last: f64,
}

/// Neurons of a block with what changes when they fire.
#[derive(Clone, Debug)]
pub(super) struct NeuronBlock<const M: usize> {
    /// The first of them in the population.
    pub(super) first: usize,
    pub(super) neurons: Vec<ModalNeuron<M>>,
    /// rest − θ of each, as the model gives it [mV].
    pub(super) model_distance: Vec<f64>,
    /// rest − θ of each, as it is now [mV].
    pub(super) distance: Vec<f64>,
    pub(super) drive: Drive,
    /// The part of the amplitude of the membrane's mode that is of the neurons' own spikes [n] [mV]; empty where V* is not measured.
    pub(super) spike_effect: Vec<f64>,
    /// End of the refractory time of each [ms], or [`NOT_REFRACTORY`].
    pub(super) refractory: Vec<f64>,
    /// Undecided neurons, and whether each is in this list.
    undecided: Vec<u32>,
    listed: Vec<bool>,
    /// Start of the segment that amplitudes are scaled to [ms].
    pub(super) segment: f64,
    /// Up to where bounds hold [ms].
    bounds_end: f64,
    /// e^{−λ t'} there.
    decay_end: [f64; M],
    /// By how much a spike of weight 1 can raise V as long as bounds hold, by port.
    pub(super) reach: Vec<f64>,
    /// The time in the segment of the last decision on a neuron, and the decay of the modes up to there: many have their last events at
    /// one time.
    last_decided_at: f64,
    decay_at_last: [f64; M],
    /// Whether no neuron can fire without an arrival.
    pub(super) quiet: bool,
    /// Spikes of the window, unsorted.
    pub(super) spikes: Vec<Spike>,
    pub(super) counts: Crossings,
    /// How many spikes the population may still fire.
    budget: SpikeBudget,
}

/// One call of [`NeuronBlock::decide`].
struct Decide<'a, const M: usize> {
    block: &'a mut NeuronBlock<M>,
    cell: &'a CellModes<M>,
    index: usize,
    until: f64,
}

impl<const M: usize> WithSimd for Decide<'_, M> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { block, cell, index, until } = self;
        block.decide_inlined(cell, index, until);
    }
}

/// Shortest interval for which bounds are computed [ms]; they are the looser the longer it is.
const SHORTEST_BOUNDS_MS: f64 = 0.5;

/// Longest such interval [ms], where windows are longer: bounds are too loose beyond it.
const LONGEST_BOUNDS_MS: f64 = 2.0;

/// So many neurons stay in the first-level cache while they are gone through several times.
const NEURONS_IN_CACHE: usize = 128;

/// Relative margin by which bounds cover rounding.
const MARGIN: f64 = 1e-10;

/// End of the refractory time of a neuron that is not refractory [ms]; files hold finite numbers.
pub(super) const NOT_REFRACTORY: f64 = f64::MIN;

/// e^{λ t} of all modes. A loop, for closures are compiled without the vector instructions of who calls them.
#[inline(always)]
pub(super) fn exponentials<const M: usize>(lambda: &[f64; M], t: f64) -> [f64; M] {
    let mut all = [0.0; M];
    for m in 0..M {
        all[m] = exp(lambda[m] * t);
    }
    all
}

impl<const M: usize> NeuronBlock<M> {
    /// Neurons at rest.
    pub(super) fn new(first: usize, distance: Vec<f64>, budget: SpikeBudget) -> Self {
        let count = distance.len();
        Self {
            first,
            neurons: vec![ModalNeuron { a: [0.0; M], bound: f64::INFINITY, last: 0.0 }; count],
            refractory: vec![NOT_REFRACTORY; count],
            undecided: (0..count as u32).collect(),
            listed: vec![true; count],
            model_distance: distance.clone(),
            distance,
            drive: Drive::default(),
            spike_effect: Vec::new(),
            segment: 0.0,
            bounds_end: 0.0,
            decay_end: [1.0; M],
            reach: Vec::new(),
            last_decided_at: f64::NAN,
            decay_at_last: [1.0; M],
            quiet: false,
            spikes: Vec::new(),
            counts: Crossings::default(),
            budget,
        }
    }

    /// Makes ready for events from `from` on, and returns up to where: the end of the segment or of the bounds, at most `to`. With
    /// `idle` no event comes before `to`.
    #[inline(always)]
    pub(super) fn open(&mut self, cell: &CellModes<M>, from: f64, to: f64, idle: bool) -> f64 {
        if idle && self.quiet && self.undecided.is_empty() {
            return to;
        }
        self.rescale_to(cell, from);
        if from >= self.bounds_end || self.quiet {
            self.compute_bounds(cell, from, to);
        }
        to.min(self.bounds_end)
    }

    /// Scales amplitudes to the segment that `t` is in, segment by segment, so that it does not matter when that is done.
    #[inline(always)]
    pub(super) fn rescale_to(&mut self, cell: &CellModes<M>, t: f64) {
        let mut segments = 0;
        while self.segment + SEGMENT <= t {
            self.segment += SEGMENT;
            segments += 1;
        }
        if segments > 0 {
            self.rescale(cell, SEGMENT, segments);
        }
    }

    /// Scales amplitudes to a start that is `by` ms later, so many times.
    #[inline(always)]
    fn rescale(&mut self, cell: &CellModes<M>, by: f64, times: usize) {
        let decay = exponentials(&cell.lambda, -by);
        for neurons in self.neurons.chunks_mut(NEURONS_IN_CACHE) {
            for _ in 0..times {
                neurons.iter_mut().for_each(|neuron| neuron.a.iter_mut().zip(decay).for_each(|(a, decay)| *a *= decay));
            }
        }
        for effect in &mut self.spike_effect {
            (0..times).for_each(|_| *effect *= decay[cell.membrane]);
        }
        self.bounds_end = 0.0;
    }

    #[inline(always)]
    fn compute_bounds(&mut self, cell: &CellModes<M>, from: f64, to: f64) {
        let segment_end = self.segment + SEGMENT;
        self.bounds_end = segment_end.min(to.clamp(from + SHORTEST_BOUNDS_MS, from + LONGEST_BOUNDS_MS));
        let start = exponentials(&cell.lambda, self.segment - from);
        let end = exponentials(&cell.lambda, self.segment - self.bounds_end);
        self.decay_end = end;
        cell.reach(self.bounds_end - from, &mut self.reach);
        if cell.escape.is_some() {
            self.quiet = self.undecided.is_empty();
            return;
        }
        let mut highest = f64::NEG_INFINITY;
        for (index, (neuron, &distance)) in self.neurons.iter_mut().zip(&self.distance).enumerate() {
            if neuron.bound == f64::INFINITY {
                continue;
            }
            let (mut above, mut below, mut size) = (0.0, 0.0, distance.abs());
            for m in 0..M {
                let a = neuron.a[m] * start[m];
                above += a.max(0.0);
                below += (neuron.a[m] * end[m]).min(0.0);
                size += a.abs();
            }
            let ever = distance + above + MARGIN * size;
            neuron.bound = ever + below;
            highest = highest.max(ever);
            if neuron.bound >= 0.0 {
                neuron.bound = f64::INFINITY;
                if !self.listed[index] {
                    self.listed[index] = true;
                    self.undecided.push(index as u32);
                }
            }
        }
        self.quiet = self.undecided.is_empty() && highest < 0.0;
    }

    /// A spike of weight `w` arrives at `t`; `growth` are e^{λ t'} times what one of weight 1 adds to the amplitudes.
    #[inline(always)]
    pub(super) fn arrive(&mut self, cell: &CellModes<M>, index: usize, t: f64, w: f64, growth: &[f64; M], reach: f64) {
        self.decide_due(cell, index, t);
        let neuron = &mut self.neurons[index];
        for m in 0..M {
            neuron.a[m] += w * growth[m];
        }
        neuron.bound += w.max(0.0) * reach;
        neuron.last = t;
        if neuron.bound >= 0.0 {
            self.leave_undecided(index);
        }
    }

    /// Decides on a neuron, if it is undecided, before something reaches it at `t`.
    #[inline(always)]
    pub(super) fn decide_due(&mut self, cell: &CellModes<M>, index: usize, t: f64) {
        if self.neurons[index].bound == f64::INFINITY {
            self.decide_before(cell, index, t);
        }
    }

    #[cold]
    #[inline(never)]
    fn decide_before(&mut self, cell: &CellModes<M>, index: usize, t: f64) {
        let due = self.refractory[index];
        if due <= t && (due > NOT_REFRACTORY || t > self.neurons[index].last) {
            self.decide(cell, index, t);
        }
    }

    #[inline(never)]
    pub(super) fn leave_undecided(&mut self, index: usize) {
        self.neurons[index].bound = f64::INFINITY;
        if !self.listed[index] {
            self.listed[index] = true;
            self.undecided.push(index as u32);
        }
    }

    /// Decides on an undecided neuron whose last event is known to be the last before `until`: ends its refractory time, and lets it fire
    /// where it crosses its threshold.
    fn decide(&mut self, cell: &CellModes<M>, index: usize, until: f64) {
        cell.arch.dispatch(Decide { block: self, cell, index, until });
    }

    #[inline(always)]
    fn decide_inlined(&mut self, cell: &CellModes<M>, index: usize, until: f64) {
        while !self.budget.is_spent() {
            let due = self.refractory[index];
            if due > NOT_REFRACTORY {
                if due > until {
                    return;
                }
                self.refractory[index] = NOT_REFRACTORY;
                self.set_potential(cell, index, due);
            }
            if cell.escape.is_some() {
                self.neurons[index].bound = f64::NEG_INFINITY;
                return;
            }
            let neuron = self.neurons[index];
            let start = neuron.last.max(self.segment);
            let within = start - self.segment;
            if self.last_decided_at.total_cmp(&within).is_ne() {
                (self.last_decided_at, self.decay_at_last) = (within, exponentials(&cell.lambda, -within));
            }
            let mut a = neuron.a;
            for m in 0..M {
                a[m] *= self.decay_at_last[m];
            }
            let distance = self.distance[index];
            let approach = Approach { c: distance, a };
            if approach.value(&[1.0; M]) >= 0.0 {
                self.fire(cell, index, start);
                continue;
            }
            let mut bound = distance + MARGIN * distance.abs();
            for (m, &a) in a.iter().enumerate() {
                bound += MARGIN * a.abs() + if a > 0.0 { a } else { neuron.a[m] * self.decay_end[m] };
            }
            if bound < 0.0 {
                self.neurons[index].bound = bound;
                return;
            }
            if until <= start || approach.stays_below(&cell.rates, until - start, &mut self.counts) {
                return;
            }
            match approach.first_crossing(&cell.rates, self.segment + SEGMENT - start, &mut self.counts) {
                Some(after) if start + after < until => self.fire(cell, index, start + after),
                _ => return,
            }
        }
    }

    /// A neuron fires at `t`.
    #[inline(always)]
    fn fire(&mut self, cell: &CellModes<M>, index: usize, t: f64) {
        self.spikes.push(Spike { time: t, neuron: (self.first + index) as u32 });
        self.budget.count(self.spikes.len());
        let growth = exponentials(&cell.lambda, t - self.segment);
        let neuron = &mut self.neurons[index];
        for m in 0..M {
            neuron.a[m] += cell.adaptation[m] * growth[m];
        }
        neuron.last = t;
        match cell.reset {
            Some(reset) if reset.refractory_ms > 0.0 => {
                self.refractory[index] = t + reset.refractory_ms;
                self.leave_undecided(index);
            }
            Some(_) => self.set_potential(cell, index, t),
            None => (),
        }
    }

    /// Sets V to the reset potential at `t`.
    #[inline(always)]
    fn set_potential(&mut self, cell: &CellModes<M>, index: usize, t: f64) {
        let Some(reset) = cell.reset else { return };
        // A time before the segment is of a neuron that nothing has reached since: V was held.
        let t_within = (t - self.segment).max(0.0);
        let neuron = &mut self.neurons[index];
        let mut others = cell.rest + self.drive.offset(index);
        for m in 0..M {
            if m != cell.membrane {
                others += neuron.a[m] * exp(-cell.lambda[m] * t_within);
            }
        }
        let set = (reset.potential - others) * exp(cell.lambda[cell.membrane] * t_within);
        let before = std::mem::replace(&mut neuron.a[cell.membrane], set);
        neuron.last = t;
        if let Some(effect) = self.spike_effect.get_mut(index) {
            *effect += set - before;
        }
    }

    /// A candidate spike of an escape-rate neuron: it fires if φ(V)/φ_max exceeds the mark.
    #[inline(always)]
    pub(super) fn candidate(&mut self, cell: &CellModes<M>, point: &ProcessPoint<M>) {
        let Some(escape) = cell.escape else { return };
        let index = point.neuron as usize;
        if self.neurons[index].bound == f64::INFINITY {
            self.decide(cell, index, point.time);
            if self.refractory[index] > NOT_REFRACTORY {
                return;
            }
        }
        let rest = cell.rest + self.drive.offset(index);
        let v = rest + self.neurons[index].a.iter().zip(&point.growth).map(|(a, growth)| a / growth).sum::<f64>();
        if escape.threshold + escape.width * logit(point.mark) < v {
            self.fire(cell, index, point.time);
        }
    }

    /// Decides on all undecided neurons up to `to`.
    #[inline(always)]
    pub(super) fn close(&mut self, cell: &CellModes<M>, to: f64) {
        let mut undecided = std::mem::take(&mut self.undecided);
        undecided.retain(|&index| {
            let index = index as usize;
            self.decide(cell, index, to);
            let stays = self.neurons[index].bound == f64::INFINITY;
            self.listed[index] = stays;
            stays
        });
        self.undecided = undecided;
    }

    /// Appends V of all neurons at `t`, up to where all is decided [mV].
    pub(super) fn potentials(&mut self, cell: &CellModes<M>, t: f64, out: &mut Vec<f64>) {
        self.rescale_to(cell, t);
        let decay = exponentials(&cell.lambda, self.segment - t);
        out.extend(self.neurons.iter().zip(&self.refractory).enumerate().map(|(index, (neuron, &refractory))| {
            let held = cell.reset.filter(|_| refractory > NOT_REFRACTORY);
            held.map_or_else(
                || cell.rest + self.drive.offset(index) + (0..M).map(|m| neuron.a[m] * decay[m]).sum::<f64>(),
                |reset| reset.potential,
            )
        }));
    }

    /// Whether potentials are numbers that files hold in single precision.
    pub(super) fn is_finite(&self) -> bool {
        // Counted, not searched: a loop without a branch vectorises.
        let beyond = |a: &f64| usize::from(a.is_nan() | (a.abs() > f64::from(f32::MAX)));
        self.neurons.iter().map(|neuron| neuron.a.iter().map(beyond).sum::<usize>()).sum::<usize>() == 0
    }

    /// Makes the end of a phase of `length` ms the start of the next.
    pub(super) fn carry(&mut self, cell: &CellModes<M>, length: f64) {
        self.rescale_to(cell, length);
        self.rescale(cell, length - self.segment, 1);
        self.segment = 0.0;
        self.quiet = false;
        for (neuron, refractory) in self.neurons.iter_mut().zip(&mut self.refractory) {
            neuron.last -= length;
            *refractory -= length;
        }
    }

    /// Lets every neuron be decided on anew.
    pub(super) fn leave_all_undecided(&mut self) {
        (0..self.neurons.len()).for_each(|index| self.leave_undecided(index));
        (self.segment, self.bounds_end, self.quiet, self.last_decided_at) = (0.0, 0.0, false, f64::NAN);
    }
}
