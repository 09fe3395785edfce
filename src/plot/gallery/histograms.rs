//! Distributions of one quantity side by side.

use super::percentages;
use crate::analysis::{histogram, linear_edges};
use crate::plot::{Axis, Ink, Mark, Panel, Shape};

/// Bins of an axis.
const BINS: usize = 40;

/// Named groups of values of one quantity, as shares of each group; the legend tells their means. Values that are no numbers
/// are left out.
pub fn histograms(title: &str, label: &str, groups: &[(String, Vec<f64>)]) -> Panel {
    let finite = |values: &[f64]| values.iter().copied().filter(|value| value.is_finite()).collect::<Vec<_>>();
    let groups: Vec<_> = groups.iter().map(|(name, values)| (name, finite(values))).collect();
    let x = Axis::around(label, groups.iter().flat_map(|(_, values)| values.iter().copied()));
    let edges = linear_edges(x.range[0], x.range[1], BINS);
    let heights: Vec<_> = groups.iter().map(|(_, values)| percentages(&histogram(values, &edges))).collect();
    let y = Axis::from_zero("neurons (%)", heights.iter().flatten().copied());
    let marks = groups.iter().zip(heights).enumerate().map(|(i, ((name, values), heights))| {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let ink = Ink::SERIES[i % Ink::SERIES.len()];
        Mark::new(&format!("{name}: mean {mean:.3}"), ink, Shape::Bars { edges: edges.clone(), heights })
    });
    Panel { title: title.to_owned(), x, y, marks: marks.collect(), ..Panel::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_share_bins_and_are_shares_of_their_own() {
        let groups = [("a".to_owned(), vec![0.0, 1.0, f64::NAN]), ("b".to_owned(), vec![0.0, 0.0, 0.0, 1.0])];
        let panel = histograms("", "r", &groups);
        let shares = |mark: &Mark| match &mark.shape {
            Shape::Bars { heights, .. } => heights.iter().copied().filter(|&share| share > 0.0).collect::<Vec<_>>(),
            _ => Vec::new(),
        };
        assert_eq!(panel.marks.iter().map(shares).collect::<Vec<_>>(), [[50.0, 50.0], [75.0, 25.0]]);
        assert_eq!(panel.marks[1].label, "b: mean 0.250");
    }
}
