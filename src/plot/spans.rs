//! Draws bars in the rows of rasters: one path, or a bitmap where spikes are one.

use super::canvas::{Canvas, Pixels, Rect};
use super::figure::SpanBar;
use super::place::Place;
use super::theme::{Colour, Ink};

/// Least width and height of a bar [px].
const LEAST: f64 = 0.8;

/// Draws bars.
pub(super) fn draw(spans: &[SpanBar], ink: Ink, place: &Place<'_>, canvas: &mut impl Canvas) {
    let bars: Vec<_> = spans.iter().map(|span| bar(span, place)).collect();
    let colour = place.theme.span(ink);
    match place.bitmap {
        None => canvas.fill("spans", &bars.iter().map(Rect::corners).collect::<Vec<_>>(), colour),
        Some(resolution) => canvas.image("spans", place.plot, &bitmap(&bars, colour, place.plot, resolution)),
    }
}

/// A bar, as far as it lies between the ends of the horizontal axis, and wide and high enough to be seen.
fn bar(span: &SpanBar, place: &Place<'_>) -> Rect {
    let plot = place.plot;
    let [from, to] = span.x.map(|x| plot.x + place.x.share(x).clamp(0.0, 1.0) * plot.w);
    let [low, high] = span.y.map(|y| plot.bottom() - place.y.share(y) * plot.h);
    let height = (low - high).max(LEAST);
    Rect { x: from, y: 0.5 * (low + high - height), w: (to - from).max(LEAST), h: height }
}

/// The pixels that a bar covers in part.
fn bitmap(bars: &[Rect], colour: Colour, plot: Rect, resolution: f64) -> Pixels {
    let [width, height] = [plot.w, plot.h].map(|side| (side * resolution).ceil().max(1.0) as usize);
    let (sx, sy) = (width as f64 / plot.w, height as f64 / plot.h);
    let [r, g, b] = colour.rgb;
    let mut rgba = vec![[0; 4]; width * height];
    // Its first pixel and the one after its last.
    let covered = |from: f64, to: f64, count: usize| {
        let first = (from.floor().max(0.0) as usize).min(count - 1);
        first..(to.round().max(0.0) as usize).clamp(first + 1, count)
    };
    for bar in bars {
        let columns = covered((bar.x - plot.x) * sx, (bar.right() - plot.x) * sx, width);
        for row in covered((bar.y - plot.y) * sy, (bar.bottom() - plot.y) * sy, height) {
            rgba[row * width..][columns.clone()].fill([r, g, b, (255.0 * colour.alpha).round() as u8]);
        }
    }
    Pixels { width, height, rgba }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bar_is_in_the_bitmap_even_at_its_edges() {
        let plot = Rect { x: 10.0, y: 20.0, w: 40.0, h: 30.0 };
        let colour = Colour { rgb: [1, 2, 3], alpha: 0.5 };
        let count = |bar| {
            let found = bitmap(&[bar], colour, plot, 1.0);
            found.rgba.iter().filter(|pixel| **pixel == [1, 2, 3, 128]).count()
        };
        assert_eq!(count(Rect { x: 12.0, y: 25.0, w: 8.0, h: 2.0 }), 16);
        assert_eq!(count(Rect { x: 49.9, y: 49.9, w: 0.1, h: 0.1 }), 1);
        assert_eq!(count(Rect { x: 50.0, y: 50.0, w: 0.8, h: 0.8 }), 1);
        assert_eq!(count(Rect { x: 10.0, y: 19.8, w: 40.0, h: 0.8 }), 40);
    }
}
