//! Sorting the spikes of a window by (time, neuron).

use crate::data::Spike;

/// Spikes below which an ordinary sort is as good.
const FEW: usize = 64;

/// Buffers of [`Sorter::sort`], kept from one window to the next.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sorter {
    starts: Vec<u32>,
    bins: Vec<u32>,
    sorted: Vec<Spike>,
}

impl Sorter {
    /// Sorts spikes of the window [`from`, `to`): first into as many equally wide bins as there are spikes, then, there
    /// being one or two in each, by insertion.
    pub(crate) fn sort(&mut self, spikes: &mut [Spike], from: f64, to: f64) {
        if spikes.len() < FEW {
            spikes.sort_unstable_by(|a, b| a.time.total_cmp(&b.time).then(a.neuron.cmp(&b.neuron)));
            return;
        }
        let bins = spikes.len();
        let scale = bins as f64 / (to - from);
        self.bins.clear();
        self.bins.extend(spikes.iter().map(|spike| (((spike.time - from) * scale) as u32).min(bins as u32 - 1)));
        self.starts.clear();
        self.starts.resize(bins + 1, 0);
        for &bin in &self.bins {
            self.starts[bin as usize + 1] += 1;
        }
        for i in 1..bins {
            self.starts[i] += self.starts[i - 1];
        }
        self.sorted.clear();
        self.sorted.resize(bins, Spike { time: 0.0, neuron: 0 });
        for (spike, &bin) in spikes.iter().zip(&self.bins) {
            let place = &mut self.starts[bin as usize];
            self.sorted[*place as usize] = *spike;
            *place += 1;
        }
        // Bins are in order of time, so insertion never looks further than into its own.
        for (i, &spike) in self.sorted.iter().enumerate() {
            let mut place = i;
            while place > 0 && after(&spikes[place - 1], &spike) {
                spikes[place] = spikes[place - 1];
                place -= 1;
            }
            spikes[place] = spike;
        }
    }
}

fn after(a: &Spike, b: &Spike) -> bool {
    a.time > b.time || (a.time >= b.time && a.neuron > b.neuron)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn spikes_are_sorted_by_time_and_neuron(
            drawn in proptest::collection::vec((0_u32..40, 0_u32..500), 0..400),
        ) {
            let mut spikes: Vec<Spike> =
                drawn.iter().map(|&(t, neuron)| Spike { time: 3.0 + f64::from(t) * 0.25, neuron }).collect();
            let mut expected = spikes.clone();
            expected.sort_by(|a, b| a.time.total_cmp(&b.time).then(a.neuron.cmp(&b.neuron)));
            Sorter::default().sort(&mut spikes, 3.0, 13.0);
            prop_assert_eq!(spikes, expected);
        }
    }
}
