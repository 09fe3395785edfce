//! Losses of the hidden and the output layer, image by image, against each other.

use std::ops::Range;

use serde::Serialize;
use serde_json::json;

use super::{CreditMeasurement, OF_SPIKES, measured, one_hidden_layer};
use crate::analysis::Regression;
use crate::plot::gallery::{Curve, Curves, curves, sheet};
use crate::plot::{Axis, Dot, Figure, Ink, Mark, Panel, Scale, Shape};
use crate::reproduce::{
    ComparedNumber, FigureTask, PublishedFigure, ReproduceError, ReproducedFigure, mean_and_spread,
};

pub(in crate::reproduce) const FIGURE_5B: PublishedFigure = PublishedFigure {
    name: "5B",
    about: "hidden loss against output loss for the 2s in epoch 2, real and shuffled (Guerguiev et al. 2017)",
    seeds: [&[1], &[1]],
    run: draw_scatter,
};

pub(in crate::reproduce) const FIGURE_5C: PublishedFigure = PublishedFigure {
    name: "5C",
    about: "correlation of hidden and output loss by category and epoch, real and shuffled (Guerguiev et al. 2017)",
    seeds: [&[1], &[1]],
    run: draw_correlations,
};

/// The category and the epoch, from 1, of Figure 5B.
const SHOWN: (u8, u64) = (2, 2);

/// Images at the beginning, before credit is well assigned.
const FIRST: u64 = 2_000;

/// Dots of a scatter at most.
const DOTS: usize = 2_000;

/// Output and hidden losses of the images of one category in one epoch [1/ms²].
#[derive(Debug, Default)]
struct Losses {
    output: Vec<f64>,
    hidden: Vec<f64>,
}

impl Losses {
    fn of(run: &CreditMeasurement, (category, epoch): (u8, u64)) -> Self {
        Self::within(run, category, (epoch - 1) * run.epoch..epoch * run.epoch)
    }

    /// Of these presentations.
    fn within(run: &CreditMeasurement, category: u8, presentations: Range<u64>) -> Self {
        let mut found = Self::default();
        let Some((_, hidden, _)) = run.table.hidden.first() else { return found };
        for (i, &index) in run.table.index.iter().enumerate() {
            if run.labels[i] == category && presentations.contains(&index) {
                found.output.push(run.table.output_loss[i]);
                found.hidden.push(hidden[i]);
            }
        }
        found
    }

    /// The same with the hidden loss of another image in place of each image's own.
    fn shuffled(&self) -> Self {
        Self {
            output: self.output.clone(),
            hidden: others(self.hidden.len()).into_iter().map(|i| self.hidden[i]).collect(),
        }
    }

    fn pairs(&self) -> impl Iterator<Item = [f64; 2]> + '_ {
        self.output.iter().zip(&self.hidden).map(|(&output, &hidden)| [output, hidden])
    }

    fn regression(&self) -> Regression {
        let mut all = Regression::default();
        self.pairs().for_each(|[output, hidden]| all.add(output, hidden));
        all
    }
}

