//! Times that keep their distances from phase to phase.

/// A time of a run: the start of its phase, and the time since [ms]. Counted from there on, times would lose digits with every phase, and
/// changes of weights would depend on when they are made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::engine) struct Moment {
    /// Start of the phase, on a clock of the population's.
    pub(super) phase: f64,
    pub(super) time: f64,
}

/// Times closer than this are one time [ms]: far beyond rounding, far below what any rule can tell.
pub(super) const SAME_TIME_MS: f64 = 1e-10;

/// The time that the clock of a population reads between two phases [ms].
pub(in crate::engine) fn clock_reads(clock: f64) -> Moment {
    Moment { phase: clock, time: 0.0 }
}

impl Moment {
    /// Of what never was; files hold finite numbers.
    pub(super) const NEVER: Self = Self { phase: f64::MIN, time: 0.0 };

    /// After all that will ever be.
    pub(super) const FOR_EVER: Self = Self { phase: f64::MAX, time: 0.0 };

    /// Time since another [ms].
    #[inline(always)]
    pub(super) fn since(self, other: Self) -> f64 {
        (self.phase - other.phase) + (self.time - other.time)
    }

    /// Whether it comes before another, and not at one time with it.
    #[inline(always)]
    pub(super) fn is_before(self, other: Self) -> bool {
        other.since(self) >= SAME_TIME_MS
    }

    /// So many ms later.
    #[inline(always)]
    pub(super) fn after(self, ms: f64) -> Self {
        Self { time: self.time + ms, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_the_times_within_phases() {
        let (a, b) = (Moment { phase: 1e9, time: 99.9 }, Moment { phase: 1e9 + 100.0, time: 0.1 });
        assert!((b.since(a) - 0.2).abs() < 1e-13 && a.is_before(b) && !b.is_before(a));
        assert!(!a.is_before(a.after(1e-12)) && a.is_before(a.after(1e-9)));
        assert!(Moment::NEVER.is_before(a) && a.since(Moment::NEVER).is_finite());
    }
}
