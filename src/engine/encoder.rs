//! Poisson encoder: the spikes of a source population, drawn as the phase goes on.

use pulp::{Arch, Simd, WithSimd};

use super::arrivals::Arrivals;
use super::circuit::Circuit;
use super::observe::StateArray;
use super::population::{Inputs, Means, PhaseRun, PopulationDynamics, Window};
use super::work::Work;
use crate::network::Network;
use crate::numeric::ln;
use crate::numeric::{Purpose, WideStream, unit};
use crate::protocol::{Spike, Stimulus};

/// Spikes drawn at once.
const CHUNK: usize = 128;

/// Draws the superposition of all trains, of rate R = Σ r_j, and gives each spike to neuron j with probability r_j / R, by
/// the alias method (Walker 1977, ACM Transactions on Mathematical Software 3:253).
#[derive(Clone, Debug)]
pub(crate) struct Encoder {
    /// The population's place in the model.
    index: usize,
    /// Its place among the sources.
    source: usize,
    phi_max: f64,
    /// One of equal probability for each neuron of non-zero rate.
    columns: Vec<Column>,
    /// R [1/ms].
    total: f64,
    /// Neurons that still lack, or exceed, the mean share, while columns are made.
    poor: Vec<u32>,
    rich: Vec<u32>,
    /// What of the phase is drawn: its stream, the time of the last spike and those drawn ahead of the window.
    stream: Option<WideStream>,
    now: f64,
    ahead: Vec<Spike>,
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
    pub(crate) fn new(index: usize, source: usize, phi_max: f64) -> Self {
        Self {
            index,
            source,
            phi_max,
            columns: Vec::new(),
            total: 0.0,
            poor: Vec::new(),
            rich: Vec::new(),
            stream: None,
            now: 0.0,
            ahead: Vec::new(),
        }
    }

    /// Makes ready for a stimulus; a spike list needs nothing.
    fn set_stimulus(&mut self, stimulus: Option<&Stimulus<'_>>) {
        let phi_max = self.phi_max;
        match stimulus {
            Some(Stimulus::Pixels(pixels)) => self.set_rates(pixels.iter().map(|&p| phi_max * f64::from(p) / 255.0)),
            Some(Stimulus::Rates(rates)) => self.set_rates(rates.iter().copied()),
            Some(Stimulus::Spikes(_)) | None => self.columns.clear(),
        }
    }

    fn set_rates(&mut self, rates: impl Iterator<Item = f64>) {
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

    /// Appends the spikes drawn before `to`.
    fn draw(&mut self, arch: Arch, to: f64, out: &mut Vec<Spike>) {
        let known = self.ahead.partition_point(|spike| spike.time < to);
        out.extend(self.ahead.drain(..known));
        let (Some(stream), false) = (&mut self.stream, self.columns.is_empty()) else { return };
        if self.now < to {
            let first = out.len();
            arch.dispatch(DrawSpikes {
                columns: &self.columns,
                total: self.total,
                to,
                stream,
                now: &mut self.now,
                spikes: out,
            });
            let known = first + out[first..].partition_point(|spike| spike.time < to);
            self.ahead.extend(out.drain(known..));
        }
    }
}

impl PopulationDynamics for Encoder {
    fn begin(&mut self, run: &PhaseRun<'_>, _: &Inputs<'_>, _: bool) {
        if !run.same_stimuli {
            self.set_stimulus(run.phase.stimuli.get(self.source));
        }
        self.stream = Some(run.streams.key(Purpose::Encoder(self.index as u32), 0).wide());
        self.now = 0.0;
        self.ahead.clear();
    }

    fn receive(&mut self, _: &PhaseRun<'_>, _: &Circuit, _: &Network, _: &mut [Arrivals], _: f64) {}

    fn advance(&mut self, run: &PhaseRun<'_>, window: Window, _: &Inputs<'_>, out: &mut Vec<Spike>, work: &mut Work) {
        let known = out.len();
        if let Some(Stimulus::Spikes(list)) = run.phase.stimuli.get(self.source) {
            let first = list.partition_point(|spike| spike.time - run.offset < window.from);
            let given = list[first..].iter().map(|s| Spike { time: s.time - run.offset, neuron: s.neuron });
            out.extend(given.take_while(|spike| spike.time < window.to));
        } else {
            self.draw(run.arch, window.to, out);
        }
        work.input_spikes += (out.len() - known) as u64;
    }

    fn sample(&mut self, _: &PhaseRun<'_>, _: &[f64], _: &Inputs<'_>, _: &mut Vec<f64>) {}

    fn finish(&mut self, _: &mut [f64]) {}

    fn measure(&mut self, _: &PhaseRun<'_>, _: &Inputs<'_>, _: Means<'_>) {}

    fn carry(&mut self, _: &PhaseRun<'_>, _: &Inputs<'_>) {}

    fn rest(&mut self) {}

    fn state(&self) -> Vec<StateArray> {
        Vec::new()
    }

    fn restore(&mut self, _: &[StateArray]) {}
}

/// Draws gaps and neurons up to some time, in whole chunks.
struct DrawSpikes<'a> {
    columns: &'a [Column],
    total: f64,
    to: f64,
    stream: &'a mut WideStream,
    now: &'a mut f64,
    spikes: &'a mut Vec<Spike>,
}

impl WithSimd for DrawSpikes<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { columns, total, to, stream, now: reached, spikes } = self;
        let mean_gap = 1.0 / total;
        let mut now = *reached;
        while now < to {
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
            let first = spikes.len();
            spikes.resize(first + CHUNK, Spike { time: 0.0, neuron: 0 });
            for (spike, (&time, height)) in spikes[first..].iter_mut().zip(times.iter().zip(heights)) {
                let index = (height as usize).min(columns.len() - 1);
                let column = &columns[index];
                let within = height - index as f64;
                let neuron = if within < column.share { column.lower } else { column.upper };
                *spike = Spike { time, neuron };
            }
        }
        *reached = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::{PresentationKey, StreamKey};

    fn encoder(stimulus: Stimulus<'_>) -> Encoder {
        let mut encoder = Encoder::new(0, 0, 0.2);
        encoder.set_stimulus(Some(&stimulus));
        let presentation = PresentationKey::training(0);
        let key = StreamKey { seed: 3, purpose: Purpose::Encoder(0), presentation, phase: 0, block: 0 };
        encoder.stream = Some(key.wide());
        encoder
    }

    fn draw(stimulus: Stimulus<'_>, windows: &[f64]) -> Vec<Spike> {
        let (mut spikes, mut encoder) = (Vec::new(), encoder(stimulus));
        windows.iter().for_each(|&to| encoder.draw(Arch::new(), to, &mut spikes));
        spikes
    }

    /// Counts are Poisson: the sum of (n − λ)²/λ over 255 pixels, nearly χ² of as many degrees, is within 5 standard
    /// deviations. That is skewed: more than 5 above its mean once in 2e5 seeds, more than 5 below once in 1e9.
    #[test]
    fn every_pixel_fires_at_its_rate() {
        let pixels: Vec<u8> = (0..=255).collect();
        let spikes = draw(Stimulus::Pixels(&pixels), &[10_000.0]);
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
        let parts = draw(Stimulus::Pixels(&pixels), &[0.01, 1.0, 1.5, 3000.0, 3000.1, 9_999.0, 10_000.0]);
        assert!(spikes == parts, "windows change nothing");
    }

    #[test]
    fn a_dark_image_is_silent() {
        assert!(draw(Stimulus::Pixels(&[0; 784]), &[100.0]).is_empty());
    }
}