/// A fixed order of n things in which neighbours were far apart: steps of a golden share of n, or the next length below that
/// has no factor in common with n.
fn others(n: usize) -> Vec<usize> {
    let golden = (0.618_034 * n as f64) as usize;
    let step = (1..=golden.max(1)).rev().find(|&step| gcd(step, n) == 1).unwrap_or(1);
    (0..n).map(|i| (i * step + 1) % n).collect()
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// What is kept with Figure 5B.
#[derive(Serialize)]
struct ScatterResults {
    /// Correlation of hidden and output loss, by seed.
    correlations: Vec<f64>,
    /// The same with hidden losses shuffled.
    shuffled: Vec<f64>,
    /// Number of images, of the first seed.
    images: usize,
}

/// What is kept with Figure 5C.
#[derive(Serialize)]
struct CorrelationResults {
    /// Correlations of hidden and output loss, means over seeds, [categories, epochs].
    by_category_and_epoch: Vec<Vec<f64>>,
    /// The same with hidden losses shuffled.
    shuffled: Vec<Vec<f64>>,
}

fn draw_scatter(task: &FigureTask<'_>) -> Result<ReproducedFigure, ReproduceError> {
    let runs = measured(task, |seed| one_hidden_layer(task, OF_SPIKES, seed))?;
    let losses: Vec<_> = runs.iter().map(|run| Losses::of(run, SHOWN)).collect();
    let real: Vec<f64> = losses.iter().map(|losses| losses.regression().correlation()).collect();
    let shuffled: Vec<f64> = losses.iter().map(|losses| losses.shuffled().regression().correlation()).collect();
    let bound = 1.96 / (losses[0].output.len() as f64).sqrt();
    let numbers = vec![
        ComparedNumber::new("correlation for the 2s in epoch 2", "0.61", mean_and_spread(&real, 2)),
        ComparedNumber::new(
            format!("the same, shuffled (95 % within ±{bound:.2})"),
            "near 0",
            mean_and_spread(&shuffled, 2),
        ),
    ];
    let panel = |title: &str, losses: &Losses, ink| scatter(title, losses, ink);
    let figure = sheet(vec![vec![
        panel("each image's own losses", &losses[0], Ink::Vermillion),
        panel("hidden losses shuffled", &losses[0].shuffled(), Ink::Grey),
    ]]);
    let (category, epoch) = SHOWN;
    let title = format!("Losses of both layers for the {category}s in epoch {epoch}");
    let results = ScatterResults { correlations: real, shuffled, images: losses[0].output.len() };
    Ok(ReproducedFigure { figure: Figure { title, ..figure }, numbers, results: json!(results) })
}

/// Losses in Hz², for which a few digits suffice, with the line of least squares of all.
fn scatter(title: &str, losses: &Losses, ink: Ink) -> Panel {
    let hz = |[output, hidden]: [f64; 2]| [1e6 * output, 1e6 * hidden];
    let points: Vec<_> = losses.pairs().map(hz).take(DOTS).collect();
    let shown = format!("{} of {} images", points.len(), losses.output.len());
    let fit = losses.regression();
    let [x, y] = hz(fit.means());
    let all = || losses.pairs().map(hz);
    let across = Axis::from_zero("output loss (Hz²)", all().map(|point| point[0]));
    let line = across.range.map(|at| [at, y + fit.slope() * (at - x)]);
    Panel {
        title: format!("{title}: r = {:.2}", fit.correlation()),
        y: Axis::around("hidden loss (Hz², plateaus as rates per ms)", all().map(|point| point[1])),
        x: across,
        marks: vec![
            Mark::new(&shown, ink, Shape::Dots { points, dot: Dot::Circle }),
            Mark::new("least squares", Ink::Black, Shape::line(line.to_vec())),
        ],
        ..Panel::default()
    }
}

fn draw_correlations(task: &FigureTask<'_>) -> Result<ReproducedFigure, ReproduceError> {
    let runs = measured(task, |seed| one_hidden_layer(task, OF_SPIKES, seed))?;
    let epochs = runs[0].table.index.last().map_or(0, |last| last / runs[0].epoch + 1);
    let categories = 0..1 + runs[0].labels.iter().copied().max().unwrap_or(0);
    let mean_over_seeds = |of: &dyn Fn(&CreditMeasurement) -> f64| runs.iter().map(of).sum::<f64>() / runs.len() as f64;
    // By category and epoch.
    let correlations = |of: fn(&Losses) -> f64| -> Vec<Vec<f64>> {
        let mean = |which| mean_over_seeds(&|run| of(&Losses::of(run, which)));
        categories.clone().map(|category| (1..=epochs).map(|epoch| mean((category, epoch))).collect()).collect()
    };
    let real = correlations(|losses| losses.regression().correlation());
    let shuffled = correlations(|losses| losses.shuffled().regression().correlation());
    let all = || real.iter().flatten().copied();
    let mean_of = |epochs: Range<usize>| {
        let values = || real.iter().flat_map(|course| &course[epochs.clone()]);
        values().sum::<f64>() / values().count() as f64
    };
    let at_first =
        |category| mean_over_seeds(&|run| Losses::within(run, category, 0..FIRST).regression().correlation());
    let at_first = categories.clone().map(at_first).sum::<f64>() / categories.len() as f64;
    let [lowest, highest] = all().fold([1.0_f64, -1.0_f64], |[low, high], r| [low.min(r), high.max(r)]);
    let positive = real.iter().filter(|course| course.iter().all(|&r| r > 0.0)).count();
    let none = shuffled.iter().flatten().fold(0.0_f64, |most, r| most.max(r.abs()));
    let numbers = vec![
        ComparedNumber::new(
            "categories in which it is positive in every epoch",
            "all",
            format!("{positive} of {}", real.len()),
        ),
        ComparedNumber::new(
            "correlations, lowest to highest",
            "mostly 0.2 to 0.6",
            format!("{lowest:.2} to {highest:.2}"),
        ),
        ComparedNumber::new("their mean in epoch 1", "much lower than later", format!("{:.2}", mean_of(0..1))),
        ComparedNumber::new(format!("their mean in its first {FIRST} images"), "not given", format!("{at_first:.2}")),
        ComparedNumber::new("their mean in later epochs", "not given", format!("{:.2}", mean_of(1..real[0].len()))),
        ComparedNumber::new("furthest from 0 of those shuffled", "near 0", format!("{none:.2}")),
    ];
    let panel = |title: &str, courses: &[Vec<f64>]| {
        let label = |category: usize| format!("{category}s");
        let points = |course: &Vec<f64>| (1..).map(f64::from).zip(course).map(|(epoch, &r)| [epoch, r]).collect();
        let curve = |(category, course)| Curve { label: label(category), points: points(course) };
        let mut panel = curves(&Curves {
            title: title.to_owned(),
            labels: ["epoch".to_owned(), "correlation of hidden and output loss".to_owned()],
            scale: Scale::Linear,
            curves: courses.iter().enumerate().map(curve).collect(),
        });
        panel.x = Axis::linear("epoch", [0.5, epochs as f64 + 0.5]).ticks(crate::plot::Ticks::Whole);
        panel.y.range = [-0.2, 1.0];
        let marks_of_one = panel.marks.len() / courses.len();
        for (i, mark) in panel.marks.iter_mut().enumerate() {
            mark.ink = Ink::CLASSES[i / marks_of_one % Ink::CLASSES.len()];
        }
        panel
    };
    let mut figure = sheet(vec![vec![panel("each image's own losses", &real), panel("shuffled", &shuffled)]]);
    "Losses of both layers go together".clone_into(&mut figure.title);
    let results = CorrelationResults { by_category_and_epoch: real, shuffled };
    Ok(ReproducedFigure { figure, numbers, results: json!(results) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shuffling_leaves_none_out_and_takes_the_correlation_away() {
        for n in [2, 7, 100, 5_958] {
            let mut order = others(n);
            order.sort_unstable();
            assert_eq!(order, (0..n).collect::<Vec<_>>());
        }
        // Losses that fall slowly, as over an epoch, and go up and down together.
        let loss = |i: u32| 1.0 / (1.0 + f64::from(i) / 1000.0) + f64::from(i * i % 17) / 10.0;
        let output: Vec<f64> = (0..1000).map(loss).collect();
        let losses = Losses { hidden: output.iter().map(|loss| 2.0 * loss).collect(), output };
        assert!((losses.regression().correlation() - 1.0).abs() < 1e-9);
        assert!(losses.shuffled().regression().correlation().abs() < 0.1);
    }
}
