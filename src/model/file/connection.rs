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

/// Weights that are stored or transposed, or come from moments of which some are left out or shared, are matrices, and so of all
/// pairs of neurons.
fn check_weights(table: &Section<'_, '_>, projection: &Projection) -> Result<(), ModelError> {
    let weights = &projection.weights;
    let fits = match projection.connection {
        Connection::AllToAll { .. } => true,
        Connection::List { .. } => *weights == WeightInit::List || weights.is_distribution(),
        _ => weights.is_distribution() || weights.are_whole_moments(),
    };
    if fits {
        return Ok(());
    }
    let why = "expected `weights` from \"constant\", \"normal\", \"lognormal\" or \"uniform\", which are drawn for each synapse, \
               from \"moments\" without `kept` and `shared_in_class`, except of a list, or of a list from \"list\"; others need \
               `connection` of kind \"all_to_all\"";
    Err(table.refused(&["weights", "connection"], why))
}

fn check_storage(
    table: &Section<'_, '_>,
    projection: &Projection,
    populations: &[Population],
) -> Result<(), ModelError> {
    let target = &populations[projection.to.0];
    if projection.short_term.is_some() && !target.takes_delays_of_synapses() {
        let why = format!(
            "expected no `short_term` of synapses onto {:?}: cells of kind \"{}\" take weights as they are; those of kinds \
             \"lif\" and \"compartments\" take it",
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
        Storage::Sparse if projection.delay.constant().is_none() && !target.takes_delays_of_synapses() => {
            let why = format!(
                "expected one delay of all synapses onto {:?}, a number: plateaus and rules of its cells, of kind \"{}\", take the mean of \
                 one train of each presynaptic neuron",
                target.name,
                target.cell.kind()
            );
            Err(table.refused(&["delay_ms"], why))
        }
        _ => Ok(()),
    }
}

/// Rules learn the weights of synapses that there are; in dense storage all pairs of neurons would learn.
fn check_learning(
    table: &Section<'_, '_>,
    projection: &Projection,
    populations: &[Population],
) -> Result<(), ModelError> {
    if projection.learning_rate > 0.0 && projection.short_term.is_some() {
        let why = "expected `learning_rate` 0 where synapses facilitate and depress: rules at the end of presentations do not know it";
        return Err(table.refused(&["learning_rate"], why));
    }
    if !projection.learns() || projection.can_learn(populations) {
        return Ok(());
    }
    let why = "expected `storage` \"sparse\" where a projection learns that does not connect all pairs of neurons, or in dense storage \
               those without a synapse would learn too";
    Err(table.refused(&["storage", "plasticity", "learning_rate", "connection"], why))
}
