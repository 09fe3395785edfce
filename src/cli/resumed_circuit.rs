//! What may differ from the run that left a checkpoint when a circuit goes on from it, or starts with its network. `own` is the
//! model of that run.

use std::path::Path;

use anyhow::bail;

use crate::model::{Intervention, InterventionKind, Model};
use crate::network::Synapses;
use crate::record::Checkpoint;

/// Refuses to go on with a model whose run would not have come to the checkpoint.
///
/// # Errors
/// If another network, another key that has acted already, or another change up to the checkpoint's time.
pub(super) fn check_resumed(model: &Model, own: &Model, before: &Checkpoint, path: &Path) -> anyhow::Result<()> {
    let (keys, clock, path) = (model.differing_keys(own), before.clock_ms, path.display());
    if let Some(key) = keys.iter().find(|key| !may_differ(key)) {
        bail!(
            "{path}: `{key}` is not that of the run, which goes on as it began; what changes from a time on is named by \
             [[change]], and a new run leaves out --resume"
        );
    }
    if !made(model, clock).eq(made(own, clock)) {
        bail!("{path}: the [[change]]s up to {clock} ms are not those of the run; they have been made already");
    }
    Ok(())
}

/// Refuses to start with the network of a checkpoint if the model asks for another or would change it a second time.
///
/// # Errors
/// If it does.
pub(super) fn check_network(model: &Model, own: &Model, before: &Checkpoint, path: &Path) -> anyhow::Result<()> {
    let is_of_network = |key: &&String| {
        let mut parts = key.split('.');
        let (kind, name, key) = (parts.next(), parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let projection = model.projections.iter().position(|projection| projection.name == name);
        let is_sparse = projection.is_some_and(|index| matches!(before.network.synapses[index], Synapses::Sparse(_)));
        match kind {
            Some("projection") => {
                ["connection", "weights", "sign", "storage"].contains(&key) || key == "delay_ms" && is_sparse
            }
            Some("population") => key == "bias",
            _ => false,
        }
    };
    if let Some(key) = model.differing_keys(own).iter().find(is_of_network) {
        bail!("{}: `{key}` acts on the initial network, and that of a checkpoint stands", path.display());
    }
    let again = made(model, before.clock_ms).find(|change| changes_network(&change.kind));
    if let Some(change) = again {
        bail!(
            "{}: its network holds the [[change]] at {} ms already ({}), which a new run would make again; go on by --resume, or \
             start without the changes by `--set change=[]`",
            path.display(),
            change.at_ms,
            change.kind.words(model)
        );
    }
    Ok(())
}

/// Changes of a model up to a time.
fn made(model: &Model, until_ms: f64) -> impl Iterator<Item = &Intervention> {
    model.interventions.iter().filter(move |change| change.at_ms <= until_ms)
}

/// Whether a change is one of weights or biases that is not the same when made twice.
fn changes_network(change: &InterventionKind) -> bool {
    match change {
        InterventionKind::ScaleWeights { .. } | InterventionKind::AddBias { .. } | InterventionKind::Prune { .. } => {
            true
        }
        InterventionKind::Silence { .. }
        | InterventionKind::AddCurrent { .. }
        | InterventionKind::RaiseThreshold { .. } => false,
    }
}

/// Whether a key may change in the course of a run: it acts on what comes, or on nothing that is simulated.
fn may_differ(key: &str) -> bool {
    let parts: Vec<_> = key.split('.').collect();
    matches!(
        parts[..],
        ["name" | "about"]
            | ["recording", ..]
            | ["protocol", "duration_ms" | "largest_mean_rate_hz"]
            | ["population", _, "stimulus", ..]
    )
}
