//! `apical compare`.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, bail};
use clap::Args;
use serde_json::{Value, json};

use super::failure::Failure;
use super::options::{Seeds, parse_seeds};
use super::{interrupt, say};
use crate::data::{Dataset, Source};
use crate::model::Stimuli;
use crate::rate::family::{MEMBERS, Member};
use crate::rate::rules::backprop::descent;
use crate::rate::{Course, angle};

/// Batches at the end of an epoch over which the angle to backprop is averaged.
const ANGLED: usize = 20;

/// Compare learning rules: train networks of rates by each on the same images, in the same order, with the same seeds.
///
/// Prints a Markdown table of final errors with their spread over seeds, angles of the first layer's changes to those of
/// backprop, and cost. Without --rules all are trained.
///
///   apical compare --rules backprop,feedback-alignment --seeds 1..3
#[derive(Args, Debug)]
pub(super) struct Compare {
    /// Rules to train, by name.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    rules: Vec<String>,

    /// List the rules and their learning rates, and train none.
    #[arg(long)]
    list: bool,

    /// Sizes of the layers, from input to output.
    #[arg(long, value_name = "SIZES", value_delimiter = ',', default_value = "784,500,10")]
    sizes: Vec<usize>,

    /// Seeds, as in `1..5` (both included) or `1,2,7`.
    #[arg(long, value_name = "SEEDS", value_parser = parse_seeds, default_value = "1")]
    seeds: Seeds,

    /// Passes through the training images, in place of each rule's own number.
    #[arg(long, value_name = "N")]
    epochs: Option<u32>,

    /// Examples in a batch, in place of each rule's own number.
    #[arg(long, value_name = "N")]
    batch: Option<usize>,

    /// Learning rates of all layers, in place of each rule's own.
    #[arg(long, value_name = "RATES", value_delimiter = ',')]
    rates: Vec<f64>,

    /// Momentum, in place of each rule's own.
    #[arg(long, value_name = "MU")]
    momentum: Option<f64>,

    /// Set so many training images aside and test on them; the test set is not touched.
    #[arg(long, value_name = "N", default_value_t = 0)]
    validation: usize,

    /// Folder of IDX files, plain or gzipped, in place of data/mnist.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,

    /// Write the results there, too, as JSON.
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,

    /// No progress on standard error.
    #[arg(long)]
    quiet: bool,

    /// Print the results as one JSON object in place of the table.
    #[arg(long)]
    json: bool,
}

impl Compare {
    pub(super) fn execute(self) -> Result<(), Failure> {
        let members = self.members()?;
        if self.list {
            return members.iter().try_for_each(|member| say::result(listed(member)));
        }
        self.check(&members)?;
        interrupt::listen()?;
        let stimuli = Stimuli::Idx { path: None, validation: self.validation };
        let (inputs, classes) = (self.sizes[0], self.sizes[self.sizes.len() - 1]);
        let source = Source { stimuli: &stimuli, inputs, classes, folder: self.data.as_deref() };
        let data = source.load().map_err(anyhow::Error::from)?;
        self.keep(&[])?;
        let mut rules = Vec::new();
        for member in &members {
            let course = self.course(member);
            let runs = self.seeds.0.iter().map(|&seed| self.train(member, &course, &data, seed));
            rules.push(summary(member, &course, &runs.collect::<Result<Vec<_>, Failure>>()?));
            self.keep(&rules).map_err(Failure::Failed)?;
        }
        if let Some(path) = &self.out {
            let kept = std::fs::rename(part_of(path), path);
            kept.with_context(|| format!("cannot write {}", path.display())).map_err(Failure::Failed)?;
        }
        let text = if self.json { self.results(&rules).to_string() } else { table(&rules, self.tested_on()) };
        say::result(text)
    }

    fn members(&self) -> anyhow::Result<Vec<Member>> {
        if self.rules.is_empty() {
            return Ok(MEMBERS.to_vec());
        }
        let names = || MEMBERS.map(|member| member.name).join(", ");
        let find =
            |name: &String| Member::find(name).with_context(|| format!("no rule `{name}`; there are {}", names()));
        self.rules.iter().map(find).collect()
    }

    fn check(&self, members: &[Member]) -> anyhow::Result<()> {
        if self.sizes.len() < 3 || self.sizes.contains(&0) {
            bail!("--sizes: expected the sizes of an input, at least one hidden layer and an output");
        }
        if self.epochs == Some(0) || self.batch == Some(0) {
            bail!("--epochs and --batch: expected at least 1");
        }
        if !self.rates.is_empty() && self.rates.len() != self.sizes.len() - 1 {
            bail!("--rates: expected {} rates, one for every layer", self.sizes.len() - 1);
        }
        if self.rates.iter().any(|rate| !(0.0..f64::INFINITY).contains(rate)) {
            bail!("--rates: expected numbers of at least 0");
        }
        if self.momentum.is_some_and(|mu| !(0.0..1.0).contains(&mu)) {
            bail!("--momentum: expected a number from 0 to below 1");
        }
        if members.len() > 1 && !self.rates.is_empty() {
            bail!("--rates: rates belong to one rule; name it by --rules");
        }
        Ok(())
    }

    /// The rule's course with what the user changed.
    fn course(&self, member: &Member) -> Course {
        let own = member.course(self.sizes.len() - 1);
        Course {
            rates: if self.rates.is_empty() { own.rates } else { self.rates.clone() },
            momentum: self.momentum.unwrap_or(own.momentum),
            batch: self.batch.unwrap_or(own.batch),
            epochs: self.epochs.unwrap_or(own.epochs),
            ..own
        }
    }

