//! Streams of random numbers, keyed by what they are for and by nothing else.

use std::f64::consts::TAU;

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

use crate::math::ln;

/// Neurons that share a stream. Part of a model's meaning: another number gives other spikes.
pub const STREAM_BLOCK: usize = 64;

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

/// The stream of one stream block for one purpose in one phase (0 forward, 1 target) of one presentation. The same
/// whatever the threads, work blocks or call order.
pub fn stream(seed: u64, purpose: Purpose, presentation: PresentationKey, phase: u32, block: u32) -> Stream {
    let words = [seed, purpose.word(), presentation.0, u64::from(phase) << 32 | u64::from(block)];
    let mut bytes = [0; 32];
    for (half, start) in [0x9E37_79B9_7F4A_7C15, 0xD1B5_4A32_D192_ED03].into_iter().enumerate() {
        let hash = words.into_iter().fold(start, |hash, word| mix(hash ^ mix(word.wrapping_add(start))));
        bytes[half * 16..][..8].copy_from_slice(&hash.to_le_bytes());
        bytes[half * 16 + 8..][..8].copy_from_slice(&mix(hash.wrapping_add(start)).to_le_bytes());
    }
    Stream(Xoshiro256PlusPlus::from_seed(bytes))
}

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

    /// Shuffles by Fisher and Yates.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i as u64 + 1) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(purpose: Purpose) -> Stream {
        stream(1, purpose, PresentationKey::training(0), 0, 0)
    }

    /// A regression pin: a change here changes published results.
    #[test]
    fn value_stability() {
        let draws = [
            Purpose::Weights(0),
            Purpose::Biases(1),
            Purpose::Order,
            Purpose::PhaseLength,
            Purpose::Encoder(0),
            Purpose::Candidates(1),
        ]
        .map(|purpose| {
            let mut stream = first(purpose);
            [stream.bits(), stream.bits()]
        });
        assert_eq!(
            draws,
            [
                [0x8C56_224A_7476_A621, 0x3CA8_18DF_80DE_1EDD],
                [0x92D4_F9BF_C278_7730, 0x5F18_0D8B_0669_549B],
                [0xE92F_4832_D75C_130A, 0x839B_5DFC_69FD_46F4],
                [0xABE1_F5D1_E04E_FA36, 0x2347_701D_F9D3_E5AC],
                [0x0886_C60B_7DDB_F739, 0xB49F_2DE2_6346_EF13],
                [0x8241_B9AD_DBC1_30AF, 0xF11B_1810_7BC5_60C8]
            ]
        );
    }

    #[test]
    fn every_part_of_the_key_tells_streams_apart() {
        let training = PresentationKey::training;
        let mut draws: Vec<u64> = vec![
            first(Purpose::Order).bits(),
            first(Purpose::Encoder(0)).bits(),
            first(Purpose::Candidates(0)).bits(),
            first(Purpose::Candidates(1)).bits(),
            stream(2, Purpose::Order, training(0), 0, 0).bits(),
            stream(1, Purpose::Order, training(1), 0, 0).bits(),
            stream(1, Purpose::Order, PresentationKey::test(0, 0), 0, 0).bits(),
            stream(1, Purpose::Order, PresentationKey::test(1, 0), 0, 0).bits(),
            stream(1, Purpose::Order, training(0), 1, 0).bits(),
            stream(1, Purpose::Order, training(0), 0, 1).bits(),
        ];
        draws.sort_unstable();
        draws.dedup();
        assert_eq!(draws.len(), 10);
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
