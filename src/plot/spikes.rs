//! Draws rasters: strokes of one path, or a bitmap where there are too many.

use super::canvas::{Canvas, Pen, Pixels, Position, Rect};
use super::place::Place;
use super::theme::Colour;

/// Number of spikes in a figure above which its rasters are bitmaps.
pub(super) const STROKES: usize = 20_000;

/// Largest number of pixels in the bitmaps of a figure, so that its file stays below 2 MB.
pub(super) const PIXELS: f64 = 1.2e6;

/// Opacity of one spike in a pixel; several add up.
const COVER: f64 = 0.6;

/// Largest number of spikes distinguished in a pixel.
const LEVELS: u8 = 6;

/// Draws the spikes at (time, neuron).
pub(super) fn draw(points: &[[f64; 2]], colour: Colour, place: &Place<'_>, canvas: &mut impl Canvas) {
    let half = half_height(place);
    match place.bitmap {
        None => {
            let width = if half > 2.0 { 0.11 * place.f } else { 0.08 * place.f };
            let stroke = |&point: &[f64; 2]| {
                let [x, y] = place.at(point);
                vec![[x, y - half], [x, y + half]]
            };
            let strokes: Vec<_> = points.iter().map(stroke).collect();
            canvas.stroke("spikes", &strokes, &Pen { colour, width, dash: None });
        }
        Some(resolution) => {
            let places: Vec<_> = points.iter().map(|&point| place.at(point)).collect();
            canvas.image("spikes", place.plot, &bitmap(&places, half, colour, place.plot, resolution));
        }
    }
}

/// Half the height of a stroke: most of a neuron's row, and enough to be seen [px].
fn half_height(place: &Place<'_>) -> f64 {
    let row = place.plot.h / (place.y.range[1] - place.y.range[0]).abs();
    (0.4 * row).clamp(0.75, 0.6 * place.f)
}

/// Counts spikes by pixel.
fn bitmap(places: &[Position], half: f64, colour: Colour, plot: Rect, resolution: f64) -> Pixels {
    let (width, height) = ((plot.w * resolution).ceil().max(1.0), (plot.h * resolution).ceil().max(1.0));
    let (sx, sy) = (width / plot.w, height / plot.h);
    let (width, height) = (width as usize, height as usize);
    let mut counts = vec![0_u8; width * height];
    for [x, y] in places {
        let column = (((x - plot.x) * sx).floor().max(0.0) as usize).min(width - 1);
        let pixel = |y: f64| (((y - plot.y) * sy).round().max(0.0) as usize).min(height);
        let (top, bottom) = (pixel(y - half), pixel(y + half));
        for row in top.min(height - 1)..bottom.max(top + 1).min(height) {
            let count = &mut counts[row * width + column];
            *count = (*count + 1).min(LEVELS);
        }
    }
    let [r, g, b] = colour.rgb;
    let alpha = |count: u8| (255.0 * (1.0 - (1.0 - COVER).powi(i32::from(count)))).round() as u8;
    let rgba = counts.into_iter().map(|count| if count == 0 { [0; 4] } else { [r, g, b, alpha(count)] }).collect();
    Pixels { width, height, rgba }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spike_is_in_the_bitmap_even_at_its_edges() {
        let plot = Rect { x: 10.0, y: 20.0, w: 40.0, h: 30.0 };
        let colour = Colour { rgb: [1, 2, 3], alpha: 1.0 };
        let marked = |place| {
            let found = bitmap(&[place], 0.75, colour, plot, 1.0);
            found.rgba.iter().enumerate().filter(|(_, p)| p[3] > 0).map(|(i, _)| (i % 40, i / 40)).collect::<Vec<_>>()
        };
        assert_eq!(marked([10.0, 20.0]), [(0, 0)]);
        assert_eq!(marked([50.0, 50.0]), [(39, 29)]);
        assert_eq!(marked([30.5, 35.5]), [(20, 15)]);
        let twice = bitmap(&[[30.5, 35.5]; 2], 0.75, colour, plot, 1.0);
        assert_eq!(twice.rgba.iter().map(|p| p[3]).max(), Some(214), "1 − 0.4² of 255");
    }
}
