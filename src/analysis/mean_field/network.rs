//! Populations of neurons that drive each other: rates that reproduce themselves.

use super::neuron::{LifNeuron, NoisyInput};
use super::quadrature::HERMITE;

/// Difference of rates, in parts of themselves, at which they are those that they give rise to.
const CONVERGED: f64 = 1e-9;

/// A rate that is none [1/ms]: one spike in 1000 s.
const SILENT: f64 = 1e-6;

/// Steps after which there is no fixed point, or none that steps lead to.
const MOST_STEPS: usize = 3000;

/// Variance of the mean input between neurons, in parts of that of the noise, below which neurons are alike.
const ALIKE: f64 = 1e-6;

/// How the neurons of a population fire, on average over them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrainStatistics {
    /// Mean of their rates [1/ms].
    pub rate: f64,
    /// Mean of the squares of their rates [1/ms²].
    pub square: f64,
    /// Noise of a train at low frequencies over that of a Poisson train of its rate: 1 for Poisson trains, CV² for independent
    /// intervals.
    pub noise: f64,
}

impl TrainStatistics {
    /// Poisson trains of one rate [1/ms].
    pub fn poisson(rate: f64) -> Self {
        Self { rate, square: rate * rate, noise: 1.0 }
    }
}

/// Weights of the synapses of one kind onto a neuron, each as the jump of V by which an impulse of its charge would act [mV].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct InputStatistics {
    /// Their sum, on average over postsynaptic neurons [mV].
    pub sum: f64,
    /// Variance of that sum between postsynaptic neurons [mV²].
    pub sum_variance: f64,
    /// Sum of their squares, on average [mV²].
    pub square_sum: f64,
    /// Sum of their magnitudes, on average [mV].
    pub absolute_sum: f64,
}

/// Synapses from one population to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeanFieldProjection {
    /// Place of the presynaptic population in the network.
    pub from: usize,
    /// Place of the postsynaptic population.
    pub to: usize,
    /// Weights onto a postsynaptic neuron.
    pub weights: InputStatistics,
}

/// A part of the neurons of a population with a threshold of their own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ThresholdShare {
    /// Their threshold [mV].
    pub threshold: f64,
    /// Their part of the population; all parts are 1 in sum.
    pub share: f64,
}

/// A population in the theory.
#[derive(Clone, Debug, PartialEq)]
pub enum MeanFieldPopulation {
    /// Its rates are given.
    Given(TrainStatistics),
    /// Its rates follow from what it receives.
    Driven {
        /// Its neurons; thresholds are those of `thresholds`.
        neuron: LifNeuron,
        /// Thresholds.
        thresholds: Vec<ThresholdShare>,
        /// What a neuron receives without any projection: resting potential, constant current, noise of its own.
        drive: NoisyInput,
        /// Noise of its trains as [`TrainStatistics::noise`] has it.
        noise: f64,
    },
}

/// Populations and what they send to each other.
#[derive(Clone, Debug, PartialEq)]
pub struct MeanFieldNetwork {
    /// The populations.
    pub populations: Vec<MeanFieldPopulation>,
    /// Synapses between them.
    pub projections: Vec<MeanFieldProjection>,
}

/// A population at a fixed point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeanFieldState {
    /// How it fires.
    pub trains: TrainStatistics,
    /// What a neuron of average input receives.
    pub input: NoisyInput,
    /// Standard deviation between neurons of the mean input [mV].
    pub spread: f64,
    /// CV of intervals, the root of its mean square over all intervals of all neurons; 1, that of rare spikes, where there are none.
    pub cv: f64,
}

/// Input of the neurons of a population.
#[derive(Clone, Copy)]
struct PopulationInput {
    average: NoisyInput,
    /// Variance between neurons of the mean [mV²].
    variance: f64,
}

