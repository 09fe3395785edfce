//! Potentials of the cells of a population over a phase in closed form, from its start and its arrivals: means, plateaus, samples.
//!
//! They are those without the cells' own spikes: V itself where spikes leave it as it is, and V* of cells with a reset. Firing is
//! the matter of populations, which give V and its drives at the start of a phase, and V at the end of settling and of the phase.

use super::arrivals::Arrivals;
use super::layout::{Membrane, PopulationLayout, SomaticInput};
use super::means::add_product;
use super::observe::StateArray;
use super::plateaus::Apical;
use super::population::{Inputs, Means, PhaseRun};
use super::sampling::{Afferent, Sampled, Sampler, Start};
use crate::cells::Modes;
use crate::numeric::{Purpose, exp, sigmoid_all};
use crate::protocol::Target;

/// The potentials of a population in a phase.
#[derive(Clone, Debug)]
pub(crate) struct PhasePotentials {
    /// The population's place in the model.
    index: usize,
    pub(crate) membrane: Membrane,
    /// Projections that drive the soma.
    pub(crate) somatic: Vec<SomaticInput>,
    /// Modes without and with a target.
    modes: [Modes; 2],
    /// Those of the phase.
    pub(crate) now: Modes,
    pub(crate) start: Start,
    /// V, u_L and u_s at the end of the phase.
    pub(crate) end: [Vec<f64>; 3],
    /// V at the end of settling.
    pub(crate) settled: Vec<f64>,
    scratch: Vec<f64>,
    sampler: Sampler,
}

impl PhasePotentials {
    /// Those of a population at rest.
    pub(crate) fn new(index: usize, layout: &PopulationLayout, membrane: &Membrane) -> Self {
        let zero = || vec![0.0; layout.size];
        let dendrites = membrane.dendrites.iter().map(|_| [zero(), zero()]).collect();
        let modes = membrane.gamma.map(|gamma| Modes::new(membrane.psp, gamma));
        Self {
            index,
            membrane: membrane.clone(),
            somatic: layout.somatic.clone(),
            modes,
            now: modes[0],
            start: Start { v: zero(), u_l: zero(), u_s: zero(), dendrites, bias: zero(), current: zero() },
            end: [zero(), zero(), zero()],
            settled: zero(),
            scratch: Vec::new(),
            sampler: Sampler::default(),
        }
    }

    /// Takes up biases and target of a phase; `sampled`: traces will be sampled in it.
    pub(crate) fn begin(&mut self, run: &PhaseRun<'_>, inputs: &Inputs<'_>, sampled: bool) {
        let (target, membrane) = (run.phase.target, &self.membrane);
        self.now = self.modes[usize::from(target.is_given())];
        for (i, &bias) in inputs.network.biases[self.index].iter().enumerate() {
            self.start.bias[i] = f64::from(bias);
            let teaching = membrane.teaching_current(i, target);
            self.start.current[i] = membrane.bias_conductance * f64::from(bias) + teaching;
        }
        if sampled {
            let afferents = self.afferents(inputs).len();
            self.sampler.begin(Sampled { membrane, modes: &self.now, start: &self.start }, afferents);
        }
    }

