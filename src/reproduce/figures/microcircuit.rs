//! The cortical microcircuit at a tenth of its size: rates and irregularity by population.
//!
//! Potjans & Diesmann (2014), Cerebral Cortex 24:785, Figure 6. The rates beside those measured are of the full network, as its
//! reference implementation in NEST (microcircuit-PD14-model of INM-6) lists them, by which the smaller network is scaled.

use std::collections::BTreeMap;

use serde_json::json;

use super::populations;
use crate::analysis::quantile;
use crate::plot::{Axis, Dot, Figure, Ink, Mark, Panel, Row, Shape, Ticks};
use crate::reproduce::{
    CircuitRun, CircuitSpec, CircuitSpikes, FigureTask, PublishedFigure, ReproduceError, ReproducedFigure,
};

pub(in crate::reproduce) const FIGURE: PublishedFigure = PublishedFigure {
    name: "potjans-diesmann-2014",
    about: "activity of the cortical microcircuit at a tenth of its size, by population (Potjans & Diesmann 2014, Figure 6)",
    seeds: [&[1, 2, 3], &[1]],
    run: draw,
};

/// Size over that of the full network.
const FACTOR: f64 = 0.1;

/// Mean rates of the full network, in the order of the model [Hz].
const FULL_RATES_HZ: [f64; 8] = [0.903, 2.965, 4.414, 5.876, 7.569, 8.633, 1.105, 7.829];

/// Model time that is drawn, of its end [ms].
const DRAWN_MS: f64 = 400.0;

/// Least number of intervals of a neuron whose variability is drawn.
const LEAST_INTERVALS: usize = 10;

fn draw(task: &FigureTask<'_>) -> Result<ReproducedFigure, ReproduceError> {
    let (mut picture, mut results) = (None, Vec::new());
    for &seed in task.seeds {
        let duration = if task.quick { 500.0 } else { 10_000.0 };
        let overrides = vec![format!("scaling.factor={FACTOR}"), format!("protocol.duration_ms={duration}")];
        let spec = CircuitSpec { model: "potjans-diesmann-2014", variant: "tenth", overrides, seed };
        let run = task.simulate(&spec)?;
        results.push(populations::measured(&run, seed));
        picture.get_or_insert_with(|| figure(&run));
    }
    let figure = picture.expect("a figure has a seed");
    let full = |place: usize| FULL_RATES_HZ.get(place).map(|rate| format!("{rate} at full size"));
    let numbers = populations::numbers(&results, &full);
    Ok(ReproducedFigure { figure, numbers, results: json!(results.concat()) })
}

fn figure(run: &CircuitRun) -> Figure {
    let distributions = vec![rates(run), variabilities(run)];
    let rows = vec![Row { height: 2.0, panels: vec![raster(run)] }, Row { height: 1.0, panels: distributions }];
    let neurons: usize = run.populations.iter().map(|population| population.size).sum();
    let title = format!("Cortical microcircuit, {} neurons", crate::plot::label(neurons as f64, 0));
    Figure { title, rows, size: [1100, 1100], ..Figure::of(Vec::new()) }
}

fn is_excitatory(population: &CircuitSpikes) -> bool {
    population.name.ends_with('E')
}

/// The layer of a population, such as L4 of L4E.
fn layer(population: &CircuitSpikes) -> &str {
    population.name.trim_end_matches(['E', 'I'])
}

/// All neurons, the uppermost layer at the top.
fn raster(run: &CircuitRun) -> Panel {
    let window = run.span.end - DRAWN_MS..run.span.end;
    let (mut excitatory, mut inhibitory, mut layers, mut first) = (Vec::new(), Vec::new(), BTreeMap::new(), 0.0);
    for population in &run.populations {
        let spikes = population.times.iter().zip(&population.neurons).filter(|(time, _)| window.contains(time));
        let points = spikes.map(|(time, &neuron)| [time - window.start, first + neuron as f64]);
        let all = if is_excitatory(population) { &mut excitatory } else { &mut inhibitory };
        all.extend(points);
        layers.entry(layer(population)).or_insert([first; 2])[1] = first + population.size as f64;
        first += population.size as f64;
    }
    let names = layers.into_iter().map(|(name, [from, to])| (f64::midpoint(from, to), name.to_owned())).collect();
    Panel {
        x: Axis::linear("time (ms)", [0.0, DRAWN_MS]),
        y: Axis::linear("layer", [first, 0.0]).ticks(Ticks::Named(names)),
        marks: vec![
            Mark::new("excitatory", Ink::Blue, Shape::Spikes { points: excitatory }),
            Mark::new("inhibitory", Ink::Vermillion, Shape::Spikes { points: inhibitory }),
        ],
        ..Panel::default()
    }
}

fn rates(run: &CircuitRun) -> Panel {
    let values: Vec<Vec<f64>> = run.populations.iter().map(|population| population.rates(&run.span)).collect();
    let mean = |values: &Vec<f64>| values.iter().sum::<f64>() / values.len() as f64;
    let measured = (0..).map(f64::from).zip(values.iter().map(mean)).map(|(x, y)| [x, y]).collect();
    let full = (0..).map(f64::from).zip(FULL_RATES_HZ).map(|(x, y)| [x, y]).collect();
    let mut panel = distributions("mean rate of a neuron (Hz)", run, &values);
    panel.marks.push(Mark::new("mean", Ink::Black, Shape::Dots { points: measured, dot: Dot::Circle }));
    panel.marks.push(Mark::new("mean at full size", Ink::Vermillion, Shape::Dots { points: full, dot: Dot::Diamond }));
    panel
}

fn variabilities(run: &CircuitRun) -> Panel {
    let of = |population: &CircuitSpikes| {
        let all = population.variabilities(&run.span, LEAST_INTERVALS);
        all.into_iter().map(|variability| variability.cv).collect()
    };
    distributions("CV of intervals of a neuron", run, &run.populations.iter().map(of).collect::<Vec<_>>())
}

/// Quartiles of each population, with whiskers to the 5th and 95th of 100.
fn distributions(label: &str, run: &CircuitRun, values: &[Vec<f64>]) -> Panel {
    let five = |values: &Vec<f64>| {
        let mut sorted = values.clone();
        sorted.sort_by(f64::total_cmp);
        [0.05, 0.25, 0.5, 0.75, 0.95].map(|share| quantile(&sorted, share))
    };
    let boxes: Vec<_> =
        (0..).map(f64::from).zip(values.iter().map(five)).filter(|(_, five)| !five[0].is_nan()).collect();
    let names = (0..).map(f64::from).zip(run.populations.iter().map(|population| population.name.clone()));
    let y = Axis::from_zero(label, boxes.iter().map(|(_, five)| five[4]));
    Panel {
        x: Axis::linear("population", [-0.6, values.len() as f64 - 0.4]).ticks(Ticks::Named(names.collect())),
        y,
        marks: vec![Mark::new("quartiles, 5 to 95 %", Ink::Grey, Shape::Boxes { boxes, width: 0.6 })],
        ..Panel::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Scaling, shipped};

    #[test]
    fn the_rates_at_full_size_are_those_that_the_model_is_scaled_by() {
        #[derive(serde::Deserialize)]
        struct Kept {
            population: Vec<Named>,
            scaling: Scaling,
        }

        #[derive(serde::Deserialize)]
        struct Named {
            name: String,
        }

        let Kept { population, scaling } = toml::from_str(shipped::find(FIGURE.name).unwrap().text).unwrap();
        let rates: Vec<_> = population.iter().map(|population| scaling.mean_rates_hz[&population.name]).collect();
        assert_eq!(rates, FULL_RATES_HZ);
    }
}
