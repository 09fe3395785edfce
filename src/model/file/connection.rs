//! What `connection`, `delay_ms`, `storage`, `short_term` and `weights` of a projection must be together.

use crate::model::error::ModelError;
use crate::model::text::Section;
use crate::model::{Connection, Delay, Population, Projection, Storage, WeightInit};

/// Refuses what does not fit the sizes of populations, or other keys of the projection.
pub(super) fn check(
    table: &Section<'_, '_>,
    projection: &Projection,
    populations: &[Population],
) -> Result<(), ModelError> {
    if let Some((key, why)) = projection.connection.conflict(projection.ends(populations)) {
        return Err(table.inner("connection")?.refused(&[key], why));
    }
    if let Some((key, why)) = projection.delay.conflict() {
        return Err(table.inner("delay_ms")?.refused(&[key], why));
    }
    check_list(table, projection)?;
    check_weights(table, projection)?;
    check_storage(table, projection, populations)?;
    check_learning(table, projection, populations)
}

/// Weights and delays of a list need a list.
fn check_list(table: &Section<'_, '_>, projection: &Projection) -> Result<(), ModelError> {
    if matches!(projection.connection, Connection::List { .. }) {
        return Ok(());
    }
    let key = match (&projection.weights, projection.delay) {
        (WeightInit::List, _) => "weights",
        (_, Delay::List { .. }) => "delay_ms",
        _ => return Ok(()),
    };
    Err(table.refused(&[key], format!("expected `connection` of kind \"list\" beside `{key}` from \"list\"")))
}

/// Weights that are stored, transposed or come from moments are matrices, and so of all pairs of neurons.
fn check_weights(table: &Section<'_, '_>, projection: &Projection) -> Result<(), ModelError> {
    let fits = match projection.connection {
        Connection::AllToAll { .. } => true,
        Connection::List { .. } => projection.weights == WeightInit::List || projection.weights.is_distribution(),
        _ => projection.weights.is_distribution(),
    };
    if fits {
        return Ok(());
    }
    let why = "expected `weights` from \"constant\", \"normal\", \"lognormal\" or \"uniform\", which are drawn for each synapse, \
               or of a list from \"list\"; others need `connection` of kind \"all_to_all\"";
    Err(table.refused(&["weights", "connection"], why))
}

fn check_storage(
    table: &Section<'_, '_>,
    projection: &Projection,
    populations: &[Population],
) -> Result<(), ModelError> {
    let target = &populations[projection.to.0];
    if projection.short_term.is_some() && !target.takes_sparse_synapses() {
        let why = format!(
            "expected no `short_term` of synapses onto {:?}: cells of kind \"{}\" take weights as they are; those of kind \"lif\" take \
             it",
            target.name,
            target.cell.kind()
        );
        return Err(table.refused(&["short_term"], why));
    }
    match projection.storage(populations) {
        Storage::Dense if projection.delay.constant().is_none() => {
            let why = "expected `storage` \"sparse\" where delays differ: dense synapses have one delay";
            Err(table.refused(&["storage", "delay_ms"], why))
        }
        Storage::Sparse if !target.takes_sparse_synapses() => {
            let why = format!(
                "expected one delay and dense synapses onto {:?}: cells of kind \"{}\" take no sparse ones",
                target.name,
                target.cell.kind()
            );
            Err(table.refused(&["storage", "delay_ms", "connection"], why))
        }
        _ => Ok(()),
    }
}

/// Rules learn the weights of all pairs of neurons.
fn check_learning(
    table: &Section<'_, '_>,
    projection: &Projection,
    populations: &[Population],
) -> Result<(), ModelError> {
    if projection.learning_rate == 0.0 || projection.is_plain(populations) {
        return Ok(());
    }
    let why = "expected `learning_rate` 0, for rules learn the weights of all-to-all dense synapses without `short_term` alone; \
               found other synapses";
    Err(table.refused(&["learning_rate", "connection", "storage", "short_term", "delay_ms"], why))
}
