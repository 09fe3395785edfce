//! Weights and biases read back from a run file or a checkpoint.

use std::path::Path;

use super::RecordError;
use super::open_file::OpenFile;
use super::synapses;
use crate::model::{Ends, SynapseList};
use crate::network::Weights;

/// Most pairs of neurons of which sparse synapses are read as a matrix, of 400 MB.
const MOST_PAIRS: usize = 100_000_000;

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

/// Reads the weights of all pairs of neurons [post, pre], post, pre: of sparse synapses their sums, zero where a pair has none.
pub(super) fn weight_matrix(
    source: &OpenFile,
    projection: &str,
    snapshot: &str,
) -> Result<(Vec<f32>, usize, usize), RecordError> {
    let name = find(source, "weights", projection, snapshot)?;
    if !synapses::is_sparse(source, &name) {
        return weights(source, projection, snapshot);
    }
    let sparse = synapses::read(source, &name)?;
    let (post, pre) = (sparse.post(), sparse.pre());
    if post.saturating_mul(pre) > MOST_PAIRS {
        let why = format!(
            "`{name}` is of {post} x {pre} neurons, expected at most {MOST_PAIRS} pairs for a matrix of weights"
        );
        return Err(source.problem(why));
    }
    Ok((Weights::from(&sparse).to_matrix(), post, pre))
}

/// Sparse synapses of a snapshot as a list, in the order of storage; `named` is `PROJECTION/SNAPSHOT`, `PROJECTION` alone of its
/// snapshot `final`, and none that of the only projection.
pub(super) fn synapse_list(source: &OpenFile, named: Option<&str>, ends: Ends) -> Result<SynapseList, RecordError> {
    let name = find_sparse(source, named)?;
    let sparse = synapses::read(source, &name)?;
    if [sparse.pre(), sparse.post()] != [ends.pre, ends.post] {
        let why = format!(
            "`{name}` is from {} to {} neurons, expected from {} to {}",
            sparse.pre(),
            sparse.post(),
            ends.pre,
            ends.post
        );
        return Err(source.problem(why));
    }
    let list = || sparse.list();
    if let Some(wrong) = list().position(|synapse| !synapse.weight.is_finite()) {
        return Err(source.problem(format!("`{name}/weight`, row {wrong}: expected a finite number")));
    }
    let step = sparse.resolution_ms();
    Ok(SynapseList {
        sources: list().map(|synapse| synapse.source).collect(),
        targets: list().map(|synapse| synapse.target).collect(),
        weights: Some(list().map(|synapse| synapse.weight).collect()),
        delays_ms: Some(list().map(|synapse| f64::from(synapse.delay) * step).collect()),
    })
}

/// Number of synapses of such a snapshot, which are not read.
pub(super) fn synapse_count(source: &OpenFile, named: Option<&str>) -> Result<usize, RecordError> {
    source.length(&format!("{}/source_node_id", find_sparse(source, named)?))
}

/// The name of a snapshot of sparse synapses.
fn find_sparse(source: &OpenFile, named: Option<&str>) -> Result<String, RecordError> {
    let there = source.members("weights")?;
    let (projection, snapshot) = match (named, there.as_slice()) {
        (Some(named), _) => named.split_once('/').unwrap_or((named, "final")),
        (None, [only]) => (only.as_str(), "final"),
        (None, _) => {
            let why =
                format!("has weights of several projections, {}: name one by `edges` of `connection`", listed(&there));
            return Err(source.problem(why));
        }
    };
    let name = find(source, "weights", projection, snapshot)?;
    if synapses::is_sparse(source, &name) {
        return Ok(name);
    }
    let why = format!(
        "`{name}` holds weights of all pairs of neurons, expected sparse synapses: take them by `weights` from \"run\", without `connection`"
    );
    Err(source.problem(why))
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
        let has = if owners.is_empty() {
            "none at all: `recording.weights` = 'ends' keeps them".to_owned()
        } else {
            format!("only of {}", listed(&owners))
        };
        return Err(source.problem(format!("has no {group} of `{of}`, {has}")));
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
