//! `apical compare`.

mod check;
mod options;
mod recurrent;
mod report;
mod similarity;
mod train;

use anyhow::{Context, bail};
use serde::Serialize;

pub(super) use self::options::CompareCommand;
#[cfg(test)]
pub(super) use self::recurrent::RecurrentResults;
pub(super) use self::report::CompareResults;
use self::report::RuleResults;
use self::similarity::{ComparedNetwork, LayerResponses, Similarities, layers_of};
use super::failure::Failure;
use super::files::{part_of, set_aside, write};
use super::stimuli::StimulusSource;
use super::{checkpoint, interrupt, session, terminal};
use crate::data::{Dataset, Presentations, StimulusLoader};
use crate::model::{ImageStimuli, Model, Stimuli};
use crate::plot::Figure;
use crate::rate::TrainingConfig;
use crate::rate::registry::{RULES, RuleEntry};

/// Sizes of the layers where neither the user nor a model gives them.
const SIZES: [usize; 3] = [784, 500, 10];

impl CompareCommand {
    pub(super) fn execute(mut self) -> Result<(), Failure> {
        self.check_task()?;
        self.read_model()?;
        if self.recurrent.task.is_some() {
            return self.execute_recurrent();
        }
        let entries = self.selected_rules()?;
        if self.list {
            return terminal::print_columns(entries.iter().map(|entry| (entry.name, report::parameters(entry))));
        }
        if entries.is_empty() {
            self.sizes.clear();
        }
        self.check(&entries)?;
        let load = if self.accept_edited { checkpoint::load_edited } else { checkpoint::load };
        let trained = self.representations.iter().map(|text| ComparedNetwork::load(text, load, self.data.as_deref()));
        let trained = trained.collect::<anyhow::Result<Vec<_>>>()?;
        let data = if entries.is_empty() { None } else { Some(self.load(&trained)?) };
        let evaluation = data.as_ref().map(|data| &data.evaluation).or(trained.first().map(ComparedNetwork::shown));
        let images = self.images.get().min(evaluation.map_or(0, Presentations::len));
        evaluation.map_or(Ok(()), |evaluation| trained.iter().try_for_each(|one| one.check_shown(evaluation)))?;
        let _guard = interrupt::hold();
        self.begin(&self.results(&[], None))?;
        let mut layers = Vec::new();
        for trained in &trained {
            layers.extend(trained.layers(images)?);
        }
        let mut rules = Vec::new();
        for (entry, data) in entries.iter().zip(data.iter().cycle()) {
            let config = self.config(entry);
            let mut runs = Vec::new();
            for &seed in &self.seeds.0 {
                let mut learner = entry.learner(&self.sizes, config.clone(), seed);
                let pace = (config.epochs, config.batch);
                runs.push(train::train(&mut learner, (entry.name, seed), pace, data, self.quiet)?);
                if runs.len() == 1 && !trained.is_empty() {
                    layers.extend(layers_of(entry.name, &learner, &data.evaluation, images));
                }
            }
            rules.push(RuleResults::of(entry, &config, runs));
            self.write_part(&self.results(&rules, None)).map_err(Failure::Failed)?;
        }
        self.finish(&rules, &layers, &trained)
    }

    /// Trains rules of recurrent networks.
    fn execute_recurrent(self) -> Result<(), Failure> {
        let entries = recurrent::entries(&self.rules, &self.rates)?;
        if self.list {
            let rate = |entry: &_| format!("rate {}", self.recurrent.rate(entry));
            return terminal::print_columns(entries.iter().map(|entry| (entry.name, rate(entry))));
        }
        let classes = self.sizes[self.sizes.len() - 1];
        self.check_out()?;
        self.recurrent.check(&entries, classes, check::MOST_NUMBERS)?;
        let data = if self.recurrent.shows_images() { Some(self.load(&[])?) } else { None };
        let task = self.recurrent.task(data.as_ref(), classes)?;
        let _guard = interrupt::hold();
        self.begin(&self.recurrent.results(&task, &self.seeds.0, &[]))?;
        let mut rules = Vec::new();
        for entry in &entries {
            rules.push(self.recurrent.train(entry, &task, &self.seeds.0, self.quiet)?);
            self.write_part(&self.recurrent.results(&task, &self.seeds.0, &rules)).map_err(Failure::Failed)?;
        }
        let results = self.recurrent.results(&task, &self.seeds.0, &rules);
        self.write(&results, Some(&recurrent::figure(&results)))?;
        if self.json { terminal::print_json(&results) } else { terminal::print_result(recurrent::table(&results)) }
    }

