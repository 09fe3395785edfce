//! Whether times and counts of cells of several compartments can be: events, bursts and back-propagating action potentials.

use super::mismatch::{StateMismatch, count, in_range, possible};
use crate::cells::{BapCourse, CompartmentalCell};
use crate::engine::StateArray;
use crate::units::Rounded;

/// How long before a checkpoint the last event of a cell may be [ms]: they have one every 1,000 ms.
const EARLIEST_EVENT_MS: f64 = -2000.0;

/// What rounding makes of a time that is counted from slice to slice [ms].
const ROUNDING_MS: f64 = 1e-6;

/// The time of what is not there [ms].
const NEVER: f64 = f64::MIN;

/// The state of a population.
pub(super) struct CompartmentalState<'a> {
    pub(super) cell: &'a CompartmentalCell,
    pub(super) population: &'a str,
    pub(super) neurons: usize,
    pub(super) lane: usize,
    pub(super) arrays: &'a [StateArray],
}

impl CompartmentalState<'_> {
    /// Checks all of it, each array of one number for each neuron being of the right length.
    pub(super) fn check(&self) -> Result<(), StateMismatch> {
        let expected = format!("times of 0 to {} ms before the checkpoint", Rounded(-EARLIEST_EVENT_MS));
        // Its cells are looked at in steps from there on.
        self.each("last_event", &expected, |_, value| (EARLIEST_EVENT_MS..=ROUNDING_MS).contains(&value))?;
        for (event, kind) in self.cell.events.iter().enumerate() {
            self.check_event(event, [kind.duration, kind.refractory])?;
        }
        if let Some(window) = self.cell.burst_window {
            self.check_bursts(window)?;
        }
        self.check_baps()
    }

    /// Start, end and from when on an event can be triggered again: both of the first or neither, in their order.
    fn check_event(&self, event: usize, [duration, refractory]: [f64; 2]) -> Result<(), StateMismatch> {
        let [start, end, ready] = ["start", "end", "ready"].map(|part| format!("event_{event}_{part}"));
        let starts = self.values(&start);
        self.each(&start, "times up to the checkpoint, or the least f64 where there is no event", |_, value| {
            value <= ROUNDING_MS
        })?;
        let expected = format!(
            "times from `{start}` to {} ms after the checkpoint, and the least f64 where it is",
            Rounded(duration)
        );
        self.each(&end, &expected, |neuron, value| match starts[neuron] {
            NEVER => is_never(value),
            started => (started..=duration + ROUNDING_MS).contains(&value),
        })?;
        let expected = format!("times up to {} ms after the checkpoint", Rounded(refractory));
        self.each(&ready, &expected, |_, value| value <= refractory + ROUNDING_MS)
    }

    /// Spikes that may become a burst: a count, and the times of the first and the last of them where there is one.
    fn check_bursts(&self, window: f64) -> Result<(), StateMismatch> {
        let (counts, firsts) = (self.values("burst_count"), self.values("burst_first"));
        self.each("burst_count", "whole numbers from 0", |_, value| value >= 0.0 && value.fract() == 0.0)?;
        let expected = "times up to the checkpoint where `burst_count` is above 0, else the least f64";
        self.each("burst_first", expected, |neuron, value| {
            if counts[neuron] > 0.0 { !is_never(value) && value <= ROUNDING_MS } else { is_never(value) }
        })?;
        let expected = format!(
            "times from `burst_first` on and of 0 to {} ms before the checkpoint, and the least f64 where it is",
            Rounded(window)
        );
        self.each("burst_last", &expected, |neuron, value| match firsts[neuron] {
            NEVER => is_never(value),
            first => value >= first && (-window - ROUNDING_MS..=ROUNDING_MS).contains(&value),
        })
    }

    /// The arrays of back-propagating action potentials: all of them, of one length, or none.
    fn check_baps(&self) -> Result<(), StateMismatch> {
        let [neurons, starts, begun] = crate::engine::BAPS;
        let length = crate::engine::BAPS.map(|name| self.values(name).len()).into_iter().max().unwrap_or(0);
        let Some(bap) = self.cell.bap else { return count(self.what(neurons), 0, length) };
        for name in crate::engine::BAPS {
            count(self.what(name), length, self.values(name).len())?;
            possible(self.what(name), self.values(name))?;
        }
        for (name, below) in [(neurons, self.neurons), (begun, 2)] {
            let expected = format!("whole numbers from 0 to below {below}");
            self.each(name, &expected, |_, value| value >= 0.0 && value < below as f64 && value.fract() == 0.0)?;
        }
        let duration = match bap.course {
            BapCourse::Box(duration) => duration,
            BapCourse::Decay(_) => 0.0,
        };
        let (of, begun) = (self.values(neurons), self.values(begun));
        let expected = format!(
            "times of 0 to {} ms before the checkpoint of those that have begun, of 0 to {} ms after it of others, and in their order \
             for each neuron",
            Rounded(duration),
            Rounded(bap.delay)
        );
        let mut before = vec![[f64::NEG_INFINITY; 2]; self.neurons];
        self.each(starts, &expected, |place, start| {
            let has_begun = begun[place] > 0.0;
            let [from, to] = if has_begun { [-duration, 0.0] } else { [0.0, bap.delay] };
            let before = &mut before[of[place] as usize][usize::from(has_begun)];
            let is_ascending = std::mem::replace(before, start) <= start;
            is_ascending && (from - ROUNDING_MS..=to + ROUNDING_MS).contains(&start)
        })
    }

    fn values(&self, name: &str) -> &[f64] {
        self.arrays.iter().find(|array| array.name == name).map_or(&[], |array| &array.values)
    }

    fn what(&self, name: &str) -> String {
        format!("values of `{name}` of `{}` in lane {}", self.population, self.lane)
    }

    /// Refuses the first value of an array that does not fit, by its place.
    fn each(&self, name: &str, expected: &str, mut fits: impl FnMut(usize, f64) -> bool) -> Result<(), StateMismatch> {
        let found = self.values(name).iter().enumerate().find(|&(place, &value)| !fits(place, value));
        found.map_or(Ok(()), |(_, &value)| in_range(&self.what(name), expected, &[value], |_| false))
    }
}

fn is_never(time: f64) -> bool {
    time.total_cmp(&NEVER).is_eq()
}
