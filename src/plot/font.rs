//! The compiled-in font: sizes and widths of text, and outlines of letters.

use std::sync::LazyLock;

use tiny_skia::PathBuilder;
use ttf_parser::{Face, OutlineBuilder};

/// Families an SVG asks for: ours first, then one of nearly the same widths.
pub(super) const FAMILIES: &str = "DejaVu Sans, Verdana, sans-serif";

/// Height of capitals and digits, in units of the font size.
pub(super) const CAPITALS: f64 = 0.73;

/// Size of ticks, legends and names of phases, in units of the font size (that of axes and titles of panels).
pub(super) const SMALL: f64 = 0.88;

/// Size of the title of a figure, in units of the font size.
pub(super) const TITLE: f64 = 1.15;

/// Height of a line of the title of a figure, in units of the font size.
pub(super) const LINE: f64 = 1.6;

static FACE: LazyLock<Face<'static>> = LazyLock::new(|| {
    Face::parse(include_bytes!("font/DejaVuSans.ttf"), 0).expect("the font compiled in is whole, as a test shows")
});

/// Width of a text at a size [px].
pub(super) fn width(text: &str, size: f64) -> f64 {
    text.chars().map(|letter| advance(letter) * size).sum()
}

/// The text, or as much of its beginning as fits in front of an ellipsis.
pub(super) fn fitted(text: &str, size: f64, room: f64) -> String {
    // Type may have been chosen to fill the room, to the last bit or one beyond.
    if width(text, size) <= room + 1e-6 {
        return text.to_owned();
    }
    let mut kept = text.to_owned();
    while !kept.is_empty() && width(&kept, size) + width("…", size) > room {
        kept.pop();
    }
    kept.trim_end().to_owned() + "…"
}

/// The outlines of a text whose baseline starts at the origin.
pub(super) fn outlines(text: &str, size: f64) -> Option<tiny_skia::Path> {
    let scale = (size / f64::from(FACE.units_per_em())) as f32;
    let mut pen = OutlinePen { path: PathBuilder::new(), scale, x: 0.0 };
    for letter in text.chars() {
        FACE.outline_glyph(glyph(letter), &mut pen);
        pen.x += (advance(letter) * size) as f32;
    }
    pen.path.finish()
}

/// The letter, or the sign for one that is not there.
fn glyph(letter: char) -> ttf_parser::GlyphId {
    FACE.glyph_index(letter).unwrap_or_default()
}

/// Width of a letter over the size of the type.
fn advance(letter: char) -> f64 {
    f64::from(FACE.glyph_hor_advance(glyph(letter)).unwrap_or(0)) / f64::from(FACE.units_per_em())
}

/// Takes outlines in the units of the font, y upwards.
struct OutlinePen {
    path: PathBuilder,
    scale: f32,
    x: f32,
}

impl OutlinePen {
    fn at(&self, x: f32, y: f32) -> (f32, f32) {
        (self.x + x * self.scale, -y * self.scale)
    }
}

impl OutlineBuilder for OutlinePen {
    fn move_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let ((x1, y1), (x, y)) = (self.at(x1, y1), self.at(x, y));
        self.path.quad_to(x1, y1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let ((x1, y1), (x2, y2), (x, y)) = (self.at(x1, y1), self.at(x2, y2), self.at(x, y));
        self.path.cubic_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.path.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sign_of_the_figures_is_in_the_font() {
        let signs = "AZaz09 .,:;()[]%/+-−×±≤≥≈→αβγφτμσΔΣ²³¹⁻₀–—…′°";
        let missing: String = signs.chars().filter(|&sign| FACE.glyph_index(sign).is_none()).collect();
        assert_eq!(missing, "");
        let tallest = FACE.glyph_bounding_box(glyph('H')).unwrap().y_max;
        let capitals = f64::from(tallest) / f64::from(FACE.units_per_em());
        assert!((capitals - CAPITALS).abs() < 0.01, "{capitals}");
    }

    #[test]
    fn outlines_are_as_wide_as_computed() {
        let bounds = outlines("milliseconds", 100.0).unwrap().bounds();
        let expected = width("milliseconds", 100.0);
        assert!((f64::from(bounds.width()) - expected).abs() < 0.05 * expected, "{bounds:?} {expected}");
        assert!(bounds.top() < -70.0 && bounds.bottom() < 5.0, "letters stand on the baseline: {bounds:?}");
    }

    #[test]
    fn a_text_too_long_ends_in_an_ellipsis_within_its_room() {
        assert_eq!(fitted("short", 10.0, 100.0), "short");
        let cut = fitted("a rather long title", 10.0, 60.0);
        assert!(cut.ends_with('…') && cut.len() > 5 && width(&cut, 10.0) <= 60.0, "{cut}");
    }
}
