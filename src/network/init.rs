//! Initial weights and biases.

use std::path::Path;

use rayon::prelude::*;

use super::connection::{self, Draws, WeightSource};
use super::{BlockCsr, DerivedProjections, Network, Synapses, SynapsesError, Weights};
use crate::model::{
    BiasInit, Connection, DrawnWeights, Model, Population, Projection, Sign, Storage, SynapseList, WeightInit,
};
use crate::numeric::{Distribution, PresentationKey, Purpose, Stream, StreamKey, Truncation};

/// Half-range of a uniform distribution over its nominal spread: √12, as in the authors' code, where it is taken over
/// −1 … 1 so that the true standard deviation is twice the nominal one.
const HALF_RANGE: f64 = 3.465;

/// Mean and nominal spread of initial weights, by the moment formula.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moments {
    /// `W_avg`.
    pub mean: f64,
    /// `W_sd`.
    pub sd: f64,
}

impl Moments {
    /// Computes the moments that give dendrites a mean of `v_avg` and a spread of `v_sd` when `fan_in` neurons fire at
    /// `nu` per ms and biases are `b_avg`.
    ///
    /// Guerguiev, Lillicrap & Richards (2017), eLife 6:e22901, Methods, with `V_2` = `v_sd`² + `v_avg`². The spread is NaN where
    /// no weights do.
    pub fn new(fan_in: usize, nu: f64, v_avg: f64, v_sd: f64, b_avg: f64) -> Self {
        let n = fan_in as f64;
        let v_2 = v_sd * v_sd + v_avg * v_avg;
        let mean = (v_avg - b_avg) / (nu * n * v_avg);
        let w_2 = (v_2 + nu * nu * (n - n * n) * mean * mean * v_avg * v_avg
            - 2.0 * n * nu * b_avg * v_avg * mean
            - b_avg * b_avg)
            / (n * nu * nu * v_2);
        Self { mean, sd: (w_2 - mean * mean).sqrt() }
    }
}

/// Initial values that stand in a file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stored<'a> {
    /// The file.
    pub path: &'a Path,
    /// Group and object in a run file, and snapshot: `weights/PROJECTION` or `biases/POPULATION`; none: a NumPy file.
    pub object: Option<(&'a str, &'a str, &'a str)>,
    /// Shape wanted: [post, pre], or [post] where `pre` is none.
    pub post: usize,
    /// Presynaptic neurons, of weights.
    pub pre: Option<usize>,
    /// Sign that the values must have.
    pub sign: Sign,
}

/// Why a network cannot be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError<E> {
    /// What is stored cannot be read.
    #[error("initial values cannot be read: {0}")]
    Stored(E),
    /// The synapses of a projection cannot be.
    #[error("synapses of `{projection}`: {source}")]
    Synapses {
        /// The projection.
        projection: String,
        /// What is wrong.
        source: SynapsesError,
    },
    /// A list of synapses was not given.
    #[error("synapses of `{projection}`: expected a list, as `Network::with_lists` takes them")]
    NoList {
        /// The projection.
        projection: String,
    },
}

