//! `apical models`.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;

use super::failure::Failure;
use crate::model::shipped;

/// List the models that come with the program, print one, or write them to a folder.
///
///   apical models                           lists their names
///   apical models g17-784-500-10            prints one
///   apical models --write my-models         writes all of them there, to be changed
#[derive(Args, Debug)]
pub(super) struct Models {
    /// Model to print.
    name: Option<String>,

    /// Write the models (or the one named) to this folder as TOML files; existing files are kept.
    #[arg(long, value_name = "DIR")]
    write: Option<PathBuf>,
}

impl Models {
    pub(super) fn execute(self) -> Result<(), Failure> {
        let chosen = match &self.name {
            None => shipped::MODELS.to_vec(),
            Some(name) => match shipped::find(name) {
                Some(model) => vec![model],
                None => {
                    let names = shipped::MODELS.map(|model| model.name).join(", ");
                    return Err(anyhow::anyhow!("no model `{name}` is shipped; there are {names}").into());
                }
            },
        };
        match (&self.write, &self.name) {
            (Some(folder), _) => write(folder, &chosen)?,
            (None, Some(_)) => print!("{}", chosen[0].text),
            (None, None) => chosen.iter().for_each(|model| println!("{:<24}{}", model.name, headline(model.text))),
        }
        Ok(())
    }
}

fn write(folder: &std::path::Path, models: &[shipped::Shipped]) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot create the folder {}", folder.display()))?;
    for model in models {
        let path = folder.join(format!("{}.toml", model.name));
        if path.exists() {
            bail!("{} exists already; remove it or choose another folder", path.display());
        }
        std::fs::write(&path, model.text).with_context(|| format!("cannot write {}", path.display()))?;
        println!("{}", path.display());
    }
    Ok(())
}

/// The first comment line of a model.
fn headline(text: &str) -> &str {
    text.lines().next().unwrap_or_default().trim_start_matches('#').trim()
}
