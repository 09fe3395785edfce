//! Checkpoints as commands take them: whole, and of the network at hand.

use std::path::Path;

use anyhow::{Context, bail};

use crate::model::Model;
use crate::record::Checkpoint;

/// Loads a checkpoint and refuses one that its own model does not fit.
pub(super) fn load(path: &Path) -> anyhow::Result<Checkpoint> {
    let checkpoint = Checkpoint::load(path)?;
    let damaged = || format!("{} is a damaged checkpoint", path.display());
    checkpoint.check(&own_model(&checkpoint, path).with_context(damaged)?).with_context(damaged)?;
    Ok(checkpoint)
}

/// Refuses a checkpoint whose network or lanes are not those of the model.
pub(super) fn check_fits(model: &Model, checkpoint: &Checkpoint, path: &Path) -> anyhow::Result<()> {
    let own = own_model(checkpoint, path)?;
    for parts in [populations, projections] {
        let (found, expected) = (parts(&own), parts(model));
        if found != expected {
            bail!("{}: a checkpoint of another network: {found}; the model has {expected}", path.display());
        }
    }
    if model.learning.batch != own.learning.batch {
        let (found, expected) = (own.learning.batch, model.learning.batch);
        bail!("{}: a checkpoint of batch = {found}; the model has batch = {expected}", path.display());
    }
    checkpoint.check(model).with_context(|| format!("{}: a checkpoint of another network", path.display()))
}

fn own_model(checkpoint: &Checkpoint, path: &Path) -> anyhow::Result<Model> {
    Ok(Model::parse(&checkpoint.model_text, &format!("model of {}", path.display()), &[])?)
}

/// The populations with their sizes.
fn populations(model: &Model) -> String {
    let each = model.populations.iter().map(|population| format!("{} {}", population.name, population.size));
    each.collect::<Vec<_>>().join(", ")
}

/// The projections with the compartments they reach.
fn projections(model: &Model) -> String {
    let each = model.projections.iter().map(|projection| format!("{} ({})", projection.name, projection.compartment));
    each.collect::<Vec<_>>().join(", ")
}
