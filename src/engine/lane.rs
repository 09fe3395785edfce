//! A lane: the dynamic state of one network, and the loop that takes it through the phases of a presentation.
//!
//! # Order of execution
//! A phase is cut into windows no longer than the smallest delay of any backward projection that influences firing, or
//! is one window if there is none. In each window populations advance in the model's order, input to output. When a
//! population's turn comes, every spike that can reach its somata before the window's end is known: over a forward
//! projection from a population that has advanced already, over a backward one from an earlier window, since a spike at
//! t ≥ from arrives at t + delay ≥ from + delay ≥ to. Potentials that drive no soma, means and recorded traces are
//! evaluated at the end of the phase. Weights do not change within a presentation.

use std::sync::Arc;

use pulp::Arch;

use super::arrivals::Arrivals;
use super::circuit::{Circuit, ProjectionLayout};
use super::encoder::Encoder;
use super::means::add_product;
use super::observe::{LaneState, Observation, PhaseMeans, PopulationState, Sampling};
use super::plateaus::Apical;
use super::sampling::{Afferent, Potentials, Sampled, sample};
use super::somata::Somata;
use super::work::Work;
use crate::data::{Spike, Stimulus};
use crate::network::Network;
use crate::numeric::{PresentationKey, Purpose, StreamKey, sigmoid, sigmoid_all};

/// Spacing of the midpoint rule for the mean of sigmoid(U) [ms]: a measurement, not a step of the dynamics.
const MIDPOINT_MS: f64 = 0.25;

/// One presentation to be shown.
#[derive(Clone, Copy, Debug)]
pub struct Show<'a> {
    /// What the first population encodes.
    pub stimulus: Stimulus<'a>,
    /// Key of its random streams.
    pub key: PresentationKey,
    /// Length of the forward phase [ms].
    pub forward_ms: f64,
    /// Length of the target phase [ms] and the class taught in it, if one is shown.
    pub target: Option<(f64, u8)>,
    /// Grid on which traces are sampled, if they are.
    pub sampling: Option<Sampling>,
}

/// The dynamic state of one network.
#[derive(Clone, Debug)]
pub struct Lane {
    circuit: Arc<Circuit>,
    arch: Arch,
    /// One per population; none for an encoder.
    somata: Vec<Option<Somata>>,
    arrivals: Vec<Arrivals>,
    encoder: Encoder,
    /// Spikes of each population in this phase.
    spikes: Vec<Vec<Spike>>,
    drive: Vec<f64>,
    /// Where potentials are noted in this phase [ms].
    probes: Vec<f64>,
    times: Vec<f64>,
    sampled: Vec<Potentials>,
    means: [PhaseMeans; 2],
    observation: Observation,
    work: Work,
}

/// A phase about to run: 0 forward or 1 target, its start in the presentation and length [ms], the class taught.
#[derive(Clone, Copy)]
struct Span {
    phase: usize,
    offset: f64,
    length: f64,
    label: Option<u8>,
}

impl Lane {
    /// A lane of this circuit, at rest.
    pub fn new(circuit: &Arc<Circuit>) -> Self {
        let populations = circuit.cells.len();
        let somata: Vec<_> = circuit
            .cells
            .iter()
            .enumerate()
            .map(|(index, cells)| cells.membrane.as_ref().map(|membrane| Somata::new(index, cells.size, membrane)))
            .collect();
        Self {
            arch: Arch::new(),
            somata,
            arrivals: circuit.links.iter().map(|link| Arrivals::new(circuit.cells[link.from].size)).collect(),
            encoder: Encoder::default(),
            spikes: vec![Vec::new(); populations],
            drive: Vec::new(),
            probes: Vec::new(),
            times: Vec::new(),
            sampled: Vec::new(),
            means: [0, 1].map(|phase| PhaseMeans::new(circuit, phase)),
            observation: Observation::new(populations),
            work: Work::default(),
            circuit: Arc::clone(circuit),
        }
    }

    /// Shows one presentation, from the state the last one left.
    ///
    /// # Panics
    /// If the network or stimulus is not of the circuit's shape.
    pub fn present(&mut self, network: &Network, show: &Show<'_>) {
        self.observation.clear(show);
        self.phase(network, show, Span { phase: 0, offset: 0.0, length: show.forward_ms, label: None });
        if let Some((length, label)) = show.target {
            self.phase(network, show, Span { phase: 1, offset: show.forward_ms, length, label: Some(label) });
        }
    }

