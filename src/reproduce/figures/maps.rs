//! Maps of test images in the plane by the responses of each layer (t-SNE).
//!
//! Guerguiev, Lillicrap & Richards (2017), eLife 6:e22901, Figure 6C.

use std::path::Path;

use ndarray::{Array2, Axis};
use serde::Serialize;
use serde_json::json;

use crate::analysis::{Tsne, percent_among_their_own, tsne};
use crate::data::Presentations;
use crate::model::Model;
use crate::plot::Figure;
use crate::plot::gallery::{scatter, sheet};
use crate::reproduce::{
    ComparedNumber, FigureTask, PublishedFigure, ReproduceCause, ReproduceError, ReproducedFigure, RunLength, RunSpec,
    TrainedRun, mean_and_spread,
};
use crate::training::{NetworkDynamics, responses};

pub(in crate::reproduce) const FIGURE: PublishedFigure = PublishedFigure {
    name: "6C",
    about: "maps of test images at the input and both hidden layers, by t-SNE (Guerguiev et al. 2017)",
    seeds: [&[1], &[1]],
    run: draw,
};

/// The network of both hidden layers.
const MODEL: &str = "g17-784-500-100-10-settled";

/// Length of a quick run, and the number of test images mapped from it.
const QUICK: (RunLength, usize) = (RunLength { epochs: 1, images: Some(5_000), tested: Some(500) }, 1_000);

/// A layer with its responses to the test images.
struct LayerMap {
    name: String,
    /// Rates [images, neurons] [1/ms].
    rates: Array2<f64>,
    /// Places [images, 2].
    map: Array2<f64>,
}

fn draw(task: &FigureTask<'_>) -> Result<ReproducedFigure, ReproduceError> {
    let (course, images) =
        if task.quick { QUICK } else { (RunLength { epochs: 60, images: None, tested: None }, usize::MAX) };
    let shown = test_images(task)?;
    let wanted = |&seed: &u64| RunSpec::of(MODEL, course, seed);
    let runs = task.train_runs(&task.seeds.iter().map(wanted).collect::<Vec<_>>())?;
    let (mut figure, mut shares, mut results) = (None, Vec::new(), Vec::new());
    for (run, &seed) in runs.iter().zip(task.seeds) {
        let (layers, labels) = layers(task, (run, seed), &shown, images.min(shown.len()))?;
        let share = |x: &Array2<f64>| percent_among_their_own(x.view(), &labels);
        let shares_of = |layer: &LayerMap| NearestShares { rates: share(&layer.rates), map: share(&layer.map) };
        let of_seed: Vec<_> = layers.iter().map(shares_of).collect();
        let layers_of_seed = layer_results(&layers, &of_seed);
        results.push(SeedMaps { seed, images: labels.len(), layers: layers_of_seed });
        shares.push(of_seed);
        figure.get_or_insert_with(|| picture(&layers, &labels));
    }
    let figure = figure.expect("a figure has a seed");
    Ok(ReproducedFigure { figure, numbers: numbers(&shares), results: json!(results) })
}

/// The test images.
///
/// # Errors
/// If they are too few for a map.
fn test_images(task: &FigureTask<'_>) -> Result<Presentations, ReproduceError> {
    let model = Model::load(Path::new(MODEL), &[])?;
    let shown = task.source(&model).load()?.evaluation;
    let (found, least) = (shown.len(), Tsne::default().least_points());
    if found < least {
        return Err(ReproduceCause::TooFewImages { found, least }.into());
    }
    Ok(shown)
}

/// The layers below the output with their responses to the test images and the maps of these; and the labels.
fn layers(
    task: &FigureTask<'_>,
    (run, seed): (&TrainedRun, u64),
    shown: &Presentations,
    images: usize,
) -> Result<(Vec<LayerMap>, Vec<u8>), ReproduceError> {
    let model = &run.model;
    task.message(format_args!("seed {seed}: responses to {images} test images"));
    let all = responses((model, &run.checkpoint.network), NetworkDynamics::Spiking, shown, images, seed);
    let all = all.map_err(ReproduceError::failed)?;
    let mut layers = Vec::new();
    for (population, part) in model.populations.iter().enumerate().take(model.populations.len() - 1) {
        task.check_interrupt()?;
        task.message(format_args!("seed {seed}: map of {}", part.name));
        let rates = Array2::from_shape_fn((images, part.size), |(image, i)| all[image][population][i]);
        let map = tsne(rates.view(), Tsne::default(), seed);
        layers.push(LayerMap { name: part.name.clone(), rates, map });
    }
    Ok((layers, (0..images).filter_map(|image| shown.label(image)).collect()))
}

fn picture(layers: &[LayerMap], labels: &[u8]) -> Figure {
    let panel = |layer: &LayerMap| {
        let points: Vec<[f64; 2]> = layer.map.axis_iter(Axis(0)).map(|place| [place[0], place[1]]).collect();
        scatter(&layer.name, ["t-SNE 1 (no unit)", "t-SNE 2 (no unit)"], &points, labels)
    };
    let mut figure = sheet(vec![layers.iter().map(panel).collect()]);
    figure.title = format!("{} test images by the rates of each layer", labels.len());
    figure.size = [1620, 640];
    figure
}

/// Images whose nearest other image is of the same class [%].
struct NearestShares {
    /// By the distance of rates.
    rates: f64,
    /// By the distance on the map.
    map: f64,
}

/// The maps of one seed, as they are kept with the figure.
#[derive(Serialize)]
struct SeedMaps {
    /// Seed of the network.
    seed: u64,
    /// Number of test images.
    images: usize,
    layers: Vec<LayerResult>,
}

/// The map of one layer.
#[derive(Serialize)]
struct LayerResult {
    /// Name of its population.
    layer: String,
    /// Images whose nearest other image by rates is of the same class [%].
    same_class_nearest_percent: f64,
    /// Images whose nearest other image on the map is of the same class [%].
    same_class_nearest_on_map_percent: f64,
    /// Places on the map, [images, 2].
    places: Vec<Vec<f64>>,
}

/// Numbers over seeds, of the shares by seed and layer.
fn numbers(shares: &[Vec<NearestShares>]) -> Vec<ComparedNumber> {
    let names = ["input", "hidden 1", "hidden 2"];
    let over_seeds = |layer: usize, of: fn(&NearestShares) -> f64| {
        mean_and_spread(&shares.iter().map(|layers| of(&layers[layer])).collect::<Vec<_>>(), 1)
    };
    let of_layer = |(layer, name): (usize, &str)| {
        let number = |what: &str, of| {
            let quantity = format!("{name}: nearest image of the same class, {what} [%]");
            ComparedNumber::new(quantity, "picture", over_seeds(layer, of))
        };
        [number("by rates", |share| share.rates), number("on the map", |share| share.map)]
    };
    names.into_iter().enumerate().flat_map(of_layer).collect()
}

fn layer_results(layers: &[LayerMap], shares: &[NearestShares]) -> Vec<LayerResult> {
    let result = |(layer, shares): (&LayerMap, &NearestShares)| LayerResult {
        layer: layer.name.clone(),
        same_class_nearest_percent: shares.rates,
        same_class_nearest_on_map_percent: shares.map,
        places: layer.map.outer_iter().map(|place| place.to_vec()).collect(),
    };
    layers.iter().zip(shares).map(result).collect()
}
