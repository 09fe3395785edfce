//! Merging the spikes of stream blocks into one list by (time, neuron).

use crate::protocol::Spike;

/// Buffers of [`SpikeMerger::merge`], kept from one window to the next.
#[derive(Clone, Debug, Default)]
pub(crate) struct SpikeMerger {
    /// Where the spikes of each block end.
    pub(crate) ends: Vec<usize>,
    merged: Vec<Spike>,
}

impl SpikeMerger {
    /// Merges lists that stand one after the other, of which each is sorted by time and all neurons of one come before those
    /// of the next: neighbours by twos, until one is left.
    pub(crate) fn merge(&mut self, spikes: &mut [Spike]) {
        let Self { ends, merged } = self;
        while ends.len() > 1 {
            if merged.len() < spikes.len() {
                merged.resize(spikes.len(), Spike { time: 0.0, neuron: 0 });
            }
            let mut start = 0;
            for pair in ends.chunks(2) {
                let (middle, end) = (pair[0], *pair.last().expect("a chunk"));
                two(&spikes[start..middle], &spikes[middle..end], &mut merged[start..end]);
                start = end;
            }
            spikes.copy_from_slice(&merged[..spikes.len()]);
            let pairs = ends.len().div_ceil(2);
            for pair in 0..pairs {
                ends[pair] = ends[(2 * pair + 1).min(ends.len() - 1)];
            }
            ends.truncate(pairs);
        }
    }
}

/// Merges two lists; of two spikes at one time that of the first comes first. Which is next is counted, not branched on, as
/// no processor could guess it.
fn two(a: &[Spike], b: &[Spike], merged: &mut [Spike]) {
    let (mut i, mut j) = (0, 0);
    while i < a.len() && j < b.len() {
        let is_b = b[j].time < a[i].time;
        merged[i + j] = if is_b { b[j] } else { a[i] };
        i += usize::from(!is_b);
        j += usize::from(is_b);
    }
    merged[i + j..].copy_from_slice(if i < a.len() { &a[i..] } else { &b[j..] });
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn blocks_are_merged_by_time_and_neuron(
            drawn in proptest::collection::vec(proptest::collection::vec((0_u32..40, 0_u32..500), 0..100), 1..7),
        ) {
            let by_time = |a: &Spike, b: &Spike| a.time.total_cmp(&b.time).then(a.neuron.cmp(&b.neuron));
            let (mut spikes, mut merger): (Vec<Spike>, _) = (Vec::new(), SpikeMerger::default());
            for (block, drawn) in (0..).zip(drawn) {
                let spike = |(t, n): (u32, u32)| Spike { time: 3.0 + f64::from(t) * 0.25, neuron: 500 * block + n };
                let start = spikes.len();
                spikes.extend(drawn.into_iter().map(spike));
                spikes[start..].sort_by(by_time);
                merger.ends.push(spikes.len());
            }
            let mut expected = spikes.clone();
            expected.sort_by(by_time);
            merger.merge(&mut spikes);
            prop_assert_eq!(spikes, expected);
        }
    }
}
