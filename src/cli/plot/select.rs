//! Selects the part of a run that is drawn: populations, neurons, presentations, time.

use std::fmt;
use std::ops::Range;
use std::path::Path;

use anyhow::bail;
use clap::Args;

use super::kind::FigureKind;
use crate::cli::files::checkpoint_file;
use crate::cli::{shell, terminal};
use crate::model::Model;
use crate::plot::recorded::RecordedWindow;
use crate::record::PresentationKind;
use crate::record::hdf5::{PresentationRow, RunReader};
use crate::units::{InFull, Rounded};

/// Which part of a run is drawn.
#[derive(Args, Debug)]
pub(super) struct Selection {
    /// One population. Default: all of which there is something.
    #[arg(long, value_name = "NAME")]
    pub(super) population: Option<String>,

    /// Neurons from A up to, but without, B, as in 0:50. Default: all; of traces the first two, of weights the first 100.
    #[arg(long, value_name = "A:B", value_parser = IndexRange::parse)]
    pub(super) neurons: Option<IndexRange>,

    /// Recorded presentations from A up to, but without, B. Default: the last range without a gap; of a raster its last four, of
    /// traces its last two.
    #[arg(long, value_name = "A:B", value_parser = IndexRange::parse)]
    pub(super) presentations: Option<IndexRange>,

    /// Start on the run's clock [ms], in place of presentations.
    #[arg(long, value_name = "MS", allow_negative_numbers = true, conflicts_with = "presentations")]
    pub(super) from: Option<f64>,

    /// End on the run's clock [ms], in place of presentations.
    #[arg(long, value_name = "MS", allow_negative_numbers = true, conflicts_with = "presentations")]
    pub(super) to: Option<f64>,

    /// Snapshot of the weights. Default: final.
    #[arg(long, value_name = "NAME")]
    pub(super) snapshot: Option<String>,
}

/// A half-open range of numbers `A:B`; either end may be left out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::cli) struct IndexRange {
    start: u64,
    end: Option<u64>,
}

/// Width and height [px].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Size(pub(super) [u32; 2]);

impl IndexRange {
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

    /// The range; it ends at `u64::MAX` where no end was given.
    pub(in crate::cli) fn range(self) -> Range<u64> {
        self.start..self.end.unwrap_or(u64::MAX)
    }

    /// The range within `0..size`.
    ///
    /// # Errors
    /// If it goes beyond.
    fn within(self, size: u64, option: &str, what: &str) -> anyhow::Result<Range<u64>> {
        let end = self.end.unwrap_or(size);
        if end > size || self.start >= size {
            bail!("{option} {self}: {what} has neurons 0 to {}", size.saturating_sub(1));
        }
        Ok(self.start..end)
    }
}

impl fmt::Display for IndexRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.start)?;
        self.end.map_or(Ok(()), |end| write!(f, "{end}"))
    }
}

impl Size {
    /// Smallest and largest side [px].
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
    /// Refuses options that have no meaning for a figure.
    pub(super) fn check(&self, what: FigureKind) -> anyhow::Result<()> {
        use FigureKind::{Confusion, Correlation, Isi, Phases, Plateaus, Raster, Rates, Spectrum, Traces, Weights};
        let timed = [Raster, Traces, Plateaus, Rates, Isi, Correlation, Spectrum];
        let named = [&timed[..], &[Weights]].concat();
        let options: [(&str, bool, &[FigureKind]); 6] = [
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
        for (option, time) in [("--from", self.from), ("--to", self.to)] {
            if let Some(found) = time.filter(|time| !time.is_finite()) {
                bail!("{option}: expected a time in ms, found {found}");
            }
        }
        let ends = [self.from.unwrap_or(f64::MIN), self.to.unwrap_or(f64::MAX)];
        if ends[0] >= ends[1] {
            let [from, to] = ends.map(InFull);
            bail!("--from {from} --to {to}: expected times in ms, the first before the second");
        }
        Ok(())
    }

    /// The populations recorded in `group` of the run file, or the one asked for.
    ///
    /// # Errors
    /// If there is none; the message says what to record.
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
        if found.is_empty() && group == "plateaus" && !run.recorded("events")?.is_empty() {
            bail!(
                "{file} holds no plateau potentials at the ends of phases; plateaus of its cells are events with a beginning and an end, \
                 which `plot traces` and `plot raster` draw and `inspect` counts"
            );
        }
        if found.is_empty() {
            bail!("{file} holds no {things}; {}", advice(word));
        }
        Ok(found)
    }

    /// The neurons asked for of a population; `None` if all of them are beyond its size.
    ///
    /// With `--population` a range beyond its neurons is refused; without, if it is beyond those of all populations.
    pub(super) fn neurons(
        &self,
        name: &str,
        size: usize,
        largest: usize,
        default: usize,
    ) -> anyhow::Result<Option<Range<usize>>> {
        self.neurons_among(name, size, largest, 0..default.min(size))
    }

    /// The same where by default others than the first are meant.
    pub(super) fn neurons_among(
        &self,
        name: &str,
        size: usize,
        largest: usize,
        default: Range<usize>,
    ) -> anyhow::Result<Option<Range<usize>>> {
        let Some(asked) = self.neurons else { return Ok(Some(default)) };
        let bound = if self.population.is_some() { size } else { largest };
        let what = if self.population.is_some() { format!("`{name}`") } else { "the largest population".to_owned() };
        let range = asked.within(bound as u64, "--neurons", &what)?;
        let range = range.start as usize..(range.end as usize).min(size);
        Ok((range.start < range.end).then_some(range))
    }

