//! Compares rules of recurrent networks on one task.

use std::time::Instant;

use anyhow::{Context, anyhow, bail};
use clap::builder::RangedU64ValueParser;
use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::cli::failure::Failure;
use crate::cli::progress::ExampleCounter;
use crate::cli::{interrupt, session};
use crate::data::Dataset;
use crate::plot::gallery::{Curve, Curves, NamedValue, curves, named_values, sheet};
use crate::plot::{Figure, Scale};
use crate::rate::recurrent::registry::{RECURRENT_RULES, RecurrentLearner, RecurrentRuleEntry, Task};

/// Points of a learning curve.
const POINTS: u64 = 10;
/// Test sequences at each.
const TESTED: u64 = 500;
/// Symbols of the recall task.
const SYMBOLS: usize = 4;

/// Options of the comparison on a recurrent task.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct Options {
    /// Compare rules of recurrent networks (bptt, truncated-bptt, rtrl, uoro, replay, attention) on this task.
    #[arg(long, value_enum, conflicts_with_all = ["epochs", "batch", "momentum", "representations", "images"])]
    pub(super) task: Option<TaskName>,

    /// Steps of a sequence of the adding task; of the recall task, the pause. Default: 10.
    #[arg(long, value_name = "N", requires = "task",
        value_parser = RangedU64ValueParser::<usize>::new().range(2..=1_000_000))]
    pub(super) steps: Option<usize>,

    /// Units of a recurrent network.
    #[arg(long, value_name = "N", default_value_t = 16, requires = "task",
        value_parser = RangedU64ValueParser::<usize>::new().range(1..=1_000_000))]
    units: usize,

    /// Training sequences.
    #[arg(long, value_name = "N", default_value_t = 20_000, requires = "task",
        value_parser = clap::value_parser!(u64).range(POINTS..=1_000_000_000_000))]
    sequences: u64,
}

/// The tasks, in the order of a entry's learning rates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum TaskName {
    /// The sum of two marked numbers is asked at the end.
    Adding,
    /// Three symbols are asked back after a pause.
    Recall,
    /// Images are shown row by row, and their label asked.
    Rows,
}

impl TaskName {
    /// Its name on the command line.
    pub(super) fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

impl Options {
    /// Whether the task needs images.
    pub(super) fn shows_images(self) -> bool {
        self.task == Some(TaskName::Rows)
    }

    /// Refuses sizes at which an array of these rules would have more elements than `most`.
    pub(super) fn check(self, entries: &[RecurrentRuleEntry], classes: usize, most: usize) -> anyhow::Result<()> {
        let (units, steps) = (self.units, self.steps());
        // RTRL holds the derivative of every unit by every weight among units, the others no more than weights and states.
        let rtrl = entries.iter().any(|entry| entry.name == "rtrl");
        let columns = if rtrl { units * units } else { units }.max(steps).max(classes);
        if units * columns > most {
            let rule = if rtrl { "rtrl" } else { "a rule" };
            bail!("--units {units} and {steps} steps: {rule} would hold more than {most} numbers");
        }
        Ok(())
    }

    /// A rule's learning rate.
    pub(super) fn rate(self, entry: &RecurrentRuleEntry) -> f64 {
        entry.rates[self.task.map_or(0, |task| task as usize)]
    }

    fn steps(self) -> usize {
        self.steps.unwrap_or(10)
    }

    /// The task; images are those of `data`.
    pub(super) fn task(self, data: Option<&Dataset>, classes: usize) -> anyhow::Result<Task> {
        Ok(match (self.task, data) {
            (Some(TaskName::Recall), _) => Task::Recall { symbols: SYMBOLS, length: 3, pause: self.steps() },
            (Some(TaskName::Rows), Some(data)) => {
                let pixels = data.training.set().inputs();
                let rows = (1..=pixels).find(|rows| rows * rows >= pixels).unwrap_or(1);
                if rows * rows != pixels {
                    bail!("--task rows: expected square images, found {pixels} pixels");
                }
                let (training, evaluation) = (data.training.clone(), data.evaluation.clone());
                Task::Rows { training, evaluation, rows, classes }
            }
            _ => Task::Adding { steps: self.steps() },
        })
    }

