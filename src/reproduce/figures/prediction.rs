//! The experiment that the model predicts: whether apical input comes early or late during basal input decides whether basal
//! synapses are depressed or potentiated.
//!
//! Guerguiev, Lillicrap & Richards (2017), eLife 6:e22901, Figure 10, which they drew but did not simulate. Pyramidal cells of
//! g17-784-500-10 are recorded. One of two groups of basal afferents is stimulated in both phases of a pairing; apical
//! afferents fire in the first (early), in the second (late), in both or in neither. The rule is the network's own. It moves
//! biases too, and with them the potential at rest, by more than the response changes: a response is what basal input adds to
//! that, and the change at rest is a number of its own.

use serde::Serialize;
use serde_json::json;

use crate::data::{Dataset, ImageSet, Presentations, Split};
use crate::model::{Model, shipped};
use crate::network::Network;
use crate::plot::gallery::{TrialPhases, shades, sheet};
use crate::plot::{Axis, Dash, Dot, Figure, Ink, Mark, Panel, Row, Shape};
use crate::protocol::{FORWARD, Sampling, TARGET};
use crate::record::{Evaluation, Presentation, PresentationKind, RecordError, Recorder};
use crate::reproduce::{
    ComparedNumber, FigureTask, PublishedFigure, ReproduceError, ReproducedFigure, mean_and_spread,
};
use crate::training::{Plan, Plasticity, Trainer, Training, initial_network};

pub(in crate::reproduce) const FIGURE: PublishedFigure = PublishedFigure {
    name: "10",
    about: "the predicted experiment: early apical input depresses, late potentiates (Guerguiev et al. 2017)",
    seeds: [&[1, 2, 3, 4, 5], &[1, 2]],
    run: draw,
};

/// In place of a published number where there is none.
const NOT_GIVEN: &str = "not given";

/// When apical afferents fire, by the bias of their dendrites and the phase in which their somata are driven or silenced.
struct Pairing {
    name: &'static str,
    predicted: &'static str,
    /// Ink of its curves.
    ink: Ink,
    /// Before they are driven: at 7 they fire at nearly 200 Hz, at −7 hardly at all.
    bias: f64,
    /// In the second phase their own label 0 excites them; with another one they are inhibited.
    label: u8,
}

const PAIRINGS: [Pairing; 4] = [
    Pairing { name: "early", predicted: "depression", ink: Ink::Blue, bias: 7.0, label: 1 },
    Pairing { name: "late", predicted: "potentiation", ink: Ink::Vermillion, bias: -7.0, label: 0 },
    Pairing { name: "throughout", predicted: NOT_GIVEN, ink: Ink::Green, bias: 7.0, label: 0 },
    Pairing { name: "none", predicted: NOT_GIVEN, ink: Ink::Grey, bias: -7.0, label: 1 },
];

/// Cells that are recorded.
const CELLS: usize = 50;
/// Basal afferents in each of two groups, and apical afferents.
const AFFERENTS: usize = 20;
/// Pixel of a stimulated basal afferent, 100 of 200 Hz.
const STIMULATED: u8 = 128;
/// Basal weights: a group's response is about 0.4.
const BASAL: f32 = 0.25;
/// Apical weights: at 200 Hz the apical potential is 3.
const APICAL: f32 = 0.75;
/// Pairings.
const PAIRED: usize = 60;
/// After so many of them responses are tested.
const TESTED: usize = 5;
/// Tests of each of [`TEST`].
const REPEATED: usize = 40;
/// What is shown in tests: the paired afferents, the others, none.
const TEST: usize = 3;

/// Keys in which the model of a slice differs from the network.
fn slice(pairing: &Pairing) -> Result<Model, ReproduceError> {
    let keys = [
        format!("population.input.size={}", 2 * AFFERENTS),
        format!("population.hidden.size={CELLS}"),
        "population.hidden.bias.mean=-2".to_owned(),
        // Of two classes: the afferents, and others that have no synapse here.
        format!("population.output.size={}", 2 * AFFERENTS),
        format!("population.output.group={AFFERENTS}"),
        format!("population.output.bias.mean={}", pairing.bias),
        "projection.input-hidden.learning_rate=0.01".to_owned(),
        "projection.hidden-output.learning_rate=0".to_owned(),
        "learning.schedule.kind=constant".to_owned(),
        "protocol.test_ms=100".to_owned(),
    ];
    let text = shipped::find("g17-784-500-10").map_or("", |model| model.text);
    Ok(Model::parse(text, "shipped g17-784-500-10.toml", &keys)?)
}

