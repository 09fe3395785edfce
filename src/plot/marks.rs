//! Draws each kind of mark.

use std::f64::consts::TAU;

use super::canvas::{Anchor, Canvas, Pen, Pixels, Position, Rect, Type};
use super::figure::{Axis, Dash, Dot, Mark, Shape};
use super::place::{Place, heavy, pen};
use super::theme::{Colour, ColourMap, Ink, Theme};
use super::{font, spans, spikes};

/// Draws a mark.
pub(super) fn draw(mark: &Mark, place: &Place<'_>, canvas: &mut impl Canvas) {
    let (f, theme) = (place.f, place.theme);
    let colour = theme.ink(mark.ink);
    match &mark.shape {
        Shape::Line { points, dash } => {
            let pieces = points.split(|[x, y]| x.is_nan() || y.is_nan()).filter(|piece| !piece.is_empty());
            let lines: Vec<_> = pieces.map(|piece| thinned(&place.all(piece))).collect();
            canvas.stroke("line", &lines, &pen(theme, mark.ink, *dash, f));
        }
        Shape::Band { low, high } => {
            let mut outline = thinned(&place.all(low));
            outline.extend(thinned(&place.all(high)).into_iter().rev());
            canvas.fill("band", &[outline], colour.with_alpha(0.25));
        }
        Shape::Dots { points, dot: shape } => {
            let inside = |axis: &Axis, value: f64| (-1e-9..=1.0 + 1e-9).contains(&axis.share(value));
            let shown = points.iter().filter(|[x, y]| inside(place.x, *x) && inside(place.y, *y));
            if *shape == Dot::Point {
                let points: Vec<_> = shown.map(|&point| place.at(point)).collect();
                return self::points(&points, colour, f, canvas);
            }
            let dots: Vec<_> = shown.map(|&point| dot(*shape, place.at(point), 0.33 * f)).collect();
            canvas.fill("dots", &dots, colour);
        }
        Shape::Words { words } => self::words(words, colour, place, canvas),
        Shape::Spikes { points } => spikes::draw(points, colour, place, canvas),
        Shape::Spans { spans } => spans::draw(spans, mark.ink, place, canvas),
        Shape::Bars { edges, heights } => bars(edges, heights, mark.ink, place, canvas),
        Shape::Boxes { boxes, width } => self::boxes(boxes, *width, mark.ink, place, canvas),
        Shape::Image { within, columns, values, map, range, numbers } => {
            let share = |value: f32| (f64::from(value) - range[0]) / (range[1] - range[0]);
            let shares: Vec<f64> = values.iter().map(|&value| share(value)).collect();
            image(*within, *columns, &shares, (*map, numbers), place, canvas);
        }
    }
}

/// A sign of half-width `r`.
pub(super) fn dot(shape: Dot, [x, y]: Position, r: f64) -> Vec<Position> {
    match shape {
        Dot::Diamond => vec![[x - 1.2 * r, y], [x, y - 1.2 * r], [x + 1.2 * r, y], [x, y + 1.2 * r]],
        Dot::Circle | Dot::Point => {
            let angles = (0..12).map(|i| f64::from(i) * TAU / 12.0);
            angles.map(|angle| [x + r * angle.cos(), y + r * angle.sin()]).collect()
        }
    }
}

/// Points as the shortest thing to write of which each shows: a stroke as wide as it is long.
fn points(points: &[Position], colour: Colour, f: f64, canvas: &mut impl Canvas) {
    let r = 0.085 * f;
    let strokes: Vec<_> = points.iter().map(|[x, y]| vec![[x - r, *y], [x + r, *y]]).collect();
    canvas.stroke("dots", &strokes, &Pen { colour, width: 2.0 * r, dash: None });
}

