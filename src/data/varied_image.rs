//! Deformed images: each pixel comes from another place, by a smooth random displacement and a random affine map.
//!
//! Simard, Steinkraus & Platt (2003), ICDAR, 958, section 2. A pixel at offset p from the centre shows the image, bilinearly interpolated, at
//! A p + u(p), black beyond the borders. Each component of u is a field of draws, uniform from −1 to 1, convolved with a Gaussian that sums to
//! 1 and sees zeros beyond the borders, times a factor. A turns by an angle, divides by the scales of height and width, and shears rows.

use super::ImageSet;
use super::contrast::gaussian;
use crate::model::Deformation;
use crate::numeric::Stream;

/// How an image is shown other than it is: deformed first, then shifted.
#[derive(Clone, Debug, Default)]
pub struct ImageVariation {
    /// Rows down and columns to the right.
    pub shift: [isize; 2],
    /// How it is deformed, if it is.
    pub deformation: Option<DrawnDeformation>,
}

/// A deformation with the draws of one presentation.
#[derive(Clone, Debug)]
pub struct DrawnDeformation {
    /// How images are deformed.
    pub law: Deformation,
    /// What it is drawn from.
    pub stream: Stream,
}

/// Room for an image that is varied, used again from image to image.
#[derive(Clone, Debug, Default)]
pub struct VariedImage {
    field: DisplacementField,
    pixels: Vec<u8>,
}

impl ImageVariation {
    /// Whether it changes anything.
    pub(super) fn is_any(&self) -> bool {
        self.shift != [0, 0] || self.deformation.is_some()
    }
}

impl VariedImage {
    /// Image `i` of a set, varied; all of its maps alike.
    pub(super) fn of(&mut self, set: &ImageSet, i: usize, variation: &ImageVariation) -> &[u8] {
        let Self { field, pixels } = self;
        if let Some(DrawnDeformation { law, stream }) = &variation.deformation {
            field.draw(law, [set.rows(), set.cols()], &mut stream.clone());
            pixels.clear();
            set.image(i).chunks(set.rows() * set.cols()).for_each(|map| field.deform(map, variation.shift, pixels));
        } else {
            set.shifted(i, variation.shift, pixels);
        }
        pixels
    }
}

/// Where each pixel of a deformed image comes from; the memory is used again from draw to draw.
#[derive(Clone, Debug, Default)]
struct DisplacementField {
    rows: usize,
    cols: usize,
    /// Row and column of the source of each pixel, [row, column] [pixels].
    source: [Vec<f32>; 2],
    drawn: Vec<f32>,
    smoothed: Vec<f32>,
}

/// An affine map of offsets from the centre [down, right].
struct AffineMap([[f64; 2]; 2]);

impl AffineMap {
    /// Draws an angle, two scales and a shear.
    fn draw(law: &Deformation, stream: &mut Stream) -> Self {
        let mut within = |most: f64| most * (2.0 * stream.unit() - 1.0);
        let (sin, cos) = libm::sincos(within(law.rotation).to_radians());
        let [height, width] = [(); 2].map(|()| 1.0 + within(law.scaling));
        let shear = within(law.shear);
        Self([[cos / height, sin / height], [-sin / width + shear, cos / width]])
    }
}

impl DisplacementField {
    /// Draws a field for images of this shape.
    fn draw(&mut self, law: &Deformation, [rows, cols]: [usize; 2], stream: &mut Stream) {
        (self.rows, self.cols) = (rows, cols);
        let AffineMap(affine) = AffineMap::draw(law, stream);
        let centre = [rows, cols].map(|size| (size as f64 - 1.0) / 2.0);
        let weights: Vec<f32> = gaussian(law.smoothing).iter().map(|&weight| weight as f32).collect();
        for (component, row_of) in affine.iter().enumerate() {
            let mut source = std::mem::take(&mut self.source[component]);
            source.clear();
            for row in 0..rows {
                let down = row as f64 - centre[0];
                let place = |column: usize| row_of[0] * down + row_of[1] * (column as f64 - centre[1]);
                source.extend((0..cols).map(|column| (centre[component] + place(column)) as f32));
            }
            if law.displacement > 0.0 {
                self.drawn.clear();
                self.drawn.extend((0..rows * cols).map(|_| (law.displacement * (2.0 * stream.unit() - 1.0)) as f32));
                self.smooth(&weights);
                source.iter_mut().zip(&self.smoothed).for_each(|(source, by)| *source += by);
            }
            self.source[component] = source;
        }
    }

