//! The grid of times on which traces are sampled: one for the whole run, unbroken across presentations.

/// Share of a spacing by which a sample may lie before the start of a presentation and still belong to it: far above
/// the rounding of the clock, far below what a trace shows.
const SLACK: f64 = 1e-6;

/// Tolerance of libsonata in times [ms].
const READER_SLACK: f64 = 1e-6;

/// Times `t_k` = origin + k dt from the start of the first recorded presentation on, over presentations without a gap.
///
/// Sample k belongs to the presentation in [start, end) with start ≤ `t_k` < end; which one is decided by the same
/// rounded formula at every start and end, so that no sample is taken twice or left out.
#[derive(Clone, Debug)]
pub(super) struct Grid {
    dt: f64,
    origin: Option<f64>,
    rows: u64,
    /// Time of row `rows` as readers reach it, by adding up dt.
    summed: f64,
    /// Presentations asked for whose traces have not come yet: lanes of a batch are asked for together.
    pending: u32,
    ended: bool,
}

impl Grid {
    /// A grid of this spacing [ms].
    pub(super) fn new(dt: f64) -> Self {
        Self { dt, origin: None, rows: 0, summed: 0.0, pending: 0, ended: false }
    }

    /// Spacing [ms].
    pub(super) fn dt(&self) -> f64 {
        self.dt
    }

    /// The first sample of the presentation that starts at `start` on the run's clock, from that start [ms]; none once
    /// the range of presentations has been interrupted.
    pub(super) fn first_sample(&mut self, start: f64) -> Option<f64> {
        let origin = *self.origin.get_or_insert_with(|| {
            self.summed = start;
            start
        });
        let k = self.index(start);
        self.ended |= self.pending == 0 && k != self.rows;
        if self.ended {
            return None;
        }
        self.pending += 1;
        Some((origin + k as f64 * self.dt - start).max(0.0))
    }

    /// How many of the samples taken of the presentation in [start, end) belong to the grid.
    pub(super) fn accept(&mut self, start: f64, end: f64, samples: usize) -> usize {
        if self.pending == 0 {
            return 0;
        }
        self.pending -= 1;
        self.ended |= self.index(start) != self.rows;
        if self.ended {
            return 0;
        }
        let taken = (self.index(end).saturating_sub(self.rows)).min(samples as u64);
        self.rows += taken;
        (0..taken).for_each(|_| self.summed += self.dt);
        taken as usize
    }

    /// Start, stop and spacing as SONATA wants them [ms]: stop is exclusive, and never beyond the rows present.
    ///
    /// bmtk counts floor((stop − start)/dt) rows, libsonata adds dt up while below stop − 1e-6 ms: stop is start + rows dt,
    /// moved by a few units in the last place for the one and cut where the sum has fallen behind for the other.
    pub(super) fn times(&self) -> [f64; 3] {
        let start = self.origin.unwrap_or(0.0);
        let mut stop = start + self.rows as f64 * self.dt;
        while self.rows > 0 && (stop - start) / self.dt < self.rows as f64 {
            stop = stop.next_up();
        }
        [start, stop.min(self.summed.max(start) + READER_SLACK / 2.0), self.dt]
    }

    /// The smallest k with `t_k` ≥ time.
    fn index(&self, time: f64) -> u64 {
        ((time - self.origin.unwrap_or(time)) / self.dt - SLACK).ceil().max(0.0) as u64
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
            for length in lengths {
                let first = grid.first_sample(clock).unwrap();
                prop_assert!((clock + first - start - rows as f64 * dt).abs() < 1e-5);
                rows += grid.accept(clock, clock + length, samples(first, dt, length));
                clock += length;
            }
            prop_assert_eq!(rows, ((clock - start) / dt - SLACK).ceil() as usize);
        }

        #[test]
        fn both_readers_count_the_rows_present(dt in prop::sample::select(vec![0.1, 0.3, 0.5, 1.0]),
                                               start in 0.0..1e5, length in 1.0..5000.0) {
            let mut grid = Grid::new(dt);
            let first = grid.first_sample(start).unwrap();
            let rows = grid.accept(start, start + length, samples(first, dt, length));
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

    #[test]
    fn lanes_of_a_batch_are_asked_for_together() {
        let mut grid = Grid::new(0.5);
        assert_eq!(grid.first_sample(0.0), Some(0.0));
        assert_eq!(grid.first_sample(10.2), Some(10.5 - 10.2));
        assert_eq!(grid.accept(0.0, 10.2, 21), 21);
        assert_eq!(grid.accept(10.2, 20.0, 19), 19);
        assert_eq!(grid.times(), [0.0, 20.0, 0.5]);
    }

    #[test]
    fn a_gap_ends_the_report() {
        let mut grid = Grid::new(0.5);
        assert_eq!(grid.first_sample(0.0), Some(0.0));
        assert_eq!(grid.accept(0.0, 10.0, 20), 20);
        assert_eq!(grid.first_sample(260.0), None);
        assert_eq!(grid.accept(260.0, 270.0, 20), 0);
        assert_eq!(grid.first_sample(10.0), None, "what has ended stays ended");
        assert_eq!(grid.times(), [0.0, 10.0, 0.5]);
    }

    #[test]
    fn readers_find_no_row_too_many_in_ten_million() {
        let mut grid = Grid::new(0.1);
        grid.first_sample(0.0).unwrap();
        assert_eq!(grid.accept(0.0, 1e6, usize::MAX), 10_000_000);
        let (mut t, mut seen) = (0.0, 0);
        while t < grid.times()[1] - READER_SLACK {
            t += 0.1;
            seen += 1;
        }
        assert_eq!(seen, 10_000_000);
    }
}
