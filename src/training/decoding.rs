//! Answers and losses, from what a lane measured.

use crate::engine::Lane;
use crate::math::sigmoid;
use crate::model::{Decoding, Model};

/// The class decoded from the forward phase of the lane's last presentation: that of the largest mean over its group;
/// the first of several.
pub(super) fn decode(model: &Model, lane: &Lane) -> u8 {
    let group = model.output().group;
    let last = model.populations.len() - 1;
    let best = match model.decoding {
        Decoding::Potential => largest(lane.means()[0].v[last].chunks(group).map(|class| class.iter().sum::<f64>())),
        Decoding::Rate => {
            let mut counts = vec![0_u32; model.classes()];
            let observed = lane.observation();
            let counted = model.protocol.settle..observed.forward_ms;
            for spike in observed.spikes[last].iter().filter(|spike| counted.contains(&spike.time)) {
                counts[spike.neuron as usize / group] += 1;
            }
            largest(counts.into_iter().map(f64::from))
        }
    };
    best as u8
}

fn largest(values: impl Iterator<Item = f64>) -> usize {
    let mut best = (0, f64::NEG_INFINITY);
    for (class, value) in values.enumerate() {
        if value > best.1 {
            best = (class, value);
        }
    }
    best.0
}

/// The output loss of a training presentation, mean over neurons of (mean_t phi − phi_max sigmoid(mean_f U))² [1/ms²].
///
/// L1 of Guerguiev, Lillicrap & Richards (2017), eLife 6:e22901.
pub(super) fn output_loss(model: &Model, lane: &Lane) -> f64 {
    let phi_max = model.output().phi_max;
    let [forward, target] = lane.means();
    let last = model.populations.len() - 1;
    let u = &forward.v[last];
    let square = |(u, taught): (&f64, &f64)| (phi_max * (taught - sigmoid(*u))).powi(2);
    u.iter().zip(&target.sigmoid[last]).map(square).sum::<f64>() / u.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_equal_classes_is_decoded() {
        assert_eq!(largest([1.0, 3.0, 3.0, 2.0].into_iter()), 1);
        assert_eq!(largest([f64::NAN, 1.0].into_iter()), 1);
    }
}
