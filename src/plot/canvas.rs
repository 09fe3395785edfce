//! What a renderer draws on. Lengths are in pixels, y downwards.

use super::theme::Colour;

/// A place.
pub(super) type Position = [f64; 2];

/// A rectangle by its upper left corner and size.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Rect {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) w: f64,
    pub(super) h: f64,
}

/// How a line is drawn; `dash` is the length of dashes and gaps, none for a solid line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pen {
    pub(super) colour: Colour,
    pub(super) width: f64,
    pub(super) dash: Option<f64>,
}

/// Which point of a text stands at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// How a text is set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Type {
    pub(super) size: f64,
    pub(super) colour: Colour,
    pub(super) anchor: Anchor,
    /// Whether it reads upwards.
    pub(super) upwards: bool,
}

/// A picture, row by row from the top, straight alpha: [height, width].
#[derive(Clone, Debug)]
pub(super) struct Pixels {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) rgba: Vec<[u8; 4]>,
}

/// A surface to draw on. `class` is written to SVG files, for readers of these.
pub(super) trait Canvas {
    /// Draws lines, each through its points.
    fn stroke(&mut self, class: &str, lines: &[Vec<Position>], pen: &Pen);
    /// Fills polygons.
    fn fill(&mut self, class: &str, polygons: &[Vec<Position>], colour: Colour);
    /// Sets a text with its baseline at a place.
    fn text(&mut self, text: &str, at: Position, style: &Type);
    /// Puts a picture into a rectangle, its pixels as squares.
    fn image(&mut self, class: &str, within: Rect, pixels: &Pixels);
    /// Limits drawing to a rectangle, until the next call; `None`: no limit.
    fn clip(&mut self, to: Option<Rect>);
}

impl Rect {
    pub(super) fn right(&self) -> f64 {
        self.x + self.w
    }

    pub(super) fn bottom(&self) -> f64 {
        self.y + self.h
    }

    /// Whether it shares more than an edge with another.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        self.x < other.right() && other.x < self.right() && self.y < other.bottom() && other.y < self.bottom()
    }

    /// Its corners.
    pub(super) fn corners(&self) -> Vec<Position> {
        vec![[self.x, self.y], [self.right(), self.y], [self.right(), self.bottom()], [self.x, self.bottom()]]
    }

    /// Its outline, closed.
    pub(super) fn outline(&self) -> Vec<Position> {
        let mut corners = self.corners();
        corners.push([self.x, self.y]);
        corners
    }
}

impl Pixels {
    /// The file format PNG.
    pub(super) fn png(&self) -> Vec<u8> {
        let size = tiny_skia::IntSize::from_wh(self.width as u32, self.height as u32);
        let bytes = self.rgba.iter().flat_map(|&[r, g, b, a]| {
            let pixel = tiny_skia::ColorU8::from_rgba(r, g, b, a).premultiply();
            [pixel.red(), pixel.green(), pixel.blue(), pixel.alpha()]
        });
        let pixmap = size.and_then(|size| tiny_skia::Pixmap::from_vec(bytes.collect(), size));
        pixmap.and_then(|pixmap| pixmap.encode_png().ok()).unwrap_or_default()
    }
}
