//! Models that learn by a rate-based rule, as commands handle them.

use anyhow::bail;

use super::options::Common;
use crate::model::{self, Model, Rule};

/// The name of such runs in files and summaries.
pub(super) const KIND: &str = "rate";

/// The name of a model's rule, if it is rate-based.
pub(super) fn name_of(model: &Model) -> Option<&'static str> {
    match model.learning.rule {
        Rule::OfRates(name) => Some(name),
        Rule::TwoPhase => None,
    }
}

/// Refuses a model with a rate-based rule, for commands that need spikes.
pub(super) fn refuse(model: &Model) -> anyhow::Result<()> {
    let Some(rule) = name_of(model) else { return Ok(()) };
    bail!(
        "the model learns by `{rule}`, a rule of networks of rates, and has no spikes: it can be trained, tested and compared"
    )
}

/// Removes spikes, plateaus, traces and credit-assignment diagnostics from what a model records: networks of rates have none.
///
/// # Errors
/// If `--record` asks for some of these.
pub(super) fn prepare(mut model: Model, common: &Common) -> anyhow::Result<Model> {
    if let Some(what) = common.record.as_deref().filter(|what| !matches!(*what, "all" | "none")) {
        bail!("--record {what}: a network of rates has no spikes, traces and plateaus; expected `all` or `none`");
    }
    let recording = &mut model.recording;
    recording.spikes.clear();
    recording.plateaus.clear();
    recording.traces.clear();
    recording.credit = model::CreditRecording::Unmeasured;
    Ok(model)
}
