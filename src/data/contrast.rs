//! ON and OFF maps of images: by how much each pixel is brighter than its surround, and by how much darker.
//!
//! What neighbouring pixels have in common, most of an image, is gone from them, so that inputs are far less alike.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::ImageSet;
use crate::model::OnOff;
use crate::numeric::exp;

/// How far a surround reaches, in its standard deviations.
const REACH: f64 = 3.0;

/// Images that one thread takes at a time.
const SHARE: usize = 64;

impl ImageSet {
    /// The ON and the OFF map of every image, in place of its pixels.
    ///
    /// With pixels x (0 to 1) and G_σ, a Gaussian of standard deviation σ = `surround` pixels that sums to 1 and beyond the
    /// borders sees their pixels go on, ON is min(1, gain · (x − G_σ x)₊) and OFF min(1, gain · (G_σ x − x)₊), both
    /// rounded to a 255th.
    ///
    /// # Panics
    /// If the images are such maps already.
    #[must_use]
    pub fn on_off(&self, law: OnOff) -> Self {
        assert_eq!(self.maps(), 1, "images, not maps of them");
        let (cols, weights) = (self.cols(), gaussian(law.surround));
        let each = self.rows() * cols;
        let mut maps = vec![0; 2 * each * self.len()];
        maps.par_chunks_mut(2 * each * SHARE).enumerate().for_each(|(share, maps)| {
            let mut blur = Blur::default();
            for (k, maps) in maps.chunks_mut(2 * each).enumerate() {
                let pixels = self.image(share * SHARE + k);
                Arch::new().dispatch(TakeApart {
                    pixels,
                    cols,
                    weights: &weights,
                    gain: law.gain,
                    blur: &mut blur,
                    maps,
                });
            }
        });
        self.with_maps(2, maps)
    }
}

/// The weights of offsets −r … r.
pub(super) fn gaussian(sd: f64) -> Vec<f64> {
    let reach = (REACH * sd).ceil();
    let heights = (0..=2 * reach as usize).map(|k| exp(-0.5 * ((k as f64 - reach) / sd).powi(2)));
    let heights: Vec<f64> = heights.collect();
    let sum: f64 = heights.iter().sum();
    heights.iter().map(|height| height / sum).collect()
}

/// Room for one image.
#[derive(Default)]
struct Blur {
    /// A row that goes on beyond its borders.
    row: Vec<f64>,
    /// The image blurred along its rows, and then along its columns too.
    across: Vec<f64>,
    surround: Vec<f64>,
}

/// Takes one image apart into its maps.
struct TakeApart<'a> {
    pixels: &'a [u8],
    cols: usize,
    weights: &'a [f64],
    gain: f64,
    blur: &'a mut Blur,
    maps: &'a mut [u8],
}

impl WithSimd for TakeApart<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { pixels, cols, weights, gain, blur: Blur { row, across, surround }, maps } = self;
        let (rows, reach) = (pixels.len() / cols, weights.len() / 2);
        let add =
            |out: &mut [f64], weight: f64, x: &[f64]| out.iter_mut().zip(x).for_each(|(out, x)| *out += weight * x);
        let begin = |sums: &mut Vec<f64>| {
            sums.clear();
            sums.resize(rows * cols, 0.0);
        };
        begin(across);
        begin(surround);
        for (pixels, out) in pixels.chunks(cols).zip(across.chunks_mut(cols)) {
            row.clear();
            let borders = [pixels[0], pixels[cols - 1]].map(|border| std::iter::repeat_n(border, reach));
            let [before, after] = borders;
            row.extend(before.chain(pixels.iter().copied()).chain(after).map(f64::from));
            weights.iter().enumerate().for_each(|(k, &weight)| add(out, weight, &row[k..][..cols]));
        }
        for (i, out) in surround.chunks_mut(cols).enumerate() {
            for (k, &weight) in weights.iter().enumerate() {
                let seen = (i + k).saturating_sub(reach).min(rows - 1);
                add(out, weight, &across[seen * cols..][..cols]);
            }
        }
        let (on, off) = maps.split_at_mut(pixels.len());
        for (((on, off), &x), around) in on.iter_mut().zip(off).zip(pixels).zip(surround.iter()) {
            let contrast = gain * (f64::from(x) - around);
            // Adding a half rounds, for a cast cuts, and saturates: what is below 0 there is 0.
            (*on, *off) = ((contrast + 0.5) as u8, (0.5 - contrast) as u8);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rows: usize, cols: usize, pixels: &[u8], law: OnOff) -> Vec<u8> {
        ImageSet::new(rows, cols, pixels.to_vec(), vec![0]).on_off(law).image(0).to_vec()
    }

    /// Weights of a Gaussian by the offsets −3 … 3 at σ = 1, in one dimension and once more in the other.
    #[test]
    fn a_bright_pixel_is_on_and_its_surround_off() {
        let mut pixels = [0; 81];
        pixels[40] = 255;
        let maps = of(9, 9, &pixels, OnOff { surround: 1.0, gain: 1.0 });
        let law = [0, 1, 2, 3].map(|k| (-0.5 * f64::from(k * k)).exp());
        let sum = law[0] + 2.0 * (law[1] + law[2] + law[3]);
        for (i, (&on, &off)) in maps[..81].iter().zip(&maps[81..]).enumerate() {
            let [down, right] = [i / 9, i % 9].map(|at| at.abs_diff(4));
            let around = 255.0 * law.get(down).unwrap_or(&0.0) * law.get(right).unwrap_or(&0.0) / (sum * sum);
            let expected = if i == 40 { [255.0 - around, 0.0] } else { [0.0, around] };
            let close = (f64::from(on) - expected[0]).abs() <= 0.5 && (f64::from(off) - expected[1]).abs() <= 0.5;
            assert!(close, "pixel {i}: {on} and {off}, expected {expected:?}");
        }
    }

    #[test]
    fn light_alone_is_no_contrast_at_borders_either() {
        assert_eq!(of(2, 5, &[200; 10], OnOff { surround: 2.0, gain: 8.0 }), [0; 20]);
    }

    #[test]
    fn contrast_beyond_full_is_full() {
        let maps = of(
            1,
            20,
            &std::array::from_fn::<u8, 20, _>(|i| if i < 10 { 0 } else { 255 }),
            OnOff { surround: 2.0, gain: 9.0 },
        );
        assert_eq!((maps[10], maps[9], maps[20 + 9], maps[20 + 10]), (255, 0, 255, 0));
    }

    #[test]
    fn maps_are_shifted_as_images_are() {
        let mut pixels = vec![0; 12 * 12];
        pixels[12 * 5 + 6] = 250;
        let mut moved = vec![0; 12 * 12];
        moved[12 * 6 + 5] = 250;
        let law = OnOff { surround: 0.5, gain: 2.0 };
        let set = ImageSet::new(12, 12, pixels, vec![0]).on_off(law);
        let mut out = Vec::new();
        set.shifted(0, [1, -1], &mut out);
        assert_eq!(out, of(12, 12, &moved, law));
    }
}