/// Equal synapses of all afferents on all cells, and none of the cells on the apical afferents.
fn wired(model: &Model, seed: u64) -> Result<Network, ReproduceError> {
    let mut network = initial_network(model, seed)?;
    for (index, (afferents, weight)) in [(2 * AFFERENTS, BASAL), (0, 0.0), (AFFERENTS, APICAL)].into_iter().enumerate()
    {
        let weights = network.weights_mut(index);
        weights.rows_mut().fill(0.0);
        let cells = weights.post();
        (0..afferents).for_each(|afferent| weights.row_mut(afferent)[..cells].fill(weight));
    }
    Ok(network)
}

/// Pairings, and tests of both groups of basal afferents and of none.
fn stimuli(label: u8) -> Dataset {
    let image = |rates: [u8; 2]| rates.into_iter().flat_map(|pixel| [pixel; AFFERENTS]);
    let of = |shown: &[[u8; 2]], label: u8| {
        let pixels = shown.iter().flat_map(|&rates| image(rates)).collect();
        Presentations::all(ImageSet::new(2, AFFERENTS, pixels, vec![label; shown.len()]).into())
    };
    let training = of(&[[STIMULATED, 0]; TESTED], label);
    let tests: [[u8; 2]; TEST] = [[STIMULATED, 0], [0, STIMULATED], [0, 0]];
    Dataset { split: Split::of_table(TESTED), training, evaluation: of(&tests.repeat(REPEATED), 0) }
}

/// Records one slice.
#[derive(Default)]
struct SliceRecorder {
    /// Sums of somatic potentials over cells and repetitions, by what was shown and time, of the tests since the last pairing.
    sums: [Vec<f64>; TEST],
    /// Responses to both groups of basal afferents, by time, at each test: what their input adds to the mean potential.
    responses: Vec<[Vec<f64>; 2]>,
    /// Mean potential without input at each test.
    rests: Vec<f64>,
    /// Spikes of basal and of apical afferents in the last pairing: time [ms] and afferent.
    spikes: [Vec<[f64; 2]>; 2],
    /// Lengths of its phases [ms].
    phases: [f64; 2],
}

impl Recorder for SliceRecorder {
    fn sampling(&mut self, kind: PresentationKind, _: u64, _: f64) -> Option<Sampling> {
        (kind == PresentationKind::Test).then_some(Sampling { first: 0.0, every: 1.0 })
    }

    fn presentation(&mut self, presentation: Presentation<'_>) -> Result<(), RecordError> {
        let observed = presentation.observed;
        if presentation.kind == PresentationKind::Train {
            let of = |population: usize, paired: usize| {
                let spikes = observed.spikes[population].iter().filter(move |spike| (spike.neuron as usize) < paired);
                spikes.map(|spike| [spike.time, f64::from(spike.neuron)]).collect()
            };
            self.spikes = [of(0, 2 * AFFERENTS), of(2, AFFERENTS)];
            self.phases = [FORWARD, TARGET].map(|phase| observed.phase_ms(phase));
        } else {
            // Soma, basal and apical dendrite of each cell.
            let mean = |cells: &[f32]| cells.iter().step_by(3).map(|&v| f64::from(v)).sum::<f64>() / CELLS as f64;
            let course: Vec<f64> = observed.traces[1].chunks_exact(3 * CELLS).map(mean).collect();
            let sums = &mut self.sums[presentation.image as usize % TEST];
            sums.resize(course.len(), 0.0);
            sums.iter_mut().zip(course).for_each(|(sum, v)| *sum += v);
        }
        Ok(())
    }

