//! A small balanced circuit of integrate-and-fire cells, from its spikes to its rates.

use std::ops::Range;

use serde_json::json;

use super::populations;
use crate::analysis::rate_course;
use crate::plot::gallery::histograms;
use crate::plot::{Axis, Figure, Ink, Mark, Panel, Row, Shape, Ticks};
use crate::reproduce::{CircuitRun, CircuitSpec, FigureTask, PublishedFigure, ReproduceError, ReproducedFigure};

pub(in crate::reproduce) const FIGURE: PublishedFigure = PublishedFigure {
    name: "recurrent-lif",
    about: "a small circuit of integrate-and-fire cells that fires asynchronously and irregularly",
    seeds: [&[1, 2, 3], &[1]],
    run: draw,
};

/// Model time that is drawn, of its end [ms].
const DRAWN_MS: f64 = 500.0;

/// Width of the bins of the rates that are drawn [ms].
const RATE_BIN_MS: f64 = 5.0;

/// Least number of intervals of a neuron whose variability is drawn.
const LEAST_INTERVALS: usize = 10;

/// Colours of the populations, in the order of the model.
const INKS: [Ink; 2] = [Ink::Blue, Ink::Vermillion];

fn draw(task: &FigureTask<'_>) -> Result<ReproducedFigure, ReproduceError> {
    let (mut picture, mut results) = (None, Vec::new());
    for &seed in task.seeds {
        let duration = if task.quick { 1000.0 } else { 20_000.0 };
        let overrides = vec![format!("protocol.duration_ms={duration}")];
        let run = task.simulate(&CircuitSpec { model: FIGURE.name, variant: "", overrides, seed })?;
        results.push(populations::measured(&run, seed));
        picture.get_or_insert_with(|| figure(&run));
    }
    let figure = picture.expect("a figure has a seed");
    let numbers = populations::numbers(&results, &|_| None);
    Ok(ReproducedFigure { figure, numbers, results: json!(results.concat()) })
}

fn figure(run: &CircuitRun) -> Figure {
    let window = run.span.end - DRAWN_MS..run.span.end;
    let row = |height, panels| Row { height, panels };
    let rows = vec![
        row(2.0, vec![raster(run, &window)]),
        row(1.0, vec![courses(run, &window)]),
        row(1.5, vec![rates(run), variabilities(run)]),
    ];
    let neurons: usize = run.populations.iter().map(|population| population.size).sum();
    let title = format!("{neurons} integrate-and-fire cells fire asynchronously and irregularly");
    Figure { title, rows, size: [1000, 1000], ..Figure::of(Vec::new()) }
}

/// All neurons, one population above the other.
fn raster(run: &CircuitRun, window: &Range<f64>) -> Panel {
    let (mut marks, mut first) = (Vec::new(), 0.0);
    for (population, ink) in run.populations.iter().zip(INKS) {
        let spikes = population.times.iter().zip(&population.neurons).filter(|(time, _)| window.contains(time));
        let points = spikes.map(|(time, &neuron)| [time - window.start, first + neuron as f64]).collect();
        marks.push(Mark::new(&population.name, ink, Shape::Spikes { points }));
        first += population.size as f64;
    }
    Panel {
        x: Axis::linear("", [0.0, DRAWN_MS]).ticks(Ticks::Silent),
        y: Axis::linear("neuron", [-0.5, first - 0.5]).ticks(Ticks::Whole),
        marks,
        ..Panel::default()
    }
}

/// Mean rates of the populations over time.
fn courses(run: &CircuitRun, window: &Range<f64>) -> Panel {
    let (mut marks, mut all) = (Vec::new(), Vec::new());
    for (population, ink) in run.populations.iter().zip(INKS) {
        let course = rate_course(&population.times, population.size, std::slice::from_ref(window), RATE_BIN_MS);
        let point = |(bin, &rate): (usize, &f64)| [(bin as f64 + 0.5) * RATE_BIN_MS, rate];
        marks.push(Mark::new(&population.name, ink, Shape::line(course.iter().enumerate().map(point).collect())));
        all.extend(course);
    }
    Panel {
        x: Axis::linear("time (ms)", [0.0, DRAWN_MS]),
        y: Axis::from_zero("rate (Hz)", all),
        marks,
        ..Panel::default()
    }
}

fn rates(run: &CircuitRun) -> Panel {
    let groups: Vec<_> = run.populations.iter().map(|of| (of.name.clone(), of.rates(&run.span))).collect();
    histograms("Rates", "mean rate of a neuron (Hz)", &groups)
}

fn variabilities(run: &CircuitRun) -> Panel {
    let of = |all: Vec<crate::analysis::Variability>| all.into_iter().map(|of| of.cv).collect::<Vec<_>>();
    let groups = run.populations.iter().map(|p| (p.name.clone(), of(p.variabilities(&run.span, LEAST_INTERVALS))));
    histograms("Irregularity", "CV of intervals of a neuron", &groups.collect::<Vec<_>>())
}
