//! `apical reproduce`: one file per published figure.
//!
//! A figure is an entry of [`FIGURES`]: a name, its source, and a function from a [`FigureTask`] to what was [`ReproducedFigure`]. What
//! all share stands here: the folder, the table of measured against published numbers, the files. A figure that is drawn
//! from trained networks is given them by [`runs`], which keeps them in the folder and goes on from what it finds there.

mod comparison;
mod credit;
mod fa_linear;
mod fields;
mod known;
mod levers;
mod maps;
mod phases;
mod prediction;
mod report;
mod runs;
mod traces;
mod variants;

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use serde_json::{Value, json};

use self::known::StoredResults;
use self::report::ReportSection;
use super::failure::Failure;
use super::files::write;
use super::options::{Common, Seeds, parse_seeds};
use super::{interrupt, session, terminal};
use crate::analysis::mean_and_deviation;
use crate::data::DataError;
use crate::plot::Figure;

/// All published figures that can be drawn again.
const FIGURES: [PublishedFigure; 20] = [
    traces::FIGURE_3C,
    phases::FIGURE_4A,
    phases::FIGURE_4B,
    credit::FIGURE_5B,
    credit::FIGURE_5C,
    credit::FIGURE_5_S1,
    variants::FIGURE_6B,
    maps::FIGURE,
    variants::FIGURE_6_S1,
    phases::FIGURE_6_S1A,
    credit::FIGURE_7A,
    fields::FIGURE_7B,
    fields::FIGURE_7C,
    variants::FIGURE_8B,
    variants::FIGURE_8D,
    variants::FIGURE_8_S1,
    traces::FIGURE_9A,
    variants::FIGURE_9B,
    prediction::FIGURE,
    fa_linear::FIGURE,
];

/// Figures of what goes beyond those published.
const BEYOND: [PublishedFigure; 5] =
    [levers::BEST, levers::FASHION, levers::LEVERS, variants::FEEDBACK, variants::BRIEF];

/// In place of the name of a figure: all that were published, in one report.
const ALL: &str = "all";

/// A published figure.
struct PublishedFigure {
    /// Name on the command line and of its files.
    name: &'static str,
    /// What it shows, and where it was published.
    about: &'static str,
    /// Seeds it is drawn with unless told: all, and of a quick look.
    seeds: [&'static [u64]; 2],
    run: fn(&FigureTask<'_>) -> Result<ReproducedFigure, Failure>,
}

/// What a figure is to be drawn from.
struct FigureTask<'a> {
    seeds: &'a [u64],
    /// A smaller version: a look at whether all works, not at the numbers.
    quick: bool,
    /// Where runs are kept.
    folder: &'a Path,
    /// Results of runs that need not be trained, for figures of test errors alone.
    results: Option<&'a StoredResults>,
    /// Images, and whether progress is shown.
    common: &'a Common,
    /// What is told of the runs it was drawn from.
    runs: RefCell<Vec<Value>>,
}

impl FigureTask<'_> {
    /// Says something on standard error unless all is to be quiet.
    fn note(&self, text: impl std::fmt::Display) {
        if !self.common.quiet {
            terminal::print_message(text);
        }
    }
}

/// A figure drawn again.
struct ReproducedFigure {
    figure: Figure,
    /// Numbers beside those published.
    numbers: Vec<ComparedNumber>,
    /// All that was measured.
    results: Value,
}

/// A number beside the one published.
struct ComparedNumber {
    quantity: String,
    published: String,
    measured: String,
}

impl ComparedNumber {
    fn new(quantity: impl Into<String>, published: impl Into<String>, measured: impl Into<String>) -> Self {
        Self { quantity: quantity.into(), published: published.into(), measured: measured.into() }
    }
}

