//! Rate twins of a spiking model: the same network, weights and rule, with rates in place of spikes.
//!
//! A phase is the fixed point of its equations: trains are constant rates r [1/ms], kernels their integrals. With the
//! conductance g of every projection into the soma, and γ and the teaching current I of the phase,
//!
//! V = (Σ g W r + g_b b + I)/γ, A = Y r, α = sigmoid(A), and
//! - noiseless: r = phi_max sigmoid(V), the non-spiking mode of the authors' code;
//! - diffusion: r = phi_max E sigmoid(V + σ z), z normal, σ² = Σ w² r ∫h²: the spread that Poisson trains of these rates
//!   give the soma. The mean of a sigmoid is not the sigmoid of the mean, so neurons of low rate fire more;
//! - noisy: as noiseless, but in place of r stands r + sqrt(r F) z, z normal, drawn for every neuron and phase: F r is the
//!   variance of the mean of a filtered Poisson train over the window in which a phase is averaged, whenever plateaus
//!   happen in it. Where few spikes are expected it can be negative.
//!
//! Guerguiev, Lillicrap & Richards (2017), eLife 6:e22901, Methods and code.

use std::sync::Arc;

use pulp::Arch;

use super::diffusion::Normal;
use crate::cells::Modes;
use crate::engine::{Circuit, Lane, LaneState, Observation, PhaseMeans, SomaticInput, add_product};
use crate::network::{Network, Synapses};
use crate::numeric::{PresentationKey, Purpose, StreamKey, sigmoid_all};
use crate::protocol::{FORWARD, Phase, Stimulus, Target, Trial};

/// The largest change of a rate between two rounds at a fixed point [1/ms].
const SETTLED: f64 = 1e-12;
/// Rounds after which a network whose feedback into the soma finds no fixed point is left as it is.
const ROUNDS: usize = 1000;

/// The rate twins of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Twin {
    /// Rates are those of the mean potentials.
    Noiseless,
    /// Rates are means over the potential's fluctuations.
    Diffusion,
    /// Trains are off their rates by as much as those of spikes are over the window of a phase.
    Noisy,
}

/// A rate twin at work: what a [`Lane`] is to the spiking network. It keeps no state from one presentation to the next.
#[derive(Clone, Debug)]
pub struct RateLane {
    circuit: Arc<Circuit>,
    arch: Arch,
    twin: Twin,
    normal: Normal,
    /// Of each population in the phase at hand, [n] [1/ms].
    rates: Vec<Vec<f64>>,
    /// What each population is off its rates by in the phase at hand, in standard deviations, [n]; 0 unless noisy.
    off: Vec<Vec<f64>>,
    /// What each projection carries in the phase at hand, [n] [1/ms].
    trains: Vec<Vec<f64>>,
    /// Variance of what each projection carries in the phase at hand, over its rate [1/ms]; 0 unless noisy.
    spread: Vec<f64>,
    /// Of each population in the last forward phase, [n] [1/ms].
    forward: Vec<Vec<f64>>,
    /// Somatic potentials of each population, [n].
    v: Vec<Vec<f64>>,
    means: Vec<PhaseMeans>,
    observation: Observation,
}

impl RateLane {
    /// A twin of this circuit.
    pub fn new(circuit: &Arc<Circuit>, twin: Twin) -> Self {
        let each = || circuit.populations.iter().map(|cells| vec![0.0; cells.size]).collect();
        Self {
            arch: Arch::new(),
            twin,
            normal: Normal::default(),
            rates: each(),
            off: each(),
            trains: circuit.projections.iter().map(|link| vec![0.0; circuit.populations[link.from].size]).collect(),
            spread: vec![0.0; circuit.projections.len()],
            forward: each(),
            v: each(),
            means: Vec::new(),
            observation: Observation::new(circuit.populations.len()),
            circuit: Arc::clone(circuit),
        }
    }

