//! Where marks are drawn, and how wide lines are.

use super::canvas::{Pen, Position, Rect};
use super::figure::{Axis, Dash};
use super::theme::{Ink, Theme};

/// A plot with its axes, on which marks are drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) plot: Rect,
    pub(super) x: &'a Axis,
    pub(super) y: &'a Axis,
    /// Font size [px].
    pub(super) f: f64,
    pub(super) theme: Theme,
    /// Pixels of a bitmap per pixel of the figure, where rasters are drawn as one.
    pub(super) bitmap: Option<f64>,
}

impl Place<'_> {
    /// The position of a point of the data [px].
    pub(super) fn at(&self, [x, y]: [f64; 2]) -> Position {
        [self.plot.x + self.x.share(x) * self.plot.w, self.plot.bottom() - self.y.share(y) * self.plot.h]
    }

    /// The positions of points of the data [px].
    pub(super) fn all(&self, points: &[[f64; 2]]) -> Vec<Position> {
        points.iter().map(|&point| self.at(point)).collect()
    }
}

/// Width of a heavy line at font size `f` [px].
pub(super) fn heavy(f: f64) -> f64 {
    0.17 * f
}

/// The pen of a line.
pub(super) fn pen(theme: Theme, ink: Ink, dash: Dash, f: f64) -> Pen {
    let width = if dash == Dash::Heavy { heavy(f) } else { 0.1 * f };
    Pen { colour: theme.ink(ink), width, dash: (dash == Dash::Dashed).then_some(0.4 * f) }
}
