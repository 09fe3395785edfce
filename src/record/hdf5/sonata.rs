//! Spikes of a population in any SONATA file, ours among them.

use std::path::Path;

use hdf5::File;

use super::heap::Heap;
use super::source::held;
use super::{RecordError, attribute, place};
use crate::protocol::Spike;

/// Reads the spikes of `population`, which are to be those of `neurons` neurons, sorted by (time, neuron) [ms].
///
/// # Errors
/// If the file cannot be read, has no such population, or one of its spikes is of another neuron or at no time.
pub fn read_sonata_spikes(path: &Path, population: &str, neurons: usize) -> Result<Vec<Spike>, RecordError> {
    std::fs::File::open(path).map_err(|e| place::failed("cannot read", path, e))?;
    let file = File::open(path).map_err(|_| place::content(path, "is not an HDF5 file, or is damaged"))?;
    let group = format!("spikes/{population}");
    if !file.link_exists("spikes") || !file.link_exists(&group) {
        let found = file.group("spikes").and_then(|spikes| spikes.member_names()).unwrap_or_default();
        let found = if found.is_empty() { "none".to_owned() } else { format!("those of {}", found.join(", ")) };
        return Err(place::content(path, format!("has no spikes of `{population}`, but {found}")));
    }
    let damaged = |e: hdf5::Error| place::content(path, format!("`{group}` is missing or damaged ({e})"));
    let dataset = |name: &str| {
        let dataset = file.dataset(&format!("{group}/{name}"))?;
        held(&dataset).map(|()| dataset)
    };
    let (timestamps, node_ids) = (dataset("timestamps").map_err(damaged)?, dataset("node_ids").map_err(damaged)?);
    let unit = attribute::get_text(&timestamps, "units", &Heap::of(path)).unwrap_or_else(|_| "ms".to_owned());
    let ms = match unit.trim_end_matches('\0') {
        "ms" | "milliseconds" => 1.0,
        "s" | "seconds" => 1000.0,
        other => {
            return Err(place::content(path, format!("`{group}/timestamps` has the unit `{other}`, expected ms or s")));
        }
    };
    let times: Vec<f64> = timestamps.read_raw().map_err(damaged)?;
    let ids: Vec<u64> = node_ids.read_raw().map_err(damaged)?;
    if times.len() != ids.len() {
        return Err(place::content(path, format!("`{group}`: times and neurons differ in number")));
    }
    let spike = |(row, (&time, &id)): (usize, (&f64, &u64))| {
        let neuron = u32::try_from(id).ok().filter(|&id| (id as usize) < neurons);
        let Some(neuron) = neuron else {
            let problem = format!("`{group}/node_ids`, row {row}: expected a neuron below {neurons}, found {id}");
            return Err(place::content(path, problem));
        };
        if !time.is_finite() {
            return Err(place::content(
                path,
                format!("`{group}/timestamps`, row {row}: expected a time, found {time}"),
            ));
        }
        Ok(Spike { time: time * ms, neuron })
    };
    let mut spikes = times.iter().zip(&ids).enumerate().map(spike).collect::<Result<Vec<_>, _>>()?;
    spikes.sort_by(|a, b| a.time.total_cmp(&b.time).then(a.neuron.cmp(&b.neuron)));
    Ok(spikes)
}
