//! The header of a plot: title, legend, captions and names of phases.

use super::canvas::{Anchor, Canvas, Pen, Rect, Type};
use super::figure::{Dash, Dot, Mark, Panel, Shape};
use super::font;
use super::marks::dot;
use super::place::{Place, heavy, pen};
use super::theme::{Ink, Theme};

/// The header of a plot, laid out.
#[derive(Debug, Default)]
pub(super) struct Header {
    title: String,
    entries: Vec<PlacedEntry>,
    lines: usize,
    /// Index of the longest texts of the captions that fit.
    caption: Option<usize>,
    /// Whether the names of phases are written above them, not in the legend.
    named: bool,
    height: f64,
}

/// An entry with its place in the header.
#[derive(Debug)]
struct PlacedEntry {
    entry: LegendEntry,
    /// Distance from the left end of the header [px].
    x: f64,
    /// Line, counted from the top.
    line: usize,
}

/// An entry of a legend.
#[derive(Clone, Debug, PartialEq)]
struct LegendEntry {
    label: String,
    ink: Ink,
    sign: LegendSign,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum LegendSign {
    Line(Dash),
    Dot(Dot),
    Area,
    Spike,
    Span,
    Shade,
}

impl Header {
    /// Lays out the header of a plot of some width, with font size `f` [px].
    pub(super) fn new(panel: &Panel, width: f64, f: f64) -> Self {
        let shaded = panel.shades_drawn(width);
        let apart = |range: [f64; 2]| (panel.x.share(range[1]) - panel.x.share(range[0])).abs() * width;
        let small = font::SMALL * f;
        let fits = |text: &str, range: [f64; 2]| font::width(text, small) + 0.3 * f <= apart(range);
        let labelled = || panel.shades.iter().filter(|shade| !shade.label.is_empty());
        let named = shaded && labelled().next().is_some() && labelled().all(|shade| fits(&shade.label, shade.range));
        let longest = panel.captions.iter().map(|caption| caption.texts.len()).min().unwrap_or(0);
        let caption = (0..longest).find(|&i| panel.captions.iter().all(|c| fits(&c.texts[i], c.range)));
        let mut header = Self { caption, named, ..Self::default() };
        header.flow(panel, entries(panel, shaded && !named), width, f);
        let strips = f64::from(u8::from(caption.is_some()) + u8::from(named));
        header.height = header.lines as f64 * 1.55 * f + strips * 1.3 * f + 0.35 * f;
        header
    }

    pub(super) fn height(&self) -> f64 {
        self.height
    }

    /// Places the title, and the entries beside it if there is room, else below.
    fn flow(&mut self, panel: &Panel, entries: Vec<LegendEntry>, width: f64, f: f64) {
        self.title = font::fitted(&panel.title, f, width);
        let title = font::width(&self.title, f);
        let needs = |entry: &LegendEntry| SWATCH * f + font::width(&entry.label, font::SMALL * f) + f;
        let all: f64 = entries.iter().map(needs).sum();
        self.lines = usize::from(!self.title.is_empty());
        if entries.is_empty() {
            return;
        }
        let beside = title > 0.0 && title + 1.5 * f + all - f <= width;
        let (mut x, mut line) = if beside { (width - all + f, 0) } else { (0.0, self.lines) };
        for entry in entries {
            if x > 0.0 && x + needs(&entry) - f > width && !beside {
                (x, line) = (0.0, line + 1);
            }
            let next = x + needs(&entry);
            self.entries.push(PlacedEntry { entry, x, line });
            x = next;
        }
        self.lines = line + 1;
    }

    /// Draws it above the plot.
    pub(super) fn draw(&self, panel: &Panel, place: &Place<'_>, canvas: &mut impl Canvas) {
        let (f, theme, plot) = (place.f, place.theme, place.plot);
        let top = plot.y - self.height;
        let black = theme.ink(Ink::Black);
        let type_ = |size, anchor| Type { size, colour: black, anchor, upwards: false };
        if !self.title.is_empty() {
            canvas.text(&self.title, [plot.x, top + 1.1 * f], &type_(f, Anchor::Start));
        }
        for PlacedEntry { entry, x, line } in &self.entries {
            let middle = top + (*line as f64 * 1.55 + 1.1 - 0.5 * font::CAPITALS) * f;
            let left = plot.x + x;
            let swatch = Rect { x: left, y: middle - 0.35 * f, w: (SWATCH - 0.5) * f, h: 0.7 * f };
            sign(entry, swatch, theme, f, canvas);
            let small = font::SMALL * f;
            let baseline = middle + 0.5 * font::CAPITALS * small;
            canvas.text(&entry.label, [left + SWATCH * f, baseline], &type_(small, Anchor::Start));
        }
        self.strips(panel, place, canvas);
    }

