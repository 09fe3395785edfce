//! The grids of times on which traces are sampled: one for each unbroken stretch of recorded presentations.

use std::collections::VecDeque;
use std::ops::Range;

/// Share of a spacing by which a sample may lie before the start of a presentation and still belong to it: far above
/// the rounding of the clock, far below what a trace shows.
const SLACK: f64 = 1e-6;

/// Tolerance of libsonata in times [ms].
const READER_SLACK: f64 = 1e-6;

/// Times `t_k` = origin + k dt from the start of a stretch of recorded presentations on, over presentations without a gap; a
/// presentation after a gap begins the next stretch, with an origin of its own.
///
/// Sample k belongs to the presentation in [start, end) with start ≤ `t_k` < end; which one is decided by the same
/// rounded formula at every start and end, so that no sample is taken twice or left out.
#[derive(Clone, Debug)]
pub(super) struct Grid {
    dt: f64,
    /// Times of a continuous run that are recorded: a run that goes on within one of them has the samples of one that began there.
    spans: Vec<Range<f64>>,
    /// The stretch that samples were last taken of; none before the first.
    stretch: Option<RangeRows>,
    /// Presentations asked for whose traces have not come yet: lanes of a batch are asked for together.
    asked: VecDeque<Asked>,
}

/// Rows so far of a stretch.
#[derive(Clone, Copy, Debug)]
struct RangeRows {
    origin: f64,
    /// Sample of its first row.
    first: u64,
    /// Sample of the row to come.
    next: u64,
    /// Time of that row as readers reach it, by adding up dt.
    summed: f64,
}

/// A presentation to come.
#[derive(Clone, Copy, Debug)]
struct Asked {
    /// Count of presentations of its kind before it.
    index: u64,
    /// First sample of its stretch.
    origin: f64,
}

/// What the grid takes of a presentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Taken {
    /// Its first samples that belong to the grid.
    pub(super) samples: usize,
    /// Whether they are the first of a stretch after a gap.
    pub(super) after_gap: bool,
}

impl Grid {
    /// A grid of this spacing [ms].
    pub(super) fn new(dt: f64) -> Self {
        Self { dt, spans: Vec::new(), stretch: None, asked: VecDeque::new() }
    }

    /// The grid of a continuous run that is recorded at these times [ms].
    pub(super) fn within(self, spans: Vec<Range<f64>>) -> Self {
        Self { spans, ..self }
    }

    /// Spacing [ms].
    pub(super) fn dt(&self) -> f64 {
        self.dt
    }

    /// The first sample of presentation `index`, which starts at `start` on the run's clock, from that start [ms].
    pub(super) fn first_sample(&mut self, index: u64, start: f64) -> f64 {
        // Between presentations that are asked for together, nothing else is shown.
        let before = match (self.asked.back(), &self.stretch) {
            (Some(last), _) => Some(last.origin).filter(|_| last.index + 1 == index),
            (None, Some(stretch)) => Some(stretch.origin).filter(|&o| self.index(o, start) == stretch.next),
            (None, None) => None,
        };
        let span = || self.spans.iter().find(|span| span.contains(&start)).map_or(start, |span| span.start);
        let origin = before.unwrap_or_else(span);
        self.asked.push_back(Asked { index, origin });
        (origin + self.index(origin, start) as f64 * self.dt - start).max(0.0)
    }

    /// What belongs to the grid of the samples taken of the presentation in [start, end), the next of those asked for.
    pub(super) fn accept(&mut self, start: f64, end: f64, samples: usize) -> Taken {
        let Some(Asked { origin, .. }) = self.asked.pop_front() else { return Taken { samples: 0, after_gap: false } };
        let first = self.index(origin, start);
        let goes_on = |stretch: &RangeRows| stretch.origin.to_bits() == origin.to_bits() && stretch.next == first;
        let after_gap = self.stretch.is_some_and(|stretch| !goes_on(&stretch));
        let begun = || RangeRows { origin, first, next: first, summed: origin + first as f64 * self.dt };
        let mut stretch = self.stretch.filter(goes_on).unwrap_or_else(begun);
        let taken = self.index(stretch.origin, end).saturating_sub(stretch.next).min(samples as u64);
        stretch.next += taken;
        (0..taken).for_each(|_| stretch.summed += self.dt);
        self.stretch = Some(stretch);
        Taken { samples: taken as usize, after_gap }
    }

    /// Start, stop and spacing of the stretch as SONATA wants them [ms]: stop is exclusive, and never beyond the rows present.
    ///
    /// bmtk counts floor((stop − start)/dt) rows, libsonata adds dt up while below stop − 1e-6 ms: stop is start + rows dt,
    /// moved by a few units in the last place for the one and cut where the sum has fallen behind for the other.
    pub(super) fn times(&self) -> [f64; 3] {
        let Some(RangeRows { origin, first, next, summed }) = self.stretch else { return [0.0, 0.0, self.dt] };
        let (start, rows) = (origin + first as f64 * self.dt, next - first);
        let mut stop = start + rows as f64 * self.dt;
        while rows > 0 && (stop - start) / self.dt < rows as f64 {
            stop = stop.next_up();
        }
        [start, stop.min(summed.max(start) + READER_SLACK / 2.0), self.dt]
    }

    /// The smallest k with origin + k dt ≥ time.
    fn index(&self, origin: f64, time: f64) -> u64 {
        ((time - origin) / self.dt - SLACK).ceil().max(0.0) as u64
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "these times are exact")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Samples as the engine takes them.
    fn samples(first: f64, dt: f64, length: f64) -> usize {
        (0..100_000).take_while(|&i| first + f64::from(i) * dt < length).count()
    }

