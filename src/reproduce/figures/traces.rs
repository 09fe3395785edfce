//! Potentials of a hidden neuron while it transmits and at its plateaus, by how strongly the apical dendrite drives the soma.
//!
//! Guerguiev, Lillicrap & Richards (2017), eLife 6:e22901, Figures 3C and 9A.

use serde::Serialize;
use serde_json::json;

use super::phases::{on_its_own, one_hidden_layer};
use crate::analysis::Regression;
use crate::model::Population;
use crate::plot::gallery::{self, NeuronTraces};
use crate::plot::recorded::{RecordedWindow, neuron_traces, trials};
use crate::plot::{Figure, Panel, Row, Shape};
use crate::protocol::PhaseName;
use crate::record::hdf5::{RunReader, TraceBlock};
use crate::reproduce::{
    ComparedNumber, FigureTask, PublishedFigure, ReproduceError, ReproducedFigure, RunLength, RunSpec, TrainedRun,
};

pub(in crate::reproduce) const FIGURE_3C: PublishedFigure = PublishedFigure {
    name: "3C",
    about: "potentials of a hidden neuron in both phases, with its spikes and plateaus (Guerguiev et al. 2017)",
    seeds: [&[1], &[1]],
    run: draw_one,
};

pub(in crate::reproduce) const FIGURE_9A: PublishedFigure = PublishedFigure {
    name: "9A",
    about: "potentials of a hidden neuron whose soma the apical dendrite drives too, at three g_a (Guerguiev et al. 2017)",
    seeds: [&[1], &[1]],
    run: draw_driven,
};

/// Compartments of a pyramidal cell, from the top of the figure.
const COMPARTMENTS: [&str; 3] = ["apical", "soma", "basal"];

/// Networks of two hidden layers by the apical conductance [1/ms].
const DRIVEN: [(&str, &str); 3] =
    [("0", "g17-784-500-100-10"), ("0.05", "g17-784-500-100-10-ga-005"), ("0.6", "g17-784-500-100-10-ga-060")];

/// What is kept with Figure 3C.
#[derive(Serialize)]
struct TraceResults {
    /// The neuron shown.
    neuron: usize,
    /// Somatic change beyond what the basal dendrite explains, per apical change.
    apical_to_soma: f64,
}

/// What is kept with Figure 9A of each network.
#[derive(Serialize)]
struct DrivenResult {
    /// Apical conductance [1/ms].
    g_a_per_ms: &'static str,
    /// Somatic change beyond what the basal dendrite explains, per apical change.
    apical_to_soma: f64,
}

fn draw_one(task: &FigureTask<'_>) -> Result<ReproducedFigure, ReproduceError> {
    let run = task.train_runs(&[one_hidden_layer(task, task.seeds[0])])?.remove(0);
    let shown = PopulationTraces::of(&run, "hidden")?;
    let neuron = shown.largest_difference()?;
    let mut figure = shown.draw(neuron, "")?;
    figure.title = format!("Hidden neuron {neuron}: of all, the largest difference between its plateaus");
    let (number, result) = shown.driven("")?;
    let results = TraceResults { neuron, apical_to_soma: result };
    Ok(ReproducedFigure { figure, numbers: vec![number], results: json!(results) })
}

fn draw_driven(task: &FigureTask<'_>) -> Result<ReproducedFigure, ReproduceError> {
    let (images, overrides): (_, &'static [&'static str]) = if task.quick {
        (1_000, &["recording.presentations=990:"])
    } else {
        (10_000, &["recording.presentations=9990:"])
    };
    let length = RunLength::untested(images);
    let of = |(_, model)| RunSpec { variant: "last-10", overrides, ..RunSpec::of(model, length, task.seeds[0]) };
    let runs = task.train_runs(&DRIVEN.map(of))?;
    let mut neuron = None;
    let (mut figures, mut numbers, mut results) = (Vec::new(), Vec::new(), Vec::new());
    for (run, (g_a, _)) in runs.iter().zip(DRIVEN) {
        let shown = PopulationTraces::of(run, "hidden1")?;
        let neuron = match neuron {
            Some(neuron) => neuron,
            None => *neuron.insert(shown.largest_difference()?),
        };
        let before = format!("g_a = {g_a} per ms: ");
        figures.push(shown.draw(neuron, &before)?);
        let (number, result) = shown.driven(&before)?;
        numbers.push(number);
        results.push(DrivenResult { g_a_per_ms: g_a, apical_to_soma: result });
    }
    let neuron = neuron.unwrap_or_default();
    let title =
        format!("Neuron {neuron} of the first hidden layer: the largest difference between plateaus at g_a = 0");
    Ok(ReproducedFigure { figure: columns(figures, title), numbers, results: json!(results) })
}

