//! Panels of a comparison: learning curves, and differences with their intervals.

use super::results::{LEVEL, ModelPair, ModelResults};
use crate::analysis::mean_interval;
use crate::plot::gallery::{Curve, Curves, curves};
use crate::plot::{Axis, Dot, Ink, Mark, Panel, Scale, Shape, Ticks};

/// Mean errors by epoch, with those of single seeds at the end as dots.
pub(super) fn learning_curves(tested: &[ModelResults<'_>]) -> Panel {
    let curve = |one: &ModelResults<'_>| Curve { label: one.model.label.to_owned(), points: one.learning_curve() };
    let drawn: Vec<_> = tested.iter().map(curve).collect();
    let epochs: Vec<_> = drawn.iter().map(|curve| curve.points.len() as f64).collect();
    let mut panel = curves(&Curves {
        title: "test error, mean over seeds".to_owned(),
        labels: ["epoch".to_owned(), "test error (%)".to_owned()],
        scale: Scale::Linear,
        curves: drawn,
    });
    panel.x = Axis::linear("epoch", [0.0, 1.05 * epochs.iter().copied().fold(1.0, f64::max)]).ticks(Ticks::Whole);
    let all = tested.iter().flat_map(ModelResults::last);
    panel.y.range[1] = panel.y.range[1].max(1.06 * all.fold(0.0, f64::max));
    for ((one, end), ink) in tested.iter().zip(epochs).zip(Ink::SERIES.into_iter().cycle()) {
        let points = one.last().into_iter().map(|error| [end, error]).collect();
        panel.marks.push(Mark::new("", ink, Shape::Dots { points, dot: Dot::Diamond }));
    }
    panel
}

/// Differences at the end: their means with intervals, and those of single seeds.
pub(super) fn differences(tested: &[ModelResults<'_>]) -> Panel {
    let pairs = ModelPair::all(tested);
    let one_base = pairs.iter().all(|pair| std::ptr::eq(pair.other.model, tested[0].model));
    let mut marks = Vec::new();
    let mut ends = vec![0.0];
    for (row, pair) in (0..).map(f64::from).zip(&pairs) {
        let values = pair.differences();
        let (mean, half) = mean_interval(&values, LEVEL);
        // Once in the legend.
        let legend = |label| if row == 0.0 { label } else { "" };
        if half.is_finite() {
            marks.push(Mark::new(
                legend("95 % interval"),
                Ink::Blue,
                Shape::line(vec![[mean - half, row], [mean + half, row]]),
            ));
            ends.extend([mean - half, mean + half]);
        }
        ends.extend(&values);
        let seeds = values.into_iter().map(|value| [value, row + 0.15]).collect();
        marks.push(Mark::new(legend("seeds"), Ink::Grey, Shape::Dots { points: seeds, dot: Dot::Diamond }));
        marks.push(Mark::new(legend("mean"), Ink::Blue, Shape::Dots { points: vec![[mean, row]], dot: Dot::Circle }));
    }
    let rows = pairs.len() as f64;
    marks.insert(0, Mark::new("", Ink::Grey, Shape::line(vec![[0.0, -0.5], [0.0, rows - 0.5]])));
    let name = |pair: &ModelPair<'_>| if one_base { pair.one.model.label.to_owned() } else { pair.name() };
    let names = (0..).map(f64::from).zip(pairs.iter().map(name)).collect();
    Panel {
        title: if one_base { format!("less {}", tested[0].model.label) } else { "differences".to_owned() },
        x: Axis::around("difference (percentage points)", ends),
        y: Axis::linear("", [rows - 0.5, -0.5]).ticks(Ticks::Named(names)),
        marks,
        ..Panel::default()
    }
}
