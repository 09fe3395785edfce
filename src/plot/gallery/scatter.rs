//! Points in the plane by their class.

use crate::plot::{Axis, Dot, Ink, Mark, Panel, Shape, Ticks};

/// Points of a plane whose axes mean nothing but nearness, as t-SNE's, each in the ink of its class; the class is written on
/// the middle of its points, so that it is known without colours.
///
/// # Panics
/// If there is not a class for each point.
pub fn scatter(title: &str, labels: [&str; 2], points: &[[f64; 2]], classes: &[u8]) -> Panel {
    assert_eq!(points.len(), classes.len(), "a class for each point");
    let most = classes.iter().max().map_or(0, |&last| usize::from(last) + 1);
    let of = |class: usize| points.iter().zip(classes).filter(move |(_, c)| usize::from(**c) == class).map(|(p, _)| *p);
    let classes: Vec<(usize, Vec<_>)> = (0..most).map(|class| (class, of(class).collect())).collect();
    let words = classes.iter().filter_map(|(class, points)| Some((middle(points)?, class.to_string()))).collect();
    let ink = |class: usize| Ink::CLASSES[class % Ink::CLASSES.len()];
    let dots = |(class, points)| Mark::new(&format!("{class}"), ink(class), Shape::Dots { points, dot: Dot::Point });
    let mut marks: Vec<Mark> = classes.into_iter().map(dots).collect();
    marks.push(Mark::new("", Ink::Black, Shape::Words { words }));
    let [x, y] = [0, 1].map(|side| around(labels[side], points, side));
    Panel { title: title.to_owned(), x, y, marks, aspect: Some(1.0), ..Panel::default() }
}

/// An axis around the points, as long as the other one, so that nearness is the same along both.
fn around(label: &str, points: &[[f64; 2]], side: usize) -> Axis {
    let range = |side: usize| Axis::around(label, points.iter().map(|point| point[side])).range;
    let [low, high] = range(side);
    let half = 0.5 * (0..2).map(range).map(|[low, high]| high - low).fold(0.0, f64::max);
    let middle = 0.5 * (low + high);
    Axis::linear(label, [middle - half, middle + half]).ticks(Ticks::None)
}

/// Points of a class that its middle is found from, at most.
const ASKED: usize = 1000;

/// The point that is least far from all others: inside of the largest cluster, where a mean may lie between clusters.
fn middle(points: &[[f64; 2]]) -> Option<[f64; 2]> {
    let asked: Vec<_> = points.iter().step_by(points.len().div_ceil(ASKED).max(1)).collect();
    let far = |a: &[f64; 2]| asked.iter().map(|b| (a[0] - b[0]).hypot(a[1] - b[1])).sum::<f64>();
    asked.iter().map(|point| (far(point), **point)).min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, point)| point)
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "these points are exact")]
mod tests {
    use super::*;

    #[test]
    fn the_middle_lies_in_the_largest_cluster() {
        let points = [[0.0, 0.0], [1.0, 0.0], [0.5, 0.1], [100.0, 0.0], [101.0, 0.0]];
        assert_eq!(middle(&points), Some([1.0, 0.0]));
        assert_eq!(middle(&[]), None);
    }

    #[test]
    fn classes_have_their_points_and_both_axes_one_scale() {
        let panel = scatter("", ["a", "b"], &[[0.0, 5.0], [10.0, 6.0], [2.0, 5.5]], &[0, 2, 0]);
        let shown = |mark: &Mark| match &mark.shape {
            Shape::Dots { points, .. } => points.clone(),
            _ => Vec::new(),
        };
        assert_eq!(shown(&panel.marks[0]), [[0.0, 5.0], [2.0, 5.5]]);
        assert_eq!((shown(&panel.marks[1]), shown(&panel.marks[2])), (vec![], vec![[10.0, 6.0]]));
        assert!((panel.x.range[1] - panel.x.range[0] - (panel.y.range[1] - panel.y.range[0])).abs() < 1e-12);
    }
}