impl MeanFieldNetwork {
    /// The rates that give rise to themselves, reached by damped steps from `start`, one rate of each population [1/ms]; none if
    /// steps lead nowhere. Where several sets of rates do, it is that which the start leads to.
    ///
    /// The input of population a has mean and variance
    ///
    /// μ_a = μ⁰_a + τ_m Σ_b S_ab ν_b,  σ²_a = σ⁰²_a + τ_m Σ_b Q_ab ν_b,
    ///
    /// S and Q the sums of weights and of their squares onto a neuron (Amit & Brunel 1997, Cereb Cortex 7:237; Brunel 2000). Neurons
    /// differ in how many synapses they have and of which neurons, so that the mean input of each is drawn from a normal
    /// distribution of variance Δ²_a = τ_m² Σ_b (Var(S_ab) ν_b² + Q_ab (⟨ν²⟩_b − ν_b²)), over which rates are averaged (Amit & Brunel
    /// 1997, Network 8:373).
    pub fn solve(&self, start: &[f64]) -> Option<Vec<MeanFieldState>> {
        let first = |(population, &rate): (&MeanFieldPopulation, &f64)| match *population {
            MeanFieldPopulation::Given(trains) => trains,
            MeanFieldPopulation::Driven { noise, .. } => TrainStatistics { noise, ..TrainStatistics::poisson(rate) },
        };
        let mut trains: Vec<_> = self.populations.iter().zip(start).map(first).collect();
        let (mut step, mut last) = (0.5_f64, f64::INFINITY);
        for _ in 0..MOST_STEPS {
            let inputs = self.inputs(&trains);
            let next: Vec<_> = self.populations.iter().zip(&inputs).map(|(p, input)| p.trains(input)).collect();
            let apart = |(a, b): (&TrainStatistics, &TrainStatistics)| {
                let rates = (a.rate - b.rate).abs() / b.rate.max(SILENT);
                rates.max((a.square - b.square).abs() / b.square.max(SILENT * SILENT))
            };
            let residual = trains.iter().zip(&next).map(apart).fold(0.0, f64::max);
            if residual < CONVERGED {
                let state = |((population, input), trains)| population_state(population, input, trains);
                return Some(self.populations.iter().zip(&inputs).zip(next).map(state).collect());
            }
            // Strong inhibition overshoots: steps are halved where that takes rates away from themselves.
            step = if residual > last { (0.5 * step).max(1e-3) } else { (1.1 * step).min(1.0) };
            last = residual;
            for (now, next) in trains.iter_mut().zip(&next) {
                now.rate += step * (next.rate - now.rate);
                now.square += step * (next.square - now.square);
            }
        }
        None
    }

    /// What each population receives where populations fire so.
    fn inputs(&self, trains: &[TrainStatistics]) -> Vec<PopulationInput> {
        let drive = |population: &MeanFieldPopulation| match population {
            MeanFieldPopulation::Given(_) => (NoisyInput { mean: 0.0, sd: 0.0 }, 0.0),
            MeanFieldPopulation::Driven { neuron, drive, .. } => (*drive, neuron.tau_m),
        };
        let input = |(place, population): (usize, &MeanFieldPopulation)| {
            let (NoisyInput { mut mean, sd }, tau_m) = drive(population);
            let (mut power, mut variance) = (sd * sd, 0.0);
            for projection in self.projections.iter().filter(|projection| projection.to == place) {
                let TrainStatistics { rate, square, noise } = trains[projection.from];
                let InputStatistics { sum, sum_variance, square_sum, .. } = projection.weights;
                mean += tau_m * sum * rate;
                power += tau_m * square_sum * rate * noise;
                variance += tau_m * tau_m * (sum_variance * rate * rate + square_sum * (square - rate * rate).max(0.0));
            }
            PopulationInput { average: NoisyInput { mean, sd: power.sqrt() }, variance }
        };
        self.populations.iter().enumerate().map(input).collect()
    }
}

impl MeanFieldPopulation {
    /// How it fires on this input.
    fn trains(&self, input: &PopulationInput) -> TrainStatistics {
        let noise = match *self {
            Self::Given(trains) => return trains,
            Self::Driven { noise, .. } => noise,
        };
        let mut trains = TrainStatistics { rate: 0.0, square: 0.0, noise };
        self.over_neurons(input, |neuron, input, share| {
            let rate = neuron.rate(input);
            trains.rate += share * rate;
            trains.square += share * rate * rate;
        });
        trains
    }

