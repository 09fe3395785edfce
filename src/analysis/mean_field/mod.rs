//! Mean-field theory of leaky integrate-and-fire neurons: rates and variability of one neuron in noise, and of populations that
//! drive each other.
//!
//! The input of a neuron is taken as Gaussian white noise of the mean and variance that its trains have (the diffusion
//! approximation), τ_m dV/dt = −V + μ + σ √τ_m η(t) with ⟨η(t) η(t')⟩ = δ(t − t'). Then the rate of first passage from the reset to
//! the threshold is known in closed form ([`LifNeuron::rate`]), and so is the variability of its intervals ([`LifNeuron::cv`]).
//! Neurons of a network drive each other, so that rates must reproduce themselves ([`MeanFieldNetwork::solve`]).
//!
//! It holds where trains are many, weak, close to Poisson and independent of each other, and τ_s is small against τ_m.

mod erfcx;
mod network;
mod neuron;
mod quadrature;

pub use erfcx::erfcx;
pub use network::{
    InputStatistics, MeanFieldNetwork, MeanFieldPopulation, MeanFieldProjection, MeanFieldState, ThresholdShare,
    TrainStatistics,
};
pub use neuron::{LifNeuron, NoisyInput};
pub use quadrature::{HERMITE, legendre};
