//! Checkpoints as commands take them: whole, and of the network at hand.

use std::path::Path;

use anyhow::{Context, bail};

use super::files::is_hdf5;
use super::options::Common;
use super::rate_rule;
use crate::model::Model;
use crate::network::Network;
use crate::record::Checkpoint;
use crate::training::initial_network;

/// Loads a checkpoint and refuses one that its own model does not fit.
pub(super) fn load(path: &Path) -> anyhow::Result<Checkpoint> {
    let checkpoint = Checkpoint::load(path)?;
    let damaged = || format!("{} is a damaged checkpoint", path.display());
    checkpoint.check(&own_model(&checkpoint, path).with_context(damaged)?).with_context(damaged)?;
    Ok(checkpoint)
}

/// Loads the model and network that a command is given as a model file, the name of a shipped model, or a checkpoint, and the
/// seed: the one asked for, else that of the checkpoint, else 1. Refuses those that learn by a rule of rates.
pub(super) fn load_or_start(common: &Common, input: &Path, seed: Option<u64>) -> anyhow::Result<(Model, Network, u64)> {
    if is_hdf5(input) {
        let checkpoint = load(input)?;
        let model = common.parse_model(&checkpoint.model_text, input)?;
        rate_rule::refuse(&model)?;
        check_fits(&model, &checkpoint, input)?;
        return Ok((model, checkpoint.network, seed.unwrap_or(checkpoint.seed)));
    }
    let model = common.load_model(input)?;
    rate_rule::refuse(&model)?;
    let seed = seed.unwrap_or(1);
    let network = initial_network(&model, seed)?;
    Ok((model, network, seed))
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
