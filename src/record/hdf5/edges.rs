//! Reads the edges of a SONATA file as a list of synapses, or the sparse synapses of a run file or checkpoint.
//!
//! | object | type | notes |
//! |---|---|---|
//! | /edges/EDGES/source_node_id, target_node_id | integers [n] | |
//! | /edges/EDGES/edge_group_id | integers [n] | 0 of all, or not there |
//! | /edges/EDGES/edge_group_index | integers [n] | place in group 0; if not there, that of the edge |
//! | /edges/EDGES/0/syn_weight | numbers | weights, if there are |
//! | /edges/EDGES/0/delay | numbers, ms | delays, if there are |
//! | /weights/PROJECTION/SNAPSHOT | as in run files | in place of `/edges` |

use std::path::Path;

use super::RecordError;
use super::foreign::Indices;
use super::open_file::OpenFile;
use super::snapshot;
use crate::model::{Ends, SynapseList};

/// Reads the edges of a SONATA file; `edges` names their population where there are several. Of a run file or checkpoint it names a snapshot
/// of sparse weights, PROJECTION/SNAPSHOT, or the projection alone for `final`.
///
/// # Errors
/// If they cannot be read, or an edge is no synapse of a projection with these ends: neurons that are not there, weights that are no finite f32,
/// negative delays. The error names the edge.
pub fn read_edges(path: &Path, edges: Option<&str>, ends: Ends) -> Result<SynapseList, RecordError> {
    let source = OpenFile::any(path)?;
    if is_run(&source) {
        return snapshot::synapse_list(&OpenFile::open(path)?, edges, ends);
    }
    let population = population(&source, edges)?;
    let at = |name: &str| format!("edges/{population}/{name}");
    let neurons = |name: &str, count| source.indices(Indices { dataset: &at(name), of: "neuron", count });
    let sources = neurons("source_node_id", ends.pre)?;
    let targets = neurons("target_node_id", ends.post)?;
    let edges = sources.len();
    same_length(&source, &at("target_node_id"), edges, targets.len())?;
    let (groups, places) = (at("edge_group_id"), at("edge_group_index"));
    if source.has(&groups) {
        source.indices(Indices { dataset: &groups, of: "group (one alone is read)", count: 1 })?;
    }
    let index = source.has(&places).then(|| source.length(&places)).transpose()?;
    index.map_or(Ok(()), |found| same_length(&source, &places, edges, found))?;
    let column = |name: &str| -> Result<Option<Vec<f64>>, RecordError> {
        let name = at(name);
        if !source.has(&name) {
            return Ok(None);
        }
        let values: Vec<f64> = source.values(&name)?;
        if index.is_none() {
            return same_length(&source, &name, edges, values.len()).map(|()| Some(values));
        }
        let of = format!("place in `{name}`");
        let index = source.indices(Indices { dataset: &places, of: &of, count: values.len() })?;
        Ok(Some(index.into_iter().map(|place| values[place as usize]).collect()))
    };
    let weights = column("0/syn_weight")?;
    let delays_ms = column("0/delay")?;
    let refuse = |name: &str, values: &Option<Vec<f64>>, fits: &dyn Fn(f64) -> bool, expected: &str| {
        let wrong = values.iter().flatten().enumerate().find(|(_, value)| !fits(**value));
        wrong.map_or(Ok(()), |(edge, value)| {
            Err(source.problem(format!("edge {edge} has {value} as `{}`, expected {expected}", at(name))))
        })
    };
    refuse("0/syn_weight", &weights, &|weight| (weight as f32).is_finite(), "a finite float32")?;
    refuse("0/delay", &delays_ms, &|delay| delay >= 0.0 && delay.is_finite(), "a delay from 0 ms")?;
    let weights = weights.map(|weights| weights.into_iter().map(|weight| weight as f32).collect());
    Ok(SynapseList { sources, targets, weights, delays_ms })
}

/// Number of edges in a SONATA file, which are not read, or of synapses in a run file; `edges` is as in [`read_edges`].
///
/// # Errors
/// If there are no such edges.
pub fn count_edges(path: &Path, edges: Option<&str>) -> Result<u64, RecordError> {
    let source = OpenFile::any(path)?;
    if is_run(&source) {
        return snapshot::synapse_count(&source, edges).map(|synapses| synapses as u64);
    }
    let population = population(&source, edges)?;
    source.length(&format!("edges/{population}/source_node_id")).map(|edges| edges as u64)
}

/// Whether a file has weights in place of edges: a run file or checkpoint.
fn is_run(source: &OpenFile) -> bool {
    !source.has("edges") && source.has("weights")
}

/// The population of edges of this name, or the only one.
fn population(source: &OpenFile, edges: Option<&str>) -> Result<String, RecordError> {
    let there = source.members("edges")?;
    Ok(match (edges, there.as_slice()) {
        (Some(name), _) if there.iter().any(|other| other == name) => name.to_owned(),
        (None, [only]) => only.clone(),
        (Some(name), _) => return Err(source.problem(format!("has no edges `{name}`; there are: {}", listed(&there)))),
        (None, []) => return Err(source.problem("has no `edges`")),
        (None, _) => {
            let why =
                format!("has several populations of edges, {}: name one by `edges` of `connection`", listed(&there));
            return Err(source.problem(why));
        }
    })
}

fn same_length(source: &OpenFile, name: &str, expected: usize, found: usize) -> Result<(), RecordError> {
    if found == expected {
        return Ok(());
    }
    Err(source.problem(format!("`{name}` has {found} values, expected {expected}, one of each edge")))
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