impl Network {
    /// Builds the initial network of a model, drawing from the streams of `seed` and reading what is stored by `read`,
    /// which returns values in row-major order.
    ///
    /// # Errors
    /// Those of `read`; a projection of a list; more synapses than a block can count.
    pub fn new<E: Send>(
        model: &Model,
        seed: u64,
        read: impl Fn(Stored<'_>) -> Result<Vec<f32>, E>,
    ) -> Result<Self, BuildError<E>> {
        Self::with_lists(model, seed, &[], read)
    }

    /// As [`Network::new`], with the lists of the projections that are made of one, by their places in the model.
    ///
    /// # Errors
    /// Those of [`Network::new`], and what is wrong in a list.
    pub fn with_lists<E: Send>(
        model: &Model,
        seed: u64,
        lists: &[Option<SynapseList>],
        read: impl Fn(Stored<'_>) -> Result<Vec<f32>, E>,
    ) -> Result<Self, BuildError<E>> {
        let matrices = model.projections.iter().enumerate().map(|(index, projection)| {
            if !matches!(projection.connection, Connection::AllToAll { .. }) {
                return Ok(None);
            }
            initial_weights(model, projection, index, seed, &read).map(Some).map_err(BuildError::Stored)
        });
        let matrices = matrices.collect::<Result<Vec<_>, _>>()?;
        let biases = model.populations.iter().enumerate();
        let biases = biases.map(|(index, population)| initial_biases(population, index, seed, &read));
        let biases = biases.collect::<Result<_, E>>().map_err(BuildError::Stored)?;
        let build = |(index, matrix)| synapses(model, index, seed, matrix, lists.get(index).and_then(Option::as_ref));
        let synapses = matrices.into_par_iter().enumerate().map(build).collect::<Result<_, _>>()?;
        let mut network = Self { synapses, biases };
        DerivedProjections::of(model, seed).renew(&mut network, PresentationKey::training(0));
        Ok(network)
    }
}

/// Builds the synapses of a projection; `matrix` holds the weights of all pairs of neurons, where all are connected.
fn synapses<E>(
    model: &Model,
    index: usize,
    seed: u64,
    matrix: Option<Weights>,
    list: Option<&SynapseList>,
) -> Result<Synapses, BuildError<E>> {
    let projection = &model.projections[index];
    let (rule, delay) = (&projection.connection, projection.delay);
    let storage = projection.storage(&model.populations);
    let draws = Draws { ends: projection.ends(&model.populations), seed, projection: index as u32 };
    let drawn = drawn_weights(model, projection).map(WeightSource::Drawn);
    let named = |source| BuildError::Synapses { projection: projection.name.clone(), source };
    let sparse: BlockCsr = match (rule, matrix) {
        (Connection::AllToAll { autapses: true }, Some(matrix)) if storage == Storage::Dense => {
            return Ok(matrix.into());
        }
        (Connection::List { .. }, _) => {
            let Some(list) = list else { return Err(BuildError::NoList { projection: projection.name.clone() }) };
            connection::from_list(&draws, projection, drawn, list).map_err(named)?
        }
        (_, Some(matrix)) => connection::connect(&draws, rule, delay, WeightSource::Matrix(&matrix)).map_err(named)?,
        (_, None) => {
            let drawn = drawn.ok_or_else(|| named(SynapsesError::NoColumn { column: "weight" }))?;
            connection::connect(&draws, rule, delay, drawn).map_err(named)?
        }
    };
    Ok(match storage {
        Storage::Dense => Weights::from(&sparse).into(),
        Storage::Sparse => sparse.into(),
    })
}

/// What the weights of synapses are drawn from one by one, if they are.
fn drawn_weights(model: &Model, projection: &Projection) -> Option<DrawnWeights> {
    let WeightInit::Moments { v_avg, v_sd, b_avg, scale, .. } = projection.weights else {
        return projection.weights.drawn(projection.sign);
    };
    let fan_in = projection.fan_in(&model.populations);
    let nu = model.population(projection.from).phi_max() / 4.0;
    let Moments { mean, sd } = Moments::new(fan_in, nu, v_avg, v_sd, b_avg);
    let [low, high] = [-1.0, 1.0].map(|end| scale * (mean + end * HALF_RANGE * sd));
    Some(DrawnWeights::new(Distribution::Uniform { low, high }, projection.sign, Truncation::NONE))
}

fn initial_weights<E>(
    model: &Model,
    projection: &Projection,
    index: usize,
    seed: u64,
    read: impl Fn(Stored<'_>) -> Result<Vec<f32>, E>,
) -> Result<Weights, E> {
    let (from, to) = (model.population(projection.from), model.population(projection.to));
    let sign = projection.sign;
    let stored = |path, object| {
        let matrix = read(Stored { path, object, post: to.size, pre: Some(from.size), sign })?;
        Ok(Weights::from_matrix(to.size, from.size, &matrix))
    };
    let drawn = |weights: DrawnWeights| {
        let mut stream = initial_key(seed, Purpose::Weights(index as u32)).stream();
        let matrix: Vec<f32> = std::iter::repeat_with(|| weights.draw(&mut stream)).take(to.size * from.size).collect();
        Ok(Weights::from_matrix(to.size, from.size, &matrix))
    };
    match &projection.weights {
        WeightInit::Moments { v_avg, v_sd, b_avg, scale, kept, .. } => {
            let shared = projection.shared(&model.populations);
            let fan_in = projection.fan_in(&model.populations);
            let moments = Moments::new(fan_in, from.phi_max() / 4.0, *v_avg, *v_sd, *b_avg);
            let key = initial_key(seed, Purpose::Weights(index as u32));
            let (mut stream, mut choice) = (key.stream(), StreamKey { block: 1, ..key }.stream());
            let draw = || {
                let w = uniform(&mut stream, moments.mean * scale, moments.sd * scale);
                if *kept < 1.0 && choice.unit() >= *kept { 0.0 } else { w }
            };
            let drawn = std::iter::repeat_with(draw).take(to.size * from.size / shared);
            let matrix: Vec<f32> = drawn.flat_map(|w| std::iter::repeat_n(w, shared)).collect();
            Ok(Weights::from_matrix(to.size, from.size, &matrix))
        }
        WeightInit::Run { path, snapshot } => {
            stored(path, Some(("weights", projection.name.as_str(), snapshot.as_str())))
        }
        WeightInit::Npy { path } => stored(path, None),
        weights => weights.drawn(sign).map_or_else(|| Ok(Weights::zeros(to.size, from.size)), drawn),
    }
}

fn initial_biases<E>(
    population: &Population,
    index: usize,
    seed: u64,
    read: impl Fn(Stored<'_>) -> Result<Vec<f32>, E>,
) -> Result<Vec<f32>, E> {
    let Some(init) = &population.bias else { return Ok(Vec::new()) };
    let stored = |path, object| read(Stored { path, object, post: population.size, pre: None, sign: Sign::Any });
    let drawn = |distribution: Distribution| {
        let mut stream = initial_key(seed, Purpose::Biases(index as u32)).stream();
        Ok(std::iter::repeat_with(|| distribution.draw(&mut stream) as f32).take(population.size).collect())
    };
    match init {
        BiasInit::Constant { value } => drawn(Distribution::Constant { value: *value }),
        BiasInit::Normal { mean, sd } => drawn(Distribution::Normal { mean: *mean, sd: *sd }),
        BiasInit::Uniform { mean, sd } => {
            let mut stream = initial_key(seed, Purpose::Biases(index as u32)).stream();
            Ok(std::iter::repeat_with(|| uniform(&mut stream, *mean, *sd)).take(population.size).collect())
        }
        BiasInit::Run { path, snapshot } => stored(path, Some(("biases", population.name.as_str(), snapshot.as_str()))),
        BiasInit::Npy { path } => stored(path, None),
    }
}

fn initial_key(seed: u64, purpose: Purpose) -> StreamKey {
    StreamKey { seed, purpose, presentation: PresentationKey::training(0), phase: 0, block: 0 }
}

fn uniform(stream: &mut Stream, mean: f64, sd: f64) -> f32 {
    (mean + HALF_RANGE * sd * (2.0 * stream.unit() - 1.0)) as f32
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    /// Initial feedback weights of a shipped model.
    fn feedback(name: &str, key: &str) -> Weights {
        let model = Model::load(name.as_ref(), &[key.to_owned()]).unwrap();
        let index = model.projections.iter().position(|p| p.name == "output-hidden").unwrap();
        let network = Network::new(&model, 1, |_| Ok::<_, Infallible>(Vec::new())).unwrap();
        network.weights(index).clone()
    }

    /// Of 5,000 weights 4,000 are dropped, give or take five standard deviations of 28.3.
    #[test]
    fn weights_that_are_kept_are_those_of_dense_feedback() {
        let [sparse, dense] = [0.2, 1.0].map(|kept| {
            let key = format!("projection.output-hidden.weights.kept={kept}");
            feedback("g17-784-500-10-sparse", &key).to_matrix()
        });
        let dropped = sparse.iter().filter(|&&w| w == 0.0).count();
        assert!(sparse.len() == 5000 && dropped.abs_diff(4000) < 142, "{dropped} of {}", sparse.len());
        assert!(dense.iter().all(|&w| w != 0.0));
        assert!(sparse.iter().zip(&dense).all(|(&w, drawn)| w == 0.0 || w.to_bits() == drawn.to_bits()));
    }

    #[test]
    fn output_neurons_of_one_class_send_the_same_feedback_and_classes_do_not() {
        let weights = feedback("g17-784-1000-10x5", "population.hidden.size=20");
        assert_eq!((weights.pre(), weights.post()), (50, 20));
        for o in 0..50 {
            for other in 0..50 {
                assert_eq!(weights.row(o) == weights.row(other), o / 5 == other / 5, "{o} and {other}");
            }
        }
    }

    /// Values of the science notes for `phi_max` = 0.2 per ms.
    #[test]
    fn moments_have_their_known_values() {
        for (fan_in, mean, sd) in
            [(784, 0.018_707, 0.504_903), (500, 0.029_333, 0.632_115), (100, 0.146_667, 1.410_406)]
        {
            let moments = Moments::new(fan_in, 0.05, 3.0, 3.0, 0.8);
            assert!((moments.mean - mean).abs() < 5e-7, "mean at fan-in {fan_in}");
            assert!((moments.sd - sd).abs() < 5e-7, "spread at fan-in {fan_in}");
        }
    }

    /// The true standard deviation of a uniform distribution of half-range √12 sd is 2 sd.
    #[test]
    fn draws_have_their_mean_and_twice_the_nominal_spread() {
        let mut stream = initial_key(1, Purpose::Weights(0)).stream();
        let n = 100_000;
        let draws: Vec<f64> = (0..n).map(|_| f64::from(uniform(&mut stream, 0.3, 0.5))).collect();
        let mean = draws.iter().sum::<f64>() / f64::from(n);
        let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / f64::from(n);
        assert!((mean - 0.3).abs() < 5.0 / f64::from(n).sqrt());
        assert!((variance.sqrt() - 1.0).abs() < 0.01);
    }
}
