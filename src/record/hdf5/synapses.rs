//! Snapshots of sparse synapses: a group with a column of each of their properties, synapse by synapse in the order of storage, so that
//! what is read has the same bits.

use hdf5::{Group, H5Type, Result};
use ndarray::{ArrayView1, s};

use super::RecordError;
use super::attribute;
use super::open_file::OpenFile;
use crate::network::{BlockCsr, ListedSynapse, Synapse, SynapseBlock, TARGETS_PER_BLOCK};

/// Largest population of a model: what a damaged file claims beyond asks for no memory.
const MOST_NEURONS: u64 = 1_000_000;

/// Writes a snapshot `PROJECTION/SNAPSHOT`.
pub(super) fn write(weights: &Group, name: &str, examples_seen: u64, synapses: &BlockCsr) -> Result<()> {
    if weights.link_exists(name) {
        weights.unlink(name)?;
    }
    let group = weights.create_group(name)?;
    attribute::put(&group, "examples_seen", &examples_seen)?;
    attribute::put(&group, "pre", &(synapses.pre() as u64))?;
    attribute::put(&group, "post", &(synapses.post() as u64))?;
    attribute::put(&group, "resolution_ms", &synapses.resolution_ms())?;
    let pre = synapses.pre();
    column(&group, "source_node_id", synapses, |_, block| {
        (0..pre).flat_map(|source| block.row(source).iter().map(move |_| source as u32)).collect()
    })?;
    column(&group, "target_node_id", synapses, |first, block| {
        block.synapses().iter().map(|synapse| first + u32::from(synapse.target)).collect()
    })?;
    column(&group, "delay_steps", synapses, |_, block| block.synapses().iter().map(|s: &Synapse| s.delay).collect())?;
    column(&group, "weight", synapses, |_, block| block.synapses().iter().map(|s: &Synapse| s.weight).collect())
}

/// Writes a property of all synapses, a block after the other; `values` gets the first postsynaptic neuron of a block with it.
fn column<T: H5Type>(
    group: &Group,
    name: &str,
    synapses: &BlockCsr,
    values: impl Fn(u32, &SynapseBlock) -> Vec<T>,
) -> Result<()> {
    let dataset = group.new_dataset::<T>().shape(synapses.len()).create(name)?;
    let mut start = 0;
    for (index, block) in synapses.blocks().iter().enumerate() {
        let values = values((index * TARGETS_PER_BLOCK) as u32, block);
        if !values.is_empty() {
            dataset.write_slice(ArrayView1::from(&values), s![start..start + values.len()])?;
        }
        start += values.len();
    }
    Ok(())
}

/// Whether a snapshot is of sparse synapses.
pub(super) fn is_sparse(source: &OpenFile, name: &str) -> bool {
    source.has(&format!("{name}/source_node_id"))
}

/// Reads a snapshot.
pub(super) fn read(source: &OpenFile, name: &str) -> std::result::Result<BlockCsr, RecordError> {
    let neurons = |attribute: &str| {
        let count: u64 = source.number_of(name, attribute)?;
        let refuse =
            || source.problem(format!("`{name}` has {count} as `{attribute}`, expected at most {MOST_NEURONS}"));
        if count <= MOST_NEURONS { Ok(count as usize) } else { Err(refuse()) }
    };
    let (pre, post) = (neurons("pre")?, neurons("post")?);
    let resolution_ms: f64 = source.number_of(name, "resolution_ms")?;
    if !(resolution_ms > 0.0 && resolution_ms.is_finite()) {
        return Err(
            source.problem(format!("`{name}` has {resolution_ms} as `resolution_ms`, expected a step above 0 ms"))
        );
    }
    let at = |column: &str| format!("{name}/{column}");
    let sources: Vec<u32> = source.values(&at("source_node_id"))?;
    let targets: Vec<u32> = source.values(&at("target_node_id"))?;
    let delays: Vec<u16> = source.values(&at("delay_steps"))?;
    let weights: Vec<f32> = source.values(&at("weight"))?;
    if [targets.len(), delays.len(), weights.len()].iter().any(|&length| length != sources.len()) {
        return Err(source.problem(format!("`{name}` has columns of different lengths")));
    }
    let ends = sources.into_iter().zip(targets);
    let synapses = ends.zip(delays).zip(weights).map(|(((source, target), delay), weight)| ListedSynapse {
        source,
        target,
        delay,
        weight,
    });
    let read = BlockCsr::from_stored(pre, post, resolution_ms, synapses);
    read.map_err(|error| source.problem(format!("`{name}`: {error}")))
}