    /// What happened in the last presentation.
    pub fn observation(&self) -> &Observation {
        &self.observation
    }

    /// Means of the forward and the target phase of the last presentation; the latter are stale where none was shown.
    pub fn means(&self) -> &[PhaseMeans; 2] {
        &self.means
    }

    /// Work done since the lane was made.
    pub fn work(&self) -> Work {
        self.work
    }

    /// All potentials and traces 0, no spike in flight.
    pub fn rest(&mut self) {
        self.somata.iter_mut().flatten().for_each(Somata::rest);
        self.arrivals.iter_mut().for_each(Arrivals::rest);
    }

    /// The state carried to the next presentation.
    pub fn state(&self) -> LaneState {
        let population = |somata: &Option<Somata>| somata.as_ref().map_or_else(PopulationState::default, Somata::state);
        LaneState {
            populations: self.somata.iter().map(population).collect(),
            projections: self.arrivals.iter().map(Arrivals::state).collect(),
        }
    }

    /// Takes up a state that a lane of the same circuit gave.
    ///
    /// # Panics
    /// If it is of another shape.
    pub fn restore(&mut self, state: &LaneState) {
        for (somata, state) in self.somata.iter_mut().zip(&state.populations) {
            somata.iter_mut().for_each(|somata| somata.restore(state));
        }
        self.arrivals.iter_mut().zip(&state.projections).for_each(|(arrivals, state)| arrivals.restore(state));
    }

    fn phase(&mut self, network: &Network, show: &Show<'_>, span: Span) {
        self.begin(network, show, span);
        let mut from = 0.0;
        while from < span.length {
            let to = (from + self.circuit.window).min(span.length);
            self.window(network, span.phase, from, to);
            from = to;
        }
        self.measure(network, show, span);
        self.trace(network, show, span);
        self.carry(network, span);
    }

    /// Draws what a phase draws ahead: input spikes and candidates.
    fn begin(&mut self, network: &Network, show: &Show<'_>, span: Span) {
        let circuit = Arc::clone(&self.circuit);
        self.place_probes(span);
        for (index, cells) in circuit.cells.iter().enumerate() {
            let spikes = &mut self.spikes[index];
            spikes.clear();
            let key = |purpose: Purpose, block| StreamKey {
                seed: circuit.seed,
                purpose,
                presentation: show.key,
                phase: span.phase as u32,
                block,
            };
            if let Some(somata) = &mut self.somata[index] {
                let candidates = |block| key(Purpose::Candidates(index as u32), block).wide();
                let biases = &network.biases[index];
                let probes = if cells.measures_sigmoid[span.phase] { &self.probes } else { &self.probes[..1] };
                let span = (span.phase, span.length, span.label);
                self.work.candidates += somata.begin(self.arch, cells, biases, span, probes, candidates);
            } else {
                let stream = key(Purpose::Encoder(index as u32), 0).wide();
                let interval = (span.offset, span.length);
                if span.phase == 0 {
                    self.encoder.show(show.stimulus, cells.phi_max);
                }
                self.encoder.encode(self.arch, show.stimulus, interval, stream, spikes);
                self.work.input_spikes += spikes.len() as u64;
                for &link in &cells.outgoing {
                    self.arrivals[link].send(spikes, circuit.links[link].delay);
                }
            }
        }
    }

    /// Potentials are noted at the settling time, and, for the mean of sigmoid(U), which has no closed form, at the
    /// midpoints of equal steps after it.
    fn place_probes(&mut self, span: Span) {
        let settle = self.circuit.settle[span.phase];
        let steps = ((span.length - settle) / MIDPOINT_MS).ceil();
        let step = (span.length - settle) / steps;
        self.probes.clear();
        self.probes.push(settle);
        self.probes.extend((0..steps as usize).map(|k| settle + (k as f64 + 0.5) * step));
    }

    fn window(&mut self, network: &Network, phase: usize, from: f64, to: f64) {
        let circuit = Arc::clone(&self.circuit);
        for (index, cells) in circuit.cells.iter().enumerate() {
            let Some(somata) = &mut self.somata[index] else { continue };
            let spikes = &mut self.spikes[index];
            let known = spikes.len();
            let events = somata.advance(self.arch, &circuit, &mut self.arrivals, network, (phase, from, to), spikes);
            self.work.synaptic_events += (events * cells.size) as u64;
            self.work.spikes += (spikes.len() - known) as u64;
            for &link in &cells.outgoing {
                self.arrivals[link].send(&spikes[known..], circuit.links[link].delay);
            }
        }
    }

