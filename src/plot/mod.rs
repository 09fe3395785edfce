//! Figures: plain data in, SVG or PNG out.
//!
//! A [`Figure`] is a value: rows of [`Panel`]s, each with two [`Axis`] values, [`Shade`]s behind and [`Mark`]s in front.
//! One renderer draws it on either of two canvases, SVG and bitmap, so that both look the same; all labels are laid out
//! before anything is drawn, so that none is cut. [`gallery`] turns what was recorded into figures.
//!
//! ```
//! use apical::plot::{Axis, Figure, Ink, Mark, Panel, Shape};
//!
//! let points = (0..100).map(|i| f64::from(i) / 10.0).map(|t| [t, t.sin()]).collect();
//! let panel = Panel {
//!     x: Axis::linear("time (ms)", [0.0, 9.9]),
//!     y: Axis::linear("potential (dimensionless)", [-1.1, 1.1]),
//!     marks: vec![Mark::new("soma", Ink::Black, Shape::line(points))],
//!     ..Panel::default()
//! };
//! let figure = Figure { title: "One neuron".to_owned(), ..Figure::of(vec![vec![panel]]) };
//! assert!(figure.svg().contains("potential (dimensionless)"));
//! assert_eq!(figure.png()[1..4], *b"PNG");
//! ```
//!
//! The font, DejaVu Sans, is compiled in; an SVG keeps its text as text and names the font first. Colours are those of
//! Okabe and Ito (2008), Color Universal Design, which colour-blind people tell apart.

mod bitmap;
mod canvas;
mod figure;
mod font;
pub mod gallery;
mod layout;
mod legend;
mod marks;
mod place;
#[cfg(feature = "hdf5")]
pub mod recorded;
mod render;
mod spans;
mod spikes;
mod svg;
#[cfg(test)]
mod tests;
mod theme;
mod ticks;

pub use figure::{Axis, Caption, ColourBar, Dash, Dot, Figure, Mark, Panel, Row, Scale, Shade, Shape, SpanBar, Ticks};
pub use theme::{ColourMap, Ink, Theme};
pub(crate) use ticks::label;