/// Words on the background, over what is drawn before.
fn words(words: &[([f64; 2], String)], colour: Colour, place: &Place<'_>, canvas: &mut impl Canvas) {
    let size = place.f;
    let mut taken: Vec<Rect> = Vec::new();
    for (at, word) in words {
        let [x, y] = place.at(*at);
        let (w, h) = (font::width(word, size) + 0.5 * size, 1.25 * size);
        let room = Rect { x: x - 0.5 * w, y: y - 0.5 * h, w, h };
        if taken.iter().any(|other| other.overlaps(&room)) {
            continue;
        }
        canvas.fill("word", &[room.corners()], place.theme.background().with_alpha(0.8));
        let style = Type { size, colour, anchor: Anchor::Middle, upwards: false };
        canvas.text(word, [x, y + 0.5 * font::CAPITALS * size], &style);
        taken.push(room);
    }
}

/// A line with no more than four points, first, lowest, highest and last, in each column of pixels.
fn thinned(line: &[Position]) -> Vec<Position> {
    let mut kept: Vec<Position> = Vec::new();
    for column in line.chunk_by(|a, b| a[0].floor() as i64 == b[0].floor() as i64) {
        let last = column.len() - 1;
        let extreme = |sign: f64| (0..=last).max_by(|&a, &b| (sign * column[a][1]).total_cmp(&(sign * column[b][1])));
        let mut chosen = vec![0, extreme(-1.0).unwrap_or(0), extreme(1.0).unwrap_or(0), last];
        chosen.sort_unstable();
        chosen.dedup();
        kept.extend(chosen.into_iter().map(|i| column[i]));
    }
    kept
}

/// A histogram, as one outline that others can be seen through.
fn bars(edges: &[f64], heights: &[f64], ink: Ink, place: &Place<'_>, canvas: &mut impl Canvas) {
    let floor = place.y.range[0].max(0.0);
    let mut outline = Vec::new();
    for (edge, height) in edges.windows(2).zip(heights) {
        let top = if height.is_nan() { floor } else { height.max(floor) };
        outline.extend([[edge[0], top], [edge[1], top]]);
    }
    let (Some(first), Some(last)) = (outline.first().copied(), outline.last().copied()) else { return };
    outline.insert(0, [first[0], floor]);
    outline.push([last[0], floor]);
    let outline = place.all(&outline);
    canvas.fill("bars", std::slice::from_ref(&outline), place.theme.ink(ink).with_alpha(0.25));
    canvas.stroke("bars", &[outline], &pen(place.theme, ink, Dash::Solid, place.f));
}

/// Box plots.
fn boxes(boxes: &[(f64, [f64; 5])], width: f64, ink: Ink, place: &Place<'_>, canvas: &mut impl Canvas) {
    let half = 0.5 * width;
    let (mut bodies, mut lines, mut medians) = (Vec::new(), Vec::new(), Vec::new());
    for &(x, [least, low, median, high, greatest]) in boxes {
        let corners = [[x - half, low], [x + half, low], [x + half, high], [x - half, high], [x - half, low]];
        bodies.push(place.all(&corners));
        lines.extend([[least, low], [high, greatest]].map(|[a, b]| place.all(&[[x, a], [x, b]])));
        lines.extend([least, greatest].map(|y| place.all(&[[x - 0.5 * half, y], [x + 0.5 * half, y]])));
        medians.push(place.all(&[[x - half, median], [x + half, median]]));
    }
    let pen = pen(place.theme, ink, Dash::Solid, place.f);
    canvas.fill("boxes", &bodies, pen.colour.with_alpha(0.25));
    canvas.stroke("boxes", &bodies, &pen);
    canvas.stroke("whiskers", &lines, &pen);
    canvas.stroke("medians", &medians, &Pen { width: heavy(place.f), ..pen });
}

/// Cells drawn one by one at most; more are a picture.
const CELLS: usize = 1200;

