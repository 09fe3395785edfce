//! Feedback that is the transpose of feedforward weights.

use pulp::{Arch, Simd, WithSimd};

use super::Weights;
use crate::model::{Model, WeightInit, feedforward_path};
use crate::numeric::{PresentationKey, Purpose, StreamKey};

/// The projections of a model whose weights are the transpose of others.
#[derive(Clone, Debug, Default)]
pub struct Transposes {
    seed: u64,
    feedback: Vec<Transpose>,
}

/// One of them: Y = (W_n … W_2 W_1)ᵀ + noise, over the path from its target to its source.
///
/// Guerguiev, Lillicrap & Richards (2017), eLife 6:e22901, Figure 8D; for two hidden layers as in the authors' code. Where all
/// weights are half of theirs to make up for a kernel of twice their integral, a product of two is a quarter: onto the lower of
/// two hidden layers the apical drive is half of theirs, and the same onto the upper one.
#[derive(Clone, Debug)]
struct Transpose {
    index: usize,
    path: Vec<usize>,
    noise_sd: f64,
}

impl Transposes {
    /// Those of a model; noise is drawn from the streams of `seed`.
    pub fn of(model: &Model, seed: u64) -> Self {
        let feedback = model.projections.iter().enumerate().filter_map(|(index, projection)| {
            let WeightInit::Transpose { noise_sd } = projection.weights else { return None };
            let path = feedforward_path(&model.projections, projection.to, projection.from)?;
            Some(Transpose { index, path: path.into_iter().map(|id| id.0).collect(), noise_sd })
        });
        Self { seed, feedback: feedback.collect() }
    }

    /// Makes them what they are after the change that `presentation` made.
    pub fn renew(&self, weights: &mut [Weights], presentation: PresentationKey) {
        for Transpose { index, path, noise_sd } in &self.feedback {
            let mut feedback = std::mem::replace(&mut weights[*index], Weights::zeros(0, 0));
            let product: Vec<&Weights> = path.iter().map(|&forward| &weights[forward]).collect();
            Arch::new().dispatch(Renew { product: &product, feedback: &mut feedback });
            if *noise_sd > 0.0 {
                let purpose = Purpose::Weights(*index as u32);
                let key = StreamKey { seed: self.seed, purpose, presentation, phase: 1, block: 0 };
                let mut stream = key.stream();
                let post = feedback.post();
                let rows = (0..feedback.pre()).flat_map(|o| (0..post).map(move |i| (o, i)));
                rows.for_each(|(o, i)| feedback.row_mut(o)[i] += (noise_sd * stream.normal()) as f32);
            }
            weights[*index] = feedback;
        }
    }
}

/// Writes the transpose of a product, one neuron of the target at a time.
struct Renew<'a> {
    product: &'a [&'a Weights],
    feedback: &'a mut Weights,
}

impl WithSimd for Renew<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let (mut reached, mut next) = (Vec::new(), Vec::new());
        for i in 0..self.feedback.post() {
            reached.clear();
            reached.extend_from_slice(self.product[0].row(i));
            for onward in &self.product[1..] {
                next.clear();
                next.resize(onward.stride(), 0.0_f32);
                for (k, &x) in reached[..onward.pre()].iter().enumerate() {
                    next.iter_mut().zip(onward.row(k)).for_each(|(sum, &w)| *sum = w.mul_add(x, *sum));
                }
                std::mem::swap(&mut reached, &mut next);
            }
            for (o, &x) in reached[..self.feedback.pre()].iter().enumerate() {
                self.feedback.row_mut(o)[i] = x;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::path::Path;

    use super::*;
    use crate::network::Network;

    fn network(noise: f64) -> (Model, Network) {
        let transpose =
            |layer| format!("projection.output-{layer}.weights={{ from = 'transpose', noise_sd = {noise} }}");
        let keys = [transpose("hidden1"), transpose("hidden2"), "population.hidden1.size=30".to_owned()];
        let model = Model::load(Path::new("g17-784-500-100-10"), &keys).unwrap();
        let network = Network::new(&model, 1, |_| Ok::<_, Infallible>(Vec::new())).unwrap();
        (model, network)
    }

    fn of<'a>(model: &Model, network: &'a Network, name: &str) -> &'a Weights {
        &network.weights[model.projections.iter().position(|p| p.name == name).unwrap()]
    }

    #[test]
    fn feedback_is_the_transpose_of_the_path_it_mirrors() {
        let (model, network) = network(0.0);
        let [w2, w3] = ["hidden1-hidden2", "hidden2-output"].map(|name| of(&model, &network, name));
        let [y1, y2] = ["output-hidden1", "output-hidden2"].map(|name| of(&model, &network, name));
        for o in 0..10 {
            for k in 0..100 {
                assert!((y2.row(o)[k] - w3.row(k)[o]).abs() < 1e-9);
            }
            for i in 0..30 {
                let product: f64 = (0..100).map(|k| f64::from(w2.row(i)[k]) * f64::from(w3.row(k)[o])).sum();
                assert!((f64::from(y1.row(o)[i]) - product).abs() < 1e-4 * (1.0 + product.abs()));
            }
        }
    }

    /// 1,000 draws: their spread lies within 10 % of the true one but for one seed in 10⁵.
    #[test]
    fn noise_has_its_spread_and_is_drawn_anew() {
        let ((model, plain), (noisy_model, mut noisy)) = (network(0.0), network(0.1));
        let differences = |noisy: &Network| -> Vec<f64> {
            let (a, b) = (of(&model, &plain, "output-hidden2"), of(&model, noisy, "output-hidden2"));
            a.to_matrix().iter().zip(b.to_matrix()).map(|(a, b)| f64::from(b - a)).collect()
        };
        let first = differences(&noisy);
        let sd = (first.iter().map(|d| d * d).sum::<f64>() / first.len() as f64).sqrt();
        assert!((sd - 0.1).abs() < 0.01, "{sd}");
        Transposes::of(&noisy_model, 1).renew(&mut noisy.weights, PresentationKey::training(7));
        assert!(differences(&noisy).iter().zip(first).all(|(a, b)| (a - b).abs() > 1e-9));
    }
}
