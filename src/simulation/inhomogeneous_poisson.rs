//! Inhomogeneous Poisson trains of rates that are constant between the times of a table.

use crate::data::TimeTable;
use crate::numeric::{Stream, ln};
use crate::protocol::Spike;

/// Draws the spikes of `neurons` independent trains from `from` on and before `to` [ms], by the time since `from`.
///
/// The superposition of all trains has the rate R(t) = Σ r_j(t). By the change of time τ = ∫ R dt it is a Poisson process of rate
/// 1, so that the next spike comes where the integral has grown by an exponential draw of mean 1: exact for any table, since R is
/// constant between its times. A spike is of neuron j with probability r_j/R.
pub(super) fn draw(
    course: &TimeTable,
    neurons: usize,
    [from, to]: [f64; 2],
    stream: &mut Stream,
    out: &mut Vec<Spike>,
) {
    let mut left = -ln(stream.unit());
    let mut now = from;
    let mut sums = Vec::new();
    while now < to {
        let row = course.row_at(now);
        let next = course.times_ms().get(row.map_or(0, |row| row + 1)).copied().unwrap_or(f64::INFINITY);
        let end = next.min(to);
        let rates = row.map_or(&[][..], |row| course.values(row));
        let total = match *rates {
            [] => 0.0,
            [rate] => rate * neurons as f64,
            _ => {
                sums.clear();
                sums.extend(rates.iter().scan(0.0, |sum, rate| {
                    *sum += rate;
                    Some(*sum)
                }));
                sums.last().copied().unwrap_or(0.0)
            }
        };
        while left < total * (end - now) {
            now += left / total;
            left = -ln(stream.unit());
            let neuron = if rates.len() == 1 {
                stream.below(neurons as u64) as usize
            } else {
                let height = stream.unit() * total;
                sums.partition_point(|&sum| sum <= height).min(neurons - 1)
            };
            // The sum that made the time may round to the end.
            if now < end {
                out.push(Spike { time: now - from, neuron: neuron as u32 });
            }
        }
        left -= total * (end - now);
        now = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::{PresentationKey, Purpose, StreamKey};

    fn course(text: &str, neurons: usize) -> TimeTable {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.csv");
        std::fs::write(&path, text).unwrap();
        TimeTable::rates(&path, neurons).unwrap()
    }

    fn stream(n: u64) -> Stream {
        let presentation = PresentationKey::training(n);
        StreamKey { seed: 5, purpose: Purpose::Encoder(0), presentation, phase: 0, block: 0 }.stream()
    }

    /// Counts in each part of the table are Poisson of mean ∫ r dt: within five standard deviations, which fails for one seed in
    /// 1.7 million.
    #[test]
    fn counts_are_the_integrals_of_the_rates() {
        let course = course("time_ms,a,b\n10,100,0\n30,50,400\n70,0,0\n80,0,25\n", 2);
        let mut counts = [[0.0; 2]; 5];
        let runs = 4000;
        let edges = [0.0, 10.0, 30.0, 70.0, 80.0, 100.0];
        for n in 0..runs {
            let mut spikes = Vec::new();
            draw(&course, 2, [0.0, 100.0], &mut stream(n), &mut spikes);
            assert!(spikes.is_sorted_by(|a, b| a.time < b.time));
            for spike in spikes {
                let part = edges.partition_point(|&edge| edge <= spike.time) - 1;
                counts[part][spike.neuron as usize] += 1.0;
            }
        }
        let expected = [[0.0, 0.0], [2.0, 0.0], [2.0, 16.0], [0.0, 0.0], [0.0, 0.5]];
        for (found, expected) in counts.iter().flatten().zip(expected.iter().flatten()) {
            let mean = expected * runs as f64;
            assert!((found - mean).abs() <= 5.0 * mean.sqrt(), "{found} for {mean}");
        }
    }

    /// Of a constant rate r, the first spike of n trains comes after 1/(n r) on average, and neurons are drawn evenly.
    #[test]
    fn one_rate_is_that_of_every_neuron() {
        let course = course("time_ms,rate_hz\n0,20\n", 50);
        let (mut first, mut of, runs) = (0.0, [0.0_f64; 50], 5000);
        for n in 0..runs {
            let mut spikes = Vec::new();
            draw(&course, 50, [0.0, 100.0], &mut stream(n), &mut spikes);
            first += spikes[0].time / runs as f64;
            spikes.iter().for_each(|spike| of[spike.neuron as usize] += 1.0);
        }
        assert!((first - 1.0).abs() < 5.0 / (runs as f64).sqrt(), "{first}");
        let mean = 2.0 * runs as f64;
        assert!(of.iter().all(|count| (count - mean).abs() < 5.0 * mean.sqrt()), "{of:?}");
    }
}