    fn evaluation(&mut self, _: &Evaluation) -> Result<(), RecordError> {
        let [paired, other, none] = std::mem::take(&mut self.sums);
        let beyond = |shown: Vec<f64>| shown.iter().zip(&none).map(|(v, rest)| (v - rest) / REPEATED as f64).collect();
        self.responses.push([beyond(paired), beyond(other)]);
        self.rests.push(settled(&none) / REPEATED as f64);
        Ok(())
    }
}

/// Mean after the first 30 ms.
fn settled(course: &[f64]) -> f64 {
    course[30..].iter().sum::<f64>() / (course.len() - 30) as f64
}

impl SliceRecorder {
    /// Mean response to a group of afferents at each test, as a share of that before pairing.
    fn course(&self, group: usize) -> Vec<f64> {
        let before = self.responses.first().map_or(f64::NAN, |responses| settled(&responses[group]));
        self.responses.iter().map(|responses| settled(&responses[group]) / before).collect()
    }

    /// By how much the potential at rest has changed in the end.
    fn rested(&self) -> f64 {
        self.rests.last().zip(self.rests.first()).map_or(f64::NAN, |(after, before)| after - before)
    }
}

/// One slice, tested before and during its pairings.
fn paired(pairing: &Pairing, seed: u64) -> Result<SliceRecorder, ReproduceError> {
    let model = slice(pairing)?;
    let mut trainer = Trainer::new(&model, wired(&model, seed)?, seed)?;
    let (data, mut recorded) = (stimuli(pairing.label), SliceRecorder::default());
    for pairings in [0, PAIRED] {
        let test_examples = data.evaluation.len();
        let plan = Plan { presentations: pairings as u64, test_examples, plasticity: Plasticity::On };
        trainer.run(&data, plan, &mut recorded, &mut ())?;
    }
    Ok(recorded)
}

fn draw(task: &FigureTask<'_>) -> Result<ReproducedFigure, ReproduceError> {
    let mut slices: Vec<Vec<SliceRecorder>> = Vec::new();
    for pairing in &PAIRINGS {
        task.check_interrupt()?;
        slices.push(task.seeds.iter().map(|&seed| paired(pairing, seed)).collect::<Result<_, ReproduceError>>()?);
    }
    let (mut numbers, mut results) = (Vec::new(), Vec::new());
    for (pairing, slices) in PAIRINGS.iter().zip(&slices) {
        for (group, name, predicted) in [(0, "", pairing.predicted), (1, ", synapses not stimulated", NOT_GIVEN)] {
            let quantity = format!("apical input {}{name}: response after {PAIRED} pairings [%]", pairing.name);
            let ends = changes(slices, group);
            numbers.push(ComparedNumber::new(quantity, predicted, mean_and_spread(&ends, 1)));
            let courses: Vec<_> = slices.iter().map(|slice| slice.course(group)).collect();
            results.push(PairingResult {
                apical_input: pairing.name,
                stimulated: group == 0,
                tested_every: TESTED,
                response: courses,
                change_percent: ends,
            });
        }
        let rested: Vec<f64> = slices.iter().map(SliceRecorder::rested).collect();
        let quantity = format!("apical input {}: change of the potential at rest", pairing.name);
        numbers.push(ComparedNumber::new(quantity, NOT_GIVEN, mean_and_spread(&rested, 2)));
    }
    let figure = figure(&slices, task.seeds.len());
    Ok(ReproducedFigure { figure, numbers, results: json!(results) })
}

/// The responses to one group of basal afferents under one pairing, as they are kept with the figure.
#[derive(Serialize)]
struct PairingResult {
    /// When apical afferents fire: `early`, `late`, `throughout` or `none`.
    apical_input: &'static str,
    /// Whether the group was stimulated in pairings.
    stimulated: bool,
    /// Pairings between two tests.
    tested_every: usize,
    /// Responses relative to that before pairing, [seeds, tests].
    response: Vec<Vec<f64>>,
    /// WeightUpdate from the first to the last test, by seed [%].
    change_percent: Vec<f64>,
}

/// Changes of the response to a group of afferents from the first to the last test, by seed [%].
fn changes(slices: &[SliceRecorder], group: usize) -> Vec<f64> {
    slices.iter().map(|slice| 100.0 * (slice.course(group).last().unwrap_or(&f64::NAN) - 1.0)).collect()
}

