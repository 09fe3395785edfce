//! Correlations between neurons of a population.

use super::{percentages, upright};
use crate::analysis::{histogram, linear_edges};
use crate::plot::{Axis, Dash, Figure, Ink, Mark, Panel, Shape, label};

/// Correlations of a population.
#[derive(Clone, Debug, Default)]
pub struct PopulationCorrelations {
    /// Name of the population.
    pub name: String,
    /// Correlation coefficients of the counts of pairs of neurons.
    pub coefficients: Vec<f64>,
    /// Width of the bins of counts [ms].
    pub count_bin: f64,
    /// Pairs of spikes by lag over those of independent trains, about lag 0.
    pub correlogram: Vec<f64>,
    /// Width of the bins of lags [ms].
    pub lag_bin: f64,
}

/// Correlations of populations, one above the other: coefficients of pairs, and the correlogram.
pub fn correlations(populations: &[PopulationCorrelations]) -> Figure {
    let row = |population: &PopulationCorrelations| vec![coefficients(population), correlogram(population)];
    let size = [1000, 120 + 230 * populations.len() as u32];
    Figure { size, ..Figure::of(populations.iter().map(row).collect()) }
}

fn coefficients(population: &PopulationCorrelations) -> Panel {
    let PopulationCorrelations { name, coefficients, count_bin, .. } = population;
    let largest = coefficients.iter().fold(0.05_f64, |a, b| a.max(b.abs())).min(1.0);
    let edges = linear_edges(-largest, largest, 51);
    let heights = percentages(&histogram(coefficients, &edges));
    let y = Axis::from_zero("pairs (%)", heights.iter().copied());
    let mean = coefficients.iter().sum::<f64>() / coefficients.len().max(1) as f64;
    let marks = vec![
        Mark::new(&format!("mean {mean:.4}"), Ink::Blue, Shape::Bars { edges, heights }),
        Mark::new("", Ink::Grey, upright(0.0, y.range)),
    ];
    Panel {
        title: format!("{name}: {} pairs", label(coefficients.len() as f64, 0)),
        x: Axis::linear(&format!("correlation of counts in {} ms", label(*count_bin, 1)), [-largest, largest]),
        y,
        marks,
        ..Panel::default()
    }
}

fn correlogram(population: &PopulationCorrelations) -> Panel {
    let PopulationCorrelations { correlogram, lag_bin, .. } = population;
    let side = (correlogram.len() / 2) as f64;
    let points: Vec<_> =
        correlogram.iter().enumerate().map(|(place, &ratio)| [(place as f64 - side) * lag_bin, ratio]).collect();
    let ends = [-side * lag_bin, side * lag_bin];
    let independent = ends.map(|lag| [lag, 1.0]).to_vec();
    Panel {
        title: "pairs of spikes of different neurons".to_owned(),
        x: Axis::linear("lag (ms)", ends),
        y: Axis::from_zero("over independent", correlogram.iter().copied().filter(|r| r.is_finite()).chain([1.1])),
        marks: vec![
            Mark::new("", Ink::Blue, Shape::line(points)),
            Mark::new("", Ink::Grey, Shape::Line { points: independent, dash: Dash::Dashed }),
        ],
        ..Panel::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lags_are_about_zero_and_coefficients_within_their_axis() {
        let population = PopulationCorrelations {
            name: "cells".to_owned(),
            coefficients: vec![-0.4, 0.1, 0.3],
            count_bin: 10.0,
            correlogram: vec![1.0, 2.0, 5.0, 2.0, 1.0],
            lag_bin: 2.0,
        };
        let panels = &correlations(&[population]).rows[0].panels;
        let Shape::Bars { heights, .. } = &panels[0].marks[0].shape else { panic!() };
        assert!((heights.iter().sum::<f64>() - 100.0).abs() < 1e-9);
        let Shape::Line { points, .. } = &panels[1].marks[0].shape else { panic!() };
        assert_eq!((points[0], points[2]), ([-4.0, 1.0], [0.0, 5.0]));
    }
}