    /// Hands out neurons that stand for all, each with its input and the part of the population that it stands for.
    fn over_neurons(&self, input: &PopulationInput, mut take: impl FnMut(LifNeuron, NoisyInput, f64)) {
        let Self::Driven { neuron, thresholds, .. } = self else { return };
        let alike = [[0.0, 1.0]];
        let spread = input.variance.sqrt();
        let differ = input.variance > ALIKE * input.average.sd.powi(2) && spread > 0.0;
        let nodes = if differ { &HERMITE[..] } else { &alike[..] };
        for &ThresholdShare { threshold, share } in thresholds {
            for [z, weight] in nodes {
                let mean = input.average.mean + z * spread;
                take(LifNeuron { threshold, ..*neuron }, NoisyInput { mean, ..input.average }, share * weight);
            }
        }
    }
}

/// A population at the fixed point, with the variability of its intervals.
fn population_state(
    population: &MeanFieldPopulation,
    input: &PopulationInput,
    trains: TrainStatistics,
) -> MeanFieldState {
    let (mut squares, mut intervals) = (0.0, 0.0);
    population.over_neurons(input, |neuron, input, share| {
        let rate = share * neuron.rate(input);
        squares += rate * neuron.cv(input).powi(2);
        intervals += rate;
    });
    let cv = if intervals > 0.0 { (squares / intervals).sqrt() } else { 1.0 };
    MeanFieldState { trains, input: input.average, spread: input.variance.sqrt(), cv }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEURON: LifNeuron = LifNeuron { tau_m: 20.0, t_ref: 2.0, threshold: 20.0, reset: 10.0, tau_s: 0.0 };

    fn driven(drive: NoisyInput) -> MeanFieldPopulation {
        let thresholds = vec![ThresholdShare { threshold: 20.0, share: 1.0 }];
        MeanFieldPopulation::Driven { neuron: NEURON, thresholds, drive, noise: 1.0 }
    }

    /// Weights of `number` synapses of one jump [mV].
    fn alike(number: f64, jump: f64) -> InputStatistics {
        let absolute_sum = number * jump.abs();
        InputStatistics { sum: number * jump, sum_variance: 0.0, square_sum: number * jump * jump, absolute_sum }
    }

    /// Brunel (2000): 1000 excitatory synapses of 0.1 mV, 250 inhibitory ones of −0.5 mV, external trains of twice the rate at which
    /// they reach the threshold on average. Both populations are alike, so that the fixed point is a root of one equation, found
    /// here by bisection.
    #[test]
    fn a_balanced_network_is_at_the_root_of_its_equation() {
        let external = 2.0 * 20.0 / (0.1 * 20.0);
        let network = |populations: Vec<MeanFieldPopulation>| MeanFieldNetwork {
            populations,
            projections: (0..2)
                .flat_map(|to| {
                    [(0, alike(1000.0, 0.1)), (1, alike(250.0, -0.5))].map(|(from, weights)| MeanFieldProjection {
                        from,
                        to,
                        weights,
                    })
                })
                .collect(),
        };
        let drive = NoisyInput { mean: 20.0 * 0.1 * external, sd: (20.0 * 0.01 * external).sqrt() };
        let found = network(vec![driven(drive); 2]).solve(&[0.01, 0.01]).unwrap();
        let gain = |rate: f64| {
            let mean = 20.0 * 0.1 * (external + 1000.0 * rate - 5.0 * 250.0 * rate);
            NEURON.rate(NoisyInput { mean, sd: (0.2 * (external + 1000.0 * rate + 25.0 * 250.0 * rate)).sqrt() })
        };
        let (mut low, mut high) = (0.0, 0.5);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if gain(middle) > middle { low = middle } else { high = middle }
        }
        for state in &found {
            assert!((state.trains.rate / low - 1.0).abs() < 1e-7, "{} and {low}", state.trains.rate);
            assert!((state.cv / NEURON.cv(state.input) - 1.0).abs() < 1e-6);
            // Mean and mean square differ by the error of the fixed point alone.
            assert!(state.spread < 1e-3, "{}", state.spread);
        }
        // About 38 Hz in the paper's figure.
        assert!((low * 1000.0 - 38.0).abs() < 1.0, "{low}");
    }

    /// Excitation whose strength exceeds what a fixed point can hold: rates end at the refractory limit, or nowhere.
    #[test]
    fn rates_that_are_given_stay_and_excitation_saturates() {
        let given = MeanFieldPopulation::Given(TrainStatistics::poisson(0.01));
        let projections = vec![
            MeanFieldProjection { from: 0, to: 1, weights: alike(1000.0, 0.1) },
            MeanFieldProjection { from: 1, to: 1, weights: alike(1000.0, 0.2) },
        ];
        let populations = vec![given, driven(NoisyInput { mean: 10.0, sd: 0.0 })];
        let found = MeanFieldNetwork { populations, projections }.solve(&[0.0, 0.1]).unwrap();
        assert_eq!(found[0].trains, TrainStatistics::poisson(0.01));
        assert!(found[1].trains.rate > 0.4 && found[1].trains.rate < 0.5, "{}", found[1].trains.rate);
    }

    /// Means that differ between neurons: the mean over a normal distribution, by sums over many values here. The rule's error is that of
    /// a polynomial of degree 17 through the rates.
    #[test]
    fn neurons_of_different_input_are_averaged() {
        let weights = InputStatistics { sum: 100.0, sum_variance: 16.0, square_sum: 100.0, absolute_sum: 100.0 };
        let trains = TrainStatistics { rate: 0.0075, square: 1e-4, noise: 1.0 };
        let network = MeanFieldNetwork {
            populations: vec![MeanFieldPopulation::Given(trains), driven(NoisyInput { mean: 0.0, sd: 0.0 })],
            projections: vec![MeanFieldProjection { from: 0, to: 1, weights }],
        };
        let state = network.solve(&[0.0, 0.01]).unwrap()[1];
        let variance: f64 = 400.0 * (16.0 * 0.0075_f64.powi(2) + 100.0 * (1e-4 - 0.0075_f64.powi(2)));
        assert!((state.spread - variance.sqrt()).abs() < 1e-12 && (state.input.mean - 15.0).abs() < 1e-12);
        let (mut rate, mut square, mut weight) = (0.0, 0.0, 0.0);
        for k in -4000..=4000 {
            let z = f64::from(k) / 500.0;
            let mean = 15.0 + z * state.spread;
            let (own, share) = (NEURON.rate(NoisyInput { mean, sd: 15_f64.sqrt() }), (-0.5 * z * z).exp());
            rate += share * own;
            square += share * own * own;
            weight += share;
        }
        assert!((state.trains.rate * weight / rate - 1.0).abs() < 1e-3, "{} and {}", state.trains.rate, rate / weight);
        assert!((state.trains.square * weight / square - 1.0).abs() < 1e-3);
    }

    /// A population that never fires leaves what it drives as it is, whatever the noise of its trains.
    #[test]
    fn a_silent_population_adds_nothing() {
        let noisy = NoisyInput { mean: 15.0, sd: 4.0 };
        for silent in [NoisyInput { mean: 0.0, sd: 0.1 }, NoisyInput { mean: 0.0, sd: 0.0 }] {
            let projections = vec![MeanFieldProjection { from: 0, to: 1, weights: alike(100.0, 1.0) }];
            let network = MeanFieldNetwork { populations: vec![driven(silent), driven(noisy)], projections };
            let found = network.solve(&[0.02, 0.0]).unwrap();
            assert!(found[0].trains.rate.abs() < f64::MIN_POSITIVE && (found[0].cv - 1.0).abs() < 1e-12);
            assert!((found[1].trains.rate / NEURON.rate(noisy) - 1.0).abs() < 1e-6, "{:?}", found[1]);
        }
    }

    #[test]
    fn thresholds_are_averaged_by_their_shares() {
        let drive = NoisyInput { mean: 15.0, sd: 4.0 };
        let shares = [(18.0, 0.25), (21.0, 0.75)];
        let thresholds = shares.map(|(threshold, share)| ThresholdShare { threshold, share }).to_vec();
        let population = MeanFieldPopulation::Driven { neuron: NEURON, thresholds, drive, noise: 1.0 };
        let found = MeanFieldNetwork { populations: vec![population], projections: Vec::new() }.solve(&[0.0]).unwrap();
        let rate = |threshold| LifNeuron { threshold, ..NEURON }.rate(drive);
        let expected = shares.map(|(threshold, share)| share * rate(threshold)).iter().sum::<f64>();
        assert!((found[0].trains.rate / expected - 1.0).abs() < 1e-12);
    }
}