/// Combines figures into one, a column each, with common axes in each row.
fn columns(figures: Vec<Figure>, title: String) -> Figure {
    let [width, height] =
        figures.iter().fold([0, 0], |[w, h], figure| [w + figure.size[0] * 3 / 5, h.max(figure.size[1])]);
    let mut rows: Vec<Row> = Vec::new();
    for figure in figures {
        rows.resize_with(figure.rows.len().max(rows.len()), || Row { height: 1.0, panels: Vec::new() });
        rows.iter_mut().zip(figure.rows).for_each(|(row, column)| row.panels.extend(column.panels));
    }
    for row in &mut rows {
        let ends = row.panels.iter().map(|panel| panel.y.range);
        let range = ends.fold([f64::INFINITY, f64::NEG_INFINITY], |[l, h], [low, high]| [l.min(low), h.max(high)]);
        row.panels.iter_mut().for_each(|panel| widen(panel, range));
        row.panels.iter_mut().skip(1).for_each(|panel| panel.y.label.clear());
    }
    Figure { title, rows, size: [width, height], ..Figure::of(Vec::new()) }
}

/// Widens the vertical axis of a panel; its strip of spikes stays at the top.
fn widen(panel: &mut Panel, range: [f64; 2]) {
    let up = range[1] - panel.y.range[1];
    panel.y.range = range;
    for mark in panel.marks.iter_mut().filter(|mark| mark.label == "spikes") {
        if let Shape::Line { points, .. } = &mut mark.shape {
            points.iter_mut().for_each(|point| point[1] += up);
        }
    }
}

/// A population in the last presentation of a run.
pub(super) struct PopulationTraces<'a> {
    run: &'a TrainedRun,
    file: RunReader,
    pub(super) window: RecordedWindow,
    population: &'static str,
    size: usize,
}

impl<'a> PopulationTraces<'a> {
    pub(super) fn of(run: &'a TrainedRun, population: &'static str) -> Result<Self, ReproduceError> {
        let (file, window) = run.last_presentation()?;
        let size = run.model.populations.iter().find(|p| p.name == population).map_or(0, |p| p.size);
        Ok(Self { run, file, window, population, size })
    }

    /// Traces of one neuron over the presentation, on a clock that begins with it.
    fn draw(&self, neuron: usize, before: &str) -> Result<Figure, ReproduceError> {
        let row = on_its_own(self.window.shown[0]);
        Ok(gallery::traces(
            &self.compartments(neuron, before, &COMPARTMENTS)?,
            &trials(&self.run.model, &[row]),
            [0.0, row.end_ms()],
        ))
    }

    /// The neuron with the largest difference between the plateaus of target and forward phase.
    pub(super) fn largest_difference(&self) -> Result<usize, ReproduceError> {
        let list = self
            .file
            .plateaus(self.population, self.window.span.clone())
            .map_err(ReproduceError::failed)?
            .unwrap_or_default();
        let mut differences = vec![0.0; self.size];
        for (i, &alpha) in list.alpha.iter().enumerate() {
            let sign = if list.phases[i] == PhaseName::Target { 1.0 } else { -1.0 };
            differences[list.neurons[i] as usize] += sign * alpha;
        }
        Ok((0..self.size).max_by(|&i, &j| differences[i].abs().total_cmp(&differences[j].abs())).unwrap_or(0))
    }

    /// Traces of one neuron, a compartment each; the soma has the spikes, the apical dendrite the plateaus.
    pub(super) fn compartments(
        &self,
        neuron: usize,
        before: &str,
        compartments: &[&str],
    ) -> Result<Vec<NeuronTraces>, ReproduceError> {
        let asked = neuron..neuron + 1;
        let found = neuron_traces(&self.file, &self.run.model, self.population, asked, &self.window);
        let mut whole = found?.pop().unwrap_or_default();
        let start = self.window.span.start;
        whole.potentials.iter_mut().flat_map(|(_, points)| points).for_each(|point| point[0] -= start);
        whole.spikes.iter_mut().for_each(|time| *time -= start);
        whole.plateaus.iter_mut().for_each(|level| (level.from, level.to) = (level.from - start, level.to - start));
        let part = |name: &str| {
            let potentials = whole.potentials.iter().filter(|(compartment, _)| compartment == name).cloned().collect();
            let (soma, apical) = (name == "soma", name == "apical");
            NeuronTraces {
                name: format!("{before}{name}"),
                unit: whole.unit,
                potentials,
                spikes: if soma { whole.spikes.clone() } else { Vec::new() },
                plateaus: if apical { whole.plateaus.clone() } else { Vec::new() },
                teaching: Vec::new(),
                events: Vec::new(),
            }
        };
        Ok(compartments.iter().map(|&name| part(name)).collect())
    }

