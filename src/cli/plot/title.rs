//! The part of a title that names the presentations shown and the training behind their network.

use std::ops::Range;

use crate::model::{Model, WeightInit};
use crate::plot::label;
use crate::record::PresentationKind;
use crate::record::hdf5::{PresentationRow, RunReader};

/// A learning network is called untrained in its first presentations up to this number: as many as are recorded by default.
const UNTRAINED: u64 = 20;

/// The presentations and the training before them, such as "presentations 59,980 to 59,999, after 59,980 training
/// presentations".
pub(super) fn presentations(run: &RunReader, model: &Model, shown: &[PresentationRow]) -> anyhow::Result<String> {
    let (Some(first), Some(last)) = (shown.first(), shown.last()) else { return Ok(String::new()) };
    if model.protocol.continuous().is_some() {
        return Ok(format!("{} to {} ms", label(first.start_ms, 0), label(last.end_ms(), 0)));
    }
    let kind = if first.kind == PresentationKind::Test { "test " } else { "" };
    let range = match label(first.index as f64, 0) {
        one if first.index == last.index => format!("{kind}presentation {one}"),
        from => format!("{kind}presentations {from} to {}", label(last.index as f64, 0)),
    };
    let trained = match run.frozen_after()? {
        Some(seen) => Some(seen..seen),
        None if first.kind == PresentationKind::Train => Some(first.index..last.index),
        None => trained_before(run, first)?.map(|seen| seen..seen),
    };
    Ok(match trained {
        Some(trained) => format!("{range}, {}", state(model, &trained)),
        None => range,
    })
}

/// Training presentations before a test in a training run; `None` if the file holds none.
fn trained_before(run: &RunReader, test: &PresentationRow) -> anyhow::Result<Option<u64>> {
    let rows = run.presentations()?;
    let before =
        rows.iter().take_while(|row| row.start_ms < test.start_ms).filter(|row| row.kind == PresentationKind::Train);
    Ok(before.last().map(|row| row.index + 1))
}

/// The training of a network before the first and the last presentation shown, as text.
pub(super) fn state(model: &Model, trained: &Range<u64>) -> String {
    match trained.start {
        0 => {}
        1 => return "after 1 training presentation".to_owned(),
        seen => return format!("after {} training presentations", label(seen as f64, 0)),
    }
    let given = |init: &WeightInit| matches!(init, WeightInit::Run { .. } | WeightInit::Npy { .. });
    let start = if model.projections.iter().any(|p| given(&p.weights)) { "with given weights" } else { "untrained" };
    if trained.end < UNTRAINED { start.to_owned() } else { format!("{start} at first") }
}
