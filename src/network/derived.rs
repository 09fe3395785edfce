//! Projections whose weights are derived from those of others.

use std::fmt;
use std::sync::Arc;

use ndarray::{ArrayView2, ArrayViewMut2, s};

use super::{Network, Weights};
use crate::model::{Model, WeightInit, feedforward_path};
use crate::numeric::{PresentationKey, Purpose, StreamKey};
use crate::plasticity::{DerivedWeights, Transpose};

/// The projections of a model whose weights are derived from those of others.
#[derive(Clone, Debug, Default)]
pub struct DerivedProjections {
    seed: u64,
    projections: Vec<DerivedProjection>,
}

/// One of them.
#[derive(Clone)]
struct DerivedProjection {
    index: usize,
    sources: Vec<usize>,
    weights: Arc<dyn DerivedWeights>,
}

impl fmt::Debug for DerivedProjection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "projection {} from {:?}", self.index, self.sources)
    }
}

impl DerivedProjections {
    /// Those of a model; noise is drawn from the streams of `seed`.
    pub fn of(model: &Model, seed: u64) -> Self {
        let derived = model.projections.iter().enumerate().filter_map(|(index, projection)| {
            let WeightInit::Transpose { noise_sd } = projection.weights else { return None };
            let path = feedforward_path(&model.projections, projection.to, projection.from)?;
            let sources = path.into_iter().map(|id| id.0).collect();
            Some(DerivedProjection { index, sources, weights: Arc::new(Transpose { noise_sd }) })
        });
        Self { seed, projections: derived.collect() }
    }

    /// Adds a projection whose weights are derived from those of `sources`, by their places in the model, in place of one that
    /// it may have had.
    pub(crate) fn add(&mut self, index: usize, sources: Vec<usize>, weights: Arc<dyn DerivedWeights>) {
        self.projections.retain(|other| other.index != index);
        self.projections.push(DerivedProjection { index, sources, weights });
    }

    /// Whether the weights of a projection are derived, by its place in the model.
    pub(crate) fn contains(&self, index: usize) -> bool {
        self.projections.iter().any(|projection| projection.index == index)
    }

    /// Computes them from the weights as they are after the change that `presentation` made.
    pub fn renew(&self, network: &mut Network, presentation: PresentationKey) {
        for DerivedProjection { index, sources, weights: derived } in &self.projections {
            let mut own = std::mem::replace(network.weights_mut(*index), Weights::zeros(0, 0));
            let sources: Vec<ArrayView2<'_, f32>> =
                sources.iter().map(|&source| view(network.weights(source))).collect();
            let purpose = Purpose::Weights(*index as u32);
            let key = StreamKey { seed: self.seed, purpose, presentation, phase: 1, block: 0 };
            derived.derive(&sources, view_mut(&mut own), &mut key.stream());
            *network.weights_mut(*index) = own;
        }
    }
}

/// Weights without their padding, [pre, post].
fn view(weights: &Weights) -> ArrayView2<'_, f32> {
    let rows = ArrayView2::from_shape((weights.pre(), weights.stride()), weights.rows());
    rows.expect("rows are of one length").slice_move(s![.., ..weights.post()])
}

fn view_mut(weights: &mut Weights) -> ArrayViewMut2<'_, f32> {
    let (shape, post) = ((weights.pre(), weights.stride()), weights.post());
    let rows = ArrayViewMut2::from_shape(shape, weights.rows_mut());
    rows.expect("rows are of one length").slice_move(s![.., ..post])
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::path::Path;

    use super::*;

    fn network(noise: f64) -> (Model, Network) {
        let transpose =
            |layer| format!("projection.output-{layer}.weights={{ from = 'transpose', noise_sd = {noise} }}");
        let keys = [transpose("hidden1"), transpose("hidden2"), "population.hidden1.size=30".to_owned()];
        let model = Model::load(Path::new("g17-784-500-100-10"), &keys).unwrap();
        let network = Network::new(&model, 1, |_| Ok::<_, Infallible>(Vec::new())).unwrap();
        (model, network)
    }

    fn of<'a>(model: &Model, network: &'a Network, name: &str) -> &'a Weights {
        network.weights(model.projections.iter().position(|p| p.name == name).unwrap())
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
        DerivedProjections::of(&noisy_model, 1).renew(&mut noisy, PresentationKey::training(7));
        assert!(differences(&noisy).iter().zip(first).all(|(a, b)| (a - b).abs() > 1e-9));
    }
}
