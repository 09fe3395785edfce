//! `apical reproduce`.

mod host;
mod report;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use serde::Serialize;
use serde_json::Value;

use self::host::CommandHost;
use self::report::ReportSection;
use super::failure::Failure;
use super::files::write;
use super::options::{Common, Seeds, parse_seeds};
use super::{interrupt, session, terminal};
use crate::data::DataError;
use crate::reproduce::{
    ComparedNumber, EXTENSIONS, FIGURES, FigureTask, PublishedFigure, ReproduceError, RunRecord, StoredResults, find,
};

/// In place of the name of a figure: all that were published, in one report.
const ALL: &str = "all";

/// Reproduce a published figure: train the networks it needs, draw it, and print measured numbers beside the published ones.
///
/// Without FIGURE all figures are listed; `all` draws every published one and combines them in one page, report.html. Each
/// figure leaves NAME.svg and NAME.json in the folder given by --out, and beside them the runs it is drawn from. Complete runs
/// in the folder are used as they are, and runs that were stopped by Ctrl-C are resumed.
///
///   apical reproduce fa-linear
///
///   apical reproduce all --quick
#[derive(Args, Debug)]
pub(super) struct ReproduceCommand {
    /// Figure, by name.
    figure: Option<String>,

    /// Draw a smaller version from short runs, to see whether all works: its numbers are no reproduction.
    #[arg(long)]
    quick: bool,

    /// Seeds, as in `1..5` (both included) or `1,2,7`, in place of the figure's own.
    #[arg(long, value_name = "SEEDS", value_parser = parse_seeds)]
    seeds: Option<Seeds>,

    /// Folder of IDX files, plain or gzipped, to use in place of data/mnist.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,

    /// Threads; the results do not depend on their number. Default: RAYON_NUM_THREADS or SLURM_CPUS_PER_TASK of
    /// the environment, else all cores.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,

    /// Folder for the files. Default: output/reproduce.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// Folder of results, such as docs/results: networks with a result there are not trained, if the digests of model and
    /// data match. Only figures of test errors alone use them, and not with --quick.
    #[arg(long, value_name = "DIR")]
    results: Option<PathBuf>,

    /// No progress on standard error.
    #[arg(long)]
    quiet: bool,

    /// Print the results as one JSON object in place of the table.
    #[arg(long)]
    json: bool,
}

/// What `--json` prints of a figure, and NAME.json holds.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct FigureResults {
    /// `reproduce`.
    command: &'static str,
    /// The command line.
    command_line: String,
    /// Git commit of the program that drew the figure.
    commit: &'static str,
    /// Name of the figure.
    figure: &'static str,
    /// What it shows, and where it was published.
    about: &'static str,
    /// Whether it is a smaller version from short runs.
    quick: bool,
    /// Seeds of its runs.
    seeds: Vec<u64>,
    /// The runs it was drawn from.
    runs: Vec<RunRecord>,
    /// Measured numbers with the published ones.
    numbers: Vec<ComparedNumber>,
    /// All measurements, as the figure defines them.
    results: Value,
}

/// What `reproduce all --json` prints.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct AllResults<'a> {
    /// `reproduce`.
    command: &'static str,
    /// Path of the report.
    report: &'a Path,
    /// Results of each figure.
    figures: &'a [FigureResults],
}