    /// Convolves the field drawn with a kernel along rows and columns, zeros beyond the borders.
    fn smooth(&mut self, weights: &[f32]) {
        let (Self { cols, drawn, smoothed, .. }, reach) = (self, weights.len() / 2);
        smoothed.clear();
        smoothed.resize(drawn.len(), 0.0);
        for (row, out) in drawn.chunks_exact(*cols).zip(smoothed.chunks_exact_mut(*cols)) {
            for (k, &weight) in weights.iter().enumerate() {
                let (to, from) = (reach.saturating_sub(k), k.saturating_sub(reach));
                let Some(out) = out.get_mut(to..) else { continue };
                add_scaled(out, row.get(from..).unwrap_or_default(), weight);
            }
        }
        drawn.copy_from_slice(smoothed);
        smoothed.fill(0.0);
        for (k, &weight) in weights.iter().enumerate() {
            let (to, from) = (reach.saturating_sub(k) * *cols, k.saturating_sub(reach) * *cols);
            let Some(out) = smoothed.get_mut(to..) else { continue };
            add_scaled(out, drawn.get(from..).unwrap_or_default(), weight);
        }
    }

    /// Appends to `out` an image of the shape of the field, deformed, and then shifted by whole pixels [down, right].
    fn deform(&self, image: &[u8], shift: [isize; 2], out: &mut Vec<u8>) {
        let pixel = |row: isize, column: isize| {
            let inside = (0..self.rows.cast_signed()).contains(&row) && (0..self.cols.cast_signed()).contains(&column);
            if inside { f32::from(image[(row * self.cols.cast_signed() + column).cast_unsigned()]) } else { 0.0 }
        };
        for row in 0..self.rows.cast_signed() {
            for column in 0..self.cols.cast_signed() {
                let (from_row, from_column) = (row - shift[0], column - shift[1]);
                let inside = (0..self.rows.cast_signed()).contains(&from_row)
                    && (0..self.cols.cast_signed()).contains(&from_column);
                if !inside {
                    out.push(0);
                    continue;
                }
                let index = (from_row * self.cols.cast_signed() + from_column).cast_unsigned();
                let [y, x] = [0, 1].map(|component| self.source[component][index]);
                let (top, left) = (y.floor(), x.floor());
                let (below, right) = (y - top, x - left);
                let (top, left) = (top as isize, left as isize);
                let upper = (1.0 - right) * pixel(top, left) + right * pixel(top, left + 1);
                let lower = (1.0 - right) * pixel(top + 1, left) + right * pixel(top + 1, left + 1);
                out.push(((1.0 - below) * upper + below * lower + 0.5) as u8);
            }
        }
    }
}

