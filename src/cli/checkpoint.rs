//! Checkpoints as commands take them: whole, and of the network at hand.

use std::path::Path;

use anyhow::{Context, bail};

use super::files::is_hdf5;
use super::options::Common;
use super::shown::Trained;
use super::{rate_rule, say};
use crate::model::Model;
use crate::network::Network;
use crate::record::Checkpoint;
use crate::training::initial_network;

/// Loads a checkpoint, and refuses one that was changed after it was written or that its own model does not fit.
pub(super) fn load(path: &Path) -> anyhow::Result<Checkpoint> {
    whole(Checkpoint::load(path)?, path)
}

/// The same, where the command may accept one that was changed.
pub(super) fn load_for(common: &Common, path: &Path) -> anyhow::Result<Checkpoint> {
    if !common.accept_edited {
        return load(path);
    }
    let checkpoint = whole(Checkpoint::load_edited(path)?, path)?;
    if checkpoint.edited {
        say::note(format_args!("{} was changed after it was written", path.display()));
    }
    Ok(checkpoint)
}

/// Refuses a checkpoint that its own model does not fit.
fn whole(checkpoint: Checkpoint, path: &Path) -> anyhow::Result<Checkpoint> {
    let damaged = || format!("{} is a damaged checkpoint", path.display());
    checkpoint.check(&own_model(&checkpoint, path).with_context(damaged)?).with_context(damaged)?;
    Ok(checkpoint)
}

/// What the network of a checkpoint was trained on, if it keeps that.
pub(super) fn trained(checkpoint: &Checkpoint, path: &Path) -> anyhow::Result<Option<Trained>> {
    Ok(Trained::of(checkpoint, &own_model(checkpoint, path)?))
}

/// The model and network that a command is given.
pub(super) struct Start {
    pub(super) model: Model,
    pub(super) network: Network,
    /// The one asked for, else that of the checkpoint, else 1.
    pub(super) seed: u64,
    /// Training presentations behind the network.
    pub(super) examples_seen: u64,
    /// Whether the checkpoint was changed after it was written.
    pub(super) edited: bool,
    /// None: it is no checkpoint, or an older one.
    pub(super) trained: Option<Trained>,
}

/// Loads the model and network that a command is given as a model file, the name of a shipped model, or a checkpoint. Refuses
/// those that learn by a rule of rates.
pub(super) fn load_or_start(common: &Common, input: &Path, seed: Option<u64>) -> anyhow::Result<Start> {
    if is_hdf5(input) {
        let checkpoint = load_for(common, input)?;
        let model = common.parse_model(&checkpoint.model_text, input)?;
        rate_rule::refuse(&model)?;
        check_fits(&model, &checkpoint, input)?;
        let trained = trained(&checkpoint, input)?;
        let seed = seed.unwrap_or(checkpoint.seed);
        let Checkpoint { examples_seen, edited, network, .. } = checkpoint;
        return Ok(Start { model, network, seed, examples_seen, edited, trained });
    }
    let model = common.load_model(input)?;
    rate_rule::refuse(&model)?;
    let seed = seed.unwrap_or(1);
    let network = initial_network(&model, seed)?;
    Ok(Start { model, network, seed, examples_seen: 0, edited: false, trained: None })
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
    let each =
        model.projections.iter().map(|projection| format!("{} ({})", projection.name, model.port_name(projection)));
    each.collect::<Vec<_>>().join(", ")
}
