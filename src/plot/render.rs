//! Draws a figure on a canvas.

use super::bitmap::Bitmap;
use super::canvas::{Anchor, Canvas, Pen, Rect, Type};
use super::figure::{ColourBar, Figure, Shape};
use super::font;
use super::font::{LINE, SMALL, TITLE};
use super::layout::{Placed, layout};
use super::marks;
use super::place::Place;
use super::svg::Svg;
use super::theme::{ColourMap, Ink, Theme};

impl Figure {
    /// The SVG file.
    pub fn svg(&self) -> String {
        let mut canvas = Svg::new(self.size, &self.title);
        draw(self, &mut canvas);
        canvas.finish()
    }

    /// The PNG file.
    ///
    /// # Panics
    /// If a side is 0 or above 16,384 pixels.
    pub fn png(&self) -> Vec<u8> {
        let mut canvas = Bitmap::new(self.size);
        draw(self, &mut canvas);
        canvas.finish()
    }
}

/// Draws a figure.
fn draw(figure: &Figure, canvas: &mut impl Canvas) {
    let [w, h] = figure.size.map(f64::from);
    let all = Rect { x: 0.0, y: 0.0, w, h };
    canvas.fill("background", &[all.corners()], figure.theme.background());
    let layout = layout(figure);
    let f = layout.f;
    let style = Type { size: TITLE * f, colour: figure.theme.ink(Ink::Black), anchor: Anchor::Middle, upwards: false };
    for (line, text) in layout.title.iter().enumerate() {
        canvas.text(text, [0.5 * w, (1.5 + LINE * line as f64) * f], &style);
    }
    for placed in &layout.panels {
        let (x, y) = (&placed.panel.x, &placed.panel.y);
        let place = Place { plot: placed.plot, x, y, f, theme: figure.theme, bitmap: layout.bitmap };
        panel(placed, &place, canvas);
    }
}

/// Draws a panel: shades and grid, marks, axes, header, colours.
fn panel(placed: &Placed<'_>, place: &Place<'_>, canvas: &mut impl Canvas) {
    let panel = placed.panel;
    if panel.shades_drawn(place.plot.w) {
        shades(placed, place, canvas);
    }
    let pictured = panel.marks.iter().any(|mark| matches!(mark.shape, Shape::Image { .. }));
    if !pictured {
        grid(placed, place, canvas);
    }
    for mark in &panel.marks {
        // A sign on the edge of a plot is drawn in full.
        let clip = (!matches!(mark.shape, Shape::Dots { .. })).then_some(place.plot);
        canvas.clip(clip);
        marks::draw(mark, place, canvas);
    }
    canvas.clip(None);
    axes(placed, place, canvas);
    placed.header.draw(panel, place, canvas);
    if let Some(bar) = &panel.colours {
        colours(bar, placed, place, canvas);
    }
}

fn shades(placed: &Placed<'_>, place: &Place<'_>, canvas: &mut impl Canvas) {
    let plot = place.plot;
    let mut inks: Vec<Ink> = Vec::new();
    for shade in &placed.panel.shades {
        if !inks.contains(&shade.ink) {
            inks.push(shade.ink);
        }
    }
    for ink in inks {
        let alike = placed.panel.shades.iter().filter(|shade| shade.ink == ink);
        let areas = alike.map(|shade| {
            let [from, to] = shade.range.map(|x| place.x.share(x).clamp(0.0, 1.0));
            Rect { x: plot.x + from * plot.w, w: (to - from) * plot.w, ..plot }.corners()
        });
        canvas.fill("shade", &areas.collect::<Vec<_>>(), place.theme.shade(ink));
    }
}

fn grid(placed: &Placed<'_>, place: &Place<'_>, canvas: &mut impl Canvas) {
    let plot = place.plot;
    let across = placed.y_ticks.iter().map(|(value, _)| {
        let y = plot.bottom() - place.y.share(*value) * plot.h;
        vec![[plot.x, y], [plot.right(), y]]
    });
    let pen = Pen { colour: place.theme.grid(), width: 0.06 * place.f, dash: None };
    canvas.stroke("grid", &across.collect::<Vec<_>>(), &pen);
}