    proptest! {
        #[test]
        fn the_grid_goes_on_unbroken(dt in prop::sample::select(vec![0.1, 0.25, 0.3, 0.5, 1.0, 7.0]),
                                     start in 0.0..1e6, lengths in prop::collection::vec(1.0..150.0, 1..40)) {
            let mut grid = Grid::new(dt);
            let (mut clock, mut rows) = (start, 0);
            for (index, length) in (0..).zip(lengths) {
                let first = grid.first_sample(index, clock);
                prop_assert!((clock + first - start - rows as f64 * dt).abs() < 1e-5);
                let taken = grid.accept(clock, clock + length, samples(first, dt, length));
                prop_assert!(!taken.after_gap);
                rows += taken.samples;
                clock += length;
            }
            prop_assert_eq!(rows, ((clock - start) / dt - SLACK).ceil() as usize);
        }

        #[test]
        fn both_readers_count_the_rows_present(dt in prop::sample::select(vec![0.1, 0.3, 0.5, 1.0]),
                                               start in 0.0..1e5, length in 1.0..5000.0) {
            let mut grid = Grid::new(dt);
            let first = grid.first_sample(0, start);
            let rows = grid.accept(start, start + length, samples(first, dt, length)).samples;
            let [start, stop, dt] = grid.times();
            prop_assert_eq!(((stop - start) / dt) as usize, rows);
            let (mut t, mut seen) = (start, 0);
            while t < stop - READER_SLACK {
                t += dt;
                seen += 1;
            }
            prop_assert_eq!(seen, rows);
        }
    }

    /// With one that ends at 400 ms and one that goes on from there, in stretches of 100 ms.
    #[test]
    fn a_run_that_goes_on_within_a_recorded_time_samples_as_one_from_its_start() {
        for dt in [0.3, 7.0, 0.1] {
            let spans = vec![150.0..950.0];
            let sampled = |from: f64, grid: &mut Grid| {
                let mut all = Vec::new();
                for stretch in 1..9 {
                    let (start, end) = (from.max(100.0 * stretch as f64), 100.0 * (stretch + 1) as f64);
                    if start < end {
                        let first = grid.first_sample(stretch, start);
                        let taken = grid.accept(start, end, samples(first, dt, end - start));
                        assert!(!taken.after_gap);
                        all.push((start, first, taken.samples));
                    }
                }
                all
            };
            let (mut whole, mut rest) = (Grid::new(dt).within(spans.clone()), Grid::new(dt).within(spans));
            let expected = sampled(150.0, &mut whole);
            assert_eq!(sampled(400.0, &mut rest), expected[3..], "to the bit");
            let rows = |[start, stop, dt]: [f64; 3]| ((stop - start) / dt) as usize;
            let before: usize = expected[..3].iter().map(|(.., samples)| samples).sum();
            assert_eq!(rows(rest.times()), rows(whole.times()) - before);
            assert_eq!(rest.times()[0], 150.0 + before as f64 * dt);
        }
    }

    fn taken(samples: usize) -> Taken {
        Taken { samples, after_gap: false }
    }

    #[test]
    fn lanes_of_a_batch_are_asked_for_together() {
        let mut grid = Grid::new(0.5);
        assert_eq!(grid.first_sample(0, 0.0), 0.0);
        assert_eq!(grid.first_sample(1, 10.2), 10.5 - 10.2);
        // Presentation 2, from 20 to 30 ms, is not recorded.
        assert_eq!(grid.first_sample(3, 30.2), 0.0);
        assert_eq!(grid.accept(0.0, 10.2, 21), taken(21));
        assert_eq!(grid.accept(10.2, 20.0, 19), taken(19));
        assert_eq!(grid.times(), [0.0, 20.0, 0.5]);
        assert_eq!(grid.accept(30.2, 40.2, 20), Taken { samples: 20, after_gap: true });
        assert_eq!(grid.times(), [30.2, 40.2, 0.5]);
        assert_eq!(grid.accept(40.2, 50.2, 20), taken(0), "nobody asked for it");
    }

    #[test]
    fn after_a_gap_a_stretch_begins_where_the_presentation_does() {
        let mut grid = Grid::new(0.5);
        assert_eq!(grid.first_sample(0, 0.1), 0.0);
        assert_eq!(grid.accept(0.1, 10.0, 20), taken(20));
        // An evaluation lies between.
        assert_eq!(grid.first_sample(1, 260.3), 0.0);
        assert_eq!(grid.accept(260.3, 270.3, 20), Taken { samples: 20, after_gap: true });
        assert_eq!(grid.first_sample(2, 270.3), 0.0);
        assert_eq!(grid.accept(270.3, 280.3, 20), taken(20));
        assert_eq!(grid.times(), [260.3, 280.3, 0.5]);
    }

    #[test]
    fn a_presentation_with_fewer_samples_than_expected_ends_its_stretch() {
        let mut grid = Grid::new(0.5);
        (0..2).for_each(|n| _ = grid.first_sample(n, 10.2 * n as f64));
        assert_eq!(grid.accept(0.0, 10.2, 20), taken(20));
        assert_eq!(grid.accept(10.2, 20.4, 20), Taken { samples: 20, after_gap: true });
        assert_eq!(grid.times()[0], 10.5);
    }

    #[test]
    fn readers_find_no_row_too_many_in_ten_million() {
        let mut grid = Grid::new(0.1);
        grid.first_sample(0, 0.0);
        assert_eq!(grid.accept(0.0, 1e6, usize::MAX), taken(10_000_000));
        let (mut t, mut seen) = (0.0, 0);
        while t < grid.times()[1] - READER_SLACK {
            t += 0.1;
            seen += 1;
        }
        assert_eq!(seen, 10_000_000);
    }
}
