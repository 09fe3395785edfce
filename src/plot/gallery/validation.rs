//! A spiking network against its rate twins.

use crate::plot::{Axis, Dash, Dot, Figure, Ink, Mark, Panel, Scale, Shape, Ticks};

/// What a validation found of one population.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Validated {
    /// Its name.
    pub population: String,
    /// Mean rate of each neuron: of the diffusion twin, measured [Hz].
    pub rates: Vec<[f64; 2]>,
    /// By length of the phase [ms], root mean square difference from the noiseless twin's rates [Hz].
    pub off: Vec<[f64; 2]>,
    /// Difference between the two twins [Hz].
    pub floor: f64,
}

/// Rates against the diffusion twin's, the way to the noiseless twin by length of the phase, and learning side by side.
///
/// `same` are shares of answers that are the noiseless twin's by length [ms, %], `curve` test errors of spikes and rates by
/// training presentations [examples, %, %].
pub fn validation(populations: &[Validated], same: &[[f64; 2]], curve: &[[f64; 3]]) -> Figure {
    let mut second = vec![answers(same)];
    if !curve.is_empty() {
        second.push(learning(curve));
    }
    Figure { size: [1000, 820], ..Figure::of(vec![vec![scatter(populations), differences(populations)], second]) }
}

fn ink(i: usize) -> Ink {
    Ink::SERIES[i % Ink::SERIES.len()]
}

fn scatter(populations: &[Validated]) -> Panel {
    let all = || populations.iter().flat_map(|population| population.rates.iter().flatten().copied());
    let axis = |label: &str| Axis::from_zero(label, all());
    let [low, high] = axis("").range;
    let dots = |(i, population): (usize, &Validated)| {
        let shape = Shape::Dots { points: population.rates.clone(), dot: Dot::Circle };
        Mark::new(&population.population, ink(i), shape)
    };
    let mut marks: Vec<Mark> = populations.iter().enumerate().map(dots).collect();
    let line = Shape::Line { points: vec![[low, low], [high, high]], dash: Dash::Dashed };
    marks.push(Mark::new("equal", Ink::Black, line));
    Panel {
        title: "rate of each neuron, mean over images".to_owned(),
        x: axis("diffusion twin (Hz)"),
        y: axis("measured (Hz)"),
        marks,
        ..Panel::default()
    }
}

fn by_length(lengths: impl Iterator<Item = f64> + Clone) -> Axis {
    let (low, high) = (lengths.clone().fold(f64::INFINITY, f64::min), lengths.fold(0.0, f64::max));
    let range = if low.is_finite() { [0.9 * low, 1.1 * high] } else { [1.0, 10.0] };
    Axis { scale: Scale::Log, ..Axis::linear("length of the phase (ms)", range) }
}

fn differences(populations: &[Validated]) -> Panel {
    let x = by_length(populations.iter().flat_map(|population| population.off.iter().map(|point| point[0])));
    let mut marks = Vec::new();
    for (i, population) in populations.iter().enumerate() {
        let dots = Shape::Dots { points: population.off.clone(), dot: Dot::Circle };
        let floor = vec![[x.range[0], population.floor], [x.range[1], population.floor]];
        marks.push(Mark::new("", ink(i), Shape::line(population.off.clone())));
        marks.push(Mark::new(&population.population, ink(i), dots));
        let label = if i == 0 { "between the twins" } else { "" };
        marks.push(Mark::new(label, ink(i), Shape::Line { points: floor, dash: Dash::Dashed }));
    }
    let largest = populations.iter().flat_map(|population| population.off.iter().map(|point| point[1]));
    let y = Axis::from_zero("rms difference (Hz)", largest);
    Panel { title: "rates off the noiseless twin's".to_owned(), x, y, marks, ..Panel::default() }
}

fn answers(same: &[[f64; 2]]) -> Panel {
    let dots = Shape::Dots { points: same.to_vec(), dot: Dot::Circle };
    Panel {
        title: "answers that are the noiseless twin's".to_owned(),
        x: by_length(same.iter().map(|point| point[0])),
        y: Axis::linear("images (%)", [0.0, 102.0]),
        marks: vec![Mark::new("", Ink::Blue, Shape::line(same.to_vec())), Mark::new("", Ink::Blue, dots)],
        ..Panel::default()
    }
}

fn learning(curve: &[[f64; 3]]) -> Panel {
    let marks = [("spikes", Ink::Blue, 1), ("rates", Ink::Vermillion, 2)].map(|(label, ink, column)| {
        let points = curve.iter().map(|point| [point[0], point[column]]).collect();
        Mark::new(label, ink, Shape::line(points))
    });
    Panel {
        title: "learning side by side".to_owned(),
        x: Axis::from_zero("training presentations", curve.iter().map(|point| point[0])).ticks(Ticks::Whole),
        y: Axis::from_zero("test error (%)", curve.iter().flat_map(|point| [point[1], point[2]])),
        marks: marks.to_vec(),
        ..Panel::default()
    }
}