    fn train(&self, member: &Member, course: &Course, data: &Dataset, seed: u64) -> Result<Run, Failure> {
        let mut learner = member.learner(&self.sizes, course.clone(), seed);
        let (mut run, mut seconds) = (Run::default(), 0.0);
        let batches = data.training.len().div_ceil(course.batch);
        for epoch in 1..=course.epochs {
            if interrupt::asked() {
                return Err(Failure::Interrupted);
            }
            let (start, mut aside) = (Instant::now(), 0.0);
            let (mut n, mut angles) = (0, vec![0.0; self.sizes.len() - 1]);
            learner.epoch(&data.training, &mut |network, batch, change| {
                n += 1;
                if n + ANGLED > batches {
                    let start = Instant::now();
                    let exact = descent(network, batch);
                    for (l, sum) in angles.iter_mut().enumerate() {
                        *sum += angle(&change[l..=l], &exact[l..=l]) / ANGLED.min(batches) as f64;
                    }
                    aside += start.elapsed().as_secs_f64();
                }
            });
            seconds += start.elapsed().as_secs_f64() - aside;
            let error = learner.error_percent(&data.evaluation);
            if !self.quiet {
                say::note(format_args!("{}, seed {seed}, epoch {epoch}: test error {error:.2} %", member.name));
            }
            run.curve.push(json!({
                "examples_seen": u64::from(epoch) * data.training.len() as u64,
                "test_error": error,
                "angles_to_backprop_deg": angles,
                "seconds": seconds,
            }));
            (run.error, run.angles) = (error, angles);
        }
        run.seed = seed;
        run.ms_per_example = 1e3 * seconds / (f64::from(course.epochs) * data.training.len() as f64);
        Ok(run)
    }

    fn tested_on(&self) -> &'static str {
        if self.validation > 0 { "validation" } else { "test" }
    }

    fn results(&self, rules: &[Value]) -> Value {
        let tested_on = self.tested_on();
        json!({
            "command": "compare", "kind": "rate", "sizes": self.sizes, "seeds": self.seeds.0, "tested_on": tested_on,
            "rules": rules,
        })
    }

    /// Keeps the rules that are done beside the file asked for: what an interrupted run leaves.
    fn keep(&self, rules: &[Value]) -> anyhow::Result<()> {
        let Some(path) = &self.out else { return Ok(()) };
        let part = part_of(path);
        std::fs::write(&part, format!("{}\n", self.results(rules)))
            .with_context(|| format!("cannot write {}", part.display()))
    }
}

/// `NAME.part`, which becomes NAME once it is complete.
fn part_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

/// What training with one seed gave.
#[derive(Debug, Default)]
struct Run {
    seed: u64,
    error: f64,
    angles: Vec<f64>,
    ms_per_example: f64,
    curve: Vec<Value>,
}

fn listed(member: &Member) -> String {
    let course = member.course(2);
    let (rates, momentum, batch, epochs) = (&course.rates, course.momentum, course.batch, course.epochs);
    format!("{:<42}rates {rates:?}, momentum {momentum}, batch {batch}, {epochs} epochs", member.name)
}

fn summary(member: &Member, course: &Course, runs: &[Run]) -> Value {
    let n = runs.len() as f64;
    let mean = |value: &dyn Fn(&Run) -> f64| runs.iter().map(value).sum::<f64>() / n;
    let error = mean(&|run| run.error);
    let variance = runs.iter().map(|run| (run.error - error).powi(2)).sum::<f64>() / (n - 1.0);
    let run = |run: &Run| {
        json!({
            "seed": run.seed,
            "test_error_percent": run.error,
            "train_ms_per_example": run.ms_per_example,
            "learning": run.curve,
        })
    };
    json!({
        "rule": member.name,
        "title": member.title,
        "rates": course.rates,
        "momentum": course.momentum,
        "batch": course.batch,
        "epochs": course.epochs,
        "test_error_percent": error,
        "test_error_percent_sd": (runs.len() > 1).then(|| variance.sqrt()),
        "angles_to_backprop_deg": (0..course.rates.len()).map(|l| mean(&|run| run.angles[l])).collect::<Vec<_>>(),
        "train_ms_per_example": mean(&|run| run.ms_per_example),
        "runs": runs.iter().map(run).collect::<Vec<_>>(),
    })
}

/// The results as a Markdown table.
fn table(rules: &[Value], tested_on: &str) -> String {
    let number =
        |value: &Value, digits: usize| value.as_f64().map_or_else(|| "–".to_owned(), |x| format!("{x:.digits$}"));
    let row = |rule: &Value| {
        format!(
            "\n| {} | {} | {} | {} | {} | {} |",
            rule["title"].as_str().unwrap_or_default(),
            number(&rule["test_error_percent"], 2),
            number(&rule["test_error_percent_sd"], 2),
            number(&rule["angles_to_backprop_deg"][0], 1),
            rule["epochs"],
            number(&rule["train_ms_per_example"], 3),
        )
    };
    let head = format!(
        "| rule | {tested_on} error [%] | sd | angle to backprop [deg] | epochs | ms per example |\n|---|---|---|---|---|---|"
    );
    rules.iter().fold(head, |table, rule| table + &row(rule))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_markdown_with_a_row_for_each_rule() {
        let run = |error| Run { error, angles: vec![30.0, 0.0], ms_per_example: 0.1, ..Run::default() };
        let member = Member::find("backprop").unwrap();
        let course = Course { epochs: 7, ..member.course(2) };
        let summary = summary(&member, &course, &[run(1.0), run(2.0), run(3.0)]);
        let expected = "| rule | test error [%] | sd | angle to backprop [deg] | epochs | ms per example |\n\
            |---|---|---|---|---|---|\n| Backprop | 2.00 | 1.00 | 30.0 | 7 | 0.100 |";
        assert_eq!(table(&[summary], "test"), expected);
    }
}
