//! Families of curves, and rows of numbers with their spread.

use crate::plot::{Axis, Dash, Dot, Figure, Ink, Mark, Panel, Scale, Shape, Ticks};

/// One curve.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curve {
    /// Written in the legend; empty: not there.
    pub label: String,
    /// Points; broken at NaN.
    pub points: Vec<[f64; 2]>,
}

/// Curves over one pair of axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Curves {
    /// Title of the panel.
    pub title: String,
    /// Quantity and unit of x, and of y.
    pub labels: [String; 2],
    /// Logarithmic or linear y; a linear one starts at 0.
    pub scale: Scale,
    /// In the order of inks.
    pub curves: Vec<Curve>,
}

/// A named number with its spread.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedValue {
    /// Name.
    pub name: String,
    /// Value.
    pub value: f64,
    /// Half the length of its whisker; 0: none.
    pub spread: f64,
}

/// A panel of curves.
pub fn curves(drawn: &Curves) -> Panel {
    let values = |column: usize| drawn.curves.iter().flat_map(|c| c.points.iter()).map(move |point| point[column]);
    let [x, y] = &drawn.labels;
    let y = match drawn.scale {
        Scale::Linear => Axis::from_zero(y, values(1)),
        Scale::Log => logarithmic(y, values(1)),
    };
    Panel {
        title: drawn.title.clone(),
        x: Axis::from_zero(x, values(0)),
        y,
        marks: drawn.curves.iter().enumerate().flat_map(|(i, curve)| marks(i, curve)).collect(),
        ..Panel::default()
    }
}

/// A panel of named numbers, from the top, on an axis of this quantity and scale.
pub fn named_values(title: &str, label: &str, scale: Scale, named_values: &[NamedValue]) -> Panel {
    let ends = || named_values.iter().flat_map(|entry| [entry.value, entry.value + entry.spread]);
    let x = match scale {
        Scale::Linear => Axis::from_zero(label, ends()),
        Scale::Log => logarithmic(label, ends()),
    };
    let mut marks = Vec::new();
    for (row, entry) in (0..).map(f64::from).zip(named_values) {
        if entry.spread > 0.0 {
            let low = (entry.value - entry.spread).max(x.range[0]);
            marks.push(Mark::new("", Ink::Blue, Shape::line(vec![[low, row], [entry.value + entry.spread, row]])));
        }
        marks.push(Mark::new("", Ink::Blue, Shape::Dots { points: vec![[entry.value, row]], dot: Dot::Circle }));
    }
    let names = (0..).map(f64::from).zip(named_values.iter().map(|entry| entry.name.clone())).collect();
    let y = Axis::linear("", [named_values.len() as f64 - 0.5, -0.5]).ticks(Ticks::Named(names));
    Panel { title: title.to_owned(), x, y, marks, ..Panel::default() }
}

/// Panels in rows, of a size that suits their number.
pub fn sheet(rows: Vec<Vec<Panel>>) -> Figure {
    let (across, down) = (rows.iter().map(Vec::len).max().unwrap_or(1) as u32, rows.len() as u32);
    Figure { size: [200 + 480 * across, 100 + 380 * down], ..Figure::of(rows) }
}

/// Points beyond which a curve is a line without a dot at each.
const DOTTED: usize = 30;

/// A curve in the ink of its turn; those of the second turn are dashed.
fn marks(i: usize, curve: &Curve) -> Vec<Mark> {
    let inks = Ink::SERIES;
    let (ink, points) = (inks[i % inks.len()], || curve.points.clone());
    let dash = if (i / inks.len()).is_multiple_of(2) { Dash::Solid } else { Dash::Dashed };
    let mut marks = vec![Mark::new(&curve.label, ink, Shape::Line { points: points(), dash })];
    if curve.points.len() <= DOTTED {
        marks.push(Mark::new("", ink, Shape::Dots { points: points(), dot: Dot::Circle }));
    }
    marks
}

/// A logarithmic axis around the values above 0.
fn logarithmic(label: &str, values: impl Iterator<Item = f64>) -> Axis {
    let above = values.filter(|value| value.is_finite() && *value > 0.0);
    let [low, high] = above.fold([f64::INFINITY, 0.0_f64], |[low, high], v| [low.min(v), high.max(v)]);
    let range = if low.is_finite() { [low / 1.3, high * 1.3] } else { [0.1, 10.0] };
    Axis { scale: Scale::Log, ..Axis::linear(label, range) }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "these ranges are exact")]
mod tests {
    use super::*;

    #[test]
    fn values_stand_from_the_top_with_their_spread() {
        let entry = |name: &str, value, spread| NamedValue { name: name.to_owned(), value, spread };
        let panel = named_values("", "error (%)", Scale::Linear, &[entry("a", 2.0, 0.5), entry("b", 4.0, 0.0)]);
        assert_eq!(panel.y.range, [1.5, -0.5]);
        assert_eq!(panel.x.range, [0.0, 1.06 * 4.0]);
        assert_eq!(panel.marks.len(), 3);
        assert_eq!(panel.marks[0].shape, Shape::line(vec![[1.5, 0.0], [2.5, 0.0]]));
    }

    #[test]
    fn an_eighth_curve_differs_from_the_first() {
        let curve = Curve { label: "a".to_owned(), points: vec![[0.0, 1.0]] };
        let (first, eighth) = (marks(0, &curve), marks(7, &curve));
        assert_eq!(first[0].ink, eighth[0].ink);
        assert_ne!(first[0].shape, eighth[0].shape);
    }

    #[test]
    fn a_logarithmic_axis_survives_zeros_and_nothing() {
        assert_eq!(logarithmic("", [0.0, f64::NAN].into_iter()).range, [0.1, 10.0]);
        assert_eq!(logarithmic("", [0.0, 1.3, 13.0].into_iter()).range[0], 1.0);
    }
}