/// Draws both axes with ticks, numbers and labels.
fn axes(placed: &Placed<'_>, place: &Place<'_>, canvas: &mut impl Canvas) {
    let (plot, f, theme) = (place.plot, place.f, place.theme);
    let black = theme.ink(Ink::Black);
    let small = Type { size: SMALL * f, colour: black, anchor: Anchor::Middle, upwards: false };
    let mut lines = vec![vec![[plot.x, plot.y], [plot.x, plot.bottom()], [plot.right(), plot.bottom()]]];
    let reach = |label: &str| if label.is_empty() { 0.2 * f } else { 0.35 * f };
    for (value, label) in &placed.x_ticks {
        let x = plot.x + place.x.share(*value) * plot.w;
        lines.push(vec![[x, plot.bottom()], [x, plot.bottom() + reach(label)]]);
        canvas.text(label, [x, plot.bottom() + 1.35 * f], &small);
    }
    for (value, label) in &placed.y_ticks {
        let y = plot.bottom() - place.y.share(*value) * plot.h;
        lines.push(vec![[plot.x, y], [plot.x - reach(label), y]]);
        let baseline = y + 0.5 * font::CAPITALS * small.size;
        canvas.text(label, [plot.x - 0.55 * f, baseline], &Type { anchor: Anchor::End, ..small });
    }
    canvas.stroke("axes", &lines, &Pen { colour: theme.ink(Ink::Grey), width: 0.08 * f, dash: None });
    let large = Type { size: f, ..small };
    if !place.x.label.is_empty() {
        let ticked = placed.x_ticks.iter().any(|(_, label)| !label.is_empty());
        let baseline = plot.bottom() + if ticked { 2.7 * f } else { 1.5 * f };
        canvas.text(&font::fitted(&place.x.label, f, plot.w.max(8.0 * f)), [plot.x + 0.5 * plot.w, baseline], &large);
    }
    upwards(&place.y.label, plot.x - placed.y_label - 0.3 * f, place, canvas);
}

/// Writes a label upwards beside a plot; smaller, without its unit or cut if the plot is low.
fn upwards(label: &str, x: f64, place: &Place<'_>, canvas: &mut impl Canvas) {
    if label.is_empty() {
        return;
    }
    let (plot, f) = (place.plot, place.f);
    let room = plot.h + 0.8 * f;
    let fits = |label: &&str| font::width(label, 0.75 * f) <= room;
    let quantity = label.split(" (").next().unwrap_or(label);
    let label = Some(label).filter(fits).unwrap_or(quantity);
    let size = (f * room / font::width(label, f)).clamp(0.75 * f, f);
    let style = Type { size, colour: place.theme.ink(Ink::Black), anchor: Anchor::Middle, upwards: true };
    canvas.text(&font::fitted(label, size, room), [x, plot.y + 0.5 * plot.h], &style);
}

/// Draws what the colours of a panel stand for.
fn colours(bar: &ColourBar, placed: &Placed<'_>, place: &Place<'_>, canvas: &mut impl Canvas) {
    let (plot, f, theme) = (place.plot, place.f, place.theme);
    let whole = Rect { x: plot.right() + 0.7 * f, w: 0.8 * f, ..plot };
    ramp(bar.map, whole, theme, canvas);
    canvas.stroke("axes", &[whole.outline()], &Pen { colour: theme.ink(Ink::Grey), width: 0.06 * f, dash: None });
    let size = SMALL * f;
    let style = Type { size, colour: theme.ink(Ink::Black), anchor: Anchor::Start, upwards: false };
    let mut widest = 0.0_f64;
    for (value, label) in &placed.colour_ticks {
        let y = whole.bottom() - (value - bar.range[0]) / (bar.range[1] - bar.range[0]) * whole.h;
        canvas.text(label, [whole.right() + 0.4 * f, y + 0.5 * font::CAPITALS * size], &style);
        widest = widest.max(font::width(label, size));
    }
    upwards(&bar.label, whole.right() + 0.4 * f + widest + 1.4 * f, place, canvas);
}

/// Shades a bar from the lowest colour at its bottom to the highest at its top.
fn ramp(map: ColourMap, whole: Rect, theme: Theme, canvas: &mut impl Canvas) {
    const STEPS: usize = 64;
    let h = whole.h / STEPS as f64;
    for step in 0..STEPS {
        let y = whole.bottom() - (step + 1) as f64 * h;
        // A little over the next one: no seams.
        let slice = Rect { y, h: if step == 0 { h } else { 1.3 * h }, ..whole };
        canvas.fill("ramp", &[slice.corners()], theme.mapped(map, (step as f64 + 0.5) / STEPS as f64));
    }
}
