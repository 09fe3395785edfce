//! A random stream and what is drawn from it.
//!
//! A [`Stream`] is a generator of the rand crate: every distribution of rand_distr samples from it, and new kinds of draw are
//! made that way (`stream.sample(Normal::new(0.0, 1.0)?)` with [`rand::RngExt`]). The methods of [`Stream`] itself are kept
//! for the draws whose bits published results depend on (Wald lengths of phases, the order of images, initial weights by the
//! moment formula, times of plateaus, noise of rate networks): rand does not promise to draw the same values in every
//! version, and neither crate vectorises, for which hot loops have [`super::WideStream`].

use std::convert::Infallible;
use std::f64::consts::TAU;

use rand::{Rng, SeedableRng, TryRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::ln;

/// A number in (0, 1) from 64 random bits; never 0, never 1.
#[inline(always)]
pub fn unit(bits: u64) -> f64 {
    ((bits >> 11) as f64 + 0.5) * (1.0 / (1_u64 << 53) as f64)
}

/// A random stream: xoshiro256++.
#[derive(Clone, Debug)]
pub struct Stream(Xoshiro256PlusPlus);

impl Stream {
    /// The generator of these four words of state, of which one at least must differ from zero.
    pub(super) fn seeded(state: [[u64; 2]; 2]) -> Self {
        let mut bytes = [0; 32];
        for (bytes, word) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(state.as_flattened()) {
            *bytes = word.to_le_bytes();
        }
        Self(Xoshiro256PlusPlus::from_seed(bytes))
    }

    /// Draws 64 bits.
    #[inline(always)]
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Draws a number in (0, 1).
    pub fn unit(&mut self) -> f64 {
        unit(self.bits())
    }

    /// Draws an index below `n`; n · 2⁻⁶⁴ is all by which any is favoured.
    pub fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(n)) >> 64) as u64
    }

    /// Draws from the Wald (inverse Gaussian) distribution of this mean and scale λ.
    ///
    /// Michael, Schucany & Haas (1976), The American Statistician 30:88, with the squared normal by Box and Muller.
    pub fn wald(&mut self, mean: f64, scale: f64) -> f64 {
        let cos = libm::cos(TAU * self.unit());
        let y = mean * -2.0 * ln(self.unit()) * cos * cos;
        let x = mean + mean / (2.0 * scale) * (y - (4.0 * scale * y + y * y).sqrt());
        if self.unit() * (mean + x) <= mean { x } else { mean * mean / x }
    }

    /// Draws from the normal distribution of mean 0 and variance 1, by Box and Muller.
    pub fn normal(&mut self) -> f64 {
        (-2.0 * ln(self.unit())).sqrt() * libm::cos(TAU * self.unit())
    }

    /// Draws two independent numbers from the normal distribution of mean 0 and variance 1, by Marsaglia's polar method:
    /// unlike [`Stream::normal`] it takes no cosine, which counts where many are drawn.
    pub fn normals(&mut self) -> [f64; 2] {
        loop {
            let [x, y] = [0; 2].map(|_| 2.0 * self.unit() - 1.0);
            let square = x * x + y * y;
            if square < 1.0 {
                let factor = (-2.0 * ln(square) / square).sqrt();
                return [x * factor, y * factor];
            }
        }
    }

    /// Shuffles by Fisher and Yates.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i as u64 + 1) as usize);
        }
    }
}

/// A generator of the rand crate: its words are those of [`Stream::bits`].
impl TryRng for Stream {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.0.try_next_u32()
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0.try_next_u64()
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.try_fill_bytes(bytes)
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt;
    use rand_distr::StandardNormal;

    use super::super::{PresentationKey, Purpose, StreamKey};
    use super::*;

    fn first(purpose: Purpose) -> Stream {
        StreamKey { seed: 1, purpose, presentation: PresentationKey::training(0), phase: 0, block: 0 }.stream()
    }

    #[test]
    fn words_of_the_generator_are_those_of_the_stream() {
        let (mut generator, mut stream) = (first(Purpose::Order), first(Purpose::Order));
        assert_eq!(generator.next_u64(), stream.bits());
        assert_eq!(u64::from(generator.next_u32()), stream.bits() >> 32);
        let mut bytes = [0; 8];
        generator.fill_bytes(&mut bytes);
        assert_eq!(u64::from_le_bytes(bytes), stream.bits());
    }

