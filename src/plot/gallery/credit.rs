//! Credit-assignment diagnostics: angles between the changes of hidden weights and those of backpropagation.

use crate::plot::{Axis, Figure, Ink, Mark, Panel, Shape, Ticks};

/// Presentations over which angles are averaged at least, as in the paper.
const WINDOW: usize = 100;

/// Points of a curve at most.
const POINTS: usize = 2000;

/// Inks of populations in turn.
const INKS: [Ink; 3] = [Ink::Blue, Ink::Vermillion, Ink::Green];

/// Angles between the changes of hidden weights and those by backpropagation over the training presentations `index` [n],
/// by population [n] [degrees], and the feedback eigenvalues: presentations, with mean Jacobians, mean of each.
///
/// Guerguiev, Lillicrap & Richards (2017), eLife 6:e22901, Figures 7A and 5, supplement 1.
pub fn angles(index: &[f64], hidden: &[(String, Vec<f64>)], eigenvalues: &[(f64, f64, f64)]) -> Figure {
    let x = Axis::from_zero("training presentations", index.iter().copied()).ticks(Ticks::Whole);
    let span = [0.0, index.last().copied().unwrap_or(1.0)];
    let level = |label: &str, y: f64| Mark::new(label, Ink::Grey, Shape::line(span.map(|x| [x, y]).to_vec()));
    let window = WINDOW.max(index.len().div_ceil(POINTS)).min(index.len().max(1));
    let curves = hidden
        .iter()
        .zip(INKS.iter().cycle())
        .map(|((name, angles), &ink)| Mark::new(name, ink, Shape::line(smooth(index, angles, window))));
    let mut panels = vec![Panel {
        title: format!("angle to backpropagation, mean of {window}"),
        x: x.clone(),
        y: Axis::linear("angle (degrees)", [0.0, 120.0]),
        marks: std::iter::once(level("by chance", 90.0)).chain(curves).collect(),
        ..Panel::default()
    }];
    if !eigenvalues.is_empty() {
        let column =
            |of: fn(&(f64, f64, f64)) -> f64| eigenvalues.iter().map(|row| [row.0, of(row)]).collect::<Vec<_>>();
        let (of_means, mean) = (column(|row| row.1), column(|row| row.2));
        let largest = of_means.iter().chain(&mean).map(|point| point[1]).chain([1.0]);
        panels.push(Panel {
            title: "largest eigenvalue of (I - JbJg)T(I - JbJg)".to_owned(),
            x,
            y: Axis::from_zero("eigenvalue", largest),
            marks: vec![
                level("", 1.0),
                Mark::new("of mean Jacobians", Ink::Blue, Shape::line(of_means)),
                Mark::new("mean of each image", Ink::Vermillion, Shape::line(mean)),
            ],
            ..Panel::default()
        });
    }
    Figure { size: [1000, 420], ..Figure::of(vec![panels]) }
}

/// Means over windows; what is no number is left out.
fn smooth(index: &[f64], values: &[f64], window: usize) -> Vec<[f64; 2]> {
    let windows = index.chunks(window).zip(values.chunks(window)).filter_map(|(index, values)| {
        let numbers: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
        let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
        (!numbers.is_empty()).then(|| [index[index.len() / 2], mean])
    });
    windows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_title_tells_over_how_many_angles_are_averaged() {
        for (presentations, window) in [(40, 40), (8_000, 100), (250_000, 125)] {
            let index: Vec<f64> = (0..presentations).map(f64::from).collect();
            let figure = angles(&index, &[("hidden".to_owned(), index.clone())], &[]);
            let panel = &figure.rows[0].panels[0];
            assert_eq!(panel.title, format!("angle to backpropagation, mean of {window}"));
            let Shape::Line { points, .. } = &panel.marks[1].shape else { panic!("a line") };
            assert_eq!(points.len(), presentations as usize / window, "{presentations}");
        }
    }
}