    /// Draws captions and names of phases, each over its range.
    fn strips(&self, panel: &Panel, place: &Place<'_>, canvas: &mut impl Canvas) {
        let (f, plot) = (place.f, place.plot);
        let grey =
            Type { size: font::SMALL * f, colour: place.theme.ink(Ink::Grey), anchor: Anchor::Middle, upwards: false };
        let middle = |range: [f64; 2]| plot.x + 0.5 * (place.x.share(range[0]) + place.x.share(range[1])) * plot.w;
        let baseline = plot.y - 0.45 * f;
        if self.named {
            for shade in panel.shades.iter().filter(|shade| !shade.label.is_empty()) {
                canvas.text(&shade.label, [middle(shade.range), baseline], &grey);
            }
        }
        let black = Type { colour: place.theme.ink(Ink::Black), ..grey };
        if let Some(chosen) = self.caption {
            let baseline = baseline - if self.named { 1.3 * f } else { 0.0 };
            for caption in &panel.captions {
                canvas.text(&caption.texts[chosen], [middle(caption.range), baseline], &black);
            }
        }
    }
}

/// Width of a sign and the gap after it, in units of the font size.
const SWATCH: f64 = 2.0;

/// The entries of a panel's legend.
fn entries(panel: &Panel, shades: bool) -> Vec<LegendEntry> {
    let marks =
        panel.marks.iter().map(|mark| LegendEntry { label: mark.label.clone(), ink: mark.ink, sign: sign_of(mark) });
    let shades = panel.shades.iter().filter(|_| shades);
    let shades = shades.map(|s| LegendEntry { label: s.label.clone(), ink: s.ink, sign: LegendSign::Shade });
    let mut entries = Vec::new();
    for entry in marks.chain(shades).filter(|entry| !entry.label.is_empty()) {
        if !entries.contains(&entry) {
            entries.push(entry);
        }
    }
    entries
}

fn sign_of(mark: &Mark) -> LegendSign {
    match mark.shape {
        Shape::Line { dash, .. } => LegendSign::Line(dash),
        Shape::Dots { dot, .. } => LegendSign::Dot(dot),
        Shape::Spikes { .. } => LegendSign::Spike,
        Shape::Spans { .. } => LegendSign::Span,
        Shape::Band { .. } | Shape::Words { .. } | Shape::Bars { .. } | Shape::Boxes { .. } | Shape::Image { .. } => {
            LegendSign::Area
        }
    }
}

/// Draws the sign of an entry.
fn sign(entry: &LegendEntry, within: Rect, theme: Theme, f: f64, canvas: &mut impl Canvas) {
    let colour = theme.ink(entry.ink);
    let middle = [within.x + 0.5 * within.w, within.y + 0.5 * within.h];
    match entry.sign {
        LegendSign::Line(dash) => {
            let line = vec![[within.x, middle[1]], [within.right(), middle[1]]];
            canvas.stroke("sign", &[line], &pen(theme, entry.ink, dash, f));
        }
        LegendSign::Dot(shape) => canvas.fill("sign", &[dot(shape, middle, 0.33 * f)], colour),
        LegendSign::Spike => {
            let line = vec![[middle[0], within.y], [middle[0], within.bottom()]];
            canvas.stroke("sign", &[line], &Pen { colour, width: heavy(f), dash: None });
        }
        LegendSign::Area => canvas.fill("sign", &[within.corners()], colour.with_alpha(0.5)),
        LegendSign::Span => canvas.fill("sign", &[within.corners()], theme.span(entry.ink)),
        LegendSign::Shade => {
            canvas.fill("sign", &[within.corners()], theme.shade(entry.ink));
            canvas.stroke("sign", &[within.outline()], &Pen { colour: theme.grid(), width: 1.0, dash: None });
        }
    }
}