    /// How strongly the soma follows the apical dendrite, measured and by its equation.
    fn driven(&self, before: &str) -> Result<(ComparedNumber, f64), ReproduceError> {
        let [.., k_a] = self.conductances();
        let slope = self.soma_beyond_basal()?.slope();
        let quantity = format!(
            "{before}somatic change beyond what the basal dendrite explains, per apical change, from phase to phase"
        );
        let published = format!("{k_a:.2}, by the equation: g_a/(g_l + g_b + g_a)");
        Ok((ComparedNumber::new(quantity, published, format!("{slope:.2}")), slope))
    }

    /// Over neurons, changes from the forward to the target phase: of the mean apical potential (x), and of what drives the
    /// soma beyond the basal dendrite (y).
    ///
    /// Means of dV/dt = −γV + g_b B + g_a A over a phase of length T give V + (V(end) − V(start))/(γT) − k_b B = k_a A, with
    /// γ = g_l + g_b + g_a and k = g/γ: y = k_a x, but for the sampling of traces.
    fn soma_beyond_basal(&self) -> Result<Regression, ReproduceError> {
        let span = self.window.span.clone();
        let blocks = self.file.traces(self.population, 0..self.size, span).map_err(ReproduceError::failed)?;
        let block = blocks.unwrap_or_default().pop().unwrap_or_default();
        let (row, protocol) = (self.window.shown[0], &self.run.model.phases());
        let phases = [
            [row.forward_end_ms + protocol.target_settle, self.window.span.end],
            [row.start_ms + protocol.settle, row.forward_end_ms],
        ];
        let [gamma, k_b, _] = self.conductances();
        let mut pairs = Regression::default();
        for neuron in 0..self.size as u64 {
            let [Some(soma), Some(basal), Some(apical)] = [0, 1, 2].map(|element| block.column(neuron, element)) else {
                continue;
            };
            let change = |of: &dyn Fn([f64; 2]) -> f64| of(phases[0]) - of(phases[1]);
            let beyond = |phase| {
                let ((v, rate), (b, _)) = (mean_and_slope(&block, &soma, phase), mean_and_slope(&block, &basal, phase));
                v + rate / gamma - k_b * b
            };
            pairs.add(change(&|phase| mean_and_slope(&block, &apical, phase).0), change(&beyond));
        }
        Ok(pairs)
    }

    /// γ = g_l + g_b + g_a [1/ms], g_b/γ and g_a/γ.
    fn conductances(&self) -> [f64; 3] {
        let population = self.run.model.populations.iter().find(|p| p.name == self.population);
        let Some(cell) = population.and_then(Population::linear) else { return [f64::NAN; 3] };
        let share = |port: Option<usize>| port.map_or(f64::NAN, |port| cell.ports[port].conductance / cell.gamma);
        [cell.gamma, share(cell.bias), share(cell.plateau.map(|plateau| plateau.port))]
    }
}

/// Mean of the samples of a trace over some time [ms], and its mean rate of change [1/ms].
fn mean_and_slope(block: &TraceBlock, trace: &[f32], [from, to]: [f64; 2]) -> (f64, f64) {
    let within = |i: &usize| (from..to).contains(&(block.start_ms + *i as f64 * block.dt_ms));
    let samples: Vec<f64> = (0..trace.len()).filter(within).map(|i| f64::from(trace[i])).collect();
    let (n, ends) =
        (samples.len() as f64, [samples.first(), samples.last()].map(|end| end.copied().unwrap_or(f64::NAN)));
    (samples.iter().sum::<f64>() / n, (ends[1] - ends[0]) / ((n - 1.0) * block.dt_ms))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::{Axis, Ink, Mark};

    #[test]
    fn a_mean_and_a_slope_are_of_the_samples_within() {
        let block = TraceBlock { start_ms: 10.0, dt_ms: 0.5, ..TraceBlock::default() };
        let (mean, slope) = mean_and_slope(&block, &[1.0, 2.0, 4.0, 9.0], [10.5, 11.5]);
        assert!((mean - 3.0).abs() < 1e-12 && (slope - 4.0).abs() < 1e-12);
    }

    #[test]
    fn columns_share_the_axis_of_their_row() {
        let figure = |range: [f64; 2]| {
            let spike = Mark::new("spikes", Ink::Grey, Shape::line(vec![[0.0, range[1]]]));
            let panel = Panel { y: Axis::linear("potential", range), marks: vec![spike], ..Panel::default() };
            Figure::of(vec![vec![panel]])
        };
        let both = columns(vec![figure([0.0, 2.0]), figure([-1.0, 1.0])], String::new());
        let shown: Vec<_> = both.rows[0].panels.iter().map(|panel| (panel.y.range, panel.y.label.as_str())).collect();
        assert_eq!(shown, [([-1.0, 2.0], "potential"), ([-1.0, 2.0], "")]);
        assert!(both.rows[0].panels.iter().all(|panel| panel.marks[0].shape == Shape::line(vec![[0.0, 2.0]])));
    }
}