    /// A regression pin of the draws whose bits published results depend on: a change here changes them.
    #[test]
    #[allow(clippy::float_cmp, reason = "the same to the bit")]
    fn value_stability() {
        let mut stream = first(Purpose::PhaseLength);
        let [x, y] = stream.normals();
        let drawn = [x, y, stream.wald(2.0, 1.0), stream.wald(2.0, 1.0), stream.unit(), stream.normal()];
        let mut items: Vec<u64> = (0..8).collect();
        stream.shuffle(&mut items);
        items.push(stream.below(1_000_000));
        assert_eq!(
            drawn,
            [
                0.233_258_733_332_913_25,
                1.302_845_689_114_908,
                0.484_309_565_155_092_6,
                0.571_949_912_044_879_4,
                0.284_670_568_252_694_7,
                -1.729_064_431_449_834_2
            ]
        );
        assert_eq!(items, [1, 5, 3, 7, 0, 6, 4, 2, 73_374]);
    }

    /// A regression pin of what rand and rand_distr draw for initial values: another version of them may draw others.
    #[test]
    #[allow(clippy::float_cmp, reason = "the same to the bit")]
    fn value_stability_of_distributions() {
        let mut stream = first(Purpose::Weights(0));
        let drawn: [f64; 4] =
            std::array::from_fn(|i| if i < 2 { stream.sample(StandardNormal) } else { stream.random() });
        assert_eq!(
            drawn,
            [0.731_235_408_905_092_9, 0.091_757_349_332_569_39, 0.303_075_943_146_914_8, 0.109_716_745_488_936_06]
        );
    }

    /// Mean μ and variance μ³/λ of the Wald distribution; 5 standard errors, so wrong by chance once in 1e6 seeds.
    #[test]
    fn wald_has_its_mean_and_variance() {
        let (mean, scale, n) = (2.0, 1.0, 400_000.0);
        let mut stream = first(Purpose::PhaseLength);
        let (mut sum, mut squares) = (0.0, 0.0);
        for _ in 0..400_000 {
            let x = stream.wald(mean, scale);
            assert!(x > 0.0);
            sum += x;
            squares += (x - mean) * (x - mean);
        }
        let variance: f64 = mean * mean * mean / scale;
        // Fourth central moment of the Wald distribution: 3 σ⁴ (1 + 5 μ/λ).
        let fourth = 3.0 * variance * variance * (1.0 + 5.0 * mean / scale);
        assert!((sum / n - mean).abs() < 5.0 * (variance / n).sqrt());
        assert!((squares / n - variance).abs() < 5.0 * ((fourth - variance * variance) / n).sqrt());
    }

    /// Mean 0, variance 1, fourth moment 3, and no correlation within a pair; 5 standard errors each.
    #[test]
    fn pairs_of_normals_have_the_moments_of_independent_ones() {
        let n = 200_000;
        let mut stream = first(Purpose::Trains(0));
        let mut sums = [0.0; 4];
        for _ in 0..n {
            let [x, y] = stream.normals();
            let moments = [x + y, x * x + y * y - 2.0, x.powi(4) + y.powi(4) - 6.0, x * y];
            sums.iter_mut().zip(moments).for_each(|(sum, moment)| *sum += moment);
        }
        // Variances of x, x², x⁴ and x y: 1, 2, 96 and 1.
        for (sum, variance) in sums.into_iter().zip([2.0, 4.0, 192.0, 1.0]) {
            assert!(sum.abs() < 5.0 * (variance * f64::from(n)).sqrt(), "{sum}");
        }
    }

    /// From another implementation, in Python, of key, generator and method.
    #[test]
    fn the_first_pairs_of_normals_are_those_of_another_implementation() {
        let mut stream = first(Purpose::Trains(0));
        for expected in
            [[1.032_144_678_534_484_3, -0.124_948_696_847_988_27], [1.607_840_840_616_411_3, 0.191_331_346_540_311_45]]
        {
            let found = stream.normals();
            assert!(found.iter().zip(expected).all(|(x, y)| (x - y).abs() < 1e-14), "{found:?} for {expected:?}");
        }
    }

    #[test]
    fn below_reaches_every_index_alike() {
        let mut counts = [0_i32; 10];
        let mut stream = first(Purpose::Order);
        (0..100_000).for_each(|_| counts[stream.below(10) as usize] += 1);
        // Chi-square with 9 degrees of freedom: above 33.7 once in 1e4 seeds.
        let chi: f64 = counts.iter().map(|&c| f64::from((c - 10_000) * (c - 10_000)) / 10_000.0).sum();
        assert!(chi < 33.7, "{chi}");
    }

    #[test]
    fn shuffle_keeps_every_item() {
        let mut items: Vec<u32> = (0..100).collect();
        first(Purpose::Order).shuffle(&mut items);
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
    }
}
