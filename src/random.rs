//! Streams of random numbers, keyed by what they are for and by nothing else.

use std::f64::consts::TAU;

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

use crate::math::ln;

/// Neurons that share a stream. Part of a model's meaning: another number gives other spikes.
pub const STREAM_BLOCK: usize = 512;

/// What a stream is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Initial weights of a projection, by its index.
    Weights(u32),
    /// Initial biases of a population, by its index.
    Biases(u32),
    /// Order of the images in an epoch, the epoch standing for the presentation.
    Order,
    /// Random part of a phase's length.
    PhaseLength,
    /// Spikes of an encoder: one stream for all of its neurons.
    Encoder(u32),
    /// Candidate spikes of one stream block of a population, by its index.
    Candidates(u32),
    /// When the plateaus of a population happen, by its index.
    PlateauTimes(u32),
    /// By how much a training image is shifted.
    Shift,
    /// By how much the trains of a population of a noisy rate twin are off their means, by its index.
    Trains(u32),
    /// Noise and fixed feedback of a rate-based rule, and the draws of its tasks, by a number of its own.
    Rate(u32),
    /// Shuffles and beginnings of an analysis, by a number of its own.
    Analysis(u32),
}

impl Purpose {
    /// A distinct word for each purpose; part of every stream's key.
    fn word(self) -> u64 {
        let (kind, index) = match self {
            Purpose::Weights(projection) => (1, projection),
            Purpose::Biases(population) => (2, population),
            Purpose::Order => (3, 0),
            Purpose::PhaseLength => (4, 0),
            Purpose::Encoder(population) => (5, population),
            Purpose::Candidates(population) => (6, population),
            Purpose::PlateauTimes(population) => (7, population),
            Purpose::Shift => (8, 0),
            Purpose::Trains(population) => (9, population),
            Purpose::Rate(of) => (16, of),
            Purpose::Analysis(of) => (17, of),
        };
        kind << 32 | u64::from(index)
    }
}

/// The word by which a presentation enters the key of its streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PresentationKey(u64);

impl PresentationKey {
    /// The `n`-th training presentation of a run.
    pub fn training(n: u64) -> Self {
        Self(n)
    }

    /// The test of one image in one pass: every evaluation of a run draws the same numbers for it.
    pub fn test(pass: u32, image: u32) -> Self {
        Self(1 << 63 | u64::from(pass) << 32 | u64::from(image))
    }
}

/// What a stream depends on: nothing else, whatever the threads, work blocks or call order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamKey {
    /// Seed of the run.
    pub seed: u64,
    /// What the numbers are for.
    pub purpose: Purpose,
    /// The presentation.
    pub presentation: PresentationKey,
    /// Phase of the presentation: 0 forward, 1 target.
    pub phase: u32,
    /// Stream block of the population: neurons 512 b to 512 b + 511.
    pub block: u32,
}

impl StreamKey {
    /// The stream of this key.
    pub fn stream(self) -> Stream {
        let mut bytes = [0; 32];
        for (half, hash) in self.hashes().into_iter().enumerate() {
            bytes[half * 16..][..8].copy_from_slice(&hash.to_le_bytes());
            bytes[half * 16 + 8..][..8].copy_from_slice(&mix(hash.wrapping_add(GOLDEN)).to_le_bytes());
        }
        Stream(Xoshiro256PlusPlus::from_seed(bytes))
    }

    /// The wide stream of this key, each of its generators seeded from the key and its own number.
    pub fn wide(self) -> WideStream {
        let hashes = self.hashes();
        let word = |word: usize, generator: usize| {
            let place = (4 * generator + word + 1) as u64;
            mix(hashes[word % 2].wrapping_add(place.wrapping_mul(GOLDEN)))
        };
        WideStream([0, 1, 2, 3].map(|w| std::array::from_fn(|generator| word(w, generator))))
    }

    /// 128 bits that tell keys apart.
    fn hashes(self) -> [u64; 2] {
        let block = u64::from(self.phase) << 32 | u64::from(self.block);
        let words = [self.seed, self.purpose.word(), self.presentation.0, block];
        [GOLDEN, 0xD1B5_4A32_D192_ED03]
            .map(|start| words.into_iter().fold(start, |hash, word| mix(hash ^ mix(word.wrapping_add(start)))))
    }
}

/// 2⁶⁴ over the golden ratio.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// A bijection of 64-bit words that scatters them (Stafford's variant 13 of the `MurmurHash3` finaliser).
fn mix(mut z: u64) -> u64 {
    z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ z >> 31
}

/// A number in (0, 1) from 64 random bits; never 0, never 1.
#[inline(always)]
pub fn unit(bits: u64) -> f64 {
    ((bits >> 11) as f64 + 0.5) * (1.0 / (1_u64 << 53) as f64)
}

/// A random stream: xoshiro256++.
#[derive(Clone, Debug)]
pub struct Stream(Xoshiro256PlusPlus);