/// Reproduce a published figure: run what it shows, draw it, and print measured numbers beside the published ones.
///
/// Without FIGURE all are listed; `all` draws every published one and puts them into one page, report.html. Files are
/// NAME.svg and NAME.json in the folder given by --out, and beside them the runs a figure is drawn from: those that are
/// done are taken as they are, and what Ctrl-C stopped is gone on with.
///
///   apical reproduce fa-linear
///
///   apical reproduce all --quick
#[derive(Args, Debug)]
pub(super) struct ReproduceCommand {
    /// Figure, by name.
    figure: Option<String>,

    /// A smaller version, soon over: its numbers are no reproduction.
    #[arg(long)]
    quick: bool,

    /// Seeds, as in `1..5` (both included) or `1,2,7`, in place of the figure's own.
    #[arg(long, value_name = "SEEDS", value_parser = parse_seeds)]
    seeds: Option<Seeds>,

    /// Folder of IDX files, plain or gzipped, to show in place of data/mnist.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,

    /// Threads; the results do not depend on their number. Default: all cores.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,

    /// Folder for the files. Default: output/reproduce.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// Folder of results, such as docs/results: networks whose errors stand there are not trained, if digests of model and
    /// data are those at hand. Figures that show more than test errors do not use them, nor does a quick look.
    #[arg(long, value_name = "DIR")]
    results: Option<PathBuf>,

    /// No progress on standard error.
    #[arg(long)]
    quiet: bool,

    /// Print the results as one JSON object in place of the table.
    #[arg(long)]
    json: bool,
}

impl ReproduceCommand {
    pub(super) fn execute(self) -> Result<(), Failure> {
        let Some(name) = &self.figure else {
            let figures = FIGURES.iter().chain(&BEYOND);
            return terminal::print_columns(figures.map(|figure| (figure.name, figure.about.to_owned())));
        };
        let wanted = if name == ALL { FIGURES.iter().collect() } else { vec![find(name)?] };
        // A figure drawn from results reads no images itself.
        if let Some(folder) = self.data.as_deref().filter(|folder| !folder.is_dir()) {
            let folder = folder.display().to_string();
            return Err(anyhow::Error::from(DataError::MissingFolder { folder }).into());
        }
        let known = self.results.as_deref().map(StoredResults::load).transpose()?;
        let _guard = interrupt::hold();
        let common = self.common();
        common.start_threads()?;
        let folder = self.folder()?;
        let (mut sections, mut all) = (Vec::new(), Vec::new());
        let report = folder.join("report.html");
        for published in wanted {
            let (section, results) = self.draw(published, &common, &folder, known.as_ref())?;
            sections.push(section);
            all.push(results);
            // After each figure, so that a later one that fails or is stopped takes none away.
            if name == ALL {
                write(&report, &report::html(&sections, &format!("{}, {}", session::command_line(), version())))?;
            }
        }
        match (self.json, name == ALL) {
            (true, true) => terminal::print_result(json!({ "command": "reproduce", "report": report, "figures": all })),
            (true, false) => terminal::print_result(&all[0]),
            (false, true) => terminal::print_result(format_args!("report: {}", report.display())),
            (false, false) => Ok(()),
        }
    }

    /// Draws one figure, leaves its files and tells its numbers.
    fn draw(
        &self,
        published: &PublishedFigure,
        common: &Common,
        folder: &Path,
        known: Option<&StoredResults>,
    ) -> Result<(ReportSection, Value), Failure> {
        let seeds = self.seeds.as_ref().map_or(published.seeds[usize::from(self.quick)], |seeds| &seeds.0[..]);
        let results = known.filter(|_| !self.quick);
        let task = FigureTask { seeds, quick: self.quick, folder, results, common, runs: RefCell::default() };
        let drawn = (published.run)(&task)?;
        let results = self.results(published, &task, &drawn);
        write(&folder.join(format!("{}.json", published.name)), &format!("{results}\n"))?;
        let (picture, svg) = (folder.join(format!("{}.svg", published.name)), drawn.figure.svg());
        write(&picture, &svg)?;
        if !self.json {
            terminal::print_result(table(&drawn.numbers))?;
            if self.quick {
                terminal::print_result("quick: of a short course, no reproduction of what is published")?;
            }
            terminal::print_result(format_args!("figure: {}", picture.display()))?;
        }
        let command = format!("apical reproduce {}{}", published.name, if self.quick { " --quick" } else { "" });
        let PublishedFigure { name, about, .. } = *published;
        Ok((ReportSection { name, about, command, svg, numbers: drawn.numbers }, results))
    }

