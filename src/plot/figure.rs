//! The description of a figure as plain data, independent of pixels.

use super::theme::{ColourMap, Ink, Theme};

/// A figure of some panels.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Written above all panels.
    pub title: String,
    /// Panels, row by row from the top.
    pub rows: Vec<Row>,
    /// Width and height [px].
    pub size: [u32; 2],
    /// Light or dark.
    pub theme: Theme,
}

/// Panels side by side.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Height of its plots relative to other rows.
    pub height: f64,
    /// From the left.
    pub panels: Vec<Panel>,
}

/// One plot with its axes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Panel {
    /// Written above it.
    pub title: String,
    /// Horizontal axis.
    pub x: Axis,
    /// Vertical axis.
    pub y: Axis,
    /// Ranges of x that are shaded: phases.
    pub shades: Vec<Shade>,
    /// Texts above ranges of x, written where there is room for all.
    pub captions: Vec<Caption>,
    /// What is drawn, in order.
    pub marks: Vec<Mark>,
    /// Scale of colours at its right.
    pub colours: Option<ColourBar>,
    /// Width over height of the plot, where pixels are to be square; none: as much as there is room for.
    pub aspect: Option<f64>,
}

/// An axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Axis {
    /// Quantity and unit.
    pub label: String,
    /// Values at its ends; the first may be the larger one.
    pub range: [f64; 2],
    /// Linear or logarithmic.
    pub scale: Scale,
    /// Where it is divided.
    pub ticks: Ticks,
}

/// How values are mapped to places.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// In proportion.
    #[default]
    Linear,
    /// Their logarithms in proportion; the range is above 0.
    Log,
}

/// Where an axis is divided.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Ticks {
    /// At round numbers.
    #[default]
    Round,
    /// At whole numbers.
    Whole,
    /// At round numbers, which are written at the panel below.
    Silent,
    /// At these values, by these names; as many of them as there is room for.
    Named(Vec<(f64, String)>),
    /// Nowhere.
    None,
}

/// A shaded range of x.
#[derive(Clone, Debug, PartialEq)]
pub struct Shade {
    /// From and to.
    pub range: [f64; 2],
    /// Written above it, or in the legend where there is no room; empty: not written.
    pub label: String,
    /// Its colour.
    pub ink: Ink,
}

/// A text above a range of x.
#[derive(Clone, Debug, PartialEq)]
pub struct Caption {
    /// From and to.
    pub range: [f64; 2],
    /// Variants of the text, longest first; the first that fits for all captions of the panel is written.
    pub texts: Vec<String>,
}

/// Something drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// Written in the legend; empty: not there.
    pub label: String,
    /// Its colour.
    pub ink: Ink,
    /// What it is.
    pub shape: Shape,
}

/// What can be drawn.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// A line through points, broken at NaN.
    Line {
        /// Points.
        points: Vec<[f64; 2]>,
        /// Solid or dashed.
        dash: Dash,
    },
    /// The area between two lines: an error band.
    Band {
        /// Lower line.
        low: Vec<[f64; 2]>,
        /// Upper line, over the same x.
        high: Vec<[f64; 2]>,
    },
    /// A sign at each point.
    Dots {
        /// Points.
        points: Vec<[f64; 2]>,
        /// The sign.
        dot: Dot,
    },
    /// Words, each centred on its place; words that would cover an earlier one are left out.
    Words {
        /// Places and what stands there.
        words: Vec<([f64; 2], String)>,
    },
    /// A raster: a short upright stroke at each (time, neuron).
    Spikes {
        /// Points.
        points: Vec<[f64; 2]>,
    },
    /// Light bars.
    Spans {
        /// One by one.
        spans: Vec<SpanBar>,
    },
    /// A histogram.
    Bars {
        /// Edges, ascending [n + 1].
        edges: Vec<f64>,
        /// Heights from 0 [n].
        heights: Vec<f64>,
    },
    /// Box plots: for each, its x and least value, quartile, median, quartile, greatest value.
    Boxes {
        /// One by one.
        boxes: Vec<(f64, [f64; 5])>,
        /// Width in units of x.
        width: f64,
    },
    /// A matrix as colours; NaN is not drawn.
    Image {
        /// x at the left and right, y at the top and bottom.
        within: [f64; 4],
        /// Number of columns.
        columns: usize,
        /// Values row by row from the top.
        values: Vec<f32>,
        /// Colours.
        map: ColourMap,
        /// Values at the ends of the map.
        range: [f64; 2],
        /// What stands in the cells, if anything, where there is room.
        numbers: Vec<String>,
    },
}

/// A bar over a range of x.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpanBar {
    /// From and to.
    pub x: [f64; 2],
    /// Its lower and upper edge.
    pub y: [f64; 2],
}