/// Numbers that a [`WideStream`] draws at once.
pub const WIDTH: usize = 8;

/// A random stream that draws in vectors: eight xoshiro256++ generators in turn.
#[derive(Clone, Debug)]
pub struct WideStream([[u64; WIDTH]; 4]);

impl WideStream {
    /// Draws 64 bits from each generator.
    #[inline(always)]
    pub fn bits(&mut self) -> [u64; WIDTH] {
        let [s0, s1, s2, s3] = &mut self.0;
        let mut drawn = [0; WIDTH];
        for i in 0..WIDTH {
            drawn[i] = s0[i].wrapping_add(s3[i]).rotate_left(23).wrapping_add(s0[i]);
            let shifted = s1[i] << 17;
            s2[i] ^= s0[i];
            s3[i] ^= s1[i];
            s1[i] ^= s2[i];
            s0[i] ^= s3[i];
            s2[i] ^= shifted;
            s3[i] = s3[i].rotate_left(45);
        }
        drawn
    }

    /// Fills `out`, whose length is a multiple of [`WIDTH`].
    #[inline(always)]
    pub fn fill(&mut self, out: &mut [u64]) {
        for out in out.as_chunks_mut::<WIDTH>().0 {
            *out = self.bits();
        }
    }
}

impl Stream {
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

/// The order in which an epoch shows its images, spikes and rates alike.
pub fn order(seed: u64, epoch: u64, images: usize) -> Vec<u32> {
    let presentation = PresentationKey::training(epoch);
    let mut order: Vec<u32> = (0..images as u32).collect();
    StreamKey { seed, purpose: Purpose::Order, presentation, phase: 0, block: 0 }.stream().shuffle(&mut order);
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: StreamKey =
        StreamKey { seed: 1, purpose: Purpose::Order, presentation: PresentationKey(0), phase: 0, block: 0 };

    fn first(purpose: Purpose) -> Stream {
        StreamKey { purpose, ..KEY }.stream()
    }

    /// A regression pin: a change here changes published results.
    #[test]
    fn value_stability() {
        let scalar = [Purpose::Weights(0), Purpose::Biases(1), Purpose::Order, Purpose::PhaseLength].map(|purpose| {
            let mut stream = first(purpose);
            [stream.bits(), stream.bits()]
        });
        assert_eq!(
            scalar,
            [
                [0xB734_C18A_4815_B469, 0x876B_3FD1_6B36_B479],
                [0xC4E1_3A41_28A0_4625, 0xF69A_CC74_B05F_68D4],
                [0x361F_02FB_8D89_117B, 0x2E61_370C_9DFC_9B8D],
                [0x8E8E_DAD5_D0DE_7660, 0xD150_033C_C159_BF17]
            ]
        );
        let wide = [Purpose::Encoder(0), Purpose::Candidates(1)].map(|purpose| {
            let mut stream = StreamKey { purpose, ..KEY }.wide();
            [stream.bits()[7], stream.bits()[0]]
        });
        assert_eq!(
            wide,
            [[0x17AB_BEE9_D706_1D3D, 0x7CC8_9478_9A00_CD55], [0x7345_6EB5_166A_F9C1, 0x2903_7C9F_73E8_613C]]
        );
    }

    #[test]
    fn every_part_of_the_key_tells_streams_apart() {
        let presentation = |presentation| StreamKey { presentation, ..KEY };
        let keys = [
            KEY,
            StreamKey { purpose: Purpose::Encoder(0), ..KEY },
            StreamKey { purpose: Purpose::Candidates(0), ..KEY },
            StreamKey { purpose: Purpose::Candidates(1), ..KEY },
            StreamKey { seed: 2, ..KEY },
            presentation(PresentationKey::training(1)),
            presentation(PresentationKey::test(0, 0)),
            presentation(PresentationKey::test(1, 0)),
            StreamKey { phase: 1, ..KEY },
            StreamKey { block: 1, ..KEY },
        ];
        let mut draws: Vec<u64> = keys.iter().flat_map(|key| key.wide().bits()).collect();
        draws.extend(keys.iter().map(|key| key.stream().bits()));
        draws.sort_unstable();
        draws.dedup();
        assert_eq!(draws.len(), 9 * keys.len());
    }

    #[test]
    fn a_wide_stream_is_eight_generators_of_the_library() {
        let mut wide = KEY.wide();
        let mut single: Vec<_> = (0..WIDTH)
            .map(|i| {
                let bytes: Vec<u8> = wide.0.iter().flat_map(|word| word[i].to_le_bytes()).collect();
                Xoshiro256PlusPlus::from_seed(bytes.try_into().expect("four words"))
            })
            .collect();
        let mut drawn = [0; 10 * WIDTH];
        wide.fill(&mut drawn);
        for row in drawn.chunks(WIDTH) {
            assert_eq!(row, single.iter_mut().map(Rng::next_u64).collect::<Vec<_>>());
        }
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
