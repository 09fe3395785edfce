//! The two phases of a presentation, how long they last, and when plateaus happen in them.
//!
//! Guerguiev, Lillicrap & Richards (2017), eLife 6:e22901, Figures 4 and 6, supplement 1A.

use serde::Serialize;
use serde_json::json;

use crate::analysis::{mean_and_deviation, rates};
use crate::cells::PlateauTimes;
use crate::model::Population;
use crate::plot::gallery::{self, RasterPopulation, TrialPhases};
use crate::plot::recorded::trials;
use crate::plot::{Axis, Dot, Figure, Ink, Mark, Panel, Shape};
use crate::record::PresentationKind;
use crate::record::hdf5::{PresentationRow, RunReader};
use crate::reproduce::{
    ComparedNumber, FigureTask, PublishedFigure, ReproduceCause, ReproduceError, ReproducedFigure, RunLength, RunSpec,
    TrainedRun,
};

pub(in crate::reproduce) const FIGURE_4A: PublishedFigure = PublishedFigure {
    name: "4A",
    about: "the phases of one presentation, with the spikes of hidden and output neurons (Guerguiev et al. 2017)",
    seeds: [&[1], &[1]],
    run: draw_phases,
};

pub(in crate::reproduce) const FIGURE_4B: PublishedFigure = PublishedFigure {
    name: "4B",
    about: "lengths of forward and target phases (Guerguiev et al. 2017)",
    seeds: [&[1], &[1]],
    run: draw_lengths,
};

pub(in crate::reproduce) const FIGURE_6_S1A: PublishedFigure = PublishedFigure {
    name: "6-s1A",
    about: "plateaus at times of their own, in two presentations (Guerguiev et al. 2017)",
    seeds: [&[1], &[1]],
    run: draw_plateau_times,
};

/// Time after which the output population follows its teaching conductances, many times their 0.6 ms [ms].
const TAUGHT_MS: f64 = 10.0;

/// 784-500-10 after some training, the last 50 presentations of which are recorded.
pub(super) fn one_hidden_layer(task: &FigureTask<'_>, seed: u64) -> RunSpec {
    let (images, overrides): (_, &'static [&'static str]) = if task.quick {
        (2_000, &["recording.presentations=1950:"])
    } else {
        (10_000, &["recording.presentations=9950:"])
    };
    RunSpec { variant: "last-50", overrides, ..RunSpec::of("g17-784-500-10", RunLength::untested(images), seed) }
}

/// A presentation on a clock of its own, which begins with it.
pub(super) fn on_its_own(row: PresentationRow) -> PresentationRow {
    let since = |time: f64| time - row.start_ms;
    let (forward_end_ms, target_end_ms) = (since(row.forward_end_ms), row.target_end_ms.map(since));
    PresentationRow { start_ms: 0.0, forward_end_ms, target_end_ms, ..row }
}

fn draw_phases(task: &FigureTask<'_>) -> Result<ReproducedFigure, ReproduceError> {
    let wanted = one_hidden_layer(task, task.seeds[0]);
    let run = task.train_runs(&[wanted])?.remove(0);
    let (file, window) = run.last_presentation()?;
    let row = window.shown[0];
    let mut lists = Vec::new();
    for population in run.model.populations.iter().skip(1) {
        let list =
            file.spikes(&population.name, window.span.clone()).map_err(ReproduceError::failed)?.unwrap_or_default();
        let times: Vec<f64> = list.times.iter().map(|time| time - row.start_ms).collect();
        lists.push((population, times, list.neurons));
    }
    let shown = lists.iter().map(|(population, times, ids)| {
        let neurons = [0, population.size];
        RasterPopulation { name: &population.name, neurons, times, ids, events: &[] }
    });
    let shown: Vec<_> = shown.collect();
    let row = on_its_own(row);
    let mut figure = gallery::raster(&shown, &trials(&run.model, &[row]), [0.0, row.end_ms()]);
    figure.title = format!("One presentation after {} others", row.index);
    let found = firing(&file, &run)?;
    let numbers = vec![
        found.number("labelled output, forward phase: mean rate [Hz]", "up to nearly 200 (picture)", |f| f.labelled[0]),
        found.number("labelled output, target phase: mean rate [Hz]", "nearly 200 (picture)", |f| f.labelled[1]),
        found.number("other outputs, forward phase: mean rate [Hz]", "picture", |f| f.others[0]),
        found.number("other outputs, target phase: mean rate [Hz]", "nearly 0 (picture)", |f| f.others[1]),
        found.number("hidden neurons: mean rate [Hz]", "24, of which neurons is not said", |f| f.hidden),
        found
            .number("all neurons, input and output too: mean rate [Hz]", "24, of which neurons is not said", |f| f.all),
    ];
    let results = PhaseResults { presentation: row.index, label: row.label, answer: row.decoded };
    Ok(ReproducedFigure { figure, numbers, results: json!(results) })
}

/// What is kept with Figure 4A.
#[derive(Serialize)]
struct PhaseResults {
    /// Number of the training presentation shown.
    presentation: u64,
    /// Class of its image.
    label: Option<u8>,
    /// Class answered.
    answer: u8,
}

