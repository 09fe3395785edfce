//! Whether a network fits into the memory of this machine.

use anyhow::bail;

use super::disk::size;
use crate::model::Model;
use crate::record::{MemoryEstimate, synapses_of};

/// Refuses a model that takes more memory than is available.
///
/// # Errors
/// If it does; both numbers are named.
pub(super) fn check(model: &Model) -> anyhow::Result<()> {
    let needed = MemoryEstimate::of(model).total();
    let Some(available) = available().filter(|available| needed > *available) else { return Ok(()) };
    let most = model.projections.iter().max_by_key(|projection| synapses_of(model, projection));
    let most = most.map_or_else(String::new, |projection| {
        format!(" (`connection` of {:?} has {} synapses)", projection.name, synapses_of(model, projection))
    });
    bail!(
        "{}: its network takes about {}{most}, and {} of memory are available; give populations smaller sizes or projections fewer \
         synapses",
        model.name,
        size(needed),
        size(available)
    )
}

/// Memory that is available [bytes], where the system reports it.
pub(super) fn available() -> Option<u64> {
    parse(&std::fs::read_to_string("/proc/meminfo").ok()?)
}

/// `MemAvailable` of Linux [bytes].
fn parse(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn available_memory_is_that_of_linux() {
        let meminfo = "MemTotal:       24609756 kB\nMemFree:  1 kB\nMemAvailable:   12 kB\n";
        assert_eq!(parse(meminfo), Some(12 * 1024));
        assert_eq!(parse("MemTotal: 1 kB\n"), None);
        assert_eq!(parse("MemAvailable: x kB\n"), None);
    }
}