    /// Shows one presentation; the lengths of its phases change nothing but noise.
    ///
    /// # Panics
    /// If the network or stimulus is not of the circuit's shape, or the stimulus is a spike list, which has no rates; of the
    /// noisy twin, if a phase is not longer than its settling.
    pub fn present(&mut self, network: &Network, trial: &Trial<'_>) {
        self.observation.clear(trial);
        let (populations, projections) = (self.circuit.populations.len(), self.circuit.projections.len());
        while self.means.len() < trial.phases.len() {
            self.means.push(PhaseMeans::new(populations, projections));
        }
        for (index, phase) in trial.phases.iter().enumerate() {
            self.encode(phase.stimuli);
            self.draw(trial.key, index, phase);
            self.phase(network, index, phase);
            if index != FORWARD {
                continue;
            }
            for ((kept, rates), off) in self.forward.iter_mut().zip(&self.rates).zip(&self.off) {
                kept.copy_from_slice(rates);
                if self.twin == Twin::Noisy {
                    add_noise(1.0 / (phase.length_ms - phase.settle_ms), rates, off, kept);
                }
            }
        }
    }

    /// Rates of each population in the last forward phase, if noisy as they are counted in its window, [n] each [1/ms].
    pub fn forward_rates(&self) -> &[Vec<f64>] {
        &self.forward
    }

    /// Plateaus and lengths of the last presentation; there are no spikes.
    pub fn observation(&self) -> &Observation {
        &self.observation
    }

    /// What a [`Lane`] would measure of the phases of the last trial.
    pub fn means(&self) -> &[PhaseMeans] {
        &self.means[..self.observation.phases_ms.len()]
    }

    /// The state with which a spiking network would go on: rest.
    pub fn state(&self) -> LaneState {
        Lane::new(&self.circuit).state()
    }

