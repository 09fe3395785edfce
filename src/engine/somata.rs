//! One population in one lane: its somata in either precision, with the state they carry from phase to phase.

use pulp::{Arch, Simd, WithSimd};

use super::arrivals::{Arrivals, within_segment};
use super::circuit::{Circuit, Membrane, PopulationLayout, Precision};
use super::membranes::Membranes;
use super::observe::PopulationState;
use super::sampling::Start;
use super::thinning::Hazard;
use super::traces::{Event, Slabs};
use crate::cells::Modes;
use crate::data::Spike;
use crate::model::MAX_AFFERENTS;
use crate::network::{Network, Weights};
use crate::numeric::{Real, WideStream, sigmoid_all};

/// Somata, at the precision their circuit asks for.
#[derive(Clone, Debug)]
enum Traces {
    Single(Membranes<f32>),
    Double(Membranes<f64>),
}

/// A population of pyramidal cells or output neurons in one lane.
#[derive(Clone, Debug)]
pub(crate) struct Somata {
    /// The population's place in the model.
    index: usize,
    traces: Traces,
    /// Modes in the forward and the target phase.
    modes: [Modes; 2],
    /// State at the start of the phase.
    pub(crate) start: Start,
    /// V, u_L and u_s at its end.
    end: [Vec<f64>; 3],
}

/// Applies an expression to the membranes of either precision.
macro_rules! either {
    ($traces:expr, $membranes:ident => $body:expr) => {
        match $traces {
            Traces::Single($membranes) => $body,
            Traces::Double($membranes) => $body,
        }
    };
}

impl Somata {
    pub(crate) fn new(index: usize, size: usize, membrane: &Membrane) -> Self {
        let stride = Weights::zeros(size, 0).stride();
        let traces = match membrane.precision {
            Precision::Single => Traces::Single(Membranes::new(size, stride)),
            Precision::Double => Traces::Double(Membranes::new(size, stride)),
        };
        let zero = || vec![0.0; size];
        let apical = || if membrane.has_apical { zero() } else { Vec::new() };
        let start =
            Start { v: zero(), u_l: zero(), u_s: zero(), a_l: apical(), a_s: apical(), bias: zero(), current: zero() };
        Self {
            index,
            traces,
            modes: membrane.gamma.map(|gamma| Modes::new(membrane.psp, gamma)),
            start,
            end: [zero(), zero(), zero()],
        }
    }

    pub(crate) fn modes(&self, phase: usize) -> &Modes {
        &self.modes[phase]
    }

    /// Starts a phase of `length` ms, `label` being taught in it, in which potentials will be noted at
    /// `probes`, and returns the number of candidates drawn for it.
    pub(crate) fn begin(
        &mut self,
        arch: Arch,
        cells: &PopulationLayout,
        biases: &[f32],
        (phase, length, label): (usize, f64, Option<u8>),
        probes: &[f64],
        stream: impl Fn(u32) -> WideStream,
    ) -> u64 {
        let Some(membrane) = &cells.membrane else { return 0 };
        for (i, &bias) in biases.iter().enumerate() {
            let teaching = label.map_or(0.0, |label| membrane.teaching_current(i, label));
            self.start.bias[i] = f64::from(bias);
            self.start.current[i] = membrane.g_dendrite * f64::from(bias) + teaching;
        }
        let modes = self.modes[phase];
        let hazard = Hazard { size: cells.size, phi_max: cells.phi_max, length, modes };
        let Start { v, u_l, u_s, current, .. } = &self.start;
        either!(&mut self.traces, membranes => {
            membranes.start(arch, &modes, [v, u_l, u_s, current], probes, length);
            membranes.candidates.draw(arch, hazard, stream);
            membranes.candidates.count() as u64
        })
    }

    /// Advances over the window [`from`, `to`) of a phase and appends the spikes, sorted.
    pub(crate) fn advance(
        &mut self,
        arch: Arch,
        circuit: &Circuit,
        arrivals: &mut [Arrivals],
        network: &Network,
        (phase, from, to): (usize, f64, f64),
        spikes: &mut Vec<Spike>,
    ) -> usize {
        let modes = self.modes[phase];
        let somatic = &circuit.cells[self.index].somatic;
        let mut slabs: Slabs<'_> = [&[]; MAX_AFFERENTS];
        either!(&mut self.traces, membranes => {
            let known = membranes.events.len();
            for (slab, &(link, conductance)) in somatic.iter().enumerate() {
                slabs[slab] = network.weights[link].rows();
                let range = arrivals[link].take(arch, &circuit.links[link], to);
                let Arrivals { spikes, rise_l, rise_s, .. } = &arrivals[link];
                arch.dispatch(Build {
                    spikes: &spikes[range.clone()],
                    rises: [&rise_l[range.clone()], &rise_s[range]],
                    modes: &modes,
                    slab: slab as u32,
                    conductance,
                    out: &mut membranes.events,
                });
            }
            if somatic.len() > 1 {
                membranes.events[known..].sort_unstable_by(|a, b| {
                    a.time.total_cmp(&b.time).then((a.slab, a.pre).cmp(&(b.slab, b.pre)))
                });
            }
            membranes.advance(arch, slabs, [from, to], spikes);
            membranes.events.len() - known
        })
    }