    /// Takes sizes and stimuli from the model, if one is given; else default sizes.
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
        if let Stimuli::Idx(ImageStimuli { validation, .. }) = model.stimuli {
            self.validation = validation;
        }
        self.stimuli = Some(model.stimuli);
        Ok(())
    }

    /// Loads the training and test data; where nothing names them, those of the first checkpoint's training.
    fn load(&self, trained: &[ComparedNetwork]) -> anyhow::Result<Dataset> {
        let images = Stimuli::Idx(ImageStimuli { validation: self.validation, ..ImageStimuli::default() });
        let stimuli = self.stimuli.as_ref().unwrap_or(&images);
        let (inputs, classes) = (self.sizes[0], self.sizes[self.sizes.len() - 1]);
        let source = StimulusLoader { stimuli, inputs, classes, folder: self.data.as_deref() };
        let data =
            StimulusSource::at(source, source.path().is_some(), trained.iter().filter_map(ComparedNetwork::data))
                .load()?;
        if data.training.label(0).is_none() {
            bail!("rules learn from labels: give `labels` under [stimuli] in the model");
        }
        Ok(data)
    }

    /// Writes and prints the results.
    fn finish(
        &self,
        rules: &[RuleResults],
        layers: &[LayerResponses],
        trained: &[ComparedNetwork],
    ) -> Result<(), Failure> {
        let representations = (!layers.is_empty()).then(|| Similarities::of(layers, trained));
        let results = self.results(rules, representations.as_ref());
        let figure = (!rules.is_empty()).then(|| report::figure(rules, self.tested_on()));
        self.write(&results, figure.as_ref())?;
        if self.json {
            return terminal::print_json(&results);
        }
        if !rules.is_empty() {
            terminal::print_result(report::table(rules, self.tested_on()))?;
        }
        representations.map_or(Ok(()), |similarities| terminal::print_result(similarities.table()))
    }

    /// Writes the results and their figure, if `--out` asks for them.
    fn write(&self, results: &impl Serialize, figure: Option<&Figure>) -> Result<(), Failure> {
        let Some(path) = &self.out else { return Ok(()) };
        self.write_part(results).map_err(Failure::Failed)?;
        let kept = std::fs::rename(part_of(path), path);
        kept.with_context(|| format!("cannot write {}", path.display())).map_err(Failure::Failed)?;
        let Some(figure) = figure else { return Ok(()) };
        let drawn = path.with_extension("svg");
        write(&drawn, &figure.svg())
    }

    fn selected_rules(&self) -> anyhow::Result<Vec<RuleEntry>> {
        if self.rules.is_empty() {
            return Ok(if self.representations.is_empty() { RULES.to_vec() } else { Vec::new() });
        }
        let names = || RULES.map(|entry| entry.name).join(", ");
        let find =
            |name: &String| RuleEntry::find(name).with_context(|| format!("no rule `{name}`; there are {}", names()));
        self.rules.iter().map(find).collect()
    }

    /// The rule's training parameters with those the user gave.
    fn config(&self, entry: &RuleEntry) -> TrainingConfig {
        let own = entry.config(self.sizes.len() - 1);
        TrainingConfig {
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

    fn results<'a>(
        &'a self,
        rules: &'a [RuleResults],
        representations: Option<&'a Similarities>,
    ) -> CompareResults<'a> {
        CompareResults {
            command: "compare",
            command_line: session::command_line(),
            commit: env!("APICAL_GIT_COMMIT"),
            kind: "rate",
            sizes: (!self.sizes.is_empty()).then_some(&self.sizes[..]),
            seeds: &self.seeds.0,
            tested_on: self.tested_on(),
            rules,
            representations,
        }
    }

    /// Writes the first, empty results; those that an interrupted comparison left are renamed.
    fn begin(&self, results: &impl Serialize) -> anyhow::Result<()> {
        if let Some(left) = self.out.as_deref().map(part_of).map_or(Ok(None), |part| set_aside(&part))? {
            terminal::print_message(format_args!("a comparison that did not end left {}", left.display()));
        }
        self.write_part(results)
    }

    /// Writes the results so far beside the file asked for, for the case that the run is interrupted.
    fn write_part(&self, results: &impl Serialize) -> anyhow::Result<()> {
        let Some(path) = &self.out else { return Ok(()) };
        let part = part_of(path);
        std::fs::write(&part, format!("{}\n", terminal::to_json(results)))
            .with_context(|| format!("cannot write {}", part.display()))
    }
}
