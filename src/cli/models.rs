//! `apical models`.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;

use super::failure::Failure;
use super::files;
use super::terminal;
use crate::model::{Registry, shipped};

/// List the models that come with the program, print one, or write them to a folder.
///
///   apical models                           lists their names
///
///   apical models g17-784-500-10            prints one
///
///   apical models --write my-models         writes all of them there, to be changed
///
///   apical models --reference               prints all keys that a model file may have
#[derive(Args, Debug)]
pub(super) struct ModelsCommand {
    /// Model to print.
    name: Option<String>,

    /// Write the models (or the one named) to this folder as TOML files; an existing file is kept, and nothing written.
    #[arg(long, value_name = "DIR")]
    write: Option<PathBuf>,

    /// Print the JSON schema of model files, by which editors check and complete them.
    #[arg(long, conflicts_with_all = ["name", "write", "reference"])]
    schema: bool,

    /// Print the reference of model files in Markdown: every key with its unit, range, default and meaning.
    #[arg(long, conflicts_with_all = ["name", "write"])]
    reference: bool,
}

impl ModelsCommand {
    pub(super) fn execute(self) -> Result<(), Failure> {
        if self.schema {
            let schema = serde_json::to_string_pretty(&Registry::default().schema());
            return terminal::print_result(schema.context("cannot write the schema")?);
        }
        if self.reference {
            return terminal::print_result(Registry::default().reference().trim_end());
        }
        let chosen = match &self.name {
            None => shipped::MODELS.to_vec(),
            Some(name) => vec![shipped::find(name).ok_or_else(|| unknown(name))?],
        };
        match (&self.write, &self.name) {
            (Some(folder), _) => write(folder, &chosen),
            (None, Some(_)) => chosen.iter().try_for_each(|model| terminal::print_result(model.text.trim_end())),
            (None, None) => {
                terminal::print_columns(chosen.iter().map(|model| (model.name, headline(model.text).to_owned())))
            }
        }
    }
}

fn write(folder: &Path, models: &[shipped::Shipped]) -> Result<(), Failure> {
    let path_of = |model: &shipped::Shipped| folder.join(format!("{}.toml", model.name));
    if let Some(there) = models.iter().map(path_of).find(|path| path.exists()) {
        return Err(anyhow::anyhow!("{} exists already; remove it or choose another folder", there.display()).into());
    }
    std::fs::create_dir_all(folder).with_context(|| format!("cannot create the folder {}", folder.display()))?;
    for model in models {
        let path = path_of(model);
        files::write(&path, model.text)?;
        terminal::print_result(path.display())?;
    }
    Ok(())
}

fn unknown(name: &str) -> anyhow::Error {
    let names = shipped::MODELS.map(|model| model.name).join(", ");
    let hint = shipped::like(name).map_or_else(String::new, |like| format!("; did you mean `{like}`?"));
    anyhow::anyhow!("no model `{name}` is shipped; there are {names}{hint}")
}

/// The first comment line of a model.
fn headline(text: &str) -> &str {
    text.lines().next().unwrap_or_default().trim_start_matches('#').trim()
}
