//! Poisson encoder: the spikes of an input population for a whole phase.

use pulp::{Arch, Simd, WithSimd};

use crate::data::{Spike, Stimulus};
use crate::numeric::{WideStream, ln, unit};

/// Spikes drawn at once.
const CHUNK: usize = 128;

/// Draws the superposition of all trains, of rate R = Σ r_j, and gives each spike to neuron j with probability r_j / R, by
/// the alias method (Walker 1977, ACM Transactions on Mathematical Software 3:253).
#[derive(Clone, Debug, Default)]
pub(crate) struct Encoder {
    /// One of equal probability for each neuron of non-zero rate.
    columns: Vec<Column>,
    /// R [1/ms].
    total: f64,
    /// Neurons that still lack, or exceed, the mean share, while columns are made.
    poor: Vec<u32>,
    rich: Vec<u32>,
}

/// A column of the alias table: the lower part belongs to one neuron, the rest to another.
#[derive(Clone, Copy, Debug)]
struct Column {
    /// Height of the lower part, 1 being that of the column.
    share: f64,
    lower: u32,
    upper: u32,
}

impl Encoder {
    /// Makes ready for a stimulus; a spike list needs nothing.
    pub(crate) fn show(&mut self, stimulus: Stimulus<'_>, phi_max: f64) {
        match stimulus {
            Stimulus::Pixels(pixels) => self.rates(pixels.iter().map(|&p| phi_max * f64::from(p) / 255.0)),
            Stimulus::Rates(rates) => self.rates(rates.iter().copied()),
            Stimulus::Spikes(_) => self.columns.clear(),
        }
    }

    /// Appends the spikes of a phase of `length` ms that starts `offset` ms into the presentation, from its start.
    pub(crate) fn encode(
        &mut self,
        arch: Arch,
        stimulus: Stimulus<'_>,
        (offset, length): (f64, f64),
        stream: WideStream,
        spikes: &mut Vec<Spike>,
    ) {
        if let Stimulus::Spikes(list) = stimulus {
            let first = list.partition_point(|s| s.time < offset);
            let shown = list[first..].iter().map(|s| Spike { time: s.time - offset, neuron: s.neuron });
            spikes.extend(shown.take_while(|s| s.time < length));
        } else if !self.columns.is_empty() {
            arch.dispatch(Draw { columns: &self.columns, total: self.total, length, stream, spikes });
        }
    }

    fn rates(&mut self, rates: impl Iterator<Item = f64>) {
        self.columns.clear();
        let active = rates.enumerate().filter(|&(_, rate)| rate > 0.0);
        self.columns.extend(active.map(|(j, share)| Column { share, lower: j as u32, upper: j as u32 }));
        self.total = self.columns.iter().map(|column| column.share).sum();
        let mean = self.total / self.columns.len() as f64;
        self.poor.clear();
        self.rich.clear();
        for (index, column) in self.columns.iter_mut().enumerate() {
            column.share /= mean;
            if column.share < 1.0 { &mut self.poor } else { &mut self.rich }.push(index as u32);
        }
        // Each poor column is filled up by a rich neuron, which may become poor itself; what rounding leaves is whole.
        while let (Some(&poor), Some(&rich)) = (self.poor.last(), self.rich.last()) {
            self.poor.pop();
            let given = 1.0 - self.columns[poor as usize].share;
            self.columns[poor as usize].upper = self.columns[rich as usize].lower;
            self.columns[rich as usize].share -= given;
            if self.columns[rich as usize].share < 1.0 {
                self.rich.pop();
                self.poor.push(rich);
            }
        }
        self.poor.drain(..).chain(self.rich.drain(..)).for_each(|index| self.columns[index as usize].share = 1.0);
    }
}

/// Draws gaps and neurons of one phase.
struct Draw<'a> {
    columns: &'a [Column],
    total: f64,
    length: f64,
    stream: WideStream,
    spikes: &'a mut Vec<Spike>,
}

impl WithSimd for Draw<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { columns, total, length, mut stream, spikes } = self;
        let mean_gap = 1.0 / total;
        let mut now = 0.0;
        while now < length {
            let mut bits = [0; CHUNK];
            stream.fill(&mut bits);
            let mut times = [0.0; CHUNK];
            for (time, bits) in times.iter_mut().zip(bits) {
                *time = -ln(unit(bits)) * mean_gap;
            }
            for time in &mut times {
                now += *time;
                *time = now;
            }
            stream.fill(&mut bits);
            let mut heights = [0.0; CHUNK];
            for (height, bits) in heights.iter_mut().zip(bits) {
                *height = unit(bits) * columns.len() as f64;
            }
            let drawn = times.partition_point(|&time| time < length);
            let first = spikes.len();
            spikes.resize(first + drawn, Spike { time: 0.0, neuron: 0 });
            for (spike, (&time, height)) in spikes[first..].iter_mut().zip(times.iter().zip(heights)) {
                let index = (height as usize).min(columns.len() - 1);
                let column = &columns[index];
                let within = height - index as f64;
                let neuron = if within < column.share { column.lower } else { column.upper };
                *spike = Spike { time, neuron };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::{PresentationKey, Purpose, StreamKey};

    fn encode(stimulus: Stimulus<'_>, offset: f64, length: f64) -> Vec<Spike> {
        let mut spikes = Vec::new();
        let presentation = PresentationKey::training(0);
        let stream = StreamKey { seed: 3, purpose: Purpose::Encoder(0), presentation, phase: 0, block: 0 }.wide();
        let mut encoder = Encoder::default();
        encoder.show(stimulus, 0.2);
        encoder.encode(Arch::new(), stimulus, (offset, length), stream, &mut spikes);
        spikes
    }

    /// Counts are Poisson: the sum of (n − λ)²/λ over 255 pixels, nearly χ² of as many degrees, is within 5 standard
    /// deviations. That is skewed: more than 5 above its mean once in 2e5 seeds, more than 5 below once in 1e9.
    #[test]
    fn every_pixel_fires_at_its_rate() {
        let pixels: Vec<u8> = (0..=255).collect();
        let spikes = encode(Stimulus::Pixels(&pixels), 0.0, 10_000.0);
        assert!(spikes.is_sorted_by(|a, b| a.time < b.time));
        let mut counts = vec![0.0; 256];
        spikes.iter().for_each(|s| counts[s.neuron as usize] += 1.0);
        assert!(counts[0] < 0.5);
        let chi: f64 = (1..256)
            .map(|p| {
                let expected = 0.2 * 10_000.0 * f64::from(p) / 255.0;
                (counts[p as usize] - expected).powi(2) / expected
            })
            .sum();
        assert!((chi - 255.0).abs() < 5.0 * (2.0_f64 * 255.0).sqrt(), "{chi}");
    }

    #[test]
    fn a_dark_image_is_silent() {
        assert!(encode(Stimulus::Pixels(&[0; 784]), 0.0, 100.0).is_empty());
    }

    #[test]
    fn a_spike_list_is_cut_to_the_phase() {
        let list: Vec<Spike> = (0..10).map(|i| Spike { time: f64::from(i), neuron: 7 }).collect();
        let shown = encode(Stimulus::Spikes(&list), 3.0, 4.0);
        assert_eq!(shown.iter().map(|s| s.time).collect::<Vec<_>>(), [0.0, 1.0, 2.0, 3.0]);
    }
}
