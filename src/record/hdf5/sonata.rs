//! Spikes of a population in any SONATA file, ours among them.

use std::path::Path;

use super::RecordError;
use super::foreign::Indices;
use super::open_file::OpenFile;
use crate::protocol::Spike;
use crate::units::LONGEST_RUN_MS;

/// Reads the spikes of `population`, which are to be those of `neurons` neurons, sorted by (time, neuron) [ms].
///
/// # Errors
/// If the file cannot be read, has no such population, or one of its spikes is of another neuron or at no time of a run.
pub fn read_sonata_spikes(path: &Path, population: &str, neurons: usize) -> Result<Vec<Spike>, RecordError> {
    let source = OpenFile::any(path)?;
    let group = format!("spikes/{population}");
    if !source.has(&group) {
        let found = source.members("spikes")?;
        let found = if found.is_empty() { "none".to_owned() } else { format!("those of {}", found.join(", ")) };
        return Err(source.problem(format!("has no spikes of `{population}`, but {found}")));
    }
    let (timestamps, node_ids) = (format!("{group}/timestamps"), format!("{group}/node_ids"));
    let times: Vec<f64> = source.values(&timestamps)?;
    let ids = source.indices(Indices { dataset: &node_ids, of: "neuron", count: neurons })?;
    if times.len() != ids.len() {
        return Err(source.problem(format!("`{group}`: times and neurons differ in number")));
    }
    let (ms, unit) = unit(&source, &timestamps)?;
    let expected = || format!("a time from 0 to {:e} {unit}", LONGEST_RUN_MS / ms);
    let spike = |(row, (&time, &neuron)): (usize, (&f64, &u32))| {
        if !(0.0..=LONGEST_RUN_MS).contains(&(time * ms)) {
            return Err(source.refused(&timestamps, row, &expected(), &time));
        }
        // −0 becomes 0, so that the order of equal times is that of their neurons.
        Ok(Spike { time: time * ms + 0.0, neuron })
    };
    let mut spikes = times.iter().zip(&ids).enumerate().map(spike).collect::<Result<Vec<_>, _>>()?;
    spikes.sort_by(|a, b| a.time.total_cmp(&b.time).then(a.neuron.cmp(&b.neuron)));
    Ok(spikes)
}

/// The unit of the times of a dataset [ms], and its name; ms where none is named.
fn unit(source: &OpenFile, timestamps: &str) -> Result<(f64, &'static str), RecordError> {
    let unit = source.text_of(timestamps, "units").unwrap_or_else(|_| "ms".to_owned());
    match unit.trim_end_matches('\0') {
        "ms" | "milliseconds" => Ok((1.0, "ms")),
        "s" | "seconds" => Ok((1000.0, "s")),
        other => Err(source.problem(format!("`{timestamps}` has the unit `{other}`, expected ms or s"))),
    }
}
