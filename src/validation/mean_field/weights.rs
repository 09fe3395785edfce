//! The statistics of the synapses of a network, as jumps of the membrane.

use crate::analysis::mean_field::InputStatistics;
use crate::network::Synapses;

/// The statistics of the weights onto the neurons of a population, each weight times `jump`, the jump of V by which an impulse of
/// the charge of a spike of weight 1 acts [mV].
pub(super) fn statistics(synapses: &Synapses, jump: f64) -> InputStatistics {
    let mut sums = vec![0.0; synapses.post()];
    let (mut squares, mut absolute) = (0.0, 0.0);
    let mut add = |target: usize, weight: f32| {
        let weight = f64::from(weight) * jump;
        sums[target] += weight;
        squares += weight * weight;
        absolute += weight.abs();
    };
    match synapses {
        Synapses::Dense(weights) => {
            for source in 0..weights.pre() {
                let row = &weights.row(source)[..weights.post()];
                row.iter().enumerate().for_each(|(target, &weight)| add(target, weight));
            }
        }
        Synapses::Sparse(sparse) => {
            sparse.list().for_each(|synapse| add(synapse.target as usize, synapse.weight));
        }
    }
    let n = sums.len() as f64;
    let sum = sums.iter().sum::<f64>() / n;
    let sum_variance = sums.iter().map(|own| (own - sum).powi(2)).sum::<f64>() / n;
    InputStatistics { sum, sum_variance, square_sum: squares / n, absolute_sum: absolute / n }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{BlockCsr, ListedSynapse, Weights};

    /// Onto two neurons −1 and 3, with a synapse of each pair, 2 and −2 of them: of 2 mV each.
    #[test]
    fn statistics_by_hand_of_both_storages() {
        let matrix = [1.0, -2.0, 0.0, 3.0];
        let dense = Synapses::Dense(Weights::from_matrix(2, 2, &matrix));
        let list = [(0, 0, 1.0), (1, 0, -2.0), (1, 1, 3.0)];
        let list = list.map(|(source, target, weight)| ListedSynapse { source, target, delay: 1, weight });
        let sparse = Synapses::Sparse(BlockCsr::from_list(2, 2, 0.1, &list).unwrap());
        // Sums −2 and 6 mV.
        let expected = InputStatistics { sum: 2.0, sum_variance: 16.0, square_sum: 28.0, absolute_sum: 6.0 };
        assert_eq!((statistics(&dense, 2.0), statistics(&sparse, 2.0)), (expected, expected));
    }
}
