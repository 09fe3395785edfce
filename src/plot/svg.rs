//! The SVG canvas: text stays text, many strokes of one kind are one path.

use std::fmt::Write as _;

use base64::prelude::{BASE64_STANDARD, Engine as _};

use super::canvas::{Anchor, Canvas, Pen, Pixels, Position, Rect, Type};
use super::font::FAMILIES;
use super::theme::Colour;

/// An SVG file that grows.
#[derive(Debug)]
pub(super) struct Svg {
    text: String,
    clips: usize,
    clipped: bool,
}

impl Svg {
    pub(super) fn new([width, height]: [u32; 2], title: &str) -> Self {
        let text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
             font-family=\"{FAMILIES}\">\n<title>{}</title>\n",
            escaped(title)
        );
        Self { text, clips: 0, clipped: false }
    }

    pub(super) fn finish(mut self) -> String {
        self.clip(None);
        self.text + "</svg>\n"
    }

    fn add(&mut self, element: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = self.text.write_fmt(element);
        self.text.push('\n');
    }
}

impl Canvas for Svg {
    fn stroke(&mut self, class: &str, lines: &[Vec<Position>], pen: &Pen) {
        let path = path(lines, "");
        if path.is_empty() {
            return;
        }
        let dash = pen.dash.map(|dash| format!(" stroke-dasharray=\"{}\"", number(dash))).unwrap_or_default();
        let (paint, width) = (paint("stroke", pen.colour), number(pen.width));
        let joined = "stroke-linejoin=\"round\"";
        self.add(format_args!(
            "<path class=\"{class}\" fill=\"none\" {paint} stroke-width=\"{width}\" {joined}{dash} d=\"{path}\"/>"
        ));
    }

    fn fill(&mut self, class: &str, polygons: &[Vec<Position>], colour: Colour) {
        let path = path(polygons, "Z");
        if !path.is_empty() {
            self.add(format_args!("<path class=\"{class}\" {} d=\"{path}\"/>", paint("fill", colour)));
        }
    }

    fn text(&mut self, text: &str, [x, y]: Position, style: &Type) {
        if text.is_empty() {
            return;
        }
        let anchor = match style.anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let (x, y, size) = (number(x), number(y), number(style.size));
        let turned = if style.upwards { format!(" transform=\"rotate(-90 {x} {y})\"") } else { String::new() };
        let paint = paint("fill", style.colour);
        self.add(format_args!(
            "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" text-anchor=\"{anchor}\" {paint}{turned}>{}</text>",
            escaped(text)
        ));
    }

    fn image(&mut self, class: &str, within: Rect, pixels: &Pixels) {
        let [x, y, w, h] = [within.x, within.y, within.w, within.h].map(number);
        let data = BASE64_STANDARD.encode(pixels.png());
        self.add(format_args!(
            "<image class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" preserveAspectRatio=\"none\" \
             style=\"image-rendering:pixelated\" href=\"data:image/png;base64,{data}\"/>"
        ));
    }

    fn clip(&mut self, to: Option<Rect>) {
        if self.clipped {
            self.text.push_str("</g>\n");
        }
        self.clipped = to.is_some();
        let Some(to) = to else { return };
        self.clips += 1;
        let [x, y, w, h] = [to.x, to.y, to.w, to.h].map(number);
        let name = self.clips;
        self.add(format_args!(
            "<clipPath id=\"c{name}\"><rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\"/></clipPath>"
        ));
        self.add(format_args!("<g clip-path=\"url(#c{name})\">"));
    }
}

/// The commands of a path.
fn path(lines: &[Vec<Position>], end: &str) -> String {
    let mut path = String::new();
    for line in lines {
        let mut before: Option<[String; 2]> = None;
        for [x, y] in line.iter().map(|point| point.map(number)) {
            match &before {
                None => path.extend(["M", &x, " ", &y]),
                Some([same, _]) if *same == x => path.extend(["V", &y]),
                Some([_, same]) if *same == y => path.extend(["H", &x]),
                Some(_) => path.extend(["L", &x, " ", &y]),
            }
            before = Some([x, y]);
        }
        path.push_str(if line.is_empty() { "" } else { end });
    }
    path
}

/// A length to a tenth of a pixel.
fn number(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").unwrap_or(&text).to_owned()
}

fn paint(what: &str, Colour { rgb: [r, g, b], alpha }: Colour) -> String {
    let opacity = if alpha < 1.0 { format!(" {what}-opacity=\"{alpha:.2}\"") } else { String::new() };
    format!("{what}=\"#{r:02x}{g:02x}{b:02x}\"{opacity}")
}

fn escaped(text: &str) -> String {
    let legal = text.chars().filter(|c| !c.is_control());
    let mut escaped = String::new();
    for c in legal {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_says_no_coordinate_twice() {
        let lines = [vec![[1.0, 2.0], [1.0, 5.04], [3.0, 5.0], [4.25, 6.0]], vec![], vec![[0.0, 0.0]]];
        assert_eq!(path(&lines, ""), "M1 2V5H3L4.2 6M0 0");
        assert_eq!(path(&lines[..1], "Z"), "M1 2V5H3L4.2 6Z");
    }

    #[test]
    fn names_cannot_break_the_file() {
        assert_eq!(escaped("a<b & \"c\"\n>"), "a&lt;b &amp; &quot;c&quot;&gt;");
    }
}
