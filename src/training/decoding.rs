//! Decoded classes and output losses, from the means of a presentation.

use super::backend::Backend;
use crate::model::{Decoding, Model, PopulationId};
use crate::numeric::largest;
use crate::protocol::{FORWARD, TARGET};

/// The class decoded from mean potentials and rates of the output population, [n] each: that with the largest mean over its
/// group, the first one in a tie.
pub fn answer(model: &Model, potentials: &[f64], rates: &[f64]) -> u8 {
    let values = match model.decoding {
        Decoding::Potential => potentials,
        Decoding::Rate => rates,
    };
    let group = model.decoded().map_or(1, |(_, clamp)| clamp.group);
    largest(values.chunks(group).map(|class| class.iter().sum::<f64>())) as u8
}

/// The class decoded from the forward phase of the backend's last presentation.
pub(super) fn decode(model: &Model, backend: &Backend) -> u8 {
    let Some((PopulationId(last), _)) = model.decoded() else { return 0 };
    let rates = match model.decoding {
        Decoding::Potential => &[],
        Decoding::Rate => backend.forward_rates(last),
    };
    answer(model, &backend.means()[FORWARD].v[last], rates)
}

/// The output loss of a training presentation, mean over neurons of (mean_t phi − phi(mean_f U))² [1/ms²].
///
/// L1 of Guerguiev, Lillicrap & Richards (2017), eLife 6:e22901.
pub(super) fn output_loss(model: &Model, backend: &Backend) -> f64 {
    let Some((PopulationId(last), _)) = model.decoded() else { return f64::NAN };
    let phi = model.populations[last].rate_function();
    let means = backend.means();
    let (forward, target) = (&means[FORWARD], &means[TARGET]);
    let u = &forward.v[last];
    let square = |(u, with_target): (&f64, &f64)| (phi.rate_max * (with_target - phi.share(*u))).powi(2);
    u.iter().zip(&target.sigmoid[last]).map(square).sum::<f64>() / u.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two neurons per class: mean potentials of 0 and 1, rates of 0.2 and 0.
    #[test]
    fn a_class_is_decoded_from_the_mean_of_its_own_neurons() {
        for (by, class) in [("potential", 1), ("rate", 0)] {
            let keys = ["population.output.size=4", "population.output.group=2", &format!("decoding.by={by}")];
            let model = Model::load("g17-784-500-10".as_ref(), &keys.map(str::to_owned)).unwrap();
            assert_eq!(answer(&model, &[3.0, -3.0, 1.0, 1.0], &[0.2, 0.2, 0.0, 0.0]), class, "by {by}");
        }
    }
}
