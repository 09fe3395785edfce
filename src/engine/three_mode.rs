//! A population of linear cells in one lane: its membranes in either precision, and the state they carry from phase to phase.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::arrivals::{Arrivals, within_segment};
use super::circuit::Circuit;
use super::layout::{Membrane, PopulationLayout, Precision, SomaticInput};
use super::membranes::Membranes;
use super::observe::StateArray;
use super::phase_potentials::{PhasePotentials, take_up};
use super::population::{Inputs, Means, PhaseRun, PopulationDynamics, Window};
use super::rows::{AfferentWeights, FEW};
use super::sampling::Start;
use super::thinning::Hazard;
use super::traces::Event;
use super::work::Work;
use crate::cells::Modes;
use crate::network::{Network, Synapses, Weights};
use crate::numeric::{Purpose, Real, sigmoid_all};
use crate::protocol::Spike;

/// Somata, at the precision their circuit asks for.
#[derive(Clone, Debug)]
enum Somata {
    Single(Membranes<f32>),
    Double(Membranes<f64>),
}

/// A population of linear cells.
#[derive(Clone, Debug)]
pub(crate) struct LinearPopulation {
    /// The population's place in the model.
    index: usize,
    layout: PopulationLayout,
    potentials: PhasePotentials,
    somata: Somata,
    /// Sums of sigmoid(V) over probes.
    sigmoids: Vec<f64>,
    scratch: Vec<f64>,
    /// What was received of the window, by somatic input.
    taken: Vec<Range<usize>>,
}

/// Applies an expression to the membranes of either precision.
macro_rules! either {
    ($somata:expr, $membranes:ident => $body:expr) => {
        match $somata {
            Somata::Single($membranes) => $body,
            Somata::Double($membranes) => $body,
        }
    };
}

impl LinearPopulation {
    pub(crate) fn new(index: usize, layout: &PopulationLayout, membrane: &Membrane) -> Self {
        let size = layout.size;
        let stride = Weights::zeros(size, 0).stride();
        let somata = match membrane.precision {
            Precision::Single => Somata::Single(Membranes::new(size, stride)),
            Precision::Double => Somata::Double(Membranes::new(size, stride)),
        };
        Self {
            index,
            layout: layout.clone(),
            potentials: PhasePotentials::new(index, layout, membrane),
            somata,
            sigmoids: vec![0.0; size],
            scratch: Vec::new(),
            taken: vec![0..0; layout.somatic.len()],
        }
    }

    /// Takes up the potentials probed in the last window.
    fn take_probed(&mut self, averaged: bool) {
        let Self { somata, potentials: PhasePotentials { settled, .. }, sigmoids, scratch, .. } = self;
        either!(somata, membranes => {
            for (probe, values) in membranes.probed() {
                if probe == 0 {
                    settled.iter_mut().zip(values).for_each(|(settled, v)| *settled = v.to_f64());
                } else if averaged {
                    scratch.clear();
                    scratch.extend(values.iter().map(|v| v.to_f64()));
                    sigmoid_all(scratch);
                    let steps = membranes.probes().steps as f64;
                    sigmoids.iter_mut().zip(scratch.iter()).for_each(|(mean, sigmoid)| *mean += sigmoid / steps);
                }
            }
        });
    }
}

impl PopulationDynamics for LinearPopulation {
    fn begin(&mut self, run: &PhaseRun<'_>, inputs: &Inputs<'_>, sampled: bool) {
        self.potentials.begin(run, inputs, sampled);
        let averaged = self.layout.measures_sigmoid(self.index, run.phase.measures.sigmoids);
        let probes = if averaged { run.probes } else { run.probes.of_settling() };
        self.sigmoids.fill(0.0);
        let PhasePotentials { now, start: Start { v, u_l, u_s, current, .. }, .. } = &self.potentials;
        let candidates = |block| run.streams.key(Purpose::Candidates(self.index as u32), block).wide();
        either!(&mut self.somata, membranes => {
            membranes.start(now, [v, u_l, u_s, current], probes, run.phase.length_ms);
            membranes.candidates.begin(self.layout.size, candidates);
        });
    }

    fn receive(&mut self, run: &PhaseRun<'_>, circuit: &Circuit, _: &Network, arrivals: &mut [Arrivals], end: f64) {
        for (taken, &SomaticInput { projection, .. }) in self.taken.iter_mut().zip(&self.layout.somatic) {
            *taken = arrivals[projection].take(run.arch, &circuit.projections[projection], end);
        }
    }

