//! Identities that hold exactly in the mean, given the measured rates of the neurons upstream.
//!
//! From rest, with rates r in bins k of the phase and G_k the mean weight of a spike in a bin (`window.rs`),
//!
//! mean V = Σ_j w_j Σ_k r_jk G_k + (g_b b/γ) c and mean A = Σ_j Y_j Σ_k r_jk G_k:
//!
//! k_b (W r + b) and Y r with the start-up factor. What is left is where in its bin each spike was. That noise has mean 0
//! and variance Σ_k n_jk Var_k for neuron j, so that residuals e = Σ_j w_j ε_j of postsynaptic neurons have the covariance
//! W diag(Var ε) Wᵀ, known without a fit. They share their presynaptic spikes; the sum of their squares over variances is
//! judged by the distribution that this correlation gives it.

use ndarray::{Array1, Array2, Axis};

use super::trial::TrialResponse;
use super::window::{AveragingWindow, BIN_MS, Bins, SpikeResponse};
use crate::analysis::sum_of_squares_exceeds;
use crate::cells::Modes;
use crate::engine::{Circuit, SomaticInput};
use crate::network::Network;
use crate::numeric::logit;

/// The test of one identity.
#[derive(Clone, Debug, PartialEq)]
pub struct Identity {
    /// Population.
    pub population: usize,
    /// Whether of the apical dendrite; else of the soma.
    pub apical: bool,
    /// Projections it rests on.
    pub projections: Vec<usize>,
    /// Sum over neurons of squared residuals over their variances.
    pub chi_square: f64,
    /// Neurons.
    pub neurons: usize,
    /// Degrees of freedom left by what their residuals share.
    pub degrees: f64,
    /// Chance of a larger sum if the identity holds.
    pub p: f64,
    /// Root mean square over neurons of the mean residual over images.
    pub residual: f64,
    /// Root mean square over neurons of the mean potential over images.
    pub potential: f64,
}

/// Accumulates residuals of an identity over images.
pub(super) struct IdentityEstimator {
    population: usize,
    apical: bool,
    /// Projections, with their presynaptic populations and the weights of spikes.
    afferents: Vec<(usize, usize, Bins)>,
    /// Mean potential of a bias of 1.
    bias: f64,
    residuals: Vec<f64>,
    potentials: Vec<f64>,
    /// Var ε of the presynaptic neurons of each afferent.
    variances: Vec<Vec<f64>>,
    images: u32,
}

impl IdentityEstimator {
    /// All identities of a circuit over phases of `length` ms from rest, `settle` ms of them left out: of every soma driven by spikes alone, and of every
    /// apical dendrite whose plateau is its mean over the phase and driven by spikes.
    pub(super) fn all(circuit: &Circuit, (settle, length): (f64, f64)) -> Vec<Self> {
        let window = AveragingWindow { from: settle, to: length };
        let mut found = Vec::new();
        for (population, cells) in circuit.populations.iter().enumerate() {
            let Some(membrane) = &cells.membrane else { continue };
            let modes = Modes::new(membrane.psp, membrane.gamma[0]);
            let afferent = |link: usize, response: SpikeResponse| {
                let link_of = &circuit.projections[link];
                (link, link_of.from, window.bins(response, link_of.delay))
            };
            let soma = |input: &SomaticInput| afferent(input.projection, SpikeResponse::Soma(modes, input.conductance));
            let somatic = cells.somatic.iter().map(soma);
            let bias = membrane.bias_conductance / modes.gamma * window.charged(modes.gamma);
            // Rates carried without spikes, and plateaus at times of their own, are no means of spikes over the window.
            let of_spikes = |link: usize| circuit.projections[link].rates.is_none();
            if cells.somatic.iter().all(|input| of_spikes(input.projection)) {
                found.push(Self::new(population, false, somatic.collect(), bias, circuit));
            }
            let Some(plateau) = membrane.plateau.filter(|plateau| plateau.times.is_none()) else { continue };
            let received = &membrane.dendrites[plateau.dendrite].projections;
            if !received.is_empty() && received.iter().all(|&link| of_spikes(link)) {
                let apical = received.iter().map(|&link| afferent(link, SpikeResponse::Dendrite(membrane.psp)));
                found.push(Self::new(population, true, apical.collect(), 0.0, circuit));
            }
        }
        found
    }