/// What is kept with Figure 6, supplement 1A.
#[derive(Serialize)]
struct PlateauResults {
    /// Mean time from a plateau to the end of its phase [ms].
    mean_lead_ms: f64,
}

/// Mean rates in one presentation [Hz]; of the output after the potentials before it have settled.
#[derive(Clone, Copy, Default)]
struct Firing {
    /// Of the labelled output neuron, in the forward and the target phase.
    labelled: [f64; 2],
    /// Of the other output neurons.
    others: [f64; 2],
    hidden: f64,
    all: f64,
}

/// Of all recorded presentations.
struct Fired(Vec<Firing>);

impl Fired {
    /// Mean and standard error over presentations.
    fn number(&self, quantity: &str, published: &str, of: fn(&Firing) -> f64) -> ComparedNumber {
        let (mean, _, error) = moments(&self.0.iter().map(of).collect::<Vec<_>>());
        ComparedNumber::new(quantity, published, format!("{mean:.1} ± {error:.1} (s.e.m.)"))
    }
}

fn firing(file: &RunReader, run: &TrainedRun) -> Result<Fired, ReproduceError> {
    let rows = file.presentations().map_err(ReproduceError::failed)?;
    let rows: Vec<_> = rows.into_iter().filter(|row| row.recorded).collect();
    let always = f64::NEG_INFINITY..f64::INFINITY;
    let mut lists = Vec::new();
    for population in &run.model.populations {
        lists.push(file.spikes(&population.name, always.clone()).map_err(ReproduceError::failed)?.unwrap_or_default());
    }
    let rates_in = |list: usize, phase: std::ops::Range<f64>| {
        rates(&lists[list].times, &lists[list].neurons, lists[list].size, &[phase])
    };
    let (hidden, output) = (1, lists.len() - 1);
    let neurons: usize = lists.iter().map(|list| list.size).sum();
    let one = |row: &PresentationRow| -> Option<Firing> {
        let (label, end) = (usize::from(row.label?), row.target_end_ms?);
        let mut found = Firing::default();
        let settled = row.start_ms + run.model.phases().settle;
        for (at, phase) in [settled..row.forward_end_ms, row.forward_end_ms + TAUGHT_MS..end].into_iter().enumerate() {
            let outputs = rates_in(output, phase);
            found.labelled[at] = outputs[label];
            found.others[at] = (outputs.iter().sum::<f64>() - outputs[label]) / (outputs.len() - 1) as f64;
        }
        let sums: Vec<f64> = (0..lists.len()).map(|list| rates_in(list, row.start_ms..end).iter().sum()).collect();
        found.hidden = sums[hidden] / lists[hidden].size as f64;
        found.all = sums.iter().sum::<f64>() / neurons as f64;
        Some(found)
    };
    Ok(Fired(rows.iter().filter_map(one).collect()))
}

/// Neurons whose plateaus are shown.
const SHOWN: u64 = 100;

fn draw_plateau_times(task: &FigureTask<'_>) -> Result<ReproducedFigure, ReproduceError> {
    let wanted = RunSpec { model: "g17-784-500-10-plateau-times", ..one_hidden_layer(task, task.seeds[0]) };
    let run = task.train_runs(&[wanted])?.remove(0);
    let (file, window) = run.last_presentation()?;
    let rows = file.presentations().map_err(ReproduceError::failed)?;
    let rows: Vec<_> = rows.into_iter().filter(|row| row.recorded).collect();
    let always = f64::NEG_INFINITY..f64::INFINITY;
    let list = file.plateaus("hidden", always).map_err(ReproduceError::failed)?.unwrap_or_default();
    let ends: Vec<f64> = rows.iter().flat_map(|row| [Some(row.forward_end_ms), row.target_end_ms]).flatten().collect();
    let lead = |&time: &f64| ends.get(ends.partition_point(|&end| end < time)).map_or(f64::NAN, |end| end - time);
    let (mean, _, error) = moments(&list.times.iter().map(lead).collect::<Vec<_>>());
    let hidden = run.model.populations.get(1).and_then(Population::linear);
    let Some(plateau) = hidden.and_then(|cell| cell.plateau) else {
        return Err(ReproduceError::failed(ReproduceCause::Missing("the model has no hidden layer")));
    };
    let numbers = vec![ComparedNumber::new(
        "mean time from a plateau to the end of its phase [ms]",
        // Means of min(|N(0, σ)|, 5 ms): σ² = 3 ms² in the text of the figure; σ = 3 ms in the code, cut to whole ms there.
        format!("1.38 by its text, 1.84 by its code; {:.2} by our law", mean_lead(plateau.times)),
        format!("{mean:.2} ± {error:.2} (s.e.m.)"),
    )];
    let last_two = &rows[rows.len().saturating_sub(2)..];
    let start = last_two.first().map_or(window.span.start, |row| row.start_ms);
    let end = last_two.last().map_or(window.span.end, PresentationRow::end_ms);
    let shown = (0..list.times.len()).filter(|&i| list.neurons[i] < SHOWN && (start..=end).contains(&list.times[i]));
    let points = shown.map(|i| [list.times[i] - start, list.neurons[i] as f64]).collect();
    let since = |row: &PresentationRow| TrialPhases {
        start: row.start_ms - start,
        forward_end: row.forward_end_ms - start,
        target_end: row.target_end_ms.map(|end| end - start),
        label: row.label,
        decoded: row.decoded,
    };
    let shown: Vec<TrialPhases> = last_two.iter().map(since).collect();
    let panel = Panel {
        title: format!("plateaus of {SHOWN} hidden neurons"),
        x: Axis::linear("time (ms)", [0.0, end - start]),
        y: Axis::linear("neuron", [-0.5, SHOWN as f64 - 0.5]),
        shades: gallery::shades(&shown, [0.0, end - start]),
        marks: vec![Mark::new("", Ink::Black, Shape::Dots { points, dot: Dot::Point })],
        ..Panel::default()
    };
    let title = "Plateaus at times of their own".to_owned();
    let results = json!(PlateauResults { mean_lead_ms: mean });
    Ok(ReproducedFigure {
        figure: Figure { title, size: [1000, 500], ..Figure::of(vec![vec![panel]]) },
        numbers,
        results,
    })
}

