//! Models from files and texts, and as texts.

use std::path::Path;

use super::{check, record_option, written};
use crate::model::Model;
use crate::model::error::ModelError;
use crate::model::registry::Registry;
use crate::model::text::ModelText;
use crate::plasticity::RuleRegistry;

impl Model {
    /// Reads a model file, lays it over its base and the overrides over both, and checks the whole.
    ///
    /// An override is `key.path=value`, with populations and projections addressed by name
    /// (`population.hidden.size=100`). The value is TOML, or else a string as it stands. Paths in a file are relative to
    /// its folder, paths in overrides to the current one. Where there is no such file, a shipped model of that name is
    /// meant, with or without folder and `.toml`.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place.
    pub fn load(path: &Path, overrides: &[String]) -> Result<Self, ModelError> {
        Registry::default().load(path, overrides)
    }

    /// As [`Model::load`], from a text, whose paths are relative to the current folder and whose base can only be a
    /// shipped model; `origin` is its name in messages. The [`Model::text`] of a model gives that model.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place.
    pub fn parse(text: &str, origin: &str, overrides: &[String]) -> Result<Self, ModelError> {
        Registry::default().parse(text, origin, overrides)
    }

    /// As [`Model::load`], with the plasticity rules of this registry.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place.
    pub fn load_with(path: &Path, overrides: &[String], rules: &RuleRegistry) -> Result<Self, ModelError> {
        Registry::default().with_rules(rules).load(path, overrides)
    }

    /// As [`Model::parse`], with the plasticity rules of this registry.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place.
    pub fn parse_with(
        text: &str,
        origin: &str,
        overrides: &[String],
        rules: &RuleRegistry,
    ) -> Result<Self, ModelError> {
        Registry::default().with_rules(rules).parse(text, origin, overrides)
    }

    /// As [`Model::parse`], from a text that a program wrote from values of its own: an error names the model and its key, not
    /// lines of a file that nobody wrote.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn of_values(text: &str, name: &str, overrides: &[String]) -> Result<Self, ModelError> {
        let registry = Registry::default();
        ModelText::values(text.to_owned(), name).merged(overrides, |section| check(&section, &registry))
    }

    /// Writes it as a model file, with all keys. It parses to this model.
    ///
    /// # Panics
    /// If a cell has a parameter that TOML has no form for: a cell of one's own, changed since the model was made, which
    /// checks it.
    pub fn text(&self) -> String {
        written::text(self).expect("the parameters of its cells were checked")
    }

    /// Changes what is recorded: `all`, `none`, or a list with commas of population names (their spikes),
    /// `POP.COMPARTMENT` (that trace), `spikes`, `plateaus`, `traces` (of all populations), and `a:b` (presentations a to
    /// b − 1; without it, all). It replaces spikes, plateaus, traces and presentations of the model file; a range alone
    /// replaces the presentations only.
    ///
    /// # Errors
    /// A word that is none of these, with the one nearest to it. The model is then as it was.
    pub fn record(&mut self, what: &str) -> Result<(), ModelError> {
        self.recording = record_option::record(self, what)?;
        Ok(())
    }
}

impl Registry {
    /// As [`Model::load`], with the kinds of this registry.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place.
    pub fn load(&self, path: &Path, overrides: &[String]) -> Result<Model, ModelError> {
        ModelText::load(path)?.merged(overrides, |section| check(&section, self))
    }

    /// As [`Model::parse`], with the kinds of this registry.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place.
    pub fn parse(&self, text: &str, origin: &str, overrides: &[String]) -> Result<Model, ModelError> {
        ModelText::text(text, origin).merged(overrides, |section| check(&section, self))
    }

    /// Checks a model that was made in code, as one from a file is.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self, model: &Model) -> Result<Model, ModelError> {
        let text = written::text(model)?;
        ModelText::values(text, &model.name).merged(&[], |section| check(&section, self))
    }
}