    fn new(
        population: usize,
        apical: bool,
        afferents: Vec<(usize, usize, Bins)>,
        bias: f64,
        circuit: &Circuit,
    ) -> Self {
        let size = circuit.populations[population].size;
        let variances = afferents.iter().map(|&(_, from, _)| vec![0.0; circuit.populations[from].size]).collect();
        let (residuals, potentials) = (vec![0.0; size], vec![0.0; size]);
        Self { population, apical, afferents, bias, residuals, potentials, variances, images: 0 }
    }

    /// Adds the response to an image, compared with that expected from `network`.
    pub(super) fn add(&mut self, network: &Network, shown: &TrialResponse) {
        let mut expected: Vec<f64> =
            network.biases[self.population].iter().map(|&b| self.bias * f64::from(b)).collect();
        for ((link, from, bins), variance) in self.afferents.iter().zip(&mut self.variances) {
            let mut x = vec![0.0; variance.len()];
            for spike in &shown.spikes[*from] {
                let bin = (spike.time / BIN_MS) as usize;
                x[spike.neuron as usize] += bins.mean[bin];
                variance[spike.neuron as usize] += bins.variance[bin];
            }
            let synapses = &network.synapses[*link];
            for (j, &x) in x.iter().enumerate().filter(|&(_, &x)| x != 0.0) {
                synapses.for_each(j, |i, w| expected[i] += f64::from(w) * x);
            }
        }
        for (i, expected) in expected.iter().enumerate() {
            let found =
                if self.apical { logit(shown.plateau[self.population][i]) } else { shown.v[self.population][i] };
            self.residuals[i] += found - expected;
            self.potentials[i] += found;
        }
        self.images += 1;
    }

    /// The covariance of the residuals, W diag(Var ε) Wᵀ over all afferents, [n, n].
    fn covariance(&self, network: &Network) -> Array2<f64> {
        let n = self.residuals.len();
        let mut covariance = Array2::zeros((n, n));
        for ((link, ..), variance) in self.afferents.iter().zip(&self.variances) {
            let w = network.synapses[*link].matrix().to_array();
            let spread = &w * &Array1::from(variance.clone()).insert_axis(Axis(0));
            covariance += &spread.dot(&w.t());
        }
        covariance
    }

    /// Tests the identity over all images added.
    pub(super) fn test(&self, network: &Network) -> Identity {
        let covariance = self.covariance(network);
        let sd = covariance.diag().mapv(f64::sqrt);
        // Neurons that received no spike have no variance.
        let live: Vec<usize> = (0..sd.len()).filter(|&i| sd[i] > 0.0).collect();
        let chi_square = live.iter().map(|&i| (self.residuals[i] / sd[i]).powi(2)).sum();
        let correlation = Array2::from_shape_fn((live.len(), live.len()), |(i, j)| {
            covariance[[live[i], live[j]]] / (sd[live[i]] * sd[live[j]])
        });
        let (p, degrees) = if live.is_empty() { (1.0, 0.0) } else { sum_of_squares_exceeds(chi_square, &correlation) };
        let rms = |values: &[f64]| {
            let squares = values.iter().map(|x| (x / f64::from(self.images)).powi(2));
            (squares.sum::<f64>() / values.len() as f64).sqrt()
        };
        Identity {
            population: self.population,
            apical: self.apical,
            projections: self.afferents.iter().map(|(link, ..)| *link).collect(),
            chi_square,
            neurons: live.len(),
            degrees,
            p,
            residual: rms(&self.residuals),
            potential: rms(&self.potentials),
        }
    }
}