    /// Ends a phase; the state at its start is kept until [`Somata::carry`].
    pub(crate) fn finish(&mut self, phase: usize) {
        let [v, u_l, u_s] = &mut self.end;
        either!(&self.traces, membranes => membranes.finish(&self.modes[phase], [v, u_l, u_s]));
    }

    /// The mean of V after `settle`, given the mean `drive` of all that arrived in this phase.
    pub(crate) fn mean_v(&self, phase: usize, drive: &[f64], (settle, length): (f64, f64), out: &mut [f64]) {
        let modes = &self.modes[phase];
        let (slow, fast) = modes.psp.carried_means(settle, length);
        for (i, mean) in out.iter_mut().enumerate() {
            let settled = either!(&self.traces, membranes => membranes.noted(0)[i].to_f64());
            let carried = self.start.u_l[i] * slow - self.start.u_s[i] * fast;
            *mean = modes.mean_v(settled, self.end[0][i], drive[i] + carried + self.start.current[i], length - settle);
        }
    }

    /// The mean of sigmoid(V) over the probes but the first.
    pub(crate) fn mean_sigmoid(&self, scratch: &mut Vec<f64>, out: &mut [f64]) {
        out.fill(0.0);
        either!(&self.traces, membranes => {
            let probes = membranes.probes.len();
            for probe in 1..probes {
                scratch.clear();
                scratch.extend(membranes.noted(probe).iter().map(|v| v.to_f64()));
                sigmoid_all(scratch);
                out.iter_mut().zip(scratch.iter()).for_each(|(mean, sigmoid)| *mean += sigmoid / (probes - 1) as f64);
            }
        });
    }

    /// Makes the end of a phase the start of the next.
    pub(crate) fn carry(&mut self) {
        let Start { v, u_l, u_s, .. } = &mut self.start;
        [v, u_l, u_s].into_iter().zip(&mut self.end).for_each(|(start, end)| std::mem::swap(start, end));
    }

    pub(crate) fn state(&self) -> PopulationState {
        let Start { v, u_l, u_s, a_l, a_s, .. } = self.start.clone();
        PopulationState { v, drive_l: u_l, drive_s: u_s, apical_l: a_l, apical_s: a_s }
    }

    pub(crate) fn restore(&mut self, state: &PopulationState) {
        self.start.v.copy_from_slice(&state.v);
        self.start.u_l.copy_from_slice(&state.drive_l);
        self.start.u_s.copy_from_slice(&state.drive_s);
        self.start.a_l.copy_from_slice(&state.apical_l);
        self.start.a_s.copy_from_slice(&state.apical_s);
    }

    pub(crate) fn rest(&mut self) {
        let Start { v, u_l, u_s, a_l, a_s, .. } = &mut self.start;
        [v, u_l, u_s, a_l, a_s].into_iter().for_each(|trace| trace.fill(0.0));
    }
}

/// Makes events of the arrivals of one projection.
struct Build<'a, F> {
    spikes: &'a [Spike],
    rises: [&'a [f64]; 2],
    modes: &'a Modes,
    slab: u32,
    conductance: f64,
    out: &'a mut Vec<Event<F>>,
}

impl<F: Real> WithSimd for Build<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        const CHUNK: usize = 64;
        let Self { spikes, modes, slab, conductance, out, .. } = self;
        let jump = conductance * modes.psp.jump();
        let (jump_l, jump_s) = (jump * modes.alpha_l, -jump * modes.alpha_s);
        let jump_z = -(jump_l + jump_s);
        out.reserve(spikes.len());
        for (index, spikes) in spikes.chunks(CHUNK).enumerate() {
            let mut local = [0.0; CHUNK];
            for (local, spike) in local.iter_mut().zip(spikes) {
                *local = within_segment(spike.time);
            }
            let [mut l, mut s, mut z] = [[F::default(); CHUNK]; 3];
            let rises = self.rises.map(|rise| &rise[index * CHUNK..]);
            for (l, rise) in l.iter_mut().zip(rises[0]) {
                *l = F::from_f64(jump_l * rise);
            }
            for (s, rise) in s.iter_mut().zip(rises[1]) {
                *s = F::from_f64(jump_s * rise);
            }
            for (z, local) in z.iter_mut().zip(local) {
                *z = F::from_f64(jump_z).mul_add(F::exp(local * modes.gamma), F::default());
            }
            let jumps = |i: usize| [l[i], s[i], z[i]];
            let made = spikes.iter().enumerate();
            out.extend(made.map(|(i, spike)| Event { time: spike.time, slab, pre: spike.neuron, jumps: jumps(i) }));
        }
    }
}
