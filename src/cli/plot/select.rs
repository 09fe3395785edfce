//! Which part of a run is drawn: populations, neurons, presentations, time.

use std::ops::Range;
use std::path::Path;

use anyhow::bail;

use super::{Selection, What};
use crate::cli::say;
use crate::record::Kind;
use crate::record::hdf5::{PresentationRow, RunReader};

/// A range `A:B`, of which either end may be left out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::cli) struct Numbers {
    start: u64,
    end: Option<u64>,
}

/// Width and height [px].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Size(pub(super) [u32; 2]);

/// A window of time with the presentations in it.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Window {
    /// On the run's clock [ms].
    pub(in crate::cli) span: Range<f64>,
    /// Recorded presentations that lie in it, at least in part.
    pub(in crate::cli) shown: Vec<PresentationRow>,
}

impl Numbers {
    pub(in crate::cli) fn parse(text: &str) -> Result<Self, String> {
        let expected = || format!("expected a range such as 0:50, :20 or 5:, found `{text}`");
        let (start, end) = text.split_once(':').ok_or_else(expected)?;
        let number = |part: &str| part.trim().parse::<u64>().map_err(|_| expected());
        let start = if start.trim().is_empty() { 0 } else { number(start)? };
        let end = if end.trim().is_empty() { None } else { Some(number(end)?) };
        if end.is_some_and(|end| end <= start) {
            return Err(format!("`{text}` is an empty range"));
        }
        Ok(Self { start, end })
    }

    /// Its ends, the second one beyond all where none was given.
    pub(in crate::cli) fn ends(self) -> (u64, u64) {
        (self.start, self.end.unwrap_or(u64::MAX))
    }

    /// The range within `0..size`; refused where it goes beyond.
    fn within(self, size: u64, option: &str, what: &str) -> anyhow::Result<Range<u64>> {
        let end = self.end.unwrap_or(size);
        if end > size || self.start >= size {
            let asked = self.end.map_or_else(|| format!("{}:", self.start), |end| format!("{}:{end}", self.start));
            bail!("{option} {asked}: {what} has neurons 0 to {}", size.saturating_sub(1));
        }
        Ok(self.start..end)
    }
}

impl Size {
    /// Sides at least and at most [px].
    const SIDES: std::ops::RangeInclusive<u32> = 200..=8000;

    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let sides = text.split_once(['x', 'X', '×']).and_then(|(w, h)| Some([w.parse().ok()?, h.parse().ok()?]));
        match sides {
            Some(sides) if sides.iter().all(|side| Self::SIDES.contains(side)) => Ok(Self(sides)),
            Some(_) => Err("expected sides of 200 to 8000 pixels".to_owned()),
            None => Err(format!("expected WIDTHxHEIGHT such as 1600x900, found `{text}`")),
        }
    }
}

impl Selection {
    /// Refuses what has no meaning for a figure.
    pub(super) fn check(&self, what: What) -> anyhow::Result<()> {
        use What::{Confusion, Isi, Phases, Plateaus, Raster, Rates, Traces, Weights};
        let (timed, named) = ([Raster, Traces, Plateaus, Rates, Isi], [Raster, Traces, Plateaus, Rates, Isi, Weights]);
        let options: [(&str, bool, &[What]); 6] = [
            ("--population", self.population.is_some(), &named),
            ("--neurons", self.neurons.is_some(), &named),
            ("--presentations", self.presentations.is_some(), &[&timed[..], &[Phases, Confusion]].concat()),
            ("--from", self.from.is_some(), &timed),
            ("--to", self.to.is_some(), &timed),
            ("--snapshot", self.snapshot.is_some(), &[Weights]),
        ];
        for (option, given, allowed) in options {
            if given && !allowed.contains(&what) {
                let others: Vec<_> = allowed.iter().map(|other| other.name()).collect();
                bail!("{option} has no meaning for {}: it selects a part of {}", what.name(), others.join(", "));
            }
        }
        let ends = [self.from.unwrap_or(f64::MIN), self.to.unwrap_or(f64::MAX)];
        if ends.iter().any(|end| !end.is_finite()) || ends[0] >= ends[1] {
            bail!("--from {} --to {}: expected times in ms, the first before the second", ends[0], ends[1]);
        }
        Ok(())
    }

    /// Populations of which `group` holds something, or the one asked for; refused with what to record if there is none.
    pub(super) fn populations(&self, run: &RunReader, path: &Path, group: &str) -> anyhow::Result<Vec<String>> {
        let (things, word) = match group {
            "report" => ("traces", "traces"),
            other => (other, other),
        };
        let found = run.recorded(group)?;
        let all = run.populations()?;
        let file = path.display();
        if let Some(name) = &self.population {
            if !all.contains(name) {
                bail!("--population {name}: {file} has the populations {}", all.join(", "));
            }
            if !found.contains(name) {
                let of = if found.is_empty() { "none".to_owned() } else { format!("those of {}", found.join(", ")) };
                bail!("{file} holds no {things} of `{name}`, but {of}; {}", advice(word));
            }
            return Ok(vec![name.clone()]);
        }
        if found.is_empty() {
            bail!("{file} holds no {things}; {}", advice(word));
        }
        Ok(found)
    }