/// A matrix as colours, by the share of each value in its range.
fn image(
    [left, right, top, bottom]: [f64; 4],
    columns: usize,
    shares: &[f64],
    (map, numbers): (ColourMap, &[String]),
    place: &Place<'_>,
    canvas: &mut impl Canvas,
) {
    let rows = shares.len() / columns.max(1);
    if rows == 0 {
        return;
    }
    let ([x0, y0], [x1, y1]) = (place.at([left, top]), place.at([right, bottom]));
    let all = Rect { x: x0, y: y0, w: x1 - x0, h: y1 - y0 };
    if shares.len() > CELLS {
        canvas.image("image", all, &picture(columns, shares, map, place.theme, all));
        return;
    }
    let (w, h) = (all.w / columns as f64, all.h / rows as f64);
    let size = (0.42 * h).min(font::SMALL * place.f);
    let legible = size > 5.5 && numbers.iter().all(|number| font::width(number, size) < 0.92 * w);
    for (i, &share) in shares.iter().enumerate().filter(|(_, share)| !share.is_nan()) {
        let cell = Rect { x: x0 + (i % columns) as f64 * w, y: y0 + (i / columns) as f64 * h, w, h };
        let colour = place.theme.mapped(map, share);
        canvas.fill("cell", &[cell.corners()], colour);
        if let Some(number) = numbers.get(i).filter(|number| legible && !number.is_empty()) {
            let style = Type { size, colour: Theme::on(colour), anchor: Anchor::Middle, upwards: false };
            let baseline = cell.y + 0.5 * (cell.h + font::CAPITALS * size);
            canvas.text(number, [cell.x + 0.5 * cell.w, baseline], &style);
        }
    }
}

/// Side of a picture at most, in pixels.
const PICTURE: f64 = 1400.0;

/// A picture of a matrix, each value several pixels wide where there is room, so that viewers that smooth pictures leave
/// its cells sharp; of a matrix with more values than pixels, every so many are shown.
fn picture(columns: usize, shares: &[f64], map: ColourMap, theme: Theme, within: Rect) -> Pixels {
    let rows = shares.len() / columns;
    let pixels = |cells: usize, side: f64| {
        let times = (side.min(PICTURE) / cells as f64).round().max(1.0) as usize;
        (cells * times).min(PICTURE as usize)
    };
    let (width, height) = (pixels(columns, within.w), pixels(rows, within.h));
    let cell = |x: usize, y: usize| {
        let share = shares[(y * rows / height) * columns + x * columns / width];
        let [r, g, b] = theme.mapped(map, share).rgb;
        if share.is_nan() { [0; 4] } else { [r, g, b, 255] }
    };
    let rgba = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| cell(x, y)).collect();
    Pixels { width, height, rgba }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "the same points are to the bit the same")]
mod tests {
    use super::*;

    #[test]
    fn a_thinned_line_keeps_its_ends_and_extremes() {
        let line: Vec<Position> = (0..100_000).map(|i| f64::from(i) * 1e-3).map(|x| [x, (x * 40.0).sin()]).collect();
        let thin = thinned(&line);
        assert!(thin.len() <= 400 && thin.first() == line.first() && thin.last() == line.last());
        let reach = |line: &[Position]| line.iter().fold([9.0_f64, -9.0], |[l, h], p| [l.min(p[1]), h.max(p[1])]);
        assert_eq!(reach(&thin), reach(&line));
        assert_eq!(thinned(&line[..4]), [line[0], line[3]]);
    }

    #[test]
    fn a_picture_shows_every_value_as_often_as_the_next() {
        let shares = [0.0, 1.0, f64::NAN, 0.5];
        let room = Rect { w: 7.0, h: 4.0, ..Rect::default() };
        let found = picture(2, &shares, ColourMap::Diverging, Theme::Light, room);
        assert_eq!((found.width, found.height), (8, 4));
        let count = |share: f64| {
            let [r, g, b] = Theme::Light.mapped(ColourMap::Diverging, share).rgb;
            found.rgba.iter().filter(|pixel| **pixel == [r, g, b, 255]).count()
        };
        assert_eq!([count(0.0), count(1.0), count(0.5)], [8; 3]);
        assert_eq!(found.rgba.iter().filter(|pixel| pixel[3] == 0).count(), 8);
    }
}
