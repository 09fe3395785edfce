//! A random stream for hot loops.

/// Numbers that a [`WideStream`] draws at once.
pub const WIDTH: usize = 8;

/// A random stream that draws in vectors: eight xoshiro256++ generators in turn.
#[derive(Clone, Debug)]
pub struct WideStream([[u64; WIDTH]; 4]);

impl WideStream {
    /// The generators of these states: word by word, a number for each generator.
    pub(super) fn seeded(state: [[u64; WIDTH]; 4]) -> Self {
        Self(state)
    }

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

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng};
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::super::{PresentationKey, Purpose, StreamKey};
    use super::*;

    #[test]
    fn a_wide_stream_is_eight_generators_of_the_library() {
        let presentation = PresentationKey::training(0);
        let mut wide = StreamKey { seed: 1, purpose: Purpose::Order, presentation, phase: 0, block: 0 }.wide();
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
}