    /// The neurons asked for of a population of some size; none if those asked for are other populations'.
    ///
    /// With `--population` a range beyond its neurons is refused; without, if it is beyond those of all populations.
    pub(super) fn neurons(
        &self,
        name: &str,
        size: usize,
        largest: usize,
        default: usize,
    ) -> anyhow::Result<Option<Range<usize>>> {
        let Some(asked) = self.neurons else { return Ok(Some(0..default.min(size))) };
        let bound = if self.population.is_some() { size } else { largest };
        let what = if self.population.is_some() { format!("`{name}`") } else { "the largest population".to_owned() };
        let range = asked.within(bound as u64, "--neurons", &what)?;
        let range = range.start as usize..(range.end as usize).min(size);
        Ok((range.start < range.end).then_some(range))
    }

    /// The window asked for, by default that of the last `default` presentations of the last stretch that was recorded.
    pub(super) fn window(&self, run: &RunReader, path: &Path, default: usize, word: &str) -> anyhow::Result<Window> {
        let rows = run.presentations()?;
        let recorded: Vec<_> = rows.iter().copied().filter(|row| row.recorded).collect();
        let (Some(first), Some(last)) = (recorded.first(), recorded.last()) else {
            bail!("{} recorded no presentation; `--record {word},0:20` keeps the first 20", path.display());
        };
        let whole = first.start_ms..last.end_ms();
        if self.from.is_some() || self.to.is_some() {
            let span = self.from.unwrap_or(whole.start)..self.to.unwrap_or(whole.end);
            if span.start >= whole.end || span.end <= whole.start || span.start >= span.end {
                let (start, end) = (whole.start, whole.end);
                bail!("--from, --to: {} recorded {start:.1} to {end:.1} ms of the run's clock", path.display());
            }
            let span = span.start.max(whole.start)..span.end.min(whole.end);
            let inside = |row: &PresentationRow| row.start_ms < span.end && row.end_ms() > span.start;
            let shown: Vec<_> = recorded.iter().copied().filter(inside).collect();
            if shown.is_empty() {
                bail!("--from, --to: nothing was recorded between {:.1} and {:.1} ms", span.start, span.end);
            }
            return Ok(Window { span, shown });
        }
        let shown = match self.presentations {
            Some(_) => self.presentations(&recorded, path)?,
            None => last_stretch(&rows, default),
        };
        let span = shown[0].start_ms..shown[shown.len() - 1].end_ms();
        Ok(Window { span, shown })
    }

    /// The presentations asked for by their count, by default all; at least one.
    pub(super) fn presentations(&self, rows: &[PresentationRow], path: &Path) -> anyhow::Result<Vec<PresentationRow>> {
        let Some(asked) = self.presentations else { return Ok(rows.to_vec()) };
        let end = rows[rows.len() - 1].index + 1;
        let range = asked.start..asked.end.unwrap_or(end);
        let shown: Vec<_> = rows.iter().copied().filter(|row| range.contains(&row.index)).collect();
        let beyond = range.start < rows[0].index || range.end > end;
        if shown.is_empty() || beyond {
            let asked = asked.end.map_or_else(|| format!("{}:", asked.start), |end| format!("{}:{end}", asked.start));
            let kind = if rows[0].kind == Kind::Train { "training" } else { "test" };
            bail!("--presentations {asked}: {} holds {kind} presentations {}", path.display(), ranges(rows));
        }
        Ok(shown)
    }
}

/// The last `most` presentations of the last stretch that was recorded; a note lists the others.
fn last_stretch(rows: &[PresentationRow], most: usize) -> Vec<PresentationRow> {
    let mut stretches = PresentationRow::stretches(rows);
    let Some(last) = stretches.pop() else { return Vec::new() };
    if !stretches.is_empty() {
        let others = ranges(&stretches.concat());
        say::note(format_args!(
            "drawn from the last recorded presentations, {}; --presentations A:B draws others: {others}",
            ranges(last)
        ));
    }
    last[last.len().saturating_sub(most)..].to_vec()
}

/// Ranges of presentations at most in a message.
const MOST_RANGES: usize = 4;

/// The counts of presentations as ranges.
fn ranges(rows: &[PresentationRow]) -> String {
    let each = rows.chunk_by(|a, b| a.index + 1 == b.index);
    let named: Vec<_> = each.map(|range| format!("{}:{}", range[0].index, range[range.len() - 1].index + 1)).collect();
    match named.len().saturating_sub(MOST_RANGES) {
        0 => named.join(", "),
        more => format!("{} and {more} ranges more", named[..MOST_RANGES].join(", ")),
    }
}

/// What records something; whether the network has it depends on its populations, and on whether it runs as spikes.
fn advice(word: &str) -> String {
    format!("`--record {word}` keeps them where there are any")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_half_open_and_within_what_there_is() {
        let within = |text: &str| Numbers::parse(text).unwrap().within(10, "--neurons", "`output`");
        assert_eq!(within("0:10").unwrap(), 0..10);
        assert_eq!(within(":3").unwrap(), 0..3);
        assert_eq!(within("9:").unwrap(), 9..10);
        for beyond in ["0:11", "10:", "10:12"] {
            let said = within(beyond).unwrap_err().to_string();
            assert_eq!(said, format!("--neurons {beyond}: `output` has neurons 0 to 9"));
        }
        for refused in ["", "3", "a:b", "5:5", "7:2", "-1:4", "1:2:3"] {
            assert!(Numbers::parse(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn sizes_are_two_sides() {
        assert_eq!(Size::parse("1600x900"), Ok(Size([1600, 900])));
        for refused in ["", "1600", "0x0", "10x900", "axb", "1600x9000", "-5x300"] {
            assert!(Size::parse(refused).is_err(), "{refused}");
        }
    }
}