    /// Trains a rule with every seed.
    pub(super) fn train(
        self,
        entry: &RecurrentRuleEntry,
        task: &Task,
        seeds: &[u64],
        quiet: bool,
    ) -> Result<RecurrentRuleResults, Failure> {
        let mut runs = Vec::new();
        for &seed in seeds {
            let count = ExampleCounter::new(quiet, format!("{}, seed {seed}", entry.name), self.sequences);
            let mut learner = RecurrentLearner::new(entry, task, self.units, seed);
            let (mut curve, mut seconds, mut error) = (Vec::new(), 0.0, f64::NAN);
            for point in 0..POINTS {
                let start = Instant::now();
                for n in self.sequences * point / POINTS..self.sequences * (point + 1) / POINTS {
                    if n % 64 == 0 && interrupt::requested() {
                        return Err(Failure::Interrupted);
                    }
                    learner.step();
                    count.add(1);
                }
                seconds += start.elapsed().as_secs_f64();
                error = learner.error(TESTED);
                let seen = self.sequences * (point + 1) / POINTS;
                if !(learner.network.is_finite() && error.is_finite()) {
                    let name = entry.name;
                    let why = anyhow!("{name}, seed {seed}: the weights diverged by sequence {seen}; lower --rates");
                    return Err(Failure::Failed(why));
                }
                curve.push(RecurrentPoint { sequences_seen: seen, error });
            }
            count.line(&format!("{}, seed {seed}: {} {error:.4}", entry.name, task.measure()));
            let train_ms_per_sequence = 1e3 * seconds / self.sequences as f64;
            runs.push(RecurrentRun { seed, error, train_ms_per_sequence, learning: curve });
        }
        Ok(RecurrentRuleResults::of(entry, self.rate(entry), runs))
    }

    /// The results of all rules.
    pub(super) fn results<'a>(
        self,
        task: &Task,
        seeds: &'a [u64],
        rules: &'a [RecurrentRuleResults],
    ) -> RecurrentResults<'a> {
        RecurrentResults {
            command: "compare",
            command_line: session::command_line(),
            commit: env!("APICAL_GIT_COMMIT"),
            kind: "rate",
            task: self.task.map(TaskName::name),
            measure: task.measure(),
            steps: if let Task::Rows { rows, .. } = task { *rows } else { self.steps() },
            units: self.units,
            sequences: self.sequences,
            seeds,
            rules,
        }
    }
}

/// What `compare --task --json` prints.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::cli) struct RecurrentResults<'a> {
    /// `compare`.
    command: &'static str,
    /// The command line.
    command_line: String,
    /// Git commit of the program.
    commit: &'static str,
    /// `rate`.
    kind: &'static str,
    /// Name of the task: `adding`, `recall` or `rows`.
    task: Option<String>,
    /// What `error` measures on the task.
    measure: &'static str,
    /// Steps of a sequence; of the recall task, the pause.
    steps: usize,
    /// Units of a network.
    units: usize,
    /// Training sequences.
    sequences: u64,
    /// Seeds.
    seeds: &'a [u64],
    /// Results of each rule.
    rules: &'a [RecurrentRuleResults],
}

/// The results of a rule over all seeds.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::cli) struct RecurrentRuleResults {
    /// Name of the rule.
    rule: &'static str,
    /// Its title in tables and figures.
    title: &'static str,
    /// Learning rate.
    rate: f64,
    /// Mean over seeds of the error at the end, as `measure` says.
    error: f64,
    /// Its standard deviation (n − 1); null of one seed.
    error_sd: Option<f64>,
    /// Wall time of a training sequence [ms].
    train_ms_per_sequence: f64,
    /// Results of each seed.
    runs: Vec<RecurrentRun>,
}

