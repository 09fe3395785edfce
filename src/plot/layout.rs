//! Computes the places of panels, axes and titles before anything is drawn.

use super::canvas::Rect;
use super::figure::{Axis, Figure, Panel};
use super::font::{LINE, SMALL, TITLE};
use super::legend::Header;
use super::ticks::{Tick, ticks};
use super::{font, spikes};

/// A panel with the place of its plot, its ticks and its header.
pub(super) struct Placed<'a> {
    pub(super) panel: &'a Panel,
    pub(super) plot: Rect,
    pub(super) header: Header,
    pub(super) x_ticks: Vec<Tick>,
    pub(super) y_ticks: Vec<Tick>,
    pub(super) colour_ticks: Vec<Tick>,
    /// Distance of the vertical axis's label from the plot [px].
    pub(super) y_label: f64,
}

/// A figure with the places of its panels.
pub(super) struct FigureLayout<'a> {
    /// Font size [px].
    pub(super) f: f64,
    /// The lines of the title.
    pub(super) title: Vec<String>,
    pub(super) panels: Vec<Placed<'a>>,
    /// Pixels of a bitmap per pixel of the figure, where rasters are drawn as one.
    pub(super) bitmap: Option<f64>,
}

/// Margins of a panel around its plot [px].
#[derive(Clone, Copy, Debug, Default)]
struct Margins {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

impl Figure {
    /// Whether its size leaves room for plots beside titles, axes and legends; else some are cut.
    pub fn has_room(&self) -> bool {
        let layout = layout(self);
        layout.panels.iter().all(|placed| placed.plot.w >= 8.0 * layout.f && placed.plot.h >= 1.5 * layout.f)
    }
}

impl Panel {
    /// Whether its shades can be told apart on a plot of some width [px].
    pub(super) fn shades_drawn(&self, width: f64) -> bool {
        let covered: f64 =
            self.shades.iter().map(|s| (self.x.share(s.range[1]) - self.x.share(s.range[0])).abs()).sum();
        !self.shades.is_empty() && covered * width / self.shades.len() as f64 > 3.0
    }
}

/// Places all panels.
pub(super) fn layout(figure: &Figure) -> FigureLayout<'_> {
    let [width, height] = figure.size.map(f64::from);
    // The font grows with the square root of the figure's size.
    let f = (12.5 * (width.min(1.6 * height) / 800.0).sqrt()).clamp(7.0, 30.0);
    let title = title(&figure.title, TITLE * f, width - f);
    let above = (0.5 + LINE * title.len() as f64) * f;
    let below = Rect { x: 0.0, y: above, w: width, h: height - above };
    // Labels determine the width of plots, which determines their height, which determines the labels: two rounds suffice.
    let mut heights = vec![0.6 * below.h / figure.rows.len().max(1) as f64; figure.rows.len()];
    let mut panels = Vec::new();
    for _ in 0..2 {
        panels = place(figure, below, f, &mut heights);
    }
    let rastered: f64 = panels.iter().filter(|p| has_spikes(p.panel)).map(|p| p.plot.w * p.plot.h).sum();
    let bitmap =
        (figure.spikes() + figure.spans() > spikes::STROKES).then(|| (spikes::PIXELS / rastered).sqrt().min(1.0));
    FigureLayout { f, title, panels, bitmap }
}

/// Breaks a title into lines after commas where it does not fit.
fn title(text: &str, size: f64, room: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in text.split_inclusive(", ").filter(|part| !part.is_empty()) {
        match lines.last_mut() {
            Some(line) if font::width(&format!("{line}{part}"), size) <= room => line.push_str(part),
            _ => lines.push(part.to_owned()),
        }
    }
    lines.iter().map(|line| font::fitted(line.trim_end(), size, room)).collect()
}

fn has_spikes(panel: &Panel) -> bool {
    panel.marks.iter().any(|mark| matches!(mark.shape, super::Shape::Spikes { .. }))
}

