//! Checks of the options of `compare`, before anything runs.

use anyhow::bail;

use super::options::CompareCommand;
use super::similarity;
use crate::cli::files::refuse_overwrite;
use crate::rate::registry::RuleEntry;

/// Largest number of elements of an array, 2 GiB of f64: a rule holds several arrays of that size.
pub(super) const MOST_NUMBERS: usize = 1 << 28;

impl CompareCommand {
    /// Refuses option values that have no meaning for feedforward networks, if any is to be trained.
    pub(super) fn check(&self, entries: &[RuleEntry]) -> anyhow::Result<()> {
        self.check_out()?;
        if entries.is_empty() {
            return Ok(());
        }
        if self.sizes.len() < 3 {
            bail!("--sizes: expected the sizes of an input, at least one hidden layer and an output");
        }
        let mut pairs = self.sizes.iter().zip(&self.sizes[1..]);
        if let Some((from, to)) = pairs.find(|(from, to)| from.saturating_mul(**to) > MOST_NUMBERS) {
            bail!("--sizes: layers of {from} and {to} have more than {MOST_NUMBERS} weights between them");
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
        if entries.len() > 1 && !self.rates.is_empty() {
            bail!("--rates: rates belong to one rule; name it by --rules");
        }
        Ok(())
    }

    /// Refuses an `--out` at which results or figure could not be written after training.
    pub(super) fn check_out(&self) -> anyhow::Result<()> {
        let Some(out) = &self.out else { return Ok(()) };
        let figure = out.with_extension("svg");
        if let Some(folder) = [out, &figure].into_iter().find(|path| path.is_dir()) {
            bail!("--out {}: expected the path of a file, found a folder", folder.display());
        }
        let read = self.representations.iter().map(|text| similarity::parse_network(text).0);
        for read in read.chain(self.model.as_deref()) {
            refuse_overwrite("--out", out, read)?;
            refuse_overwrite("--out", &figure, read)?;
        }
        if out.extension().is_none_or(|end| end != "json") {
            bail!("--out {}: expected a name that ends in .json; the figure stands beside it as SVG", out.display());
        }
        Ok(())
    }

    /// Refuses options without effect on the task; options without effect on any task conflict with `--task`.
    pub(super) fn check_task(&self) -> anyhow::Result<()> {
        let Some(task) = self.recurrent.task else { return Ok(()) };
        let rows = self.recurrent.shows_images();
        let unused = [
            ("--sizes", !rows && !self.sizes.is_empty(), "which shows no images; see --units"),
            ("--data", !rows && self.data.is_some(), "which shows no images"),
            ("--validation", !rows && self.validation > 0, "which shows no images"),
            ("--steps", rows && self.recurrent.steps.is_some(), "whose steps are the rows of an image"),
        ];
        match unused.iter().find(|(_, given, _)| *given) {
            Some((option, _, why)) => bail!("{option} has no effect on --task {}, {why}", task.name()),
            None => Ok(()),
        }
    }
}