/// Induction and responses, early beside late, as the paper draws them; and below, the course of all pairings.
fn figure(slices: &[Vec<SliceRecorder>], seeds: usize) -> Figure {
    let of = |panel: fn(&Pairing, &[SliceRecorder]) -> Panel| -> Vec<Panel> {
        PAIRINGS.iter().zip(slices).take(2).map(|(pairing, slices)| panel(pairing, slices)).collect()
    };
    let (mut inductions, mut responses) = (of(induction), of(response));
    for panels in [&mut inductions, &mut responses] {
        panels[1].marks.iter_mut().for_each(|mark| mark.label.clear());
        panels[1].y.label.clear();
        let top = panels.iter().map(|panel| panel.y.range[1]).fold(0.0, f64::max);
        panels.iter_mut().for_each(|panel| panel.y.range[1] = top);
    }
    let row = |height, panels| Row { height, panels };
    Figure {
        title: format!("Apical input early or late during basal input: {CELLS} cells, {seeds} seeds"),
        rows: vec![row(1.0, inductions), row(1.0, responses), row(1.0, vec![courses(slices)])],
        size: [1000, 900],
        ..sheet(Vec::new())
    }
}

/// Spikes of afferents in the last pairing of the first seed.
fn induction(pairing: &Pairing, slices: &[SliceRecorder]) -> Panel {
    let SliceRecorder { spikes: [basal, apical], phases: [forward, target], .. } = &slices[0];
    let above = |spikes: &[[f64; 2]]| spikes.iter().map(|&[time, i]| [time, i + AFFERENTS as f64]).collect();
    let end = forward + target;
    let trial = TrialPhases { start: 0.0, forward_end: *forward, target_end: Some(end), label: None, decoded: 0 };
    Panel {
        title: format!("induction, apical input {}", pairing.name),
        x: Axis::linear("time (ms)", [0.0, end]),
        y: Axis::linear("afferent", [-0.5, 2.0 * AFFERENTS as f64 - 0.5]),
        shades: shades(&[trial], [0.0, end]),
        marks: vec![
            Mark::new("basal afferents", Ink::Blue, Shape::Spikes { points: basal.clone() }),
            Mark::new("apical afferents", Ink::Vermillion, Shape::Spikes { points: above(apical) }),
        ],
        ..Panel::default()
    }
}

/// Responses to the stimulated afferents before and after, means over cells, repetitions and seeds.
fn response(pairing: &Pairing, slices: &[SliceRecorder]) -> Panel {
    let mean = |at: fn(&SliceRecorder) -> Option<&[Vec<f64>; 2]>| -> Vec<[f64; 2]> {
        let all: Vec<_> = slices.iter().filter_map(at).map(|responses| &responses[0]).collect();
        let time = 0..all.iter().map(|response| response.len()).min().unwrap_or(0);
        time.map(|ms| [ms as f64, all.iter().map(|response| response[ms]).sum::<f64>() / all.len() as f64]).collect()
    };
    let (before, after) = (mean(|slice| slice.responses.first()), mean(|slice| slice.responses.last()));
    let values = before.iter().chain(&after).map(|point| point[1]);
    Panel {
        title: format!("response to basal input, apical input {}", pairing.name),
        x: Axis::linear("time from onset of basal input (ms)", [0.0, before.len() as f64]),
        y: Axis::from_zero("somatic potential above rest", values),
        marks: vec![
            Mark::new("before", Ink::Black, Shape::Line { points: before, dash: Dash::Dashed }),
            Mark::new("after", Ink::Orange, Shape::line(after)),
        ],
        ..Panel::default()
    }
}

