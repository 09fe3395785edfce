//! `[stimuli]`, by `kind`
//!
//! | kind | keys |
//! |---|---|
//! | `idx` (default) | `path`, `validation` 0, `shift_pixels` 0, `shift_share` 1, `on_off` with `surround_pixels`, `gain` (none: images as they are) |
//! | `rates` | `rates_hz` (one per input neuron) or `path` (.csv or .npy), `labels` |
//! | `spikes` | `path`, `labels` |

use std::path::{Path, PathBuf};

use crate::model::error::ModelError;
use crate::model::reader::Reader;
use crate::model::{OnOff, Population, RateSource, Stimuli};

/// Reads `[stimuli]` for the populations it is shown to and decoded from.
pub(super) fn read(mut keys: Reader<'_>, populations: &[Population]) -> Result<Stimuli, ModelError> {
    #[derive(Clone, Copy)]
    enum Kind {
        Idx,
        Rates,
        Spikes,
    }
    let kind = keys.word("kind", &[("idx", Kind::Idx), ("rates", Kind::Rates), ("spikes", Kind::Spikes)])?;
    let stimuli = match kind.unwrap_or(Kind::Idx) {
        Kind::Idx => Stimuli::Idx {
            path: keys.path("path")?,
            validation: keys.integer("validation", 0..=u64::MAX)?.unwrap_or(0) as usize,
            shift: keys.integer("shift_pixels", 0..=1000)?.unwrap_or(0) as usize,
            shift_share: keys.number("shift_share", 0.0..=1.0)?.unwrap_or(1.0),
            on_off: on_off(&mut keys)?,
        },
        Kind::Rates => {
            Stimuli::Rates { source: rates(&mut keys, populations[0].size)?, labels: labels(&mut keys, populations)? }
        }
        Kind::Spikes => Stimuli::Spikes {
            path: table_file(&mut keys, &["csv"])?.ok_or_else(|| keys.missing("path", "a .csv file"))?,
            labels: labels(&mut keys, populations)?,
        },
    };
    keys.finish()?;
    Ok(stimuli)
}

fn on_off(keys: &mut Reader<'_>) -> Result<Option<OnOff>, ModelError> {
    if keys.value("on_off").is_none() {
        return Ok(None);
    }
    let mut keys = keys.inner("on_off")?;
    let surround = keys.number("surround_pixels", 0.1..=100.0)?;
    let gain = keys.number("gain", 0.01..=1000.0)?;
    let surround = surround.ok_or_else(|| keys.missing("surround_pixels", "the surround's standard deviation"))?;
    let gain = gain.ok_or_else(|| keys.missing("gain", "a rate over that of a white pixel, per contrast of 1"))?;
    keys.finish()?;
    Ok(Some(OnOff { surround, gain }))
}

fn rates(keys: &mut Reader<'_>, inputs: usize) -> Result<RateSource, ModelError> {
    let fixed = keys.numbers("rates_hz", 0.0..=10_000.0)?;
    match (fixed, table_file(keys, &["csv", "npy"])?) {
        (Some(rates), None) if rates.len() == inputs => Ok(RateSource::Fixed(rates)),
        (Some(rates), None) => {
            let found = rates.len();
            let why = format!("{}: expected {inputs} `rates_hz`, one per input neuron, found {found}", keys.name());
            Err(ModelError::refused(keys.at("rates_hz"), why))
        }
        (None, Some(path)) => Ok(RateSource::Table(path)),
        (None, None) => Err(keys.missing("rates_hz", "a list of numbers, or a file as `path`")),
        (Some(_), Some(_)) => {
            let why = format!("{}: expected `rates_hz` or `path`, found both", keys.name());
            Err(ModelError::refused(keys.at("path"), why))
        }
    }
}

fn table_file(keys: &mut Reader<'_>, extensions: &[&str]) -> Result<Option<PathBuf>, ModelError> {
    let Some(path) = keys.path("path")? else { return Ok(None) };
    let extension = Path::new(&path).extension().and_then(|extension| extension.to_str());
    if extension.is_some_and(|found| extensions.iter().any(|known| found.eq_ignore_ascii_case(known))) {
        return Ok(Some(path));
    }
    let why = format!("{}: expected a .{} file, found {}", keys.name(), extensions.join(" or ."), path.display());
    Err(ModelError::refused(keys.at("path"), why))
}

/// Labels, of classes that are decoded.
fn labels(keys: &mut Reader<'_>, populations: &[Population]) -> Result<Option<Vec<u8>>, ModelError> {
    let classes = populations.last().map_or(0, Population::classes);
    let last = classes.saturating_sub(1).min(u8::MAX.into()) as u64;
    let Some(labels) = keys.integers("labels", &(0..=last))? else { return Ok(None) };
    if labels.is_empty() {
        let why = format!("{}: expected `labels` of at least one presentation, found none", keys.name());
        return Err(ModelError::refused(keys.at("labels"), why));
    }
    Ok(Some(labels.into_iter().map(|label| label as u8).collect()))
}