    /// Computes the means of a phase that is over, and its plateaus.
    fn measure(&mut self, network: &Network, show: &Show<'_>, span: Span) {
        let circuit = Arc::clone(&self.circuit);
        let settle = circuit.settle[span.phase];
        let interval = (settle, span.length);
        let means = &mut self.means[span.phase];
        for (somata, sigmoid) in self.somata.iter_mut().zip(&mut means.sigmoid) {
            let Some(somata) = somata else { continue };
            somata.finish(span.phase);
            if !sigmoid.is_empty() {
                somata.mean_sigmoid(&mut self.drive, sigmoid);
            }
        }
        for (link, arrivals) in circuit.links.iter().zip(&mut self.arrivals) {
            if let Some(phi_max) = link.rates {
                arrivals.rates(phi_max, &means.sigmoid[link.from]);
                continue;
            }
            arrivals.take(self.arch, link, span.length);
            arrivals.gather(self.arch, link, settle, span.length);
        }
        for (mean, arrivals) in means.trains.iter_mut().zip(&self.arrivals) {
            mean.copy_from_slice(&arrivals.mean);
        }
        for (index, cells) in circuit.cells.iter().enumerate() {
            let Some(somata) = &mut self.somata[index] else { continue };
            let (arch, arrivals, drive) = (self.arch, &self.arrivals, &mut self.drive);
            if span.phase == 0 {
                drive.clear();
                drive.resize(cells.size, 0.0);
                for &(link, conductance) in &cells.somatic {
                    add_product(arch, &network.weights[link], &arrivals[link].added_mean, conductance, drive);
                }
                somata.mean_v(span.phase, drive, interval, &mut means.v[index]);
            }
            let (Some(membrane), false) = (&cells.membrane, means.plateau[index].is_empty()) else { continue };
            let apical = Apical {
                arch,
                psp: membrane.psp,
                start: &somata.start,
                received: cells.apical.iter().map(|&link| (&arrivals[link], &network.weights[link])),
                interval,
            };
            let plateau = &mut means.plateau[index];
            apical.means(plateau);
            if let Some(times) = membrane.plateau_times {
                let purpose = Purpose::PlateauTimes(index as u32);
                let (presentation, phase) = (show.key, span.phase as u32);
                let key = StreamKey { seed: circuit.seed, purpose, presentation, phase, block: 0 };
                apical.end_early(times, &mut key.stream(), &mut self.observation.leads[index][span.phase], plateau);
            }
            sigmoid_all(plateau);
            let kept = &mut self.observation.plateaus[index][span.phase];
            kept.extend(plateau.iter().map(|&alpha| alpha as f32));
        }
    }

    /// Samples the traces asked for.
    fn trace(&mut self, network: &Network, show: &Show<'_>, span: Span) {
        let Some(Sampling { first, every }) = show.sampling else { return };
        let start = ((span.offset - first) / every).floor().max(0.0) as u64;
        self.times.clear();
        let times = (start..).map(|k| first + k as f64 * every).skip_while(|&t| t < span.offset);
        self.times.extend(times.take_while(|&t| t < span.offset + span.length).map(|t| t - span.offset));
        for index in 0..self.somata.len() {
            let Some(membrane) = &self.circuit.cells[index].membrane else { continue };
            let has_apical = membrane.has_apical;
            self.sample(network, index, span.phase);
            self.sample_rates(network, index, span.phase);
            let rows = &mut self.observation.traces[index];
            for potentials in &self.sampled {
                rows.extend([potentials.soma as f32, potentials.dendrite as f32]);
                rows.extend(has_apical.then_some(potentials.apical as f32));
            }
        }
    }

    /// Adds to the apical potentials just sampled of a population what feedback of rates makes of them.
    fn sample_rates(&mut self, network: &Network, index: usize, phase: usize) {
        let circuit = Arc::clone(&self.circuit);
        let size = circuit.cells[index].size;
        for &link in &circuit.cells[index].apical {
            let ProjectionLayout { from, rates: Some(phi_max), .. } = circuit.links[link] else { continue };
            let sampled = std::mem::take(&mut self.sampled);
            self.sample(network, from, phase);
            let sources = std::mem::replace(&mut self.sampled, sampled);
            let moments = self.sampled.chunks_mut(size).zip(sources.chunks(circuit.cells[from].size));
            for (potentials, sources) in moments {
                for (o, source) in sources.iter().enumerate() {
                    let rate = phi_max * sigmoid(source.soma);
                    let row = network.weights[link].row(o);
                    potentials.iter_mut().zip(row).for_each(|(p, &w)| p.apical += f64::from(w) * rate);
                }
            }
        }
    }

