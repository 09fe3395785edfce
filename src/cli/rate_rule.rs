//! Models whose rule is one of networks of rates, on the command line.

use anyhow::bail;

use super::options::Common;
use crate::model::{self, Model, Rule};
use crate::network::Network;
use crate::rate::Learner;

/// What files and summaries call such a run.
pub(super) const KIND: &str = "rate";

/// The name of a model's rule, if it is one of rates.
pub(super) fn of(model: &Model) -> Option<&'static str> {
    match model.learning.rule {
        Rule::OfRates(name) => Some(name),
        Rule::TwoPhase => None,
    }
}

/// Refuses a model whose rule is one of rates where spikes are wanted.
pub(super) fn refuse(model: &Model) -> anyhow::Result<()> {
    let Some(rule) = of(model) else { return Ok(()) };
    bail!(
        "the model learns by `{rule}`, a rule of networks of rates, and has no spikes: it can be trained, tested and compared"
    )
}

/// Takes all that networks of rates have none of out of what a model records.
pub(super) fn prepare(mut model: Model, common: &Common) -> anyhow::Result<Model> {
    if let Some(what) = common.record.as_deref().filter(|what| !matches!(*what, "all" | "none")) {
        bail!("--record {what}: a network of rates has no spikes, traces and plateaus; expected `all` or `none`");
    }
    let recording = &mut model.recording;
    recording.spikes.clear();
    recording.plateaus.clear();
    recording.traces.clear();
    recording.credit = model::Credit::Unmeasured;
    Ok(model)
}

/// The learner of a model with a rule of rates, as its network has it.
pub(super) fn learner((model, network): (&Model, &Network), seed: u64) -> Option<Learner> {
    let mut learner = Learner::of(model, seed)?;
    learner.take(model, network);
    Some(learner)
}