    /// Projections to these cells as they are sampled, with the places of those that drive somata first.
    fn afferents<'a>(&self, inputs: &Inputs<'a>) -> Vec<(usize, Afferent<'a>)> {
        let dendrites = &self.membrane.dendrites;
        let afferent = |projection: usize, somatic: f64| {
            let dendrite = dendrites.iter().position(|dendrite| dendrite.projections.contains(&projection));
            (projection, Afferent { synapses: &inputs.network.synapses[projection], somatic, dendrite })
        };
        let silent = dendrites.iter().filter(|dendrite| dendrite.conductance == 0.0);
        let somatic = self.somatic.iter().map(|input| afferent(input.projection, input.conductance));
        somatic.chain(silent.flat_map(|dendrite| &dendrite.projections).map(|&p| afferent(p, 0.0))).collect()
    }

    /// Samples potentials at times of the window just advanced over, [times, n, compartments].
    pub(crate) fn sample(&mut self, run: &PhaseRun<'_>, times: &[f64], inputs: &Inputs<'_>, out: &mut Vec<f64>) {
        let mut sampler = std::mem::take(&mut self.sampler);
        let afferents = self.afferents(inputs);
        for (place, (projection, _)) in afferents.iter().enumerate() {
            let Arrivals { spikes, growth_l, .. } = &inputs.arrivals[*projection];
            sampler.arrive(place, &spikes[..growth_l.len()]);
        }
        let afferents: Vec<_> = afferents.into_iter().map(|(_, afferent)| afferent).collect();
        let sampled = Sampled { membrane: &self.membrane, modes: &self.now, start: &self.start };
        sampler.sample(run.arch, sampled, &afferents, times, out);
        self.sampler = sampler;
    }

    /// Measures the phase that has ended.
    pub(crate) fn measure(&mut self, run: &PhaseRun<'_>, inputs: &Inputs<'_>, means: Means<'_>) {
        let Means { v, plateau, plateau_lead_ms } = means;
        if !v.is_empty() {
            self.mean_v(run, inputs, v);
        }
        self.plateaus(run, inputs, plateau, plateau_lead_ms);
    }

    /// The mean of V after settling.
    fn mean_v(&mut self, run: &PhaseRun<'_>, inputs: &Inputs<'_>, out: &mut [f64]) {
        let drive = &mut self.scratch;
        drive.clear();
        drive.resize(out.len(), 0.0);
        for &SomaticInput { projection, conductance } in &self.somatic {
            let mean = &inputs.arrivals[projection].added_mean;
            add_product(run.arch, &inputs.network.synapses[projection], mean, conductance, drive);
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
            received: received.map(|&p| (&inputs.arrivals[p], &inputs.network.synapses[p])),
            interval: (run.phase.settle_ms, run.phase.length_ms),
        };
        apical.means(alpha);
        if let Some(times) = plateau.times {
            let key = run.streams.key(Purpose::PlateauTimes(self.index as u32), 0);
            apical.end_early(times, &mut key.stream(), leads, alpha);
        }
        sigmoid_all(alpha);
    }

    /// Carries the traces of dendrites to the next phase.
    pub(crate) fn carry_dendrites(&mut self, run: &PhaseRun<'_>, inputs: &Inputs<'_>) {
        let (psp, length) = (self.membrane.psp, run.phase.length_ms);
        for (dendrite, [slow, fast]) in self.membrane.dendrites.iter().zip(&mut self.start.dendrites) {
            for (trace, tau, is_slow) in [(slow, psp.tau_l, true), (fast, psp.tau_s, false)] {
                let decay = exp(-length / tau);
                trace.iter_mut().for_each(|a| *a *= decay);
                for &projection in &dendrite.projections {
                    let arrivals = &inputs.arrivals[projection];
                    let added = if is_slow { &arrivals.added_l } else { &arrivals.added_s };
                    add_product(run.arch, &inputs.network.synapses[projection], added, 1.0, trace);
                }
            }
        }
    }

    /// Back to rest.
    pub(crate) fn rest(&mut self) {
        let Start { v, u_l, u_s, dendrites, .. } = &mut self.start;
        [v, u_l, u_s].into_iter().chain(dendrites.iter_mut().flatten()).for_each(|trace| trace.fill(0.0));
    }

    /// The traces of dendrites, by their names in files.
    pub(crate) fn dendritic_state(&self) -> impl Iterator<Item = StateArray> {
        let arrays = self.membrane.dendrites.iter().zip(&self.start.dendrites).flat_map(|(dendrite, traces)| {
            let array = |part: &str, values: &Vec<f64>| StateArray {
                name: trace_name(&dendrite.name, part),
                values: values.clone(),
            };
            [array("l", &traces[0]), array("s", &traces[1])]
        });
        arrays.collect::<Vec<_>>().into_iter()
    }

    /// Takes up such traces.
    pub(crate) fn restore_dendrites(&mut self, state: &[StateArray]) {
        for (dendrite, traces) in self.membrane.dendrites.iter().zip(&mut self.start.dendrites) {
            for (part, values) in ["l", "s"].into_iter().zip(traces) {
                take_up(state, &trace_name(&dendrite.name, part), values);
            }
        }
    }
}

/// Name of the array of the slow (`l`) or fast (`s`) trace of a dendrite.
fn trace_name(dendrite: &str, part: &str) -> String {
    format!("{dendrite}_{part}")
}

/// Takes the values of the array of this name, if it is one of as many.
pub(crate) fn take_up(state: &[StateArray], name: &str, values: &mut [f64]) {
    if let Some(array) = state.iter().find(|a| a.name == name && a.values.len() == values.len()) {
        values.copy_from_slice(&array.values);
    }
}

impl Membrane {
    /// Names of the arrays of its dendrites.
    pub(crate) fn trace_names(&self) -> impl Iterator<Item = String> + '_ {
        self.dendrites.iter().flat_map(|dendrite| ["l", "s"].map(|part| trace_name(&dendrite.name, part)))
    }

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