    /// Samples one population at `self.times` into `self.sampled`.
    fn sample(&mut self, network: &Network, index: usize, phase: usize) {
        let cells = &self.circuit.cells[index];
        let (Some(somata), Some(membrane)) = (&self.somata[index], &cells.membrane) else { return };
        let afferent = |link: usize, somatic: f64| Afferent {
            arrivals: &self.arrivals[link],
            weights: &network.weights[link],
            somatic,
            apical: f64::from(u8::from(cells.apical.contains(&link))),
        };
        let silent = cells.apical.iter().filter(|link| cells.somatic.iter().all(|(other, _)| other != *link));
        let afferents: Vec<_> = cells
            .somatic
            .iter()
            .map(|&(link, conductance)| afferent(link, conductance))
            .chain(silent.map(|&link| afferent(link, 0.0)))
            .collect();
        let population = Sampled { membrane, modes: somata.modes(phase), start: &somata.start };
        self.sampled.clear();
        sample(self.arch, population, &afferents, &self.times, &mut self.sampled);
    }

    /// Carries all state to the next phase.
    fn carry(&mut self, network: &Network, span: Span) {
        let circuit = Arc::clone(&self.circuit);
        for (index, cells) in circuit.cells.iter().enumerate() {
            let (spikes, observed) = (&mut self.spikes[index], &mut self.observation.spikes[index]);
            match span.phase {
                // Their times are those of the presentation already.
                0 => std::mem::swap(spikes, observed),
                _ => observed.extend(spikes.iter().map(|s| Spike { time: s.time + span.offset, ..*s })),
            }
            let (Some(somata), Some(membrane)) = (&mut self.somata[index], &cells.membrane) else { continue };
            somata.carry();
            let psp = membrane.psp;
            for (trace, tau, slow) in
                [(&mut somata.start.a_l, psp.tau_l, true), (&mut somata.start.a_s, psp.tau_s, false)]
            {
                let fall = crate::numeric::exp(-span.length / tau);
                trace.iter_mut().for_each(|a| *a *= fall);
                for &link in &cells.apical {
                    let arrivals = &self.arrivals[link];
                    let added = if slow { &arrivals.added_l } else { &arrivals.added_s };
                    add_product(self.arch, &network.weights[link], added, 1.0, trace);
                }
            }
        }
        self.arrivals.iter_mut().zip(&circuit.links).for_each(|(arrivals, link)| arrivals.carry(link, span.length));
    }
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use std::path::Path;

    use pulp::x86::{V3, V4};

    use super::*;
    use crate::engine::Precision;
    use crate::model::Model;

    /// Two presentations on vectors of this width.
    fn shown(arch: Arch) -> (Observation, LaneState, [PhaseMeans; 2]) {
        let keys = ["population.hidden.size=600".to_owned(), "population.hidden.g_a_per_ms=0.05".to_owned()];
        let model = Model::load(Path::new("g17-784-500-10"), &keys).unwrap();
        let network = Network::new(&model, 1, |_| Ok::<_, std::convert::Infallible>(Vec::new())).unwrap();
        let mut lane = Lane::new(&Arc::new(Circuit::new(&model, 1, Precision::Single)));
        lane.arch = arch;
        let pixels: Vec<u8> = (0..784).map(|j| if j % 5 == 0 { (j % 256) as u8 } else { 0 }).collect();
        for n in 0..2 {
            let key = PresentationKey::training(n);
            let stimulus = Stimulus::Pixels(&pixels);
            lane.present(&network, &Show { stimulus, key, forward_ms: 35.0, target: Some((37.0, 3)), sampling: None });
        }
        (lane.observation().clone(), lane.state(), lane.means().clone())
    }

    #[test]
    fn every_width_of_vectors_gives_the_same_bits() {
        let scalar = shown(Arch::Scalar);
        assert!(scalar.0.spikes.iter().all(|spikes| spikes.len() > 20));
        let widths = [V3::try_new().map(Arch::V3), V4::try_new().map(Arch::V4)];
        for wide in widths.into_iter().flatten() {
            assert!(shown(wide) == scalar, "{wide:?}");
        }
    }
}