/// The results of a rule with one seed.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct RecurrentRun {
    /// Seed of all that is random.
    seed: u64,
    /// Error at the end, as `measure` says.
    error: f64,
    /// Wall time of a training sequence [ms].
    train_ms_per_sequence: f64,
    /// Learning curve.
    learning: Vec<RecurrentPoint>,
}

/// A point of a learning curve.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct RecurrentPoint {
    /// Training sequences.
    sequences_seen: u64,
    /// Error, as `measure` says.
    error: f64,
}

impl RecurrentRuleResults {
    /// Combines the runs of a rule.
    fn of(entry: &RecurrentRuleEntry, rate: f64, runs: Vec<RecurrentRun>) -> Self {
        let mean = |value: fn(&RecurrentRun) -> f64| runs.iter().map(value).sum::<f64>() / runs.len() as f64;
        let error = mean(|run| run.error);
        let squares: f64 = runs.iter().map(|run| (run.error - error).powi(2)).sum();
        Self {
            rule: entry.name,
            title: entry.title,
            rate,
            error,
            error_sd: (runs.len() > 1).then(|| (squares / (runs.len() as f64 - 1.0)).sqrt()),
            train_ms_per_sequence: mean(|run| run.train_ms_per_sequence),
            runs,
        }
    }
}

/// The rules of these names, all without a name, with another learning rate if one is given.
pub(super) fn entries(names: &[String], rates: &[f64]) -> anyhow::Result<Vec<RecurrentRuleEntry>> {
    let rate = match rates {
        [] => None,
        [rate] if (0.0..f64::INFINITY).contains(rate) => Some(*rate),
        _ => bail!("--rates: expected one number of at least 0 with --task"),
    };
    let all = || RECURRENT_RULES.map(|entry| entry.name).join(", ");
    let find = |name: &String| {
        RecurrentRuleEntry::find(name).with_context(|| format!("no rule `{name}`; there are {}", all()))
    };
    let named = names.iter().map(find).collect::<anyhow::Result<Vec<_>>>()?;
    let mut entries = if named.is_empty() { RECURRENT_RULES.to_vec() } else { named };
    entries.iter_mut().for_each(|entry| entry.rates = rate.map_or(entry.rates, |rate| [rate; 3]));
    Ok(entries)
}

/// The results as a Markdown table.
pub(super) fn table(results: &RecurrentResults<'_>) -> String {
    let head = format!("| rule | {} | sd | ms per sequence |\n|---|---|---|---|", results.measure);
    let number = |x: f64| if x.is_finite() { format!("{x:.4}") } else { "–".to_owned() };
    results.rules.iter().fold(head, |table, rule| {
        let sd = rule.error_sd.unwrap_or(f64::NAN);
        let [error, sd, ms] = [rule.error, sd, rule.train_ms_per_sequence].map(number);
        format!("{table}\n| {} | {error} | {sd} | {ms} |", rule.title)
    })
}

/// Learning curves of the first seed, and cost.
pub(super) fn figure(results: &RecurrentResults<'_>) -> Figure {
    let curve = |rule: &RecurrentRuleResults| {
        let points = rule.runs.first().map_or(&[][..], |run| &run.learning);
        let points = points.iter().map(|point| [point.sequences_seen as f64, point.error]);
        Curve { label: rule.title.to_owned(), points: points.collect() }
    };
    let learning = Curves {
        title: "learning, first seed".to_owned(),
        labels: ["training sequences".to_owned(), results.measure.to_owned()],
        scale: Scale::Linear,
        curves: results.rules.iter().map(curve).collect(),
    };
    let cost = results.rules.iter().map(|rule| NamedValue {
        name: rule.title.to_owned(),
        value: rule.train_ms_per_sequence,
        spread: 0.0,
    });
    let cost = named_values("cost", "ms per sequence", Scale::Log, &cost.collect::<Vec<_>>());
    let mut figure = sheet(vec![vec![curves(&learning)], vec![cost]]);
    figure.size = [900, 720];
    figure
}