/// A solid or a dashed line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dash {
    /// Unbroken.
    Solid,
    /// Unbroken and heavy.
    Heavy,
    /// Broken.
    Dashed,
}

/// A sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dot {
    /// A disc.
    Circle,
    /// A square on its corner.
    Diamond,
    /// As small as can be seen: one of thousands.
    Point,
}

/// What the colours of a panel stand for.
#[derive(Clone, Debug, PartialEq)]
pub struct ColourBar {
    /// Quantity and unit.
    pub label: String,
    /// Colours.
    pub map: ColourMap,
    /// Values at its ends.
    pub range: [f64; 2],
}

impl Figure {
    /// Panels in rows of equal height, 1000 x 600 pixels, light.
    pub fn of(rows: Vec<Vec<Panel>>) -> Self {
        let rows = rows.into_iter().map(|panels| Row { height: 1.0, panels }).collect();
        Self { title: String::new(), rows, size: [1000, 600], theme: Theme::Light }
    }

    /// Number of spikes in all of its rasters.
    pub fn spikes(&self) -> usize {
        let marks = self.rows.iter().flat_map(|row| &row.panels).flat_map(|panel| &panel.marks);
        marks.map(|mark| if let Shape::Spikes { points } = &mark.shape { points.len() } else { 0 }).sum()
    }

    /// Number of bars in all of its rasters.
    pub(super) fn spans(&self) -> usize {
        let marks = self.rows.iter().flat_map(|row| &row.panels).flat_map(|panel| &panel.marks);
        marks.map(|mark| if let Shape::Spans { spans } = &mark.shape { spans.len() } else { 0 }).sum()
    }
}

impl Axis {
    /// A linear axis.
    pub fn linear(label: &str, range: [f64; 2]) -> Self {
        Self { label: label.to_owned(), range, ..Self::default() }
    }

    /// A linear axis from 0 to a little above the largest value, or to 1 if there is none.
    pub fn from_zero(label: &str, values: impl IntoIterator<Item = f64>) -> Self {
        let largest = values.into_iter().filter(|value| value.is_finite()).fold(0.0, f64::max);
        Self::linear(label, [0.0, if largest > 0.0 { 1.06 * largest } else { 1.0 }])
    }

    /// A linear axis a little beyond the values, from −1 to 1 if there is none.
    pub fn around(label: &str, values: impl IntoIterator<Item = f64>) -> Self {
        let finite = values.into_iter().filter(|value| value.is_finite());
        let [low, high] = finite.fold([f64::INFINITY, f64::NEG_INFINITY], |[l, h], v| [l.min(v), h.max(v)]);
        let range = match high - low {
            span if span > 0.0 => [low - 0.06 * span, high + 0.06 * span],
            0.0 => [low - 1.0, high + 1.0],
            _ => [-1.0, 1.0],
        };
        Self::linear(label, range)
    }

    /// The same axis, divided otherwise.
    #[must_use]
    pub fn ticks(self, ticks: Ticks) -> Self {
        Self { ticks, ..self }
    }

    /// The share of the way from its first to its second end at which a value stands.
    pub(super) fn share(&self, value: f64) -> f64 {
        let [from, to] = self.range;
        match self.scale {
            Scale::Linear => (value - from) / (to - from),
            Scale::Log => (value / from).ln() / (to / from).ln(),
        }
    }
}

impl Mark {
    /// A mark.
    pub fn new(label: &str, ink: Ink, shape: Shape) -> Self {
        Self { label: label.to_owned(), ink, shape }
    }
}

impl Shape {
    /// A solid line.
    pub fn line(points: Vec<[f64; 2]>) -> Self {
        Self::Line { points, dash: Dash::Solid }
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "these ranges are exact")]
mod tests {
    use super::*;

    #[test]
    fn an_axis_covers_its_values_and_survives_none() {
        assert_eq!(Axis::from_zero("", [0.0, 50.0, f64::NAN]).range, [0.0, 53.0]);
        assert_eq!(Axis::from_zero("", []).range, [0.0, 1.0]);
        assert_eq!(Axis::around("", [0.0, 100.0]).range, [-6.0, 106.0]);
        assert_eq!((Axis::around("", [3.0]).range, Axis::around("", []).range), ([2.0, 4.0], [-1.0, 1.0]));
    }

    #[test]
    fn a_logarithmic_axis_puts_ten_between_one_and_a_hundred() {
        let axis = Axis { scale: Scale::Log, ..Axis::linear("", [1.0, 100.0]) };
        assert!((axis.share(10.0) - 0.5).abs() < 1e-12);
        assert_eq!(Axis::linear("", [10.0, 0.0]).share(7.5), 0.25);
    }
}
