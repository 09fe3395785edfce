//! Test images by what each layer answers to them, as maps in the plane.
//!
//! Guerguiev, Lillicrap & Richards (2017), eLife 6:e22901, Figure 6C.

use std::path::Path;

use anyhow::bail;
use ndarray::{Array2, Axis};
use serde_json::{Value, json};

use super::runs::{RunLength, RunSpec, TrainedRun, train_runs};
use super::{ComparedNumber, FigureTask, PublishedFigure, ReproducedFigure, mean_and_spread};
use crate::analysis::{Tsne, percent_among_their_own, tsne};
use crate::cli::failure::Failure;
use crate::cli::interrupt;
use crate::data::Presentations;
use crate::plot::Figure;
use crate::plot::gallery::{scatter, sheet};
use crate::training::{Dynamics, responses};

pub(super) const FIGURE: PublishedFigure = PublishedFigure {
    name: "6C",
    about: "maps of test images at the input and both hidden layers, by t-SNE (Guerguiev et al. 2017)",
    seeds: [&[1], &[1]],
    run: draw,
};

/// The network of both hidden layers.
const MODEL: &str = "g17-784-500-100-10-settled";

/// The course of a quick look, and the test images that it maps.
const QUICK: (RunLength, usize) = (RunLength { epochs: 1, images: Some(5_000), tested: Some(500) }, 1_000);

/// A layer with its answers to the test images.
struct LayerMap {
    name: String,
    /// Rates [images, neurons] [1/ms].
    rates: Array2<f64>,
    /// Places [images, 2].
    map: Array2<f64>,
}

fn draw(task: &FigureTask<'_>) -> Result<ReproducedFigure, Failure> {
    let (course, images) =
        if task.quick { QUICK } else { (RunLength { epochs: 60, images: None, tested: None }, usize::MAX) };
    let shown = test_images(task)?;
    let wanted = |&seed: &u64| RunSpec::of(MODEL, course, seed);
    let runs = train_runs(task, &task.seeds.iter().map(wanted).collect::<Vec<_>>())?;
    let (mut figure, mut shares, mut results) = (None, Vec::new(), Vec::new());
    for (run, &seed) in runs.iter().zip(task.seeds) {
        let (layers, labels) = layers(task, (run, seed), &shown, images.min(shown.len()))?;
        let share = |x: &Array2<f64>| percent_among_their_own(x.view(), &labels);
        let told: Vec<_> = layers.iter().map(|layer| (share(&layer.rates), share(&layer.map))).collect();
        results.push(json!({ "seed": seed, "images": labels.len(), "layers": told_of(&layers, &told) }));
        shares.push(told);
        figure.get_or_insert_with(|| picture(&layers, &labels));
    }
    let figure = figure.expect("a figure has a seed");
    Ok(ReproducedFigure { figure, numbers: numbers(&shares), results: results.into() })
}

/// The test images, refused before any training if they are too few for a map.
fn test_images(task: &FigureTask<'_>) -> anyhow::Result<Presentations> {
    let model = task.common.load_model(Path::new(MODEL))?;
    let shown = task.common.source(&model).load()?.evaluation;
    let (found, least) = (shown.len(), Tsne::default().least_points());
    if found < least {
        bail!("a map needs {least} test images; there are {found}: give more by --data");
    }
    Ok(shown)
}

/// The layers below the output with their answers to the test images and the maps of them; and the labels.
fn layers(
    task: &FigureTask<'_>,
    (run, seed): (&TrainedRun, u64),
    shown: &Presentations,
    images: usize,
) -> Result<(Vec<LayerMap>, Vec<u8>), Failure> {
    let model = &run.model;
    task.note(format_args!("seed {seed}: answers to {images} test images"));
    let all = responses((model, &run.checkpoint.network), Dynamics::Spiking, shown, images, seed);
    let all = all.map_err(Failure::failed)?;
    let mut layers = Vec::new();
    for (population, part) in model.populations.iter().enumerate().take(model.populations.len() - 1) {
        if interrupt::requested() {
            return Err(Failure::Interrupted);
        }
        task.note(format_args!("seed {seed}: map of {}", part.name));
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

/// How often the nearest image of an image is of its class, by seed and layer: by rates, and on the map [%].
type Shares = Vec<Vec<(f64, f64)>>;

fn numbers(shares: &Shares) -> Vec<ComparedNumber> {
    let names = ["input", "hidden 1", "hidden 2"];
    let over_seeds = |layer: usize, of: fn(&(f64, f64)) -> f64| {
        mean_and_spread(&shares.iter().map(|layers| of(&layers[layer])).collect::<Vec<_>>(), 1)
    };
    let told = |(layer, name): (usize, &str)| {
        let number = |what: &str, of| {
            let quantity = format!("{name}: nearest image of the same class, {what} [%]");
            ComparedNumber::new(quantity, "picture", over_seeds(layer, of))
        };
        [number("by rates", |share| share.0), number("on the map", |share| share.1)]
    };
    names.into_iter().enumerate().flat_map(told).collect()
}

fn told_of(layers: &[LayerMap], shares: &[(f64, f64)]) -> Value {
    let told = |(layer, (rates, map)): (&LayerMap, &(f64, f64))| {
        json!({
            "layer": layer.name,
            "same_class_nearest_percent": rates,
            "same_class_nearest_on_map_percent": map,
            "places": layer.map.outer_iter().map(|place| place.to_vec()).collect::<Vec<_>>(),
        })
    };
    layers.iter().zip(shares).map(told).collect()
}