    fn advance(
        &mut self,
        run: &PhaseRun<'_>,
        window: Window,
        inputs: &Inputs<'_>,
        out: &mut Vec<Spike>,
        work: &mut Work,
    ) {
        let (known, modes, somatic) = (out.len(), self.potentials.now, &self.layout.somatic);
        let (mut few, mut many): ([&[f32]; FEW], Vec<&[f32]>) = ([&[]; FEW], Vec::new());
        let hazard =
            Hazard { size: self.layout.size, phi_max: self.layout.phi_max, length: run.phase.length_ms, modes };
        let Inputs { arrivals, network, .. } = *inputs;
        work.synaptic_events += synaptic_events(somatic, &self.taken, inputs);
        either!(&mut self.somata, membranes => {
            let waiting = membranes.events.len();
            for (afferent, (&SomaticInput { projection, conductance }, range)) in somatic.iter().zip(&self.taken).enumerate() {
                let Arrivals { spikes, growth_l, growth_s, .. } = &arrivals[projection];
                run.arch.dispatch(BuildEvents {
                    spikes: &spikes[range.clone()],
                    growth: [&growth_l[range.clone()], &growth_s[range.clone()]],
                    modes: &modes,
                    afferent: afferent as u32,
                    conductance,
                    out: &mut membranes.events,
                });
            }
            if somatic.len() > 1 {
                membranes.events[waiting..].sort_unstable_by(|a, b| {
                    a.time.total_cmp(&b.time).then((a.afferent, a.pre).cmp(&(b.afferent, b.pre)))
                });
            }
            let dense = |input: &SomaticInput| network.synapses[input.projection].dense();
            let weights = if somatic.iter().any(|input| dense(input).is_none()) {
                AfferentWeights::Mixed { somatic, network }
            } else if somatic.len() <= FEW {
                for (rows, weights) in few.iter_mut().zip(somatic.iter().filter_map(dense)) {
                    *rows = weights.rows();
                }
                AfferentWeights::Dense(&few[..somatic.len()])
            } else {
                many.extend(somatic.iter().filter_map(dense).map(Weights::rows));
                AfferentWeights::Dense(&many)
            };
            let decided = membranes.advance(run.arch, hazard, weights, [window.from, window.to], out);
            work.candidates += decided as u64;
        });
        work.spikes += (out.len() - known) as u64;
        self.take_probed(self.layout.measures_sigmoid(self.index, run.phase.measures.sigmoids));
    }

    fn sample(&mut self, run: &PhaseRun<'_>, times: &[f64], inputs: &Inputs<'_>, out: &mut Vec<f64>) {
        self.potentials.sample(run, times, inputs, out);
    }

    fn finish(&mut self, sigmoid: &mut [f64]) {
        let PhasePotentials { now, end: [v, u_l, u_s], .. } = &mut self.potentials;
        either!(&self.somata, membranes => membranes.finish(now, [v, u_l, u_s]));
        if !sigmoid.is_empty() {
            sigmoid.copy_from_slice(&self.sigmoids);
        }
    }

    fn measure(&mut self, run: &PhaseRun<'_>, inputs: &Inputs<'_>, means: Means<'_>) {
        self.potentials.measure(run, inputs, means);
    }

    fn carry(&mut self, run: &PhaseRun<'_>, inputs: &Inputs<'_>) {
        let PhasePotentials { start: Start { v, u_l, u_s, .. }, end, .. } = &mut self.potentials;
        [v, u_l, u_s].into_iter().zip(end).for_each(|(start, end)| std::mem::swap(start, end));
        self.potentials.carry_dendrites(run, inputs);
    }

    fn rest(&mut self) {
        self.potentials.rest();
    }

    /// In the order of names, as files have them.
    fn state(&self) -> Vec<StateArray> {
        let Start { v, u_l, u_s, .. } = &self.potentials.start;
        let array = |(name, values): (&str, &Vec<f64>)| StateArray { name: name.to_owned(), values: values.clone() };
        let somata = SOMATIC.into_iter().zip([v, u_l, u_s]).map(array);
        let mut state: Vec<_> = somata.chain(self.potentials.dendritic_state()).collect();
        state.sort_by(|a, b| a.name.cmp(&b.name));
        state
    }

    fn restore(&mut self, state: &[StateArray]) {
        let Start { v, u_l, u_s, .. } = &mut self.potentials.start;
        SOMATIC.into_iter().zip([v, u_l, u_s]).for_each(|(name, values)| take_up(state, name, values));
        self.potentials.restore_dendrites(state);
    }
}

/// How many neurons the arrivals of a window reach, those of each afferent in a range of its own.
fn synaptic_events(somatic: &[SomaticInput], taken: &[Range<usize>], inputs: &Inputs<'_>) -> u64 {
    let events = somatic.iter().zip(taken).map(|(&SomaticInput { projection, .. }, range)| {
        let spikes = &inputs.arrivals[projection].spikes[range.clone()];
        match &inputs.network.synapses[projection] {
            Synapses::Dense(weights) => spikes.len() * weights.post(),
            Synapses::Sparse(sparse) => spikes.iter().map(|spike| sparse.out_degree(spike.neuron as usize)).sum(),
        }
    });
    events.sum::<usize>() as u64
}

/// Names of the arrays of state of somata.
pub(super) const SOMATIC: [&str; 3] = ["v", "drive_l", "drive_s"];

/// Makes events of the arrivals of one projection.
struct BuildEvents<'a, F> {
    spikes: &'a [Spike],
    growth: [&'a [f64]; 2],
    modes: &'a Modes,
    afferent: u32,
    conductance: f64,
    out: &'a mut Vec<Event<F>>,
}

impl<F: Real> WithSimd for BuildEvents<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        const CHUNK: usize = 64;
        let Self { spikes, modes, afferent, conductance, out, .. } = self;
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
            let growth = self.growth.map(|growth| &growth[index * CHUNK..]);
            for (l, growth) in l.iter_mut().zip(growth[0]) {
                *l = F::from_f64(jump_l * growth);
            }
            for (s, growth) in s.iter_mut().zip(growth[1]) {
                *s = F::from_f64(jump_s * growth);
            }
            for (z, local) in z.iter_mut().zip(local) {
                *z = F::from_f64(jump_z).mul_add(F::exp(local * modes.gamma), F::default());
            }
            let jumps = |i: usize| [l[i], s[i], z[i]];
            let made = spikes.iter().enumerate();
            out.extend(made.map(|(i, spike)| Event { time: spike.time, afferent, pre: spike.neuron, jumps: jumps(i) }));
        }
    }
}
