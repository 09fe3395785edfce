//! Loads and checks the checkpoints that commands are given.

use std::path::Path;

use anyhow::{Context, bail};

use super::files::{OwnFile, is_hdf5, refuse_model};
use super::options::Common;
use super::stimuli::TrainingData;
use super::{protocol, rate_rule, resumed_circuit, terminal};
use crate::model::Model;
use crate::network::Network;
use crate::record::Checkpoint;
use crate::training::initial_network;

/// Loads a checkpoint.
///
/// # Errors
/// If it cannot be read, was changed after it was written, or does not fit the model it holds.
pub(super) fn load(path: &Path) -> anyhow::Result<Checkpoint> {
    refuse_model(path, OwnFile::Checkpoint)?;
    check_own_model(Checkpoint::load(path)?, path)
}

/// Loads a checkpoint, with `--accept-edited` also one that was changed after it was written.
pub(super) fn load_for(common: &Common, path: &Path) -> anyhow::Result<Checkpoint> {
    if common.accept_edited { load_edited(path) } else { load(path) }
}

/// Loads a checkpoint that may have been changed after it was written; a message says so.
pub(super) fn load_edited(path: &Path) -> anyhow::Result<Checkpoint> {
    refuse_model(path, OwnFile::Checkpoint)?;
    let checkpoint = check_own_model(Checkpoint::load_edited(path)?, path)?;
    if checkpoint.edited {
        terminal::print_message(format_args!("{} was changed after it was written", path.display()));
    }
    Ok(checkpoint)
}

/// Refuses a checkpoint that does not fit the model it holds.
fn check_own_model(checkpoint: Checkpoint, path: &Path) -> anyhow::Result<Checkpoint> {
    let damaged = || format!("{} is a damaged checkpoint", path.display());
    let own = own_model(&checkpoint, path).with_context(damaged)?;
    checkpoint.check(&own).and_then(|()| checkpoint.check_delays(&own)).with_context(damaged)?;
    Ok(checkpoint)
}

/// The data that the network of a checkpoint was trained on, if the checkpoint names them.
pub(super) fn training_data(checkpoint: &Checkpoint, path: &Path) -> anyhow::Result<Option<TrainingData>> {
    Ok(TrainingData::of(checkpoint, &own_model(checkpoint, path)?))
}

/// The model and network that a command starts from.
pub(super) struct StartingNetwork {
    pub(super) model: Model,
    pub(super) network: Network,
    /// The seed asked for, else that of the checkpoint, else 1.
    pub(super) seed: u64,
    /// Training presentations the network has learnt from.
    pub(super) examples_seen: u64,
    /// Whether the checkpoint was changed after it was written.
    pub(super) edited: bool,
    /// The data it was trained on; `None` for a network that was not trained, or a checkpoint of version 0.1.
    pub(super) trained: Option<TrainingData>,
}

/// Loads what a command is given: a checkpoint, or a model file or name of a shipped model, with its initial weights.
///
/// # Errors
/// If it cannot be read, or the model learns by a rate-based rule or runs without presentations.
pub(super) fn load_or_start(common: &Common, input: &Path, seed: Option<u64>) -> anyhow::Result<StartingNetwork> {
    start_of(common, input, seed, protocol::refuse_continuous)
}

/// As [`load_or_start`], also of a model that runs without presentations.
pub(super) fn load_or_start_any(common: &Common, input: &Path, seed: Option<u64>) -> anyhow::Result<StartingNetwork> {
    start_of(common, input, seed, |_| Ok(()))
}

fn start_of(
    common: &Common,
    input: &Path,
    seed: Option<u64>,
    check: impl Fn(&Model) -> anyhow::Result<()>,
) -> anyhow::Result<StartingNetwork> {
    if is_hdf5(input) {
        let checkpoint = load_for(common, input)?;
        let model = common.parse_model(&checkpoint.model_text, input)?;
        rate_rule::refuse(&model)?;
        check(&model)?;
        check_fits(&model, &checkpoint, input)?;
        if model.protocol.continuous().is_some() {
            resumed_circuit::check_network(&model, &own_model(&checkpoint, input)?, &checkpoint, input)?;
        }
        let trained = training_data(&checkpoint, input)?;
        let seed = seed.unwrap_or(checkpoint.seed);
        let Checkpoint { examples_seen, edited, network, .. } = checkpoint;
        return Ok(StartingNetwork { model, network, seed, examples_seen, edited, trained });
    }
    let model = common.load_model(input)?;
    rate_rule::refuse(&model)?;
    check(&model)?;
    let seed = seed.unwrap_or(1);
    let network = initial_network(&model, seed)?;
    Ok(StartingNetwork { model, network, seed, examples_seen: 0, edited: false, trained: None })
}

/// Refuses a checkpoint whose populations, projections or batch are not those of the model.
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

pub(super) fn own_model(checkpoint: &Checkpoint, path: &Path) -> anyhow::Result<Model> {
    Ok(Model::parse(&checkpoint.model_text, &format!("model of {}", path.display()), &[])?)
}

/// The populations with their sizes, as text.
fn populations(model: &Model) -> String {
    let each = model.populations.iter().map(|population| format!("{} {}", population.name, population.size));
    each.collect::<Vec<_>>().join(", ")
}

/// The projections with the compartments they reach, as text.
fn projections(model: &Model) -> String {
    let each =
        model.projections.iter().map(|projection| format!("{} ({})", projection.name, model.port_name(projection)));
    each.collect::<Vec<_>>().join(", ")
}