    fn encode(&mut self, stimuli: &[Stimulus<'_>]) {
        let mut stimuli = stimuli.iter();
        for (layout, rates) in self.circuit.populations.iter().zip(&mut self.rates) {
            if layout.membrane.is_some() {
                continue;
            }
            match stimuli.next() {
                Some(Stimulus::Pixels(pixels)) => {
                    assert_eq!(pixels.len(), rates.len(), "a pixel for every input neuron");
                    rates
                        .iter_mut()
                        .zip(*pixels)
                        .for_each(|(r, &pixel)| *r = layout.phi_max * f64::from(pixel) / 255.0);
                }
                Some(Stimulus::Rates(given)) => rates.copy_from_slice(given),
                Some(Stimulus::Spikes(_)) => panic!("a network of rates is given spikes"),
                None => rates.fill(0.0),
            }
        }
    }

    /// Draws what trains are off their rates by in a phase.
    fn draw(&mut self, presentation: PresentationKey, index: usize, phase: &Phase<'_>) {
        if self.twin != Twin::Noisy {
            return;
        }
        let averaged = phase.length_ms - phase.settle_ms;
        assert!(averaged > 0.0, "a phase of {} ms is not longer than its settling", phase.length_ms);
        let phase = index as u32;
        for (spread, link) in self.spread.iter_mut().zip(&self.circuit.projections) {
            *spread = if link.rates.is_none() { link.psp.mean_variance(averaged) } else { 0.0 };
        }
        for (population, off) in (0..).zip(&mut self.off) {
            let purpose = Purpose::Trains(population);
            let mut stream = StreamKey { seed: self.circuit.seed, purpose, presentation, phase, block: 0 }.stream();
            let drawn = std::iter::repeat_with(|| stream.normals()).flatten();
            // Silent inputs, most of an image, have nothing to be off by.
            let is_source = self.circuit.populations[population as usize].membrane.is_none();
            let heard = |(_, rate): &(_, &f64)| !is_source || **rate > 0.0;
            let heard = off.iter_mut().zip(&self.rates[population as usize]).filter(heard);
            heard.zip(drawn).for_each(|((off, _), drawn)| *off = drawn);
        }
    }

    /// What a projection carries: the rates of its neurons, and what they are off by.
    fn carry(&mut self, index: usize) {
        let link = &self.circuit.projections[index];
        let (rates, train) = (&self.rates[link.from], &mut self.trains[index]);
        train.copy_from_slice(rates);
        if self.twin == Twin::Noisy {
            add_noise(self.spread[index], rates, &self.off[link.from], train);
        }
    }

    fn phase(&mut self, network: &Network, index: usize, phase: &Phase<'_>) {
        let circuit = Arc::clone(&self.circuit);
        // A phase starts from nothing, so that it is the same whatever was shown before.
        for (layout, rates) in circuit.populations.iter().zip(&mut self.rates) {
            if layout.membrane.is_some() {
                rates.fill(0.0);
            }
        }
        let has_loops = circuit.window.is_finite();
        for _ in 0..ROUNDS {
            let moved = circuit.order.iter().map(|&population| self.settle(network, population, phase.target));
            if moved.fold(0.0, f64::max) < SETTLED || !has_loops {
                break;
            }
        }
        self.measure(network, index, phase);
    }

    /// Computes potentials and rates of a population from those that drive it, and returns the largest change of a rate.
    fn settle(&mut self, network: &Network, index: usize, target: Target<'_>) -> f64 {
        let circuit = Arc::clone(&self.circuit);
        let cells = &circuit.populations[index];
        let Some(membrane) = &cells.membrane else { return 0.0 };
        let gamma = membrane.gamma[usize::from(target.is_given())];
        let mut v = std::mem::take(&mut self.v[index]);
        v.fill(0.0);
        for &SomaticInput { projection: link, conductance: g } in &cells.somatic {
            self.carry(link);
            add_product(self.arch, &network.synapses[link], &self.trains[link], g, &mut v);
        }
        for (i, (v, &b)) in v.iter_mut().zip(&network.biases[index]).enumerate() {
            let current = membrane.teaching_current(i, target);
            *v = (*v + membrane.bias_conductance * f64::from(b) + current) / gamma;
        }
        let mut rates = v.clone();
        match self.twin {
            Twin::Noiseless | Twin::Noisy => sigmoid_all(&mut rates),
            Twin::Diffusion => {
                let mut variance = vec![0.0; cells.size];
                for &SomaticInput { projection: link, conductance: g } in &cells.somatic {
                    let from = circuit.projections[link].from;
                    let each = g * g * Modes::new(membrane.psp, gamma).square_integral();
                    add_squares(&network.synapses[link], &self.rates[from], each, &mut variance);
                }
                rates.iter_mut().zip(&variance).for_each(|(r, var)| *r = self.normal.mean_sigmoid(*r, var.sqrt()));
            }
        }
        self.v[index] = v;
        let moves = self.rates[index].iter_mut().zip(rates).map(|(old, new)| {
            let new = cells.phi_max * new;
            (std::mem::replace(old, new) - new).abs()
        });
        moves.fold(0.0, f64::max)
    }

    fn measure(&mut self, network: &Network, index: usize, phase: &Phase<'_>) {
        let circuit = Arc::clone(&self.circuit);
        (0..circuit.projections.len()).for_each(|projection| self.carry(projection));
        let means = &mut self.means[index];
        means.make_room(&circuit, phase.measures);
        means.trains.clone_from(&self.trains);
        for (population, layout) in circuit.populations.iter().enumerate() {
            let v = &mut means.v[population];
            v.iter_mut().zip(&self.v[population]).for_each(|(mean, v)| *mean = *v);
            let dendrite = layout.membrane.as_ref().and_then(|m| Some(&m.dendrites[m.plateau?.dendrite]));
            let Some(dendrite) = dendrite else { continue };
            let plateau = &mut means.plateau[population];
            plateau.fill(0.0);
            for &projection in &dendrite.projections {
                add_product(self.arch, &network.synapses[projection], &self.trains[projection], 1.0, plateau);
            }
            sigmoid_all(plateau);
            self.observation.plateaus[population][index].extend(plateau.iter().map(|&alpha| alpha as f32));
        }
        for ((sigmoid, rates), layout) in means.sigmoid.iter_mut().zip(&self.rates).zip(&circuit.populations) {
            sigmoid.iter_mut().zip(rates).for_each(|(sigmoid, rate)| *sigmoid = rate / layout.phi_max);
        }
    }
}

/// Adds to each of `out` what it is off by, in standard deviations, for the variance `factor` times its rate.
fn add_noise(factor: f64, rates: &[f64], off: &[f64], out: &mut [f64]) {
    out.iter_mut().zip(rates).zip(off).for_each(|((x, rate), off)| *x += (rate * factor).sqrt() * off);
}

/// Adds `factor` · Σ_j w_j² x_j to `out`, [post], w_j the sum of the weights of a pair of neurons.
fn add_squares(synapses: &Synapses, x: &[f64], factor: f64, out: &mut [f64]) {
    for (j, &x) in x.iter().enumerate().filter(|&(_, &x)| x != 0.0) {
        synapses.for_each_pair(j, |i, w| out[i] += f64::from(w) * f64::from(w) * x * factor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Precision;
    use crate::model::Model;
    use crate::network::Weights;
    use crate::numeric::{PresentationKey, sigmoid};
    use crate::plasticity::{
        BoundaryRule, ErrorSignal, LocalSignals, PhaseSignals, RateCurve, Slope, TwoPhase, WeightUpdate,
    };
    use crate::protocol::KeptSpikes;
    use crate::rate::rules::SegregatedDendrites;
    use crate::rate::{Batch, RateRule};

    const PIXELS: [u8; 4] = [255, 100, 0, 30];

    fn model(overrides: &[&str]) -> (Model, Network) {
        let small = ["population.input.size=4", "population.hidden.size=6"];
        let overrides: Vec<String> = small.iter().chain(overrides).map(|&o| o.to_owned()).collect();
        let model = Model::load("g17-784-500-10".as_ref(), &overrides).unwrap();
        let network = Network::new::<()>(&model, 1, |_| Err(())).unwrap();
        (model, network)
    }

    fn shown(model: &Model, network: &Network, twin: Twin) -> RateLane {
        let mut lane = RateLane::new(&Arc::new(Circuit::new(model, 1, Precision::Single).unwrap()), twin);
        for label in [7, 3] {
            let stimuli = [Stimulus::Pixels(&PIXELS)];
            let phases = model.phases().training([50.0, 50.0], &stimuli, Target::Class(label));
            lane.present(
                network,
                &Trial { key: PresentationKey::training(0), phases: &phases, spikes: KeptSpikes::All, sampling: None },
            );
        }
        lane
    }

    /// Σ_j w_ij x_j.
    fn row(weights: &Weights, i: usize, x: &[f64]) -> f64 {
        x.iter().enumerate().map(|(j, x)| f64::from(weights.row(j)[i]) * x).sum()
    }

    /// Two implementations of one rule: matrices of rates, and the twin with the plasticity of the spiking network.
    #[test]
    fn the_noiseless_twin_learns_as_segregated_dendrites_do() {
        let (model, network) = model(&[]);
        let lane = shown(&model, &network, Twin::Noiseless);
        let (dense, mut rule) = SegregatedDendrites::twin(&model, &network).unwrap();
        let inputs = ndarray::Array2::from_shape_fn((1, 4), |(_, j)| 0.2 * f64::from(PIXELS[j]) / 255.0);
        let targets = ndarray::Array2::from_shape_fn((1, 10), |(_, k)| f64::from(u8::from(k == 3)));
        let expected = rule.present(&dense, &Batch { inputs, targets });
        // g_b/(g_l + g_b) and g_d/(g_l + g_d).
        let gain = 0.6 / 0.7;
        let rules = [ErrorSignal::Plateaus, ErrorSignal::Teaching];
        let rules = rules.map(|error| TwoPhase { gain, error, curve: RateCurve::default(), slope: Slope::Sigmoid });
        let [forward, target] = lane.means() else { panic!("two phases") };
        for (index, expected) in expected.iter().enumerate() {
            let projection = &model.projections[index];
            let to = projection.to.0;
            let post = [
                PhaseSignals { v: &forward.v[to], plateau: &forward.plateau[to], ..PhaseSignals::default() },
                PhaseSignals { plateau: &target.plateau[to], sigmoid: &target.sigmoid[to], ..PhaseSignals::default() },
            ];
            let pre = [PhaseSignals { train: &forward.trains[index], ..PhaseSignals::default() }];
            let post = LocalSignals { size: forward.v[to].len(), phases: &post, ..LocalSignals::default() };
            let pre = LocalSignals { size: forward.trains[index].len(), phases: &pre, ..LocalSignals::default() };
            let mut change = WeightUpdate::default();
            rules[index].change(post, pre, 1.0, &mut change);
            let scale = expected.biases.iter().fold(0.0_f64, |a, b| a.max(b.abs()));
            let term = &change.terms()[0];
            for (found, expected) in term.post.iter().zip(&expected.biases) {
                assert!((f64::from(*found) - expected).abs() < 1e-6 * scale, "{found} for {expected}");
            }
            let (j, pre) = term.pre[1];
            let found = f64::from(term.post[0]) * f64::from(pre);
            assert!((found - expected.weights[[0, j as usize]]).abs() < 1e-6 * scale);
        }
    }

    /// Means of trains over the window of the forward phase in 2,000 presentations of one image, and counts of the noisy twin:
    /// mean and variance of each input are those of a Poisson train of its rate. Five standard errors, 18 times: a right
    /// program exceeds one of them for about one seed in 50,000, for variances are skewed; the seed is fixed.
    #[test]
    fn trains_of_the_noisy_twin_scatter_as_those_of_spikes_do() {
        const SHOWN: u64 = 2000;
        let (model, network) = model(&["protocol.forward_ms=90", "protocol.settle_ms=60"]);
        let circuit = Arc::new(Circuit::new(&model, 1, Precision::Single).unwrap());
        let (mut spiking, mut noisy) = (Lane::new(&circuit), RateLane::new(&circuit, Twin::Noisy));
        let mut sums = [[[0.0; 2]; 4]; 3];
        for n in 0..SHOWN {
            let key = PresentationKey::training(n);
            let stimuli = [Stimulus::Pixels(&PIXELS)];
            let phases = model.phases().training([90.0, 0.0], &stimuli, Target::None);
            let trial = Trial { key, phases: &phases, spikes: KeptSpikes::All, sampling: None };
            spiking.present(&network, &trial);
            noisy.present(&network, &trial);
            let trains = [spiking.means(), noisy.means()].map(|means| &means[0].trains[0]);
            for (sums, trains) in sums.iter_mut().zip([trains[0], trains[1], &noisy.forward_rates()[0]]) {
                for ((sums, &x), &pixel) in sums.iter_mut().zip(trains).zip(&PIXELS) {
                    let off = x - 0.2 * f64::from(pixel) / 255.0;
                    *sums = [sums[0] + off, sums[1] + off * off];
                }
            }
        }
        let spread = crate::cells::Psp { tau_l: 10.0, tau_s: 3.0 }.mean_variance(30.0);
        let expected = [("spikes", spread), ("noisy trains", spread), ("counts", 1.0 / 30.0)];
        for ((what, spread), sums) in expected.into_iter().zip(sums) {
            for (&pixel, [off, square]) in PIXELS.iter().zip(sums) {
                let expected = 0.2 * f64::from(pixel) / 255.0 * spread;
                let (mean, variance) = (off / SHOWN as f64, square / SHOWN as f64);
                assert!(mean.abs() <= 5.0 * (expected / SHOWN as f64).sqrt(), "{what}, {pixel}: off by {mean}");
                // Poisson counts of a few spikes have a kurtosis of up to 3 + 1/(r T), here below 4.5.
                let bound = 5.0 * expected * (3.5 / SHOWN as f64).sqrt();
                assert!((variance - expected).abs() <= bound, "{what}, {pixel}: {variance} for {expected}");
            }
        }
    }

    /// Noise is drawn for every phase, and feedback of rates has none; a loop through the soma settles with it.
    #[test]
    fn noise_is_that_of_the_phase_and_of_spikes_alone() {
        let rates = "projection.output-hidden.carries=rates";
        for (keys, g_a, noisy) in [(&["population.hidden.g_a_per_ms=0.05"][..], 0.05, true), (&[rates], 0.0, false)] {
            let (model, network) = model(keys);
            let lane = shown(&model, &network, Twin::Noisy);
            let [forward, target] = lane.means() else { panic!("two phases") };
            assert!((forward.trains[0][0] - target.trains[0][0]).abs() > 1e-6);
            let off = |(x, s): (&f64, &f64)| (x - 0.2 * s).abs() > 1e-12;
            let back = target.trains[2].iter().zip(&target.sigmoid[2]).filter(|&pair| off(pair)).count();
            assert_eq!(back, if noisy { 10 } else { 0 }, "{keys:?}");
            for (i, v) in forward.v[1].iter().enumerate() {
                let basal = row(network.weights(0), i, &forward.trains[0]) + f64::from(network.biases[1][i]);
                let apical = row(network.weights(2), i, &forward.trains[2]);
                let expected = (0.6 * basal + g_a * apical) / (0.1 + 0.6 + g_a);
                assert!((v - expected).abs() < 1e-9, "{keys:?}: {v} for {expected}");
            }
        }
    }

    /// The spread of a potential is that of Poisson trains answered by h, dh/dt = −γ h + g_b κ:
    /// h = g_b [(e^{−t/τ_L} − e^{−γt})/(γ − 1/τ_L) − (e^{−t/τ_s} − e^{−γt})/(γ − 1/τ_s)]/(τ_L − τ_s), ∫h² by Simpson's rule.
    #[test]
    fn diffusion_takes_the_mean_over_the_spread_of_poisson_trains() {
        let (model, network) = model(&["population.input.size=4"]);
        let lane = shown(&model, &network, Twin::Diffusion);
        let input: Vec<f64> = PIXELS.iter().map(|&p| 0.2 * f64::from(p) / 255.0).collect();
        let squares = |i: usize| {
            let each = input.iter().enumerate().map(|(j, r)| f64::from(network.weights(0).row(j)[i]).powi(2) * r);
            each.sum::<f64>()
        };
        let mode = |t: f64, tau: f64| ((-t / tau).exp() - (-0.7 * t).exp()) / (0.7 - 1.0 / tau);
        let square = |k: i32| (0.6 * (mode(f64::from(k) / 50.0, 10.0) - mode(f64::from(k) / 50.0, 3.0)) / 7.0).powi(2);
        let simpson: f64 = (0..5000).map(|k| square(2 * k) + 4.0 * square(2 * k + 1) + square(2 * k + 2)).sum();
        let spread = simpson / 150.0;
        for (i, rate) in lane.forward_rates()[1].iter().enumerate() {
            let v = 6.0 / 7.0 * (row(network.weights(0), i, &input) + f64::from(network.biases[1][i]));
            assert!((lane.means()[0].v[1][i] - v).abs() < 1e-12);
            let expected = 0.2 * Normal::default().mean_sigmoid(v, (spread * squares(i)).sqrt());
            assert!((rate / expected - 1.0).abs() < 1e-7, "{rate} for {expected}");
            assert!((rate - 0.2 * sigmoid(v)) * -v > 0.0, "the mean is drawn to the middle");
        }
    }

    #[test]
    fn feedback_into_the_soma_finds_its_fixed_point() {
        let (model, network) = model(&["population.hidden.g_a_per_ms=0.6"]);
        let lane = shown(&model, &network, Twin::Noiseless);
        let (rates, v) = (lane.forward_rates(), &lane.means()[0].v[1]);
        for i in 0..6 {
            let basal = row(network.weights(0), i, &rates[0]) + f64::from(network.biases[1][i]);
            let apical = row(network.weights(2), i, &rates[2]);
            assert!((v[i] - (0.6 * basal + 0.6 * apical) / 1.3).abs() < 1e-9);
            assert!(apical.abs() > 1e-3 && (rates[1][i] - 0.2 * sigmoid(v[i])).abs() < 1e-9);
        }
    }
}
