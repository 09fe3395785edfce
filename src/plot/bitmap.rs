//! The bitmap canvas.

use tiny_skia::{
    Color, FillRule, FilterQuality, LineJoin, Mask, Paint, PathBuilder, Pixmap, PixmapPaint, Shader, Stroke,
    StrokeDash, Transform,
};

use super::canvas::{Anchor, Canvas, Pen, Pixels, Position, Rect, Type};
use super::font;
use super::theme::Colour;

/// A picture that grows.
#[derive(Debug)]
pub(super) struct Bitmap {
    pixmap: Pixmap,
    mask: Option<Mask>,
}

impl Bitmap {
    /// # Panics
    /// If a side is 0 or above 16,384 pixels.
    pub(super) fn new([width, height]: [u32; 2]) -> Self {
        assert!(width.max(height) <= 16_384, "{width} x {height} pixels");
        Self { pixmap: Pixmap::new(width, height).expect("sides above 0"), mask: None }
    }

    /// The file format PNG.
    pub(super) fn finish(self) -> Vec<u8> {
        // To memory, which does not fail.
        self.pixmap.encode_png().unwrap_or_default()
    }
}

impl Canvas for Bitmap {
    fn stroke(&mut self, _: &str, lines: &[Vec<Position>], pen: &Pen) {
        let Some(path) = path(lines, false) else { return };
        let dash = pen.dash.and_then(|dash| StrokeDash::new(vec![dash as f32; 2], 0.0));
        let stroke = Stroke { width: pen.width as f32, dash, line_join: LineJoin::Round, ..Stroke::default() };
        self.pixmap.stroke_path(&path, &paint(pen.colour), &stroke, Transform::identity(), self.mask.as_ref());
    }

    fn fill(&mut self, _: &str, polygons: &[Vec<Position>], colour: Colour) {
        let Some(path) = path(polygons, true) else { return };
        let rule = FillRule::Winding;
        self.pixmap.fill_path(&path, &paint(colour), rule, Transform::identity(), self.mask.as_ref());
    }

    fn text(&mut self, text: &str, [x, y]: Position, style: &Type) {
        let Some(path) = font::outlines(text, style.size) else { return };
        let before = match style.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => 0.5 * font::width(text, style.size),
            Anchor::End => font::width(text, style.size),
        };
        let turn = Transform::from_rotate(if style.upwards { -90.0 } else { 0.0 });
        let place = turn.pre_translate(-before as f32, 0.0).post_translate(x as f32, y as f32);
        self.pixmap.fill_path(&path, &paint(style.colour), FillRule::Winding, place, self.mask.as_ref());
    }

    fn image(&mut self, _: &str, within: Rect, pixels: &Pixels) {
        let Ok(picture) = Pixmap::decode_png(&pixels.png()) else { return };
        let (sx, sy) = (within.w / pixels.width as f64, within.h / pixels.height as f64);
        let place = Transform::from_scale(sx as f32, sy as f32).post_translate(within.x as f32, within.y as f32);
        // Larger pixels stay squares; smaller ones are averaged.
        let quality = if sx.min(sy) < 0.9 { FilterQuality::Bilinear } else { FilterQuality::Nearest };
        let paint = PixmapPaint { quality, ..PixmapPaint::default() };
        self.pixmap.draw_pixmap(0, 0, picture.as_ref(), &paint, place, self.mask.as_ref());
    }

    fn clip(&mut self, to: Option<Rect>) {
        self.mask = to.and_then(|to| {
            let mut mask = Mask::new(self.pixmap.width(), self.pixmap.height())?;
            mask.fill_path(&path(&[to.corners()], true)?, FillRule::Winding, true, Transform::identity());
            Some(mask)
        });
    }
}

fn path(lines: &[Vec<Position>], closed: bool) -> Option<tiny_skia::Path> {
    let mut path = PathBuilder::new();
    for line in lines {
        for (i, &[x, y]) in line.iter().enumerate() {
            if i == 0 { path.move_to(x as f32, y as f32) } else { path.line_to(x as f32, y as f32) }
        }
        if closed && !line.is_empty() {
            path.close();
        }
    }
    path.finish()
}

fn paint(Colour { rgb: [r, g, b], alpha }: Colour) -> Paint<'static> {
    let colour = Color::from_rgba8(r, g, b, (255.0 * alpha).round() as u8);
    Paint { shader: Shader::SolidColor(colour), anti_alias: true, ..Paint::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RED: Colour = Colour { rgb: [255, 0, 0], alpha: 1.0 };

    fn coloured(canvas: &Bitmap) -> Vec<(u32, u32)> {
        let (width, height) = (canvas.pixmap.width(), canvas.pixmap.height());
        let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        places.filter(|&(x, y)| canvas.pixmap.pixel(x, y).unwrap().alpha() > 0).collect()
    }

    #[test]
    fn nothing_is_drawn_outside_of_the_clip() {
        let mut canvas = Bitmap::new([10, 10]);
        canvas.clip(Some(Rect { x: 2.0, y: 3.0, w: 2.0, h: 1.0 }));
        canvas.fill("", &[Rect { x: 0.0, y: 0.0, w: 10.0, h: 10.0 }.corners()], RED);
        assert_eq!(coloured(&canvas), [(2, 3), (3, 3)]);
        canvas.clip(None);
        canvas.fill("", &[Rect { x: 9.0, y: 9.0, w: 1.0, h: 1.0 }.corners()], RED);
        assert_eq!(coloured(&canvas).len(), 3);
    }

    #[test]
    fn text_lies_where_its_anchor_says() {
        let style = |anchor, upwards| Type { size: 10.0, colour: RED, anchor, upwards };
        let width = font::width("HHH", 10.0);
        let reach = |style: &Type| {
            let mut canvas = Bitmap::new([100, 100]);
            canvas.text("HHH", [50.0, 50.0], style);
            let drawn = coloured(&canvas);
            let x = (drawn.iter().map(|p| p.0).min().unwrap(), drawn.iter().map(|p| p.0).max().unwrap());
            let y = (drawn.iter().map(|p| p.1).min().unwrap(), drawn.iter().map(|p| p.1).max().unwrap());
            (x, y)
        };
        let w = width as u32;
        let ((left, right), (top, bottom)) = reach(&style(Anchor::End, false));
        assert!(left.abs_diff(50 - w) <= 2 && right < 50 && top.abs_diff(43) <= 1 && bottom <= 50);
        let ((left, right), (top, bottom)) = reach(&style(Anchor::Middle, true));
        assert!(left.abs_diff(43) <= 1 && right <= 50, "{left} {right}");
        assert!(top.abs_diff(50 - w / 2) <= 2 && bottom.abs_diff(50 + w / 2) <= 2, "{top} {bottom}");
    }
}
