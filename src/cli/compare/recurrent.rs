//! Compares rules of recurrent networks on one task.

use std::time::Instant;

use anyhow::{Context, anyhow, bail};
use clap::builder::RangedU64ValueParser;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::cli::failure::Failure;
use crate::cli::progress::ExampleCounter;
use crate::cli::{interrupt, session};
use crate::data::Dataset;
use crate::plot::gallery::{Curve, Curves, NamedValue, curves, named_values, sheet};
use crate::plot::{Figure, Scale};
use crate::rate::recurrent::family::{Learner, MEMBERS, Member, Task};

/// Points of a learning curve.
const POINTS: u64 = 10;
/// Test sequences at each.
const TESTED: u64 = 500;
/// Symbols of the recall task.
const SYMBOLS: usize = 4;

/// Options of the comparison on a recurrent task.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct Options {
    /// Compare rules of recurrent networks (bptt, truncated-bptt, rtrl, uoro) on this task.
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

/// The tasks, in the order of a member's learning rates.
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
    pub(super) fn check(self, members: &[Member], classes: usize, most: usize) -> anyhow::Result<()> {
        let (units, steps) = (self.units, self.steps());
        // RTRL holds the derivative of every unit by every weight among units, the others no more than weights and states.
        let rtrl = members.iter().any(|member| member.name == "rtrl");
        let columns = if rtrl { units * units } else { units }.max(steps).max(classes);
        if units * columns > most {
            let rule = if rtrl { "rtrl" } else { "a rule" };
            bail!("--units {units} and {steps} steps: {rule} would hold more than {most} numbers");
        }
        Ok(())
    }

    /// A rule's learning rate.
    pub(super) fn rate(self, member: &Member) -> f64 {
        member.rates[self.task.map_or(0, |task| task as usize)]
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
    pub(super) fn train(self, member: &Member, task: &Task, seeds: &[u64], quiet: bool) -> Result<Value, Failure> {
        let mut runs = Vec::new();
        for &seed in seeds {
            let count = ExampleCounter::new(quiet, format!("{}, seed {seed}", member.name), self.sequences);
            let mut learner = Learner::new(member, task, self.units, seed);
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
                error = task.error(&learner.network, seed, TESTED);
                let seen = self.sequences * (point + 1) / POINTS;
                let (w, out) = (&learner.network.w, &learner.network.out);
                if !w.iter().chain(&out.weights).chain(&out.biases).chain([&error]).all(|x| x.is_finite()) {
                    let name = member.name;
                    let why = anyhow!("{name}, seed {seed}: the weights diverged by sequence {seen}; lower --rates");
                    return Err(Failure::Failed(why));
                }
                curve.push(json!({ "sequences_seen": seen, "error": error }));
            }
            count.line(&format!("{}, seed {seed}: {} {error:.4}", member.name, task.measure()));
            let ms = 1e3 * seconds / self.sequences as f64;
            runs.push(json!({ "seed": seed, "error": error, "train_ms_per_sequence": ms, "learning": curve }));
        }
        Ok(summary(member, self.rate(member), &runs))
    }

    /// The results of all rules.
    pub(super) fn results(self, task: &Task, seeds: &[u64], rules: &[Value]) -> Value {
        let steps = if let Task::Rows { rows, .. } = task { *rows } else { self.steps() };
        json!({
            "command": "compare", "command_line": session::command_line(), "commit": env!("APICAL_GIT_COMMIT"),
            "kind": "rate", "task": self.task.map(TaskName::name),
            "measure": task.measure(), "steps": steps, "units": self.units, "sequences": self.sequences,
            "seeds": seeds, "rules": rules,
        })
    }
}

/// The rules of these names, all without a name, with another learning rate if one is given.
pub(super) fn members(names: &[String], rates: &[f64]) -> anyhow::Result<Vec<Member>> {
    let rate = match rates {
        [] => None,
        [rate] if (0.0..f64::INFINITY).contains(rate) => Some(*rate),
        _ => bail!("--rates: expected one number of at least 0 with --task"),
    };
    let all = || MEMBERS.map(|member| member.name).join(", ");
    let find = |name: &String| Member::find(name).with_context(|| format!("no rule `{name}`; there are {}", all()));
    let named = names.iter().map(find).collect::<anyhow::Result<Vec<_>>>()?;
    let mut members = if named.is_empty() { MEMBERS.to_vec() } else { named };
    members.iter_mut().for_each(|member| member.rates = rate.map_or(member.rates, |rate| [rate; 3]));
    Ok(members)
}

fn summary(member: &Member, rate: f64, runs: &[Value]) -> Value {
    let mean = |key: &str| runs.iter().filter_map(|run| run[key].as_f64()).sum::<f64>() / runs.len() as f64;
    let error = mean("error");
    let squares: f64 = runs.iter().filter_map(|run| run["error"].as_f64()).map(|e| (e - error).powi(2)).sum();
    json!({
        "rule": member.name,
        "title": member.title,
        "rate": rate,
        "error": error,
        "error_sd": (runs.len() > 1).then(|| (squares / (runs.len() as f64 - 1.0)).sqrt()),
        "train_ms_per_sequence": mean("train_ms_per_sequence"),
        "runs": runs,
    })
}

/// The results as a Markdown table.
pub(super) fn table(results: &Value) -> String {
    let head = format!("| rule | {} | sd | ms per sequence |\n|---|---|---|---|", text(&results["measure"]));
    let number = |value: &Value| value.as_f64().map_or_else(|| "–".to_owned(), |x| format!("{x:.4}"));
    results["rules"].as_array().into_iter().flatten().fold(head, |table, rule| {
        let [error, sd, ms] = ["error", "error_sd", "train_ms_per_sequence"].map(|key| number(&rule[key]));
        format!("{table}\n| {} | {error} | {sd} | {ms} |", text(&rule["title"]))
    })
}

/// Learning curves of the first seed, and cost.
pub(super) fn figure(results: &Value) -> Figure {
    let rules = || results["rules"].as_array().into_iter().flatten();
    let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
    let curve = |rule: &Value| {
        let points = rule["runs"][0]["learning"].as_array().into_iter().flatten();
        let points = points.map(|point| [number(&point["sequences_seen"]), number(&point["error"])]);
        Curve { label: text(&rule["title"]).to_owned(), points: points.collect() }
    };
    let learning = Curves {
        title: "learning, first seed".to_owned(),
        labels: ["training sequences".to_owned(), text(&results["measure"]).to_owned()],
        scale: Scale::Linear,
        curves: rules().map(curve).collect(),
    };
    let cost = rules().map(|rule| NamedValue {
        name: text(&rule["title"]).to_owned(),
        value: number(&rule["train_ms_per_sequence"]),
        spread: 0.0,
    });
    let cost = named_values("cost", "ms per sequence", Scale::Log, &cost.collect::<Vec<_>>());
    let mut figure = sheet(vec![vec![curves(&learning)], vec![cost]]);
    figure.size = [900, 720];
    figure
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
