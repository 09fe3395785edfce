//! Reads the edges of a SONATA file as a list of synapses.
//!
//! | object | type | notes |
//! |---|---|---|
//! | /edges/EDGES/source_node_id, target_node_id | integers [n] | |
//! | /edges/EDGES/edge_group_id | integers [n] | 0 of all, or not there |
//! | /edges/EDGES/edge_group_index | integers [n] | place in group 0; if not there, that of the edge |
//! | /edges/EDGES/0/syn_weight | numbers | weights, if there are |
//! | /edges/EDGES/0/delay | numbers, ms | delays, if there are |

use std::path::Path;

use super::RecordError;
use super::source::Source;
use crate::model::{Ends, SynapseList};

/// Reads the edges of a SONATA file; `edges` names their population where there are several.
///
/// # Errors
/// If they cannot be read, or an edge is no synapse of a projection with these ends: neurons that are not there, weights that are no finite f32,
/// negative delays. The error names the edge.
pub fn read_edges(path: &Path, edges: Option<&str>, ends: Ends) -> Result<SynapseList, RecordError> {
    let source = Source::any(path)?;
    let population = population(&source, edges)?;
    let at = |name: &str| format!("edges/{population}/{name}");
    let sources = neurons(&source, &at("source_node_id"), ends.pre)?;
    let targets = neurons(&source, &at("target_node_id"), ends.post)?;
    let edges = sources.len();
    same_length(&source, &at("target_node_id"), edges, targets.len())?;
    if source.has(&at("edge_group_id")) && source.values::<u64>(&at("edge_group_id"))?.iter().any(|&group| group != 0) {
        return Err(source.problem(format!("has edges of several groups in `{population}`, expected group 0 alone")));
    }
    let index: Option<Vec<u64>> =
        if source.has(&at("edge_group_index")) { Some(source.values(&at("edge_group_index"))?) } else { None };
    if let Some(index) = &index {
        same_length(&source, &at("edge_group_index"), edges, index.len())?;
    }
    let column = |name: &str| -> Result<Option<Vec<f64>>, RecordError> {
        let name = at(name);
        if !source.has(&name) {
            return Ok(None);
        }
        let values: Vec<f64> = source.values(&name)?;
        let Some(index) = &index else {
            return same_length(&source, &name, edges, values.len()).map(|()| Some(values));
        };
        let lost = || source.problem(format!("`{}` names places that `{name}` has not", at("edge_group_index")));
        let of = |&place: &u64| values.get(place as usize).copied();
        index.iter().map(of).collect::<Option<Vec<_>>>().ok_or_else(lost).map(Some)
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

/// Number of edges in a SONATA file, which are not read; `edges` names their population where there are several.
///
/// # Errors
/// If there are no such edges.
pub fn count_edges(path: &Path, edges: Option<&str>) -> Result<u64, RecordError> {
    let source = Source::any(path)?;
    let population = population(&source, edges)?;
    source.length(&format!("edges/{population}/source_node_id")).map(|edges| edges as u64)
}

/// The population of edges of this name, or the only one.
fn population(source: &Source, edges: Option<&str>) -> Result<String, RecordError> {
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

/// Reads neurons that must be below a number.
fn neurons(source: &Source, name: &str, below: usize) -> Result<Vec<u32>, RecordError> {
    let nodes: Vec<i64> = source.values(name)?;
    match nodes.iter().position(|&node| usize::try_from(node).is_err() || node.unsigned_abs() >= below as u64) {
        None => Ok(nodes.into_iter().map(|node| node as u32).collect()),
        Some(edge) => {
            let (found, most) = (nodes[edge], below.saturating_sub(1));
            Err(source.problem(format!("edge {edge} has {found} as `{name}`, expected a neuron from 0 to {most}")))
        }
    }
}

fn same_length(source: &Source, name: &str, expected: usize, found: usize) -> Result<(), RecordError> {
    if found == expected {
        return Ok(());
    }
    Err(source.problem(format!("`{name}` has {found} values, expected {expected}, one of each edge")))
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