/// Mean of min(|N(0, sd)|, longest) [ms], by a sum over the density.
fn mean_lead(PlateauTimes { sd, longest }: PlateauTimes) -> f64 {
    const STEPS: u32 = 10_000;
    let dx = longest / f64::from(STEPS);
    let density = |x: f64| (2.0 / std::f64::consts::PI).sqrt() / sd * (-0.5 * (x / sd).powi(2)).exp();
    let (mut inside, mut mean) = (0.0, 0.0);
    for x in (0..STEPS).map(|step| (f64::from(step) + 0.5) * dx) {
        inside += density(x) * dx;
        mean += x * density(x) * dx;
    }
    mean + longest * (1.0 - inside)
}

fn draw_lengths(task: &FigureTask<'_>) -> Result<ReproducedFigure, ReproduceError> {
    let wanted: Vec<_> = task.seeds.iter().map(|&seed| one_hidden_layer(task, seed)).collect();
    let runs = task.train_runs(&wanted)?;
    let [mut forward, mut target] = [Vec::new(), Vec::new()];
    for run in &runs {
        lengths(run, &mut forward, &mut target)?;
    }
    let protocol = &runs[0].model.phases();
    let (mean, scale) = (protocol.wald_mean, protocol.wald_scale);
    let mut numbers = Vec::new();
    for (name, fixed, lengths) in [("forward", protocol.forward, &forward), ("target", protocol.target, &target)] {
        let (found, spread, error) = moments(lengths);
        numbers.push(ComparedNumber::new(
            format!("mean length of {name} phases [ms]"),
            format!("{:.0}", fixed + mean),
            format!("{found:.2} ± {error:.2} (s.e.m.)"),
        ));
        let expected = (mean.powi(3) / scale).sqrt();
        numbers.push(ComparedNumber::new(
            "their standard deviation [ms]",
            format!("{expected:.2}, of the Wald distribution"),
            format!("{spread:.2}"),
        ));
    }
    let results = numbers.iter().map(|number| json!({ &number.quantity: number.measured })).collect();
    let of = |name: &str, lengths, fixed| (name.to_owned(), lengths, [fixed, mean, scale]);
    let figure = gallery::phases(&[of("forward", forward, protocol.forward), of("target", target, protocol.target)]);
    Ok(ReproducedFigure { figure: Figure { title: "Lengths of phases".to_owned(), ..figure }, numbers, results })
}

/// Adds the lengths of a run's phases [ms].
fn lengths(run: &TrainedRun, forward: &mut Vec<f64>, target: &mut Vec<f64>) -> Result<(), ReproduceError> {
    for file in run.runs()? {
        let rows = file.presentations().map_err(ReproduceError::failed)?;
        for row in rows.iter().filter(|row| row.kind == PresentationKind::Train) {
            forward.push(row.forward_end_ms - row.start_ms);
            target.extend(row.target_end_ms.map(|end| end - row.forward_end_ms));
        }
    }
    Ok(())
}

/// Mean, standard deviation (n − 1) and standard error of the mean.
fn moments(values: &[f64]) -> (f64, f64, f64) {
    let (mean, deviation) = mean_and_deviation(values);
    (mean, deviation, deviation / (values.len() as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// σ √(2/π) (1 − e^{−L²/2σ²}) + L P(|Z| > L/σ), with P(|Z| > 5/3) = 0.09558.
    #[test]
    fn plateaus_come_as_early_as_their_distribution_says() {
        let expected = 3.0 * 0.797_885 * (1.0 - (-25.0_f64 / 18.0).exp()) + 5.0 * 0.095_581;
        assert!((mean_lead(PlateauTimes { sd: 3.0, longest: 5.0 }) - expected).abs() < 1e-4);
    }
}
