//! Weights and biases read back from a run file or a checkpoint.

use std::path::Path;

use super::RecordError;
use super::open_file::OpenFile;
use super::synapses;

/// Reads a snapshot of the weights of a projection: values [post, pre] in row-major order, post, pre.
///
/// # Errors
/// If the file cannot be read, or has no such snapshot; the error lists those it has.
pub fn read_snapshot(path: &Path, projection: &str, snapshot: &str) -> Result<(Vec<f32>, usize, usize), RecordError> {
    weights(&OpenFile::open(path)?, projection, snapshot)
}

/// Reads a snapshot of the biases of a population [post].
///
/// # Errors
/// If the file cannot be read, or has no such snapshot; the error lists those it has.
pub fn read_bias_snapshot(path: &Path, population: &str, snapshot: &str) -> Result<Vec<f32>, RecordError> {
    biases(&OpenFile::open(path)?, population, snapshot)
}

/// Reads weights [post, pre], post, pre.
pub(super) fn weights(
    source: &OpenFile,
    projection: &str,
    snapshot: &str,
) -> Result<(Vec<f32>, usize, usize), RecordError> {
    let name = find(source, "weights", projection, snapshot)?;
    if synapses::is_sparse(source, &name) {
        return Err(source.problem(format!("`{name}` holds sparse synapses, expected weights of all pairs of neurons")));
    }
    match source.shape(&name)?[..] {
        [post, pre] if post > 0 && pre > 0 => Ok((source.values(&name)?, post, pre)),
        ref shape => Err(source.problem(format!("`{name}` has shape {shape:?}, expected [post, pre]"))),
    }
}

/// Reads biases [post].
pub(super) fn biases(source: &OpenFile, population: &str, snapshot: &str) -> Result<Vec<f32>, RecordError> {
    let name = find(source, "biases", population, snapshot)?;
    match source.shape(&name)?[..] {
        [_] => source.values(&name),
        ref shape => Err(source.problem(format!("`{name}` has shape {shape:?}, expected [post]"))),
    }
}

/// The name of the dataset, if there is one.
fn find(source: &OpenFile, group: &str, of: &str, snapshot: &str) -> Result<String, RecordError> {
    let owners = source.members(group)?;
    if !owners.iter().any(|name| name == of) {
        return Err(source.problem(format!("has no {group} of `{of}`, only of {}", listed(&owners))));
    }
    let snapshots = source.members(&format!("{group}/{of}"))?;
    if !snapshots.iter().any(|name| name == snapshot) {
        let found = listed(&snapshots);
        return Err(source.problem(format!("has no snapshot `{snapshot}` of the {group} of `{of}`, only {found}")));
    }
    Ok(format!("{group}/{of}/{snapshot}"))
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { format!("`{}`", names.join("`, `")) }
}
