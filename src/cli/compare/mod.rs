//! `apical compare`.

mod check;
mod likeness;
mod recurrent;
mod told;
mod train;

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use clap::builder::RangedU64ValueParser;
use serde_json::{Value, json};

use self::likeness::{Trained, layers_of};
use super::failure::Failure;
use super::files::{part_of, set_aside, write};
use super::options::{Seeds, parse_seeds};
use super::shown::Shown;
use super::{interrupt, say, session};
use crate::data::{Dataset, Presentations, Source};
use crate::model::{Model, Stimuli};
use crate::plot::Figure;
use crate::rate::Course;
use crate::rate::family::{MEMBERS, Member};

/// Sizes of the layers where neither the user nor a model gives them.
const SIZES: [usize; 3] = [784, 500, 10];

/// Compare learning rules: train networks of rates by each on the same images, in the same order, with the same seeds.
///
/// Prints a Markdown table of final errors with their spread over seeds, angles of the first layer's changes to those of
/// backprop, and cost. Without --rules all are trained. With --representations, the layers of these networks and of
/// checkpoints are set against each other by RSA and linear CKA; without --rules, too, those of the checkpoints alone, each
/// shown the same test images as its own model has them, whatever its sizes and maps. With
/// --task, rules of recurrent networks are compared in their place.
///
///   apical compare g17-784-500-10 --rules backprop,feedback-alignment --seeds 1..3
///
///   apical compare --sizes 784,500,100,10 --rules feedback-alignment,direct-feedback-alignment
///
///   apical compare --task adding --seeds 1..3
///
///   apical compare --rules backprop --representations a.checkpoint.h5,rate:a.checkpoint.h5
#[derive(Args, Debug)]
pub(super) struct Compare {
    /// Model file, or name of a shipped model, to compare rules on: on networks of the sizes of its populations, with its
    /// stimuli.
    #[arg(conflicts_with_all = ["sizes", "validation", "task"])]
    model: Option<PathBuf>,

    /// Rules to train, by name.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    rules: Vec<String>,

    /// List the rules (with --task those of recurrent networks) and their learning rates, and train none.
    #[arg(long, conflicts_with_all = ["json", "out", "representations"])]
    list: bool,

