//! The two phases of a presentation, and how long they last.
//!
//! Guerguiev, Lillicrap & Richards (2017), eLife 6:e22901, Figure 4.

use serde_json::json;

use super::runs::{Course, Trained, Wanted, trained};
use super::{Number, Published, Reproduced, Task};
use crate::analysis::rates;
use crate::cli::failure::Failure;
use crate::cli::plot::trials;
use crate::plot::Figure;
use crate::plot::gallery::{self, Spiking};
use crate::record::Kind;
use crate::record::hdf5::{PresentationRow, RunReader};

pub(super) const FIGURE_4A: Published = Published {
    name: "4A",
    about: "the phases of one presentation, with the spikes of hidden and output neurons (Guerguiev et al. 2017)",
    seeds: [&[1], &[1]],
    run: draw_phases,
};

pub(super) const FIGURE_4B: Published = Published {
    name: "4B",
    about: "lengths of forward and target phases (Guerguiev et al. 2017)",
    seeds: [&[1], &[1]],
    run: draw_lengths,
};

/// Time after which the output population has followed its teaching conductances, many times their 0.6 ms [ms].
const TAUGHT_MS: f64 = 10.0;

/// 784-500-10 after some training, the last presentations of which are recorded.
pub(super) fn one_hidden_layer(task: &Task<'_>, seed: u64) -> Wanted {
    let (images, overrides): (_, &'static [&'static str]) = if task.quick {
        (2_000, &["recording.presentations=1990:"])
    } else {
        (10_000, &["recording.presentations=9990:"])
    };
    Wanted { model: "g17-784-500-10", variant: "last-10", overrides, course: Course::untested(images), seed }
}

/// A presentation on a clock of its own, which begins with it.
pub(super) fn on_its_own(row: PresentationRow) -> PresentationRow {
    let since = |time: f64| time - row.start_ms;
    let (forward_end_ms, target_end_ms) = (since(row.forward_end_ms), row.target_end_ms.map(since));
    PresentationRow { start_ms: 0.0, forward_end_ms, target_end_ms, ..row }
}

fn draw_phases(task: &Task<'_>) -> Result<Reproduced, Failure> {
    let wanted = one_hidden_layer(task, task.seeds[0]);
    let run = trained(task, &[wanted])?.remove(0);
    let (file, window) = run.last_presentation()?;
    let row = window.shown[0];
    let mut lists = Vec::new();
    for population in run.model.populations.iter().skip(1) {
        let list = file.spikes(&population.name, window.span.clone()).map_err(Failure::failed)?.unwrap_or_default();
        let times: Vec<f64> = list.times.iter().map(|time| time - row.start_ms).collect();
        lists.push((population, times, list.neurons));
    }
    let shown = lists.iter().map(|(population, times, ids)| {
        let neurons = [0, population.size];
        Spiking { name: &population.name, neurons, times, ids }
    });
    let shown: Vec<_> = shown.collect();
    let row = on_its_own(row);
    let mut figure = gallery::raster(&shown, &trials(&[row]), [0.0, row.end_ms()]);
    figure.title = format!("One presentation after {} others", row.index);
    let [forward, target] = answers(&file, &run)?;
    let hz = |which: usize| format!("{:.0}, then {:.0}", forward[which], target[which]);
    let numbers = vec![
        Number::new(
            "rate of the labelled output, forward and then target phase [Hz]",
            "up to nearly 200 (picture)",
            hz(0),
        ),
        Number::new("mean rate of the other outputs [Hz]", "down to nearly 0 (picture)", hz(1)),
    ];
    let results = json!({ "presentation": row.index, "label": row.label, "answer": row.decoded,
        "labelled_output_hz": [forward[0], target[0]], "other_outputs_hz": [forward[1], target[1]] });
    Ok(Reproduced { figure, numbers, results })
}

/// Mean rates of the labelled and of the other output neurons over all recorded presentations, in their forward and their
/// target phases [Hz].
fn answers(file: &RunReader, run: &Trained) -> Result<[[f64; 2]; 2], Failure> {
    let output = run.model.populations.last().map_or("", |population| &population.name);
    let list = file.spikes(output, f64::NEG_INFINITY..f64::INFINITY).map_err(Failure::failed)?.unwrap_or_default();
    let rows = file.presentations().map_err(Failure::failed)?;
    let rows: Vec<_> = rows.into_iter().filter(|row| row.recorded).collect();
    let mut sums = [[0.0; 2]; 2];
    for row in &rows {
        let (Some(label), Some(end)) = (row.label, row.target_end_ms) else { continue };
        let phases = [row.start_ms..row.forward_end_ms, row.forward_end_ms + TAUGHT_MS..end];
        for (sums, phase) in sums.iter_mut().zip(phases) {
            let found = rates(&list.times, &list.neurons, list.size, &[phase]);
            let own = found[usize::from(label)];
            sums[0] += own;
            sums[1] += (found.iter().sum::<f64>() - own) / (found.len() - 1) as f64;
        }
    }
    Ok(sums.map(|sums| sums.map(|sum| sum / rows.len() as f64)))
}

fn draw_lengths(task: &Task<'_>) -> Result<Reproduced, Failure> {
    let wanted: Vec<_> = task.seeds.iter().map(|&seed| one_hidden_layer(task, seed)).collect();
    let runs = trained(task, &wanted)?;
    let [mut forward, mut target] = [Vec::new(), Vec::new()];
    for run in &runs {
        lengths(run, &mut forward, &mut target)?;
    }
    let protocol = &runs[0].model.protocol;
    let (mean, scale) = (protocol.wald_mean, protocol.wald_scale);
    let mut numbers = Vec::new();
    for (name, fixed, lengths) in [("forward", protocol.forward, &forward), ("target", protocol.target, &target)] {
        let (found, spread, error) = moments(lengths);
        numbers.push(Number::new(
            format!("mean length of {name} phases [ms]"),
            format!("{:.0}", fixed + mean),
            format!("{found:.2} ± {error:.2} (s.e.m.)"),
        ));
        let expected = (mean.powi(3) / scale).sqrt();
        numbers.push(Number::new(
            "their standard deviation [ms]",
            format!("{expected:.2}, of the Wald distribution"),
            format!("{spread:.2}"),
        ));
    }
    let results = numbers.iter().map(|number| json!({ &number.quantity: number.measured })).collect();
    let of = |name: &str, lengths, fixed| (name.to_owned(), lengths, [fixed, mean, scale]);
    let figure = gallery::phases(&[of("forward", forward, protocol.forward), of("target", target, protocol.target)]);
    Ok(Reproduced { figure: Figure { title: "Lengths of phases".to_owned(), ..figure }, numbers, results })
}

/// Adds the lengths of a run's phases [ms].
fn lengths(run: &Trained, forward: &mut Vec<f64>, target: &mut Vec<f64>) -> Result<(), Failure> {
    for file in run.runs()? {
        let rows = file.presentations().map_err(Failure::failed)?;
        for row in rows.iter().filter(|row| row.kind == Kind::Train) {
            forward.push(row.forward_end_ms - row.start_ms);
            target.extend(row.target_end_ms.map(|end| end - row.forward_end_ms));
        }
    }
    Ok(())
}

/// Mean, standard deviation (n − 1) and standard error of the mean.
fn moments(values: &[f64]) -> (f64, f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, variance.sqrt(), (variance / n).sqrt())
}