/// Places all panels, given estimates of the heights of their plots, which are updated.
fn place<'a>(figure: &'a Figure, within: Rect, f: f64, heights: &mut [f64]) -> Vec<Placed<'a>> {
    let mut rows: Vec<Vec<(Placed<'a>, Margins)>> = Vec::new();
    for (row, height) in figure.rows.iter().zip(heights.iter()) {
        let cell = within.w / row.panels.len().max(1) as f64;
        rows.push(row.panels.iter().map(|panel| sized(panel, cell, *height, f)).collect());
    }
    align(&mut rows);
    let mut fixed = Vec::new();
    for ((row, drawn), height) in rows.iter_mut().zip(&figure.rows).zip(heights.iter()) {
        let cell = within.w / drawn.panels.len().max(1) as f64;
        for (i, (placed, margins)) in row.iter_mut().enumerate() {
            placed.plot.x = within.x + i as f64 * cell + margins.left;
            placed.plot.w = (cell - margins.left - margins.right).max(1.0);
            let width = placed.panel.aspect.map_or(placed.plot.w, |aspect| placed.plot.w.min(aspect * height));
            placed.x_ticks = x_ticks(placed.panel, width, f);
            placed.header = Header::new(placed.panel, width, f);
            margins.top = placed.header.height();
            margins.bottom = bottom(&placed.panel.x, &placed.x_ticks, f);
        }
        let largest = |of: fn(&Margins) -> f64| row.iter().map(|(_, m)| of(m)).fold(0.0, f64::max);
        fixed.push((largest(|m| m.top), largest(|m| m.bottom) + 0.6 * f));
    }
    let taken: f64 = fixed.iter().map(|(top, bottom)| top + bottom).sum();
    let shares: f64 = figure.rows.iter().map(|row| row.height).sum();
    let mut y = within.y;
    for (((row, drawn), (top, bottom)), height) in rows.iter_mut().zip(&figure.rows).zip(fixed).zip(heights) {
        *height = ((within.h - taken) * drawn.height / shares).max(1.0);
        for (placed, _) in row.iter_mut() {
            placed.plot.y = y + top;
            placed.plot.h = *height;
            keep_aspect(placed);
        }
        y += top + *height + bottom;
    }
    rows.into_iter().flatten().map(|(placed, _)| placed).collect()
}

/// A panel with the ticks and margins of a plot of about this size.
fn sized(panel: &Panel, cell: f64, height: f64, f: f64) -> (Placed<'_>, Margins) {
    let small = SMALL * f;
    let widest = |ticks: &[Tick]| ticks.iter().map(|(_, label)| font::width(label, small)).fold(0.0, f64::max);
    let y_ticks = ticks(&panel.y, height, |_| 1.8 * f);
    let named = |label: &str| if label.is_empty() { 0.3 * f } else { 1.7 * f };
    let y_label = widest(&y_ticks) + if y_ticks.is_empty() { 0.3 * f } else { 0.9 * f };
    let x_ticks = x_ticks(panel, 0.75 * cell, f);
    let beyond = x_ticks.last().map_or(0.0, |(_, label)| 0.5 * font::width(label, small));
    let mut right = f.max(beyond + 0.4 * f);
    let mut colour_ticks = Vec::new();
    if let Some(bar) = &panel.colours {
        colour_ticks = ticks(&Axis::linear("", bar.range), height, |_| 1.8 * f);
        right = 1.9 * f + widest(&colour_ticks) + 0.6 * f + named(&bar.label);
    }
    let margins = Margins { left: y_label + named(&panel.y.label), right, ..Margins::default() };
    let (plot, header) = (Rect::default(), Header::default());
    (Placed { panel, plot, header, x_ticks, y_ticks, colour_ticks, y_label }, margins)
}

/// Makes the plots of one column equally wide.
fn align(rows: &mut [Vec<(Placed<'_>, Margins)>]) {
    for count in rows.iter().map(Vec::len).collect::<Vec<_>>() {
        for column in 0..count {
            let alike = || rows.iter().filter(|row| row.len() == count).map(|row| row[column].1);
            let left = alike().map(|m| m.left).fold(0.0, f64::max);
            let right = alike().map(|m| m.right).fold(0.0, f64::max);
            for row in rows.iter_mut().filter(|row| row.len() == count) {
                (row[column].1.left, row[column].1.right) = (left, right);
            }
        }
    }
}

fn x_ticks(panel: &Panel, width: f64, f: f64) -> Vec<Tick> {
    ticks(&panel.x, width, |label| font::width(label, SMALL * f) + 0.9 * f)
}

/// Room below a plot [px].
fn bottom(axis: &Axis, ticks: &[Tick], f: f64) -> f64 {
    let ticked = ticks.iter().any(|(_, label)| !label.is_empty());
    let named = !axis.label.is_empty();
    (if ticked { 1.6 * f } else { 0.4 * f }) + if named { 1.4 * f } else { 0.0 }
}

/// Shrinks a plot to its aspect ratio, centred in its place.
fn keep_aspect(placed: &mut Placed<'_>) {
    let Some(aspect) = placed.panel.aspect else { return };
    let plot = &mut placed.plot;
    let (w, h) = (plot.w.min(aspect * plot.h), plot.h.min(plot.w / aspect));
    plot.x += 0.5 * (plot.w - w);
    plot.y += 0.5 * (plot.h - h);
    (plot.w, plot.h) = (w, h);
}