    fn common(&self) -> Common {
        let Self { data, threads, quiet, json, .. } = self;
        Common {
            data: data.clone(),
            record: None,
            threads: *threads,
            overrides: Vec::new(),
            out: None,
            overwrite: false,
            ignore_free_space: false,
            accept_edited: false,
            quiet: *quiet,
            json: *json,
        }
    }

    fn folder(&self) -> anyhow::Result<PathBuf> {
        let folder = self.out.clone().unwrap_or_else(|| Path::new("output").join("reproduce"));
        let made = std::fs::create_dir_all(&folder);
        made.with_context(|| format!("cannot create the folder {}; give another by --out", folder.display()))?;
        Ok(folder)
    }

    fn results(&self, published: &PublishedFigure, task: &FigureTask<'_>, drawn: &ReproducedFigure) -> Value {
        let number = |number: &ComparedNumber| json!({ "quantity": number.quantity, "published": number.published, "measured": number.measured });
        json!({
            "command": "reproduce",
            "command_line": session::command_line(),
            "commit": env!("APICAL_GIT_COMMIT"),
            "figure": published.name,
            "about": published.about,
            "quick": self.quick,
            "seeds": task.seeds,
            "runs": *task.runs.borrow(),
            "numbers": drawn.numbers.iter().map(number).collect::<Vec<_>>(),
            "results": drawn.results,
        })
    }
}

fn find(name: &str) -> anyhow::Result<&'static PublishedFigure> {
    let mut figures = FIGURES.iter().chain(&BEYOND);
    let Some(figure) = figures.find(|figure| figure.name.eq_ignore_ascii_case(name)) else {
        let names: Vec<_> = FIGURES.iter().chain(&BEYOND).map(|figure| figure.name).collect();
        bail!("no figure `{name}`; there are {}, and {ALL}", names.join(", "));
    };
    Ok(figure)
}

/// Version and commit of the program.
fn version() -> String {
    format!("version {} {}", env!("CARGO_PKG_VERSION"), env!("APICAL_GIT_COMMIT")).trim_end().to_owned()
}

/// Numbers as a Markdown table.
fn table(numbers: &[ComparedNumber]) -> String {
    let row = |ComparedNumber { quantity, published, measured }: &ComparedNumber| {
        let [quantity, published, measured] = [quantity, published, measured].map(|cell| cell.replace('|', "\\|"));
        format!("\n| {quantity} | {published} | {measured} |")
    };
    "| quantity | published | measured |\n|---|---|---|".to_owned() + &numbers.iter().map(row).collect::<String>()
}

/// Mean and standard deviation (n − 1) of values, with these digits; the mean alone of one.
fn mean_and_spread(values: &[f64], digits: usize) -> String {
    let (mean, deviation) = mean_and_deviation(values);
    let text = format!("{mean:.digits$}");
    // What rounds to 0 has no sign.
    let mean = if text.contains(|digit| matches!(digit, '1'..='9')) { &text } else { text.trim_start_matches('-') };
    if deviation.is_nan() { mean.to_owned() } else { format!("{mean} ± {deviation:.digits$}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_beside_the_published_ones() {
        let numbers = [ComparedNumber::new("|error| [%]", "4.1", mean_and_spread(&[4.0, 4.4], 1))];
        let expected = "| quantity | published | measured |\n|---|---|---|\n| \\|error\\| [%] | 4.1 | 4.2 ± 0.3 |";
        assert_eq!(table(&numbers), expected);
        assert_eq!(mean_and_spread(&[4.0], 2), "4.00");
        assert_eq!([-0.04, -0.06].map(|mean| mean_and_spread(&[mean], 1)), ["0.0", "-0.1"]);
    }
}