/// Responses by the number of pairings: means over seeds, with single seeds as dots at the end.
fn courses(slices: &[Vec<SliceRecorder>]) -> Panel {
    let mut marks = Vec::new();
    let mut highest = 100.0_f64;
    let mut add = |label: String, ink, dash, group, slices: &[SliceRecorder]| {
        let courses: Vec<_> = slices.iter().map(|slice| slice.course(group)).collect();
        let tests = courses.iter().map(Vec::len).min().unwrap_or(0);
        let mean = |at: usize| 100.0 * courses.iter().map(|course| course[at]).sum::<f64>() / courses.len() as f64;
        let points: Vec<_> = (0..tests).map(|at| [(at * TESTED) as f64, mean(at)]).collect();
        let ends: Vec<_> =
            courses.iter().filter_map(|course| course.last()).map(|end| [PAIRED as f64, 100.0 * end]).collect();
        highest = ends.iter().fold(highest, |highest, end| highest.max(end[1]));
        marks.push(Mark::new(&label, ink, Shape::Line { points, dash }));
        marks.push(Mark::new("", ink, Shape::Dots { points: ends, dot: Dot::Diamond }));
    };
    for (pairing, slices) in PAIRINGS.iter().zip(slices) {
        add(format!("apical input {}", pairing.name), pairing.ink, Dash::Solid, 0, slices);
    }
    add("late, synapses not stimulated".to_owned(), PAIRINGS[1].ink, Dash::Dashed, 1, &slices[1]);
    Panel {
        title: "response by the number of pairings".to_owned(),
        x: Axis::linear("pairings", [0.0, 1.02 * PAIRED as f64]),
        y: Axis::from_zero("response (% of that before)", [highest]),
        marks,
        ..Panel::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// α of the mean apical potential that afferents of this rate [1/ms] make.
    fn plateau(rate: f64) -> f64 {
        1.0 / (1.0 + (-f64::from(APICAL) * AFFERENTS as f64 * rate).exp())
    }

    /// Rate of an apical afferent, from its equation at rest [1/ms]: g_l, g_d and g_teach are 0.1, 0.6 and 1 per ms.
    fn rate(bias: f64, teaching: Option<f64>) -> f64 {
        let u = teaching.map_or(0.6 * bias / 0.7, |reversal| (0.6 * bias + reversal) / 1.7);
        0.2 / (1.0 + (-u).exp())
    }

    /// The first pairings, where potentials are still those at rest, change synapses as the rule's mean says:
    /// 20 η k_b Δα sigmoid'(V) s, with V = k_b (b + 20 w s) and η = 0.01. Noise of the mean over 50 cells and 5 pairings is below
    /// a twentieth; biases move by as much as 0.08 meanwhile.
    #[test]
    fn synapses_change_by_the_difference_of_plateaus() {
        let (k_b, s) = (6.0 / 7.0, f64::from(STIMULATED) / 255.0 * 0.2);
        let v = k_b * (-2.0 + AFFERENTS as f64 * f64::from(BASAL) * s);
        let slope = (1.0 / (1.0 + (-v).exp())) * (1.0 / (1.0 + v.exp()));
        for pairing in &PAIRINGS {
            let model = slice(pairing).unwrap();
            let mut trainer = Trainer::new(&model, wired(&model, 1).unwrap(), 1).unwrap();
            let plan = Plan { presentations: 5, test_examples: 0, plasticity: Plasticity::On };
            trainer.run(&stimuli(pairing.label), plan, &mut (), &mut ()).unwrap();
            let weights = trainer.network().weights(0).to_matrix();
            let mean = |group: usize| {
                let cells = weights.chunks_exact(2 * AFFERENTS).flat_map(|row| &row[group * AFFERENTS..][..AFFERENTS]);
                cells.map(|&w| f64::from(w - BASAL)).sum::<f64>() / (CELLS * AFFERENTS) as f64
            };
            let reversal = if pairing.label == 0 { 8.0 } else { -8.0 };
            let difference = plateau(rate(pairing.bias, Some(reversal))) - plateau(rate(pairing.bias, None));
            let expected = 5.0 * 20.0 * 0.01 * k_b * difference * slope * s;
            let largest = 5.0 * 20.0 * 0.01 * k_b * 0.45 * slope * s;
            assert!((mean(0) - expected).abs() < 0.1 * largest, "{}: {} and {expected}", pairing.name, mean(0));
            assert!(mean(1).abs() < 1e-12, "{}: afferents that were silent changed by {}", pairing.name, mean(1));
        }
    }
}
