//! Keys of random streams: a stream depends on what it is for and on nothing else.

use super::{Stream, WideStream};

/// Neurons that share a stream. Part of a model's meaning: another number gives other spikes.
pub const STREAM_BLOCK: usize = 512;

/// What a stream is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
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
    /// Thresholds of the neurons of a population, by its index.
    Thresholds(u32),
    /// Initial potentials of the neurons of a population, by its index.
    Potentials(u32),
    /// Poisson input of one block of a population, by its index.
    Background(u32),
    /// By how much a training image is shifted.
    Shift,
    /// How a training image is deformed.
    Deformation,
    /// By how much the trains of a population of a noisy rate twin are off their means, by its index.
    Trains(u32),
    /// Which neurons a projection connects, by its index.
    Connections(u32),
    /// Delays of the synapses of a projection, by its index.
    Delays(u32),
    /// Which synapses of a projection are removed, by its index.
    Pruning(u32),
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
            Purpose::Thresholds(population) => (10, population),
            Purpose::Potentials(population) => (11, population),
            Purpose::Background(population) => (12, population),
            Purpose::Connections(projection) => (13, projection),
            Purpose::Delays(projection) => (14, projection),
            Purpose::Pruning(projection) => (15, projection),
            Purpose::Rate(of) => (16, of),
            Purpose::Analysis(of) => (17, of),
            Purpose::Deformation => (18, 0),
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
        let hashes = self.hashes();
        Stream::seeded(hashes.map(|hash| [hash, mix(hash.wrapping_add(GOLDEN))]))
    }

    /// The wide stream of this key, each of its generators seeded from the key and its own number.
    pub fn wide(self) -> WideStream {
        let hashes = self.hashes();
        let word = |word: usize, generator: usize| {
            let place = (4 * generator + word + 1) as u64;
            mix(hashes[word % 2].wrapping_add(place.wrapping_mul(GOLDEN)))
        };
        WideStream::seeded([0, 1, 2, 3].map(|w| std::array::from_fn(|generator| word(w, generator))))
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
}
