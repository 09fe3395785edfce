//! Each pair of neurons with one probability.

use rand_distr::{Binomial, Distribution};

use super::draws::{BlockTargets, ConnectionRule, DrawPurpose, Draws};
use super::rows::{Allowed, draw_rows};
use crate::network::SynapsesError;

/// Synapses of each pair of neurons with probability `p`, independently: a binomial number of each row, onto different
/// targets drawn uniformly.
pub(super) struct FixedProbability {
    pub(super) p: f64,
    pub(super) autapses: bool,
}

impl ConnectionRule for FixedProbability {
    fn targets(&self, draws: &Draws, block: usize) -> Result<BlockTargets, SynapsesError> {
        let lengths = binomial_lengths(draws, block, self.p, self.autapses);
        draw_rows(draws, block, lengths, Allowed { autapses: self.autapses, multapses: false })
    }
}

/// Draws numbers of synapses of each presynaptic neuron in a block where each pair has one with probability `p` [pre].
pub(super) fn binomial_lengths(draws: &Draws, block: usize, p: f64, autapses: bool) -> Vec<u32> {
    let mut stream = draws.of(DrawPurpose::Lengths, block);
    let width = draws.width(block);
    let of = |trials: usize| Binomial::new(trials as u64, p.clamp(0.0, 1.0)).expect("a probability");
    let distributions = [of(width), of(width.saturating_sub(1))];
    let lengths = draws.capacities(block, autapses);
    lengths.map(|capacity| distributions[width - capacity].sample(&mut stream) as u32).collect()
}
