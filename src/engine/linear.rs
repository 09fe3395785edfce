//! A population of linear cells in one lane: its membranes in either precision, and the state they carry from phase to phase.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::arrivals::{Arrivals, within_segment};
use super::circuit::{Circuit, Membrane, PopulationLayout, Precision, SomaticInput};
use super::means::add_product;
use super::membranes::Membranes;
use super::observe::StateArray;
use super::plateaus::Apical;
use super::population::{Inputs, Means, PhaseRun, PopulationDynamics, Window};
use super::sampling::{Afferent, Sampled, Sampler, Start};
use super::thinning::Hazard;
use super::traces::Event;
use super::work::Work;
use crate::cells::Modes;
use crate::network::{Network, Weights};
use crate::numeric::Purpose;
use crate::numeric::{Real, exp, sigmoid_all};
use crate::protocol::{Spike, Target};

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
    membrane: Membrane,
    somata: Somata,
    /// Modes without and with a target.
    modes: [Modes; 2],
    /// Those of the phase.
    now: Modes,
    start: Start,
    /// V, u_L and u_s at the end of the phase.
    end: [Vec<f64>; 3],
    /// V at the end of settling.
    settled: Vec<f64>,
    /// Sums of sigmoid(V) over probes.
    sigmoids: Vec<f64>,
    scratch: Vec<f64>,
    sampler: Sampler,
    sampled: bool,
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
        let zero = || vec![0.0; size];
        let dendrites = membrane.dendrites.iter().map(|_| [zero(), zero()]).collect();
        let start = Start { v: zero(), u_l: zero(), u_s: zero(), dendrites, bias: zero(), current: zero() };
        let modes = membrane.gamma.map(|gamma| Modes::new(membrane.psp, gamma));
        Self {
            index,
            layout: layout.clone(),
            membrane: membrane.clone(),
            somata,
            modes,
            now: modes[0],
            start,
            end: [zero(), zero(), zero()],
            settled: zero(),
            sigmoids: zero(),
            scratch: Vec::new(),
            sampler: Sampler::default(),
            sampled: false,
            taken: vec![0..0; layout.somatic.len()],
        }
    }

    /// Projections to these cells as they are sampled, with the places of those that drive somata first.
    fn afferents<'a>(&'a self, inputs: &Inputs<'a>) -> Vec<(usize, Afferent<'a>)> {
        let dendrites = &self.membrane.dendrites;
        let afferent = |projection: usize, somatic: f64| {
            let dendrite = dendrites.iter().position(|dendrite| dendrite.projections.contains(&projection));
            (projection, Afferent { weights: inputs.network.weights(projection), somatic, dendrite })
        };
        let silent = dendrites.iter().filter(|dendrite| dendrite.conductance == 0.0);
        let somatic = self.layout.somatic.iter().map(|input| afferent(input.projection, input.conductance));
        somatic.chain(silent.flat_map(|dendrite| &dendrite.projections).map(|&p| afferent(p, 0.0))).collect()
    }

    /// Takes up the potentials probed in the last window.
    fn take_probed(&mut self, averaged: bool) {
        let Self { somata, settled, sigmoids, scratch, .. } = self;
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

    /// The mean of V after settling.
    fn mean_v(&mut self, run: &PhaseRun<'_>, inputs: &Inputs<'_>, out: &mut [f64]) {
        let drive = &mut self.scratch;
        drive.clear();
        drive.resize(self.layout.size, 0.0);
        for &SomaticInput { projection, conductance } in &self.layout.somatic {
            let mean = &inputs.arrivals[projection].added_mean;
            add_product(run.arch, inputs.network.weights(projection), mean, conductance, drive);
        }
        let (modes, settle, length) = (&self.now, run.phase.settle_ms, run.phase.length_ms);
        let (slow, fast) = modes.psp.carried_means(settle, length);
        for (i, mean) in out.iter_mut().enumerate() {
            let carried = self.start.u_l[i] * slow - self.start.u_s[i] * fast;
            let drive = self.scratch[i] + carried + self.start.current[i];
            *mean = modes.mean_v(self.settled[i], self.end[0][i], drive, length - settle);
        }
    }

    fn plateaus(&self, run: &PhaseRun<'_>, inputs: &Inputs<'_>, alpha: &mut [f64], leads: &mut Vec<f32>) {
        let Some(plateau) = self.membrane.plateau else { return };
        let received = self.membrane.dendrites[plateau.dendrite].projections.iter();
        let apical = Apical {
            arch: run.arch,
            psp: self.membrane.psp,
            start: &self.start.dendrites[plateau.dendrite],
            received: received.map(|&p| (&inputs.arrivals[p], inputs.network.weights(p))),
            interval: (run.phase.settle_ms, run.phase.length_ms),
        };
        apical.means(alpha);
        if let Some(times) = plateau.times {
            let key = run.streams.key(Purpose::PlateauTimes(self.index as u32), 0);
            apical.end_early(times, &mut key.stream(), leads, alpha);
        }
        sigmoid_all(alpha);
    }

    fn sampled<'a>(membrane: &'a Membrane, modes: &'a Modes, start: &'a Start) -> Sampled<'a> {
        Sampled { membrane, modes, start }
    }
}