/// Adds `factor` times `values` to `out`, as far as both go.
fn add_scaled(out: &mut [f32], values: &[f32], factor: f32) {
    out.iter_mut().zip(values).for_each(|(out, value)| *out += factor * value);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::{PresentationKey, Purpose, StreamKey};

    fn stream(n: u64) -> Stream {
        let presentation = PresentationKey::training(n);
        StreamKey { seed: 1, purpose: Purpose::Deformation, presentation, phase: 0, block: 0 }.stream()
    }

    fn deformed(law: &Deformation, n: u64, shape: [usize; 2], image: &[u8], shift: [isize; 2]) -> Vec<u8> {
        let (mut field, mut out) = (DisplacementField::default(), Vec::new());
        field.draw(law, shape, &mut stream(n));
        field.deform(image, shift, &mut out);
        out
    }

    #[test]
    fn without_amplitudes_an_image_stays_and_shifts_move_it() {
        let image: Vec<u8> = (0..20).collect();
        assert_eq!(deformed(&Deformation::default(), 1, [4, 5], &image, [0, 0]), image);
        let shifted = deformed(&Deformation::default(), 1, [4, 5], &image, [1, -2]);
        assert_eq!(shifted[..7], [0, 0, 0, 0, 0, 2, 3]);
        assert_eq!(shifted[15..], [12, 13, 14, 0, 0]);
    }

    /// A ramp 10 x to the right of the centre, by a turn of an angle a, is 10 (cos a x − sin a y): least squares give the angle.
    #[test]
    fn an_image_is_turned_about_its_centre_by_angles_within_the_largest() {
        let ramp: Vec<u8> = (0..441).map(|i| 128 - 100 + 10 * (i % 21) as u8).collect();
        let law = Deformation { rotation: 30.0, ..Deformation::default() };
        let mut angles = Vec::new();
        for n in 0..200 {
            let turned = deformed(&law, n, [21, 21], &ramp, [0, 0]);
            let sum = |of: fn(f64, f64) -> f64| -> f64 {
                let inner = (6..15).flat_map(|y| (6..15).map(move |x| (y, x)));
                inner.map(|(y, x)| (f64::from(turned[y * 21 + x]) - 128.0) * of(y as f64 - 10.0, x as f64 - 10.0)).sum()
            };
            // Σ x² of 9 by 9 offsets: 9 · 2 · (1 + 4 + 9 + 16).
            let [down, right] = [sum(|y, _| y), sum(|_, x| x)].map(|sum| sum / 540.0 / 10.0);
            assert!((down.hypot(right) - 1.0).abs() < 0.01, "{n}: {down} {right}");
            angles.push((-down).atan2(right).to_degrees());
        }
        assert!(angles.iter().all(|angle| angle.abs() < 30.5));
        // Uniform: of 200, 50 in each quarter of the range, give or take five standard deviations.
        for quarter in [-30.0, -15.0, 0.0, 15.0] {
            let count = angles.iter().filter(|angle| (quarter..quarter + 15.0).contains(*angle)).count();
            assert!((20..=80).contains(&count), "{quarter}: {count}");
        }
    }

    /// Far from the borders a displacement has the variance of uniform draws, 1/3, times the squared factor and the sum of squared weights
    /// of the kernel, 1/(4 π σ²); its correlation over a distance d is exp(−d²/4σ²).
    #[test]
    fn displacements_have_the_spread_and_reach_of_smoothed_draws() {
        const SIGMA: f64 = 2.0;
        let law = Deformation { displacement: 10.0, smoothing: SIGMA, ..Deformation::default() };
        let (mut field, mut squares, mut products, mut count) = (DisplacementField::default(), 0.0, 0.0, 0.0);
        for n in 0..400 {
            field.draw(&law, [28, 28], &mut stream(n));
            for (component, source) in field.source.iter().enumerate() {
                let by =
                    |row: usize, column: usize| f64::from(source[row * 28 + column]) - [row, column][component] as f64;
                for (row, column) in [(9, 9), (9, 18), (18, 9), (18, 18)] {
                    squares += by(row, column).powi(2);
                    products += by(row, column) * by(row, column + 2);
                    count += 1.0;
                }
            }
        }
        let variance = 100.0 / 3.0 / (4.0 * std::f64::consts::PI * SIGMA * SIGMA);
        // 3,200 nearly independent squares: five standard errors are 13 %; what is cut off beyond 3 σ changes less than 1 %.
        assert!((squares / count / variance - 1.0).abs() < 0.13, "{}", squares / count / variance);
        assert!((products / squares - (-4.0 / (4.0 * SIGMA * SIGMA)).exp()).abs() < 0.05, "{}", products / squares);
    }

    #[test]
    fn another_presentation_is_deformed_otherwise_and_the_same_alike() {
        let image: Vec<u8> = (0..784).map(|i| (i * 7 % 256) as u8).collect();
        let law = Deformation { displacement: 34.0, rotation: 7.5, scaling: 0.1, shear: 0.1, ..Deformation::default() };
        let of = |n| deformed(&law, n, [28, 28], &image, [0, 0]);
        assert_eq!(of(3), of(3));
        assert_ne!(of(3), of(4));
    }
}
