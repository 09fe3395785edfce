//! Models with and without presentations, as commands handle them.

use anyhow::bail;

use crate::model::Model;
use crate::protocol::Protocol;
use crate::units::{InFull, LONGEST_RUN_MS};

/// The model with the duration asked for in place of its own.
pub(super) fn with_duration(mut model: Model, duration_ms: Option<f64>) -> anyhow::Result<Model> {
    let (Protocol::Continuous(protocol), Some(duration)) = (&mut model.protocol, duration_ms) else { return Ok(model) };
    let longest = LONGEST_RUN_MS;
    if !(duration > 0.0 && duration <= longest) {
        bail!("--duration {}: expected a model time in ms, above 0 and of at most {longest:e}", InFull(duration));
    }
    protocol.duration = duration;
    Ok(model)
}

/// Refuses a model that runs without presentations, for commands that show them.
pub(super) fn refuse_continuous(model: &Model) -> anyhow::Result<()> {
    if model.protocol.continuous().is_none() {
        return Ok(());
    }
    bail!(
        "{}: a model of the protocol \"continuous\" has no presentations; it is run by `apical simulate MODEL --duration MS`",
        model.name
    )
}