    /// Sizes of the layers, from input to output; --task rows takes the first and the last. Default: 784,500,10.
    #[arg(long, value_name = "SIZES", value_delimiter = ',',
        value_parser = RangedU64ValueParser::<usize>::new().range(1..=1_000_000))]
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

    /// Learning rates of all layers, in place of each rule's own; with --task one for the whole network, of every rule.
    #[arg(long, value_name = "RATES", value_delimiter = ',')]
    rates: Vec<f64>,

    /// Momentum, in place of each rule's own.
    #[arg(long, value_name = "MU")]
    momentum: Option<f64>,

    /// Set so many training images aside and test on them; the test set is not touched.
    #[arg(long, value_name = "N", default_value_t = 0)]
    validation: usize,

    /// Checkpoints whose layers are compared with each other and with those of the rules (of their first seed): PATH as
    /// spikes, `rate:PATH` as the noiseless twin.
    #[arg(long, value_name = "CHECKPOINTS", value_delimiter = ',')]
    representations: Vec<String>,

    /// Test images over which representations are compared.
    #[arg(long, value_name = "N", default_value = "300")]
    images: std::num::NonZeroUsize,

    /// What is shown: the model's, else images.
    #[arg(skip)]
    stimuli: Option<Stimuli>,

    #[command(flatten)]
    recurrent: recurrent::Options,

    /// Folder of IDX files, plain or gzipped. Default: that of the checkpoint's training, of the model, or data/mnist.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,

    /// Write the results there, too, as JSON, and a figure beside it as SVG.
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
    pub(super) fn execute(mut self) -> Result<(), Failure> {
        self.check_task()?;
        self.read_model()?;
        if self.recurrent.task.is_some() {
            return self.execute_recurrent();
        }
        let members = self.members()?;
        if self.list {
            return say::columns(members.iter().map(|member| (member.name, told::listed(member))));
        }
        if members.is_empty() {
            self.sizes.clear();
        }
        self.check(&members)?;
        let trained = self.representations.iter().map(|text| Trained::load(text, self.data.as_deref()));
        let trained = trained.collect::<anyhow::Result<Vec<_>>>()?;
        let data = if members.is_empty() { None } else { Some(self.load(&trained)?) };
        let evaluation = data.as_ref().map(|data| &data.evaluation).or(trained.first().map(Trained::shown));
        let images = self.images.get().min(evaluation.map_or(0, Presentations::len));
        evaluation.map_or(Ok(()), |evaluation| trained.iter().try_for_each(|one| one.check_shown(evaluation)))?;
        let _guard = interrupt::guard();
        self.begin(&self.results(&[]))?;
        let mut layers: Vec<_> = trained.iter().flat_map(|trained| trained.layers(images)).collect();
        let mut rules = Vec::new();
        for (member, data) in members.iter().zip(data.iter().cycle()) {
            let course = self.course(member);
            let mut runs = Vec::new();
            for &seed in &self.seeds.0 {
                let mut learner = member.learner(&self.sizes, course.clone(), seed);
                let pace = (course.epochs, course.batch);
                runs.push(train::train(&mut learner, (member.name, seed), pace, data, self.quiet)?);
                if runs.len() == 1 && !trained.is_empty() {
                    layers.extend(layers_of(member.name, &learner, &data.evaluation, images));
                }
            }
            rules.push(told::summary(member, &course, &runs));
            self.keep(&self.results(&rules)).map_err(Failure::Failed)?;
        }
        self.finish(&rules, &layers)
    }

    /// Trains rules of recurrent networks.
    fn execute_recurrent(self) -> Result<(), Failure> {
        let members = recurrent::members(&self.rules, &self.rates)?;
        if self.list {
            let rate = |member: &_| format!("rate {}", self.recurrent.rate(member));
            return say::columns(members.iter().map(|member| (member.name, rate(member))));
        }
        let classes = self.sizes[self.sizes.len() - 1];
        self.check_out()?;
        self.recurrent.check(&members, classes)?;
        let data = if self.recurrent.shows_images() { Some(self.load(&[])?) } else { None };
        let task = self.recurrent.task(data.as_ref(), classes)?;
        let _guard = interrupt::guard();
        let results = |rules: &[Value]| self.recurrent.results(&task, &self.seeds.0, rules);
        self.begin(&results(&[]))?;
        let mut rules = Vec::new();
        for member in &members {
            rules.push(self.recurrent.train(member, &task, &self.seeds.0, self.quiet)?);
            self.keep(&results(&rules)).map_err(Failure::Failed)?;
        }
        let results = results(&rules);
        self.write(&results, Some(&recurrent::figure(&results)))?;
        say::result(if self.json { results.to_string() } else { recurrent::table(&results) })
    }

    /// Takes sizes and stimuli from the model, if one is given, and sizes that nothing gives from the default.
    fn read_model(&mut self) -> anyhow::Result<()> {
        if self.sizes.is_empty() {
            self.sizes = SIZES.to_vec();
        }
        let Some(path) = &self.model else { return Ok(()) };
        let model = Model::load(path, &[])?;
        if let Some(why) = model.unfit_for_rules_of_rates() {
            bail!("{}: {why}", path.display());
        }
        self.sizes = model.populations.iter().map(|population| population.size).collect();
        if let Stimuli::Idx { validation, .. } = model.stimuli {
            self.validation = validation;
        }
        self.stimuli = Some(model.stimuli);
        Ok(())
    }

    /// Loads what rules learn from; where nothing names it, what the first checkpoint was trained on.
    fn load(&self, trained: &[Trained]) -> anyhow::Result<Dataset> {
        let images = Stimuli::Idx { path: None, validation: self.validation, shift: 0, shift_share: 1.0, on_off: None };
        let stimuli = self.stimuli.as_ref().unwrap_or(&images);
        let (inputs, classes) = (self.sizes[0], self.sizes[self.sizes.len() - 1]);
        let source = Source { stimuli, inputs, classes, folder: self.data.as_deref() };
        let data = Shown::at(source, source.path().is_some(), trained.iter().filter_map(Trained::data)).load()?;
        if data.training.label(0).is_none() {
            bail!("rules learn from labels: give `labels` under [stimuli] in the model");
        }
        Ok(data)
    }

    /// Writes and prints what was found.
    fn finish(&self, rules: &[Value], layers: &[likeness::Layer]) -> Result<(), Failure> {
        let mut results = self.results(rules);
        let representations = (!layers.is_empty()).then(|| likeness::likeness(layers));
        if let Some(likeness) = &representations {
            results["representations"] = likeness.clone();
        }
        let figure = (!rules.is_empty()).then(|| told::figure(rules, self.tested_on()));
        self.write(&results, figure.as_ref())?;
        if self.json {
            return say::result(results);
        }
        if !rules.is_empty() {
            say::result(told::table(rules, self.tested_on()))?;
        }
        representations.map_or(Ok(()), |likeness| say::result(likeness::table(&likeness)))
    }

    /// Writes the results, and a figure beside them, where they are asked for.
    fn write(&self, results: &Value, figure: Option<&Figure>) -> Result<(), Failure> {
        let Some(path) = &self.out else { return Ok(()) };
        self.keep(results).map_err(Failure::Failed)?;
        let kept = std::fs::rename(part_of(path), path);
        kept.with_context(|| format!("cannot write {}", path.display())).map_err(Failure::Failed)?;
        let Some(figure) = figure else { return Ok(()) };
        let drawn = path.with_extension("svg");
        write(&drawn, &figure.svg())
    }

    fn members(&self) -> anyhow::Result<Vec<Member>> {
        if self.rules.is_empty() {
            return Ok(if self.representations.is_empty() { MEMBERS.to_vec() } else { Vec::new() });
        }
        let names = || MEMBERS.map(|member| member.name).join(", ");
        let find =
            |name: &String| Member::find(name).with_context(|| format!("no rule `{name}`; there are {}", names()));
        self.rules.iter().map(find).collect()
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

    fn tested_on(&self) -> &'static str {
        if self.validation > 0 { "validation" } else { "test" }
    }

    fn results(&self, rules: &[Value]) -> Value {
        let tested_on = self.tested_on();
        let sizes = (!self.sizes.is_empty()).then_some(&self.sizes);
        json!({
            "command": "compare", "command_line": session::command_line(), "commit": env!("APICAL_GIT_COMMIT"),
            "kind": "rate", "sizes": sizes, "seeds": self.seeds.0, "tested_on": tested_on, "rules": rules,
        })
    }

    /// Begins to keep results; those that another run left where they are kept are put aside.
    fn begin(&self, results: &Value) -> anyhow::Result<()> {
        if let Some(left) = self.out.as_deref().map(part_of).map_or(Ok(None), |part| set_aside(&part))? {
            say::note(format_args!("a comparison that did not end left {}", left.display()));
        }
        self.keep(results)
    }

    /// Keeps results so far beside the file asked for: what an interrupted run leaves.
    fn keep(&self, results: &Value) -> anyhow::Result<()> {
        let Some(path) = &self.out else { return Ok(()) };
        let part = part_of(path);
        std::fs::write(&part, format!("{results}\n")).with_context(|| format!("cannot write {}", part.display()))
    }
}