    /// The window asked for; by default the last `default` presentations of the last contiguous recorded range.
    pub(super) fn window(
        &self,
        run: &RunReader,
        path: &Path,
        default: usize,
        word: &str,
    ) -> anyhow::Result<RecordedWindow> {
        let rows = run.presentations()?;
        let model = run.model(path)?;
        let is_continuous = model.protocol.continuous().is_some();
        if is_continuous && self.presentations.is_some() {
            bail!("--presentations: {} holds a continuous run; --from and --to select times of it", path.display());
        }
        let recorded: Vec<_> = rows.iter().copied().filter(|row| row.recorded).collect();
        let (Some(first), Some(last)) = (recorded.first(), recorded.last()) else {
            if rows.is_empty()
                && let Some(why) = ended_before(&model, path)
            {
                bail!(why);
            }
            if is_continuous {
                bail!("{} holds nothing of the run; `--record {word}` keeps all of it", path.display());
            }
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
            return Ok(RecordedWindow { span, shown });
        }
        let shown = match self.presentations {
            Some(_) => self.presentations(&recorded, path)?,
            None => last_stretch(&rows, default, is_continuous),
        };
        let span = shown[0].start_ms..shown[shown.len() - 1].end_ms();
        Ok(RecordedWindow { span, shown })
    }

    /// The presentations asked for, by default all; at least one.
    pub(super) fn presentations(&self, rows: &[PresentationRow], path: &Path) -> anyhow::Result<Vec<PresentationRow>> {
        let Some(asked) = self.presentations else { return Ok(rows.to_vec()) };
        let end = rows[rows.len() - 1].index + 1;
        let range = asked.start..asked.end.unwrap_or(end);
        let shown: Vec<_> = rows.iter().copied().filter(|row| range.contains(&row.index)).collect();
        let beyond = range.start < rows[0].index || range.end > end;
        if shown.is_empty() || beyond {
            let kind = if rows[0].kind == PresentationKind::Train { "training" } else { "test" };
            bail!("--presentations {asked}: {} holds {kind} presentations {}", path.display(), ranges(rows));
        }
        Ok(shown)
    }
}

/// Why the file of a continuous run has no records though its model asks for some: it ended before the first of them.
fn ended_before(model: &Model, path: &Path) -> Option<String> {
    let protocol = model.protocol.continuous()?;
    let times = model.recording.recorded_times(protocol.warmup..protocol.end_ms());
    let start = times.first()?.start;
    let first = Rounded(start);
    let when = if start > protocol.warmup {
        format!("before {first} ms, where recording begins")
    } else {
        format!("in the warm-up, which takes {first} ms and is not recorded")
    };
    let checkpoint = checkpoint_file(path);
    let goes_on = if checkpoint.is_file() {
        format!(
            "; `apical simulate --resume {}` goes on with it, to a run file of its own",
            shell::quoted_path(&checkpoint)
        )
    } else {
        String::new()
    };
    Some(format!("{} has no records: its run ended {when}{goes_on}", path.display()))
}

/// The last `most` presentations of the last contiguous recorded range; a message lists the other ranges.
fn last_stretch(rows: &[PresentationRow], most: usize, is_continuous: bool) -> Vec<PresentationRow> {
    let mut stretches = PresentationRow::stretches(rows);
    let Some(last) = stretches.pop() else { return Vec::new() };
    if !stretches.is_empty() && is_continuous {
        let [from, to] = [last[0].start_ms, last[last.len() - 1].end_ms()].map(Rounded);
        let parts = stretches.len();
        terminal::print_message(format_args!(
            "drawn from the last recorded time, {from} to {to} ms; --from and --to draw others, of which there are {parts}"
        ));
    } else if !stretches.is_empty() {
        let others = ranges(&stretches.concat());
        terminal::print_message(format_args!(
            "drawn from the last recorded presentations, {}; --presentations A:B draws others: {others}",
            ranges(last)
        ));
    }
    last[last.len().saturating_sub(most)..].to_vec()
}

/// Largest number of ranges of presentations in a message.
const MOST_RANGES: usize = 4;

/// The presentations as ranges of their numbers.
fn ranges(rows: &[PresentationRow]) -> String {
    let each = rows.chunk_by(|a, b| a.index + 1 == b.index);
    let named: Vec<_> = each.map(|range| format!("{}:{}", range[0].index, range[range.len() - 1].index + 1)).collect();
    match named.len().saturating_sub(MOST_RANGES) {
        0 => named.join(", "),
        more => format!("{} and {more} ranges more", named[..MOST_RANGES].join(", ")),
    }
}

/// Which option records something.
fn advice(word: &str) -> String {
    format!("`--record {word}` keeps them where there are any")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_half_open_and_within_what_there_is() {
        let within = |text: &str| IndexRange::parse(text).unwrap().within(10, "--neurons", "`output`");
        assert_eq!(within("0:10").unwrap(), 0..10);
        assert_eq!(within(":3").unwrap(), 0..3);
        assert_eq!(within("9:").unwrap(), 9..10);
        for beyond in ["0:11", "10:", "10:12"] {
            let message = within(beyond).unwrap_err().to_string();
            assert_eq!(message, format!("--neurons {beyond}: `output` has neurons 0 to 9"));
        }
        for refused in ["", "3", "a:b", "5:5", "7:2", "-1:4", "1:2:3"] {
            assert!(IndexRange::parse(refused).is_err(), "{refused}");
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