impl ReproduceCommand {
    pub(super) fn execute(self) -> Result<(), Failure> {
        let Some(name) = &self.figure else {
            let figures = FIGURES.iter().chain(&EXTENSIONS);
            return terminal::print_columns(figures.map(|figure| (figure.name, figure.about.to_owned())));
        };
        let figures = if name == ALL { FIGURES.iter().collect() } else { vec![figure(name)?] };
        // A figure drawn from stored results reads no images, so a missing folder is refused here.
        if let Some(folder) = self.data.as_deref().filter(|folder| !folder.is_dir()) {
            let folder = folder.display().to_string();
            return Err(anyhow::Error::from(DataError::MissingFolder { folder }).into());
        }
        let stored = self.results.as_deref().map(StoredResults::load).transpose().map_err(anyhow::Error::from)?;
        let _guard = interrupt::hold();
        let common = self.common();
        common.start_threads()?;
        let folder = self.folder()?;
        let (mut sections, mut all) = (Vec::new(), Vec::new());
        let report = folder.join("report.html");
        for figure in figures {
            let (section, results) = self.draw(figure, &common, &folder, stored.as_ref())?;
            sections.push(section);
            all.push(results);
            // After each figure, so that the report is kept if a later one fails or is stopped.
            if name == ALL {
                write(&report, &report::html(&sections, &format!("{}, {}", session::command_line(), version())))?;
            }
        }
        match (self.json, name == ALL) {
            (true, true) => terminal::print_json(&AllResults { command: "reproduce", report: &report, figures: &all }),
            (true, false) => terminal::print_json(&all[0]),
            (false, true) => terminal::print_result(format_args!("report: {}", report.display())),
            (false, false) => Ok(()),
        }
    }

    /// Draws one figure, writes its files and prints its numbers.
    fn draw(
        &self,
        figure: &PublishedFigure,
        common: &Common,
        folder: &Path,
        stored: Option<&StoredResults>,
    ) -> Result<(ReportSection, FigureResults), Failure> {
        let seeds = self.seeds.as_ref().map_or(figure.seeds[usize::from(self.quick)], |seeds| &seeds.0[..]);
        let host = CommandHost { common };
        let mut task = FigureTask::new(seeds, folder, &host);
        task.quick = self.quick;
        task.data = common.data.as_deref();
        task.results = stored.filter(|_| !self.quick);
        let drawn = (figure.run)(&task)?;
        let PublishedFigure { name, about, .. } = *figure;
        let results = FigureResults {
            command: "reproduce",
            command_line: session::command_line(),
            commit: env!("APICAL_GIT_COMMIT"),
            figure: name,
            about,
            quick: self.quick,
            seeds: seeds.to_vec(),
            runs: task.into_runs(),
            numbers: drawn.numbers.clone(),
            results: drawn.results,
        };
        write(&folder.join(format!("{name}.json")), &format!("{}\n", terminal::to_json(&results)))?;
        let (picture, svg) = (folder.join(format!("{name}.svg")), drawn.figure.svg());
        write(&picture, &svg)?;
        if !self.json {
            terminal::print_result(table(&drawn.numbers))?;
            if self.quick {
                terminal::print_result("quick: of a short course, no reproduction of what is published")?;
            }
            terminal::print_result(format_args!("figure: {}", picture.display()))?;
        }
        let command = format!("apical reproduce {name}{}", if self.quick { " --quick" } else { "" });
        Ok((ReportSection { name, about, command, svg, numbers: drawn.numbers }, results))
    }

    /// The options shared with other commands.
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

    /// The folder of the files, created if there is none.
    fn folder(&self) -> anyhow::Result<PathBuf> {
        let folder = self.out.clone().unwrap_or_else(|| Path::new("output").join("reproduce"));
        let made = std::fs::create_dir_all(&folder);
        made.with_context(|| format!("cannot create the folder {}; give another by --out", folder.display()))?;
        Ok(folder)
    }
}

/// The figure of this name.
fn figure(name: &str) -> anyhow::Result<&'static PublishedFigure> {
    let Some(figure) = find(name) else {
        let names: Vec<_> = FIGURES.iter().chain(&EXTENSIONS).map(|figure| figure.name).collect();
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

impl From<ReproduceError> for Failure {
    fn from(error: ReproduceError) -> Self {
        match error {
            ReproduceError::Refused(cause) => Self::Refused(cause.into()),
            ReproduceError::Failed(cause) => Self::Failed(cause.into()),
            ReproduceError::Interrupted => Self::Interrupted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_beside_the_published_ones() {
        let numbers = [ComparedNumber::new("|error| [%]", "4.1", "4.2 ± 0.3")];
        let expected = "| quantity | published | measured |\n|---|---|---|\n| \\|error\\| [%] | 4.1 | 4.2 ± 0.3 |";
        assert_eq!(table(&numbers), expected);
    }
}