impl PopulationDynamics for LinearPopulation {
    fn begin(&mut self, run: &PhaseRun<'_>, inputs: &Inputs<'_>, sampled: bool) {
        let (target, membrane) = (run.phase.target, &self.membrane);
        self.now = self.modes[usize::from(target.is_given())];
        for (i, &bias) in inputs.network.biases[self.index].iter().enumerate() {
            self.start.bias[i] = f64::from(bias);
            let teaching = membrane.teaching_current(i, target);
            self.start.current[i] = membrane.bias_conductance * f64::from(bias) + teaching;
        }
        let averaged = self.layout.measures_sigmoid(self.index, run.phase.measures.sigmoids);
        let probes = if averaged { run.probes } else { run.probes.of_settling() };
        self.sigmoids.fill(0.0);
        let Start { v, u_l, u_s, current, .. } = &self.start;
        let candidates = |block| run.streams.key(Purpose::Candidates(self.index as u32), block).wide();
        either!(&mut self.somata, membranes => {
            membranes.start(&self.now, [v, u_l, u_s, current], probes, run.phase.length_ms);
            membranes.candidates.begin(self.layout.size, candidates);
        });
        self.sampled = sampled;
        if sampled {
            let afferents = self.afferents(inputs).len();
            self.sampler.begin(Self::sampled(&self.membrane, &self.now, &self.start), afferents);
        }
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
        /// Projections whose rows fit on the stack.
        const FEW: usize = 8;
        let (known, modes, somatic) = (out.len(), self.now, &self.layout.somatic);
        let (mut few, mut many): ([&[f32]; FEW], Vec<&[f32]>) = ([&[]; FEW], Vec::new());
        let hazard =
            Hazard { size: self.layout.size, phi_max: self.layout.phi_max, length: run.phase.length_ms, modes };
        let Inputs { arrivals, network, .. } = *inputs;
        either!(&mut self.somata, membranes => {
            let waiting = membranes.events.len();
            for (afferent, (&SomaticInput { projection, conductance }, range)) in somatic.iter().zip(&self.taken).enumerate() {
                let Arrivals { spikes, growth_l, growth_s, .. } = &arrivals[projection];
                run.arch.dispatch(Build {
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
            work.synaptic_events += ((membranes.events.len() - waiting) * hazard.size) as u64;
            let rows: &[&[f32]] = if somatic.len() <= FEW {
                for (rows, input) in few.iter_mut().zip(somatic) {
                    *rows = network.weights(input.projection).rows();
                }
                &few[..somatic.len()]
            } else {
                many.extend(somatic.iter().map(|input| network.weights(input.projection).rows()));
                &many
            };
            let decided = membranes.advance(run.arch, hazard, rows, [window.from, window.to], out);
            work.candidates += decided as u64;
        });
        work.spikes += (out.len() - known) as u64;
        self.take_probed(self.layout.measures_sigmoid(self.index, run.phase.measures.sigmoids));
    }

    fn sample(&mut self, run: &PhaseRun<'_>, times: &[f64], inputs: &Inputs<'_>, out: &mut Vec<f64>) {
        let mut sampler = std::mem::take(&mut self.sampler);
        let afferents = self.afferents(inputs);
        for (place, (projection, _)) in afferents.iter().enumerate() {
            let Arrivals { spikes, growth_l, .. } = &inputs.arrivals[*projection];
            sampler.arrive(place, &spikes[..growth_l.len()]);
        }
        let afferents: Vec<_> = afferents.into_iter().map(|(_, afferent)| afferent).collect();
        sampler.sample(run.arch, Self::sampled(&self.membrane, &self.now, &self.start), &afferents, times, out);
        drop(afferents);
        self.sampler = sampler;
    }

    fn finish(&mut self, sigmoid: &mut [f64]) {
        let [v, u_l, u_s] = &mut self.end;
        either!(&self.somata, membranes => membranes.finish(&self.now, [v, u_l, u_s]));
        if !sigmoid.is_empty() {
            sigmoid.copy_from_slice(&self.sigmoids);
        }
    }

    fn measure(&mut self, run: &PhaseRun<'_>, inputs: &Inputs<'_>, means: Means<'_>) {
        if !means.v.is_empty() {
            self.mean_v(run, inputs, means.v);
        }
        self.plateaus(run, inputs, means.plateau, means.plateau_lead_ms);
    }

    fn carry(&mut self, run: &PhaseRun<'_>, inputs: &Inputs<'_>) {
        let Start { v, u_l, u_s, dendrites, .. } = &mut self.start;
        [v, u_l, u_s].into_iter().zip(&mut self.end).for_each(|(start, end)| std::mem::swap(start, end));
        let (psp, length) = (self.membrane.psp, run.phase.length_ms);
        for (dendrite, [slow, fast]) in self.membrane.dendrites.iter().zip(dendrites) {
            for (trace, tau, is_slow) in [(slow, psp.tau_l, true), (fast, psp.tau_s, false)] {
                let decay = exp(-length / tau);
                trace.iter_mut().for_each(|a| *a *= decay);
                for &projection in &dendrite.projections {
                    let arrivals = &inputs.arrivals[projection];
                    let added = if is_slow { &arrivals.added_l } else { &arrivals.added_s };
                    add_product(run.arch, inputs.network.weights(projection), added, 1.0, trace);
                }
            }
        }
    }

    fn rest(&mut self) {
        let Start { v, u_l, u_s, dendrites, .. } = &mut self.start;
        [v, u_l, u_s].into_iter().chain(dendrites.iter_mut().flatten()).for_each(|trace| trace.fill(0.0));
    }

    /// In the order of names, as files have them.
    fn state(&self) -> Vec<StateArray> {
        let Start { v, u_l, u_s, dendrites, .. } = &self.start;
        let array = |name: &str, values: &Vec<f64>| StateArray { name: name.to_owned(), values: values.clone() };
        let mut state = vec![array("v", v), array("drive_l", u_l), array("drive_s", u_s)];
        for (dendrite, [slow, fast]) in self.membrane.dendrites.iter().zip(dendrites) {
            state.push(array(&format!("{}_l", dendrite.name), slow));
            state.push(array(&format!("{}_s", dendrite.name), fast));
        }
        state.sort_by(|a, b| a.name.cmp(&b.name));
        state
    }

    fn restore(&mut self, state: &[StateArray]) {
        let Start { v, u_l, u_s, dendrites, .. } = &mut self.start;
        let take = |name: &str, values: &mut Vec<f64>| {
            if let Some(array) = state.iter().find(|a| a.name == name && a.values.len() == values.len()) {
                values.copy_from_slice(&array.values);
            }
        };
        [("v", v), ("drive_l", u_l), ("drive_s", u_s)].into_iter().for_each(|(name, values)| take(name, values));
        for (dendrite, [slow, fast]) in self.membrane.dendrites.iter().zip(dendrites) {
            take(&format!("{}_l", dendrite.name), slow);
            take(&format!("{}_s", dendrite.name), fast);
        }
    }
}

/// Names of the arrays of state of a population of the model; none of a source, or of a cell that cannot be simulated.
pub(crate) fn state_names(population: &crate::model::Population) -> Vec<String> {
    let Ok(layout) = PopulationLayout::new(population, Precision::Single) else { return Vec::new() };
    if let Some(modal) = layout.modal {
        return super::modal::state_names(&modal.cell);
    }
    let Some(membrane) = layout.membrane else { return Vec::new() };
    let kept =
        membrane.dendrites.iter().flat_map(|dendrite| ["l", "s"].map(|part| format!("{}_{part}", dendrite.name)));
    ["v", "drive_l", "drive_s"].map(str::to_owned).into_iter().chain(kept).collect()
}

impl Membrane {
    /// The teaching current of neuron `i` under a target [1/ms].
    pub(crate) fn teaching_current(&self, i: usize, target: Target<'_>) -> f64 {
        let Some(clamp) = &self.clamp else { return 0.0 };
        let class = i / clamp.group;
        let potential = match target {
            Target::None => return 0.0,
            Target::Class(label) if class == label as usize => clamp.e_exc,
            Target::Class(_) => clamp.e_inh,
            Target::Values(values) => {
                let share = values.get(class).copied().unwrap_or(0.0);
                share * clamp.e_exc + (1.0 - share) * clamp.e_inh
            }
        };
        clamp.conductance * potential
    }
}

/// Makes events of the arrivals of one projection.
struct Build<'a, F> {
    spikes: &'a [Spike],
    growth: [&'a [f64]; 2],
    modes: &'a Modes,
    afferent: u32,
    conductance: f64,
    out: &'a mut Vec<Event<F>>,
}

impl<F: Real> WithSimd for Build<'_, F> {
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
