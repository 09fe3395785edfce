//! Normalisation of the weights onto each neuron.

use super::Synapses;
use crate::plasticity::{Normalisation, WeightBounds};

impl Synapses {
    /// Normalises the weights onto each postsynaptic neuron. Sums are double precision, in the order of presynaptic neurons; each weight is
    /// rounded as it is kept.
    pub fn normalise(&mut self, by: &Normalisation, bounds: WeightBounds) {
        let mut sums = vec![0.0; self.post()];
        self.for_each_mut(|target, weight| sums[target] += f64::from(*weight));
        let factors: Vec<_> = sums.into_iter().map(|sum| by.factor(sum)).collect();
        self.for_each_mut(|target, weight| {
            if let Some(factor) = factors[target] {
                *weight = bounds.clipped(f64::from(*weight) * factor) as f32;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{BlockCsr, ListedSynapse, TARGETS_PER_BLOCK, Weights};
    use crate::plasticity::BoundKind;

    const BOUNDS: WeightBounds = WeightBounds { w_min: -1.0, w_max: 3.0, kind: BoundKind::Hard };
    const BY: Normalisation = Normalisation { sum: 4.0, every: 100.0 };

    /// Neurons of two blocks, in either storage: sums are those wanted, and weights keep their proportions.
    #[test]
    fn weights_onto_each_neuron_sum_up_to_the_same_in_their_proportions() {
        let post = TARGETS_PER_BLOCK + 3;
        let at = |pre: usize, post: usize| 0.2 + ((7 * pre + 3 * post) % 11) as f32 * 0.1;
        let mut dense = Weights::zeros(post, 5);
        (0..5).for_each(|pre| (0..post).for_each(|to| dense.row_mut(pre)[to] = at(pre, to)));
        let listed = (0..5_u32).flat_map(|pre| (0..post as u32).map(move |post| (pre, post)));
        let listed: Vec<_> = listed
            .map(|(source, target)| ListedSynapse {
                source,
                target,
                delay: 1,
                weight: at(source as usize, target as usize),
            })
            .collect();
        let sparse = BlockCsr::from_list(5, post, 0.1, &listed).unwrap();
        let [mut dense, mut sparse] = [Synapses::Dense(dense), Synapses::Sparse(sparse)];
        dense.normalise(&BY, BOUNDS);
        sparse.normalise(&BY, BOUNDS);
        assert!(dense.matrix().rows() == sparse.matrix().rows());
        let matrix = dense.matrix();
        for to in 0..post {
            let before: f64 = (0..5).map(|pre| f64::from(at(pre, to))).sum();
            for pre in 0..5 {
                let wanted = 4.0 * f64::from(at(pre, to)) / before;
                assert!((f64::from(matrix.row(pre)[to]) - wanted).abs() < 1e-6, "{pre}, {to}");
            }
        }
    }

    /// No sum, one of the other sign, and one that the bounds do not allow.
    #[test]
    fn weights_without_a_sum_to_scale_stay_and_bounds_hold() {
        let mut weights = Weights::zeros(3, 2);
        for (to, [a, b]) in [[-0.5, 0.5], [-0.25, -0.5], [0.125, 0.25]].into_iter().enumerate() {
            (weights.row_mut(0)[to], weights.row_mut(1)[to]) = (a, b);
        }
        let mut synapses = Synapses::Dense(weights);
        synapses.normalise(&Normalisation { sum: 6.0, ..BY }, BOUNDS);
        let matrix = synapses.matrix();
        assert_eq!([0, 1].map(|pre| matrix.row(pre)[..3].to_vec()), [vec![-0.5, -0.25, 2.0], vec![0.5, -0.5, 3.0]]);
    }
}
